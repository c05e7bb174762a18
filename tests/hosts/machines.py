"""The recorded machines beside this file: read them, look at them, and say what was concluded.

python -m tests.hosts.machines             say how conclusions differ from what is expected
python -m tests.hosts.machines --accept    write them down as expected
python -m tests.hosts.machines --slim FILE leave out of a record what no soft looks at
"""

from __future__ import annotations

import difflib
import posixpath
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from pkgmgr.catalog.index import Catalog
from pkgmgr.catalog.repository import BUILT_IN, Repository, built_in_root
from pkgmgr.detect.ask import Asker
from pkgmgr.detect.engine import Detector
from pkgmgr.detect.memory import AnswerMemory
from pkgmgr.detect.owned import with_owners
from pkgmgr.detect.report import Report
from pkgmgr.host.record import FileRow, Record, read_record, recorded_host, write_record
from pkgmgr.model.entry import Entry
from pkgmgr.model.soft import Soft

FOLDER = Path(__file__).parent
CATALOG = Catalog(repositories=[Repository(name=BUILT_IN, root=built_in_root(), is_trusted=True)])
_SLIM_ABOVE = 1 << 11


def machines() -> list[Path]:
    """Give the records, by name."""
    return sorted([*FOLDER.glob("*.json"), *FOLDER.glob("*.json.gz")])


def expectation(record: Path) -> Path:
    """Give the file that says what must be concluded of a record."""
    return record.with_name(record.name.removesuffix(".gz").removesuffix(".json") + ".expected")


def look(record: Record, softs: Sequence[Soft] | None = None) -> Report:
    """Detect on a recorded machine."""
    asker = Asker(host=recorded_host(record), memory=AnswerMemory(None))
    detector = Detector(asker=asker, hook_folder=lambda name: CATALOG.located("soft", name).folder, jobs=1)
    return detector.detect(CATALOG.softs() if softs is None else softs)


def conclusions(record: Record, report: Report) -> list[str]:
    """Say what was concluded, a line for each entry."""
    entries = with_owners(report.entries, recorded_host(record))
    return sorted(map(_line, entries))


def _line(entry: Entry) -> str:
    parts = [entry.soft, entry.version or "-", entry.target, entry.prefix, entry.origin]
    parts += [f"emits={','.join(entry.emits)}"] if entry.emits else []
    owner = entry.attributes.get("owner")
    return " | ".join([*parts, *([str(owner)] if owner else [])])


def read_expected(path: Path) -> tuple[list[str], frozenset[str]]:
    """Give the expected lines, and the softs that were asked then: later ones may find more, or nothing."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    asked = " ".join(line.removeprefix("asked: ") for line in lines if line.startswith("asked: ")).split()
    return [line for line in lines if line and not line.startswith(("#", "asked: "))], frozenset(asked)


def write_expected(path: Path, record: Record, lines: Sequence[str]) -> None:
    """Write down what was concluded."""
    names = " ".join(soft.name for soft in CATALOG.softs())
    head = [f"# {line}" for line in textwrap.wrap(record.note, 118)]
    asked = [f"asked: {line}" for line in textwrap.wrap(names, 112, break_on_hyphens=False, break_long_words=False)]
    path.write_text("\n".join([*head, "", *lines, "", *asked]) + "\n", encoding="utf-8")


def slim(record: Record) -> Record:
    """Leave out of a record's texts what no soft looks at: what is concluded stays the same to the last digit."""
    wanted = _conclusion(record)
    large = [path for path, row in record.files.items() if len(row.text or "") + len(row.content or b"") > _SLIM_ABOVE]
    expressions = [re.compile(text, re.MULTILINE) for text in _expressions(CATALOG.softs())]

    def apply(paths: Sequence[str], base: Record) -> Record:
        rows = {path: _slim_row(base.files[path], expressions) for path in paths}
        return msgspec.structs.replace(base, files={**base.files, **rows})

    def keep_what_holds(paths: Sequence[str], base: Record) -> Record:
        slimmed = apply(paths, base)
        if _conclusion(slimmed) == wanted:
            return slimmed
        if len(paths) == 1:
            print(f"  whole: {paths[0]}", file=sys.stderr)
            return base
        middle = len(paths) // 2
        return keep_what_holds(paths[middle:], keep_what_holds(paths[:middle], base))

    return keep_what_holds(sorted(large), record) if large else record


def forget(record: Record, expression: str) -> Record:
    """Leave out what is at and below the paths that match, and what was said of it."""
    gone = re.compile(f"(?:{expression})(?:/.*)?")

    def stays(path: str) -> bool:
        return gone.fullmatch(path) is None

    folders = {
        folder: tuple(name for name in names if stays(posixpath.join(folder, name.rstrip("/"))))
        for folder, names in record.folders.items()
        if stays(folder)
    }
    return msgspec.structs.replace(
        record,
        folders=folders,
        links={path: target for path, target in record.links.items() if stays(path) and stays(target)},
        files={path: row for path, row in record.files.items() if stays(path)},
        answers=tuple(row for row in record.answers if stays(row.argv[0])),
        owners={path: owner for path, owner in record.owners.items() if stays(path)},
    )


def _conclusion(record: Record) -> object:
    report = look(record)
    return msgspec.to_builtins(report.entries)


def _slim_row(row: FileRow, expressions: Sequence[re.Pattern[str]]) -> FileRow:
    if row.text is not None:
        lines = row.text.splitlines(keepends=True)
        telling = [line for line in lines if any(expression.search(line) for expression in expressions)]
        return msgspec.structs.replace(row, text="".join([*lines[:3], *telling[:200]]))
    return msgspec.structs.replace(row, content=(row.content or b"")[:64])


def _expressions(softs: Sequence[Soft]) -> Iterator[str]:
    for soft in softs:
        for probe in soft.probe:
            for texts in (probe.match, probe.maybe):
                yield from (texts,) if isinstance(texts, str) else texts
            yield from (probe.reject,) if probe.reject else ()


def main(arguments: Sequence[str], say: Callable[[str], object] = print) -> int:
    """Run one of the commands above."""
    if arguments[:1] == ["--slim"]:
        for path in map(Path, arguments[1:]):
            write_record(slim(read_record(path)), path)
        return 0
    if arguments[:1] == ["--forget"]:
        path = Path(arguments[1])
        write_record(forget(read_record(path), arguments[2]), path)
        return 0
    if arguments[:1] == ["--note"]:
        path, note = Path(arguments[1]), arguments[2]
        write_record(msgspec.structs.replace(read_record(path), note=note), path)
        return 0
    is_same = True
    for path in machines():
        record = read_record(path)
        lines = conclusions(record, look(record))
        expected, _ = read_expected(expectation(path))
        different = list(difflib.unified_diff(expected, lines, "expected", "concluded", lineterm="", n=0))
        is_same = is_same and not different
        say(f"{path.name}: {len(lines)} entries, {'the same' if not different else 'different'}")
        for line in different:
            say(f"  {line}")
        if arguments[:1] == ["--accept"]:
            write_expected(expectation(path), record, lines)
    return 0 if is_same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
