"""
How scanner rules did here: what they found, and what people said of it. The number of statements does not depend on how
many rules or findings there are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from bot.domain.rule_card import MonthCount, RuleUse
from bot.store.bulk import among
from bot.store.desk.tallies import RULE
from bot.store.desk_tables import GroupNameRecord, RuleUseRecord
from bot.store.short_hash import token_of
from bot.store.statements import table
from bot.store.tables import AttributionRecord, FindingRecord

_FINDING = table(FindingRecord)
_ATTRIBUTION = table(AttributionRecord)
_USE = table(RuleUseRecord)
_NAME = table(GroupNameRecord)


def uses(
    session: Session,
    *,
    project_ids: Collection[int] | None = None,
    rule: tuple[str, str] | None = None,
    wanted: Collection[tuple[str, str]] | None = None,
) -> Mapping[tuple[str, str], RuleUse]:
    """
    By scanner and rule how the rule did, in these projects (None for all); one rule where it is named, or the
    ``wanted`` of them: each advisory that somebody found is a rule as well. One statement.

    A finding counts once for a rule, in however many branches and by however many tools it was seen.
    """
    # Sums that are written with the findings: a million of them, each seen by several rules, are not counted here.
    sums = select(
        _USE.c.rule_key,
        func.count().label("projects"),
        *(func.sum(_USE.c[name]).label(name) for name in _COUNTED),
    ).group_by(_USE.c.rule_key)
    if rule is not None:
        sums = sums.where(_USE.c.rule_key == token_of(*rule))
    if wanted is not None:
        sums = sums.where(among(session, _USE.c.rule_key, [token_of(*one) for one in wanted]))
    if project_ids is not None:
        sums = sums.where(among(session, _USE.c.project_id, list(project_ids)))
    each = sums.subquery()
    query = select(_NAME.c.first, _NAME.c.second, each).select_from(
        each.join(_NAME, and_(_NAME.c.group_kind == RULE, _NAME.c.group_key == each.c.rule_key))
    )
    return {
        (row.first, row.second): RuleUse(
            row.first,
            row.second,
            projects=int(row.projects),
            **{name: int(getattr(row, name)) for name in _COUNTED},
        )
        for row in session.execute(query)
    }


_COUNTED = ("findings", "open", "confirmed", "false_positives", "otherwise_dismissed")


def by_month(
    session: Session,
    rule: tuple[str, str],
    *,
    until: datetime,
    months: int = 12,
    project_ids: Collection[int] | None = None,
) -> tuple[MonthCount, ...]:
    """How many findings of a rule were first seen in each of the last ``months`` months, the oldest first."""
    firsts = _firsts(until, months)
    ends = [*firsts[1:], _after(firsts[-1])]
    of_rule = (
        select(_FINDING.c.id)
        .where(*_named(_FINDING, rule))
        .union(select(_ATTRIBUTION.c.finding_id).where(*_named(_ATTRIBUTION, rule)))
        .subquery()
    )
    begun = _FINDING.c.first_seen_at
    counts = [
        _count(and_(begun >= _midnight(first), begun < _midnight(end))).label(f"m{index}")
        for index, (first, end) in enumerate(zip(firsts, ends, strict=True))
    ]
    row = session.execute(
        select(*counts)
        .select_from(of_rule.join(_FINDING, _FINDING.c.id == of_rule.c.id))
        .where(begun >= _midnight(firsts[0]), *_in(session, project_ids))
    ).one()
    return tuple(MonthCount(first, int(row[index] or 0)) for index, first in enumerate(firsts))


def _named(records: object, rule: tuple[str, str] | None) -> list[ColumnElement[bool]]:
    if rule is None:
        return []
    return [records.c.scanner == rule[0], records.c.rule_id == rule[1]]  # type: ignore[attr-defined]


def _in(session: Session, project_ids: Collection[int] | None) -> list[ColumnElement[bool]]:
    return [] if project_ids is None else [among(session, _FINDING.c.project_id, list(project_ids))]


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _firsts(until: datetime, months: int) -> list[date]:
    day = until.astimezone(UTC).date().replace(day=1)
    number = day.year * 12 + day.month - 1
    return [date((number - back) // 12, (number - back) % 12 + 1, 1) for back in reversed(range(months))]


def _after(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
