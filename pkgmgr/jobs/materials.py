"""What a locked env consists of, as a CycloneDX bill of materials. Needs the extra ``sbom``."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Sequence
from email.parser import HeaderParser
from pathlib import Path

from pkgmgr import __version__
from pkgmgr.install.store import Store
from pkgmgr.install.venv.wanted import ENVIRONMENT, normalized
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.lock.document import render_lock
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.lock import Lock, LockedEntry, LockedTarget

_OWNER = re.compile(r"(?P<name>\S+) (?P<version>\S+) \(dpkg\)")
_OSI = "License :: OSI Approved :: "
_LONGEST_LICENSE = 100
"""Of a licence's name; the field may hold the whole text instead."""


def bill_of_materials(workspace: Workspace, lock: Lock, part: LockedTarget) -> str:
    """Write CycloneDX 1.6 as JSON, valid against its schema; no time, and a serial number made from the lock.

    :raises CkpmError: without the library, or when what was written is not valid.
    """
    try:
        from cyclonedx.contrib.license.factories import LicenseFactory
        from cyclonedx.model import HashAlgorithm, HashType, Property
        from cyclonedx.model.bom import Bom
        from cyclonedx.model.component import Component, ComponentType
        from cyclonedx.model.license import License
        from cyclonedx.output.json import JsonV1Dot6
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator
        from packageurl import PackageURL
    except ImportError as error:
        raise CkpmError("the library for CycloneDX is not here", hint="pip install 'ckpm[sbom]'") from error

    licences = LicenseFactory()

    def hashes(sha256: str) -> list[HashType]:
        return [HashType(alg=HashAlgorithm.SHA_256, content=sha256)] if sha256 else []

    def licensed(text: str) -> list[License]:
        return [licences.make_from_string(text)] if text else []

    def component(entry: LockedEntry) -> Component:
        source = entry.package.sources[0].sha256 if entry.package is not None and entry.package.sources else ""
        files = entry.content if entry.prefix is not None else ()
        owner = _OWNER.fullmatch(str(entry.attributes.get("owner", "")))
        model, data = entry.soft.startswith("model."), entry.soft.startswith("dataset.")
        kind = ComponentType.MACHINE_LEARNING_MODEL if model else ComponentType.DATA if data else ComponentType.LIBRARY
        if entry.soft.startswith("platform."):
            kind = ComponentType.PLATFORM
        elif entry.soft.partition(".")[0] in ("compiler", "tool", "lang"):
            kind = ComponentType.APPLICATION
        return Component(
            name=entry.soft,
            version=entry.version,
            type=kind,
            bom_ref=entry.id,
            hashes=hashes(source or (files[0].sha256 if len(files) == 1 else "")),
            purl=PackageURL("deb", "debian", owner["name"], owner["version"]) if owner and is_debian else None,
            licenses=licensed(_license_of(workspace, entry)),
            properties=[
                Property(name="ckpm:origin", value=entry.origin),
                Property(name="ckpm:target", value=entry.target),
                Property(name="ckpm:fingerprint", value=entry.fingerprint),
                *(Property(name=f"ckpm:sha256:{file.path}", value=file.sha256) for file in files),
            ],
        )

    environments = {entry.id: entry for entry in Store(home=workspace.home).installed() if entry.soft == ENVIRONMENT}
    is_debian = (part.resolved_on.distribution or "").startswith("debian ")
    text = render_lock(lock).encode()
    bom = Bom(serial_number=uuid.UUID(bytes=hashlib.sha256(text).digest()[:16], version=4))
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the same lock, the same bytes
    root = Component(name=lock.name, type=ComponentType.APPLICATION, bom_ref=f"env:{lock.name}")
    bom.metadata.component = root
    bom.metadata.tools.components.add(Component(name="ckpm", version=__version__, type=ComponentType.APPLICATION))
    rows = {entry.id: component(entry) for entry in part.entries}
    for entry in part.entries:
        bom.components.add(rows[entry.id])
        place = environments.get(entry.id)
        found_licences = _wheel_licenses(Path(place.prefix)) if place is not None else {}
        wheels = [
            Component(
                name=wheel.name,
                version=wheel.version,
                type=ComponentType.LIBRARY,
                bom_ref=f"pypi:{wheel.name}=={wheel.version}",
                purl=PackageURL("pypi", name=wheel.name, version=wheel.version),
                hashes=hashes(wheel.sha256),
                licenses=licensed(found_licences.get(wheel.name, "")),
            )
            for wheel in (entry.python.wheels if entry.python is not None else ())
        ]
        for wheel_row in wheels:
            bom.components.add(wheel_row)
        bom.register_dependency(rows[entry.id], [*(rows[name] for name in entry.deps if name in rows), *wheels])
    bom.register_dependency(root, [rows[name] for name in sorted(set(part.roots.values())) if name in rows])
    written = JsonV1Dot6(bom).output_as_string(indent=1)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(written)
    if wrong is not None:
        raise CkpmError(f"what was written is not valid CycloneDX: {wrong}")
    return written + "\n"


def _license_of(workspace: Workspace, entry: LockedEntry) -> str:
    """Give the licence that the packages of a soft agree on: of a found one, too, it is the same software."""
    if entry.package is not None:
        package = workspace.catalog.package(entry.package.name)
        return package.license if package is not None else ""
    named = {package.license for package in workspace.catalog.providers(entry.soft)}
    return named.pop() if len(named) == 1 else ""


def _wheel_licenses(prefix: Path) -> dict[str, str]:
    """Give the licence of each distribution of an environment, as its metadata name it."""
    found = {}
    for path in sorted(prefix.glob("lib*/python3*/site-packages/*.dist-info/METADATA")):
        said = HeaderParser().parsestr(path.read_text(encoding="utf-8", errors="replace"))
        found[normalized(str(said["Name"]))] = metadata_license(
            str(said["License-Expression"] or ""), str(said["License"] or ""), said.get_all("Classifier", [])
        )
    return found


def metadata_license(expression: str, free_text: str, classifiers: Sequence[str]) -> str:
    """Choose what names a distribution's licence best: an SPDX expression, a short name, a classifier. Pure."""
    if expression:
        return expression
    if free_text and "\n" not in free_text and len(free_text) <= _LONGEST_LICENSE:
        return free_text
    named = [row.removeprefix(_OSI) for row in classifiers if row.startswith(_OSI)]
    return "; ".join(named)
