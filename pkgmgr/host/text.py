"""Read small text files of a machine through `Files`."""

from __future__ import annotations

import re

from pkgmgr.host.ports import Files


def read_text(files: Files, path: str, limit: int = 1 << 20) -> str:
    """Give the text of a file; empty when it can't be read."""
    return (files.read(path, limit) or b"").decode("utf-8", "replace")


def parse_settings(text: str) -> dict[str, str]:
    """Read ``KEY=value`` lines, quoted or not, as in ``os-release(5)`` and sysfs's ``uevent``."""
    found = {}
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and re.fullmatch(r"[A-Za-z_]\w*", key):
            found[key] = _unquote(value.strip())
    return found


def _unquote(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return re.sub(r'\\([$"`\\])', r"\1", value[1:-1]) if value[0] == '"' else value[1:-1]
    return value


def parse_status(text: str) -> dict[str, str]:
    """Read ``/proc/self/status``."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {key: value.strip() for key, colon, value in pairs if colon}
