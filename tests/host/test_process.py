"""The runner against programs that behave badly; all of them really run."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pkgmgr.host.output import clean_output
from pkgmgr.host.probe_environment import environment_digest, probe_variables
from pkgmgr.host.process import LocalRunner
from pkgmgr.host.remains import end_marked

SH = "/bin/sh"


@pytest.fixture
def runner() -> Iterator[LocalRunner]:
    runner = LocalRunner(os.environ, timeout=5)
    yield runner
    runner.close()


def script(tmp_path: Path, text: str, *, mode: int = 0o755) -> str:
    path = tmp_path / "program"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until_dead(process: int) -> bool:
    deadline = time.monotonic() + 3
    while is_alive(process) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_alive(process)


def test_gives_both_streams_and_the_exit_code(runner: LocalRunner) -> None:
    answer = runner.run([SH, "-c", "echo out; echo err >&2; exit 3"])
    assert (answer.exit_code, answer.stdout, answer.stderr, answer.failure) == (3, "out\n", "err\n", "")


def test_has_no_input_and_no_terminal(runner: LocalRunner) -> None:
    answer = runner.run([SH, "-c", "read line && echo got; tty; (echo x > /dev/tty) 2>/dev/null || echo none"])
    assert answer.stdout == "not a tty\nnone\n"


def test_runs_in_an_empty_folder_each_time(runner: LocalRunner) -> None:
    first = runner.run([SH, "-c", "pwd; touch left; mkdir d; touch d/x; chmod 0 d"]).stdout.strip()
    second = runner.run([SH, "-c", "pwd; ls -a"])
    assert second.stdout.split()[1:] == [".", ".."]
    assert second.stdout.split()[0] != first
    runner.close()
    assert not Path(first).exists()


def test_clearing_does_not_follow_a_link_out_of_the_folder(runner: LocalRunner, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o555)
    runner.run([SH, "-c", f"ln -s {outside} link"])
    runner.close()
    assert outside.is_dir()
    assert outside.stat().st_mode & 0o777 == 0o555


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        pytest.param(["/nonexistent/tool"], "No such file", id="missing"),
        pytest.param(["/etc/passwd"], "Permission denied", id="not executable"),
        pytest.param(["/tmp"], "Permission denied", id="a folder"),
        pytest.param(["/bin/echo\0x"], "null byte", id="zero byte"),
        pytest.param([], "no program", id="nothing"),
    ],
)
def test_what_cannot_start_is_an_answer(runner: LocalRunner, argv: list[str], reason: str) -> None:
    answer = runner.run(argv)
    assert answer.exit_code is None
    assert reason in answer.failure
    assert runner.started == 0


def test_a_file_without_a_format_is_not_given_to_a_shell(runner: LocalRunner, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    answer = runner.run([script(tmp_path, f"touch {trap}\n")])
    assert "Exec format error" in answer.failure
    assert not trap.exists()


def test_words_are_literal(runner: LocalRunner) -> None:
    words = ["$(touch x)", "`id`", "a b", "*", "\\", "'\"", "ä", "\udcff"]
    assert runner.run(["/usr/bin/printf", "%s\\n", *words[:-1]]).stdout.splitlines() == words[:-1]
    assert runner.run(["/usr/bin/printf", "%s", words[-1]]).stdout == "\ufffd"


def test_a_program_that_hangs_is_killed_with_its_children(runner: LocalRunner, tmp_path: Path) -> None:
    note = tmp_path / "child"
    start = time.monotonic()
    answer = runner.run([SH, "-c", f"trap '' TERM INT HUP; sleep 60 & echo $! > {note}; echo said; wait"], timeout=0.3)
    assert time.monotonic() - start < 2
    assert answer.exit_code is None
    assert answer.failure == "it did not answer within 0.3 s"
    assert answer.stdout == "said\n"
    assert wait_until_dead(int(note.read_text()))


def test_a_child_that_keeps_the_pipe_does_not_hold_up(runner: LocalRunner, tmp_path: Path) -> None:
    note = tmp_path / "child"
    start = time.monotonic()
    answer = runner.run([SH, "-c", f"sleep 60 & echo $! > {note}; echo done"])
    assert time.monotonic() - start < 2
    assert (answer.exit_code, answer.stdout) == (0, "done\n")
    assert wait_until_dead(int(note.read_text()))


def test_a_child_that_prints_after_the_program_ended_is_heard(runner: LocalRunner) -> None:
    assert runner.run([SH, "-c", "(sleep 0.05; echo late) & echo early"]).stdout == "early\nlate\n"


DAEMON = """import os, sys, time
note = sys.argv[1]
if os.fork() == 0:
    os.setsid()
    {closing}
    open(note, "w").write(str(os.getpid()))
    time.sleep(60)
