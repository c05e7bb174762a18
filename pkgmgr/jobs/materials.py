"""What a locked env consists of, as a CycloneDX bill of materials. Needs the extra ``sbom``."""

from __future__ import annotations

import hashlib
import uuid

from pkgmgr import __version__
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.lock.document import render_lock
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.lock import Lock, LockedEntry, LockedTarget


def bill_of_materials(workspace: Workspace, lock: Lock, part: LockedTarget) -> str:
    """Write CycloneDX 1.6 as JSON, valid against its schema; no time, and a serial number made from the lock.

    :raises CkpmError: without the library, or when what was written is not valid.
    """
    try:
        from cyclonedx.contrib.license.factories import LicenseFactory
        from cyclonedx.model import HashAlgorithm, HashType, Property
        from cyclonedx.model.bom import Bom
        from cyclonedx.model.component import Component, ComponentType
        from cyclonedx.output.json import JsonV1Dot6
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator
        from packageurl import PackageURL
    except ImportError as error:
        raise CkpmError("the library for CycloneDX is not here", hint="pip install 'ckpm[sbom]'") from error

    licences = LicenseFactory()

    def hashes(sha256: str) -> list[HashType]:
        return [HashType(alg=HashAlgorithm.SHA_256, content=sha256)] if sha256 else []

    def component(entry: LockedEntry) -> Component:
        package = workspace.catalog.package(entry.package.name) if entry.package is not None else None
        source = entry.package.sources[0].sha256 if entry.package is not None and entry.package.sources else ""
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
            hashes=hashes(source),
            licenses=[licences.make_from_string(package.license)] if package is not None else [],
            properties=[
                Property(name="ckpm:origin", value=entry.origin),
                Property(name="ckpm:target", value=entry.target),
                Property(name="ckpm:fingerprint", value=entry.fingerprint),
            ],
        )

    text = render_lock(lock).encode()
    bom = Bom(serial_number=uuid.UUID(bytes=hashlib.sha256(text).digest()[:16], version=4))
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the same lock, the same bytes
    root = Component(name=lock.name, type=ComponentType.APPLICATION, bom_ref=f"env:{lock.name}")
    bom.metadata.component = root
    bom.metadata.tools.components.add(Component(name="ckpm", version=__version__, type=ComponentType.APPLICATION))
    rows = {entry.id: component(entry) for entry in part.entries}
    for entry in part.entries:
        bom.components.add(rows[entry.id])
        wheels = [
            Component(
                name=wheel.name,
                version=wheel.version,
                type=ComponentType.LIBRARY,
                bom_ref=f"pypi:{wheel.name}=={wheel.version}",
                purl=PackageURL("pypi", name=wheel.name, version=wheel.version),
                hashes=hashes(wheel.sha256),
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
