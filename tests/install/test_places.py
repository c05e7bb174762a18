"""Where a build happens: the same place each time, without spaces where ``make`` runs, and out of what was made."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from pkgmgr.install.kept import KeptBuild, keep_build, require_kept
from pkgmgr.install.places import AREA, ELSEWHERE, MADE, build_place, is_plain, remove_place, staging_name
from pkgmgr.install.relocation import own_place, relocate
from pkgmgr.install.staging import Staging, maker_of
from pkgmgr.install.store import tree_hash
from pkgmgr.model.errors import CkpmError
from tests.conftest import Ckpm


@pytest.mark.parametrize(
    "final",
    [
        pytest.param("/h/store/any/x-1-0caacd8d", id="short"),
        pytest.param("/home/me/.local/share/ckpm/store/linux-x86_64-musl/lib-zlib-1.2.13-0caacd8d", id="usual"),
        pytest.param("/tmp/a b/ü/store/linux-arm64/lib-x-1.0~rc1-0caacd8d", id="odd"),
    ],
)
def test_what_is_made_has_a_path_as_long_as_its_final_one(final: str) -> None:
    path = Path(final)
    base = path.parents[2] / "staging"
    name = staging_name(path, base, "ab" * 32)
    assert len(os.fsencode(base / name / MADE)) == len(os.fsencode(path))
    assert name == staging_name(path, base, "ab" * 32)
    assert is_plain(PurePosixPath(name))


def test_a_final_place_that_is_too_short_gets_a_usable_name() -> None:
    assert len(staging_name(Path("/a/b-1-0caacd8d"), Path("/a/very/long/folder/for/staging"), "ab" * 32)) == 8


@pytest.mark.parametrize("path", ["/home/me/.local/c++-1.0", "/home/ü", "/"])
def test_paths_that_make_can_hold(path: str) -> None:
    assert is_plain(PurePosixPath(path))


@pytest.mark.parametrize("path", ["/a b", "/it's", "/a:b", "/a$b", "/a#b", "/a\tb", "/a\nb", "/a;b", "/a%b", "/a\\b"])
def test_paths_that_make_breaks_on(path: str) -> None:
    assert not is_plain(PurePosixPath(path))


def test_the_same_is_built_in_the_same_folder(tmp_path: Path) -> None:
    area = Staging(base=tmp_path / "staging")
    with area.folder("thing-1-0123456789") as first:
        assert first.name == "thing-1-0123456789"
        assert area.is_at_work(maker_of(first))
        with area.folder("thing-1-0123456789") as second:  # another process has it
            assert second != first
            assert len(second.name) == len(first.name)
    assert not list(area.base.iterdir())
    with area.folder("thing-1-0123456789") as again:
        assert again == first
    assert not area.is_at_work(maker_of(again))


def test_a_kept_build_gives_way_to_the_next_of_the_same(tmp_path: Path) -> None:
    area = Staging(base=tmp_path / "staging")
    with area.folder("thing-1-0123456789") as first:
        build = KeptBuild(package="thing", name="thing 1", folder=str(first / "build"), variables={}, log="")
        keep_build(first, build)
    assert require_kept(area, package="thing") == build
    assert require_kept(area, folder=first) == build
    with area.folder("other-1-0123456789"):
        assert first.is_dir()
    with area.folder("thing-1-0123456789") as again:
        assert again == first
        assert not (again / "kept.json").exists()


def test_a_place_without_spaces_goes_with_its_staging_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary, home = tmp_path / "temporary", tmp_path / ("a home with a long enough name, longer than the other's")
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    area, final = home / "staging" / "x", home / "store/linux-x86_64/lib-thing-1-0caacd8d"
    area.mkdir(parents=True)
    temporary.mkdir()
    with build_place(area, final, home, must_be_plain=False) as place:
        assert place.folder == area
    with build_place(area, final, home, must_be_plain=True) as place:
        assert is_plain(place.folder) and is_plain(place.home)
        assert place.folder.stat().st_mode & 0o777 == 0o700
        assert os.readlink(place.home) == str(home)
        assert len(str(place.folder / MADE)) == len(str(final))
        assert len(str(place.home)) == len(str(home))
    (place.folder / "left").touch()  # of a killed process
    with build_place(area, final, home, must_be_plain=True) as again:
        assert again == place
        assert [path.name for path in again.folder.iterdir()] == [AREA]
    assert os.readlink(area / ELSEWHERE) == str(place.folder)
    remove_place(area)
    assert not area.exists()
    assert not place.folder.exists()
    assert home.exists()


def test_what_another_made_in_the_temporary_folder_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary, home = tmp_path / "temporary", tmp_path / "a home"
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    area, final = home / "staging" / "x", home / "store/linux-x86_64/lib-thing-1-0caacd8d"
    area.mkdir(parents=True)
    temporary.mkdir()
    with build_place(area, final, home, must_be_plain=True) as place:
        pass
    shutil.rmtree(place.folder)
    place.folder.symlink_to(tmp_path)
    with build_place(area, final, home, must_be_plain=True) as other:
        assert other.folder != place.folder
        assert not other.folder.is_symlink()


def test_a_temporary_folder_with_a_space_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "a b"))
    with (
        pytest.raises(CkpmError, match="on which 'make' breaks") as caught,
        build_place(tmp_path / "x", tmp_path / "c d", tmp_path / "c d", must_be_plain=True),
    ):
        pass
    assert "TMPDIR" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("lib/pkgconfig/x.pc", "${pcfiledir}/../.."), ("x.pc", "${pcfiledir}"), ("a/b/c/x.pc", "${pcfiledir}/../../..")],
)
def test_a_pc_file_leads_to_its_own_place(path: str, expected: str) -> None:
    assert own_place(Path(path)) == expected


def test_paths_in_what_was_made(tmp_path: Path) -> None:
    made, final, tools = tmp_path / "made-here", tmp_path / "a b final", tmp_path / "tools"
    assert len(str(made)) == len(str(final))
    (made / "lib/pkgconfig").mkdir(parents=True)
    path, program = os.fsencode(made), b"\x7fELF\0" + os.fsencode(made) + b"/share\0end"
    files = {
        "lib/pkgconfig/x.pc": b"prefix=" + path + b"\n",
        "script": b"#!/bin/sh\ncd " + path + b"\n",
        "x.h": b'#define CC "' + os.fsencode(tools) + b'/cc"\n',
        "program": program,
        "mac": b"\xcf\xfa\xed\xfe\0" + path,
        "empty": b"",
    }
    for name, content in files.items():
        (made / name).write_bytes(content)
    (made / "script").chmod(0o555)
    (made / "link").symlink_to(made / "script")
    (made / "foreign").symlink_to("/usr/bin/true")
    relocate(made, final, {f"{tools}/": ""})
    assert (made / "lib/pkgconfig/x.pc").read_bytes() == b"prefix=${pcfiledir}/../..\n"
    assert (made / "script").read_bytes() == b"#!/bin/sh\ncd " + os.fsencode(final) + b"\n"
    assert (made / "script").stat().st_mode & 0o777 == 0o555
    assert (made / "x.h").read_bytes() == b'#define CC "cc"\n'
    assert (made / "program").read_bytes() == program.replace(path, os.fsencode(final))
    assert (made / "mac").read_bytes() == files["mac"]
    assert os.readlink(made / "link") == str(final / "script")
    assert os.readlink(made / "foreign") == "/usr/bin/true"


@pytest.mark.parametrize(
    ("final", "expected"),
    [
        ("/home/me/x", "prefix=${pcfiledir}/../..\nCflags: -I/y\\ y/include"),
        ("/a b/x", "prefix=${pcfiledir}/../..\nCflags: -I/y\\ y/include"),
        ("/it's/x", "prefix=/it\\'s/x\nCflags: -I/y\\ y/include"),
    ],
)
def test_a_pc_file_in_a_folder_with(final: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "lib/pkgconfig/x.pc"
    path.parent.mkdir(parents=True)
    path.write_text(f"prefix={tmp_path}\nCflags: -I/tmp/alias/include")
    relocate(tmp_path, Path(final), {"/tmp/alias/": "/y y/"})
    assert path.read_text() == expected


def test_a_path_that_does_not_fit_into_a_program_is_told(tmp_path: Path) -> None:
    (tmp_path / "program").write_bytes(b"\x7fELF\0/tmp/alias/store/lib\0")
    with pytest.raises(CkpmError, match="program holds /tmp/alias/, and /a b/ is too short"):
        relocate(tmp_path, tmp_path, {"/tmp/alias/": "/a b/"})


CONFIGURE = """#!/bin/sh
set -e
for word; do case $word in --prefix=*) echo "PREFIX = ${word#*=}" >Makefile;; esac; done
echo "HERE = `pwd`" >>Makefile
cat Makefile.in >>Makefile
"""
MAKEFILE = """
program: $(HERE)/made.c
\t$(CC) $(CFLAGS) -g -DPREFIX='"$(PREFIX)"' -o $@ $(HERE)/made.c
install: program
\tmkdir -p $(PREFIX)/bin $(PREFIX)/include $(PREFIX)/lib/pkgconfig
\tcp program $(PREFIX)/bin/; cp made.h $(PREFIX)/include/
\techo '#define MADE_WITH "$(CC)"' >>$(PREFIX)/include/made.h
\techo 'prefix=$(PREFIX)' >$(PREFIX)/lib/pkgconfig/made.pc
"""
SOURCE = "#include <stdio.h>\nint main(void) { puts(PREFIX); puts(__FILE__); return 0; }\n"
DOCUMENT = """
name = "lib-made"
summary = "a program that knows its place"
provides = "lib.made"
license = "MIT"
homepage = "https://example.org"
requires = [{tags = ["compiler"], languages = ["c"], role = "compiler"}, {soft = "tool.make", on = "host"}]
[[source]]
version = "1.0.0"
urls = ["file:{package}/made.h"]
sha256 = "DIGEST"
size = 24
[[step]]
use = "copy"
files = ["{package}/*"]
to = "{build}/"
[[step]]
use = "autotools"
"""
SOFT = """
name = "lib.made"
summary = "a program that knows its place"
[find.library]
headers = ["made.h"]
[[probe]]
read = "{include_dir}/made.h"
match = 'VERSION "(?P<version>[^"]+)"'
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A package with a ``configure`` and a makefile that hold no path with a space."""
    root = tmp_path / "repository"
    folder = root / "packages/lib-made"
    folder.mkdir(parents=True)
    header = '#define VERSION "1.0.0"\n'
    document = DOCUMENT.replace("DIGEST", hashlib.sha256(header.encode()).hexdigest())
    texts = {"made.h": header, "made.c": SOURCE, "configure": CONFIGURE, "Makefile.in": MAKEFILE}
    for name, text in {**texts, "package.toml": document}.items():
        (folder / name).write_text(text)
    (folder / "configure").chmod(0o755)
    (root / "soft_plugins/lib.made").mkdir(parents=True)
    (root / "soft_plugins/lib.made/soft.toml").write_text(SOFT)
    return root


def test_built_in_two_homes_it_is_the_same_but_for_its_own_place(
    ckpm: Ckpm, repository: Path, home: Path, tmp_path: Path
) -> None:
    """One home has a space and a quote in its path, which ``make`` would break on."""
    if shutil.which("gcc") is None or shutil.which("make") is None:
        pytest.skip("no gcc or make here")
    hashes = []
    for place in (home, tmp_path / "plain-home-with-another-name"):
        env = {"CKPM_HOME": str(place)}
        assert ckpm("repo", "add", str(repository), "--trust", env=env).code == 0
        ran = ckpm("install", "package:lib-made", env=env)
        assert ran.code == 0, ran.err
        (prefix,) = (place / "store").glob("*/lib-made-*")
        program = prefix / "bin/program"
        said = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
        assert said == [str(prefix), "./build/made.c"]
        assert (prefix / "include/made.h").read_text().splitlines()[1] == '#define MADE_WITH "cc"'
        told = (prefix / "lib/pkgconfig/made.pc").read_text()
        escaped = str(prefix).replace("'", "\\'").replace(" ", "\\ ")
        assert told == f"prefix={escaped if place == home else '${pcfiledir}/../..'}\n"
        assert not list((place / "staging").iterdir())
        before = tree_hash(prefix)
        shutil.rmtree(prefix)
        assert ckpm("install", "package:lib-made", env=env).code == 0
        assert tree_hash(prefix) == before
        program.unlink()  # which holds its place, of another length, as the other does in a home with a quote
        (prefix / "lib/pkgconfig/made.pc").unlink()
        hashes.append(tree_hash(prefix))
    assert hashes[0] == hashes[1]
