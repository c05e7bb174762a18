"""Obtain sources: from the cache, else from the first of their addresses that gives the pinned content."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path

from pkgmgr.install.fetch.address import shown, with_mirrors
from pkgmgr.install.fetch.cache import Cache, require_room, unwritable
from pkgmgr.install.fetch.failure import SourceFailure, Unreachable, WrongContent
from pkgmgr.install.fetch.job import Job, Patience, Scheme, Stop
from pkgmgr.install.fetch.lock import exclusively
from pkgmgr.install.fetch.partial import Partial
from pkgmgr.install.fetch.progress import Progress, Setback, SilentProgress
from pkgmgr.install.fetch.registered import file_name, find_scheme
from pkgmgr.model.errors import CkpmError, IntegrityError, Interrupted, NetworkError
from pkgmgr.model.package import Source

_WORST = (IntegrityError, NetworkError, CkpmError)
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Fetcher:
    """Obtains sources into a cache; may be used from several threads.

    :param cache: its folder.
    :param mirrors: beginning of an address → what to try in its place first.
    :param jobs: downloads at a time in `fetch_all`.
    :param variables: the person's environment variables, for the registries' clients and their tokens.
    """

    def __init__(
        self,
        cache: Path,
        *,
        offline: bool = False,
        mirrors: Mapping[str, str] | None = None,
        progress: Progress | None = None,
        jobs: int = 4,
        variables: Mapping[str, str] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.cache = cache
        self.kept = Cache(cache)
        self.offline = offline
        self._mirrors = mirrors or {}
        self._progress = progress or SilentProgress()
        self._jobs = max(1, jobs)
        self._variables = dict(os.environ) if variables is None else variables
        self._patience = patience or Patience()
        self._stop = Stop()

    def cached(self, source: Source) -> Path | None:
        """Give the path of a source's file when the cache has it, verified."""
        return self.kept.find(source.sha256, file_name(source))

    def fetch(self, source: Source) -> Path:
        """Give the path of a source's file, verified, fetching it if the cache has it not.

        :raises IntegrityError: when something else than the pinned content was received; it was not kept.
        :raises NetworkError: when the network is needed and not there, or forbidden.
        :raises CkpmError: when no address has it, or it can't be written.
        """
        return self._fetch(source, is_last=True)

    def _fetch(self, source: Source, *, is_last: bool) -> Path:
        """Fetch as `fetch`.

        :param is_last: False when there is another source to try, so that no failure here is the end of it.
        """
        name = file_name(source)
        if not _SHA256.fullmatch(source.sha256):
            raise IntegrityError(f"{name} is not pinned: {source.sha256!r} is no sha256")
        if found := self.cached(source):
            return found
        with exclusively(self.kept.locks, source.sha256, name=name, progress=self._progress, stop=self._stop):
            return self.cached(source) or self._download(source, name, is_last)

    def fetch_any(self, sources: Sequence[Source]) -> Path:
        """Give the first of several equivalent sources that can be had, what is in the cache before all others.

        :raises CkpmError: as `fetch`; wrong content ends it at once.
        """
        for source in sources:
            if found := self.cached(source):
                return found
        failures: list[CkpmError] = []
        for source in sources:
            try:
                return self._fetch(source, is_last=source is sources[-1])
            except (IntegrityError, Interrupted):
                raise
            except CkpmError as error:
                failures.append(error)
        raise _together(failures)

    def fetch_all(self, wanted: Sequence[Sequence[Source]]) -> list[Path]:
        """Fetch several at a time; each is a list of sources of which any will do.

        :return: the path of each, in order.
        :raises CkpmError: as `fetch`; the failures of all that were running are told together.
        """
        if len(wanted) < 2:  # in this thread an interruption arrives at once
            return [self.fetch_any(sources) for sources in wanted]
        with ThreadPoolExecutor(self._jobs, thread_name_prefix="fetch") as pool:
            futures = [pool.submit(self.fetch_any, sources) for sources in wanted]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            except BaseException:  # the person's Ctrl-C arrives in this thread alone
                self._stop.set()
                raise
            finally:
                for future in futures:
                    future.cancel()
        _raise_all(futures)
        return [future.result() for future in futures]

    def _download(self, source: Source, name: str, is_last: bool) -> Path:
        """Try the addresses in turn, and tell of each failure after which something is left to try."""
        failures: list[tuple[str, SourceFailure]] = []
        addresses = with_mirrors(source.urls, self._mirrors)
        for address in addresses:
            try:
                return self._try(address, source, name)
            except SourceFailure as failure:
                failures.append((shown(address), failure))
                goes_on = len(failures) < len(addresses) or not (is_last or _is_wrong(failures))
                if goes_on and not self.offline:
                    reason = " ".join(failure.message.split())
                    self._progress.move_on(Setback(name=name, address=shown(address), reason=reason))
        raise _no_address_left(name, failures)

    def _try(self, address: str, source: Source, name: str) -> Path:
        """Download from one address and let the result appear."""
        scheme = find_scheme(address)
        if self.offline and not getattr(scheme, "LOCAL", False):
            raise Unreachable("not tried: --offline", hint="run without --offline, or use `ckpm cache import`")
        self._progress.begin(name, source.size)
        try:
            with self._partial(source) as partial:
                require_room(self.cache, (source.size or 0) - partial.received, name)
                self._fill(scheme, address, partial)
                return self.kept.publish(partial, name)
        except OSError as error:
            raise unwritable(self.cache, error) from error
        finally:
            self._progress.end()

    def _partial(self, source: Source) -> Partial:
        return Partial(self.kept.partials, sha256=source.sha256, size=source.size, progress=self._progress)

    def _fill(self, scheme: Scheme, address: str, partial: Partial) -> None:
        """Let the scheme fill the partial file, and verify it.

        What was resumed and is wrong may have had a bad beginning, from another address: that is tried once anew.
        """
        for is_last in (False, True):
            resumed = partial.resumed
            try:
                with self._scratch() as scratch:
                    scheme.obtain(address, self._job(partial, scratch))
                partial.verify()
                return
            except WrongContent:
                if is_last or not resumed:
                    raise
                partial.restart()

    def _job(self, partial: Partial, scratch: Path) -> Job:
        return Job(
            partial=partial,
            scratch=scratch,
            shelf=self.kept.shelf,
            variables=self._variables,
            patience=self._patience,
            stop=self._stop,
        )

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Path]:
        """Give a folder that is removed afterwards."""
        folder = Path(tempfile.mkdtemp(prefix="scratch-", dir=self.kept.partials))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _is_wrong(failures: list[tuple[str, SourceFailure]]) -> bool:
    return any(isinstance(failure, WrongContent) for _, failure in failures)


