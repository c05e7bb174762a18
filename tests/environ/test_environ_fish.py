"""Activation scripts for fish do what `apply` says, and undo it exactly."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from pkgmgr.environ.compose import apply
from pkgmgr.environ.formats import render, render_deactivate
from pkgmgr.environ.request import ExportRequest
from pkgmgr.model.operation import Operation

from .shells import HOSTILE, read_environment, run, write

ADDING = {"set": None, "prepend": " ", "append": "ab", "prepend_path": None, "append_path": ";"}
BEFORE = {"unset": None, "empty": "", "value": "old:v a'l\n$(touch pwned)", "colons": ":a::b:"}


def run_fish(
    folder: Path, text: str, *environments: Sequence[Operation], home: str = "", **environment: str
) -> dict[str, dict[str, str]]:
    """Write the scripts of environments, then run lines; ``dump NAME`` writes the environment down."""
    for number, operations in enumerate(environments):
        request = ExportRequest(operations=operations, home=home)
        write(folder / f"on{number}.fish", render("fish", request))
        write(folder / f"off{number}.fish", render_deactivate("fish", request))
    dump = "function dump; env -0 >dump.$argv[1]; end\n"
    done = run(("fish", "--no-config"), dump + text, folder=folder, environment=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not (folder / "pwned").exists()
    return {path.suffix[1:]: read_environment(path) for path in folder.glob("dump.*")}


def test_hostile_values_arrive_from_every_start_and_are_undone(tmp_path: Path) -> None:
    operations, environment = [], {}
    cases = itertools.product(HOSTILE.values(), ADDING.items(), BEFORE.values(), ("V", "PATH"))
    for number, (value, (op, separator), before, ending) in enumerate(cases):
        name = f"V{number}{ending}"
        if before is not None:
            environment[name] = before
        operations.append(Operation(op=op, var=name, value=value, sep=separator))  # type: ignore[arg-type]
    text = "dump 0; source on0.fish; dump 1; source on0.fish; dump 2; ckpm_deactivate; dump 3"
    dumps = run_fish(tmp_path, text, operations, **environment)
    assert dumps["1"] == apply(operations, dumps["0"])
    assert dumps["2"] == dumps["1"], "sourced twice as once"
    assert dumps["3"] == dumps["0"]


def test_every_script_ends_well(tmp_path: Path) -> None:
    text = "source on0.fish; and source on0.fish; and ckpm_deactivate; and source off0.fish; and dump end"
    text += "; and source on0.fish; and source off0.fish; and dump again"
    assert set(run_fish(tmp_path, text, [Operation(op="set", var="V", value="")], V="1")) == {"end", "again"}


def test_three_hundred_variables_and_a_hundred_kilobytes(tmp_path: Path) -> None:
    operations = [Operation(op="set", var=f"V{number}", value=f"$(touch pwned) {number}'s") for number in range(300)]
    operations += [
        Operation(op="set", var="LONG", value="it's 100 kB \\ $x \n" * 5000),
        Operation(op="prepend_path", var="LIST", value="/a b" * 25000),
    ]
    text = "dump 0; source on0.fish; dump 1; ckpm_deactivate; dump 2"
    dumps = run_fish(tmp_path, text, operations, LIST="/c", V1="")
    assert dumps["1"] == apply(operations, dumps["0"])
    assert dumps["2"] == dumps["0"]


ENVIRONMENTS = [
    [
        Operation(op="prepend_path", var="PATH", value="/home/me/.ckpm/a"),
        Operation(op="set", var="CC", value="a"),
        Operation(op="unset", var="W"),
        Operation(op="append_path", var="LIST", value="/n"),
    ],
    [
        Operation(op="prepend_path", var="PATH", value="/b"),
        Operation(op="append", var="CC", value="b", sep=" "),
        Operation(op="set", var="W", value="b"),
        Operation(op="prepend_path", var="LIST", value="/n"),
    ],
]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=str)
def test_nested_environments_are_undone_in_any_order(order: tuple[int, int], tmp_path: Path) -> None:
    text = f"""dump 0; source on0.fish; source on1.fish; dump 1
    set -gx LIST /mine:$LIST:/theirs
    source off{order[0]}.fish; dump 2; ckpm_deactivate; dump 3"""
    dumps = run_fish(tmp_path, text, *ENVIRONMENTS, home="/home/me/.ckpm", W="w", LIST="/n:/o")
    left = ENVIRONMENTS[order[1]]
    with_lists = {
        **apply(left, dumps["0"]),
        "LIST": "/n:/mine:/n:/o:/theirs" if order[0] == 0 else "/mine:/n:/o:/n:/theirs",
    }
    assert dumps["1"] == apply([*ENVIRONMENTS[0], *ENVIRONMENTS[1]], dumps["0"])
    assert dumps["2"] == with_lists
    assert dumps["3"] == {**dumps["0"], "LIST": "/mine:/n:/o:/theirs"}


def test_what_was_there_comes_back_in_kind(tmp_path: Path) -> None:
    names = ("PLAIN", "MANY", "NEW", "LISTPATH", "GONE", "EDITED")
    operations = [Operation(op="prepend_path", var=name, value="/x") for name in names]
    text = """
    set -g PLAIN p; set -gx MANY 1 2 3; set -gx LISTPATH /a:/b; set -gx GONE /a
    function f; source on0.fish; end; f
    set -e GONE; set -gx EDITED $EDITED:/mine
    ckpm_deactivate
    set -qgx PLAIN; or test "$PLAIN" = p; or exit 1
    set -q MANY[3]; or exit 2
    set -q NEW; and exit 3
    set -q LISTPATH[2]; and not set -q LISTPATH[3]; or exit 4
    set -q GONE; and exit 5
    test $EDITED = /mine; or exit 6
    set -n >names; functions -a >>names; exit 0"""
    run_fish(tmp_path, text, operations)
    assert "ckpm" not in (tmp_path / "names").read_text().lower()
