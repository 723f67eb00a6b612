"""
What happened in projects on each day, counted where it is written down.

Each function is one statement, however many projects and days: it reads a range of an index and adds up in the
database. What a judgement decides (false positives, reactions) is counted as it stands now, so that a day counted again
after a late decision says something else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    String,
    and_,
    case,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from bot.domain.incident import IncidentKind
from bot.domain.policy import Sla
from bot.domain.triage import Justification, TriageState
from bot.domain.verdict import Outcome, Presence
from bot.store import clearances
from bot.store.bulk import among
from bot.store.desk_tables import ProjectSlaRecord
from bot.store.maturity.sql import clock, day_of, days_between
from bot.store.maturity_tables import (
    AbsenceRecord,
    CollectionRecord,
    MergedLinesRecord,
    MergeFactRecord,
    PipelineFactRecord,
    ReleaseFactRecord,
)
from bot.store.statements import table
from bot.store.tables import (
    AttributionRecord,
    ClearanceRecord,
    DecisionRecord,
    FindingRecord,
    IncidentRecord,
    PresenceRecord,
    ScannerRunRecord,
    ScanRecord,
    StreamRecord,
    SuppressionRecord,
    TrackedRefRecord,
    TriageEventRecord,
)
from bot.store.tracking import ANEW
from scanners.finding import FindingKind
from scanners.interface import ScannerStatus

SCAN = table(ScanRecord)
RUN = table(ScannerRunRecord)
DECISION = table(DecisionRecord)
FINDING = table(FindingRecord)
PRESENCE = table(PresenceRecord)
ABSENCE = table(AbsenceRecord)
REF = table(TrackedRefRecord)
STREAM = table(StreamRecord)
ATTRIBUTION = table(AttributionRecord)
EVENT = table(TriageEventRecord)
SUPPRESSION = table(SuppressionRecord)
INCIDENT = table(IncidentRecord)
CLEARANCE = table(ClearanceRecord)
PIPELINE = table(PipelineFactRecord)
MERGE = table(MergeFactRecord)
MERGED = table(MergedLinesRecord)
RELEASE = table(ReleaseFactRecord)
COLLECTION = table(CollectionRecord)
SLA = table(ProjectSlaRecord)

CLOCKS_DIFFER: Final = 60
"""Seconds by which GitLab's clock and ours may differ where it is asked what came first."""
RED_DAYS: Final = 35
"""So long before a day a pipeline may have become red that becomes green on it."""

_OF_SCANS: Final = ("scan", "failed")
"""Why decisions are made that a scan, or its failure, led to."""

INCIDENTS: Final[Mapping[IncidentKind, str]] = {
    IncidentKind.UNCLEARED_COMMIT: "incidents.uncleared",
    IncidentKind.MERGED_UNCLEARED: "incidents.uncleared",
    IncidentKind.BREAK_GLASS_MERGE: "incidents.break_glass",
    IncidentKind.MERGED_AROUND: "incidents.tampering",
    IncidentKind.HISTORY_REWRITTEN: "incidents.tampering",
    IncidentKind.FORGED_STATUS: "incidents.tampering",
    IncidentKind.THREAD_RESOLVED: "incidents.tampering",
    IncidentKind.SETTINGS_WEAKENED: "incidents.tampering",
}
"""As which counter each kind of incident counts."""

