"""Detection on hosts that mean harm, or are broken: real programs, real folders, the real runner.

What is held: detection goes on and finds what is sound, in bounded time and memory; it ends what it started, runs
nothing that it was not meant to, and says what it did not see.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pkgmgr.detect import folders
from pkgmgr.detect.ask import Asker
from pkgmgr.detect.engine import Detector
from pkgmgr.detect.folders import Folders
from pkgmgr.detect.memory import AnswerMemory
from pkgmgr.detect.report import Report
from pkgmgr.detect.where import Where
from pkgmgr.host.files import LocalFiles
from pkgmgr.host.local import Runner, local_host
from pkgmgr.host.ports import Host
from pkgmgr.host.search import walk
from pkgmgr.model.soft import Conclusion, FileFind, Find, LibraryFind, Probe, Soft
from tests.conftest import Ckpm

THING = Soft(
    name="tool.thing",
    summary="a tool",
    find=Find(executables=(r"thing(?:-\w+)?",)),
    probe=(Probe(argv=("{path}", "--version"), match=r"^thing (?P<version>\d\S*)$"),),
    entry=Conclusion(attributes={"owner": "test"}),
)
MODEL = Soft(
    name="model.m",
    summary="a model",
    find=Find(files=(FileFind(suffix=".m", path=r"(?P<stem>[^/]+)\.m$"),)),
    entry=Conclusion(target="any"),
)
LIBRARY = Soft(
    name="lib.z", summary="a library", find=Find(library=LibraryFind(name="z", headers=("z.h",))), entry=Conclusion()
)
SOUND = "sound"
LIMIT = 30.0
"""Seconds until a test is ended from outside: a detection that hangs must fail, not hang the tests."""


@pytest.fixture(autouse=True)
def _alarm() -> Iterator[None]:
    """End a hanging test: what is tested here is that nothing hangs."""
    import faulthandler

    faulthandler.dump_traceback_later(10 * LIMIT, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def program(path: Path, body: str, *, interpreter: str = "/bin/sh") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{interpreter}\n{body}\n")
    path.chmod(0o755)
    return path


def sound(root: Path) -> Path:
    return program(root / SOUND / "bin" / "thing", "echo thing 1.0")


def look(
    root: Path, *softs: Soft, files: LocalFiles | None = None, timeout: float = 1, memory: AnswerMemory | None = None
) -> Report:
    known = {"PATH": "/usr/bin:/bin", "HOME": str(root)}
    host = local_host(variables=known, timeout=timeout)
    if files is not None:
        host = Host(files=files, runner=host.runner, variables=known, target=host.target, home=host.home)
    assert isinstance(host.runner, Runner)
    asker = Asker(host=host, memory=memory or AnswerMemory(None), timeout=timeout)
    where = Where(search_paths=(str(root),), system=False)
    try:
        return Detector(asker=asker, where=where).detect(softs or (THING,))
    finally:
        host.runner.close()


def versions(report: Report) -> list[str]:
    return sorted(entry.version or "" for entry in report.entries)


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def all_dead(processes: list[int]) -> bool:
    deadline = time.monotonic() + 5
    while any(map(is_alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(is_alive, processes))


# Each writes the numbers of the processes that it leaves to {note}.
BAD = {
    "hangs": ("echo $$ >> {note}; sleep 600", "did not answer within"),
    "hangs and ignores signals": ("echo $$ >> {note}; trap '' TERM INT HUP; while :; do sleep 600; done", "did not"),
    "waits for input": ("read answer; echo thing $answer", "is not that of this software"),
    "waits for a terminal": ("read answer < /dev/tty || exit 4", "exited with"),
    "floods ten gigabytes": ("echo $$ >> {note}; exec head -c 10000000000 /dev/zero", "printed more than"),
    "floods with errors": ("echo $$ >> {note}; exec yes error >&2", "printed more than"),
    "floods one line": ("echo $$ >> {note}; tr '\\0' x < /dev/zero", "printed more than"),
    "forks and hangs": (
        "for i in 1 2 3 4 5 6 7 8; do (sleep 600 & echo $! >> {note}; sleep 600) & echo $! >> {note}; done; wait",
        "did not answer within",
    ),
    "crashes": ("kill -SEGV $$", "SIGSEGV"),
    "kills its group": ("kill -9 0", "SIGKILL"),
    "says nothing": (":", "is not that of this software: ''"),
    "prints no UTF-8": (r"printf '\377\376 thing \200\n'", "is not that of this software"),
    "prints zero bytes": (r"printf 'thi\0ng\0\n'", "is not that of this software"),
    "takes over the terminal": (r"printf '\033]0;owned\007\033[2J\033[31mboo\033[m\033Pq#0\033\\\n'", "boo"),
    "is another product": ("echo Something Else 9.9", "Something Else 9.9"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_candidates_are_turned_down_and_ended(name: str, tmp_path: Path) -> None:
    body, reason = BAD[name]
    note = tmp_path / "processes"
    note.touch()
    bad = program(tmp_path / "bad" / "bin" / "thing", body.replace("{note}", f"'{note}'"))
    sound(tmp_path)
    begin = time.monotonic()
    report = look(tmp_path)
    assert time.monotonic() - begin < LIMIT
    assert versions(report) == ["1.0"]
    (rejection,) = report.rejections
    assert rejection.candidate == str(bad)
    assert reason in rejection.reason
    assert all(character >= " " for character in rejection.reason)
    assert len(rejection.reason) < 1000
    assert all_dead([int(line) for line in note.read_text().split()])


def test_twenty_bad_candidates_take_no_longer_than_a_few(tmp_path: Path) -> None:
    for number in range(20):
        program(tmp_path / f"bad{number}" / "thing", "sleep 600")
    sound(tmp_path)
    begin = time.monotonic()
    report = look(tmp_path, timeout=0.5)
    assert time.monotonic() - begin < LIMIT
    assert versions(report) == ["1.0"]
    assert len(report.rejections) == 20


DAEMON = """import os, sys, time
if os.fork() == 0:
    os.setsid()
    with open({note!r}, "a") as file:
        file.write(f"{{os.getpid()}}\\n")
    os.closerange(0, 3)
    time.sleep(600)
