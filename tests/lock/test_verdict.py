"""Four verdicts, ranked substitutes, drift of hosts and entries, and the glibc that wheels need."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import msgspec
import pytest

from pkgmgr.lock.compare import compare_entry, compare_host
from pkgmgr.lock.needs import wheel_glibc
from pkgmgr.lock.seen import Seen
from pkgmgr.lock.verdict import judge, substitutes
from pkgmgr.model.entry import Entry
from pkgmgr.model.lock import LockedEntry, LockedHost, LockedTarget

HOST = LockedHost(
    os="linux",
    arch="x86_64",
    libc="glibc",
    libc_version="2.36",
    feature_level="x86_64_v4",
    kernel="6.1",
    drivers={"nvidia": "550.54"},
    accelerators={"nvidia": "8.6"},
)
LEAST = LockedHost(os="linux", arch="x86_64", libc="glibc", libc_version="2.28", drivers={"nvidia": "525"})
PART = LockedTarget(least=LEAST, resolved_on=HOST, entries=(), roots={})


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        ({}, "fits", ""),
        ({"libc_version": "2.39", "kernel": "6.8"}, "fits", ""),
        ({"libc_version": "2.31"}, "fits only the least", "2.31"),
        ({"feature_level": "x86_64_v2"}, "fits only the least", "x86_64_v2"),
        ({"drivers": {"nvidia": "530.1"}}, "fits only the least", "530.1"),
        ({"accelerators": {}}, "fits only the least", "no nvidia accelerator"),
        ({"libc_version": "2.17"}, "below the least", "2.28 is needed"),
        ({"libc_version": None}, "below the least", "no known version"),
        ({"drivers": {"nvidia": "470.1"}}, "below the least", "525 is needed"),
        ({"drivers": {}}, "below the least", "no nvidia driver"),
        ({"arch": "arm64"}, "can't run", "x86_64"),
        ({"os": "macos", "libc": None}, "can't run", "linux"),
        ({"libc": "musl", "libc_version": "1.2"}, "can't run", "glibc"),
    ],
)
def test_the_verdict_and_its_reason(changes: dict[str, object], verdict: str, words: str) -> None:
    found, reasons = judge(PART, msgspec.structs.replace(HOST, **changes))
    assert found == verdict
    assert words in "; ".join(reasons)


@pytest.mark.parametrize(
    ("fact", "value", "name"),
    [
        ("libc_version", "2.39", "libc_version"),
        ("microarchitecture", "zen3", "microarchitecture"),
        ("drivers", {"nvidia": "560.1"}, "driver nvidia"),
        ("accelerators", {}, "accelerator nvidia"),
    ],
)
def test_another_host_is_drift_unless_it_is_accepted(fact: str, value: object, name: str) -> None:
    other = msgspec.structs.replace(HOST, **{fact: value})
    (drift,) = compare_host(PART, other)
    assert (drift.what, drift.name, drift.is_accepted) == ("host", name, False)
    (drift,) = compare_host(msgspec.structs.replace(PART, accept="compatible"), other)
    assert drift.is_accepted
    below = msgspec.structs.replace(HOST, libc_version="2.17")
    assert not next(compare_host(msgspec.structs.replace(PART, accept="compatible"), below)).is_accepted


def test_a_part_that_was_resolved_on_another_kind_of_machine() -> None:
    least = msgspec.structs.replace(LEAST, arch="arm64", drivers={})
    part = msgspec.structs.replace(PART, least=least)
    there = LockedHost(os="linux", arch="arm64", libc="glibc", libc_version="2.31", feature_level="armv8.2a")
    assert judge(part, there) == ("fits", ())
    assert list(compare_host(part, there)) == []
    assert judge(part, HOST)[0] == "can't run"


def test_another_kernel_is_named_and_accepted() -> None:
    (drift,) = compare_host(PART, msgspec.structs.replace(HOST, kernel="6.8"))
    assert (drift.before, drift.after, drift.is_accepted) == ("6.1", "6.8", True)


def _entry(version: str | None, name: str) -> Entry:
    return Entry(
        id=name, soft="compiler.gcc", version=version, prefix=f"/{name}", target="linux-x86_64", origin="system"
    )


PIN = LockedEntry(
    id="pin",
    soft="compiler.gcc",
    version="12.2.0",
    target="linux-x86_64",
    origin="system",
    fingerprint="sha256:0",
    prefix="/usr",
)


def test_substitutes_are_ranked_and_say_what_to_type() -> None:
    rows = [_entry("14.1.0", "far"), _entry("12.1.0", "older"), _entry("12.2.0", "same"), _entry("12.3.0", "near")]
    other = msgspec.structs.replace(_entry("12.2.0", "else"), soft="compiler.llvm")

    def typed(*words: str) -> str:
        return f"ckpm {' '.join(words)} of x"

    found = substitutes(PIN, [*rows, other], typed)
    assert [row.id for row in found] == ["same", "near", "older", "far"]
    assert '"compiler.gcc" = "compatible"' in found[1].type
    assert '"compiler.gcc" = "any"' in found[3].type
    assert "ckpm lock --upgrade compiler.gcc of x" in found[0].type
    assert substitutes(PIN, [], typed) == []


def test_each_change_of_an_entry_has_its_word() -> None:
    def words(found: Entry | None) -> list[str]:
        return [drift.what for drift in compare_entry(PIN, found)]

    same = msgspec.structs.replace(_entry("12.2.0", "pin"), prefix="/usr", fingerprint="sha256:0")
    assert words(same) == []
    assert words(None) == ["removed"]
    assert words(msgspec.structs.replace(same, version="12.3.0")) == ["upgraded"]
    assert words(msgspec.structs.replace(same, version="11.1.0")) == ["downgraded"]
    assert words(msgspec.structs.replace(same, fingerprint="sha256:1")) == ["changed"]
    assert words(msgspec.structs.replace(same, prefix="/opt")) == ["moved"]
    assert words(msgspec.structs.replace(same, soft="compiler.llvm")) == ["replaced"]


@pytest.mark.parametrize(
    ("file", "glibc"),
    [
        ("a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "2.17"),
        ("a-1-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl", "2.27"),
        ("a-1-cp311-cp311-manylinux1_x86_64.whl", "2.5"),
        ("a-1-py3-none-any.whl", None),
        ("", None),
    ],
)
def test_the_glibc_of_a_wheel(file: str, glibc: str | None) -> None:
    assert wheel_glibc(file) == glibc


def test_a_file_is_read_again_only_when_its_identity_is_another(tmp_path: Path) -> None:
    file, name = tmp_path / "file", "an entry/with: odd name"

    def seen(*, full: bool = False) -> str | None:
        memory = Seen(tmp_path / "memory", name, full=full)
        digest = memory.digest(str(file))
        memory.save()
        return digest

    file.write_text("one")
    state = file.stat()
    time.sleep(0.05)  # what was written just now is not remembered
    first = seen()
    assert first == hashlib.sha256(b"one").hexdigest() == seen()
    file.write_text("two")
    assert seen() not in (None, first)
    # The time of the content can be set back by anybody, that of the state by nobody.
    file.write_text("six")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert seen() == hashlib.sha256(b"six").hexdigest() == seen(full=True)
    file.unlink()
    assert seen() is None


def test_a_file_that_was_not_touched_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one")
    time.sleep(0.05)
    for full, digest in ((False, hashlib.sha256(b"one").hexdigest()), (False, "remembered")):
        memory = Seen(tmp_path / "memory", "x", full=full)
        assert memory.digest(str(file)) == digest
        memory.save()
        (kept,) = (tmp_path / "memory").iterdir()
        rows = msgspec.msgpack.decode(kept.read_bytes())
        rows[str(file)][-1] = "remembered"
        kept.write_bytes(msgspec.msgpack.encode(rows))
    assert Seen(tmp_path / "memory", "x", full=True).digest(str(file)) == hashlib.sha256(b"one").hexdigest()
