"""The soft document: how one kind of software is found, asked and described, with its proof. Pure.

The structs are the schema: `ckpm schema soft` prints it, and `docs/writing/soft.md` explains it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pkgmgr.model.entry import Value
from pkgmgr.model.operation import Operation
from pkgmgr.model.standard import Since, Standard


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of everything read from a person's file: immutable, and unknown keys are errors."""


class FileFind(Document, frozen=True, kw_only=True):
    """A file to look for: a literal name (or ending) and an expression on its whole path."""

    name: str | None = None
    """The literal base name. Being literal is what makes the look-up fast."""
    suffix: str | None = None
    """Instead of a name: an ending such as ``.tflite``."""
    path: str = ""
    """Regular expression searched in the path (``/`` between folders); its named groups are facts."""


class LibraryFind(Document, frozen=True, kw_only=True):
    """A library that can be linked: the library file and its headers, both there, for one target.

    Facts: ``library``, ``lib_dir``, ``prefix``, ``runs_on``, ``header``, ``include_dir``, ``header.x.h`` (the path of
    each header, by its base name), ``shared``, ``static``, ``soname``, ``link`` (what follows ``-l``), ``below``,
    ``multiarch`` (the triple in its path), ``pc_file``, ``pc_version``, ``cmake_dir``, ``cmake_version`` and the groups
    of ``file``. Unless a probe tells the ``version``, it is that of the pkg-config file, else of CMake's.
    """

    name: str = ""
    """What follows ``-l``: ``z`` for ``libz.so``. Empty for a library of headers only."""
    names: tuple[str, ...] = ()
    """Other names it is built under."""
    headers: tuple[str, ...] = ()
    """Headers, relative to an include folder; the first one is the fact ``header``. Where versions keep one in
    different places, they stand with a bar between them: ``"x/config.hpp|x/core/config.hpp"``."""
    include: tuple[str, ...] = ()
    """Folders below an include folder that hold the headers for some distributions; globs."""
    below: tuple[str, ...] = ()
    """Folders below a library folder where a distribution puts builds of it; globs: ``openblas-*``, ``hdf5/*``."""
    framework: str = ""
    """The name of its framework on macOS: ``OpenCL`` for ``OpenCL.framework``."""
    pkg_config: tuple[str, ...] = ()
    """Names of its pkg-config files, whose version is the fact ``pc_version``."""
    cmake: tuple[str, ...] = ()
    """Names of its CMake packages (what ``find_package`` takes), whose version is the fact ``cmake_version``."""
    file: str = ""
    """Expression on the name of the true file, all links followed; its named groups are facts. If it must match, it
    says so with ``file_only``. ``lib_version`` is held against the version: a header of another one is a mixture."""
    file_only: bool = False
    """True: a library whose true file ``file`` does not match is another product under this name."""
    symbols: tuple[str, ...] = ()
    """Functions, one of which the library must hold."""
    foreign: Mapping[str, str] = {}
    """Function, or library that it needs → the other product whose it is: ``{"libatlas.so.3" = "ATLAS"}``."""
    runtime: bool = False
    """True: the library alone is enough (``libcuda``, an OpenMP runtime); headers are not asked for."""


class PlatformFind(Document, frozen=True, kw_only=True):
    """Facts of the machine (`ckpm detect platform`) that make candidates; one of the four is given.

    The facts of a candidate are those of the machine (``os``, ``libc_version``, ``driver.nvidia``, …) and what the
    found thing itself says.
    """

    device: Mapping[str, str] = {}
    """Each accelerator that these describe: ``{kind = "gpu", vendor = "nvidia"}``. Its name is the fact ``device``, and
    each of its attributes is a fact (``compute_capability``, ``memory_bytes``, ``pci``)."""
    driver: str = ""
    """A driver; its version is the fact ``version``."""
    rows: str = ""
    """Each row of a further fact that is a list of tables: ``opencl``, ``vulkan``. Its columns are facts."""
    having: tuple[str, ...] = ()
    """The machine itself, where each of these facts was established."""


class Recognition(Document, frozen=True, kw_only=True):
    """One way to know a model or a data set; everything in it must hold."""

    layers: tuple[str, ...] = ()
    """Expressions, each of which must be found in the names of layers, nodes or tensors (one a line)."""
    without: tuple[str, ...] = ()
    """The same, none of which may be found."""
    unshaped: tuple[str, ...] = ()
    """Expressions searched in ``NAME [64,64,3,3]`` of tensors (one a line), none of which may be found: for networks
    that call their layers the same. Formats that tell no shapes have no such lines."""
    architecture: str = ""
    """Expression searched in the architecture that the file or its ``config.json`` states."""
    named: str = ""
    """Expression searched in the name that an ecosystem gives it (``org/name``). A bare file's name proves nothing."""


