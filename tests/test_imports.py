"""Imports point one way: values ← rules ← ports ← jobs ← command line."""

from __future__ import annotations

import ast
import subprocess
import sys
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
    for heavy in ("msgspec", "requests", "argparse", "packaging", "tomllib", "subprocess", "rich"):
        assert f"'{heavy}'" not in loaded
