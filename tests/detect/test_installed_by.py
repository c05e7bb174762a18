"""What other managers installed: their index files, and the entries that the ordinary softs find there."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path

import pytest

from pkgmgr.detect.ask import Asker
from pkgmgr.detect.engine import Detector
from pkgmgr.detect.folders import Folders
from pkgmgr.detect.installed_by import MANAGERS, find_prefixes
from pkgmgr.detect.installed_by.conda import parse_environments, parse_envs_dirs
from pkgmgr.detect.installed_by.modulefile import evaluate_lua, parse_modulefile
from pkgmgr.detect.installed_by.nix import parse_manifest
from pkgmgr.detect.installed_by.spack import parse_index, parse_install_trees
from pkgmgr.detect.memory import AnswerMemory
from pkgmgr.detect.where import Where
from pkgmgr.host.local import local_host
from pkgmgr.host.ports import Host
from pkgmgr.host.recorded import RecordedFiles, RecordedRunner
from pkgmgr.model.entry import Entry
from pkgmgr.model.soft import Conclusion, Find, LibraryFind, Probe, Soft

TOOL = Soft(
    name="tool.thing",
    summary="a tool",
    find=Find(executables=("thing",)),
    probe=(Probe(argv=("{path}", "--version"), match=r"^thing (?P<version>\d\S*)$"),),
)
LIBRARY = Soft(
    name="lib.z",
    summary="a library",
    find=Find(library=LibraryFind(name="z", headers=("zlib.h",))),
    entry=Conclusion(),
)


def machine(
    files: Mapping[str, str | bytes],
    *,
    links: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    elf: Mapping[str, str] | None = None,
) -> Host:
    return Host(
        files=RecordedFiles(files=dict(files), links=links or {}, elf=elf or {}),
        runner=RecordedRunner(prints={"thing --version": "thing 1.0\n"}),
        variables={"PATH": "/usr/bin", **(variables or {})},
        target="linux-x86_64",
        home="/home/ann",
    )


def prefixes(host: Host) -> dict[str, str]:
    return {prefix.path: prefix.origin for prefix in find_prefixes(host)}


def detect(host: Host, *softs: Soft, where: Where | None = None) -> tuple[Entry, ...]:
    asker = Asker(host=host, memory=AnswerMemory(None))
    return Detector(asker=asker, where=where or Where(), jobs=1).detect(softs).entries


CONDA = {
    "/home/ann/miniforge3/conda-meta/history": "",
    "/home/ann/miniforge3/envs/ml/conda-meta/zlib-1.3.1-hb9d3cd8_2.json": "{}",
    "/home/ann/miniforge3/envs/not-one/bin/thing": "",
    "/scratch/env/conda-meta/history": "",
    "/home/ann/.conda/environments.txt": "/home/ann/miniforge3\n/scratch/env\n/gone/env\n",
    "/home/ann/.condarc": "channels:\n  - conda-forge\nenvs_dirs:\n  - /data/envs  # fast\n  - '~/more'\n",
    "/data/envs/big/conda-meta/history": "",
    "/home/ann/.pixi/envs/tools/conda-meta/history": "",
}


def test_conda_environments_are_found_by_list_settings_and_folders() -> None:
    expected = [
        *("/home/ann/miniforge3", "/scratch/env", "/home/ann/miniforge3/envs/ml", "/data/envs/big"),
        "/home/ann/.pixi/envs/tools",
    ]
    assert prefixes(machine(CONDA)) == {path: f"conda:{path}" for path in expected}


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({"CONDA_PREFIX": "/x/envs/a"}, "/x/envs/a"),
        ({"CONDA_EXE": "/x/bin/conda"}, "/x"),
        ({"MAMBA_ROOT_PREFIX": "/x"}, "/x/envs/a"),
        ({"CONDA_ENVS_PATH": "/y:/x/envs"}, "/x/envs/a"),
    ],
    ids=["active", "program", "mamba", "folders"],
)
def test_variables_lead_to_conda_environments(variables: dict[str, str], path: str) -> None:
    files = {"/x/conda-meta/history": "", "/x/envs/a/conda-meta/history": "", "/x/bin/conda": ""}
    assert prefixes(machine(files, variables=variables))[path] == f"conda:{path}"
    assert prefixes(machine(files)) == {}


def test_lists_of_conda_with_other_things_in_them() -> None:
    assert parse_environments("/a/b/\n\n# no\nrelative\n/c\n") == ["/a/b", "/c"]
    assert parse_envs_dirs("envs_dirs: [/a, '~/b', c]\n") == ["/a", "~/b"]
    assert parse_envs_dirs("envs_dirs:\npkgs_dirs:\n  - /p\n") == []
    assert parse_envs_dirs("") == []


def spack_index(*rows: dict[str, object]) -> str:
    """Write what Spack writes: format of database version 8."""
    installs = {f"hash{place}": row for place, row in enumerate(rows)}
    return json.dumps({"database": {"version": "8", "installs": installs}})


ZLIB = "/opt/spack/opt/spack/linux-zen3/zlib-1.3.1-abcdefg"
SPACK_INDEX = spack_index(
    {"spec": {"name": "zlib", "version": "1.3.1", "hash": "abcdefg"}, "path": ZLIB, "installed": True},
    {"spec": {"name": "gone", "version": "1"}, "path": "/opt/spack/gone", "installed": False},
    {"spec": {"name": "cmake", "version": "3", "external": {"path": "/opt/cmake"}}, "path": "/opt/cmake"},
    {"spec": {"name": "glibc", "version": "2.36"}, "path": "/usr", "installed": True},
    {"spec": {"name": "old", "version": "1", "external": None}, "path": None, "installed": True},
)


def test_spack_names_what_it_installed() -> None:
    assert parse_index(SPACK_INDEX.encode()) == [ZLIB]
    assert [parse_index(text) for text in (b"", b"[]", b"{", b'{"database": {"installs": 3}}')] == [[]] * 4


CONFIG = """config:
  # trees
  install_tree:
    projections:
      all: "{name}"
    root: $spack/../trees/main   # here
  build_stage: /tmp
