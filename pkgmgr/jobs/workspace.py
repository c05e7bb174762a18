"""One home, one host, one catalog: what every job works with. The edge where `os.environ` is read."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from pkgmgr.catalog.index import Catalog
from pkgmgr.catalog.repository import Repository, find_repositories
from pkgmgr.detect.memory import AnswerMemory
from pkgmgr.host.home import default_home
from pkgmgr.host.local import local_host
from pkgmgr.host.owner_cache import CachedOwners
from pkgmgr.host.owners import LocalOwners
from pkgmgr.host.ports import DEFAULT_TIMEOUT, Host
from pkgmgr.model.errors import CkpmError, UsageError
from pkgmgr.model.platform import Platform
from pkgmgr.model.target import Target, parse_target


class RepositoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A repository that a person added, as kept in ``repositories.json``."""

    name: str
    path: str
    trusted: bool = False


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a home, from ``config.json``."""

    mirrors: Mapping[str, str] = {}
    """Beginning of an address → what to put in its place."""
    prefer: Literal["", "detected", "installed"] = ""
    jobs: Annotated[int, msgspec.Meta(ge=0)] = 0
    """0: the number of processors."""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = DEFAULT_TIMEOUT
    """Seconds for each probe."""


class Workspace(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Everything a job needs to know of where it works."""

    home: Path
    variables: Mapping[str, str]
    offline: bool = False
    timeout: float | None = None
    host_override: Host | None = None
    """A recorded machine in place of this one."""

    @cached_property
    def host(self) -> Host:
        """The machine."""
        if self.host_override is not None:
            return self.host_override
        host = local_host(timeout=self.timeout or self.config.timeout, variables=self.variables)
        return replace(host, owners=CachedOwners(LocalOwners(host.runner), self.cache / "owners.msgpack"))

    @cached_property
    def config(self) -> Config:
        """The home's settings."""
        path = self.home / "config.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Config)
        except FileNotFoundError:
            return Config()
        except (OSError, msgspec.MsgspecError) as error:
            hint = "mend the file, or 'ckpm config unset' takes all settings back"
            raise self._unreadable(path, error, hint=hint) from error

    @cached_property
    def repositories(self) -> tuple[RepositoryRow, ...]:
        """The repositories that a person added."""
        path = self.home / "repositories.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=tuple[RepositoryRow, ...])
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.MsgspecError) as error:
            raise self._unreadable(path, error, hint="mend the file, or remove it and add them again") from error

    def _unreadable(self, path: Path, error: OSError | msgspec.MsgspecError, *, hint: str) -> CkpmError:
        if not isinstance(error, OSError):
            return UsageError(f"{path}: {error}", hint=hint)
        if isinstance(error, NotADirectoryError):
            return UsageError(f"{self.home} can't be the home: it is no folder", hint="name another with --home")
        return CkpmError(f"{path}: {error.strerror}", hint="a home belongs to one user: name another with --home")

    @cached_property
    def catalog(self) -> Catalog:
        """Every document that can be seen."""
        added = tuple(
            Repository(name=row.name, root=Path(row.path), is_trusted=row.trusted) for row in self.repositories
        )
        return Catalog(
            repositories=find_repositories(variables=self.variables, added=added),
            cache_folder=self.cache / "documents",
        )

    @cached_property
    def memory(self) -> AnswerMemory:
        """What programs answered before; another machine's answers are not mixed with this one's."""
        return AnswerMemory(None if self.host_override is not None else self.cache / "answers.msgpack")

    def platform(self, *, refresh: bool = False) -> Platform:
        """Give the facts of the machine, those of last time if nothing speaks against it.

        :param refresh: look again in any case.
        """
        from pkgmgr.host.platform_cache import cached_platform  # 10 ms, where facts are asked for

        if self.host_override is not None:
            from pkgmgr.host.platform import read_platform

            return read_platform(self.host_override)
        return cached_platform(self.host, self.cache, refresh=refresh)

    def platform_key(self) -> str:
        """Give a digest of what the facts of this machine depend on; it changes each hour, for not all shows."""
        from pkgmgr.host.platform_cache import LONGEST, boot_id, cache_key

        return f"{cache_key(self.host, boot_id(self.host))}:{int(time.time() // LONGEST)}"

    @property
    def cache(self) -> Path:
        """What can be deleted at any time."""
        return self.home / "cache"

    @property
    def jobs(self) -> int:
        """How much is done at the same time, unless a person says otherwise."""
        return self.config.jobs or os.cpu_count() or 1

    def hook_folder(self, soft: str) -> Path | None:
        """Give the folder of a soft whose hook may run; None for a soft of a repository that is not trusted."""
        located = self.catalog.locations("soft").get(soft)
        return located.folder if located is not None and located.repository.is_trusted else None


def open_workspace(*, home: str | Path | None = None, offline: bool = False, timeout: float | None = None) -> Workspace:
    """Open the workspace of this process's environment.

    :param home: in place of ``$CKPM_HOME`` and the user's data folder.
    """
    variables = dict(os.environ)
    folder = Path(home).expanduser().absolute() if home is not None else default_home(variables)
    return Workspace(
        home=folder,
        variables=variables,
        offline=offline or variables.get("CKPM_OFFLINE", "") not in ("", "0"),
        timeout=timeout,
    )


def host_target(workspace: Workspace) -> Target:
    """Give the target that the host is."""
    return parse_target(workspace.host.target)
