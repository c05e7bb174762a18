"""Images, workflows and bundles made from a lock."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from pkgmgr.environ.images import ImageRequest, image_names, render_image
from pkgmgr.jobs.bundling import activation_text
from pkgmgr.model.errors import UsageError
from pkgmgr.model.lock import Lock, LockedEntry, LockedHost, LockedTarget
from pkgmgr.model.operation import Operation

from .shells import POSIX_SHELLS, require

HOST = LockedHost(os="linux", arch="x86_64", distribution="debian 12")
OPERATIONS = (
    Operation(op="set", var="TOOL", value="${CKPM_HOME}/store/it's $x"),
    Operation(op="prepend_path", var="PATH", value="${CKPM_HOME}/store/bin"),
)


def _request(attributes: Mapping[str, str]) -> ImageRequest:
    entry = LockedEntry(
        id="lang.python-3.11.2-0",
        soft="lang.python",
        version="3.11.2",
        target="linux-x86_64",
        origin="system",
        fingerprint="sha256:0",
        prefix="/usr",
        attributes=attributes,
    )
    part = LockedTarget(least=HOST, resolved_on=HOST, entries=(entry,), roots={}, env=OPERATIONS)
    lock = Lock(format=1, name="x", inputs="sha256:0", targets={"linux-x86_64": part})
    return ImageRequest(lock=lock, target="linux-x86_64", part=part, version="1.0", digest="sha256:1")


OWNED = {"owner": "python3.11-minimal 3.11.2-6+deb12u6 (dpkg)"}


def test_a_dockerfile_is_whole_and_its_last_stage_has_no_ckpm() -> None:
    text = render_image("dockerfile", _request(OWNED))
    stages = re.split(r"^FROM ", text, flags=re.M)[1:]
    assert [stage.splitlines()[0] for stage in stages] == ["debian:12-slim AS system", "system AS build", "system"]
    assert "python3.11=3.11.2-6+deb12u6" in stages[0]
    assert "sync ./env.toml --frozen" in stages[1]
    assert stages[1].index("pip install") < stages[1].index("COPY env.toml env.lock.json")
    assert not re.search(r"ckpm (sync|export)|pip install", stages[2])
    assert "COPY --from=build /opt/ckpm/store /opt/ckpm/store" in stages[2]
    assert "${CKPM_HOME}" not in text
    assert 'ENV TOOL="/opt/ckpm/store/it\'s \\$x"' in stages[2]


def test_what_no_package_of_the_system_brought_is_refused() -> None:
    with pytest.raises(UsageError, match=r"lang\.python 3\.11\.2 of /usr"):
        render_image("dockerfile", _request({}))


@pytest.mark.parametrize("name", [name for name in image_names() if name != "dockerfile"])
def test_the_others_are_valid_json(name: str) -> None:
    document = json.loads(render_image(name, _request(OWNED)))
    assert document["name"] == "x"


def test_a_workflow_keys_its_cache_by_the_lock() -> None:
    document = json.loads(render_image("github-workflow", _request(OWNED)))
    cache = next(step for step in document["jobs"]["env"]["steps"] if "cache" in step.get("uses", ""))
    assert "hashFiles('env.lock.json')" in cache["with"]["key"]


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
