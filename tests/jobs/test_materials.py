"""`ckpm sbom`: hashes, licences and names that other tools know, valid by CycloneDX's own schema."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from pathlib import Path

import pytest

from pkgmgr.jobs.materials import metadata_license
from tests.conftest import Ckpm
from tests.environ.test_environ_python import make_wheel

OSI = "License :: OSI Approved :: "


@pytest.mark.parametrize(
    ("expression", "text", "classifiers", "expected"),
    [
        ("MIT OR Apache-2.0", "MIT", [f"{OSI}MIT License"], "MIT OR Apache-2.0"),
        ("", "BSD-3-Clause", [f"{OSI}BSD License"], "BSD-3-Clause"),
        ("", "Copyright (c) 2005-2024, NumPy Developers.\nAll rights reserved.", [f"{OSI}BSD License"], "BSD License"),
        ("", "x" * 200, [], ""),
        ("", "", [f"{OSI}MIT License", f"{OSI}Zope Public License", "Topic :: X"], "MIT License; Zope Public License"),
        ("", "", [], ""),
    ],
)
def test_a_licence_is_named_as_well_as_metadata_allow(
    expression: str, text: str, classifiers: Sequence[str], expected: str
) -> None:
    assert metadata_license(expression, text, classifiers) == expected


def test_a_bill_of_materials_names_wheels_by_hash_and_is_the_same_each_time(ckpm: Ckpm, tmp_path: Path) -> None:
    pytest.importorskip("cyclonedx", reason="the extra sbom is not here")
    wheel = make_wheel(tmp_path / "shelf", "ckpmone", "1.0", more="License-Expression: MIT\n")
    project = tmp_path / "project"
    project.mkdir()
    wanted = [f"soft:lang.python@={platform.python_version()}", "soft:python.ckpmone"]
    (project / "env.toml").write_text(f'name = "one"\nrequires = {json.dumps(wanted)}\n')
    shelf = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheel.parent), "PIP_CONFIG_FILE": "/dev/null", "CKPM_UV": "0"}
    assert ckpm("lock", env=shelf, cwd=project).code == 0
    ran = ckpm("sbom", cwd=project)
    assert ran.code == 0, ran.err
    rows = {row["name"]: row for row in json.loads(ran.out)["components"]}
    assert rows["ckpmone"]["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}]
    assert rows["ckpmone"]["licenses"] == [{"license": {"id": "MIT"}}]
    assert rows["ckpmone"]["purl"] == "pkg:pypi/ckpmone@1.0"
    assert len(rows["lang.python"]["hashes"]) == 1
    assert ckpm("sbom", cwd=project).out == ran.out
