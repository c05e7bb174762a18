"""Texts of steps and tasks: ``{build}``, ``{prefix}``, ``{source.NAME}``, ``{ROLE.files.X}`` and so on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pkgmgr.catalog.document import nearest_name
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import DocumentError

_HOLE = re.compile(r"\{\{|\}\}|\{([A-Za-z_][\w.-]*)\}")


def fill_text(template: str, texts: Mapping[str, str], *, where: str) -> str:
    """Replace each ``{name}``; ``{{`` and ``}}`` stand for a brace.

    :param where: what holds the template, for messages.
    :raises DocumentError: for a name that means nothing here, naming the nearest one that does.
    """

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name is None:
            return found.group()[0]
        if name not in texts:
            nearest = nearest_name(name, texts)
            hint = f"did you mean {{{nearest}}}?" if nearest else f"known: {', '.join(sorted(texts))}"
            raise DocumentError(f"{where}: {{{name}}} in {template!r} means nothing here", hint=hint)
        return texts[name]

    return _HOLE.sub(value, template)


def entry_texts(roles: Mapping[str, Entry]) -> dict[str, str]:
    """Give the texts that entries add, under their roles and the names of their softs."""
    texts: dict[str, str] = {}
    for role, entry in roles.items():
        for name in dict.fromkeys((role, entry.soft)):
            texts[f"{name}.prefix"] = entry.prefix
            texts[f"{name}.version"] = entry.version or ""
            texts[f"{name}.id"] = entry.id
            texts[f"{name}.target"] = entry.target
            texts |= {f"{name}.files.{key}": path for key, path in entry.files.items()}
            texts |= {
                f"{name}.attributes.{key}": str(item)
                for key, item in entry.attributes.items()
                if isinstance(item, str | int | float | bool)
            }
    return texts


def fill_all(templates: Iterable[str], texts: Mapping[str, str], *, where: str) -> list[str]:
    """Fill several texts."""
    return [fill_text(template, texts, where=where) for template in templates]
