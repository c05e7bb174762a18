"""What is told of a build that failed, and what is kept. Touches: its log, the home's ``logs``, its staging folder.

A build has failed when one of its steps has, and when what it made is not what it was to make: for another target, or
nothing that its soft recognises. Whoever looks for the reason needs the same in each case: the log, and a shell in the
build's folder.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pkgmgr.install.context import BuildContext, BuildFailed
from pkgmgr.install.kept import KeptBuild, keep_build
from pkgmgr.install.places import MADE
from pkgmgr.install.relocation import LOG
from pkgmgr.install.store import RECORD, Recipe
from pkgmgr.model.errors import CkpmError, IntegrityError, NetworkError

_NO_NETWORK = ("name resolution", "failed to establish a new connection", "no matching distribution found")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One build, for the case that it fails."""

    context: BuildContext
    recipe: Recipe
    staging: Path
    home: Path
    keep: bool
    """The build's folder is to stay."""

    @contextlib.contextmanager
    def telling(self) -> Iterator[None]:
        """Let an error say where the log is and how to look at the build, whose own folder is about to go."""
        try:
            yield
        except BuildFailed as error:
            kind = NetworkError if self._lacked_network() else CkpmError
            raise kind(error.message, hint=self._way()) from error
        except (NetworkError, IntegrityError):  # nothing was built: what came, or did not, is to blame
            raise
        except CkpmError as error:
            error.hint = "; ".join(text for text in (error.hint, self._way()) if text)
            raise

    def _way(self) -> str:
        """Keep what is to be kept and say how to get there."""
        log = self._log()
        name = f"{self.recipe.package}-{self.recipe.version}-{self.recipe.digest[:8]}.log"
        copy = self.home / "logs" / name
        if log is not None:
            try:
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(log, copy)
            except OSError as trouble:  # a full disk must not hide what the build said
                return f"the log can't be kept: {trouble.strerror}"
        shell = f"'ckpm shell --build package:{self.recipe.package}' opens a shell in it"
        way = f"'ckpm install --keep' keeps the build's folder, and {shell}"
        if self.keep:
            self._keep(log or self.context.log)
            way = f"the build's folder is kept, {self.context.build}, and {shell}{self._product()}"
        return f"{way}; the whole log is {copy}" if log is not None else way

    def _log(self) -> Path | None:
        """Find the log: it moves with what is made. Nothing is written where no program was run."""
        places = (self.context.log, self.staging / MADE / RECORD / LOG)
        return next((path for path in places if path.is_file()), None)

    def _product(self) -> str:
        places = (self.context.prefix, self.staging / MADE)
        made = next((path for path in places if any(item.name != RECORD for item in _rows(path))), None)
        return f"; what it made is {made}" if made is not None else ""

    def _keep(self, log: Path) -> None:
        build = KeptBuild(
            package=self.recipe.package,
            name=self.context.name,
            folder=str(self.context.build),
            variables=self.context.variables(),
            log=str(log),
        )
        keep_build(self.staging, build)

    def _lacked_network(self) -> bool:
        log = self._log()
        said = log.read_text("utf-8", "replace").lower() if log is not None else ""
        return any(words in said for words in _NO_NETWORK)


def _rows(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
