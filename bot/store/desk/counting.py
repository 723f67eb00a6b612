"""Facets and groups of the list: counted from sums where the filter allows it. See ``bot.store.desk``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, select
from sqlalchemy.orm import Session

from bot.domain.known import Whereabouts
from bot.domain.priority import Standing
from bot.domain.triage_filter import Filter, GroupBy
from bot.store.desk.listing import ITEM, in_scope, scope_of, tallied, untallied
from bot.store.desk.tallies import PACKAGE, RULE, TALLIED
from bot.store.desk.word_search import search_of
from bot.store.desk_tables import GroupNameRecord, RuleTallyRecord, TallyRecord
from bot.store.statements import table
from bot.store.tables import ProjectRecord
from scanners.finding import Confidence, FindingKind, Severity

MOST_COUNTED = {"postgresql": 50_000, "sqlite": 30_000}
"""Findings that are counted one by one at most, where no sums know the answer."""
MOST_FOUND = 10_000
"""The same where words are searched, each of which has to be looked up."""

_TALLY = table(TallyRecord)
_GROUP = table(RuleTallyRecord)
_NAME = table(GroupNameRecord)
_PROJECT = table(ProjectRecord)


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one rule, package or project."""

    key: str
    """What ``Filter.toggled`` takes as the value: ``scanner:rule``, ``ecosystem:package`` or a project's number."""
    first: str
    """Scanner or ecosystem; empty for a project."""
    second: str
    """Rule id, package, or the project's full path."""
    count: int
    by_severity: Mapping[Severity, int]
    projects: int


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of a list, those with the worst findings first."""

    groups: tuple[Group, ...]
    more: bool
    """Whether there are others that are not listed."""
    exact: bool
    """False where there were too many findings to count them all: the numbers are lower bounds."""


@dataclass(frozen=True, slots=True)
class Facets:
    """
    How many findings there are by each value, with all parts of the filter but the one about that value.

    Values with no finding are left out.
    """

    total: int
    """With the whole filter."""
    standing: Mapping[Standing, int]
    severity: Mapping[Severity, int]
    confidence: Mapping[Confidence, int]
    kind: Mapping[FindingKind, int]
    whereabouts: Mapping[Whereabouts, int]
    known_exploited: Mapping[bool, int]
    fix_available: Mapping[bool, int]
    exact: bool
    """False where there were too many findings to count them all: the numbers are lower bounds."""


def facets(session: Session, wanted: Filter, sees: frozenset[int] | None, *, now: datetime) -> Facets:
    """See ``bot.store.desk``."""
    scope = scope_of(session, wanted, sees)
    if scope is not None and not scope:
        return _summed([], wanted, exact=True)
    # Without the filter's own parts about what is counted: each facet leaves its own part out.
    if not is_tallied(wanted):
        most = _most(session, wanted)
        alike, within = _limited(session, wanted, scope, [ITEM.c[name] for name in TALLIED], now=now)
        columns = [alike.c[name] for name in TALLIED]
        counted = session.execute(select(*columns, func.count()).where(*within).group_by(*columns)).all()
        return _summed(counted, wanted, exact=sum(row[-1] for row in counted) < most)
    columns = [_TALLY.c[name] for name in TALLIED]
    rows = session.execute(
        select(*columns, func.sum(_TALLY.c.count))
        .where(*in_scope(session, scope, _TALLY.c.project_id))
        .group_by(*columns)
    ).all()
    return _summed(rows, wanted, exact=True)


def groups(
    session: Session, wanted: Filter, sees: frozenset[int] | None, *, by: GroupBy, now: datetime, limit: int = 100
) -> Groups:
    """See ``bot.store.desk``."""
    scope = scope_of(session, wanted, sees)
    if scope is not None and not scope:
        return Groups((), more=False, exact=True)
    source, exact_below = _grouped(session, wanted, scope, by, now)
    # By project first: to count different projects in one go, all rows would have to be sorted.
    each = (
        select(
            source.c.key,
            func.sum(source.c.count).label("total"),
            *(
                func.sum(case((source.c.severity == severity, source.c.count), else_=0)).label(severity.value)
                for severity in Severity
            ),
        )
        .group_by(source.c.key, source.c.project_id)
        .subquery()
    )
    totals = {severity: func.sum(each.c[severity.value]).label(severity.value) for severity in Severity}
    query = select(
        each.c.key,
        func.sum(each.c.total).label("total"),
        func.count().label("projects"),
        func.sum(func.sum(each.c.total)).over().label("all"),
        *totals.values(),
    ).group_by(each.c.key)
    worst_first = [totals[severity].desc() for severity in reversed(Severity)]
    top = query.order_by(*worst_first, each.c.key).limit(limit + 1).subquery()
    order = [top.c[severity.value].desc() for severity in reversed(Severity)]
    named: Select[Any]
    if by is GroupBy.PROJECT:
        named = select(top, _PROJECT.c.path.label("second")).outerjoin(_PROJECT, _PROJECT.c.id == top.c.key)
    else:
        kind = RULE if by is GroupBy.RULE else PACKAGE
        named = select(top, _NAME.c.first, _NAME.c.second).outerjoin(
            _NAME, and_(_NAME.c.group_kind == kind, _NAME.c.group_key == top.c.key)
        )
    rows = session.execute(named.order_by(*order, top.c.key)).mappings().all()
    return Groups(
        tuple(_group(row, by) for row in rows[:limit]),
        more=len(rows) > limit,
        exact=exact_below is None or not rows or int(rows[0]["all"]) < exact_below,
    )


def is_tallied(wanted: Filter) -> bool:
    """Whether the sums know how many findings this filter shows."""
    rest = replace(
        wanted,
        standings=frozenset(),
        severities=frozenset(),
        confidences=frozenset(),
        kinds=frozenset(),
        whereabouts=frozenset(),
        known_exploited=None,
        fix_available=None,
        projects=frozenset(),
        group="",
    )
    return rest == Filter(standings=frozenset())


def _grouped(
    session: Session, wanted: Filter, scope: frozenset[int] | None, by: GroupBy, now: datetime
) -> tuple[Any, int | None]:
    """Rows of project, key, severity and count; and from how many findings on not all of them are there."""
    others = replace(wanted, standings=frozenset(), severities=frozenset(), projects=frozenset(), group="")
    if by is GroupBy.PROJECT and is_tallied(wanted):
        columns = [_TALLY.c.project_id, _TALLY.c.project_id.label("key"), _TALLY.c.severity, _TALLY.c.count]
        return (
            select(*columns)
            .where(*_standing(wanted, _TALLY.c.standing), *tallied(session, wanted, scope, _TALLY.c))
            .subquery()
        ), None
    if by is not GroupBy.PROJECT and others == Filter(standings=frozenset()):
        kind = RULE if by is GroupBy.RULE else PACKAGE
        query = select(_GROUP.c.project_id, _GROUP.c.group_key.label("key"), _GROUP.c.severity, _GROUP.c.count).where(
            _GROUP.c.group_kind == kind,
            *_standing(wanted, _GROUP.c.standing),
            *in_scope(session, scope, _GROUP.c.project_id),
        )
        if wanted.severities:
            query = query.where(_GROUP.c.severity.in_(list(wanted.severities)))
        return query.subquery(), None
    most = _most(session, wanted)
    key = {GroupBy.RULE: ITEM.c.rule_key, GroupBy.PACKAGE: ITEM.c.package_key, GroupBy.PROJECT: ITEM.c.project_id}[by]
    narrow = [*_standing(wanted, ITEM.c.standing), *tallied(session, wanted, None)]
    if by is GroupBy.PACKAGE:
        narrow.append(ITEM.c.package_key.is_not(None))
    limited, within = _limited(session, wanted, scope, [key.label("key"), ITEM.c.severity], *narrow, now=now)
    return (
        select(limited.c.project_id, limited.c.key, limited.c.severity, func.count().label("count"))
        .where(*within)
        .group_by(limited.c.project_id, limited.c.key, limited.c.severity)
        .subquery()
    ), most


def _limited(
    session: Session,
    wanted: Filter,
    scope: frozenset[int] | None,
    columns: Sequence[ColumnElement[Any]],
    *narrow: ColumnElement[bool],
    now: datetime,
) -> tuple[Subquery, list[ColumnElement[bool]]]:
    """So many findings as are counted one by one, with their project; and the condition that they are in the scope."""
    search = search_of(wanted.text, scope)
    words = [] if search is None else [ITEM.c.finding_id.in_(search.found(session))]
    # Where the words name the projects, those that have them are all that is to be read: not each finding of a project.
    named = search is not None and bool(search.projects)
    inside = [] if named else in_scope(session, scope, ITEM.c.project_id)
    rows = select(ITEM.c.project_id, *columns).where(*inside, *narrow, *untallied(wanted, now=now), *words)
    limited = rows.limit(_most(session, wanted)).subquery()
    return limited, in_scope(session, scope, limited.c.project_id) if named else []


def _most(session: Session, wanted: Filter) -> int:
    return MOST_FOUND if wanted.text else MOST_COUNTED[session.get_bind().dialect.name]


def _standing(wanted: Filter, column: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    return [column.in_(list(wanted.standings))] if wanted.standings else []


def _summed(rows: Any, wanted: Filter, *, exact: bool) -> Facets:
    """From few rows with every combination that there is."""

    def flag(value: bool | None) -> frozenset[bool]:
        return frozenset() if value is None else frozenset((value,))

    parts = [
        wanted.standings,
        wanted.severities,
        wanted.confidences,
        wanted.kinds,
        wanted.whereabouts,
        flag(wanted.known_exploited),
        flag(wanted.fix_available),
    ]
    counts: list[Counter[Any]] = [Counter() for _ in parts]
    total = 0
    for *values, number in rows:
        misses = [at for at, part in enumerate(parts) if part and values[at] not in part]
        if not misses:
            total += int(number)
            for at, value in enumerate(values):
                counts[at][value] += int(number)
        elif len(misses) == 1:
            counts[misses[0]][values[misses[0]]] += int(number)
    standing, severity, confidence, kind, whereabouts, exploited, fix = (dict(one) for one in counts)
    return Facets(
        total=total,
        standing=standing,
        severity=severity,
        confidence=confidence,
        kind=kind,
        whereabouts=whereabouts,
        known_exploited=exploited,
        fix_available=fix,
        exact=exact,
    )


def _group(row: Mapping[Any, Any], by: GroupBy) -> Group:
    second = row["second"] or ""
    first = "" if by is GroupBy.PROJECT else row["first"] or ""
    return Group(
        key=str(row["key"]) if by is GroupBy.PROJECT else f"{first}:{second}",
        first=first,
        second=second,
        count=int(row["total"]),
        by_severity={one: int(row[one.value]) for one in Severity if row[one.value]},
        projects=int(row["projects"]),
    )
