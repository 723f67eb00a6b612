"""
What is behind a figure: the findings, scans, merges, pipelines or settings of a project that were counted.

Each figure has one question for the database (two where the first answers of scanners tell what is new); the rows that
speak against the project come first, then the newest. How things stand is told as it is now, for it is not kept as it
was. What a row says are words of the store (paths, titles, names, numbers), to be cleaned by whoever shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Select, and_, case, func, select, type_coerce
from sqlalchemy.orm import Session

from bot.domain.incident import IncidentKind
from bot.domain.maturity.counters import SEVERITIES
from bot.domain.maturity.measures import MEASURES
from bot.domain.maturity.period import Period
from bot.domain.priority import Standing
from bot.domain.protected_branches import is_protected
from bot.domain.triage import Justification
from bot.store.coverage_holes import STALE_AFTER
from bot.store.maturity.flows import (
    ABSENCE,
    DECISION,
    EVENT,
    FINDING,
    INCIDENT,
    INCIDENTS,
    MERGE,
    MERGED,
    PIPELINE,
    PRESENCE,
    REF,
    RELEASE,
    RUN,
    SCAN,
    STREAM,
    SUPPRESSION,
    Beginnings,
    Span,
    cleared_before_merge,
    departures,
    every_answer,
    false_positive,
    first_judgement,
    first_on_default,
    first_verdict,
    gone_reactions,
    is_secret,
    judged_reactions,
    red_times,
    verdict_before_merge,
    with_default_presence,
)
from bot.store.maturity.sql import clock, days_between
from bot.store.maturity.stocks import (
    ENFORCEMENT,
    ITEM,
    LICENCE,
    PROJECT,
    SIZE,
    in_force,
    newest_coverage,
    open_on_default,
    overdue,
)
from bot.store.maturity_tables import ReportDeliveryRecord, ReportRecord
from bot.store.statements import table
from bot.store.tracking import OWN
from bot.store.types import ExactText
from scanners.finding import FindingKind, Severity
from scanners.interface import ScannerStatus

_DELIVERY = table(ReportDeliveryRecord)
_REPORT = table(ReportRecord)


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One thing behind a figure."""

    kind: str
    """``finding``, ``scan``, ``scanner_run``, ``verdict``, ``merge_request``, ``pipeline``, ``release``, ``incident``,
    ``exception``, ``component``, ``settings``, ``code`` or ``report``."""
    what: str
    """What it is, in the store's words: not cleaned."""
    at: datetime | None
    """UTC; None for what has no moment."""
    value: str
    """What it contributes: a word of ours, a number, or a number of seconds with ``s``; empty for nothing."""
    project_id: int | None = None
    finding_id: int | None = None
    scan_id: str | None = None
    iid: int | None = None
    incident_id: int | None = None
    suppression_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Question:
    """A project, the days, and how many rows."""

    session: Session
    project_id: int
    span: Span
    limit: int

    def rows(self, query: Select[Any]) -> Sequence[Any]:
        return self.session.execute(query.limit(self.limit)).all()

    @property
    def end(self) -> datetime:
        return self.span.until


Teller = Callable[[_Question], list[EvidenceRow]]


def evidence_rows(
    session: Session, project_id: int, measure_name: str, period: Period, limit: int = 50
) -> tuple[EvidenceRow, ...]:
    """
    What a figure of a project follows from, at most ``limit`` rows. At most two statements.

    Raises ``KeyError`` for a figure that is none of ``MEASURES``.
    """
    span = Span(period.first, period.last, (project_id,))
    return tuple(_TELLERS[measure_name](_Question(session, project_id, span, limit))[:limit])


# --- Findings ---------------------------------------------------------------------------------------------------------

_SHOWN: Final = (FINDING.c.id, FINDING.c.title, FINDING.c.path, FINDING.c.start_line, FINDING.c.severity)


def _finding(row: Any, at: datetime | None, value: str, question: _Question) -> EvidenceRow:
    return EvidenceRow(
        "finding",
        f"#{row.id} {row.title} ({row.path}:{row.start_line})",
        at,
        value,
        project_id=question.project_id,
        finding_id=row.id,
    )


