"""Look at a recorded machine in place of this one, and record this one while it is looked at."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from pkgmgr.host.platform import read_platform
from pkgmgr.host.record import read_record, recorded_host, write_record
from pkgmgr.host.recording import RecordingHost
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.errors import NotFoundError, UsageError


def replayed(workspace: Workspace, path: Path) -> Workspace:
    """Give the workspace whose machine is the recorded one; facts that a person states now count.

    :raises NotFoundError: when there is no such file.
    :raises DocumentError: when it is no record.
    """
    if not path.exists():
        raise NotFoundError(f"the record {path} is not there", hint="'ckpm detect --record FILE' writes one")
    return replace(workspace, host_override=recorded_host(read_record(path), stated=workspace.variables))


@dataclass(frozen=True, kw_only=True)
class Recording:
    """This machine while it is listened to: look at it through `workspace`, then `write`."""

    workspace: Workspace
    listener: RecordingHost
    path: Path

    def write(self, note: str) -> None:
        """Write what was answered, the facts of the machine among it.

        :param note: which machine it is, for a person.
        """
        read_platform(self.listener.host)
        write_record(self.listener.record(note=note), self.path)


def recording(workspace: Workspace, path: Path) -> Recording:
    """Begin to listen. Nothing is taken from memory: everything is asked anew, so that it can be written down.

    :raises UsageError: when the file could not be written.
    """
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: a record is a file in a folder that is there")
    name = os.uname().nodename if hasattr(os, "uname") else workspace.variables.get("COMPUTERNAME", "")
    listener = RecordingHost(workspace.host, machine=name)
    return Recording(workspace=replace(workspace, host_override=listener.host), listener=listener, path=path)
