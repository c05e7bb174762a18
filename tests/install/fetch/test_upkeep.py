"""Looking after the cache, and carrying it to a site without a network."""

from __future__ import annotations

import io
import os
import tarfile
import time
from pathlib import Path

import pytest

from pkgmgr.install.fetch.cache import Cache
from pkgmgr.install.fetch.carry import export_cache, import_cache
from pkgmgr.install.fetch.fetcher import Fetcher
from pkgmgr.install.fetch.upkeep import list_cache, prune_cache, verify_cache
from pkgmgr.model.errors import CkpmError, IntegrityError
from tests.install.fetch.conftest import pinned, unfinished, visible


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """A cache with two files."""
    fetcher = Fetcher(tmp_path / "cache", variables={})
    for name, content in (("b.zip", b"bb"), ("a.zip", b"aaa")):
        (tmp_path / name).write_bytes(content)
        fetcher.fetch(pinned((tmp_path / name).as_uri(), content=content))
    return fetcher.kept


def test_list(cache: Cache) -> None:
    assert [(file.path.name, file.size) for file in list_cache(cache)] == [("a.zip", 3), ("b.zip", 2)]


def test_list_of_nothing(tmp_path: Path) -> None:
    assert list_cache(Cache(tmp_path / "nothing")) == []
    assert verify_cache(Cache(tmp_path / "nothing")).sound == ()


def test_verify_reads_what_a_memo_would_believe(cache: Cache) -> None:
    bad = list_cache(cache)[0]
    state = bad.path.stat()
    bad.path.write_bytes(b"AAA")
    os.utime(bad.path, ns=(state.st_atime_ns, state.st_mtime_ns))
    result = verify_cache(cache)
    assert [file.path.name for file in result.removed] == ["a.zip"]
    assert [file.path.name for file in result.sound] == ["b.zip"]
    assert visible(cache.folder) == ["b.zip"]


def test_prune(cache: Cache) -> None:
    a, b = list_cache(cache)
    (cache.partials / "given-up.part").write_bytes(b"12345")
    (cache.partials / f"{a.sha256}.another-host.1.0.part").write_bytes(b"in use there")
    (cache.partials / "scratch-new").mkdir()
    result = prune_cache(cache, keep={b.sha256})
    assert [file.path.name for file in result.removed] == ["a.zip"]
    assert result.freed == 3 + 5
    assert visible(cache.folder) == ["b.zip"]
    assert unfinished(cache.folder) == [f"{a.sha256}.another-host.1.0.part", "scratch-new"]


def test_prune_keeps_what_was_used(cache: Cache, tmp_path: Path) -> None:
    a, _ = list_cache(cache)
    for memo in cache.contents.glob("*/*/.*.memo"):
        os.utime(memo, (time.time() - 1000, time.time() - 1000))
    assert cache.find(a.sha256, "a.zip")
    assert [file.path.name for file in prune_cache(cache, unused_for=500).removed] == ["b.zip"]


def test_carry(cache: Cache, tmp_path: Path) -> None:
    first, second = tmp_path / "one.tar", tmp_path / "two.tar"
    export_cache(cache, first)
    export_cache(cache, second)
    assert first.read_bytes() == second.read_bytes()
    there = Cache(tmp_path / "there")
    assert [path.read_bytes() for path in import_cache(there, first)] == [
        file.path.read_bytes() for file in sorted(list_cache(cache), key=lambda file: file.sha256)
    ]
    assert visible(there.folder) == visible(cache.folder)
    assert len(import_cache(there, first)) == 2, "again"
    source = pinned("https://upstream.invalid/a.zip", content=b"aaa")
    assert Fetcher(there.folder, offline=True, variables={}).fetch(source).read_bytes() == b"aaa"


def test_carry_only_some(cache: Cache, tmp_path: Path) -> None:
    a, _ = list_cache(cache)
    assert [file.path.name for file in export_cache(cache, tmp_path / "x.tar", only=[a.sha256])] == ["a.zip"]
    with pytest.raises(CkpmError, match="the cache has no 0000"):
        export_cache(cache, tmp_path / "y.tar", only=["0" * 64])
    assert not (tmp_path / "y.tar").exists()


def test_what_has_rotted_is_not_carried(cache: Cache, tmp_path: Path) -> None:
    list_cache(cache)[0].path.write_bytes(b"AAA")
    with pytest.raises(IntegrityError, match=r"a\.zip in the cache is not what it was"):
        export_cache(cache, tmp_path / "x.tar")
    assert not list(tmp_path.glob("*x.tar*"))


def archive_of(path: Path, name: str, content: bytes, kind: bytes = tarfile.REGTYPE) -> Path:
    """Write a tar with one member."""
    info = tarfile.TarInfo(name)
    info.size, info.type = len(content), kind
    with tarfile.open(path, "w") as tar:
        tar.addfile(info, io.BytesIO(content))
    return path


HASH = "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"  # of "aaa"


@pytest.mark.parametrize(
    ("name", "content", "kind", "message"),
    [
        (f"sha256/{HASH}/a", b"bbb", tarfile.REGTYPE, "a: expected sha256 9834"),
        (f"sha256/{HASH}/../../../evil", b"aaa", tarfile.REGTYPE, "is not what `ckpm cache export` writes"),
        (f"sha256/{HASH}/.hidden", b"aaa", tarfile.REGTYPE, "is not what"),
        (f"sha256/{HASH}/a b", b"aaa", tarfile.REGTYPE, "is not what"),
        ("/etc/passwd", b"aaa", tarfile.REGTYPE, "is not what"),
        (f"sha256/{HASH}/a", b"", tarfile.SYMTYPE, "is not what"),
        (f"sha256/{HASH}/a", b"", tarfile.CHRTYPE, "is a device"),
    ],
    ids=["wrong", "outside", "hidden", "odd name", "absolute", "link", "device"],
)
def test_hostile_import(tmp_path: Path, name: str, content: bytes, kind: bytes, message: str) -> None:
    there = Cache(tmp_path / "there")
    with pytest.raises(IntegrityError, match=message):
        import_cache(there, archive_of(tmp_path / "x.tar", name, content, kind))
    assert visible(there.folder) == []
    assert unfinished(there.folder) == []


def test_import_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"")
    with pytest.raises(CkpmError, match=r"x\.tar can't be taken in"):
        import_cache(Cache(tmp_path / "there"), tmp_path / "x.tar")
    with pytest.raises(CkpmError, match=r"gone\.tar"):
        import_cache(Cache(tmp_path / "there"), tmp_path / "gone.tar")
