"""Imports point one way: values ← rules ← ports ← jobs ← command line."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "pkgmgr"

# A room may import from itself and from the rooms named here.
ALLOWED = {
    "model": set[str](),
    "catalog": {"model", "host"},
    "host": {"model"},
    "detect": {"model", "host"},
    "resolve": {"model", "catalog"},
    "environ": {"model", "catalog"},
    "install": {"model", "catalog", "host", "environ"},
    "lock": {"model", "host", "install"},
    "run": {"model", "host"},
    "jobs": {"model", "catalog", "host", "detect", "resolve", "environ", "install", "lock", "run"},
    "cli": {"model", "catalog", "host", "detect", "resolve", "environ", "install", "lock", "run", "jobs"},
}


def rooms_imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found |= {name.split(".")[1] for name in names if name.startswith("pkgmgr.")}
    return found


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_inwards_only(room: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)} imports {other}"
        for path in (ROOT / room).rglob("*.py")
        for other in rooms_imported(path) - ALLOWED[room] - {room}
    }
    assert not wrong


def test_every_room_has_its_rule() -> None:
    rooms = {path.name for path in ROOT.iterdir() if (path / "__init__.py").is_file()}
    assert rooms == set(ALLOWED)


def test_the_version_needs_no_heavy_import() -> None:
    code = "import sys; from pkgmgr.cli.main import main; main(['--version']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1]
    for heavy in ("msgspec", "requests", "argparse", "packaging", "tomllib", "subprocess", "rich", "typing"):
        assert f"'{heavy}'" not in loaded


def test_what_is_remembered_is_told_without_what_would_find_it(tmp_path: Path) -> None:
    code = (
        "import sys; from pkgmgr.cli.main import main; main(['detect', 'compiler.gcc', '--quiet', '--no-system',"
        f" '--search-path', {str(tmp_path / 'bin')!r}]); print(sorted(sys.modules))"
    )
    (tmp_path / "bin").mkdir()
    variables = {**os.environ, "CKPM_HOME": str(tmp_path / "home")}
    time.sleep(0.05)  # what was changed within a tick of the clock for files is not remembered
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1]
    assert "'pkgmgr.detect.recall'" in loaded
    for heavy in ("dataclasses", "hashlib", "json", "packaging", "platformdirs", "subprocess", "tempfile", "threading"):
        assert f"'{heavy}'" not in loaded
    assert "'pkgmgr.detect.engine'" not in loaded


def test_a_resolution_begins_without_what_asks_programs() -> None:
    code = "import sys, pkgmgr.jobs.syncing; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'pkgmgr.jobs.world'" in done.stdout
    for heavy in ("pkgmgr.detect.ask", "pkgmgr.detect.engine", "pkgmgr.host.process"):
        assert f"'{heavy}'" not in done.stdout
