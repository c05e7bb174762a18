"""The package document: how to obtain, build or cross-compile what a soft can then detect. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from pkgmgr.model.operation import Operation
from pkgmgr.model.soft import Document

Condition = Mapping[str, str | tuple[str, ...]]
"""What must hold: ``target``, ``os``, ``arch``, ``libc``, ``version`` or a variant's name → a glob or several
(``version``: a range). All keys must hold; of several globs one is enough; a leading ``!`` negates."""


class Require(Document, frozen=True, kw_only=True):
    """One thing that is needed, in an env or a package."""

    soft: str = ""
    """A soft, with its version: ``tool.cmake@>=3.15``."""
    package: str = ""
    """A package, with version and variants."""
    tags: tuple[str, ...] = ()
    """Instead of a name: any soft that carries all of these."""
    languages: tuple[str, ...] = ()
    """For compilers: what it must compile, a language (``c``, ``cxx``, ``fortran``, ``cuda``) or a standard of one
    (``c11``, ``cxx17``)."""
    on: Literal["host", "target"] = "target"
    """Where it runs. A compiler or tool of the build runs on the host; what is linked runs on the target."""
    role: str = ""
    """Its name in texts of steps and tasks; default: the soft's name."""
    prefer: tuple[str, ...] = ()
    """Softs to take first among those that fit by tags."""
    when: Condition = {}


class Source(Document, frozen=True, kw_only=True):
    """One artifact, pinned, from any of several places."""

    version: str
    urls: tuple[str, ...]
    """Tried in order: ``https://…``, ``pypi:NAME==VERSION#FILE``, ``npm:NAME@VERSION``, ``apt:NAME=VERSION``,
    ``apt-source:NAME=VERSION#FILE``, ``git+https://…``, ``hf:…``, ``file:…``."""
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Meta(ge=0)] | None = None
    """In bytes."""
    name: str = "source"
    """Its name in steps, where a version has several."""
    file: str = ""
    """File name to keep it under; default: the last part of the first address."""
    when: Condition = {}
    quoted: str = ""
    """Set where the checksum was quoted from somewhere and not recomputed: from where."""
    never_fetched: bool = False
    """True: the maintainers could not fetch it themselves; the checksum is upstream's word."""


class Variant(Document, frozen=True, kw_only=True):
    """A choice that a package offers."""

    summary: str = ""
    default: str
    values: tuple[str, ...]
    default_for: Mapping[str, str] = {}
    """Target glob → the default there."""


class Step(Document, frozen=True, kw_only=True, tag_field="use"):
    """One step of a build. The set is closed; no step goes through a shell."""

    when: Condition = {}


class Unpack(Step, frozen=True, kw_only=True, tag="unpack"):
    """Unpack an archive into the build folder."""

    source: str = "source"
    inner: str = ""
    """An archive in the source that is meant, by its path there: an ``.aar`` in an npm package."""
    into: str = "{build}"
    strip: int = 0
    """Leading folders to drop."""
    only: tuple[str, ...] = ()
    """Globs on the members' paths (after ``strip``); empty: all."""


class Copy(Step, frozen=True, kw_only=True, tag="copy"):
    """Copy files or folders."""

    files: tuple[str, ...]
    """Globs; what matches none is an error."""
    to: str
    """A folder if it ends in ``/``, else the new name."""
    executable: bool = False


class Cut(Step, frozen=True, kw_only=True, tag="cut"):
    """Cut bytes out of a file: what a packed file without a format of its own holds whole."""

    file: str
    """One path; no glob."""
    begin: Annotated[int, Meta(ge=0)] = 0
    """How many bytes of the file stand before."""
    size: Annotated[int, Meta(ge=1)]
    """How many bytes; a file that has not so many is an error."""
    to: str
    """The new file's path."""


class Write(Step, frozen=True, kw_only=True, tag="write"):
    """Write a small text file."""

    path: str
    text: str


class Patch(Step, frozen=True, kw_only=True, tag="patch"):
    """Apply a patch of the package's own folder."""

    file: str
    folder: str = "{build}"
    strip: int = 1


