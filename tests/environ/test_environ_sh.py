"""Activation scripts for POSIX shells do what `apply` says, and undo it exactly."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from pkgmgr.environ.compose import apply
from pkgmgr.environ.formats import render, render_deactivate
from pkgmgr.environ.formats.sh import quote
from pkgmgr.environ.request import ExportRequest
from pkgmgr.model.operation import Operation

from .shells import HOSTILE, POSIX_SHELLS, read_environment, require, run, write

ADDING = {"set": None, "prepend": " ", "append": "ab", "prepend_path": None, "append_path": ";"}
BEFORE = {"unset": None, "empty": "", "value": "old:v a'l\n$(touch pwned)", "colons": ":a::b:"}
each_shell = pytest.mark.parametrize("shell", POSIX_SHELLS)


def _set(var: str, value: str) -> Operation:
    return Operation(op="set", var=var, value=value)


def _front(var: str, value: str) -> Operation:
    return Operation(op="prepend_path", var=var, value=value)


def _back(var: str, value: str) -> Operation:
    return Operation(op="append_path", var=var, value=value)


def _unset(var: str) -> Operation:
    return Operation(op="unset", var=var)


class Scripts:
    """Activation and deactivation scripts of several environments, in one folder."""

    def __init__(self, folder: Path, *environments: Sequence[Operation], home: str = "") -> None:
        self.folder = folder
        self.requests = [ExportRequest(operations=operations, home=home) for operations in environments]
        for number, request in enumerate(self.requests):
            write(folder / f"on{number}.sh", render("sh", request))
            write(folder / f"off{number}.sh", render_deactivate("sh", request))

    def run(self, shell: str, text: str, **environment: str) -> dict[str, dict[str, str]]:
        """Run lines in a shell; ``dump NAME`` writes the environment down. Nothing may be printed."""
        dump = 'dump() { env -0 >|"dump.$1"; }\n'
        done = run(POSIX_SHELLS[shell], dump + text, folder=self.folder, environment=environment)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert not (self.folder / "pwned").exists()
        return {path.suffix[1:]: read_environment(path) for path in self.folder.glob("dump.*")}


@each_shell
def test_hostile_values_arrive_from_every_start_and_are_undone(shell: str, tmp_path: Path) -> None:
    operations, environment = [], {}
    cases = itertools.product(HOSTILE.values(), ADDING.items(), BEFORE.values())
    for number, (value, (op, separator), before) in enumerate(cases):
        name = f"V{number}"
        if before is not None:
            environment[name] = before
        operations.append(Operation(op=op, var=name, value=value, sep=separator))  # type: ignore[arg-type]
    scripts = Scripts(tmp_path, operations)
    dumps = scripts.run(shell, "dump 0; . ./on0.sh; dump 1; . ./on0.sh; dump 2; ckpm_deactivate; dump 3", **environment)
    assert dumps["1"] == apply(operations, dumps["0"])
    assert dumps["2"] == dumps["1"], "sourced twice as once"
    assert dumps["3"] == dumps["0"]


@each_shell
@pytest.mark.parametrize("end", ["ckpm_deactivate", ". ./off0.sh"])
def test_nothing_is_left_behind(shell: str, end: str, tmp_path: Path) -> None:
    operations = [_front("PATH", "/ckpm/home/x"), _set("CC", "/ckpm/home/cc"), _unset("GONE"), _back("NEW", "a:b")]
    scripts = Scripts(tmp_path, operations, home="/ckpm/home")
    text = f"""
    set -eu
    . ./on0.sh
    {end}
    set >|left
    for it in $(sed -n 's/^\\(_ckpm_[a-z0-9_]*\\)().*/\\1/p' on0.sh) ckpm_deactivate; do
      if command -v "$it" >>left; then exit 9; fi
    done
    """
    scripts.run(shell, text, GONE="old")
    left = (tmp_path / "left").read_text()
    assert "CC=" not in left
    assert "_ckpm" not in left.lower()


OPTIONS = {
    "strict": "set -euf; set -C",
    "pipefail": "set -eu; (set -o pipefail) 2>/dev/null && set -o pipefail",
    "odd IFS": "IFS=':/_0a-eC'; set -eu",
    "allexport": "set -a",
    "aliases": "alias export=false unset=false eval=false set=false shift=false emulate=false",
    "nocasematch": 'if [ -n "${BASH_VERSION-}" ]; then shopt -s nocasematch extglob expand_aliases; fi',
    "zsh options": """if [ -n "${ZSH_VERSION-}" ]; then
      setopt ksh_arrays sh_word_split glob_subst rc_quotes warn_create_global no_unset err_exit extended_glob
      setopt null_glob all_export no_nomatch magic_equal_subst ksh_glob rc_expand_param typeset_silent err_return
    fi""",
    "zsh unique PATH": 'if [ -n "${ZSH_VERSION-}" ]; then typeset -U path PATH; fi',
}


@each_shell
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_any_option_is_in_force(shell: str, options: str, tmp_path: Path) -> None:
    first = [_front("PATH", "/x Y"), _set("CC", "*"), _unset("GONE"), _front("LIST", "/A"), _back("EMPTY", "[a]?")]
    second = [
        _front("PATH", "/y"),
        _front("LIST", "/a"),
        _set("GONE", "~"),
        Operation(op="append", var="CC", value="-g", sep=" "),
    ]
    scripts = Scripts(tmp_path, first, second)
    text = f"""{options}
    dump 0; . ./on0.sh; dump 1; . ./on1.sh; dump 2; LIST=/mine:$LIST:/theirs
    . ./off0.sh; dump 3; ckpm_deactivate; dump 4
    """
    dumps = scripts.run(shell, text, GONE="here", LIST="/a:/b", EMPTY="")
    if options == OPTIONS["allexport"]:  # bash exports functions too, as asked
        dumps = {**dumps, **{name: _without_functions(dumps[name]) for name in "123"}}
    assert dumps["1"] == apply(first, dumps["0"])
    assert dumps["2"] == apply(second, dumps["1"])
    assert dumps["3"] == {**apply(second, dumps["0"]), "LIST": "/a:/mine:/a:/b:/theirs"}
    assert dumps["4"] == {**dumps["0"], "LIST": "/mine:/a:/b:/theirs"}


def _without_functions(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("BASH_FUNC_")}


@each_shell
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_nested_environments_are_undone_in_any_order(shell: str, order: tuple[int, ...], tmp_path: Path) -> None:
    environments = [
        [_front("PATH", "/a"), _set("CC", "a"), _set("V", "a"), _unset("W"), _back("L", "a")],
        [_front("PATH", "/b"), _set("CC", "b"), _front("V", "b"), _set("W", "b"), _front("L", "a")],
        [_front("PATH", "/a"), _unset("CC"), _set("V", "c"), _unset("NONE"), _set("L", "c")],
    ]
    scripts = Scripts(tmp_path, *environments)
    steps = [f". ./off{number}.sh; dump {place}" for place, number in enumerate(order, 1)]
    dumps = scripts.run(shell, "\n".join(["set -eu; dump 0; . ./on0.sh; . ./on1.sh; . ./on2.sh", *steps]), W="w", V="")
    for place in range(1, 4):
        rest = [operations for number, operations in enumerate(environments) if number not in order[:place]]
        assert dumps[str(place)] == apply(itertools.chain(*rest), dumps["0"])


@each_shell
def test_what_a_person_does_to_lists_in_between_stays(shell: str, tmp_path: Path) -> None:
    edits = {
        "FRONT": ("/a:/b", "/mine:$FRONT", "/mine:/a:/b"),
        "REMOVED": ("/a:/b", "/new:/a", "/a"),
        "OURS_REMOVED": ("/new:/b", "/new:/b", "/new:/b"),
        "DOUBLED": ("/b", "/new:$DOUBLED", "/new:/b"),
        "WAS_EMPTY": ("", "$WAS_EMPTY:/mine", "/mine"),
        "BROKEN_UP": ("/b", "/x:/new:/y:/b", "/x:/y:/b"),
        "EMPTIED": ("/b", "", ""),
    }
    operations = [_front(name, "/new") for name in [*edits, "WAS_UNSET", "UNTOUCHED", "NOW_UNSET"]]
    operations += [_front("TWO", "/1:/2"), _back("TWO", "/1")]
    scripts = Scripts(tmp_path, operations)
    changes = "".join(f'{name}="{change}"\n' for name, (_, change, _) in edits.items())
    text = f"""set -eu
    . ./on0.sh
    {changes} WAS_UNSET=$WAS_UNSET:/mine; unset NOW_UNSET; TWO=/2:/mine:/1
    ckpm_deactivate; dump 1"""
    before = {name: before for name, (before, _, _) in edits.items()}
    found = scripts.run(shell, text, **before, NOW_UNSET="/x", TWO="/1")["1"]
    expected = {name: after for name, (_, _, after) in edits.items()} | {"WAS_UNSET": "/mine", "TWO": "/mine:/1"}
    assert {name: found.get(name) for name in expected} == expected
    assert not {"UNTOUCHED", "NOW_UNSET"} & set(found)


@each_shell
def test_state_survives_a_function(shell: str, tmp_path: Path) -> None:
    scripts = Scripts(tmp_path, [_front("PATH", "/x"), _set("NEW", "n"), _set("OLD", "n")])
    text = "set -eu; dump 0; f() { . ./on0.sh; }; f; dump 1; g() { ckpm_deactivate; }; g; dump 2"
    dumps = scripts.run(shell, text, OLD="o")
    assert dumps["1"] == apply(scripts.requests[0].operations, dumps["0"])
    assert dumps["2"] == dumps["0"]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_what_was_not_exported_is_not_exported_afterwards(shell: str, tmp_path: Path) -> None:
    scripts = Scripts(tmp_path, [_front("LIST", "/x"), _front("EDITED", "/x"), _set("ONE", "1")])
    text = """set -eu; LIST=/a EDITED=/b ONE=one
    . ./on0.sh; EDITED=$EDITED:/c; ckpm_deactivate; dump 1
    [ "$LIST,$EDITED,$ONE" = /a,/b:/c,one ]"""
    assert not {"LIST", "EDITED", "ONE"} & set(scripts.run(shell, text)["1"])


@each_shell
def test_a_script_in_a_read_only_folder_with_quotes_in_its_name(shell: str, tmp_path: Path) -> None:
    folder = tmp_path / 'it\'s $(touch pwned) "here"'
    folder.mkdir()
    scripts = Scripts(tmp_path, [_set("X", str(folder))])
    (tmp_path / "on0.sh").rename(folder / "on.sh")
    folder.chmod(0o555)
    found = scripts.run(shell, f"set -eu; . {quote(str(folder / 'on.sh'))}; dump 1; ckpm_deactivate; dump 2")
    assert found["1"]["X"] == str(folder)
    assert "X" not in found["2"]


@each_shell
def test_the_home_is_named_once_and_can_be_moved(shell: str, tmp_path: Path) -> None:
    home = "/home/it's me/.ckpm"
    values = [f"{home}/store/x/bin", home, f"-L{home}/lib -I{home}/include", f"/a:{home}/b", home + "2/x"]
    operations = [_set(f"V{number}", value) for number, value in enumerate(values)] + [_front("PATH", values[0])]
    scripts = Scripts(tmp_path, operations, home=home)
    text = (tmp_path / "on0.sh").read_text()
    assert text.count("it'\\''s me/.ckpm") == 2, "the home itself, and the folder that only begins like it"
    write(tmp_path / "on0.sh", text.replace(quote(home), "'/moved'", 1))
    dumps = scripts.run(shell, "set -eu; dump 0; . ./on0.sh; dump 1; ckpm_deactivate; dump 2")
    assert [dumps["1"][f"V{number}"] for number in range(5)] == [
        "/moved/store/x/bin",
        "/moved",
        "-L/moved/lib -I/moved/include",
        "/a:/moved/b",
        home + "2/x",
    ]
    assert dumps["1"]["PATH"] == "/moved/store/x/bin:" + dumps["0"]["PATH"]
    assert dumps["2"] == dumps["0"]


@each_shell
def test_an_empty_environment_and_an_unneeded_deactivation_do_nothing(shell: str, tmp_path: Path) -> None:
    scripts = Scripts(tmp_path, [], [_set("X", "1")])
    dumps = scripts.run(shell, "set -eu; dump 0; . ./off1.sh; . ./on0.sh; dump 1; . ./off1.sh; . ./off0.sh; dump 2")
    assert dumps["0"] == dumps["1"] == dumps["2"]


@each_shell
def test_three_hundred_variables_and_a_hundred_kilobytes(shell: str, tmp_path: Path) -> None:
    operations = [_set(f"V{number}", f"$(touch pwned) {number}'s") for number in range(300)]
    operations += [_set("LONG", "it's 100 kB \\ $x \n" * 5000), _front("LIST", "/a b" * 25000)]
    scripts = Scripts(tmp_path, operations)
    dumps = scripts.run(shell, "set -eu; dump 0; . ./on0.sh; dump 1; ckpm_deactivate; dump 2", LIST="/c", V1="")
    assert dumps["1"] == apply(operations, dumps["0"])
    assert dumps["2"] == dumps["0"]


@each_shell
def test_path_as_a_person_changed_it_stays_in_both_orders(shell: str, tmp_path: Path) -> None:
    scripts = Scripts(tmp_path, [_front("PATH", "/one")], [_front("PATH", "/two")])
    for first, second in ((0, 1), (1, 0)):
        text = f"""set -eu; dump 0; . ./on0.sh; PATH=/mine:$PATH; . ./on1.sh; PATH=$PATH:/theirs
        . ./off{first}.sh; dump 1; . ./off{second}.sh; dump 2"""
        dumps = scripts.run(shell, text)
        before = dumps["0"]["PATH"]
        left = f"/two:/mine:{before}" if first == 0 else f"/mine:/one:{before}"
        assert dumps["1"]["PATH"] == f"{left}:/theirs"
        assert dumps["2"]["PATH"] == f"/mine:{before}:/theirs"


def _many_variables(folder: Path) -> None:
    operations = [_set(f"V{number}", f"/a/usual/path/{number}") for number in range(40)]
    operations += [_front(f"LIST{number}", f"/a/usual/folder/{number}") for number in range(20)]
    Scripts(folder, operations)


@each_shell
def test_no_process_is_started(shell: str, tmp_path: Path) -> None:
    require("strace")
    require(POSIX_SHELLS[shell][0])
    _many_variables(tmp_path)
    command = ("strace", "-f", "-qq", "-o", "trace", "-e", "trace=fork,vfork,clone,clone3,execve", *POSIX_SHELLS[shell])
    done = run(command, "set -eu; . ./on0.sh; . ./on0.sh; ckpm_deactivate", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    calls = (tmp_path / "trace").read_text().splitlines()
    assert len(calls) == 1, "the shell itself, and nothing else"


def test_shellcheck_finds_no_error(tmp_path: Path) -> None:
    require("shellcheck")
    Scripts(tmp_path, [_front("PATH", "/it's"), _set("CC", "$(x)\n"), _unset("GONE")], home="/h")
    done = run(("shellcheck", "--shell=sh", "--severity=error", "on0.sh", "off0.sh"), "#!/bin/sh\n", folder=tmp_path)
    assert done.stdout == b""
