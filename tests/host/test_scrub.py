"""What leaves a machine in a record, and what does not."""

from __future__ import annotations

import pytest

from pkgmgr.host.scrub import Scrubber, shown_variables

ANN = Scrubber.of("/home/ann", {"USER": "ann", "LOGNAME": "ann.bell"})
MOUNTS = """22 1 8:1 / / rw - ext4 /dev/sda1 rw
40 22 0:35 / /mnt/secret-project rw - nfs4 filer.example.org:/vol rw
41 22 0:36 / /etc/hosts rw - ext4 /var/lib/docker/containers/ab/hosts rw
"""
TWO_PROCESSORS = "processor\t: 0\nmodel name\t: X\n\nprocessor\t: 1\nmodel name\t: X\n\n"
BOARD = "processor\t: 0\n\nprocessor\t: 1\n\nHardware\t: BCM2711\n"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/scratch/ann/lib:/scratch/anna/lib", "/scratch/person/lib:/scratch/anna/lib"),
        ("Configured with: --prefix=/data/ann.bell", "Configured with: --prefix=/data/person"),
        ("annotate 1.0 by ann", "annotate 1.0 by ann"),
        ("https://ann:pw@host/x https://token@host/y", "https://***@host/x https://***@host/y"),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: *** ***"),
        ("curl -H 'X: Bearer abcdefgh12345678'", "curl -H 'X: Bearer ***'"),
        ("found hf_abcdefghijklmnopqrst in cache", "found *** in cache"),
        ("ghp_0123456789abcdefghij0123456789abcdef", "***"),
        ("built by ann@box, joann@box", "built by person@box, joann@box"),
        ("https://store/x?sv=1&sig=abc%2Fdef", "https://store/x?sv=1&sig=***"),
        ("AIzaSyD-1234567890abcdefghijklmnopqrstuv nvapi-abcdefghijklmnopqrst", "*** ***"),
        ("SG.abcdefghijklmnopqrstuv.abcdefghij dckr_pat_abcdefghijklmnopqrstu", "*** ***"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nx", "*** private key ***\nx"),
        ("in /tmp/ckpm-probe-a1b2c3", "in /tmp/ckpm-probe"),
        ("sha256:0123456789abcdef0123456789abcdef", "sha256:0123456789abcdef0123456789abcdef"),
    ],
)
def test_persons_and_secrets_are_taken_out(text: str, clean: str) -> None:
    assert ANN.clean(text) == clean


def test_what_secret_variables_hold_is_taken_out_wherever_it_turns_up() -> None:
    given = {
        "HF_TOKEN": "plain-4711",
        "DB_PASSWORD": "Tr0ub4dor",
        "MY_API_KEY": "plain-4711-longer",
        "CI_SECRET": "word",
        "SSH_AUTH_SOCK": "/run/agent.1",
        "XDG_SESSION_TYPE": "wayland-1",
        "DESKTOP_PASSWORD": "password",
        "PATH": "/bin-4711:/bin",
    }
    known = Scrubber.of("/home/ann", given)
    assert known.secrets == ("plain-4711-longer", "plain-4711", "Tr0ub4dor")
    assert known.clean("logged in with plain-4711-longer, plain-4711") == "logged in with ***, ***"
    assert known.clean("a word of libwayland-1 in /run/agent.1") == "a word of libwayland-1 in /run/agent.1"


def test_the_machine_is_not_named() -> None:
    known = Scrubber.of("/root", {}, "node17.cluster.example.org")
    assert (
        known.clean("Linux node17 5.15, node17.cluster.example.org; node170 xnode17")
        == "Linux host 5.15, host; node170 xnode17"
    )
    assert Scrubber.of("/root", {}, "vm").clean("Linux vm 6") == "Linux vm 6"
    assert Scrubber.of("/root", {}, "localhost").clean("on localhost") == "on localhost"


@pytest.mark.parametrize("home", ["/root", "/", "", "/home/lib", "/home/user"])
def test_names_of_folders_name_nobody(home: str) -> None:
    assert Scrubber.of(home, {"USER": "lib"}).names == ()


@pytest.mark.parametrize("home", ["/Users/ann", "/home/ann", "/home/a/ann", "C:/Users/ann"])
def test_a_home_names_its_person(home: str) -> None:
    assert Scrubber.of(home, {}).names == ("ann",)


def test_files_that_name_servers_and_processes_are_kept_by_the_telling_lines() -> None:
    assert ANN.file_text("/proc/self/mountinfo", MOUNTS) == MOUNTS.splitlines(keepends=True)[2]
    assert (
        ANN.file_text("/proc/self/status", "Name:\tx\nPid:\t7\nCpus_allowed_list:\t0-3\n")
        == "Cpus_allowed_list:\t0-3\n"
    )
    assert ANN.file_text("/proc/cpuinfo", TWO_PROCESSORS) == "processor\t: 0\nmodel name\t: X\n"
    assert ANN.file_text("/proc/cpuinfo", BOARD) == "processor\t: 0\n\nHardware\t: BCM2711\n"
    assert ANN.file_text("/etc/os-release", "ID=debian\n") == "ID=debian\n"
    assert ANN.file_text("/proc/meminfo", "MemTotal: 9 kB\nMemFree: 5 kB\n") == "MemTotal: 9 kB\n"
    version = "Linux version 6.1.0 (ann@box) (gcc 12.2.0) #1 SMP\n"
    assert ANN.file_text("/proc/version", version) == "Linux version 6.1.0 (gcc 12.2.0) #1 SMP\n"
    assert ANN.file_text("/x/a.pth", "# why\nimport os; os.x()\n/data/lib\n") == "/data/lib\n"


def test_of_private_folders_the_names_asked_about_are_kept() -> None:
    names = ["letters/", "miniforge3/", "divorce.txt"]
    looked_at = frozenset({"/home/ann/miniforge3", "/home/ann/Documents"})
    assert ANN.names_in("/home/ann", names, looked_at) == ["miniforge3/"]
    assert ANN.names_in("/home/ann/Documents", names, looked_at) == []
    assert ANN.names_in("/home/ann/miniforge3/bin", names, looked_at) == names


def test_variables_are_kept_by_name_or_because_they_were_asked_for() -> None:
    given = {
        "PATH": "/bin",
        "HF_HUB_CACHE": "/c",
        "MY_NOTES": "n",
        "HF_TOKEN": "t",
        "AWS_SECRET_ACCESS_KEY": "k",
        "OPENAI_API_KEY": "k",
        "CKPM_OVERRIDE_CPUS": "4",
        "EBROOTGCC": "/g",
    }
    assert sorted(shown_variables(given)) == ["CKPM_OVERRIDE_CPUS", "EBROOTGCC", "PATH"]
    asked = frozenset({"HF_HUB_CACHE", "HF_TOKEN", "OPENAI_API_KEY"})
    assert sorted(shown_variables(given, asked)) == ["CKPM_OVERRIDE_CPUS", "EBROOTGCC", "HF_HUB_CACHE", "PATH"]


@pytest.mark.parametrize("text", ["a" * 500_000, "/a" * 250_000, "://" * 150_000, "eyJ" * 150_000, "BEGIN " * 90_000])
def test_long_texts_take_no_longer_than_their_length(text: str) -> None:
    assert len(ANN.clean(text)) == len(text)  # an expression that backtracks would not come to an end here
