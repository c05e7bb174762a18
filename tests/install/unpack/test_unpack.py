"""What comes out of good archives."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from pkgmgr.install.unpack import FIXED_TIME, unpack
from pkgmgr.model.errors import CkpmError
from tests.install.unpack.making import ar, entry, tar_bytes, write_zip

TREE = tar_bytes(
    entry("top/", kind=tarfile.DIRTYPE),
    entry("top/bin/run", b"#!/bin/sh\n", mode=0o4711),
    entry("top/lib/libz.so.1.2", b"elf"),
    entry("top/lib/libz.so", kind=tarfile.SYMTYPE, link="libz.so.1.2"),
    entry("top/lib/copy", kind=tarfile.LNKTYPE, link="top/lib/libz.so.1.2"),
    entry("top/a name with 'quotes' and ünï", b""),
)

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
    "gz of two members": lambda data: gzip.compress(data[:700]) + gzip.compress(data[700:]),
    "xz of two streams": lambda data: lzma.compress(data[:700]) + b"\0" * 4 + lzma.compress(data[700:]),
    "zst of two frames": lambda data: zstandard.compress(data[:700]) + zstandard.compress(data[700:]),
    "bz2 of two streams": lambda data: bz2.compress(data[:700]) + bz2.compress(data[700:]),
}


def listing(folder: Path) -> dict[str, tuple[str, int]]:
    """Give what lies in a folder: content or target, and mode."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = (f"-> {path.readlink()}", 0)
        elif path.is_file():
            found[name] = (path.read_text(), path.stat().st_mode & 0o7777)
    return found


@pytest.mark.parametrize("packer", PACKERS.values(), ids=PACKERS)
def test_tar_of_any_compression(tmp_path: Path, packer: Callable[[bytes], bytes]) -> None:
    archive = tmp_path / "a"
    archive.write_bytes(packer(TREE))
    made = unpack(archive, tmp_path / "out", strip=1)
    assert listing(tmp_path / "out") == {
        "bin/run": ("#!/bin/sh\n", 0o755),
        "lib/libz.so.1.2": ("elf", 0o644),
        "lib/libz.so": ("-> libz.so.1.2", 0),
        "lib/copy": ("elf", 0o644),
        "a name with 'quotes' and ünï": ("", 0o644),
    }
    assert [path.name for path in made] == ["run", "libz.so.1.2", "copy", made[3].name, "libz.so"]


def test_umask_and_clock_do_not_matter(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(TREE)
    before = os.umask(0o077)
    try:
        unpack(archive, tmp_path / "out")
    finally:
        os.umask(before)
    paths = list((tmp_path / "out").rglob("*"))
    assert {path.lstat().st_mtime for path in paths} == {FIXED_TIME}
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_dir()} == {0o755}


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (("lib/*",), {"lib/libz.so.1.2", "lib/libz.so", "lib/copy"}),
        (("bin",), {"bin/run"}),
        (("*/run", "lib/copy", "lib/libz.so.1.2"), {"bin/run", "lib/copy", "lib/libz.so.1.2"}),
    ],
    ids=["glob", "folder", "several"],
)
def test_only(tmp_path: Path, only: tuple[str, ...], expected: set[str]) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(TREE)
    unpack(archive, tmp_path / "out", strip=1, only=only)
    assert set(listing(tmp_path / "out")) == expected


def test_nothing_fits(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(TREE)
    with pytest.raises(CkpmError, match=r"a\.tar: nothing in it fits nope/\*"):
        unpack(archive, tmp_path / "out", only=("nope/*",))


def test_zip(tmp_path: Path) -> None:
    archive = tmp_path / "a.whl"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        write_zip(file, "pkg/__init__.py", b"x = 1\n", mode=0)
        write_zip(file, "pkg/tool", b"bin", mode=0o100755)
        write_zip(file, "pkg/link", b"tool", mode=0o120777)
        write_zip(file, "pkg\\windows.txt", b"w", mode=0)
    unpack(archive, tmp_path / "out")
    assert listing(tmp_path / "out") == {
        "pkg/__init__.py": ("x = 1\n", 0o644),
        "pkg/tool": ("bin", 0o755),
        "pkg/link": ("-> tool", 0),
        "pkg/windows.txt": ("w", 0o644),
    }


@pytest.mark.parametrize("packer", [gzip.compress, lzma.compress, zstandard.compress], ids=["gz", "xz", "zst"])
def test_deb(tmp_path: Path, packer: Callable[[bytes], bytes]) -> None:
    data = tar_bytes(
        entry("./usr/lib/libz.so.1", b"elf"),
        entry("./usr/lib/libz.so", kind=tarfile.SYMTYPE, link="/lib/libz.so.1"),
        entry("./usr/lib/systemd/dev\\x2dsda", b"unit"),
    )
    archive = tmp_path / "a.deb"
    archive.write_bytes(ar({"debian-binary": b"2.0\n", "control.tar.gz": b"odd", "data.tar.gz": packer(data)}))
    unpack(archive, tmp_path / "out")
    assert listing(tmp_path / "out") == {
        "usr/lib/libz.so.1": ("elf", 0o644),
        "usr/lib/libz.so": ("-> ../../lib/libz.so.1", 0),
        "usr/lib/systemd/dev\\x2dsda": ("unit", 0o644),
    }


def test_overlay_replaces_and_never_writes_into(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("precious")
    into = tmp_path / "out"
    into.mkdir()
    (into / "kept").write_text("kept")
    (into / "linked").symlink_to(outside)
    (into / "shared").hardlink_to(outside)
    archive = tmp_path / "a.tar"
    archive.write_bytes(tar_bytes(entry("linked", b"new"), entry("shared", b"new")))
    unpack(archive, into)
    unpack(archive, into)
    assert outside.read_text() == "precious"
    assert {path.name: path.read_text() for path in into.iterdir()} == {
        "kept": "kept",
        "linked": "new",
        "shared": "new",
    }


def test_empty_archive(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(b"\0" * 10240)
    assert unpack(archive, tmp_path / "out") == []
