"""A node with AMD Instinct MI250X: Ubuntu 22.04 with AMD's packages of ROCm 6.1.2.

Words from: the kernel's documentation of amdgpu and KFD, ROCm 6.1's installation guide and headers (hip_version.h,
rocblas-version.h, miopen/version.h, rccl.h), and what its compilers print there; hashes of sources are left out.
"""

from __future__ import annotations

from tests.hosts.documented.machine import Machine, defines

NOTE = """Made from AMD's and the Linux kernel's documentation, run by nobody: a node with two MI250X (four devices),
AMD EPYC 7A53, Ubuntu 22.04 and ROCm 6.1.2 in /opt.""".replace("\n", " ")
ROOT = "/opt/rocm-6.1.2"
ZEN3 = """
fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ht syscall nx pdpe1gb
rdtscp lm constant_tsc rep_good nopl cpuid pni pclmulqdq monitor ssse3 fma cx16 sse4_1 sse4_2 movbe popcnt aes xsave avx
f16c rdrand lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse 3dnowprefetch osvw fsgsbase bmi1 avx2 smep
bmi2 erms rdseed adx smap clflushopt clwb sha_ni xsaveopt xsavec xgetbv1 xsaves clzero vaes vpclmulqdq pku ospke rdpid
""".replace("\n", " ").strip()
CLANG = f"""AMD clang version 17.0.0 (https://github.com/RadeonOpenCompute/llvm-project roc-6.1.2)
Target: x86_64-unknown-linux-gnu
Thread model: posix
InstalledDir: {ROOT}/llvm/bin
Configuration file: {ROOT}/lib/llvm/bin/clang++.cfg
"""
GCC = """Using built-in specs.
COLLECT_GCC=/usr/bin/gcc-11
COLLECT_LTO_WRAPPER=/usr/lib/gcc/x86_64-linux-gnu/11/lto-wrapper
Target: x86_64-linux-gnu
Thread model: posix
Supported LTO compression algorithms: zlib zstd
gcc version 11.4.0 (Ubuntu 11.4.0-1ubuntu1~22.04)
"""


def processor(name: str, flags: str) -> str:
    """Write one processor as /proc/cpuinfo does."""
    return f"processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: {name}\nflags\t\t: {flags}\n"


def make() -> Machine:
    """Put the node together."""
    node = Machine(
        target="linux-x86_64",
        home="/home/person",
        note=NOTE,
        release="5.15.0-105-generic",
        variables={
            "PATH": "/opt/rocm/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": "/home/person",
            "ROCM_PATH": "/opt/rocm",
        },
    )
    node.text("/etc/os-release", 'PRETTY_NAME="Ubuntu 22.04.4 LTS"\nVERSION_ID="22.04"\nID=ubuntu\nID_LIKE=debian\n')
    node.text("/proc/cpuinfo", processor("AMD EPYC 7A53 64-Core Processor", ZEN3))
    node.text("/proc/meminfo", "MemTotal:       527988168 kB\n")
    node.text("/sys/devices/system/cpu/online", "0-127\n")
    node.text(
        "/lib/x86_64-linux-gnu/libc.so.6", "GNU C Library (Ubuntu GLIBC 2.35-0ubuntu3.7) stable release version 2.35.\n"
    )
    _devices(node)
    _rocm(node)
    node.program("/usr/bin/x86_64-linux-gnu-gcc-11", "/usr/bin/gcc-11", "/usr/bin/gcc")
    node.says("/usr/bin/x86_64-linux-gnu-gcc-11", "-v", err=GCC)
    return node


def _devices(node: Machine) -> None:
    node.text("/sys/module/amdgpu/version", "6.7.0\n")
    topology = "/sys/class/kfd/kfd/topology/nodes"
    node.text(f"{topology}/0/properties", "cpu_cores_count 128\nsimd_count 0\ngfx_target_version 0\n")
    for number, location in enumerate((0xC100, 0xC600, 0xC900, 0xCE00)):
        folder = f"{topology}/{number + 4}"
        node.text(
            f"{folder}/properties",
            "cpu_cores_count 0\nsimd_count 440\nmem_banks_count 1\ngfx_target_version 90010\nvendor_id 4098\n"
            f"device_id 29704\nlocation_id {location}\ndomain 0\ndrm_render_minor {128 + number}\n",
        )
        node.text(f"{folder}/mem_banks/0/properties", "heap_type 1\nsize_in_bytes 68702699520\n")
        node.text(f"/sys/class/drm/renderD{128 + number}/device/product_name", "AMD INSTINCT MI250X\n")


def _rocm(node: Machine) -> None:
    node.links["/opt/rocm"] = ROOT
    node.text(f"{ROOT}/.info/version", "6.1.2-129\n")
    node.text(f"{ROOT}/.info/version-hiprt", "6.1.2-129\n")
    node.program(f"{ROOT}/lib/llvm/bin/clang-17")
    node.links[f"{ROOT}/llvm"] = f"{ROOT}/lib/llvm"
    for name in ("clang", "clang++"):
        node.links[f"{ROOT}/lib/llvm/bin/{name}"] = f"{ROOT}/lib/llvm/bin/clang-17"
        node.program(f"{ROOT}/lib/llvm/bin/amd{name}", f"{ROOT}/bin/amd{name}")
    for name in ("clang-17", "clang", "clang++", "amdclang", "amdclang++"):
        for folder in (f"{ROOT}/lib/llvm/bin", f"{ROOT}/llvm/bin", f"{ROOT}/bin"):
            for argument in ("--version", "-v"):
                node.says(f"{folder}/{name}", argument, out=CLANG)
    node.program(f"{ROOT}/bin/hipcc")
    node.says(f"{ROOT}/bin/hipcc", "--version", out=f"HIP version: 6.1.40093\n{CLANG}")
    node.program(f"{ROOT}/bin/rocminfo")
    include = f"{ROOT}/include"
    headers = {
        "hip/hip_runtime_api.h": "",
        "hip/hip_version.h": defines("HIP_VERSION_", "6.1.40093"),
        "rocblas/rocblas.h": "",
        "rocblas/internal/rocblas-version.h": defines("ROCBLAS_VERSION_", "4.1.2"),
        "miopen/miopen.h": "",
        "miopen/version.h": defines("MIOPEN_VERSION_", "3.1.0"),
        "rccl/rccl.h": defines("NCCL_", "2.18.6"),
        "rocfft/rocfft.h": "",
        "rocfft/rocfft-version.h": defines("rocfft_version_", "1.0.27", ("major", "minor", "patch")),
    }
    for name, text in headers.items():
        node.text(f"{include}/{name}", text)
    for name, version, soname in (
        ("amdhip64", "6.1.60102", "6"),
        ("rocblas", "4.1.60102", "4"),
        ("MIOpen", "1.0.60102", "1"),
        ("rccl", "1.0.60102", "1"),
        ("rocfft", "0.1.60102", "0"),
    ):
        library = f"lib{name}.so"
        node.library(f"{ROOT}/lib/{library}.{version}", f"{library}.{soname}", f"{library}.{soname}", library)
