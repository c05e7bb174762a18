"""Addresses of sources: their scheme, their mirrors, how they are shown, safe file names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

from pkgmgr.install.fetch.failure import Refused

_SCHEME = re.compile(r"([a-z][a-z0-9]*(?:[+-][a-z0-9]+)*):")
_UNSAFE = re.compile(r"[^A-Za-z0-9._+@=,~-]+")
_LONGEST_NAME = 180
"""Characters; file systems allow 255 bytes, and partial files have a longer name."""


def scheme_of(address: str) -> str:
    """Give the scheme, ``git+https`` of ``git+https://…``; empty when there is none."""
    match = _SCHEME.match(address)
    return match[1] if match else ""


def module_of(scheme: str) -> str:
    """Give the name of the module that knows a scheme."""
    return scheme.replace("+", "_").replace("-", "_")


def shown(address: str) -> str:
    """Give an address as it may be printed: without user, password and query, where tokens live."""
    if "://" not in address:
        return address
    try:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, "", parts.fragment))
    except ValueError:
        return "an address that can't be read"


def with_mirrors(addresses: Iterable[str], mirrors: Mapping[str, str]) -> tuple[str, ...]:
    """Put the mirror of each address in front of it; the longest fitting prefix wins."""
    result: dict[str, None] = {}
    for address in addresses:
        fitting = max((prefix for prefix in mirrors if prefix and address.startswith(prefix)), key=len, default="")
        if fitting:
            result[mirrors[fitting] + address[len(fitting) :]] = None
        result[address] = None
    return tuple(result)


def safe_name(text: str) -> str:
    """Give a plain file name: no folder, no odd character, not hidden, not empty, not too long."""
    name = _UNSAFE.sub("_", text).lstrip(".")
    return name[-_LONGEST_NAME:] or "source"


def url_name(url: str) -> str:
    """Give the last part of a URL's path.

    :raises Refused: when it is no URL.
    """
    try:
        return unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    except ValueError as error:
        raise Refused("the address is not a proper URL") from error


def require_match(pattern: re.Pattern[str], address: str, form: str) -> re.Match[str]:
    """Read an address by its scheme's pattern.

    :raises Refused: when it does not have the form.
    """
    match = pattern.fullmatch(address)
    if match is None:
        raise Refused(f"the address is not of the form {form}")
    return match
