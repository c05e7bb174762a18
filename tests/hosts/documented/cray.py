"""A compute node of an HPE Cray EX with NVIDIA A100: SUSE, the programming environment 23.12, Lmod, Slurm.

Words from: HPE's programming environment documentation (layout of /opt/cray/pe, its modulefiles), NERSC's and CSCS's
user documentation (what the wrappers and compilers print; hashes are left out), NVIDIA's nvidia-smi documentation,
Slurm's manual pages.
"""

from __future__ import annotations

from tests.hosts.documented.machine import Machine
from tests.hosts.documented.rocm import ZEN3, processor

NOTE = """Made from HPE's, NERSC's and NVIDIA's documentation, run by nobody: an HPE Cray EX node with four A100, SUSE
15 SP4, Cray programming environment 23.12 in /opt/cray/pe, modulefiles of Lmod, Slurm.""".replace("\n", " ")
PE = "/opt/cray/pe"
GCC = f"{PE}/gcc/12.2.0"
CCE = f"{PE}/cce/17.0.0"
GCC_V = f"""Using built-in specs.
COLLECT_GCC={GCC}/snos/bin/gcc
COLLECT_LTO_WRAPPER={GCC}/snos/libexec/gcc/x86_64-suse-linux/12.2.0/lto-wrapper
Target: x86_64-suse-linux
Configured with: configure --prefix={GCC}/snos
Thread model: posix
Supported LTO compression algorithms: zlib
gcc version 12.2.0 20220819 (HPE) (GCC)
"""
CRAYCC = f"""Cray clang version 17.0.0
Target: x86_64-unknown-linux-gnu
Thread model: posix
InstalledDir: {CCE}/cce-clang/x86_64/share/../bin
"""
CRAYFTN = "Cray Fortran : Version 17.0.0\n"
NVIDIA = "| NVIDIA-SMI 525.105.17             Driver Version: 525.105.17     CUDA Version: 12.0     |\n"
SMI_HELP = """NVIDIA System Management Interface -- v525.105.17

NVSMI provides monitoring information for Tesla and select Quadro devices.
The data is presented in either a plain text or an XML format, via stdout or a file.
"""
QUERY = "--query-gpu=name,driver_version,memory.total,pci.bus_id,compute_cap"
CARDS = "".join(
    f"NVIDIA A100-SXM4-40GB, 525.105.17, 40960, 00000000:{bus}:00.0, 8.0\n" for bus in ("03", "41", "82", "C1")
)


def make() -> Machine:
    """Put the node together."""
    node = Machine(
        target="linux-x86_64",
        home="/home/person",
        note=NOTE,
        release="5.14.21-150400.24.81_12.0.87-cray_shasta_c",
        variables={
            "PATH": f"{GCC}/bin:{PE}/craype/2.7.30/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": "/home/person",
            "MODULEPATH": f"{PE}/lmod/modulefiles/core:/opt/cray/modulefiles",
            "LOADEDMODULES": "craype-x86-milan:libfabric/1.15.2.0:gcc/12.2.0:craype/2.7.30:PrgEnv-gnu/8.5.0",
        },
    )
    node.text("/etc/os-release", 'NAME="SLES"\nVERSION="15-SP4"\nVERSION_ID="15.4"\nID="sles"\nID_LIKE="suse"\n')
    node.text("/proc/cpuinfo", processor("AMD EPYC 7763 64-Core Processor", ZEN3))
    node.text("/proc/meminfo", "MemTotal:       263838408 kB\n")
    node.text("/sys/devices/system/cpu/online", "0-127\n")
    node.text("/proc/self/status", "Cpus_allowed_list:\t0-15,64-79\n")
    node.text("/lib64/libc.so.6", "GNU C Library (GNU libc) stable release version 2.31 (git 1a6ffd8b0e).\n")
    _cards(node)
    _compilers(node)
    _libraries(node)
    _modules(node)
    return node


def _cards(node: Machine) -> None:
    node.text(
        "/proc/driver/nvidia/version",
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  525.105.17  Tue Mar 28 18:02:59 UTC 2023\n",
    )
    node.program("/usr/bin/nvidia-smi")
    node.says("/usr/bin/nvidia-smi", out=NVIDIA)
    node.says("/usr/bin/nvidia-smi", QUERY, "--format=csv,noheader,nounits", out=CARDS)
    node.says("/usr/bin/nvidia-smi", "--help", out=SMI_HELP)


