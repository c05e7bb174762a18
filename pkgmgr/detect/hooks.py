"""The few softs that need code: load a soft's ``hook.py`` and call it. The only place that runs plugin code.

A hook has one or both of two functions::

    def find(context: HookContext) -> Iterable[dict[str, Value]]      # candidates; each needs a "path" or a "name"
    def examine(context: HookContext, facts: dict[str, Value]) -> dict[str, Value] | str   # more facts, or why not
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from pkgmgr.detect.ask import Asker
from pkgmgr.detect.candidates import Candidate, Finding
from pkgmgr.detect.folders import Folders
from pkgmgr.host.paths import is_rooted
from pkgmgr.host.ports import Files, Host
from pkgmgr.model.entry import Rejection, Value
from pkgmgr.model.platform import Platform
from pkgmgr.model.soft import Soft


class HookContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a hook may reach: the host's ports and the folders looked in, nothing else."""

    asker: Asker
    folders: Folders
    soft: Soft
    facts: Callable[[], Platform]

    def platform(self) -> Platform:
        """Give the facts of the machine; established when first asked for, which may start a process or two."""
        return self.facts()

    @property
    def host(self) -> Host:
        """The host's ports."""
        return self.asker.host

    @property
    def files(self) -> Files:
        """The host's files."""
        return self.asker.host.files

    def read_text(self, path: str) -> str | None:
        """Read a text file; None when it can't be read."""
        content = self.files.read(path)
        return None if content is None else content.decode("utf-8", "replace")


def load_hook(folder: Path) -> ModuleType | None:
    """Load ``hook.py`` of a soft's folder; None when there is none."""
    path = folder / "hook.py"
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location(f"ckpm_hook_{folder.name.replace('.', '_')}", path)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def guarded(call: Callable[..., Any], soft: Soft, what: str, *arguments: object) -> Any:
    """Call a hook's function; whatever it raises becomes the reason of a rejection."""
    try:
        return call(*arguments)
    except Exception as error:  # noqa: BLE001 - a plugin's code may raise anything, and must not stop the others
        return Rejection(soft=soft.name, candidate=what, reason=f"its hook failed: {type(error).__name__}: {error}")


def find_by_hook(hook: ModuleType, context: HookContext) -> list[Finding]:
    """Give the candidates that a hook finds."""
    soft = context.soft
    rows = guarded(lambda: list(hook.find(context)), soft, soft.name)
    if isinstance(rows, Rejection):
        return [rows]
    found: list[Finding] = []
    for row in rows:
        if isinstance(row, Rejection):
            found.append(row)
            continue
        path = str(row.get("path") or row.get("name") or soft.name)
        found.append(
            Candidate(
                soft=soft.name,
                path=path,
                real=context.files.real(path) if is_rooted(path) else path,
                names=(path,),
                facts=row,
                origin=str(row.get("origin", "system")),
                form=str(row.get("form", "hook")),
            )
        )
    return found


def examine_by_hook(hook: ModuleType, context: HookContext, facts: Mapping[str, Value]) -> dict[str, Value] | Rejection:
    """Give the facts that a hook adds, or the reason why it turns the candidate down."""
    what = str(facts.get("path", context.soft.name))
    told = guarded(hook.examine, context.soft, what, context, dict(facts))
    if isinstance(told, str):
        return Rejection(soft=context.soft.name, candidate=what, reason=told)
    if isinstance(told, Rejection):
        return told
    return {**facts, **told}


def has(hook: ModuleType | None, function: str) -> bool:
    """Tell whether a hook has a function."""
    return hook is not None and callable(getattr(hook, function, None))
