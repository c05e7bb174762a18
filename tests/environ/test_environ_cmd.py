"""Batch files, run by Wine's cmd: its parser is not Microsoft's, and it knows no Unicode here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pkgmgr.environ.compose import apply
from pkgmgr.environ.formats import render, render_deactivate
from pkgmgr.environ.request import ExportRequest
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation

from .shells import HOSTILE, TOOLS_PATH, write

MAIN = """@echo off
set >0.txt
call on.cmd
set >1.txt
call on.cmd
set >2.txt
set LIST=D:\\mine;%LIST%
call off.cmd
set >3.txt
"""


def _wine() -> str:
    """Give Wine for 64-bit programs, or skip."""
    places = [shutil.which(name, path=TOOLS_PATH) for name in ("wine64", "wine")] + ["/usr/lib/wine/wine64"]
    found = next((place for place in places if place is not None and Path(place).exists()), None)
    if found is None:
        pytest.skip("Wine is not on this machine")
    return found


def _fitting() -> list[Operation]:
    kept = []
    for number, value in enumerate(HOSTILE.values()):
        operation = Operation(op="set", var=f"V{number}", value=value)
        try:
            render("cmd", ExportRequest(operations=[operation]))
        except UsageError:
            continue
        kept += [operation] if value.isascii() else []
    return kept


def test_hostile_values_arrive_and_are_undone(tmp_path: Path) -> None:
    wine = _wine()
    operations = [
        *_fitting(),
        Operation(op="prepend_path", var="LIST", value="C:\\x (86) y"),
        Operation(op="append", var="NEW", value="a", sep=" "),
        Operation(op="append", var="FLAGS", value="b", sep=" "),
        Operation(op="unset", var="GONE"),
    ]
    request = ExportRequest(operations=operations, path_separator=";")
    write(tmp_path / "on.cmd", render("cmd", request))
    write(tmp_path / "off.cmd", render_deactivate("cmd", request))
    write(tmp_path / "main.cmd", MAIN.replace("\n", "\r\n"))
    before = {"LIST": "C:\\old", "GONE": "here", "FLAGS": "a", "V5": "old & (this)"}
    variables = {**before, "PATH": os.environ["PATH"], "HOME": str(tmp_path), "WINEPREFIX": str(tmp_path / "wine")}
    done = subprocess.run(
        [wine, "cmd", "/c", "main.cmd"],
        cwd=tmp_path,
        env={**variables, "WINEDEBUG": "-all"},
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert done.stdout == b""
    dumps = [_read(tmp_path / f"{number}.txt") for number in range(4)]
    assert dumps[1] == apply(operations, dumps[0], path_separator=";")
    assert dumps[2] == dumps[1], "called twice as once"
    assert dumps[3] == {**dumps[0], "LIST": "D:\\mine;C:\\old"}
    assert b"_CKPM" not in (tmp_path / "3.txt").read_bytes(), "no helper is left"


def _read(path: Path) -> dict[str, str]:
    rows = path.read_bytes().decode("latin-1").split("\r\n")
    pairs = (row.partition("=") for row in rows if "=" in row)
    return {name: value for name, _, value in pairs if not name.startswith("_CKPM")}
