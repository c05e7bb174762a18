"""Demands for what a thing can do: a compiler of a standard, any MPI, any BLAS; over the softs that come along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import pytest

from pkgmgr.catalog.index import Catalog
from pkgmgr.catalog.repository import BUILT_IN, Repository, built_in_root
from pkgmgr.model.entry import Entry, Value
from pkgmgr.model.errors import CkpmError, ConflictError, NotFoundError
from pkgmgr.model.package import Package, Require, Source
from pkgmgr.model.plan import Plan
from pkgmgr.model.soft import Soft
from pkgmgr.model.target import Target, TargetDocument, parse_target
from pkgmgr.resolve.option import Choice, Preference
from pkgmgr.resolve.solve import resolve

CATALOG = Catalog(repositories=[Repository(name=BUILT_IN, root=built_in_root())])
HOST = parse_target("linux-x86_64")


@dataclass
class FakeHome:
    """The catalog's softs and targets, with entries and packages given as lists."""

    present: Sequence[Entry] = ()
    made: Sequence[Package] = ()

    def soft(self, name: str) -> Soft:
        return CATALOG.require_soft(name)

    def softs_tagged(self, tags: Sequence[str]) -> Sequence[Soft]:
        softs = [soft for soft in CATALOG.softs() if set(tags).issubset(soft.all_tags)]
        return sorted(softs, key=lambda soft: (soft.rank, soft.name))

    def entries(self, soft: str) -> Sequence[Entry]:
        return [entry for entry in self.present if entry.soft == soft]

    def is_known(self, entry: Entry) -> bool:
        return True

    def is_outdated(self, entry: Entry) -> bool:
        return False

    def package(self, name: str) -> Package:
        return next(package for package in self.made if package.name == name)

    def providers(self, soft: str) -> Sequence[Package]:
        return [package for package in self.made if package.provides == soft]

    def target(self, name: str) -> TargetDocument:
        return CATALOG.require_target(name)[1]

    def facts(self, target: Target) -> Mapping[str, str]:
        return {}


def compiler(
    soft: str, version: str, *emits: str, standards: Sequence[str] | None = (), languages: str = "c cxx"
) -> Entry:
    attributes: dict[str, Value] = {"languages": [*languages.split()], "emits": [*(emits or ("linux-x86_64",))]}
    if standards is not None:
        attributes["standards"] = [*standards]
    return Entry(
        id=f"{soft}-{version}",
        soft=soft,
        version=version,
        prefix="/usr",
        target="linux-x86_64",
        origin="system",
        files={"c": f"/usr/bin/{soft}-{version}"},
        attributes=attributes,
    )


def library(soft: str, version: str, package: str | None = None) -> Entry:
    return Entry(
        id=f"{soft}-{version}",
        soft=soft,
        version=version,
        prefix=f"/{soft}",
        target="linux-x86_64",
        origin="package" if package else "system",
        package=package,
    )


def make(name: str, soft: str, version: str = "1.0", **more: object) -> Package:
    row = Source(version=version, urls=("file:/x",), sha256="0" * 64)
    base = Package(name=name, summary="x", provides=soft, license="MIT", homepage="x", source=(row,))
    return msgspec.structs.replace(base, **more)


def wanting(*languages: str, **more: object) -> Require:
    return msgspec.structs.replace(Require(tags=("compiler",), languages=languages, role="compiler"), **more)


def solve(
    home: FakeHome,
    *wanted: str | Require,
    target: str = "linux-x86_64",
    prefer: Preference | None = None,
    only: Preference | None = None,
) -> Plan:
    choice = Choice(host=HOST, prefer=prefer, only=only)
    return resolve(wanted, world=home, target=parse_target(target), choice=choice)


def taken(plan: Plan) -> list[tuple[str, str, str | None]]:
    return [(step.action, step.soft, step.version) for step in plan.steps]


