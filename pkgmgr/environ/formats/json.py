"""JSON: the operations and the entries, for other programs. Pure."""

from __future__ import annotations

import json as _json

import msgspec

from pkgmgr.environ.request import ExportRequest


def render(request: ExportRequest) -> str:
    """Write ``{"env": [operation…], "entries": [id…]}``."""
    data = {"env": msgspec.to_builtins(request.operations), "entries": [entry.id for entry in request.entries]}
    return _json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
