"""A lock says the same whatever was installed before, and holds all that makes its entries again in another home."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from tests.conftest import Ckpm, Ran
from tests.environ.test_environ_python import make_wheel
from tests.program_repository import program_package, program_soft, write_documents

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not there: apt-get install gcc")

DOCUMENTS = {
    "soft_plugins/lib.thing/soft.toml": """
name = "lib.thing"
summary = "a library for a test"
[find]
library = {name = "thing", headers = ["thing.h"]}
[[probe]]
read = "{header}"
match = 'THING_VERSION "(?P<version>[^"]+)"'
""",
    "packages/lib-thing/package.toml": """
name = "lib-thing"
summary = "a library for a test"
provides = "lib.thing"
license = "MIT"
homepage = "https://example.org"
requires = [{tags = ["compiler"], languages = ["c"], role = "compiler"}, "package:tool-stamp"]
[[source]]
version = "1.0.0"
urls = ["file:%(archive)s"]
sha256 = "%(digest)s"
[[step]]
use = "unpack"
strip = 1
[[step]]
use = "compile"
sources = ["thing.c"]
product = "static"
output = "{prefix}/lib/libthing.a"
[[step]]
use = "copy"
files = ["thing.h"]
to = "{prefix}/include/"
[[step]]
use = "write"
path = "{prefix}/share/made at.txt"
text = "{prefix}/lib and {tool-stamp.prefix}/bin"
[[step]]
use = "write"
path = "{prefix}/lib/pkgconfig/thing.pc"
text = "prefix={prefix}\\nName: thing\\nDescription: a thing\\nVersion: {version}\\nLibs: -L${{prefix}}/lib -lthing\\n"
""",
}
ENV = 'name = "thing"\nrequires = ["package:lib-thing"]\n'


class Homes:
    """The command in one of several homes, each with the same repository, in the folder of a project."""

    def __init__(self, ckpm: Ckpm, root: Path) -> None:
        self.ckpm, self.root, self.project = ckpm, root, root / "project"
        self.project.mkdir()
        self._known: set[str] = set()

    @property
    def lock(self) -> Path:
        """The project's lock."""
        return self.project / "env.lock.json"

    def __call__(self, home: str, *arguments: str, **variables: str) -> Ran:
        """Run the command with one home."""
        repository = self.root / "repository"
        env = {"CKPM_HOME": str(self.root / home), **variables}
        if repository.is_dir() and home not in self._known:
            self._known.add(home)
            assert self.ckpm("repo", "add", str(repository), "--trust", env=env).code == 0
        return self.ckpm(*arguments, env=env, cwd=self.project)

    def locked(self, home: str, **variables: str) -> str:
        """Give the lock that is made in a home, without an earlier one."""
        self.lock.unlink(missing_ok=True)
        ran = self(home, "lock", **variables)
        assert ran.code == 0, ran.err
        return self.lock.read_text()

    def copy_downloads(self, old: str, new: str) -> None:
        """Give a home the downloads of another, and nothing else."""
        shutil.copytree(self.root / old / "cache/downloads", self.root / new / "cache/downloads", dirs_exist_ok=True)


@pytest.fixture
def homes(ckpm: Ckpm, tmp_path: Path) -> Homes:
    return Homes(ckpm, tmp_path)


@pytest.fixture
def things(homes: Homes) -> Homes:
    """A library that a compiler and a program of the store make."""
    archive, stamp = homes.root / "thing.tar.gz", homes.root / "stamp"
    with tarfile.open(archive, "w:gz") as tar:
        files = {"thing.h": '#define THING_VERSION "1.0.0"\n', "thing.c": "int thing(void) { return 1; }\n"}
        for name, text in files.items():
            member = tarfile.TarInfo(f"thing-1.0.0/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    stamp.write_text("#!/bin/sh\necho stamp 2.0\n")
    texts = {"archive": archive, "digest": hashlib.sha256(archive.read_bytes()).hexdigest()}
    documents = {name: text % texts for name, text in DOCUMENTS.items()}
    documents["soft_plugins/tool.stamp/soft.toml"] = program_soft("stamp")
    documents["packages/tool-stamp/package.toml"] = program_package(stamp, "2.0")
    write_documents(homes.root / "repository", documents)
    (homes.project / "env.toml").write_text(ENV)
    return homes


@needs_gcc
def test_what_was_installed_before_changes_no_byte(things: Homes) -> None:
    empty = things.locked("empty")
    assert things("full", "install", "package:lib-thing").code == 0
    assert things.locked("full") == empty
    assert things.locked("empty") == empty  # where all of it is installed by now
    (part,) = json.loads(empty)["targets"].values()
    families = [entry["id"].partition(".")[0] for entry in part["entries"]]
    assert sorted(families) == ["compiler", "lib", "tool"]


@needs_gcc
def test_a_home_that_has_only_the_downloads_makes_what_is_locked(things: Homes) -> None:
    assert things("first", "install", "package:lib-thing").code == 0
    things.locked("first")
    things.copy_downloads("first", "a second one")
    for source in ("thing.tar.gz", "stamp"):
        (things.root / source).unlink()
    ran = things("a second one", "sync", "--frozen", "--offline")
    assert ran.code == 0, ran.err
    # Files that say where they lie are told by what they say, not by where.
    for how in ((), ("--full",)):
        assert things("a second one", "verify", ".", *how).out == things("first", "verify", ".", *how).out
        assert things("a second one", "verify", ".", *how).code == 0
    places = [next((things.root / home).glob("store/*/lib-thing-*/share")) for home in ("first", "a second one")]
    texts = [(place / "made at.txt").read_text() for place in places]
    assert str(things.root / "a second one") in texts[1] and texts[0] != texts[1]
    # What such a file says otherwise counts.
    (places[1] / "made at.txt").write_text(texts[1] + " changed")
    ran = things("a second one", "verify", ".", "--json")
    assert ran.code == 5
    assert [row["what"] for row in ran.data] == ["changed"]


def test_what_python_packages_were_there_before_changes_no_byte(homes: Homes) -> None:
    if os.name == "nt":
        pytest.skip("wheels are put into a folder of Unix")
    shelf = homes.root / "shelf"
    make_wheel(shelf, "ckpmone", "1.0", requires="ckpmtwo<2")
    make_wheel(shelf, "ckpmtwo", "1.4")
    variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shelf), "PIP_CONFIG_FILE": "/dev/null", "CKPM_UV": "0"}
    (homes.project / "env.toml").write_text('name = "two"\nrequires = ["soft:python.ckpmone"]\n')
    assert homes("full", "install", "soft:python.ckpmone", **variables).code == 0
    make_wheel(shelf, "ckpmtwo", "1.5")  # a release that came after that
    full = homes.locked("full", **variables)
    assert homes.locked("empty", **variables) == full
    (part,) = json.loads(full)["targets"].values()
    (environment,) = (entry["python"] for entry in part["entries"] if entry["python"])
    assert [wheel["version"] for wheel in environment["wheels"]] == ["1.0", "1.5"]
    homes.copy_downloads("full", "second")
    ran = homes("second", "sync", "--frozen", "--offline", PIP_NO_INDEX="1", CKPM_UV="0")
    assert ran.code == 0, ran.err
    assert homes("second", "verify", ".", "--full").code == 0
