"""ckpm: detect, install, pin and run what ML and systems workflows need."""

from __future__ import annotations

__version__ = "0.1.0"
