"""What other packages carry inside is taken out whole, and works by itself; with ``--all-packages`` only."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from tests.conftest import Ckpm
from tests.packages.install_all import NO_NETWORK

PROGRAM = """
#include <stdio.h>
#include <tensorflow/c/c_api.h>
int main(void) {
  TF_Graph *graph = TF_NewGraph();
  puts(TF_Version());
  TF_DeleteGraph(graph);
  return 0;
}
"""


def installed(ckpm: Ckpm, package: str, request: pytest.FixtureRequest) -> Path:
    """Install one package and give its prefix; skip where it is not asked for or can't be fetched."""
    if not request.config.getoption("--all-packages", default=False):
        pytest.skip("with --all-packages only: it fetches hundreds of megabytes")
    done = ckpm("install", f"package:{package}", "--json", timeout=1200)
    if done.code == NO_NETWORK:
        pytest.skip(f"a registry can't be reached: {done.document['error']['message'].splitlines()[0]}")
    assert done.code == 0, done.err
    return Path(done.data["entries"][0]["prefix"])


@pytest.mark.network
def test_detector_of_open_images(ckpm: Ckpm, request: pytest.FixtureRequest) -> None:
    """The model and its labels are the whole of the packed file, each to the byte."""
    prefix = installed(ckpm, "model-ssd-mobilenet-open-images", request)
    labels = (prefix / "labels.txt").read_bytes()
    model = (prefix / "object_detection_ssd_mobilenetv2_oidv4_fp16.tflite").read_bytes()
    assert labels.startswith(b"???\nBicycle\n") and labels.endswith(b"\nCar\n") and len(labels.splitlines()) == 24
    assert model[4:8] == b"TFL3" and len(labels + model) == 9987912
    assert hashlib.sha256(model).hexdigest() == "d0a5255bf8c4f5a0bc4240741a76c41d5e939f7655078f945f50ab53a9375da6"


@pytest.mark.network
def test_program_with_the_c_library_of_tensorflow(ckpm: Ckpm, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A C program is compiled, linked by ``-l`` and run, and says the version of the library."""
    if shutil.which("cc") is None:
        pytest.skip("there is no cc")
    prefix = installed(ckpm, "lib-tensorflow-c", request)
    (tmp_path / "version.c").write_text(PROGRAM)
    flags = (f"-I{prefix / 'include'}", f"-L{prefix / 'lib'}", "-ltensorflow_cc")
    inside = ("exec", "package:lib-tensorflow-c", "--")
    compiled = ckpm(*inside, "cc", "-std=c11", "version.c", "-o", "version", *flags, cwd=tmp_path)
    assert compiled.code == 0, compiled.err
    assert ckpm(*inside, "./version", cwd=tmp_path).out == "2.21.0\n"
