"""Paths of any system as texts with ``/``: which are absolute, and how variables list them. Pure."""

from __future__ import annotations

import re

_DRIVE = re.compile(r"[A-Za-z]:(?:[/\\]|$)")


def is_rooted(path: str) -> bool:
    """Tell whether a path is absolute: from the root, or from that of a drive (``C:/Users``)."""
    return path.startswith("/") or _DRIVE.match(path) is not None


def with_slashes(path: str) -> str:
    """Write a Windows path as we do; a backslash in any other path is part of a name."""
    return path.replace("\\", "/") if _DRIVE.match(path) else path


def path_list(text: str, target: str) -> list[str]:
    """Give the absolute folders that a variable such as PATH lists.

    :param target: the machine that the variable is of: Windows separates by ``;``.
    """
    parts = text.split(";" if target.startswith("windows") else ":")
    return [with_slashes(part) for part in parts if is_rooted(part)]