def _open(*conditions: Any) -> Teller:
    """Findings that are open on the default branch."""

    def tell(question: _Question) -> list[EvidenceRow]:
        query = (
            select(*_SHOWN, FINDING.c.first_seen_at)
            .select_from(ITEM)
            .join(FINDING, FINDING.c.id == ITEM.c.finding_id)
            .where(ITEM.c.project_id == question.project_id, open_on_default(), *conditions)
            .order_by(ITEM.c.severity.desc(), FINDING.c.first_seen_at, FINDING.c.id)
        )
        return [_finding(row, row.first_seen_at, row.severity.value, question) for row in question.rows(query)]

    return tell


def _overdue(question: _Question) -> list[EvidenceRow]:
    query = (
        select(*_SHOWN, ITEM.c.due_at)
        .select_from(ITEM)
        .join(FINDING, FINDING.c.id == ITEM.c.finding_id)
        .where(ITEM.c.project_id == question.project_id, overdue(question.end))
        .order_by(ITEM.c.due_at, FINDING.c.id)
    )
    return [_finding(row, row.due_at, row.severity.value, question) for row in question.rows(query)]


def _undecided(question: _Question) -> list[EvidenceRow]:
    query = (
        select(*_SHOWN, FINDING.c.first_seen_at, ITEM.c.standing)
        .select_from(ITEM)
        .join(FINDING, FINDING.c.id == ITEM.c.finding_id)
        .where(
            ITEM.c.project_id == question.project_id,
            ITEM.c.standing.in_([Standing.UNDECIDED, Standing.REQUESTED]),
        )
        .order_by(FINDING.c.first_seen_at, FINDING.c.id)
    )
    return [_finding(row, row.first_seen_at, row.standing.value, question) for row in question.rows(query)]


def _fixed(*severities: Severity) -> Teller:
    """Findings that left the default branch, those that took longest first."""

    def tell(question: _Question) -> list[EvidenceRow]:
        gone = departures(question.span.has)
        taken = (clock(gone.c.gone_at) - clock(FINDING.c.first_seen_at)).label("taken")
        query = (
            select(*_SHOWN, gone.c.gone_at, taken)
            .join(REF, and_(REF.c.id == gone.c.ref_id, REF.c.is_default))
            .join(FINDING, FINDING.c.id == gone.c.finding_id)
            .where(FINDING.c.project_id == question.project_id, ~false_positive())
            .order_by(taken.desc(), FINDING.c.id)
        )
        if severities:
            query = query.where(FINDING.c.severity.in_(severities))
        return [_finding(row, row.gone_at, _seconds(row.taken), question) for row in question.rows(query)]

    return tell


def _reopened(question: _Question) -> list[EvidenceRow]:
    query = (
        select(*_SHOWN, ABSENCE.c.back_at, days_between(ABSENCE.c.gone_at, ABSENCE.c.back_at).label("days"))
        .select_from(ABSENCE)
        .join(REF, and_(REF.c.id == ABSENCE.c.ref_id, REF.c.is_default))
        .join(FINDING, FINDING.c.id == ABSENCE.c.finding_id)
        .where(question.span.has(ABSENCE.c.back_at), FINDING.c.project_id == question.project_id, ~false_positive())
        .order_by(ABSENCE.c.back_at.desc(), FINDING.c.id)
    )
    return [_finding(row, row.back_at, row.severity.value, question) for row in question.rows(query)]


def _came_in(*conditions: Any, known_before: bool) -> Teller:
    """Findings that the default branch has had from these days on, after their scanner's first look at it."""

    def tell(question: _Question) -> list[EvidenceRow]:
        beginnings = Beginnings(question.session, question.span)
        query = with_default_presence(
            select(
                *_SHOWN, FINDING.c.scanner, PRESENCE.c.ref_id, PRESENCE.c.first_seen_at.label("came_at")
            ).select_from(FINDING)
        ).where(
            FINDING.c.project_id == question.project_id,
            question.span.has(PRESENCE.c.first_seen_at),
            ~false_positive(),
            *conditions,
        )
        if not known_before:
            query = query.where(first_on_default())
        found: list[EvidenceRow] = []
        # How many of them were there at the first look is not known before: one project has few of a period.
        for row in question.session.execute(query.order_by(PRESENCE.c.first_seen_at.desc(), FINDING.c.id)):
            if len(found) == question.limit:
                break
            if beginnings.after(row.ref_id, row.scanner, row.came_at):
                found.append(_finding(row, row.came_at, row.severity.value, question))
        return found

    return tell


