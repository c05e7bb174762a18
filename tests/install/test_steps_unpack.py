"""The unpack step takes a source, or an archive inside it, and nothing that lies elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgmgr.install.context import BuildContext
from pkgmgr.install.steps import perform_all
from pkgmgr.model.condition import Circumstances
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.package import Unpack
from pkgmgr.model.target import Target
from tests.install.unpack.making import entry, tar_bytes
from tests.install.unpack.test_hostile import zip_bytes

INNER = zip_bytes(("jni/a.so", b"a", 0o644), ("classes.jar", b"b", 0o644), ("[x].so", b"x", 0o644))


def perform(folder: Path, step: Unpack, inner: bytes = INNER) -> set[str]:
    build, archive = folder / "build", folder / "source.tar"
    build.mkdir()
    archive.write_bytes(tar_bytes(entry("package/[1] a.aar", inner), entry("package/1 a.aar", b"another"), entry("b")))
    context = BuildContext(
        name="tiny 1.0",
        build=build,
        prefix=folder / "made",
        folder=folder,
        log=folder / "build.log",
        sources={"source": archive},
        roles={},
        texts={"build": str(build)},
        toolchain=None,
        cache=folder,
        host="linux-x86_64",
    )
    perform_all([step], context, Circumstances(target=Target(os="linux", arch="x86_64")))
    return {path.relative_to(build).as_posix() for path in build.rglob("*") if path.is_file()}


def test_a_source(tmp_path: Path) -> None:
    assert perform(tmp_path, Unpack()) == {"package/[1] a.aar", "package/1 a.aar", "b"}


def test_an_archive_in_it(tmp_path: Path) -> None:
    """Its name is no glob; nothing else of the source stays, and ``strip`` and ``only`` are about its members."""
    assert perform(tmp_path, Unpack(inner="package/[1] a.aar", only=("jni/*", "[[]x].so"))) == {"jni/a.so", "[x].so"}


@pytest.mark.parametrize(
    ("inner", "content", "said"),
    [
        pytest.param("package/c.aar", INNER, "c.aar", id="not there"),
        pytest.param("package/[1] a.aar", b"no archive", "a.aar", id="no archive"),
        pytest.param("../source.tar", INNER, "source.tar", id="elsewhere"),
        pytest.param("package/[1] a.aar", zip_bytes(("../evil", b"x", 0)), "leads out", id="hostile"),
    ],
)
def test_what_is_no_archive_in_it(tmp_path: Path, inner: str, content: bytes, said: str) -> None:
    with pytest.raises(CkpmError, match=said):
        perform(tmp_path, Unpack(inner=inner), content)
    assert list((tmp_path / "build").iterdir()) == []
