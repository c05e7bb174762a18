"""TensorFlow Lite's C library says its version in a string beside its own symbols; headers do not tell it."""

from __future__ import annotations

import re

from pkgmgr.detect.hooks import HookContext
from pkgmgr.model.entry import Value

_LARGEST = 64 << 20
"""Bytes read; the library takes 5 MiB."""
_VERSION = re.compile(rb"\0([12]\.\d{1,2}\.\d{1,2}(?:-rc\d)?)\0")


def examine(context: HookContext, facts: dict[str, Value]) -> dict[str, Value] | str:
    """Check that the C interface is in the file, and find the version string if it is the only one of its form."""
    content = context.files.read(str(facts["real"]), _LARGEST) or b""
    if b"TfLiteInterpreterCreate" not in content:
        return "it has no TfLiteInterpreterCreate: not the C library of TensorFlow Lite"
    versions = set(_VERSION.findall(content))
    return {"version": versions.pop().decode()} if len(versions) == 1 else {}
