"""Run a registry's own client, with its configuration, and word its failure."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from pkgmgr.install.fetch.errors import SourceFailed

TIMEOUT = 1800.0
"""Seconds; a client has time limits of its own for a network that is not there."""
_NETWORK_WORDS = (
    *("temporary failure", "could not resolve", "name or service", "enotfound", "econnrefused", "etimedout"),
    *("connection refused", "network is unreachable", "eai_again", "failed to establish", "timed out"),
    *("max retries exceeded", "proxyerror", "could not connect", "cannot initiate"),
)


def run_client(argv: Sequence[str], folder: Path, *, variables: Mapping[str, str] | None = None) -> str:
    """Run a client in ``folder`` and give its output; raise `SourceFailed` when it fails."""
    try:
        done = subprocess.run(
            list(argv),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            text=True,
            errors="replace",
            env=None if variables is None else dict(variables),
            check=False,
        )
    except FileNotFoundError as error:
        raise SourceFailed(f"{argv[0]} is not there to ask", is_network=False) from error
    except subprocess.TimeoutExpired as error:
        raise SourceFailed(f"{argv[0]} did not end within {TIMEOUT:g} s", is_network=True) from error
    if done.returncode != 0:
        said = (done.stderr + "\n" + done.stdout).lower()
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        telling = next((line for line in lines if line.lower().startswith(("error", "e:", "npm err"))), None)
        reason = telling or (lines[-1] if lines else f"{argv[0]} exited with {done.returncode}")
        raise SourceFailed(reason[:300], is_network=any(word in said for word in _NETWORK_WORDS))
    return done.stdout