class ArtifactFind(Document, frozen=True, kw_only=True):
    """A model or a data set, known by content and layout: `docs/models-and-datasets.md`.

    Of the softs looked for, the one that describes a thing most closely gets it: by ``recognise``, then by
    ``ecosystems``, then by ``formats``.
    """

    kind: Literal["model", "dataset"]
    formats: tuple[str, ...] = ()
    """Any of these: ``gguf``, ``safetensors``, ``onnx``, ``tflite``, …"""
    ecosystems: tuple[str, ...] = ()
    """Any of these: ``huggingface``, ``torch-hub``, ``ollama``, …"""
    recognise: tuple[Recognition, ...] = ()
    """Any of these."""


class Find(Document, frozen=True, kw_only=True):
    """Where candidates come from. Names only make candidates; probes decide."""

    executables: tuple[str, ...] = ()
    """Regular expressions that match a whole program name (without ``.exe``); named groups are facts."""
    files: tuple[FileFind, ...] = ()
    library: LibraryFind | None = None
    artifact: ArtifactFind | None = None
    """A model or a data set."""
    python: tuple[str, ...] = ()
    """Names of Python distributions, looked up in every interpreter's ``dist-info`` folders."""
    folders: tuple[str, ...] = ()
    """Further folders to look in: globs; ``~`` and ``$NAME`` are replaced (a missing variable drops the row)."""
    python_folders: bool = False
    """True: look where version and environment managers keep Python interpreters, too."""
    sites: tuple[str, ...] = ()
    """Folders below each interpreter's ``site-packages`` to look in: globs (``nvidia/*/bin``)."""
    depth: int = 0
    """How many levels below ``folders`` to walk for ``files``."""
    separate: str = ""
    """A file, relative to a program's folder, that makes it an installation of its own although it is a link to
    another one: ``../pyvenv.cfg``."""
    by_name: str = ""
    """A group of ``executables``. One program under two names is two candidates where what the group holds differs:
    ``aarch64-linux-gnu-clang`` and ``clang`` are one file, which does by its name."""
    platform: PlatformFind | None = None
    """Instead of something on the disk: facts of the machine."""
    hook: bool = False
    """True: ``find`` of ``hook.py`` gives the candidates."""


class Probe(Document, frozen=True, kw_only=True):
    """One question to a candidate. Texts may hold ``{fact}``.

    Without ``argv``, ``read`` and ``names`` nothing is asked and the answer is empty: ``when`` and ``unless`` alone
    decide whether ``tells`` holds, or whether ``reject = "^"`` turns the candidate down.
    """

    argv: tuple[str, ...] = ()
    """What to run; ``{path}`` is the candidate."""
    read: str = ""
    """Instead of running: the text file to read."""
    head: int = 0
    """How many bytes of it, from its start; 0: a mebibyte. Where only a script's first lines matter, what is a compiled
    program elsewhere is not searched whole."""
    names: str = ""
    """Instead of running: the folder whose names are the answer, one a line (``lib/maven-core-3.9.6.jar``)."""
    match: str | tuple[str, ...] = ()
    """Regular expressions (multi-line mode) searched in the answer; named groups are facts. All must be found."""
    maybe: str | tuple[str, ...] = ()
    """The same, for facts that may be missing."""
    every: str | tuple[str, ...] = ()
    """The same, but each named group collects all that it matches: a fact that is a list (``emits = "{triples}"``)."""
    tells: Mapping[str, str] = {}
    """Further facts that an answer which fits establishes; they may hold ``{fact}``."""
    reject: str = ""
    """A regular expression; if it is found in the answer, the candidate is something else."""
    because: str = ""
    """What ``reject`` shows, for a person: "this is clang under the name of gcc"."""
    when: Mapping[str, str] = {}
    """Ask only if each of these facts matches (whole) its regular expression."""
    unless: str = ""
    """Do not ask if this fact is known already."""
    optional: bool = False
    """True: no answer and no match are not a reason to turn the candidate down."""
    stream: Literal["both", "stdout", "stderr"] = "both"
    exit_codes: tuple[int, ...] = (0,)
    """Exit codes of an answer; empty: any."""


