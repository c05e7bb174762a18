"""The resolver's view of this home and host."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from pkgmgr.detect.merging import merge
from pkgmgr.detect.where import Where
from pkgmgr.environ.aim import CLANG
from pkgmgr.install.store import Store, folder_hash
from pkgmgr.jobs.detection import Search, look, report_question
from pkgmgr.jobs.registry import Registry
from pkgmgr.jobs.rooted import root_of, with_roots
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.lock.make import read_recipe
from pkgmgr.model.condition import LateFacts, platform_facts
from pkgmgr.model.entry import Entry
from pkgmgr.model.package import Package
from pkgmgr.model.soft import Soft
from pkgmgr.model.target import Target, TargetDocument

if TYPE_CHECKING:
    from pkgmgr.jobs.pythons.environment import Pythons


@dataclass
class LocalWorld:
    """Entries are looked for once for each soft, when a demand first names it."""

    workspace: Workspace
    search: Search = field(default_factory=Search)
    pythons: Pythons | None = None
    """What meets the Python requirements of the plan that was made in this world."""
    as_if_new: bool = False
    """Nothing counts as installed: what packages make has a row of its own with all that makes it, and what stands in
    the store already is found there when the row is done."""
    detections: list[str] = field(default_factory=list)
    """What was looked for: the questions of `report_question`."""
    _entries: dict[str, list[Entry]] = field(default_factory=dict)
    _documents: dict[str, str] = field(default_factory=dict)
    """Package → the hash of its folder, as far as it was asked for."""

    def __post_init__(self) -> None:
        self._registry = Registry(self.workspace.home)
        self._facts = LateFacts(lambda: platform_facts(self.workspace.platform()))
        self._installed = [] if self.as_if_new else Store(home=self.workspace.home).installed()

    def soft(self, name: str) -> Soft:
        """Give a soft; ``python.NAME`` needs no document."""
        found = self.workspace.catalog.soft(name)
        if found is None and name.startswith("python."):
            from pkgmgr.detect.distributions import distribution_soft  # 10 ms, where one is asked for

            return distribution_soft(name.removeprefix("python."))
        return found if found is not None else self.workspace.catalog.require_soft(name)

    def softs_tagged(self, tags: Sequence[str]) -> Sequence[Soft]:
        """Give the softs that carry all of these tags, by rank, then by name."""
        softs = [soft for soft in self.workspace.catalog.softs() if set(tags).issubset(soft.all_tags)]
        return sorted(softs, key=lambda soft: (soft.rank, soft.name))

    def entries(self, soft: str) -> Sequence[Entry]:
        """Give what was installed, what earlier searches found elsewhere, and what is on the host, the best first."""
        if soft not in self._entries:
            document = self.soft(soft)
            found = list(self._look(soft, self.search))
            found += self._elsewhere(document, found)
            if soft == CLANG:
                found = self._rooted(found)
            installed = [entry for entry in self._installed if entry.soft == soft]
            self._entries[soft] = [*merge(installed, host=self.workspace.host.target), *found]
        return self._entries[soft]

    def _rooted(self, clangs: list[Entry]) -> list[Entry]:
        """Add what they can link for with the root file systems of targets."""
        workspace = self.workspace
        files = workspace.host.files
        targets = [target for target in workspace.catalog.targets() if root_of(target, files) is not None]
        if not targets:
            return clangs
        from pkgmgr.detect.ask import Asker  # 14 ms, where a root file system is here

        asker = Asker(host=workspace.host, memory=workspace.memory, timeout=workspace.timeout)
        found = with_roots(clangs, targets, asker)
        workspace.memory.save()
        return found

    def _elsewhere(self, soft: Soft, found: Sequence[Entry]) -> list[Entry]:
        """Look again at the places that a person named in earlier searches."""
        if not self.search.where.system:
            return []
        known = {entry.id for entry in found}
        prefixes = tuple(dict.fromkeys(self.named_places(soft.name, known)))
        if not prefixes:
            return []
        search = msgspec.structs.replace(self.search, where=Where(search_paths=prefixes, system=False))
        return [entry for entry in self._look(soft.name, search) if entry.id not in known]

    def named_places(self, soft: str, known: Collection[str]) -> Iterator[str]:
        """Give the prefixes of entries of a soft that were found where a person said, but for known ids."""
        for entry in self._registry.entries():
            if entry.soft == soft and entry.id not in known and entry.origin == "search-path":
                yield entry.prefix

    def _look(self, soft: str, search: Search) -> Sequence[Entry]:
        self.detections.append(report_question(self.workspace, [soft], search))
        return look(self.workspace, [soft], search).entries

    def is_known(self, entry: Entry) -> bool:
        """Tell whether an entry was installed or registered before."""
        return entry.package is not None or self._registry.knows(entry)

    def is_outdated(self, entry: Entry) -> bool:
        """Tell whether an entry was made by another document than its package has now, if it still has one."""
        name = entry.package or ""
        place = self.workspace.catalog.locations("package").get(name)
        recipe = read_recipe(entry) if place is not None else None
        if place is None or recipe is None:
            return False
        if name not in self._documents:
            self._documents[name] = folder_hash(place.folder)
        return recipe.document != self._documents[name]

    def detected(self) -> list[Entry]:
        """Give all entries that this resolution found on the host."""
        return [entry for rows in self._entries.values() for entry in rows if entry.package is None]

    def package(self, name: str) -> Package:
        """Give a package."""
        return self.workspace.catalog.require_package(name)

    def providers(self, soft: str) -> Sequence[Package]:
        """Give the packages that can make a soft."""
        return self.workspace.catalog.providers(soft)

    def target(self, name: str) -> TargetDocument:
        """Give the document of a target."""
        return self.workspace.catalog.require_target(name)[1]

    def facts(self, target: Target) -> Mapping[str, str]:
        """Give what conditions may ask of this host; nothing is known of another machine."""
        return self._facts if str(target) == self.workspace.host.target else {}