while not os.path.exists(note) or not open(note).read():
    time.sleep(0.01)
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfd_open to tell processes apart")
@pytest.mark.parametrize("closing", ["pass", "os.closerange(0, 3)"], ids=["keeps the pipes", "closes the pipes"])
def test_a_daemon_in_a_session_of_its_own_is_ended(closing: str, tmp_path: Path) -> None:
    runner, note = LocalRunner(os.environ, timeout=5), tmp_path / "daemon"
    answer = runner.run([sys.executable, "-c", DAEMON.format(closing=closing), str(note)])
    assert answer.exit_code == 0
    runner.close()
    assert wait_until_dead(int(note.read_text()))


HIDING = """import os, sys
note = sys.argv[1]
if os.fork() == 0:
    os.setsid()
    os.closerange(0, 3)
    open(note, "w").write(str(os.getpid()))
    os.execve("/bin/sleep", ["sleep", "60"], {})
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfd_open to tell processes apart")
def test_a_daemon_that_empties_its_environment_is_known_by_where_it_is(tmp_path: Path) -> None:
    runner, note = LocalRunner(os.environ, timeout=5), tmp_path / "daemon"
    assert runner.run([sys.executable, "-c", f"{HIDING}while not os.path.exists(note): pass", str(note)]).exit_code == 0
    deadline = time.monotonic() + 5
    while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    runner.close()
    assert wait_until_dead(int(note.read_text()))


COMET = """import os, sys, time
note, end = sys.argv[1], time.time() + 30
if os.fork():
    time.sleep(0.2)
    sys.exit()
os.closerange(0, 3)
while time.time() < end:
    if os.fork():
        os._exit(0)
    os.setsid()
    open(note, "a").write("x")
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfd_open to tell processes apart")
def test_what_forks_itself_away_again_and_again_is_caught(tmp_path: Path) -> None:
    def is_caught(note: Path) -> bool:
        runner = LocalRunner(os.environ, timeout=5)
        assert runner.run([sys.executable, "-S", "-c", COMET, str(note)]).exit_code == 0
        runner.close()
        time.sleep(0.1)
        steps = note.stat().st_size
        time.sleep(0.3)
        assert steps
        return note.stat().st_size == steps

    # It is a chase: nine of ten succeed on a machine with nothing to spare, and each ends by itself.
    assert any(is_caught(tmp_path / f"steps-{attempt}") for attempt in range(4))


def test_only_marked_processes_are_ended() -> None:
    assert end_marked("no-such-mark") == 0


def test_a_flood_is_stopped_at_once() -> None:
    runner = LocalRunner(os.environ, timeout=20, most_output=1 << 16)
    start = time.monotonic()
    answer = runner.run(["/usr/bin/yes", "x" * 1000])
    assert time.monotonic() - start < 5
    assert answer.failure == "it printed more than 64 KiB"
    assert len(answer.stdout) < 1 << 18
    runner.close()


def test_a_crash_is_no_exit_code(runner: LocalRunner) -> None:
    answer = runner.run([SH, "-c", "echo before; kill -SEGV $$"])
    assert (answer.exit_code, answer.stdout, answer.failure) == (None, "before\n", "it was ended by SIGSEGV")


def test_closed_streams_are_not_the_end(runner: LocalRunner) -> None:
    assert runner.run([SH, "-c", "exec >&- 2>&-; sleep 0.1; exit 7"]).exit_code == 7


def test_a_program_being_written_is_waited_for(runner: LocalRunner, tmp_path: Path) -> None:
    path = script(tmp_path, f"#!{SH}\necho ok\n")
    with ThreadPoolExecutor(1) as pool, open(path, "ab"):
        waiting = pool.submit(runner.run, [path])
        time.sleep(0.02)
    assert waiting.result().stdout == "ok\n"


