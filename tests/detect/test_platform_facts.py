"""Facts of a machine as entries, which requirements can be made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgmgr.catalog.index import Catalog
from pkgmgr.catalog.repository import BUILT_IN, Repository, built_in_root
from pkgmgr.detect.ask import Asker
from pkgmgr.detect.engine import Detector
from pkgmgr.detect.memory import AnswerMemory
from pkgmgr.detect.where import Where
from pkgmgr.host.ports import Host
from pkgmgr.host.recorded import RecordedFiles, RecordedRunner
from pkgmgr.model.entry import Entry
from pkgmgr.model.platform import Device, Platform
from pkgmgr.model.soft import Conclusion, Find, PlatformFind, Soft

CATALOG = Catalog(repositories=[Repository(name=BUILT_IN, root=built_in_root(), is_trusted=True)])
HOST = Host(
    files=RecordedFiles(files={"/etc/OpenCL/vendors/a.icd": "libA.so", "/opt/x": ""}),
    runner=RecordedRunner(prints={}),
    variables={},
    target="linux-x86_64",
    home="/home/person",
)
GPU = Device(kind="gpu", vendor="nvidia", name="T4", attributes={"compute_capability": "7.5", "pci": "0000:07:00.0"})
NODE = Platform(
    os="linux",
    arch="x86_64",
    target="linux-x86_64",
    libc="glibc",
    drivers={"nvidia": "550.1"},
    devices=(GPU, Device(kind="gpu", vendor="amd", name="MI300X", attributes={"gfx": "gfx942"})),
    facts={"opencl": [{"library": "libA.so", "file": "/etc/OpenCL/vendors/a.icd"}, "odd"]},
)


class Facts:
    """Gives a platform, and counts how often."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.asked = 0

    def __call__(self, host: Host) -> Platform:
        self.asked += 1
        return self.platform


def soft(find: PlatformFind, **entry: object) -> Soft:
    return Soft(
        name="platform.x",
        summary="x",
        find=Find(platform=find),
        entry=Conclusion(**entry),  # type: ignore[arg-type]
    )


def entries(*softs: Soft, platform: Platform = NODE, system: bool = True) -> list[Entry]:
    asker = Asker(host=HOST, memory=AnswerMemory(None))
    where = Where(system=system, search_paths=("/opt",))
    return list(Detector(asker=asker, where=where, facts=Facts(platform)).detect(softs).entries)


def test_a_device_is_an_entry_with_its_attributes_as_facts() -> None:
    wanted = soft(
        PlatformFind(device={"kind": "gpu", "vendor": "nvidia"}),
        version="{compute_capability}",
        attributes={"name": "{device}", "driver": "{driver.nvidia}", "memory": "{memory_bytes}"},
    )
    (entry,) = entries(wanted)
    assert (entry.version, entry.prefix, entry.target) == ("7.5", "/", "linux-x86_64")
    assert entry.attributes == {"name": "T4", "driver": "550.1"}
    assert "T4 at 0000:07:00.0" in entry.evidence


def test_equal_devices_are_two_entries_and_keep_their_ids() -> None:
    platform = Platform(os="linux", arch="x86_64", target="linux-x86_64", devices=(NODE.devices[1], NODE.devices[1]))
    wanted = soft(PlatformFind(device={"gfx": "gfx942"}))
    found = entries(wanted, platform=platform)
    assert len({entry.id for entry in found}) == 2
    assert [entry.id for entry in found] == [entry.id for entry in entries(wanted, platform=platform)]


@pytest.mark.parametrize(
    ("find", "count"),
    [
        (PlatformFind(driver="nvidia"), 1),
        (PlatformFind(driver="amdgpu"), 0),
        (PlatformFind(having=("os", "libc")), 1),
        (PlatformFind(having=("os", "container")), 0),
        (PlatformFind(rows="opencl"), 1),
        (PlatformFind(rows="vulkan"), 0),
        (PlatformFind(device={"kind": "npu"}), 0),
        (PlatformFind(device={"kind": "gpu"}), 2),
    ],
    ids=["driver", "no driver", "facts", "a fact not established", "rows", "no rows", "no device", "any vendor"],
)
def test_what_was_not_established_is_no_entry(find: PlatformFind, count: int) -> None:
    assert len(entries(soft(find))) == count


def test_a_changed_device_changes_the_fingerprint() -> None:
    wanted = soft(PlatformFind(having=("libc",)), attributes={"kernel": "{kernel}"})
    first = entries(wanted, platform=Platform(os="linux", arch="x86_64", target="linux-x86_64", libc="g", kernel="5"))
    later = entries(wanted, platform=Platform(os="linux", arch="x86_64", target="linux-x86_64", libc="g", kernel="6"))
    assert first[0].id == later[0].id
    assert first[0].fingerprint != later[0].fingerprint


def test_facts_are_established_once_and_only_when_asked_for() -> None:
    facts = Facts(NODE)
    asker = Asker(host=HOST, memory=AnswerMemory(None))
    detector = Detector(asker=asker, facts=facts)
    detector.detect([Soft(name="tool.x", summary="x", find=Find(executables=("x",)))])
    assert facts.asked == 0
    wanted = soft(PlatformFind(driver="nvidia"))
    detector.detect([wanted, wanted])
    assert facts.asked == 1


def test_search_paths_alone_hold_no_devices() -> None:
    assert entries(soft(PlatformFind(driver="nvidia")), system=False) == []


def test_a_hook_may_ask_for_the_platform(tmp_path: Path) -> None:
    (tmp_path / "hook.py").write_text(
        "def find(context):\n    yield {'path': '/opt/x', 'version': context.platform().drivers['nvidia']}\n"
    )
    asking = Soft(name="tool.x", summary="x", find=Find(hook=True))
    asker = Asker(host=HOST, memory=AnswerMemory(None))
    detector = Detector(asker=asker, facts=Facts(NODE), hook_folder=lambda _name: tmp_path)
    assert [entry.version for entry in detector.detect([asking]).entries] == ["550.1"]


@pytest.mark.parametrize("name", ["cuda-gpu", "nvidia-driver", "cuda-driver", "rocm-gpu", "intel-gpu", "npu", "libc"])
def test_the_built_in_softs_agree_with_the_facts(name: str) -> None:
    wanted = CATALOG.soft(f"platform.{name}")
    assert wanted is not None
    platform = Platform(
        os="linux",
        arch="x86_64",
        target="linux-x86_64",
        libc="glibc",
        libc_version="2.36",
        drivers={"nvidia": "550.1", "cuda": "12.4"},
        devices=(
            *NODE.devices,
            Device(kind="gpu", vendor="intel", name="Arc"),
            Device(kind="npu", vendor="google", name="Edge TPU"),
        ),
    )
    expected = {"cuda-gpu": "7.5", "nvidia-driver": "550.1", "cuda-driver": "12.4", "libc": "2.36"}
    assert [entry.version for entry in entries(wanted, platform=platform)] == [expected.get(name)]
