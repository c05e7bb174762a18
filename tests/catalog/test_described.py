"""The reference is made from the schema, and every key in it says what it means."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgmgr.catalog.described import described_schema, field_meanings, reference_page
from pkgmgr.catalog.document import DOCUMENT_KINDS
from pkgmgr.model.soft import Probe

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
def test_the_reference_is_what_the_schema_says(kind: str) -> None:
    page = ROOT / "docs" / "reference" / f"{kind}.md"
    # Compared apart: to show where two long texts differ takes pytest minutes.
    is_current = page.read_text(encoding="utf-8") == reference_page(kind)
    assert is_current, "run: python -m pkgmgr.catalog.described"


def test_a_meaning_stands_below_its_field() -> None:
    assert field_meanings(Probe)["read"] == "Instead of running: the text file to read."


def test_a_schema_tells_what_keys_mean() -> None:
    probe = described_schema("soft")["$defs"]["Probe"]["properties"]
    assert "text file" in probe["read"]["description"]


def test_a_page_names_defaults_and_requirements() -> None:
    page = reference_page("soft")
    assert "| `name` | string | **required** |" in page
    assert "[Probe](#probe)" in page
