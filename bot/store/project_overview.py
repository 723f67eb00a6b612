"""
Figures about projects: all that somebody sees at once, and one of them in detail.

Everything comes from sums that are kept (``tally``, ``group_tally``, ``daily_count``), so nothing here takes longer
with more findings. What counts as open: what is on the default branch and neither dismissed, nor covered by an
exception, nor mended, as ``daily_count`` has it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session

from bot.domain.incident import IncidentKind
from bot.domain.known import Whereabouts
from bot.domain.priority import Exposure, Standing
from bot.store.bulk import among
from bot.store.desk_tables import (
    DailyCountRecord,
    GroupNameRecord,
    ProjectProfileRecord,
    RuleTallyRecord,
    TallyRecord,
)
from bot.store.statements import table
from bot.store.tables import IncidentRecord, PackageLicenceRecord, ScannerRunRecord, ScanRecord
from scanners.finding import FindingKind, Severity
from scanners.interface import Gap, GapReason, ScannerStatus

_TALLY = table(TallyRecord)
_GROUP = table(RuleTallyRecord)
_NAME = table(GroupNameRecord)
_DAY = table(DailyCountRecord)
_PROFILE = table(ProjectProfileRecord)
_INCIDENT = table(IncidentRecord)
_LICENCE = table(PackageLicenceRecord)
_SCAN = table(ScanRecord)
_RUN = table(ScannerRunRecord)

SEVERITIES = tuple(sorted(Severity, reverse=True))
"""The worst first."""
_BY_SEVERITY = {severity: _DAY.c[severity.value] for severity in SEVERITIES}


@dataclass(frozen=True, slots=True)
class Burden:
    """How many open findings a project has."""

    counts: tuple[int, ...] = (0,) * len(SEVERITIES)
    """By severity, in the order of ``SEVERITIES``."""
    undecided: int = 0
    """Of them, those that nobody has judged."""
    exploited: int = 0
    """Of them, those about what is known to be exploited."""

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class DayCount:
    """How projects stood at the end of a day (UTC)."""

    day: date
    projects: int
    """How many of them were counted that day."""
    by_severity: Mapping[Severity, int]
    undecided: int
    overdue: int

    @property
    def total(self) -> int:
        """Open findings of every severity."""
        return sum(self.by_severity.values())


def burdens(session: Session, sees: frozenset[int] | None) -> Mapping[int, Burden]:
    """The open findings of each project, by its number; those without any are left out. One statement."""
    query = select(
        _TALLY.c.project_id,
        *(_sum_where(_TALLY.c.severity == severity).label(severity.value) for severity in SEVERITIES),
        _sum_where(_TALLY.c.standing == Standing.UNDECIDED).label("undecided"),
        _sum_where(_TALLY.c.known_exploited).label("exploited"),
    ).where(*_open())
    rows = session.execute(_seen(session, query, _TALLY.c.project_id, sees).group_by(_TALLY.c.project_id)).all()
    return {
        project_id: Burden(tuple(int(number) for number in counts), int(undecided), int(exploited))
        for project_id, *counts, undecided, exploited in rows
    }


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How many open findings of a project are late, as they were counted last."""

    day: date
    overdue: int
    due_soon: int | None
    """None where nobody counted them."""


def deadlines(session: Session, sees: frozenset[int] | None, today: date) -> Mapping[int, Deadlines]:
    """
    How each project kept its deadlines when projects were counted last, which is today or yesterday (UTC).

    A project that is not in it was not counted then: nobody knows. One statement.
    """
    last = select(func.max(_DAY.c.day)).where(_DAY.c.day.in_([today - timedelta(days=1), today])).scalar_subquery()
    columns = (_DAY.c.project_id, _DAY.c.day, _DAY.c.overdue, _DAY.c.due_soon)
    rows = session.execute(_seen(session, select(*columns).where(_DAY.c.day == last), _DAY.c.project_id, sees)).all()
    return {project_id: Deadlines(day, int(late), soon) for project_id, day, late, soon in rows}


def days_back(today: date, *, days: int, step: int) -> tuple[date, ...]:
    """Every ``step``-th day up to today, the oldest first: what a line over time shows."""
    return tuple(today - timedelta(days=back) for back in range(days - days % step, -1, -step))


def trend(session: Session, sees: frozenset[int] | None, days: Collection[date]) -> tuple[DayCount, ...]:
    """The sum over all projects on each of these days that was counted, the oldest first. One statement."""
    query = select(
        _DAY.c.day,
        func.count().label("projects"),
        *(func.sum(column).label(severity.value) for severity, column in _BY_SEVERITY.items()),
        func.sum(_DAY.c.undecided).label("undecided"),
        func.sum(_DAY.c.overdue).label("overdue"),
    ).where(_DAY.c.day.in_(sorted(days)))
    rows = session.execute(_seen(session, query, _DAY.c.project_id, sees).group_by(_DAY.c.day).order_by(_DAY.c.day))
    return tuple(
        DayCount(
            day=row["day"],
            projects=int(row["projects"]),
            by_severity={severity: int(row[severity.value]) for severity in SEVERITIES},
            undecided=int(row["undecided"]),
            overdue=int(row["overdue"]),
        )
        for row in rows.mappings()
    )


