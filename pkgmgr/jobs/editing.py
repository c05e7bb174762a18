"""Add requirements to an env's document and remove them; comments and order stay as a person wrote them."""

from __future__ import annotations

from collections.abc import Sequence

from pkgmgr.catalog.document import nearest_name, parse_document
from pkgmgr.jobs.envs import LoadedEnv
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.env import Env
from pkgmgr.model.errors import NotFoundError, UsageError
from pkgmgr.model.reference import Reference, parse_reference


def add_requirements(workspace: Workspace, loaded: LoadedEnv, references: Sequence[Reference], glob: str = "") -> str:
    """Give an env's text with requirements added, each in place of one for the same thing.

    :param glob: the section ``[target."GLOB"]`` to add them to.
    :raises NotFoundError: for a soft or package that no catalog has.
    """
    for reference in references:
        if reference.kind == "package":
            workspace.catalog.require_package(reference.name)
        elif not reference.name.startswith("python."):
            workspace.catalog.require_soft(reference.name)
    return _edited(loaded, references, [], glob)


def remove_requirements(loaded: LoadedEnv, references: Sequence[Reference], glob: str = "") -> str:
    """Give an env's text without some requirements.

    :raises NotFoundError: for one that it does not have.
    """
    return _edited(loaded, [], references, glob)


def write_env(loaded: LoadedEnv, text: str) -> bool:
    """Write an env's document, checked first; False when nothing changed."""
    parse_document(text, Env, where=str(loaded.path))
    if loaded.path.read_text(encoding="utf-8") == text:
        return False
    temporary = loaded.path.with_name(f".{loaded.path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(loaded.path)
    return True


def _edited(loaded: LoadedEnv, added: Sequence[Reference], removed: Sequence[Reference], glob: str) -> str:
    if loaded.path.suffix != ".toml":
        raise UsageError(f"{loaded.path} is not TOML", hint="edit it by hand")
    import tomlkit
    from tomlkit.items import Array

    document = tomlkit.parse(loaded.path.read_text(encoding="utf-8"))
    table: tomlkit.TOMLDocument | tomlkit.items.Table = document
    if glob:
        sections = document.setdefault("target", tomlkit.table(is_super_table=True))
        table = sections.setdefault(glob, tomlkit.table())
    rows = table.get("requires")
    if rows is None:
        rows = tomlkit.array()
        table["requires"] = rows
    assert isinstance(rows, Array)
    for reference in removed:
        places = [place for place, row in enumerate(rows) if _names(row, reference)]
        if not places:
            known = [str(row) for row in rows if isinstance(row, str)]
            nearest = nearest_name(f"{reference.kind}:{reference.name}", known)
            hint = f"did you mean {nearest!r}?" if nearest else None
            raise NotFoundError(f"{loaded.path} does not ask for {reference.kind}:{reference.name}", hint=hint)
        for place in reversed(places):
            del rows[place]
    for reference in added:
        same = [place for place, row in enumerate(rows) if _names(row, reference)]
        if same:
            rows[same[0]] = str(reference)
        else:
            rows.append(str(reference))
    return tomlkit.dumps(document)


def _names(row: object, reference: Reference) -> bool:
    """Tell whether a requirement is for the same soft or package, in whatever version."""
    if isinstance(row, str):
        mine = parse_reference(str(row), kind="soft")
        return (mine.kind, mine.name) == (reference.kind, reference.name)
    if isinstance(row, dict) and isinstance(row.get(reference.kind), str):
        return parse_reference(str(row[reference.kind]), kind=reference.kind).name == reference.name
    return False