Key = tuple[int, date]
Found = defaultdict[Key, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Span:
    """Days and projects that are counted."""

    first: date
    last: date
    project_ids: Collection[int] | None = None
    """None for all."""

    @property
    def since(self) -> datetime:
        """When the first day begins."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def until(self) -> datetime:
        """When the last day is over."""
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)

    def has(self, moment: Any) -> ColumnElement[bool]:
        """SQL condition: the moment is on one of the days."""
        return and_(moment >= self.since, moment < self.until)

    def of(self, session: Session, project_id: Column[Any]) -> tuple[ColumnElement[bool], ...]:
        """SQL conditions: the project is one of these."""
        return () if self.project_ids is None else (among(session, project_id, self.project_ids),)


def add(found: Found, project_id: int, day: date, **counts: int) -> None:
    """Add to a project's counters of a day. Points in names are written as two underscores."""
    for name, value in counts.items():
        put(found, project_id, day, name.replace("__", "."), value)


def put(found: Found, project_id: int, day: date, name: str, value: int) -> None:
    """Add to one counter; 0 is what is not there."""
    if value:
        tally = found[project_id, day]
        tally[name] = tally.get(name, 0) + value


# --- Conditions -------------------------------------------------------------------------------------------------------


def false_positive() -> ColumnElement[bool]:
    """SQL condition on a finding: somebody said that there is nothing to it."""
    return and_(
        FINDING.c.state == TriageState.DISMISSED,
        # A column without a value must not make the whole condition one.
        func.coalesce(FINDING.c.justification == Justification.FALSE_POSITIVE, literal_column("false")),
    )


def is_secret() -> ColumnElement[bool]:
    """The same for a secret; as a constant in the statement, by which the small index of secrets is chosen."""
    return type_coerce(FINDING.c.kind, String()) == literal_column("'secret'")


def first_on_default() -> ColumnElement[bool]:
    """On finding and presence on the default branch: nobody had seen it anywhere before."""
    return PRESENCE.c.first_seen_at == FINDING.c.first_seen_at


def first_on_merge_request() -> ColumnElement[bool]:
    """SQL condition on a finding: it was seen for the first time on a merge request."""
    there, ref = PRESENCE.alias("first_presence"), REF.alias("first_ref")
    return exists(
        select(there.c.finding_id)
        .join(ref, ref.c.id == there.c.ref_id)
        .where(
            there.c.finding_id == FINDING.c.id,
            there.c.first_seen_at == FINDING.c.first_seen_at,
            ref.c.merge_request_iid.is_not(None),
        )
    )


def with_default_presence(query: Select[Any], *, outer: bool = False) -> Select[Any]:
    """Join a finding with its presence on the default branch."""
    joined = query.join(REF, and_(REF.c.project_id == FINDING.c.project_id, REF.c.is_default), isouter=outer)
    return joined.join(
        PRESENCE, and_(PRESENCE.c.ref_id == REF.c.id, PRESENCE.c.finding_id == FINDING.c.id), isouter=outer
    )


def every_answer() -> ColumnElement[bool]:
    """SQL condition on a scan: it took place, and each of its scanners answered."""
    answers = (ScannerStatus.COMPLETED, ScannerStatus.NOT_APPLICABLE)
    mine = select(RUN.c.scan_id).where(RUN.c.scan_id == SCAN.c.id)
    return and_(SCAN.c.error == "", exists(mine), not_(exists(mine.where(RUN.c.status.not_in(answers)))))


def first_verdict() -> ColumnElement[bool]:
    """SQL condition on a decision: it is about a merge request, and the first one that its scan led to."""
    earlier = DECISION.alias("earlier_decision")
    return and_(
        DECISION.c.iid.is_not(None),
        DECISION.c.because.in_(_OF_SCANS),
        ~exists().where(earlier.c.scan_id == DECISION.c.scan_id, earlier.c.id < DECISION.c.id),
    )


def verdict_before_merge() -> ColumnElement[bool]:
    """SQL condition on a merge: its head had been looked at, with an answer."""
    return exists(
        select(DECISION.c.id)
        .join(SCAN, SCAN.c.id == DECISION.c.scan_id)
        .where(
            DECISION.c.project_id == MERGE.c.project_id,
            DECISION.c.iid == MERGE.c.iid,
            DECISION.c.outcome != Outcome.NOT_ASSESSED,
            SCAN.c.head_sha == MERGE.c.head_sha,
            clock(DECISION.c.at) <= clock(MERGE.c.merged_at) + CLOCKS_DIFFER,
        )
    )


def cleared_before_merge() -> ColumnElement[bool]:
    """SQL condition on a merge: a verdict had let its head through, and none took that back."""
    return exists(
        select(CLEARANCE.c.id).where(
            CLEARANCE.c.project_id == MERGE.c.project_id,
            CLEARANCE.c.iid == MERGE.c.iid,
            CLEARANCE.c.head_sha == MERGE.c.head_sha,
            CLEARANCE.c.withdrawn_because.not_in([clearances.VERDICT, clearances.CLOSED]),
            clock(CLEARANCE.c.granted_at) <= clock(MERGE.c.merged_at) + CLOCKS_DIFFER,
        )
    )


def departures(condition: Callable[[Any], ColumnElement[bool]]) -> Any:
    """
    Every time that a finding left a branch or merge request, also where it came back: ref, finding, ``gone_at``.

    Without what stayed behind when another branch became the default one: see ``bot.store.tracking``.
    """
    return union_all(
        select(PRESENCE.c.ref_id, PRESENCE.c.finding_id, PRESENCE.c.gone_at).where(
            PRESENCE.c.gone_at.is_not(None), condition(PRESENCE.c.gone_at), PRESENCE.c.presence == Presence.FIXED
        ),
        select(ABSENCE.c.ref_id, ABSENCE.c.finding_id, ABSENCE.c.gone_at).where(condition(ABSENCE.c.gone_at)),
    ).subquery("departure")


def first_judgement() -> ColumnElement[bool]:
    """SQL condition on a triage event: somebody judged, and nobody had before."""
    earlier = EVENT.alias("earlier_event")
    return and_(
        EVENT.c.after != TriageState.DETECTED,
        ~exists().where(
            earlier.c.finding_id == EVENT.c.finding_id,
            earlier.c.id < EVENT.c.id,
            earlier.c.after != TriageState.DETECTED,
        ),
    )


def judged_reactions() -> Select[Any]:
    """First judgements of findings that are or were on the default branch, and had not left it before."""
    left = exists().where(
        ABSENCE.c.ref_id == REF.c.id, ABSENCE.c.finding_id == FINDING.c.id, ABSENCE.c.gone_at < EVENT.c.at
    )
    query = select(EVENT.c.at.label("at")).join(FINDING, FINDING.c.id == EVENT.c.finding_id)
    return with_default_presence(query).where(
        first_judgement(),
        FINDING.c.kind != FindingKind.SUPPRESSION,
        or_(PRESENCE.c.gone_at.is_(None), PRESENCE.c.gone_at >= EVENT.c.at),
        ~left,
    )


def gone_reactions(condition: Callable[[Any], ColumnElement[bool]]) -> Select[Any]:
    """Findings that left the default branch, for the first time, before anybody judged."""
    gone = departures(condition)
    left = exists().where(
        ABSENCE.c.ref_id == gone.c.ref_id,
        ABSENCE.c.finding_id == gone.c.finding_id,
        ABSENCE.c.gone_at < gone.c.gone_at,
    )
    judged = exists().where(
        EVENT.c.finding_id == gone.c.finding_id,
        EVENT.c.after != TriageState.DETECTED,
        EVENT.c.at <= gone.c.gone_at,
    )
    return (
        select(gone.c.gone_at.label("at"))
        .join(REF, and_(REF.c.id == gone.c.ref_id, REF.c.is_default))
        .join(FINDING, FINDING.c.id == gone.c.finding_id)
        .join(PRESENCE, and_(PRESENCE.c.ref_id == gone.c.ref_id, PRESENCE.c.finding_id == gone.c.finding_id))
        .where(FINDING.c.kind != FindingKind.SUPPRESSION, ~left, ~judged)
    )


def stopped_secrets(condition: Callable[[Any], ColumnElement[bool]]) -> Select[Any]:
    """
    Secrets that a scan saw go from a merge request and that the default branch never had: finding and moment.

    When a merge request is closed or merged nothing is present on it any more either; but then no scan says so.
    """
    theirs, branch = PRESENCE.alias("branch_presence"), REF.alias("branch")
    seen_gone = exists(
        select(ATTRIBUTION.c.finding_id)
        .join(STREAM, STREAM.c.id == ATTRIBUTION.c.stream_id)
        .where(
            ATTRIBUTION.c.finding_id == PRESENCE.c.finding_id,
            STREAM.c.ref_id == PRESENCE.c.ref_id,
            ATTRIBUTION.c.gone_at == PRESENCE.c.gone_at,
        )
    )
    shipped = exists(
        select(theirs.c.finding_id)
        .join(branch, branch.c.id == theirs.c.ref_id)
        .where(theirs.c.finding_id == FINDING.c.id, branch.c.is_default)
    )
    return (
        select(FINDING.c.id.label("finding_id"), PRESENCE.c.gone_at.label("at"))
        .join(PRESENCE, PRESENCE.c.finding_id == FINDING.c.id)
        .join(REF, and_(REF.c.id == PRESENCE.c.ref_id, REF.c.merge_request_iid.is_not(None)))
        .where(
            is_secret(),
            not_(false_positive()),
            PRESENCE.c.gone_at.is_not(None),
            condition(PRESENCE.c.gone_at),
            seen_gone,
            ~shipped,
        )
    )


def came_into_force() -> Any:
    """SQL expression: when a suppression began to count; NULL for never."""
    return case(
        (~SUPPRESSION.c.needs_approval, SUPPRESSION.c.created_at),
        else_=SUPPRESSION.c.approved_at,
    )


def red_times(session: Session, span: Span) -> list[tuple[int, datetime, datetime]]:
    """
    Project, first red and next green of each time that a default branch became green again on these days, in order.

    What became red more than ``RED_DAYS`` before is taken to have become so then.
    """
    each = (
        select(
            PIPELINE.c.project_id,
            PIPELINE.c.pipeline_id,
            PIPELINE.c.finished_at,
            PIPELINE.c.successful,
            func.lag(PIPELINE.c.successful)
            .over(partition_by=PIPELINE.c.project_id, order_by=(PIPELINE.c.finished_at, PIPELINE.c.pipeline_id))
            .label("before"),
        )
        .where(
            PIPELINE.c.finished_at >= span.since - timedelta(days=RED_DAYS),
            PIPELINE.c.finished_at < span.until,
            *span.of(session, PIPELINE.c.project_id),
        )
        .subquery()
    )
    # Only where the light changed: of a thousand pipelines few do.
    turns = select(each).where(
        or_(
            and_(each.c.before.is_(None), ~each.c.successful),
            and_(each.c.before.is_not(None), each.c.before != each.c.successful),
        )
    )
    found: list[tuple[int, datetime, datetime]] = []
    red: dict[int, datetime] = {}
    for row in session.execute(turns.order_by(each.c.project_id, each.c.finished_at, each.c.pipeline_id)):
        if not row.successful:
            red[row.project_id] = row.finished_at
        elif (since := red.pop(row.project_id, None)) is not None and row.finished_at >= span.since:
            found.append((row.project_id, since, row.finished_at))
    return found


# --- What was there when a scanner first looked -----------------------------------------------------------------------


class Beginnings:
    """When each scanner first answered about each default branch."""

    def __init__(self, session: Session, span: Span) -> None:
        """One statement."""
        query = select(STREAM.c.ref_id, STREAM.c.began).join(REF, REF.c.id == STREAM.c.ref_id).where(REF.c.is_default)
        self._began: dict[tuple[int, str], datetime] = {}
        self._anew: set[tuple[int, datetime]] = set()
        for ref_id, began in session.execute(query.where(*span.of(session, REF.c.project_id))):
            for scanner, text in (began or {}).items():
                if scanner == ANEW:
                    self._anew |= {(ref_id, datetime.fromisoformat(moment)) for moment in text.split()}
                    continue
                at = datetime.fromisoformat(text)
                key = (ref_id, scanner)
                self._began[key] = min(at, self._began.get(key, at))

    def after(self, ref_id: int, scanner: str, at: datetime) -> bool:
        """Whether it had looked before: then what it sees at this moment is new. So is what nobody knows better of."""
        began = self._began.get((ref_id, scanner))
        return (began is None or at > began) and (ref_id, at) not in self._anew


# --- Counting ---------------------------------------------------------------------------------------------------------


def count_flows(session: Session, span: Span) -> Found:
    """Every flow of our own store and of GitLab's facts. A fixed number of statements; whether they are known is not
    said here."""
    found: Found = defaultdict(dict)
    beginnings = Beginnings(session, span)
    _scans(session, span, found)
    _verdicts(session, span, found)
    _findings(session, span, found, beginnings)
    _fixed(session, span, found)
    _reopened(session, span, found)
    _secrets(session, span, found, beginnings)
    _decided(session, span, found)
    _reactions(session, span, found, beginnings)
    _incidents(session, span, found)
    _exceptions(session, span, found)
    _pipelines(session, span, found)
    _red(session, span, found)
    _merges(session, span, found)
    _released(session, span, found)
    _releases(session, span, found)
    return found


def _sum(condition: Any, value: Any = 1) -> Any:
    return func.coalesce(func.sum(case((condition, value), else_=0)), 0)


def _scans(session: Session, span: Span, found: Found) -> None:
    day = day_of(SCAN.c.started_at)
    query = select(SCAN.c.project_id, day, func.count(), _sum(every_answer())).where(
        span.has(SCAN.c.started_at), *span.of(session, SCAN.c.project_id)
    )
    for project_id, at, scans, ended in session.execute(query.group_by(SCAN.c.project_id, day)):
        add(found, project_id, at, scans=int(scans), scans__ended=int(ended))


def _verdicts(session: Session, span: Span, found: Found) -> None:
    day = day_of(DECISION.c.at)
    query = (
        select(
            DECISION.c.project_id,
            day,
            func.count(),
            _sum(DECISION.c.outcome == Outcome.NOT_ASSESSED),
            _sum(DECISION.c.outcome == Outcome.FAILED),
            func.sum(clock(DECISION.c.at) - clock(SCAN.c.started_at)),
        )
        .join(SCAN, SCAN.c.id == DECISION.c.scan_id)
        .where(
            span.has(DECISION.c.at),
            first_verdict(),
            *span.of(session, DECISION.c.project_id),
        )
        .group_by(DECISION.c.project_id, day)
    )
    for project_id, at, verdicts, silent, failed, seconds in session.execute(query):
        add(
            found,
            project_id,
            at,
            verdicts=int(verdicts),
            verdicts__not_assessed=int(silent),
            verdicts__failed=int(failed),
            verdict__seconds=max(0, int(seconds)),
        )


def _findings(session: Session, span: Span, found: Found, beginnings: Beginnings) -> None:
    default = and_(PRESENCE.c.ref_id.is_not(None), first_on_default())
    each = (
        with_default_presence(
            select(
                FINDING.c.project_id,
                day_of(FINDING.c.first_seen_at).label("day"),
                FINDING.c.severity,
                FINDING.c.kind,
                case((first_on_merge_request(), 1), else_=0).label("proposed"),
                # What tells whether it was there before: of the others these need not be told apart.
                case((default, PRESENCE.c.ref_id)).label("ref_id"),
                case((default, FINDING.c.scanner)).label("scanner"),
                case((default, FINDING.c.first_seen_at)).label("at"),
            ).select_from(FINDING),
            outer=True,
        )
        .where(span.has(FINDING.c.first_seen_at), not_(false_positive()), *span.of(session, FINDING.c.project_id))
        .subquery()
    )
    query: Select[Any] = select(*each.c, func.count()).group_by(*each.c)
    for project_id, day, severity, kind, proposed, ref_id, scanner, at, count in session.execute(query):
        put(found, project_id, day, f"found.{severity.value}", count)
        if proposed:
            put(found, project_id, day, "found.before_merge", count)
        elif ref_id is not None and kind is not FindingKind.SUPPRESSION and beginnings.after(ref_id, scanner, at):
            name = "advisories.matched" if kind is FindingKind.DEPENDENCY else "escaped"
            put(found, project_id, day, name, count)


def _fixed(session: Session, span: Span, found: Found) -> None:
    gone = departures(span.has)
    day, taken = day_of(gone.c.gone_at), days_between(FINDING.c.first_seen_at, gone.c.gone_at)
    query = (
        select(
            FINDING.c.project_id,
            day,
            FINDING.c.severity,
            taken,
            # The same row of the project again and again.
            SLA.c.critical,
            SLA.c.high,
            SLA.c.medium,
            SLA.c.low,
            func.count(),
            func.sum(clock(gone.c.gone_at) - clock(FINDING.c.first_seen_at)),
        )
        .join(REF, and_(REF.c.id == gone.c.ref_id, REF.c.is_default))
        .join(FINDING, FINDING.c.id == gone.c.finding_id)
        .outerjoin(SLA, SLA.c.project_id == FINDING.c.project_id)
        .where(not_(false_positive()), *span.of(session, FINDING.c.project_id))
        .group_by(
            FINDING.c.project_id, day, FINDING.c.severity, taken, SLA.c.critical, SLA.c.high, SLA.c.medium, SLA.c.low
        )
    )
    for project_id, at, severity, days, *limits, count, seconds in session.execute(query):
        put(found, project_id, at, f"fixed.{severity.value}", count)
        put(found, project_id, at, f"fixed_seconds.{severity.value}", max(0, int(seconds)))
        # Only what is not the usual is written down.
        sla = Sla() if None in limits else Sla(*limits)
        limit = sla.days(severity)
        if limit is not None:
            put(found, project_id, at, "fixed.in_time" if days <= limit else "fixed.late", count)


def _reopened(session: Session, span: Span, found: Found) -> None:
    day = day_of(ABSENCE.c.back_at)
    query = (
        select(FINDING.c.project_id, day, func.count())
        .select_from(ABSENCE)
        .join(REF, and_(REF.c.id == ABSENCE.c.ref_id, REF.c.is_default))
        .join(FINDING, FINDING.c.id == ABSENCE.c.finding_id)
        .where(span.has(ABSENCE.c.back_at), not_(false_positive()), *span.of(session, FINDING.c.project_id))
        .group_by(FINDING.c.project_id, day)
    )
    for project_id, at, count in session.execute(query):
        put(found, project_id, at, "reopened", count)


def _secrets(session: Session, span: Span, found: Found, beginnings: Beginnings) -> None:
    gone = (
        stopped_secrets(span.has)
        .add_columns(FINDING.c.project_id)
        .where(*span.of(session, FINDING.c.project_id))
        .subquery()
    )
    day = day_of(gone.c.at)
    # On two merge requests it is one secret all the same.
    query = select(gone.c.project_id, day, func.count(gone.c.finding_id.distinct())).group_by(gone.c.project_id, day)
    for project_id, at, count in session.execute(query):
        put(found, project_id, at, "secrets.stopped", count)
    came = day_of(PRESENCE.c.first_seen_at)
    shipped = (
        with_default_presence(
            select(
                FINDING.c.project_id, came, PRESENCE.c.ref_id, FINDING.c.scanner, PRESENCE.c.first_seen_at, func.count()
            ).select_from(FINDING)
        )
        .where(
            is_secret(),
            not_(false_positive()),
            span.has(PRESENCE.c.first_seen_at),
            *span.of(session, FINDING.c.project_id),
        )
        .group_by(FINDING.c.project_id, came, PRESENCE.c.ref_id, FINDING.c.scanner, PRESENCE.c.first_seen_at)
    )
    for project_id, at, ref_id, scanner, first, count in session.execute(shipped):
        if beginnings.after(ref_id, scanner, first):
            put(found, project_id, at, "secrets.merged", count)


def _decided(session: Session, span: Span, found: Found) -> None:
    day = day_of(EVENT.c.at)
    query = (
        select(FINDING.c.project_id, day, func.count(), _sum(false_positive()))
        .select_from(EVENT)
        .join(FINDING, FINDING.c.id == EVENT.c.finding_id)
        .where(span.has(EVENT.c.at), first_judgement(), *span.of(session, FINDING.c.project_id))
        .group_by(FINDING.c.project_id, day)
    )
    for project_id, at, count, false in session.execute(query):
        add(found, project_id, at, decided=int(count), decided__false_positive=int(false))


def _reactions(session: Session, span: Span, found: Found, beginnings: Beginnings) -> None:
    default = first_on_default()
    for reaction in (judged_reactions().where(span.has(EVENT.c.at)), gone_reactions(span.has)):
        # Those that were known before are left out here and not by a condition: PostgreSQL takes the two times for
        # unlike, expects no row, and goes through all branches for each of a hundred thousand.
        each = (
            reaction.add_columns(
                FINDING.c.project_id,
                case((default, REF.c.id)).label("ref_id"),
                case((default, FINDING.c.scanner)).label("scanner"),
                case((default, FINDING.c.first_seen_at)).label("first"),
            )
            .where(*span.of(session, FINDING.c.project_id))
            .subquery()
        )
        day = day_of(each.c.at)
        keys = (each.c.project_id, day, each.c.ref_id, each.c.scanner, each.c.first)
        seconds = func.sum(clock(each.c.at) - clock(each.c.first))
        for project_id, at, ref_id, scanner, first, count, taken in session.execute(
            select(*keys, func.count(), seconds).group_by(*keys)
        ):
            if ref_id is not None and beginnings.after(ref_id, scanner, first):
                add(found, project_id, at, reactions=int(count), reaction__seconds=max(0, int(taken)))


def _incidents(session: Session, span: Span, found: Found) -> None:
    day = day_of(INCIDENT.c.first_at)
    query = select(INCIDENT.c.project_id, day, INCIDENT.c.kind, func.count()).where(
        span.has(INCIDENT.c.first_at), *span.of(session, INCIDENT.c.project_id)
    )
    for project_id, at, kind, count in session.execute(query.group_by(INCIDENT.c.project_id, day, INCIDENT.c.kind)):
        put(found, project_id, at, INCIDENTS[kind], count)


def _exceptions(session: Session, span: Span, found: Found) -> None:
    each = (
        select(SUPPRESSION.c.project_id, came_into_force().label("at"))
        .where(SUPPRESSION.c.project_id.is_not(None), *span.of(session, SUPPRESSION.c.project_id))
        .subquery()
    )
    day = day_of(each.c.at)
    query = select(each.c.project_id, day, func.count()).where(span.has(each.c.at)).group_by(each.c.project_id, day)
    for project_id, at, count in session.execute(query):
        put(found, project_id, at, "exceptions.made", count)


def _pipelines(session: Session, span: Span, found: Found) -> None:
    day = day_of(PIPELINE.c.finished_at)
    query = (
        select(
            PIPELINE.c.project_id,
            day,
            func.count(),
            _sum(PIPELINE.c.successful),
            func.count(PIPELINE.c.seconds),
            func.coalesce(func.sum(PIPELINE.c.seconds), 0),
            func.sum(PIPELINE.c.jobs),
            func.sum(PIPELINE.c.jobs_ok),
        )
        .where(span.has(PIPELINE.c.finished_at), *span.of(session, PIPELINE.c.project_id))
        .group_by(PIPELINE.c.project_id, day)
    )
    for project_id, at, *numbers in session.execute(query):
        count, good, timed, seconds, jobs, jobs_ok = map(int, numbers)
        add(
            found,
            project_id,
            at,
            pipelines=count,
            pipelines__ok=good,
            pipelines__timed=timed,
            pipeline__seconds=seconds,
            jobs=jobs,
            jobs__ok=jobs_ok,
        )


def _red(session: Session, span: Span, found: Found) -> None:
    for project_id, red, green in red_times(session, span):
        day = green.astimezone(UTC).date()
        add(found, project_id, day, red__times=1, red__seconds=_seconds(red, green))


def _seconds(earlier: datetime, later: datetime) -> int:
    """As ``clock`` counts them."""
    return max(0, int(later.timestamp() // 1) - int(earlier.timestamp() // 1))


def _merges(session: Session, span: Span, found: Found) -> None:
    day = day_of(MERGE.c.merged_at)
    timed = MERGE.c.opened_at.is_not(None)
    mine = and_(
        MERGED.c.project_id == MERGE.c.project_id,
        MERGED.c.iid == MERGE.c.iid,
        MERGED.c.head_sha == MERGE.c.head_sha,
    )
    query = (
        select(
            MERGE.c.project_id,
            day,
            func.count(),
            _sum(verdict_before_merge()),
            _sum(cleared_before_merge()),
            _sum(timed),
            _sum(timed, clock(MERGE.c.merged_at) - clock(MERGE.c.opened_at)),
            func.coalesce(func.sum(MERGED.c.lines), 0),
            func.coalesce(func.sum(MERGED.c.read_lines), 0),
            func.coalesce(func.sum(MERGE.c.coverable_lines), 0),
            func.coalesce(func.sum(MERGE.c.covered_lines), 0),
        )
        .outerjoin(MERGED, mine)
        .where(span.has(MERGE.c.merged_at), *span.of(session, MERGE.c.project_id))
        .group_by(MERGE.c.project_id, day)
    )
    for project_id, at, *numbers in session.execute(query):
        count, scanned, cleared, known, seconds, lines, read, coverable, covered = map(int, numbers)
        add(
            found,
            project_id,
            at,
            merges=count,
            merges__scanned=scanned,
            merges__cleared=cleared,
            merges__timed=known,
            merge__seconds=max(0, seconds),
            changed__lines=lines,
            changed__read_lines=read,
            new_code__lines=coverable,
            new_code__covered_lines=covered,
        )


def _released(session: Session, span: Span, found: Found) -> None:
    day = day_of(MERGE.c.released_at)
    seconds = func.sum(clock(MERGE.c.released_at) - clock(MERGE.c.merged_at))
    query = select(MERGE.c.project_id, day, func.count(), seconds).where(
        span.has(MERGE.c.released_at), *span.of(session, MERGE.c.project_id)
    )
    for project_id, at, count, taken in session.execute(query.group_by(MERGE.c.project_id, day)):
        add(found, project_id, at, release__leads=int(count), release__lead_seconds=max(0, int(taken)))


def _releases(session: Session, span: Span, found: Found) -> None:
    day = day_of(RELEASE.c.released_at)
    query = select(
        RELEASE.c.project_id, day, func.count(), func.count(RELEASE.c.cleared), _sum(RELEASE.c.cleared)
    ).where(span.has(RELEASE.c.released_at), *span.of(session, RELEASE.c.project_id))
    for project_id, at, count, judged, cleared in session.execute(query.group_by(RELEASE.c.project_id, day)):
        add(found, project_id, at, releases=int(count), releases__judged=int(judged), releases__cleared=int(cleared))
