"""kagglehub's cache: models, data sets and competitions, each version with a mark beside it when it is whole.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.caches.plain import repository_model
from pkgmgr.detect.folders import expand_folders
from pkgmgr.detect.models.facts import BROKEN, COMPLETE, PARTIAL
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value

_NO_MARK = "no mark says that it was fetched whole"


def kaggle_artifacts(files: Files, root: str) -> Iterator[Artifact]:
    """Give each version of each model and data set."""
    for folder in expand_folders(files, f"{root}/models/*/*/*/*/*"):
        if folder.rpartition("/")[2].isdigit():
            yield _model(files, folder)
    for folder in expand_folders(files, f"{root}/datasets/*/*/versions/*"):
        owner, name, _, version = folder.split("/")[-4:]
        mark = f"{folder.rpartition('/versions/')[0]}/{version}.complete"
        yield _data_set(files, folder, f"{owner}/{name}", mark, version=version)
    for folder in expand_folders(files, f"{root}/competitions/*"):
        name = folder.rpartition("/")[2]
        yield _data_set(files, folder, name, f"{folder}.complete", version=None)


def _model(files: Files, folder: str) -> Artifact:
    parts = folder.split("/")[-5:]
    base = Artifact(
        kind="model",
        name="/".join(parts[:-1]),
        path=folder,
        root=folder,
        evidence=f"the layout of {folder}",
        ecosystem="kaggle",
        origin="cache:kaggle",
        version=parts[-1],
        attributes={"framework": parts[2], "variation": parts[3]},
    )
    found = repository_model(files, folder, base)
    if files.stat(f"{folder}.complete") is not None:
        return found
    if found.state == BROKEN:
        return found
    return replace(found, state=PARTIAL, attributes={**found.attributes, "reason": _NO_MARK})


def _data_set(files: Files, folder: str, name: str, mark: str, *, version: str | None) -> Artifact:
    is_whole = files.stat(mark) is not None
    told: dict[str, Value] = {"format": "kaggle", "dataset": name}
    if not is_whole:
        told["reason"] = _NO_MARK
    return Artifact(
        kind="dataset",
        name=name,
        path=folder,
        root=folder,
        evidence=f"the layout of {folder}",
        ecosystem="kaggle",
        origin="cache:kaggle",
        version=version,
        state=COMPLETE if is_whole else PARTIAL,
        files={"data": folder},
        attributes=told,
    )
