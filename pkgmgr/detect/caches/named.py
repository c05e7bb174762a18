"""What a cache calls a model, and which hash it states of it.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re

import msgspec
from msgspec.structs import replace

from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.models.source import NO_JSON
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value

_TORCH_HASH = re.compile(r"-(?P<hash>[0-9a-f]{8,64})\.\w+$")
_TFHUB_HANDLE = re.compile(rb"^Module: (?P<handle>\S+)", re.MULTILINE)
WHISPER = {
    "tiny.en.pt": "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03",
    "tiny.pt": "65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9",
    "base.en.pt": "25a8566e1d0c1e2231d1c762132cd20e0f96a85d16145c3a00adf5d1ac670ead",
    "base.pt": "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e",
    "small.en.pt": "f953ad0fd29cacd07d5a9eda5624af0f6bcf2258be67c92b79389873d91e0872",
    "small.pt": "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794",
    "medium.en.pt": "d7440d1dc186f76616474e0ff0b3b6b879abc9d1a4926b7adfa41db2d497ab4f",
    "medium.pt": "345ae4da62f9b3d59415adc60127b97c714f32e89e936602e85993674d08dcb1",
    "large-v1.pt": "e4b87e7e0bf463eb8e6956e646f1e277e901512310def2c24bf0e11bd3c28e9a",
    "large-v2.pt": "81f7c96c852ee8fc832187b0132e569d6c3065a3252ed18e56effd0b6a73e524",
    "large-v3.pt": "e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb",
    "large-v3-turbo.pt": "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a",
}
"""Hashes of the files that openai-whisper 20250625 fetches: they stand in the addresses."""


def named_in_cache(files: Files, model: Artifact, ecosystem: str, root: str) -> Artifact:
    """Give a model the name that its cache has for it, and the hash that is stated of it."""
    name = posixpath.relpath(model.path, root)
    told: dict[str, Value] = dict(model.attributes)
    if ecosystem == "torch-hub" and (stated := _TORCH_HASH.search(model.name)) is not None:
        told["sha256_begins"] = stated["hash"]
    elif ecosystem == "whisper" and model.name in WHISPER:
        told["sha256"] = WHISPER[model.name]
    elif ecosystem == "tfhub":
        name = _tfhub_handle(files, model, root) or name
    elif ecosystem == "stanza" and (md5 := _stanza_md5(files, name, root)) is not None:
        told["md5"] = md5
    return replace(model, ecosystem=ecosystem, name=name, attributes=told)


def _tfhub_handle(files: Files, model: Artifact, root: str) -> str | None:
    """Read the address that a module was fetched from: its folder is called by the SHA-1 of that."""
    folder = posixpath.relpath(model.root, root).partition("/")[0]
    found = _TFHUB_HANDLE.search(files.read(f"{root}/{folder}.descriptor.txt", 4096) or b"")
    return found["handle"].decode("utf-8", "replace") if found is not None else None


class _Package(msgspec.Struct):
    md5: str = ""


def _stanza_md5(files: Files, name: str, root: str) -> str | None:
    """Look a model up in Stanza's ``resources.json``, by its language, processor and package.

    :param name: ``1.10.0/resources/en/tokenize/combined.pt``, or from the language on.
    """
    parts = posixpath.splitext(name)[0].split("/")
    if len(parts) < 3:
        return None
    language, processor, package = parts[-3:]
    place = posixpath.join(root, *parts[:-3], "resources.json")
    try:
        languages = msgspec.json.decode(files.read(place, 32 << 20) or b"", type=dict[str, msgspec.Raw])
        processors = msgspec.json.decode(languages[language], type=dict[str, msgspec.Raw])
        packages = msgspec.json.decode(processors[processor], type=dict[str, msgspec.Raw])
        return msgspec.json.decode(packages[package], type=_Package).md5 or None
    except (*NO_JSON, KeyError):
        return None
