"""
What happened in projects on each day and how they stand: counted from the store and from what GitLab told, written down
by day, and added up over periods. See ``bot.domain.maturity.counters``.

Flows (``flows``) can be counted for any day, and are counted again when late news may have changed them. Stocks
(``stocks``) can only be counted for now: a day keeps those that were counted last for it.

A row keeps no flow that is 0. Which flows are known on a day say the ``days.`` counters in the row, and what is known
and not there is 0: two thousand projects have little to say on most days, and a period is read in a fraction of the
time.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import case, delete, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from bot.domain.maturity.counters import FLOWS, SEVERITIES, Tally
from bot.domain.maturity.period import Period
from bot.domain.maturity.snapshot import is_readable
from bot.store.bulk import among, bulk_upsert
from bot.store.maturity.collected import CONTENTS, COVERAGE, MERGES, PIPELINES, RELEASES, progress_of
from bot.store.maturity.flows import INCIDENTS, REF, RUN, SCAN, STREAM, Span, count_flows
from bot.store.maturity.sql import day_of
from bot.store.maturity.stocks import PROJECT, Expected, count_stocks
from bot.store.maturity_tables import MergedLinesRecord, MergeFactRecord, ProjectDayRecord, ReportDeliveryRecord
from bot.store.statements import table
from bot.store.types import ExactText, dump_json
from scanners.finding import FindingKind

DAY = table(ProjectDayRecord)
DELIVERY = table(ReportDeliveryRecord)

ORGANISATION_ID: Final = 0
"""Project under which is counted what is on no project's account: GitLab's numbers are above 0, our own below."""

Counted = Mapping[tuple[int, date], Tally]
"""Counters by project and day."""

_OF_SCANS: Final = ("scans", "scans.ended", "verdicts", "verdicts.not_assessed", "verdicts.failed", "verdict.seconds")
_OF_FINDINGS: Final = (
    *(f"{what}.{severity}" for what in ("found", "fixed", "fixed_seconds") for severity in SEVERITIES),
    *("found.before_merge", "escaped", "advisories.matched", "fixed.in_time", "fixed.late", "reopened"),
    *("secrets.stopped", "secrets.merged", "decided", "decided.false_positive", "reactions", "reaction.seconds"),
)
_OF_PIPELINES: Final = (
    *("pipelines", "pipelines.ok", "pipelines.timed", "pipeline.seconds"),
    *("jobs", "jobs.ok", "red.times", "red.seconds"),
)

KNOWN_WITH: Final[tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = (
    (("days.store",), (*_OF_SCANS, *_OF_FINDINGS, *dict.fromkeys(INCIDENTS.values()), "exceptions.made")),
    (("days.pipelines",), _OF_PIPELINES),
    (("days.merges",), ("merges", "merges.timed", "merge.seconds")),
    (("days.merges", "days.store"), ("merges.scanned", "merges.cleared", "changed.lines", "changed.read_lines")),
    (("days.releases",), ("releases", "releases.judged", "releases.cleared")),
    (("days.contents",), ("release.leads", "release.lead_seconds")),
    (("days.coverage",), ("new_code.lines", "new_code.covered_lines")),
)
"""Which flows are known on a day that has all of these counters."""
_REPORTS: Final = ("reports.delivered", "reports.acknowledged")
_MARKS: Final = tuple(dict.fromkeys(mark for marks, _ in KNOWN_WITH for mark in marks))
_NEEDS: Final = {name: marks for marks, names in KNOWN_WITH for name in names}
_SOURCES: Final = {
    "days.pipelines": PIPELINES,
    "days.merges": MERGES,
    "days.releases": RELEASES,
    "days.contents": CONTENTS,
    "days.coverage": COVERAGE,
}
_ALL_OF_GITLAB: Final = ("days.pipelines", "days.merges", "days.releases")
_MARK: Final = "days."
"""With which the names of these counters begin."""
_BATCH: Final = 200
_OF_LATE: Final = 35
"""Days before a span on which a project that has no scan may have been counted for the span to be known."""


# --- Counting ---------------------------------------------------------------------------------------------------------


def count_days(
    session: Session,
    first: date,
    last: date,
    now: datetime,
    *,
    project_ids: Collection[int] | None = None,
    required: Mapping[int, Collection[str]] | None = None,
    policy_ok: Mapping[int, bool] | None = None,
    kinds: Mapping[str, FindingKind] | None = None,
    stocks: Collection[date] | None = None,
) -> dict[tuple[int, date], Tally]:
    """
    Count the days from ``first`` to ``last``, both included, of these projects (None for all that we know).

    ``stocks`` are the days to which belongs how things stand now; None for today alone. ``required`` has by project
    the scanners whose answer its policy wants, without those projects whose policy cannot be read, and ``policy_ok``
    whether it can; None where nobody asked. ``kinds`` are the scanners that there are; those that have looked anywhere
    count as well. The number of statements does not depend on projects or days. What is not known is absent; flows that
    are known to be 0 are left out, see ``filled``.
    """
    span = Span(first, last, project_ids)
    today = now.astimezone(UTC).date()
    # Before what happened: what is collected meanwhile is not taken for all that there was.
    reached = progress_of(session, project_ids)
    flows = count_flows(session, span)
    known_from = _known_from(session, span)
    found: dict[tuple[int, date], Tally] = {}
    projects = session.scalars(select(PROJECT.c.id).where(*span.of(session, PROJECT.c.id))).all()
    wanted = {today} if stocks is None else set(stocks)
    every_day = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    for project_id in projects:
        sources = reached.get(project_id, {})
        # Until it was first looked at nobody knows what happened in it.
        ours = known_from.get(project_id, min(wanted, default=today))
        for day in every_day:
            marks = {mark for mark, source in _SOURCES.items() if source in sources and sources[source].knows(day)}
            if ours <= day <= today:
                marks.add("days.store")
            if not marks:
                continue
            tally = {
                name: value
                for name, value in flows.get((project_id, day), {}).items()
                if marks.issuperset(_NEEDS[name])
            }
            if marks.issuperset(_ALL_OF_GITLAB):
                marks.add("days.gitlab")
            found[project_id, day] = tally | dict.fromkeys(marks, 1)
    if project_ids is None:
        found |= _reports(session, span)
    if wanted:
        expected = Expected(_kinds(session, span) | dict(kinds or {}), required, policy_ok)
        for project_id, standing in count_stocks(session, span, now, expected).items():
            for day in wanted:
                found[project_id, day] = {**found.get((project_id, day), {}), **standing}
    return found


def filled(tally: Tally) -> dict[str, int]:
    """A day's counters with every 0 that is known."""
    zeros = [name for marks, names in KNOWN_WITH if all(mark in tally for mark in marks) for name in names]
    return dict.fromkeys(zeros, 0) | dict(tally)


