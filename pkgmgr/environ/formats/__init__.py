"""One file for each shell or export format: ``render(request)``, and ``render_deactivate(request)`` for shells.

A new format is a new file here and touches no other.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from pkgmgr.catalog.document import nearest_name
from pkgmgr.environ.request import ExportRequest
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import check

ALIASES = {"bash": "sh", "zsh": "sh", "pwsh": "powershell"}


def format_names() -> list[str]:
    """Give the names of all formats."""
    found = [item.name.replace("_", "-") for item in pkgutil.iter_modules(__path__) if not item.name.startswith("_")]
    return sorted(found)


def _module(name: str) -> ModuleType:
    asked = ALIASES.get(name, name)
    if asked not in format_names():
        nearest = nearest_name(asked, [*format_names(), *ALIASES])
        hint = f"did you mean {nearest!r}?" if nearest else f"formats: {', '.join(format_names())}"
        raise UsageError(f"there is no format {name!r}", hint=hint)
    return importlib.import_module(f"{__name__}.{asked.replace('-', '_')}")


def render(name: str, request: ExportRequest) -> str:
    """Write an environment in a format.

    :raises UsageError: for an unknown format, or a value that it can't hold.
    """
    check(request.operations)
    text: str = _module(name).render(request)
    return text


def render_deactivate(name: str, request: ExportRequest) -> str:
    """Write what undoes an activation script.

    :raises UsageError: for a format that has nothing to undo.
    """
    module = _module(name)
    if not hasattr(module, "render_deactivate"):
        raise UsageError(f"the format {name!r} has nothing to undo: it is no shell's script")
    check(request.operations)
    text: str = module.render_deactivate(request)
    return text
