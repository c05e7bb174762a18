"""A machine made of plain data: files that exist, links, and what commands printed. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from pkgmgr.host.ports import Answer, ElfFacts, FileStat

_MOST_LINKS = 40
_ELF_MACHINES = {"x86_64": 62, "arm64": 183, "arm": 40, "riscv64": 243, "x86": 3}


class RecordedFiles:
    """Files of a recorded machine. Folders are those that the files lie in."""

    def __init__(
        self,
        *,
        files: Mapping[str, str | bytes],
        links: Mapping[str, str] | None = None,
        elf: Mapping[str, str] | None = None,
    ) -> None:
        self._files = {posixpath.normpath(path): content for path, content in files.items()}
        self._links = {posixpath.normpath(path): target for path, target in (links or {}).items()}
        self._elf = {posixpath.normpath(path): target for path, target in (elf or {}).items()}
        for path in self._elf:
            self._files.setdefault(path, "")
        self._folders: dict[str, set[str]] = {"/": set()}
        for path in (*self._files, *self._links):
            self._add(path)

    def _add(self, path: str) -> None:
        folder, name = posixpath.split(path)
        while name:
            self._folders.setdefault(folder, set()).add(name)
            folder, name = posixpath.split(folder)

    def names(self, folder: str) -> Sequence[str]:
        """List a folder, sorted."""
        return sorted(self._folders.get(self.real(folder), ()))

    def stat(self, path: str) -> FileStat | None:
        """Tell what a path leads to. Every file may be run."""
        real = self._resolve(path)
        if real in self._folders:
            return FileStat(0, hash(real), 0, 0, True, False)
        if real not in self._files:
            return None
        content = self._files[real]
        return FileStat(0, hash(real), len(content), 0, False, True)

    def real(self, path: str) -> str:
        """Follow all links; the path itself when it leads nowhere."""
        resolved = self._resolve(path)
        return resolved if resolved in self._files or resolved in self._folders else path

    def _resolve(self, path: str) -> str:
        done, rest = "/", posixpath.normpath(path).strip("/").split("/")
        links = 0
        while rest:
            step = posixpath.normpath(posixpath.join(done, rest.pop(0)))
            target = self._links.get(step)
            if target is None:
                done = step
                continue
            links += 1
            if links > _MOST_LINKS:
                return path
            whole = posixpath.normpath(posixpath.join(done, target))
            done, rest = "/", [*whole.strip("/").split("/"), *rest]
        return done

    def read(self, path: str, limit: int = 1 << 20) -> bytes | None:
        """Give the text of a file."""
        content = self._files.get(self._resolve(path))
        if content is None:
            return None
        return (content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)[:limit]

    def elf(self, path: str) -> ElfFacts | None:
        """Give the target that the record states for a file."""
        target = self._elf.get(self._resolve(path))
        if target is None:
            return None
        arch = target.split("-")[1]
        kind = "shared" if ".so" in path else "executable"
        return ElfFacts(target=target, machine=_ELF_MACHINES.get(arch, 0), kind=kind)


class RecordedRunner:
    """Answers of a recorded machine; a command that was not recorded fails, and says so."""

    def __init__(self, *, prints: Mapping[str, str], exits: Mapping[str, int] | None = None) -> None:
        self._prints = prints
        self._exits = exits or {}

    def run(
        self, argv: Sequence[str], *, timeout: float | None = None, variables: Mapping[str, str] | None = None
    ) -> Answer:
        """Give the recorded answer to a command, named whole or by the program's base name."""
        whole = " ".join(argv)
        short = " ".join([posixpath.basename(argv[0]), *argv[1:]])
        for command in (whole, short):
            if command in self._prints:
                return Answer(exit_code=self._exits.get(command, 0), stdout=self._prints[command])
        return Answer(exit_code=None, failure=f"no answer to {short!r} was recorded")
