"""
Turns what there is to do into jobs of the engine, inside a transaction of the caller's.
"""

from __future__ import annotations

import hashlib
from typing import assert_never

from sqlalchemy.orm import Session

from bot.domain.job import (
    AnyJob,
    CheckProject,
    CloseMergeRequest,
    CollectProject,
    ForgetProject,
    HandleNote,
    ImportReports,
    RunMergeQueue,
    RunPeriodic,
    ScanBranch,
    ScanMergeRequest,
    ScanReason,
    SyncCommit,
    SyncMergeRequest,
    SyncReason,
    VerifyBranch,
)
from bot.pipeline.engine import BRANCHES, CONVERSATIONS, MERGE_REQUESTS, PERIODIC, Job, JobQueue
from bot.store.contributors import add_contributor
from bot.store.heads import (
    HeadState,
    close_head,
    current_sequence,
    get_head,
    open_heads_at,
    raise_sequence,
)
from bot.store.projects import get_project

# Two hooks (a project's and the system's) announce the same push under different ids.
_REPEATABLE = frozenset({ScanReason.OPENED, ScanReason.PUSHED})


def submit(session: Session, queue: JobQueue, request: AnyJob, *, token: str) -> tuple[str, ...]:
    """
    Store the jobs for one request and return their ids; none when the request asks for nothing that is not under way.

    ``token`` makes the jobs' ids unique: the delivery's key, or anything else that never repeats.
    """
    match request:
        case ScanMergeRequest():
            return _scan(session, queue, request, token)
        case SyncMergeRequest():
            return _sync(session, queue, request.project_id, request.iid, request.reason.value, token)
        case SyncCommit():
            return tuple(
                job_id
                for head in open_heads_at(session, request.sha)
                for job_id in _sync(session, queue, head.project_id, head.iid, request.reason.value, token)
            )
        case CloseMergeRequest():
            return _close(session, queue, request, token)
        case ScanBranch():
            job_id = f"branch:{request.project_id}:{request.sha or 'head'}:{token}"
            arguments = (request.project_id, request.branch, request.sha or "")
            queue.submit(session, Job(job_id, "scan_branch", arguments, BRANCHES, f"{request.project_id}"))
            return (job_id,)
        case ImportReports():
            return _reports(session, queue, request)
        case HandleNote():
            return _note(session, queue, request)
        case RunMergeQueue():
            # One at a time for each branch, whoever asks: a partition of its own.
            partition = f"merge:{request.project_id}:{_digest(request.branch)}"
            job_id = f"{partition}:{token}"
            job = Job(job_id, "run_merge_queue", (request.project_id, request.branch), CONVERSATIONS, partition)
            queue.submit(session, job)
            return (job_id,)
        case VerifyBranch():
            job_id = f"verify:{request.project_id}:{_digest(request.branch)}:{token}"
            partition = f"verify:{request.project_id}"
            queue.submit(
                session,
                Job(
                    job_id,
                    "verify_branch",
                    (request.project_id, request.branch, request.created),
                    BRANCHES,
                    partition,
                ),
            )
            return (job_id,)
        case CheckProject():
            job_id = f"check:{request.project_id}:{token}"
            queue.submit(
                session,
                Job(job_id, "check_project", (request.project_id,), BRANCHES, f"check:{request.project_id}"),
            )
            return (job_id,)
        case CollectProject():
            job_id = f"collect:{request.project_id}:{token}"
            job = Job(
                job_id,
                "collect_project",
                (request.project_id, request.number),
                BRANCHES,
                f"collect:{request.project_id}",
            )
            queue.submit(session, job)
            return (job_id,)
        case ForgetProject():
            job_id = f"forget:{request.project_id}:{token}"
            queue.submit(
                session, Job(job_id, "forget_project", (request.project_id,), BRANCHES, f"{request.project_id}")
            )
            return (job_id,)
        case RunPeriodic():
            # The slot is the token of whoever submits it for the first time: then a job is stored once for it.
            job_id = f"periodic:{request.task}:{token}"
            job = Job(job_id, "run_periodic", (request.task, request.slot), PERIODIC, f"periodic:{request.task}")
            queue.submit(session, job)
            return (job_id,)
    assert_never(request)


