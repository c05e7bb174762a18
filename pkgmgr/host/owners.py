"""Which package of the system a file belongs to, by the databases of dpkg, apk, pacman and rpm.

The parsers are pure. `LocalOwners` touches the databases' files, each read once; rpm's can be read by `rpm` alone,
which is asked once for all files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pkgmgr.host.files import LocalFiles
from pkgmgr.host.ports import Files, Host, Runner

_DPKG = "/var/lib/dpkg"
_APK = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
_PACMAN = "/var/lib/pacman/local"
_RPM_DATABASES = tuple(
    f"{folder}/{name}"
    for folder in ("/var/lib/rpm", "/usr/lib/sysimage/rpm")
    for name in ("rpmdb.sqlite", "Packages.db", "Packages")
)
_LARGEST = 64 << 20
_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
"""Folders of the root that became links into ``/usr``: databases name files by either path."""

DATABASES = (f"{_DPKG}/status", *_APK, _PACMAN, *_RPM_DATABASES)
"""What changes when a package is installed or removed."""


def find_owners(host: Host, paths: Sequence[str]) -> dict[str, str]:
    """Give the package that each file belongs to, ``gcc-12 12.2.0-14 (dpkg)``; files of none are left out.

    A file is named as whoever found it did; what it leads to counts where the database names that.
    """
    if host.owners is None or not paths:
        return {}
    names = {path: spellings(path, host.files.real(path)) for path in paths}
    known = host.owners.find(list(dict.fromkeys(name for tried in names.values() for name in tried)))
    found = {path: next((known[name] for name in tried if name in known), None) for path, tried in names.items()}
    return {path: owner for path, owner in found.items() if owner is not None}


def spellings(path: str, real: str) -> list[str]:
    """Give the names under which a database may know a file, the likeliest first."""
    found = []
    for name in (path, real):
        found.append(name)
        head = name.split("/", 3)
        if len(head) == 4 and head[1] == "usr" and head[2] in _MERGED:
            found.append(name.removeprefix("/usr"))
        elif len(head) > 2 and head[1] in _MERGED:
            found.append(f"/usr{name}")
    return list(dict.fromkeys(found))


class LocalOwners:
    """The databases of this machine.

    :param files: by default a fresh look at the file system: thousands of lists are no part of what a detection saw.
    """

    def __init__(self, runner: Runner, *, files: Files | None = None) -> None:
        self._runner = runner
        self._files = files
        self._lists: dict[str, bytes] | None = None

    def read_ahead(self) -> None:
        """Read dpkg's lists now, where there is time: half of what `find` takes."""
        self._lists = _dpkg_lists(self._files or LocalFiles())

    def find(self, paths: Sequence[str]) -> Mapping[str, str]:
        """Give the package of each file that belongs to one."""
        files = self._files or LocalFiles()
        found: dict[str, str] = {}
        if paths:
            lists = self._lists if self._lists is not None else _dpkg_lists(files)
            self._lists = None  # 8 MB that are needed once
            found.update(_by_dpkg(files, lists, paths))
        for look in (_by_apk, _by_pacman):
            wanted = frozenset(path for path in paths if path not in found)
            found.update(look(files, wanted))
        if any(files.stat(path) is not None for path in _RPM_DATABASES):
            found.update(self._by_rpm([path for path in paths if path not in found], files))
        return found

    def _by_rpm(self, paths: Sequence[str], files: Files) -> Mapping[str, str]:
        present = [path for path in paths if files.stat(path) is not None]
        program = next((path for path in ("/usr/bin/rpm", "/bin/rpm") if files.stat(path) is not None), None)
        if program is None or not present:
            return {}
        form = "%{NAME} %{VERSION}-%{RELEASE}\\n"
        return parse_rpm(present, self._runner.run([program, "-qf", "--qf", form, *present]).stdout)


def _dpkg_lists(files: Files) -> dict[str, bytes]:
    """Give the list of files of each package, as dpkg names the package."""
    if files.stat(f"{_DPKG}/status") is None:
        return {}
    folder = f"{_DPKG}/info"
    names = (name for name in files.names(folder) if name.endswith(".list"))
    return {name.removesuffix(".list"): files.read(f"{folder}/{name}", _LARGEST) or b"" for name in names}


