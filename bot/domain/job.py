"""
What there is to do, small enough for a queue: ids and reasons, no contents.

A job says what to look at, never what will be found there: whoever runs it reads the present state first. So doing one
twice, late or out of order does no harm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import ClassVar, TypeAlias

from pydantic import TypeAdapter, ValidationError

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ENDING = re.compile(r"[0-9a-f]{16}")
_TASK = re.compile(r"[a-z][a-z_]{0,39}", re.ASCII)
_SLOT = re.compile(r"[A-Za-z0-9.\-]{1,60}", re.ASCII)
_LARGEST_ID = 2**63 - 1


class ScanReason(Enum):
    """Why a merge request is scanned."""

    OPENED = "opened"
    REOPENED = "reopened"
    PUSHED = "pushed"
    RETARGETED = "retargeted"
    READY = "ready"
    """It was a draft."""
    RECONCILED = "reconciled"
    """No delivery announced it; polling found it."""
    REQUESTED = "requested"
    """Somebody asked for it."""


class SyncReason(Enum):
    """Why a merge request is looked at again without a scan."""

    THREADS_RESOLVED = "threads_resolved"
    """The last open thread was resolved, maybe one of ours whose finding is still there."""
    PIPELINE_APPEARED = "pipeline_appeared"
    """A newer head pipeline does not have our status yet."""
    PIPELINE_FINISHED = "pipeline_finished"
    REPORTS_ARRIVED = "reports_arrived"
    """Findings of other tools came in for it."""
    CIRCUMSTANCES = "circumstances"
    """Its labels changed, or it became a draft: a policy may ask for either."""
    DECIDED = "decided"
    """A person decided about one of its findings."""
    POLICY_CHANGED = "policy_changed"
    NEW_DAY = "new_day"
    """Advisories, deadlines and policy files got a day older, or were changed without anybody saying so."""
    EXCEPTION_ENDED = "exception_ended"
    """A suppression that may cover one of its findings has come to its end."""
    RECONCILED = "reconciled"


@dataclass(frozen=True, slots=True)
class ScanMergeRequest:
    """Scan the head of a merge request and publish the verdict."""

    kind: ClassVar[str] = "scan_merge_request"
    project_id: int
    iid: int
    head_sha: str | None
    """Head that the event named, to recognise repetitions; the API's own answer is the truth."""
    reason: ScanReason
    actor_id: int | None = None
    """Whose code it is: who opened it or pushed, as the event says."""

    def __post_init__(self) -> None:
        _check_id("project_id", self.project_id)
        _check_id("iid", self.iid)
        _check_sha("head_sha", self.head_sha)
        if self.actor_id is not None:
            _check_id("actor_id", self.actor_id)


@dataclass(frozen=True, slots=True)
class SyncMergeRequest:
    """Bring threads and status of a merge request in line with its last scan. Must change nothing when all is well."""

    kind: ClassVar[str] = "sync_merge_request"
    project_id: int
    iid: int
    reason: SyncReason

    def __post_init__(self) -> None:
        _check_id("project_id", self.project_id)
        _check_id("iid", self.iid)


@dataclass(frozen=True, slots=True)
class SyncCommit:
    """
    As ``SyncMergeRequest``, for every open merge request with this head.

    A branch pipeline's event does not name its merge request, and in a fork its project is not the target project.
    """

    kind: ClassVar[str] = "sync_commit"
    project_id: int
    sha: str
    reason: SyncReason

    def __post_init__(self) -> None:
        _check_id("project_id", self.project_id)
        _check_sha("sha", self.sha)


@dataclass(frozen=True, slots=True)
class CloseMergeRequest:
    """A merge request ended: stop what runs for it and note how it ended."""

    kind: ClassVar[str] = "close_merge_request"
    project_id: int
    iid: int
    merged: bool

    def __post_init__(self) -> None:
        _check_id("project_id", self.project_id)
        _check_id("iid", self.iid)


@dataclass(frozen=True, slots=True)
class ScanBranch:
    """Bring the baseline up to date: what is known of the findings of a branch."""

    kind: ClassVar[str] = "scan_branch"
    project_id: int
    branch: str
    sha: str | None
    """The head that an event named; None for whatever the head is then."""

    def __post_init__(self) -> None:
        _check_id("project_id", self.project_id)
        _check_sha("sha", self.sha)
        _check_branch(self.branch)


@dataclass(frozen=True, slots=True)
class ImportReports:
    """A pipeline ended: take in what its scanners reported."""

    kind: ClassVar[str] = "import_reports"
    project_id: int
    pipeline_id: int
    sha: str
    ref: str
    """A branch, or ``refs/merge-requests/7/head`` and its like."""
    iid: int | None
    """The merge request of this project, for merge request pipelines; others are found by their head."""
    ending: str
    """Tells one end of a pipeline from the next (a retried job makes it end again): 16 hexadecimal digits."""

    def __post_init__(self) -> None:
        _check_id("project_id", self.project_id)
        _check_id("pipeline_id", self.pipeline_id)
        _check_sha("sha", self.sha)
        if self.iid is not None:
            _check_id("iid", self.iid)
        if not self.ref or any(ord(character) < 32 for character in self.ref):
            raise ValueError("ref is empty or holds control characters")
        if not _ENDING.fullmatch(self.ending):
            raise ValueError("ending must be 16 hexadecimal digits")


