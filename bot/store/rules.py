"""
How scanner rules did here: what they found, and what people said of it. The number of statements does not depend on how
many rules or findings there are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from bot.domain.known import Whereabouts
from bot.domain.rule_card import MonthCount, RuleUse
from bot.domain.triage import Justification, TriageState
from bot.store.bulk import among
from bot.store.statements import table
from bot.store.tables import AttributionRecord, FindingRecord

_FINDING = table(FindingRecord)
_ATTRIBUTION = table(AttributionRecord)


def uses(
    session: Session, *, project_ids: Collection[int] | None = None, rule: tuple[str, str] | None = None
) -> Mapping[tuple[str, str], RuleUse]:
    """
    By scanner and rule how the rule did, in these projects (None for all); one rule where it is named. One statement.

    A finding counts once for a rule, in however many branches and by however many tools it was seen.
    """
    # A finding keeps the rule whose words are shown also when the branches are gone that others saw it on.
    seen = (
        select(_FINDING.c.scanner, _FINDING.c.rule_id, _FINDING.c.id)
        .where(*_named(_FINDING, rule))
        .union(
            select(_ATTRIBUTION.c.scanner, _ATTRIBUTION.c.rule_id, _ATTRIBUTION.c.finding_id).where(
                *_named(_ATTRIBUTION, rule)
            )
        )
        .subquery()
    )
    is_false = and_(_FINDING.c.state == TriageState.DISMISSED, _FINDING.c.justification == Justification.FALSE_POSITIVE)
    dismissed = _FINDING.c.state == TriageState.DISMISSED
    rows = session.execute(
        select(
            seen.c.scanner,
            seen.c.rule_id,
            func.count().label("findings"),
            func.count(_FINDING.c.project_id.distinct()).label("projects"),
            _count(_FINDING.c.whereabouts != Whereabouts.NOWHERE).label("open"),
            _count(_FINDING.c.state == TriageState.CONFIRMED).label("confirmed"),
            _count(is_false).label("false_positives"),
            _count(dismissed).label("dismissed"),
        )
        .select_from(seen.join(_FINDING, _FINDING.c.id == seen.c.id))
        .where(*_in(session, project_ids))
        .group_by(seen.c.scanner, seen.c.rule_id)
    )
    return {
        (row.scanner, row.rule_id): RuleUse(
            row.scanner,
            row.rule_id,
            findings=int(row.findings),
            projects=int(row.projects),
            open=int(row.open),
            confirmed=int(row.confirmed),
            false_positives=int(row.false_positives),
            otherwise_dismissed=int(row.dismissed) - int(row.false_positives),
        )
        for row in rows
    }


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