def _judged(question: _Question) -> list[EvidenceRow]:
    query = (
        select(*_SHOWN, EVENT.c.at, EVENT.c.after, FINDING.c.justification)
        .select_from(EVENT)
        .join(FINDING, FINDING.c.id == EVENT.c.finding_id)
        .where(question.span.has(EVENT.c.at), first_judgement(), FINDING.c.project_id == question.project_id)
        .order_by(case((false_positive(), 0), else_=1), EVENT.c.at.desc(), EVENT.c.id)
    )
    return [
        _finding(
            row,
            row.at,
            row.justification.value if row.justification is Justification.FALSE_POSITIVE else row.after.value,
            question,
        )
        for row in question.rows(query)
    ]


def _reactions(question: _Question) -> list[EvidenceRow]:
    beginnings = Beginnings(question.session, question.span)
    columns = (*_SHOWN, FINDING.c.scanner, FINDING.c.first_seen_at, REF.c.id.label("ref_id"))
    mine = (first_on_default(), FINDING.c.project_id == question.project_id)
    judged = judged_reactions().where(question.span.has(EVENT.c.at), *mine).add_columns(*columns)
    both = judged.union_all(gone_reactions(question.span.has).where(*mine).add_columns(*columns)).subquery()
    taken = (clock(both.c.at) - clock(both.c.first_seen_at)).label("taken")
    found: list[EvidenceRow] = []
    for row in question.session.execute(select(both, taken).order_by(taken.desc(), both.c.id)):
        if len(found) == question.limit:
            break
        if beginnings.after(row.ref_id, row.scanner, row.first_seen_at):
            found.append(_finding(row, row.at, _seconds(row.taken), question))
    return found


# --- Scans ------------------------------------------------------------------------------------------------------------


def _scans(question: _Question) -> list[EvidenceRow]:
    ended = case((every_answer(), 1), else_=0)
    query = (
        select(SCAN.c.id, SCAN.c.ref, SCAN.c.iid, SCAN.c.started_at, ended.label("ended"))
        .where(SCAN.c.project_id == question.project_id, question.span.has(SCAN.c.started_at))
        .order_by(ended, SCAN.c.started_at.desc(), SCAN.c.id)
    )
    return [
        EvidenceRow(
            "scan",
            row.ref if row.iid is None else f"!{row.iid}",
            row.started_at,
            "ended" if row.ended else "not ended",
            project_id=question.project_id,
            scan_id=row.id,
            iid=row.iid,
        )
        for row in question.rows(query)
    ]


def _last_scan(*kinds: FindingKind) -> Teller:
    """Who answered when the default branch was last scanned."""

    def tell(question: _Question) -> list[EvidenceRow]:
        silent = case((RUN.c.status.in_([ScannerStatus.COMPLETED, ScannerStatus.NOT_APPLICABLE]), 1), else_=0)
        query = (
            select(RUN.c.scanner, RUN.c.version, RUN.c.status, STREAM.c.seen_at, STREAM.c.scan_id)
            .select_from(STREAM)
            .join(REF, and_(REF.c.id == STREAM.c.ref_id, REF.c.is_default))
            .join(RUN, RUN.c.scan_id == STREAM.c.scan_id)
            .where(REF.c.project_id == question.project_id, STREAM.c.source == OWN)
            .order_by(silent, RUN.c.position)
        )
        if kinds:
            query = query.where(RUN.c.kind.in_(kinds))
        return [_run(row, row.seen_at, row.status.value, question) for row in question.rows(query)]

    return tell


