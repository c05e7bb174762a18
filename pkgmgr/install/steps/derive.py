"""Run a converter in a Python environment of its own, kept for the next time."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from pkgmgr.install.context import BuildContext
from pkgmgr.install.locks import hold
from pkgmgr.install.pythons import make_environment
from pkgmgr.model.errors import CkpmError, DocumentError
from pkgmgr.model.package import Derive


def perform(step: Derive, context: BuildContext) -> None:
    """Make the environment if it is not there, then run the script in it."""
    interpreter = context.roles.get(step.python) or context.roles.get("lang.python")
    if interpreter is None:
        raise CkpmError(f"{context.name}: a converter needs Python, and nothing has the role {step.python!r}")
    requirements, script = context.folder / step.requirements, context.folder / step.script
    for file in (requirements, script):
        if not file.is_file():
            raise DocumentError(f"{context.name}: {file} is not there")
    python = _environment(context, interpreter.files["python"], interpreter.id, requirements)
    context.run([str(python), "-s", "-E", str(script), *context.fill_all(step.args)])


def _environment(context: BuildContext, interpreter: str, identity: str, requirements: Path) -> Path:
    """Give the Python of the converter's environment, named by what it is made from."""
    key = hashlib.sha256(requirements.read_bytes() + b"\0" + identity.encode()).hexdigest()[:16]
    folder = context.cache / "converters" / key
    python = folder / "bin" / "python"
    if (folder / ".complete").is_file():
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    with hold(folder.with_name(f".{key}.lock")):
        if not (folder / ".complete").is_file():
            # A virtual environment holds its own path, so it is made in its place and marked when it is whole.
            shutil.rmtree(folder, ignore_errors=True)
            make_environment(context, interpreter, requirements, folder)
            (folder / ".complete").touch()
    return python