def _known_from(session: Session, span: Span) -> dict[int, date]:
    """
    By project the first day of which our store knows what happened: that of its first scan, or the first on which it
    was counted at all. Two statements.
    """
    scanned = select(SCAN.c.project_id, func.min(SCAN.c.started_at)).where(*span.of(session, SCAN.c.project_id))
    found = {row[0]: row[1].date() for row in session.execute(scanned.group_by(SCAN.c.project_id))}
    counted = select(DAY.c.project_id, func.min(DAY.c.day)).where(
        # Whoever is counted every night was so of late; all of the past need not be read.
        DAY.c.day >= span.first - timedelta(days=_OF_LATE),
        DAY.c.stocks.is_not(None),
        *span.of(session, DAY.c.project_id),
    )
    for project_id, day in session.execute(counted.group_by(DAY.c.project_id)):
        found[project_id] = min(day, found.get(project_id, day))
    return found


def _kinds(session: Session, span: Span) -> dict[str, FindingKind]:
    """Every scanner that was in a last scan of a default branch, with its kind. One statement."""
    last = (
        select(STREAM.c.scan_id)
        .join(REF, REF.c.id == STREAM.c.ref_id)
        .where(REF.c.is_default, STREAM.c.scan_id.is_not(None), *span.of(session, REF.c.project_id))
    )
    rows = session.execute(select(RUN.c.scanner, RUN.c.kind).where(RUN.c.scan_id.in_(last)).distinct())
    return {row.scanner: row.kind for row in rows}


