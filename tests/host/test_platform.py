"""The facts of machines: parsers on recorded text, and the whole on this machine and on made ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from pkgmgr.host.apple import identify_mac, parse_displays, parse_sysctl
from pkgmgr.host.cpu import identify, parse_cpu_list, parse_cpuinfo, parse_size
from pkgmgr.host.limits import Limits, parse_cgroups, parse_memory_limit, parse_quota, read_limits
from pkgmgr.host.local import local_host, stated_target
from pkgmgr.host.override import override
from pkgmgr.host.platform import read_platform
from pkgmgr.host.platform_cache import LONGEST, cached_platform
from pkgmgr.host.ports import Host, Kernel
from pkgmgr.host.recorded import RecordedFiles, RecordedRunner
from pkgmgr.host.surroundings import parse_container, parse_glibc_banner, parse_musl_version, parse_wsl, read_container
from pkgmgr.host.text import parse_settings
from pkgmgr.host.windows import question
from pkgmgr.model.errors import UsageError
from pkgmgr.model.platform import Device, Platform


def machine(
    files: dict[str, str | bytes] | None = None,
    *,
    target: str = "linux-x86_64",
    prints: dict[str, str] | None = None,
    exits: dict[str, int] | None = None,
    variables: dict[str, str] | None = None,
    kernel: Kernel | None = None,
) -> Host:
    return Host(
        files=RecordedFiles(files=files or {}),
        runner=RecordedRunner(prints=prints or {}, exits=exits),
        variables=variables or {},
        target=target,
        home="/home/person",
        kernel=kernel or Kernel(),
    )


SKYLAKE_FLAGS = """
fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush dts acpi mmx fxsr sse sse2 ss
ht tm pbe syscall nx pdpe1gb rdtscp lm constant_tsc pni pclmulqdq dtes64 monitor ds_cpl vmx est tm2 ssse3 sdbg
fma cx16 xtpr pdcm pcid sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave avx f16c rdrand lahf_lm
abm 3dnowprefetch fsgsbase tsc_adjust bmi1 avx2 smep bmi2 erms invpcid mpx rdseed adx smap clflushopt intel_pt
xsaveopt xsavec xgetbv1 xsaves
""".replace("\n", " ")
SKYLAKE = f"""processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 94
model name\t: Intel(R) Core(TM) i7-6700K CPU @ 4.00GHz
flags\t\t: {SKYLAKE_FLAGS}

processor\t: 1
vendor_id\t: GenuineIntel
model name\t: another
"""
NEOVERSE = """processor\t: 0
BogoMIPS\t: 243.75
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp ssbs
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x3
CPU part\t: 0xd0c
CPU revision\t: 1
"""
RASPBERRY = """processor\t: 0
model name\t: ARMv7 Processor rev 3 (v7l)
Features\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm crc32

