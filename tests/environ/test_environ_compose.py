"""What operations mean, and how those of several entries come together."""

from __future__ import annotations

import msgspec
import pytest

from pkgmgr.environ.compose import apply, compose, is_system_folder, without_system_folders
from pkgmgr.model.entry import Entry
from pkgmgr.model.operation import Operation, OperationError, check

from .entries import GCC, ZLIB


@pytest.mark.parametrize(
    ("operation", "before", "after"),
    [
        (Operation(op="set", var="V", value=" $x "), None, " $x "),
        (Operation(op="set", var="V", value=""), "old", ""),
        (Operation(op="unset", var="V"), "old", None),
        (Operation(op="unset", var="V"), None, None),
        (Operation(op="prepend", var="V", value="a", sep=" "), "b", "a b"),
        (Operation(op="append", var="V", value="a", sep=" "), "b", "b a"),
        (Operation(op="prepend", var="V", value="a", sep=" "), "", "a"),
        (Operation(op="append", var="V", value="a", sep=" "), None, "a"),
        (Operation(op="prepend_path", var="V", value="/a"), "/a:/b", "/a|/a:/b"),
        (Operation(op="append_path", var="V", value="/a", sep=":"), ":", "::/a"),
        (Operation(op="prepend_path", var="V", value=""), "b", "|b"),
    ],
    ids=repr,
)
def test_one_operation(operation: Operation, before: str | None, after: str | None) -> None:
    environment = {"OTHER": "o"} | ({} if before is None else {"V": before})
    expected = {"OTHER": "o"} | ({} if after is None else {"V": after})
    assert apply([operation], environment, path_separator="|") == expected
    assert environment.get("V") == before


def test_operations_apply_in_order() -> None:
    operations = [
        Operation(op="set", var="V", value="1"),
        Operation(op="append", var="V", value="2", sep=","),
        Operation(op="unset", var="V"),
        Operation(op="prepend", var="V", value="3", sep=","),
    ]
    assert apply(operations, {"V": "0"}) == {"V": "3"}


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "A=B", "é", "A\n", "$(id)", "A;B"])
def test_a_name_that_no_shell_holds_is_refused(name: str) -> None:
    with pytest.raises(OperationError, match="can't be the name of a variable"):
        check([Operation(op="set", var=name, value="x")])


def test_all_that_is_wrong_is_said_at_once() -> None:
    wrong = [
        Operation(op="set", var="A"),
        Operation(op="unset", var="B", value="x"),
        Operation(op="set", var="C", value="x\0y"),
        Operation(op="append", var="D", value="x", sep="\0"),
    ]
    with pytest.raises(OperationError) as caught:
        check(wrong)
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["A", "B", "C", "D"]
    assert caught.value.code == "usage"


def test_an_operation_survives_json() -> None:
    operation = Operation(op="append", var="CFLAGS", value="-g", sep=" ")
    assert msgspec.json.encode(operation) == b'{"op":"append","var":"CFLAGS","value":"-g","sep":" "}'
    assert msgspec.json.decode(msgspec.json.encode(operation), type=Operation) == operation


@pytest.mark.parametrize(
    "folder", ["/usr/bin", "/bin/", "//usr//bin", "/usr/./bin", "/usr/x/../bin", "C:\\Windows\\System32"]
)
def test_a_system_folder_is_known_however_it_is_spelled(folder: str) -> None:
    assert is_system_folder(folder)


@pytest.mark.parametrize("folder", ["/usr/bin/x", "/opt/gcc/bin", "bin", "", "/usr/lib/llvm-16/bin"])
def test_other_folders_are_no_system_folders(folder: str) -> None:
    assert not is_system_folder(folder)


@pytest.mark.parametrize(
    ("value", "kept"), [("/usr/bin", None), ("/opt/a:/usr/bin/", "/opt/a"), ("/opt/a", "/opt/a"), ("/bin:/sbin", None)]
)
def test_a_system_folder_never_comes_to_the_front_of_path(value: str, kept: str | None) -> None:
    left = without_system_folders(Operation(op="prepend_path", var="PATH", value=value))
    assert (left.value if left is not None else None) == kept
    for op, var in (("append_path", "PATH"), ("prepend_path", "LD_LIBRARY_PATH"), ("set", "X")):
        operation = Operation(op=op, var=var, value=value)  # type: ignore[arg-type]
        assert without_system_folders(operation) == operation


def _with_env(entry: Entry, *env: Operation) -> Entry:
    return msgspec.structs.replace(entry, env=env)


def test_what_was_asked_for_first_is_applied_last_and_own_operations_come_after() -> None:
    shared = Operation(op="prepend_path", var="P", value="/shared")
    first = _with_env(GCC, shared, Operation(op="set", var="CC", value="first"))
    second = _with_env(ZLIB, shared, Operation(op="set", var="CC", value="second"))
    own = Operation(op="prepend_path", var="PATH", value="/usr/bin")
    operations = compose([first, second, first], [own, own])
    assert apply(operations, {})["CC"] == "first"
    assert [operation.value for operation in operations] == ["second", "/shared", "first", "/usr/bin", "/usr/bin"]


def test_setting_a_variable_again_is_no_repetition() -> None:
    one, two = (Operation(op="set", var="V", value=value) for value in "12")
    assert compose([_with_env(GCC, one, two, one)]) == (one, two, one)
