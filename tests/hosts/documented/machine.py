"""Put a record together by hand: programs with what they say, libraries, texts, links."""

from __future__ import annotations

import posixpath
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from pkgmgr.host.ports import ElfFacts, Kernel
from pkgmgr.host.record import RECORD_FORMAT, AnswerRow, FileRow, Record

ELF = b"\x7fELF\x02\x01\x01" + b"\0" * 57
MACHO_ARM64 = struct.pack("<8I", 0xFEEDFACF, 0x0100000C, 0, 2, 0, 0, 0, 0)
MACHO_LIBRARY = struct.pack("<8I", 0xFEEDFACF, 0x0100000C, 0, 6, 0, 0, 0, 0)
PE_X64 = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40) + b"PE\0\0" + struct.pack("<H", 0x8664)
IMPORT_X64 = struct.pack("<HHHH", 0, 0xFFFF, 0, 0x8664)


@dataclass(kw_only=True)
class Machine:
    """A machine in the making."""

    target: str
    home: str
    note: str
    release: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    files: dict[str, FileRow] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    answers: dict[tuple[str, ...], AnswerRow] = field(default_factory=dict)

    def text(self, path: str, text: str = "") -> None:
        """Add a text file."""
        self.files[path] = FileRow(size=len(text.encode()), text=text)

    def binary(self, path: str, content: bytes, *, size: int = 1 << 20, elf: ElfFacts | None = None) -> None:
        """Add a file that is no text; programs are executable."""
        self.files[path] = FileRow(size=size, content=content, is_executable=True, elf=elf, is_cut=True)

    def program(self, path: str, *links: str) -> None:
        """Add a program of this machine, and links to it."""
        system = self.target.partition("-")[0]
        if system == "linux":
            facts = ElfFacts(
                target=self.target, machine=62, kind="executable", interpreter="/lib64/ld-linux-x86-64.so.2"
            )
            self.binary(path, ELF, elf=facts)
        else:
            self.binary(path, MACHO_ARM64 if system == "macos" else PE_X64)
        for link in links:
            self.links[link] = path

    def script(self, path: str, text: str, *links: str) -> None:
        """Add a program that is a script."""
        self.files[path] = FileRow(size=len(text.encode()), text=text, is_executable=True)
        for link in links:
            self.links[link] = path

    def library(self, path: str, soname: str, *links: str) -> None:
        """Add a shared object, and links to it beside it."""
        facts = ElfFacts(target=self.target, machine=62, kind="shared", soname=soname)
        self.binary(path, ELF, elf=facts)
        for link in links:
            self.links[posixpath.join(posixpath.dirname(path), link)] = path

    def says(self, path: str, *arguments: str, out: str = "", err: str = "", code: int = 0) -> None:
        """Add an answer, by whichever of its names the program is asked."""
        names = {path, *(link for link, target in self.links.items() if target == path)}
        for name in names:
            argv = (name, *arguments)
            self.answers[argv] = AnswerRow(argv=argv, exit_code=code, stdout=out, stderr=err)

    def record(self) -> Record:
        """Give the record."""
        return Record(
            format=RECORD_FORMAT,
            note=self.note,
            target=self.target,
            home=self.home,
            kernel=Kernel(release=self.release, target=self.target),
            variables=dict(sorted(self.variables.items())),
            links=dict(sorted(self.links.items())),
            files=dict(sorted(self.files.items())),
            answers=tuple(row for _, row in sorted(self.answers.items())),
        )


def defines(prefix: str, version: str, names: tuple[str, ...] = ("MAJOR", "MINOR", "PATCH")) -> str:
    """Write a version as headers do, a macro for each part."""
    return "".join(f"#define {prefix}{name} {part}\n" for name, part in zip(names, version.split("."), strict=True))


def python_question() -> tuple[str, ...]:
    """Give what `lang.python` asks an interpreter, behind its path."""
    from tests.hosts.machines import CATALOG

    soft = CATALOG.soft("lang.python")
    assert soft is not None
    return soft.probe[0].argv[1:]
