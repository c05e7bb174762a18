"""The order of addresses, the cache, many processes, and deaths in the middle."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pkgmgr.install.fetch.fetcher import Fetcher
from pkgmgr.install.fetch.progress import Setback
from pkgmgr.install.fetch.registered import file_name
from pkgmgr.model.errors import CkpmError, IntegrityError, NetworkError
from pkgmgr.model.package import Source
from tests.install.fetch.conftest import CONTENT, SHORT, pinned, unfinished, visible
from tests.install.fetch.server import Site, slowly, status, whole, without_ranges

PROGRAM = """
import sys
from pathlib import Path
from pkgmgr.install.fetch.fetcher import Fetcher
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.package import Source
cache, url, sha256, size = sys.argv[1:]
try:
    print(Fetcher(Path(cache), variables={}).fetch(Source(version="1", urls=(url,), sha256=sha256, size=int(size))))
except CkpmError as error:
    print(type(error).__name__, error)
    raise SystemExit(error.exit_code)
"""


def start(cache: Path, source: Source, *, limit: int | None = None) -> subprocess.Popen[str]:
    """Fetch in another process."""

    def restrict() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(cache), source.urls[0], source.sha256, str(source.size)],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=restrict,
    )


def wait_for(condition: object, seconds: float = 10) -> None:
    """Wait until something holds."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def test_the_first_address_that_works(fetcher: Fetcher, site: Site) -> None:
    site.answers = {"/wrong": without_ranges(bytes(300_000)), "/good": whole(CONTENT)}
    urls = ["unknown:x", "file:///nowhere", "http://127.0.0.1:9/x", f"{site.url}/wrong", f"{site.url}/good"]
    assert fetcher.fetch(pinned(*urls)).read_bytes() == CONTENT


def test_once_fetched_never_asked_again(fetcher: Fetcher, site: Site) -> None:
    site.answers["/file"] = whole(CONTENT)
    assert fetcher.cached(pinned(f"{site.url}/file")) is None
    path = fetcher.fetch(pinned(f"{site.url}/file"))
    assert fetcher.cached(pinned(f"{site.url}/file")) == path
    assert fetcher.fetch(pinned(f"{site.url}/file")) == path
    assert len(site.asked) == 1
    assert path.stat().st_mode & 0o777 == 0o644


def test_the_same_content_under_another_name(fetcher: Fetcher, site: Site) -> None:
    site.answers["/file"] = whole(CONTENT)
    fetcher.fetch(pinned(f"{site.url}/file"))
    path = fetcher.fetch(pinned("http://127.0.0.1:9/x", file="other.tar.gz"))
    assert (path.name, path.read_bytes()) == ("other.tar.gz", CONTENT)


def test_changed_in_the_cache_is_fetched_again(fetcher: Fetcher, site: Site) -> None:
    site.answers["/file"] = whole(CONTENT)
    path = fetcher.fetch(pinned(f"{site.url}/file"))
    path.write_bytes(b"rotten")
    assert fetcher.fetch(pinned(f"{site.url}/file")).read_bytes() == CONTENT
    assert len(site.asked) == 2