class Conclusion(Document, frozen=True, kw_only=True):
    """The entry that the facts make. A field whose facts are not all known is left out."""

    version: str = "{version}"
    prefix: str = ""
    """Empty: the folder above the ``bin``, ``lib`` or ``include`` folder of the true file."""
    program: str = ""
    """The true program, where an answer names it (``{collect}``): a wrapper's entry is that of what it wraps."""
    target: str = ""
    """Empty: what the ELF header (else the host) says. May be a triple."""
    emits: str | tuple[str, ...] = ()
    """For compilers: triples or targets."""
    files: Mapping[str, str] = {}
    """Role → path. Rows whose file is not there are left out."""
    role: str = ""
    """The role of the candidate itself in ``files``; default ``program``, ``library``, ``file``."""
    siblings: Mapping[str, tuple[str, str]] = {}
    """Role → (old, new): the companion program named by replacing ``old`` in the file *name*."""
    needs: tuple[str, ...] = ()
    """Files that must exist, or the candidate is turned down as incomplete."""
    attributes: Mapping[str, Value] = {}
    standards: Mapping[Standard, Since] = {}
    """For compilers: standard → the versions that take the option of the published standard (``{cxx17 = ">=8"}``).
    Those of the languages that are there are the entry's ``attributes.standards``."""
    standards_by: str = "{version}"
    """The number that ``standards`` speaks of, where it is not the version: ``{clang}`` of what is made of LLVM."""
    env: tuple[Operation, ...] = ()
    origin: str = ""
    """Empty: told from where it was found."""


class Check(Document, frozen=True, kw_only=True):
    """A small program that proves an entry usable: ``ckpm detect soft NAME --check`` builds and runs it.

    A library's program is compiled and linked by the best compiler that emits the entry's target, and run where that is
    this host (or has an emulator). Of a compiler or an interpreter, ``argv`` says what to do.
    """

    code: str
    """The program's text; it must exit with 0 if all is well."""
    file: str = "check.c"
    """The file it is written to; for libraries its ending tells the language: ``.c``, ``.cpp``, ``.f90``, ``.cu``."""
    argv: tuple[tuple[str, ...], ...] = ()
    """Commands, one after the other, each of which must exit with 0. They may hold ``{file}`` (the source),
    ``{output}`` (a program to make), ``{files.ROLE}``, ``{prefix}`` and ``{path}``. Of a compiler that does not
    emit this host, the first one alone: let it compile (``-c``). Empty: compile, link against the entry, run."""
    link: tuple[str, ...] = ()
    """For libraries: names for ``-l`` besides the library's own."""
    flags: tuple[str, ...] = ()
    """Further options for the compiler."""
    beside: tuple[str, ...] = ()
    """For libraries: softs of other libraries that the program is compiled and linked with; of several entries, one of
    the same prefix."""


class Case(Document, frozen=True, kw_only=True):
    """A recorded machine and what must follow from it. Run by ``ckpm lint`` and by the tests."""

    name: str
    """Which machine, and how the output was obtained."""
    path: str = ""
    """The candidate: a program (a name that the soft must recognise), a library or another file."""
    real: str = ""
    """Where ``path`` leads, if it is a link."""
    prints: Mapping[str, str] = {}
    """Command → what it printed. The command is written with the program's base name."""
    exits: Mapping[str, int] = {}
    """Command → its exit code, where that is not 0."""
    files: Mapping[str, str] = {}
    """Other files that exist, with their text (empty where it does not matter)."""
    data: Mapping[str, str] = {}
    """Files whose content is no text, in base64."""
    links: Mapping[str, str] = {}
    """Links that exist, and where they lead."""
    elf: Mapping[str, str] = {}
    """File → target, for files that are ELF objects."""
    variables: Mapping[str, str] = {}
    """The environment of the person."""
    host: str = "linux-x86_64"
    expect: Mapping[str, Value] = {}
    """What the entry must hold: keys of an entry, ``attributes.x`` and ``files.x`` with a dot."""
    reject: str = ""
    """Instead of ``expect``: words that the reason of the rejection must hold."""


class Soft(Document, frozen=True, kw_only=True):
    """A detection plugin, from ``soft_plugins/<name>/soft.toml``."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9]+\.[a-z0-9][a-z0-9._+-]*$")]
    summary: str
    homepage: str = ""
    kind: str = ""
    """Empty: the part of the name before the first dot."""
    tags: tuple[str, ...] = ()
    aliases: Mapping[str, str | tuple[str, ...]] = {}
    """What other tools call it: ``{spack = "gcc", conan = "gcc"}``."""
    untested: str = ""
    """Said where the soft was built from documents only: which, and what was not tried."""
    find: Find = msgspec.field(default_factory=Find)
    probe: tuple[Probe, ...] = ()
    entry: Conclusion = msgspec.field(default_factory=Conclusion)
    check: Check | None = None
    rank: int = 0
    """Order among softs that fit one requirement by tags: the least first."""
    case: tuple[Case, ...] = ()

    @property
    def family(self) -> str:
        """``compiler`` of ``compiler.gcc``."""
        return self.kind or self.name.partition(".")[0]

    @property
    def all_tags(self) -> tuple[str, ...]:
        """The family and the soft's own tags, without repetition, in order."""
        return tuple(dict.fromkeys((self.family, *self.tags)))