def _run(row: Any, at: datetime, value: str, question: _Question) -> EvidenceRow:
    return EvidenceRow(
        "scanner_run",
        f"{row.scanner} {row.version}".strip(),
        at,
        value,
        project_id=question.project_id,
        scan_id=row.scan_id,
    )


def _dependency_runs(value: Callable[[Any], str]) -> Teller:
    """Scans of dependencies of the default branch of late, the newest first."""

    def tell(question: _Question) -> list[EvidenceRow]:
        query = (
            select(SCAN.c.id.label("scan_id"), SCAN.c.started_at, *RUN.c)
            .join(RUN, RUN.c.scan_id == SCAN.c.id)
            .join(PROJECT, and_(PROJECT.c.id == SCAN.c.project_id, PROJECT.c.default_branch == SCAN.c.ref))
            .where(
                SCAN.c.project_id == question.project_id,
                SCAN.c.iid.is_(None),
                SCAN.c.started_at >= question.end - STALE_AFTER,
                SCAN.c.started_at < question.end,
                RUN.c.kind == FindingKind.DEPENDENCY,
            )
            .order_by(SCAN.c.started_at.desc(), RUN.c.position)
        )
        return [_run(row, row.started_at, value(row), question) for row in question.rows(query)]

    return tell


def _policy(question: _Question) -> list[EvidenceRow]:
    query = (
        select(SCAN.c.id, SCAN.c.ref, SCAN.c.iid, SCAN.c.started_at, SCAN.c.policy_digest)
        .where(SCAN.c.project_id == question.project_id, SCAN.c.started_at < question.end)
        .order_by(SCAN.c.started_at.desc(), SCAN.c.id)
    )
    return [
        EvidenceRow(
            "scan",
            row.ref if row.iid is None else f"!{row.iid}",
            row.started_at,
            row.policy_digest[:12],
            project_id=question.project_id,
            scan_id=row.id,
            iid=row.iid,
        )
        for row in question.rows(query)
    ]


def _verdicts(question: _Question) -> list[EvidenceRow]:
    taken = (clock(DECISION.c.at) - clock(SCAN.c.started_at)).label("taken")
    query = (
        select(DECISION.c.iid, DECISION.c.at, DECISION.c.outcome, DECISION.c.scan_id, taken)
        .join(SCAN, SCAN.c.id == DECISION.c.scan_id)
        .where(DECISION.c.project_id == question.project_id, question.span.has(DECISION.c.at), first_verdict())
        .order_by(taken.desc(), DECISION.c.id)
    )
    return [
        EvidenceRow(
            "verdict",
            f"!{row.iid} {row.outcome.value}",
            row.at,
            _seconds(row.taken),
            project_id=question.project_id,
            scan_id=row.scan_id,
            iid=row.iid,
        )
        for row in question.rows(query)
    ]


# --- Merges, pipelines, releases --------------------------------------------------------------------------------------


def _merges(
    value: Any, *conditions: Any, at: Any = MERGE.c.merged_at, unit: str = "", worst_first: bool = True
) -> Teller:
    """Merged requests; ``value`` is what each contributes, the highest first."""

    def tell(question: _Question) -> list[EvidenceRow]:
        mine = and_(MERGED.c.project_id == MERGE.c.project_id, MERGED.c.iid == MERGE.c.iid)
        order = (value.desc() if worst_first else value, at.desc(), MERGE.c.iid)
        query = (
            select(MERGE.c.iid, at.label("at"), value.label("value"))
            .outerjoin(MERGED, and_(mine, MERGED.c.head_sha == MERGE.c.head_sha))
            .where(MERGE.c.project_id == question.project_id, question.span.has(at), *conditions)
            .order_by(*order)
        )
        return [
            EvidenceRow(
                "merge_request",
                f"!{row.iid}",
                row.at,
                "" if row.value is None else f"{row.value}{unit}",
                project_id=question.project_id,
                iid=row.iid,
            )
            for row in question.rows(query)
        ]

    return tell


def _word(condition: Any, yes: str, no: str) -> Any:
    return case((condition, yes), else_=no)


