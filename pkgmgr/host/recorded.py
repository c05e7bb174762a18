"""A machine made of plain data: files that exist, links, and what commands printed. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from pkgmgr.host.keep import SCANNED
from pkgmgr.host.paths import is_rooted
from pkgmgr.host.ports import Answer, ElfFacts, FileStat, content_digest

_MOST_LINKS = 40
_ELF_MACHINES = {"x86_64": 62, "arm64": 183, "arm": 40, "riscv64": 243, "x86": 3}


class RecordedFiles:
    """Files of a recorded machine.

    :param files: path → content; None: the file was there, and what it held was not recorded. Each may be run, unless
        ``stats`` says otherwise.
    :param links: path → where it leads, relative or absolute.
    :param elf: path → facts, or the target alone, of ELF objects; they need not be in ``files``.
    :param folders: folders that exist, whether something lies in them or not; those of all files do anyway.
    :param stats: path → what the machine said of a file or folder.
    :param cut: paths of files of which ``files`` holds the beginning only.
    :param digests: path → digest of a file that was not recorded whole.
    :param parts: path → offset → what stands there, of a file that was not recorded whole.
    """

    def __init__(
        self,
        *,
        files: Mapping[str, str | bytes | None],
        links: Mapping[str, str] | None = None,
        elf: Mapping[str, str | ElfFacts] | None = None,
        folders: Iterable[str] = (),
        stats: Mapping[str, FileStat] | None = None,
        cut: frozenset[str] = frozenset(),
        digests: Mapping[str, str] | None = None,
        parts: Mapping[str, Mapping[int, bytes]] | None = None,
    ) -> None:
        self._files = {posixpath.normpath(path): content for path, content in files.items()}
        self._links = {posixpath.normpath(path): target for path, target in (links or {}).items()}
        self._elf = {posixpath.normpath(path): facts for path, facts in (elf or {}).items()}
        self._stats = stats or {}
        self._cut = cut
        self._digests = digests or {}
        self._parts = parts or {}
        self._skipped: dict[str, str] = {}
        for path in self._elf:
            self._files.setdefault(path, "")
        self._folders: dict[str, set[str]] = {"/": set()}
        for path in map(posixpath.normpath, folders):
            self._folders.setdefault(path, set())
            self._add(path)
        for path in (*self._files, *self._links):
            self._add(path)
        self._inodes = {path: number for number, path in enumerate(sorted({*self._files, *self._folders}), start=1)}

    def _add(self, path: str) -> None:
        folder, name = posixpath.split(path)
        while name:
            self._folders.setdefault(folder, set()).add(name)
            folder, name = posixpath.split(folder)

    @property
    def skipped(self) -> Mapping[str, str]:
        """File → what was asked about it and not recorded, so far."""
        return self._skipped

    def names(self, folder: str) -> Sequence[str]:
        """List a folder, sorted."""
        return sorted(self._folders.get(self.real(folder), ()))

    def subfolders(self, folder: str) -> Sequence[str]:
        """List the folders in a folder, and the links to folders, sorted."""
        return [name for name in self.names(folder) if self._resolve(posixpath.join(folder, name)) in self._folders]

    def stat(self, path: str) -> FileStat | None:
        """Tell what a path leads to."""
        real = self._resolve(path)
        if real in self._stats:
            return self._stats[real]
        if real in self._folders:
            return FileStat(0, self._inodes[real], 0, 0, True, False)
        if real not in self._files:
            return None
        return FileStat(0, self._inodes[real], len(self._content(real)), 0, False, True)

    def real(self, path: str) -> str:
        """Follow all links; the path itself when it leads nowhere."""
        resolved = self._resolve(path)
        return resolved if resolved in self._files or resolved in self._folders else path

    def _resolve(self, path: str) -> str:
        done, rest = _start(path)
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
            whole = posixpath.normpath(target if is_rooted(target) else posixpath.join(done, target))
            done, parts = _start(whole)
            rest = [*parts, *rest]
        return done

    def _content(self, real: str) -> bytes:
        content = self._files[real] or b""
        return content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content

    def read(self, path: str, limit: int = 1 << 20, offset: int = 0) -> bytes | None:
        """Give a part of a file, as much as was recorded of it."""
        real = self._resolve(path)
        if real not in self._files:
            return None
        if self._files[real] is None:
            self._skipped[real] = "what it held was not recorded"
            return None
        content = self._content(real)
        part = self._parts.get(real, {}).get(offset)
        if part is not None:
            return part[:limit]
        if real in self._cut and offset + limit > max(len(content), SCANNED):
            self._skipped[real] = f"only its first {len(content)} bytes were recorded"
        return content[offset : offset + limit]

    def _size(self, real: str) -> int:
        return self._stats[real].size if real in self._stats else len(self._content(real))

    def digest(self, path: str) -> str | None:
        """Give the digest that was recorded, else that of the content."""
        real = self._resolve(path)
        known = self._digests.get(real)
        if known is None and self._files.get(real) is not None:
            content = self._content(real)
            return content_digest(self._size(real), lambda offset, count: content[offset : offset + count])
        return known

    def elf(self, path: str) -> ElfFacts | None:
        """Give what the record states of an ELF object."""
        facts = self._elf.get(self._resolve(path))
        if not isinstance(facts, str):
            return facts
        arch = facts.split("-")[1]
        kind = "shared" if ".so" in path else "executable"
        return ElfFacts(target=facts, machine=_ELF_MACHINES.get(arch, 0), kind=kind)


def _start(path: str) -> tuple[str, list[str]]:
    """Give where a path begins, at the root or at a drive, and its parts."""
    plain = posixpath.normpath(path)
    return ("" if is_rooted(plain) and not plain.startswith("/") else "/"), plain.strip("/").split("/")


class RecordedRunner:
    """Answers of a recorded machine; a command that was not recorded fails, and says so.

    :param prints: command, its words joined by spaces → what it printed. The program is named whole or by its base
        name.
    :param exits: command → its exit code, where that is not 0; it need not be in ``prints``.
    :param answers: whole answers, by the words of the command.
    """

    def __init__(
        self,
        *,
        prints: Mapping[str, str],
        exits: Mapping[str, int] | None = None,
        answers: Mapping[tuple[str, ...], Answer] | None = None,
    ) -> None:
        self._prints = prints
        self._exits = exits or {}
        self._answers = answers or {}
        self.started = 0
        """Commands answered so far, as if they were processes."""

    def run(
        self, argv: Sequence[str], *, timeout: float | None = None, variables: Mapping[str, str] | None = None
    ) -> Answer:
        """Give the recorded answer to a command."""
        self.started += 1
        whole = self._answers.get(tuple(argv))
        if whole is not None:
            return whole
        short = " ".join([posixpath.basename(argv[0]), *argv[1:]])
        for command in (" ".join(argv), short):
            if command in self._prints or command in self._exits:
                return Answer(exit_code=self._exits.get(command, 0), stdout=self._prints.get(command, ""))
        return Answer(exit_code=None, failure=f"no answer to {short!r} was recorded")

    def close(self) -> None:
        """Do nothing: nothing runs."""


class RecordedOwners:
    """What the package managers of a recorded machine said of files."""

    def __init__(self, owners: Mapping[str, str]) -> None:
        self._owners = owners

    def read_ahead(self) -> None:
        """Do nothing: all is there."""

    def find(self, paths: Sequence[str]) -> Mapping[str, str]:
        """Give the recorded package of each file that had one."""
        return {path: self._owners[path] for path in paths if path in self._owners}
