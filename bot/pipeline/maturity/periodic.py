"""
What is done for the whole organisation again and again, one durable job for each: counting, taking snapshots.

A job names a task of ``TASKS`` and a slot, such as a night. A task reads the present state, so doing it twice or late
does no harm. When it went well, the tasks that follow it are submitted for the same slot; so a night's snapshots are
never taken of what was not counted. A night begins when what happened was collected from GitLab, and not later than
``PATIENCE`` after its hour. Whoever adds a task adds a line to the table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from bot.domain.job import RunPeriodic
from bot.domain.job_board import JobState
from bot.errors import MergewardenError
from bot.pipeline.engine import JobQueue
from bot.pipeline.maturity.counting import count
from bot.pipeline.maturity.delivery import deliver, make_due, senders_of
from bot.pipeline.maturity.snapshots import take_night
from bot.pipeline.submission import submit
from bot.services import Services
from bot.store import projects
from bot.store.engine import session, write_session
from bot.store.maturity import counting, deliveries

PATIENCE: Final = timedelta(hours=2)
"""So long a night is not counted because something is still collected; what comes later makes revisions."""
_LAST_LOOKS: Final = timedelta(minutes=30)
"""Before midnight; the worker looks every quarter of an hour."""


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
    with session(services.store) as reading:
        # Somebody may have started an old job again, and it may have become another day since the count.
        if projects.all_projects(reading) and not counting.counted_on(reading, now.astimezone(UTC).date()):
            raise MergewardenError(
                "nothing was counted today, so how things stood last night is not known yet",
                "Snapshots are taken by themselves once the night was counted.",
            )
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


def slot_to_count(now: datetime, hour: int, *, collecting: bool, tried: Collection[JobState]) -> str | None:
    """
    For which slot a night's work is to be submitted now; None where it is not time, or was done. Pure.

    ``hour``: the configured one (UTC). ``collecting``: something is still to be collected from GitLab, for which the
    night waits so long and no longer. ``tried``: how this night's counts stand. One that failed is followed by another
    in each hour that begins; one that was given up, since it took its process down, is not.
    """
    now = now.astimezone(UTC)
    if now.hour < hour:
        return None
    night = f"night.{now.date().isoformat()}"
    if not tried:
        midnight = datetime.combine(now.date(), time(), UTC)
        # What is late in the evening is done on the same day.
        patience = min(midnight + timedelta(hours=hour) + PATIENCE, midnight + timedelta(days=1) - _LAST_LOOKS)
        return None if collecting and now < patience else night
    return f"{night}.{now.hour:02}" if set(tried) == {JobState.FAILED} else None


def submit_nightly(services: Services, queue: JobQueue, now: datetime, *, all_submitted: bool = True) -> bool:
    """
    Submit a night's work once it is time for it (``slot_to_count``), however often and by however many processes this
    is called; returns whether it was submitted now. ``all_submitted``: nothing that is to be collected this night is
    without its job.
    """
    night = now.astimezone(UTC).date().isoformat()
    tried = queue.seen(set(JobState), prefix=f"periodic:count:night.{night}")
    collecting = not all_submitted or bool(queue.seen({JobState.WAITING, JobState.RUNNING}, 1, prefix="collect:"))
    slot = slot_to_count(now, services.settings.nightly_hour, collecting=collecting, tried=[job.state for job in tried])
    if slot is None:
        return False
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
