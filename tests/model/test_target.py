"""Targets: names, synonyms and triples lead to one value."""

from __future__ import annotations

import pytest

from pkgmgr.model.errors import UsageError
from pkgmgr.model.reference import parse_reference, parse_tags
from pkgmgr.model.target import parse_target

NAMES = [
    ("linux-x86_64", "linux-x86_64"),
    ("linux-amd64", "linux-x86_64"),
    ("linux-x64", "linux-x86_64"),
    ("Linux-AArch64", "linux-arm64"),
    ("darwin-arm64", "macos-arm64"),
    ("android-arm64-24", "android-arm64-24"),
    ("aarch64-linux-gnu", "linux-arm64"),
    ("x86_64-pc-linux-gnu", "linux-x86_64"),
    ("x86_64-redhat-linux", "linux-x86_64"),
    ("aarch64-unknown-linux-musl", "linux-arm64-musl"),
    ("arm-linux-gnueabihf", "linux-arm"),
    ("riscv64-linux-gnu", "linux-riscv64"),
    ("aarch64-linux-android24", "android-arm64-24"),
    ("armv7a-linux-androideabi21", "android-arm-21"),
    ("x86_64-w64-mingw32", "windows-x86_64"),
    ("x86_64-w64-windows-gnu", "windows-x86_64"),
    ("x86_64-pc-windows-msvc", "windows-x86_64"),
    ("arm64-apple-darwin23.4.0", "macos-arm64"),
    ("x86_64-apple-macosx14.0", "macos-x86_64"),
    ("arm-none-eabi", "none-arm"),
]


@pytest.mark.parametrize(("text", "name"), NAMES)
def test_names(text: str, name: str) -> None:
    assert str(parse_target(text)) == name
    assert parse_target(name) == parse_target(text)


@pytest.mark.parametrize("text", ["", "linux", "x86_64", "plan10-x86_64", "linux-arm46", "-", "a-b-c-d"])
def test_malformed_targets_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_target(text)


REFERENCES = [
    ("soft:compiler.gcc", "soft:compiler.gcc"),
    ("soft:compiler.gcc@>=12,<14", "soft:compiler.gcc@>=12,<14"),
    ("package:model-x@2017+size=50+format=tf", "package:model-x@2017+format=tf+size=50"),
    ("package:model-x+format=tf", "package:model-x+format=tf"),
    ("soft:lib.torch@2.6.0+cu124", "soft:lib.torch@2.6.0+cu124"),
    ("env:./my env/env.toml", "env:./my env/env.toml"),
]


@pytest.mark.parametrize(("text", "canonical"), REFERENCES)
def test_references(text: str, canonical: str) -> None:
    assert str(parse_reference(text)) == canonical


@pytest.mark.parametrize("text", ["gcc", "soft:", "soft:a b", "soft:gcc@", "package:x+a=", "soft:../x", "soft:$(id)"])
def test_malformed_references_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_reference(text)


def test_tags_want_all_and_exclude() -> None:
    tags = parse_tags("compiler,lang-c,-cuda")
    assert tags.admits(("compiler", "lang-c", "gnu"))
    assert not tags.admits(("compiler",))
    assert not tags.admits(("compiler", "lang-c", "cuda"))