Hardware\t: BCM2711
Model\t\t: Raspberry Pi 4 Model B Rev 1.2
"""
POWER9 = "processor\t: 0\ncpu\t\t: POWER9, altivec supported\nclock\t\t: 3800.000000MHz\n"


@pytest.mark.parametrize(
    ("arch", "text", "expected"),
    [
        pytest.param(
            "x86_64", SKYLAKE, ("skylake", "x86_64_v3", "Intel(R) Core(TM) i7-6700K CPU @ 4.00GHz"), id="skylake"
        ),
        pytest.param("arm64", NEOVERSE, ("neoverse_n1", "armv8.2a", None), id="neoverse"),
        pytest.param("ppc64le", POWER9, ("power9le", "ppc64le", "POWER9, altivec supported"), id="power"),
        pytest.param("riscv64", "uarch : sifive,u74-mc\n", ("u74mc", "riscv64", "sifive,u74-mc"), id="riscv"),
        pytest.param("arm", RASPBERRY, ("arm", "arm", "ARMv7 Processor rev 3 (v7l)"), id="32-bit arm"),
        pytest.param("x86_64", "", ("x86_64", "x86_64", None), id="nothing known"),
        pytest.param("mars64", "model name : Olympus\n", (None, None, "Olympus"), id="unknown machine"),
    ],
)
def test_a_processor_is_named_from_its_description(arch: str, text: str, expected: tuple[str | None, ...]) -> None:
    found = identify(arch, parse_cpuinfo(text))
    assert (found.microarchitecture, found.level, found.name) == expected


def test_agrees_with_archspec_on_this_machine() -> None:
    archspec_cpu = pytest.importorskip("archspec.cpu")
    host = local_host()
    if not host.target.startswith("linux"):
        pytest.skip("archspec is asked for what Linux tells")
    platform = read_platform(host)
    assert platform.microarchitecture == str(archspec_cpu.host().name)
    assert platform.feature_level == str(archspec_cpu.host().generic.name)


@pytest.mark.parametrize(
    ("text", "cpus"),
    [("0-3,8,10-11\n", (0, 1, 2, 3, 8, 10, 11)), ("0\n", (0,)), ("", ()), ("x,3-y,2", (2,)), ("5-1", ())],
)
def test_lists_of_processors(text: str, cpus: tuple[int, ...]) -> None:
    assert parse_cpu_list(text) == cpus


@pytest.mark.parametrize(
    ("text", "size"), [("512K\n", 524288), ("32M", 33554432), ("100", 100), ("", None), ("big", None)]
)
def test_sizes(text: str, size: int | None) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "cpus"),
    [("150000 100000\n", 2), ("max 100000", None), ("50000 100000", 1), ("-1 100000", None), ("", None), ("1 0", None)],
)
def test_quotas_are_rounded_up(text: str, cpus: int | None) -> None:
    assert parse_quota(text) == cpus


@pytest.mark.parametrize(
    ("text", "limit"), [("max\n", None), ("1073741824", 1 << 30), ("9223372036854771712", None), ("", None)]
)
def test_memory_limits(text: str, limit: int | None) -> None:
    assert parse_memory_limit(text) == limit


def test_control_groups() -> None:
    text = "12:cpu,cpuacct:/docker/ab\n1:name=systemd:/x\n0::/user.slice/a:b\ngarbage\n"
    assert parse_cgroups(text) == {
        "cpu": "/docker/ab",
        "cpuacct": "/docker/ab",
        "name=systemd": "/x",
        "": "/user.slice/a:b",
    }


COMMON: dict[str, str | bytes] = {
    "/proc/meminfo": "MemTotal:       16384000 kB\n",
    "/proc/self/status": "Name:\tx\nCpus_allowed_list:\t0-7\n",
    "/sys/devices/system/cpu/online": "0-15\n",
}


@pytest.mark.parametrize(
    ("files", "limits"),
    [
        pytest.param({}, (16, 8, 16384000 << 10), id="affinity alone"),
        pytest.param(
            {"/sys/fs/cgroup/cpu.max": "200000 100000", "/sys/fs/cgroup/memory.max": "4096"}, (16, 2, 4096), id="v2"
        ),
        pytest.param(
            {
                "/proc/self/cgroup": "0::/slurm/job/step\n",
                "/sys/fs/cgroup/slurm/job/cpu.max": "400000 100000",
                "/sys/fs/cgroup/slurm/job/step/cpu.max": "max 100000",
                "/sys/fs/cgroup/slurm/memory.max": "8192",
            },
            (16, 4, 8192),
            id="v2, a limit further up",
        ),
        pytest.param(
            {
                "/proc/self/cgroup": "3:cpu:/d/1\n4:memory:/d/1\n",
                "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "300000\n",
                "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes": "2048\n",
            },
            (16, 3, 2048),
            id="v1 in a container",
        ),
    ],
)
def test_the_least_limit_counts(files: dict[str, str | bytes], limits: tuple[int, int, int]) -> None:
    found = read_limits(RecordedFiles(files={**COMMON, **files}))
    assert (found.cpus, found.usable_cpus, found.usable_memory_bytes) == limits


def test_a_machine_that_tells_nothing_has_no_limits() -> None:
    assert read_limits(RecordedFiles(files={})) == Limits()


MUSL = """musl libc (x86_64)
Version 1.2.4
Dynamic Program Loader
Usage: /lib/ld-musl-x86_64.so.1 [options] [--] pathname
"""


def test_c_libraries_say_their_version() -> None:
    assert parse_musl_version(MUSL) == "1.2.4"
    assert parse_musl_version("usage: something else\nVersion 3") is None
    banner = b"\0GNU C Library (Debian GLIBC 2.36-9+deb12u10) stable release version 2.36.\nCopyright"
    assert parse_glibc_banner(b"x" * 999 + banner) == "2.36"
    assert parse_glibc_banner(b"nothing") is None


@pytest.mark.parametrize(
    ("host", "confstr", "libc"),
    [
        pytest.param(machine(), "glibc 2.36", ("glibc", "2.36"), id="by confstr"),
        pytest.param(
            machine(
                {"/lib/ld-musl-x86_64.so.1": ""}, prints={"ld-musl-x86_64.so.1": MUSL}, exits={"ld-musl-x86_64.so.1": 1}
            ),
            "",
            ("musl", "1.2.4"),
            id="musl",
        ),
        pytest.param(machine({"/lib/ld-musl-x86_64.so.1": ""}), "", ("musl", None), id="musl that does not answer"),
        pytest.param(
            machine({"/lib64/libc.so.6": b"GNU C Library (GNU libc) stable release version 2.28."}),
            "",
            ("glibc", "2.28"),
            id="by banner",
        ),
        pytest.param(machine(), "", (None, None), id="not established"),
        pytest.param(machine(target="android-arm64"), "", ("bionic", None), id="android"),
    ],
)
def test_the_c_library_of_a_machine(host: Host, confstr: str, libc: tuple[str | None, str | None]) -> None:
    platform = read_platform(replace(host, kernel=Kernel(libc=confstr)))
    assert (platform.libc, platform.libc_version) == libc


@pytest.mark.parametrize(
    ("text", "wsl"),
    [
        ("Linux version 5.15.90.1-microsoft-standard-WSL2 (oe-user@oe-host) #1 SMP", "2"),
        ("Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com) (gcc version 5.4.0)", "1"),
        ("Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org)", None),
        ("", None),
    ],
)
def test_wsl_is_told_from_its_kernel(text: str, wsl: str | None) -> None:
    assert parse_wsl(text) == wsl


@pytest.mark.parametrize(
    ("cgroup", "mounts", "container"),
    [
        ("0::/\n", "overlay / overlay rw,lowerdir=/var/lib/docker/overlay2/l/A", "docker"),
        ("0::/\n", "/dev/sda1 /var/lib/docker/containers/ab/hosts /etc/hosts", "docker"),
        ("12:cpu:/kubepods/besteffort/pod1/ab\n", "", "kubernetes"),
        ("0::/../../libpod-abc.scope\n", "", "podman"),
        ("9:cpu:/lxc.payload.web\n", "", "lxc"),
        ("0::/user.slice/session-3.scope\n", "/dev/sda1 / ext4", None),
        ("", "", None),
    ],
)
def test_containers_show_in_groups_and_mounts(cgroup: str, mounts: str, container: str | None) -> None:
    assert parse_container(cgroup, mounts) == container


@pytest.mark.parametrize(
    ("files", "variables", "container"),
    [
        ({"/.dockerenv": ""}, {}, "docker"),
        ({"/run/.containerenv": ""}, {}, "podman"),
        ({"/.dockerenv": ""}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "kubernetes"),
        ({"/.singularity.d/x": ""}, {"APPTAINER_CONTAINER": "/i.sif"}, "apptainer"),
        ({"/proc/version": "Linux version 5.15-microsoft-standard-WSL2"}, {}, "wsl"),
        ({}, {"container": "systemd-nspawn"}, "systemd-nspawn"),
        ({}, {}, None),
    ],
)
def test_the_most_telling_sign_of_a_container(
    files: dict[str, str | bytes], variables: dict[str, str], container: str | None
) -> None:
    assert read_container(RecordedFiles(files=files), variables) == container


def test_settings_are_read_with_their_quotes() -> None:
    text = 'ID=debian\nVERSION_ID="12"\nNAME=\'A "B"\'\nESC="a\\$b\\"c"\n# x=1\nBAD KEY=1\nEMPTY=\n'
    assert parse_settings(text) == {"ID": "debian", "VERSION_ID": "12", "NAME": 'A "B"', "ESC": 'a$b"c', "EMPTY": ""}


def test_a_whole_linux_machine() -> None:
    files = {**COMMON, "/proc/cpuinfo": NEOVERSE, "/etc/os-release": 'ID=ubuntu\nVERSION_ID="22.04"\n'}
    kernel = Kernel(release="5.15.0", libc="glibc 2.35")
    host = machine(files, target="linux-arm64", variables={"CUDA_VISIBLE_DEVICES": ""}, kernel=kernel)
    found = read_platform(host)
    assert (found.os, found.arch, found.target) == ("linux", "arm64", "linux-arm64")
    assert (found.distribution, found.distribution_version, found.kernel) == ("ubuntu", "22.04", "5.15.0")
    assert (found.microarchitecture, found.cpus, found.usable_cpus) == ("neoverse_n1", 16, 8)
    assert found.facts == {"visible_devices": {"CUDA_VISIBLE_DEVICES": ""}}


def test_this_machine_tells_something_and_starts_no_process() -> None:
    host = local_host()
    found = read_platform(host)
    assert (found.os, found.arch) == tuple(host.target.split("-")[:2])
    assert found.cpus is None or found.cpus >= (found.usable_cpus or 1)
    if not found.devices and found.libc != "musl" and found.os == "linux":
        assert getattr(host.runner, "started") == 0  # noqa: B009 - the port has no such attribute


M1_SYSCTL = "machdep.cpu.brand_string: Apple M1 Pro\nhw.ncpu: 10\nhw.memsize: 34359738368\nhw.l2cachesize: 4194304\n"
INTEL_SYSCTL = """machdep.cpu.brand_string: Intel(R) Core(TM) i7-4870HQ CPU @ 2.50GHz
machdep.cpu.vendor: GenuineIntel
machdep.cpu.features: FPU VME DE PSE TSC MSR PAE MCE CX8 APIC SEP MTRR PGE MCA CMOV PAT PSE36 CLFSH DS ACPI MMX FXSR SSE SSE2 SS HTT TM PBE SSE3 PCLMULQDQ DTES64 MON DSCPL VMX EST TM2 SSSE3 FMA CX16 TPR PDCM SSE4.1 SSE4.2 x2APIC MOVBE POPCNT AES PCID XSAVE OSXSAVE SEGLIM64 TSCTMR AVX1.0 RDRAND F16C
machdep.cpu.leaf7_features: RDWRFSGS TSC_THREAD_OFFSET BMI1 AVX2 SMEP BMI2 ERMS INVPCID FPU_CSDS
machdep.cpu.extfeatures: SYSCALL XD 1GBPAGE EM64T LAHF LZCNT RDTSCP TSCI
"""  # noqa: E501
DISPLAYS = """{"SPDisplaysDataType": [{"_name": "kHW_AppleM1ProItem",
"spdisplays_mtlgpufamilysupport": "spdisplays_metal3",
"spdisplays_ndrvs": [{"_name": "Color LCD"}], "spdisplays_vendor": "sppci_vendor_Apple",
"sppci_bus": "spdisplays_builtin",
"sppci_cores": "16", "sppci_device_type": "spdisplays_gpu", "sppci_model": "Apple M1 Pro"}]}"""
RADEON = """{"SPDisplaysDataType": [{"_name": "Radeon Pro Vega 64", "spdisplays_vendor": "AMD (0x1002)",
"spdisplays_vram": "16 GB", "sppci_model": "Radeon Pro Vega 64"}]}"""


@pytest.mark.parametrize(
    ("text", "name"), [(M1_SYSCTL, "m1"), (INTEL_SYSCTL, "haswell"), ("", None)], ids=["apple", "intel", "no answer"]
)
def test_a_mac_names_its_processor(text: str, name: str | None) -> None:
    assert identify_mac(parse_sysctl(text)).microarchitecture == name


def test_a_mac_tells_its_gpus() -> None:
    apple, radeon = parse_displays(DISPLAYS)[0], parse_displays(RADEON)[0]
    assert (apple.vendor, apple.name, apple.attributes) == ("apple", "Apple M1 Pro", {"cores": 16, "metal": "metal3"})
    assert (radeon.vendor, radeon.attributes["memory_bytes"]) == ("amd", 16 << 30)
    assert [parse_displays(text) for text in ("", "{}", "garbage", '{"SPDisplaysDataType": 3}')] == [()] * 4


def test_a_whole_mac() -> None:
    sysctl = "sysctl -i " + " ".join(
        [
            *("machdep.cpu.brand_string", "machdep.cpu.vendor", "machdep.cpu.features", "machdep.cpu.leaf7_features"),
            *("machdep.cpu.extfeatures", "hw.ncpu", "hw.physicalcpu", "hw.memsize", "hw.l1dcachesize"),
            *("hw.l1icachesize", "hw.l2cachesize", "hw.l3cachesize"),
        ]
    )
    prints = {
        sysctl: M1_SYSCTL,
        "sw_vers -productVersion": "14.4.1\n",
        "system_profiler SPDisplaysDataType -json": DISPLAYS,
    }
    found = read_platform(machine(target="macos-arm64", prints=prints, kernel=Kernel(release="23.4.0")))
    assert (found.distribution_version, found.kernel, found.cpus, found.memory_bytes) == (
        "14.4.1",
        "23.4.0",
        10,
        32 << 30,
    )
    assert [device.name for device in found.devices] == ["Apple M1 Pro"]
    assert found.libc is None


WINDOWS_REPORT = r"""{"os":[{"Version":"10.0.22631","Caption":"Microsoft Windows 11 Pro"}],
"cpu":[{"Name":"13th Gen Intel(R) Core(TM) i7-13700H","NumberOfLogicalProcessors":20}],
"machine":[{"TotalPhysicalMemory":34054725632}],
"gpu":[{"Name":"NVIDIA GeForce RTX 4060","DriverVersion":"31.0.15.5222",
"PNPDeviceID":"PCI\\VEN_10DE&DEV_28E0&SUBSYS_1"},
{"Name":"Microsoft Basic Display Adapter","DriverVersion":"10.0","PNPDeviceID":"ROOT\\BASICDISPLAY\\0000"}]}"""


def test_a_whole_windows() -> None:
    short = " ".join(["powershell.exe", *question()[1:]])
    found = read_platform(machine(target="windows-x86_64", prints={short: WINDOWS_REPORT}))
    assert (found.kernel, found.cpus, found.memory_bytes) == ("10.0.22631", 20, 34054725632)
    assert [(device.vendor, device.attributes["pci_id"]) for device in found.devices] == [("nvidia", "10de:28e0")]
    silent = read_platform(machine(target="windows-x86_64"))
    assert (silent.kernel, silent.cpus, silent.devices) == (None, None, ())


PLATFORM = Platform(os="linux", arch="x86_64", target="linux-x86_64", libc="glibc", cpus=4, drivers={"nvidia": "550.1"})


@pytest.mark.parametrize(
    ("variables", "field", "value"),
    [
        ({"CKPM_OVERRIDE_LIBC_VERSION": "2.28"}, "libc_version", "2.28"),
        ({"CKPM_OVERRIDE_LIBC": ""}, "libc", None),
        ({"CKPM_OVERRIDE_MICROARCHITECTURE": "zen3"}, "microarchitecture", "zen3"),
        ({"CKPM_OVERRIDE_CPUS": "64"}, "cpus", 64),
        ({"CKPM_OVERRIDE_CPUS": ""}, "cpus", None),
        ({"CKPM_OVERRIDE_FEATURES": "avx2, avx sse2"}, "features", ("avx", "avx2", "sse2")),
        ({"CKPM_OVERRIDE_CUDA_DRIVER": "12.4"}, "drivers", {"nvidia": "550.1", "cuda": "12.4"}),
        ({"CKPM_OVERRIDE_NVIDIA_DRIVER": ""}, "drivers", {}),
        ({"CKPM_OVERRIDE_DEVICES": ""}, "devices", ()),
        (
            {"CKPM_OVERRIDE_DEVICES": "NVIDIA:H200:9.0; amd:MI300X:gfx942"},
            "devices",
            (
                Device(kind="gpu", vendor="nvidia", name="H200", attributes={"compute_capability": "9.0"}),
                Device(kind="gpu", vendor="amd", name="MI300X", attributes={"gfx": "gfx942"}),
            ),
        ),
        (
            {"CKPM_OVERRIDE_DEVICES": '[{"kind": "npu", "vendor": "google", "name": "Edge TPU"}]'},
            "devices",
            (Device(kind="npu", vendor="google", name="Edge TPU"),),
        ),
        ({"CKPM_OVERRIDE_FACT_VULKAN": "[1]"}, "facts", {"vulkan": [1]}),
        ({"OTHER": "x"}, "libc", "glibc"),
    ],
)
def test_a_person_may_state_facts(variables: dict[str, str], field: str, value: object) -> None:
    assert getattr(override(PLATFORM, variables), field) == value


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CPUS", "many"),
        ("CPUS", "²"),
        ("COLOUR", "red"),
        ("DEVICES", "nvidia"),
        ("FACT_X", "{"),
        ("DEVICES", "a:b:c:d"),
        ("DEVICES", '[{"kind": "npu"}]'),
    ],
)
def test_a_statement_that_can_not_be_read_is_an_error(variable: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"CKPM_OVERRIDE_{variable}"):
        override(PLATFORM, {f"CKPM_OVERRIDE_{variable}": value})


def test_the_target_may_be_stated() -> None:
    assert stated_target({"CKPM_OVERRIDE_TARGET": "aarch64-linux-musl"}) == "linux-arm64-musl"
    assert stated_target({}) is None
    with pytest.raises(UsageError):
        stated_target({"CKPM_OVERRIDE_TARGET": "nonsense"})


def test_a_machine_tells_nothing_of_another_one() -> None:
    variables = {"CKPM_OVERRIDE_TARGET": "windows-arm64", "CKPM_OVERRIDE_CPUS": "10", "HOME": "/h"}
    host = local_host(variables=variables)
    assert host.target == "windows-arm64"
    assert read_platform(host) == Platform(os="windows", arch="arm64", target="windows-arm64", cpus=10)


class Reads:
    """Counts how often the facts were read."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, host: Host) -> Platform:
        self.count += 1
        return PLATFORM


