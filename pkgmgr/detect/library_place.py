"""What the path of a library folder tells: the prefix, the multiarch triple, where its headers lie.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec

from pkgmgr.host.ports import Files
from pkgmgr.host.search import expand_glob
from pkgmgr.model.entry import Value
from pkgmgr.model.target import Target, find_target

_TRIPLE = r"[a-z0-9_]+-(?:linux-(?:gnu|musl|android)\w*|kfreebsd-gnu|gnu)"
_LIBRARY_TAIL = re.compile(
    r"/(?:lib|lib64|lib32|libx32|libs)"
    rf"(?:/(?P<triple>{_TRIPLE})(?:/\d+)?)?"  # Debian's multiarch; Android's API level below
    r"(?:/(?:intel64|ia32|x64|win32|arm64)(?:_lin|_win)?(?:/(?:gcc|vc)[\d.]+)?)?$"  # Intel's, NVIDIA's on Windows
)
_CUDA_TAIL = re.compile(r"/targets/(?P<machine>[a-z0-9_]+-linux(?:-\w+)?)$")
_CUDA_MACHINES = {"sbsa-linux": "linux-arm64", "aarch64-linux": "linux-arm64", "x86_64-linux": "linux-x86_64"}
_CROSS_ROOT = re.compile(r"/usr/(?P<triple>[\w.]+-[\w.-]+)$")
_SITE = re.compile(
    r"^(?P<prefix>.*?)/(?:[Ll]ib|lib64)(?:/(?:python|pypy)[\w.]*)?/(?:site|dist)-packages/(?P<inside>.+)$"
)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One library folder."""

    folder: str
    prefix: str
    triple: str = ""
    """The multiarch triple in its path, or that of a cross compiler's root."""
    below: str = ""
    """The part of the path that chooses among builds: ``hdf5/serial``, ``openblas-pthread``."""
    outer: str = ""
    """The library folder that ``below`` lies in, else the folder itself."""
    roots: tuple[str, ...] = ()
    """Folders whose ``include`` holds its headers, the nearest first."""

    @property
    def target(self) -> Target | None:
        """What the path says that its libraries are for; None where it says nothing."""
        return find_target(self.triple) if self.triple else None


def place_of(files: Files, folder: str, below: Sequence[str] = ()) -> Place:
    """Read the path of a library folder.

    :param below: patterns of folders below a library folder where a soft has further builds.
    """
    inner, outer_folder = _inner(folder, below)
    base, triple = _above(outer_folder)
    prefix, roots = base, [base]
    machine = _CUDA_TAIL.search(base)
    if machine is not None:
        prefix, triple = base[: machine.start()], _CUDA_MACHINES.get(machine["machine"], machine["machine"])
        roots.append(prefix)
    elif not triple:
        root = _CROSS_ROOT.search(base)
        triple = root["triple"] if root is not None and find_target(root["triple"]) is not None else ""
    if inner:
        # A build with a folder of its own: Debian's hdf5/serial and openmpi hold ``include``, its openblas-* do not.
        own = _above(folder)[0]
        if posixpath.basename(inner) in ("lib", "lib64") or files.stat(f"{own}/include") is not None:
            prefix = own
        roots.insert(0, own)
    return Place(
        folder=folder,
        prefix=prefix or "/",
        triple=triple,
        below=inner,
        outer=outer_folder,
        roots=tuple(dict.fromkeys(root or "/usr" for root in roots)),
    )


def library_prefix(folder: str) -> tuple[str, str]:
    """Give the prefix and the multiarch triple ('' if none) of a library folder, by its path alone."""
    base, triple = _above(folder)
    machine = _CUDA_TAIL.search(base)
    return (base[: machine.start()] if machine is not None else base) or "/", triple


def _above(folder: str) -> tuple[str, str]:
    found = _LIBRARY_TAIL.search(folder)
    return (folder[: found.start()], found["triple"] or "") if found is not None else (folder, "")


