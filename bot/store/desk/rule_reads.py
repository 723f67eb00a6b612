"""
When the findings of a rule were first seen, from the narrow rows of the desk: ``bot.store.rules`` reads all findings.

A finding counts for the rule whose words are shown. ``sees`` are the projects that the reader sees by number; None for
all.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from bot.domain.rule_card import MonthCount
from bot.store.bulk import among
from bot.store.desk_tables import TriageItemRecord
from bot.store.short_hash import token_of
from bot.store.statements import table

_ITEM = table(TriageItemRecord)

Rule = tuple[str, str]
"""Scanner and rule id."""


def by_month(
    session: Session, rule: Rule, sees: Collection[int] | None, *, until: datetime, months: int = 12
) -> tuple[MonthCount, ...]:
    """How many findings were first seen in each of the last months, the oldest first. One statement."""
    day = until.astimezone(UTC).date()
    number = day.year * 12 + day.month - 1
    firsts = [date((number - back) // 12, (number - back) % 12 + 1, 1) for back in reversed(range(months))]
    begins = [datetime(first.year, first.month, 1, tzinfo=UTC) for first in firsts]
    seen_at = _ITEM.c.first_seen_at
    # How many since each of the months began: the differences are those of the months.
    row = session.execute(
        select(*(_count(seen_at >= begin).label(f"m{index}") for index, begin in enumerate(begins))).where(
            _ITEM.c.rule_key == token_of(*rule),
            seen_at >= begins[0],
            *_seen(session, _ITEM.c.project_id, sees),
        )
    ).one()
    since = [int(value or 0) for value in row] + [0]
    return tuple(MonthCount(first, since[index] - since[index + 1]) for index, first in enumerate(firsts))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _seen(session: Session, column: Any, sees: Collection[int] | None) -> list[ColumnElement[bool]]:
    return [] if sees is None else [among(session, column, sees)]
