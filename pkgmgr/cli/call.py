"""Call one verb and show what it gave: text or JSON, warnings, errors, exit code."""

from __future__ import annotations

import importlib
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from types import ModuleType

import msgspec

from pkgmgr.cli.main import VERBS
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.parser import Parser
from pkgmgr.cli.table import printable
from pkgmgr.model.errors import CkpmError, Interrupted, UsageError


def call_verb(verb: str, arguments: Sequence[str]) -> int:
    """Run a verb and give the exit code."""
    is_json = "--json" in _before_separator(arguments)
    try:
        module = load_verb(verb)
        parser = Parser(verb, summary=VERBS[verb], examples=module.EXAMPLES)
        module.add_arguments(parser)
        own = _before_separator(arguments)
        options = parser.parse(own)
        options.rest = list(arguments[len(own) + 1 :])
        if options.rest and not getattr(module, "TAKES_REST", False):
            raise UsageError(f"ckpm {verb} takes nothing behind --")
        outcome: Outcome = module.call(options)
    except CkpmError as error:
        return _fail(verb, error, is_json=is_json)
    except KeyboardInterrupt:
        return _fail(verb, Interrupted("interrupted"), is_json=is_json)
    except SystemExit as done:  # argparse's --help
        return int(done.code or 0)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _fail(verb, _from_os(error), is_json=is_json)
    except RecursionError as error:
        return _fail(verb, CkpmError(f"the input nests too deep: {error}"), is_json=is_json)
    _show(verb, outcome, options)
    return outcome.exit_code


def load_verb(verb: str) -> ModuleType:
    """Import the module of a verb, or raise `UsageError` naming the nearest one."""
    if verb not in VERBS:
        import difflib

        nearest = difflib.get_close_matches(verb, VERBS, n=1)
        hint = f"did you mean 'ckpm {nearest[0]}'?" if nearest else "'ckpm --help' lists the verbs"
        raise UsageError(f"there is no verb {verb!r}", hint=hint)
    return importlib.import_module(f"pkgmgr.cli.verbs.{verb}")


def fail_without_verb(words: Sequence[str]) -> int:
    """Report wrong usage where no verb was named: the first word that is no option of every verb, if there is one."""
    hint = "'ckpm --help' lists the verbs"
    try:
        wrong = Parser("VERB", summary="", examples="").parse_known_args(words)[1]
        error = UsageError(f"unknown option {wrong[0]!r}" if wrong else "which verb?", hint=hint)
    except UsageError as raised:
        error = UsageError(raised.message, hint=hint)
    return _fail("", error, is_json="--json" in words)


def _before_separator(arguments: Sequence[str]) -> Sequence[str]:
    return arguments[: list(arguments).index("--")] if "--" in arguments else arguments


def _from_os(error: OSError) -> CkpmError:
    """Word an error of the operating system that no room expected."""
    where = f"{error.filename}: " if error.filename else ""
    hint = {
        28: "free some space, then run the same command again: what was there before is untouched",
        13: "choose a folder of your own with --home or CKPM_HOME",
        30: "choose a folder that can be written with --home or CKPM_HOME",
    }.get(error.errno or 0)
    return CkpmError(f"{where}{error.strerror or error}", hint=hint)


def _fail(verb: str, error: CkpmError, *, is_json: bool) -> int:
    if os.environ.get("CKPM_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    if is_json:
        described = {"code": error.code, "message": error.message, "hint": error.hint}
        _print_json(verb, Outcome(error=described))
    else:
        _complain(error.message, error.hint)
    return error.exit_code


def _complain(message: str | None, hint: str | None) -> None:
    """Say what is wrong; what a name or a program's output holds must not steer the terminal."""
    for label, text in (("error", message), ("hint", hint)):
        if text:
            print(f"{label}: " + "\n".join(map(printable, text.split("\n"))), file=sys.stderr)


def _show(verb: str, outcome: Outcome, options: Namespace) -> None:
    if options.json:
        _print_json(verb, outcome)
        return
    if not options.quiet:
        for warning in outcome.warnings:
            print(f"warning: {printable(warning)}", file=sys.stderr)
    sys.stdout.flush()
    content = outcome.text if isinstance(outcome.text, bytes) else outcome.text.encode("utf-8", "surrogateescape")
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    if outcome.error is not None:
        _complain(outcome.error["message"], outcome.error.get("hint"))


def _print_json(verb: str, outcome: Outcome) -> None:
    document = {
        "ok": outcome.error is None and outcome.exit_code == 0,
        "command": verb,
        "data": msgspec.to_builtins(outcome.data),
        "warnings": list(outcome.warnings),
        "error": outcome.error,
    }
    import json  # 1.5 ms, where it is asked for

    text = json.dumps(document, indent=1, ensure_ascii=False)
    # A name that is no Unicode holds lone surrogates: written as \udcff they are valid JSON.
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()