def _pipelines(value: Any, *conditions: Any, unit: str = "", limit: int | None = None) -> Teller:
    """Pipelines of the default branch; the highest values first."""

    def tell(question: _Question) -> list[EvidenceRow]:
        query = (
            select(PIPELINE.c.pipeline_id, PIPELINE.c.finished_at, value.label("value"))
            .where(PIPELINE.c.project_id == question.project_id, question.span.has(PIPELINE.c.finished_at), *conditions)
            .order_by(value.desc(), PIPELINE.c.finished_at.desc())
        )
        rows = question.rows(query)[:limit]
        return [_pipeline(row.pipeline_id, row.finished_at, f"{row.value}{unit}", question) for row in rows]

    return tell


def _pipeline(number: int, at: datetime, value: str, question: _Question) -> EvidenceRow:
    return EvidenceRow("pipeline", f"#{number}", at, value, project_id=question.project_id)


def _coverage(question: _Question) -> list[EvidenceRow]:
    query = (
        select(PIPELINE.c.pipeline_id, PIPELINE.c.finished_at, PIPELINE.c.coverage)
        .select_from(PROJECT)
        .join(
            PIPELINE,
            and_(PIPELINE.c.project_id == PROJECT.c.id, PIPELINE.c.pipeline_id == newest_coverage(question.end)),
        )
        .where(PROJECT.c.id == question.project_id)
    )
    return [
        _pipeline(row.pipeline_id, row.finished_at, f"{row.coverage:.1f} %", question) for row in question.rows(query)
    ]


def _red(question: _Question) -> list[EvidenceRow]:
    times = red_times(question.session, question.span)
    longest = sorted(times, key=lambda one: (one[1] - one[2], one[2]))
    return [
        EvidenceRow(
            "pipeline",
            f"{red.isoformat(timespec='minutes')} - {green.isoformat(timespec='minutes')}",
            green,
            _seconds(int((green - red).total_seconds())),
            project_id=question.project_id,
        )
        for _, red, green in longest
    ]


def _releases(question: _Question) -> list[EvidenceRow]:
    query = (
        select(RELEASE.c.tag, RELEASE.c.sha, RELEASE.c.released_at, RELEASE.c.cleared)
        .where(RELEASE.c.project_id == question.project_id, question.span.has(RELEASE.c.released_at))
        .order_by(case((RELEASE.c.cleared.is_(None), 1), (RELEASE.c.cleared, 2), else_=0), RELEASE.c.released_at.desc())
    )
    words = {True: "cleared", False: "not cleared", None: "unknown"}
    return [
        EvidenceRow(
            "release", f"{row.tag} {row.sha[:12]}", row.released_at, words[row.cleared], project_id=question.project_id
        )
        for row in question.rows(query)
    ]


# --- The project itself -----------------------------------------------------------------------------------------------


def _code_size(value: Callable[[Any], str]) -> Teller:
    def tell(question: _Question) -> list[EvidenceRow]:
        rows = question.rows(select(SIZE).where(SIZE.c.project_id == question.project_id))
        return [
            EvidenceRow("code", row.commit_sha[:12], row.counted_at, value(row), project_id=question.project_id)
            for row in rows
        ]

    return tell


def _density(question: _Question) -> list[EvidenceRow]:
    """Findings only: how many lines there are is one number."""
    return _open(ITEM.c.severity != Severity.INFO)(question)


def _level(question: _Question) -> list[EvidenceRow]:
    """The level, and what the next one lacks."""
    rows = question.rows(
        select(ENFORCEMENT).where(
            ENFORCEMENT.c.project_id == question.project_id, ENFORCEMENT.c.checked_at.is_not(None)
        )
    )
    found: list[EvidenceRow] = []
    for row in rows:
        found.append(EvidenceRow("settings", "level", row.checked_at, f"L{row.level}", project_id=question.project_id))
        for missing in row.missing or ():
            what = " ".join(str(part) for part in (missing.get("need"), missing.get("subject")) if part)
            found.append(EvidenceRow("settings", what, row.checked_at, "missing", project_id=question.project_id))
    return found


