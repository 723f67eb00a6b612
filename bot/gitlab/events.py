"""
What GitLab's webhook bodies say, as frozen values. No I/O, and no opinion on what to do: ``dispatch`` has that.

Shapes after https://docs.gitlab.com/user/project/integrations/webhook_events/ and
https://docs.gitlab.com/administration/system_hooks/. The body decides what an event is, because every system hook comes
with the same header.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Generic, TypeAlias, TypeVar

from bot.gitlab import payload
from bot.gitlab.payload import MalformedEvent

__all__ = [
    "Action",
    "Build",
    "Change",
    "Changes",
    "Event",
    "Ignored",
    "MalformedEvent",
    "MergeRequestEvent",
    "NoteEvent",
    "PipelineEvent",
    "Project",
    "PushEvent",
    "State",
    "SystemEvent",
    "SystemEventKind",
    "content_key",
    "parse_event",
]

_LONGEST_NOTE = 20_000
_BRANCH_PREFIX = "refs/heads/"
T = TypeVar("T")


class Action(Enum):
    """``object_attributes.action`` of a merge request event."""

    OPEN = "open"
    REOPEN = "reopen"
    UPDATE = "update"
    CLOSE = "close"
    MERGE = "merge"
    APPROVED = "approved"
    UNAPPROVED = "unapproved"
    APPROVAL = "approval"
    UNAPPROVAL = "unapproval"
    OTHER = "other"
    """One that this release does not know."""


class State(Enum):
    """State of a merge request."""

    OPENED = "opened"
    CLOSED = "closed"
    MERGED = "merged"
    LOCKED = "locked"
    """Being merged at this moment."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Project:
    """The project an event belongs to. Only the id is for ever: paths get renamed and taken again."""

    id: int
    path: str | None
    """Full path, where the body has it."""
    url: str | None


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """A value before and after."""

    previous: T | None
    current: T | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update changed, as far as it matters."""

    draft: Change[bool] | None = None
    target_branch: Change[str] | None = None
    blocking_discussions_resolved: Change[bool] | None = None
    names: tuple[str, ...] = ()
    """Every changed attribute, sorted."""


@dataclass(frozen=True, slots=True)
class MergeRequestEvent:
    """Something happened to a merge request. Re-read it before acting: order is not kept, and data may be older."""

    project: Project
    """The target project."""
    iid: int
    action: Action
    state: State
    head_sha: str | None
    oldrev: str | None
    """Head before the new commits; only there when the code changed. It may be unreachable."""
    source_branch: str | None
    target_branch: str | None
    source_project_id: int | None
    """None when the fork is gone."""
    target_project_id: int
    draft: bool
    changes: Changes
    actor_id: int | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class PushEvent:
    """A branch moved."""

    project: Project
    branch: str
    before: str | None
    """None for a new branch."""
    after: str | None
    """None for a deleted branch."""
    is_default_branch: bool
    is_protected: bool
    actor_id: int | None


@dataclass(frozen=True, slots=True)
class NoteEvent:
    """Somebody wrote, or edited, a note on a merge request."""

    project: Project
    iid: int
    note_id: int
    discussion_id: str
    author_id: int | None
    actor_id: int | None
    """On an edit GitLab names the author here, not the editor."""
    updated_by_id: int | None
    edited: bool
    internal: bool
    system: bool
    text: str
    """Hostile; at most 20,000 characters."""
    head_sha: str | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Build:
    """A job of a pipeline, or a status that somebody posted."""

    id: int | None
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class PipelineEvent:
    """A pipeline changed its status."""

    project: Project
    pipeline_id: int
    status: str
    source: str
    """``push``, ``merge_request_event``, ``external`` and so on."""
    sha: str | None
    """For a merged results pipeline GitLab's temporary merge commit, not the head."""
    ref: str | None
    is_tag: bool
    iid: int | None
    """The merge request, for merge request pipelines; None for branch pipelines even where one exists."""
    target_project_id: int | None
    merge_request_state: State
    job_names: tuple[str, ...]
    """Names of its jobs, and of statuses that others posted."""
    builds: tuple[Build, ...]
    """The same in full, in one order whatever the event's."""
    actor_id: int | None
    finished_at: datetime | None


class SystemEventKind(Enum):
    """``event_name`` of the system hooks that concern us."""

    PROJECT_CREATE = "project_create"
    PROJECT_DESTROY = "project_destroy"
    PROJECT_RENAME = "project_rename"
    PROJECT_TRANSFER = "project_transfer"
    REPOSITORY_UPDATE = "repository_update"


