"""
Collects from GitLab what the figures are made of: pipelines, merges, releases, and what tests ran of what changed.

Each round asks only for what changed since the last one, and only for so much; what is left is the next round's. What
was read is written down with the place to go on from, in one transaction, so that a round that breaks off loses
nothing. What GitLab does not show is written down as a problem, and the days stay unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

import structlog

from bot.domain.job import CollectProject
from bot.gitlab.errors import GitLabError, RateLimited
from bot.pipeline.engine import JobQueue
from bot.pipeline.git import GitCancelled, GitError
from bot.pipeline.maturity.code_size import count_code
from bot.pipeline.maturity.coverage import collect_coverage
from bot.pipeline.maturity.histories import collect_merges, collect_pipelines
from bot.pipeline.maturity.releases import collect_contents, collect_releases
from bot.pipeline.maturity.round import BOUNDS, Bounds, Round
from bot.pipeline.projects import remember
from bot.pipeline.submission import submit, token_after
from bot.services import Services
from bot.store import projects
from bot.store.engine import session, write_session
from bot.store.maturity import collected
from bot.store.maturity.collected import (
    CODE_SIZE,
    CONTENTS,
    COVERAGE,
    MERGES,
    PIPELINES,
    RELEASES,
    Progress,
)

if TYPE_CHECKING:
    from bot.gitlab.client import GitLabClient

log = structlog.get_logger(__name__)

MOST_ROUNDS = 40
"""Of one project and night, one after the other: a first collection has more to read than one round takes."""
_BATCH = 200


def collect(
    services: Services, client: GitLabClient, project_id: int, now: datetime, *, bounds: Bounds = BOUNDS
) -> str:
    """
    Collect what is new of a project; returns what became of it, one word.

    ``complete``, ``more`` (another round has something to do), ``problems`` (GitLab does not show everything, see
    ``collected.Progress``) or ``empty``. Raises ``NotFound`` where the project is gone, and ``GitLabError`` and
    ``GitError`` that may pass; what was read until then is written down.
    """
    project = client.project(project_id)
    with write_session(services.store) as writing:
        remember(writing, project)
    if project.default_branch is None:
        return "empty"
    return _run(Round(services, client, project, project.default_branch, now.astimezone(UTC), bounds))


def collect_every_night(services: Services, queue: JobQueue, now: datetime) -> int:
    """
    Have every project collected that we serve, once a night from the configured hour (UTC) on; returns how many.

    However often and by however many processes this is called: the night is part of the job's id.
    """
    if now.hour < services.settings.nightly_hour:
        return 0
    night = datetime.combine(now.date(), time(services.settings.nightly_hour), UTC)
    with session(services.store) as reading:
        known = projects.all_projects(reading)
        reached = collected.progress_of(reading, None)
    due = [
        project.id
        for project in known
        if project.id > 0
        and project.default_branch is not None
        and services.settings.serves(project.path)
        # Those that are done need not be written again and again for nothing.
        and not _was_collected(reached.get(project.id, {}), night)
    ]
    for start in range(0, len(due), _BATCH):
        with write_session(services.store) as writing:
            for project_id in due[start : start + _BATCH]:
                submit(writing, queue, CollectProject(project_id), token=f"night.{now.date().isoformat()}")
    return len(due)


def collect_on(services: Services, queue: JobQueue, job_id: str, project_id: int, number: int) -> None:
    """Have the rest collected in a round of its own, after whatever else waits. ``number``: of the round that ended."""
    if number >= MOST_ROUNDS:
        log.warning("much is left to be collected", project_id=project_id, rounds=number)
        return
    with write_session(services.store) as writing:
        submit(writing, queue, CollectProject(project_id, number + 1), token=token_after(job_id))


def _was_collected(reached: Mapping[str, Progress], night: datetime) -> bool:
    return all(
        (known := reached.get(source)) is not None and known.collected_at is not None and known.collected_at >= night
        for source in (PIPELINES, MERGES, RELEASES)
    )


def _run(round_: Round) -> str:
    steps: tuple[tuple[str, Callable[[Round], bool]], ...] = (
        (PIPELINES, collect_pipelines),
        (MERGES, collect_merges),
        (RELEASES, collect_releases),
        (CONTENTS, collect_contents),
        (COVERAGE, collect_coverage),
        (CODE_SIZE, _count_code),
    )
    more, problems = False, []
    passing: GitLabError | GitError | None = None
    for source, step in steps:
        try:
            more |= step(round_)
        except GitCancelled:
            raise
        except (GitLabError, GitError) as error:
            problems.append(source)
            round_.note_problem(source, error)
            if isinstance(error, RateLimited):
                # Whatever is asked next would be refused as well.
                raise
            if error.retryable:
                passing = passing or error
    if passing is not None:
        raise passing
    log.info("project collected", project_id=round_.project.id, more=more, problems=problems)
    return "more" if more else "problems" if problems else "complete"


def _count_code(round_: Round) -> bool:
    mirror = round_.mirror_if_there()
    if mirror is not None:
        word = count_code(round_.services, mirror, round_.project.id, round_.branch, round_.now)
        if word == "counted":
            round_.keep(CODE_SIZE, Progress(None, None, round_.now))
        round_.well_again(CODE_SIZE)
    return False
