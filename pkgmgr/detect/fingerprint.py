"""Whether an entry is what it was: a digest of samples of its files' content.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping

from pkgmgr.detect.candidates import Candidate
from pkgmgr.detect.memory import AnswerMemory
from pkgmgr.host.ports import Files


def fingerprint(
    parts: list[str], roles: Mapping[str, str], candidate: Candidate, files: Files, memory: AnswerMemory
) -> str:
    """Digest what an entry is and the names and content of its files, wherever they lie.

    :param parts: what tells it apart from what has the same files; the soft's name comes first.
    """
    digest = hashlib.sha256("\0".join(parts).encode())
    is_data = parts[0].startswith("dataset.")
    for role, path in sorted(roles.items()) or [("", candidate.path)]:
        digest.update(
            f"\0{role}\0{posixpath.basename(path)}\0{_content(path, files, memory, is_data=is_data)}".encode(
                "utf-8", "surrogateescape"
            )
        )
    return f"sha256:{digest.hexdigest()}"


def _content(path: str, files: Files, memory: AnswerMemory, *, is_data: bool) -> str:
    digest = file_digest(path, files, memory)
    if not is_data or digest != "folder":
        return digest
    from pkgmgr.detect.folder_digest import folder_digest  # where a data set is a folder

    return folder_digest(path, files, lambda name: file_digest(name, files, memory))


def file_digest(path: str, files: Files, memory: AnswerMemory) -> str:
    """Give a digest of a file's size and of samples of its content, remembered by the file's identity."""
    stat = files.stat(path)
    if stat is None or stat.is_folder:
        return "folder" if stat is not None else "missing"
    key = f"{path}\0{stat.device}\0{stat.inode}\0{stat.size}\0{stat.mtime_ns}\0{stat.ctime_ns}"
    known = memory.digest(key)
    if known is None:
        known = files.digest(path) or "unreadable"
        memory.keep_digest(key, known)
    return known
