"""Resolution over a world made for the test: which of reuse, detect and install, and why not."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import pytest

from pkgmgr.catalog.index import Catalog
from pkgmgr.catalog.repository import BUILT_IN, Repository, built_in_root
from pkgmgr.model.entry import Entry, Value
from pkgmgr.model.errors import CkpmError, ConflictError, NotFoundError, UsageError
from pkgmgr.model.package import Package, Require, Source, Variant
from pkgmgr.model.plan import Plan
from pkgmgr.model.soft import Soft
from pkgmgr.model.target import Target, TargetDocument, parse_target
from pkgmgr.resolve.option import Choice
from pkgmgr.resolve.solve import resolve

TARGETS = Catalog(repositories=[Repository(name=BUILT_IN, root=built_in_root())])
HOST = parse_target("linux-x86_64")


@dataclass
class FakeWorld:
    """Entries and packages given as lists."""

    present: Sequence[Entry] = ()
    made: Sequence[Package] = ()
    known: set[str] = field(default_factory=set)
    about_host: Mapping[str, str] = field(default_factory=dict)
    outdated: set[str] = field(default_factory=set)

    def soft(self, name: str) -> Soft:
        return Soft(name=name, summary="x")

    def softs_tagged(self, tags: Sequence[str]) -> Sequence[Soft]:
        names = {entry.soft for entry in self.present} | {package.provides for package in self.made}
        return [Soft(name=name, summary="x") for name in sorted(names) if name.split(".")[0] in tags]

    def entries(self, soft: str) -> Sequence[Entry]:
        return [entry for entry in self.present if entry.soft == soft]

    def is_known(self, entry: Entry) -> bool:
        return entry.id in self.known or entry.package is not None

    def is_outdated(self, entry: Entry) -> bool:
        return entry.id in self.outdated

    def package(self, name: str) -> Package:
        for package in self.made:
            if package.name == name:
                return package
        raise NotFoundError(name)

    def providers(self, soft: str) -> Sequence[Package]:
        return [package for package in self.made if package.provides == soft]

    def target(self, name: str) -> TargetDocument:
        return TARGETS.require_target(name)[1]

    def facts(self, target: Target) -> Mapping[str, str]:
        return self.about_host if target == HOST else {}


def gcc(version: str, emits: str = "linux-x86_64", soft: str = "compiler.gcc") -> Entry:
    attributes: dict[str, Value] = {"languages": ["c", "cxx"], "emits": [emits]}
    name = f"{soft}-{version}-{emits}"
    return Entry(
        id=name,
        soft=soft,
        version=version,
        prefix="/usr",
        target="linux-x86_64",
        origin="system",
        files={"c": f"/usr/bin/{name}"},
        attributes=attributes,
    )


def library(version: str, target: str = "linux-x86_64", soft: str = "lib.z", package: str | None = None) -> Entry:
    return Entry(
        id=f"{soft}-{version}-{target}-{package}",
        soft=soft,
        version=version,
        prefix="/p",
        target=target,
        origin="package" if package else "system",
        package=package,
    )


def make(name: str, soft: str, versions: Sequence[str] = ("1.0",), **more: object) -> Package:
    rows = tuple(Source(version=version, urls=("file:/x",), sha256="0" * 64) for version in versions)
    base = Package(name=name, summary="x", provides=soft, license="MIT", homepage="x", source=rows)
    return msgspec.structs.replace(base, **more)


COMPILER = Require(tags=("compiler",), languages=("c",), role="compiler")
ZIG = make(
    "compiler-zig",
    "compiler.zig",
    product="host",
    languages=("c",),
    emits=("linux-x86_64", "linux-arm64", "linux-arm64-musl"),
)


def solve(world: FakeWorld, *wanted: str | Require, target: str = "linux-x86_64", **choice: str) -> Plan:
    return resolve(wanted, world=world, target=parse_target(target), choice=Choice(host=HOST, **choice))  # type: ignore[arg-type]


def rows(plan: Plan) -> list[tuple[str, str, str | None, str]]:
    return [(step.action, step.soft, step.version, step.target) for step in plan.steps]


def test_one_query_three_answers() -> None:
    entry = library("1.2")
    package = make("lib-z", "lib.z", ("1.3",))
    assert rows(solve(FakeWorld([entry], [package], {entry.id}), "soft:lib.z"))[0][0] == "reuse"
    assert rows(solve(FakeWorld([entry], [package]), "soft:lib.z"))[0][0] == "detect"
    assert rows(solve(FakeWorld([], [package]), "soft:lib.z")) == [("install", "lib.z", "1.3", "linux-x86_64")]


OLD = library("1.3", package="lib-z")
USER = make("lib-u", "lib.u", requires=("soft:lib.z",))
TOOL_USER = make("lib-u", "lib.u", requires=("soft:tool.z",))


@pytest.mark.parametrize(
    ("asked", "users", "expected"),
    [
        pytest.param(["package:lib-z"], [], [("install", "lib.z")], id="named"),
        pytest.param(["soft:lib.z"], [], [("reuse", "lib.z")], id="a question of what is there"),
        pytest.param(["soft:lib.u"], [USER], [("install", "lib.z"), ("install", "lib.u")], id="built with"),
        pytest.param(
            ["soft:lib.z", "soft:lib.u"], [USER], [("install", "lib.z"), ("install", "lib.u")], id="one for both"
        ),
    ],
)
def test_what_another_document_made_is_no_answer_of_the_package(
    asked: list[str], users: list[Package], expected: list[tuple[str, str]]
) -> None:
    world = FakeWorld([OLD], [make("lib-z", "lib.z", ("1.3",)), *users], outdated={OLD.id})
    plan = solve(world, *asked)
    assert [(step.action, step.soft) for step in plan.steps] == expected
    said = [step.reason for step in plan.steps if (step.action, step.soft) == ("install", "lib.z")]
    assert said in ([], ["what is here (1.3) was made by another document of it; lib-z makes it"])
    world.outdated.clear()
    assert rows(solve(world, *asked))[0][0] == "reuse"


def test_a_tool_that_another_document_made_still_builds() -> None:
    tool = library("1.3", soft="tool.z", package="tool-z")
    world = FakeWorld([tool], [make("tool-z", "tool.z", ("1.3",), product="host"), TOOL_USER], outdated={tool.id})
    assert [step.action for step in solve(world, "soft:lib.u").steps] == ["reuse", "install"]
    assert [step.action for step in solve(world, "package:tool-z").steps] == ["install"]


def test_what_the_present_document_made_comes_first() -> None:
    new = msgspec.structs.replace(OLD, id="new")
    plan = solve(FakeWorld([OLD, new], [make("lib-z", "lib.z")], outdated={OLD.id}), "soft:lib.z")
    assert plan.steps[0].entry == new


@pytest.mark.parametrize(
    ("state", "asked", "expected"),
    [
        pytest.param("complete", "soft:model.x", "detect", id="whole"),
        pytest.param("unknown", "soft:model.x", "detect", id="not known to lack anything"),
        pytest.param("partial", "soft:model.x", "install", id="partial"),
        pytest.param("broken", "soft:model.x", "install", id="broken"),
        pytest.param("partial", "soft:model.x+state=partial", "detect", id="partial, and asked for"),
    ],
)
def test_a_model_that_is_not_whole_meets_nothing(state: str, asked: str, expected: str) -> None:
    entry = msgspec.structs.replace(library("1.0", soft="model.x"), attributes={"state": state})
    world = FakeWorld([entry], [make("model-x", "model.x")], {entry.id})
    assert rows(solve(world, asked))[0][0].replace("reuse", "detect") == expected


def test_versions_decide_between_them() -> None:
    world = FakeWorld([library("1.2")], [make("lib-z", "lib.z", ("1.3", "2.0", "2.1rc1"))])
    assert rows(solve(world, "soft:lib.z@>=1.3")) == [("install", "lib.z", "2.0", "linux-x86_64")]
    assert rows(solve(world, "soft:lib.z@>=2.1rc1"))[0][2] == "2.1rc1"
    assert rows(solve(world, "soft:lib.z@1.2"))[0][0] == "detect"


def test_what_was_installed_does_whatever_it_calls_itself() -> None:
    package = make("tool-z", "lib.z", ("1.3",))
    name = "1.3.git.branch-1"  # as ninja's wheel: by its numbers a pre-release
    made = library(name, package="tool-z")
    for wanted in ("package:tool-z", "soft:lib.z"):
        assert rows(solve(FakeWorld([made], [package]), wanted))[0][0] == "reuse"
    assert rows(solve(FakeWorld([library(name)], [package]), "soft:lib.z"))[0][0] == "install"


def test_preferences() -> None:
    world = FakeWorld([library("1.2")], [make("lib-z", "lib.z", ("1.3",))])
    assert rows(solve(world, "soft:lib.z", prefer="installed"))[0][0] == "install"
    assert rows(solve(world, "soft:lib.z", only="installed"))[0][0] == "install"
    assert rows(solve(world, "soft:lib.z", only="detected"))[0][0] == "detect"


def test_a_cross_compiler_is_never_native_and_the_other_way() -> None:
    native, cross = gcc("12"), gcc("13", "linux-arm64")
    assert solve(FakeWorld([cross, native]), COMPILER).steps[0].entry == native
    assert solve(FakeWorld([native, cross]), COMPILER, target="linux-arm64").steps[0].entry == cross
    with pytest.raises(NotFoundError, match="linux-arm64"):
        solve(FakeWorld([native]), COMPILER, target="linux-arm64")


def test_a_missing_cross_compiler_is_installed_on_the_host() -> None:
    package = make("lib-z", "lib.z", requires=(COMPILER,))
    plan = solve(FakeWorld([gcc("12")], [package, ZIG]), "package:lib-z", target="linux-arm64")
    assert rows(plan) == [
        ("install", "compiler.zig", "1.0", "linux-x86_64"),
        ("install", "lib.z", "1.0", "linux-arm64"),
    ]
    assert plan.steps[1].needs == {"compiler": plan.steps[0].key}


def test_a_stand_in_is_called_static_only_where_it_is() -> None:
    zig = msgspec.structs.replace(ZIG, emits=("macos-x86_64",))
    needy = make("lib-z", "lib.z", requires=(COMPILER,))
    plan = solve(FakeWorld([], [needy, zig]), "package:lib-z", target="macos-arm64")
    assert "built for macos-x86_64, whose programs run there too" in plan.notes[0]


def test_android_without_an_ndk_is_static_musl_and_says_so() -> None:
    package = make("lib-z", "lib.z", requires=(COMPILER,))
    plan = solve(FakeWorld([], [package, ZIG]), "package:lib-z", target="android-arm64-24")
    assert rows(plan)[-1] == ("install", "lib.z", "1.0", "linux-arm64-musl")
    assert "built for linux-arm64-musl, whose static programs run there too" in plan.notes[0]
    assert "not tried on a device" in plan.notes[0]
    ndk = gcc("26", "android-arm64", "compiler.android-ndk")
    plan = solve(FakeWorld([ndk], [package, ZIG]), "package:lib-z", target="android-arm64-24")
    assert rows(plan)[-1] == ("install", "lib.z", "1.0", "android-arm64-24")
    assert not plan.notes


def test_a_library_for_another_target_does_not_fit() -> None:
    world = FakeWorld([library("1.2"), library("1.2", "linux-arm64")])
    assert rows(solve(world, "soft:lib.z", target="linux-arm64"))[0][3] == "linux-arm64"
    with pytest.raises(NotFoundError):
        solve(FakeWorld([library("1.2")]), "soft:lib.z", target="linux-arm64")


def test_shared_dependencies_agree_or_the_conflict_is_named() -> None:
    a = make("lib-a", "lib.a", requires=("soft:lib.z@>=1.3",))
    b = make("lib-b", "lib.b", requires=("soft:lib.z@<2",))
    z = make("lib-z", "lib.z", ("1.2", "1.5", "2.0"))
    plan = solve(FakeWorld([], [a, b, z]), "package:lib-a", "package:lib-b")
    assert ("install", "lib.z", "1.5", "linux-x86_64") in rows(plan)
    hard = msgspec.structs.replace(b, requires=("soft:lib.z@<1.3",))
    with pytest.raises(ConflictError) as caught:
        solve(FakeWorld([], [a, hard, z]), "package:lib-a", "package:lib-b")
    assert "lib.z" in str(caught.value)


def test_the_order_of_the_world_changes_nothing() -> None:
    entries = [gcc("11"), gcc("12"), gcc("12", "linux-arm64")]
    packages = [make("lib-a", "lib.a", requires=("soft:lib.z", COMPILER)), make("lib-z", "lib.z"), ZIG]
    first = solve(FakeWorld(entries, packages), "package:lib-a")
    for seed in range(5):
        shuffled = random.Random(seed).sample(packages, len(packages))
        assert solve(FakeWorld(entries, shuffled), "package:lib-a") == first


def test_variants_default_by_target_and_wrong_ones_are_refused() -> None:
    variant = Variant(default="tf", values=("tf", "tflite"), default_for={"android-*": "tflite"})
    package = make("model-m", "model.m", product="any", variant={"format": variant})
    world = FakeWorld([], [package])
    assert solve(world, "package:model-m").steps[0].variants == {"format": "tf"}
    assert solve(world, "package:model-m", target="android-arm64-24").steps[0].variants == {"format": "tflite"}
    for wrong in ("package:model-m+fromat=tf", "package:model-m+format=tfl"):
        with pytest.raises(UsageError):
            solve(world, wrong)


def test_nothing_at_all_is_not_found() -> None:
    for wanted in ("soft:lib.nothing", "package:lib-nothing"):
        with pytest.raises(CkpmError) as caught:
            solve(FakeWorld(), wanted)
        assert caught.value.exit_code == 3


def test_a_conflict_says_who_asked_for_what_and_what_would_help() -> None:
    a = make("lib-a", "lib.a", requires=("soft:lib.z@>=1.3",))
    z = make("lib-z", "lib.z", ("1.2", "1.5", "2.0"))
    with pytest.raises(ConflictError) as caught:
        solve(FakeWorld([], [a, z]), "package:lib-a", "soft:lib.z@<1.3")
    text = str(caught.value)
    assert "you asked for soft:lib.z@<1.3 (there is lib.z 1.2)" in text
    assert "package:lib-a 1.0 needs soft:lib.z@>=1.3 (there is lib.z 2.0, lib.z 1.5)" in text
    assert caught.value.hint == "without the limits of soft:lib.z@<1.3 it can be done, with lib.z 2.0"


def test_the_order_of_asking_changes_nothing() -> None:
    a = make("lib-a", "lib.a", ("1.0", "2.0"), requires=("soft:lib.z@<2",))
    z = make("lib-z", "lib.z", ("1.2", "1.5", "2.0"))
    wanted = ["package:lib-a", "soft:lib.z@>=1.2"]
    first, second = (solve(FakeWorld([], [a, z]), *order) for order in (wanted, wanted[::-1]))
    assert sorted(rows(first)) == sorted(rows(second))


def test_conditions_ask_for_facts_of_the_machine() -> None:
    need = Require(soft="lib.cuda", when={"gpu": "nvidia", "libc_version": ">=2.28"})
    package = make("lib-a", "lib.a", requires=(need,))
    world = FakeWorld([library("12.0", soft="lib.cuda")], [package])
    assert [row[1] for row in rows(solve(world, "package:lib-a"))] == ["lib.a"]
    world.about_host = {"gpu": "nvidia", "libc_version": "2.36"}
    assert [row[1] for row in rows(solve(world, "package:lib-a"))] == ["lib.cuda", "lib.a"]


def test_two_builds_may_use_different_tools_and_share_one_where_it_fits() -> None:
    cmake = make("tool-cmake", "tool.cmake", ("3.9", "4.0"), product="host")
    a = make("lib-a", "lib.a", requires=("soft:tool.cmake@<4",))
    b = make("lib-b", "lib.b", requires=("soft:tool.cmake@>=4",))
    c = make("lib-c", "lib.c", requires=("soft:tool.cmake",))
    both = rows(solve(FakeWorld([], [cmake, a, b]), "package:lib-a", "package:lib-b"))
    assert [row[2] for row in both if row[1] == "tool.cmake"] == ["3.9", "4.0"]
    shared = rows(solve(FakeWorld([], [cmake, a, c]), "package:lib-a", "package:lib-c"))
    assert [row[2] for row in shared if row[1] == "tool.cmake"] == ["3.9"]


def test_forms_that_two_demands_want_are_joined() -> None:
    pic = Variant(default="no", values=("no", "yes"))
    z = make("lib-z", "lib.z", variant={"shared": pic, "pic": pic})
    a = make("lib-a", "lib.a", requires=("package:lib-z+shared=yes",))
    b = make("lib-b", "lib.b", requires=("package:lib-z+pic=yes",))
    plan = solve(FakeWorld([], [a, b, z]), "package:lib-a", "package:lib-b")
    assert [step.variants for step in plan.steps if step.soft == "lib.z"] == [{"shared": "yes", "pic": "yes"}]


def test_a_form_that_the_package_excludes_is_a_conflict() -> None:
    z = make("lib-z", "lib.z", variant={"p": Variant(default="a", values=("a", "b"))}, conflicts=({"p": "b"},))
    with pytest.raises(ConflictError, match="can't be made with p=b"):
        solve(FakeWorld([], [z]), "package:lib-z+p=b")


def test_packages_that_need_each_other_are_told() -> None:
    a, b = make("lib-a", "lib.a", requires=("soft:lib.b",)), make("lib-b", "lib.b", requires=("soft:lib.a",))
    with pytest.raises(ConflictError, match="need each other"):
        solve(FakeWorld([], [a, b]), "package:lib-a")


def test_a_long_chain_needs_no_recursion() -> None:
    chain = [make(f"lib-p{n}", f"lib.p{n}", requires=(f"soft:lib.p{n + 1}",) if n < 1500 else ()) for n in range(1501)]
    names = {package.name: package for package in chain}

    class Chain(FakeWorld):
        def package(self, name: str) -> Package:
            return names[name]

        def providers(self, soft: str) -> Sequence[Package]:
            return [names[soft.replace(".", "-", 1)]]

    plan = solve(Chain(), "package:lib-p0")
    assert [plan.steps[0].soft, plan.steps[-1].soft, len(plan.steps)] == ["lib.p1500", "lib.p0", 1501]


def test_a_request_that_is_too_hard_says_where_a_person_can_help() -> None:
    """Twelve packages that must all have other versions, of which there are eleven: no order of trying is short."""
    versions = [f"{number}.0" for number in range(1, 12)]
    made = []
    for number in range(12):
        needs = [
            Require(soft=f"lib.p{other}@!={version}", when={"version": f"=={version}"})
            for other in range(number + 1, 12)
            for version in versions
        ]
        made.append(make(f"lib-p{number}", f"lib.p{number}", versions, requires=tuple(needs)))
    with pytest.raises(CkpmError, match=r"gave up after \d+ dead ends.*lib\.p\d") as caught:
        wanted = [f"package:{package.name}" for package in made]
        resolve(wanted, world=FakeWorld([], made), target=HOST, choice=Choice(host=HOST), most=300)
    assert caught.value.hint is not None
    assert "name the versions" in caught.value.hint


@pytest.mark.parametrize(
    ("asked", "choice", "hint"),
    [
        pytest.param("package:lib-z", {"only": "detected"}, "without --only detected, lib-z may make it", id="only"),
        pytest.param("soft:lib.z@9", {}, "lib-z makes 1.3, 1.2 for linux-*; 'ckpm show", id="version"),
        pytest.param("soft:lib.z", {"target": "windows-x86_64"}, "lib-z makes 1.3, 1.2 for linux-*", id="target"),
        pytest.param(
            "soft:lib.z@9", {"only": "installed"}, "what is on this machine counts too; lib-z", id="installed"
        ),
        pytest.param(Require(tags=("mpi", "gpu")), {}, "no soft has all of these tags", id="tags"),
        pytest.param("soft:lib.q", {}, "no package makes it; 'ckpm why lib.q'", id="no package"),
    ],
)
def test_what_nothing_meets_says_what_would_do(asked: str | Require, choice: dict[str, str], hint: str) -> None:
    world = FakeWorld([], [make("lib-z", "lib.z", ("1.2", "1.3"), targets=("linux-*",))])
    with pytest.raises(NotFoundError) as caught:
        solve(world, asked, **choice)
    assert caught.value.hint is not None
    assert hint in caught.value.hint


def test_a_package_that_is_named_says_why_what_is_here_will_not_do() -> None:
    world = FakeWorld([library("1.3")], [make("lib-z", "lib.z", ("1.3",))])
    assert solve(world, "package:lib-z").steps[0].reason == ("what is here (1.3) was not made by it; lib-z makes it")


def test_a_clang_that_emits_the_target_serves_it_after_a_cross_gcc_or_where_it_is_asked_for() -> None:
    clang = msgspec.structs.replace(
        gcc("16", soft="compiler.llvm"),
        attributes={"languages": ["c", "cxx"], "emits": ["linux-x86_64", "linux-arm64"]},
    )
    package = make("lib-z", "lib.z", requires=(COMPILER,))
    alone = FakeWorld([gcc("12"), clang], [package, ZIG])
    assert solve(alone, "package:lib-z", target="linux-arm64").steps[0].entry == clang
    assert solve(alone, "package:lib-z").steps[0].entry == gcc("12")
    both = FakeWorld([gcc("12", "linux-arm64"), clang], [package, ZIG])
    assert solve(both, "package:lib-z", target="linux-arm64").steps[0].entry == gcc("12", "linux-arm64")
    plan = solve(both, "package:lib-z", "soft:compiler.llvm", target="linux-arm64")
    assert [step.entry for step in plan.steps if step.entry is not None] == [clang]
    preferred = Require(tags=("compiler",), languages=("c",), role="compiler", prefer=("compiler.llvm",))
    assert solve(both, preferred, target="linux-arm64").steps[0].entry == clang


def test_one_python_one_cuda_and_one_mpi_are_shared_by_all_of_one_result() -> None:
    needs = ("soft:lang.python@>=3.10", "soft:compiler.cuda@12", Require(tags=("mpi",)))
    a = make("lib-a", "lib.a", requires=needs)
    b = make("lib-b", "lib.b", requires=("soft:lang.python@<3.13", "soft:compiler.cuda@<12.5", "soft:mpi.two"))

    class WithMpi(FakeWorld):
        def soft(self, name: str) -> Soft:
            return Soft(name=name, summary="x", tags=("mpi",) if name.startswith("mpi.") else ())

    python, cuda = (
        make("lang-python", "lang.python", ("3.9", "3.12", "3.13")),
        make("compiler-cuda", "compiler.cuda", ("12.4", "12.6", "13.0"), product="host", emits=("linux-*",)),
    )
    mpis = [make(f"mpi-{name}", f"mpi.{name}") for name in ("one", "two")]
    plan = solve(WithMpi([], [a, b, python, cuda, *mpis]), "package:lib-a", "package:lib-b")
    shared = [(step.soft, step.version) for step in plan.steps if step.soft not in ("lib.a", "lib.b")]
    assert sorted(shared) == [("compiler.cuda", "12.4"), ("lang.python", "3.12"), ("mpi.two", "1.0")]
    rows_by_soft = {step.soft: step for step in plan.steps}
    for name in ("lang.python", "compiler.cuda", "mpi.two"):
        assert set(rows_by_soft[name].demanded_by) == {"package:lib-a", "package:lib-b"}


def test_a_library_is_for_the_target_and_its_generator_for_the_host() -> None:
    flat = make("lib-flat", "lib.flat", requires=(COMPILER,))
    generator = make("tool-flatc", "tool.flatc", product="host")
    user = make(
        "lib-user",
        "lib.user",
        requires=("soft:lib.flat", Require(soft="tool.flatc", on="host", role="flatc"), COMPILER),
    )
    plan = solve(FakeWorld([], [flat, generator, user, ZIG]), "package:lib-user", target="linux-arm64")
    where = {step.soft: step.target for step in plan.steps}
    assert where == {
        "compiler.zig": "linux-x86_64",
        "lib.flat": "linux-arm64",
        "tool.flatc": "linux-x86_64",
        "lib.user": "linux-arm64",
    }


def test_what_was_asked_before_changes_nothing() -> None:
    z = make("lib-z", "lib.z", ("1.2", "1.5", "2.0"))
    world = FakeWorld([library("1.2"), library("1.5")], [z])
    first = solve(world, "soft:lib.z")
    solve(world, "soft:lib.z@1.5")
    solve(world, "package:lib-z@2")
    assert solve(world, "soft:lib.z") == first
