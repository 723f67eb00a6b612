"""Work for the whole organisation as durable jobs: once a night, one task after the other, and seen by everybody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.domain.job import CheckProject, CollectProject, RunPeriodic
from bot.domain.job_board import JobState, SeenJob, visible_jobs
from bot.domain.maturity.period import PeriodKind
from bot.domain.maturity.scope import ORGANISATION
from bot.errors import MergewardenError
from bot.observability.metrics import Metrics
from bot.pipeline.assess import tools_of
from bot.pipeline.engine import PERIODIC, JobQueue, Worker, migrate_engine
from bot.pipeline.jobs import Jobs
from bot.pipeline.maturity.periodic import (
    PATIENCE,
    TASKS,
    run_task,
    slot_to_count,
    submit_following,
    submit_nightly,
)
from bot.pipeline.retrying import retry
from bot.pipeline.submission import submit
from bot.services import Services
from bot.settings import Settings
from bot.store.engine import session, write_session
from bot.store.locks import only_one
from bot.store.maturity import snapshots
from bot.store.projects import Project, upsert_projects

OPEN = {JobState.WAITING, JobState.RUNNING}
NIGHT = datetime(2026, 11, 26, 2, tzinfo=UTC)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    made = Services(Settings(data_dir=tmp_path, database_url=SecretStr(url)), Metrics())
    with write_session(made.store) as writing:
        upsert_projects(writing, [Project(1, "shop/till", default_branch="main")])
    migrate_engine(url)
    yield made
    made.close()


@pytest.fixture
def queue(services: Services) -> Iterator[JobQueue]:
    made = JobQueue(services.settings.database().get_secret_value())
    yield made
    made.close()


def test_a_night_is_submitted_once_and_not_before_its_hour(services: Services, queue: JobQueue) -> None:
    assert not submit_nightly(services, queue, NIGHT - timedelta(minutes=1))
    assert queue.seen(OPEN) == ()
    assert [submit_nightly(services, queue, NIGHT + timedelta(minutes=minutes)) for minutes in (0, 15, 300)] == [
        True,
        False,
        False,
    ]
    (job,) = queue.seen(OPEN)
    assert (job.id, job.kind, job.queue) == ("periodic:count:night.2026-11-26", "run_periodic", PERIODIC)
    assert (job.project_id, job.iid) == (None, None)
    assert queue.depth()[PERIODIC] == 1
    assert visible_jobs([job], sees=None, everything=False) == ()
    assert visible_jobs([job], sees=None, everything=True) == (job,)
    assert submit_nightly(services, queue, NIGHT + timedelta(days=1))
    assert len(queue.seen(OPEN)) == 2


def test_a_night_waits_for_what_is_collected_and_not_for_ever(services: Services, queue: JobQueue) -> None:
    with write_session(services.store) as writing:
        submit(writing, queue, CollectProject(1), token="night.2026-11-26")
        # Another queue's jobs are nothing to wait for.
        submit(writing, queue, CheckProject(1), token="round")
    assert not submit_nightly(services, queue, NIGHT)
    assert not submit_nightly(services, queue, NIGHT + PATIENCE - timedelta(seconds=1))
    assert submit_nightly(services, queue, NIGHT + PATIENCE)


def test_a_night_is_submitted_once_everything_is_collected(services: Services, queue: JobQueue) -> None:
    assert not submit_nightly(services, queue, NIGHT, all_submitted=False)
    assert submit_nightly(services, queue, NIGHT + timedelta(minutes=15))


def test_a_night_whose_count_failed_is_counted_later(services: Services, queue: JobQueue) -> None:
    jobs = Jobs(services, tools_of(services), queue, attempts=1)
    worker = Worker(services.settings.database().get_secret_value())
    with only_one(services.store, "maturity-counting") as held:
        assert held
        assert submit_nightly(services, queue, NIGHT)
        worker.start(jobs)
        try:
            (failed,) = _waited(queue, {JobState.FAILED}, 1)
        finally:
            worker.stop()
    assert failed.id == "periodic:count:night.2026-11-26"
    assert failed.error.startswith("CountingElsewhere: another process is counting")
    # Nothing is made of what was not counted.
    assert [job.id for job in queue.seen(set(JobState))] == [failed.id]
    assert submit_nightly(services, queue, NIGHT + timedelta(minutes=15))
    assert not submit_nightly(services, queue, NIGHT + timedelta(minutes=30))
    assert [job.id for job in queue.seen(OPEN)] == ["periodic:count:night.2026-11-26.02"]


@pytest.mark.parametrize(
    ("hour", "now", "collecting", "tried", "slot"),
    [
        (2, "01:59", False, [], None),
        (2, "02:00", False, [], "night.2026-11-26"),
        (2, "02:00", True, [], None),
        (2, "03:59", True, [], None),
        (2, "04:00", True, [], "night.2026-11-26"),
        (2, "23:59", True, [], "night.2026-11-26"),
        (0, "00:00", False, [], "night.2026-11-26"),
        (23, "23:29", True, [], None),
        (23, "23:30", True, [], "night.2026-11-26"),
        (2, "02:15", False, [JobState.WAITING], None),
        (2, "02:15", True, [JobState.RUNNING], None),
        (2, "09:15", False, [JobState.DONE], None),
        (2, "02:15", True, [JobState.FAILED], "night.2026-11-26.02"),
        (2, "09:15", False, [JobState.FAILED, JobState.FAILED], "night.2026-11-26.09"),
        (2, "09:15", False, [JobState.FAILED, JobState.RUNNING], None),
        (2, "09:15", False, [JobState.DONE, JobState.FAILED], None),
        # It takes the process down with it.
        (2, "09:15", False, [JobState.GIVEN_UP], None),
        (2, "09:15", False, [JobState.GIVEN_UP, JobState.FAILED], None),
    ],
)
def test_when_a_night_is_counted(
    hour: int, now: str, collecting: bool, tried: list[JobState], slot: str | None
) -> None:
    moment = datetime.fromisoformat(f"2026-11-26T{now}:00+00:00")
    for zone in (UTC, timezone(timedelta(hours=8))):
        assert slot_to_count(moment.astimezone(zone), hour, collecting=collecting, tried=tried) == slot


@given(st.integers(0, 23), st.integers(0, 14))
def test_every_night_is_counted_on_its_day_whatever_the_hour_and_however_long_it_is_collected(
    hour: int, minute: int
) -> None:
    """The worker looks each quarter of an hour, from any minute on."""
    looks = [datetime(2026, 11, 26, tzinfo=UTC) + timedelta(minutes=minute + 15 * number) for number in range(96)]
    slots = [slot_to_count(look, hour, collecting=True, tried=[]) for look in looks]
    first = next(look for look, slot in zip(looks, slots, strict=True) if slot is not None)
    assert first.hour >= hour
    assert slots[-1] == "night.2026-11-26"
    assert len({slot for slot in slots if slot}) == 1


def test_no_snapshots_are_taken_of_a_night_that_was_not_counted(services: Services) -> None:
    """Somebody starts the job of an earlier night again, after midnight and before the hour."""
    with pytest.raises(MergewardenError, match="nothing was counted today"):
        run_task(services, "snapshots", NIGHT)
    assert run_task(services, "count", NIGHT) == "2 days changed"
    assert run_task(services, "snapshots", NIGHT).startswith("3 snapshots of 1 ")
    with pytest.raises(MergewardenError, match="nothing was counted today"):
        run_task(services, "snapshots", NIGHT + timedelta(hours=23))


def test_where_there_is_no_project_a_night_passes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    empty = Services(Settings(data_dir=tmp_path, database_url=SecretStr(url)), Metrics())
    assert run_task(empty, "count", NIGHT) == "0 days changed"
    assert run_task(empty, "snapshots", NIGHT) == "0 snapshots of 0 periods"
    empty.close()


def test_each_task_is_followed_by_others_that_there_are() -> None:
    assert {name for task in TASKS.values() for name in task.then} <= TASKS.keys()


def test_what_follows_is_submitted_once_for_each_slot(services: Services, queue: JobQueue) -> None:
    for _ in range(2):
        assert submit_following(services, queue, "count", "night.2026-11-26") == 1
    assert [job.id for job in queue.seen(OPEN)] == ["periodic:snapshots:night.2026-11-26"]


def test_a_task_that_there_is_not_is_refused(services: Services) -> None:
    with pytest.raises(MergewardenError, match="no task 'dance'"):
        run_task(services, "dance", NIGHT)
    for wrong in ("", "Count", "count;", "x" * 41):
        with pytest.raises(ValueError, match="task"):
            RunPeriodic(wrong, "night.2026-11-26")
    with pytest.raises(ValueError, match="slot"):
        RunPeriodic("count", "a b")


def test_a_night_is_counted_and_then_taken_by_a_worker(services: Services, queue: JobQueue) -> None:
    now = datetime.now(UTC)
    with write_session(services.store) as writing:
        submit(writing, queue, RunPeriodic("count", "night.a"), token="night.a")
    worker = Worker(services.settings.database().get_secret_value())
    worker.start(Jobs(services, tools_of(services), queue))
    try:
        done = _waited(queue, {JobState.DONE, JobState.FAILED}, 2)
    finally:
        worker.stop()
    assert {(job.id, job.error) for job in done} == {("periodic:count:night.a", ""), ("periodic:snapshots:night.a", "")}
    with session(services.store) as reading:
        taken = snapshots.latest(reading, ORGANISATION, PeriodKind.NIGHT)
    assert taken is not None
    assert taken.period.last == (now - timedelta(days=1)).date()
    assert [result.score for result in taken.content.results] == [None] * len(taken.content.results)
    assert taken.content.results
    assert services.metrics.jobs.labels("run_periodic", "snapshots")._value.get() == 1


def test_one_that_failed_is_started_again_as_it_was(services: Services, queue: JobQueue) -> None:
    failed = SeenJob(
        id="periodic:snapshots:night.a",
        kind="run_periodic",
        state=JobState.FAILED,
        queue=PERIODIC,
        project_id=None,
        iid=None,
        created_at=NIGHT,
        started_at=NIGHT,
        ended_at=NIGHT,
        executor="",
        attempts=1,
        error="",
    )
    with write_session(services.store) as writing:
        again = retry(writing, queue, failed, ("snapshots", "night.a"), token="again")
    assert again == "periodic:snapshots:again"
    found = queue.find(again)
    assert found is not None
    assert found[1] == ("snapshots", "night.a")


def _waited(queue: JobQueue, states: set[JobState], count: int) -> tuple[SeenJob, ...]:
    end = time.monotonic() + 60
    found = queue.seen(states)
    while len(found) < count and time.monotonic() < end:
        time.sleep(0.1)
        found = queue.seen(states)
    return found
