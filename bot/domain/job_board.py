"""
Jobs, processes and scanners as the pages of the desk show them: values, and what of them somebody may see. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

MOST_COUNTED = 2_000
"""Jobs of one state that are looked at; where there are more, a count says "at least"."""


class JobState(Enum):
    """How a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    FAILED = "failed"
    """It ended with an error."""
    GIVEN_UP = "given_up"
    """It was ended: it took its process down too often, or a newer version took its place."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class SeenJob:
    """One job of the engine."""

    id: str
    kind: str
    """One of ``bot.domain.job.JOB_KINDS``; anything else is another program's."""
    state: JobState
    queue: str
    """Empty for one that was taken out of its queue."""
    project_id: int | None
    """None for one about the whole organisation, and where its arguments cannot be read: then only those see it who
    see all jobs."""
    iid: int | None
    """The merge request that it is about."""
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    executor: str
    """Process that has it; empty for none."""
    attempts: int
    """How often it was begun."""
    error: str
    """Of a failed one: kind and first line, of a stranger's length."""
    carried_over: bool = False
    """Whether another job took its place."""


@dataclass(frozen=True, slots=True)
class QueueLook:
    """One queue."""

    name: str
    waiting: int
    running: int
    oldest_at: datetime | None
    """When the one was put there that waits longest; None when none waits."""
    more: bool = False
    """Whether there are more than were counted."""


@dataclass(frozen=True, slots=True)
class SeenWorker:
    """A process that takes jobs."""

    id: str
    host: str
    pid: int
    version: str
    started_at: datetime
    heartbeat_at: datetime
    alive: bool


@dataclass(frozen=True, slots=True)
class ScannerHealth:
    """How one scanner did over all projects that one sees."""

    scanner: str
    runs: int
    failed: int
    """Ended without an answer: an error, a time limit, or it was not there."""
    incomplete: int
    """Answered, and something was left that it could not judge."""
    median_seconds: float | None
    """Of runs with an answer; None where there was none."""
    p95_seconds: float | None
    oldest_data: date | None
    """The oldest date of its data in these runs; None for a scanner without dated data."""
    versions: tuple[tuple[str, int], ...]
    """Each version with its runs, the most used first."""
    last_failure: str = ""
    """Reason of the newest failed run, one line of a tool's own words."""


@dataclass(frozen=True, slots=True)
class FailedScan:
    """A scan that as a whole did not happen."""

    id: str
    project_id: int
    project: str
    iid: int | None
    ref: str
    at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class SeenDelivery:
    """A webhook delivery that was accepted."""

    received_at: datetime
    event: str
    project_id: int | None
    iid: int | None
    job_id: str | None
    result: str


def visible_jobs(jobs: Iterable[SeenJob], sees: Collection[int] | None, everything: bool) -> tuple[SeenJob, ...]:
    """The jobs that somebody may see: all, or those of the projects in ``sees`` (None for every project)."""
    if everything:
        return tuple(jobs)
    return tuple(job for job in jobs if job.project_id is not None and (sees is None or job.project_id in sees))


def looks(jobs: Sequence[SeenJob], names: Sequence[str], *, more: bool) -> tuple[QueueLook, ...]:
    """Each of the named queues with what waits and runs there."""
    found = []
    for name in names:
        mine = [job for job in jobs if job.queue == name]
        waiting = [job.created_at for job in mine if job.state is JobState.WAITING]
        running = sum(job.state is JobState.RUNNING for job in mine)
        found.append(QueueLook(name, len(waiting), running, min(waiting, default=None), more))
    return tuple(found)
