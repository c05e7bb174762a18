"""ckpm: detect, install, pin and run what ML and systems workflows need.

The names below are the Python API: they do what the command does and give typed values. Each is imported when it is
first used, so that ``import pkgmgr`` costs nothing.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # as `typing` has it; to import that would cost something
if TYPE_CHECKING:
    from pkgmgr.detect.report import Report as Report
    from pkgmgr.environ.compose import apply as apply
    from pkgmgr.environ.formats import render as render
    from pkgmgr.environ.formats import render_deactivate as render_deactivate
    from pkgmgr.environ.request import ExportRequest as ExportRequest
    from pkgmgr.host.platform import read_platform as read_platform
    from pkgmgr.jobs import detection, installation
    from pkgmgr.jobs.detection import Search as Search
    from pkgmgr.jobs.drift import verify_target as verify_target
    from pkgmgr.jobs.envs import find_env as find_env
    from pkgmgr.jobs.exporting import environment_of as environment_of
    from pkgmgr.jobs.installation import Installation as Installation
    from pkgmgr.jobs.installation import Wishes as Wishes
    from pkgmgr.jobs.installation import make_plan as make_plan
    from pkgmgr.jobs.locking import make_lock as make_lock
    from pkgmgr.jobs.locking import write_lock as write_lock
    from pkgmgr.jobs.preparing import prepare as prepare
    from pkgmgr.jobs.running import run_task as run_task
    from pkgmgr.jobs.syncing import meet_lock as meet_lock
    from pkgmgr.jobs.workspace import Workspace as Workspace
    from pkgmgr.jobs.workspace import open_workspace as open_workspace
    from pkgmgr.model.entry import Entry as Entry
    from pkgmgr.model.entry import Rejection as Rejection
    from pkgmgr.model.errors import CkpmError as CkpmError
    from pkgmgr.model.lock import Drift as Drift
    from pkgmgr.model.lock import Lock as Lock
    from pkgmgr.model.operation import Operation as Operation
    from pkgmgr.model.plan import Plan as Plan
    from pkgmgr.model.platform import Platform as Platform
    from pkgmgr.model.reference import parse_reference as parse_reference
    from pkgmgr.model.version import Version as Version
    from pkgmgr.model.version import VersionRange as VersionRange
    from pkgmgr.run.record import Result as Result

    detect_softs = detection.detect
    install_requirements = installation.install

_HOMES = {
    "detect.engine": ("Report",),
    "environ.compose": ("apply",),
    "environ.formats": ("render", "render_deactivate"),
    "environ.request": ("ExportRequest",),
    "host.platform": ("read_platform",),
    "jobs.detection": ("Search", "detect_softs"),
    "jobs.envs": ("find_env",),
    "jobs.exporting": ("environment_of",),
    "jobs.installation": ("Installation", "Wishes", "install_requirements", "make_plan"),
    "jobs.drift": ("verify_target",),
    "jobs.locking": ("make_lock", "write_lock"),
    "jobs.syncing": ("meet_lock",),
    "jobs.preparing": ("prepare",),
    "jobs.running": ("run_task",),
    "jobs.workspace": ("Workspace", "open_workspace"),
    "model.entry": ("Entry", "Rejection"),
    "model.errors": ("CkpmError",),
    "model.lock": ("Drift", "Lock"),
    "model.operation": ("Operation",),
    "model.plan": ("Plan",),
    "model.platform": ("Platform",),
    "model.reference": ("parse_reference",),
    "model.version": ("Version", "VersionRange"),
    "run.record": ("Result",),
}
# `pkgmgr.detect` and `pkgmgr.install` are rooms: their main functions need names of their own here.
_RENAMED = {"detect_softs": "detect", "install_requirements": "install"}
_MODULES = {name: f"{__name__}.{home}" for home, names in _HOMES.items() for name in names}

__all__ = sorted(["__version__", *_MODULES])


def __getattr__(name: str) -> object:
    """Import what is asked for."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value: object = getattr(importlib.import_module(_MODULES[name]), _RENAMED.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
