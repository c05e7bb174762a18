"""Python environments: requirements as PEP 508, what uv and pip answer, which wheel is taken, and one made for real."""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from pkgmgr.install.venv.clients import IndexSettings, find_uv, pip_settings
from pkgmgr.install.venv.solve import pip_conflict, read_pylock, read_report
from pkgmgr.install.venv.tags import best_wheel, pip_platforms, supported_tags, uv_platform
from pkgmgr.install.venv.wanted import package_requirements, requirement_text
from pkgmgr.model.errors import CkpmError, ConflictError, UsageError
from pkgmgr.model.target import parse_target
from pkgmgr.model.version import VersionRange
from tests.conftest import Ckpm

LINUX = parse_target("linux-x86_64")
DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("", "numpy"),
        ("2", "numpy==2.*"),
        ("2.1.0", "numpy==2.1.0.*"),
        ("=2.1.0", "numpy==2.1.0"),
        (">=1.26,<3", "numpy>=1.26,<3"),
        ("==2.1.*", "numpy==2.1.*"),
        ("~=2.1", "numpy~=2.1"),
        ("!=2.0.1", "numpy!=2.0.1"),
    ],
)
def test_a_range_is_written_as_pep_508(wanted: str, expected: str) -> None:
    assert requirement_text("numpy", VersionRange(wanted)) == expected


def test_extras_are_written_in_brackets() -> None:
    assert requirement_text("jax", VersionRange(">=0.4"), ["tpu", "cuda12"]) == "jax[cuda12,tpu]>=0.4"


def test_a_package_says_what_it_is_in_an_environment() -> None:
    rows = ("tensorflow-{kind}=={version}", "absl-py; python_version < '3.13'")
    texts = {"kind": "cpu"}
    assert package_requirements(rows, VersionRange("2.21"), texts, where="lib-tensorflow") == [
        "tensorflow-cpu==2.21.*",
        "absl-py; python_version < '3.13'",
    ]
    with pytest.raises(UsageError, match=r"lib-tensorflow.*flavour"):
        package_requirements(["x-{flavour}"], VersionRange(""), {}, where="lib-tensorflow")


NUMPY = [
    "numpy-2.0.2-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "numpy-2.0.2-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
    "numpy-2.0.2-cp311-cp311-musllinux_1_1_x86_64.whl",
    "numpy-2.0.2-cp311-cp311-macosx_11_0_arm64.whl",
    "numpy-2.0.2-cp311-cp311-win_amd64.whl",
    "numpy-2.0.2-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "numpy-2.0.2.tar.gz",
    "not a wheel.whl",
]


@pytest.mark.parametrize(
    ("target", "libc", "expected"),
    [
        ("linux-x86_64", "2.36", NUMPY[0]),
        ("linux-x86_64", "2.12", None),
        ("linux-arm64", None, NUMPY[1]),
        ("linux-x86_64-musl", None, NUMPY[2]),
        ("macos-arm64", None, NUMPY[3]),
        ("windows-x86_64", None, NUMPY[4]),
        ("linux-riscv64", None, None),
    ],
)
def test_the_wheel_of_the_target_is_taken(target: str, libc: str | None, expected: str | None) -> None:
    assert best_wheel(NUMPY, supported_tags("3.11.7", parse_target(target), libc)) == expected


def test_of_equal_wheels_the_highest_build_is_taken() -> None:
    files = ["a-1-py3-none-any.whl", "a-1-2-py3-none-any.whl", "a-1-10-py3-none-any.whl"]
    assert best_wheel(files, supported_tags("3.11", LINUX)) == files[2]


def test_a_wheel_of_the_stable_abi_fits_a_newer_python() -> None:
    files = ["a-1-cp38-abi3-manylinux2014_x86_64.whl"]
    assert best_wheel(files, supported_tags("3.13.0", LINUX, "2.36")) == files[0]


def test_no_python_environment_is_made_for_android() -> None:
    for name in (pip_platforms, uv_platform):
        with pytest.raises(UsageError, match="android-arm64"):
            name(parse_target("android-arm64"))


