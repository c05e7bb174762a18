"""Write the records of the documented machines beside the recorded ones."""

from __future__ import annotations

from pkgmgr.host.record import write_record
from tests.hosts.documented import cray, macos, rocm, windows
from tests.hosts.machines import FOLDER

for name, make in (
    ("macos-homebrew", macos.make),
    ("windows-msvc", windows.make),
    ("rocm-node", rocm.make),
    ("cray-ex", cray.make),
):
    write_record(make().record(), FOLDER / f"{name}.json")