def _compilers(node: Machine) -> None:
    for name in ("gcc", "g++", "gfortran"):
        node.program(f"{GCC}/snos/bin/{name}")
        node.says(f"{GCC}/snos/bin/{name}", "-v", err=GCC_V)
        # The programs on PATH are scripts that start those of snos.
        node.script(f"{GCC}/bin/{name}", f'#!/bin/sh\nexec {GCC}/snos/bin/{name} "$@"\n')
        node.says(f"{GCC}/bin/{name}", "-v", err=GCC_V)
    for name in ("craycc", "crayCC"):
        node.program(f"{CCE}/bin/{name}")
        node.says(f"{CCE}/bin/{name}", "--version", out=CRAYCC)
    node.program(
        f"{CCE}/cce-clang/x86_64/bin/clang-17",
        f"{CCE}/cce-clang/x86_64/bin/clang",
        f"{CCE}/cce-clang/x86_64/bin/clang++",
    )
    node.says(f"{CCE}/cce-clang/x86_64/bin/clang-17", "--version", out=CRAYCC)
    node.program(f"{CCE}/bin/crayftn")
    node.says(f"{CCE}/bin/crayftn", "--version", out=CRAYFTN)
    node.says(f"{CCE}/bin/crayftn", "-V", err=CRAYFTN)
    for name in ("cc", "CC", "ftn"):
        node.script(
            f"{PE}/craype/2.7.30/bin/{name}", "#!/bin/bash\n# Copyright Hewlett Packard Enterprise Development LP\n"
        )
    node.program("/usr/bin/gcc-7", "/usr/bin/gcc")
    node.says(
        "/usr/bin/gcc-7", "-v", err="Target: x86_64-suse-linux\nThread model: posix\ngcc version 7.5.0 (SUSE Linux)\n"
    )


def _libraries(node: Machine) -> None:
    mpich = f"{PE}/mpich/8.1.28/ofi/gnu/12.3"
    node.library(
        f"{mpich}/lib/libmpi_gnu_123.so.12.0.0", "libmpi_gnu_123.so.12", "libmpi_gnu_123.so.12", "libmpi_gnu_123.so"
    )
    node.links[f"{mpich}/lib/libmpi.so"] = f"{mpich}/lib/libmpi_gnu_123.so.12.0.0"
    header = '#define MPICH_VERSION "3.4a2"\n#define CRAY_MPICH_VERSION "8.1.28"\n#define MPI_VERSION    3\n'
    node.text(f"{mpich}/include/mpi.h", header)
    fabric = "/opt/cray/libfabric/1.15.2.0"
    node.library(f"{fabric}/lib64/libfabric.so.1.18.2", "libfabric.so.1", "libfabric.so.1", "libfabric.so")
    version = "#define FI_MAJOR_VERSION 1\n#define FI_MINOR_VERSION 15\n#define FI_REVISION_VERSION 2\n"
    node.text(f"{fabric}/include/rdma/fabric.h", version)
    for name in ("srun", "sbatch", "sinfo"):
        node.program(f"/usr/bin/{name}")
        node.says(f"/usr/bin/{name}", "--version", out="slurm 23.02.7\n")
    node.text("/etc/slurm/slurm.conf", "ClusterName=ex\nSlurmctldHost=ctl1\n")


def _modules(node: Machine) -> None:
    core = f"{PE}/lmod/modulefiles/core"
    root = 'local CRAY_ROOT = "/opt/cray/pe"\n'
    node.text(
        f"{core}/cce/17.0.0.lua",
        f'{root}local P = pathJoin(CRAY_ROOT, "cce", "17.0.0")\nprepend_path("PATH", P .. "/bin")\n',
    )
    node.text(f"{core}/gcc/12.2.0.lua", f'{root}prepend_path("PATH", pathJoin(CRAY_ROOT, "gcc/12.2.0/bin"))\n')
    node.text(
        "/opt/cray/modulefiles/libfabric/1.15.2.0",
        "#%Module\nset LIBFABRIC_DIR /opt/cray/libfabric/1.15.2.0\nprepend-path PATH $LIBFABRIC_DIR/bin\n"
        "prepend-path LD_LIBRARY_PATH $LIBFABRIC_DIR/lib64\n",
    )
