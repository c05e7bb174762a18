"""Which folders hold Python distributions, and whose they are: interpreters, environments, the person, `PYTHONPATH`.

Touches: the file system, through `pkgmgr.host.ports.Files` only. Nothing is imported; lines of code in a ``.pth`` file
are passed over.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from pkgmgr.detect.dist_metadata import parse_pyvenv
from pkgmgr.detect.folders import expand_folders
from pkgmgr.host.ports import Files

_BELOW_PREFIX = (
    *("lib/python[23].*/site-packages", "lib/python[23]*/dist-packages", "lib64/python[23].*/site-packages"),
    *("lib/pypy*/site-packages", "lib/pypy*/dist-packages", "lib/graalpy*/site-packages", "site-packages"),
    "Lib/site-packages",
)
_USER_SITES = ("lib/python[23].*/site-packages", "lib/pypy*/site-packages", "lib/python/site-packages")
_SITE = re.compile(r"(?P<prefix>.*)/lib(?:64)?/(?:python|pypy|graalpy)(?P<version>[\d.]*)/(?:site|dist)-packages$")
_PROGRAMS = ("bin/python", "bin/python3", "bin/pypy3", "bin/pypy", "python.exe", "Scripts/python.exe")
_METADATA = (".dist-info", ".egg-info", ".egg")
_HINT = re.compile(r"\.(?:dist-info|egg)")
_MOST_PTH = 100
"""``.pth`` files of a site, and lines of such a file, that are looked at."""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One folder of installed distributions and the interpreter that sees it."""

    path: str
    prefix: str
    """Of the interpreter or environment; for a person's own site, its base folder (``~/.local``)."""
    python: str | None = None
    """The interpreter; None where there is none for it."""
    python_version: str | None = None
    """``3.11``, as the folder or ``pyvenv.cfg`` says; Debian's ``python3`` folder serves several."""
    scope: str = "environment"
    """``environment``, ``user``, ``path`` (``PYTHONPATH``), ``search-path`` or ``pth`` (named by a ``.pth`` file)."""
    seen_from: tuple[str, ...] = ()
    """Virtual environments that see it, too (``include-system-site-packages``)."""


def python_sites(files: Files, programs: Sequence[str], home: str, variables: Mapping[str, str]) -> list[Site]:
    """Give the folders of distributions that belong to these interpreters, or to the person.

    :param programs: paths of interpreters, links not followed: a virtual environment's is a link.
    """
    prefixes = _prefixes(files, programs)
    sites = _Sites(files)
    for prefix in prefixes:
        sites.add(_of_prefix(files, prefix))
    own = [f"{home}/.local", f"{home}/Library/Python/*"] if home else []
    bases = [pattern for pattern in (*own, variables.get("PYTHONUSERBASE", "")) if pattern.startswith("/")]
    for base in [found for pattern in bases for found in expand_folders(files, pattern)]:
        sites.add(_of_person(files, base, sites.known()))
    for folder in variables.get("PYTHONPATH", "").split(":"):
        if folder.startswith("/") and files.stat(folder) is not None:
            sites.add([msgspec.structs.replace(_loose(files, folder), scope="path")])
    return _with_environments(files, prefixes, sites.known())


def loose_sites(files: Files, folders: Iterable[str]) -> list[Site]:
    """Give those of a search path's folders that hold distributions, with or without an interpreter (``--target``)."""
    sites = _Sites(files)
    for folder in folders:
        names = files.names(folder)
        # One look at all names at once: a folder of a search path may hold a hundred thousand.
        if _HINT.search("\n".join(names)) and any(name.endswith(_METADATA) for name in names):
            sites.add([_loose(files, folder)])
    return sites.known()


def distinct_sites(files: Files, sites: Iterable[Site]) -> list[Site]:
    """Keep the first of the sites that are the same folder."""
    kept: dict[str, Site] = {}
    for site in sites:
        kept.setdefault(files.real(site.path), site)
    return list(kept.values())


