"""Turn the text of a document into its typed value, or say what is wrong with it and where. Pure."""

from __future__ import annotations

import importlib
import re
import types
import typing
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from pkgmgr.model.errors import DocumentError

if TYPE_CHECKING:
    from pkgmgr.model.soft import Document
    from pkgmgr.model.target import TargetDocument

_TYPES = {
    "soft": ("soft", "Soft"),
    "package": ("package", "Package"),
    "env": ("env", "Env"),
    "target": ("target", "TargetDocument"),
}
DOCUMENT_KINDS = tuple(_TYPES)

_D = TypeVar("_D", bound=msgspec.Struct)
_UNKNOWN_FIELD = r"^Object contains unknown field `(?P<key>[^`]*)`(?: - at `\$(?P<where>.*)`)?$"


def document_struct(kind: str) -> type[msgspec.Struct]:
    """Give the schema of one kind of document. Its module is imported then: few commands read all kinds."""
    module, name = _TYPES[kind]
    schema: type[msgspec.Struct] = getattr(importlib.import_module(f"pkgmgr.model.{module}"), name)
    return schema


def parse_document(text: str, document_type: type[_D], *, where: str) -> _D:
    """Read one document from TOML, or from JSON when ``where`` ends in ``.json``.

    :param where: the file's name, for messages.
    :raises DocumentError: for a syntax error, an unknown key (naming the nearest right one) or a wrong type.
    """
    raw = _parse_syntax(text, where)
    try:
        return msgspec.convert(raw, document_type, str_keys=True)
    except msgspec.ValidationError as error:
        raise DocumentError(f"{where}: {_explain(str(error), raw, document_type)}") from error


def _parse_syntax(text: str, where: str) -> object:
    if where.endswith(".json"):
        import json

        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise DocumentError(f"{where}:{error.lineno}: not valid JSON: {error.msg}") from error
    import tomllib  # 8 ms that a cached catalog need not pay

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        place = f"{where}:{line.group(1)}" if line else where
        raise DocumentError(f"{place}: not valid TOML: {error}") from error


def _explain(message: str, raw: object, document_type: type[msgspec.Struct]) -> str:
    unknown = re.match(_UNKNOWN_FIELD, message)
    if unknown is None:
        return _spell_path(message)
    where = unknown.group("where") or ""
    # msgspec names a key inside a list or mapping as `[...]` and keeps to the first wrong one.
    for struct, keys, path in _unknown_keys(raw, document_type, ""):
        for key in keys:
            nearest = nearest_name(key, _field_names(struct))
            guess = f"did you mean {nearest!r}?" if nearest else f"known keys: {', '.join(_field_names(struct))}"
            return f"unknown key {(path + '.' + key).lstrip('.')!r}; {guess}"
    return f"unknown key {(where + '.' + unknown.group('key')).lstrip('.')!r}"


def _spell_path(message: str) -> str:
    return re.sub(r" - at `\$\.?(?P<path>[^`]*)`$", lambda found: f" in {found['path']!r}", message)


def nearest_name(name: str, known: typing.Iterable[str]) -> str | None:
    """Give the known name that a person most likely meant, or None."""
    import difflib

    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def _field_names(struct: type[msgspec.Struct]) -> list[str]:
    names = [field.encode_name for field in msgspec.structs.fields(struct)]
    config = struct.__struct_config__
    return [*names, config.tag_field] if config.tag is not None and config.tag_field else names


def _unknown_keys(value: object, expected: Any, path: str) -> Iterator[tuple[type[msgspec.Struct], list[str], str]]:
    """Walk a value along its type and give each struct's keys that it does not have."""
    if isinstance(value, dict):
        struct = _struct_for(expected, value)
        if struct is not None:
            hints = typing.get_type_hints(struct)
            names = _field_names(struct)
            unknown = [key for key in value if key not in names]
            if unknown:
                yield struct, unknown, path
            for key, item in value.items():
                if key in hints:
                    yield from _unknown_keys(item, hints[key], f"{path}.{key}")
            return
        for option in _options(expected):
            arguments = typing.get_args(option)
            if typing.get_origin(option) is not None and len(arguments) == 2:
                for key, item in value.items():
                    yield from _unknown_keys(item, arguments[1], f"{path}.{key}")
    elif isinstance(value, list):
        for option in _options(expected):
            arguments = typing.get_args(option)
            if arguments and typing.get_origin(option) in (tuple, list):
                for number, item in enumerate(value):
                    yield from _unknown_keys(item, arguments[0], f"{path}[{number}]")


def _options(expected: Any) -> tuple[Any, ...]:
    if typing.get_origin(expected) in (typing.Union, types.UnionType):
        return typing.get_args(expected)
    return (expected,)


def _struct_for(expected: Any, value: Mapping[str, object]) -> type[msgspec.Struct] | None:
    structs = [item for item in _options(expected) if isinstance(item, type) and issubclass(item, msgspec.Struct)]
    for struct in structs:
        config = struct.__struct_config__
        if config.tag is None or value.get(config.tag_field or "type") == config.tag:
            return struct
    return None


def document_schema(kind: str) -> dict[str, object]:
    """Give the JSON Schema of one kind of document: ``soft``, ``package``, ``env`` or ``target``."""
    schema = msgspec.json.schema(document_struct(kind))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def document_to_json(document: Document | TargetDocument) -> str:
    """Write a document as indented JSON, which `parse_document` reads back to the same value."""
    import json

    builtins = msgspec.to_builtins(document)
    return json.dumps(_without_defaults(document, builtins), indent=2, ensure_ascii=False) + "\n"


def _without_defaults(value: object, builtins: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        kept = {}
        for field in msgspec.structs.fields(type(value)):
            item = getattr(value, field.name)
            default = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
            if default is msgspec.NODEFAULT or item != default:
                kept[field.encode_name] = _without_defaults(item, builtins[field.encode_name])
        config = type(value).__struct_config__
        if config.tag is not None and config.tag_field:
            kept = {config.tag_field: config.tag, **kept}
        return kept
    if isinstance(value, tuple | list):
        return [_without_defaults(item, built) for item, built in zip(value, builtins, strict=True)]
    if isinstance(value, Mapping):
        return {key: _without_defaults(item, builtins[key]) for key, item in value.items()}
    return builtins
