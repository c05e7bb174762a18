"""Do what a plan says: fetch → verify → build in staging → check → rename → detect again → record.

Touches: the store, the download cache, processes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pkgmgr.install.anywhere import Where
from pkgmgr.install.context import BuildContext, write_scripts
from pkgmgr.install.failed import Attempt
from pkgmgr.install.fetch.fetcher import Fetcher
from pkgmgr.install.leftovers import sweep_leftovers
from pkgmgr.install.places import MADE, Place, build_place
from pkgmgr.install.product import check_product
from pkgmgr.install.reach import with_further
from pkgmgr.install.recipes import conditions, is_product, is_run_time, make_recipe, needed_sources
from pkgmgr.install.relocation import LOG, relocate
from pkgmgr.install.steps import perform_all
from pkgmgr.install.store import RECORD, Recipe, Store, make_manifest, moved_entry, moved_path
from pkgmgr.install.texts import entry_texts
from pkgmgr.install.toolchain import Toolchain, make_toolchain
from pkgmgr.model.condition import Circumstances, asked_facts
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.package import Autotools, Cmake, Make, Meson, Package, Source
from pkgmgr.model.plan import Plan, Step
from pkgmgr.model.target import ANY, Target, TargetDocument, parse_target

Recognise = Callable[[str, Path], Sequence[Entry]]
"""Detects one soft below one folder, and nowhere else."""
_TOOLS = "tools"
_SPLITS_AT_SPACES = (Autotools, Cmake, Make, Meson)
"""Steps that run ``make`` or what may run it."""


@dataclass(frozen=True, kw_only=True)
class _Work:
    """One row of a plan that is to be made, with all that it is made of."""

    step: Step
    package: Package
    folder: Path
    """The package's own."""
    recipe: Recipe
    roles: Mapping[str, Entry]
    artifacts: Mapping[str, Path]
    circumstances: Circumstances


