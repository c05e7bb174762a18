"""Write a file next door, and then by a rename. The one place for what a home may lose, or be unable to keep."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def write_cache_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; a full disk or a folder that may not be written costs time, nothing else."""
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            staged.write_bytes(content)
            staged.replace(path)
        finally:
            staged.unlink(missing_ok=True)
