"""The list of what waits: read in the order of an index, filtered within it. See ``bot.store.desk``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    func,
    literal,
    select,
    tuple_,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from bot.domain.known import Whereabouts
from bot.domain.priority import Exposure, Factors, Part, Standing, explain
from bot.domain.triage import TriageState
from bot.domain.triage_filter import SOON, Assignee, Due, Filter, NewSince
from bot.errors import MergewardenError
from bot.store.bulk import among
from bot.store.desk import word_search
from bot.store.desk_tables import PersonRecord, ProjectProfileRecord, TriageItemRecord
from bot.store.exploits import ExploitList
from bot.store.short_hash import package_key, token_of
from bot.store.statements import table
from bot.store.tables import ExploitSourceRecord, FindingRecord, ProjectRecord
from scanners.finding import Confidence, FindingKind, Severity

LONGEST_PAGE = 200
"""Items on one page."""
MOST_ASKED = {"postgresql": 2_000, "sqlite": 8_000}
"""Rows of a list that are asked for their words, before the index of words is."""

ITEM = table(TriageItemRecord)
_FINDING = table(FindingRecord)
_PROJECT = table(ProjectRecord)
_PROFILE = table(ProjectProfileRecord)
_PERSON = table(PersonRecord)
_SOURCE = table(ExploitSourceRecord)


@dataclass(frozen=True, slots=True)
class Place:
    """The last item of a page: where the next one goes on. Its text is what a link hands back."""

    priority: int
    finding_id: int

    def __str__(self) -> str:
        return f"{self.priority}-{self.finding_id}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """The inverse of ``str``. Raises ``MergewardenError`` for any other text."""
        found = re.fullmatch("([0-9]{1,9})-([0-9]{1,18})", text, re.ASCII)
        if found is None:
            raise MergewardenError("this is not the end of a page", "Follow the link to the next page as it is.")
        return cls(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class Item:
    """Everything that a row of the list shows."""

    finding_id: int
    project_id: int
    project: str
    """Full path; empty for a project that is not known any more."""
    title: str
    scanner: str
    rule_id: str
    kind: FindingKind
    severity: Severity
    confidence: Confidence
    path: PurePosixPath
    start_line: int
    whereabouts: Whereabouts
    state: TriageState
    standing: Standing
    priority: int
    factors: tuple[Part, ...]
    """What the priority follows from at this moment; their points add up to it, once the hour's pass was made."""
    first_seen_at: datetime
    due_at: datetime | None
    known_exploited: bool | None
    """None where nobody can say: no list was imported, or it is about no vulnerability with a CVE id."""
    epss: float | None
    fix_available: bool
    exposure: Exposure
    package: tuple[str, str, str] | None
    """Ecosystem, package, version."""
    advisories: tuple[str, ...]
    """Names of the vulnerability: CVE, GHSA ..."""
    assignee_id: int | None
    assignee: str
    """Name of the person; empty for nobody."""
    claimed_at: datetime | None
    snoozed_until: datetime | None

    @property
    def place(self) -> Place:
        """Where a page that ends with this item goes on."""
        return Place(self.priority, self.finding_id)


@dataclass(frozen=True, slots=True)
class DeskPage:
    """Part of a list."""

    items: tuple[Item, ...]
    """The most urgent first."""
    next: Place | None
    """None on the last page."""


def page(
    session: Session,
    wanted: Filter,
    sees: frozenset[int] | None,
    *,
    now: datetime,
    after: Place | None = None,
    limit: int = 50,
    asked: int | None = None,
) -> DeskPage:
    """
    See ``bot.store.desk``. ``asked``: how many rows are asked for their words before the index of words is; else
    ``MOST_ASKED``.
    """
    most = max(1, min(limit, LONGEST_PAGE))
    scope = scope_of(session, wanted, sees)
    if scope is not None and not scope:
        return DeskPage((), None)
    places = _places(session, wanted, scope, now, after, most + 1, asked)
    shown = [place.finding_id for place in places[:most]]
    items = _items(session, shown, now) if shown else {}
    return DeskPage(
        # What was deleted at this moment is left out.
        tuple(items[number] for number in shown if number in items),
        places[most - 1] if len(places) > most else None,
    )