@dataclass(frozen=True, kw_only=True)
class Installer:
    """Everything that installing needs."""

    store: Store
    fetcher: Fetcher
    cache: Path
    host: Target
    package: Callable[[str], tuple[Package, Path]]
    """Gives a package and its folder by name."""
    target: Callable[[str], TargetDocument]
    recognise: Recognise
    facts: Mapping[str, str] = field(default_factory=dict)
    """What conditions may ask of the host."""
    tell: Callable[[str], None] = lambda _line: None
    """Told in one line what is being done."""
    jobs: int = 1
    keep_failed: bool = False
    """Keep the folder of a build that fails, or makes something else than it was to make."""

    def install(self, plan: Plan) -> dict[str, Entry]:
        """Do every row of a plan and give its entries by key."""
        entries = self._standing(plan)
        missing = [step for step in plan.steps if step.key not in entries]
        if missing:
            sweep_leftovers()
        self._fetch_ahead(missing)
        for step in plan.steps:
            if step.key not in entries:
                entries[step.key] = self._row(step, entries)
        return {step.key: entries[step.key] for step in plan.steps}

    def _standing(self, plan: Plan) -> dict[str, Entry]:
        """Give the entries that are there already: those found, and of those to be made what the store holds."""
        entries: dict[str, Entry] = {}
        for step in plan.steps:
            known = step.entry
            if known is None and all(key in entries for key in step.needs.values()):
                known = self.store.find(self._recipe(step, entries))
            if known is not None:
                entries[step.key] = known
        return entries

    def _recipe(self, step: Step, entries: Mapping[str, Entry]) -> Recipe:
        package, folder = self.package(step.package or "")
        circumstances = self._circumstances(step)
        sources = needed_sources(package, circumstances)
        asked = asked_facts(conditions(package), circumstances)
        return make_recipe(package, folder, step, sources, _roles(step, entries), asked)

    def _fetch_ahead(self, steps: Sequence[Step]) -> None:
        """Fetch everything before anything is built: what is missing is known at once, and comes in parallel."""
        wanted: list[list[Source]] = []
        for step in steps:
            package, _ = self.package(step.package or "")
            rows = needed_sources(package, self._circumstances(step)).values()
            wanted += [row for row in rows if not any(self.fetcher.cached(source) for source in row)]
        if wanted:
            self.tell(f"fetching {len(wanted)} file{'s' if len(wanted) != 1 else ''}")
            self.fetcher.fetch_all(wanted)

    def _circumstances(self, step: Step) -> Circumstances:
        target = parse_target(step.toolchain_target)
        document = self.target(step.toolchain_target)
        return Circumstances(
            target=target,
            libc=document.libc,
            version=step.version,
            variants=step.variants,
            facts=self.facts if target == self.host else {},
        )

    def _row(self, step: Step, entries: Mapping[str, Entry]) -> Entry:
        package, folder = self.package(step.package or "")
        roles = _roles(step, entries)
        circumstances = self._circumstances(step)
        sources = needed_sources(package, circumstances)
        recipe = self._recipe(step, entries)
        known = self.store.find(recipe)
        if known is not None:
            return known
        with self.store.building(recipe):
            known = self.store.find(recipe)
            if known is not None:
                return known
            files = self.fetcher.fetch_all(list(sources.values()))
            self.tell(f"making {package.name} {step.version} for {step.toolchain_target}")
            work = _Work(
                step=step,
                package=package,
                folder=folder,
                recipe=recipe,
                roles=roles,
                artifacts=dict(zip(sources, files, strict=True)),
                circumstances=circumstances,
            )
            return self._make(work)

    def _make(self, work: _Work) -> Entry:
        package, recipe = work.package, work.recipe
        final = self.store.prefix(recipe)
        needs_plain = any(isinstance(item, _SPLITS_AT_SPACES) for item in package.step)
        with (
            self.store.staging(recipe) as staging,
            build_place(staging, final, self.store.home, must_be_plain=needs_plain) as place,
        ):
            context = self._context(place, work)
            attempt = Attempt(
                context=context, recipe=recipe, staging=staging, home=self.store.home, keep=self.keep_failed
            )
            with attempt.telling():
                return self._built(work, context, place, staging)

    def _built(self, work: _Work, context: BuildContext, place: Place, staging: Path) -> Entry:
        """Perform the steps, and let what they made appear if it is what it was to be."""
        step, package, recipe, target = work.step, work.package, work.recipe, work.circumstances.target
        home, final = self.store.home, self.store.prefix(recipe)
        perform_all(package.step, context, work.circumstances)
        others = {f"{place.folder / _TOOLS}/": ""}  # what says which compiler it was, as gmp.h, names it alone
        if place.home != home:
            others[f"{place.home}/"] = f"{home}/"
        relocate(context.prefix, final, others)
        made = context.prefix
        if place.folder != staging:
            made = Path(shutil.move(made, staging / MADE))
        if step.target not in (ANY, str(self.host)) or package.product == "target":
            wrong = check_product(made, target, self.target(str(target)))
            if wrong:
                raise CkpmError(f"{context.name} is not for {target}: {'; '.join(wrong[:3])}")
        manifest = msgspec.json.encode(make_manifest(made, Where(home=home, prefix=final)))
        (made / RECORD / "manifest.json").write_bytes(msgspec.json.format(manifest, indent=1))
        (made / RECORD / "recipe.json").write_bytes(msgspec.json.format(msgspec.json.encode(recipe), indent=1))
        # The staging folder tells others that this is going on until the record is there.
        first = self.store.publish(made, recipe)
        return first if first is not None else self._record(work, final, staging / MADE)

    def _context(self, place: Place, work: _Work) -> BuildContext:
        """Prepare a build: its folders, its tools, and what its texts stand for."""
        step, target = work.step, work.circumstances.target
        build, made = place.folder / "build", place.folder / MADE
        build.mkdir()
        (made / RECORD).mkdir(parents=True)
        home = self.store.home
        goes_on = any(entry.deps for entry in work.roles.values())
        known = {entry.id: entry for entry in self.store.installed()} if goes_on else {}
        further = with_further(work.roles, known)
        roles = {role: moved_entry(entry, home, place.home) for role, entry in further.items()}
        artifacts = {name: moved_path(path, home, place.home) for name, path in work.artifacts.items()}
        toolchain = self._toolchain(roles, target)
        texts = {
            "build": str(build),
            "prefix": str(made),
            "package": str(work.folder),
            "version": step.version or "",
            "target": str(target),
            "jobs": str(self.jobs),
            **step.variants,
            **{f"source.{name}": str(path) for name, path in artifacts.items()},
            **entry_texts(roles),
        }
        return BuildContext(
            name=f"{work.package.name} {step.version}",
            build=build,
            prefix=made,
            folder=work.folder,
            log=made / RECORD / LOG,
            sources=artifacts,
            roles=roles,
            texts=texts,
            toolchain=toolchain,
            cache=moved_path(self.cache, home, place.home),
            host=str(self.host),
            jobs=self.jobs,
            offline=self.fetcher.offline,
            scripts=write_scripts(toolchain, place.folder / _TOOLS) if toolchain is not None else {},
        )

    def _toolchain(self, roles: Mapping[str, Entry], target: Target) -> Toolchain | None:
        compiler = next((entry for entry in roles.values() if "compiler" in entry.tags), None)
        if compiler is None:
            return None
        return make_toolchain(compiler, target, self.target(str(target)), self.host)

    def _record(self, work: _Work, final: Path, back: Path) -> Entry:
        """Recognise what was made, and let it count.

        :param back: where it goes if it is not recognised.
        """
        step, package = work.step, work.package
        there = self.recognise(package.provides, final)
        found = [entry for entry in there if is_product(entry, step)]
        if not found:
            try:
                final.rename(back)
            except OSError:
                shutil.rmtree(final, ignore_errors=True)
            says = f"finds {there[0].version} in it" if there and there[0].version else "does not recognise it"
            raise CkpmError(
                f"{package.name} {step.version} was made, but {package.provides} {says}",
                hint="the package or the soft is wrong: a package whose result can't be detected has failed",
            )
        seen = found[0]
        own = [
            msgspec.structs.replace(
                item, value=None if item.value is None else item.value.replace("{prefix}", str(final))
            )
            for item in package.env
        ]
        entry = msgspec.structs.replace(
            seen,
            id=f"{seen.soft}-{step.version}-{work.recipe.digest[:8]}",
            version=seen.version or step.version,
            prefix=str(final),
            target=step.target,
            origin="package",
            attributes={**seen.attributes, "variants": dict(step.variants)} if step.variants else seen.attributes,
            deps=tuple(sorted({entry.id for entry in work.roles.values() if is_run_time(entry)})),
            package=package.name,
            env=(*seen.env, *own),
            evidence=f"made by {package.name}; {seen.evidence}",
        )
        self.store.record(final, entry)
        return entry


def _roles(step: Step, entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Give what a row needs, by role."""
    return {role: entries[key] for role, key in step.needs.items()}
