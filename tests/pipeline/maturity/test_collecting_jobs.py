"""The night's jobs: one for each project that is served, once a night, and as many rounds as there is to read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from dbos import DBOS

from bot.domain.job import CollectProject, ForgetProject, decode_job, encode_job
from bot.gitlab.errors import Unavailable
from bot.pipeline.git import branch_refspec
from bot.pipeline.maturity import collecting
from bot.pipeline.maturity.collecting import collect_every_night, collect_on
from bot.pipeline.maturity.round import BOUNDS
from bot.pipeline.mirrors import mirror_of
from bot.store import projects
from bot.store.engine import session, write_session
from bot.store.maturity import collected
from bot.store.maturity.collected import COVERAGE, MERGES, PIPELINES, RELEASES, Progress
from tests.pipeline.workshop import Workshop

NIGHT = datetime(2026, 11, 26, 2, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    made = Workshop(tmp_path_factory.mktemp("workshop"))
    made.start()
    yield made
    made.stop()


def known(workshop: Workshop, number: int) -> dict[str, Progress]:
    with session(workshop.services.store) as reading:
        return collected.progress(reading, number)


def test_a_job_collects_a_project(workshop: Workshop) -> None:
    project = workshop.project()
    made = workshop.gitlab.past_pipeline(project, at=datetime.now(UTC) - timedelta(days=1))
    assert workshop.outcome(workshop.submit(CollectProject(project.id))) == "complete"
    with session(workshop.services.store) as reading:
        assert collected.pipelines_of_commit(reading, project.id, made.sha) == (made.id,)
    assert workshop.outcome(workshop.submit(ForgetProject(project.id))) == "forgotten"
    assert known(workshop, project.id) == {}


def test_a_job_for_a_project_that_is_gone_ends(workshop: Workshop) -> None:
    assert workshop.outcome(workshop.submit(CollectProject(987654))) == "gone"


def test_a_server_that_is_down_is_asked_again(workshop: Workshop) -> None:
    project = workshop.project()
    workshop.gitlab.faults.add("GET", r"/pipelines$", status=503, times=4)
    assert workshop.outcome(workshop.submit(CollectProject(project.id))) == "complete"
    workshop.gitlab.faults.add("GET", r"/pipelines$", status=503, times=400)
    assert workshop.outcome(workshop.submit(CollectProject(project.id))) == Unavailable.__name__
    assert "503" in known(workshop, project.id)[PIPELINES].problem
    workshop.gitlab.faults.clear()


def test_what_is_left_is_collected_by_jobs_that_follow(workshop: Workshop) -> None:
    project = workshop.project()
    for number in range(BOUNDS.coverage + 1):
        at = datetime.now(UTC) - timedelta(hours=30 - number)
        workshop.gitlab.past_merge(
            project, {f"{number}.py": "x\n"}, author=workshop.ada, opened_at=at - timedelta(hours=1), merged_at=at
        )
    mirror_of(workshop.services, workshop.services.gitlab.project(project.id)).fetch([branch_refspec("main")])
    assert workshop.outcome(workshop.submit(CollectProject(project.id))) == "more"
    workshop.settle()
    assert known(workshop, project.id)[COVERAGE].cursor["iid"] == BOUNDS.coverage + 1


def test_rounds_come_to_an_end(workshop: Workshop) -> None:
    project = workshop.project()
    collect_on(workshop.services, workshop.queue, "one", project.id, collecting.MOST_ROUNDS)
    assert known(workshop, project.id) == {}
    collect_on(workshop.services, workshop.queue, "one", project.id, collecting.MOST_ROUNDS - 1)
    # Done again it is the same job.
    collect_on(workshop.services, workshop.queue, "one", project.id, collecting.MOST_ROUNDS - 1)
    workshop.settle()
    assert PIPELINES in known(workshop, project.id)
    assert len(DBOS.list_workflows(workflow_id_prefix=f"collect:{project.id}:")) == 1


def test_a_night_has_one_job_for_each_project_that_is_served(workshop: Workshop) -> None:
    project, empty = workshop.project(), workshop.project()
    with write_session(workshop.services.store) as writing:
        local = projects.register_local(writing, "workshop/local")
        projects.upsert_projects(
            writing,
            [
                projects.Project(project.id, project.path, default_branch="main"),
                projects.Project(empty.id, empty.path, default_branch=None),
            ],
        )
    assert local.id < 0
    assert collect_every_night(workshop.services, workshop.queue, NIGHT - timedelta(hours=1)) == 0
    found = collect_every_night(workshop.services, workshop.queue, NIGHT)
    assert found >= 1
    assert collect_every_night(workshop.services, workshop.queue, NIGHT + timedelta(minutes=15)) <= found
    workshop.settle()
    jobs = DBOS.list_workflows(workflow_id_prefix=f"collect:{project.id}:night.2026-11-26")
    assert len(jobs) == 1
    for other in (empty.id, local.id):
        assert DBOS.list_workflows(workflow_id_prefix=f"collect:{other}:") == []


def test_what_was_collected_this_night_is_not_submitted_again(workshop: Workshop) -> None:
    project = workshop.project()
    with write_session(workshop.services.store) as writing:
        projects.upsert_projects(writing, [projects.Project(project.id, project.path, default_branch="main")])
        for one in projects.all_projects(writing):
            for source in (PIPELINES, MERGES, RELEASES):
                collected.keep_progress(writing, one.id, source, Progress(None, NIGHT.date(), NIGHT))
    assert collect_every_night(workshop.services, workshop.queue, NIGHT) == 0
    with write_session(workshop.services.store) as writing:
        collected.keep_progress(writing, project.id, MERGES, Progress(None, NIGHT.date(), NIGHT - timedelta(days=1)))
    assert collect_every_night(workshop.services, workshop.queue, NIGHT) == 1
    workshop.settle()


def test_the_job_survives_being_written_down() -> None:
    job = CollectProject(7, 3)
    assert decode_job(encode_job(job)) == job
    with pytest.raises(ValueError, match="number"):
        CollectProject(7, 0)
