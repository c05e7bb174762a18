"""Libraries are built for other targets, and a program that uses them runs under an emulator."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packages.install_all import NO_NETWORK

ENV = Path(__file__).parent / "use-libraries"
ALL = (
    "linux-x86_64",
    "linux-x86_64-musl",
    "linux-arm64",
    "linux-arm64-musl",
    "linux-arm",
    "linux-riscv64",
    "android-arm64",
    "android-arm",
    "android-x86_64",
)
COMPILED = ("windows-x86_64", "macos-arm64", "macos-x86_64")
LIBRARIES = ("lib-zlib", "lib-zstd", "lib-lz4", "lib-sqlite", "lib-jpeg-turbo", "lib-fmt")


def call(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command; skip the test where a registry can't be reached."""
    done = subprocess.run(
        [sys.executable, "-m", "pkgmgr", *arguments, "--home", str(home)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    if done.returncode == NO_NETWORK:
        pytest.skip(f"a registry can't be reached: {done.stderr.strip().splitlines()[-1]}")
    return done


@pytest.mark.xdist_group("zig_home")
@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("target", ALL)
def test_program_with_six_libraries_runs(target: str, zig_home: Path, request: pytest.FixtureRequest) -> None:
    """Each library is cross-compiled, and what is linked with all of them gives what it must."""
    if target != "linux-arm64-musl" and not request.config.getoption("--all-packages", default=False):
        pytest.skip("with --all-packages only: it takes minutes")
    done = call(zig_home, "run", str(ENV), "--target", target)
    assert done.returncode == 0, done.stderr
    assert "all well" in done.stdout + done.stderr


@pytest.mark.xdist_group("zig_home")
@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("target", COMPILED)
@pytest.mark.parametrize("library", LIBRARIES)
def test_library_is_compiled(library: str, target: str, zig_home: Path, request: pytest.FixtureRequest) -> None:
    """For targets without an emulator here the library is made and recognised; nothing is run."""
    if not request.config.getoption("--all-packages", default=False):
        pytest.skip("with --all-packages only: it takes minutes")
    done = call(zig_home, "install", f"package:{library}", "--target", target)
    assert done.returncode == 0, done.stderr
