"""Run a program."""

from __future__ import annotations

from pathlib import Path

from pkgmgr.environ.compose import apply
from pkgmgr.install.context import BuildContext
from pkgmgr.model.operation import Operation
from pkgmgr.model.package import Run


def perform(step: Run, context: BuildContext) -> None:
    """Run with the build's environment and the step's own operations on top."""
    operations = [
        Operation(
            op=item.op, var=item.var, value=None if item.value is None else context.fill(item.value), sep=item.sep
        )
        for item in step.env
    ]
    extra = apply(operations, context.variables())
    context.run(context.fill_all(step.argv), folder=Path(context.fill(step.folder)), extra=extra)
