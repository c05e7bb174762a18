"""Obtain pinned sources into a content-addressed cache: from the web, files, git and registries.

`fetcher.Fetcher` is the way in, `progress.Progress` what shows it; `upkeep` and `carry` serve ``ckpm cache``.
"""