def _reports(session: Session, span: Span) -> dict[tuple[int, date], Tally]:
    """What was delivered to people who are asked to acknowledge it, by day. One statement."""
    day = day_of(DELIVERY.c.done_at)
    query = (
        select(day, func.count(), func.count(DELIVERY.c.acknowledged_at))
        .where(DELIVERY.c.sent, DELIVERY.c.acknowledgement != "", span.has(DELIVERY.c.done_at))
        .group_by(day)
    )
    return {
        (ORGANISATION_ID, at): {"reports.delivered": int(delivered), "reports.acknowledged": int(acknowledged)}
        for at, delivered, acknowledged in session.execute(query)
    }


# --- Lines of merged requests -----------------------------------------------------------------------------------------

_MERGE = table(MergeFactRecord)
_LINES = table(MergedLinesRecord)


def unpack_merged(session: Session, first: date, last: date, *, limit: int = _BATCH) -> int:
    """
    Find out for up to ``limit`` requests merged on these days how many of their lines static scanners read; how many
    requests. Repeat until 0. Three statements.
    """
    span = Span(first, last)
    scan_id = (
        select(SCAN.c.id)
        .where(
            SCAN.c.project_id == _MERGE.c.project_id,
            SCAN.c.iid == _MERGE.c.iid,
            SCAN.c.head_sha == _MERGE.c.head_sha,
            SCAN.c.coverage.is_not(None),
        )
        .order_by(SCAN.c.started_at.desc(), SCAN.c.id.desc())
        .limit(1)
        .correlate(_MERGE)
        .scalar_subquery()
    )
    unknown = (
        select(_MERGE.c.project_id, _MERGE.c.iid, _MERGE.c.head_sha, scan_id.label("scan_id"))
        .outerjoin(_LINES, (_LINES.c.project_id == _MERGE.c.project_id) & (_LINES.c.iid == _MERGE.c.iid))
        .where(
            span.has(_MERGE.c.merged_at),
            _MERGE.c.head_sha.is_not(None),
            or_(_LINES.c.head_sha.is_(None), _LINES.c.head_sha != _MERGE.c.head_sha),
        )
        .subquery()
    )
    merges = session.execute(
        select(unknown.c.project_id, unknown.c.iid, unknown.c.head_sha, SCAN.c.id, SCAN.c.coverage)
        .join(SCAN, SCAN.c.id == unknown.c.scan_id)
        .order_by(unknown.c.project_id, unknown.c.iid)
        .limit(limit)
    ).all()
    if not merges:
        return 0
    static: defaultdict[str, set[str]] = defaultdict(set)
    runs = select(RUN.c.scan_id, RUN.c.scanner).where(
        among(session, RUN.c.scan_id, [row.id for row in merges]), RUN.c.kind == FindingKind.SAST
    )
    for scan, scanner in session.execute(runs):
        static[scan].add(scanner)
    rows = []
    for row in merges:
        lines, read = static_lines(row.coverage, static[row.id])
        rows.append(
            {
                "project_id": row.project_id,
                "iid": row.iid,
                "head_sha": row.head_sha,
                "lines": lines,
                "read_lines": read,
            }
        )
    bulk_upsert(session, _LINES, rows, lambda statement: _taken(statement, ("head_sha", "lines", "read_lines")))
    return len(rows)


def static_lines(coverage: Mapping[str, Any], static: Collection[str]) -> tuple[int, int]:
    """
    Lines that a change adds or edits in files that some of the ``static`` scanners read, and those of them in files
    that each of these read whole. ``coverage`` as ``bot.domain.change_coverage`` writes it.
    """
    names = coverage["scanners"]
    wanted = {place for place, name in enumerate(names) if name in static}
    lines = read = 0
    # Not through the value, which makes a path of each name: there may be thousands.
    for *_, count, _ranges, looks in coverage["files"]:
        mine = [left_out for place, *left_out in looks if place in wanted]
        if not mine or count is None:
            continue
        lines += count
        if not any(mine):
            read += count
    return lines, read


def _taken(statement: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: statement.excluded[name] for name in names}


# --- Keeping ----------------------------------------------------------------------------------------------------------


