"""The machine: its files, its processes, its facts. Everything else reaches it through `pkgmgr.host.ports`."""
