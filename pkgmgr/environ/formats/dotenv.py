"""``.env`` files, as Docker Compose, dotenv of Node and python-dotenv read them. Pure."""

from __future__ import annotations

from pkgmgr.environ.compose import apply
from pkgmgr.environ.request import ExportRequest
from pkgmgr.model.errors import UsageError


def render(request: ExportRequest) -> str:
    """Write ``NAME='VALUE'`` lines. Lists stand alone: such a file can't add to what is there."""
    for operation in request.operations:
        if operation.op == "unset":
            raise UsageError(f"{operation.var}: a .env file can't unset a variable")
    values = apply(request.operations, {}, path_separator=request.path_separator)
    return "".join(f"{name}={_quote(name, value)}\n" for name, value in values.items())


def _quote(name: str, value: str) -> str:
    if "'" not in value and "\n" not in value and "\r" not in value:
        return f"'{value}'"
    if any(character in value for character in "$`\r"):
        raise UsageError(f"{name}: its value mixes quotes or line breaks with '$' or '`', which .env readers expand")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