def keep_days(session: Session, counted: Counted) -> frozenset[tuple[int, date]]:
    """
    Write down what is not written like this already; the projects and days that changed. Two statements.

    Flows replace those that were there. Stocks do so where some were counted; else those that were there stay.
    """
    if not counted:
        return frozenset()
    there = _there(session, counted)
    rows: list[dict[str, Any]] = []
    changed: list[tuple[int, date]] = []
    for key in sorted(counted):
        tally = counted[key]
        flows = {name: value for name, value in tally.items() if name in FLOWS}
        stocks = {name: value for name, value in tally.items() if name not in FLOWS} or None
        kept = there.get(key)
        if kept is not None:
            before, stood = kept
            if before == dump_json(flows) and (stocks is None or stood == dump_json(stocks)):
                continue
            if stocks is None and stood is not None:
                stocks = _whole(stood)
        changed.append(key)
        rows.append({"project_id": key[0], "day": key[1], "counters": flows, "stocks": stocks})
    if rows:
        bulk_upsert(session, DAY, rows, lambda statement: _taken(statement, ("counters", "stocks")))
    return frozenset(changed)


def add_days(session: Session, counted: Counted) -> frozenset[tuple[int, date]]:
    """
    Write down what is known of these days by now and was not when they were counted; those that changed. Two
    statements.

    What was counted of them stays as it was, stocks as well: of days that are long over nothing else is new.
    """
    if not counted:
        return frozenset()
    there = _there(session, counted, {number for number, _ in counted})
    rows: list[dict[str, Any]] = []
    for key in sorted(counted):
        stood, stocks = there.get(key, ("{}", None))
        # Of what somebody damaged everything is new.
        before = _whole(stood) or {}
        new = {name for name in counted[key] if name.startswith(_MARK) and name not in before}
        if not new:
            continue
        added = {
            name: value
            for name, value in counted[key].items()
            if name in new or (name in _NEEDS and not new.isdisjoint(_NEEDS[name]))
        }
        stands = None if stocks is None else _whole(stocks)
        rows.append({"project_id": key[0], "day": key[1], "counters": before | added, "stocks": stands})
    if rows:
        bulk_upsert(session, DAY, rows, lambda statement: _taken(statement, ("counters", "stocks")))
    return frozenset((row["project_id"], row["day"]) for row in rows)


def _whole(written: str) -> dict[str, Any] | None:
    """Counters as they were written; None for what somebody damaged, which must not keep others from being counted."""
    try:
        found = json.loads(written)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _there(
    session: Session, counted: Counted, project_ids: Collection[int] | None = None
) -> dict[tuple[int, date], tuple[str, str | None]]:
    """Flows and stocks that are written down of these days, of these projects (None for all). One statement."""
    days_ = {day for _, day in counted}
    query = select(
        DAY.c.project_id,
        DAY.c.day,
        # As text: most are as they were, and need not be understood.
        type_coerce(DAY.c.counters, ExactText),
        type_coerce(DAY.c.stocks, ExactText),
    ).where(DAY.c.day >= min(days_), DAY.c.day <= max(days_))
    if project_ids is not None:
        query = query.where(among(session, DAY.c.project_id, project_ids))
    return {(row[0], row[1]): (row[2], row[3]) for row in session.execute(query)}


def counted_on(session: Session, day: date) -> bool:
    """Whether stocks were counted for any project on this day."""
    query = select(DAY.c.project_id).where(DAY.c.day == day, DAY.c.stocks.is_not(None)).limit(1)
    return session.execute(query).first() is not None


def first_counted(session: Session) -> date | None:
    """The first day of which anything is written down; None for none."""
    first: date | None = session.execute(select(func.min(DAY.c.day))).scalar_one()
    return first


def forget_project(session: Session, project_id: int) -> None:
    """Delete what was counted of a project; what was collected of it goes by ``collected.forget_project``."""
    for target in (DAY, _LINES):
        session.execute(delete(target).where(target.c.project_id == project_id))


# --- Adding up --------------------------------------------------------------------------------------------------------


