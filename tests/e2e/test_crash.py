"""kill -9, lost deliveries, several processes: nothing is lost and nothing is there twice."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.samples import SAFE_LOAD, UNSAFE_LOAD
from tests.e2e.stage import Stage, Story, start_stage, stop_stage
from tests.postgres import Postgres
from tests.standin import MergeRequest

FILES = {f"load_{n}.py": UNSAFE_LOAD for n in range(4)}


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage of its own, that searches for forgotten merge requests often."""
    made = start_stage(tmp_path_factory.mktemp("fragile"), {"RECONCILE_INTERVAL_SECONDS": "10"})
    yield made
    stop_stage(made)


def worker_of(stage: Stage) -> int:
    children = Path(f"/proc/{stage.bot.pid}/task/{stage.bot.pid}/children").read_text().split()
    return int(children[-1])


def whole(story: Story, request: MergeRequest) -> None:
    assert story.verdict(request).state == "failed"
    assert story.places(request) == [(f"load_{n}.py", None, 5) for n in range(4)]
    assert len(story.summaries(request)) == 1


def reach(moment: str, story: Story, request: MergeRequest) -> None:
    """Wait until the job is there."""
    notes = {"after the first note": 1, "between notes": 3}.get(moment)
    if notes is not None:
        story.gitlab.wait_for(lambda: len(request.notes) >= notes, 30, f"{notes} notes")
    elif moment != "stored":
        story.gitlab.wait_for_status(request, "running")
    if moment == "scanning":
        time.sleep(0.5)


MOMENTS = ("stored", "announced", "scanning", "after the first note", "between notes")


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_bot_ends_with_the_right_status_and_no_note_twice(fragile: Stage, moment: str) -> None:
    story = fragile.story("crash/whole")
    request = story.open(FILES)
    story.gitlab.wait_for_deliveries()
    reach(moment, story, request)
    fragile.bot.kill()
    fragile.bot.start()
    whole(story, request)


@pytest.mark.parametrize("moment", ["scanning", "between notes"])
def test_killed_worker_is_replaced_and_its_job_goes_on(fragile: Stage, moment: str) -> None:
    story = fragile.story("crash/worker")
    request = story.open(FILES)
    story.gitlab.wait_for_deliveries()
    reach(moment, story, request)
    with suppress(ProcessLookupError):
        os.kill(worker_of(fragile), signal.SIGKILL)
    whole(story, request)


def test_lost_delivery_is_found(fragile: Stage) -> None:
    story = fragile.story("crash/lost")
    story.gitlab.lose_deliveries()
    request = story.open(FILES)
    story.gitlab.lose_deliveries(False)
    whole(story, request)
    assert fragile.log(request, "scan begins")[0]["reason"] == "reconciled"


def test_web_and_worker_apart_on_postgres(postgres: Postgres, tmp_path: Path) -> None:
    database = postgres.create_database()
    stage = start_stage(tmp_path, {"DATABASE_URL": postgres.url(database)}, serve=("--no-worker",), ready=False)
    with stage.bot.log.open("ab") as log:
        worker = subprocess.Popen(stage.bot.command("worker"), env=stage.bot.environment, stdout=log, stderr=log)
    try:
        stage.bot.wait_until_ready()
        story = stage.story("postgres/shop")
        request = story.judged({"load.py": UNSAFE_LOAD, "requirements.txt": "requests==2.19.0\n"})
        assert story.places(request) == [("load.py", None, 5), ("requirements.txt", None, 1)]
        story.mend(request, {"load.py": SAFE_LOAD, "requirements.txt": None})
        assert story.threads(request, resolved=False) == []
    finally:
        worker.terminate()
        worker.wait(30)
        stop_stage(stage)
        postgres.drop_database(database)
