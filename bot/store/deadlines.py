"""Findings whose deadline passed, and which of these outgoing webhooks were told of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from bot.domain.outgoing import moment
from bot.domain.priority import Standing
from bot.store.desk_tables import ToldDeadlineRecord, TriageItemRecord
from bot.store.statements import chunks, insert_into, table
from bot.store.tables import FindingRecord

_ITEM = table(TriageItemRecord)
_FINDING = table(FindingRecord)
_TOLD = table(ToldDeadlineRecord)
_OPEN = tuple(standing for standing in Standing if standing is not Standing.CLOSED)
_DETAILS = ("kind", "severity", "confidence", "scanner", "rule_id", "title", "path", "start_line")


@dataclass(frozen=True, slots=True)
class Passed:
    """A finding that should have been mended by now."""

    finding_id: int
    project_id: int
    due_at: datetime
    data: dict[str, Any]
    """What a message says of it."""


def passed(session: Session, *, since: datetime, until: datetime, limit: int) -> tuple[Passed, ...]:
    """
    Open findings whose deadline lies in this time and was not told of, the oldest deadline first. One statement.

    A deadline that became another one, and passed as well, is told of again.
    """
    query = (
        select(
            _ITEM.c.finding_id,
            _ITEM.c.project_id,
            _ITEM.c.due_at,
            _ITEM.c.first_seen_at,
            *(_FINDING.c[name] for name in _DETAILS),
        )
        .join(_FINDING, _FINDING.c.id == _ITEM.c.finding_id)
        .outerjoin(_TOLD, and_(_TOLD.c.finding_id == _ITEM.c.finding_id, _TOLD.c.due_at == _ITEM.c.due_at))
        .where(
            _ITEM.c.standing.in_(_OPEN),
            _ITEM.c.due_at >= since,
            _ITEM.c.due_at <= until,
            _TOLD.c.finding_id.is_(None),
        )
        .order_by(_ITEM.c.due_at, _ITEM.c.finding_id)
        .limit(limit)
    )
    return tuple(
        Passed(
            row["finding_id"],
            row["project_id"],
            row["due_at"],
            {
                "finding": {
                    "id": row["finding_id"],
                    **{name: getattr(row[name], "value", row[name]) for name in _DETAILS},
                },
                "first_seen_at": moment(row["first_seen_at"]),
                "due_at": moment(row["due_at"]),
            },
        )
        for row in session.execute(query).mappings()
    )


def note_told(session: Session, found: Sequence[Passed]) -> None:
    """Keep that these deadlines were told of."""
    rows = [{"finding_id": one.finding_id, "due_at": one.due_at} for one in found]
    for chunk in chunks(rows):
        statement = insert_into(session, _TOLD).values(chunk)
        session.execute(
            statement.on_conflict_do_update(index_elements=["finding_id"], set_={"due_at": statement.excluded.due_at})
        )
