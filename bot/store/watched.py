"""
Protected branches, and up to which commit everything on each is known to have been looked at.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.orm import Session

from bot.store.statements import insert_into, table
from bot.store.tables import WatchedBranchRecord

_WATCHED = table(WatchedBranchRecord)


@dataclass(frozen=True, slots=True)
class WatchedBranch:
    """How far the reconciler has come on a branch."""

    project_id: int
    branch: str
    verified_sha: str | None
    """None where the branch was not there when it was looked at."""
    checked_at: datetime


def watched(session: Session, project_id: int, branch: str) -> WatchedBranch | None:
    """One branch, or None when nobody has looked at it yet."""
    row = session.execute(select(_WATCHED).where(_WATCHED.c.key == _key(project_id, branch))).one_or_none()
    return None if row is None else _branch(row)


def of_project(session: Session, project_id: int) -> tuple[WatchedBranch, ...]:
    """All of a project, by name."""
    query = select(_WATCHED).where(_WATCHED.c.project_id == project_id).order_by(_WATCHED.c.branch)
    return tuple(_branch(row) for row in session.execute(query))


def mark(session: Session, project_id: int, branch: str, verified_sha: str | None, at: datetime) -> None:
    """Note that everything up to this commit was looked at."""
    statement = insert_into(session, _WATCHED).values(
        key=_key(project_id, branch), project_id=project_id, branch=branch, verified_sha=verified_sha, checked_at=at
    )
    new = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["key"], set_={"verified_sha": new.verified_sha, "checked_at": new.checked_at}
        )
    )


def forget_project(session: Session, project_id: int) -> None:
    """Delete what is known of a project that is gone."""
    session.execute(delete(_WATCHED).where(_WATCHED.c.project_id == project_id))


def _key(project_id: int, branch: str) -> str:
    return hashlib.sha256(f"{project_id}\0{branch}".encode("utf-8", "surrogatepass")).hexdigest()


def _branch(row: Row[Any]) -> WatchedBranch:
    return WatchedBranch(row.project_id, row.branch, row.verified_sha, row.checked_at)
