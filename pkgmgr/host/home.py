"""Where everything that ckpm writes lives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def default_home(variables: Mapping[str, str]) -> Path:
    """Give ``$CKPM_HOME``, else the platform's user data folder."""
    stated = variables.get("CKPM_HOME")
    if stated:
        return Path(stated).expanduser().absolute()
    import platformdirs  # only without CKPM_HOME, and 10 ms

    return Path(platformdirs.user_data_dir("ckpm", appauthor=False))
