"""Machines made of data, and the way from a real one to a record and back."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import msgspec
import pytest

from pkgmgr.host.binary import binary_targets
from pkgmgr.host.files import LocalFiles
from pkgmgr.host.local import local_host
from pkgmgr.host.ports import Answer, FileStat, Host
from pkgmgr.host.process import LocalRunner
from pkgmgr.host.record import (
    RECORD_FORMAT,
    Record,
    encode_record,
    parse_record,
    portable,
    read_record,
    recorded_host,
    write_record,
)
from pkgmgr.host.recorded import RecordedFiles, RecordedRunner
from pkgmgr.host.recording import RecordingHost
from pkgmgr.host.scrub import Scrubber, shown_variables
from pkgmgr.host.search import expand_glob, walk
from pkgmgr.model.errors import DocumentError


def sample() -> RecordedFiles:
    return RecordedFiles(
        files={"/usr/bin/gcc-12": "", "/usr/lib/llvm-16/bin/clang": b"\xff\0", "/etc/os-release": "ID=debian\n"},
        links={"/bin": "usr/bin", "/usr/bin/gcc": "gcc-12", "/usr/bin/clang": "../lib/llvm-16/bin/clang", "/l": "/l"},
        elf={"/usr/lib/libz.so.1": "linux-arm64"},
        folders=["/opt/empty"],
    )


def test_recorded_links_are_followed() -> None:
    files = sample()
    assert files.real("/bin/gcc") == "/usr/bin/gcc-12"
    assert files.real("/bin/clang") == "/usr/lib/llvm-16/bin/clang"
    assert files.real("/l") == "/l"
    assert files.stat("/l") is None
    assert list(files.names("/bin")) == ["clang", "gcc", "gcc-12"]
    assert list(files.subfolders("/")) == ["bin", "etc", "opt", "usr"]
    assert list(files.subfolders("/opt")) == ["empty"]
    assert (files.read("/bin/clang"), files.read("/bin/clang", 1), files.read("/missing")) == (b"\xff\0", b"\xff", None)


def test_recorded_objects_have_a_target() -> None:
    facts = sample().elf("/usr/lib/libz.so.1")
    assert facts is not None
    assert (facts.target, facts.kind, facts.machine) == ("linux-arm64", "shared", 183)
    assert sample().elf("/usr/bin/gcc") is None


def test_recorded_inodes_tell_files_apart_in_every_process() -> None:
    first, second = sample(), sample()
    assert first.stat("/bin/gcc") == second.stat("/usr/bin/gcc-12")
    assert first.stat("/bin/gcc") != first.stat("/bin/clang")


def test_globs_and_walks_work_on_records() -> None:
    assert expand_glob(sample(), "/usr/lib/llvm-*/bin") == ["/usr/lib/llvm-16/bin"]
    assert "/usr/bin" not in list(walk(sample(), "/", depth=5, limit=99))  # /bin came first, and is the same folder
    assert list(walk(sample(), "/opt", depth=5, limit=99)) == ["/opt", "/opt/empty"]


@pytest.mark.parametrize(
    ("argv", "answer"),
    [
        (["/usr/bin/gcc-12", "-v"], Answer(exit_code=0, stdout="whole")),
        (["/opt/x/gcc", "-v"], Answer(exit_code=1, stdout="short")),
        (["gcc", "--silent"], Answer(exit_code=2)),
        (["gcc"], Answer(exit_code=None, failure="no answer to 'gcc' was recorded")),
        (["/a b/tool", "x y"], Answer(exit_code=0, stdout="exact", stderr="e")),
    ],
    ids=["whole path", "base name", "exit alone", "not recorded", "by words"],
)
def test_recorded_commands_answer(argv: list[str], answer: Answer) -> None:
    runner = RecordedRunner(
        prints={"/usr/bin/gcc-12 -v": "whole", "gcc -v": "short"},
        exits={"gcc -v": 1, "gcc --silent": 2},
        answers={("/a b/tool", "x y"): Answer(exit_code=0, stdout="exact", stderr="e")},
    )
    assert runner.run(argv) == answer


def real_tree(root: Path) -> Host:
    (root / "lib").mkdir()
    (root / "lib" / "tool-1").write_text("#!/bin/sh\necho tool 1.2.3\necho warn >&2\n")
    (root / "lib" / "tool-1").chmod(0o755)
    (root / "lib" / "binary").write_bytes(b"\xff\xfe\0")
    (root / "bin").symlink_to("lib")
    (root / "lib" / "tool").symlink_to("tool-1")
    (root / "lib" / "lost").symlink_to("nowhere")
    variables = {"PATH": f"{root}/bin:/usr/bin:/bin", "SECRET_TOKEN": "x", "JAVA_HOME": "/j"}
    return Host(
        files=LocalFiles(),
        runner=LocalRunner(variables, timeout=5),
        variables=variables,
        target="linux-x86_64",
        home=str(root / "home"),
    )


def _kept(stat: FileStat | None) -> tuple[int, bool, bool] | None:
    """Leave out what says nothing on another machine."""
    return None if stat is None else (stat.size, stat.is_folder, stat.is_executable)


def look(host: Host, root: str) -> list[object]:
    """Ask a bit of everything."""
    files = host.files
    return [
        list(files.names(f"{root}/bin")),
        list(files.subfolders(root)),
        _kept(files.stat(f"{root}/bin/tool")),
        files.stat(f"{root}/bin/lost"),
        files.stat(f"{root}/missing"),
        files.real(f"{root}/bin/tool"),
        files.read(f"{root}/bin/tool-1"),
        files.read(f"{root}/lib/binary"),
        files.digest(f"{root}/bin/tool"),
        files.digest("/bin/sh"),
        files.elf("/bin/sh"),
        files.real("/bin/sh"),
        host.runner.run([f"{root}/bin/tool", "a b"]),
        host.runner.run([f"{root}/missing"]),
    ]


def test_a_replayed_host_answers_as_the_real_one(tmp_path: Path) -> None:
    recording = RecordingHost(real_tree(tmp_path))
    said = look(recording.host, str(tmp_path))
    path = tmp_path / "host.json"
    write_record(recording.record(note="a test"), path)
    replayed = recorded_host(read_record(path))
    assert look(replayed, str(tmp_path)) == said
    assert (replayed.target, replayed.variables["JAVA_HOME"]) == ("linux-x86_64", "/j")
    assert "SECRET_TOKEN" not in replayed.variables
    assert not list(tmp_path.glob(".*"))


def test_the_same_host_gives_the_same_bytes(tmp_path: Path) -> None:
    host = real_tree(tmp_path)
    records = []
    for _ in range(2):
        recording = RecordingHost(host)
        look(recording.host, str(tmp_path))
        records.append(encode_record(recording.record()))
    assert records[0] == records[1]
    assert msgspec.json.decode(records[0], type=Record).format == RECORD_FORMAT


def test_names_that_are_no_unicode_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "\udcff").write_text("x")
    (tmp_path / "a").write_text("y")
    recording = RecordingHost(local_host())
    assert recording.host.files.read(f"{tmp_path}/\udcff") == b"x"
    assert len(recording.host.files.names(str(tmp_path))) == 2
    replayed = recorded_host(parse_record(encode_record(recording.record()), name="r"))
    assert list(replayed.files.names(str(tmp_path))) == ["a"]


def test_large_files_are_kept_by_their_beginning(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("x" + "ä" * 1_000_000)
    (tmp_path / "bytes").write_bytes(b"\xff" * 100_000)
    recording = RecordingHost(local_host())
    for name in ("text", "bytes"):
        recording.host.files.read(f"{tmp_path}/{name}")
    replayed = recorded_host(recording.record()).files
    assert (replayed.read(f"{tmp_path}/text") or b"").decode() == "x" + "ä" * 65535
    assert replayed.read(f"{tmp_path}/bytes") == b"\xff" * 65536
    assert sorted(replayed.skipped) == [f"{tmp_path}/bytes", f"{tmp_path}/text"]
    state = replayed.stat(f"{tmp_path}/bytes")
    assert state is not None
    assert state.size == 100_000


def test_parts_further_in_are_kept_by_their_place(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"\xff" * 200_000 + b"signature" + b"\xff" * 9)
    recording = RecordingHost(local_host())
    recording.host.files.read(f"{tmp_path}/model", 4)
    recording.host.files.read(f"{tmp_path}/model", 9, 200_000)
    replayed = recorded_host(parse_record(encode_record(recording.record()), name="r")).files
    assert replayed.read(f"{tmp_path}/model", 9, 200_000) == b"signature"
    assert replayed.read(f"{tmp_path}/model", 4) == b"\xff" * 4
    assert replayed.skipped == {}
    assert replayed.read(f"{tmp_path}/model", 5000, 100_000) == b""
    assert replayed.skipped == {f"{tmp_path}/model": "only its first 4 bytes were recorded"}


def test_archives_are_kept_by_what_tells_their_target(tmp_path: Path) -> None:
    elf = Path(sys.executable).resolve().read_bytes()[:20_000]
    table, member = b"\0" * 300_000, b"x.o/".ljust(48) + str(len(elf)).encode().ljust(10) + b"`\n" + elf
    header = b"/".ljust(48) + str(len(table)).encode().ljust(10) + b"`\n"
    (tmp_path / "libx.a").write_bytes(b"!<arch>\n" + header + table + member)
    recording = RecordingHost(local_host())
    targets = binary_targets(recording.host.files, f"{tmp_path}/libx.a")
    record = recording.record()
    assert len(encode_record(record)) < 20_000
    assert binary_targets(recorded_host(record).files, f"{tmp_path}/libx.a") == targets
    assert targets or not elf.startswith(b"\x7fELF")


def test_what_was_listed_and_not_read_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    recording = RecordingHost(local_host())
    recording.host.files.names(str(tmp_path))
    replayed = recorded_host(recording.record()).files
    assert replayed.stat(f"{tmp_path}/a") is not None
    assert replayed.read(f"{tmp_path}/a") is None
    assert replayed.skipped == {f"{tmp_path}/a": "what it held was not recorded"}


@pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="needs Linux's /proc")
def test_what_the_kernel_says_of_us_is_kept_without_our_number() -> None:
    recording = RecordingHost(local_host())
    files = recording.host.files
    for name in ("status", "mountinfo", "cgroup"):
        assert files.read(f"/proc/self/{name}")
    record = recording.record()
    assert {"/proc/self/status", "/proc/self/mountinfo", "/proc/self/cgroup"} <= set(record.files)
    assert not [path for path in (*record.files, *record.links, *record.folders) if re.match(r"/proc/\d", path)]
    status = record.files["/proc/self/status"].text or ""
    assert status.startswith("Cpus_allowed_list:")
    assert status.count("\n") == 1
    assert recorded_host(record).files.read("/proc/self/status") == status.encode()


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (("/venv/bin/python", "-I", "/ckpm/host/nvml_probe.py"), ("{python}", "-I", "{ckpm}/host/nvml_probe.py")),
        (("/venv/bin/python", "-c", "1"), ("/venv/bin/python", "-c", "1")),
        (("/usr/bin/gcc", "/ckpm2/x"), ("/usr/bin/gcc", "/ckpm2/x")),
    ],
    ids=["our own script", "an interpreter that is a candidate", "another folder"],
)
def test_our_own_scripts_have_one_name_everywhere(argv: tuple[str, ...], named: tuple[str, ...]) -> None:
    assert portable(argv, program="/venv/bin/python", folder="/ckpm") == named


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no record"),
        (b"[]", "no record"),
        (b'{"format": 99}', "format 99"),
        (b'{"format": 1}', "no record"),
        (b"\x1f\x8bxx", "no record"),
    ],
    ids=["empty", "list", "later format", "nothing in it", "broken gzip"],
)
def test_what_is_no_record_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=reason):
        parse_record(content, name="host.json")
    with pytest.raises(DocumentError, match=r"missing\.json"):
        read_record(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/home/ann/bin:/home/anna/bin", "/home/person/bin:/home/anna/bin"),
        ("home=/home/ann\n", "home=/home/person\n"),
        ("https://me:pw@host/x", "https://***@host/x"),
        ('{"auth_token": "abc", "v": 1}', '{"auth_token": "***", "v": 1}'),
        ("password = hunter2; v=1", "password = ***; v=1"),
        ("tokenizers 0.15.2", "tokenizers 0.15.2"),
        ("\udcff", "?"),
    ],
)
def test_secrets_do_not_leave_the_machine(text: str, clean: str) -> None:
    assert Scrubber.of("/home/ann", {}).clean(text) == clean


def test_only_variables_that_name_places_leave_the_machine() -> None:
    given = {
        "PATH": "/bin",
        "CUDA_HOME": "/c",
        "LD_LIBRARY_PATH": "/l",
        "CUDA_VISIBLE_DEVICES": "0",
        "HF_TOKEN": "s",
        "AWS_SESSION_TOKEN_PATH": "s",
        "USER": "ann",
        "GITHUB_TOKEN": "s",
        "DB_PASSWORD": "s",
        "EDITOR": "vi",
    }
    assert sorted(shown_variables(given)) == ["CUDA_HOME", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "PATH"]


def test_a_stated_stat_counts() -> None:
    stat = FileStat(1, 2, 3, 4, False, False)
    assert RecordedFiles(files={"/a": "x"}, stats={"/a": stat}).stat("/a") == stat