"""
UPSTREAMS = "upstreams:\n  site:\n    install_tree: /sw/spack/opt/spack\n  lab:\n    install_tree: '/lab/tree'\n"


@pytest.mark.parametrize(
    ("text", "trees"),
    [
        (CONFIG, ["$spack/../trees/main"]),
        (UPSTREAMS, ["/sw/spack/opt/spack", "/lab/tree"]),
        ("config:\n  install_tree: {root: ~/tree, padded_length: 128}\n", ["~/tree"]),
        ("spack:\n  specs: [zlib]\n", []),
        ("", []),
    ],
    ids=["table", "paths", "inline", "none", "empty"],
)
def test_spack_settings_name_install_trees(text: str, trees: list[str]) -> None:
    assert parse_install_trees(text) == trees


def test_databases_of_every_tree_are_read() -> None:
    files = {
        "/opt/spack/opt/spack/.spack-db/index.json": SPACK_INDEX,
        "/opt/spack/etc/spack/config.yaml": CONFIG,
        "/opt/trees/main/.spack-db/index.json": spack_index(
            {"spec": {}, "path": "/opt/trees/main/x", "installed": True}
        ),
        "/home/ann/.spack/upstreams.yaml": UPSTREAMS,
        "/lab/tree/.spack-db/index.json": spack_index({"spec": {}, "path": "/lab/tree/y", "installed": True}),
    }
    assert prefixes(machine(files)) == dict.fromkeys([ZLIB, "/opt/trees/main/x", "/lab/tree/y"], "spack")


EASYBUILD_LUA = """help([==[

Description
===========
CMake, the cross-platform, open-source build system. PATH=/not/this
]==])