while not os.path.getsize({note!r}):
    time.sleep(0.01)
print("thing 3.0")
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfd_open to tell processes apart")
def test_a_daemon_that_a_candidate_starts_is_ended(tmp_path: Path) -> None:
    note = tmp_path / "processes"
    note.touch()
    program(tmp_path / "bin" / "thing", DAEMON.format(note=str(note)), interpreter=f"{sys.executable} -S")
    report = look(tmp_path, timeout=10)
    assert versions(report) == ["3.0"]
    processes = [int(line) for line in note.read_text().split()]
    assert processes
    assert all_dead(processes)


CHANGING = {
    "rewrites itself": ("echo thing 1.0; printf '#!/bin/sh\\necho thing 2.0\\n' > \"$0\"", "2.0"),
    "removes itself": ('echo thing 1.0; rm -- "$0"', None),
    "becomes a folder": ('echo thing 1.0; rm -- "$0"; mkdir -- "$0"', None),
    "becomes a pipe": ('echo thing 1.0; rm -- "$0"; mkfifo -- "$0"', None),
    "becomes a loop": ('echo thing 1.0; rm -- "$0"; ln -s -- "$0" "$0"', None),
    "is no longer executable": ('echo thing 1.0; chmod 0 "$0"', None),
}


@pytest.mark.parametrize("name", CHANGING)
def test_what_changes_while_it_is_asked_is_seen_the_next_time(name: str, tmp_path: Path) -> None:
    body, later = CHANGING[name]
    program(tmp_path / "bin" / "thing", body)
    memory = AnswerMemory(tmp_path / "memory")
    assert versions(look(tmp_path, memory=memory)) in (["1.0"], [])
    again = look(tmp_path, memory=AnswerMemory(tmp_path / "memory"))
    assert versions(again) == ([later] if later else [])


def test_what_removes_its_whole_folder_stops_nothing(tmp_path: Path) -> None:
    program(tmp_path / "a" / "bin" / "thing", f"echo thing 1.0; rm -rf '{tmp_path}/a'")
    sound(tmp_path)
    assert "1.0" in versions(look(tmp_path))
    assert versions(look(tmp_path)) == ["1.0"]


NO_UTF8 = "\udcff\udcfe"
NAMES = [
    "$(touch owned)",
    "`touch owned`",
    "; touch owned;",
    "&& touch owned",
    "| touch owned",
    "a b",
    " leading and trailing ",
    "new\nline",
    "tab\tand\rreturn",
    'quote\'s "both"',
    "-rf",
    "--version",
    "%PATH% !x! ^",
    "{path} {version}",
    "\\backslash\\",
    "*?[a-z]",
    "ünïcödé 𝄞",
    NO_UTF8,
    "\x1b[2J\x07",
    "~",
    "#",
    ":",
]


