"""What the engine tells of its jobs: their state, whose they are, and why they failed; nothing is changed by asking."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from bot.domain.job_board import JobState, SeenJob
from bot.pipeline.engine import BRANCHES, MERGE_REQUESTS, Handlers, Job, JobQueue, Worker, migrate_engine
from bot.store.engine import open_engine, write_session
from bot.store.migrate import migrate
from tests.conftest import DATABASES
from tests.postgres import Postgres

OPEN = {JobState.WAITING, JobState.RUNNING}


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[JobQueue, str]]:
    url = f"sqlite:///{tmp_path_factory.mktemp('jobs') / 'jobs.db'}"
    engine = open_engine(url)
    migrate(engine)
    migrate_engine(url)
    made = JobQueue(url)
    with write_session(engine) as writing:
        made.submit(writing, Job("mr:5!7:a", "scan_merge_request", (5, 7, 1, "opened"), MERGE_REQUESTS, "5!7"))
        made.submit(writing, Job("branch:6:b", "scan_branch", (6, "main", ""), BRANCHES, "6"))
    yield made, url
    made.close()
    engine.dispose()


@pytest.mark.parametrize("kind", DATABASES)
def test_before_a_worker_made_the_engines_tables_there_is_no_job(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'none.db'}"
    if kind == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.url(server.create_database())
    migrate(open_engine(url))
    made = JobQueue(url)
    try:
        assert made.seen(OPEN) == made.seen({JobState.FAILED}) == ()
        assert made.find("mr:5!7:a") is None
        assert set(made.depth().values()) == {0}
    finally:
        made.close()


class Failing:
    """Every job fails, and says more than one line."""

    def __getattr__(self, name: str) -> Callable[..., str]:
        def fail(*_: Any) -> str:
            raise RuntimeError("the first line\nthe second")

        return fail


def test_jobs_tell_what_they_are_about_while_they_wait_and_why_they_failed(queue: tuple[JobQueue, str]) -> None:
    made, url = queue
    scan, branch = made.seen(OPEN)
    assert (scan.id, scan.kind, scan.state) == ("mr:5!7:a", "scan_merge_request", JobState.WAITING)
    assert (scan.project_id, scan.iid, scan.queue) == (5, 7, MERGE_REQUESTS)
    assert (branch.project_id, branch.iid, branch.queue) == (6, None, BRANCHES)
    assert (scan.started_at, scan.ended_at, scan.error, scan.attempts) == (None, None, "", 0)
    assert made.seen(OPEN, limit=1) == (scan,)
    assert made.seen(set()) == made.seen({JobState.FAILED}) == ()

    worker = Worker(url)
    worker.start(cast(Handlers, Failing()))
    try:
        failed = _waited(lambda: made.seen({JobState.FAILED}), 2)
    finally:
        worker.stop()
    assert made.seen(OPEN) == ()
    assert {job.error for job in failed} == {"RuntimeError: the first line"}
    assert {job.project_id for job in failed} == {5, 6}
    assert all(job.ended_at is not None and job.started_at is not None and job.attempts == 1 for job in failed)


def _waited(ask: Callable[[], tuple[SeenJob, ...]], count: int) -> tuple[SeenJob, ...]:
    end = time.monotonic() + 30
    found = ask()
    while len(found) < count and time.monotonic() < end:
        time.sleep(0.1)
        found = ask()
    return found