class _Sites:
    """Sites, each true folder once, followed by what its ``.pth`` files add."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._sites: dict[str, Site] = {}

    def add(self, sites: Iterable[Site]) -> None:
        for site in sites:
            real = self._files.real(site.path)
            if real in self._sites:
                continue
            self._sites[real] = site
            for folder in _named_by_pth(self._files, site.path):
                further = msgspec.structs.replace(site, path=folder, scope="pth")
                self._sites.setdefault(self._files.real(folder), further)

    def known(self) -> list[Site]:
        return list(self._sites.values())


def _prefixes(files: Files, programs: Sequence[str]) -> list[str]:
    """Give the prefix of each interpreter; of a virtual environment its own, never that of what it links to."""
    prefixes: dict[str, None] = {}
    for program in programs:
        for path in (program, files.real(program)):
            folder = posixpath.dirname(path)
            # On Windows the interpreter lies in its prefix itself, but for those of virtual environments.
            is_there = path.endswith(".exe") and posixpath.basename(folder) != "Scripts"
            prefix = folder if is_there else posixpath.dirname(folder)
            prefixes[prefix] = None
            if path == program and files.stat(f"{prefix}/pyvenv.cfg") is not None:
                break  # the base interpreter is a candidate of its own
    return list(prefixes)


def _of_prefix(files: Files, prefix: str) -> Iterator[Site]:
    stated = _pyvenv(files, prefix).get("version") or _pyvenv(files, prefix).get("version_info")
    python = next((f"{prefix}/{name}" for name in _PROGRAMS if files.stat(f"{prefix}/{name}") is not None), None)
    patterns = [f"{prefix}/{below}" for below in _BELOW_PREFIX]
    if prefix == "/usr":  # Debian's interpreter sees these, whatever lies in /usr/local/bin
        patterns += ["/usr/local/lib/python[23]*/dist-packages", "/usr/local/lib/pypy*/dist-packages"]
    for pattern in patterns:
        for path in expand_folders(files, pattern):
            version = _version_in(path) or (".".join(stated.split(".")[:2]) if stated else None)
            installed = "/usr/local" if path.startswith("/usr/local/") and prefix == "/usr" else prefix
            yield Site(path=path, prefix=installed, python=python, python_version=version)


def _of_person(files: Files, base: str, known: Sequence[Site]) -> Iterator[Site]:
    for pattern in _USER_SITES:
        for path in expand_folders(files, f"{base}/{pattern}"):
            version = _version_in(path)
            users = [site for site in known if site.python_version == version and not _pyvenv(files, site.prefix)]
            python = users[0].python if users else None
            yield Site(path=path, prefix=base, python=python, python_version=version, scope="user")


def _loose(files: Files, folder: str) -> Site:
    found = _SITE.match(folder)
    prefix = found["prefix"] if found else folder
    python = next((f"{prefix}/{name}" for name in _PROGRAMS if files.stat(f"{prefix}/{name}") is not None), None)
    return Site(path=folder, prefix=prefix, python=python, python_version=_version_in(folder), scope="search-path")


def _version_in(path: str) -> str | None:
    found = _SITE.match(path)
    return found["version"] if found and "." in found["version"] else None


def _pyvenv(files: Files, prefix: str) -> dict[str, str]:
    text = files.read(f"{prefix}/pyvenv.cfg", 1 << 14)
    return parse_pyvenv(text.decode("utf-8", "replace")) if text is not None else {}


def _named_by_pth(files: Files, folder: str) -> Iterator[str]:
    """Give the folders that the ``.pth`` files of a site add to the path; lines of code are passed over."""
    names = [name for name in files.names(folder) if name.endswith(".pth")]
    for name in names[:_MOST_PTH]:
        text = (files.read(f"{folder}/{name}", 1 << 16) or b"").decode("utf-8", "replace")
        for line in text.splitlines()[:_MOST_PTH]:
            if not line.strip() or line.startswith(("#", "import ", "import\t")) or "\0" in line:
                continue
            path = posixpath.normpath(posixpath.join(folder, line.strip()))
            state = files.stat(path)
            if state is not None and state.is_folder:
                yield path


def _with_environments(files: Files, prefixes: Sequence[str], sites: Sequence[Site]) -> list[Site]:
    """Note on the sites of a base interpreter the virtual environments that see them."""
    seen_from: dict[str, list[str]] = {}
    for prefix in prefixes:
        told = _pyvenv(files, prefix)
        if told.get("include-system-site-packages", "").lower() == "true" and told.get("home"):
            seen_from.setdefault(posixpath.dirname(told["home"].rstrip("/")), []).append(prefix)
    if not seen_from:
        return list(sites)
    return [msgspec.structs.replace(site, seen_from=tuple(seen_from.get(site.prefix, ()))) for site in sites]