@pytest.mark.parametrize("name", NAMES, ids=[repr(name) for name in NAMES])
def test_names_of_folders_are_never_more_than_names(name: str, tmp_path: Path) -> None:
    root = tmp_path / name / "usr"
    path = program(root / "bin" / "thing", "echo thing 1.0")
    (root / "lib").mkdir()
    (root / "lib" / f"{'x' if '/' in name else name}.m").touch()
    (root / "lib" / "libz.a").write_bytes(b"!<arch>\n")
    (root / "include").mkdir()
    (root / "include" / "z.h").touch()
    begin = os.getcwd()
    report = look(tmp_path, THING, MODEL, LIBRARY)
    found = {entry.soft: entry for entry in report.entries}
    if name == NO_UTF8:
        assert {item.reason for item in report.rejections} == {"its path is no UTF-8: no file could name it"}
        return
    assert found["tool.thing"].files["program"] == str(path)
    assert found["tool.thing"].prefix == str(root)
    assert "model.m" in found
    assert not list(tmp_path.rglob("owned"))
    assert not Path(begin, "owned").exists()
    assert not os.path.exists(os.path.join(os.path.expanduser("~"), "owned"))


def test_hostile_names_are_written_down_whole_by_the_command(ckpm: Ckpm, tmp_path: Path) -> None:
    plugins = tmp_path / "plugins" / "soft_plugins" / "tool.thing"
    plugins.mkdir(parents=True)
    (plugins / "soft.toml").write_text(
        'name = "tool.thing"\nsummary = "a tool"\n[find]\nexecutables = ["thing"]\n'
        "[[probe]]\nargv = ['{path}', '--version']\nmatch = '^thing (?P<version>\\S+)'\n"
    )
    tree = tmp_path / "tree"
    for number, name in enumerate(NAMES):
        program(tree / name / "bin" / "thing", f"echo thing 1.{number}")
    env = {"CKPM_PLUGIN_PATH": str(tmp_path / "plugins")}
    search = ("detect", "soft", "tool.thing", "--search-path", str(tree), "--no-system")
    ran = ckpm(*search, "--json", env=env)
    assert ran.code == 0, ran.err
    assert {entry["prefix"] for entry in ran.data} == {str(tree / name) for name in NAMES if name != NO_UTF8}
    shown = ckpm(*search, "-v", env=env)
    assert shown.code == 0
    assert len(shown.out.splitlines()) == len(NAMES) + len(["head", "legend", "blank", "turned down:"])
    assert "udcff" in shown.out
    assert "\x1b" not in shown.out
    assert "\x07" not in shown.out
    assert not list(tree.rglob("owned"))


def test_only_programs_with_a_fitting_name_are_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    for name in ("thing-$(touch trap)", "thing\n", "thing;touch", "Thing", "xthing", "thing.sh", "thing -v", "other"):
        program(tmp_path / "bin" / name, f"touch '{trap}'; echo thing 6.6")
    (tmp_path / "bin" / "thing-folder").mkdir()
    not_executable = program(tmp_path / "bin" / "thing-text", f"touch '{trap}'; echo thing 6.6")
    not_executable.chmod(0o644)
    sound(tmp_path)
    assert versions(look(tmp_path)) == ["1.0"]
    assert not trap.exists()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda path: os.mkfifo(path), id="a pipe"),
        pytest.param(lambda path: os.symlink("/dev/zero", path), id="an endless device"),
        pytest.param(lambda path: os.symlink("/dev/tty", path), id="a terminal"),
        pytest.param(lambda path: os.symlink(path, path), id="a link to itself"),
        pytest.param(lambda path: os.symlink("/proc/self/mem", path), id="memory"),
        pytest.param(lambda path: os.symlink("nowhere", path), id="a link that leads nowhere"),
        pytest.param(lambda path: os.mkdir(path), id="a folder"),
    ],
)
def test_files_that_are_none_are_neither_opened_nor_run(make: Callable[[str], None], tmp_path: Path) -> None:
    for name in ("bin/thing", "lib/x.m", "lib/libz.so", "lib/libz.a", "include/z.h"):
        path = tmp_path / "odd" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        make(str(path))
    sound(tmp_path)
    report = look(tmp_path, THING, MODEL, LIBRARY)
    assert [entry.version for entry in report.entries if entry.soft == "tool.thing"] == ["1.0"]


def test_loops_of_links_and_deep_trees_come_to_an_end(tmp_path: Path) -> None:
    sound(tmp_path)
    (tmp_path / SOUND / "up").symlink_to("..")
    (tmp_path / SOUND / "self").symlink_to(".")
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    deep = tmp_path
    for _ in range(60):
        deep = deep / "d"
    deep.mkdir(parents=True)
    program(deep / "thing", "echo thing 9.9")
    report = look(tmp_path)
    assert versions(report) == ["1.0"]
    assert report.skipped == (f"{tmp_path} is too large to be seen whole: a part was skipped",)


