"""Where everything that ckpm writes lives, unless it is said otherwise."""

import sys
from pathlib import Path

import pytest

from pkgmgr.host.home import default_home


@pytest.mark.parametrize("variables", [{"XDG_DATA_HOME": "/data"}, {}])
def test_a_stated_home_counts_before_all(variables: dict[str, str], tmp_path: Path) -> None:
    assert default_home({**variables, "CKPM_HOME": str(tmp_path / "a b")}) == tmp_path / "a b"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="these systems have folders of their own")
@pytest.mark.parametrize(
    ("stated", "home"),
    [
        pytest.param({"XDG_DATA_HOME": "/data/of me"}, "/data/of me/ckpm", id="stated"),
        pytest.param({}, "/home/of me/.local/share/ckpm", id="nothing stated"),
        pytest.param({"XDG_DATA_HOME": ""}, "/home/of me/.local/share/ckpm", id="empty"),
        pytest.param({"XDG_DATA_HOME": "data"}, "/home/of me/.local/share/ckpm", id="not absolute"),
    ],
)
def test_the_desktop_specification_is_followed(
    stated: dict[str, str], home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/of me")
    assert default_home(stated) == Path(home)
