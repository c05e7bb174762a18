"""What hostile and broken archives do: an error that names archive and member, and nothing else."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import resource
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from pkgmgr.install.unpack import Limits, unpack
from pkgmgr.model.errors import CkpmError, IntegrityError
from tests.install.unpack.making import ar, entry, tar_bytes, write_zip

SYM, HARD, FOLDER = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE

TARS = {
    "parent": ([entry("ok"), entry("../evil", b"x")], "'../evil': its name leads out"),
    "parent inside": ([entry("a/../../evil", b"x")], "leads out"),
    "harmless parent": ([entry("a/../b", b"x")], "leads out"),
    "absolute": ([entry("/tmp/evil", b"x")], "absolute path"),
    "drive": ([entry("C:\\evil", b"x")], "absolute path"),
    "share": ([entry("\\\\host\\evil", b"x")], "absolute path"),
    "newline": ([entry("a\nb", b"x")], r"'a\\nb': its name holds a line break"),
    "escape code": ([entry("a\x1b[31mb", b"x")], "control character"),
    "folder outside": ([entry("../evil", kind=FOLDER)], "leads out"),
    "absolute link": ([entry("l", kind=SYM, link="/etc")], "'l': it is a link that leads out of the folder, to '/etc'"),
    "link to parent": ([entry("a/l", kind=SYM, link="../../etc")], "leads out"),
    "link to nothing": ([entry("l", kind=SYM, link="")], "leads nowhere"),
    "link with newline": ([entry("l", kind=SYM, link="a\nb")], "control characters"),
    "file through link": ([entry("l", kind=SYM, link="."), entry("l/evil", b"x")], "'l/evil': it lies behind a link"),
    "link over folder": ([entry("l/file", b"x"), entry("l", kind=SYM, link="b")], "'l': it is a folder too"),
    "link over named folder": ([entry("l", kind=SYM, link="b"), entry("l", kind=FOLDER)], "behind a link"),
    "links together": (
        [entry("a/b/up", kind=SYM, link="../.."), entry("a/b/out", kind=SYM, link="up/../../etc")],
        "'a/b/out': it is a link that leads out",
    ),
    "links together, late": (
        [entry("a/b/out", kind=SYM, link="up/../../etc"), entry("a/b/up", kind=SYM, link="../..")],
        "leads out",
    ),
    "round": ([entry("a", kind=SYM, link="b"), entry("b", kind=SYM, link="a")], "round and round"),
    "hard link outside": ([entry("h", kind=HARD, link="../../etc/passwd")], "leads out"),
    "hard link absolute": ([entry("h", kind=HARD, link="/etc/passwd")], "absolute"),
    "hard link to nothing": ([entry("h", kind=HARD, link="later"), entry("later")], "not unpacked before"),
    "hard link to itself": ([entry("h", kind=HARD, link="h")], "not unpacked before"),
    "hard link to link": ([entry("l", kind=SYM, link="x"), entry("h", kind=HARD, link="l")], "not unpacked before"),
    "device": ([entry("d", kind=tarfile.CHRTYPE)], "'d' is a device"),
    "block device": ([entry("d", kind=tarfile.BLKTYPE)], "device"),
    "pipe": ([entry("d", kind=tarfile.FIFOTYPE)], "device, a pipe"),
    "socket, as some write it": ([entry("d", kind=b"s")], "device, a pipe"),
    "unknown kind": ([entry("d", kind=b"D")], "device, a pipe"),
    "twice": ([entry("a", b"1"), entry("./a", b"2")], "'./a': it is in the archive twice"),
    "file and folder": ([entry("a", b"1"), entry("a/b", b"2")], "behind a file"),
    "folder and file": ([entry("a/b", b"1"), entry("a", b"2")], "it is a folder too"),
    "deep": ([entry("/".join("d" * 65), b"x")], "more than 64 folders deep"),
    "long part": ([entry("n" * 300, b"x")], "no such file can be made"),
    "long name": ([entry("/".join(["n" * 200] * 30), b"x")], "longer than"),
}


@pytest.fixture
def into(tmp_path: Path) -> Iterator[Path]:
    """A folder; afterwards nothing of ours is in it, and nothing beside it was touched."""
    outer = tmp_path / "outer"
    folder = outer / "staging"
    folder.mkdir(parents=True)
    (folder / "before").write_text("before")
    (outer / "evil").write_text("untouched")
    yield folder
    assert sorted(path.name for path in outer.iterdir()) == ["evil", "staging"]
    assert (outer / "evil").read_text() == "untouched"
    assert [path.name for path in folder.iterdir()] == ["before"]


@pytest.mark.parametrize(("entries", "message"), TARS.values(), ids=TARS)
def test_hostile_tar(tmp_path: Path, into: Path, entries: list[tuple[tarfile.TarInfo, bytes]], message: str) -> None:
    archive = tmp_path / "bad.tar.gz"
    archive.write_bytes(gzip.compress(tar_bytes(*entries)))
    with pytest.raises(IntegrityError, match=message) as caught:
        unpack(archive, into)
    assert caught.value.message.startswith("bad.tar.gz: ")


def zip_bytes(*members: tuple[str, bytes, int]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in members:
            write_zip(archive, name, content, mode=mode)
    return stream.getvalue()


ZIPS = {
    "parent": ([("../evil", b"x", 0)], "leads out"),
    "parent, Windows": ([("..\\evil", b"x", 0)], "leads out"),
    "absolute": ([("/evil", b"x", 0)], "absolute"),
    "drive": ([("C:\\evil", b"x", 0)], "absolute"),
    "NUL": ([("a\0b", b"x", 0)], "control character"),
    "newline": ([("a\nb", b"x", 0)], "control character"),
    "link outside": ([("l", b"../../etc", 0o120777)], "leads out"),
    "file through link": ([("l", b".", 0o120777), ("l/evil", b"x", 0)], "behind a link"),
    "long link": ([("l", b"x" * 5000, 0o120777)], "a link to a name of 5,000 bytes"),
    "device": ([("d", b"", 0o020644)], "device"),
    "block device": ([("d", b"", 0o060644)], "device"),
    "pipe": ([("d", b"", 0o010644)], "device, a pipe"),
    "socket": ([("d", b"", 0o140644)], "device, a pipe"),
    "setuid device": ([("d", b"", 0o024755)], "device"),
    "twice": ([("a", b"1", 0), ("a", b"2", 0)], "twice"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("members", "message"), ZIPS.values(), ids=ZIPS)
def test_hostile_zip(tmp_path: Path, into: Path, members: list[tuple[str, bytes, int]], message: str) -> None:
    archive = tmp_path / "bad.zip"
    archive.write_bytes(zip_bytes(*members))
    with pytest.raises(IntegrityError, match=message):
        unpack(archive, into)


GOOD = tar_bytes(entry("a/one", os.urandom(3000)), entry("a/two", os.urandom(3000)), entry("a/three", b"3"))
ZIPPED = zip_bytes(("a/one", os.urandom(3000), 0), ("a/two", b"2" * 3000, 0))
DEB = ar({"debian-binary": b"2.0\n", "data.tar.gz": gzip.compress(GOOD)})


def flipped(data: bytes, place: int) -> bytes:
    """Give data with one byte changed."""
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


def encrypted(data: bytes) -> bytes:
    """Mark the first member of a zip as encrypted."""
    place = data.index(b"PK\1\2")
    return data[: place + 8] + b"\x01" + data[place + 9 :]


MODES = {"run": 0o777, "read": 0o666}

BROKEN = {
    "nothing": b"",
    "text": b"<html>404</html>" * 100,
    "tar, cut in a file": GOOD[:2000],
    "tar, cut in a header": GOOD[: 512 + 3072 + 100],
    "tar, a bad header in the middle": flipped(GOOD, 512 + 3072 + 20),
    "tar, a bad first header": flipped(GOOD, 20),
    "gzip, cut": gzip.compress(GOOD)[:-1500],
    "gzip, cut in its checksum": gzip.compress(GOOD)[:-3],
    "gzip, wrong checksum": flipped(gzip.compress(GOOD), -6),
    "gzip, wrong byte": flipped(gzip.compress(GOOD), 2000),
    "gzip of nothing": gzip.compress(b""),
    "gzip of text": gzip.compress(b"<html>404</html>" * 100),
    "xz, cut": lzma.compress(GOOD)[:-900],
    "xz, wrong byte": flipped(lzma.compress(GOOD), 2000),
    "zstd, cut": zstandard.compress(GOOD)[:-900],
    "zstd, only its magic": b"\x28\xb5\x2f\xfd" + b"garbage" * 20,
    "bzip2, garbage": b"BZh9" + b"garbage" * 20,
    "zip, cut": ZIPPED[:-30],
    "zip, wrong byte in the content": flipped(ZIPPED, 1000),
    "zip, encrypted": encrypted(ZIPPED),
    "zip, only its magic": b"PK\3\4" + b"\0" * 100,
    "deb, cut": DEB[:-900],
    "deb, no data": ar({"debian-binary": b"2.0\n"}),
    "deb, wrong header": DEB.replace(b"`\n", b"~\n"),
    "deb, size beyond its end": ar({"data.tar": GOOD}).replace(f"{len(GOOD):<10}".encode(), b"9999999999"),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_broken(tmp_path: Path, into: Path, content: bytes) -> None:
    archive = tmp_path / "bad"
    archive.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"^bad: "):
        unpack(archive, into)


def zeros(size: int) -> bytes:
    return gzip.compress(tar_bytes(entry("zeros", bytes(size))))


BOMBS = {
    "ratio": (zeros(3 << 20), Limits(harmless=1 << 20, ratio=100), "far more than its size suggests"),
    "size": (zeros(3 << 20), Limits(size=2 << 20), "more than 2,097,152 bytes"),
    "count": (tar_bytes(*(entry(str(number)) for number in range(20))), Limits(count=10), "more than 10 files"),
    "zip": (zip_bytes(("zeros", bytes(3 << 20), 0)), Limits(size=2 << 20), "more than 2,097,152 bytes"),
    "hard links": (
        tar_bytes(entry("a", b"x" * 1000), *(entry(f"h{n}", kind=HARD, link="a") for n in range(100))),
        Limits(size=50_000),
        "more than 50,000 bytes",
    ),
}


@pytest.mark.parametrize(("content", "limits", "message"), BOMBS.values(), ids=BOMBS)
def test_bomb(tmp_path: Path, into: Path, content: bytes, limits: Limits, message: str) -> None:
    archive = tmp_path / "bomb"
    archive.write_bytes(content)
    with pytest.raises(IntegrityError, match=message):
        unpack(archive, into, limits=limits)


def test_skipped_members_count_too(tmp_path: Path, into: Path) -> None:
    archive = tmp_path / "bomb"
    archive.write_bytes(zeros(100 << 20))
    with pytest.raises(IntegrityError, match="far more than its size suggests"):
        unpack(archive, into, only=("nothing",), limits=Limits(harmless=1 << 20, ratio=10))


@pytest.mark.parametrize("bits", [0o4000, 0o2000, 0o1000, 0o7000], ids=["setuid", "setgid", "sticky", "all"])
@pytest.mark.parametrize("kind", ["tar", "zip", "deb"])
def test_bits_that_lend_rights_are_dropped(tmp_path: Path, kind: str, bits: int) -> None:
    """And what everybody may write is not so for everybody here."""
    members = [entry("d", kind=FOLDER, mode=bits | 0o777), entry("d/run", b"x", mode=bits | 0o777)]
    content = tar_bytes(*members, entry("d/read", b"x", mode=bits | 0o666))
    if kind == "zip":
        content = zip_bytes(*((f"d/{name}", b"x", 0o100000 | bits | mode) for name, mode in MODES.items()))
    if kind == "deb":
        content = ar({"debian-binary": b"2.0\n", "data.tar": content})
    archive, out = tmp_path / "a", tmp_path / "out"
    archive.write_bytes(content)
    unpack(archive, out)
    modes = {path.name: stat.S_IMODE(path.lstat().st_mode) for path in out.rglob("*")}
    assert modes == {"d": 0o755, "run": 0o755, "read": 0o644}


def test_huge_extended_header_takes_no_memory(tmp_path: Path, into: Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 8 << 30
    archive = tmp_path / "bad"
    archive.write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20)))
    with pytest.raises(IntegrityError, match="a header of the tar archive claims 8,589,934,592 bytes"):
        unpack(archive, into)


def test_what_was_there_stays_when_a_member_is_bad(tmp_path: Path, into: Path) -> None:
    archive = tmp_path / "bad.tar"
    archive.write_bytes(tar_bytes(entry("new/file", b"x"), entry("l", kind=SYM, link="new"), entry("../evil")))
    with pytest.raises(IntegrityError):
        unpack(archive, into)


def test_links_of_an_earlier_archive_count(tmp_path: Path) -> None:
    first, second = tmp_path / "first.tar", tmp_path / "second.tar"
    first.write_bytes(tar_bytes(entry("a/b/up", kind=SYM, link="../..")))
    second.write_bytes(tar_bytes(entry("a/b/out", kind=SYM, link="up/../../etc")))
    unpack(first, tmp_path / "out")
    with pytest.raises(IntegrityError, match="leads out"):
        unpack(second, tmp_path / "out")
    second.write_bytes(tar_bytes(entry("a/b/up/file", b"x")))
    with pytest.raises(IntegrityError, match="behind a file or a link"):
        unpack(second, tmp_path / "out")


def test_full_disk(tmp_path: Path) -> None:
    """A file-size limit stands for the disk: the failing write is the same."""
    archive = tmp_path / "a.tar"
    archive.write_bytes(tar_bytes(entry("big", bytes(1 << 20))))
    program = "import sys; from pathlib import Path; from pkgmgr.install.unpack import unpack\n"
    program += "try: unpack(Path(sys.argv[1]), Path(sys.argv[2]))\n"
    program += "except Exception as error: print(type(error).__name__, error, end='')"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    answer = subprocess.run(
        [sys.executable, "-c", program, str(archive), str(tmp_path / "out")],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == "CkpmError a.tar: 'big': can't be unpacked: File too large"
    assert list((tmp_path / "out").iterdir()) == []


def test_unreadable_archive(tmp_path: Path) -> None:
    with pytest.raises(CkpmError, match=r"gone\.tar: can't be unpacked: .*gone\.tar: No such file"):
        unpack(tmp_path / "gone.tar", tmp_path / "out")
