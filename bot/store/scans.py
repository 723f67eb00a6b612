"""
Scans: what was found, by whom, and what the gate said.

A scan is recorded whole or not at all, and what is loaded equals what was recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, delete, exists, func, insert, or_, select, tuple_, update
from sqlalchemy.orm import Session

from bot.domain.change_coverage import ChangeCoverage
from bot.domain.verdict import (
    Effect,
    GateDecision,
    Outcome,
    Presence,
    Reason,
    ReasonCode,
    ScanReport,
    Subject,
    Suppressed,
    TrackedFinding,
    Violation,
)
from bot.store import announcements
from bot.store.bulk import among
from bot.store.clock import database_time
from bot.store.finding_rows import flat, tracked_finding, tracked_row, unflat
from bot.store.heads import HeadState
from bot.store.statements import insert_into, table
from bot.store.tables import MergeRequestRecord, ScanFindingRecord, ScannerRunRecord, ScanRecord
from scanners.finding import Finding
from scanners.interface import Gap, GapReason, ScannerRun

_SCAN = table(ScanRecord)
_RUN = table(ScannerRunRecord)
_FINDING = table(ScanFindingRecord)
_HEAD = table(MergeRequestRecord)


@dataclass(frozen=True, slots=True)
class StoredScan:
    """A scan without its findings."""

    id: str
    project_id: int
    iid: int | None
    """None for a scan of a branch."""
    ref: str
    base_sha: str | None
    head_sha: str | None
    outcome: Outcome
    policy_digest: str
    started_at: datetime
    """UTC."""
    seconds: float
    error: str
    """Why the scan as a whole did not happen; empty when it did."""


def record_scan(session: Session, report: ScanReport, *, project_id: int, scan_id: str) -> bool:
    """
    Store a scan. With an id that is there already nothing changes, so a repeated step does no harm.

    Takes a fixed number of statements whatever the number of findings. Returns whether the scan was new.
    """
    subject, decision = report.subject, report.decision
    statement = insert_into(session, _SCAN).values(
        id=scan_id,
        project_id=project_id,
        iid=subject.merge_request_iid,
        project=subject.project,
        project_url=subject.project_url,
        ref=subject.ref,
        base_sha=subject.base_sha,
        head_sha=subject.head_sha,
        outcome=decision.outcome,
        policy_digest=decision.policy_digest,
        started_at=report.started_at,
        recorded_at=database_time(),
        seconds=report.seconds,
        files_changed=report.files_changed,
        files_read=report.files_read,
        error=next((r.detail or r.code.value for r in decision.reasons if r.code is ReasonCode.SCAN_FAILED), ""),
        violations=[[v.fingerprint, v.rule, v.effect.value] for v in decision.violations],
        reasons=[[r.code.value, r.subject, r.detail] for r in decision.reasons],
        suppressed=_suppressed_row(decision),
        tolerated=decision.tolerated,
        coverage=report.coverage.to_json() if report.coverage is not None else None,
    )
    if session.execute(statement.on_conflict_do_nothing().returning(_SCAN.c.id)).one_or_none() is None:
        return False
    positions: dict[Finding, int] = {}
    for position, tracked in enumerate(report.tracked):
        positions.setdefault(tracked.finding, position)
    runs = [_run_row(scan_id, position, run, positions) for position, run in enumerate(report.runs)]
    findings = _finding_rows(scan_id, report)
    connection = session.connection()
    if runs:
        connection.execute(insert(_RUN), runs)
    if findings:
        connection.execute(insert(_FINDING), findings)
    if subject.merge_request_iid is not None:
        announcements.gate_decided(session, scan_id, project_id, subject.merge_request_iid, decision)
    return True


def record_decision(session: Session, scan_id: str, decision: GateDecision) -> None:
    """Replace the decision of a scan that was judged again; findings and runs stay as they are."""
    place = session.execute(
        update(_SCAN)
        .where(_SCAN.c.id == scan_id)
        .values(
            outcome=decision.outcome,
            policy_digest=decision.policy_digest,
            violations=[[v.fingerprint, v.rule, v.effect.value] for v in decision.violations],
            reasons=[[r.code.value, r.subject, r.detail] for r in decision.reasons],
            suppressed=_suppressed_row(decision),
            tolerated=decision.tolerated,
        )
        .returning(_SCAN.c.project_id, _SCAN.c.iid)
    ).one_or_none()
    if place is not None and place.iid is not None:
        announcements.gate_decided(session, scan_id, place.project_id, place.iid, decision)


def load_scan(session: Session, scan_id: str) -> ScanReport | None:
    """The report as it was recorded, or None when there is no such scan (any more). Three queries."""
    return load_scans(session, [scan_id]).get(scan_id)


def load_scans(session: Session, scan_ids: Collection[str]) -> Mapping[str, ScanReport]:
    """Those of the scans that there are, as they were recorded. Three queries, however many they are."""
    scans = session.execute(select(_SCAN).where(among(session, _SCAN.c.id, scan_ids))).all()
    tracked: dict[str, list[TrackedFinding]] = {scan.id: [] for scan in scans}
    findings = select(_FINDING).where(among(session, _FINDING.c.scan_id, tracked))
    for row in session.execute(findings.order_by(_FINDING.c.scan_id, _FINDING.c.position)).mappings():
        tracked[row["scan_id"]].append(tracked_finding(row))
    runs: dict[str, list[ScannerRun]] = {scan.id: [] for scan in scans}
    run_rows = select(_RUN).where(among(session, _RUN.c.scan_id, runs))
    for run in session.execute(run_rows.order_by(_RUN.c.scan_id, _RUN.c.position)):
        runs[run.scan_id].append(_run(run, tracked[run.scan_id]))
    return {scan.id: _report(scan, tuple(tracked[scan.id]), tuple(runs[scan.id])) for scan in scans}


def get_scan(session: Session, scan_id: str) -> StoredScan | None:
    """A scan without its findings, or None."""
    return _stored(session, select(_SCAN).where(_SCAN.c.id == scan_id))


def latest_scan(session: Session, project_id: int, iid: int | None, *, ref: str | None = None) -> StoredScan | None:
    """The scan of a merge request (``iid``) or of a branch (``iid`` None, ``ref`` its name) that started last."""
    query = select(_SCAN).where(_SCAN.c.project_id == project_id)
    query = query.where(_SCAN.c.iid.is_(None) if iid is None else _SCAN.c.iid == iid)
    if ref is not None:
        query = query.where(_SCAN.c.ref == ref)
    return _stored(session, query.order_by(*_NEWEST).limit(1))


@dataclass(frozen=True, slots=True)
class ScanPlace:
    """Where a scan of a merge request stands in the order of ``merge_request_scans``, and how large it is."""

    project_id: int
    iid: int
    started_at: datetime
    id: str
    findings: int
    is_last: bool
    """Whether it is the last one of its merge request."""


def merge_request_scans(
    session: Session,
    *,
    since: datetime,
    project_ids: Collection[int] | None = None,
    after: ScanPlace | None = None,
    limit: int = 200,
) -> tuple[ScanPlace, ...]:
    """
    Scans of merge requests from ``since`` on, and the last one of each merge request that is open, however old.

    In the order of projects, merge requests and time, from the one behind ``after``. ``project_ids`` None for all.
    """
    here = (_SCAN.c.project_id, _SCAN.c.iid, _SCAN.c.started_at, _SCAN.c.id)
    last = and_(
        _HEAD.c.last_scan_id == _SCAN.c.id, _HEAD.c.project_id == _SCAN.c.project_id, _HEAD.c.iid == _SCAN.c.iid
    )
    size = select(func.count()).where(_FINDING.c.scan_id == _SCAN.c.id).scalar_subquery()
    query = (
        select(*here, size.label("findings"), _HEAD.c.iid.is_not(None).label("is_last"))
        .select_from(_SCAN.outerjoin(_HEAD, last))
        .where(_SCAN.c.iid.is_not(None), or_(_SCAN.c.started_at >= since, _HEAD.c.state == HeadState.OPENED.value))
        .order_by(*here)
        .limit(limit)
    )
    if project_ids is not None:
        query = query.where(among(session, _SCAN.c.project_id, project_ids))
    if after is not None:
        known = (after.project_id, after.iid, after.started_at, after.id)
        query = query.where(
            tuple_(*here) > tuple_(*(bindparam(None, v, c.type) for v, c in zip(known, here, strict=True)))
        )
    return tuple(
        ScanPlace(row.project_id, row.iid, row.started_at, row.id, row.findings, bool(row.is_last))
        for row in session.execute(query)
    )


def page_of_findings(session: Session, scan_id: str, *, first: int = 0, limit: int = 100) -> tuple[TrackedFinding, ...]:
    """Findings of a scan, worst first, from the ``first``-th (counted from 0); read in that order, never sorted."""
    rows = session.execute(
        select(_FINDING)
        .where(_FINDING.c.scan_id == scan_id, _FINDING.c.place >= first)
        .order_by(_FINDING.c.place)
        .limit(limit)
    )
    return tuple(tracked_finding(row) for row in rows.mappings())


def purge_scans(session: Session, *, before: datetime, limit: int = 100) -> int:
    """
    Delete up to ``limit`` scans that started before this moment, with all they hold; how many. Repeat until 0.

    The latest of each merge request and of each branch stays, and the one that a merge request names as its last.
    """
    newer = _SCAN.alias("newer")
    later = or_(
        newer.c.started_at > _SCAN.c.started_at,
        and_(newer.c.started_at == _SCAN.c.started_at, newer.c.id > _SCAN.c.id),
    )
    same = or_(
        newer.c.iid == _SCAN.c.iid,
        and_(newer.c.iid.is_(None), _SCAN.c.iid.is_(None), newer.c.ref == _SCAN.c.ref),
    )
    old = (
        select(_SCAN.c.id)
        .where(
            _SCAN.c.started_at < before,
            exists().where(newer.c.project_id == _SCAN.c.project_id, same, later),
            ~exists().where(
                _HEAD.c.project_id == _SCAN.c.project_id,
                _HEAD.c.iid == _SCAN.c.iid,
                _HEAD.c.last_scan_id == _SCAN.c.id,
            ),
        )
        .order_by(_SCAN.c.started_at)
        .limit(limit)
    )
    return len(session.execute(delete(_SCAN).where(_SCAN.c.id.in_(old)).returning(_SCAN.c.id)).all())


def forget_project(session: Session, project_id: int) -> int:
    """Delete every scan of a project; how many."""
    removed = session.execute(delete(_SCAN).where(_SCAN.c.project_id == project_id).returning(_SCAN.c.id))
    return len(removed.all())


_NEWEST = (_SCAN.c.started_at.desc(), _SCAN.c.id.desc())


def _stored(session: Session, query: Select[Any]) -> StoredScan | None:
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    return StoredScan(
        id=row.id,
        project_id=row.project_id,
        iid=row.iid,
        ref=row.ref,
        base_sha=row.base_sha,
        head_sha=row.head_sha,
        outcome=row.outcome,
        policy_digest=row.policy_digest,
        started_at=row.started_at,
        seconds=row.seconds,
        error=row.error,
    )


def _report(
    scan: Row[tuple[object, ...]], tracked: tuple[TrackedFinding, ...], runs: tuple[ScannerRun, ...]
) -> ScanReport:
    return ScanReport(
        subject=Subject(
            project=scan.project,
            project_url=scan.project_url,
            merge_request_iid=scan.iid,
            ref=scan.ref,
            base_sha=scan.base_sha,
            head_sha=scan.head_sha,
        ),
        tracked=tracked,
        runs=runs,
        decision=GateDecision(
            outcome=scan.outcome,
            violations=tuple(Violation(mark, rule, Effect(effect)) for mark, rule, effect in scan.violations),
            reasons=tuple(Reason(ReasonCode(code), subject, detail) for code, subject, detail in scan.reasons),
            policy_digest=scan.policy_digest,
            suppressed=tuple(Suppressed(*values) for values in scan.suppressed or ()),
            tolerated=scan.tolerated,
        ),
        started_at=scan.started_at,
        seconds=scan.seconds,
        files_changed=scan.files_changed,
        files_read=scan.files_read,
        coverage=ChangeCoverage.from_json(scan.coverage) if scan.coverage is not None else None,
    )


def _finding_rows(scan_id: str, report: ScanReport) -> list[dict[str, Any]]:
    # By identity and as a stack, because two findings of a report may be equal, or even one object.
    places: dict[int, list[int]] = {}
    for place, tracked in reversed(list(enumerate(report.with_presence(*Presence)))):
        places.setdefault(id(tracked), []).append(place)
    return [
        {"scan_id": scan_id, "position": position, "place": places[id(tracked)].pop(), **tracked_row(tracked)}
        for position, tracked in enumerate(report.tracked)
    ]


def _suppressed_row(decision: GateDecision) -> list[list[object]] | None:
    return [[s.fingerprint, s.suppression_id, s.explanation] for s in decision.suppressed] or None


def _run_row(scan_id: str, position: int, run: ScannerRun, positions: dict[Finding, int]) -> dict[str, Any]:
    findings = [positions[f] if f in positions else flat(f) for f in run.findings]
    gaps = [[str(gap.path), gap.reason.value, gap.detail, gap.line] for gap in run.gaps]
    return {
        "scan_id": scan_id,
        "position": position,
        "scanner": run.scanner,
        "kind": run.kind,
        "version": run.version,
        "status": run.status,
        "reason": run.reason,
        "files": run.files,
        "cached_files": run.cached_files,
        "seconds": run.seconds,
        "rules_digest": run.rules_digest,
        "data_date": run.data_date,
        "gaps": gaps or None,
        "findings": findings or None,
    }


def _run(row: Row[tuple[object, ...]], tracked: Sequence[TrackedFinding]) -> ScannerRun:
    return ScannerRun(
        scanner=row.scanner,
        kind=row.kind,
        version=row.version,
        status=row.status,
        reason=row.reason,
        findings=tuple(tracked[f].finding if isinstance(f, int) else unflat(f) for f in row.findings or ()),
        gaps=tuple(
            Gap(PurePosixPath(path), GapReason(reason), detail, line) for path, reason, detail, line in row.gaps or ()
        ),
        files=row.files,
        cached_files=row.cached_files,
        seconds=row.seconds,
        rules_digest=row.rules_digest,
        data_date=row.data_date,
    )
