"""Module files, loaded and unloaded by Lmod and Environment Modules."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pkgmgr.environ.compose import apply
from pkgmgr.environ.formats import render
from pkgmgr.environ.formats.sh import quote
from pkgmgr.environ.request import ExportRequest
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation

from .shells import hostile_operations, read_environment, run, write

LMOD = Path("/usr/share/lmod/lmod/libexec/lmod")
MODULES = Path("/usr/lib/x86_64-linux-gnu/modulecmd.tcl")
COMMANDS = {
    "modulefile-lua": os.environ.get("CKPM_TEST_LMOD", str(LMOD)),
    "modulefile-tcl": os.environ.get("CKPM_TEST_MODULES", str(MODULES)),
}
KEPT_BY_THE_TOOLS = ("LMOD_", "_LM", "__LM", "_Module", "LOADEDMODULES", "__MODULES", "MODULE")


def _ours(environment: dict[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith((*KEPT_BY_THE_TOOLS, "BASH_", "_CKPM_OLD_"))
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_a_module_is_loaded_and_unloaded(name: str, tmp_path: Path) -> None:
    if not Path(COMMANDS[name]).exists():
        pytest.skip(f"{COMMANDS[name]} is not on this machine")
    operations = [
        *hostile_operations(name),
        Operation(op="prepend_path", var="PATH", value="/x y"),
        Operation(op="append_path", var="LIST", value="/[id]", sep=";"),
        Operation(op="append", var="CFLAGS", value="-I a -I b", sep=" "),
        Operation(op="prepend", var="NEW", value="a", sep=" "),
        Operation(op="unset", var="GONE"),
        Operation(op="unset", var="NEVER"),
    ]
    module = "m.lua" if name == "modulefile-lua" else "m"
    write(tmp_path / module, render(name, ExportRequest(operations=operations)))
    tool = f"{'lua ' if name == 'modulefile-lua' else ''}{quote(COMMANDS[name])}"
    text = f"""export MODULEPATH=$PWD
    env -0 >0; eval "$({tool} bash load m)"; env -0 >1; eval "$({tool} bash unload m)"; env -0 >2"""
    path = "/usr/local/bin:/usr/bin:/bin"  # Lmod takes doubled folders out of a list
    before = {"PATH": path, "GONE": "a:b", "LIST": "/a;/b", "CFLAGS": "-I a", "V0": "a:b", "V2": "it's"}
    if name == "modulefile-tcl":  # Lmod's pushenv takes an empty variable for an unset one
        before["V1"] = ""
    done = run(("bash", "--norc"), text, folder=tmp_path, environment=before)
    assert done.stderr == b""
    assert not (tmp_path / "pwned").exists()
    dumps = [_ours(read_environment(tmp_path / str(number))) for number in range(3)]
    assert dumps[1] == apply(operations, dumps[0])
    assert dumps[2] == dumps[0]
    assert "_CKPM_OLD_" not in "".join(read_environment(tmp_path / "2"))


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("value", ["a\nb", "a\rb"], ids=repr)
def test_a_line_break_is_refused(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=r"V: .* can't hold a line break"):
        render(name, ExportRequest(operations=[Operation(op="set", var="V", value=value)]))