OLD = compiler("compiler.gcc", "4.8.5", "linux-arm64", standards=["c99", "c11", "cxx11"])
NEW = compiler("compiler.llvm", "16.0.6", "linux-x86_64", "linux-arm64", standards=["c11", "c17", "cxx14", "cxx17"])
ZIG = make(
    "compiler-zig",
    "compiler.zig",
    "0.11.0",
    product="host",
    languages=("c", "cxx"),
    emits=("linux-x86_64", "linux-arm64"),
)


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        pytest.param(["c"], ("reuse", "compiler.gcc", "4.8.5"), id="any C: the preferred soft, however old"),
        pytest.param(["cxx"], ("reuse", "compiler.gcc", "4.8.5"), id="any C++"),
        pytest.param(["c", "cxx11"], ("reuse", "compiler.gcc", "4.8.5"), id="a standard that it takes"),
        pytest.param(["cxx17"], ("reuse", "compiler.llvm", "16.0.6"), id="C++17: the one that has it"),
        pytest.param(["c11", "cxx17"], ("reuse", "compiler.llvm", "16.0.6"), id="two standards"),
        pytest.param(["c99", "cxx20"], ("install", "compiler.zig", "0.11.0"), id="C++20: none that is here"),
    ],
)
@pytest.mark.parametrize("order", [[OLD, NEW], [NEW, OLD]], ids=["old first", "new first"])
def test_a_compiler_that_emits_the_target_and_takes_the_standard(
    languages: list[str], expected: tuple[str, str, str], order: list[Entry]
) -> None:
    plan = solve(FakeHome(order, [ZIG]), wanting(*languages), target="linux-arm64")
    assert taken(plan) == [expected]


def test_the_newest_that_is_asked_for_of_one_soft() -> None:
    new = compiler("compiler.gcc", "12.2.0", standards=["cxx17", "cxx20"])
    home = FakeHome([compiler("compiler.gcc", "7.5.0", standards=["cxx14"]), new])
    named = Require(soft="compiler.gcc", languages=("cxx17",))
    assert taken(solve(home, named)) == [("reuse", "compiler.gcc", "12.2.0")]
    with pytest.raises(NotFoundError, match=r"nothing meets soft:compiler\.gcc@7 for cxx17"):
        solve(home, Require(soft="compiler.gcc@7", languages=("cxx17",)))


def test_a_text_names_languages_too() -> None:
    new = compiler("compiler.gcc", "12.2.0", standards=["c11", "cxx17"])
    home = FakeHome([compiler("compiler.gcc", "14.1.0", languages="c", standards=["c11", "c23"]), new])
    assert taken(solve(home, "soft:compiler.gcc")) == [("reuse", "compiler.gcc", "14.1.0")]
    assert taken(solve(home, "soft:compiler.gcc+languages=c11/cxx17")) == [("reuse", "compiler.gcc", "12.2.0")]
    zig = taken(solve(FakeHome([], [ZIG]), "soft:compiler.zig+languages=cxx20"))
    assert zig == [("install", "compiler.zig", "0.11.0")]
    with pytest.raises(NotFoundError, match=r"compiler\.gcc 14\.1\.0 has no C\+\+"):
        solve(home, "soft:compiler.gcc@14+languages=cxx")


def test_a_package_is_built_with_a_compiler_of_its_standard() -> None:
    modern = make("lib-modern", "lib.fmt", requires=(wanting("cxx17"),))
    plain = make("lib-plain", "lib.zlib", requires=(wanting("c"),))
    plan = solve(FakeHome([OLD, NEW], [modern, plain]), "soft:lib.fmt", "soft:lib.zlib", target="linux-arm64")
    by_soft = {step.soft: step for step in plan.steps}
    assert by_soft["lib.fmt"].needs == {"compiler": "compiler.llvm-16.0.6"}
    # One that is taken already will do for what asks for less.
    assert by_soft["lib.zlib"].needs in ({"compiler": "compiler.llvm-16.0.6"}, {"compiler": "compiler.gcc-4.8.5"})