def sums(session: Session, period: Period, *, project_ids: Collection[int] | None = None) -> dict[int, dict[str, int]]:
    """
    By project its counters over the period, as ``bot.domain.maturity.counters.over_days`` of its days. One statement.

    ``project_ids`` None for all; then, or where it is asked for, what is on no project's account stands under
    ``ORGANISATION_ID``. Of what somebody damaged nothing is known: it has no counter at all, and the others theirs.
    """
    newest = func.row_number().over(partition_by=DAY.c.project_id, order_by=(DAY.c.stocks.is_(None), DAY.c.day.desc()))
    # Of stocks the last ones count: the others need not be sent.
    each = (
        select(
            DAY.c.project_id,
            type_coerce(DAY.c.counters, ExactText).label("flows"),
            type_coerce(DAY.c.stocks, ExactText).label("stocks"),
            newest.label("place"),
        )
        .where(*_of(session, period, project_ids))
        .subquery()
    )
    query = select(each.c.project_id, each.c.flows, case((each.c.place == 1, each.c.stocks)))
    found: dict[int, dict[str, int]] = {}
    known: dict[int, set[frozenset[str]]] = {}
    damaged: set[int] = set()
    marks = frozenset(_MARKS)
    for project_id, flows, stocks in session.execute(query, execution_options={"yield_per": 10_000}):
        tally = found.get(project_id)
        if tally is None:
            tally = found[project_id] = {}
            known[project_id] = set()
        try:
            said = json.loads(flows)
            known[project_id].add(marks.intersection(said))
            for name, value in said.items():
                tally[name] = tally.get(name, 0) + value
            if stocks is not None:
                tally |= json.loads(stocks)
        except (ValueError, TypeError, AttributeError, RecursionError):
            damaged.add(project_id)
    for project_id, tally in found.items():
        if project_id in damaged or not is_readable(tally):
            damaged.add(project_id)
            tally.clear()
            continue
        for name in _zeros(known[project_id]):
            tally.setdefault(name, 0)
    if found and ORGANISATION_ID not in damaged and (project_ids is None or ORGANISATION_ID in project_ids):
        # Of these our store knows every one.
        found[ORGANISATION_ID] = dict.fromkeys(_REPORTS, 0) | found.get(ORGANISATION_ID, {})
    return found


def each_day(
    session: Session, period: Period, *, project_ids: Collection[int] | None = None
) -> Iterator[tuple[int, date, dict[str, int]]]:
    """Project, day and its counters, by project and day: with every 0 that is known. One statement."""
    query = (
        select(DAY.c.project_id, DAY.c.day, DAY.c.counters, DAY.c.stocks)
        .where(*_of(session, period, project_ids))
        .order_by(DAY.c.project_id, DAY.c.day)
    )
    for project_id, day, flows, stocks in session.execute(query, execution_options={"yield_per": 5_000}):
        yield project_id, day, filled(flows | (stocks or {}))


def days(session: Session, period: Period, *, project_ids: Collection[int] | None = None) -> dict[date, dict[str, int]]:
    """
    By day the counters of these projects added up, the earliest first: what lines over time are drawn from. One
    statement. Days of which nothing is known are left out; ``days.store`` and ``projects`` say how many projects are
    behind a day's figures.
    """
    query = select(DAY.c.day, type_coerce(DAY.c.counters, ExactText), type_coerce(DAY.c.stocks, ExactText)).where(
        *_of(session, period, project_ids)
    )
    found: dict[date, dict[str, int]] = {}
    known: defaultdict[date, set[frozenset[str]]] = defaultdict(set)
    marks = frozenset(_MARKS)
    for day, flows, stocks in session.execute(query, execution_options={"yield_per": 10_000}):
        tally = found.setdefault(day, {})
        said = json.loads(flows)
        known[day].add(marks.intersection(said))
        for part in (said, json.loads(stocks) if stocks is not None else {}):
            for name, value in part.items():
                tally[name] = tally.get(name, 0) + value
    return {day: dict.fromkeys(_zeros(known[day]), 0) | found[day] for day in sorted(found)}


def _of(session: Session, period: Period, project_ids: Collection[int] | None) -> list[Any]:
    within = [DAY.c.day >= period.first, DAY.c.day <= period.last]
    return within if project_ids is None else [*within, among(session, DAY.c.project_id, project_ids)]


def _zeros(known: Iterable[frozenset[str]]) -> Iterator[str]:
    """Flows that were known on one of the days at least."""
    for marks, names in KNOWN_WITH:
        if any(day.issuperset(marks) for day in known):
            yield from names
