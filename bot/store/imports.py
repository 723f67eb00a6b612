"""Reports of other tools that were imported, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, delete, insert, select
from sqlalchemy.orm import Session

from bot.store.clock import database_time
from bot.store.statements import table
from bot.store.tables import ReportImportRecord

_IMPORT = table(ReportImportRecord)

MAX_REJECTED = 100
"""How many rejected results of one report are kept; ``counts`` has their true number."""
PIPELINE = "pipeline "
"""Begins the actor of what came out of a GitLab pipeline; its number follows."""


@dataclass(frozen=True, slots=True)
class RecordedImport:
    """One report that was taken in."""

    id: int
    project_id: int
    ref: str
    """The branch, or the target branch of a merge request."""
    merge_request_iid: int | None
    commit: str | None
    format: str
    digest: str
    """SHA-256 of the file, in hexadecimal."""
    tools: tuple[str, ...]
    actor: str
    """Who brought it."""
    imported_at: datetime
    """UTC."""
    counts: Mapping[str, int]
    """Word to number: new, known, changed, returned, gone, rejected, statements."""
    rejected: tuple[tuple[str, str], ...]
    """Where and why, the first ``MAX_REJECTED``."""

    @property
    def pipeline(self) -> int | None:
        """The GitLab pipeline that it came from; None for what somebody handed in."""
        number = self.actor.removeprefix(PIPELINE)
        return int(number) if number != self.actor and number.isdecimal() else None


def record(
    session: Session,
    *,
    project_id: int,
    ref: str,
    merge_request_iid: int | None,
    commit: str | None,
    format: str,
    digest: str,
    tools: Sequence[str],
    actor: str,
    counts: Mapping[str, int],
    rejected: Sequence[tuple[str, str]] = (),
) -> int:
    """Note an import, in the transaction that stores its findings; returns its number."""
    row = session.execute(
        insert(_IMPORT)
        .values(
            project_id=project_id,
            ref=ref,
            merge_request_iid=merge_request_iid,
            commit_sha=commit,
            format=format,
            digest=digest,
            tools=list(tools),
            actor=actor,
            imported_at=database_time(),
            counts=dict(counts),
            rejected=[list(pair) for pair in rejected[:MAX_REJECTED]] or None,
        )
        .returning(_IMPORT.c.id)
    ).one()
    return int(row.id)


def list_imports(
    session: Session, project_id: int, *, before: int | None = None, limit: int = 50
) -> tuple[RecordedImport, ...]:
    """A project's imports, newest first; ``before`` is the last number of the page that was read."""
    chosen = select(_IMPORT).where(_IMPORT.c.project_id == project_id)
    if before is not None:
        chosen = chosen.where(_IMPORT.c.id < before)
    return tuple(_import(row) for row in session.execute(chosen.order_by(_IMPORT.c.id.desc()).limit(limit)))


def get_import(session: Session, project_id: int, import_id: int) -> RecordedImport | None:
    """One import of a project; None when this project has no such import."""
    row = session.execute(
        select(_IMPORT).where(_IMPORT.c.id == import_id, _IMPORT.c.project_id == project_id)
    ).one_or_none()
    return None if row is None else _import(row)


def last_identical(
    session: Session, project_id: int, ref: str, merge_request_iid: int | None, digest: str
) -> RecordedImport | None:
    """The last time that the very same file came in for the same branch or merge request; None when it never did."""
    row = session.execute(
        _of(project_id, ref, merge_request_iid).where(_IMPORT.c.digest == digest).order_by(_IMPORT.c.id.desc()).limit(1)
    ).one_or_none()
    return None if row is None else _import(row)


def last_of_pipeline(
    session: Session, project_id: int, ref: str, merge_request_iid: int | None
) -> RecordedImport | None:
    """What came in last out of a GitLab pipeline for a branch or merge request; None when nothing did."""
    row = session.execute(
        _of(project_id, ref, merge_request_iid)
        .where(_IMPORT.c.actor.like(f"{PIPELINE}%"))
        .order_by(_IMPORT.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _import(row)


def forget_project(session: Session, project_id: int) -> None:
    """Delete what is noted of a project's imports."""
    session.execute(delete(_IMPORT).where(_IMPORT.c.project_id == project_id))


def _of(project_id: int, ref: str, merge_request_iid: int | None) -> Select[tuple[object, ...]]:
    return select(_IMPORT).where(
        _IMPORT.c.project_id == project_id,
        _IMPORT.c.ref == ref,
        _IMPORT.c.merge_request_iid.is_not_distinct_from(merge_request_iid),
    )


def _import(row: Row[tuple[object, ...]]) -> RecordedImport:
    return RecordedImport(
        id=row.id,
        project_id=row.project_id,
        ref=row.ref,
        merge_request_iid=row.merge_request_iid,
        commit=row.commit_sha,
        format=row.format,
        digest=row.digest,
        tools=tuple(row.tools),
        actor=row.actor,
        imported_at=row.imported_at,
        counts=dict(row.counts),
        rejected=tuple((where, why) for where, why in row.rejected or ()),
    )
