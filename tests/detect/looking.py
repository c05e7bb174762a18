"""Look for models and data sets on a machine of plain data."""

from __future__ import annotations

from pathlib import Path

from pkgmgr.detect.artifacts import ArtifactIndex
from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.folders import Folders
from pkgmgr.detect.python_sites import Site
from pkgmgr.detect.where import Where
from pkgmgr.host.ports import Host
from pkgmgr.host.recorded import RecordedFiles, RecordedRunner

FOLDER = Path(__file__).parent / "models"
WEIGHTS = (FOLDER / "tiny.safetensors").read_bytes()
GGUF = (FOLDER / "tiny.gguf").read_bytes()
ONNX = (FOLDER / "tiny.onnx").read_bytes()
HOME = "/home/me"


def look(
    files: dict[str, str | bytes],
    *,
    links: dict[str, str] | None = None,
    searched: tuple[str, ...] = (),
    system: bool = True,
    variables: dict[str, str] | None = None,
    sites: tuple[Site, ...] = (),
) -> ArtifactIndex:
    """Make the index of a machine that has these files, seen by a person whose home is `HOME`."""
    host = Host(
        files=RecordedFiles(files=files, links=links),
        runner=RecordedRunner(prints={}),
        variables=variables or {},
        target="linux-x86_64",
        home=HOME,
    )
    folders = Folders(host=host, where=Where(search_paths=searched, system=system))
    return ArtifactIndex(folders=folders, sites=lambda: sites)


def found_below(root: str, files: dict[str, str | bytes]) -> list[Artifact]:
    """Give what is found below one search path, the files given relative to it."""
    return look({f"{root}/{name}": text for name, text in files.items()}, searched=(root,), system=False).all()


def only(index: ArtifactIndex) -> Artifact:
    """Give the one thing that is there."""
    (artifact,) = index.all()
    return artifact
