"""``python -m pkgmgr``: the same as the command ``ckpm``."""

import sys

from pkgmgr.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
