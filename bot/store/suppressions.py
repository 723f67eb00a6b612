"""
Suppressions: kept for ever, approved or revoked once, and marked as used at most once a day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.suppression import Suppression
from bot.store import announcements
from bot.store.clock import database_time
from bot.store.desk_touch import touch_suppression
from bot.store.statements import chunks, table
from bot.store.tables import SuppressionRecord

_SUPPRESSION = table(SuppressionRecord)
_COLUMNS = tuple(field.name for field in fields(Suppression))


def create(session: Session, suppression: Suppression) -> Suppression:
    """Store a new one; what comes back has its number. The number that it had before does not matter."""
    values = {name: getattr(suppression, name) for name in _COLUMNS if name != "id"}
    row = session.execute(insert(_SUPPRESSION).values(values).returning(_SUPPRESSION)).mappings().one()
    made = suppression_of(row)
    announcements.suppression_made(session, made)
    touch_suppression(session, made)
    return made


def get(session: Session, suppression_id: int, *, for_update: bool = False) -> Suppression | None:
    """
    The one with this number, or None.

    ``for_update``: nobody else may approve or revoke it until the transaction ends.
    """
    query = select(_SUPPRESSION).where(_SUPPRESSION.c.id == suppression_id)
    # SQLite's writer holds the only lock that there is.
    row = session.execute(query.with_for_update() if for_update else query).mappings().one_or_none()
    return None if row is None else suppression_of(row)


def approve(session: Session, approved: Suppression) -> bool:
    """Keep what ``bot.domain.suppression.approve`` made; False when somebody else approved or revoked meanwhile."""
    kept = _close(session, approved, approved_by=approved.approved_by, approved_at=approved.approved_at)
    if kept:
        announcements.suppression_approved(session, approved)
    return kept


def revoke(session: Session, revoked: Suppression) -> bool:
    """Keep what ``bot.domain.suppression.revoke`` made; False when somebody else revoked it meanwhile."""
    return _close(session, revoked, revoked_by=revoked.revoked_by, revoked_at=revoked.revoked_at)


def all_for(session: Session, project_id: int | None, *, live: bool = False) -> tuple[Suppression, ...]:
    """
    Those of a project and those for every project, by number; with None only the latter.

    ``live``: only those that are in force now, by the database's clock: what the gate needs.
    """
    query = select(_SUPPRESSION).where(_concerns(project_id)).order_by(_SUPPRESSION.c.id)
    if live:
        query = query.where(in_force())
    return tuple(suppression_of(row) for row in session.execute(query).mappings())


def of_finding(session: Session, finding_id: int) -> tuple[Suppression, ...]:
    """Everything that was ever made for one finding, by number, whatever became of it."""
    query = select(_SUPPRESSION).where(_SUPPRESSION.c.finding_id == finding_id).order_by(_SUPPRESSION.c.id)
    return tuple(suppression_of(row) for row in session.execute(query).mappings())


def for_review(session: Session, project_id: int | None = None, *, revoked: bool = False) -> tuple[Suppression, ...]:
    """
    Everything of one project (and what is for every project) or of all, by number; what was revoked only where asked
    for.
    """
    query = select(_SUPPRESSION).order_by(_SUPPRESSION.c.id)
    if not revoked:
        query = query.where(_SUPPRESSION.c.revoked_at.is_(None))
    if project_id is not None:
        query = query.where(_concerns(project_id))
    return tuple(suppression_of(row) for row in session.execute(query).mappings())


def ended_between(session: Session, after: datetime, until: datetime) -> tuple[Suppression, ...]:
    """Those that had an effect to their end, which came after the one moment and not after the other; by number."""
    query = (
        select(_SUPPRESSION)
        .where(
            _SUPPRESSION.c.revoked_at.is_(None),
            or_(~_SUPPRESSION.c.needs_approval, _SUPPRESSION.c.approved_at.is_not(None)),
            _SUPPRESSION.c.expires_at > after,
            _SUPPRESSION.c.expires_at <= until,
        )
        .order_by(_SUPPRESSION.c.id)
    )
    return tuple(suppression_of(row) for row in session.execute(query).mappings())


def mark_used(session: Session, ids: Collection[int], at: datetime) -> int:
    """
    Note that these marked a finding on the day of ``at``; how many were written.

    To the day, so that of a hundred scans a day only the first writes. In a session that only reads, ask
    ``used_before`` first.
    """
    day = _day(at)
    written = 0
    # Sorted, so that two writers lock rows in one order.
    for chunk in chunks(sorted(set(ids))):
        statement = update(_SUPPRESSION).where(_SUPPRESSION.c.id.in_(chunk), _idle(day)).values(last_used_at=day)
        written += len(session.execute(statement.returning(_SUPPRESSION.c.id)).all())
    return written


def used_before(session: Session, ids: Collection[int], at: datetime) -> tuple[int, ...]:
    """Those that nothing was noted of on the day of ``at``: what ``mark_used`` would write."""
    found: list[int] = []
    for chunk in chunks(sorted(set(ids))):
        found += session.scalars(select(_SUPPRESSION.c.id).where(_SUPPRESSION.c.id.in_(chunk), _idle(_day(at))))
    return tuple(sorted(found))


def in_force() -> ColumnElement[bool]:
    """SQL condition on a suppression: it has an effect now, by the database's clock."""
    return and_(
        _SUPPRESSION.c.revoked_at.is_(None),
        _SUPPRESSION.c.expires_at > database_time(),
        or_(~_SUPPRESSION.c.needs_approval, _SUPPRESSION.c.approved_at.is_not(None)),
    )


def suppression_of(row: Mapping[Any, Any]) -> Suppression:
    """A whole row of ``SuppressionRecord`` as a value."""
    return Suppression(**{name: row[name] for name in _COLUMNS})


def _close(session: Session, suppression: Suppression, **values: object) -> bool:
    statement = update(_SUPPRESSION).where(
        _SUPPRESSION.c.id == suppression.id,
        _SUPPRESSION.c.revoked_at.is_(None),
        *([_SUPPRESSION.c.approved_at.is_(None)] if "approved_at" in values else []),
    )
    done = session.execute(statement.values(values).returning(_SUPPRESSION.c.id)).one_or_none() is not None
    if done:
        touch_suppression(session, suppression)
    return done


def _concerns(project_id: int | None) -> ColumnElement[bool]:
    for_all = _SUPPRESSION.c.project_id.is_(None)
    return for_all if project_id is None else or_(for_all, _SUPPRESSION.c.project_id == project_id)


def _idle(day: datetime) -> ColumnElement[bool]:
    return or_(_SUPPRESSION.c.last_used_at.is_(None), _SUPPRESSION.c.last_used_at < day)


def _day(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
