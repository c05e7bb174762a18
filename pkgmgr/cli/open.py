"""From parsed options to the values that jobs take."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from pkgmgr.jobs.workspace import Workspace, open_workspace
from pkgmgr.model.errors import UsageError
from pkgmgr.model.reference import KINDS, Reference, parse_reference

if TYPE_CHECKING:
    from pkgmgr.detect.where import Where


def workspace_of(options: Namespace) -> Workspace:
    """Open the workspace that the options name."""
    workspace = open_workspace(home=options.home, offline=options.offline, timeout=getattr(options, "timeout", None))
    record = getattr(options, "replay", None)
    if record is None:
        return workspace
    from pkgmgr.jobs.recording import replayed

    return replayed(workspace, Path(record))


def where_of(options: Namespace) -> Where:
    """Give where to look."""
    from pkgmgr.detect.where import Where  # 10 ms together, where something is looked for
    from pkgmgr.jobs.detection import search_places

    if options.no_system and not options.search_path:
        raise UsageError("--no-system leaves nowhere to look", hint="add --search-path DIR")
    if getattr(options, "replay", None) is not None:
        # The folders are those of the recorded machine: whether they are there, it says itself.
        return Where(search_paths=tuple(options.search_path), system=not options.no_system)
    return search_places(options.search_path, system=not options.no_system)


def references_of(words: list[str], *, default_kind: str | None, kinds: tuple[str, ...] = KINDS) -> list[Reference]:
    """Read ``soft gcc llvm`` and ``soft:gcc soft:llvm`` alike: a first word that is a kind goes for the others."""
    kind = default_kind
    if words and words[0] in KINDS:
        kind, words = words[0], words[1:]
    references = [parse_reference(word, kind=kind) for word in words]
    for reference in references:
        if reference.kind not in kinds:
            raise UsageError(f"{str(reference)!r}: this verb takes {' or '.join(kinds)}")
    return references


def settings_of(options: Namespace) -> dict[str, str]:
    """Read ``--set KEY=VALUE``."""
    found = {}
    for item in options.settings:
        key, equals, value = item.partition("=")
        if not key or not equals:
            raise UsageError(f"--set {item}: write --set KEY=VALUE")
        found[key] = value
    return found