def test_many_threads_share_a_runner(runner: LocalRunner) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: runner.run([SH, "-c", f"pwd; ls -A; echo {number}"]), range(40)))
    assert [answer.stdout.split()[1:] for answer in answers] == [[str(number)] for number in range(40)]
    assert runner.started == 40


def test_the_environment_is_plain_and_quiet() -> None:
    given = {"PATH": "/bin", "LANG": "de_DE", "FORCE_COLOR": "1", "BASH_ENV": "/x", "PYTHONPATH": "/x", "HOME": "/h"}
    made = probe_variables(given)
    assert {"PATH", "HOME"} <= made.keys()
    assert not {"FORCE_COLOR", "BASH_ENV", "PYTHONPATH"} & made.keys()
    assert (made["LC_ALL"], made["NO_COLOR"], made["TERM"]) == ("C.UTF-8", "1", "dumb")


@pytest.mark.parametrize(
    ("name", "is_passed"),
    [
        *((name, True) for name in ("JAVA_HOME", "CUDA_HOME", "CONDA_PREFIX", "LD_LIBRARY_PATH", "MKLROOT", "Path")),
        *((name, True) for name in ("ProgramFiles(x86)", "SystemRoot", "VSINSTALLDIR", "RUSTUP_TOOLCHAIN")),
        ("ProgramFiles(Arm)", True),
        *((name, False) for name in ("LD_PRELOAD", "GCC_COLORS", "CC", "CFLAGS", "SHLVL", "AWS_SECRET_ACCESS_KEY")),
        *((name, False) for name in ("UV_INDEX_URL", "UV_PUBLISH_TOKEN", "BASH_ENV", "PERL5OPT", "NODE_OPTIONS")),
    ],
)
def test_only_what_tells_a_tool_where_its_parts_are_reaches_a_probe(name: str, is_passed: bool) -> None:
    assert (name in probe_variables({name: "x"})) is is_passed


def test_a_digest_tells_environments_apart() -> None:
    plain = probe_variables({"PATH": "/bin", "HOME": "/h"})
    moved, javas = {**plain, "PATH": "/opt/bin"}, {**plain, "JAVA_HOME": "/j"}
    assert environment_digest(plain, with_path=False) == environment_digest(moved, with_path=False)
    assert environment_digest(plain, with_path=True) != environment_digest(moved, with_path=True)
    assert environment_digest(plain, with_path=False) != environment_digest(javas, with_path=False)


def test_a_call_may_add_variables(runner: LocalRunner) -> None:
    assert runner.run([SH, "-c", "echo $EXTRA"], variables={"EXTRA": "a b"}).stdout == "a b\n"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(b"", "", id="empty"),
        pytest.param(b"plain\n", "plain\n", id="plain"),
        pytest.param(b"\x1b[1mApache Maven 3.8.7\x1b[m\n", "Apache Maven 3.8.7\n", id="colour"),
        pytest.param(b"\x1b]0;title\x07version 1\n", "version 1\n", id="title"),
        pytest.param(b"\x1b]8;;http://x\x1b\\1.2\x1b]8;;\x1b\\", "1.2", id="link"),
        pytest.param(b"\x1b(B\x1b[?25l4.2", "4.2", id="character set"),
        pytest.param(b"N\x08NA\x08AME", "NAME", id="overstrike"),
        pytest.param(b"10%\r100%\r\nversion 3\r\n", "10%\n100%\nversion 3\n", id="carriage returns"),
        pytest.param(b"\xef\xbb\xbfv1", "v1", id="byte order mark"),
        pytest.param(b"caf\xe9 1.0\x00", "caf\ufffd 1.0", id="Latin-1 and zero byte"),
        pytest.param(b"a\x1b", "a", id="lone escape"),
        pytest.param("gcc 版本 12.2.0\tx".encode(), "gcc 版本 12.2.0\tx", id="UTF-8"),
    ],
)
def test_output_becomes_plain_text(content: bytes, text: str) -> None:
    assert clean_output(content) == text
