"""Repositories for a person and for ``--json``."""

from __future__ import annotations

from typing import Any

from pkgmgr.catalog.document import nearest_name
from pkgmgr.catalog.repository import FOLDERS, Repository, list_documents
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.table import table
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.errors import NotFoundError


def repositories_outcome(workspace: Workspace) -> Outcome:
    """List those of the catalog, in the order in which their names count."""
    repositories = workspace.catalog.repositories
    rows = [[item.name, str(item.root)] for item in repositories]
    return Outcome(data=[_row(item) for item in repositories], text=table(rows, head=["REPO", "PATH"]))


def repository_outcome(workspace: Workspace, name: str) -> Outcome:
    """Show one: where it lies, whether its hooks may run, and the names of what it holds.

    :raises NotFoundError: naming the nearest one.
    """
    repositories = {item.name: item for item in workspace.catalog.repositories}
    if name not in repositories:
        nearest = nearest_name(name, repositories)
        hint = f"did you mean {nearest!r}?" if nearest else "'ckpm list repo' shows those there are"
        raise NotFoundError(f"there is no repository {name!r}", hint=hint)
    item = repositories[name]
    held = {kind: sorted(list_documents(item, kind)) for kind in FOLDERS}
    rows = [["path", str(item.root)], ["hooks", "may run" if item.is_trusted else "may not run"]]
    rows += [[f"{kind}s", str(len(names))] for kind, names in held.items()]
    return Outcome(data={**_row(item), "holds": held}, text=table(rows))


def _row(item: Repository) -> dict[str, Any]:
    return {"repo": item.name, "path": str(item.root), "trusted": item.is_trusted}