@dataclass(frozen=True, slots=True)
class BranchUpdate:
    """One branch within a repository update; None as in ``PushEvent``."""

    branch: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class SystemEvent:
    """Something happened to a project as a whole."""

    kind: SystemEventKind
    project: Project
    old_path: str | None
    default_branch: str | None
    updates: tuple[BranchUpdate, ...]
    actor_id: int | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that we do not care for."""

    reason: str
    """A few English words, ours."""


Event: TypeAlias = MergeRequestEvent | PushEvent | NoteEvent | PipelineEvent | SystemEvent | Ignored

EVENT_KINDS = {
    MergeRequestEvent: "merge_request",
    PushEvent: "push",
    NoteEvent: "note",
    PipelineEvent: "pipeline",
    SystemEvent: "system",
    Ignored: "ignored",
}
"""A word per event for logs and metrics."""


def parse_event(body: object) -> Event:
    """
    Read a parsed body.

    Raises ``MalformedEvent`` when it claims to be an event that we know and is not; nothing else, whatever JSON it is.
    """
    if not isinstance(body, Mapping):
        raise MalformedEvent("the body must be a JSON object")
    if body.get("external_approval_rule") is not None:
        return Ignored("a request of an external status check")
    kind = body.get("object_kind") or body.get("event_name")
    if kind == "merge_request":
        return _merge_request(body)
    if kind == "push":
        return _push(body)
    if kind == "note":
        return _note(body)
    if kind == "pipeline":
        return _pipeline(body)
    if isinstance(kind, str) and kind in _SYSTEM_KINDS:
        return _system(body, _SYSTEM_KINDS[kind])
    if kind is None:
        # A big body that GitLab cut in its log comes back like this when somebody resends it.
        return Ignored("a body without object_kind and event_name")
    return Ignored("an event of another kind")


def content_key(event: Event) -> str:
    """
    Tells deliveries apart by what they say, for servers that send no id (GitLab before 17.4): 64 hexadecimal digits.

    Two deliveries with the same key would lead to the same jobs.
    """
    return hashlib.sha256(repr(event).encode("utf-8", "backslashreplace")).hexdigest()


_SYSTEM_KINDS = {kind.value: kind for kind in SystemEventKind}
_ACTIONS = {action.value: action for action in Action}
_STATES = {state.value: state for state in State}
# Older payloads have the number only. https://docs.gitlab.com/user/project/integrations/webhook_events/
_STATE_IDS = {1: State.OPENED, 2: State.CLOSED, 3: State.MERGED, 4: State.LOCKED}


def _merge_request(body: Mapping[str, object]) -> MergeRequestEvent:
    where = "object_attributes."
    attributes = payload.mapping(body, "object_attributes")
    target = payload.optional_id(attributes, "target_project_id", where)
    project = _project(body, target)
    last_commit = payload.optional_mapping(attributes, "last_commit", where) or {}
    return MergeRequestEvent(
        project=project,
        iid=payload.identifier(attributes, "iid", where),
        action=_lookup(_ACTIONS, attributes.get("action"), Action.OTHER),
        state=_state(attributes),
        head_sha=payload.optional_sha(last_commit, "id", f"{where}last_commit."),
        oldrev=payload.optional_sha(attributes, "oldrev", where),
        source_branch=payload.optional_name(attributes, "source_branch", where),
        target_branch=payload.optional_name(attributes, "target_branch", where),
        source_project_id=payload.optional_id(attributes, "source_project_id", where),
        target_project_id=project.id,
        draft=payload.flag(attributes, "draft", payload.flag(attributes, "work_in_progress")),
        changes=_changes(payload.optional_mapping(body, "changes") or {}),
        actor_id=_actor(body),
        updated_at=payload.moment(attributes, "updated_at"),
    )


def _changes(changes: Mapping[str, object]) -> Changes:
    target = payload.optional_mapping(changes, "target_branch", "changes.")
    return Changes(
        draft=_flag_change(changes, "draft") or _flag_change(changes, "work_in_progress"),
        target_branch=None
        if target is None
        else Change(
            payload.optional_name(target, "previous", "changes.target_branch."),
            payload.optional_name(target, "current", "changes.target_branch."),
        ),
        blocking_discussions_resolved=_flag_change(changes, "blocking_discussions_resolved"),
        names=tuple(sorted(name[:64] for name in changes))[:64],
    )


def _flag_change(changes: Mapping[str, object], key: str) -> Change[bool] | None:
    pair = payload.optional_mapping(changes, key, "changes.")
    if pair is None:
        return None
    previous, current = pair.get("previous"), pair.get("current")
    return Change(
        previous if isinstance(previous, bool) else None,
        current if isinstance(current, bool) else None,
    )


def _push(body: Mapping[str, object]) -> PushEvent | Ignored:
    ref = payload.name(body, "ref")
    if not ref.startswith(_BRANCH_PREFIX) or ref == _BRANCH_PREFIX:
        return Ignored("a push to something that is no branch")
    branch = ref.removeprefix(_BRANCH_PREFIX)
    default = payload.optional_name(payload.optional_mapping(body, "project") or {}, "default_branch", "project.")
    return PushEvent(
        project=_project(body, payload.optional_id(body, "project_id")),
        branch=branch,
        before=payload.optional_sha(body, "before"),
        after=payload.optional_sha(body, "after"),
        is_default_branch=branch == default,
        is_protected=payload.flag(body, "ref_protected"),
        actor_id=payload.optional_id(body, "user_id"),
    )


def _note(body: Mapping[str, object]) -> NoteEvent | Ignored:
    where = "object_attributes."
    attributes = payload.mapping(body, "object_attributes")
    if attributes.get("noteable_type") != "MergeRequest":
        return Ignored("a note on something that is no merge request")
    merge_request = payload.mapping(body, "merge_request")
    last_commit = payload.optional_mapping(merge_request, "last_commit", "merge_request.") or {}
    return NoteEvent(
        project=_project(body, payload.optional_id(attributes, "project_id", where)),
        iid=payload.identifier(merge_request, "iid", "merge_request."),
        note_id=payload.identifier(attributes, "id", where),
        discussion_id=payload.text(attributes, "discussion_id", 128),
        author_id=payload.optional_id(attributes, "author_id", where),
        actor_id=_actor(body),
        updated_by_id=payload.optional_id(attributes, "updated_by_id", where),
        # Before 16.11 there is no action, and such notes are new ones.
        edited=attributes.get("action") == "update",
        internal=payload.flag(attributes, "internal") or body.get("event_type") == "confidential_note",
        system=payload.flag(attributes, "system"),
        text=payload.text(attributes, "note", _LONGEST_NOTE),
        head_sha=payload.optional_sha(last_commit, "id", "merge_request.last_commit."),
        updated_at=payload.moment(attributes, "updated_at"),
    )


def _pipeline(body: Mapping[str, object]) -> PipelineEvent:
    where = "object_attributes."
    attributes = payload.mapping(body, "object_attributes")
    merge_request = payload.optional_mapping(body, "merge_request") or {}
    builds = {_build(build) for build in payload.objects(body, "builds")}
    return PipelineEvent(
        project=_project(body, None),
        pipeline_id=payload.identifier(attributes, "id", where),
        status=payload.text(attributes, "status", 64),
        source=payload.text(attributes, "source", 64),
        sha=payload.optional_sha(attributes, "sha", where),
        ref=payload.optional_name(attributes, "ref", where),
        is_tag=payload.flag(attributes, "tag"),
        iid=payload.optional_id(merge_request, "iid", "merge_request."),
        target_project_id=payload.optional_id(merge_request, "target_project_id", "merge_request."),
        merge_request_state=_state(merge_request),
        job_names=tuple(sorted({build.name for build in builds})),
        builds=tuple(sorted(builds, key=lambda build: (build.id or 0, build.name, build.status))),
        actor_id=_actor(body),
        finished_at=payload.moment(attributes, "finished_at"),
    )


def _build(build: Mapping[str, object]) -> Build:
    number = build.get("id")
    return Build(
        id=number if isinstance(number, int) else None,
        name=payload.text(build, "name", 255),
        status=payload.text(build, "status", 64),
    )


def _system(body: Mapping[str, object], kind: SystemEventKind) -> SystemEvent:
    project = payload.optional_mapping(body, "project") or {}
    updates = []
    for change in payload.objects(body, "changes"):
        ref = payload.name(change, "ref", "changes[].")
        if ref.startswith(_BRANCH_PREFIX) and ref != _BRANCH_PREFIX:
            before = payload.optional_sha(change, "before", "changes[].")
            after = payload.optional_sha(change, "after", "changes[].")
            updates.append(BranchUpdate(ref.removeprefix(_BRANCH_PREFIX), before, after))
    return SystemEvent(
        kind=kind,
        project=_project(body, payload.identifier(body, "project_id")),
        old_path=payload.optional_name(body, "old_path_with_namespace"),
        default_branch=payload.optional_name(project, "default_branch", "project."),
        updates=tuple(updates),
        actor_id=payload.optional_id(body, "user_id"),
        updated_at=payload.moment(body, "updated_at"),
    )


def _project(body: Mapping[str, object], project_id: int | None) -> Project:
    details = payload.optional_mapping(body, "project") or {}
    stated = payload.optional_id(details, "id", "project.")
    number = project_id if project_id is not None else stated
    if number is None:
        raise MalformedEvent("project.id is missing")
    if stated is not None and stated != number:
        # The path would be that of another project, and paths decide whom we serve.
        return Project(number, None, None)
    path = payload.optional_name(details, "path_with_namespace", "project.")
    return Project(
        id=number,
        path=path or payload.optional_name(body, "path_with_namespace"),
        url=payload.optional_name(details, "web_url", "project."),
    )


def _actor(body: Mapping[str, object]) -> int | None:
    return payload.optional_id(payload.optional_mapping(body, "user") or {}, "id", "user.")


def _state(attributes: Mapping[str, object]) -> State:
    state_id = attributes.get("state_id")
    by_number = _STATE_IDS.get(state_id, State.UNKNOWN) if isinstance(state_id, int) else State.UNKNOWN
    return _lookup(_STATES, attributes.get("state"), by_number)


def _lookup(table: Mapping[str, T], value: object, default: T) -> T:
    return table.get(value, default) if isinstance(value, str) else default