# pip 26.0 with --report, uv 0.13.9 with --format pylock.toml; addresses shortened.
REPORT = {
    "version": "1",
    "pip_version": "26.0",
    "install": [
        {
            "download_info": {
                "url": f"https://example.org/simple/{NUMPY[0]}",
                "archive_info": {"hash": f"sha256={DIGEST}", "hashes": {"sha256": DIGEST}},
            },
            "is_direct": False,
            "metadata": {"name": "NumPy", "version": "2.0.2"},
        },
        {
            "download_info": {
                "url": "file:///wheels/a-1%2Bcpu-py3-none-any.whl",
                "archive_info": {"hashes": {"sha256": DIGEST}},
            },
            "is_direct": True,
            "metadata": {"name": "a", "version": "1+cpu"},
        },
    ],
}
PYLOCK = f"""\
lock-version = "1.0"
created-by = "uv"
requires-python = ">=3.11.7"

[[packages]]
name = "numpy"
version = "2.0.2"
wheels = [
    {{ url = "https://example.org/{NUMPY[5]}", hashes = {{ sha256 = "{"f" * 64}" }} }},
    {{ url = "https://example.org/{NUMPY[0]}", size = 19, hashes = {{ sha256 = "{DIGEST}" }} }},
]

[[packages]]
name = "a"
version = "1+cpu"
archive = {{ url = "file:///wheels/a-1%2Bcpu-py3-none-any.whl", hashes = {{ sha256 = "{DIGEST}" }} }}
"""


def test_uv_and_pip_come_to_the_same_pins() -> None:
    wheels = read_report(json.dumps(REPORT))
    assert wheels == read_pylock(PYLOCK, supported_tags("3.11.7", LINUX, "2.36"))
    assert [wheel.urls for wheel in wheels] == [
        (f"pypi:numpy==2.0.2#{NUMPY[0]}",),
        ("file:/wheels/a-1%2Bcpu-py3-none-any.whl",),
    ]


def test_pip_tells_what_excludes_each_other_among_its_progress() -> None:
    out = textwrap.dedent("""\
        Collecting numpy==2.1.0 (from -r requirements.txt (line 1))
          Using cached numpy-2.1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl.metadata (60 kB)
        INFO: pip is looking at multiple versions of tensorflow-cpu to determine which version is compatible.

        The conflict is caused by:
            The user requested numpy==2.1.0
            tensorflow-cpu 2.15.1 depends on numpy<2.0.0 and >=1.23.5

        To fix this you could try to:
        1. loosen the range of package versions you've specified
        """)
    assert pip_conflict(out) == [
        "The conflict is caused by:",
        "    The user requested numpy==2.1.0",
        "    tensorflow-cpu 2.15.1 depends on numpy<2.0.0 and >=1.23.5",
    ]
    assert pip_conflict("Collecting six\n") == pip_conflict("") == []


def test_what_would_have_to_be_built_is_refused() -> None:
    report = json.loads(json.dumps(REPORT).replace(NUMPY[0], "numpy-2.0.2.tar.gz"))
    with pytest.raises(ConflictError, match="has no wheel"):
        read_report(json.dumps(report))
    with pytest.raises(ConflictError, match=r"numpy 2\.0\.2 has no wheel"):
        read_pylock(PYLOCK, supported_tags("3.9", LINUX))


def test_uv_is_told_what_pip_is_told() -> None:
    listed = (
        ":env:.cert='/etc/ssl/ca.crt'\n:env:.index-url='https://one.example/simple'\n"
        "global.extra-index-url='file:///a file:///b'\nglobal.find-links='/opt/wheels'\nlist.format='json'\n"
    )
    assert pip_settings(listed) == IndexSettings(
        options=(
            *("--index-url", "https://one.example/simple"),
            *("--extra-index-url", "file:///a", "--extra-index-url", "file:///b"),
            *("--find-links", "/opt/wheels", "--index-strategy", "unsafe-best-match"),
        ),
        variables={"SSL_CERT_FILE": "/etc/ssl/ca.crt"},
    )
    assert pip_settings("") == pip_settings("WARNING: no such thing\n") == IndexSettings()


def test_pip_s_environment_wins_over_its_files_in_whatever_order_they_are_listed() -> None:
    listed = (
        ":env:.find-links='/env'\n:env:.no-index='1'\nglobal.constraint='/c.txt'\nglobal.find-links='/global'\n"
        "global.index-url='https://global.example'\ninstall.index-url='https://install.example'\n"
        "wheel.find-links='/wheel'\nglobal.trusted-host='a.example b.example'\n"
    )
    assert pip_settings(listed).options == (
        *("--index-url", "https://install.example", "--find-links", "/env", "--constraints", "/c.txt"),
        *("--allow-insecure-host", "a.example", "--allow-insecure-host", "b.example", "--no-index"),
    )


def test_uv_can_be_forbidden() -> None:
    assert find_uv({"CKPM_UV": "0", "PATH": "/usr/bin"}) is None