class Compile(Step, frozen=True, kw_only=True, tag="compile"):
    """Compile and link with one command: small libraries and programs."""

    sources: tuple[str, ...]
    """Globs."""
    output: str
    product: Literal["program", "shared", "static", "object"] = "program"
    language: Literal["c", "cxx"] = "c"
    compiler: str = "cc"
    """Role of the compiler's requirement."""
    include: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    """Roles of libraries to compile and link against."""
    libraries: tuple[str, ...] = ()
    """Further names for ``-l``."""
    flags: tuple[str, ...] = ()
    soname: str = ""


class Cmake(Step, frozen=True, kw_only=True, tag="cmake"):
    """Configure, build and install with CMake and a toolchain file made from the resolved compiler."""

    source: str = "{build}"
    folder: str = "{build}/_build"
    options: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    """Build only these, and do not install; empty: everything, then install."""


class Meson(Step, frozen=True, kw_only=True, tag="meson"):
    """Configure, build and install with Meson and a machine file made from the resolved compiler."""

    source: str = "{build}"
    folder: str = "{build}/_build"
    options: tuple[str, ...] = ()


class Autotools(Step, frozen=True, kw_only=True, tag="autotools"):
    """``configure``, ``make``, ``make install``."""

    source: str = "{build}"
    options: tuple[str, ...] = ()
    host_flag: bool = True
    """True: pass ``--host`` when cross-compiling (a hand-written ``configure`` may refuse it)."""
    install: tuple[str, ...] = ("install",)


class Make(Step, frozen=True, kw_only=True, tag="make"):
    """Run make with the toolchain's variables."""

    folder: str = "{build}"
    targets: tuple[str, ...] = ()
    variables: Mapping[str, str] = {}


class Python(Step, frozen=True, kw_only=True, tag="python"):
    """Make a virtual environment, or fill a folder, from requirements pinned with hashes."""

    requirements: str
    """A file in the package's folder."""
    into: str = "{prefix}"
    layout: Literal["venv", "target"] = "venv"


class Run(Step, frozen=True, kw_only=True, tag="run"):
    """Run a program."""

    argv: tuple[str, ...]
    folder: str = "{build}"
    env: tuple[Operation, ...] = ()


class Derive(Step, frozen=True, kw_only=True, tag="derive"):
    """Run a converter in a Python environment of its own, made from requirements pinned with hashes."""

    requirements: str
    script: str
    """A file in the package's folder."""
    args: tuple[str, ...] = ()
    python: str = "python"
    """Role of the interpreter's requirement."""


AnyStep = Unpack | Copy | Cut | Write | Patch | Compile | Cmake | Meson | Autotools | Make | Python | Run | Derive


class Package(Document, frozen=True, kw_only=True):
    """A meta-package, from ``packages/<name>/package.toml``."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9]+-[a-z0-9][a-z0-9._+-]*$")]
    summary: str
    provides: str
    """The soft that must recognise the result."""
    license: str
    """SPDX expression of what is fetched."""
    homepage: str
    description: str = ""
    tags: tuple[str, ...] = ()
    untested: str = ""
    """What was never tried on the real thing, and why."""
    source: tuple[Source, ...] = ()
    variant: Mapping[str, Variant] = {}
    requires: tuple[str | Require, ...] = ()
    conflicts: tuple[Condition, ...] = ()
    """Combinations that can't be: each row is a condition."""
    targets: tuple[str, ...] = ("*",)
    """Globs of the targets that it can be made for."""
    product: Literal["target", "host", "any"] = "target"
    """Where the result runs: ``any`` for models and data sets."""
    step: tuple[AnyStep, ...] = ()
    env: tuple[Operation, ...] = ()
    """Operations beyond those that the soft gives."""
    notes: Mapping[str, str] = {}
    """Target glob → what a person must know about the result there; shown in the plan."""
    emits: tuple[str, ...] = ()
    """For compilers: globs of the targets that the result will generate code for."""
    languages: tuple[str, ...] = ()
    """For compilers: what the result will compile. Which standards of these languages follows from its soft and its
    version; a standard that does not is named here."""
    python: tuple[str, ...] = ()
    """PEP 508 requirements that are this package inside a Python environment (``tensorflow-cpu=={version}``). In an env
    they are solved together with all others into one virtual environment; installed alone, the steps say what to do."""
    rank: int = 0
    """Order among packages that provide the same: the least first."""
