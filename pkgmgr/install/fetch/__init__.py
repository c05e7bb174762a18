"""Obtaining pinned artifacts from any of several places, into a cache named by content."""

from pkgmgr.install.fetch.fetcher import Fetcher, Progress, SilentProgress

__all__ = ["Fetcher", "Progress", "SilentProgress"]
