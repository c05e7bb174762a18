"""Two locks are compared by named rows."""

from __future__ import annotations

import msgspec

from pkgmgr.lock.flat import flat_lock
from pkgmgr.model.lock import Lock, LockedEntry, LockedHost, LockedPython, LockedTarget, LockedWheel

HOST = LockedHost(os="linux", arch="x86_64", libc_version="2.36")


def _lock(version: str, libc: str) -> Lock:
    wheel = LockedWheel(name="numpy", version=version, file=f"numpy-{version}-py3-none-any.whl", sha256="0" * 64)
    entry = LockedEntry(
        id="lang.python-env-3.11-1",
        soft="lang.python-env",
        version="3.11",
        target="linux-x86_64",
        origin="package",
        fingerprint="",
        python=LockedPython(python="3.11", requirements=("numpy",), wheels=(wheel,)),
    )
    host = msgspec.structs.replace(HOST, libc_version=libc)
    part = LockedTarget(least=HOST, resolved_on=host, entries=(entry,), roots={})
    return Lock(format=1, name="x", inputs="sha256:0", targets={"linux-x86_64": part})


def test_a_wheel_and_a_host_are_named() -> None:
    before, after = flat_lock(_lock("2.0", "2.36")), flat_lock(_lock("2.1", "2.39"))
    assert {key for key in before if before[key] != after[key]} == {
        "linux-x86_64 lang.python-env numpy",
        "linux-x86_64 resolved_on libc_version",
    }
