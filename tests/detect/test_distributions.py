"""Python distributions on recorded machines: every kind of metadata, and what is left of removed ones."""

from __future__ import annotations

import pytest

from pkgmgr.detect.candidates import Candidate
from pkgmgr.detect.dist_metadata import (
    accelerator,
    editable_source,
    is_remains_of,
    parse_folder_name,
    parse_metadata,
    tags_abi,
    tags_target,
)
from pkgmgr.detect.distributions import DistributionIndex, distribution_soft
from pkgmgr.detect.python_sites import loose_sites, python_sites
from pkgmgr.host.recorded import RecordedFiles
from pkgmgr.model.entry import Rejection

VENV = "/home/me/venv"
SITE = f"{VENV}/lib/python3.11/site-packages"
BASE = {f"{VENV}/pyvenv.cfg": "home = /usr/bin\nversion = 3.11.2\n", f"{VENV}/bin/python": "", "/usr/bin/python3": ""}


def metadata(name: str, version: str, more: str = "") -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}\nA description.\nVersion: 9.9\n"


def find(name: str, files: dict[str, str], **options: str) -> tuple[list[Candidate], list[Rejection]]:
    host = RecordedFiles(files={**BASE, **files})
    sites = python_sites(host, [f"{VENV}/bin/python", "/usr/bin/python3"], "/home/me", options)
    findings = list(DistributionIndex(host, sites).find(distribution_soft(name)))
    return (
        [one for one in findings if isinstance(one, Candidate)],
        [one for one in findings if isinstance(one, Rejection)],
    )


def only(name: str, files: dict[str, str], **options: str) -> Candidate:
    found, rejected = find(name, files, **options)
    assert len(found) == 1, rejected
    return found[0]


def told(candidate: Candidate) -> dict[str, object]:
    given = candidate.facts["given_attributes"]
    assert isinstance(given, dict)
    return dict(given)


@pytest.mark.parametrize(
    ("folder", "content", "version"),
    [
        ("torch-2.1.0+cu121.dist-info/METADATA", metadata("torch", "2.1.0+cu121"), "2.1.0+cu121"),
        ("torch.egg-info/PKG-INFO", metadata("torch", "1.0"), "1.0"),
        ("torch-1.0-py3.11.egg-info", metadata("torch", "1.0"), "1.0"),
        ("torch-1.0-py3.11.egg/EGG-INFO/PKG-INFO", metadata("torch", "1.0"), "1.0"),
        ("Torch-1.0rc1.dist-info/METADATA", metadata("Torch", "1.0rc1"), "1.0rc1"),
    ],
)
def test_every_kind_of_metadata(folder: str, content: str, version: str) -> None:
    found = only("torch", {f"{SITE}/{folder}": content})
    assert found.facts["version"] == version
    assert found.facts["prefix"] == VENV
    assert found.origin == f"python:{VENV}"


@pytest.mark.parametrize("asked", ["Ruamel.Yaml", "ruamel-yaml", "ruamel_yaml", "RUAMEL--YAML"])
def test_names_are_normalized(asked: str) -> None:
    assert only(asked, {f"{SITE}/ruamel.yaml-0.18.6.dist-info/METADATA": metadata("ruamel.yaml", "0.18.6")})


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({f"{SITE}/torch-1.0.dist-info/RECORD": ""}, "half removed: its METADATA"),
        ({f"{SITE}/~orch-1.0.dist-info/METADATA": metadata("torch", "1.0")}, "the remains of a torch"),
        (
            {
                f"{SITE}/torch-1.0.dist-info/METADATA": metadata("torch", "1.0"),
                f"{SITE}/torch-1.0.dist-info/RECORD": "torch/__init__.py,sha256=x,10\ntorch/a.py,sha256=x,3\n",
            },
            "none of the first",
        ),
        ({f"{SITE}/torch.egg-info/PKG-INFO": "Name: torch\n\n"}, "no version"),
        (
            {
                f"{SITE}/torch-1.0.dist-info/METADATA": metadata("torch", "1.0"),
                f"{SITE}/torch-1.0.dist-info/direct_url.json": '{"url": "file:///gone", "dir_info": {"editable":true}}',
            },
            "whose folder /gone is not there",
        ),
    ],
)
def test_what_is_not_installed_is_turned_down(files: dict[str, str], reason: str) -> None:
    found, rejected = find("torch", files)
    assert found == []
    assert any(reason in one.reason for one in rejected), rejected


def test_of_two_versions_in_one_folder_the_files_tell_which_it_is() -> None:
    files = {
        f"{SITE}/torch/__init__.py": "12345",
        f"{SITE}/torch-1.0.dist-info/METADATA": metadata("torch", "1.0"),
        f"{SITE}/torch-1.0.dist-info/RECORD": "torch/__init__.py,sha256=x,5\n",
        f"{SITE}/torch-2.0.dist-info/METADATA": metadata("torch", "2.0"),
        f"{SITE}/torch-2.0.dist-info/RECORD": "torch/__init__.py,sha256=x,7\n",
    }
    found, rejected = find("torch", files)
    assert [one.facts["version"] for one in found] == ["1.0"]
    assert "left behind" in rejected[0].reason


