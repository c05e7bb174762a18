"""What a step of a build is given, and how it runs programs. Touches: the build folder, processes, the log."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pkgmgr.install.texts import fill_all, fill_text
from pkgmgr.install.toolchain import ROLES, Toolchain, reproducible_flags, wrapper_script
from pkgmgr.install.variables import build_variables
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError

_LAST_LINES = 15


class BuildFailed(CkpmError):
    """A step of a build failed; the message holds its last lines and where its log is."""


@dataclass(frozen=True, kw_only=True)
class BuildContext:
    """One build: its folders, texts, tools and log."""

    name: str
    """What is built, for messages."""
    build: Path
    """Scratch folder; removed afterwards."""
    prefix: Path
    """Where the product goes, in staging."""
    folder: Path
    """The package's or env's own folder, with its scripts and patches."""
    log: Path
    sources: Mapping[str, Path]
    """Name → the fetched artifact."""
    roles: Mapping[str, Entry]
    """Role → the resolved entry."""
    texts: Mapping[str, str]
    toolchain: Toolchain | None
    cache: Path
    """For what may be kept between builds: converters' environments, zig's own cache."""
    host: str
    jobs: int = 1
    offline: bool = False
    scripts: Mapping[str, str] = field(default_factory=dict)
    """Role → one executable that stands for the toolchain's command."""

    def fill(self, template: str) -> str:
        """Replace the names in a text."""
        return fill_text(template, self.texts, where=self.name)

    def fill_all(self, templates: Sequence[str]) -> list[str]:
        """Replace the names in several texts."""
        return fill_all(templates, self.texts, where=self.name)

    def require_toolchain(self) -> Toolchain:
        """Give the toolchain, or say that the document asks for no compiler."""
        if self.toolchain is None:
            raise CkpmError(
                f"{self.name}: a step compiles, and nothing requires a compiler", hint="add it to 'requires'"
            )
        return self.toolchain

    def variables(self) -> dict[str, str]:
        """Give the environment of the build's programs."""
        return build_variables(self.toolchain, self.scripts, self.roles, scratch=str(self.build), cache=str(self.cache))

    def run(self, argv: Sequence[str], *, folder: Path | None = None, extra: Mapping[str, str] | None = None) -> None:
        """Run a program, its output going to the log.

        :raises BuildFailed: when it can't be started or fails.
        """
        where = folder or self.build
        with self.log.open("ab") as log:
            log.write(f"\n$ cd {shlex.quote(str(where))} && {shlex.join(argv)}\n".encode("utf-8", "surrogateescape"))
            log.flush()
            try:
                process = subprocess.Popen(
                    list(argv),
                    cwd=where,
                    env={**self.variables(), **(extra or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    umask=0o022,  # as the environment: the caller's would show in the modes of what is made
                )
            except OSError as error:
                raise BuildFailed(f"{self.name}: {argv[0]} can't be started: {error.strerror}") from error
            try:
                code = process.wait()
            except BaseException:
                with contextlib.suppress(OSError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise
        if code != 0:
            raise self._failed(argv, code)

    def _failed(self, argv: Sequence[str], code: int) -> BuildFailed:
        lines = self.log.read_text("utf-8", "replace").rstrip().splitlines()
        last = "\n".join(f"  {line}" for line in lines[-_LAST_LINES:])
        what = Path(argv[0]).name
        ended = f"exited with {code}" if code >= 0 else f"was ended by signal {-code}"
        return BuildFailed(
            f"{self.name}: {what} {ended}; its last lines:\n{last}",
            hint=f"the whole log is {self.log}",
        )


def write_scripts(toolchain: Toolchain, folder: Path) -> dict[str, str]:
    """Write one executable for each command of a toolchain and give their paths by role.

    The compilers' scripts map the folder that holds ``folder`` away: it is the scratch folder of one build, and no
    product should name it. In ``CFLAGS``, which many projects record, the flag would itself be what names it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    hide = reproducible_flags({str(folder.parent): "."})
    paths = {}
    for role in ROLES:
        command = getattr(toolchain, role)
        if not command:
            continue
        path = folder / {"c": "cc", "cxx": "c++"}.get(role, role)
        path.write_text(wrapper_script((*command, *hide) if role in ("c", "cxx") else command))
        path.chmod(0o755)
        paths[role] = str(path)
    return paths
