"""Unpack archives of strangers: nothing outside the folder is touched, and nothing is larger than allowed.

A reader (`tar`, `zip`, `deb`) says what is in an archive, `names` and `links` decide whether that is harmless, and
`unpacker` alone writes.
"""

from pkgmgr.install.unpack.limits import Limits
from pkgmgr.install.unpack.member import FIXED_TIME, Kind
from pkgmgr.install.unpack.unpacker import unpack

__all__ = ["FIXED_TIME", "Kind", "Limits", "unpack"]