def _protected(question: _Question) -> list[EvidenceRow]:
    query = (
        select(ENFORCEMENT.c.facts, ENFORCEMENT.c.checked_at, PROJECT.c.default_branch)
        .join(PROJECT, PROJECT.c.id == ENFORCEMENT.c.project_id)
        .where(ENFORCEMENT.c.project_id == question.project_id, ENFORCEMENT.c.checked_at.is_not(None))
    )
    found: list[EvidenceRow] = []
    for row in question.rows(query):
        names = (row.facts or {}).get("protected_names")
        if isinstance(names, list) and row.default_branch is not None:
            value = "protected" if is_protected(row.default_branch, map(str, names)) else "not protected"
            found.append(
                EvidenceRow("settings", row.default_branch, row.checked_at, value, project_id=question.project_id)
            )
    return found


def _components(question: _Question) -> list[EvidenceRow]:
    text = type_coerce(LICENCE.c.licences, ExactText)
    query = (
        select(LICENCE.c.ecosystem, LICENCE.c.package, LICENCE.c.version, LICENCE.c.licences)
        .where(LICENCE.c.project_id == question.project_id)
        .order_by(case((text == "[]", 0), else_=1), LICENCE.c.ecosystem, LICENCE.c.package, LICENCE.c.version)
    )
    return [
        EvidenceRow(
            "component",
            f"{row.ecosystem} {row.package} {row.version}",
            None,
            ", ".join(map(str, row.licences)) or "unknown",
            project_id=question.project_id,
        )
        for row in question.rows(query)
    ]


def _incidents(*counters: str, still_open: bool = False) -> Teller:
    kinds: list[IncidentKind] = [kind for kind, counter in INCIDENTS.items() if counter in counters]

    def tell(question: _Question) -> list[EvidenceRow]:
        query = select(INCIDENT).where(INCIDENT.c.project_id == question.project_id)
        if still_open:
            query = query.where(INCIDENT.c.closed_at.is_(None))
        else:
            query = query.where(question.span.has(INCIDENT.c.first_at), INCIDENT.c.kind.in_(kinds))
        return [
            EvidenceRow(
                "incident",
                " ".join(part for part in (row.kind.value, row.ref, (row.sha or "")[:12], row.actor) if part),
                row.first_at,
                "open" if row.closed_at is None else "closed",
                project_id=question.project_id,
                iid=row.iid,
                incident_id=row.id,
            )
            for row in question.rows(query.order_by(INCIDENT.c.first_at.desc(), INCIDENT.c.id))
        ]

    return tell


def _exceptions(question: _Question) -> list[EvidenceRow]:
    query = (
        select(SUPPRESSION)
        .where(SUPPRESSION.c.project_id == question.project_id, in_force(question.end))
        .order_by(SUPPRESSION.c.expires_at.desc(), SUPPRESSION.c.id)
    )
    return [
        EvidenceRow(
            "exception",
            " ".join(
                part for part in (row.scope.value, row.scanner, row.rule_id, row.advisory, row.created_by) if part
            ),
            row.created_at,
            row.expires_at.date().isoformat(),
            project_id=question.project_id,
            finding_id=row.finding_id,
            suppression_id=row.id,
        )
        for row in question.rows(query)
    ]


def _reports(question: _Question) -> list[EvidenceRow]:
    """The organisation's: they are the same for every project."""
    query = (
        select(_REPORT.c.period_kind, _REPORT.c.first_day, _REPORT.c.last_day, _DELIVERY.c.done_at)
        .add_columns(_DELIVERY.c.acknowledged_at)
        .join(_REPORT, _REPORT.c.id == _DELIVERY.c.report_id)
        .where(_DELIVERY.c.sent, _DELIVERY.c.acknowledgement != "", question.span.has(_DELIVERY.c.done_at))
        .order_by(case((_DELIVERY.c.acknowledged_at.is_(None), 0), else_=1), _DELIVERY.c.done_at.desc())
    )
    return [
        EvidenceRow(
            "report",
            Period(row.period_kind, row.first_day, row.last_day).label,
            row.done_at,
            "not acknowledged" if row.acknowledged_at is None else "acknowledged",
        )
        for row in question.rows(query)
    ]


