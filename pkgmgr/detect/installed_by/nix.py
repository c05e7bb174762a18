"""What Nix and Guix profiles hold: folders of links, and the store paths that their manifests name.

Touches: files, through `pkgmgr.host.ports.Files`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from pkgmgr.detect.installed_by.prefix import Prefix, expand
from pkgmgr.host.ports import Host
from pkgmgr.host.search import is_folder

_PROFILES = (
    *("~/.nix-profile", "$XDG_STATE_HOME/nix/profiles/profile", "~/.local/state/nix/profiles/profile"),
    *("/nix/var/nix/profiles/default", "/nix/var/nix/profiles/per-user/*/profile", "/run/current-system/sw"),
)
_GUIX_PROFILES = ("$GUIX_PROFILE", "~/.guix-profile", "~/.config/guix/current", "/run/current-system/profile")
_STORE = "/nix/store/"


class _Element(msgspec.Struct, frozen=True, rename="camel"):
    store_paths: tuple[str, ...] = ()
    active: bool = True


class _Manifest(msgspec.Struct, frozen=True):
    elements: tuple[_Element, ...] | dict[str, _Element] = ()


def find(host: Host) -> Iterator[Prefix]:
    """Give each profile, and the store paths of what was installed into it."""
    for profile in expand(host, _PROFILES):
        if not is_folder(host.files, profile):
            continue
        yield Prefix(path=profile, origin="nix")
        for path in parse_manifest(host.files.read(f"{profile}/manifest.json") or b""):
            if is_folder(host.files, path):
                yield Prefix(path=path, origin="nix")
    for profile in expand(host, _GUIX_PROFILES):
        if is_folder(host.files, profile):
            yield Prefix(path=profile, origin="guix")


def parse_manifest(content: bytes) -> list[str]:
    """Give the store paths of a profile's ``manifest.json``; elements are a list, and by name since version 3."""
    try:
        elements = msgspec.json.decode(content or b"{}", type=_Manifest).elements
    except msgspec.MsgspecError:
        return []
    rows = elements.values() if isinstance(elements, dict) else elements
    return [path for row in rows if row.active for path in row.store_paths if path.startswith(_STORE)]
