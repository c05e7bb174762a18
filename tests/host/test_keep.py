"""What a record keeps of files."""

from __future__ import annotations

import pytest

from pkgmgr.host.keep import SCANNED, Kept, keep

RECORD = "numpy/__init__.py,sha256=AbC-d_,123\r\nnumpy.dist-info/RECORD,,\r\n"
ELF = b"\x7fELF\2\1\1" + b"\0" * 57


@pytest.mark.parametrize(
    ("path", "content", "asked", "kept"),
    [
        pytest.param("/x.h", b"#define V 1\n", 1 << 20, Kept(text="#define V 1\n"), id="text"),
        pytest.param("/x", b"", 1 << 20, Kept(text=""), id="empty"),
        pytest.param("/x.pc", b"a" * 70_000, 1 << 20, Kept(text="a" * 65536, is_cut=True), id="long text"),
        pytest.param(
            "/x.h",
            b"a" * 16384 + b"\n/* long\n * story */\n\n#define X 2\n/* no end",
            1 << 20,
            Kept(text="a" * 16384 + "\n#define X 2\n"),
            id="long header",
        ),
        pytest.param("/x.json", b"a" * 70_000, 1 << 20, Kept(text="a" * 70_000), id="an index"),
        pytest.param("/x.h", b"a\xc3", 2, Kept(text="a", is_cut=True), id="cut inside of a character"),
        pytest.param("/x.h", b"a\xc3", 1 << 20, Kept(content=b"a\xc3"), id="no text"),
        pytest.param("/x.bin", b"\xff" * 70_000, 1 << 20, Kept(content=b"\xff" * 65536, is_cut=True), id="long bytes"),
        pytest.param(
            "/n.dist-info/RECORD",
            RECORD.encode(),
            1 << 20,
            Kept(text="numpy/__init__.py,sha256=,123\r\nnumpy.dist-info/RECORD,,\r\n"),
            id="files of a distribution",
        ),
        pytest.param("/bin/x", ELF + b"abcdefgh", 4096, Kept(content=ELF, is_cut=True), id="an object"),
    ],
)
def test_as_much_as_tells_what_it_is(path: str, content: bytes, asked: int, kept: Kept) -> None:
    assert keep(path, content, asked=asked) == kept


def test_the_texts_of_an_object_that_was_searched_are_kept() -> None:
    found = keep("/bin/x", ELF + b"\0\1\2version 1.2.3\0\3abc\0" + b"\0" * 9, asked=SCANNED + 1)
    assert found == Kept(content=ELF + b"\0version 1.2.3\0")
