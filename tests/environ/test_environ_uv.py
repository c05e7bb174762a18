"""Which uv is taken: on PATH, beside ckpm, else one that was installed into the store."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from pkgmgr.install.store import Recipe, Store
from pkgmgr.install.venv.clients import find_uv
from pkgmgr.model.entry import Entry

beside = importlib.util.find_spec("uv") is not None


def installed(store: Store, version: str) -> Path:
    """Record a uv of the store."""
    recipe = Recipe(
        package="tool-uv",
        version=version,
        target="linux-x86_64",
        variants={},
        document="sha256:0",
        sources={},
        dependencies={},
    )
    prefix = store.prefix(recipe)
    program = prefix / "bin/uv"
    (prefix / ".ckpm").mkdir(parents=True)
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    entry = Entry(
        id=f"tool.uv-{version}-0",
        soft="tool.uv",
        version=version,
        prefix=str(prefix),
        target="linux-x86_64",
        origin="package",
        files={"uv": str(program)},
        package="tool-uv",
    )
    store.record(prefix, entry)
    return program


@pytest.mark.skipif(beside, reason="uv is beside ckpm, and goes before")
def test_the_newest_of_the_store_is_taken_where_path_has_none(tmp_path: Path) -> None:
    store, variables = Store(home=tmp_path), {"PATH": "/nowhere"}
    assert find_uv(variables, store) is None
    installed(store, "0.9.30")
    newest = installed(store, "0.13.8")
    assert find_uv(variables, store) == str(newest)
    assert find_uv({**variables, "CKPM_UV": "0"}, store) is None
    newest.unlink()
    assert "0.9.30" in (find_uv(variables, store) or "")


def test_path_goes_before_the_store(tmp_path: Path) -> None:
    store = Store(home=tmp_path / "home")
    installed(store, "0.13.8")
    own = tmp_path / "uv"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    assert find_uv({"PATH": str(tmp_path)}, store) == str(own)
