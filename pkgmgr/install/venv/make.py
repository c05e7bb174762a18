"""Make a virtual environment of pinned wheels, in the store. Touches: the store, the download cache, processes.

The wheels come from the cache, each checked by its hash; no index is asked while it is made.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pkgmgr.install.fetch.cache import Cache, hash_file
from pkgmgr.install.fetch.fetcher import Fetcher
from pkgmgr.install.fetch.partial import CHUNK, Partial
from pkgmgr.install.fetch.progress import SilentProgress
from pkgmgr.install.store import RECORD, Recipe, Store, make_manifest
from pkgmgr.install.venv.clients import find_pip, find_uv, run_client
from pkgmgr.install.venv.made import PINS, find_environment
from pkgmgr.install.venv.wanted import ENVIRONMENT, PACKAGE, make_recipe, normalized, pinned_text
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.lock import LockedPython, LockedWheel
from pkgmgr.model.operation import Operation
from pkgmgr.model.package import Source
from pkgmgr.model.target import Target

_MANY = 4
"""From so many wheels on, one client fetches them together: starting one for each takes a second each."""


@dataclass(frozen=True, kw_only=True)
class Maker:
    """Everything that making an environment needs."""

    store: Store
    fetcher: Fetcher
    variables: Mapping[str, str]
    tell: Callable[[str], None] = lambda _line: None

    def make(self, pins: LockedPython, interpreter: Entry, target: Target) -> Entry:
        """Give the environment of these wheels and this interpreter, made if it is not there."""
        recipe = make_recipe(pins.wheels, interpreter, target)
        known = find_environment(self.store, recipe)
        if known is not None:
            return known
        with self.store.building(recipe):
            known = find_environment(self.store, recipe)
            return known if known is not None else self._make(pins, interpreter, recipe)

    def _make(self, pins: LockedPython, interpreter: Entry, recipe: Recipe) -> Entry:
        files = self.fetch(pins.wheels, interpreter)
        count = f"{len(files)} Python package{'s' if len(files) != 1 else ''}"
        self.tell(f"making the Python environment: {count}, Python {interpreter.version}")
        with self.store.staging(recipe) as staging:
            made, shelf = staging / "made", staging / "wheels"
            shelf.mkdir()
            for wheel, file in zip(pins.wheels, files, strict=True):
                (shelf / wheel.file).symlink_to(file)
            self._fill(made, shelf, pins.wheels, interpreter)
            final = self.store.prefix(recipe)
            _settle(made, str(made), str(final))
            record = made / RECORD
            record.mkdir()
            _check(made, pins.wheels)
            rows = [row for row in make_manifest(made) if "__pycache__" not in row.path]
            for name, value in (("manifest.json", rows), ("recipe.json", recipe), (PINS, pins)):
                (record / name).write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1))
            first = self.store.publish(made, recipe)
            if first is not None:
                return first
            entry = _entry(pins, interpreter, recipe, final)
            self.store.record(final, entry)
        return entry

    def _fill(self, made: Path, shelf: Path, wheels: Sequence[LockedWheel], interpreter: Entry) -> None:
        python, wanted = interpreter.files["python"], shelf / "pins.txt"
        wanted.write_text(pinned_text(wheels), encoding="utf-8")
        self._run([python, "-I", "-m", "venv", "--without-pip", str(made)])
        own = str(made / "bin" / "python")
        offline = ["--no-index", "--find-links", str(shelf), "--no-deps", "--require-hashes", "--only-binary", ":all:"]
        uv = find_uv(self.variables, self.store)
        if uv is not None:
            # Not linked from uv's cache: a file edited here must not change another environment.
            copied = ["--no-cache", "--link-mode", "copy"]
            self._run([uv, "pip", "install", "--quiet", "--python", own, *copied, *offline, "-r", str(wanted)])
            return
        pip = find_pip(own, self.variables)
        quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-compile", "--no-cache-dir"]
        self._run([*pip, "--python", own, "install", *quiet, *offline, "--requirement", str(wanted)])

    def _run(self, argv: Sequence[str]) -> None:
        # The index of the person's configuration would be asked too: everything is on the shelf.
        clean = {key: value for key, value in self.variables.items() if not key.startswith(("PIP_", "UV_", "PYTHON"))}
        done = run_client(argv, {**clean, "PIP_CONFIG_FILE": "/dev/null", "UV_NO_CONFIG": "1"})
        if done.code != 0:
            last = "\n".join(f"  {line[:300]}" for line in f"{done.out}\n{done.errors}".strip().splitlines()[-12:])
            raise CkpmError(
                f"the Python environment can't be made: {Path(argv[0]).name} exited with {done.code}:\n{last}"
            )

    def fetch(self, wheels: Sequence[LockedWheel], interpreter: Entry) -> list[Path]:
        """Give the wheels' files, verified, fetching those that the cache has not."""
        sources = [as_source(wheel) for wheel in wheels]
        missing = [wheel for wheel, source in zip(wheels, sources, strict=True) if self.fetcher.cached(source) is None]
        if missing:
            self.tell(f"fetching {len(missing)} wheel{'s' if len(missing) != 1 else ''}")
        if len(missing) >= _MANY and not self.fetcher.offline:
            self._fetch_together(missing, interpreter)
        return self.fetcher.fetch_all([[source] for source in sources])

    def _fetch_together(self, wheels: Sequence[LockedWheel], interpreter: Entry) -> None:
        """Let one pip bring all; what it does not bring is fetched one by one, where failures are told."""
        with self.store.staging() as staging:
            wanted = staging / "pins.txt"
            wanted.write_text(pinned_text(wheels), encoding="utf-8")
            python = interpreter.files["python"]
            pip = [*find_pip(python, self.variables), "--python", python, "download", "--quiet", "--no-input"]
            options = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--dest", str(staging)]
            run_client([*pip, *options, "--requirement", str(wanted)], self.variables)
            for wheel in wheels:
                if (staging / wheel.file).is_file():
                    _keep(self.fetcher.kept, wheel, staging / wheel.file)


