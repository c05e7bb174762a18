"""One module for each scheme of a source's address: ``apt-source:`` is `apt_source`, ``git+https:`` is `git_https`.

A scheme is a module with `file_name` and `obtain` (`pkgmgr.install.fetch.job.Scheme`); nothing else lists it.
"""
