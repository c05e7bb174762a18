"""Who owns files: the databases as they are, and what is remembered of them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from pkgmgr.detect.owned import with_owners
from pkgmgr.host.local import local_host
from pkgmgr.host.owner_cache import CachedOwners
from pkgmgr.host.owners import (
    LocalOwners,
    find_owners,
    parse_apk,
    parse_dpkg_status,
    parse_pacman_files,
    parse_rpm,
    spellings,
)
from pkgmgr.host.ports import Host, Owners
from pkgmgr.host.recorded import RecordedFiles, RecordedRunner
from pkgmgr.model.entry import Entry

STATUS = """Package: gcc-12
Status: install ok installed
Architecture: amd64
Multi-Arch: no
Version: 12.2.0-14+deb12u1
Depends: cpp-12 (= 12.2.0-14+deb12u1)
Description: GNU C compiler
 Version: not this

Package: zlib1g
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 1:1.2.13.dfsg-1

Package: zlib1g
Status: install ok installed
Architecture: i386
Version: 1:1.2.13.dfsg-2

Package: broken
"""
APK = """C:Q1abc=
P:gcc
V:13.2.1_git20231014-r0
A:x86_64
F:usr
F:usr/bin
R:gcc
a:0:0:755
R:g++

P:musl
V:1.2.4_git20230717-r4
F:lib
R:ld-musl-x86_64.so.1
"""
PACMAN = "%FILES%\nusr/\nusr/bin/\nusr/bin/gcc\nusr/lib/libgcc_s.so.1\n\n%BACKUP%\netc/x\tabc\n"
DPKG_FILES: dict[str, str | bytes] = {
    "/var/lib/dpkg/status": STATUS,
    "/var/lib/dpkg/info/gcc-12.list": "/.\n/usr\n/usr/bin\n/usr/bin/gcc-12\n",
    "/var/lib/dpkg/info/zlib1g:amd64.list": "/lib/x86_64-linux-gnu/libz.so.1.2.13\n",
    "/var/lib/dpkg/info/zlib1g:i386.list": "/lib/i386-linux-gnu/libz.so.1.2.13\n",
    "/var/lib/dpkg/info/gcc-12.md5sums": "abc  usr/bin/made-up\n",
}


def machine(
    files: Mapping[str, str | bytes], *, links: Mapping[str, str] | None = None, prints: Mapping[str, str] | None = None
) -> Host:
    seen = RecordedFiles(files=files, links=links)
    runner = RecordedRunner(prints=prints or {})
    return Host(
        files=seen,
        runner=runner,
        variables={},
        target="linux-x86_64",
        home="/home/ann",
        owners=LocalOwners(runner, files=seen),
    )


def test_dpkg_knows_the_architecture_of_what_may_be_there_twice() -> None:
    host = machine(
        {**DPKG_FILES, "/usr/bin/gcc-12": "", "/usr/lib/x86_64-linux-gnu/libz.so.1.2.13": ""},
        links={"/lib": "usr/lib", "/usr/bin/gcc": "gcc-12", "/opt/link": "/usr/bin/gcc-12"},
    )
    paths = ["/usr/bin/gcc-12", "/opt/link", "/usr/lib/x86_64-linux-gnu/libz.so.1.2.13", "/usr/bin/made-up", "/none"]
    gcc, zlib = "gcc-12 12.2.0-14+deb12u1 (dpkg)", "zlib1g 1:1.2.13.dfsg-1 (dpkg)"
    assert find_owners(host, paths) == {paths[0]: gcc, paths[1]: gcc, paths[2]: zlib}


@pytest.mark.parametrize(
    ("path", "real", "names"),
    [
        ("/usr/bin/x", "/usr/bin/x", ["/usr/bin/x", "/bin/x"]),
        ("/lib/x/libz.so", "/usr/lib/x/libz.so.1", ["/lib/x/libz.so", "/usr/lib/x/libz.so", None, None]),
        ("/opt/x/bin/y", "/opt/x/bin/y", ["/opt/x/bin/y"]),
        ("/usr/share/x", "/usr/share/x", ["/usr/share/x"]),
        ("/", "/", ["/"]),
    ],
)
def test_merged_folders_have_two_names(path: str, real: str, names: list[str | None]) -> None:
    found = spellings(path, real)
    assert [name if name in names else None for name in found] == names


@pytest.mark.parametrize(
    ("wanted", "versions"),
    [
        ({"gcc-12"}, {"gcc-12": "12.2.0-14+deb12u1"}),
        ({"zlib1g:amd64", "zlib1g:i386"}, {"zlib1g:amd64": "1:1.2.13.dfsg-1", "zlib1g:i386": "1:1.2.13.dfsg-2"}),
        ({"broken", "missing"}, {}),
    ],
    ids=["one", "two architectures", "not told"],
)
def test_versions_in_dpkg_status(wanted: set[str], versions: dict[str, str]) -> None:
    assert parse_dpkg_status(STATUS, wanted) == versions


def test_alpine_and_arch() -> None:
    wanted = frozenset({"/usr/bin/gcc", "/usr/bin/g++", "/lib/ld-musl-x86_64.so.1", "/bin/gcc"})
    gcc = "gcc 13.2.1_git20231014-r0 (apk)"
    assert parse_apk(APK, wanted) == {
        "/usr/bin/gcc": gcc,
        "/usr/bin/g++": gcc,
        "/lib/ld-musl-x86_64.so.1": "musl 1.2.4_git20230717-r4 (apk)",
    }
    assert list(parse_pacman_files(PACMAN)) == ["/usr/bin/gcc", "/usr/lib/libgcc_s.so.1"]
    assert find_owners(machine({"/lib/apk/db/installed": APK}), ["/usr/bin/gcc"]) == {"/usr/bin/gcc": gcc}
    arch = machine(
        {"/var/lib/pacman/local/gcc-libs-13.2.1-3/files": PACMAN, "/var/lib/pacman/local/ALPM_DB_VERSION": ""}
    )
    assert find_owners(arch, ["/usr/lib/libgcc_s.so.1"]) == {"/usr/lib/libgcc_s.so.1": "gcc-libs 13.2.1-3 (pacman)"}


RPM = "gcc 11.4.1-3.el9\nfile /opt/x is not owned by any package\nzlib 1.2.11-40.el9\n"


@pytest.mark.parametrize(
    ("paths", "said", "owners"),
    [
        (["/a", "/opt/x", "/b"], RPM, {"/a": "gcc 11.4.1-3.el9 (rpm)", "/b": "zlib 1.2.11-40.el9 (rpm)"}),
        (["/a", "/b"], RPM, {}),
        (["/a"], "error: cannot open Packages database in /var/lib/rpm", {}),
        (["/a"], "", {}),
        ([], "", {}),
    ],
    ids=["a line each", "two owners", "error", "nothing said", "nothing asked"],
)
def test_what_rpm_says(paths: list[str], said: str, owners: dict[str, str]) -> None:
    assert parse_rpm(paths, said) == owners


def test_rpm_is_asked_once_for_all_files() -> None:
    files = {"/var/lib/rpm/rpmdb.sqlite": "", "/usr/bin/rpm": "", "/usr/bin/gcc": "", "/usr/bin/make": ""}
    question = "rpm -qf --qf %{NAME} %{VERSION}-%{RELEASE}\\n /usr/bin/gcc /usr/bin/make"
    host = machine(files, prints={question: "gcc 11.4.1-3.el9\nmake 4.3-8.el9\n"})
    found = find_owners(host, ["/usr/bin/gcc", "/usr/bin/make", "/gone"])
    assert found == {"/usr/bin/gcc": "gcc 11.4.1-3.el9 (rpm)", "/usr/bin/make": "make 4.3-8.el9 (rpm)"}
    assert getattr(host.runner, "started") == 1  # noqa: B009 - the port has no such attribute


class Known:
    """Knows one file, and counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.ahead = 0

    def read_ahead(self) -> None:
        self.ahead += 1

    def find(self, paths: Sequence[str]) -> Mapping[str, str]:
        self.asked += paths
        return {path: "x 1 (dpkg)" for path in paths if path == "/x"}


