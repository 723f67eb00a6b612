"""
What is looked at again and again, because nothing announces it: settings that somebody changes, merges that wait for
GitLab, policies that become others.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from bot.domain.job import CheckProject, JobRequest, RunMergeQueue, SyncMergeRequest, SyncReason
from bot.errors import ConfigurationError
from bot.pipeline.engine import JobQueue
from bot.pipeline.policy_sources import refresh_policies
from bot.pipeline.submission import submit
from bot.services import Services
from bot.store import affected, audit, daily_counts, heads, projects, suppressions, wishes
from bot.store.desk import item_rows
from bot.store.engine import session, write_session

log = structlog.get_logger(__name__)

_BATCH = 200
_STOOD_STILL = timedelta(days=3)
_CHECK_AGAIN = timedelta(hours=23)
_MOST_LOGGED = 20


def check_projects(services: Services, queue: JobQueue, now: datetime) -> int:
    """Have every project looked at that we serve: once an hour, however often and by however many this is called."""
    with session(services.store) as reading:
        known = [p for p in projects.all_projects(reading) if p.id > 0 and services.settings.serves(p.path)]
    token = f"round.{now.astimezone(UTC).strftime('%Y%m%d%H')}"
    _submit(services, queue, [CheckProject(project.id) for project in known], token)
    return len(known)


def visit_merge_queues(services: Services, queue: JobQueue, now: datetime) -> int:
    """Have every queue of the merge bot looked at that is not empty; once in five minutes."""
    with session(services.store) as reading:
        waiting = wishes.branches_with_wishes(reading)
    slot = int(now.timestamp()) // 300
    _submit(services, queue, [RunMergeQueue(project_id, branch) for project_id, branch in waiting], f"round.{slot}")
    return len(waiting)


def judge_after_endings(services: Services, queue: JobQueue, now: datetime) -> int:
    """
    Have open merge requests judged again that an exception covered which came to its end; returns how many.

    Looks back as far as a bot may have stood still; each ending leads to one job, however often it is seen.
    """
    with session(services.store) as reading:
        ended = suppressions.ended_between(reading, now - _STOOD_STILL, now)
        concerned = {made.id: affected.with_suppression(reading, made) for made in ended}
    for number, requests in concerned.items():
        jobs = [SyncMergeRequest(project_id, iid, SyncReason.EXCEPTION_ENDED) for project_id, iid in requests]
        _submit(services, queue, jobs, f"ended.{number}")
    return sum(len(requests) for requests in concerned.values())


def judge_every_night(services: Services, queue: JobQueue, now: datetime) -> int:
    """
    Have every open merge request judged again, once a night from the configured hour (UTC) on; returns how many.

    A verdict follows from the day as well: advisories become too old, findings overdue. And a policy file on our disk
    is changed without an event.
    """
    if now.hour < services.settings.nightly_hour:
        return 0
    with session(services.store) as reading:
        open_ones = heads.open_requests(reading)
    jobs = [SyncMergeRequest(project_id, iid, SyncReason.NEW_DAY) for project_id, iid in open_ones]
    _submit(services, queue, jobs, f"night.{now.date().isoformat()}")
    return len(jobs)


def follow_policy(services: Services, queue: JobQueue) -> bool:
    """
    Read the policy project; when the policy became another one, have open merge requests judged by it.

    The policy and the jobs are one commit, so that no green light of the old policy is forgotten.
    """

    def judge(writing: Session) -> None:
        # A word that never repeats: a policy may become again what it was.
        token = f"policy.{uuid.uuid4().hex}"
        open_ones = heads.open_requests(writing)
        for project_id, iid in open_ones:
            job = SyncMergeRequest(project_id, iid, SyncReason.POLICY_CHANGED)
            submit(writing, queue, job, token=token)
        log.info("judged by another policy", merge_requests=len(open_ones))

    return refresh_policies(services, judge)


def keep_desk(services: Services, now: datetime) -> int:
    """
    Bring the security desk's rows in line with what no event announces: days pass, snoozing and exceptions end, and
    the policy wants things mended by another day. Then write down how the projects stand today. Returns how many rows
    changed with time.
    """
    with session(services.store) as reading:
        known = projects.all_projects(reading)
    document = services.policy()
    slas = {}
    for project in known:
        try:
            slas[project.id] = document.for_project(project.path).sla
        except ConfigurationError as error:
            # The file of a group above it is wrong: the days that were known go on, and the others are not held up.
            log.warning("policy not read for the desk", project=project.path, error=str(error).splitlines()[0])
    item_rows.keep_slas(services.store, slas)
    changed = item_rows.pass_time(services.store)
    with write_session(services.store) as writing:
        daily_counts.keep_day(writing, now)
    return changed


def check_log(services: Services, now: datetime) -> bool:
    """Check the whole audit log, once a day, for the page that says whether it is whole; whether it was done now."""
    with session(services.store) as reading:
        last = audit.last_check(reading)
    if last is not None and now - last.at < _CHECK_AGAIN:
        return False
    verdict = audit.verify(services.store, keep=True)
    for one in verdict.breaks[:_MOST_LOGGED]:
        log.error("audit log is broken", what=str(one))
    return True


def _submit(services: Services, queue: JobQueue, jobs: Sequence[JobRequest], token: str) -> None:
    for start in range(0, len(jobs), _BATCH):
        with write_session(services.store) as writing:
            for job in jobs[start : start + _BATCH]:
                submit(writing, queue, job, token=token)