def _places(
    session: Session,
    wanted: Filter,
    scope: frozenset[int] | None,
    now: datetime,
    after: Place | None,
    most: int,
    asked: int | None,
) -> list[Place]:
    """The first places of a list; one statement, with words three at most."""
    search = word_search.search_of(wanted.text, scope)
    columns = (ITEM.c.priority, ITEM.c.finding_id)
    order = tuple(column.desc() for column in columns)
    shared = [*tallied(session, wanted, scope), *untallied(wanted, now=now)]
    if after is not None:
        shared.append(tuple_(*columns) < tuple_(literal(after.priority), literal(after.finding_id)))
    # Each standing has a list of its own in the right order.
    lists = [
        select(*columns).where(ITEM.c.standing == standing, *shared).order_by(*order)
        for standing in wanted.standings or Standing
    ]
    if search is None:
        return [Place(*row) for row in session.execute(_merged([each.limit(most) for each in lists], most))]
    length = asked or MOST_ASKED[session.get_bind().dialect.name]
    found, whole = _asked(session, lists, search, most, length)
    if not whole and len(found) >= most // 4:
        # A little further there are enough: the index of words would collect all that have them, and sort those.
        found, whole = _asked(session, lists, search, most, length * 8)
    if whole:
        return found
    numbers = search.found(session).cte().prefix_with("MATERIALIZED")
    query = select(*columns).where(*shared, ITEM.c.finding_id.in_(select(numbers.c.finding_id)))
    if wanted.standings:
        query = query.where(ITEM.c.standing.in_(list(wanted.standings)))
    return [Place(*row) for row in session.execute(query.order_by(*order).limit(most))]


def _asked(
    session: Session, lists: Sequence[Select[Any]], search: word_search.Search, most: int, length: int
) -> tuple[list[Place], bool]:
    """
    The first places whose findings have the words, of the first ``length`` rows, which are asked for them; and whether
    those are all that are wanted, or all that there are. One statement.
    """
    top = _merged([each.limit(length) for each in lists], length).cte().prefix_with("MATERIALIZED")
    # No order, so that the last one that is wanted ends it: rows are read as they were laid down.
    having = select(top.c.priority, top.c.finding_id, literal(value=True).label("has"))
    having = having.where(search.has(session, top.c.finding_id)).limit(most)
    # The last that was asked, where there may be more; nobody looks for it where there are enough.
    last = select(top.c.priority, top.c.finding_id, literal(value=False)).limit(1).offset(length - 1)
    rows = session.execute(union_all(*(select(part.subquery()) for part in (having, last))).limit(most)).all()
    found = sorted(
        (Place(priority, number) for priority, number, has in rows if has),
        key=lambda place: (-place.priority, -place.finding_id),
    )
    return found, len(found) == most or all(has for _, _, has in rows)


def _merged(parts: Sequence[Select[Any]], most: int) -> Select[Any]:
    # SQLite wants the limit within a table.
    tables = [select(part.subquery()) for part in parts]
    merged = union_all(*tables).subquery() if len(tables) > 1 else tables[0].subquery()
    return select(merged).order_by(merged.c.priority.desc(), merged.c.finding_id.desc()).limit(most)


def one(session: Session, finding_id: int, sees: frozenset[int] | None, *, now: datetime) -> Item | None:
    """See ``bot.store.desk``."""
    item = _items(session, [finding_id], now).get(finding_id)
    return item if item is not None and (sees is None or item.project_id in sees) else None


def some(session: Session, finding_ids: Collection[int], *, now: datetime) -> Mapping[int, Item]:
    """Findings as rows of the list, by number; those that are not there are left out. One statement."""
    return _items(session, list(finding_ids), now) if finding_ids else {}


def scope_of(session: Session, wanted: Filter, sees: frozenset[int] | None) -> frozenset[int] | None:
    """The projects that a list is about; None for all. One statement where a group's path is given, else none."""
    scope = sees
    if wanted.projects:
        scope = wanted.projects if scope is None else scope & wanted.projects
    if wanted.group:
        path, name = wanted.group.casefold(), func.lower(type_coerce(_PROJECT.c.path, _PROJECT.c.path.type))
        pattern = path.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "/%"
        below = session.scalars(select(_PROJECT.c.id).where((name == path) | name.like(pattern, escape="\\")))
        scope = frozenset(below) if scope is None else scope & frozenset(below)
    return scope


def tallied(
    session: Session, wanted: Filter, scope: frozenset[int] | None, columns: Any = ITEM.c
) -> list[ColumnElement[bool]]:
    """Those about what ``tally`` counts by, without the standing; for any table with such columns."""
    found: list[ColumnElement[bool]] = in_scope(session, scope, columns.project_id)
    for column, members in (
        (columns.severity, wanted.severities),
        (columns.confidence, wanted.confidences),
        (columns.kind, wanted.kinds),
        (columns.whereabouts, wanted.whereabouts),
    ):
        if members:
            found.append(column == next(iter(members)) if len(members) == 1 else column.in_(list(members)))
    if wanted.known_exploited is not None:
        found.append(columns.known_exploited == wanted.known_exploited)
    if wanted.fix_available is not None:
        found.append(columns.fix_available == wanted.fix_available)
    return found


