"""What the tests of the detection demo share."""

from __future__ import annotations

import pytest

from tests.conftest import Ckpm, command_in


@pytest.fixture(scope="session")
def equipped(tmp_path_factory: pytest.TempPathFactory) -> Ckpm:
    """The command in one home for all: what converts the model, and the engines, are gigabytes, and made once.

    Who uses it, in whatever order, belongs to the group of that name, so that one worker has all of it.
    """
    folder = tmp_path_factory.mktemp("equipped")
    return command_in(folder / "it's a home", folder)