def _keep(cache: Cache, wheel: LockedWheel, file: Path) -> None:
    """Take a file into the cache of downloads, if it is what it should be."""
    if hash_file(file) != wheel.sha256:
        return
    with Partial(cache.partials, sha256=wheel.sha256, size=file.stat().st_size, progress=SilentProgress()) as partial:
        partial.restart()
        with file.open("rb") as content:
            while chunk := content.read(CHUNK):
                partial.write(chunk)
        partial.verify()
        cache.publish(partial, wheel.file)


def as_source(wheel: LockedWheel) -> Source:
    """Give a wheel as what the fetcher takes."""
    return Source(version=wheel.version, urls=wheel.urls, sha256=wheel.sha256, name=wheel.name, file=wheel.file)


def _settle(made: Path, staged: str, final: str) -> None:
    """Write the final place into the scripts and settings; drop the scripts that activate: `ckpm export` does that."""
    for path in [made / "pyvenv.cfg", *(made / "bin").iterdir()]:
        if path.name.lower().startswith("activate"):
            path.unlink()
        elif not path.is_symlink() and staged.encode() in (content := path.read_bytes()) and b"\0" not in content:
            mode = path.stat().st_mode & 0o777
            path.write_bytes(content.replace(staged.encode(), final.encode()))
            path.chmod(mode)
    for cached in (made / "lib").rglob("__pycache__"):
        shutil.rmtree(cached)


def _check(made: Path, wheels: Sequence[LockedWheel]) -> None:
    """Look for every pinned distribution in what was made."""
    held = {}
    for metadata in made.glob("lib*/python3*/site-packages/*.dist-info/METADATA"):
        name, _, version = metadata.parent.name.removesuffix(".dist-info").rpartition("-")
        held[normalized(name)] = version
    lost = [wheel.name for wheel in wheels if wheel.name not in held]
    if lost:
        raise CkpmError(f"the Python environment was made, but {', '.join(lost)} can't be found in it")


def _entry(pins: LockedPython, interpreter: Entry, recipe: Recipe, final: Path) -> Entry:
    site = next(iter(sorted(final.glob("lib/python3*/site-packages"))), final)
    return Entry(
        id=f"{ENVIRONMENT}-{recipe.version}-{recipe.digest[:8]}",
        soft=ENVIRONMENT,
        version=interpreter.version,
        prefix=str(final),
        target=recipe.target,
        origin="package",
        tags=("python-environment",),
        files={"python": str(final / "bin" / "python")},
        attributes={
            "site": str(site),
            "base_prefix": interpreter.prefix,
            "requirements": list(pins.requirements),
            "packages": {wheel.name: wheel.version for wheel in pins.wheels},
        },
        env=(
            Operation(op="set", var="VIRTUAL_ENV", value=str(final)),
            Operation(op="prepend_path", var="PATH", value=str(final / "bin")),
        ),
        deps=(interpreter.id,),
        package=PACKAGE,
        evidence=f"made of {len(pins.wheels)} wheels with {interpreter.files['python']}",
        fingerprint=f"sha256:{recipe.digest}",
    )