def test_editable_user_and_path_sites() -> None:
    source = {
        f"{SITE}/mine-1.0.dist-info/METADATA": metadata("mine", "1.0"),
        f"{SITE}/mine-1.0.dist-info/direct_url.json": '{"url": "file:///src/my%20own", "dir_info": {"editable": true}}',
        "/src/my own/pyproject.toml": "",
    }
    assert told(only("mine", source))["editable"] == "/src/my own"
    develop = {
        f"{SITE}/easy-install.pth": "import os; os.abort()\n/src/old\n",
        "/src/old/old.egg-info/PKG-INFO": metadata("old", "3"),
    }
    assert told(only("old", develop))["editable"] == "/src/old"
    user = {
        "/home/me/.local/lib/python3.11/site-packages/x-1.dist-info/METADATA": metadata("x", "1"),
        "/usr/lib/python3.11/site-packages/README": "",
    }
    found = only("x", user)
    assert (found.facts["prefix"], told(found)["scope"], found.facts["python"]) == (
        "/home/me/.local",
        "user",
        "/usr/bin/python3",
    )
    path = {"/opt/libs/y-1.dist-info/METADATA": metadata("y", "1")}
    assert told(only("y", path, PYTHONPATH="/nowhere:/opt/libs"))["scope"] == "path"
    host = RecordedFiles(files=path)
    assert [site.prefix for site in loose_sites(host, ["/opt", "/opt/libs"])] == ["/opt/libs"]


def test_conda_debian_and_environments_that_see_the_system() -> None:
    conda = {
        f"{VENV}/conda-meta/pytorch-2.1.0-py3.11_cuda12.1_0.json": "{}",
        f"{SITE}/torch-2.1.0.dist-info/METADATA": metadata("torch", "2.1.0"),
        f"{SITE}/torch-2.1.0.dist-info/INSTALLER": "conda\n",
    }
    found = only("torch", conda)
    assert found.origin == f"conda:{VENV}"
    assert told(found)["conda_build"] == "py3.11_cuda12.1_0"
    debian = {
        "/usr/lib/python3/dist-packages/PyYAML-6.0.dist-info/METADATA": metadata("PyYAML", "6.0"),
        f"{VENV}/pyvenv.cfg": "home = /usr/bin\ninclude-system-site-packages = true\nversion = 3.11.2\n",
    }
    found = only("pyyaml", debian)
    assert found.facts["prefix"] == "/usr"
    assert told(found)["seen_from"] == [VENV]


@pytest.mark.parametrize(
    ("name", "version", "requires", "expected"),
    [
        ("torch", "2.6.0+cu126", (), "cuda 12.6"),
        ("torch", "2.6.0+rocm6.2.4", (), "rocm 6.2"),
        ("torch", "2.6.0+cpu", (), "cpu"),
        ("torch", "2.6.0", ("nvidia-cuda-runtime-cu12==12.4.127; platform_system == 'Linux'",), "cuda 12.4"),
        ("torch", "2.6.0", ("nvidia-cuda-runtime-cu12==12.4.127; extra == 'cuda'",), None),
        ("tensorflow-cpu", "2.21.0", (), "cpu"),
        ("onnxruntime-gpu", "1.20", (), "cuda"),
        ("cupy-cuda12x", "13.0", (), "cuda 12"),
        ("numpy", "2.0", (), None),
    ],
)
def test_accelerator(name: str, version: str, requires: tuple[str, ...], expected: str | None) -> None:
    assert accelerator(name, version, requires) == expected


@pytest.mark.parametrize(
    ("tags", "target", "abi"),
    [
        (["cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux2014_x86_64"], "linux-x86_64", "cp311"),
        (["cp37-abi3-musllinux_1_2_aarch64"], "linux-arm64-musl", "abi3"),
        (["cp312-cp312-macosx_11_0_arm64"], "macos-arm64", "cp312"),
        (["cp312-cp312-macosx_10_13_universal2"], None, "cp312"),
        (["cp312-cp312-win_amd64"], "windows-x86_64", "cp312"),
        (["py3-none-any"], None, None),
        (["garbage"], None, None),
    ],
)
def test_wheel_tags(tags: list[str], target: str | None, abi: str | None) -> None:
    assert (tags_target(tags), tags_abi(tags)) == (target, abi)


def test_garbage() -> None:
    assert parse_folder_name("torch") is None
    assert parse_metadata("\x00\xff::\n") == parse_metadata("")
    assert editable_source(b"{") is None
    assert editable_source(b'{"url": "https://x/y.whl"}') is None
    assert not is_remains_of("~", "torch")
    assert not is_remains_of("torch", "torch")
