"""Where Ultralytics keeps weights and data sets: its settings say so.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from pkgmgr.detect.folders import expand_variables
from pkgmgr.detect.models.source import NO_JSON
from pkgmgr.host.paths import is_rooted
from pkgmgr.host.ports import Host

SETTINGS = (
    "$YOLO_CONFIG_DIR/Ultralytics/settings.json",
    "$YOLO_CONFIG_DIR/settings.json",
    "$XDG_CONFIG_HOME/Ultralytics/settings.json",
    "~/.config/Ultralytics/settings.json",
    "~/Library/Application Support/Ultralytics/settings.json",
    "~/AppData/Roaming/Ultralytics/settings.json",
)
"""8.4 puts a folder of its own below ``$YOLO_CONFIG_DIR``, earlier ones did not."""


class _Settings(msgspec.Struct):
    weights_dir: str = ""
    datasets_dir: str = ""


def ultralytics_folders(host: Host) -> Iterator[tuple[str, str]]:
    """Give (folder of weights, folder of data sets) of the settings that count: the first that are there.

    A folder that is empty is nowhere.
    """
    for pattern in SETTINGS:
        path = expand_variables(pattern, host.variables, host.home)
        content = host.files.read(path) if path is not None else None
        if content is None:
            continue
        try:
            settings = msgspec.json.decode(content, type=_Settings)
        except NO_JSON:
            continue
        yield _rooted(settings.weights_dir), _rooted(settings.datasets_dir)
        return


def _rooted(folder: str) -> str:
    """Give a folder, or nothing for one below wherever Ultralytics happens to be started: that is its default."""
    return folder if is_rooted(folder) else ""
