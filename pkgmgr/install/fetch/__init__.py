"""Obtain pinned sources into a content-addressed cache: from the web, files, git and registries.

`Fetcher` is the way in, `Progress` what shows it; `upkeep` and `carry` serve ``ckpm cache``.
"""

from pkgmgr.install.fetch.fetcher import Fetcher
from pkgmgr.install.fetch.progress import Progress, SilentProgress

__all__ = ["Fetcher", "Progress", "SilentProgress"]
