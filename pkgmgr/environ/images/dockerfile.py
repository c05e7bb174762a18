"""A whole Dockerfile: what changes least comes first, and the final stage holds no ckpm. Pure.

The build stage makes what the lock says (``sync --frozen``); the final one takes the store and the static script.
"""

from __future__ import annotations

import json
import re

from pkgmgr.environ.formats import render as render_format
from pkgmgr.environ.images import HOME, ImageRequest, in_image, system_packages
from pkgmgr.environ.request import ExportRequest

_SNAPSHOT = (
    "# Mirrors keep the newest version alone. --build-arg SNAPSHOT=20260301T000000Z takes Debian as it was then.",
    "ARG SNAPSHOT=",
    'RUN if [ -n "$SNAPSHOT" ]; then \\',
    '      sed -i "s#deb.debian.org/\\(.*\\)#snapshot.debian.org/archive/\\1/$SNAPSHOT#" \\',
    "        /etc/apt/sources.list.d/debian.sources && \\",
    "      echo 'Acquire::Check-Valid-Until \"false\";' > /etc/apt/apt.conf.d/90snapshot; fi",
)
"""The images of Debian 12 and later have one such file, which names its mirror by this host."""

_STORED = re.escape(HOME) + r"/store/[\w.-]+/[\w.+-]+"


def render(request: ImageRequest) -> str:
    """Write the Dockerfile; it is built in the env's folder."""
    everything, kept = system_packages(request.part), system_packages(request.part, at_run_time=True)
    for_build = [name for name in everything if name not in kept]
    document = request.document
    sync = f"/opt/tool/bin/ckpm sync ./{document} --frozen --quiet"
    export = f"/opt/tool/bin/ckpm export ./{document} --format sh"
    if request.target != _host(request):
        sync, export = f"{sync} --target {request.target}", f"{export} --target {request.target}"
    operations = in_image(request.part.env)
    named = sorted({name for item in operations for name in re.findall(_STORED, item.value or "")})
    is_dated = request.base.startswith("debian:") and any("=" in name for name in everything)
    lines = [
        f"# Made by ckpm from the lock of {request.lock.name} for {request.target}. Build it in the env's folder.",
        f"# lock: {request.digest}",
        f"FROM {request.base} AS system",
        *(_SNAPSHOT if is_dated else ()),
        *_install(kept),
        "",
        "FROM system AS build",
        *_install(["ca-certificates", "python3", "python3-pip", "python3-venv", *for_build]),
        "# Where no index has ckpm: --build-arg CKPM=<the address of a wheel>.",
        f"ARG CKPM=ckpm=={request.version}",
        'RUN python3 -m venv /opt/tool && /opt/tool/bin/pip install --no-cache-dir "$CKPM"',
        f"ENV CKPM_HOME={HOME}",
        "WORKDIR /env",
        f"COPY {document} env.lock.json ./",
        *(f"COPY {json.dumps([path, f'./{path}'], ensure_ascii=False)}" for path in request.included),
        f"RUN --mount=type=cache,target={HOME}/cache {sync}",
        f"RUN {export} > {HOME}/activate.sh && mkdir -p {HOME}/store",
        *(["# What the variables below name must be what was made.", f"RUN ls -d {' '.join(named)}"] if named else []),
        "",
        "FROM system",
        f"COPY --from=build {HOME}/store {HOME}/store",
        f"COPY --from=build {HOME}/activate.sh {HOME}/activate.sh",
    ]
    env = render_format("dockerfile", ExportRequest(operations=operations))
    return "\n".join(lines) + "\n" + env + 'WORKDIR /work\nCMD ["sh"]\n'


def _host(request: ImageRequest) -> str:
    on = request.part.resolved_on
    return f"{on.os}-{on.arch}"


def _install(packages: list[str]) -> list[str]:
    if not packages:
        return []
    return [
        "RUN apt-get update && apt-get install -y --no-install-recommends \\",
        *(f"      {name} \\" for name in packages),
        "    && rm -rf /var/lib/apt/lists/*",
    ]
