"""How projects stood at the end of each day: what lines over time are drawn from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from bot.domain.known import Whereabouts
from bot.domain.priority import Standing
from bot.domain.triage_filter import SOON
from bot.store.bulk import among
from bot.store.desk_tables import DailyCountRecord, TallyRecord, TriageItemRecord
from bot.store.statements import insert_into, table
from scanners.finding import Severity

_TALLY = table(TallyRecord)
_ITEM = table(TriageItemRecord)
_DAY = table(DailyCountRecord)


@dataclass(frozen=True, slots=True)
class DayCount:
    """How one or many projects stood at the end of a day (UTC)."""

    day: date
    critical: int
    """Findings on the default branch that are neither dismissed nor mended, by severity."""
    high: int
    medium: int
    low: int
    info: int
    undecided: int
    overdue: int


def keep_day(session: Session, now: datetime) -> int:
    """
    Write down how every project stands today, over what was written today before; how many projects. Three statements.

    Those that never had a finding are left out: whether somebody looked at them at all is not known here.
    """
    lies_open = _TALLY.c.standing != Standing.CLOSED
    shipped = _TALLY.c.whereabouts == Whereabouts.DEFAULT_BRANCH
    sums = {
        severity.value: _sum(lies_open & shipped & (_TALLY.c.severity == severity), _TALLY.c.count).label(
            severity.value
        )
        for severity in Severity
    }
    undecided = _sum(_TALLY.c.standing.in_([Standing.UNDECIDED, Standing.REQUESTED]), _TALLY.c.count)
    rows = session.execute(
        select(_TALLY.c.project_id, *sums.values(), undecided.label("undecided")).group_by(_TALLY.c.project_id)
    ).mappings()
    due = session.execute(
        select(_ITEM.c.project_id, _count(_ITEM.c.due_at <= now), _count(_ITEM.c.due_at > now))
        .where(
            _ITEM.c.standing != Standing.CLOSED,
            _ITEM.c.whereabouts == Whereabouts.DEFAULT_BRANCH,
            _ITEM.c.due_at <= now + SOON,
        )
        .group_by(_ITEM.c.project_id)
    )
    deadlines = {row[0]: (row[1], row[2]) for row in due}
    day = now.astimezone(UTC).date()
    kept = [
        {
            "project_id": row["project_id"],
            "day": day,
            **{name: int(row[name]) for name in (*sums, "undecided")},
            **dict(zip(("overdue", "due_soon"), deadlines.get(row["project_id"], (0, 0)), strict=True)),
        }
        for row in rows
    ]
    if kept:
        statement = insert_into(session, _DAY)
        changed = {name: statement.excluded[name] for name in (*sums, "undecided", "overdue", "due_soon")}
        session.connection().execute(
            statement.on_conflict_do_update(index_elements=["project_id", "day"], set_=changed), kept
        )
    return len(kept)


def history(
    session: Session, sees: frozenset[int] | None, *, since: date, project_ids: Collection[int] | None = None
) -> tuple[DayCount, ...]:
    """The sums over the projects by day from ``since`` on, the oldest first; days without any row are left out."""
    wanted = sees if project_ids is None else frozenset(project_ids) if sees is None else sees & frozenset(project_ids)
    numbers = [func.sum(_DAY.c[name]) for name in _NUMBERS]
    query = select(_DAY.c.day, *numbers).where(_DAY.c.day >= since).group_by(_DAY.c.day).order_by(_DAY.c.day)
    if wanted is not None:
        query = query.where(among(session, _DAY.c.project_id, wanted))
    return tuple(DayCount(day, *map(int, counts)) for day, *counts in session.execute(query))


_NUMBERS = ("critical", "high", "medium", "low", "info", "undecided", "overdue")


def _count(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _sum(condition: Any, count: Any) -> Any:
    return func.coalesce(func.sum(case((condition, count), else_=0)), 0)
