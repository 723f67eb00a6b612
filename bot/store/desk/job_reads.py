"""
What the page about jobs asks the store: processes, deliveries, scans that did not happen, and how scanners did.

Each function is one statement, however many projects there are. ``sees`` are the projects that the reader sees by
number; None for all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, case, func, select
from sqlalchemy.orm import Session

from bot.domain.job_board import FailedScan, ScannerHealth, SeenDelivery, SeenWorker
from bot.store.bulk import among
from bot.store.clock import database_time
from bot.store.statements import table
from bot.store.tables import DeliveryRecord, ExecutorRecord, ScannerRunRecord, ScanRecord, TakeOverRecord
from scanners.interface import ScannerStatus

_EXECUTOR = table(ExecutorRecord)
_TAKE_OVER = table(TakeOverRecord)
_DELIVERY = table(DeliveryRecord)
_SCAN = table(ScanRecord)
_RUN = table(ScannerRunRecord)

_NO_ANSWER = (ScannerStatus.FAILED, ScannerStatus.TIMED_OUT, ScannerStatus.ABSENT, ScannerStatus.CANCELLED)


def workers(session: Session, silent: timedelta) -> tuple[SeenWorker, ...]:
    """Every process that is known, the last started first; alive is who was heard of within ``silent``."""
    heard = _EXECUTOR.c.heartbeat_at >= database_time(-silent.total_seconds())
    query = select(_EXECUTOR, heard.label("alive")).order_by(_EXECUTOR.c.started_at.desc(), _EXECUTOR.c.id)
    return tuple(
        SeenWorker(row.id, row.host, row.pid, row.version, row.started_at, row.heartbeat_at, bool(row.alive))
        for row in session.execute(query)
    )


def take_overs(session: Session, job_ids: Collection[str]) -> Mapping[str, int]:
    """How often each of these jobs outlived its process; those that never did are left out."""
    rows = session.execute(
        select(_TAKE_OVER.c.job_id, _TAKE_OVER.c.count.label("times")).where(
            among(session, _TAKE_OVER.c.job_id, job_ids)
        )
    )
    return {row.job_id: int(row.times) for row in rows}


def deliveries(session: Session, sees: Collection[int] | None, *, limit: int) -> tuple[SeenDelivery, ...]:
    """The newest deliveries; those that are about no project only for who sees all."""
    query = select(
        _DELIVERY.c.received_at,
        _DELIVERY.c.event,
        _DELIVERY.c.project_id,
        _DELIVERY.c.iid,
        _DELIVERY.c.job_id,
        _DELIVERY.c.result,
    ).where(*_seen(session, _DELIVERY, sees))
    rows = session.execute(query.order_by(_DELIVERY.c.received_at.desc(), _DELIVERY.c.key).limit(limit))
    return tuple(
        SeenDelivery(row.received_at, row.event, row.project_id, row.iid, row.job_id, row.result) for row in rows
    )


def failed_scans(
    session: Session, sees: Collection[int] | None, *, since: datetime, limit: int
) -> tuple[FailedScan, ...]:
    """Scans since then that did not happen as a whole, the newest first."""
    query = (
        select(
            _SCAN.c.id,
            _SCAN.c.project_id,
            _SCAN.c.project,
            _SCAN.c.iid,
            _SCAN.c.ref,
            _SCAN.c.started_at,
            _SCAN.c.error,
        )
        .where(_SCAN.c.started_at >= since, _SCAN.c.error != "", *_seen(session, _SCAN, sees))
        .order_by(_SCAN.c.started_at.desc(), _SCAN.c.id)
        .limit(limit)
    )
    return tuple(
        FailedScan(row.id, row.project_id, row.project, row.iid, row.ref, row.started_at, row.error)
        for row in session.execute(query)
    )


def scanner_health(session: Session, sees: Collection[int] | None, *, since: datetime) -> tuple[ScannerHealth, ...]:
    """
    How each scanner did in the scans since then, by name. Three statements: numbers, versions, last failures.

    Runs that had nothing to read are left out: they say nothing. The middle and the 95th of a hundred run times are
    those of a run that took place, not something in between.
    """
    runs = _runs(session, sees, since).subquery()
    answered = runs.c.status == ScannerStatus.COMPLETED
    # Ranked among the runs with an answer: one that fails at once would make the others look quick.
    ranked = select(
        runs,
        func.row_number().over(partition_by=(runs.c.scanner, answered), order_by=runs.c.seconds).label("place"),
        func.count().over(partition_by=(runs.c.scanner, answered)).label("of"),
    ).subquery()
    counts = ranked.c.status == ScannerStatus.COMPLETED
    numbers = session.execute(
        select(
            ranked.c.scanner,
            func.count().label("runs"),
            _count(ranked.c.status.in_(_NO_ANSWER)).label("failed"),
            _count(and_(counts, ranked.c.has_gaps == 1)).label("incomplete"),
            # Integers only: the first place at or above half, and above 95 of a hundred.
            func.min(case((and_(counts, ranked.c.place * 2 >= ranked.c.of), ranked.c.seconds))).label("median"),
            func.min(case((and_(counts, ranked.c.place * 100 >= ranked.c.of * 95), ranked.c.seconds))).label("p95"),
            func.min(ranked.c.data_date).label("oldest"),
        )
        .group_by(ranked.c.scanner)
        .order_by(ranked.c.scanner)
    ).all()
    spread: dict[str, list[tuple[str, int]]] = {}
    for scanner, version, count in session.execute(
        select(runs.c.scanner, runs.c.version, func.count())
        .where(answered)
        .group_by(runs.c.scanner, runs.c.version)
        .order_by(runs.c.scanner, func.count().desc(), runs.c.version)
    ):
        spread.setdefault(scanner, []).append((version, int(count)))
    return tuple(
        ScannerHealth(
            scanner=row.scanner,
            runs=int(row.runs),
            failed=int(row.failed),
            incomplete=int(row.incomplete),
            median_seconds=row.median,
            p95_seconds=row.p95,
            oldest_data=row.oldest,
            versions=tuple(spread.get(row.scanner, ())),
            last_failure=reasons.get(row.scanner, ""),
        )
        for reasons in [_last_failures(session, runs)]
        for row in numbers
    )


def _runs(session: Session, sees: Collection[int] | None, since: datetime) -> Select[Any]:
    return (
        select(
            _RUN.c.scanner,
            _RUN.c.version,
            _RUN.c.status,
            _RUN.c.seconds,
            _RUN.c.data_date,
            case((_RUN.c.gaps.is_not(None), 1), else_=0).label("has_gaps"),
            _RUN.c.reason,
            _SCAN.c.started_at,
        )
        # The scans of a time are few and have an index; without a word SQLite reads every run there ever was instead.
        .join(_SCAN, func.coalesce(_SCAN.c.id, "") == _RUN.c.scan_id)
        .where(
            _SCAN.c.started_at >= since,
            _RUN.c.status != ScannerStatus.NOT_APPLICABLE,
            *_seen(session, _SCAN, sees),
        )
    )


def _last_failures(session: Session, runs: Any) -> Mapping[str, str]:
    newest = func.row_number().over(partition_by=runs.c.scanner, order_by=runs.c.started_at.desc()).label("newest")
    failed = select(runs.c.scanner, runs.c.reason, newest).where(runs.c.status.in_(_NO_ANSWER)).subquery()
    rows = session.execute(select(failed.c.scanner, failed.c.reason).where(failed.c.newest == 1))
    return {row.scanner: row.reason for row in rows}


def _seen(session: Session, records: Table, sees: Collection[int] | None) -> list[ColumnElement[bool]]:
    return [] if sees is None else [among(session, records.c.project_id, sees)]


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
