"""What is exported for another machine names that machine to a compiler that serves several."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Ckpm

TRIPLE = "aarch64-linux-gnu"


@pytest.fixture
def clang(tmp_path: Path) -> Path:
    """A prefix with a program that answers as clang does, and a sysroot that its configuration file names."""
    bin_folder = tmp_path / "llvm" / "bin"
    bin_folder.mkdir(parents=True)
    program = bin_folder / "clang"
    program.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = --print-targets ]; then\n'
        "  printf '  Registered Targets:\\n    aarch64 - AArch64 (little endian)\\n    x86-64  - 64-bit X86\\n'\n"
        "else\n"
        "  printf 'clang version 18.1.8\\nTarget: x86_64-unknown-linux-gnu\\nThread model: posix\\n'\n"
        "fi\n"
    )
    (bin_folder / "ld.lld").write_text("#!/bin/sh\n")
    for path in (program, bin_folder / "ld.lld"):
        path.chmod(0o755)
    sysroot = tmp_path / "sysroot"
    for name in ("usr/lib/crt1.o", f"usr/lib/gcc/{TRIPLE}/12/crtbegin.o"):
        (sysroot / name).parent.mkdir(parents=True, exist_ok=True)
        (sysroot / name).touch()
    (bin_folder / "aarch64-unknown-linux-gnu.cfg").write_text(f"--sysroot={sysroot}\n-fuse-ld=lld\n")
    return bin_folder.parent


def test_an_export_for_another_machine_tells_clang_so(ckpm: Ckpm, clang: Path) -> None:
    found = ckpm("detect", "compiler.llvm", "--search-path", str(clang), "--no-system", "--json").data
    (entry,) = found
    assert entry["attributes"]["emits"] == ["linux-x86_64", "linux-arm64"]
    told = ["--target=aarch64-unknown-linux-gnu", "-fuse-ld=lld"]
    for target, flags in (("linux-x86_64", []), ("linux-arm64", told)):
        made = ckpm("export", f"entry:{entry['id']}", "--target", target, "--json").data
        (command,) = [operation["value"].split() for operation in made["env"] if operation["var"] == "CC"]
        assert command[0] == f"{clang}/bin/clang"
        assert command[1:3] == flags
