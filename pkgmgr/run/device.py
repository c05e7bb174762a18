"""Run a folder on a device: push, run, pull. Starts processes. As a program, what stands in front of a task's words.

usage: python -m pkgmgr.run.device ORDER.json ARGUMENT…
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from pkgmgr.model.target import Device
from pkgmgr.run.portable import OUTPUT, SCRIPT

_PATIENCE = 20.0
"""Seconds in which a device must answer that it is there."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One folder for one device."""

    device: Device
    local: str
    remote: str


class DeviceError(Exception):
    """A device that did not do what it was told."""


def why_not_ready(device: Device, variables: Mapping[str, str]) -> str:
    """Say why no device can be reached; '' when one can.

    :param variables: the person's own: ssh wants its agent, adb the serial number.
    """
    argv = device.ready or (*device.shell, "true")
    try:
        done = subprocess.run(
            argv,
            env=dict(variables),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE,
        )
    except OSError as error:
        return f"{argv[0]}: {error.strerror}"
    except subprocess.TimeoutExpired:
        return f"{argv[0]}: no answer in {_PATIENCE:.0f} s"
    if done.returncode == 0:
        return ""
    said = done.stdout.decode("utf-8", "replace").strip().splitlines()
    return f"{argv[0]}: {said[-1] if said else f'it ended with {done.returncode}'}"


def run_there(order: Order, arguments: Sequence[str]) -> int:
    """Bring the folder, run its script there, fetch what it wrote, remove it; give the script's exit code.

    :raises DeviceError: when a transfer fails.
    """
    device, remote = order.device, shlex.quote(order.remote)
    script = shlex.join(["sh", f"./{SCRIPT}", *arguments])
    _transfer((*device.shell, f"mkdir -p {remote}"), "make a folder")
    try:
        _transfer(_filled(device.push, order.local, order.remote), "bring the folder")
        code = subprocess.run([*device.shell, f"cd {remote} && {script}"], check=False).returncode
        local = Path(order.local, OUTPUT)
        local.mkdir(exist_ok=True)
        if code == 0:
            _transfer(_filled(device.pull, f"{order.remote}/{OUTPUT}", str(local)), "fetch what was written")
    finally:
        subprocess.run([*device.shell, f"rm -rf {remote}"], check=False, stdout=subprocess.DEVNULL)
    return code


def _filled(words: Sequence[str], source: str, place: str) -> list[str]:
    return [word.replace("{from}", source).replace("{to}", place) for word in words]


def _transfer(argv: Sequence[str], what: str) -> None:
    """Run a program whose output matters only if it fails."""
    try:
        done = subprocess.run(
            list(argv), check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as error:
        raise DeviceError(f"can't {what}: {argv[0]}: {error.strerror}") from error
    if done.returncode != 0:
        said = done.stdout.decode("utf-8", "replace").strip()
        raise DeviceError(f"can't {what} with {argv[0]}: {said or f'it ended with {done.returncode}'}")


def main(arguments: Sequence[str]) -> int:
    """Carry out an order; the arguments behind it are the script's."""
    order = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=Order)
    try:
        return run_there(order, arguments[1:])
    except DeviceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
