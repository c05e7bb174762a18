"""The cut step takes bytes that are there, of a file, and makes a new one of them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pkgmgr.install.context import BuildContext
from pkgmgr.install.steps import perform_all
from pkgmgr.model.condition import Circumstances
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.package import Cut
from pkgmgr.model.target import Target

PACKED = bytes(range(100))


def perform(root: Path, step: Cut) -> Path:
    """Cut in a build folder that has a packed file, a folder and a link out of it; give the folder."""
    build = root / "build"
    (build / "folder").mkdir(parents=True)
    (build / "packed.data").write_bytes(PACKED)
    (root / "outside").write_bytes(PACKED)
    (build / "link").symlink_to(root / "outside")
    context = BuildContext(
        name="tiny 1.0",
        build=build,
        prefix=root / "made",
        folder=root,
        log=root / "build.log",
        sources={},
        roles={},
        texts={"build": str(build), "prefix": str(root / "made")},
        toolchain=None,
        cache=root,
        host="linux-x86_64",
    )
    perform_all([step], context, Circumstances(target=Target(os="linux", arch="x86_64")))
    return build


@pytest.mark.parametrize(
    ("begin", "size", "cut"),
    [
        pytest.param(0, 4, PACKED[:4], id="the beginning"),
        pytest.param(4, 90, PACKED[4:94], id="the middle"),
        pytest.param(99, 1, PACKED[99:], id="the last byte"),
        pytest.param(0, 100, PACKED, id="all"),
    ],
)
def test_what_is_cut(tmp_path: Path, begin: int, size: int, cut: bytes) -> None:
    perform(tmp_path, Cut(file="packed.data", begin=begin, size=size, to="{prefix}/deep/model.tflite"))
    made = tmp_path / "made" / "deep" / "model.tflite"
    assert made.read_bytes() == cut
    assert made.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("file", "begin", "size", "said"),
    [
        pytest.param("packed.data", 0, 101, "has 100 bytes, where 101 from 0 on are wanted", id="one too many"),
        pytest.param("packed.data", 100, 1, "where 1 from 100 on", id="behind the end"),
        pytest.param("packed.data", 1 << 62, 1 << 62, "has 100 bytes", id="absurd"),
        pytest.param("absent.data", 0, 1, "absent.data: No such file", id="not there"),
        pytest.param("*.data", 0, 1, r"\*.data: No such file", id="no glob"),
        pytest.param("folder", 0, 1, "folder is no file", id="a folder"),
        pytest.param("link", 0, 1, "link is no file", id="a link out of the folder"),
        pytest.param("/dev/zero", 0, 1, "zero is no file", id="a device"),
    ],
)
def test_what_can_not_be_cut(tmp_path: Path, file: str, begin: int, size: int, said: str) -> None:
    """Nothing is made."""
    with pytest.raises(CkpmError, match=said):
        perform(tmp_path, Cut(file=file, begin=begin, size=size, to="{prefix}/model.tflite"))
    assert not (tmp_path / "made").exists()


def test_a_link_in_its_place_is_replaced(tmp_path: Path) -> None:
    build = perform(tmp_path, Cut(file="packed.data", begin=4, size=2, to="link"))
    assert (build / "link").read_bytes() == PACKED[4:6]
    assert (tmp_path / "outside").read_bytes() == PACKED


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({"begin": -1, "size": 1}, id="before the beginning"),
        pytest.param({"begin": 0, "size": 0}, id="nothing"),
        pytest.param({"begin": 0}, id="no size"),
        pytest.param({"begin": 0, "size": 1.5}, id="half a byte"),
        pytest.param({"begin": 0, "size": 1, "command": "true"}, id="another key"),
    ],
)
def test_what_no_document_may_say(row: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"use": "cut", "file": "packed.data", "to": "x", **row}, Cut)
