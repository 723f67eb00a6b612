"""
One merge request as the desk shows it: its scans and what became of them, who said what, and how long each step took.

A fixed number of statements, however many scans and findings there are; lists are cut, and say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from bot.domain.change_coverage import ChangeCoverage
from bot.domain.command import Result
from bot.domain.merging import Asked, Wish
from bot.domain.verdict import Effect, Outcome, Presence, Reason, ReasonCode, TrackedFinding, Violation
from bot.store import scans
from bot.store.bulk import among
from bot.store.heads import MergeRequestHead, get_head
from bot.store.project_overview import Run, gaps_of, runs_of
from bot.store.statements import table
from bot.store.tables import (
    ClearanceRecord,
    CommandRecord,
    DecisionRecord,
    DeliveryRecord,
    MergeWishRecord,
    ReceiptRecord,
    ScanFindingRecord,
    ScanRecord,
)
from scanners.interface import Gap

_SCAN = table(ScanRecord)
_FINDING = table(ScanFindingRecord)
_DECISION = table(DecisionRecord)
_RECEIPT = table(ReceiptRecord)
_COMMAND = table(CommandRecord)
_CLEARANCE = table(ClearanceRecord)
_WISH = table(MergeWishRecord)
_DELIVERY = table(DeliveryRecord)

MOST_SCANS = 20
MOST_ROWS = 50
"""Of commands, wishes and decisions."""
_LONGEST_WAIT = timedelta(hours=6)
"""A delivery from longer before the scan did not start it."""


@dataclass(frozen=True, slots=True)
class ScanLine:
    """One scan without its findings."""

    id: str
    target: str
    base_sha: str | None
    head_sha: str | None
    outcome: Outcome
    """By the last decision about it."""
    tolerated: bool
    started_at: datetime
    """UTC, by the clock of the worker."""
    recorded_at: datetime
    """UTC, by the database's."""
    seconds: float
    files_changed: int
    files_read: int
    error: str
    policy_digest: str
    counts: Mapping[Presence, int] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()
    receipts: tuple[Receipt, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """A signed receipt, without what it says."""

    id: str
    scan_id: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision about a scan, without what it followed from."""

    id: int
    scan_id: str
    at: datetime
    because: str
    """``scan``, or the reason for judging again."""
    outcome: Outcome
    policy_digest: str


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody told the bot in a note."""

    note_id: int
    actor: str
    verb: str
    result: Result | None
    """None for one that another release wrote."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Cleared:
    """That a head might go into a branch, for as long as it was so."""

    scan_id: str
    head_sha: str
    granted_at: datetime
    withdrawn_at: datetime | None
    withdrawn_because: str


@dataclass(frozen=True, slots=True)
class ChosenScan:
    """What is told of one scan alone."""

    findings: tuple[TrackedFinding, ...]
    """A page of them, the worst first."""
    violations: tuple[Violation, ...]
    reasons: tuple[Reason, ...]
    suppressed: int
    coverage: ChangeCoverage | None
    gaps: Mapping[str, tuple[Gap, ...]]
    """What each scanner left out."""
    heard_at: datetime | None
    """When GitLab's event came that started it; None where that is not known (any more)."""


@dataclass(frozen=True, slots=True)
class MergeRequestDesk:
    """Everything about a merge request but its scans' details."""

    head: MergeRequestHead
    scans: tuple[ScanLine, ...]
    """The newest first."""
    more_scans: bool
    decisions: tuple[Decided, ...]
    """The newest first."""
    commands: tuple[Command, ...]
    wishes: tuple[Wish, ...]
    clearances: tuple[Cleared, ...]


def merge_request_desk(session: Session, project_id: int, iid: int) -> MergeRequestDesk | None:
    """What is known of a merge request; None for one that we never heard of. Nine statements."""
    head = get_head(session, project_id, iid)
    if head is None:
        return None
    rows = session.execute(
        select(*(_SCAN.c[name] for name in _COLUMNS))
        .where(_SCAN.c.project_id == project_id, _SCAN.c.iid == iid)
        .order_by(_SCAN.c.started_at.desc(), _SCAN.c.id.desc())
        .limit(MOST_SCANS + 1)
    ).all()
    shown = rows[:MOST_SCANS]
    ids = [row.id for row in shown]
    counts: dict[str, dict[Presence, int]] = {}
    per_presence = (
        select(_FINDING.c.scan_id, _FINDING.c.presence, func.count())
        .where(among(session, _FINDING.c.scan_id, ids))
        .group_by(_FINDING.c.scan_id, _FINDING.c.presence)
    )
    for scan_id, presence, number in session.execute(per_presence):
        counts.setdefault(scan_id, {})[presence] = int(number)
    runs = runs_of(session, ids)
    receipts: dict[str, list[Receipt]] = {}
    issued = (
        select(_RECEIPT.c.id, _RECEIPT.c.scan_id, _RECEIPT.c.issued_at)
        .where(_RECEIPT.c.project_id == project_id, _RECEIPT.c.iid == iid)
        .order_by(_RECEIPT.c.issued_at.desc(), _RECEIPT.c.id)
        .limit(4 * MOST_SCANS)
    )
    for row in session.execute(issued):
        receipts.setdefault(row.scan_id, []).append(Receipt(row.id, row.scan_id, row.issued_at))
    return MergeRequestDesk(
        head=head,
        scans=tuple(
            _line(row, counts.get(row.id, {}), runs.get(row.id, ()), receipts.get(row.id, ())) for row in shown
        ),
        more_scans=len(rows) > len(shown),
        decisions=_decisions(session, project_id, iid),
        commands=_commands(session, project_id, iid),
        wishes=_wishes(session, project_id, iid),
        clearances=_clearances(session, project_id, iid),
    )


def chosen_scan(
    session: Session, project_id: int, iid: int, scan_id: str, *, first: int = 0, limit: int = 100
) -> ChosenScan | None:
    """
    One scan of this merge request with a page of its findings; None where it is not one of it (any more).

    Four statements, of which only the first where there is none.
    """
    row = session.execute(
        select(_SCAN.c.violations, _SCAN.c.reasons, _SCAN.c.suppressed, _SCAN.c.coverage, _SCAN.c.started_at).where(
            _SCAN.c.id == scan_id, _SCAN.c.project_id == project_id, _SCAN.c.iid == iid
        )
    ).one_or_none()
    if row is None:
        return None
    heard = session.scalar(
        select(func.max(_DELIVERY.c.received_at)).where(
            _DELIVERY.c.received_at <= row.started_at,
            _DELIVERY.c.received_at >= row.started_at - _LONGEST_WAIT,
            _DELIVERY.c.project_id == project_id,
            _DELIVERY.c.iid == iid,
            _DELIVERY.c.job_id == scan_id,
        )
    )
    return ChosenScan(
        findings=scans.page_of_findings(session, scan_id, first=first, limit=limit),
        violations=tuple(Violation(mark, rule, Effect(effect)) for mark, rule, effect in row.violations),
        reasons=tuple(Reason(ReasonCode(code), subject, detail) for code, subject, detail in row.reasons),
        suppressed=len(row.suppressed or ()),
        coverage=ChangeCoverage.from_json(row.coverage) if row.coverage is not None else None,
        gaps=gaps_of(session, scan_id),
        heard_at=heard,
    )


_COLUMNS = (
    "id",
    "ref",
    "base_sha",
    "head_sha",
    "outcome",
    "tolerated",
    "started_at",
    "recorded_at",
    "seconds",
    "files_changed",
    "files_read",
    "error",
    "policy_digest",
)


def _line(row: Row[Any], counts: Mapping[Presence, int], runs: tuple[Run, ...], receipts: Any) -> ScanLine:
    values = {name: getattr(row, name) for name in _COLUMNS if name != "ref"}
    return ScanLine(target=row.ref, counts=counts, runs=runs, receipts=tuple(receipts), **values)


def _decisions(session: Session, project_id: int, iid: int) -> tuple[Decided, ...]:
    rows = session.execute(
        select(*(_DECISION.c[name] for name in ("id", "scan_id", "at", "because", "outcome", "policy_digest")))
        .where(_DECISION.c.project_id == project_id, _DECISION.c.iid == iid)
        .order_by(_DECISION.c.id.desc())
        .limit(MOST_ROWS)
    )
    return tuple(Decided(*row) for row in rows)


def _commands(session: Session, project_id: int, iid: int) -> tuple[Command, ...]:
    rows = session.execute(
        select(_COMMAND.c.note_id, _COMMAND.c.actor, _COMMAND.c.verb, _COMMAND.c.result, _COMMAND.c.at)
        .where(_COMMAND.c.project_id == project_id, _COMMAND.c.iid == iid)
        .order_by(_COMMAND.c.note_id.desc())
        .limit(MOST_ROWS)
    )
    known = {result.value: result for result in Result}
    return tuple(Command(row.note_id, row.actor, row.verb, known.get(row.result), row.at) for row in rows)


def _wishes(session: Session, project_id: int, iid: int) -> tuple[Wish, ...]:
    rows = session.execute(
        select(_WISH)
        .where(_WISH.c.project_id == project_id, _WISH.c.iid == iid)
        .order_by(_WISH.c.id.desc())
        .limit(MOST_ROWS)
    )
    names = [one.name for one in fields(Wish)]
    return tuple(
        Wish(**{name: row[name] for name in names} | {"asked_how": Asked(row["asked_how"])}) for row in rows.mappings()
    )


def _clearances(session: Session, project_id: int, iid: int) -> tuple[Cleared, ...]:
    names = ("scan_id", "head_sha", "granted_at", "withdrawn_at", "withdrawn_because")
    rows = session.execute(
        select(*(_CLEARANCE.c[name] for name in names))
        .where(_CLEARANCE.c.project_id == project_id, _CLEARANCE.c.iid == iid)
        .order_by(_CLEARANCE.c.id.desc())
        .limit(MOST_ROWS)
    )
    return tuple(Cleared(*row) for row in rows)
