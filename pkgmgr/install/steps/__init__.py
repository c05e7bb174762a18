"""One file for each kind of step: ``perform(step, context)``. The set is closed; no step goes through a shell."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from pkgmgr.install.context import BuildContext
from pkgmgr.model.condition import Circumstances, holds
from pkgmgr.model.package import AnyStep


def perform_all(steps: Sequence[AnyStep], context: BuildContext, circumstances: Circumstances) -> None:
    """Perform the steps whose conditions hold, in order."""
    for step in steps:
        if holds(step.when, circumstances):
            kind = str(type(step).__struct_config__.tag)
            importlib.import_module(f"{__name__}.{kind}").perform(step, context)
