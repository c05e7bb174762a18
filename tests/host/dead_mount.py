"""A file system that is mounted and stops to answer: what a dead server looks like.

It speaks the kernel's FUSE protocol (linux/fuse.h) on ``/dev/fuse`` by itself, which needs root and no library. The
server is a process of its own: when it ends, however it does, the kernel lets everybody go who waits for it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import stat
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_FORGETS = (2, 42)
_LOOKUP, _GETATTR, _OPEN, _READ, _STATFS, _INIT, _OPENDIR, _READDIR = 1, 3, 14, 15, 17, 26, 27, 28
_RELEASE, _FLUSH, _RELEASEDIR, _ACCESS = 18, 25, 29, 34
_ROOT, _PROGRAM = 1, 2
_FORCE_AND_DETACH = 3
_HEADER = struct.Struct("<IIQQIIII")
_TEXT = b"#!/bin/sh\necho thing 6.6\n"


def why_not() -> str:
    """Say why no such file system can be mounted here; empty when one might."""
    if sys.platform != "linux" or not os.path.exists("/dev/fuse"):
        return "there is no /dev/fuse"
    return "" if os.geteuid() == 0 else "mounting needs root"


class DeadMount:
    """A mounted file system with one program in it, ``thing``; from `die` on it answers nothing."""

    def __init__(self, point: Path) -> None:
        self.point = point
        command = [sys.executable, __file__, str(point)]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._hear()

    def die(self) -> None:
        """Take questions from now on and answer none: who asks waits past every signal, SIGKILL too."""
        assert self._server.stdin is not None
        self._server.stdin.write(b"d")
        self._server.stdin.flush()
        self._hear()

    def _hear(self) -> None:
        assert self._server.stdout is not None
        said = self._server.stdout.readline().decode().strip()
        if said != "ok":
            raise OSError(said or "the server ended")

    def close(self) -> None:
        """Take it away: those who wait get an error."""
        self._server.communicate(timeout=30)


@contextlib.contextmanager
def mounted(point: Path) -> Iterator[DeadMount]:
    """Mount one that is alive, and take it away at the end."""
    point.mkdir(parents=True, exist_ok=True)
    mount = DeadMount(point)
    try:
        yield mount
    finally:
        mount.close()


def serve(point: str) -> None:
    """Mount, and answer until standard input says ``d``; take it away at its end."""
    libc = ctypes.CDLL(None, use_errno=True)
    device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    if libc.mount(b"filer:/export", os.fsencode(point), b"fuse", 0, options.encode()) != 0:
        print(os.strerror(ctypes.get_errno()), flush=True)
        return
    print("ok", flush=True)
    is_dead = False
    try:
        while True:
            ready, _, _ = select.select([0, device], [], [])
            if 0 in ready:
                if not os.read(0, 1):
                    return
                is_dead = True
                print("ok", flush=True)
            if device in ready:
                question = os.read(device, 1 << 17)
                if not is_dead:
                    _reply(device, question)
    finally:
        libc.umount2(os.fsencode(point), _FORCE_AND_DETACH)


def _reply(device: int, question: bytes) -> None:
    _, code, unique, node, *_ = _HEADER.unpack_from(question)
    if code not in _FORGETS:
        status, content = _answer(code, node, question[_HEADER.size :])
        os.write(device, struct.pack("<IiQ", 16 + len(content), status, unique) + content)


def _answer(code: int, node: int, body: bytes) -> tuple[int, bytes]:
    if code == _INIT:
        return 0, struct.pack("<IIIIHHI", 7, 19, 0, 0, 12, 10, 1 << 16) + bytes(40)
    if code == _LOOKUP:
        found = struct.pack("<QQQQII", _PROGRAM, 0, 0, 0, 0, 0) + _state(_PROGRAM)
        return (0, found) if body == b"thing\0" else (-2, b"")  # ENOENT
    if code == _READDIR:
        row = struct.pack("<QQII5s3x", _PROGRAM, 1, 5, stat.S_IFREG >> 12, b"thing")
        return 0, row if _offset(body) == 0 else b""
    if code == _READ:
        return 0, _TEXT if _offset(body) == 0 else b""
    fixed = {
        _GETATTR: struct.pack("<QII", 0, 0, 0) + _state(node),
        _OPEN: struct.pack("<QII", 7, 0, 0),
        _OPENDIR: struct.pack("<QII", 7, 0, 0),
        _STATFS: bytes(80),
        **dict.fromkeys((_RELEASE, _RELEASEDIR, _FLUSH, _ACCESS), b""),
    }
    return (0, fixed[code]) if code in fixed else (-38, b"")  # ENOSYS


def _offset(body: bytes) -> int:
    (offset,) = struct.unpack_from("<Q", body, 8)
    return int(offset)


def _state(node: int) -> bytes:
    mode = stat.S_IFDIR | 0o755 if node == _ROOT else stat.S_IFREG | 0o755
    size = 0 if node == _ROOT else len(_TEXT)
    return struct.pack("<QQQQQQIIIIIIIIII", node, size, 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


if __name__ == "__main__":
    serve(sys.argv[1])
