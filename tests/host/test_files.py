"""The real file system, hostile parts of it included."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from pkgmgr.host.files import LocalFiles
from pkgmgr.host.mounts import leads_into, parse_mounts
from pkgmgr.host.responding import find_unresponsive
from pkgmgr.host.search import expand_glob, walk

HOSTILE = ["$(touch x)", "a b", "new\nline", "-rf", "*", "[a]", "ä", "\udcff\udcfe", "'\""]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "tool").write_text("x")
    files = LocalFiles()
    assert list(files.names(str(tmp_path))) == [name]
    assert list(files.subfolders(str(tmp_path))) == [name]
    assert files.read(f"{tmp_path}/{name}/tool") == b"x"
    assert list(walk(files, str(tmp_path), depth=3, limit=10)) == [str(tmp_path), f"{tmp_path}/{name}"]


def test_what_is_not_there_is_empty(tmp_path: Path) -> None:
    files, path = LocalFiles(), str(tmp_path / "missing")
    assert (list(files.names(path)), files.stat(path), files.real(path)) == ([], None, path)
    assert (files.read(path), files.elf(path)) == (None, None)
    assert (files.stat("a\0b"), files.read("a\0b"), list(files.names("a\0b")), files.real("/a\0b")) == (
        None,
        None,
        [],
        "/a\0b",
    )


def test_links_lead_to_the_true_file(tmp_path: Path) -> None:
    (tmp_path / "lib" / "gcc").mkdir(parents=True)
    (tmp_path / "lib" / "gcc" / "tool-12").write_text("x")
    (tmp_path / "usr").symlink_to("lib")
    (tmp_path / "lib" / "tool").symlink_to("gcc/tool-12")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    files = LocalFiles()
    root = os.path.realpath(tmp_path)
    assert files.real(f"{tmp_path}/usr/tool") == f"{root}/lib/gcc/tool-12"
    assert files.real(f"{tmp_path}/usr/../usr//gcc/./tool-12") == f"{root}/lib/gcc/tool-12"
    assert files.real(f"{tmp_path}/usr/") == f"{root}/lib"
    assert files.real("/") == "/"
    for name in ("dangling", "loop", "lib/gcc/tool-12/below"):
        assert files.real(f"{tmp_path}/{name}") == f"{tmp_path}/{name}"
        assert files.stat(f"{tmp_path}/{name}") is None
    assert list(files.subfolders(str(tmp_path))) == ["lib", "usr"]


@pytest.mark.parametrize("path", ["//usr", "/./usr", "/bin/../../usr", "/usr/", "/usr/bin/..", "///usr//"])
def test_a_folder_has_one_true_path(path: str) -> None:
    assert LocalFiles().real(path) == "/usr"


@pytest.mark.parametrize(
    "path", ["/usr/bin", "/bin/sh", "/usr/lib", "/proc/self/exe", "/etc/alternatives/awk", "/dev/null"]
)
def test_resolution_agrees_with_the_system(path: str) -> None:
    assert LocalFiles().real(path) == os.path.realpath(path)


def test_a_very_deep_path_does_not_recurse(tmp_path: Path) -> None:
    path = str(tmp_path) + "/d" * 1500
    assert LocalFiles().real(path) == path


def test_pipes_sockets_and_devices_are_not_read(tmp_path: Path) -> None:
    pipe, address = str(tmp_path / "pipe"), str(tmp_path / "socket")
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        files = LocalFiles()
        assert [files.read(path) for path in (pipe, address, "/dev/zero", str(tmp_path))] == [None] * 4
        assert files.elf(pipe) is None


def test_reading_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 3_000_000)
    files = LocalFiles()
    assert len(files.read(f"{tmp_path}/large", 10) or b"") == 10
    assert len(files.read(f"{tmp_path}/large") or b"") == 1 << 20
    assert len(files.read(f"{tmp_path}/large", 1 << 30) or b"") == 3_000_000


def test_files_of_the_kernel_are_read_though_they_have_no_size() -> None:
    assert (LocalFiles().read("/proc/self/status") or b"").startswith(b"Name:")


def test_stat_tells_what_identifies_a_file(tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("abc")
    (tmp_path / "tool").chmod(0o755)
    (tmp_path / "link").symlink_to("tool")
    files = LocalFiles()
    tool, link, folder = (files.stat(f"{tmp_path}/{name}") for name in ("tool", "link", "."))
    assert tool is not None
    assert (tool.size, tool.is_executable, tool.is_folder) == (3, True, False)
    assert tool == link
    assert folder is not None
    assert (folder.is_folder, folder.is_executable) == (True, False)


def test_a_huge_folder_is_cut_and_said_to_be(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number:02}").touch()
    files = LocalFiles(most_names=5)
    assert len(files.names(str(tmp_path))) == 5
    assert files.skipped == {str(tmp_path): "only the first 5 names were seen"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    files = LocalFiles()
    assert list(files.names(f"{tmp_path}/closed")) == []
    assert f"{tmp_path}/closed" in files.skipped


def test_a_dead_mount_is_never_touched(tmp_path: Path) -> None:
    dead = tmp_path / "net" / "dead"
    (dead / "bin").mkdir(parents=True)
    (dead / "bin" / "gcc").write_text("x")
    (tmp_path / "opt").symlink_to("net/dead/bin")
    (tmp_path / "live").write_text("y")
    files = LocalFiles(unresponsive=lambda: frozenset({str(dead)}))
    for path in (f"{dead}/bin", f"{tmp_path}/opt", f"{tmp_path}/net/../opt/gcc"):
        assert (files.stat(path), files.read(path), list(files.names(path)), files.elf(path)) == (None, None, [], None)
        assert files.real(path) == path
    assert files.read(f"{tmp_path}/live") == b"y"
    assert files.skipped == {str(dead): "the file system mounted there does not answer"}


MOUNTINFO = r"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
40 27 0:50 / /home rw,relatime shared:25 - nfs4 server:/home rw,vers=4.2,hard
41 27 0:51 / /mnt/my\040data\134x rw,nosuid - fuse.sshfs me@host:/data rw,user_id=1000
42 27 8:1 / /mnt/usb rw - fuseblk /dev/sdb1 rw
43 27 0:52 /sub /scratch rw master:1 propagate_from:2 - lustre mgs@tcp:/scratch rw
44 27 0:53 / /misc rw - autofs /etc/auto.misc rw
garbage
"""