def _by_dpkg(files: Files, lists: Mapping[str, bytes], wanted: Iterable[str]) -> dict[str, str]:
    owners: dict[str, str] = {}
    # Decoding all lists takes thrice as long.
    known = {path.encode("utf-8", "surrogateescape"): path for path in wanted}
    for package, content in lists.items():
        for path in known.keys() & content.split(b"\n"):
            owners.setdefault(known[path], package)
    versions = parse_dpkg_status(_text(files, f"{_DPKG}/status"), set(owners.values())) if owners else {}
    return {
        path: f"{package.partition(':')[0]} {versions.get(package, '?')} (dpkg)" for path, package in owners.items()
    }


def _text(files: Files, path: str) -> str:
    return (files.read(path, _LARGEST) or b"").decode("utf-8", "replace")


def parse_dpkg_status(text: str, wanted: Iterable[str]) -> dict[str, str]:
    """Give the versions of packages, named as dpkg names their lists: with ``:arch`` where several may be there."""
    names = set(wanted)
    plain = {label.partition(":")[0] for label in names}
    found = {}
    for stanza in text.split("\n\n"):
        name = re.search(r"^Package: (\S+)$", stanza, re.MULTILINE)
        if name is not None and name[1] not in plain:
            continue  # nearly all
        version = re.search(r"^Version: (\S+)$", stanza, re.MULTILINE)
        if name is None or version is None:
            continue
        arch = re.search(r"^Architecture: (\S+)$", stanza, re.MULTILINE)
        for label in (name[1], f"{name[1]}:{arch[1] if arch else ''}"):
            if label in names:
                found[label] = version[1]
    return found


def _by_apk(files: Files, wanted: frozenset[str]) -> dict[str, str]:
    if not wanted:
        return {}
    place = next((path for path in _APK if files.stat(path) is not None), None)
    return parse_apk(_text(files, place), wanted) if place is not None else {}


def parse_apk(text: str, wanted: frozenset[str]) -> dict[str, str]:
    """Read Alpine's database: ``P:`` name, ``V:`` version, ``F:`` folder, ``R:`` file in it."""
    found: dict[str, str] = {}
    name = version = folder = ""
    for line in text.split("\n"):
        key, value = line[:2], line[2:]
        if key == "P:":
            name, folder = value, ""
        elif key == "V:":
            version = value
        elif key == "F:":
            folder = f"/{value}" if value else ""
        elif key == "R:" and (path := f"{folder}/{value}") in wanted:
            found[path] = f"{name} {version} (apk)"
    return found


def _by_pacman(files: Files, wanted: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for package in files.names(_PACMAN) if wanted else ():
        for path in wanted.intersection(parse_pacman_files(_text(files, f"{_PACMAN}/{package}/files"))):
            name, version = _split_pacman(package)
            found[path] = f"{name} {version} (pacman)"
    return found


def _split_pacman(folder: str) -> tuple[str, str]:
    """Split ``gcc-libs-13.2.1-3``: the last two parts are version and release."""
    parts = folder.rsplit("-", 2)
    return parts[0], "-".join(parts[1:])


def parse_pacman_files(text: str) -> Iterator[str]:
    """Give the paths of the section ``%FILES%``; folders end in a slash there."""
    section = text.partition("%FILES%\n")[2].partition("\n\n")[0]
    yield from (f"/{line}" for line in section.split("\n") if line and not line.endswith("/"))


def parse_rpm(paths: Sequence[str], said: str) -> dict[str, str]:
    """Read what ``rpm -qf`` said of files, a line for each; nothing when the lines do not match the files.

    A file that two packages own has two lines, and then no line can be told to be another's.
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if len(lines) != len(paths):
        return {}
    owned = re.compile(r"\S+ \S+-\S+")
    return {path: f"{line} (rpm)" for path, line in zip(paths, lines, strict=True) if owned.fullmatch(line)}
