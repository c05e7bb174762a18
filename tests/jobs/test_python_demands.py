"""Python packages among requirements: which exclude each other before an index is asked, and who asked for each row."""

from __future__ import annotations

import platform
import textwrap
from collections.abc import Sequence
from pathlib import Path

import pytest

from pkgmgr.install.venv.solve import Job, NoSolution
from pkgmgr.jobs.pythons.answers import no_solution
from pkgmgr.jobs.pythons.collisions import find_collisions
from pkgmgr.jobs.pythons.demands import PythonDemand, Wanted
from pkgmgr.model.soft import Soft
from pkgmgr.model.target import parse_target
from pkgmgr.resolve.demand import read_requirement
from tests.conftest import Ckpm

LINUX = parse_target("linux-x86_64")


def wanted(texts: Sequence[str], target: str = "linux-x86_64") -> Wanted:
    """Give each text as what one demand takes."""
    place = parse_target(target)
    pythons = [
        PythonDemand(
            demand=read_requirement(f"package:lib-p{number}", place, LINUX),
            soft=Soft(name=f"lib.p{number}", summary="made for the test"),
            texts=(text,),
            is_plain=False,
        )
        for number, text in enumerate(texts)
    ]
    return Wanted(others=(), pythons=tuple(pythons), target=place)


@pytest.mark.parametrize(
    ("texts", "colliding"),
    [
        (["numpy<2", "numpy>=2"], ["numpy<2", "numpy>=2"]),
        (["numpy<2", "numpy>=1.26"], []),
        (["tensorflow==2.15.*", "tensorflow==2.16.*"], ["tensorflow==2.15.*", "tensorflow==2.16.*"]),
        (["tensorflow==2.15.*", "tensorflow~=2.15.1"], []),
        (["Typing_Extensions<4", "typing-extensions>=4.1"], ["Typing_Extensions<4", "typing-extensions>=4.1"]),
        (["a[x]==1", "a[y]==2"], ["a[x]==1", "a[y]==2"]),
        (["a==1", "b==2"], []),
        (["a>=2,<1"], ["a>=2,<1"]),
        (["a<3", "a>=1", "a!=1.*,!=2.*"], ["a!=1.*,!=2.*", "a<3", "a>=1"]),
        (["a<4", "a<3", "a>=3"], ["a<3", "a>=3"]),
        (["torch==2.1+cpu", "torch==2.1"], []),
        (["torch==2.1+cpu", "torch==2.1+cu121"], ["torch==2.1+cpu", "torch==2.1+cu121"]),
        (["a>1rc1", "a<1"], ["a<1", "a>1rc1"]),
        (["a @ https://example.org/a-1-py3-none-any.whl", "a>=2"], []),
        (["a==1; sys_platform == 'win32'", "a==2"], []),
        (["a==1; sys_platform == 'linux'", "a==2"], ["a==1; sys_platform == 'linux'", "a==2"]),
        (["a==1; extra == 'test'", "a==2"], []),
        (["a ==== 1", "a==2"], []),
        ([], []),
    ],
    ids=lambda value: " ".join(value) or "none",
)
def test_demands_without_a_common_version_collide(texts: list[str], colliding: list[str]) -> None:
    """The fewest that exclude each other; what is no requirement at all is left to pip or uv."""
    found = find_collisions(wanted(texts), ["3.11.7"])
    assert [text for rows in found.values() for _, text in rows] == colliding


@pytest.mark.parametrize(
    ("versions", "collides"),
    [(["3.11.7"], False), (["3.13.0"], True), (["3.13.0", "3.11.7"], False), (["3.13.0", "3.12.1"], True)],
)
def test_what_one_of_the_interpreters_rules_out_does_not_collide(versions: list[str], collides: bool) -> None:
    texts = ["numpy<2; python_version >= '3.12'", "numpy>=2"]
    assert bool(find_collisions(wanted(texts), versions)) is collides


def test_markers_are_those_of_the_target() -> None:
    texts = ["a==1; platform_machine == 'aarch64'", "a==2"]
    assert list(find_collisions(wanted(texts, "linux-arm64"), ["3.11.7"])) == ["a"]
    assert not find_collisions(wanted(texts), ["3.11.7"])


def failure(version: str, said: str) -> NoSolution:
    job = Job(requirements=["p0"], interpreter="python", version=version, target=LINUX, variables={})
    return NoSolution(job, said)


NO_WHEEL = "uv said:\n  error: No solution found\n    cause: Because a==1 has no wheels with a matching Python ABI tag"
EXCLUDED = "pip said:\n  The conflict is caused by:\n      a 1 depends on b<2"