@dataclass(frozen=True, slots=True)
class HandleNote:
    """Somebody wrote a command into a merge request's conversation: carry it out and answer."""

    kind: ClassVar[str] = "handle_note"
    project_id: int
    iid: int
    note_id: int
    digest: str
    """SHA-256 (hex) of the note's text as it was announced: a note that was edited since is not obeyed."""
    again: str = ""
    """Tells a later try from the first one, which may have been given up: a short word, such as the day."""

    def __post_init__(self) -> None:
        _check_id("project_id", self.project_id)
        _check_id("iid", self.iid)
        _check_id("note_id", self.note_id)
        if not _SHA.fullmatch(self.digest):
            raise ValueError("digest must be 64 hexadecimal digits")


@dataclass(frozen=True, slots=True)
class RunMergeQueue:
    """See which of the merge requests that the merge bot was asked for can be merged into a branch now."""

    kind: ClassVar[str] = "run_merge_queue"
    project_id: int
    branch: str

    def __post_init__(self) -> None:
        _check_id("project_id", self.project_id)
        _check_branch(self.branch)


@dataclass(frozen=True, slots=True)
class VerifyBranch:
    """See whether everything that came onto a protected branch was cleared."""

    kind: ClassVar[str] = "verify_branch"
    project_id: int
    branch: str
    created: bool = False
    """The branch is new, as an event says: what it has beyond the default branch came with it."""

    def __post_init__(self) -> None:
        _check_id("project_id", self.project_id)
        _check_branch(self.branch)


@dataclass(frozen=True, slots=True)
class CheckProject:
    """See how strongly a project's gate is enforced, and what was done around it."""

    kind: ClassVar[str] = "check_project"
    project_id: int

    def __post_init__(self) -> None:
        _check_id("project_id", self.project_id)


@dataclass(frozen=True, slots=True)
class CollectProject:
    """Collect from GitLab what the figures are made of."""

    kind: ClassVar[str] = "collect_project"
    project_id: int
    number: int = 1
    """Which round of a night this is."""

    def __post_init__(self) -> None:
        _check_id("project_id", self.project_id)
        _check_id("number", self.number)


@dataclass(frozen=True, slots=True)
class ForgetProject:
    """A project was deleted: drop its mirror and its data."""

    kind: ClassVar[str] = "forget_project"
    project_id: int

    def __post_init__(self) -> None:
        _check_id("project_id", self.project_id)


@dataclass(frozen=True, slots=True)
class RunPeriodic:
    """Something that is done for the whole organisation again and again: see ``bot.pipeline.maturity.periodic``."""

    kind: ClassVar[str] = "run_periodic"
    task: str
    """Which, one of the names there."""
    slot: str
    """For when: a short word such as ``night.2026-11-26``. Each task is done once for it."""

    def __post_init__(self) -> None:
        if not _TASK.fullmatch(self.task):
            raise ValueError("task must be a word of small letters")
        if not _SLOT.fullmatch(self.slot):
            raise ValueError("slot must be a short word of letters, digits and .-")


JobRequest: TypeAlias = (
    ScanMergeRequest
    | SyncMergeRequest
    | SyncCommit
    | CloseMergeRequest
    | ScanBranch
    | ImportReports
    | HandleNote
    | RunMergeQueue
    | VerifyBranch
    | CheckProject
    | CollectProject
    | ForgetProject
)
"""About a project: what a webhook may lead to."""
AnyJob: TypeAlias = JobRequest | RunPeriodic

_KINDS: dict[str, TypeAdapter[JobRequest]] = {
    job.kind: TypeAdapter(job)
    for job in (
        ScanMergeRequest,
        SyncMergeRequest,
        SyncCommit,
        CloseMergeRequest,
        ScanBranch,
        ImportReports,
        HandleNote,
        RunMergeQueue,
        VerifyBranch,
        CheckProject,
        CollectProject,
        ForgetProject,
    )
}
JOB_KINDS = (*_KINDS, RunPeriodic.kind)
"""The word of each kind of job, for queues, logs and metrics."""


def encode_job(job: JobRequest) -> dict[str, object]:
    """The job as plain JSON values; ``decode_job`` is its inverse."""
    values = {name: value.value if isinstance(value, Enum) else value for name, value in asdict(job).items()}
    return {"kind": job.kind, **values}


def decode_job(document: Mapping[str, object]) -> JobRequest:
    """The job that ``encode_job`` wrote. Raises ``ValueError`` for anything else."""
    values = dict(document)
    adapter = _KINDS.get(str(values.pop("kind", None)))
    if adapter is None:
        raise ValueError("unknown kind of job")
    try:
        return adapter.validate_python(values)
    except ValidationError as error:
        raise ValueError(f"not a job: {error.error_count()} wrong fields") from error


def _check_id(name: str, value: int) -> None:
    if not 0 < value <= _LARGEST_ID:
        raise ValueError(f"{name} must be from 1 to {_LARGEST_ID}: {value}")


def _check_sha(name: str, value: str | None) -> None:
    if value is not None and not _SHA.fullmatch(value):
        raise ValueError(f"{name} must be a full commit id in lower case")


def _check_branch(branch: str) -> None:
    if not branch or any(ord(character) < 32 for character in branch):
        raise ValueError("branch is empty or holds control characters")
