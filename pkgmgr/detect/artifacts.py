"""Models and data sets, found once for all softs: in caches by their layout, in folders by their content.

Touches: the file system, through `pkgmgr.host.ports.Files` only. Nothing is hashed, loaded, written or copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.caches.places import cache_places
from pkgmgr.detect.candidates import Candidate, Finding
from pkgmgr.detect.folders import Folders, walk_folders
from pkgmgr.detect.models.facts import COMPLETE
from pkgmgr.detect.python_sites import Site
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value
from pkgmgr.model.soft import ArtifactFind, Recognition, Soft

MODEL_FOLDERS = (
    "/data/models",
    "/opt/models",
    "/models",
    "~/models",
    "~/CK-TOOLS/model-*",
    "~/MLC/repos/local/cache/*",
    "$MLC_REPOS/local/cache/*",
    "$CK_TOOLS/model-*",
)
DATA_FOLDERS = ("/data/datasets", "/datasets", "~/datasets", "~/data", "~/CK-TOOLS/dataset-*", "$CK_TOOLS/dataset-*")
_DEPTH = 4


class ArtifactIndex(msgspec.Struct):
    """Every model and data set of one detection."""

    folders: Folders
    sites: Callable[[], Sequence[Site]] = lambda: ()
    """Gives Python's sites, when they are first asked for."""
    _found: list[Artifact] | None = None

    def all(self) -> list[Artifact]:
        """Give each once: two paths that lead to the same blob are one, and so are two of which one hash is stated."""
        if self._found is None:
            gathered = _Gathered(self.folders.host.files)
            for artifact in self._look():
                gathered.add(artifact)
            self._found = gathered.all()
        return self._found

    def _look(self) -> Iterator[Artifact]:
        folders, files = self.folders, self.folders.host.files
        # First: a cache knows more of what lies in it than the same file says, looked at alone.
        places = cache_places(folders.host, self.sites()) if folders.where.system else []
        searched = folders.searched()
        roots = folders.own([*MODEL_FOLDERS, *DATA_FOLDERS])
        if not (places or searched or roots):
            return
        # 30 ms with all who know a format, where there is something to read.
        from pkgmgr.detect.caches.known import artifacts_in
        from pkgmgr.detect.caches.lying import found_below, lying_in

        yield from artifacts_in(files, places)
        yield from found_below(files, searched)
        for root in roots:
            for folder in walk_folders(files, root.path, depth=_DEPTH, cut=folders.cut):
                yield from lying_in(Listing(files, folder), root.origin)

    def find(self, soft: Soft, softs: Sequence[Soft]) -> Iterator[Finding]:
        """Give what a soft recognises, but for what another one of those looked for knows more closely."""
        wanted = soft.find.artifact
        if wanted is None:
            return
        closer = [other.find.artifact for other in softs if other.find.artifact is not None]
        closer = [other for other in closer if closeness(other) > closeness(wanted)]
        for artifact in self.all():
            if fits(wanted, artifact) and not any(fits(other, artifact) for other in closer):
                yield _candidate(soft, artifact)


class _Gathered:
    """What was found so far, each blob once: of two, the first stays, and is told where else it lies."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._kept: list[Artifact] = []
        self._others: dict[int, dict[str, None]] = {}
        self._by_place: dict[tuple[str, int, int], int] = {}
        self._by_hash: dict[tuple[str, str], int] = {}

    def add(self, artifact: Artifact) -> None:
        state = self._files.stat(artifact.path)
        place = (state.device, state.inode) if state is not None else (0, hash(artifact.path))
        stated = artifact.attributes.get("sha256") if artifact.state == COMPLETE else None
        known = self._by_place.get((artifact.kind, *place))
        if known is None and stated:
            known = self._by_hash.get((artifact.kind, str(stated)))
        if known is None:
            known = len(self._kept)
            self._kept.append(artifact)
        elif self._files.real(artifact.path) != self._files.real(self._kept[known].path):
            self._others.setdefault(known, {})[artifact.path] = None
        self._by_place.setdefault((artifact.kind, *place), known)
        if stated:
            self._by_hash.setdefault((artifact.kind, str(stated)), known)

    def all(self) -> list[Artifact]:
        for number, paths in self._others.items():
            artifact = self._kept[number]
            self._kept[number] = replace(artifact, attributes={**artifact.attributes, "also_at": [*paths]})
        return self._kept


def closeness(wanted: ArtifactFind) -> int:
    """Say how closely a soft describes what it looks for: an architecture, an ecosystem, a format."""
    return 3 if wanted.recognise else 2 if wanted.ecosystems else 1 if wanted.formats else 0


def fits(wanted: ArtifactFind, artifact: Artifact) -> bool:
    """Tell whether an artifact is what a soft describes."""
    if wanted.kind != artifact.kind:
        return False
    if wanted.formats and artifact.attributes.get("format") not in wanted.formats:
        return False
    if wanted.ecosystems and artifact.ecosystem not in wanted.ecosystems:
        return False
    return not wanted.recognise or any(_is_recognised(row, artifact) for row in wanted.recognise)


def _is_recognised(row: Recognition, artifact: Artifact) -> bool:
    is_told = bool(artifact.ecosystem) or artifact.kind == "dataset"  # a data set's name is told by its content
    if row.named and not (is_told and re.search(row.named, artifact.name)):
        return False
    if row.architecture and not re.search(row.architecture, str(artifact.attributes.get("architecture", ""))):
        return False
    if not row.layers:
        return bool(row.named or row.architecture)
    return (
        all(_each_found(row.layers, artifact.layers))
        and not any(_each_found(row.without, artifact.layers))
        and not any(_each_found(row.unshaped, artifact.shapes))
    )


def _each_found(expressions: Sequence[str], lines: Sequence[str]) -> Iterator[bool]:
    text = "\n".join(lines) if expressions else ""
    return (re.search(expression, text, re.MULTILINE) is not None for expression in expressions)


def _candidate(soft: Soft, artifact: Artifact) -> Candidate:
    attributes: dict[str, Value] = {**artifact.attributes, "state": artifact.state}
    if artifact.size:  # of a folder with a million files nobody has added them up
        attributes["size"] = artifact.size
    if artifact.ecosystem:
        attributes |= {"ecosystem": artifact.ecosystem, "name": artifact.name}
    facts: dict[str, Value] = {
        **{key: value for key, value in attributes.items() if isinstance(value, str | int)},
        "prefix": artifact.root,
        "runs_on": "any",
        "layers": "\n".join(artifact.layers),
        "shapes": "\n".join(artifact.shapes),
        "evidence": artifact.evidence,
        "given_files": dict(artifact.files),
        "given_attributes": attributes,
    }
    if artifact.version is not None:
        facts["version"] = artifact.version
    return Candidate(
        soft=soft.name,
        path=artifact.path,
        real=artifact.path,
        names=(artifact.path,),
        facts=facts,
        origin=artifact.origin,
        form="hook",
    )
