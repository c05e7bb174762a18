"""``ckpm list``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from pkgmgr.cli.entries import entry_table, terminal_width
from pkgmgr.cli.open import workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.repositories import repositories_outcome
from pkgmgr.cli.table import table
from pkgmgr.jobs.defaults import default_ids, in_order
from pkgmgr.jobs.exporting import all_entries
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.errors import UsageError
from pkgmgr.model.package import Package
from pkgmgr.model.reference import parse_tags
from pkgmgr.model.soft import Soft
from pkgmgr.resolve.offers import package_versions
from pkgmgr.run.record import read_results

EXAMPLES = """
ckpm list soft
ckpm list soft --tags compiler
ckpm list package
ckpm list entry --json
ckpm list result
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``list``."""
    parser.add_argument("kind", choices=sorted(LISTS), help="what to list")
    parser.add_argument("--tags", metavar="A,B,-C", help="those with these tags, without those")


def call(options: Namespace) -> Outcome:
    """List one kind of thing."""
    workspace = workspace_of(options)
    if options.tags and options.kind not in ("soft", "entry", "package"):
        raise UsageError(f"--tags does not go with {options.kind}")
    outcome = LISTS[options.kind](workspace, options)
    warnings = [str(problem.error) for problem in workspace.catalog.problems] + workspace.catalog.clashes
    return Outcome(data=outcome.data, text=outcome.text, warnings=warnings)


def _softs(workspace: Workspace, options: Namespace) -> Outcome:
    softs = workspace.catalog.softs(parse_tags(options.tags) if options.tags else None)
    data = [
        {
            "soft": soft.name,
            "name": soft.summary,
            "tags": soft.all_tags,
            "kind": soft.family,
            "aliases": soft.aliases,
            "found_by": ways(soft),
            "untested": soft.untested,
        }
        for soft in softs
    ]
    rows = [[soft.name, ", ".join(ways(soft)), soft.summary] for soft in softs]
    return Outcome(data=data, text=table(rows, head=["SOFT", "FOUND BY", "WHAT IT FINDS"]))


def ways(soft: Soft) -> list[str]:
    """Say how a soft finds things, in a word or two for each way."""
    find = soft.find
    is_asked = any(probe.argv for probe in soft.probe)
    found = {
        "programs, asked" if is_asked else "programs": bool(find.executables),
        "files": bool(find.files),
        "library": find.library is not None,
        "content": find.artifact is not None,
        "Python metadata": bool(find.python),
        "facts": find.platform is not None,
        "hook": find.hook,
    }
    return [way for way, is_used in found.items() if is_used]


def _packages(workspace: Workspace, options: Namespace) -> Outcome:
    packages = workspace.catalog.packages()
    if options.tags:
        tags = parse_tags(options.tags)
        packages = [package for package in packages if tags.admits(_tags_of(workspace, package))]
    data = [
        {
            "package": package.name,
            "name": package.summary,
            "provides": package.provides,
            "versions": package_versions(package),
            "variants": {name: list(variant.values) for name, variant in package.variant.items()},
            "license": package.license,
            "homepage": package.homepage,
        }
        for package in packages
    ]
    rows = [[item.name, ", ".join(package_versions(item)[:2]), item.summary] for item in packages]
    return Outcome(data=data, text=table(rows, head=["PACKAGE", "VERSIONS", "WHAT IT MAKES"]))


def _tags_of(workspace: Workspace, package: Package) -> set[str]:
    """Give a package's own tags and those of what it makes: to ask for compilers is to ask for their packages, too."""
    soft = workspace.catalog.soft(package.provides) if package.provides else None
    return {*package.tags, *(soft.all_tags if soft is not None else ())}


def _entries(workspace: Workspace, options: Namespace) -> Outcome:
    host = workspace.host.target
    entries = in_order(all_entries(workspace), host=host)
    if options.tags:
        tags = parse_tags(options.tags)
        entries = [entry for entry in entries if tags.admits(entry.tags)]
    defaults = default_ids(entries, target=host, host=host, prefer=workspace.config.prefer)
    shown = entry_table(entries, defaults=defaults, columns=None if options.verbose else terminal_width())
    return Outcome(data=entries, text=shown or "no entries yet: 'ckpm detect' finds some\n")


def _envs(workspace: Workspace, options: Namespace) -> Outcome:
    envs = workspace.catalog.envs()
    data = [{"env": env.name, "name": env.summary, "targets": env.targets, "tasks": sorted(env.tasks)} for env in envs]
    rows = [[env.name, ", ".join(env.tasks), env.summary] for env in envs]
    return Outcome(data=data, text=table(rows, head=["ENV", "TASKS", "WHAT IT IS"]))


def _targets(workspace: Workspace, options: Namespace) -> Outcome:
    targets = workspace.catalog.targets()
    rows = [[target.name, target.triples[0], target.summary] for target in targets]
    return Outcome(data=targets, text=table(rows, head=["TARGET", "TRIPLE", "WHAT IT IS"]))


def _repositories(workspace: Workspace, options: Namespace) -> Outcome:
    return repositories_outcome(workspace)


def _results(workspace: Workspace, options: Namespace) -> Outcome:
    results = read_results(workspace.home)
    rows = [[item.id, item.state, item.target, f"{item.seconds:.2f} s", item.reason] for item in results]
    text = table(rows, head=["RESULT", "STATE", "TARGET", "TIME", "REASON"]) if rows else "no results yet\n"
    return Outcome(data=results, text=text)


LISTS: dict[str, Callable[[Workspace, Namespace], Outcome]] = {
    "soft": _softs,
    "package": _packages,
    "entry": _entries,
    "env": _envs,
    "target": _targets,
    "repo": _repositories,
    "result": _results,
}
