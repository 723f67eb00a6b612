"""
Which jobs an event leads to. Pure.

Title, assignee and milestone edits, approvals and notes that hold no command lead to none. What our own user does leads
to none either, because our notes and statuses come back as events, except where it brings code in or ends a merge
request.
"""

from __future__ import annotations

import hashlib
import re
from typing import assert_never

from bot.domain.command import holds_command, text_digest
from bot.domain.job import (
    CloseMergeRequest,
    ForgetProject,
    HandleNote,
    ImportReports,
    JobRequest,
    ScanBranch,
    ScanMergeRequest,
    ScanReason,
    SyncCommit,
    SyncMergeRequest,
    SyncReason,
    VerifyBranch,
)
from bot.gitlab.events import (
    Action,
    Change,
    Event,
    Ignored,
    MergeRequestEvent,
    NoteEvent,
    PipelineEvent,
    PushEvent,
    State,
    SystemEvent,
    SystemEventKind,
)

# https://docs.gitlab.com/api/pipelines/ lists the states; `canceling` and `scheduled` change nothing for us.
_APPEARED = frozenset({"created", "waiting_for_resource", "preparing", "pending", "running"})
_MERGE_REQUEST_REF = re.compile(r"refs/merge-requests/([1-9][0-9]{0,17})/(?:head|merge|train)")
_FINISHED = frozenset({"success", "failed", "canceled", "skipped", "manual"})


def jobs_for(event: Event, *, bot_user_id: int | None, status_name: str = "mergewarden") -> tuple[JobRequest, ...]:
    """
    The jobs that an event asks for, in the order in which to queue them; most events ask for none.

    ``bot_user_id`` is the user that our token belongs to, None while it is unknown. ``status_name`` is the name of our
    commit status: a pipeline that consists of it alone is our own echo.
    """
    match event:
        case MergeRequestEvent():
            return _merge_request(event, is_own=bot_user_id is not None and event.actor_id == bot_user_id)
        case PushEvent():
            return _push(event)
        case PipelineEvent():
            return _pipeline(event, bot_user_id, status_name)
        case SystemEvent():
            return _system(event)
        case NoteEvent():
            return _note(event, bot_user_id)
        case Ignored():
            return ()
    assert_never(event)


def _push(event: PushEvent) -> tuple[JobRequest, ...]:
    if event.after is None:
        return ()
    jobs: list[JobRequest] = []
    if event.is_default_branch or event.is_protected:
        jobs.append(VerifyBranch(event.project.id, event.branch, created=event.before is None))
    if event.is_default_branch:
        jobs.append(ScanBranch(event.project.id, event.branch, event.after))
    return tuple(jobs)


def _note(event: NoteEvent, bot_user_id: int | None) -> tuple[JobRequest, ...]:
    # Of an edited note nobody can say who edited it, and an answer to an internal one would have to be internal.
    if event.edited or event.system or event.internal or not holds_command(event.text):
        return ()
    if event.author_id is None or event.author_id == bot_user_id or event.actor_id != event.author_id:
        return ()
    return (HandleNote(event.project.id, event.iid, event.note_id, text_digest(event.text)),)


def _merge_request(event: MergeRequestEvent, is_own: bool) -> tuple[JobRequest, ...]:
    if event.action in (Action.CLOSE, Action.MERGE):
        return (CloseMergeRequest(event.project.id, event.iid, merged=event.action is Action.MERGE),)
    if event.state is not State.OPENED:
        # Test deliveries and late ones show merge requests that are long gone.
        return ()
    reason = _scan_reason(event)
    if reason is not None and not (is_own and reason in (ScanReason.RETARGETED, ScanReason.READY)):
        brought_code = reason in (ScanReason.OPENED, ScanReason.PUSHED)
        return (
            ScanMergeRequest(
                event.project.id, event.iid, event.head_sha, reason, event.actor_id if brought_code else None
            ),
        )
    if event.action is not Action.UPDATE or is_own:
        return ()
    if _became(event.changes.blocking_discussions_resolved, True):
        return (SyncMergeRequest(event.project.id, event.iid, SyncReason.THREADS_RESOLVED),)
    if "labels" in event.changes.names or event.changes.draft is not None:
        return (SyncMergeRequest(event.project.id, event.iid, SyncReason.CIRCUMSTANCES),)
    return ()


def _scan_reason(event: MergeRequestEvent) -> ScanReason | None:
    if event.action is Action.OPEN:
        return ScanReason.OPENED
    if event.action is Action.REOPEN:
        return ScanReason.REOPENED
    if event.action is not Action.UPDATE:
        return None
    if event.oldrev is not None:
        return ScanReason.PUSHED
    if event.changes.target_branch is not None:
        return ScanReason.RETARGETED
    if _became(event.changes.draft, False):
        return ScanReason.READY
    return None


def _became(change: Change[bool] | None, value: bool) -> bool:
    return change is not None and change.current is value and change.previous is not value


def _pipeline(event: PipelineEvent, bot_user_id: int | None, status_name: str) -> tuple[JobRequest, ...]:
    if bot_user_id is not None and event.actor_id == bot_user_id:
        return ()
    if event.source == "external" and all(name == status_name for name in event.job_names):
        return ()
    if event.status in _FINISHED:
        reason = SyncReason.PIPELINE_FINISHED
    elif event.status in _APPEARED:
        reason = SyncReason.PIPELINE_APPEARED
    else:
        return ()
    if event.iid is not None:
        if event.merge_request_state in (State.CLOSED, State.MERGED):
            return ()
        sync = SyncMergeRequest(event.target_project_id or event.project.id, event.iid, reason)
        return (sync, *_reports(event, status_name))
    if event.sha is None or event.is_tag:
        return ()
    return (SyncCommit(event.project.id, event.sha, reason), *_reports(event, status_name))


def _reports(event: PipelineEvent, status_name: str) -> tuple[JobRequest, ...]:
    # A pipeline of statuses from outside has no jobs that could leave a report, and a skipped one ran none.
    if event.status not in _FINISHED or event.status == "skipped" or event.source == "external":
        return ()
    if event.sha is None or not event.ref:
        return ()
    iid = event.iid
    if iid is None and (named := _MERGE_REQUEST_REF.fullmatch(event.ref)):
        # A child pipeline's event does not name the merge request, though its ref does.
        iid = int(named[1])
    if event.target_project_id not in (None, event.project.id):
        # In a fork the number means another merge request, so that one is found by its head.
        iid = None
    return (ImportReports(event.project.id, event.pipeline_id, event.sha, event.ref, iid, _ending(event, status_name)),)


def _ending(event: PipelineEvent, status_name: str) -> str:
    """
    The same for every event about one end of a pipeline, and another when a job was retried or came later.

    Our own status is left out: it makes a pipeline end again, and there is nothing new in that.
    """
    jobs = [(build.id, build.name, build.status) for build in event.builds if build.name != status_name]
    return hashlib.sha256(repr(jobs).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _system(event: SystemEvent) -> tuple[JobRequest, ...]:
    if event.kind is SystemEventKind.PROJECT_DESTROY:
        return (ForgetProject(event.project.id),)
    # More than three branches in one push send no push event, but they do send this one.
    return tuple(
        job
        for update in event.updates
        if event.kind is SystemEventKind.REPOSITORY_UPDATE
        and update.branch == event.default_branch
        and update.after is not None
        for job in (
            VerifyBranch(event.project.id, update.branch),
            ScanBranch(event.project.id, update.branch, update.after),
        )
    )
