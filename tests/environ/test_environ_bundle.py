"""A bundle works where it is unpacked, without ckpm and Python; a Dockerfile takes what its context holds."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.conftest import Ckpm
from tests.program_repository import program_package, program_soft, write_documents

SOFT = """
[entry]
env = [
  {op = "set", var = "GREETER_DATA", value = "{prefix}/share/words.txt"},
  {op = "prepend_path", var = "PATH", value = "{dir}"},
]
"""
PACKAGE = """
[[step]]
use = "write"
path = "{prefix}/share/words.txt"
text = "hello from the store"
"""
PROGRAM = """#!/bin/sh
if [ "$1" = --version ]; then echo greeter 1.0; exit; fi
while read -r line || [ -n "$line" ]; do echo "$line"; done < "$GREETER_DATA"
"""
ENV = """
name = "greeting"
requires = ["package:tool-greeter"]
include = ["more/env.toml"]
env = [{op = "set", var = "OWN", value = "it's $own"}]
"""
MORE = 'name = "more"\nenv = [{op = "set", var = "INCLUDED", value = "yes"}]\n'
ORDER = ("FROM", "RUN", "ARG", "ENV", "WORKDIR", "COPY", "CMD")


@pytest.fixture
def project(ckpm: Ckpm, tmp_path: Path) -> Path:
    """A project with a locked env that a package of one program meets."""
    if os.name == "nt":
        pytest.skip("its program is a script of sh")
    program = tmp_path / "greeter"
    program.write_text(PROGRAM)
    folder = tmp_path / "a project"
    write_documents(folder, {"env.toml": ENV, "more/env.toml": MORE})
    documents = {
        "soft_plugins/tool.greeter/soft.toml": program_soft("greeter", SOFT),
        "packages/tool-greeter/package.toml": program_package(program, "1.0", PACKAGE),
    }
    repository = write_documents(tmp_path / "repository", documents)
    assert ckpm("repo", "add", str(repository), "--trust").code == 0
    ran = ckpm("lock", cwd=folder)
    assert ran.code == 0, ran.err
    return folder


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tar.xz"])
def test_a_bundle_runs_elsewhere_with_nothing_but_sh(
    ckpm: Ckpm, project: Path, home: Path, tmp_path: Path, suffix: str
) -> None:
    archive = tmp_path / f"greeting{suffix}"
    ran = ckpm("bundle", "--output", str(archive), "--json", cwd=project)
    assert ran.code == 0, ran.err
    assert ran.data["needed"] == []
    place = tmp_path / 'it\'s "another" place'
    with tarfile.open(archive) as tar:
        tar.extractall(place, filter="data")
    (unpacked,) = place.iterdir()
    # What made it is gone, and PATH has neither ckpm nor Python, only the shell.
    for made in (home, project, tmp_path / "repository"):
        shutil.rmtree(made)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "sh").symlink_to(shutil.which("sh") or "/bin/sh")
    script = (
        'cd "$1" && . ./activate.sh && command -v ckpm python3; greeter; echo "$OWN|$INCLUDED|$GREETER_DATA"\n'
        'ckpm_deactivate; echo "${OWN-unset} ${GREETER_DATA-unset}"; command -v greeter || echo gone\n'
    )
    done = subprocess.run(
        [str(tools / "sh"), "-c", script, "sh", str(unpacked)],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    first, second, third, fourth = done.stdout.splitlines()
    assert first == "hello from the store"
    own, included, data = second.split("|")
    assert (own, included) == ("it's $own", "yes")
    assert Path(data).is_relative_to(unpacked) and Path(data).is_file()
    assert (third, fourth) == ("unset unset", "gone")


def test_a_bundle_is_the_same_bytes_each_time(ckpm: Ckpm, project: Path, tmp_path: Path) -> None:
    archives = [tmp_path / name for name in ("one.tar.gz", "two.tar.gz")]
    for archive in archives:
        assert ckpm("bundle", "--output", str(archive), cwd=project).code == 0
    assert archives[0].read_bytes() == archives[1].read_bytes()


def instructions(text: str) -> list[tuple[str, str]]:
    """Read a Dockerfile into instructions: comments go, continued lines are joined."""
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines())]


def stages(text: str) -> list[list[tuple[str, str]]]:
    """Split a Dockerfile's instructions at each ``FROM``."""
    found: list[list[tuple[str, str]]] = []
    for word, rest in instructions(text):
        if word == "FROM":
            found.append([])
        assert found, "a Dockerfile begins with FROM"
        found[-1].append((word, rest))
    return found


