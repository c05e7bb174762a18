"""Python packages are installed by uv or pip, with hashes, and not as the caller's variables would have it."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
import zipfile
from pathlib import Path

import pytest

from pkgmgr.install.context import BuildContext, BuildFailed
from pkgmgr.install.pythons import index_variables, install_command
from pkgmgr.install.steps import perform_all
from pkgmgr.install.venv.clients import find_uv
from pkgmgr.model.condition import Circumstances
from pkgmgr.model.entry import Entry
from pkgmgr.model.package import Python
from pkgmgr.model.target import Target

PINNED = ("--require-hashes", "--no-deps", "--only-binary=:all:")


@pytest.mark.parametrize("uv", [None, "/opt/uv"], ids=["pip", "uv"])
@pytest.mark.parametrize("is_offline", [False, True], ids=["online", "offline"])
def test_hashes_are_always_required(uv: str | None, is_offline: bool) -> None:
    argv = install_command(
        uv, "/v/bin/python", Path("/p/r.txt"), ["/w"], index=["--index-url", "u"], is_offline=is_offline
    )
    assert set(PINNED) < set(argv)
    assert "--find-links=/w" in argv
    assert ("--no-index" in argv) is is_offline
    assert argv[0] == (uv or "/v/bin/python")
    assert ("--index-url" in argv) is (uv is not None and not is_offline)


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("PIP_INDEX_URL", True),
        ("PIP_FIND_LINKS", True),
        ("UV_DEFAULT_INDEX", True),
        ("UV_INDEX_SITE_PASSWORD", True),
        ("https_proxy", True),
        ("SSL_CERT_FILE", True),
        ("HOME", True),
        ("PIP_TARGET", False),
        ("PIP_USER", False),
        ("PIP_PREFIX", False),
        ("PIP_NO_BINARY", False),
        ("UV_PYTHON", False),
        ("UV_LINK_MODE", False),
        ("UV_", False),
        ("PYTHONPATH", False),
        ("LD_PRELOAD", False),
        ("PATH", False),
    ],
)
def test_only_what_names_the_index_passes(name: str, passes: bool) -> None:
    assert (name in index_variables({name: "x"})) is passes


def make_wheel(folder: Path) -> Path:
    """Make a wheel of one module."""
    path = folder / "tiny-1.0-py3-none-any.whl"
    files = {
        "tiny.py": b"value = 42\n",
        "tiny-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "tiny-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}"
        for name, data in files.items()
    ]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr("tiny-1.0.dist-info/RECORD", "\n".join([*rows, "tiny-1.0.dist-info/RECORD,,", ""]))
    return path


def perform(folder: Path, digest: str, *, layout: str) -> Path:
    """Perform the step with one wheel as source, and no index."""
    (folder / "build").mkdir()
    wheel = make_wheel(folder)
    digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
    (folder / "requirements.txt").write_text(f"tiny==1.0 --hash=sha256:{digest}\n")
    interpreter = Entry(
        id="python",
        soft="lang.python",
        version="3",
        prefix=sys.prefix,
        target="linux-x86_64",
        origin="system",
        files={"python": sys.executable},
    )
    context = BuildContext(
        name="tiny 1.0",
        build=folder / "build",
        prefix=folder / "made",
        folder=folder,
        log=folder / "build.log",
        sources={"wheel": wheel},
        roles={"python": interpreter},
        texts={"prefix": str(folder / "made")},
        toolchain=None,
        cache=folder / "cache",
        host="linux-x86_64",
        offline=True,
    )
    step = Python(requirements="requirements.txt", layout="venv" if layout == "venv" else "target")
    perform_all([step], context, Circumstances(target=Target(os="linux", arch="x86_64")))
    return context.prefix


@pytest.fixture(params=["uv", "pip"])
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Say which client is to be used, or skip."""
    if request.param == "pip":
        monkeypatch.setenv("CKPM_UV", "0")
    elif find_uv(os.environ) is None:
        pytest.skip("no uv here")
    return str(request.param)


@pytest.mark.parametrize("layout", ["venv", "target"])
def test_a_pinned_wheel_is_installed(layout: str, client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PYTHONPATH", "/nonexistent")
    made = perform(tmp_path, "", layout=layout)
    found = list(made.rglob("tiny.py"))
    assert len(found) == 1
    assert (found[0].parent / "tiny-1.0.dist-info/INSTALLER").read_text().strip() == client
    assert not (tmp_path / "elsewhere").exists()


def test_a_wrong_hash_is_refused(client: str, tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match=r"(?i)hash"):
        perform(tmp_path, "0" * 64, layout="target")
    assert not list((tmp_path / "made").rglob("tiny.py"))
