"""How much of a file's content a record keeps: what tells what it is, and not the 100 MB around it. Pure."""

from __future__ import annotations

import re

import msgspec

from pkgmgr.host.archive import shortened

SCANNED = 1 << 16
"""Bytes; who reads more than this of an object looks for something inside of it."""
_MOST_TEXT = 1 << 16
_MOST_INDEX = 1 << 20
"""Of what has to be whole to be read at all."""
_MOST_BYTES = 1 << 16
_MOST_STRINGS = 1 << 16
_MOST_HEADER = 1 << 14
_ELF_HEAD = 64
_INDEXES = (".json", ".yaml", ".yml", ".toml", ".txt")
_STRING = re.compile(rb"[\x20-\x7e]{5,}")
_RECORD_DIGEST = re.compile(r"(?<=,sha256=)[\w-]+")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_BLANK_LINES = re.compile(r"\n\s*\n")
_HEADERS = (".h", ".hpp", ".hh", ".hxx", ".cuh")


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of one file."""

    text: str | None = None
    content: bytes | None = None
    is_cut: bool = False
    """True: there was more, and somebody might look for it."""


def keep(path: str, content: bytes, *, asked: int) -> Kept:
    """Choose what to keep of the beginning of a file.

    Of an ELF object its facts are kept elsewhere. One that was read further in was searched for something: its texts
    are kept. A long header loses its comments.

    :param asked: how many bytes were asked for; fewer came when the file ends there.
    """
    is_whole = len(content) < asked
    if content.startswith(b"\x7fELF"):
        return _keep_elf(content, is_searched=asked > SCANNED)
    short = shortened(content)
    if short is not content:
        return Kept(content=short)
    text = _decode(content, is_whole=is_whole)
    if text is None:
        return Kept(content=content[:_MOST_BYTES], is_cut=not is_whole or len(content) > _MOST_BYTES)
    if path.endswith(".dist-info/RECORD"):
        text = _RECORD_DIGEST.sub("", text)  # two thirds of it, and no file is there to be held against it
    if path.endswith(_HEADERS) and len(text) > _MOST_HEADER:
        rest = _BLANK_LINES.sub("\n", _COMMENT.sub("", text[_MOST_HEADER:]))
        return Kept(text=text[:_MOST_HEADER] + rest, is_cut=not is_whole)
    is_wanted_whole = path.endswith(_INDEXES) or text.startswith("#!")
    most = _MOST_INDEX if is_wanted_whole else _MOST_TEXT
    return Kept(text=text[:most], is_cut=not is_whole or len(text) > most)


def _keep_elf(content: bytes, *, is_searched: bool) -> Kept:
    head = content[:_ELF_HEAD]
    if not is_searched:
        return Kept(content=head, is_cut=True)
    strings = b"\0".join(_STRING.findall(content))
    return Kept(content=head + b"\0" + strings[:_MOST_STRINGS] + b"\0", is_cut=len(strings) > _MOST_STRINGS)


def _decode(content: bytes, *, is_whole: bool) -> str | None:
    """Decode the beginning of a text, which may end inside of a character; None for other content."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        is_cut = not is_whole and error.start > len(content) - 4
        return content[: error.start].decode("utf-8") if is_cut else None
