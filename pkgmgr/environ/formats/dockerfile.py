"""``ENV`` lines for a Dockerfile. Pure.

Every line sees the values of those before it: BuildKit substitutes variables line by line. In double quotes it takes
away a backslash before a quote, a dollar or a backslash, and nothing else.
"""

from __future__ import annotations

import re

from pkgmgr.environ.compose import is_front, separator_of
from pkgmgr.environ.request import ExportRequest, refuse_bytes
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation


def render(request: ExportRequest) -> str:
    """Write the lines; put them after ``FROM``."""
    return "".join(_line(operation, request.path_separator) for operation in request.operations)


def _line(operation: Operation, path_separator: str) -> str:
    name = operation.var
    if operation.op == "unset":
        raise UsageError(f"{name}: a Dockerfile can't unset a variable, only make it empty")
    value = _escape(name, operation.value or "")
    if operation.op == "set":
        return f'ENV {name}="{value}"\n'
    separator = _escape(name, separator_of(operation, path_separator))
    if "}" in separator:
        raise UsageError(f"{name}: a Dockerfile can't hold a separator with a closing brace")
    if is_front(operation):
        return f'ENV {name}="{value}${{{name}:+{separator}${{{name}}}}}"\n'
    return f'ENV {name}="${{{name}:+${{{name}}}{separator}}}{value}"\n'


def _escape(name: str, text: str) -> str:
    refuse_bytes(name, text, "a Dockerfile")
    if "\n" in text or "\r" in text:
        raise UsageError(f"{name}: a Dockerfile can't hold a line break in a value")
    return re.sub(r'(["$\\])', r"\\\1", text)
