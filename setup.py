"""Build a wheel whose documents are parsed already: a first detection would spend a third of its time on them."""

import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithDocuments(build_py):
    """Compile the documents where they have been copied to; an editable install reads them where they lie."""

    def run(self) -> None:
        """Build as usual, then compile."""
        super().run()
        if not self.editable_mode:
            package = Path(self.build_lib).absolute() / "pkgmgr"
            subprocess.run(
                [sys.executable, "-m", "pkgmgr.catalog.compiled", str(package)], cwd=package.parent, check=True
            )


setup(cmdclass={"build_py": BuildWithDocuments})
