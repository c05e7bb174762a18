"""The table of entries, as a person sees it."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from pkgmgr.cli.entries import LEGEND, entry_table, shortened
from pkgmgr.cli.table import width
from pkgmgr.jobs.defaults import default_ids, in_order
from pkgmgr.model.entry import Entry
from tests.conftest import Ckpm


def entry(soft: str, version: str | None, *, prefix: str = "/usr", **given: object) -> Entry:
    attributes = dict(given.pop("attributes", {}) or {})  # type: ignore[call-overload]
    if "emits" in given:
        attributes["emits"] = [given.pop("emits")]
    fields: dict[str, object] = {"target": "linux-x86_64", "origin": "system", **given}
    name = f"{soft}-{version}-{prefix}-{attributes}-{fields}"
    return Entry(id=name, soft=soft, version=version, prefix=prefix, attributes=attributes, **fields)  # type: ignore[arg-type]


HERE = "linux-x86_64"
GCC_12 = entry("compiler.gcc", "12.2.0", emits=HERE)
GCC_ARM = entry("compiler.gcc", "13.1.0", emits="linux-arm64")
GCC_AVR = entry("compiler.gcc", "5.4.0", emits="avr")
NIGHTLY = entry("lang.rust", "1.97.0-nightly")
RUST = entry("lang.rust", "1.95.0", prefix="/old")
RUST_INSTALLED = entry("lang.rust", "1.80.0", prefix="/store", package="lang-rust")
PARTIAL = entry("model.m", None, target="any", attributes={"state": "partial"})
WHOLE = entry("model.m", None, target="any", prefix="/m", attributes={"state": "complete", "format": "tflite"})
ARM_LIBRARY = entry("lib.z", "1.3", target="linux-arm64", prefix="/arm")


@pytest.mark.parametrize(
    ("entries", "target", "prefer", "expected"),
    [
        pytest.param([GCC_ARM, GCC_12, GCC_AVR], HERE, "", [GCC_12], id="native before a newer cross compiler"),
        pytest.param([GCC_ARM, GCC_12, GCC_AVR], "linux-arm64", "", [GCC_ARM], id="for a target, what emits it"),
        pytest.param([GCC_AVR], HERE, "", [], id="what emits for no target of ours is never taken unasked"),
        pytest.param([NIGHTLY, RUST], HERE, "", [RUST], id="a release before a newer nightly"),
        pytest.param([NIGHTLY], HERE, "", [], id="a nightly alone is taken only when asked for"),
        pytest.param([RUST, RUST_INSTALLED], HERE, "", [RUST_INSTALLED], id="installed before found"),
        pytest.param([RUST, RUST_INSTALLED], HERE, "detected", [RUST], id="unless a person prefers what is found"),
        pytest.param([PARTIAL, WHOLE], HERE, "", [WHOLE], id="never a part of a model"),
        pytest.param([ARM_LIBRARY], HERE, "", [], id="no library of another target"),
        pytest.param([ARM_LIBRARY], "linux-arm64", "", [ARM_LIBRARY], id="which is right for that target"),
        pytest.param([], HERE, "", [], id="nothing"),
    ],
)
def test_the_mark_is_at_what_a_requirement_takes(
    entries: list[Entry], target: str, prefer: str, expected: list[Entry]
) -> None:
    found = default_ids(in_order(entries), target=target, host=HERE, prefer=prefer)
    assert found == {item.id for item in expected}


def test_a_table_is_grouped_and_marked() -> None:
    entries = in_order([GCC_AVR, WHOLE, GCC_12, NIGHTLY, RUST])
    text = entry_table(entries, defaults=default_ids(entries, target=HERE, host=HERE))
    assert (
        text
        == (
            "SOFT             VERSION         TARGET              PREFIX  ORIGIN\n"
            "compiler.gcc  *  12.2.0          linux-x86_64        /usr    system\n"
            "                 5.4.0           linux-x86_64 → avr  /usr    system\n"
            "lang.rust     *  1.95.0          linux-x86_64        /old    system\n"
            "                 1.97.0-nightly  linux-x86_64        /usr    system\n"
            "model.m       *  - (tflite)      any                 /m      system\n"
        )
        + LEGEND
    )


def test_what_runs_elsewhere_comes_after_what_runs_here() -> None:
    older = entry("lib.z", "1.2", prefix="/old")
    assert in_order([ARM_LIBRARY, older], host=HERE) == [older, ARM_LIBRARY]
    assert in_order([ARM_LIBRARY, older], host="linux-arm64") == [ARM_LIBRARY, older]


def test_builds_side_by_side_can_be_told_apart() -> None:
    posix, win32 = (entry("compiler.gcc", "12", attributes={"variant": name}) for name in ("posix", "win32"))
    text = entry_table([posix, win32], defaults=frozenset())
    assert "12 (posix)" in text
    assert "12 (win32)" in text
    assert LEGEND not in text


def test_other_pythons_can_be_told_apart() -> None:
    usual, pypy, venv = (
        entry("lang.python", "3.9.16", attributes=told)
        for told in (
            {"implementation": "CPython"},
            {"implementation": "PyPy"},
            {"implementation": "CPython", "environment": "venv"},
        )
    )
    lines = entry_table([usual, pypy, venv], defaults=frozenset()).splitlines()[1:]
    assert [" ".join(line.split()[-5:-3]) for line in lines] == ["lang.python 3.9.16", "3.9.16 (PyPy)", "3.9.16 (venv)"]


def test_a_narrow_terminal_does_not_repeat_where_cross_compilers_run() -> None:
    rows = [GCC_ARM, entry("lib.hdf5", "1.10.8", prefix="/usr/lib/hdf5/" + "x" * 60, attributes={"variant": "openmpi"})]
    assert "linux-x86_64 → linux-arm64" in entry_table(rows, defaults=frozenset(), columns=160)
    narrow = entry_table(rows, defaults=frozenset(), columns=80)
    assert "  → linux-arm64" in narrow
    assert max(map(width, narrow.splitlines())) <= 80


def test_the_origin_does_not_say_the_prefix_again() -> None:
    text = entry_table([entry("lib.numpy", "2.0", prefix="/venv", origin="python:/venv")], defaults=frozenset())
    assert text.splitlines()[1].split() == ["lib.numpy", "2.0", HERE, "/venv", "python"]
    assert entry_table([], defaults=frozenset()) == ""


@pytest.mark.parametrize("columns", [40, 80, 100, 160])
def test_lines_fit_a_terminal(columns: int) -> None:
    long = "/root/.rustup/toolchains/" + "long-" * 20 + "unknown-linux-gnu"
    entries = [entry("lang.rust", "1.95.0", prefix=long), entry("lang.rust", "1.9.0", prefix="/ünï/" + "漢" * 60)]
    lines = entry_table(entries, defaults=frozenset(), columns=columns).splitlines()
    if columns >= 80:
        assert columns - 1 <= max(map(width, lines)) <= columns
    assert lines[1].split()[-2].endswith("gnu")
    assert long in entry_table(entries, defaults=frozenset())


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [
        ("/usr", 24, "/usr"),
        ("/a/very/long/path/to/something/1.2", 20, "/a/ver…something/1.2"),
        ("x" * 9, 4, "x…xx"),
        ("", 4, ""),
    ],
)
def test_a_path_keeps_its_ends(text: str, most: int, short: str) -> None:
    assert shortened(text, most) == short


TOOL = """name = "tool.thing"
summary = "a tool"
[find]
executables = ['thing']
[[probe]]
argv = ["{path}", "--version"]
match = '^thing (?P<version>\\d\\S*)'
"""


@pytest.fixture
def things(tmp_path: Path) -> dict[str, str]:
    """Three versions of a thing below a long folder, the newest a pre-release; gives the variables to find them."""
    folder = tmp_path / "plugins" / "soft_plugins" / "tool.thing"
    folder.mkdir(parents=True)
    (folder / "soft.toml").write_text(TOOL)
    places = []
    for version in ("1.0", "2.1", "3.0-rc1"):
        path = tmp_path / ("long-" * 12 + version) / "bin" / "thing"
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\necho thing {version}\n")
        path.chmod(0o755)
        places.append(str(path.parent))
    return {"CKPM_PLUGIN_PATH": str(tmp_path / "plugins"), "PATH": ":".join([*places, "/usr/bin", "/bin"])}


def marked(text: str) -> list[str]:
    return re.findall(r"^\S*\s+\* +(\S+)", text, re.MULTILINE)


def test_detect_and_list_mark_what_is_really_taken(ckpm: Ckpm, things: dict[str, str]) -> None:
    shown = ckpm("detect", "soft", "tool.thing", env=things)
    assert marked(shown.out) == ["2.1"]
    assert LEGEND in shown.out
    (taken,) = ckpm("export", "soft:tool.thing", "--json", env=things).data["entries"]
    assert "2.1" in taken
    listed = ckpm("list", "entry", env=things)
    assert listed.out == shown.out
    assert [row["version"] for row in ckpm("list", "entry", "--json", env=things).data] == ["2.1", "1.0", "3.0-rc1"]
    assert "\x1b" not in shown.out


def test_of_what_is_equal_the_first_on_path_is_taken(ckpm: Ckpm, things: dict[str, str], tmp_path: Path) -> None:
    twins = []
    for name in ("b", "a", "c"):
        path = tmp_path / name / "bin" / "thing"
        path.parent.mkdir(parents=True)
        path.write_text("#!/bin/sh\necho thing 2.1\n")
        path.chmod(0o755)
        twins.append(str(path.parent))
    for order in (twins, twins[::-1]):
        env = {**things, "PATH": ":".join([*order, "/usr/bin", "/bin"])}
        found = [row["prefix"] for row in ckpm("detect", "soft", "tool.thing", "--json", env=env).data]
        assert found == [str(Path(path).parent) for path in order]
        assert [row["prefix"] for row in ckpm("list", "entry", "--json", env=env).data] == found


def test_the_list_of_softs_tells_how_each_is_found(ckpm: Ckpm) -> None:
    rows = {row["soft"]: row for row in ckpm("list", "soft", "--json").data}
    assert all(row["found_by"] for row in rows.values())
    assert rows["compiler.gcc"]["found_by"] == ["programs, asked"]
    assert rows["lib.zlib"]["found_by"] == ["library"]
    assert rows["model.ssd-mobilenet"]["found_by"] == ["content"]
    assert rows["lib.numpy"]["found_by"] == ["Python metadata"]
    assert rows["platform.cpu"]["found_by"] == ["facts"]
    assert re.search(r"^compiler\.gcc +programs, asked +\S", ckpm("list", "soft").out, re.MULTILINE)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("columns", [80, 160])
def test_a_terminal_gets_lines_that_fit(columns: int, things: dict[str, str], tmp_path: Path) -> None:
    import fcntl
    import pty
    import struct
    import subprocess
    import termios

    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    env = {key: value for key, value in os.environ.items() if not key.startswith("CKPM_") and key != "COLUMNS"}
    env |= {"CKPM_HOME": str(tmp_path / "h"), "PYTHONPATH": str(Path(__file__).parents[2]), **things}
    command = [sys.executable, "-m", "pkgmgr", "detect", "soft", "tool.thing"]
    silent = subprocess.DEVNULL  # a line of progress would come between
    with subprocess.Popen(command, stdout=inner, stderr=silent, stdin=inner, env=env, cwd=tmp_path) as process:
        os.close(inner)
        said = b""
        while True:
            try:
                part = os.read(outer, 4096)
            except OSError:  # EIO: the other end is closed
                break
            if not part:
                break
            said += part
    os.close(outer)
    assert process.returncode == 0
    lines = said.decode().replace("\r", "").splitlines()
    assert max(map(width, lines)) <= columns
    assert marked("\n".join(lines)) == ["2.1"]
    assert columns > 80 or "…" in lines[1]
