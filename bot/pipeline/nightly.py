"""
Has default branches read again when there is something new to judge them by: advisories, rules, scanners.

Also those that nobody has read yet, because no push and no merge request has come since the bot was installed.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from bot.domain.job import ScanBranch
from bot.pipeline.branch import answers_depend_on, stale
from bot.pipeline.engine import JobQueue
from bot.pipeline.submission import submit
from bot.services import Services
from bot.store import tracking
from bot.store.engine import session, write_session

log = structlog.get_logger(__name__)


def renew_baselines(services: Services, queue: JobQueue, now: datetime) -> int:
    """
    Submit a job for each default branch whose answers are out of date; returns how many.

    Only from the configured hour (UTC) on, and once a night for each branch, however often and by however many
    processes this is called.
    """
    if now.hour < services.settings.nightly_hour:
        return 0
    with session(services.store) as reading:
        known = tracking.baselines(reading)
    looks_with = answers_depend_on(services.with_own_rules(services.scanners))
    due = [
        baseline
        for baseline in known
        if baseline.project_id > 0
        and services.settings.serves(baseline.project)
        and (baseline.state.stream_id is None or stale(baseline.state.looked_with, looks_with))
    ]
    for baseline in due:
        job = ScanBranch(baseline.project_id, baseline.state.ref.name, None)
        with write_session(services.store) as writing:
            # The night is part of the job's id, and a job is stored once.
            submit(writing, queue, job, token=f"night.{now.date().isoformat()}")
    if due:
        log.info("baselines renewed", count=len(due), of=len(known))
    return len(due)
