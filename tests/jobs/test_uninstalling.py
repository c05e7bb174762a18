"""Which of several builds `uninstall` removes: never more than were named."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgmgr.install.store import RECORD, Store
from pkgmgr.model.entry import Entry
from tests.conftest import Ckpm

NATIVE, CROSS, OLD = "lib.zlib-1.3-00000001", "lib.zlib-1.3-00000002", "lib.zlib-1.2-00000003"


@pytest.fixture
def three(home: Path) -> Path:
    """A home with three builds of one package, and one that needs the native one."""
    rows = [
        (NATIVE, "1.3", "linux-x86_64", "no"),
        (CROSS, "1.3", "linux-arm64", "no"),
        (OLD, "1.2", "linux-x86_64", "yes"),
    ]
    for name, version, target, shared in rows:
        put(home, name, "lib-zlib", "lib.zlib", version, target, variants={"shared": shared})
    return home


def put(
    home: Path,
    name: str,
    package: str,
    soft: str,
    version: str,
    target: str,
    *,
    deps: tuple[str, ...] = (),
    variants: dict[str, str] | None = None,
) -> None:
    """Record an entry without building it."""
    folder = home / "store" / target / name
    (folder / RECORD).mkdir(parents=True)
    entry = Entry(
        id=name,
        soft=soft,
        version=version,
        prefix=str(folder),
        target=target,
        origin="package",
        package=package,
        deps=deps,
        attributes={"variants": dict(variants or {})},
    )
    Store(home=home).record(folder, entry)


def left(home: Path) -> set[str]:
    return {entry.id for entry in Store(home=home).installed()}


def test_several_builds_are_listed_and_none_is_removed(three: Path, ckpm: Ckpm) -> None:
    refused = ckpm("uninstall", "package:lib-zlib")
    assert refused.code == 2
    assert all(f"{name} for linux" in refused.err for name in (NATIVE, CROSS, OLD))
    assert "--target" in refused.err
    assert left(three) == {NATIVE, CROSS, OLD}


@pytest.mark.parametrize(
    ("arguments", "gone"),
    [
        pytest.param(("package:lib-zlib", "--target", "linux-aarch64"), {CROSS}, id="target"),
        pytest.param(("package:lib-zlib@1.2",), {OLD}, id="version"),
        pytest.param(("package:lib-zlib+shared=yes",), {OLD}, id="variant"),
        pytest.param(("package:lib-zlib@1.3", "--target", "linux-x86_64"), {NATIVE}, id="version and target"),
        pytest.param((f"entry:{OLD}",), {OLD}, id="entry"),
        pytest.param(("package:lib-zlib", "--all"), {NATIVE, CROSS, OLD}, id="all"),
        pytest.param(("package:lib-zlib", "--all", "--target", "linux-x86_64"), {NATIVE, OLD}, id="all of a target"),
    ],
)
def test_what_is_named_is_told_first_and_then_removed(
    three: Path, ckpm: Ckpm, arguments: tuple[str, ...], gone: set[str]
) -> None:
    told = ckpm("uninstall", *arguments, "--dry-run", "--json")
    assert set(told.data) == gone
    assert left(three) == {NATIVE, CROSS, OLD}
    assert set(ckpm("uninstall", *arguments, "--json").data) == gone
    assert left(three) == {NATIVE, CROSS, OLD} - gone


@pytest.mark.parametrize("arguments", [("package:lib-zlib@9",), ("package:lib-zlib", "--target", "windows-x86_64")])
def test_what_is_not_there_is_not_found_and_what_is_there_is_told(
    three: Path, ckpm: Ckpm, arguments: tuple[str, ...]
) -> None:
    missing = ckpm("uninstall", *arguments)
    assert missing.code == 3
    assert NATIVE in missing.err


def test_those_that_need_others_go_first(three: Path, ckpm: Ckpm) -> None:
    png, pdf = "lib.png-1.6-00000004", "lib.pdf-1.0-00000005"
    put(three, png, "lib-png", "lib.png", "1.6", "linux-x86_64", deps=(NATIVE,))
    put(three, pdf, "lib-pdf", "lib.pdf", "1.0", "linux-x86_64", deps=(png,))
    assert ckpm("uninstall", f"entry:{NATIVE}").code == 1
    assert ckpm("uninstall", f"entry:{NATIVE}", f"entry:{png}").code == 1
    done = ckpm("uninstall", f"entry:{NATIVE}", f"entry:{png}", f"entry:{pdf}", "--json")
    assert done.data == [pdf, png, NATIVE]
    assert left(three) == {CROSS, OLD}
