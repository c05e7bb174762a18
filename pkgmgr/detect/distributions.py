"""Python distributions in every interpreter, read from their ``dist-info`` folders and never imported.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pkgmgr.detect.candidates import Candidate, Finding
from pkgmgr.detect.folders import expand_folders
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Rejection
from pkgmgr.model.soft import Conclusion, Find, Soft

_DIST_INFO = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+?)(?:-py[\d.]+)?\.(?:dist|egg)-info$")


@dataclass(frozen=True, kw_only=True)
class Site:
    """One folder of installed distributions and the interpreter's prefix that it belongs to."""

    path: str
    prefix: str


def normalized(name: str) -> str:
    """Normalize a distribution's name as PEP 503 says."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distribution_soft(name: str) -> Soft:
    """Make the soft of any distribution: ``python.NAME`` needs no document."""
    return Soft(
        name=f"python.{normalized(name)}",
        summary=f"the Python distribution {normalized(name)}",
        tags=("python-package",),
        find=Find(python=(name,)),
        entry=distribution_conclusion(),
    )


def distribution_conclusion() -> Conclusion:
    """Give what every distribution's entry holds."""
    return Conclusion(
        prefix="{python_prefix}",
        files={"metadata": "{path}", "python": "{python}"},
        attributes={"distribution": "{distribution}", "site": "{site}"},
        origin="python:{python_prefix}",
    )


def python_sites(files: Files, programs: Sequence[str], home: str) -> list[Site]:
    """Give the folders of distributions that belong to these interpreters.

    :param programs: paths of interpreters, links not followed: a virtual environment's is a link.
    """
    sites: dict[str, Site] = {}
    prefixes: dict[str, None] = {}
    for program in programs:
        for path in (program, files.real(program)):
            prefix = posixpath.dirname(posixpath.dirname(path))
            is_own = path == program and files.stat(f"{prefix}/pyvenv.cfg") is not None
            prefixes[prefix] = None
            if is_own:
                break  # the base interpreter is a candidate of its own
    for prefix in prefixes:
        patterns = [f"{prefix}/lib/python3*/site-packages", f"{prefix}/lib/python3*/dist-packages"]
        patterns += [
            f"{prefix}/lib64/python3*/site-packages",
            f"{prefix}/Lib/site-packages",
            f"{prefix}/lib/pypy3*/site-packages",
        ]
        patterns += [f"{prefix}/lib/python2*/site-packages"]
        if prefix == "/usr":
            patterns += ["/usr/local/lib/python3*/dist-packages", f"{home}/.local/lib/python3*/site-packages"]
        for pattern in patterns:
            for path in expand_folders(files, pattern):
                sites.setdefault(files.real(path), Site(path=path, prefix=prefix))
    return list(sites.values())


class DistributionIndex:
    """Every distribution of a list of sites, read once for all softs. Names come from the folders' names."""

    def __init__(self, files: Files, sites: Sequence[Site]) -> None:
        self._found: dict[str, list[tuple[Site, str, str]]] = {}
        for site in sites:
            for name in files.names(site.path):
                parts = _DIST_INFO.match(name)
                if parts is not None:
                    row = (site, name, parts["version"])
                    self._found.setdefault(normalized(parts["name"]), []).append(row)

    def find(self, soft: Soft, files: Files) -> Iterator[Finding]:
        """Give the distributions that a soft names."""
        for wanted in soft.find.python:
            for site, folder, version in self._found.get(normalized(wanted), []):
                path = f"{site.path}/{folder}"
                metadata = path if path.endswith(".egg-info") else f"{path}/METADATA"
                if files.stat(metadata) is None:
                    reason = "half removed: its METADATA is not there"
                    yield Rejection(soft=soft.name, candidate=path, reason=reason)
                    continue
                python = f"{site.prefix}/bin/python"
                if files.stat(python) is None:
                    python = f"{site.prefix}/bin/python3"
                facts = {
                    "version": version,
                    "distribution": normalized(wanted),
                    "site": site.path,
                    "python_prefix": site.prefix,
                    "python": python,
                }
                yield Candidate(
                    soft=soft.name,
                    path=path,
                    real=files.real(path),
                    names=(path,),
                    facts=facts,
                    origin=f"python:{site.prefix}",
                    form="distribution",
                )

    def names(self) -> list[str]:
        """Give every distribution's normalized name."""
        return sorted(self._found)
