"""Cut bytes out of a file."""

from __future__ import annotations

import os
import stat

from pkgmgr.install.context import BuildContext
from pkgmgr.install.unpack import FIXED_TIME
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.package import Cut

_CHUNK = 1 << 20


def perform(step: Cut, context: BuildContext) -> None:
    """Copy just these bytes into a new file; none is made when they are not all there."""
    origin = context.build / context.fill(step.file)
    destination = context.build / context.fill(step.to)
    try:
        state = origin.lstat()
    except OSError as error:
        raise CkpmError(f"{context.name}: cut: {origin}: {error.strerror}") from error
    if not stat.S_ISREG(state.st_mode):  # a link would lead to what the document does not name
        raise CkpmError(f"{context.name}: cut: {origin} is no file")
    if state.st_size < step.begin + step.size:
        raise CkpmError(
            f"{context.name}: cut: {origin.name} has {state.st_size:,} bytes,"
            f" where {step.size:,} from {step.begin:,} on are wanted"
        )
    destination.parent.mkdir(parents=True, exist_ok=True)
    with origin.open("rb") as content:
        destination.unlink(missing_ok=True)  # never into what is there: it may be a link, or the file itself
        with destination.open("xb") as file:
            content.seek(step.begin)
            left = step.size
            while left and (chunk := content.read(min(left, _CHUNK))):
                left -= file.write(chunk)
    destination.chmod(0o644)
    os.utime(destination, (FIXED_TIME, FIXED_TIME))
