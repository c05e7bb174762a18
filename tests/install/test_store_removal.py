"""The store with others at work: what is in use stays, what is left over goes, one rename decides."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgmgr.install.locks import are_true, is_held
from pkgmgr.install.staging import KEPT, Staging, is_leftover
from pkgmgr.install.store import RECORD, Recipe, Store
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys
from pathlib import Path
from pkgmgr.install.store import Store
store = Store(home=Path(sys.argv[1]))
with {what} as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


def recipe(package: str = "thing") -> Recipe:
    return Recipe(
        package=package, version="1", target="any", variants={}, document="sha256:0", sources={}, dependencies={}
    )


def entry(store: Store, made_from: Recipe, deps: tuple[str, ...] = ()) -> Entry:
    prefix = str(store.prefix(made_from))
    return Entry(
        id=f"{made_from.package}-1", soft="x", version="1", prefix=prefix, target="any", origin="package", deps=deps
    )


def install(store: Store, made_from: Recipe, deps: tuple[str, ...] = ()) -> Entry:
    """Do what an installation does, without building anything."""
    made = entry(store, made_from, deps)
    with store.staging() as staging:
        product = staging / "made"
        product.mkdir()
        (product / "file").write_text("content")
        assert store.publish(product, made_from) is None
        store.record(store.prefix(made_from), made)
    return made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(home=tmp_path / "home")


@pytest.fixture
def other(store: Store, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds something of the store until it is ended."""
    store.root.mkdir(parents=True)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(what=request.param), str(store.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    yield process
    process.kill()
    process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("other", ["store.staging()"], indirect=True)
def test_a_running_build_is_not_swept_and_a_killed_one_is(store: Store, other: subprocess.Popen[str]) -> None:
    folder = Path(said(other))
    store.staging_area.sweep(kept=True)
    assert folder.is_dir()
    other.kill()
    other.wait()
    store.staging_area.sweep()
    assert not folder.exists()


@pytest.mark.parametrize("other", ["store.using()"], indirect=True)
def test_nothing_is_removed_while_others_install(store: Store, other: subprocess.Popen[str]) -> None:
    said(other)
    with pytest.raises(CkpmError, match="another ckpm is installing") as caught, store.removing(patience=0):
        pass
    assert caught.value.hint is not None
    with store.using():  # any number may install
        pass
    other.kill()
    other.wait()
    with store.removing(patience=0):
        pass


def test_what_others_need_stays_and_what_is_gone_is_no_error(store: Store) -> None:
    base = install(store, recipe("base"))
    user = install(store, recipe("user"), deps=(base.id,))
    with store.removing():
        with pytest.raises(CkpmError, match="user-1"):
            store.remove(base)
        assert store.remove(user)
        assert store.remove(base)
        assert not store.remove(base)
    assert store.installed() == []
    assert not list(store.staging_area.base.iterdir())


def test_the_loser_takes_what_the_winner_made(store: Store) -> None:
    first = install(store, recipe())
    (Path(first.prefix) / "file").write_text("the winner's")
    with store.staging() as staging:
        product = staging / "made"
        product.mkdir()
        assert store.publish(product, recipe()) == first
    assert (Path(first.prefix) / "file").read_text() == "the winner's"


def test_a_leftover_without_a_record_gives_way(store: Store) -> None:
    folder = store.prefix(recipe())
    (folder / RECORD).mkdir(parents=True)
    (folder / "half").write_text("")
    (folder / RECORD / "made-in").write_text(f"{socket.gethostname()}-{os.getpid()}-0000")
    made = install(store, recipe())
    assert store.find(recipe()) == made
    assert not (folder / "half").exists()


def test_what_is_kept_of_a_failed_build_goes_when_asked(store: Store) -> None:
    with store.staging() as staging:
        (staging / KEPT).write_text("{}")
    assert staging.is_dir()
    store.staging_area.sweep()
    assert staging.is_dir()
    store.staging_area.sweep(kept=True)
    assert not staging.exists()


@pytest.mark.parametrize(
    ("machine", "process", "days", "expected"),
    [
        pytest.param(socket.gethostname(), os.getpid(), 9, False, id="alive, however old"),
        pytest.param(socket.gethostname(), 2**22 + 1, 0, True, id="no such process"),
        pytest.param("another-machine", 1, 0, False, id="another machine, a moment ago"),
        pytest.param("another-machine", 1, 2, True, id="another machine, two days ago"),
    ],
)
def test_leftovers_where_no_lock_tells(tmp_path: Path, machine: str, process: int, days: int, expected: bool) -> None:
    folder = tmp_path / f"{machine}-{process}-abcd"
    folder.mkdir()
    (folder / ".lock").touch()
    then = folder.stat().st_mtime - days * 86400
    os.utime(folder, (then, then))
    assert is_leftover(folder, locks_are_true=False) is expected
    assert is_leftover(folder, locks_are_true=True)


def test_what_is_left_of_a_folder_that_was_being_removed_is_a_leftover(tmp_path: Path) -> None:
    area = Staging(base=tmp_path / "staging")
    with area.folder("thing-1-0123456789") as folder:
        maker = folder.joinpath(".maker").read_text()
    half = area.base / maker.replace(f"-{os.getpid()}-", f"-{2**22 + 1}-")
    half.mkdir()
    area.sweep()
    assert not list(area.base.iterdir())


def test_locks_of_this_file_system(tmp_path: Path) -> None:
    assert are_true(tmp_path / "lock")
    assert not is_held(tmp_path / "lock")
    assert not are_true(tmp_path / "no folder" / "lock")


def test_a_folder_is_made_anew_after_a_sweep(tmp_path: Path) -> None:
    area = Staging(base=tmp_path / "staging")
    with area.folder() as first, area.folder() as second:
        assert first != second
        assert first.is_dir()
    assert not list(area.base.iterdir())


def test_a_moved_store_leads_to_where_it_is_now(store: Store, tmp_path: Path) -> None:
    made = install(store, recipe())
    new = Store(home=tmp_path / 'a "new" home')
    store.home.rename(new.home)
    (found,) = new.installed()
    assert found.prefix == str(new.prefix(recipe()))
    assert (Path(found.prefix) / "file").read_text() == "content"
    assert found.id == made.id
