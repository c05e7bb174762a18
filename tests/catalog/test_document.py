"""Documents: typed, unknown keys refused by name, one bad file not stopping the others."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from pkgmgr.catalog.document import DOCUMENT_KINDS, document_schema, document_to_json, parse_document
from pkgmgr.catalog.index import Catalog
from pkgmgr.catalog.repository import BUILT_IN, Repository, built_in_root
from pkgmgr.model.errors import DocumentError
from pkgmgr.model.package import Package
from pkgmgr.model.soft import Soft

BAD = [
    ('name = "tool.x"\nsummary = "x"\nfnd = {}\n', Soft, ["'fnd'", "'find'"]),
    ('name = "tool.x"\nsummary = "x"\n[find]\nexecutable = ["x"]\n', Soft, ["'find.executable'", "'executables'"]),
    ('name = "tool.x"\nsummary = "x"\n[[probe]]\nargs = ["x"]\n', Soft, ["'probe[0].args'", "'argv'"]),
    ('name = "tool.x"\nsummary = 3\n', Soft, ["str", "int", "summary"]),
    ('name = "tool.x"\nsummary = \n', Soft, [":2:", "TOML"]),
    ('summary = "x"\n', Soft, ["name"]),
    (
        (
            'name = "lib-x"\nsummary = "x"\nprovides = "lib.x"\nlicense = "MIT"\nhomepage = ""\n'
            '[[step]]\nuse = "compile"\nsource = ["a.c"]\noutput = "a"\n'
        ),
        Package,
        ["'step[0].source'", "'sources'"],
    ),
    (
        'name = "lib-x"\nsummary = "x"\nprovides = "lib.x"\nlicense = "MIT"\nhomepage = ""\n[[step]]\nuse = "shell"\n',
        Package,
        ["shell"],
    ),
    (
        (
            'name = "lib-x"\nsummary = "x"\nprovides = "lib.x"\nlicense = "MIT"\nhomepage = ""\n'
            '[[source]]\nversion = "1"\nurls = ["https://x/y"]\n'
        ),
        Package,
        ["sha256"],
    ),
]


@pytest.mark.parametrize(("text", "kind", "words"), BAD, ids=[row[2][0] for row in BAD])
def test_what_is_wrong_is_named(text: str, kind: type[msgspec.Struct], words: list[str]) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_document(text, kind, where="x/soft.toml")
    for word in ["x/soft.toml", *words]:
        assert word in str(caught.value)


def test_every_document_survives_json(tmp_path: Path) -> None:
    catalog = Catalog(repositories=[Repository(name=BUILT_IN, root=built_in_root())])
    documents = [*catalog.softs(), *catalog.packages(), *catalog.envs(), *catalog.targets()]
    assert not catalog.problems
    assert len(documents) > 30
    for document in documents:
        text = document_to_json(document)  # type: ignore[arg-type]
        assert parse_document(text, type(document), where="x.json") == document


@pytest.mark.parametrize("kind", sorted(DOCUMENT_KINDS))
def test_the_schema_refuses_unknown_keys(kind: str) -> None:
    schema = document_schema(kind)
    json.dumps(schema)
    assert schema["$ref"].startswith("#/$defs/")  # type: ignore[attr-defined]
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    root = definitions[str(schema["$ref"]).rsplit("/", 1)[-1]]
    assert root["additionalProperties"] is False


def test_one_bad_file_is_reported_and_skipped(tmp_path: Path) -> None:
    for name, text in {"tool.good": 'name = "tool.good"\nsummary = "g"\n', "tool.bad": "name = \n"}.items():
        folder = tmp_path / "soft_plugins" / name
        folder.mkdir(parents=True)
        (folder / "soft.toml").write_text(text)
    catalog = Catalog(repositories=[Repository(name="mine", root=tmp_path)])
    assert [soft.name for soft in catalog.softs()] == ["tool.good"]
    assert [problem.path.parent.name for problem in catalog.problems] == ["tool.bad"]


def test_a_changed_document_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "soft_plugins" / "tool.x" / "soft.toml"
    file.parent.mkdir(parents=True)
    file.write_text('name = "tool.x"\nsummary = "old"\n')

    def summary() -> str:
        catalog = Catalog(repositories=[Repository(name="mine", root=tmp_path)], cache_folder=tmp_path / "cache")
        soft = catalog.soft("tool.x")
        catalog.save()
        assert soft is not None
        return soft.summary

    assert summary() == "old"
    assert summary() == "old"
    file.write_text('name = "tool.x"\nsummary = "newer"\n')
    assert summary() == "newer"


def test_a_clash_is_visible_and_the_first_repository_wins(tmp_path: Path) -> None:
    for repository in ("first", "second"):
        file = tmp_path / repository / "soft_plugins" / "tool.x" / "soft.toml"
        file.parent.mkdir(parents=True)
        file.write_text(f'name = "tool.x"\nsummary = "{repository}"\n')
    repositories = [Repository(name=name, root=tmp_path / name) for name in ("first", "second")]
    catalog = Catalog(repositories=repositories)
    soft = catalog.soft("tool.x")
    assert soft is not None
    assert soft.summary == "first"
    assert "hidden by 'first'" in catalog.clashes[0]


@pytest.mark.parametrize("name", ["tool.mine", "tool.json", "tool.empty", "tool.none", "", ".", "..", "../mine", "_x"])
def test_one_document_looked_up_alone_is_the_one_that_a_listing_shows(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine" / "soft_plugins"
    for place, file in [("tool.mine", "soft.toml"), ("tool.json", "soft.json"), ("_x", "soft.toml")]:
        (folder / place).mkdir(parents=True)
        (folder / place / file).write_text("{}" if file.endswith("json") else f'name = "{place}"\n')
    (folder / "tool.mine" / "hook.py").write_text("")
    (folder / "tool.empty").mkdir()
    (tmp_path / "mine" / "soft.toml").write_text("")
    alone, listed = (Catalog(repositories=[Repository(name="mine", root=tmp_path / "mine")]) for _ in range(2))
    listed.names("soft")
    assert alone.stamp("soft", name) == listed.stamp("soft", name)
    assert bool(alone.stamp("soft", name)) == (name in ("tool.mine", "tool.json"))