def test_remote_mounts_are_told_from_local_ones() -> None:
    assert parse_mounts(MOUNTINFO) == ["/home", "/mnt/my data\\x", "/scratch", "/misc"]
    assert parse_mounts("") == []


def test_mounts_that_do_not_answer_are_found_in_bounded_time() -> None:
    def ask(point: str) -> None:
        if point == "/dead":
            threading.Event().wait()
        if point == "/refused":
            raise OSError("stale file handle")

    assert find_unresponsive(["/live", "/dead", "/refused"], timeout=0.5, ask=ask) == {"/dead"}
    assert find_unresponsive([]) == frozenset()


def test_links_into_a_place_are_seen_without_entering_it(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b/c")
    (tmp_path / "b").symlink_to("/dead/mount")
    (tmp_path / "loop").symlink_to("loop")
    assert leads_into(f"{tmp_path}/a/x", ["/dead/mount"]) == "/dead/mount"
    assert leads_into("/dead/mount2", ["/dead/mount"]) is None
    assert leads_into(f"{tmp_path}/loop", ["/dead"]) is None


def test_a_glob_leads_to_what_exists(tmp_path: Path) -> None:
    for name in ("llvm-9/bin", "llvm-14/bin", "llvm-14/lib", ".llvm-x/bin", "llvm-15", "gcc"):
        (tmp_path / name).mkdir(parents=True)
    files = LocalFiles()
    assert expand_glob(files, f"{tmp_path}/llvm-*/bin") == [f"{tmp_path}/llvm-14/bin", f"{tmp_path}/llvm-9/bin"]
    assert expand_glob(files, f"{tmp_path}/gc?") == [f"{tmp_path}/gcc"]
    assert expand_glob(files, f"{tmp_path}/.llvm-*") == [f"{tmp_path}/.llvm-x"]
    assert expand_glob(files, f"{tmp_path}/llvm-[19]*/lib") == [f"{tmp_path}/llvm-14/lib"]
    assert expand_glob(files, f"{tmp_path}/missing/x") == []
    assert expand_glob(files, "/") == ["/"]


def test_a_walk_ends_though_links_loop(tmp_path: Path) -> None:
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "a" / "again").symlink_to("b")
    cut: list[str] = []
    found = [path.removeprefix(str(tmp_path)) for path in walk(LocalFiles(), str(tmp_path), depth=9, limit=99, cut=cut)]
    assert found == ["", "/a", "/a/again", "/a/again/c"]
    assert cut == []


@pytest.mark.parametrize(
    ("depth", "limit", "expected"), [(0, 99, 1), (1, 99, 2), (9, 3, 3)], ids=["root alone", "depth", "limit"]
)
def test_a_walk_is_bounded_and_says_so(tmp_path: Path, depth: int, limit: int, expected: int) -> None:
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    cut: list[str] = []
    assert len(list(walk(LocalFiles(), str(tmp_path), depth=depth, limit=limit, cut=cut))) == expected
    assert cut == [str(tmp_path)]


def test_a_walk_of_nothing_is_empty(tmp_path: Path) -> None:
    assert list(walk(LocalFiles(), str(tmp_path / "missing"), depth=3, limit=9)) == []


@pytest.mark.parametrize("offset", [0, 40, 100_000, 200_000 - 1])
def test_a_digest_tells_files_of_one_size_apart_by_their_start_middle_and_end(tmp_path: Path, offset: int) -> None:
    content = bytes(200_000)
    (tmp_path / "first").write_bytes(content)
    (tmp_path / "second").write_bytes(content[:offset] + b"x" + content[offset + 1 :])
    (tmp_path / "same").write_bytes(content)
    first, second, same = (LocalFiles().digest(str(tmp_path / name)) for name in ("first", "second", "same"))
    assert first == same != second
    assert LocalFiles().digest(str(tmp_path / "nothing")) is None


def test_a_small_file_counts_whole_in_its_digest(tmp_path: Path) -> None:
    digests = set()
    for offset in range(0, 65_536, 1_999):
        (tmp_path / "file").write_bytes(bytes(offset) + b"x" + bytes(65_535 - offset))
        digests.add(LocalFiles().digest(str(tmp_path / "file")))
    assert len(digests) == len(range(0, 65_536, 1_999))
