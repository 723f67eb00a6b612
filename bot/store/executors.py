"""
Processes that take jobs: who still beats, by the database's clock, and how often a job outlived its process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.store.clock import database_time
from bot.store.statements import insert_into, table
from bot.store.tables import ExecutorRecord, TakeOverRecord

_EXECUTOR = table(ExecutorRecord)
_TAKE_OVER = table(TakeOverRecord)


@dataclass(frozen=True, slots=True)
class Executor:
    """One process, from its start to its end."""

    id: str
    """New at each start."""
    host: str
    pid: int
    version: str
    """Release of Mergewarden."""


@dataclass(frozen=True, slots=True)
class SeenExecutor:
    """A process and when it was heard of, by the database's clock."""

    executor: Executor
    started_at: datetime
    heartbeat_at: datetime


def beat(session: Session, executor: Executor) -> None:
    """Say that the process is alive now; the first time also that it started now."""
    statement = insert_into(session, _EXECUTOR).values(
        id=executor.id,
        host=executor.host,
        pid=executor.pid,
        version=executor.version,
        started_at=database_time(),
        heartbeat_at=database_time(),
    )
    session.execute(
        statement.on_conflict_do_update(index_elements=["id"], set_={"heartbeat_at": statement.excluded.heartbeat_at})
    )


def alive_since(session: Session, limit: timedelta) -> tuple[str, ...]:
    """Ids of the processes whose last beat is at most ``limit`` ago."""
    since = database_time(-limit.total_seconds())
    query = select(_EXECUTOR.c.id).where(_EXECUTOR.c.heartbeat_at >= since)
    return tuple(session.scalars(query.order_by(_EXECUTOR.c.id)))


def dead_since(session: Session, limit: timedelta) -> tuple[str, ...]:
    """Ids of the processes whose last beat is longer than ``limit`` ago."""
    since = database_time(-limit.total_seconds())
    query = select(_EXECUTOR.c.id).where(_EXECUTOR.c.heartbeat_at < since)
    return tuple(session.scalars(query.order_by(_EXECUTOR.c.id)))


def all_executors(session: Session) -> tuple[SeenExecutor, ...]:
    """Every process that has not been removed, the last started first."""
    rows = session.execute(select(_EXECUTOR).order_by(_EXECUTOR.c.started_at.desc(), _EXECUTOR.c.id))
    return tuple(
        SeenExecutor(Executor(row.id, row.host, row.pid, row.version), row.started_at, row.heartbeat_at) for row in rows
    )


def remove_executors(session: Session, executor_ids: Sequence[str]) -> None:
    """Forget processes: at their orderly end, or after their jobs were taken over."""
    session.execute(delete(_EXECUTOR).where(_EXECUTOR.c.id.in_(sorted(executor_ids))))


def count_take_over(session: Session, job_id: str) -> int:
    """Count that a job outlived its process, and return how often it has: one statement."""
    statement = insert_into(session, _TAKE_OVER).values(job_id=job_id, count=1, last_at=database_time())
    counted = session.execute(
        statement.on_conflict_do_update(
            index_elements=["job_id"],
            set_={"count": _TAKE_OVER.c.count + 1, "last_at": statement.excluded.last_at},
        ).returning(_TAKE_OVER.c.count)
    )
    return int(counted.scalar_one())


def purge_take_overs(session: Session, *, before: datetime) -> int:
    """Forget the counts of jobs that were last taken over before this moment; how many."""
    removed = session.execute(delete(_TAKE_OVER).where(_TAKE_OVER.c.last_at < before).returning(_TAKE_OVER.c.job_id))
    return len(removed.all())
