"""The schema of a document with what each key means, and the reference page made from it.

Touches: the source files of the nouns, where each field's meaning stands as a text below it.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from pkgmgr.catalog.document import DOCUMENT_KINDS, document_schema, document_struct


def described_schema(kind: str) -> dict[str, Any]:
    """Give the JSON Schema of one kind of document, each property with its description."""
    schema: dict[str, Any] = document_schema(kind)
    types = {item.__name__: item for item in _structs(document_struct(kind), set())}
    for name, definition in schema["$defs"].items():
        if name in types:
            meanings = field_meanings(types[name])
            for key, row in definition.get("properties", {}).items():
                if key in meanings:
                    row["description"] = meanings[key]
    return schema


def field_meanings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Give the text below each field of a struct, those of its bases too."""
    meanings: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        if base.__module__.startswith("pkgmgr."):
            meanings |= _texts_below(ast.parse(textwrap.dedent(inspect.getsource(base))).body[0])
    return meanings


def _texts_below(definition: ast.AST) -> dict[str, str]:
    found = {}
    body = getattr(definition, "body", [])
    for field, text in itertools.pairwise(body):
        is_text = (
            isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
        )
        if is_text and isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            found[field.target.id] = " ".join(text.value.value.split())
    return found


def _structs(wanted: object, seen: set[object]) -> Iterator[type[msgspec.Struct]]:
    """Give every struct that a type is made of."""
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        if wanted in seen:
            return
        seen.add(wanted)
        yield wanted
        for field in msgspec.structs.fields(wanted):
            yield from _structs(field.type, seen)
    for part in getattr(wanted, "__args__", ()):
        yield from _structs(part, seen)


def reference_page(kind: str) -> str:
    """Write the reference of one kind of document as Markdown."""
    schema = described_schema(kind)
    definitions: Mapping[str, Any] = schema["$defs"]
    root = schema["$ref"].rpartition("/")[2]
    lines = [
        f"# `{kind}.toml`",
        "",
        "Made from the schema (`python -m pkgmgr.catalog.described`); `ckpm schema " + kind,
    ]
    lines[-1] += "` prints the same as JSON Schema. Unknown keys are errors."
    for name in _ordered(root, definitions):
        definition = definitions[name]
        if "properties" not in definition:
            continue
        lines += [
            "",
            f"## {name}",
            "",
            _plain(definition.get("description", "")),
            "",
            "| key | type | default | meaning |",
        ]
        lines.append("|---|---|---|---|")
        required = definition.get("required", [])
        for key, row in definition["properties"].items():
            default = "**required**" if key in required else f"`{_default(row)}`"
            lines.append(f"| `{key}` | {_type(row)} | {default} | {_plain(row.get('description', ''))} |")
    return "\n".join(lines) + "\n"


def _ordered(root: str, definitions: Mapping[str, Any]) -> list[str]:
    """Give the definitions in the order in which they are first spoken of."""
    found = [root]
    for name in found:
        text = str(definitions[name])
        found += [other for other in re.findall(r"#/\$defs/(\w+)", text) if other not in found and other in definitions]
    return list(dict.fromkeys(found))


def _type(row: Mapping[str, Any]) -> str:
    if "$ref" in row:
        name = row["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in row:
        return f"`{row['const']}`"
    if "enum" in row:
        return ", ".join(f"`{item}`" for item in row["enum"])
    if "anyOf" in row:
        return " or ".join(dict.fromkeys(_type(item) for item in row["anyOf"]))
    if row.get("type") == "array":
        return f"list of {_type(row['items'])}" if isinstance(row.get("items"), dict) else "list"
    if row.get("type") == "object":
        inner = row.get("additionalProperties")
        return f"table of {_type(inner)}" if isinstance(inner, dict) and inner else "table"
    return str(row.get("type", "any value"))


def _default(row: Mapping[str, Any]) -> str:
    value = row.get("default")
    return msgspec.json.encode(value).decode().replace("|", "\\|") if "default" in row else "{}"


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|")


def main(folder: str = "docs/reference") -> None:
    """Write the pages anew."""
    from pathlib import Path

    for kind in DOCUMENT_KINDS:
        Path(folder, f"{kind}.md").write_text(reference_page(kind), encoding="utf-8")


if __name__ == "__main__":
    main()