def _seconds(number: int) -> str:
    return f"{max(0, int(number))} s"


def _of_day(day: date | None) -> str:
    return "unknown" if day is None else day.isoformat()


_CODE: Final = FINDING.c.kind.in_([FindingKind.SAST, FindingKind.SECRET])
_MERGE_TIME: Final = clock(MERGE.c.merged_at) - clock(MERGE.c.opened_at)
_RELEASE_TIME: Final = clock(MERGE.c.released_at) - clock(MERGE.c.merged_at)

_TELLERS: Final[Mapping[str, Teller]] = MappingProxyType(
    {
        "static_coverage_existing": _code_size(lambda row: f"{row.read_lines} / {row.scannable_lines}"),
        "static_coverage_new": _merges(MERGED.c.lines - MERGED.c.read_lines, MERGED.c.lines > 0),
        "scan_success": _scans,
        "unit_coverage_existing": _coverage,
        "unit_coverage_new": _merges(
            MERGE.c.coverable_lines - func.coalesce(MERGE.c.covered_lines, 0), MERGE.c.coverable_lines.is_not(None)
        ),
        "automation_success": _pipelines(PIPELINE.c.jobs - PIPELINE.c.jobs_ok),
        "pipeline_duration": _pipelines(PIPELINE.c.seconds, PIPELINE.c.seconds.is_not(None), unit=" s"),
        "integrations_per_day": _merges(MERGE.c.iid),
        "red_fix_time": _red,
        "defect_density": _density,
        "escape_rate": _came_in(_CODE, known_before=False),
        "escapes": _came_in(_CODE, known_before=False),
        "delivery_cycle": _merges(_RELEASE_TIME, at=MERGE.c.released_at, unit=" s"),
        "release_frequency": _releases,
        **{f"mttr_{name}": _fixed(Severity(name)) for name in SEVERITIES if f"mttr_{name}" in MEASURES},
        "sla_hit_rate": _overdue,
        "reopen_rate": _reopened,
        "false_positive_rate": _judged,
        "time_to_verdict": _verdicts,
        "merge_time": _merges(_MERGE_TIME, MERGE.c.opened_at.is_not(None), unit=" s"),
        "release_lead": _merges(_RELEASE_TIME, at=MERGE.c.released_at, unit=" s"),
        "reaction_time": _reactions,
        "scanned": _last_scan(),
        "sast": _last_scan(FindingKind.SAST),
        "dependency_scan": _last_scan(FindingKind.DEPENDENCY),
        "secret_scan": _last_scan(FindingKind.SECRET),
        "required_scanners": _last_scan(),
        "advisories_fresh": _dependency_runs(lambda row: _of_day(row.data_date)),
        "pinned": _dependency_runs(lambda row: str(sum(gap[1] == "not_pinned" for gap in row.gaps or ()))),
        **{f"enforced_l{level}": _level for level in (1, 2, 3)},
        "protected": _protected,
        "policy_ok": _policy,
        "sbom": _components,
        "licences_known": _components,
        "merges_scanned": _merges(_word(verdict_before_merge(), "scanned", "unscanned")),
        "merges_cleared": _merges(_word(cleared_before_merge(), "cleared", "not cleared")),
        "releases_cleared": _releases,
        "reports_acknowledged": _reports,
        "reports_delivered": _reports,
        "open_critical": _open(ITEM.c.severity == Severity.CRITICAL),
        "open_high": _open(ITEM.c.severity == Severity.HIGH),
        "open_medium": _open(ITEM.c.severity == Severity.MEDIUM),
        "open_secrets": _open(ITEM.c.kind == FindingKind.SECRET),
        "overdue": _overdue,
        "undecided": _undecided,
        "vulnerable_components": _open(ITEM.c.package_key.is_not(None)),
        "secrets_merged": _came_in(is_secret(), known_before=True),
        "uncleared": _incidents("incidents.uncleared"),
        "break_glass": _incidents("incidents.break_glass"),
        "tampering": _incidents("incidents.tampering"),
        "open_incidents": _incidents(still_open=True),
        "exceptions": _exceptions,
    }
)
