"""Images, workflows and bundles made from a lock."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pkgmgr.environ.images import ImageRequest, image_names, render_image
from pkgmgr.jobs.bundling import activation_text
from pkgmgr.model.entry import Value
from pkgmgr.model.errors import UsageError
from pkgmgr.model.lock import Lock, LockedEntry, LockedHost, LockedTarget
from pkgmgr.model.operation import Operation
from tests.conftest import Ckpm

from .shells import POSIX_SHELLS, require

HOST = LockedHost(os="linux", arch="x86_64", distribution="debian 12")
OPERATIONS = (
    Operation(op="set", var="TOOL", value="${CKPM_HOME}/store/it's $x"),
    Operation(op="prepend_path", var="PATH", value="${CKPM_HOME}/store/bin"),
)


def _entry(soft: str, attributes: Mapping[str, Value], **more: Any) -> LockedEntry:
    return LockedEntry(
        id=f"{soft}-1",
        soft=soft,
        version="3.11.2",
        target="linux-x86_64",
        origin="system",
        fingerprint="sha256:0",
        prefix="/usr",
        attributes=attributes,
        **more,
    )


def _request(
    *entries: LockedEntry,
    roots: Sequence[str] = (),
    host: LockedHost = HOST,
    included: tuple[str, ...] = (),
    env: tuple[Operation, ...] = OPERATIONS,
) -> ImageRequest:
    named = {name: name for name in roots}
    part = LockedTarget(least=host, resolved_on=host, entries=entries, roots=named, env=env)
    lock = Lock(format=1, name="x", inputs="sha256:0", targets={"linux-x86_64": part})
    return ImageRequest(
        lock=lock, target="linux-x86_64", part=part, version="1.0", digest="sha256:1", included=included
    )


PYTHON = _entry("lang.python", {"owner": "python3.11-minimal 3.11.2-6+deb12u6 (dpkg)"})
BOTH: list[Value] = ["gcc-12 12.2.0-14+deb12u1 (dpkg)", "g++-12 12.2.0-14+deb12u1 (dpkg)"]
COMPILER = _entry("compiler.gcc", {"owner": BOTH[0], "owners": BOTH}, accept="compatible")
USUAL = _request(PYTHON, COMPILER, roots=["lang.python-1"])


def _stages(text: str) -> list[str]:
    return re.split(r"^FROM ", text, flags=re.M)[1:]


def test_a_dockerfile_is_whole_and_its_last_stage_has_no_ckpm() -> None:
    text = render_image("dockerfile", USUAL)
    stages = _stages(text)
    assert [stage.splitlines()[0] for stage in stages] == ["debian:12-slim AS system", "system AS build", "system"]
    assert "sync ./env.toml --frozen" in stages[1]
    assert stages[1].index("pip install") < stages[1].index("COPY env.toml env.lock.json")
    assert not re.search(r"ckpm (sync|export)|pip install", stages[2])
    assert "COPY --from=build /opt/ckpm/store /opt/ckpm/store" in stages[2]
    assert "${CKPM_HOME}" not in text
    assert 'ENV TOOL="/opt/ckpm/store/it\'s \\$x"' in stages[2]


def test_a_version_is_asked_for_where_the_lock_takes_no_other_and_a_compiler_of_the_build_stays_behind() -> None:
    stages = _stages(render_image("dockerfile", USUAL))
    assert "      python3.11=3.11.2-6+deb12u6 \\\n" in stages[0]
    assert "ARG SNAPSHOT" in stages[0]
    assert "g++" not in stages[0]
    assert "      g++-12 \\\n      gcc-12 \\\n" in stages[1]
    loose = _request(_entry("lang.python", PYTHON.attributes, accept=">=3.11"), roots=["lang.python-1"])
    assert "      python3.11 \\\n" in (stage := _stages(render_image("dockerfile", loose))[0])
    assert "SNAPSHOT" not in stage


def test_what_the_env_includes_goes_along() -> None:
    text = render_image("dockerfile", _request(PYTHON, included=("it's/base.toml",)))
    assert 'COPY ["it\'s/base.toml", "./it\'s/base.toml"]\n' in text


def test_a_dockerfile_asks_whether_what_it_names_was_made() -> None:
    operation = Operation(op="set", var="V", value="${CKPM_HOME}/store/linux-x86_64/python-env-1/bin")
    text = render_image("dockerfile", _request(env=(operation,)))
    assert "RUN ls -d /opt/ckpm/store/linux-x86_64/python-env-1\n" in text


def test_the_real_parsers_take_a_dockerfile(tmp_path: Path) -> None:
    hadolint = require("hadolint")
    path = tmp_path / "Dockerfile"
    path.write_text(render_image("dockerfile", USUAL))
    # DL3008: packages of the build without a version; the lock holds what comes of them.
    done = subprocess.run([hadolint, "--ignore=DL3008", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("attributes", [{}, {"owner": "python3.11 3.11.2-1 (rpm)"}], ids=repr)
def test_what_no_package_of_the_system_brought_is_refused(attributes: Mapping[str, Value]) -> None:
    with pytest.raises(UsageError, match=r"lang\.python 3\.11\.2 of /usr"):
        render_image("dockerfile", _request(_entry("lang.python", attributes)))


def test_an_image_of_a_system_without_apt_is_refused() -> None:
    fedora = LockedHost(os="linux", arch="x86_64", distribution="fedora 43")
    with pytest.raises(UsageError, match="fedora 43, and an image is written for Debian and Ubuntu"):
        render_image("dockerfile", _request(host=fedora))


@pytest.mark.parametrize("name", [name for name in image_names() if name != "dockerfile"])
def test_the_others_are_valid_json(name: str) -> None:
    document = json.loads(render_image(name, USUAL))
    assert document["name"] == "x"


def test_a_workflow_keys_its_cache_by_the_lock() -> None:
    document = json.loads(render_image("github-workflow", USUAL))
    cache = next(step for step in document["jobs"]["env"]["steps"] if "cache" in step.get("uses", ""))
    assert "hashFiles('env.lock.json')" in cache["with"]["key"]


def test_a_workflow_is_valid_by_its_schema(tmp_path: Path) -> None:
    path = tmp_path / "w.yml"
    path.write_text(render_image("github-workflow", USUAL))
    command = [require("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_an_env_s_whole_dockerfile_is_written_on_the_command_line(ckpm: Ckpm, tmp_path: Path) -> None:
    project, beside = tmp_path / "project", tmp_path / "beside"
    for folder in (project / "inner", beside):
        folder.mkdir(parents=True)
        (folder / "env.toml").write_text('name = "inner"\nenv = [{op = "set", var = "V", value = "$it"}]\n')
    document = project / "env.toml"
    document.write_text('name = "outer"\ninclude = ["inner/env.toml"]\n')
    assert ckpm("lock", cwd=project).code == 0
    ran = ckpm("export", "./env.toml", "--format", "dockerfile", cwd=project)
    assert ran.code == 0, ran.err
    assert 'COPY ["inner/env.toml", "./inner/env.toml"]\n' in ran.out
    assert ran.out.endswith('ENV V="\\$it"\nWORKDIR /work\nCMD ["sh"]\n')
    document.write_text('name = "outer"\ninclude = ["../beside/env.toml"]\n')
    assert ckpm("lock", cwd=project).code == 0
    outside = ckpm("export", "./env.toml", "--format", "dockerfile", cwd=project)
    assert (outside.code, "is included, and an image is built from" in outside.err) == (2, True)


@pytest.mark.parametrize("shell", POSIX_SHELLS)
def test_a_bundle_is_activated_where_it_lies_and_undone(shell: str, tmp_path: Path) -> None:
    require(POSIX_SHELLS[shell][0])
    folder = tmp_path / "it's a $place"
    folder.mkdir()
    (folder / "activate.sh").write_text(activation_text(OPERATIONS, ("/no/such file",), []))
    main = tmp_path / "main"
    main.write_text('. "$CKPM_BUNDLE/activate.sh"\nprintf "%s|" "$TOOL"\nckpm_deactivate\nprintf %s "${TOOL-unset}"\n')
    done = subprocess.run(
        [*POSIX_SHELLS[shell], str(main)],
        env={"PATH": "/usr/bin:/bin", "CKPM_BUNDLE": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{folder}/store/it's $x|unset"
    assert "/no/such file is needed and is not on this host" in done.stderr