def in_scope(session: Session, scope: frozenset[int] | None, column: Any) -> list[ColumnElement[bool]]:
    """The condition that a project is one of these."""
    if scope is None:
        return []
    if len(scope) == 1:
        return [column == next(iter(scope))]
    if session.get_bind().dialect.name == "sqlite":
        # Its planner would read all findings of a thousand projects by their index and sort them.
        return [among(session, type_coerce(column, Integer) + 0, scope)]
    # Not a list of values that are joined: PostgreSQL looks each row's project up in a table of them.
    return [column == func.any(_array(scope))]


def _array(values: Collection[int]) -> ColumnElement[Any]:
    return literal(sorted(values), ARRAY(BigInteger))


def untallied(wanted: Filter, *, now: datetime) -> list[ColumnElement[bool]]:
    """Those about what ``tally`` does not count by, without the words."""
    found: list[ColumnElement[bool]] = []
    if wanted.epss_least is not None:
        found.append(ITEM.c.epss >= wanted.epss_least)
    if wanted.due is Due.OVERDUE:
        found.append(ITEM.c.due_at <= now)
    elif wanted.due is Due.SOON:
        found.append(and_(ITEM.c.due_at > now, ITEM.c.due_at <= now + SOON))
    if wanted.rule is not None:
        found.append(ITEM.c.rule_key == token_of(*wanted.rule))
    if wanted.package is not None:
        found.append(ITEM.c.package_key == package_key(*wanted.package))
    if wanted.assignee is Assignee.NOBODY:
        found.append(ITEM.c.assignee_id.is_(None))
    elif wanted.assignee is not None:
        # "Me" of nobody in particular has nothing.
        found.append(ITEM.c.assignee_id == (0 if isinstance(wanted.assignee, Assignee) else wanted.assignee))
    if wanted.new_since is not None and not isinstance(wanted.new_since, NewSince):
        found.append(ITEM.c.first_seen_at >= wanted.new_since)
    return found


_SHOWN = (
    "title",
    "scanner",
    "rule_id",
    "kind",
    "severity",
    "confidence",
    "path",
    "start_line",
    "whereabouts",
    "state",
    "dependency",
)


def _items(session: Session, numbers: Sequence[int], now: datetime) -> dict[int, Item]:
    listed = (
        select(_SOURCE.c.name).where(_SOURCE.c.name == ExploitList.KEV.value).scalar_subquery().label("kev_edition")
    )
    query: Select[Any] = (
        select(
            ITEM,
            *(_FINDING.c[name].label(f"shown_{name}") for name in _SHOWN),
            _PROJECT.c.path.label("project"),
            _PROFILE.c.exposure,
            _PERSON.c.name.label("person"),
            _PERSON.c.username,
            listed,
        )
        .select_from(
            ITEM.join(_FINDING, _FINDING.c.id == ITEM.c.finding_id)
            .outerjoin(_PROJECT, _PROJECT.c.id == ITEM.c.project_id)
            .outerjoin(_PROFILE, _PROFILE.c.project_id == ITEM.c.project_id)
            .outerjoin(_PERSON, _PERSON.c.id == ITEM.c.assignee_id)
        )
        .where(among(session, ITEM.c.finding_id, numbers))
    )
    return {row["finding_id"]: _item(row, now) for row in session.execute(query).mappings()}


def _item(row: Mapping[Any, Any], now: datetime) -> Item:
    about = row["shown_dependency"]
    advisories = () if about is None else tuple(about["advisory_ids"])
    known: bool | None = row["known_exploited"]
    if not known and (row["kev_edition"] is None or not advisories):
        known = None
    exposure = row["exposure"] or Exposure.UNKNOWN
    factors = explain(
        Factors(
            severity=row["severity"],
            confidence=row["confidence"],
            whereabouts=row["whereabouts"],
            known_exploited=known,
            epss=row["epss"],
            fix_available=row["fix_available"],
            exposure=exposure,
            due_at=row["due_at"],
            now=None if row["standing"] is Standing.CLOSED else now,
        )
    )
    return Item(
        finding_id=row["finding_id"],
        project_id=row["project_id"],
        project=row["project"] or "",
        title=row["shown_title"],
        scanner=row["shown_scanner"],
        rule_id=row["shown_rule_id"],
        kind=row["kind"],
        severity=row["severity"],
        confidence=row["confidence"],
        path=PurePosixPath(row["shown_path"]),
        start_line=row["shown_start_line"],
        whereabouts=row["whereabouts"],
        state=row["shown_state"],
        standing=row["standing"],
        priority=row["priority"],
        factors=factors,
        first_seen_at=row["first_seen_at"],
        due_at=row["due_at"],
        known_exploited=known,
        epss=row["epss"],
        fix_available=row["fix_available"],
        exposure=exposure,
        package=None if about is None else (about["ecosystem"], about["package"], about["version"]),
        advisories=advisories,
        assignee_id=row["assignee_id"],
        assignee=row["person"] or row["username"] or "",
        claimed_at=row["claimed_at"],
        snoozed_until=row["snoozed_until"],
    )