def make_wheel(folder: Path, name: str, version: str, *, requires: str = "", text: str = "", more: str = "") -> Path:
    """Write a small pure wheel."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + (
        f"Requires-Dist: {requires}\n" if requires else ""
    )
    metadata += more
    files = {
        f"{name}/__init__.py": text or f'version = "{version}"\n',
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    rows = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(content)}\n")
    files[f"{info}/RECORD"] = "".join(rows) + f"{info}/RECORD,,\n"
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content)
    return wheel


@pytest.fixture
def shelf(tmp_path: Path, client: dict[str, str]) -> dict[str, str]:
    """Wheels in a folder, and the variables that make it the only index."""
    folder = tmp_path / "shelf"
    make_wheel(folder, "ckpmone", "1.0", requires="ckpmtwo<2")
    make_wheel(folder, "ckpmtwo", "1.5")
    make_wheel(folder, "ckpmtwo", "2.0")
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null", **client}


ENV = """
name = "two"
requires = ["soft:python.ckpmone", "soft:python.ckpmtwo"]
[tasks.show]
run = ["python", "-c", "import ckpmone, ckpmtwo, sys; print(ckpmone.version, ckpmtwo.version, sys.prefix)"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a project"
    folder.mkdir()
    (folder / "env.toml").write_text(textwrap.dedent(ENV))
    return folder


def with_this_python(project: Path) -> None:
    """Let only the interpreter of these tests be tried: asking the index with each of a machine takes a minute."""
    document = project / "env.toml"
    wanted = f'requires = ["soft:lang.python@={platform.python_version()}", '
    document.write_text(document.read_text().replace("requires = [", wanted))


def test_all_are_solved_together_made_once_locked_and_replayed(
    ckpm: Ckpm, shelf: Mapping[str, str], project: Path, home: Path
) -> None:
    ran = ckpm("run", env=shelf, cwd=project)
    assert ran.code == 0, ran.err
    one, two, prefix = ran.out.split(maxsplit=2)
    assert (one, two) == ("1.0", "1.5")
    assert Path(prefix.strip()).is_relative_to(home / "store")
    rows = {row["soft"]: row for row in ckpm("tree", "env:.", "--json", env=shelf, cwd=project).data}
    assert rows["python.ckpmone"]["demanded_by"] == ["soft:python.ckpmone"]
    assert rows["python.ckpmtwo"]["needs"] == {"lang.python-env": "python-env"}
    assert rows["lang.python-env"]["demanded_by"] == ["soft:python.ckpmone", "soft:python.ckpmtwo"]
    assert rows["lang.python"]["demanded_by"] == ["package:python-env"]
    again = ckpm("run", env={**shelf, "PIP_FIND_LINKS": "/nowhere"}, cwd=project)
    assert (again.code, again.out) == (0, ran.out)
    assert "solving" not in again.err

    assert ckpm("lock", env=shelf, cwd=project).code == 0
    lock = json.loads((project / "env.lock.json").read_text())
    (part,) = lock["targets"].values()
    environment = next(row for row in part["entries"] if row["python"])
    assert [(row["name"], row["version"]) for row in environment["python"]["wheels"]] == [
        ("ckpmone", "1.0"),
        ("ckpmtwo", "1.5"),
    ]
    assert str(home) not in (project / "env.lock.json").read_text()
    assert ckpm("verify", "--full", env=shelf, cwd=project).code == 0

    module = next((home / "store").rglob("ckpmtwo/__init__.py"))
    content = module.read_bytes()
    module.write_bytes(content.replace(b"1.5", b"1.6"))
    drift = ckpm("verify", ".", "--json", env=shelf, cwd=project)
    assert drift.code == 5
    assert [(row["what"], row["name"].rsplit("/", 2)[1]) for row in drift.data] == [("changed", "ckpmtwo")]
    module.write_bytes(content)
    assert ckpm("verify", ".", env=shelf, cwd=project).code == 0

    # Offline, from the cache of downloads, without a new solution.
    shutil.rmtree(home / "store")
    shutil.rmtree(home / "solutions")
    synced = ckpm("sync", "--frozen", "--offline", env={"PIP_NO_INDEX": "1"}, cwd=project)
    assert synced.code == 0, synced.err
    assert "solving" not in synced.err
    shown = ckpm("run", env={"PIP_NO_INDEX": "1"}, cwd=project)
    assert shown.out == ran.out


def test_a_fitting_environment_is_used_only_if_it_holds_all(
    ckpm: Ckpm, shelf: Mapping[str, str], project: Path, tmp_path: Path, home: Path
) -> None:
    mine = tmp_path / "mine"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(mine)], check=True)
    site = next(mine.glob("lib/python3*/site-packages"))

    def put(name: str) -> None:
        with zipfile.ZipFile(Path(shelf["PIP_FIND_LINKS"]) / name) as archive:
            archive.extractall(site)

    put("ckpmone-1.0-py3-none-any.whl")
    some = ckpm("run", "--search-path", str(mine), env=shelf, cwd=project)
    assert str(home) in some.out, some.err
    put("ckpmtwo-1.5-py3-none-any.whl")
    shutil.rmtree(home)
    whole = ckpm("run", "--search-path", str(mine), env=shelf, cwd=project)
    assert whole.code == 0, whole.err
    assert whole.out.split(maxsplit=2)[2].strip() == str(mine)
    assert not (home / "store").exists()