def copied(rest: str) -> list[str]:
    """Give the sources of a ``COPY``, in either of its forms."""
    words = list(rest.strip("[]").split('"')[1::2]) if rest.startswith("[") else rest.split()
    return [word for word in words[:-1] if not word.startswith("--")]


def test_a_dockerfile_takes_from_its_context_only_what_is_there(ckpm: Ckpm, project: Path) -> None:
    ran = ckpm("export", "./env.toml", "--format", "dockerfile", cwd=project)
    assert ran.code == 0, ran.err
    parts = stages(ran.out)
    assert {word for part in parts for word, _ in part} <= set(ORDER)
    names = [part[0][1].partition(" AS ")[2] for part in parts]
    assert names == ["system", "build", ""]
    for number, part in enumerate(parts):
        base = part[0][1].split()[0]
        assert number == 0 or base in names[:number], "a stage builds on an earlier one"
    sources = {
        name
        for part in parts
        for word, rest in part
        if word == "COPY" and "--from" not in rest
        for name in copied(rest)
    }
    assert sources == {"env.toml", "env.lock.json", "more/env.toml"}
    assert all((project / name).is_file() for name in sources)
    build, final = parts[1], parts[2]
    # A folder is set, and the document copied, before ckpm is called; what is copied out was made before.
    words = [word for word, _ in build]
    sync = next(place for place, (word, rest) in enumerate(build) if word == "RUN" and " sync " in rest)
    assert words.index("WORKDIR") < words.index("COPY") < sync
    for word, rest in final:
        if word == "COPY":
            assert rest.startswith("--from=build ")
            (source,) = copied(rest)
            assert any(word == "RUN" and source in rest for word, rest in build[sync:]), source
    assert not any("ckpm " in rest for word, rest in final if word == "RUN")
    assert final[-1] == ("CMD", '["sh"]')


def test_the_commands_of_a_dockerfile_are_ones_that_sh_reads(ckpm: Ckpm, project: Path) -> None:
    ran = ckpm("export", "./env.toml", "--format", "dockerfile", cwd=project)
    commands = [rest for word, rest in instructions(ran.out) if word == "RUN"]
    assert commands
    for command in commands:
        while command.startswith("--"):
            command = command.partition(" ")[2]
        done = subprocess.run(["sh", "-n", "-c", command], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), command


def test_the_build_s_ckpm_commands_do_what_the_image_needs(ckpm: Ckpm, project: Path, tmp_path: Path) -> None:
    """The two commands of the build stage, run here in an empty home with nothing but the context."""
    ran = ckpm("export", "./env.toml", "--format", "dockerfile", cwd=project)
    text = [rest for word, rest in instructions(ran.out) if word == "RUN" and "/bin/ckpm" in rest]
    calls = [shlex.split(part) for row in text for part in re.findall(r"/opt/tool/bin/ckpm ([^>&]*)", row)]
    assert [call[0] for call in calls] == ["sync", "export"]
    context, home = tmp_path / "context", tmp_path / "image"
    for name in ("env.toml", "env.lock.json", "more/env.toml"):
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project / name, context / name)
    variables = {"CKPM_HOME": str(home)}
    assert ckpm("repo", "add", str(tmp_path / "repository"), "--trust", env=variables).code == 0
    synced, exported = (ckpm(*call, env=variables, cwd=context) for call in calls)
    assert (synced.code, exported.code) == (0, 0), synced.err + exported.err
    (program,) = home.glob("store/*/tool-greeter-*/bin/greeter")
    # What the image's variables and its check name is what was made.
    assert f"/opt/ckpm/{program.relative_to(home).parent.parent.as_posix()}" in ran.out
    assert "INCLUDED" in exported.out


def test_an_image_is_built_from_it(ckpm: Ckpm, project: Path) -> None:
    if shutil.which("buildah") is None:
        pytest.skip("buildah is not on this machine: no image is built")
    text = ckpm("export", "./env.toml", "--format", "dockerfile", cwd=project).out
    first = text.partition("FROM system AS build")[0]
    (project / "Dockerfile").write_text(first)
    done = subprocess.run(["buildah", "build", "."], cwd=project, capture_output=True, text=True, check=False)
    if done.returncode and re.search(r"no such host|dial tcp|unauthorized|Operation not permitted", done.stderr):
        pytest.skip(f"buildah can't work here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
