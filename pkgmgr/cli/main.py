"""The command ``ckpm``: find the verb, call it, show what it gave, exit with its code."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False  # `typing`, and all that it imports, is a third of what `--version` would take
if TYPE_CHECKING:
    from collections.abc import Sequence

# Verb → what it does. Its module is imported only when it is called: `--version` imports none.
VERBS = {
    "detect": "find software, models, data sets and devices",
    "list": "list softs, packages, entries, envs, targets, repositories, results",
    "search": "search the catalog",
    "show": "show one soft, package, entry, env, target, repository, platform or result",
    "install": "install packages, or meet a soft by what fits",
    "uninstall": "remove an installed entry",
    "gc": "remove what nothing needs",
    "export": "print an environment in a format",
    "shell": "start a shell inside an environment",
    "exec": "run one command inside an environment",
    "lock": "resolve an env and write its lock",
    "sync": "make the machine match an env",
    "verify": "tell whether anything relied on has changed",
    "diff": "tell what differs between two",
    "run": "run a task of an env",
    "report": "write results as one HTML page",
    "why": "tell why something was chosen, or can't be",
    "tree": "show the dependency tree",
    "doctor": "tell what is wrong with this installation",
    "repo": "catalog repositories",
    "cache": "downloads and the probe cache",
    "config": "settings",
    "add": "add requirements to an env's document",
    "remove": "remove requirements from an env's document",
    "bundle": "pack an env into an archive that works without ckpm and without a network",
    "sbom": "write what an env consists of as CycloneDX",
    "new": "start a soft, package or env from a template",
    "lint": "check softs, packages, envs and targets",
    "schema": "print the JSON Schema of a document",
    "completion": "print a completion script for a shell",
}
_SELDOM = (50_000, 20, 100)
"""Objects made between two looks for unreachable ones, and how often older ones are looked at: 700, 10, 10 usually."""
_OPTIONS_WITH_VALUE = ("--home",)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in ("--version", "-V"):
        from pkgmgr import __version__

        print(f"ckpm {__version__}")
        return 0
    verb, rest = split_verb(given)
    if verb is None:
        return _help(rest)
    from pkgmgr.cli.call import call_verb

    return call_verb(verb, rest)


def split_verb(given: Sequence[str]) -> tuple[str | None, list[str]]:
    """Separate the verb, which options may precede, from the other arguments."""
    skip = False
    for place, word in enumerate(given):
        if skip:
            skip = False
        elif word in _OPTIONS_WITH_VALUE:
            skip = True
        elif not word.startswith("-"):
            return word, [*given[:place], *given[place + 1 :]]
    return None, list(given)


def _help(given: Sequence[str]) -> int:
    lines = ["usage: ckpm VERB [KIND:]NAME… [options]", "", "verbs:"]
    lines += [f"  {verb:<11} {summary}" for verb, summary in VERBS.items()]
    lines += ["", "'ckpm VERB --help' tells more, with examples."]
    asked = not given or any(word in ("-h", "--help") for word in given)
    if "--json" in given or not asked:
        from pkgmgr.cli.call import fail_without_verb

        return fail_without_verb(given)
    print("\n".join(lines))
    return 0 if given else 2


def run() -> None:
    """Run as the installed command."""
    # A command ends soon: nearly all that it makes is in use until then, and to look for what is not costs a tenth.
    gc.set_threshold(*_SELDOM)
    try:
        code = main()
    except BrokenPipeError:
        # The reader went away (`ckpm list soft | head`): nothing is wrong, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 0
    gc.freeze()  # the system takes all at once; to look through it first takes as long as three programs' answers
    sys.exit(code)