@pytest.mark.parametrize(
    ("version", "stated", "standard", "makes_it"),
    [
        pytest.param("0.11.0", ("c", "cxx"), "cxx20", True, id="of its soft's table"),
        pytest.param("0.11.0", ("c", "cxx"), "cxx23", False, id="not by this version"),
        pytest.param("0.12.0", ("c", "cxx"), "cxx23", True, id="by a later one"),
        pytest.param("0.12.0", ("c",), "cxx17", False, id="of a language that it is not made for"),
        pytest.param("0.11.0", ("c", "cxx23"), "cxx23", True, id="as its document says"),
        pytest.param("0.11.0", ("c", "cxx23"), "cxx", True, id="a standard's language goes without saying"),
    ],
)
def test_what_a_package_makes_follows_from_its_version(
    version: str, stated: tuple[str, ...], standard: str, makes_it: bool
) -> None:
    zig = make("compiler-zig", "compiler.zig", version, product="host", languages=stated, emits=("linux-*",))
    try:
        plan = solve(FakeHome([], [zig]), wanting(standard))
    except NotFoundError:
        assert not makes_it
    else:
        assert makes_it
        assert taken(plan) == [("install", "compiler.zig", version)]


def test_what_was_installed_before_softs_knew_of_standards() -> None:
    old = compiler("compiler.gcc", "12.2.0", standards=None)
    ndk = msgspec.structs.replace(
        compiler("compiler.android-ndk", "26.3.1", "android-arm64", standards=None),
        attributes={"languages": ["c", "cxx"], "emits": ["android-arm64"], "clang": "17.0.2"},
    )
    home = FakeHome([old, ndk])
    assert taken(solve(home, wanting("cxx20"))) == [("reuse", "compiler.gcc", "12.2.0")]
    assert taken(solve(home, wanting("cxx23"), target="android-arm64")) == [("reuse", "compiler.android-ndk", "26.3.1")]
    with pytest.raises(NotFoundError):
        solve(home, wanting("c23"))


@pytest.mark.parametrize(
    ("present", "languages", "said"),
    [
        pytest.param([OLD], ["c", "cxx17"], "compiler.gcc 4.8.5 has no C++17: it needs ≥ 8", id="too old"),
        pytest.param(
            [compiler("compiler.gcc", "12.2.0", languages="c", standards=["c17"])],
            ["cxx17"],
            "compiler.gcc 12.2.0 has no C++",
            id="without its g++",
        ),
        pytest.param(
            [compiler("compiler.aocc", "4.0.0", standards=["cxx20"])],
            ["cxx23"],
            "compiler.aocc 4.0.0 has no C++23: it needs clang ≥ 17",
            id="by another number",
        ),
        pytest.param(
            [compiler("compiler.icx", "2024.1.0", standards=["cxx20"])],
            ["cxx23"],
            "compiler.icx 2024.1.0 has no C++23",
            id="no version is known to",
        ),
        pytest.param(
            [OLD, compiler("compiler.llvm", "9.0.1", "linux-arm64", standards=["c17", "cxx17"])],
            ["c17", "cxx17", "cxx20"],
            "compiler.llvm 9.0.1 has no C++20: it needs ≥ 10",
            id="the one that lacks least",
        ),
        pytest.param([OLD], ["cxx71"], "has no C++71, which is no standard that is known here", id="a slip"),
    ],
)
def test_none_takes_it(present: list[Entry], languages: list[str], said: str) -> None:
    target = "linux-arm64" if OLD in present else "linux-x86_64"
    with pytest.raises(NotFoundError) as failure:
        solve(FakeHome(present), wanting(*languages), target=target)
    message = failure.value.message
    assert f"nothing meets tags compiler for {', '.join(languages)}" in message
    assert message.endswith(said)


def test_a_compiler_for_another_target_is_not_called_the_nearest() -> None:
    with pytest.raises(NotFoundError) as failure:
        solve(FakeHome([OLD]), wanting("cxx17"))  # it emits linux-arm64 alone
    assert "has no C++17" not in failure.value.message


def test_only_what_would_do_is_offered_in_its_place() -> None:
    cross = make("compiler-cross", "compiler.gcc", "4.9.0", product="host", languages=("c", "cxx"), emits=("linux-*",))
    with pytest.raises(NotFoundError) as failure:
        solve(FakeHome([OLD], [ZIG, cross]), wanting("cxx17"), target="linux-arm64", only="detected")
    assert failure.value.hint == "without --only detected, compiler-zig may make it"


