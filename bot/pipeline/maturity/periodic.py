"""
What is done for the whole organisation again and again, one durable job for each: counting, taking snapshots.

A job names a task of ``TASKS`` and a slot, such as a night. A task reads the present state, so doing it twice or late
does no harm. When it went well, the tasks that follow it are submitted for the same slot; so a night's snapshots are
never taken of what was not counted. Whoever adds a task adds a line to the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from bot.domain.job import RunPeriodic
from bot.errors import MergewardenError
from bot.pipeline.engine import JobQueue
from bot.pipeline.maturity.counting import count
from bot.pipeline.maturity.delivery import deliver, make_due, senders_of
from bot.pipeline.maturity.snapshots import take_night
from bot.pipeline.submission import submit
from bot.services import Services
from bot.store.engine import session, write_session
from bot.store.maturity import deliveries


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do for everybody."""

    run: Callable[[Services, datetime], str]
    """Does it, as of a moment; returns in few words what came of it."""
    then: tuple[str, ...] = ()
    """What follows when it went well."""


def _count(services: Services, now: datetime) -> str:
    return f"{count(services, now)} days changed"


def _take_snapshots(services: Services, now: datetime) -> str:
    rounds = take_night(services, now)
    return f"{sum(one.added for one in rounds)} snapshots of {len(rounds)} periods"


def _make_summaries(services: Services, now: datetime) -> str:
    return f"{make_due(services, now)} deliveries planned"


def _deliver(services: Services, _: datetime) -> str:
    return f"{deliver(services, senders_of(services))} deliveries arrived"


TASKS: Final[Mapping[str, Task]] = MappingProxyType(
    {
        "count": Task(_count, then=("snapshots",)),
        "snapshots": Task(_take_snapshots, then=("summaries",)),
        "summaries": Task(_make_summaries, then=("deliveries",)),
        "deliveries": Task(_deliver),
    }
)
"""Every task by name. A night begins with ``count``."""


def run_task(services: Services, name: str, now: datetime) -> str:
    """Do a task; returns in few words what came of it. Raises ``MergewardenError`` for a name that is not known."""
    task = TASKS.get(name)
    if task is None:
        raise MergewardenError(f"there is no task {name!r}", f"There are {', '.join(TASKS)}.")
    return task.run(services, now)


def submit_following(services: Services, queue: JobQueue, name: str, slot: str) -> int:
    """Submit what follows a task, once for each slot; returns how many tasks that are."""
    following = TASKS[name].then
    with write_session(services.store) as writing:
        for task in following:
            submit(writing, queue, RunPeriodic(task, slot), token=slot)
    return len(following)


def submit_nightly(services: Services, queue: JobQueue, now: datetime) -> bool:
    """
    Submit a night's work from the configured hour (UTC) on: once a night, however often and by however many processes
    this is called. Returns whether it was time.
    """
    if now.hour < services.settings.nightly_hour:
        return False
    slot = f"night.{now.astimezone(UTC).date().isoformat()}"
    with write_session(services.store) as writing:
        submit(writing, queue, RunPeriodic("count", slot), token=slot)
    return True


def submit_deliveries(services: Services, queue: JobQueue, now: datetime) -> bool:
    """Submit the sending of what became due since the night: quiet hours ended, a pause is over. Whether any did."""
    with session(services.store) as reading:
        if not deliveries.any_due(reading, now):
            return False
    slot = f"round.{now.astimezone(UTC):%Y-%m-%dT%H.%M}"
    with write_session(services.store) as writing:
        submit(writing, queue, RunPeriodic("deliveries", slot), token=slot)
    return True
