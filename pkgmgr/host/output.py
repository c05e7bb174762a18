"""From what a program wrote for a terminal to plain text. Pure."""

from __future__ import annotations

import re

# What follows is for the few programs that print such things: compiled when one does.
_TERMINAL_CODES = (
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)"  # OSC, DCS …: titles, links
    r"|\x1b[ -/]*[0-~]"  # character sets, save and restore
)
_OVERSTRIKE = r"[^\n]\x08"  # bold of man pages: X, backspace, X
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean_output(content: bytes) -> str:
    """Decode a program's output as UTF-8, without colours, titles or other codes and with Unix line ends."""
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    if "\r" in text:
        # A carriage return alone rewrites a progress line: what came before it was another line.
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _CONTROLS.search(text) is None:
        return text
    return _CONTROLS.sub("", re.sub(_OVERSTRIKE, "", re.sub(_TERMINAL_CODES, "", text)))
