"""SQuAD, GLUE and LibriSpeech: texts, and texts read aloud.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pkgmgr.detect.caches.artifact import Artifact, data_set
from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.caches.published import TEXTS
from pkgmgr.detect.models.facts import COMPLETE, PARTIAL, UNKNOWN
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value

_SQUAD = re.compile(r"(?i)(?:train|dev|squad)")
_SPEECH_PART = re.compile(r"(?:train|dev|test)-(?:clean|other)(?:-\d+)?$")
_SPEAKER = re.compile(rb"^(?P<id>\d+)\s*\|[^|]*\|\s*(?P<part>[\w-]+)\s*\|", re.MULTILINE)
TASKS = frozenset({"CoLA", "SST-2", "MRPC", "QQP", "STS-B", "MNLI", "QNLI", "RTE", "WNLI"})
_FEWEST_TASKS = 3


def squad(listing: Listing, origin: str) -> Iterator[Artifact]:
    """SQuAD by what its JSON says: version and questions."""
    files = listing.files
    for name in listing.ending(".json"):
        if not _SQUAD.match(name):
            continue
        path = listing.path(name)
        head = files.read(path, 1 << 16) or b""
        if not (b'"qas"' in head and b'"context"' in head and b'"paragraphs"' in head):
            continue
        there = files.stat(path)
        size = there.size if there is not None else 0
        tail = (files.read(path, 512, max(0, size - 512)) or b"").rstrip()
        stated = re.search(rb'"version": ?"v?([\d.]+)"', head[:512] + tail)
        is_whole = tail.endswith(b"}") and tail.count(b"]") >= 1
        known, sha256 = TEXTS.get(name, (0, ""))
        yield data_set(
            "squad",
            "json",
            path,
            origin,
            COMPLETE if is_whole else PARTIAL,
            root=listing.folder,
            version=stated[1].decode() if stated else None,
            size=size,
            reason="" if is_whole else "it ends in the middle",
            told={"sha256": sha256 if known == size else None},
        )


def glue(listing: Listing, origin: str) -> Iterator[Artifact]:
    """GLUE: a folder for each task, with tables of the same names."""
    if "CoLA" not in listing and "MRPC" not in listing and "RTE" not in listing:
        return
    there = sorted(TASKS.intersection(listing.files.subfolders(listing.folder)))
    whole = [task for task in there if "train.tsv" in listing.files.names(listing.path(task))]
    if len(whole) >= _FEWEST_TASKS:
        missing = sorted(TASKS.difference(whole))
        reason = f"{', '.join(missing)} not there" if missing else ""
        tasks: list[Value] = [*whole]
        state = PARTIAL if missing else COMPLETE
        yield data_set("glue", "tsv", listing.folder, origin, state, reason=reason, told={"tasks": tasks})


def librispeech(listing: Listing, origin: str) -> Iterator[Artifact]:
    """LibriSpeech: parts (``dev-clean``) of speakers and chapters; ``SPEAKERS.TXT`` says who belongs to each."""
    names = listing.beginning("train-", "dev-", "test-")
    parts = [name for name in names if _SPEECH_PART.match(name)]
    present = {part: {name for name in listing.files.names(listing.path(part)) if name.isdigit()} for part in parts}
    present = {part: speakers for part, speakers in present.items() if speakers}
    if not present:
        return
    wanted = _speakers(listing.files, listing.path("SPEAKERS.TXT"))
    missing = sum(len(wanted.get(part, set()) - speakers) for part, speakers in present.items())
    reason = f"{missing} speakers of {', '.join(sorted(present))} are not there" if missing else ""
    state = PARTIAL if missing else COMPLETE if all(part in wanted for part in present) else UNKNOWN
    told: dict[str, Value] = {"splits": [*sorted(present)], "speakers": sum(map(len, present.values()))}
    yield data_set("librispeech", "flac", listing.folder, origin, state, reason=reason, told=told)


def _speakers(files: Files, path: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in _SPEAKER.finditer(files.read(path) or b""):
        found.setdefault(row["part"].decode(), set()).add(row["id"].decode())
    return found
