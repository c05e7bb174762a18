"""``devcontainer.json``: the image of the Dockerfile beside it, as an editor opens it. Pure."""

from __future__ import annotations

import json

from pkgmgr.environ.images import HOME, ImageRequest, in_image


def render(request: ImageRequest) -> str:
    """Write it; ``ckpm export --format dockerfile`` writes the ``Dockerfile`` that it names."""
    fixed = {item.var: item.value or "" for item in in_image(request.part.env) if item.op == "set"}
    container = {
        "name": request.lock.name,
        "build": {"dockerfile": "Dockerfile", "context": "."},
        "containerEnv": {"CKPM_HOME": HOME},
        "remoteEnv": fixed,
    }
    return json.dumps(container, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
