"""A whole Dockerfile: what changes least comes first, and the final stage holds no ckpm. Pure.

The build stage makes what the lock says (``sync --frozen``); the final one takes the store and the static script.
"""

from __future__ import annotations

from pkgmgr.environ.formats import render as render_format
from pkgmgr.environ.images import HOME, ImageRequest, in_image, system_packages
from pkgmgr.environ.request import ExportRequest


def render(request: ImageRequest) -> str:
    """Write the Dockerfile; it is built in the env's folder."""
    packages = [f"{name}={version}" for name, version in system_packages(request.part).items()]
    document = request.document
    sync = f"/opt/tool/bin/ckpm sync ./{document} --frozen --quiet"
    export = f"/opt/tool/bin/ckpm export ./{document} --format sh"
    if request.target != _host(request):
        sync, export = f"{sync} --target {request.target}", f"{export} --target {request.target}"
    lines = [
        f"# Made by ckpm from the lock of {request.lock.name} for {request.target}. Build it in the env's folder.",
        f"# lock: {request.digest}",
        f"FROM {request.base} AS system",
        *_install(packages),
        "",
        "FROM system AS build",
        *_install(["ca-certificates", "python3", "python3-pip", "python3-venv"]),
        f"RUN python3 -m venv /opt/tool && /opt/tool/bin/pip install --no-cache-dir ckpm=={request.version}",
        f"ENV CKPM_HOME={HOME}",
        "WORKDIR /env",
        f"COPY {document} env.lock.json ./",
        f"RUN --mount=type=cache,target={HOME}/cache {sync}",
        f"RUN {export} > {HOME}/activate.sh && mkdir -p {HOME}/store",
        "",
        "FROM system",
        f"COPY --from=build {HOME}/store {HOME}/store",
        f"COPY --from=build {HOME}/activate.sh {HOME}/activate.sh",
    ]
    operations = in_image(request.part.env)
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