def test_who_needs_the_standard_is_told() -> None:
    modern = make("lib-modern", "lib.fmt", requires=(wanting("cxx17"),))
    with pytest.raises(CkpmError) as failure:
        solve(FakeHome([OLD], [modern]), "soft:lib.fmt", target="linux-arm64")
    assert "needed by package:lib-modern" in failure.value.message
    assert "compiler.gcc 4.8.5 has no C++17: it needs ≥ 8" in failure.value.message


MPI = Require(tags=("mpi",))
BLAS = Require(tags=("blas",), role="blas")
MPICH, OPENMPI = library("lib.mpich", "4.0.2"), library("lib.openmpi", "4.1.4")
MAKE_MPICH, MAKE_OPENBLAS = make("lib-mpich", "lib.mpich", "4.2.0"), make("lib-openblas", "lib.openblas", "0.3.27")


def test_any_mpi() -> None:
    assert taken(solve(FakeHome([OPENMPI], [MAKE_MPICH]), MPI)) == [("reuse", "lib.openmpi", "4.1.4")]
    assert taken(solve(FakeHome([], [MAKE_MPICH]), MPI)) == [("install", "lib.mpich", "4.2.0")]
    assert taken(solve(FakeHome([OPENMPI], [MAKE_MPICH]), MPI, prefer="installed")) == [
        ("install", "lib.mpich", "4.2.0")
    ]


def test_of_two_the_order_does_not_decide_but_a_preference_does() -> None:
    for present in ([MPICH, OPENMPI], [OPENMPI, MPICH]):
        first = taken(solve(FakeHome(present), MPI))
        assert first == taken(solve(FakeHome(present[::-1]), MPI))
        for soft in ("lib.openmpi", "lib.mpich"):
            assert [row[1] for row in taken(solve(FakeHome(present), Require(tags=("mpi",), prefer=(soft,))))] == [soft]


def test_any_mpi_is_the_one_that_the_result_holds_already() -> None:
    home = FakeHome([MPICH, OPENMPI])
    for named in ("soft:lib.openmpi", "soft:lib.mpich"):
        assert [row[1] for row in taken(solve(home, MPI, named))] == [named.removeprefix("soft:")]


def test_two_mpis_are_none() -> None:
    with pytest.raises(ConflictError, match="another mpi"):
        solve(FakeHome([MPICH, OPENMPI]), "soft:lib.openmpi", "soft:lib.mpich")


def test_any_blas() -> None:
    reference, openblas = library("lib.reference-blas", "3.11.0"), library("lib.openblas", "0.3.21")
    assert taken(solve(FakeHome([reference], [MAKE_OPENBLAS]), BLAS)) == [("reuse", "lib.reference-blas", "3.11.0")]
    assert taken(solve(FakeHome([reference], [MAKE_OPENBLAS]), BLAS, prefer="installed")) == [
        ("install", "lib.openblas", "0.3.27")
    ]
    # With LAPACK, too: the reference BLAS alone has none.
    both = Require(tags=("blas", "lapack"))
    assert taken(solve(FakeHome([reference, openblas]), both)) == [("reuse", "lib.openblas", "0.3.21")]


def test_what_a_package_installed_counts_among_any() -> None:
    installed = library("lib.openblas", "0.3.27", package="lib-openblas")
    home = FakeHome([library("lib.reference-blas", "3.11.0"), installed], [MAKE_OPENBLAS])
    assert [row[1] for row in taken(solve(home, BLAS, prefer="installed"))] == ["lib.openblas"]
    assert [row[1] for row in taken(solve(home, BLAS, prefer="detected"))] == ["lib.reference-blas"]


@pytest.mark.parametrize("tag", ["mpi", "blas"])
def test_no_provider_at_all(tag: str) -> None:
    with pytest.raises(NotFoundError) as failure:
        solve(FakeHome(), Require(tags=(tag,)))
    assert f"nothing meets tags {tag}" in failure.value.message
    assert "ckpm why lib." in (failure.value.hint or "") or "ckpm why tool." in (failure.value.hint or "")


def test_the_tags_of_no_soft() -> None:
    with pytest.raises(NotFoundError, match="nothing meets tags mpi,blas") as failure:
        solve(FakeHome([MPICH]), Require(tags=("mpi", "blas")))
    assert "no soft has all of these tags" in (failure.value.hint or "")