def _no_address_left(name: str, failures: list[tuple[str, SourceFailure]]) -> CkpmError:
    """Make one error of all failures: wrong content before no network before everything else."""
    tried = "".join(f"\n  {address}: {failure.message}" for address, failure in failures)
    hints = "; ".join(dict.fromkeys(failure.hint for _, failure in failures if failure.hint))
    if _is_wrong(failures):
        return IntegrityError(
            f"{name} is not what its package pins, nothing was kept; tried:{tried}",
            hint="try again later; if upstream has replaced the file, the package needs its new checksum",
        )
    if any(isinstance(failure, Unreachable) for _, failure in failures):
        return NetworkError(
            f"{name} can't be fetched; tried:{tried}",
            hint=hints or "check the network and the proxy, set a mirror, or use `ckpm cache import`",
        )
    return CkpmError(
        f"no source has {name}; tried:{tried}" if failures else f"{name} has no address to be fetched from",
        hint=hints or "set a mirror, or bring the file with `ckpm cache import`",
    )


def _raise_all(futures: Iterable[Future[Path]]) -> None:
    """Raise the failures of several downloads as one."""
    errors = [error for future in futures if not future.cancelled() and (error := future.exception())]
    for error in errors:
        if not isinstance(error, CkpmError):
            raise error
    if errors:
        raise _together([error for error in errors if isinstance(error, CkpmError)])


def _together(errors: Sequence[CkpmError]) -> CkpmError:
    """Make one error of several: of the worst one's kind, telling the others too."""
    if not errors:
        return CkpmError("there is no source to be fetched")
    worst = min(errors, key=lambda error: next(rank for rank, kind in enumerate(_WORST) if isinstance(error, kind)))
    if len(errors) == 1:
        return worst
    return type(worst)("\n".join(dict.fromkeys(error.message for error in errors)), hint=worst.hint)