@pytest.mark.parametrize(
    ("failures", "told"),
    [
        ([("3.13.0", NO_WHEEL)], f"with Python 3.13.0, {NO_WHEEL}"),
        ([("3.13.0", NO_WHEEL), ("3.11.7", EXCLUDED)], f"with Python 3.11.7 (nor with 3.13.0), {EXCLUDED}"),
        (
            [("3.13.0", NO_WHEEL), ("3.12.1", NO_WHEEL), ("3.11.7", NO_WHEEL)],
            f"with Python 3.13.0 (nor with 3.12.1, 3.11.7), {NO_WHEEL}",
        ),
    ],
    ids=["one", "what excludes each other", "no wheel for any"],
)
def test_of_several_interpreters_the_one_that_says_most_is_told(failures: list[tuple[str, str]], told: str) -> None:
    texts = ["a==1; sys_platform == 'linux'", "a==2; sys_platform == 'win32'", "b"]
    error = no_solution(wanted(texts), [failure(*row) for row in failures])
    assert error.message == (
        "no common solution for the Python packages in one environment for linux-x86_64:\n"
        f"  you asked for package:lib-p0, which takes a==1\n  you asked for package:lib-p2, which takes b\n{told}"
    )
    assert error.hint is not None and "loosen a version" in error.hint


SOFT = """
name = "lib.{name}"
summary = "made for the test"
[find]
python = ["ckpm{name}"]
"""
PACKAGE = """
name = "lib-{name}"
summary = "made for the test"
provides = "lib.{name}"
license = "MIT"
homepage = "https://example.org"
python = ["ckpm{name}=={{version}}", "{pin}"]
[[source]]
version = "1.0"
name = "requirements"
urls = ["file:{{package}}/requirements.txt"]
sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
size = 0
[[step]]
use = "python"
requirements = "requirements.txt"
"""


@pytest.fixture
def family(tmp_path: Path, ckpm: Ckpm) -> Ckpm:
    """The command with two Python packages that pin one distribution, each its own way."""
    root = tmp_path / "repository"
    for name, pin in {"old": "numpy<2", "new": "numpy>=2"}.items():
        for kind, file, text in (("soft_plugins/lib.", "soft", SOFT), ("packages/lib-", "package", PACKAGE)):
            folder = root / f"{kind}{name}"
            folder.mkdir(parents=True)
            (folder / f"{file}.toml").write_text(textwrap.dedent(text.format(name=name, pin=pin)))
        (folder / "requirements.txt").touch()
    assert ckpm("repo", "add", str(root)).code == 0
    return ckpm


INTERPRETER = f"soft:lang.python@={platform.python_version()}"


def test_pins_of_two_packages_that_exclude_each_other_are_told_at_resolution(family: Ckpm) -> None:
    ran = family("install", "package:lib-old", "package:lib-new", "--dry-run", "--json", env={"PIP_NO_INDEX": "1"})
    assert ran.code == 4
    error = ran.document["error"]
    assert error["code"] == "conflict"
    first, *lines = error["message"].splitlines()
    assert first.startswith("no common solution for numpy in one Python environment for ")
    assert lines == [
        "  you asked for package:lib-old, which takes numpy<2",
        "  you asked for package:lib-new, which takes numpy>=2",
    ]
    assert error["hint"] == "ask for them separately, in two envs"
    for name in ("lib-old", "lib-new"):
        assert family("install", f"package:{name}", INTERPRETER, "--dry-run").code == 0


def test_two_versions_of_one_distribution_are_told_with_what_would_help(family: Ckpm, tmp_path: Path) -> None:
    first, second = "package:lib-tensorflow@2.15", "package:lib-tensorflow@2.16"
    ran = family("install", first, second, "--dry-run")
    assert ran.code == 4, ran.err
    assert f"you asked for {first}, which takes tensorflow" in ran.err
    assert f"without the limits of {first} or of {second} they do not collide" in ran.err
    pinned = family("install", "package:lib-old@1.0", "soft:python.numpy@2.1", "--dry-run")
    assert pinned.code == 4
    assert "without the limits of soft:python.numpy@2.1 they do not collide" in pinned.err
    (tmp_path / "env.toml").write_text(f'name = "both"\nrequires = ["{first}", "{second}"]\n')
    for verb in (["lock"], ["sync"], ["tree", "env:."]):
        assert family(*verb, cwd=tmp_path).code == 4


def test_the_rows_of_an_environment_say_who_asked_for_them(family: Ckpm) -> None:
    asked = ["package:lib-old", "soft:python.six"]
    plan = family("install", *asked, "--dry-run", "--json").data["plan"]
    rows = {row["soft"]: row["demanded_by"] for row in plan}
    assert rows == {"lang.python-env": asked, "lang.python": ["package:python-env"]}
    plan = family("install", INTERPRETER, *asked, "--dry-run", "--json").data["plan"]
    rows = {row["soft"]: row["demanded_by"] for row in plan}
    assert rows == {"lang.python-env": [INTERPRETER, *asked], "lang.python": [INTERPRETER, "package:python-env"]}
    told = family("why", "soft:lib.new").out
    assert "  chosen: install lang.python-env " in told
    assert "asked for by package:python-env" in told
