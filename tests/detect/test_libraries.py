"""Which files are a library that can be linked, for what, and in which version."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import pytest

from pkgmgr.detect.ask import Asker
from pkgmgr.detect.cmake_package import parse_package_version
from pkgmgr.detect.engine import Detector
from pkgmgr.detect.library_facts import precise_target, settle
from pkgmgr.detect.library_index import parse_names
from pkgmgr.detect.library_place import is_carried, owning_package, place_of
from pkgmgr.detect.memory import AnswerMemory
from pkgmgr.detect.pkg_config import parse_pkg_config
from pkgmgr.detect.report import Report
from pkgmgr.detect.where import Where
from pkgmgr.host.ports import Host
from pkgmgr.host.recorded import RecordedFiles, RecordedRunner
from pkgmgr.model.entry import Value
from pkgmgr.model.soft import Conclusion, Find, LibraryFind, Probe, Soft

FOO = LibraryFind(name="foo", headers=("foo.h",), below=("foo-*",), pkg_config=("foo",), cmake=("Foo",))
MULTIARCH = "/usr/lib/x86_64-linux-gnu"
ELF_ARM64 = struct.pack("<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 1, 183, 1, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0)


def archive(member: bytes) -> bytes:
    head = (
        b"foo.o/".ljust(16) + b"0".ljust(12) + b"0".ljust(6) * 2 + b"644".ljust(8) + str(len(member)).encode().ljust(10)
    )
    return b"!<arch>\n" + head + b"`\n" + member


def look(
    files: Mapping[str, str | bytes],
    *,
    elf: Mapping[str, str] | None = None,
    links: Mapping[str, str] | None = None,
    library: LibraryFind = FOO,
    where: Where | None = None,
    target: str = "linux-x86_64",
    probe: tuple[Probe, ...] = (Probe(read="{header}", match=r"VERSION (?P<version>\S+)", optional=True),),
    sites: tuple[str, ...] = (),
    path: str = "/usr/bin",
) -> tuple[Report, RecordedRunner]:
    soft = Soft(
        name="lib.foo",
        summary="a library",
        find=Find(library=library, sites=sites),
        probe=probe,
        entry=Conclusion(attributes={"variant": "{below}"}),
    )
    runner = RecordedRunner(prints={})
    host = Host(
        files=RecordedFiles(files=files, elf=elf or {}, links=links or {}),
        runner=runner,
        variables={"PATH": path},
        target=target,
        home="/home/ann",
    )
    detector = Detector(asker=Asker(host=host, memory=AnswerMemory(None)), where=where or Where(), jobs=1)
    return detector.detect([soft]), runner


HEADER = {"/usr/include/foo.h": "VERSION 1.2.3"}
X86 = {f"{MULTIARCH}/libfoo.so": "linux-x86_64"}


def test_a_library_with_its_header_is_found_without_a_process() -> None:
    report, runner = look(HEADER, elf=X86)
    (entry,) = report.entries
    assert (entry.version, entry.prefix, entry.target) == ("1.2.3", "/usr", "linux-x86_64")
    assert entry.attributes["link"] == "foo"
    assert entry.attributes["include_dir"] == "/usr/include"
    assert entry.env == ()
    assert runner.started == 0


REJECTED: list[tuple[str, Mapping[str, str | bytes], dict[str, str], dict[str, str], str]] = [
    ("no header", {}, X86, {}, "its header foo.h is not in /usr/include"),
    ("the run-time library alone", HEADER, {f"{MULTIARCH}/libfoo.so.1": "linux-x86_64"}, {}, "only the run-time"),
    ("a link that leads nowhere", HEADER, {}, {f"{MULTIARCH}/libfoo.so": "libfoo.so.1"}, "a link that leads nowhere"),
    ("a script that leads nowhere", HEADER | {f"{MULTIARCH}/libfoo.so": "INPUT(libfoo.so.1)"}, {}, {}, "linker script"),
    ("no object", HEADER | {f"{MULTIARCH}/libfoo.so": "text"}, {}, {}, "neither an object nor an archive"),
    ("an empty file", HEADER | {f"{MULTIARCH}/libfoo.a": ""}, {}, {}, "neither an object nor an archive"),
    ("a folder", HEADER | {f"{MULTIARCH}/libfoo.so/x": ""}, {}, {}, "a folder"),
]


@pytest.mark.parametrize(("name", "files", "elf", "links", "reason"), REJECTED, ids=[row[0] for row in REJECTED])
def test_what_can_not_be_linked_keeps_its_reason(
    name: str, files: Mapping[str, str | bytes], elf: dict[str, str], links: dict[str, str], reason: str
) -> None:
    report, _ = look(files, elf=elf, links=links)
    assert report.entries == ()
    assert reason in report.rejections[0].reason


def test_a_static_archive_says_by_its_objects_what_it_is_for() -> None:
    # The folder says nothing, and the host is another machine: only the member's header can tell.
    report, _ = look({"/opt/x/lib/libfoo.a": archive(ELF_ARM64), "/opt/x/include/foo.h": ""})
    (entry,) = report.entries
    assert (entry.target, entry.prefix, entry.attributes["linkage"]) == ("linux-arm64", "/opt/x", ["static"])


def test_a_linker_script_leads_to_the_object() -> None:
    script = "/* GNU ld script */\nOUTPUT_FORMAT(elf64-x86-64)\nGROUP ( libfoo.so.6 AS_NEEDED ( -lbar ) )\n"
    elf = {f"{MULTIARCH}/libfoo.so.6": "linux-x86_64"}
    report, _ = look(HEADER | {f"{MULTIARCH}/libfoo.so": script}, elf=elf)
    (entry,) = report.entries
    assert entry.files["library"] == f"{MULTIARCH}/libfoo.so"


def test_of_builds_side_by_side_comes_first_what_a_linker_takes() -> None:
    elf = {f"{MULTIARCH}/foo-{build}/libfoo.so": "linux-x86_64" for build in ("openmp", "pthread", "serial")}
    alone, _ = look(HEADER, elf=elf)
    assert [entry.attributes["variant"] for entry in alone.entries] == ["foo-openmp", "foo-pthread", "foo-serial"]
    links = {
        f"{MULTIARCH}/libfoo.so": "/etc/alternatives/libfoo.so-x86_64-linux-gnu",
        "/etc/alternatives/libfoo.so-x86_64-linux-gnu": f"{MULTIARCH}/foo-pthread/libfoo.so",
    }
    chosen, _ = look(HEADER, elf=elf, links=links)
    assert [entry.attributes["variant"] for entry in chosen.entries] == ["foo-pthread", "foo-openmp", "foo-serial"]


def test_the_triple_of_a_folder_is_a_fact() -> None:
    probe = Probe(read="{prefix}/share/foo-{multiarch}/config.mk", match=r"VERSION := (?P<version>\S+)")
    files = {**HEADER, "/usr/share/foo-x86_64-linux-gnu/config.mk": "VERSION := 0.9.0"}
    report, _ = look(files, elf=X86, probe=(probe,))
    assert report.entries[0].version == "0.9.0"


def test_one_prefix_has_one_entry_for_each_target() -> None:
    elf = {
        f"{MULTIARCH}/libfoo.so": "linux-x86_64",
        "/usr/lib/aarch64-linux-gnu/libfoo.so": "linux-arm64",
        "/usr/lib/libfoo.a": "linux-x86_64",
        "/usr/aarch64-linux-gnu/lib/libfoo.so": "linux-arm64",
    }
    report, _ = look(HEADER | {"/usr/aarch64-linux-gnu/include/foo.h": "VERSION 1.2.3"}, elf=elf)
    found = sorted((entry.prefix, entry.target) for entry in report.entries)
    assert found == [
        ("/usr", "linux-arm64"),
        ("/usr", "linux-x86_64"),
        ("/usr/aarch64-linux-gnu", "linux-arm64"),
    ]


def test_builds_side_by_side_are_apart_and_the_alternative_is_none_of_its_own() -> None:
    builds = {f"{MULTIARCH}/foo-{kind}/libfoo.so": "linux-x86_64" for kind in ("serial", "threads")}
    headers = {f"/usr/include/x86_64-linux-gnu/foo-{kind}/foo.h": f"VERSION 1.{kind}" for kind in ("serial", "threads")}
    link = {
        f"{MULTIARCH}/libfoo.so": "/etc/alternatives/libfoo",
        "/etc/alternatives/libfoo": f"{MULTIARCH}/foo-threads/libfoo.so",
    }
    report, _ = look(headers, elf=builds, links=link)
    found = {(entry.attributes["variant"], entry.version, entry.prefix) for entry in report.entries}
    assert found == {("foo-serial", "1.serial", "/usr"), ("foo-threads", "1.threads", "/usr")}


def test_headers_may_lie_in_two_folders_as_debian_has_them() -> None:
    library = LibraryFind(name="foo", headers=("fooconfig.h", "foo.h"))
    files = {"/usr/include/x86_64-linux-gnu/fooconfig.h": "VERSION 2.0", "/usr/include/foo.h": ""}
    report, _ = look(files, elf=X86, library=library)
    (entry,) = report.entries
    assert entry.version == "2.0"
    assert entry.attributes["include_dirs"] == ["/usr/include/x86_64-linux-gnu", "/usr/include"]


def test_the_second_header_is_named_when_it_is_the_missing_one() -> None:
    report, _ = look(HEADER, elf=X86, library=LibraryFind(name="foo", headers=("foo.h", "foo2.h")))
    assert "its header foo2.h" in report.rejections[0].reason


def test_a_prefix_of_its_own_gives_operations() -> None:
    files = {
        "/opt/x/include/foo.h": "",
        "/opt/x/lib/pkgconfig/foo.pc": "prefix=/opt/x\nVersion: 3.1\nLibs: -L${prefix}/lib -lfoo\n",
    }
    report, _ = look(files, elf={"/opt/x/lib/libfoo.so": "linux-x86_64"})
    (entry,) = report.entries
    assert entry.version == "3.1"
    assert {(item.var, item.value) for item in entry.env} == {
        ("CMAKE_PREFIX_PATH", "/opt/x"),
        ("PKG_CONFIG_PATH", "/opt/x/lib/pkgconfig"),
        ("LD_LIBRARY_PATH", "/opt/x/lib"),
    }


def test_a_moved_tree_has_its_version_and_no_use_for_pkg_config() -> None:
    files = {
        "/opt/moved/include/foo.h": "",
        "/opt/moved/lib/pkgconfig/foo.pc": "prefix=/build\nVersion: 3.1\nLibs: -L/build/lib -lfoo\n",
    }
    report, _ = look(files, elf={"/opt/moved/lib/libfoo.so": "linux-x86_64"})
    (entry,) = report.entries
    assert entry.version == "3.1"
    assert "pkg_config" not in entry.attributes


def test_what_pkg_config_needs_and_does_not_find_is_told() -> None:
    pc = {f"{MULTIARCH}/pkgconfig/foo.pc": f"Version: 1.2.3\nRequires: zlib >= 1.2, bar\nLibs: -L{MULTIARCH} -lfoo\n"}
    files = HEADER | pc | {f"{MULTIARCH}/pkgconfig/zlib.pc": "Version: 1.3\n"}
    report, _ = look(files, elf=X86)
    assert report.entries[0].attributes["pkg_config_missing"] == ["bar"]


def test_cmake_tells_the_version_where_nothing_else_does() -> None:
    files = {
        "/usr/include/foo.h": "",
        f"{MULTIARCH}/cmake/Foo-4/foo-config.cmake": "",
        f"{MULTIARCH}/cmake/Foo-4/foo-config-version.cmake": 'set(PACKAGE_VERSION "4.5.6")\n',
    }
    report, _ = look(files, elf=X86)
    (entry,) = report.entries
    assert (entry.version, entry.attributes["cmake_dir"]) == ("4.5.6", f"{MULTIARCH}/cmake/Foo-4")


SITE = "/home/ann/venv/lib/python3.11/site-packages"
VENV = {
    "/home/ann/venv/pyvenv.cfg": "home = /usr/bin\nversion = 3.11.7\n",
    "/home/ann/venv/bin/python": "",
    f"{SITE}/foo-1.2.3.dist-info/METADATA": "Metadata-Version: 2.1\nName: foo\nVersion: 1.2.3\n",
    "/home/ann/venv/include/foo.h": "VERSION 1.2.3",
}


@pytest.mark.parametrize(
    ("name", "sites", "link"),
    [
        pytest.param("libfoo.so.3", ("../..",), ":libfoo.so.3", id="what the wheel ships has a number"),
        pytest.param("libfoo.so", ("../..",), "foo", id="or none"),
        pytest.param("libfoo.so.3", (), None, id="no soft says that it is shipped"),
    ],
)
def test_a_wheel_s_library_in_the_environment_s_own_folder(name: str, sites: tuple[str, ...], link: str | None) -> None:
    elf = {f"/home/ann/venv/lib/{name}": "linux-x86_64"}
    report, _ = look(VENV, elf=elf, sites=sites, path="/home/ann/venv/bin")
    found = [(entry.prefix, entry.origin, entry.attributes["link"]) for entry in report.entries]
    assert found == ([("/home/ann/venv", "python:/home/ann/venv", link)] if link else [])


def test_of_several_names_one_that_can_be_linked_is_taken() -> None:
    library = LibraryFind(name="foo", names=("bar",), headers=("foo.h",))
    elf = {f"{MULTIARCH}/libfoo.so.1": "linux-x86_64", f"{MULTIARCH}/libbar.so": "linux-x86_64"}
    report, _ = look(HEADER, elf=elf, library=library)
    assert [entry.attributes["link"] for entry in report.entries] == ["bar"]


def test_a_header_may_lie_in_one_of_several_places() -> None:
    library = LibraryFind(headers=("foo/config.h|foo/core/config.h",))
    for place in ("foo/config.h", "foo/core/config.h"):
        report, _ = look({f"/usr/include/{place}": "VERSION 1.2.3"}, library=library)
        (entry,) = report.entries
        assert (entry.files["header"], entry.version) == (f"/usr/include/{place}", "1.2.3")
        assert entry.attributes["include_dirs"] == ["/usr/include"]


@pytest.mark.parametrize("folder", ["numpy.libs", "torch/lib", "cv2/../cv2.libs"])
def test_copies_that_python_packages_carry_are_none(folder: str) -> None:
    where = Where(search_paths=(SITE,), system=False)
    report, _ = look({f"{SITE}/{folder}/foo.h": ""}, elf={f"{SITE}/{folder}/libfoo.so": "linux-x86_64"}, where=where)
    assert report.entries == ()
    assert "carries for itself" in report.rejections[0].reason


def test_another_product_under_the_name_is_turned_down() -> None:
    library = LibraryFind(name="foo", headers=("foo.h",), symbols=("foo_open",), foreign={"libbar.so.1": "Bar"})
    path = f"{MULTIARCH}/libfoo.so"
    for content, reason in (("\0foo_open\0libbar.so.1\0", "it is Bar"), ("\0foo_opener\0", "it has no foo_open")):
        report, _ = look(HEADER | {path: content}, elf=X86, library=library)
        assert reason in report.rejections[0].reason
    report, _ = look(HEADER | {path: "\0foo_open\0"}, elf=X86, library=library)
    assert report.entries


def test_headers_alone_fit_any_target() -> None:
    report, _ = look({"/usr/include/foo.h": "VERSION 5.0"}, library=LibraryFind(headers=("foo.h",)))
    (entry,) = report.entries
    assert (entry.version, entry.target, entry.files) == ("5.0", "any", {"header": "/usr/include/foo.h"})


def test_a_universal_library_is_one_entry_for_each_target() -> None:
    thin = [struct.pack("<8I", 0xFEEDFACF, cpu, 0, 6, 0, 0, 0, 0) for cpu in (0x01000007, 0x0100000C)]
    rows = b"".join(
        struct.pack(">5I", cpu, 0, 64 + 32 * place, 32, 0) for place, cpu in enumerate((0x01000007, 0x0100000C))
    )
    fat = (struct.pack(">2I", 0xCAFEBABE, 2) + rows).ljust(64, b"\0") + b"".join(thin)
    files: dict[str, str | bytes] = {"/opt/homebrew/lib/libfoo.dylib": fat, "/opt/homebrew/include/foo.h": ""}
    report, _ = look(files, target="macos-arm64")
    assert {entry.target for entry in report.entries} == {"macos-arm64", "macos-x86_64"}


PLACES = [
    ("/usr/lib/x86_64-linux-gnu", "/usr", "x86_64-linux-gnu", ""),
    ("/usr/lib64", "/usr", "", ""),
    ("/usr/lib/x86_64-linux-gnu/foo-threads", "/usr", "x86_64-linux-gnu", "foo-threads"),
    ("/opt/intel/oneapi/mkl/2024.1/lib/intel64", "/opt/intel/oneapi/mkl/2024.1", "", ""),
    ("/usr/local/cuda-12.4/targets/x86_64-linux/lib", "/usr/local/cuda-12.4", "linux-x86_64", ""),
    ("/usr/local/cuda-12.4/targets/sbsa-linux/lib", "/usr/local/cuda-12.4", "linux-arm64", ""),
    ("/usr/aarch64-linux-gnu/lib", "/usr/aarch64-linux-gnu", "aarch64-linux-gnu", ""),
    ("/usr/x86_64-w64-mingw32/lib", "/usr/x86_64-w64-mingw32", "x86_64-w64-mingw32", ""),
    ("/opt/no-tail", "/opt/no-tail", "", ""),
    ("/lib", "/", "", ""),
]


@pytest.mark.parametrize(("folder", "prefix", "triple", "below"), PLACES, ids=[row[0] for row in PLACES])
def test_a_folder_tells_prefix_and_target(folder: str, prefix: str, triple: str, below: str) -> None:
    place = place_of(RecordedFiles(files={}), folder, ("foo-*",))
    assert (place.prefix, place.triple, place.below) == (prefix, triple, below)


def test_names_are_sorted_as_a_linker_takes_them() -> None:
    names = [
        "libz.a",
        "libz.so",
        "libz.so.1",
        "libz.so.1.2.13",
        "libz.dll.a",
        "zlib.lib",
        "libx.lib",
        "z.txt",
        "lib.so",
    ]
    found = parse_names(sorted(names))
    assert found["z"] == ["libz.so", "libz.dll.a", "libz.a", "libz.so.1", "libz.so.1.2.13"]
    assert (found["zlib"], found["x"], found["libx"]) == (["zlib.lib"], ["libx.lib"], ["libx.lib"])
    assert set(found) == {"z", "zlib", "x", "libx"}


def test_a_pkg_config_file_is_read_with_its_variables() -> None:
    text = "# x\nprefix=${pcfiledir}/../..\nlibdir=${prefix}/lib\nv=1.2\nVersion: ${v}.3\n"
    text += "Requires: a >= 1, b\nLibs: -L${libdir} \\\n -lfoo\n"
    told = parse_pkg_config(text, "/opt/x/lib/pkgconfig")
    assert (told.version, told.requires, told.folders) == ("1.2.3", ("a", "b"), ("/opt/x/lib",))


@pytest.mark.parametrize(
    ("libs", "expected"),
    [
        pytest.param("-L${libs} -lx", ("/it's a home/lib",), id="a value with a space"),
        pytest.param("-L/it's\\ a\\ home/lib -lx", ("/it's a home/lib",), id="escaped"),
        pytest.param("${flags} -lx", ("/opt/x",), id="the flag in a value"),
        pytest.param("-lx", (), id="none"),
    ],
)
def test_library_folders_of_a_pc_file(libs: str, expected: tuple[str, ...]) -> None:
    text = f"libs=${{pcfiledir}}/../lib\nflags=-L/opt/x -ly\nLibs: {libs}\n"
    assert parse_pkg_config(text, "/it's a home/pkgconfig").folders == expected


@pytest.mark.parametrize("text", ["", "Version", "prefix=${prefix}\nVersion: ${prefix}", "\0\1\2", "Version: $(sh)"])
def test_garbage_in_a_pkg_config_file_says_nothing(text: str) -> None:
    assert parse_pkg_config(text, "/x").version == ""


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('set(PACKAGE_VERSION "1.2.3")', "1.2.3"),
        ("SET(PACKAGE_VERSION 1.74.0)", "1.74.0"),
        ('set(PACKAGE_VERSION "${X}.1")', ""),
        ("set(PACKAGE_VERSION_EXACT TRUE)", ""),
        ("", ""),
    ],
)
def test_a_version_file_of_cmake(text: str, version: str) -> None:
    assert parse_package_version(text) == version


SETTLED: list[tuple[str | None, dict[str, Value], str | None, dict[str, Value], str]] = [
    ("1.2.3", {"pc_version": "1.2.3"}, "1.2.3", {}, ""),
    ("2.12.1", {"pc_version": "24.3.18"}, "2.12.1", {"pkg_config_version": "24.3.18"}, ""),
    (None, {"pc_version": "1.2", "cmake_version": "1.2.3"}, "1.2", {}, ""),
    (None, {"dist_version": "2.21.0", "lib_version": "2"}, "2.21.0", {}, ""),
    ("4.2.2", {"pc_version": "4.2.2rc2"}, "4.2.2rc2", {}, ""),
    ("4.2.2", {"pc_version": "4.2.2+debian"}, "4.2.2", {}, ""),
    ("13.0", {"lib_version": "13.0.88"}, "13.0.88", {}, ""),
    ("1.3.1", {"lib_version": "1.2.13"}, "1.3.1", {}, "a mixture"),
    (None, {}, None, {}, ""),
]


@pytest.mark.parametrize(("version", "facts", "settled", "told", "reason"), SETTLED)
def test_the_sources_of_a_version_are_weighed(
    version: str | None, facts: dict[str, Value], settled: str | None, told: dict[str, Value], reason: str
) -> None:
    found = settle(facts, version)
    assert found[:2] == (settled, told)
    assert reason in found[2] if reason else found[2] == ""


@pytest.mark.parametrize(
    ("target", "needed", "named", "host", "precise"),
    [
        ("linux-x86_64", (), "linux-x86_64-musl", "linux-x86_64", "linux-x86_64-musl"),
        ("linux-x86_64", ("libc.so.6",), "linux-x86_64-musl", "linux-x86_64", "linux-x86_64"),
        ("linux-arm64", (), "android-arm64", "linux-x86_64", "android-arm64"),
        ("linux-x86_64", (), "", "linux-x86_64-musl", "linux-x86_64-musl"),
        ("linux-arm64", (), "", "linux-x86_64-musl", "linux-arm64"),
        ("windows-x86_64", (), "", "linux-x86_64", "windows-x86_64"),
    ],
)
def test_the_place_adds_what_an_object_does_not_say(
    target: str, needed: tuple[str, ...], named: str, host: str, precise: str
) -> None:
    assert precise_target(target, needed, named, host) == precise


@pytest.mark.parametrize(
    ("folder", "sites", "carried"),
    [
        (f"{SITE}/nvidia/cudnn/lib", ("nvidia/*/lib",), False),
        (f"{SITE}/torch/lib", ("nvidia/*/lib",), True),
        (f"{SITE}/numpy.libs", (), True),
        (f"{SITE}/tensorflow", ("tensorflow",), False),
    ],
)
def test_the_vendors_own_folders_are_told_from_copies(folder: str, sites: tuple[str, ...], carried: bool) -> None:
    package = owning_package(folder)
    assert package is not None and package[0] == "/home/ann/venv"
    assert is_carried(package[1], sites) is carried
    assert owning_package("/usr/lib/python3") is None
