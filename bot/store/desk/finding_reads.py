"""Small things that the desk's pages read besides their lists; each function is one statement for each thousand ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from bot.domain.suppression import Scope, Suppression
from bot.store.desk_tables import FindingNoteRecord
from bot.store.statements import chunks, table
from bot.store.suppressions import suppression_of
from bot.store.tables import FindingRecord, SuppressionRecord

_FINDING = table(FindingRecord)
_NOTE = table(FindingNoteRecord)
_SUPPRESSION = table(SuppressionRecord)

Reading = Session
"""A session of the store, for those who pass one on and know no SQL."""


@dataclass(frozen=True, slots=True)
class NoteLine:
    """What somebody wrote beneath a finding, or the issue that he made of it."""

    at: datetime
    actor: str
    text: str
    """Plain text of a stranger; for an issue its title."""
    issue_url: str
    """Empty for a comment."""


def projects_of(session: Session, finding_ids: Collection[int]) -> Mapping[int, int]:
    """The project's number of each of these findings; those that there are not are left out."""
    found: dict[int, int] = {}
    for some in chunks(sorted(finding_ids)):
        query = select(_FINDING.c.id, _FINDING.c.project_id).where(_FINDING.c.id.in_(some))
        found |= {row.id: row.project_id for row in session.execute(query)}
    return found


def waiting_for(session: Session, finding_ids: Collection[int], now: datetime) -> Mapping[int, Suppression]:
    """The exception that waits for a second person, by finding; the newest where there are several."""
    found: dict[int, Suppression] = {}
    for some in chunks(sorted(finding_ids)):
        query = select(_SUPPRESSION).where(_waits(now), _SUPPRESSION.c.finding_id.in_(some)).order_by(_SUPPRESSION.c.id)
        for row in session.execute(query).mappings():
            made = suppression_of(row)
            if made.finding_id is not None:
                found[made.finding_id] = made
    return found


def waiting_widely(
    session: Session, sees: frozenset[int] | None, now: datetime, *, limit: int = 50
) -> tuple[Suppression, ...]:
    """Exceptions for rules and advisories that wait for a second person, the oldest first."""
    query = (
        select(_SUPPRESSION)
        .where(_waits(now), _SUPPRESSION.c.scope.in_((Scope.RULE, Scope.ADVISORY)))
        .order_by(_SUPPRESSION.c.created_at, _SUPPRESSION.c.id)
    )
    rows = (suppression_of(row) for row in session.execute(query.limit(1_000)).mappings())
    # One for all projects is for those who see all.
    return tuple(one for one in rows if sees is None or one.project_id in sees)[:limit]


def notes_of(session: Session, finding_id: int, *, limit: int = 500) -> tuple[NoteLine, ...]:
    """What was written beneath a finding, the first first; the newest of too many."""
    query = (
        select(_NOTE.c.at, _NOTE.c.actor, _NOTE.c.text, _NOTE.c.issue_url)
        .where(_NOTE.c.finding_id == finding_id)
        .order_by(_NOTE.c.id.desc())
        .limit(limit)
    )
    return tuple(NoteLine(*row) for row in session.execute(query))[::-1]


def _waits(now: datetime) -> ColumnElement[bool]:
    return and_(
        _SUPPRESSION.c.needs_approval.is_(True),
        _SUPPRESSION.c.approved_at.is_(None),
        _SUPPRESSION.c.revoked_at.is_(None),
        _SUPPRESSION.c.expires_at > now,
    )
