"""Where everything that ckpm writes lives."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def default_home(variables: Mapping[str, str]) -> Path:
    """Give ``$CKPM_HOME``, else the platform's user data folder."""
    stated = variables.get("CKPM_HOME")
    if stated:
        return Path(stated).expanduser().absolute()
    if sys.platform not in ("win32", "darwin", "android"):
        # The XDG Base Directory Specification: a path that is not absolute counts as none.
        data = variables.get("XDG_DATA_HOME", "")
        return Path(data if data.startswith("/") else os.path.expanduser("~/.local/share")) / "ckpm"
    import platformdirs  # 6 ms

    return Path(platformdirs.user_data_dir("ckpm", appauthor=False))
