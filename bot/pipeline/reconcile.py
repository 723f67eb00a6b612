"""
Finds merge requests whose opening, change or end no delivery announced: GitLab does not deliver a webhook again that
failed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import structlog

from bot.domain.job import CloseMergeRequest, ScanMergeRequest, ScanReason
from bot.gitlab.errors import NotFound
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

_MOST_ENDS = 50
"""Merge requests that are asked for one by one at once; the others have their turn the next time."""


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


def ended(
    requests: Iterable[MergeRequest], known: Mapping[tuple[int, int], MergeRequestHead], now: datetime
) -> list[MergeRequestHead]:
    """
    Merge requests of which we know no end, and which are none of the open ones in a project that has others.

    Those that something happened to within the last minute may be newer than the list.
    """
    listed = {(request.project_id, request.iid) for request in requests}
    return [
        head
        for key, head in sorted(known.items())
        if head.state is HeadState.OPENED and key not in listed and now - head.updated_at > _SETTLE
    ]


def reconcile(services: Services, queue: JobQueue) -> int:
    """
    Submit a job for each forgotten open merge request, and for each whose end we did not hear of; returns how many.

    One whose newest job waits or runs on the same commit is not forgotten, however long that takes: another job would
    end the running one and begin anew. Raises ``GitLabError``.
    """
    requests = [
        request
        for request in services.gitlab.open_merge_requests()
        if not request.project_path or services.settings.serves(request.project_path)
    ]
    with session(services.store) as reading:
        known = heads.heads_of(reading, {request.project_id for request in requests})
    now = datetime.now(UTC)
    missing = _not_under_way(queue, forgotten(requests, known, now), known)
    due: list[ScanMergeRequest | CloseMergeRequest] = [
        ScanMergeRequest(request.project_id, request.iid, request.sha, ScanReason.RECONCILED) for request in missing
    ]
    due += filter(None, (_end_of(services, head) for head in ended(requests, known, now)[:_MOST_ENDS]))
    for job in due:
        with write_session(services.store) as writing:
            submit(writing, queue, job, token=f"reconcile.{uuid.uuid4().hex}")
    if due:
        log.info("merge requests reconciled", count=len(due), open=len(requests))
    return len(due)


def _not_under_way(
    queue: JobQueue, requests: Iterable[MergeRequest], known: Mapping[tuple[int, int], MergeRequestHead]
) -> list[MergeRequest]:
    both = [(request, known.get((request.project_id, request.iid))) for request in requests]
    same = {head.workflow_id for request, head in both if head is not None and head.head_sha == request.sha}
    busy = queue.under_way({job_id for job_id in same if job_id is not None})
    return [
        request
        for request, head in both
        if head is None or head.head_sha != request.sha or head.workflow_id not in busy
    ]


def _end_of(services: Services, head: MergeRequestHead) -> CloseMergeRequest | None:
    """None where it has not ended, or is not shown to us."""
    try:
        request = services.gitlab.merge_request(head.project_id, head.iid)
    except NotFound:
        return None
    return None if request.is_open else CloseMergeRequest(head.project_id, head.iid, request.state == "merged")