def test_databases_are_read_ahead_only_where_nothing_is_remembered(tmp_path: Path) -> None:
    known, state = Known(), [("/db", 1, 2, 3)]

    def read_ahead() -> int:
        owners = CachedOwners(known, tmp_path / "owners", read_state=lambda: list(state))
        owners.read_ahead()
        owners.find(["/x"])
        return known.ahead

    assert [read_ahead(), read_ahead()] == [1, 1]
    state[0] = ("/db", 1, 2, 4)
    assert read_ahead() == 2
    state.clear()
    assert read_ahead() == 2


def test_owners_are_remembered_until_a_package_changes(tmp_path: Path) -> None:
    known, state = Known(), [("/db", 1, 2, 3)]

    def look(*paths: str) -> Mapping[str, str]:
        owners: Owners = CachedOwners(known, tmp_path / "c" / "owners", read_state=lambda: list(state))
        return owners.find(paths)

    assert look("/x", "/y") == {"/x": "x 1 (dpkg)"}
    assert look("/x", "/y", "/z") == {"/x": "x 1 (dpkg)"}
    assert known.asked == ["/x", "/y", "/z"]
    state[0] = ("/db", 1, 2, 4)
    assert look("/x") == {"/x": "x 1 (dpkg)"}
    assert known.asked == ["/x", "/y", "/z", "/x"]
    state.clear()
    assert look("/x") == {}
    (tmp_path / "c" / "owners").write_bytes(b"garbage")
    state.append(("/db", 1, 2, 4))
    assert look("/x") == {"/x": "x 1 (dpkg)"}


