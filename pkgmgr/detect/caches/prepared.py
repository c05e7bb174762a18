"""What TensorFlow Datasets and Hugging Face's datasets have prepared: shards, and a text that names them.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

import msgspec

from pkgmgr.detect.caches.artifact import Artifact, data_set
from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.models.facts import COMPLETE, PARTIAL, UNKNOWN
from pkgmgr.detect.models.source import NO_JSON
from pkgmgr.model.entry import Value

_OF = re.compile(r"-(?P<number>\d{5})-of-(?P<count>\d{5})(?:\.\w+)?$")


class _Split(msgspec.Struct):
    name: str = ""
    shard_lengths: list[str | int] | None = msgspec.field(name="shardLengths", default=None)


class _Info(msgspec.Struct):
    name: str = ""
    version: str | dict[str, object] = ""
    splits: list[_Split] | dict[str, dict[str, object]] | None = None
    builder_name: str | None = None
    dataset_name: str | None = None
    config_name: str | None = None
    tfds_config: str | None = msgspec.field(name="configName", default=None)


class _DataFile(msgspec.Struct):
    filename: str


class _State(msgspec.Struct):
    files: list[_DataFile] = msgspec.field(name="_data_files")
    split: str | None = msgspec.field(name="_split", default=None)


def described(listing: Listing, origin: str) -> Iterator[Artifact]:
    """Give the data set of a folder with ``dataset_info.json``: of each split, all shards must be there."""
    if "dataset_info.json" not in listing or "state.json" in listing:
        return
    folder = listing.folder
    if "incomplete." in folder or folder.endswith(".incomplete"):
        return
    info = _read_info(listing)
    if info is None:
        return
    if isinstance(info.splits, dict):
        wanted = dict.fromkeys(info.splits, 0)
    else:
        wanted = {row.name: len(row.shard_lengths or ()) for row in info.splits or ()}
    data = [name for name in listing.names if name not in ("dataset_info.json", "features.json")]
    lacks = [text for split, count in wanted.items() if (text := _lacking(split, count, data))]
    version = info.version if isinstance(info.version, str) else str(info.version.get("version_str", ""))
    listed: list[Value] = list(wanted)
    yield data_set(
        info.name or info.dataset_name or info.builder_name or posixpath.basename(folder),
        "arrow" if listing.ending(".arrow") else "tfds",
        folder,
        origin,
        PARTIAL if lacks else COMPLETE if wanted else UNKNOWN,
        version=version or None,
        size=_size(listing, data),
        reason="; ".join(lacks),
        told={"splits": listed, "config": info.tfds_config or info.config_name},
        beside={"info": listing.path("dataset_info.json")},
    )


def _read_info(listing: Listing) -> _Info | None:
    try:
        return msgspec.json.decode(listing.files.read(listing.path("dataset_info.json"), 4 << 20) or b"", type=_Info)
    except NO_JSON:
        return None


def _lacking(split: str, count: int, names: list[str]) -> str:
    """Say what is missing of a split; nothing when all of it is there.

    :param count: how many shards it has; 0 where only the names of the shards tell.
    """
    own = [name for name in names if re.search(rf"(?:^|-){re.escape(split)}[.-]", name)]
    if not own:
        return f"nothing of {split} is there"
    numbered = [found for name in own if (found := _OF.search(name))]
    whole = count or max((int(found["count"]) for found in numbered), default=0)
    there = len({found["number"] for found in numbered}) if numbered else len(own)
    return f"{there} of {whole} shards of {split} are there" if there < whole else ""


def arrow_folder(listing: Listing, origin: str) -> Iterator[Artifact]:
    """Give what `Dataset.save_to_disk` wrote: ``state.json`` names the files."""
    if "state.json" not in listing or "dataset_info.json" not in listing:
        return
    try:
        state = msgspec.json.decode(listing.files.read(listing.path("state.json")) or b"", type=_State)
    except NO_JSON:
        return
    info = _read_info(listing) or _Info()
    wanted = [row.filename for row in state.files]
    missing = [name for name in wanted if name not in listing]
    reason = f"{len(missing)} of {len(wanted)} files are not there" if missing else ""
    version = info.version if isinstance(info.version, str) else str(info.version.get("version_str", ""))
    splits: list[Value] = [state.split] if state.split else []
    yield data_set(
        info.dataset_name or info.builder_name or _saved_name(listing, state.split),
        "arrow",
        listing.folder,
        origin,
        PARTIAL if missing else COMPLETE,
        version=version or None,
        size=_size(listing, wanted),
        reason=reason,
        told={"splits": splits},
        beside={"info": listing.path("state.json")},
    )


def _saved_name(listing: Listing, split: str | None) -> str:
    """Give the name of the folder that was saved to: a split of several has one of its own in it."""
    name = posixpath.basename(listing.folder)
    return posixpath.basename(posixpath.dirname(listing.folder)) if name == split else name


def _size(listing: Listing, names: list[str]) -> int:
    states = [listing.files.stat(listing.path(name)) for name in names]
    return sum(state.size for state in states if state is not None and not state.is_folder)