def test_what_can_not_be_solved_is_a_conflict_that_names_it(
    ckpm: Ckpm, shelf: Mapping[str, str], project: Path
) -> None:
    with_this_python(project)
    document = project / "env.toml"
    document.write_text(document.read_text().replace('python.ckpmtwo"', 'python.ckpmtwo@>=2"'))
    ran = ckpm("run", env=shelf, cwd=project)
    assert ran.code == 4, ran.err
    assert "no common solution for the Python packages" in ran.err
    for line in ("soft:python.ckpmone, which takes ckpmone", "soft:python.ckpmtwo@>=2, which takes ckpmtwo>=2"):
        assert f"  you asked for {line}\n" in ran.err
    assert re.search(r"with Python [\d.]+, (pip|uv) said:\n", ran.err)
    assert re.search(r"ckpmone( 1\.0|==1\.0|) depends? on ckpmtwo<2", ran.err), ran.err
    assert "requirements.txt" not in ran.err


def test_uv_and_pip_write_the_same_lock(ckpm: Ckpm, shelf: Mapping[str, str], project: Path, home: Path) -> None:
    if "CKPM_UV" in shelf:
        pytest.skip("compared once, with uv")
    locks = []
    for variables in (shelf, {**shelf, "CKPM_UV": "0"}):
        assert ckpm("lock", env=variables, cwd=project).code == 0
        locks.append((project / "env.lock.json").read_bytes())
        (project / "env.lock.json").unlink()
        shutil.rmtree(home)
    assert locks[0] == locks[1]
    wheel = Path(shelf["PIP_FIND_LINKS"]) / "ckpmone-1.0-py3-none-any.whl"
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() in locks[0].decode()


def test_what_has_only_a_source_archive_is_named(ckpm: Ckpm, shelf: Mapping[str, str], project: Path) -> None:
    with_this_python(project)
    folder = Path(shelf["PIP_FIND_LINKS"])
    (folder / "ckpmtwo-1.5-py3-none-any.whl").unlink()
    with tarfile.open(folder / "ckpmtwo-1.5.tar.gz", "w:gz") as archive:
        archive.add(__file__, "ckpmtwo-1.5/setup.py")
    ran = ckpm("run", env=shelf, cwd=project)
    assert ran.code == 4, ran.err
    assert "ckpmtwo" in ran.err


def test_a_wheel_for_another_platform_alone_is_a_conflict_that_names_it(
    ckpm: Ckpm, shelf: Mapping[str, str], project: Path
) -> None:
    with_this_python(project)
    folder = Path(shelf["PIP_FIND_LINKS"])
    (folder / "ckpmtwo-1.5-py3-none-any.whl").rename(folder / "ckpmtwo-1.5-cp311-cp311-win_amd64.whl")
    ran = ckpm("run", env=shelf, cwd=project)
    assert ran.code == 4, ran.err
    assert "ckpmtwo" in ran.err


def test_a_wheel_that_is_another_one_than_the_lock_s_is_refused(
    ckpm: Ckpm, shelf: Mapping[str, str], project: Path, home: Path
) -> None:
    assert ckpm("lock", env=shelf, cwd=project).code == 0
    shutil.rmtree(home)
    make_wheel(Path(shelf["PIP_FIND_LINKS"]), "ckpmtwo", "1.5", text='version = "forged"\n')
    synced = ckpm("sync", "--locked", env=shelf, cwd=project)
    assert synced.code == 5, synced.err
    assert "ckpmtwo" in synced.err


def test_a_row_without_a_hash_is_refused() -> None:
    text = PYLOCK.replace(f', hashes = {{ sha256 = "{DIGEST}" }} }},\n]', " },\n]")
    assert text != PYLOCK
    with pytest.raises(CkpmError, match=f"no sha256 for {re.escape(NUMPY[0])}"):
        read_pylock(text, supported_tags("3.11.7", LINUX, "2.36"))
