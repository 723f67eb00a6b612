"""
Finds open merge requests that no delivery announced: GitLab does not deliver a webhook again that failed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import structlog

from bot.domain.job import ScanMergeRequest, ScanReason
from bot.gitlab.model import MergeRequest
from bot.pipeline.engine import JobQueue
from bot.pipeline.submission import submit
from bot.services import Services
from bot.store import heads
from bot.store.engine import session, write_session
from bot.store.heads import HeadState, MergeRequestHead

log = structlog.get_logger(__name__)

_SETTLE = timedelta(seconds=60)
"""How long a merge request that we know of is left alone: its job is probably about to end."""


def forgotten(
    requests: Iterable[MergeRequest], known: Mapping[tuple[int, int], MergeRequestHead], now: datetime
) -> list[MergeRequest]:
    """
    The merge requests without a verdict on what they are now.

    That is: unknown ones, and those whose head or target branch differs from what was last scanned and published,
    unless something happened to them within the last minute.
    """
    found = []
    for request in requests:
        head = known.get((request.project_id, request.iid))
        if request.sha is None:
            continue
        if head is None or head.state is not HeadState.OPENED:
            found.append(request)
            continue
        settled = head.scanned_head == request.sha and head.target_branch in (None, request.target_branch)
        if not settled and now - head.updated_at > _SETTLE:
            found.append(request)
    return found


def reconcile(services: Services, queue: JobQueue) -> int:
    """Submit a job for each forgotten open merge request; returns how many. Raises ``GitLabError``."""
    requests = [
        request
        for request in services.gitlab.open_merge_requests()
        if not request.project_path or services.settings.serves(request.project_path)
    ]
    with session(services.store) as reading:
        known = heads.heads_of(reading, {request.project_id for request in requests})
    missing = forgotten(requests, known, datetime.now(UTC))
    for request in missing:
        job = ScanMergeRequest(request.project_id, request.iid, request.sha, ScanReason.RECONCILED)
        with write_session(services.store) as writing:
            submit(writing, queue, job, token=f"reconcile.{uuid.uuid4().hex}")
    if missing:
        log.info("merge requests reconciled", count=len(missing), open=len(requests))
    return len(missing)
