"""Which mounted file systems may hang, and which paths lead into one.

`parse_mounts` is pure; nothing here touches anything below a mount point.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

_REMOTE = frozenset(
    {
        "nfs",
        "nfs3",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "9p",
        "afs",
        "autofs",
        "beegfs",
        "ceph",
        "davfs",
        "gfs2",
        "glusterfs",
    }
    | {"gpfs", "lustre", "ncpfs", "ocfs2", "orangefs", "panfs", "pvfs2", "webdav", "wekafs"}
)
_MOST_LINKS = 40


def parse_mounts(mountinfo: str) -> list[str]:
    """Give the mount points, in ``/proc/self/mountinfo``, whose content comes from somewhere else.

    Every FUSE file system counts (``fuse.sshfs``, ``fuse.gcsfuse``): a process answers for it. ``fuseblk`` is a disk.
    """
    found = []
    for line in mountinfo.splitlines():
        # 36 35 98:0 /root /mount/point rw,noatime master:1 - nfs4 server:/export rw
        before, dash, after = line.partition(" - ")
        fields, kind = before.split(" "), after.partition(" ")[0]
        if dash and len(fields) > 4 and (kind in _REMOTE or kind == "fuse" or kind.startswith("fuse.")):
            found.append(_unescape(fields[4]))
    return found


def _unescape(text: str) -> str:
    """Undo the kernel's octal escapes of space, tab, newline and backslash (``seq_path``)."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text


def remote_mounts() -> list[str]:
    """Give the remote mount points of this machine; none where the kernel does not tell."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            return parse_mounts(file.read())
    except OSError:
        return []


def leads_into(path: str, places: Iterable[str]) -> str | None:
    """Give the place that a path lies in or leads into by links, without touching anything inside of it."""
    avoided = frozenset(places)
    done, rest, links = "", path.split("/"), 0
    while rest:
        part = rest.pop(0)
        if part in ("", "."):
            continue
        if part == "..":
            done = done.rpartition("/")[0]
            continue
        step = f"{done}/{part}"
        if step in avoided:
            return step
        try:
            target = os.readlink(step)
        except (OSError, ValueError):
            done = step
            continue
        links += 1
        if links > _MOST_LINKS:
            return None
        done, rest = ("" if target.startswith("/") else done), [*target.split("/"), *rest]
    return None
