"""What a record keeps of files."""

from __future__ import annotations

import pytest

from pkgmgr.host.keep import SCANNED, Kept, keep

RECORD = "numpy/__init__.py,sha256=AbC-d_,123\nnumpy/x.so,sha256=x,5\nnumpy.dist-info/RECORD,,\n"
ELF = b"\x7fELF\2\1\1" + b"\0" * 57


@pytest.mark.parametrize(
    ("path", "content", "is_whole", "kept"),
    [
        pytest.param("/x.h", b"#define V 1\n", True, Kept(text="#define V 1\n"), id="text"),
        pytest.param("/x", b"", True, Kept(text=""), id="empty"),
        pytest.param("/x.h", b"a" * 70_000, True, Kept(text="a" * 65536, is_cut=True), id="long text"),
        pytest.param("/x.json", b"a" * 70_000, True, Kept(text="a" * 70_000), id="an index"),
        pytest.param("/x.h", b"a\xc3", False, Kept(text="a", is_cut=True), id="cut inside of a character"),
        pytest.param("/x.h", b"a\xc3", True, Kept(content=b"a\xc3"), id="no text"),
        pytest.param("/x.bin", b"\xff" * 70_000, True, Kept(content=b"\xff" * 65536, is_cut=True), id="long bytes"),
        pytest.param(
            "/n.dist-info/RECORD",
            RECORD.encode(),
            True,
            Kept(text="numpy/__init__.py,,\nnumpy/x.so,,\nnumpy.dist-info/RECORD,,\n"),
            id="files of a distribution",
        ),
        pytest.param("/bin/x", ELF + b"abcdefgh", True, Kept(content=ELF, is_cut=True), id="an object"),
    ],
)
def test_as_much_as_tells_what_it_is(path: str, content: bytes, is_whole: bool, kept: Kept) -> None:
    assert keep(path, content, is_whole=is_whole) == kept


def test_the_texts_of_an_object_that_was_searched_are_kept() -> None:
    found = keep("/bin/x", ELF + b"\0\1\2version 1.2.3\0\3abc\0" + b"\0" * SCANNED, is_whole=True)
    assert found == Kept(content=ELF + b"\0version 1.2.3\0")