def trends_of(session: Session, project_ids: Sequence[int], days: Collection[date]) -> Mapping[int, Mapping[date, int]]:
    """Open findings of each of these projects on each of these days that was counted. One statement."""
    if not project_ids:
        return {}
    total: ColumnElement[int] = sum(_BY_SEVERITY.values(), start=_DAY.c.info * 0)
    rows = session.execute(
        select(_DAY.c.project_id, _DAY.c.day, total.label("total")).where(
            among(session, _DAY.c.project_id, project_ids), _DAY.c.day.in_(sorted(days))
        )
    )
    found: dict[int, dict[date, int]] = {}
    for row in rows:
        found.setdefault(row.project_id, {})[row.day] = int(row.total)
    return found


def open_incidents(session: Session, sees: frozenset[int] | None) -> Mapping[int, Mapping[IncidentKind, int]]:
    """Open incidents of each project by kind; projects without any are left out. One statement."""
    query = select(_INCIDENT.c.project_id, _INCIDENT.c.kind, func.count()).where(_INCIDENT.c.closed_at.is_(None))
    query = _seen(session, query, _INCIDENT.c.project_id, sees).group_by(_INCIDENT.c.project_id, _INCIDENT.c.kind)
    found: dict[int, dict[IncidentKind, int]] = {}
    for project_id, kind, number in session.execute(query):
        found.setdefault(project_id, {})[kind] = int(number)
    return found


# --- one project ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SeverityRow:
    """Findings of one severity, by what they wait for."""

    severity: Severity
    undecided: int
    requested: int
    confirmed: int
    snoozed: int
    elsewhere: int
    """On merge requests and other branches only, in whatever of these standings."""

    @property
    def open(self) -> int:
        """Those on the default branch."""
        return self.undecided + self.requested + self.confirmed + self.snoozed


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Open findings of one rule or about one package, wherever they are."""

    first: str
    """Scanner, or ecosystem."""
    second: str
    """Rule, or package."""
    worst: Severity
    count: int


@dataclass(frozen=True, slots=True)
class Component:
    """A release of a package that the project's bills of materials named."""

    ecosystem: str
    package: str
    version: str
    licences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One scanner within the last scan of a branch."""

    scanner: str
    kind: FindingKind
    version: str
    status: ScannerStatus
    reason: str
    """English, one line; empty for one that completed."""
    files: int
    seconds: float
    data_date: date | None
    has_gaps: bool
    """Whether it left out files that it should have read; ``gaps_of`` has them."""

    @property
    def assessed(self) -> bool:
        """Whether there is an answer."""
        return self.status in (ScannerStatus.COMPLETED, ScannerStatus.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class LastScan:
    """The last scan of a branch, which may have read only what a push changed."""

    id: str
    commit: str | None
    started_at: datetime
    seconds: float
    files: int
    """That were to be read."""
    policy_digest: str
    runs: tuple[Run, ...]
    gaps: Mapping[str, tuple[Gap, ...]]
    """What each scanner left out."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What people said about a project."""

    exposure: Exposure
    changed_by: str
    changed_at: datetime | None
    """None while nobody said anything."""


def by_severity(session: Session, project_id: int) -> tuple[SeverityRow, ...]:
    """The open findings of a project, the worst first, a row for every severity. One statement."""
    here = _TALLY.c.whereabouts == Whereabouts.DEFAULT_BRANCH
    query = (
        select(
            _TALLY.c.severity,
            *(
                _sum_where(and_(here, _TALLY.c.standing == standing)).label(standing.value)
                for standing in (Standing.UNDECIDED, Standing.REQUESTED, Standing.CONFIRMED, Standing.SNOOZED)
            ),
            _sum_where(_TALLY.c.whereabouts == Whereabouts.ELSEWHERE).label("elsewhere"),
        )
        .where(_TALLY.c.project_id == project_id, _TALLY.c.standing != Standing.CLOSED)
        .group_by(_TALLY.c.severity)
    )
    found = {
        row["severity"]: SeverityRow(
            row["severity"],
            *(int(row[name]) for name in ("undecided", "requested", "confirmed", "snoozed", "elsewhere")),
        )
        for row in session.execute(query).mappings()
    }
    return tuple(found.get(severity) or SeverityRow(severity, 0, 0, 0, 0, 0) for severity in SEVERITIES)


