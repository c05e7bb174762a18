"""``python -m pkgmgr``: the same as the command ``ckpm``."""

from pkgmgr.cli.main import run

if __name__ == "__main__":
    run()
