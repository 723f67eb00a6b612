"""
Incidents: what happened around the gate, for the security team's list.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.orm import Session

from bot.domain.incident import Incident, KnownIncident
from bot.store import announcements
from bot.store.bulk import among
from bot.store.statements import insert_into, table
from bot.store.tables import IncidentRecord, ProjectRecord

_INCIDENT = table(IncidentRecord)
_PROJECT = table(ProjectRecord)


def report(session: Session, incident: Incident, at: datetime) -> bool:
    """
    Write an incident down; True when it is new to the list.

    One that is known is counted once more, and comes back to the list when it was closed and happens again later than
    that. Said again about the same moment, nothing changes, so a repeated step does no harm.
    """
    statement = insert_into(session, _INCIDENT).values(
        key=incident.key,
        project_id=incident.project_id,
        kind=incident.kind,
        subject=incident.subject,
        iid=incident.merge_request_iid,
        ref=incident.ref,
        sha=incident.sha,
        actor=incident.actor,
        details=dict(incident.details),
        first_at=at,
        last_at=at,
        count=1,
        closed_by="",
        closed_reason="",
    )
    made = session.execute(statement.on_conflict_do_nothing().returning(_INCIDENT.c.id)).one_or_none()
    if made is not None:
        announcements.incident_opened(session, made.id, incident)
        return True
    known = session.execute(
        select(_INCIDENT.c.last_at, _INCIDENT.c.closed_at).where(_INCIDENT.c.key == incident.key).with_for_update()
    ).one()
    if at <= known.last_at:
        return False
    again = known.closed_at is not None and at > known.closed_at
    values: dict[str, Any] = {"last_at": at, "count": _INCIDENT.c.count + 1, "details": dict(incident.details)}
    if again:
        values |= {"closed_at": None, "closed_by": "", "closed_reason": ""}
    session.execute(update(_INCIDENT).where(_INCIDENT.c.key == incident.key).values(**values))
    return again


def get(session: Session, incident_id: int, *, for_update: bool = False) -> KnownIncident | None:
    """One incident, or None."""
    query = _query().where(_INCIDENT.c.id == incident_id)
    row = session.execute(query.with_for_update(of=_INCIDENT) if for_update else query).one_or_none()
    return _known(row) if row is not None else None


def page(
    session: Session,
    *,
    project_id: int | None = None,
    sees: Collection[int] | None = None,
    open_only: bool = True,
    before: int | None = None,
    limit: int,
) -> tuple[KnownIncident, ...]:
    """
    The newest first, at most ``limit``; ``before`` is the number of the last one of the page before. ``sees`` are the
    projects that the reader sees, None for all.
    """
    query = _query().order_by(_INCIDENT.c.id.desc()).limit(limit)
    if project_id is not None:
        query = query.where(_INCIDENT.c.project_id == project_id)
    if sees is not None:
        query = query.where(among(session, _INCIDENT.c.project_id, sees))
    if open_only:
        query = query.where(_INCIDENT.c.closed_at.is_(None))
    if before is not None:
        query = query.where(_INCIDENT.c.id < before)
    return tuple(_known(row) for row in session.execute(query))


def open_counts(session: Session, project_id: int) -> Mapping[str, int]:
    """How many are open in a project, by the word of their kind."""
    query = (
        select(_INCIDENT.c.kind, func.count())
        .where(_INCIDENT.c.project_id == project_id, _INCIDENT.c.closed_at.is_(None))
        .group_by(_INCIDENT.c.kind)
    )
    return {kind.value: number for kind, number in session.execute(query)}


def close(session: Session, incident_id: int, *, actor: str, reason: str, at: datetime) -> bool:
    """Take one off the list; False when somebody was faster. ``actor`` and ``reason`` are checked before."""
    statement = (
        update(_INCIDENT)
        .where(_INCIDENT.c.id == incident_id, _INCIDENT.c.closed_at.is_(None))
        .values(closed_at=at, closed_by=actor, closed_reason=reason)
        .returning(_INCIDENT.c.id)
    )
    return session.execute(statement).one_or_none() is not None


def forget_project(session: Session, project_id: int) -> None:
    """Delete the incidents of a project that is gone."""
    session.execute(delete(_INCIDENT).where(_INCIDENT.c.project_id == project_id))


def _query() -> Any:
    return select(_INCIDENT, _PROJECT.c.path).join(_PROJECT, _PROJECT.c.id == _INCIDENT.c.project_id, isouter=True)


def _known(row: Row[Any]) -> KnownIncident:
    return KnownIncident(
        id=row.id,
        incident=Incident(
            project_id=row.project_id,
            kind=row.kind,
            subject=row.subject,
            merge_request_iid=row.iid,
            ref=row.ref,
            sha=row.sha,
            actor=row.actor,
            details=MappingProxyType(dict(row.details)),
        ),
        first_at=row.first_at,
        last_at=row.last_at,
        count=row._mapping["count"],
        project=row.path or "",
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        closed_reason=row.closed_reason,
    )