def test_a_folder_with_a_million_files_is_seen_in_part_and_said_to_be(tmp_path: Path) -> None:
    huge = tmp_path / "huge"
    huge.mkdir()
    for number in range(3000):
        os.close(os.open(huge / f"f{number:06}", os.O_CREAT))
    sound(tmp_path)
    report = look(tmp_path, files=LocalFiles(most_names=1000))
    assert versions(report) == ["1.0"]
    assert report.skipped == (f"{huge}: only the first 1000 names were seen",)


def test_a_tree_with_too_many_folders_is_cut_and_said_to_be(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number:02}" / "bin").mkdir(parents=True)
    cut: list[str] = []
    found = list(walk(LocalFiles(), str(tmp_path), depth=folders.SEARCH_DEPTH, limit=20, cut=cut))
    assert (len(found), cut) == (20, [str(tmp_path)])


NOBODY = 65534


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can come to: pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name).resolve()


def test_folders_that_may_not_be_read_are_said_to_be(open_folder: Path) -> None:
    sound(open_folder)
    closed = open_folder / "closed"
    closed.mkdir()
    program(closed / "bin" / "thing", "echo thing 6.6")
    (open_folder / "bin").mkdir()
    unreadable = program(open_folder / "bin" / "thing", "echo thing 6.6")
    look(open_folder)  # whatever is imported late is then there: another user may not read it
    unreadable.chmod(0o011)
    closed.chmod(0)
    is_root = os.geteuid() == 0
    try:
        if is_root:
            os.seteuid(NOBODY)  # root may read everything
        report = look(open_folder)
    finally:
        if is_root:
            os.seteuid(0)
        closed.chmod(0o755)
    assert versions(report) == ["1.0"]
    assert report.skipped == (f"{closed}: it may not be read",)
    assert [item.candidate for item in report.rejections] == [str(unreadable)]


def test_a_dead_network_mount_is_left_alone_and_said_to_be(tmp_path: Path) -> None:
    dead = tmp_path / "net"
    trap = tmp_path / "trap"
    program(dead / "bin" / "thing", f"touch '{trap}'; echo thing 6.6")
    (tmp_path / "link").symlink_to("net/bin")
    sound(tmp_path)
    report = look(tmp_path, files=LocalFiles(unresponsive=lambda: frozenset({str(dead)})))
    assert versions(report) == ["1.0"]
    assert f"{dead}: the file system mounted there does not answer" in report.skipped
    assert not trap.exists()


def test_folders_that_come_and_go_meanwhile_stop_nothing(tmp_path: Path) -> None:
    sound(tmp_path)
    stop = threading.Event()

    def disturb() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            folder = tmp_path / f"t{number % 7}"
            try:
                program(folder / "bin" / "thing", "echo thing 0.1")
                (folder / "bin" / "thing").unlink()
                (folder / "bin").rmdir()
                folder.rmdir()
            except OSError:
                pass

    disturber = threading.Thread(target=disturb)
    disturber.start()
    try:
        for _ in range(20):
            assert "1.0" in versions(look(tmp_path))
    finally:
        stop.set()
        disturber.join()


def test_memory_is_bounded_while_candidates_flood(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    for number in range(12):
        program(tmp_path / f"f{number}" / "thing", "exec head -c 2000000000 /dev/zero")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = look(tmp_path, timeout=20)
    assert len(report.rejections) == 12
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < (200 << 10) * (1 if sys.platform == "linux" else 1024)


def test_nothing_on_path_that_is_no_absolute_folder_is_looked_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "thing", "echo thing 6.6")
    monkeypatch.chdir(tmp_path)
    host = local_host(variables={"PATH": f":.:relative:{tmp_path}/nowhere:/usr/bin", "HOME": str(tmp_path)})
    looked = [folder.path for folder in Folders(host=host, where=Where()).programs()]
    assert str(tmp_path) not in looked
    assert "/usr/bin" in looked


def test_an_interrupt_does_not_wait_for_a_program_that_hangs(tmp_path: Path) -> None:
    program(
        tmp_path / "bin" / "gcc", f"echo $$ > '{tmp_path}/made'; mv '{tmp_path}/made' '{tmp_path}/begun'; sleep 600"
    )
    command = [sys.executable, "-m", "pkgmgr", "--home", str(tmp_path / "home"), "detect", "compiler.gcc"]
    command += ["--no-system", "--search-path", str(tmp_path / "bin"), "--timeout", "500"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "error: interrupted\n")
    assert not is_alive(int((tmp_path / "begun").read_text()))
