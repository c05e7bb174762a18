"""Python distributions in every interpreter and environment, read from their metadata and never imported.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

import msgspec

from pkgmgr.detect.candidates import Candidate, Finding
from pkgmgr.detect.dist_metadata import (
    FolderName,
    Metadata,
    accelerator,
    editable_source,
    is_remains_of,
    normalized,
    parse_folder_name,
    parse_metadata,
    record_paths,
    tags_abi,
    tags_target,
    wheel_tags,
)
from pkgmgr.detect.python_sites import Site
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Rejection, Value
from pkgmgr.model.soft import Find, Soft

_CONDA_NAMES = {"torch": "pytorch", "opencv-python": "py-opencv", "tables": "pytables", "msgpack": "msgpack-python"}
"""Distributions that conda calls otherwise than PyPI."""
_HEADER = 1 << 16
_SAMPLE = 8
"""Files of a ``RECORD`` that are looked for."""


def distribution_soft(name: str) -> Soft:
    """Make the soft of any distribution: ``python.NAME`` needs no document."""
    return Soft(
        name=f"python.{normalized(name)}",
        summary=f"the Python distribution {normalized(name)}",
        tags=("python-package",),
        find=Find(python=(name,)),
    )


class _Installed(msgspec.Struct, frozen=True, kw_only=True):
    """One folder (or file) of metadata in a site."""

    site: Site
    folder: str
    named: FolderName

    @property
    def path(self) -> str:
        return f"{self.site.path}/{self.folder}"


def _scripts(files: Files, site: Site) -> str:
    """Give the folder of the programs that a site's distributions bring.

    It lies above the site and not in the interpreter's prefix: Debian's interpreter of `/usr` has sites whose
    programs are in `/usr/local/bin` and `~/.local/bin`.
    """
    root = posixpath.dirname(posixpath.dirname(site.path))
    for folder in (f"{root}/Scripts", f"{posixpath.dirname(root)}/bin"):
        if files.stat(folder) is not None:
            return folder
    return f"{site.prefix}/bin"


class DistributionIndex:
    """Every distribution of a list of sites, listed once for all softs. Metadata is read of those asked for."""

    def __init__(self, files: Files, sites: Sequence[Site]) -> None:
        self._files = files
        self._found: dict[str, list[_Installed]] = {}
        self._remains: list[tuple[Site, str, str]] = []
        self._conda: dict[str, dict[str, str]] = {}
        for site in sites:
            for name in files.names(site.path):
                named = parse_folder_name(name)
                if name.startswith("~"):
                    self._remains.append((site, name, named.name if named is not None else name))
                elif named is not None:
                    row = _Installed(site=site, folder=name, named=named)
                    self._found.setdefault(normalized(named.name), []).append(row)

    def names(self) -> list[str]:
        """Give every distribution's normalized name."""
        return sorted(self._found)

    def find(self, soft: Soft) -> Iterator[Finding]:
        """Give the distributions that a soft names, and what is left of some that were removed."""
        for wanted in dict.fromkeys(normalized(name) for name in soft.find.python):
            by_site: dict[str, list[_Installed]] = {}
            for row in self._found.get(wanted, []):
                by_site.setdefault(row.site.path, []).append(row)
            for rows in by_site.values():
                yield from self._in_site(soft, wanted, rows)
            for site, name, bare in self._remains:
                if is_remains_of(bare, wanted):
                    reason = f"the remains of a {wanted} that pip was stopped removing"
                    yield Rejection(soft=soft.name, candidate=f"{site.path}/{name}", reason=reason)

    def _in_site(self, soft: Soft, wanted: str, rows: Sequence[_Installed]) -> Iterator[Finding]:
        """Give the one that is installed of several with the same name in one folder."""
        read: list[tuple[_Installed, Metadata, str, float]] = []
        for row in rows:
            metadata = self._metadata(row)
            version = metadata.version if metadata is not None and metadata.version else row.named.version
            if metadata is None or version is None:
                reason = (
                    "half removed: its METADATA is not there" if metadata is None else "its metadata has no version"
                )
                yield Rejection(soft=soft.name, candidate=row.path, reason=reason)
                continue
            share = self._share_present(row)
            if share == 0.0:
                reason = f"half removed: of the files in its RECORD none of the first {_SAMPLE} is there"
                yield Rejection(soft=soft.name, candidate=row.path, reason=reason)
                continue
            read.append((row, metadata, version, -1.0 if share is None else share))
        # A dist-info before an egg-info, and of two versions the one whose files have the recorded sizes.
        read.sort(key=lambda item: (item[3], item[0].named.form == "dist-info"), reverse=True)
        for row, metadata, version, _ in read[:1]:
            yield self._candidate(soft, wanted, row, metadata, version)
        for row, _, version, _ in read[1:]:
            if version != read[0][2]:
                reason = f"left behind: the files here are those of {read[0][2]}, not of {version}"
                yield Rejection(soft=soft.name, candidate=row.path, reason=reason)

    def _metadata(self, row: _Installed) -> Metadata | None:
        places = {"dist-info": ("METADATA",), "egg": ("EGG-INFO/PKG-INFO", "")}
        for below in places.get(row.named.form, ("PKG-INFO", "")):
            text = self._text(f"{row.path}/{below}".rstrip("/"))
            if text is not None:
                return parse_metadata(text)
        return None

    def _text(self, path: str) -> str | None:
        content = self._files.read(path, _HEADER)
        return None if content is None else content.decode("utf-8", "replace")

    def _share_present(self, row: _Installed) -> float | None:
        """Say how many of the recorded files are there with their size; None when nothing is recorded."""
        text = self._text(f"{row.path}/RECORD") if row.named.form == "dist-info" else None
        rows = record_paths(text, most=_SAMPLE) if text is not None else []
        if not rows:
            return None
        points = 0.0
        for path, size in rows:
            state = self._files.stat(f"{row.site.path}/{path}")
            if state is not None:
                points += 1.0 if size is None or size == state.size else 0.25
        return points / len(rows)

    def _candidate(
        self, soft: Soft, wanted: str, row: _Installed, metadata: Metadata, version: str
    ) -> Candidate | Rejection:
        site = row.site
        source = self._source(row)
        if source is not None and self._files.stat(source) is None:
            reason = f"an editable installation whose folder {source} is not there"
            return Rejection(soft=soft.name, candidate=row.path, reason=reason)
        tags = wheel_tags(self._text(f"{row.path}/WHEEL") or "")
        installer = (self._text(f"{row.path}/INSTALLER") or "").strip() or None
        attributes: dict[str, Value] = {
            "distribution": wanted,
            "site": site.path,
            "python_version": site.python_version,
            "abi": tags_abi(tags),
            "accelerator": accelerator(wanted, version, metadata.requires),
            "licence": metadata.licence,
            "requires_python": metadata.requires_python,
            "installer": installer,
            "conda_build": self._conda_build(site, wanted, version),
            "scope": site.scope if site.scope != "environment" else None,
            "editable": source,
            "seen_from": list(site.seen_from) or None,
        }
        is_conda = installer == "conda" and self._files.stat(f"{site.prefix}/conda-meta") is not None
        origin = f"conda:{site.prefix}" if is_conda else f"python:{site.prefix}"
        facts: dict[str, Value] = {
            "version": version,
            "distribution": wanted,
            "site": site.path,
            "prefix": site.prefix,
            "python_prefix": site.prefix,
            "scripts": _scripts(self._files, site),
            "given_files": {"metadata": row.path, **({"python": site.python} if site.python else {})},
            "given_attributes": {key: value for key, value in attributes.items() if value is not None},
        }
        if site.python is not None:
            facts["python"] = site.python
        target = tags_target(tags)
        if target is not None:
            facts["runs_on"] = target
        return Candidate(
            soft=soft.name,
            path=row.path,
            real=self._files.real(row.path),
            names=(row.path,),
            facts=facts,
            origin=origin,
            form="distribution",
        )

    def _source(self, row: _Installed) -> str | None:
        """Give the folder of sources that an editable installation leads to."""
        if row.site.scope == "pth":
            return row.site.path
        told = self._files.read(f"{row.path}/direct_url.json", _HEADER)
        return editable_source(told) if told is not None else None

    def _conda_build(self, site: Site, name: str, version: str) -> str | None:
        """Give conda's build text (``py311_cuda12.1_0``) of a distribution, from the names in ``conda-meta``."""
        if site.prefix not in self._conda:
            builds = self._conda[site.prefix] = {}
            for file in self._files.names(f"{site.prefix}/conda-meta"):
                parts = file.removesuffix(".json").rsplit("-", 2)
                if len(parts) == 3:
                    builds[f"{normalized(parts[0])} {parts[1]}"] = parts[2]
        builds = self._conda[site.prefix]
        return builds.get(f"{name} {version}") or builds.get(f"{_CONDA_NAMES.get(name, '')} {version}")
