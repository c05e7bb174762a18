"""Which root folders a modulefile names, as far as its text alone says. Pure: nothing of it is run.

Assignments of literals, ``pathJoin`` and ``..`` of Lua, and ``$name`` of Tcl are followed; anything that asks the
machine or branches is left aside, and what depends on it says nothing.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

_ROOT_VARIABLE = re.compile(r"(?:.*_)?(?:ROOT|HOME|DIR|PREFIX|BASE)|EBROOT\w+|CRAY_\w+_PREFIX")
_PATHS = {
    **dict.fromkeys(("PATH",), ("bin", "sbin")),
    **dict.fromkeys(("LD_LIBRARY_PATH", "LIBRARY_PATH", "DYLD_LIBRARY_PATH"), ("lib", "lib64")),
    **dict.fromkeys(("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "INCLUDE"), ("include",)),
    **dict.fromkeys(("CMAKE_PREFIX_PATH",), ("",)),
}
"""Variable → last parts of its folders that stand directly below a root."""

_LUA_COMMENT = re.compile(r"--\[(=*)\[.*?\]\1\]|--[^\n]*", re.DOTALL)
_LUA_ASSIGNMENT = re.compile(r"^[ \t]*(?:local[ \t]+)?(\w+)[ \t]*=[ \t]*([^\n;]+)", re.MULTILINE)
_LUA_CALL = re.compile(
    r"^[ \t]*(prepend_path|append_path|setenv|pushenv)[ \t]*[({][ \t]*([\"'])(\w+)\2[ \t]*,[ \t]*([^\n]+)", re.MULTILINE
)
_LUA_TOKEN = re.compile(r"\"([^\"\n]*)\"|'([^'\n]*)'|(pathJoin\s*\()|(\w+)\s*\(\s*\)|(\w+)|(\.\.)|([(),])")
_TCL_LINE = re.compile(
    r"^[ \t]*(set|setenv|prepend-path|append-path|pushenv)[ \t]+(?:(?:-d|--delim)(?:[ \t]+|=)\S+[ \t]+)?"
    r"(\w+)[ \t]+(\"[^\"\n]*\"|\{[^}\n]*\}|[^\n;]+)",
    re.MULTILINE,
)
_TCL_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def parse_modulefile(text: str, *, name: str, is_lua: bool) -> list[str]:
    """Give the roots that a modulefile puts on paths or into variables, each once, in order.

    :param name: of the module, ``gcc/13.2.0``: a Lua file may ask for it.
    """
    if not is_lua and not text.lstrip().startswith("#%Module"):
        return []
    settings = _lua_settings(text, name) if is_lua else _tcl_settings(text)
    found = (root for variable, value in settings for root in _roots(variable, value))
    return list(dict.fromkeys(found))


def _roots(variable: str, value: str) -> Iterator[str]:
    for part in value.split(":"):
        path = posixpath.normpath(part) if part.startswith("/") else ""
        if not path or path.startswith("//"):
            continue
        if variable in _PATHS:
            folder, last = posixpath.split(path)
            if "" in _PATHS[variable]:
                yield path
            elif last in _PATHS[variable]:
                yield folder
        elif _ROOT_VARIABLE.fullmatch(variable):
            yield path


def _lua_settings(text: str, name: str) -> Iterator[tuple[str, str]]:
    plain = _LUA_COMMENT.sub("", text)
    version = name.rpartition("/")[2] if "/" in name else ""
    known = {"myModuleName": name.rpartition("/")[0] or name, "myModuleVersion": version, "myModuleFullName": name}
    events = sorted([*_LUA_ASSIGNMENT.finditer(plain), *_LUA_CALL.finditer(plain)], key=lambda found: found.start())
    for event in events:
        if event.re is _LUA_ASSIGNMENT:
            value = evaluate_lua(event[2], known)
            known.pop(event[1], None)
            if value is not None:
                known[event[1]] = value
        else:
            value = evaluate_lua(event[4], known)
            if value is not None:
                yield event[3], value


def evaluate_lua(expression: str, known: Mapping[str, str]) -> str | None:
    """Give the text that begins an expression of literals, known names, ``..`` and ``pathJoin``; None for any other.

    It ends where the call around it does, or at its next argument: ``"a" .. b, ":")``.
    """
    tokens = list(_LUA_TOKEN.finditer(expression))
    value, place = _lua_sum(tokens, 0, known)
    is_end = place >= len(tokens) or tokens[place][7] in (")", ",")
    return value if is_end else None


def _lua_sum(tokens: list[re.Match[str]], place: int, known: Mapping[str, str]) -> tuple[str | None, int]:
    value, place = _lua_term(tokens, place, known)
    while place < len(tokens) and tokens[place][6]:
        other, place = _lua_term(tokens, place + 1, known)
        value = value + other if value is not None and other is not None else None
    return value, place


def _lua_term(tokens: list[re.Match[str]], place: int, known: Mapping[str, str]) -> tuple[str | None, int]:
    if place >= len(tokens):
        return None, place
    token = tokens[place]
    if token[3]:
        parts: list[str | None] = []
        while place < len(tokens) and tokens[place][7] != ")":
            part, place = _lua_sum(tokens, place + 1, known)
            parts.append(part)
        texts = [part for part in parts if part is not None]
        joined = posixpath.normpath("/".join(texts)) if texts and len(texts) == len(parts) else None
        return joined, place + 1
    if token[4] or token[5]:
        return known.get(token[4] or token[5]), place + 1
    literal = token[1] if token[1] is not None else token[2]
    return literal, place + 1


def _tcl_settings(text: str) -> Iterator[tuple[str, str]]:
    known: dict[str, str] = {}
    for found in _TCL_LINE.finditer(text):
        command, variable, value = found[1], found[2], _tcl_value(found[3].strip(), known)
        if command == "set":
            known.pop(variable, None)
            if value is not None:
                known[variable] = value
        elif value is not None:
            yield variable, value


def _tcl_value(text: str, known: Mapping[str, str]) -> str | None:
    if text.startswith("{"):
        return text[1:-1]
    plain = text[1:-1] if text.startswith('"') else text.partition(" ")[0]
    if "[" in plain or any((one or two) not in known for one, two in _TCL_VARIABLE.findall(plain)):
        return None
    return _TCL_VARIABLE.sub(lambda found: known[found[1] or found[2]], plain)