def token_after(job_id: str) -> str:
    """A token for the jobs that a job leads to: the same at its repetition, and short however long the chain."""
    return _digest(job_id)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _note(session: Session, queue: JobQueue, request: HandleNote) -> tuple[str, ...]:
    # Without the token: two hooks announce the same note under different ids, and it is obeyed once.
    job_id = f"note:{request.project_id}!{request.iid}:{request.note_id}{':' if request.again else ''}{request.again}"
    arguments = (request.project_id, request.iid, request.note_id, request.digest)
    # A partition of their own, in the order in which people write: a command must not wait for a scan.
    partition = f"notes:{_partition(request.project_id, request.iid)}"
    queue.submit(session, Job(job_id, "handle_note", arguments, CONVERSATIONS, partition))
    return (job_id,)


def _partition(project_id: int, iid: int) -> str:
    return f"{project_id}!{iid}"


def _scan(session: Session, queue: JobQueue, request: ScanMergeRequest, token: str) -> tuple[str, ...]:
    if request.actor_id is not None:
        # Also of a repetition: who pushed is known from events only.
        add_contributor(session, request.project_id, request.iid, request.actor_id)
    known = get_head(session, request.project_id, request.iid)
    if (
        request.reason in _REPEATABLE
        and request.head_sha is not None
        and known is not None
        and known.head_sha == request.head_sha
        and known.state is HeadState.OPENED
    ):
        return ()
    # Not the sequence number: it begins anew for a project that was forgotten, and an id must never repeat.
    job_id = f"mr:{request.project_id}!{request.iid}:{token}"
    raised = raise_sequence(session, request.project_id, request.iid, workflow_id=job_id, head_sha=request.head_sha)
    arguments = (request.project_id, request.iid, raised.sequence, request.reason.value)
    partition = _partition(request.project_id, request.iid)
    queue.submit(session, Job(job_id, "scan_merge_request", arguments, MERGE_REQUESTS, partition))
    if known is None or known.head_sha is None or request.head_sha in (None, known.head_sha):
        return (job_id,)
    return job_id, *_sync_sharers(session, queue, request.project_id, known.head_sha, token)


def _sync(session: Session, queue: JobQueue, project_id: int, iid: int, reason: str, token: str) -> tuple[str, ...]:
    sequence = current_sequence(session, project_id, iid)
    if sequence == 0:
        return ()
    job_id = f"sync:{project_id}!{iid}:{sequence}:{token}"
    arguments = (project_id, iid, sequence, reason)
    queue.submit(session, Job(job_id, "sync_merge_request", arguments, MERGE_REQUESTS, _partition(project_id, iid)))
    return (job_id,)


def _reports(session: Session, queue: JobQueue, request: ImportReports) -> tuple[str, ...]:
    of_merge_request = request.iid is not None or bool(open_heads_at(session, request.sha))
    if not of_merge_request:
        project = get_project(session, request.project_id)
        if project is not None and project.default_branch not in (None, request.ref):
            # Nothing counts the findings of such a branch. Where we do not know the project, the job will ask.
            return ()
    # Without the token: two hooks announce the same end of a pipeline under different ids.
    job_id = f"reports:{request.project_id}:{request.pipeline_id}:{request.ending}"
    arguments = (request.project_id, request.pipeline_id, request.sha, request.ref, request.iid or 0, request.ending)
    # A partition of their own: to fetch reports must not delay the scan of a newer push, nor a branch a merge request.
    name = MERGE_REQUESTS if of_merge_request else BRANCHES
    queue.submit(session, Job(job_id, "import_reports", arguments, name, f"reports:{request.project_id}"))
    return (job_id,)


def _close(session: Session, queue: JobQueue, request: CloseMergeRequest, token: str) -> tuple[str, ...]:
    state = HeadState.MERGED if request.merged else HeadState.CLOSED
    raised = close_head(session, request.project_id, request.iid, state)
    if raised is None:
        return ()
    job_id = f"close:{request.project_id}!{request.iid}:{raised.sequence}:{token}"
    arguments = (request.project_id, request.iid, request.merged)
    partition = _partition(request.project_id, request.iid)
    queue.submit(session, Job(job_id, "close_merge_request", arguments, MERGE_REQUESTS, partition))
    closed = get_head(session, request.project_id, request.iid)
    if closed is None or closed.head_sha is None:
        return (job_id,)
    return job_id, *_sync_sharers(session, queue, request.project_id, closed.head_sha, token)


def _sync_sharers(session: Session, queue: JobQueue, project_id: int, sha: str, token: str) -> tuple[str, ...]:
    """Have those looked at that share a commit's status: they may have been red, or have waited, because of another."""
    return tuple(
        job_id
        for head in open_heads_at(session, sha)
        if head.project_id == project_id
        for job_id in _sync(session, queue, head.project_id, head.iid, SyncReason.RECONCILED.value, token)
    )