BOOTED: dict[str, str | bytes] = {"/proc/sys/kernel/random/boot_id": "one\n", "/proc/driver/nvidia/version": "550.1"}


@pytest.mark.parametrize(
    ("files", "variables", "later", "count"),
    [
        pytest.param(BOOTED, {}, 60.0, 1, id="the same"),
        pytest.param(BOOTED, {}, LONGEST + 1, 2, id="too long ago"),
        pytest.param(BOOTED, {}, -60.0, 2, id="the clock was set back"),
        pytest.param({**BOOTED, "/proc/sys/kernel/random/boot_id": "two"}, {}, 60.0, 2, id="started anew"),
        pytest.param({**BOOTED, "/proc/driver/nvidia/version": "560.1"}, {}, 60.0, 2, id="another driver"),
        pytest.param(BOOTED, {"CUDA_VISIBLE_DEVICES": "0"}, 60.0, 2, id="other visible devices"),
        pytest.param(BOOTED, {"CKPM_OVERRIDE_CPUS": "3"}, 60.0, 2, id="a fact is stated"),
        pytest.param(BOOTED, {"EDITOR": "vi"}, 60.0, 1, id="another variable"),
    ],
)
def test_facts_are_remembered_until_something_speaks_against_it(
    tmp_path: Path, files: dict[str, str | bytes], variables: dict[str, str], later: float, count: int
) -> None:
    reads = Reads()
    assert cached_platform(machine(BOOTED), tmp_path / "cache", read=reads, now=lambda: 1000.0) == PLATFORM
    again = machine(files, variables=variables)
    assert cached_platform(again, tmp_path / "cache", read=reads, now=lambda: 1000.0 + later) == PLATFORM
    assert reads.count == count
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["platform.json"]


def test_a_cache_that_is_broken_or_not_writable_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "platform.json").write_text("{")
    assert cached_platform(machine(BOOTED), tmp_path, read=Reads()) == PLATFORM
    (tmp_path / "file").write_text("")
    assert cached_platform(machine(BOOTED), tmp_path / "file" / "x", read=Reads()) == PLATFORM
    reads = Reads()
    cached_platform(machine(BOOTED), tmp_path, read=reads, refresh=True)
    assert reads.count == 1
