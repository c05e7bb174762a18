"""What Spack installed, by its database: ``<install tree>/.spack-db/index.json``.

Touches: files, through `pkgmgr.host.ports.Files`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

import msgspec

from pkgmgr.detect.installed_by.prefix import Prefix, expand, is_own
from pkgmgr.host.ports import Host
from pkgmgr.host.text import read_text

_INSTANCES = ("$SPACK_ROOT", "~/spack", "/opt/spack", "/usr/local/spack", "/spack", "/opt/software/spack")
_SETTINGS = ("~/.spack", "$SPACK_USER_CONFIG_PATH", "/etc/spack", "$SPACK_SYSTEM_CONFIG_PATH")
_LARGEST_INDEX = 256 << 20
"""Bytes; 10,000 installations take about 60 MiB."""
_ROOT = (
    r"(?m)^[ \t]*install_tree:[ \t]*(?:(?P<path>[^\s#{][^\n#]*)|\{[^}]*root:\s*(?P<inline>[^,}]+)|"
    r"(?:#[^\n]*)?\n(?:[ \t]+(?!root:)[^\n]*\n)*?[ \t]+root:[ \t]*(?P<root>[^\n#]+))"
)


class _Spec(msgspec.Struct, frozen=True):
    external: msgspec.Raw = msgspec.Raw(b"null")


class _Record(msgspec.Struct, frozen=True):
    spec: _Spec = _Spec()
    path: str | None = None
    installed: bool = True


class _Database(msgspec.Struct, frozen=True):
    installs: Mapping[str, _Record] = {}


class _Index(msgspec.Struct, frozen=True):
    database: _Database


def find(host: Host) -> Iterator[Prefix]:
    """Give the prefix of each installation in each database; what Spack calls external others have installed."""
    for tree in dict.fromkeys(_trees(host)):
        content = host.files.read(f"{tree}/.spack-db/index.json", _LARGEST_INDEX)
        if content is not None:
            yield from (Prefix(path=path, origin="spack") for path in parse_index(content))


def parse_index(content: bytes) -> list[str]:
    """Give the prefixes that a database names as installed; none for anything else."""
    try:
        records = msgspec.json.decode(content, type=_Index).database.installs
    except msgspec.MsgspecError:
        return []
    return [
        record.path
        for record in records.values()
        if record.installed
        and record.path is not None
        and bytes(record.spec.external) == b"null"
        and is_own(record.path)
    ]


def _trees(host: Host) -> Iterator[str]:
    """Give the install trees: each instance's own, and those that settings and environments name."""
    instances = list(expand(host, _INSTANCES))
    for instance in instances:
        yield f"{instance}/opt/spack"
    folders = [*expand(host, _SETTINGS), *(f"{instance}/etc/spack" for instance in instances)]
    places = [
        f"{folder}/{part}{name}.yaml"
        for folder in folders
        for part in ("", "linux/", "darwin/", "site/")
        for name in ("config", "upstreams")
    ]
    environment = host.variables.get("SPACK_ENV", "")
    if environment.startswith("/"):
        places.append(f"{environment}/spack.yaml")
    for place in places:
        for text in parse_install_trees(read_text(host.files, place)):
            tree = _expand(text, host, instances)
            if tree is not None:
                yield tree


def parse_install_trees(text: str) -> list[str]:
    """Read the values of ``install_tree`` in Spack's YAML, as a path or a table with ``root``."""
    if "install_tree" not in text:
        return []
    values = (found["path"] or found["inline"] or found["root"] for found in re.finditer(_ROOT, text))
    return [value.strip().strip("\"'") for value in values]


def _expand(text: str, host: Host, instances: list[str]) -> str | None:
    spack = instances[0] if instances else host.variables.get("SPACK_ROOT", "")
    known = {"spack": spack, "user": posixpath.basename(host.home), "home": host.home, **host.variables}
    names = re.compile(r"\$\{?(\w+)\}?")
    if any(not known.get(name) for name in names.findall(text)):
        return None
    path = names.sub(lambda found: known[found[1]], text)
    path = host.home + path[1:] if path.startswith("~") else path
    return posixpath.normpath(path) if path.startswith("/") else None
