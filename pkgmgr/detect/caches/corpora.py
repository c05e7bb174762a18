"""What NLTK, gensim, pooch and scikit-learn have fetched.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

import msgspec

from pkgmgr.detect.caches.archive import archive_state
from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.folders import walk_folders
from pkgmgr.detect.models.facts import COMPLETE, PARTIAL, UNKNOWN
from pkgmgr.detect.models.source import NO_JSON
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value

CATEGORIES = frozenset(
    {
        "chunkers",
        "corpora",
        "grammars",
        "help",
        "misc",
        "models",
        "sentiment",
        "stemmers",
        "taggers",
        "tokenizers",
    }
)
"""The folders of NLTK's data."""
_SKLEARN = {
    "20news-bydate_py3.pkz": "20newsgroups",
    "cal_housing_py3.pkz": "california_housing",
    "olivetti_py3.pkz": "olivetti_faces",
    "species_coverage_py3.pkz": "species_distributions",
    "covertype": "covtype",
    "RCV1": "rcv1",
    "lfw_home": "lfw",
    "openml": "openml",
}
"""What `sklearn.datasets.fetch_…` writes → what it fetches."""
_KDDCUP = re.compile(r"kddcup99(?:_10)?-py3$")


def corpora_in(files: Files, root: str) -> Iterator[Artifact]:
    """Give each package of NLTK's data: an archive, which NLTK reads as it is, or a folder, or both."""
    for category in files.subfolders(root):
        if category not in CATEGORIES:
            continue
        listing = Listing(files, f"{root}/{category}")
        archives = {name.removesuffix(".zip"): listing.path(name) for name in listing.ending(".zip")}
        folders = {name: listing.path(name) for name in files.subfolders(listing.folder)}
        for name in sorted({*archives, *folders}):
            archive, folder = archives.get(name), folders.get(name)
            state, reason = archive_state(files, archive) if archive is not None else (UNKNOWN, "")
            path = folder or archive or root
            yield _made(
                "nltk",
                f"{category}/{name}",
                path,
                root,
                state,
                reason,
                {"category": category, **({"archive": archive} if archive and folder else {})},
                size=_size(files, [archive or path]),
            )


class _Item(msgspec.Struct):
    file_name: str = ""
    file_size: int = 0
    checksum: str = ""
    license: str = ""


class _Information(msgspec.Struct):
    corpora: dict[str, _Item] = {}
    models: dict[str, _Item] = {}


def gensim_data(files: Files, root: str) -> Iterator[Artifact]:
    """Give each folder of gensim's data; ``information.json`` says what it is, how large and of which hash."""
    try:
        about = msgspec.json.decode(files.read(f"{root}/information.json", 8 << 20) or b"{}", type=_Information)
    except NO_JSON:
        about = _Information()
    for name in files.subfolders(root):
        meant = name.removesuffix("_tmp")
        item = about.models.get(meant) or about.corpora.get(meant)
        if item is None and f"{meant}.gz" not in files.names(f"{root}/{name}"):
            continue
        path = f"{root}/{name}/{item.file_name if item and item.file_name else f'{meant}.gz'}"
        there = files.stat(path)
        state, reason = COMPLETE, ""
        if there is None or name != meant:
            state, reason = PARTIAL, f"{posixpath.basename(path)} is not there, or its download has not finished"
        elif item is not None and item.file_size and there.size != item.file_size:
            state, reason = PARTIAL, f"{there.size} of {item.file_size} bytes are there"
        elif item is None:
            state = UNKNOWN
        told: dict[str, Value] = {}
        if item is not None:
            told |= {"md5": item.checksum} if item.checksum else {}
            told |= {"licence": item.license} if item.license else {}
        kind = "model" if meant in about.models else "dataset"
        size = there.size if there is not None else 0
        yield _made("gensim", meant, path if there else f"{root}/{name}", root, state, reason, told, size, kind)


def pooch_files(files: Files, root: str, project: str) -> Iterator[Artifact]:
    """Give the examples of one project. Each file that has its name was whole: its hash was checked before."""
    present = [
        f"{folder}/{name}"
        for folder in walk_folders(files, root, depth=3)
        for name in files.names(folder)
        if not name.startswith("tmp")
    ]
    present = [path for path in present if (state := files.stat(path)) is not None and not state.is_folder]
    if present:
        names: list[Value] = [posixpath.relpath(path, root) for path in present[:50]]
        told: dict[str, Value] = {"present": len(present), "names": names}
        yield _made("pooch", project, root, root, UNKNOWN, "", told, _size(files, present))


def sklearn_data(files: Files, root: str) -> Iterator[Artifact]:
    """Give what scikit-learn has fetched; most of it is kept as pickles."""
    for name in files.names(root):
        known = _SKLEARN.get(name) or ("kddcup99" if _KDDCUP.match(name) else None)
        if known is None:
            continue
        path = f"{root}/{name}"
        there = files.stat(path)
        is_folder = there is not None and there.is_folder
        is_empty = is_folder and not files.names(path)
        reason = "it is empty" if is_empty or (there is not None and not is_folder and there.size == 0) else ""
        told: dict[str, Value] = {} if known in ("lfw", "openml") else {"can_run_code": True}
        state = PARTIAL if reason else UNKNOWN if is_folder else COMPLETE
        size = _size(files, [f"{path}/{part}" for part in files.names(path)] if is_folder else [path])
        yield _made("scikit-learn", known, path, root, state, reason, told, size)


def _size(files: Files, paths: list[str]) -> int:
    states = [state for path in paths if (state := files.stat(path)) is not None and not state.is_folder]
    return sum({(state.device, state.inode): state.size for state in states}.values())


def _made(
    ecosystem: str,
    name: str,
    path: str,
    root: str,
    state: str,
    reason: str,
    told: dict[str, Value],
    size: int = 0,
    kind: str = "dataset",
) -> Artifact:
    attributes: dict[str, Value] = {"format": ecosystem, "reason": reason or None, **told}
    attributes |= {"dataset": name} if kind == "dataset" else {}
    return Artifact(
        kind=kind,
        name=name,
        path=path,
        root=root,
        evidence=f"{path} in the data of {ecosystem}",
        ecosystem=ecosystem,
        origin=f"cache:{ecosystem}",
        state=state,
        size=size,
        files={"model" if kind == "model" else "data": path},
        attributes={key: value for key, value in attributes.items() if value is not None},
    )
