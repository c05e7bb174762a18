"""Find the module of a scheme, by name alone: a new scheme is a new file."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
from typing import cast

from pkgmgr.install.fetch.address import module_of, safe_name, scheme_of
from pkgmgr.install.fetch.failure import Refused
from pkgmgr.install.fetch.job import Scheme
from pkgmgr.model.package import Source


def find_scheme(address: str) -> Scheme:
    """Import what knows an address.

    :raises Refused: when there is nothing.
    """
    scheme = scheme_of(address)
    module = f"{__package__}.schemes.{module_of(scheme)}"
    if not scheme or importlib.util.find_spec(module) is None:
        raise Refused(f"ckpm knows no way to fetch {f'{scheme}:' if scheme else 'an address without a scheme'}")
    return cast(Scheme, importlib.import_module(module))


def file_name(source: Source) -> str:
    """Give the plain file name that a source is kept under."""
    if source.file:
        return safe_name(source.file)
    for address in source.urls:
        with contextlib.suppress(Refused):
            return safe_name(find_scheme(address).file_name(address))
    return safe_name(source.name)
