"""``npm:NAME@VERSION``: the archive of an npm package, packed by npm as it is configured; none of its scripts run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from pkgmgr.install.fetch.address import require_match
from pkgmgr.install.fetch.client import Said, find_client, is_no_network, run_client
from pkgmgr.install.fetch.failure import Refused, SourceFailure, Unreachable
from pkgmgr.install.fetch.job import Job
from pkgmgr.install.fetch.partial import CHUNK
from pkgmgr.install.fetch.web import obtain_url, read_url

_ADDRESS = re.compile(r"npm:(?P<name>(?:@[a-z0-9~._-]+/)?[a-zA-Z0-9~][\w~.-]*)@(?P<version>[0-9][\w.+-]*)", re.A)
_FORM = "npm:NAME@VERSION"
_HINT = "install npm, or name its registry in NPM_CONFIG_REGISTRY or ~/.npmrc"


def file_name(address: str) -> str:
    """Give the name that npm itself packs under."""
    wanted = require_match(_ADDRESS, address, _FORM)
    return f"{wanted['name'].lstrip('@').replace('/', '-')}-{wanted['version']}.tgz"


def obtain(address: str, job: Job) -> None:
    """Let npm pack it; without npm, ask the configured registry."""
    wanted = require_match(_ADDRESS, address, _FORM)
    try:
        npm = find_client("npm", job.variables, hint=_HINT)
    except Refused:
        _obtain_without_npm(wanted["name"], wanted["version"], job)
        return
    argv = (npm, "pack", f"{wanted['name']}@{wanted['version']}", "--ignore-scripts", "--silent", "--loglevel=error")
    said = run_client((*argv, "--pack-destination", "."), job, variables={"npm_config_update_notifier": "false"})
    packed = sorted(job.scratch.glob("*.tgz"))
    if said.exit_code != 0 or len(packed) != 1:
        raise _failure(said)
    job.partial.restart()
    with packed[0].open("rb") as file:
        while chunk := file.read(CHUNK):
            job.partial.write(chunk)


def _failure(said: Said) -> SourceFailure:
    text = said.errors or said.output
    if is_no_network(text):
        return Unreachable("npm reached no registry")
    if "E404" in text or "ETARGET" in text:
        return Refused("npm's registry has no such package or version")
    lines = [line.removeprefix("npm error ").strip() for line in text.splitlines() if line.strip()]
    return Refused(f"npm failed: {lines[0] if lines else f'exit code {said.exit_code}'}")


def _obtain_without_npm(name: str, version: str, job: Job) -> None:
    """Ask the registry that is configured for npm where the archive is, and transfer it."""
    registry = _registry(name, job)
    answer = read_url(f"{registry.rstrip('/')}/{quote(name, safe='@')}/{version}", job)
    try:
        url = json.loads(answer)["dist"]["tarball"]
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("npm's registry gave an answer that can't be read") from error
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise Refused("npm's registry names no archive")
    obtain_url(url, job)


def _registry(name: str, job: Job) -> str:
    """Find the configured registry, that of the package's scope first.

    :raises Refused: when none is configured: npm alone knows its own default.
    """
    scope = name.partition("/")[0] if name.startswith("@") else ""
    variables = {key.lower(): value for key, value in job.variables.items()}
    files = [variables.get("npm_config_userconfig") or str(Path(variables.get("home", "/")) / ".npmrc")]
    files.append(variables.get("npm_config_globalconfig") or "/etc/npmrc")
    settings = dict(_settings(files))
    scoped = settings.get(f"{scope}:registry") if scope else None
    registry = scoped or variables.get("npm_config_registry") or settings.get("registry")
    if not registry:
        raise Refused("npm is not installed, and no registry is configured", hint=_HINT)
    return registry


def _settings(files: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Read npm's ini files; what comes first counts, so it is given last."""
    for file in reversed(list(files)):
        try:
            lines = Path(file).read_text("utf-8", "replace").splitlines()
        except OSError:
            continue
        for line in lines:
            key, equals, value = line.partition("=")
            if equals and not key.strip().startswith(("#", ";")):
                yield key.strip(), value.strip().strip("\"'")