whatis([==[Homepage: https://www.cmake.org]==])

local root = "/apps/software/CMake/3.27.6-GCCcore-13.2.0"

conflict("CMake")

if not ( isloaded("GCCcore/13.2.0") ) then
    load("GCCcore/13.2.0")
end

prepend_path("CMAKE_PREFIX_PATH", root)
prepend_path("PATH", pathJoin(root, "bin"))
prepend_path("ACLOCAL_PATH", pathJoin(root, "share/aclocal"))
setenv("EBROOTCMAKE", root)
setenv("EBVERSIONCMAKE", "3.27.6")
-- prepend_path("PATH", "/commented/out/bin")
"""
EASYBUILD_5 = """help([==[

Description
===========
A thing.
]==])

whatis([==[URL: https://example.org]==])

local root = "/opt/eb/software/thing/1.0"

conflict("thing")

prepend_path("CMAKE_PREFIX_PATH", root)
prepend_path("LD_LIBRARY_PATH", pathJoin(root, "lib"))
prepend_path("LIBRARY_PATH", pathJoin(root, "lib"))
prepend_path("PATH", pathJoin(root, "bin"))
setenv("EBROOTTHING", root)
setenv("EBVERSIONTHING", "1.0")
setenv("EBDEVELTHING", pathJoin(root, "easybuild", "thing-1.0-easybuild-devel"))

-- Built with EasyBuild version 5.4.1
"""
TCL = """#%Module1.0#####################################################################
proc ModulesHelp { } { puts stderr "x" }
set version 13.2.0
set     root    /sw/gcc/$version
setenv GCC_HOME ${root}
prepend-path --delim : PATH $root/bin
prepend-path PATH "/sw/with space/bin"
append-path LD_LIBRARY_PATH [file join $root lib64]
prepend-path MANPATH $root/share/man
# prepend-path PATH /commented/bin
"""
LUA = """local base = pathJoin("/sw/apps", myModuleName(), myModuleVersion())
local other = os.getenv("OTHER") .. "/x"
prepend_path("PATH", base .. "/bin")
prepend_path("PATH", other .. "/bin")
append_path{"LD_LIBRARY_PATH", "/sw/a/lib:/sw/b/lib64", delim=":"}
execute{cmd="touch /tmp/owned", modeA={"load"}}
"""


@pytest.mark.parametrize(
    ("text", "name", "is_lua", "roots"),
    [
        pytest.param(
            EASYBUILD_LUA, "CMake/3.27.6", True, ["/apps/software/CMake/3.27.6-GCCcore-13.2.0"], id="EasyBuild's Lua"
        ),
        pytest.param(EASYBUILD_5, "thing/1.0", True, ["/opt/eb/software/thing/1.0"], id="EasyBuild 5.4.1's own"),
        pytest.param(TCL, "gcc/13.2.0", False, ["/sw/gcc/13.2.0", "/sw/with space"], id="Tcl"),
        pytest.param(LUA, "thing/1.0", True, ["/sw/apps/thing/1.0", "/sw/a", "/sw/b"], id="Lua"),
        pytest.param("#!/bin/sh\nset root /x\nsetenv X_ROOT /x\n", "x", False, [], id="no modulefile"),
        pytest.param("", "x", True, [], id="empty"),
        pytest.param("local a = a .. a .. (", "x", True, [], id="garbage"),
    ],
)
def test_modulefiles_are_read_and_not_run(text: str, name: str, is_lua: bool, roots: list[str]) -> None:
    assert parse_modulefile(text, name=name, is_lua=is_lua) == roots


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('"/a")', "/a"),
        ("'/a' .. \"/b\", ':')", "/a/b"),
        ("known .. '/b')", "/k/b"),
        ('pathJoin(known, "b", pathJoin("c", "d")))', "/k/b/c/d"),
        ('os.getenv("HOME") .. "/b")', None),
        ("known or '/b')", None),
        ("unknown)", None),
        ("pathJoin(unknown, 'b'))", None),
        ("pathJoin(", None),
        ("", None),
    ],
)
def test_lua_expressions_of_literals_have_a_value(expression: str, value: str | None) -> None:
    assert evaluate_lua(expression, {"known": "/k"}) == value


def test_modules_lead_to_prefixes_that_are_there() -> None:
    files = {
        "/sw/modules/gcc/13.2.0": TCL,
        "/sw/modules/gcc/.version": "#%Module1.0\nset ModulesVersion 13.2.0\n",
        "/sw/modules/Core/thing/1.0.lua": 'setenv("THING_ROOT", "/sw/thing")\nprepend_path("PATH", "/usr/bin")\n',
        "/sw/gcc/13.2.0/bin/gcc": "",
        "/sw/thing/bin/thing": "",
    }
    found = prefixes(machine(files, variables={"MODULEPATH": "/sw/modules:/gone"}))
    assert found == {"/sw/thing": "module:Core/thing/1.0", "/sw/gcc/13.2.0": "module:gcc/13.2.0"}


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        (
            '{"version": 2, "elements": [{"active": true, "storePaths": ["/nix/store/a-gcc-13"]}]}',
            ["/nix/store/a-gcc-13"],
        ),
        ('{"version": 3, "elements": {"gcc": {"active": true, "storePaths": ["/nix/store/a", "/nix/store/b"]}}}', None),
        (
            '{"elements":[{"active":true,"storePaths":["/nix/store/lz95avji4nzks0jyjwvq1hxfvwwn4wpc-thing-1.0"]}],"version":2}',
            ["/nix/store/lz95avji4nzks0jyjwvq1hxfvwwn4wpc-thing-1.0"],
        ),
        ('{"elements": [{"active": false, "storePaths": ["/nix/store/a"]}]}', []),
        ('{"elements": [{"storePaths": ["/etc"]}]}', []),
        ("garbage", []),
        ("", []),
    ],
    ids=["list", "by name", "of nix 2.8", "not active", "no store path", "garbage", "empty"],
)
def test_nix_manifests(text: str, paths: list[str] | None) -> None:
    assert parse_manifest(text.encode()) == (["/nix/store/a", "/nix/store/b"] if paths is None else paths)


def test_nix_profiles_and_what_they_hold() -> None:
    files = {
        "/nix/store/p-profile/manifest.json": '{"elements": [{"storePaths": ["/nix/store/t-thing-1.0"]}]}',
        "/nix/store/t-thing-1.0/bin/thing": "",
    }
    links = {
        "/home/ann/.nix-profile": "/nix/store/p-profile",
        "/nix/store/p-profile/bin/thing": "/nix/store/t-thing-1.0/bin/thing",
    }
    (entry,) = detect(machine(files, links=links), TOOL)
    assert (entry.origin, entry.prefix) == ("nix", "/nix/store/t-thing-1.0")


def test_homebrew_has_shared_folders_and_kegs() -> None:
    files: dict[str, str | bytes] = {
        "/opt/homebrew/Cellar/zlib/1.3.1/lib/libz.dylib": struct.pack("<8I", 0xFEEDFACF, 0x0100000C, 0, 6, 0, 0, 0, 0),
        "/opt/homebrew/Cellar/zlib/1.3.1/include/zlib.h": "",
        "/usr/local/bin/x": "",
    }
    host = machine(files, links={"/opt/homebrew/opt/zlib": "../Cellar/zlib/1.3.1"})
    assert prefixes(host) == {"/opt/homebrew/opt/zlib": "homebrew", "/opt/homebrew": "homebrew"}
    (entry,) = detect(host, LIBRARY)
    assert (entry.origin, entry.prefix) == ("homebrew", "/opt/homebrew/Cellar/zlib/1.3.1")


def test_easybuild_marks_its_installations() -> None:
    root = "/apps/easybuild/software"
    files = {
        f"{root}/thing/1.0-foss-2023b/easybuild/easybuild-thing-1.0.log": "",
        f"{root}/thing/1.0-foss-2023b/bin/thing": "",
        f"{root}/other/by-hand/bin/thing": "",
        "/p/software/x/1/easybuild/x.log": "",
        "/p/software/y/2/easybuild/y.log": "",
    }
    host = machine(files, variables={"EBROOTX": "/p/software/x/1", "EBROOTBAD": "relative"})
    found = dict.fromkeys([f"{root}/thing/1.0-foss-2023b", "/p/software/x/1", "/p/software/y/2"], "easybuild")
    assert prefixes(host) == found
    assert [(entry.origin, entry.prefix) for entry in detect(host, TOOL)] == [
        ("easybuild", f"{root}/thing/1.0-foss-2023b")
    ]


def test_a_library_of_spack_is_found_with_its_headers() -> None:
    files = {
        "/opt/spack/opt/spack/.spack-db/index.json": SPACK_INDEX,
        f"{ZLIB}/include/zlib.h": "",
        f"{ZLIB}/.spack/spec.json": "{}",
    }
    (entry,) = detect(machine(files, elf={f"{ZLIB}/lib/libz.so": "linux-x86_64"}), LIBRARY)
    assert (entry.origin, entry.prefix, entry.files["header"]) == ("spack", ZLIB, f"{ZLIB}/include/zlib.h")


def test_a_folder_on_path_keeps_its_place_and_tells_its_manager() -> None:
    files = {
        "/sw/modules/thing/1.0.lua": 'setenv("THING_ROOT", "/sw/thing")\n',
        "/sw/thing/bin/thing": "",
        "/usr/bin/sh": "",
    }
    host = machine(files, variables={"PATH": "/sw/thing/bin:/usr/bin", "MODULEPATH": "/sw/modules"})
    folders = Folders(host=host, where=Where()).programs()
    assert (folders[0].path, folders[0].origin) == ("/sw/thing/bin", "module:thing/1.0")
    assert [entry.origin for entry in detect(host, TOOL)] == ["module:thing/1.0"]


def test_a_link_on_path_says_less_than_the_manager_of_what_it_leads_to() -> None:
    files = {"/sw/modules/thing/1.0.lua": 'setenv("THING_ROOT", "/sw/thing")\n', "/sw/thing/bin/thing": ""}
    host = machine(files, links={"/usr/bin/thing": "/sw/thing/bin/thing"}, variables={"MODULEPATH": "/sw/modules"})
    assert [(entry.origin, entry.prefix) for entry in detect(host, TOOL)] == [("module:thing/1.0", "/sw/thing")]


def test_what_others_installed_is_left_aside_without_the_system() -> None:
    where = Where(search_paths=("/usr",), system=False)
    assert detect(machine(CONDA), TOOL, where=where) == ()
    assert Folders(host=machine(CONDA), where=where).programs() == []


def test_one_prefix_has_one_manager_the_most_telling_first() -> None:
    root = "/apps/easybuild/software/thing/1.0"
    files = {
        f"{root}/easybuild/log": "",
        f"{root}/bin/thing": "",
        "/modules/thing/1.0.lua": f'setenv("EBROOTTHING", "{root}")\n',
    }
    assert prefixes(machine(files, variables={"MODULEPATH": "/modules"})) == {root: "easybuild"}


def test_an_empty_machine_costs_little_and_has_nothing() -> None:
    host = machine({})
    assert [list(find(host)) for find in MANAGERS] == [[] for _ in MANAGERS]


def test_on_a_real_file_system(tmp_path: Path) -> None:
    home = tmp_path / "it's a $(home)"
    program = home / "miniforge3" / "envs" / "a b" / "bin" / "thing"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho thing 1.0\n")
    program.chmod(0o755)
    (program.parents[1] / "conda-meta").mkdir()
    host = local_host(variables={"PATH": "/usr/bin:/bin", "HOME": str(home)})
    (entry,) = detect(host, TOOL)
    assert (entry.version, entry.origin) == ("1.0", f"conda:{program.parents[1]}")