def test_mirrors(tmp_path: Path, site: Site) -> None:
    site.answers["/mirror/a/file"] = whole(CONTENT)
    mirrors = {"https://upstream.invalid/": f"{site.url}/mirror/"}
    fetcher = Fetcher(tmp_path / "cache", mirrors=mirrors, variables={}, patience=SHORT)
    assert fetcher.fetch(pinned("https://upstream.invalid/a/file")).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("urls", "error", "message"),
    [
        (("http://127.0.0.1:9/a", "http://127.0.0.1:9/b"), NetworkError, r"(?s)/a: the connection .*/b: the conn"),
        (("http://127.0.0.1:9/a", "file:///nowhere"), NetworkError, "/nowhere: No such file"),
        (("file:///nowhere",), CkpmError, "no source has nowhere"),
        (("file:relative",), CkpmError, "not of the form file:///absolute/path"),
        (("file:///tmp",), CkpmError, "/tmp: Is a directory"),
        (("ftp://example.org/x",), CkpmError, "ckpm knows no way to fetch ftp:"),
        (("../x",), CkpmError, "an address without a scheme"),
        (("pypi:six#six.whl",), CkpmError, "not of the form pypi:NAME==VERSION#FILE"),
        (("npm:x@latest",), CkpmError, "not of the form npm:NAME@VERSION"),
        (("apt:x",), CkpmError, "not of the form apt:NAME=VERSION"),
        (("apt-source:x=1",), CkpmError, "not of the form apt-source:NAME=VERSION#FILE"),
        (("git+https://x.org/y.git@main",), CkpmError, "with the whole commit"),
        (("http://[broken/x",), CkpmError, "not a proper URL"),
        ((), CkpmError, "has no address"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) and value else None,
)
def test_no_address_works(fetcher: Fetcher, urls: tuple[str, ...], error: type[CkpmError], message: str) -> None:
    with pytest.raises(CkpmError, match=message) as caught:
        fetcher.fetch(pinned(*urls))
    assert type(caught.value) is error
    assert caught.value.hint


