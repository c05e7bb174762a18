"""The command as a person and a script see it: JSON, exit codes, one readable message."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgmgr.cli.main import VERBS
from tests.conftest import Ckpm

BAD = [
    (["detct"], 2, "did you mean 'ckpm detect'"),
    (["detect", "soft", "compiler.gc"], 3, "did you mean 'compiler.gcc'"),
    (["detect", "soft", "tool.cmake", "--search-path", "/not/there"], 3, "/not/there does not exist"),
    (["detect", "--no-system"], 2, "--search-path"),
    (["detect", "soft", "tool.git@=>1"], 2, "=>1"),
    (["detect", "--jsn"], 2, "--json"),
    (["install", "package:lib-zlip"], 3, "did you mean 'lib-zlib'"),
    (["install", "package:lib-zlib@9"], 3, "1.2.13"),
    (["install", "package:lib-zlib", "--target", "linux-arm46"], 2, "linux-arm64"),
    (["install", "package:lib-zlib", "--target", "freebsd-x86_64"], 3, "freebsd-x86_64"),
    (["install", "package:model-ssd-mobilenet+fromat=tf"], 2, "did you mean 'format'"),
    (["install", "package:model-ssd-mobilenet+format=tff"], 2, "did you mean 'tf'"),
    (["install"], 2, "what is to be installed"),
    (["install", "--languages", ","], 2, "--languages names none"),
    (["install", "--languages", "cxx71", "--only", "installed"], 3, "no C++71"),
    (["export", "soft:tool.git", "--format", "bsh"], 2, "did you mean"),
    (["run", "env:hello-crss"], 3, "did you mean 'hello-cross'"),
    (["run", "env:hello-cross", "helo"], 3, "did you mean 'hello'"),
    (["show", "soft:nothing.atall"], 3, "nothing.atall"),
    (["show", "entry:nothing"], 3, "nothing"),
    (["exec", "soft:tool.git"], 2, "which command"),
    (["exec", "soft:tool.git", "--", "no-such-command"], 3, "no-such-command"),
    (["lock", "env:hello-crss", "--check"], 3, "did you mean 'hello-cross'"),
    (["--wrong"], 2, "--wrong"),
    (["list", "--jsson"], 2, "did you mean --json?"),
    (["list", "--hom", "x"], 2, "did you mean --home?"),
    (["install", "--wurst"], 2, "see 'ckpm install --help'"),
    (["list", "softs"], 2, "did you mean 'soft'?"),
    (["list"], 2, "one of entry, env"),
    (["-v"], 2, "which verb?"),
    (["--home"], 2, "expected one argument"),
    (["detect", "tool.git", "--timeout", "nan"], 2, "no number of seconds"),
    (["detect", "tool.git", "--jobs=-1"], 2, "-1 is below 0"),
    (["cache", "prun"], 2, "did you mean 'prune'?"),
    (["repo", "add"], 2, "which folder?"),
    (["repo", "remove"], 2, "which repository?"),
    (["show", "repo:builtin"], 3, "did you mean 'built-in'?"),
    (["show", "platform:cpu"], 2, "ckpm show platform"),
    (["export", "package:compiler-zig"], 3, "make it first: ckpm install package:compiler-zig"),
    (["export", "env:tensorflow-cpu"], 3, "make it first: ckpm sync env:tensorflow-cpu"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), BAD, ids=[" ".join(row[0]) for row in BAD])
def test_bad_input_is_one_readable_message(ckpm: Ckpm, arguments: list[str], code: int, words: str) -> None:
    plain = ckpm(*arguments)
    assert plain.code == code
    assert plain.out == ""
    assert words in plain.err
    assert len(plain.err.splitlines()) <= 2
    if not {"--jsn", "--jsson", "--hom", "--home", "--wurst", "--wrong"} & set(arguments):
        place = arguments.index("--") if "--" in arguments else len(arguments)
        document = ckpm(*arguments[:place], "--json", *arguments[place:]).document
        assert document["ok"] is False
        assert document["data"] is None
        assert set(document["error"]) == {"code", "message", "hint"}


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_help_with_examples(ckpm: Ckpm, verb: str) -> None:
    ran = ckpm(verb, "--help")
    assert ran.code == 0
    assert "examples:" in ran.out
    assert f"ckpm {verb}" in ran.out.split("examples:")[1]


def test_help_keeps_names_as_they_are_written(ckpm: Ckpm) -> None:
    for verb, words in (("sbom", "as CycloneDX."), ("report", "one HTML page."), ("schema", "Print the JSON Schema")):
        assert words in ckpm(verb, "--help").out


def test_options_may_stand_between_names(ckpm: Ckpm) -> None:
    entries = ckpm("detect", "tool.git", "--no-register", "lang.python", "--json").data
    assert {entry["soft"] for entry in entries} == {"tool.git", "lang.python"}
    assert "has no task 'helo'" in ckpm("run", "env:hello-cross", "--target", "linux-x86_64", "helo").err


def test_packages_have_the_tags_of_what_they_make(ckpm: Ckpm) -> None:
    compilers = {row["package"] for row in ckpm("list", "package", "--tags", "compiler", "--json").data}
    assert {"compiler-zig", "compiler-gcc-arm64"} <= compilers
    assert "lib-zlib" not in compilers


def test_repositories_are_listed_and_shown(ckpm: Ckpm, tmp_path: Path) -> None:
    (tmp_path / "mine/envs/small").mkdir(parents=True)
    (tmp_path / "mine/envs/small/env.toml").write_text('name = "small"\n')
    assert ckpm("repo", "add", "mine", "--name", "ours", cwd=tmp_path).code == 0
    rows = ckpm("list", "repo", "--json").data
    assert [row["repo"] for row in rows] == ["built-in", "ours"]
    assert ckpm("repo", "--json").data == ckpm("repo", "list", "--json").data == rows
    shown = ckpm("show", "repo:ours", "--json").data
    assert shown["path"] == str(tmp_path / "mine")
    assert shown["holds"] == {"soft": [], "package": [], "env": ["small"], "target": []}
    assert "may not run" in ckpm("show", "repo:ours").out


def test_version_and_help(ckpm: Ckpm) -> None:
    assert ckpm("--version").out.startswith("ckpm ")
    assert "verbs:" in ckpm("--help").out


def test_the_contract_of_detect(ckpm: Ckpm) -> None:
    document = ckpm("detect", "soft", "lang.python", "--json").document
    assert (document["ok"], document["command"], document["error"]) == (True, "detect", None)
    entry = document["data"][0]
    keys = {"id", "soft", "version", "prefix", "target", "origin", "tags", "files", "attributes", "env", "deps"}
    assert keys | {"package", "evidence", "fingerprint"} <= set(entry)
    assert entry["fingerprint"].startswith("sha256:")
    assert ckpm("detect", "lang.python", "--json").data == document["data"]
    assert ckpm("detect", "soft:lang.python", "--json").data == document["data"]
    assert ckpm("list", "entry", "--json").data


def test_the_interpreter_that_runs_the_tests_is_found(ckpm: Ckpm) -> None:
    import sys

    found = ckpm("detect", "lang.python", "--search-path", sys.prefix, "--no-system", "--json").data
    assert sys.prefix in [entry["prefix"] for entry in found]


def test_earlier_queries_change_no_later_answer(ckpm: Ckpm) -> None:
    before = ckpm("detect", "lang.python", "--json").data
    ckpm("detect", "lang.python@3", "tool.git", "--json")
    assert ckpm("detect", "lang.python", "--json").data == before


def test_no_register_leaves_no_trace(ckpm: Ckpm, home: Path) -> None:
    assert ckpm("detect", "tool.git", "--no-register").code == 0
    assert not (home / "detected.json").exists()


def test_platform(ckpm: Ckpm) -> None:
    facts = ckpm("detect", "platform", "--json", env={"CKPM_OVERRIDE_NVIDIA_DRIVER": "570.1"}).data
    assert facts["os"]
    assert facts["drivers"]["nvidia"] == "570.1"
    assert ckpm("show", "platform", "--json", env={"CKPM_OVERRIDE_KERNEL": ""}).data["kernel"] is None


def test_new_documents_pass_lint(ckpm: Ckpm, tmp_path: Path) -> None:
    for kind, name in (("soft", "tool.mine"), ("package", "lib-mine"), ("env", "mine")):
        assert ckpm("new", kind, name, "--into", str(tmp_path)).code == 0
        ran = ckpm("lint", str(tmp_path / name))
        assert ran.code == 0, ran.out
    assert ckpm("run", str(tmp_path / "mine" / "env.toml"), "--set", "REPEAT=2").out == "hello\n"
    again = ckpm("new", "env", "mine", "--into", str(tmp_path))
    assert (again.code, "there already" in again.err) == (2, True)


def test_a_soft_is_written_from_a_real_program(ckpm: Ckpm, tmp_path: Path) -> None:
    tool = tmp_path / "frobnicate"
    tool.write_text('#!/bin/sh\necho "frobnicate (GNU things) version 4.10.2 (2024)"\n')
    tool.chmod(0o755)
    assert ckpm("new", "soft", "frobnicate", "--from", str(tool), "--into", str(tmp_path / "out")).code == 0
    file = tmp_path / "out" / "tool.frobnicate" / "soft.toml"
    assert "4.10.2" in file.read_text()
    ran = ckpm("lint", str(file))
    assert ran.code == 0, ran.out


def test_a_broken_document_is_named_and_the_rest_goes_on(ckpm: Ckpm, tmp_path: Path) -> None:
    folder = tmp_path / "plugins" / "soft_plugins" / "tool.broken"
    folder.mkdir(parents=True)
    (folder / "soft.toml").write_text("name = \n")
    ran = ckpm("list", "soft", "--json", env={"CKPM_PLUGIN_PATH": str(tmp_path / "plugins")})
    assert ran.code == 0
    assert any("tool.broken" in warning and ":1:" in warning for warning in ran.document["warnings"])
    shown = ckpm("show", "soft:tool.broken", env={"CKPM_PLUGIN_PATH": str(tmp_path / "plugins")})
    assert (shown.code, "not valid TOML" in shown.err) == (2, True)


def test_settings_keep_what_was_there(ckpm: Ckpm) -> None:
    assert ckpm("config", "set", "jobs", "3").code == 0
    assert ckpm("config", "set", "jobs", "many").code == 2
    assert ckpm("config", "set", "job", "3").code == 2
    assert ckpm("config", "get", "jobs").out == "3\n"
    for key, value in (("jobs", "-3"), ("timeout", "nan"), ("timeout", "0"), ("timeout", "inf"), ("prefer", "newest")):
        ran = ckpm("config", "set", key, value)
        assert (ran.code, f"{key} can't be {value!r}" in ran.err) == (2, True), ran.err
    assert ckpm("config", "get", "jobs").out == "3\n"


def test_one_mirror_is_shown_and_taken_back(ckpm: Ckpm) -> None:
    for number in "12":
        assert ckpm("config", "set", f"mirrors.https://{number}.example/", f"/mirror {number}").code == 0
    assert ckpm("config", "get", "mirrors.https://1.example/").out == "/mirror 1\n"
    assert ckpm("config", "unset", "mirrors.https://1.example/").code == 0
    assert ckpm("config", "get", "mirrors", "--json").data == {"https://2.example/": "/mirror 2"}
    assert "there are https://2.example/" in ckpm("config", "unset", "mirrors.https://1.example/").err


@pytest.mark.parametrize("content", [b"{", b'{"job": 1}', b'{"timeout": -1}', b'{"prefer": "x"}', b"\xff", b"null"])
def test_settings_that_cannot_be_read_are_named(ckpm: Ckpm, home: Path, content: bytes) -> None:
    home.mkdir()
    (home / "config.json").write_bytes(content)
    ran = ckpm("detect", "tool.git")
    assert (ran.code, ran.out) == (2, "")
    assert f"{home}/config.json: " in ran.err
    assert "ckpm config unset" in ran.err
    assert ckpm("config", "unset").code == 0
    assert ckpm("config").code == 0


def test_a_home_that_is_a_file(ckpm: Ckpm, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = ckpm("detect", "tool.git", "--home", str(tmp_path / "file"))
    assert (ran.code, "it is no folder" in ran.err) == (2, True)


def test_nothing_steers_the_terminal(ckpm: Ckpm) -> None:
    ran = ckpm("detect", "--\x1b[31mred")
    assert (ran.code, r"--\x1b[31mred" in ran.err) == (2, True)
    assert "\x1b" not in ran.err


def test_exec_passes_everything_on(ckpm: Ckpm) -> None:
    ran = ckpm("exec", "soft:lang.python", "--", "sh", "-c", 'printf "%s|" "$@"; exit 7', "-", "a b", "--json", "$(x)")
    assert (ran.code, ran.out) == (7, "a b|--json|$(x)|")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(ckpm: Ckpm, shell: str) -> None:
    assert "detect" in ckpm("completion", shell).out


@pytest.mark.parametrize(
    ("key", "value", "says"), [("jobs", "many", "expected a number"), ("prefer", "x", "can't be 'x'")]
)
def test_a_setting_of_the_wrong_kind_is_refused(ckpm: Ckpm, key: str, value: str, says: str) -> None:
    ran = ckpm("config", "set", key, value)
    assert ran.code == 2
    assert says in ran.err
    assert "$." not in ran.err


@pytest.mark.parametrize("words", [["--languages", "cxx17"], ["--languages", "c,cxx11", "--tags", "compiler"]])
def test_any_compiler_is_asked_for_by_what_it_compiles(ckpm: Ckpm, words: list[str]) -> None:
    ran = ckpm("install", *words, "--only", "installed", "--dry-run", "--json")
    assert ran.code == 0, ran.err
    assert [row["soft"].partition(".")[0] for row in ran.data["plan"]] == ["compiler"]