def _inner(folder: str, below: Sequence[str]) -> tuple[str, str]:
    """Split off what a pattern matches at the end, if what is left is a library folder."""
    parts = folder.split("/")
    for pattern in below:
        wanted = pattern.split("/")
        outer = "/".join(parts[: -len(wanted)])
        fits = all(fnmatchcase(part, want) for part, want in zip(parts[-len(wanted) :], wanted, strict=False))
        if fits and _LIBRARY_TAIL.search(outer) is not None:
            return "/".join(parts[-len(wanted) :]), outer
    return "", folder


class FoundHeaders(msgspec.Struct, frozen=True, kw_only=True):
    """Which headers of a library are there."""

    missing: str = ""
    """The first one that is not."""
    facts: Mapping[str, Value] = msgspec.field(default_factory=dict)
    """``header``, ``include_dir``, ``include_dirs``, and ``header.x.h`` for each."""


def find_headers(files: Files, place: Place, headers: Sequence[str], include: Sequence[str]) -> FoundHeaders:
    """Look for the headers of a library. The first decides on the folder; a distribution may have put others elsewhere.

    Debian keeps what differs between machines in ``include/<triple>``, and the rest in ``include``. A bar stands
    between the places of one header in different versions.
    """
    if not headers:
        return FoundHeaders()
    folders = list(include_folders(files, place, include))
    missing = headers[0]
    for folder in folders:
        first = _header_in(files, [folder], headers[0])
        if first is None:
            continue
        found = {folder: None}
        facts: dict[str, Value] = {"header": f"{folder}/{first[1]}", "include_dir": folder}
        for name in headers:
            other = _header_in(files, [folder, *folders], name)
            if other is None:
                missing = name
                break
            found[other[0]] = None
            facts[f"header.{posixpath.basename(name)}"] = "/".join(other)
        else:
            return FoundHeaders(facts={**facts, "include_dirs": list(found)})
    return FoundHeaders(missing=missing)


def _header_in(files: Files, folders: Sequence[str], header: str) -> tuple[str, str] | None:
    """Give the folder that has a header, and its name below that."""
    places = ((folder, name) for folder in folders for name in header.split("|"))
    return next((place for place in places if files.stat("/".join(place)) is not None), None)


def include_folders(files: Files, place: Place, include: Sequence[str]) -> Iterator[str]:
    """Give the folders where headers of a library may lie, those of its own build first."""
    tails = [place.below] if place.below else []
    for root in place.roots:
        multiarch = (f"{root}/include/{place.triple}",) if place.triple else ()
        for top in (*multiarch, f"{root.rstrip('/')}/include"):
            if files.stat(top) is None:
                continue
            for tail in (*tails, "", *include):
                if "*" in tail:
                    yield from expand_glob(files, f"{top}/{tail}")
                else:
                    yield f"{top}/{tail}" if tail else top


def owning_package(folder: str) -> tuple[str, str] | None:
    """Give the prefix of the Python installation and the path among its packages, for a folder that lies there."""
    found = _SITE.match(folder)
    return (found["prefix"], found["inside"]) if found is not None else None


def distribution_version(files: Files, folder: str) -> str | None:
    """Give the version of the Python distribution that a folder among Python packages belongs to.

    By the usual name: ``tensorflow`` is in ``tensorflow-2.21.0.dist-info`` or ``tensorflow_cpu-2.21.0.dist-info``.
    """
    package = owning_package(folder)
    if package is None:
        return None
    site, carrier = folder[: -len(package[1]) - 1], package[1].partition("/")[0]
    named = re.compile(rf"{re.escape(carrier)}(?:_(?:cpu|gpu|rocm|macos|intel))?-(?P<version>\d[^-]*)\.dist-info")
    found = [match["version"] for name in files.names(site) if (match := named.fullmatch(name))]
    return found[0] if len(found) == 1 else None


def is_carried(inside: str, sites: Sequence[str]) -> bool:
    """Tell whether a folder among Python packages is none of those where a vendor ships libraries to be linked.

    :param sites: patterns, as in a soft's ``find.sites``.
    """
    parts = inside.split("/")
    return not any(
        len(wanted := pattern.split("/")) == len(parts)
        and all(fnmatchcase(part, want) for part, want in zip(parts, wanted, strict=True))
        for pattern in sites
    )
