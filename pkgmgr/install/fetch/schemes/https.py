"""``https://…``: a pinned file from the web."""

from pkgmgr.install.fetch.schemes.http import file_name, obtain

__all__ = ["file_name", "obtain"]