def entry(path: str, **others: object) -> Entry:
    return Entry(
        id=f"tool.x-{path}",
        soft="tool.x",
        version="1",
        prefix="/usr",
        target="linux-x86_64",
        origin="system",
        files={"program": path},
        **others,  # type: ignore[arg-type]
    )


def test_entries_tell_their_owner() -> None:
    host = machine(DPKG_FILES)
    found = with_owners([entry("/usr/bin/gcc-12"), entry("/none"), entry("/usr/bin/gcc-12", package="tool-x")], host)
    assert [item.attributes.get("owner") for item in found] == ["gcc-12 12.2.0-14+deb12u1 (dpkg)", None, None]


def test_this_machine_agrees_with_dpkg() -> None:
    host = local_host()
    if host.files.stat("/var/lib/dpkg/status") is None or host.files.stat("/usr/bin/dpkg-query") is None:
        pytest.skip("no dpkg here")
    from msgspec.structs import replace

    host = replace(host, owners=LocalOwners(host.runner))
    said = subprocess.run(["dpkg-query", "-S", "/bin/sh", "/usr/bin/env"], capture_output=True, text=True, check=False)
    expected = {
        line.rpartition(": ")[2]: line.partition(":")[0] for line in said.stdout.splitlines() if "diver" not in line
    }
    assert expected
    found = find_owners(host, list(expected))
    assert {path: owner.partition(" ")[0] for path, owner in found.items()} == expected
    for owner in found.values():
        name, version, kind = owner.split(" ")
        told = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True, check=True
        )
        assert (version, kind) == (told.stdout, "(dpkg)")


@pytest.mark.parametrize("is_ahead", [True, False])
def test_what_is_read_ahead_changes_no_answer(*, is_ahead: bool) -> None:
    host = machine({**DPKG_FILES, "/usr/bin/gcc-12": ""})
    assert host.owners is not None
    for _ in range(2):  # the second question comes after what was read has been let go
        if is_ahead:
            host.owners.read_ahead()
        assert find_owners(host, ["/usr/bin/gcc-12"]) == {"/usr/bin/gcc-12": "gcc-12 12.2.0-14+deb12u1 (dpkg)"}
