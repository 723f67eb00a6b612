"""
Starts a job that failed once more: what it was asked for is asked for again, as things are now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from bot.domain.job import (
    AnyJob,
    CheckProject,
    CloseMergeRequest,
    CollectProject,
    ForgetProject,
    RunMergeQueue,
    RunPeriodic,
    ScanBranch,
    ScanMergeRequest,
    ScanReason,
    SyncMergeRequest,
    SyncReason,
    VerifyBranch,
)
from bot.domain.job_board import JobState, SeenJob
from bot.errors import MergewardenError
from bot.pipeline.engine import BRANCHES, CONVERSATIONS, MERGE_REQUESTS, Job, JobQueue
from bot.pipeline.submission import submit
from bot.texts import N_

_ENDED_BADLY = frozenset({JobState.FAILED, JobState.GIVEN_UP})
_STATES = {
    JobState.DONE: N_("this job went well"),
    JobState.WAITING: N_("this job waits"),
    JobState.RUNNING: N_("this job runs"),
}


class NotRetryable(MergewardenError):
    """Raised for a job that is not started again: it is under way, went well, or nothing is left to do."""


def retry(session: Session, queue: JobQueue, job: SeenJob, arguments: Sequence[Any], *, token: str) -> str:
    """
    Submit it again in the caller's transaction; returns the new job's id. ``token`` never repeats.

    Raises ``NotRetryable``.
    """
    if job.state not in _ENDED_BADLY:
        raise NotRetryable(_STATES[job.state], N_("Only one that failed can be started again."))
    if job.carried_over:
        raise NotRetryable(N_("another job took the place of this one"), N_("Look at the newest ones."))
    try:
        request = _request_of(job.kind, list(arguments))
        direct = None if request is not None else _same(job, arguments, token)
    except (ValueError, TypeError, IndexError):
        raise NotRetryable(
            N_("what this job was asked for cannot be read any more"), N_("Have it scanned anew.")
        ) from None
    if request is not None:
        made = submit(session, queue, request, token=token)
        if not made:
            raise NotRetryable(
                N_("there is nothing left to do for this job"), N_("What it was about is gone or closed.")
            )
        return made[0]
    assert direct is not None
    queue.submit(session, direct)
    return direct.id


def _request_of(kind: str, arguments: list[Any]) -> AnyJob | None:
    """What was asked for; None for a kind whose very job is done again. Raises ``ValueError`` and its like."""
    match kind:
        case "scan_merge_request":
            # Its sequence number is an old one: the newest head is scanned.
            return ScanMergeRequest(arguments[0], arguments[1], None, ScanReason.REQUESTED)
        case "sync_merge_request":
            return SyncMergeRequest(arguments[0], arguments[1], SyncReason(arguments[3]))
        case "close_merge_request":
            return CloseMergeRequest(arguments[0], arguments[1], arguments[2])
        case "scan_branch":
            return ScanBranch(arguments[0], arguments[1], arguments[2] or None)
        case "run_merge_queue":
            return RunMergeQueue(arguments[0], arguments[1])
        case "verify_branch":
            return VerifyBranch(arguments[0], arguments[1], arguments[2])
        case "check_project":
            return CheckProject(arguments[0])
        case "collect_project":
            return CollectProject(arguments[0], arguments[1])
        case "forget_project":
            return ForgetProject(arguments[0])
        case "run_periodic":
            return RunPeriodic(arguments[0], arguments[1])
        case _:
            return None


def _same(job: SeenJob, arguments: Sequence[Any], token: str) -> Job:
    """The same job under another id, in a partition of its own: its kind has ids that name what it is about."""
    if job.kind not in ("import_reports", "handle_note"):
        raise ValueError(job.kind)
    queue = job.queue if job.queue in (MERGE_REQUESTS, BRANCHES, CONVERSATIONS) else MERGE_REQUESTS
    project = f"{job.project_id}" if job.iid is None else f"{job.project_id}!{job.iid}"
    partition = f"notes:{project}" if job.kind == "handle_note" else f"reports:{job.project_id}"
    return Job(f"{job.id}:{token}", job.kind, tuple(arguments), queue, partition)
