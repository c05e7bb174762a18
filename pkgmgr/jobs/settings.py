"""Change the settings and the repositories of a home. Bad input never loses what was there."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from pkgmgr.catalog.document import nearest_name
from pkgmgr.catalog.repository import BUILT_IN, FOLDERS
from pkgmgr.jobs.workspace import Config, RepositoryRow, Workspace
from pkgmgr.model.errors import NotFoundError, UsageError


def set_value(workspace: Workspace, key: str, value: str) -> Config:
    """Set one setting; ``mirrors.ADDRESS`` sets a mirror.

    :raises UsageError: for an unknown key or a value of the wrong kind.
    """
    held = msgspec.to_builtins(workspace.config)
    name, _, inner = key.partition(".")
    if name not in held:
        nearest = nearest_name(name, held)
        raise UsageError(f"there is no setting {name!r}", hint=f"did you mean {nearest!r}?" if nearest else None)
    if name == "mirrors":
        if not inner:
            raise UsageError("write: ckpm config set mirrors.ADDRESS PLACE")
        held["mirrors"] = {**held["mirrors"], inner: value}
    else:
        held[name] = value
    try:
        config = msgspec.convert(held, Config, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"{key} can't be {value!r}: {_wanted(error)}", hint="'ckpm config' shows the settings"
        ) from error
    _write(workspace.home / "config.json", config)
    return config


def unset_value(workspace: Workspace, key: str | None) -> None:
    """Take one setting back to its default; with none named, all."""
    if key is None:
        (workspace.home / "config.json").unlink(missing_ok=True)
        return
    held = msgspec.to_builtins(workspace.config)
    name, _, inner = key.partition(".")
    if name == "mirrors" and inner:
        if inner not in held["mirrors"]:
            raise UsageError(
                f"there is no mirror of {inner!r}", hint=f"there are {', '.join(held['mirrors']) or 'none'}"
            )
        del held["mirrors"][inner]
    elif key in held:
        del held[key]
    else:
        raise UsageError(f"there is no setting {key!r}", hint=f"there are {', '.join(held)}")
    _write(workspace.home / "config.json", msgspec.convert(held, Config))


def _wanted(error: msgspec.ValidationError) -> str:
    what = str(error).partition(" - at ")[0].replace("`int`", "a number").replace("`float`", "a number")
    return "expected detected or installed" if "enum" in what else what[:1].lower() + what[1:]


def add_repository(workspace: Workspace, path: Path, *, name: str | None, trusted: bool) -> RepositoryRow:
    """Add a folder that holds ``soft_plugins/``, ``packages/``, ``envs/`` or ``targets/``."""
    place = Path(os.path.abspath(path.expanduser()))  # a folder called ".." would be the repository's name
    if not any((place / folder).is_dir() for folder in FOLDERS.values()):
        raise NotFoundError(f"{path} holds none of {', '.join(FOLDERS.values())}")
    row = RepositoryRow(name=name or place.name, path=str(place), trusted=trusted)
    if row.name == BUILT_IN or any(other.name == row.name for other in workspace.repositories):
        raise UsageError(f"there is a repository {row.name!r} already", hint="give another --name")
    _write(workspace.home / "repositories.json", (*workspace.repositories, row))
    return row


def remove_repository(workspace: Workspace, name: str) -> None:
    """Take a repository out of the catalog; its folder is not touched."""
    kept = tuple(row for row in workspace.repositories if row.name != name)
    if len(kept) == len(workspace.repositories):
        raise NotFoundError(f"there is no added repository {name!r}", hint="'ckpm list repo' shows those there are")
    _write(workspace.home / "repositories.json", kept)


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")
    temporary.replace(path)