def groups(session: Session, project_id: int, kind: str, *, limit: int) -> tuple[GroupRow, ...]:
    """
    What rules (``kind`` is ``rule``) or packages (``package``) a project has the most urgent open findings of: those
    with the worst severity first, then the most. One statement.
    """
    worst, count = func.max(_GROUP.c.severity), func.sum(_GROUP.c.count)
    rows = session.execute(
        select(_NAME.c.first, _NAME.c.second, worst.label("worst"), count.label("number"))
        .join(_NAME, and_(_NAME.c.group_kind == _GROUP.c.group_kind, _NAME.c.group_key == _GROUP.c.group_key))
        .where(
            _GROUP.c.project_id == project_id,
            _GROUP.c.group_kind == kind,
            _GROUP.c.standing != Standing.CLOSED,
            _GROUP.c.count > 0,
        )
        .group_by(_GROUP.c.group_key, _NAME.c.first, _NAME.c.second)
        .order_by(worst.desc(), count.desc(), _GROUP.c.group_key)
        .limit(limit)
    )
    return tuple(GroupRow(row.first, row.second, row.worst, int(row.number)) for row in rows)


def components(session: Session, project_id: int, *, limit: int) -> tuple[tuple[Component, ...], int]:
    """Releases that bills of materials named, by name, at most ``limit``; and how many there are. One statement."""
    rows = session.execute(
        select(_LICENCE, func.count().over().label("total"))
        .where(_LICENCE.c.project_id == project_id)
        .order_by(_LICENCE.c.ecosystem, _LICENCE.c.package, _LICENCE.c.version)
        .limit(limit)
    ).all()
    found = tuple(Component(row.ecosystem, row.package, row.version, tuple(row.licences)) for row in rows)
    return found, rows[0].total if rows else 0


def licences_of_packages(
    session: Session, project_id: int, packages: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """
    Under which licences these packages come, whatever release: by ecosystem and normalised name. One statement.
    """
    wanted = set(packages)
    rows = session.execute(
        select(_LICENCE.c.ecosystem, _LICENCE.c.package, _LICENCE.c.licences).where(
            _LICENCE.c.project_id == project_id, among(session, _LICENCE.c.package, (name for _, name in wanted))
        )
    )
    known: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in rows:
        name = (row.ecosystem, row.package)
        if name in wanted:
            known[name] = tuple(dict.fromkeys((*known.get(name, ()), *row.licences)))
    return known


def last_scan(session: Session, scan_id: str) -> LastScan | None:
    """A scan with its scanners and without its findings; None where it is gone. Three statements."""
    row = session.execute(
        select(
            _SCAN.c.id,
            _SCAN.c.head_sha,
            _SCAN.c.started_at,
            _SCAN.c.seconds,
            _SCAN.c.files_changed,
            _SCAN.c.policy_digest,
        ).where(_SCAN.c.id == scan_id)
    ).one_or_none()
    runs, gaps = runs_of(session, [scan_id]).get(scan_id, ()), gaps_of(session, scan_id)
    if row is None:
        return None
    return LastScan(row.id, row.head_sha, row.started_at, row.seconds, row.files_changed, row.policy_digest, runs, gaps)


def runs_of(session: Session, scan_ids: Collection[str]) -> Mapping[str, tuple[Run, ...]]:
    """The scanners of each of these scans, in their order. One statement."""
    found: dict[str, list[Run]] = {}
    names = ("scan_id", "scanner", "kind", "version", "status", "reason", "files", "seconds", "data_date")
    rows = session.execute(
        select(*(_RUN.c[name] for name in names), _RUN.c.gaps.is_not(None).label("has_gaps"))
        .where(among(session, _RUN.c.scan_id, scan_ids))
        .order_by(_RUN.c.scan_id, _RUN.c.position)
    )
    for row in rows.mappings():
        values = {name: row[name] for name in names[1:]}
        found.setdefault(row["scan_id"], []).append(Run(**values, has_gaps=bool(row["has_gaps"])))
    return {scan_id: tuple(runs) for scan_id, runs in found.items()}


def gaps_of(session: Session, scan_id: str) -> Mapping[str, tuple[Gap, ...]]:
    """What each scanner of a scan left out, by its name; those that left nothing out are not in it. One statement."""
    rows = session.execute(
        select(_RUN.c.scanner, _RUN.c.gaps)
        .where(_RUN.c.scan_id == scan_id, _RUN.c.gaps.is_not(None))
        .order_by(_RUN.c.position)
    )
    return {
        row.scanner: tuple(
            Gap(PurePosixPath(path), GapReason(reason), detail, line) for path, reason, detail, line in row.gaps or ()
        )
        for row in rows
    }


def profile(session: Session, project_id: int) -> Profile:
    """What people said about a project; unknown while nobody did. One statement."""
    row = session.execute(select(_PROFILE).where(_PROFILE.c.project_id == project_id)).one_or_none()
    if row is None:
        return Profile(Exposure.UNKNOWN, "", None)
    return Profile(row.exposure, row.changed_by, row.changed_at)


def _open() -> tuple[ColumnElement[bool], ...]:
    return (_TALLY.c.standing != Standing.CLOSED, _TALLY.c.whereabouts == Whereabouts.DEFAULT_BRANCH)


def _sum_where(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, _TALLY.c.count), else_=0))


def _seen(session: Session, query: Select[Any], column: Any, sees: frozenset[int] | None) -> Select[Any]:
    return query if sees is None else query.where(among(session, column, sees))