def test_offline(tmp_path: Path, site: Site) -> None:
    site.answers["/file"] = whole(CONTENT)
    source = pinned(f"{site.url}/file")
    offline = Fetcher(tmp_path / "cache", offline=True, variables={})
    with pytest.raises(NetworkError, match="not tried: --offline"):
        offline.fetch(source)
    assert site.asked == []
    local = tmp_path / "a file"
    local.write_bytes(CONTENT)
    assert offline.fetch(pinned(local.as_uri())).read_bytes() == CONTENT
    assert offline.fetch(source).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (pinned("https://x.org/a/b-1.tar.gz?download=1#x"), "b-1.tar.gz"),
        (pinned("https://x.org/a%2F..%2F..%2Fevil"), "a_.._.._evil"),
        (pinned("https://x.org/"), "source"),
        (pinned("https://x.org/.hidden"), "hidden"),
        (pinned("https://x.org/x", file="../../evil"), "_.._evil"),
        (pinned("pypi:six==1.17.0#six-1.17.0.tar.gz"), "six-1.17.0.tar.gz"),
        (pinned("npm:@scope/pkg@1.2.3"), "scope-pkg-1.2.3.tgz"),
        (pinned("apt:zlib1g=1:1.2.13.dfsg-1:arm64"), "zlib1g_1.2.13.dfsg-1_arm64.deb"),
        (pinned("apt:zlib1g=1:1.2.13.dfsg-1"), "zlib1g_1.2.13.dfsg-1.deb"),
        (pinned("apt-source:zlib=1:1.2-1#zlib_1.2.orig.tar.gz"), "zlib_1.2.orig.tar.gz"),
        (pinned("hf:org/repo@main/sub/model.onnx"), "model.onnx"),
        (pinned(f"git+https://x.org/a/repo.git@{'a' * 40}"), f"repo-{'a' * 40}.tar"),
        (pinned("what:ever", "https://x.org/second"), "second"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_file_name(source: Source, name: str) -> None:
    assert file_name(source) == name


def test_several_at_a_time(fetcher: Fetcher, site: Site) -> None:
    contents = [bytes([number]) * 1000 for number in range(10)]
    site.answers = {f"/{number}": whole(content) for number, content in enumerate(contents)}
    sources = [pinned(f"{site.url}/{number}", content=content) for number, content in enumerate(contents)]
    paths = fetcher.fetch_all([[source] for source in [*sources, sources[0]]])
    assert [path.read_bytes() for path in paths] == [*contents, contents[0]]
    assert fetcher.fetch_all([]) == []


def test_all_failures_are_told_and_the_worst_counts(fetcher: Fetcher, site: Site) -> None:
    site.answers = {"/wrong": slowly(b"wrong", 0.2)}
    sources = [pinned("http://127.0.0.1:9/x", content=b"1"), pinned(f"{site.url}/wrong", content=b"2", sized=False)]
    with pytest.raises(IntegrityError, match=r"(?s)x can't be fetched.*wrong is not what"):
        fetcher.fetch_all([[source] for source in sources])


def test_any_of_several_sources(fetcher: Fetcher, site: Site) -> None:
    site.answers = {"/a": whole(b"a"), "/b": whole(b"b"), "/wrong": without_ranges(b"?")}
    gone, a, b = (pinned(f"{site.url}/{name}", content=name[:1].encode()) for name in ("gone", "a", "b"))
    assert fetcher.fetch_any([gone, a]).read_bytes() == b"a"
    assert fetcher.fetch_any([b, a]).read_bytes() == b"a", "what is in the cache comes first"
    with pytest.raises(IntegrityError):
        fetcher.fetch_any([pinned(f"{site.url}/wrong", content=b"w"), b])
    nobody = pinned("http://127.0.0.1:9/x", content=b"x")
    with pytest.raises(NetworkError, match=r"(?s)no source has gone.*x can't be fetched"):
        fetcher.fetch_any([gone, nobody])


def test_eight_processes_one_download(site: Site, tmp_path: Path) -> None:
    site.answers["/file"] = slowly(CONTENT, 1.0)
    source = pinned(f"{site.url}/file")
    processes = [start(tmp_path / "cache", source) for _ in range(8)]
    answers = {process.communicate(timeout=30)[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 8
    assert len(answers) == 1
    assert len(site.asked) == 1
    assert visible(tmp_path / "cache") == ["file"]


def test_killed_in_the_middle(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    site.answers["/file"] = slowly(CONTENT, 20)
    source = pinned(f"{site.url}/file")
    process = start(tmp_path / "cache", source)
    partial = tmp_path / "cache/partial"
    wait_for(lambda: any(path.stat().st_size > 20_000 for path in partial.glob("*.part")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert visible(tmp_path / "cache") == []
    site.answers["/file"] = whole(CONTENT)
    assert fetcher.fetch(source).read_bytes() == CONTENT
    assert site.asked[-1][1].startswith("bytes=")
    assert unfinished(tmp_path / "cache") == [path.name for path in partial.glob("scratch-*")]


def test_a_lock_that_lies(site: Site, tmp_path: Path) -> None:
    """Two processes that both believe to be alone write to two files, and both succeed."""
    site.answers["/file"] = slowly(CONTENT, 2)
    source = pinned(f"{site.url}/file")
    first = start(tmp_path / "cache", source)
    wait_for(lambda: len(site.asked) == 1)
    for lock in (tmp_path / "cache/locks").iterdir():
        lock.unlink()  # the next process makes, and locks, another file of this name
    second = start(tmp_path / "cache", source)
    assert first.communicate(timeout=30)[0] == second.communicate(timeout=30)[0]
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(site.asked) == 2
    assert fetcher_reads(tmp_path / "cache") == CONTENT


def fetcher_reads(cache: Path) -> bytes:
    """Give the one content of a cache."""
    (path,) = (path for path in (cache / "sha256").glob("*/*/*") if not path.name.startswith("."))
    return path.read_bytes()


def test_a_file_that_can_grow_no_further(site: Site, tmp_path: Path) -> None:
    """A file-size limit stands for the full disk: the failing write is the same."""
    site.answers["/file"] = whole(CONTENT)
    process = start(tmp_path / "cache", pinned(f"{site.url}/file"), limit=100_000)
    said = process.communicate(timeout=30)[0]
    assert (process.returncode, said.split(":")[0]) == (
        1,
        f"CkpmError no space left for the download in {tmp_path / 'cache/partial'}",
    )
    assert visible(tmp_path / "cache") == []
    assert unfinished(tmp_path / "cache") == []


def test_no_room_is_told_before(fetcher: Fetcher, site: Site) -> None:
    huge = Source(version="1", urls=(f"{site.url}/file",), sha256="0" * 64, size=1 << 55)
    with pytest.raises(CkpmError, match=r"no space left for file in .*: it needs 36,028,797,018,963,968 bytes"):
        fetcher.fetch(huge)
    assert site.asked == []


def test_a_cache_that_can_not_be_written(tmp_path: Path, site: Site) -> None:
    (tmp_path / "cache").write_text("a file in its place")
    with pytest.raises(CkpmError, match="can't write the download cache"):
        Fetcher(tmp_path / "cache", variables={}).fetch(pinned(f"{site.url}/file"))


def test_interrupted(site: Site, tmp_path: Path) -> None:
    site.answers["/file"] = slowly(CONTENT, 20)
    process = start(tmp_path / "cache", pinned(f"{site.url}/file"))
    wait_for(lambda: any(path.stat().st_size for path in (tmp_path / "cache/partial").glob("*.part")))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode != 0
    assert [name.count(".") for name in unfinished(tmp_path / "cache")] == [1], "it was given up, for the next"


class Recorder:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.names: list[tuple[str, int | None]] = []
        self.total = 0
        self.ended = 0
        self.setbacks: list[Setback] = []

    def begin(self, name: str, size: int | None) -> None:
        self.names.append((name, size))

    def advance(self, count: int) -> None:
        self.total += count

    def end(self) -> None:
        self.ended += 1

    def move_on(self, setback: Setback) -> None:
        self.setbacks.append(setback)


def test_progress(tmp_path: Path, site: Site) -> None:
    site.answers = {"/gone": status(404), "/file": whole(CONTENT)}
    recorder = Recorder()
    fetcher = Fetcher(tmp_path / "cache", progress=recorder, variables={}, patience=SHORT)
    fetcher.fetch(pinned(f"{site.url}/gone", f"{site.url}/file", file="a.zip"))
    assert recorder.names == [("a.zip", 300_000)] * 2
    assert (recorder.total, recorder.ended) == (300_000, 2)
    assert [(told.name, told.address) for told in recorder.setbacks] == [("a.zip", f"{site.url}/gone")]
    assert "404" in recorder.setbacks[0].reason


def test_a_failure_is_told_when_something_is_left_to_try(tmp_path: Path, site: Site) -> None:
    """The last one is the error's matter; of what is never asked, offline, nothing is told."""
    site.answers = {"/gone": status(404), "/wrong": without_ranges(b"?"), "/a": whole(b"a")}
    recorder = Recorder()
    fetcher = Fetcher(tmp_path / "cache", progress=recorder, variables={}, patience=SHORT)
    gone, a = (pinned(f"{site.url}/{name}", content=name[:1].encode()) for name in ("gone", "a"))
    with pytest.raises(CkpmError, match="no source has gone"):
        fetcher.fetch(gone)
    assert recorder.setbacks == []
    with pytest.raises(IntegrityError):
        fetcher.fetch_any([pinned(f"{site.url}/wrong", content=b"w"), a])
    assert recorder.setbacks == []
    assert fetcher.fetch_any([gone, a]).read_bytes() == b"a"
    assert [told.name for told in recorder.setbacks] == ["gone"]
    offline = Fetcher(tmp_path / "empty", offline=True, progress=recorder, variables={})
    with pytest.raises(NetworkError):
        offline.fetch(pinned(f"{site.url}/gone", f"{site.url}/a", content=b"b"))
    assert len(recorder.setbacks) == 1


def test_no_token_is_told(tmp_path: Path, site: Site) -> None:
    """Neither one in an address, nor one to which a server sends on."""
    site.answers = {
        "/moved": status(302, Location="http://me:s3cret@127.0.0.1:9/x?token=s3cret"),
        "/file": whole(CONTENT),
    }
    recorder = Recorder()
    fetcher = Fetcher(tmp_path / "cache", progress=recorder, variables={}, patience=SHORT)
    host = site.url.removeprefix("http://")
    fetcher.fetch(pinned(f"http://me:s3cret@{host}/gone?token=s3cret", f"{site.url}/moved", f"{site.url}/file"))
    assert [told.address for told in recorder.setbacks] == [f"{site.url}/gone", f"{site.url}/moved"]
    assert "s3cret" not in str(recorder.setbacks)


def test_nothing_heavy_is_imported_for_what_is_there() -> None:
    program = "import sys, pkgmgr.install.fetch as _; print([m for m in sys.argv if m in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", program, "requests", "filelock", "urllib3"], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
