"""What the stand-in remembers: users, projects, merge requests, notes, pipelines, hooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from tests.standin.repository import Repository

Json = dict[str, Any]

NO_ONE, GUEST, REPORTER, DEVELOPER, MAINTAINER, OWNER, ADMIN = 0, 10, 20, 30, 40, 50, 60
Tier = Literal["free", "premium", "ultimate"]


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(eq=False)
class User:
    id: int
    username: str
    name: str
    bot: bool = False
    admin: bool = False
    state: str = "active"

    @property
    def email(self) -> str:
        return f"{self.username}@example.com"


@dataclass(eq=False)
class Group:
    """A namespace whose members are members of every project below it."""

    id: int
    path: str
    members: dict[int, int] = field(default_factory=dict)
    """User id to access level, without what parents give."""
    member_details: dict[int, Json] = field(default_factory=dict)
    visibility: str = "private"
    created_at: datetime = field(default_factory=now)

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


@dataclass(eq=False)
class Token:
    id: int
    value: str
    user: User
    scopes: tuple[str, ...]
    revoked: bool = False
    expires_at: str | None = "2099-01-01"


@dataclass
class Protection:
    """Lowest access levels that may push to and merge into the branches of this name or wildcard; 0 is nobody."""

    push: int = MAINTAINER
    merge: int = MAINTAINER
    allow_force_push: bool = False
    push_users: list[int] = field(default_factory=list)
    """Single users beside the level: Premium."""
    merge_users: list[int] = field(default_factory=list)
    id: int = 0


@dataclass(eq=False)
class Hook:
    id: int
    url: str
    project_id: int | None
    token: str | None = None
    signing_token: str | None = None
    name: str | None = None
    description: str | None = None
    enable_ssl_verification: bool = True
    events: dict[str, bool] = field(default_factory=dict)
    custom_headers: list[dict[str, str]] = field(default_factory=list)
    created_at: datetime = field(default_factory=now)
    alert_status: str = "executable"


@dataclass(eq=False)
class Delivery:
    """One webhook that was sent: what went out, and what came back."""

    id: int
    hook: Hook
    trigger: str
    headers: dict[str, str]
    body: bytes
    status: int | None = None
    response: str = ""
    error: str | None = None
    seconds: float = 0.0
    done: bool = False


@dataclass(eq=False)
class Version:
    id: int
    base_sha: str
    start_sha: str
    head_sha: str
    created_at: datetime = field(default_factory=now)


@dataclass(eq=False)
class Suggestion:
    id: int
    from_line: int
    to_line: int
    from_content: str
    to_content: str
    applied: bool = False


@dataclass(eq=False)
class Note:
    id: int
    author: User
    body: str
    type: str | None = None
    system: bool = False
    internal: bool = False
    position: Json | None = None
    original_position: Json | None = None
    resolved: bool = False
    resolved_by: User | None = None
    resolved_at: datetime | None = None
    resolved_by_push: bool = False
    updated_by: User | None = None
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    suggestions: list[Suggestion] = field(default_factory=list)
    emoji: list[tuple[int, str, User]] = field(default_factory=list)

    @property
    def resolvable(self) -> bool:
        return self.type in ("DiffNote", "DiscussionNote") and not self.system


@dataclass(eq=False)
class Discussion:
    id: str
    individual: bool
    notes: list[Note] = field(default_factory=list)

    @property
    def resolvable(self) -> bool:
        return any(n.resolvable for n in self.notes)

    @property
    def resolved(self) -> bool:
        return self.resolvable and all(n.resolved for n in self.notes if n.resolvable)


@dataclass(frozen=True)
class JobArtifact:
    """A report of a job, or a file that it keeps."""

    file_type: str
    """``archive`` for a file that is no report."""
    filename: str
    content: bytes
    archived_as: str | None = None
    """Path within the archive; None for what is given as ``artifacts:reports`` only."""


@dataclass(eq=False)
class Status:
    """One job of a pipeline, or one commit status from outside: the same thing to GitLab."""

    id: int
    name: str
    sha: str
    ref: str
    author: User
    state: str
    description: str | None = None
    target_url: str | None = None
    coverage: float | None = None
    retried: bool = False
    external: bool = True
    artifacts: tuple[JobArtifact, ...] = ()
    artifacts_access: str = "all"
    """``none`` keeps everybody out, as ``artifacts:access`` does."""
    archive: bytes | None = None
    """The archive as it is, where it is not made of ``artifacts``."""
    created_at: datetime = field(default_factory=now)
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(eq=False)
class Pipeline:
    id: int
    iid: int
    project_id: int
    sha: str
    ref: str
    source: str
    user: User
    merge_request_iid: int | None = None
    source_sha: str | None = None
    """For merged results pipelines: the head that was merged for the test."""
    parent_id: int | None = None
    """For a child pipeline, or one of another project that a bridge started."""
    statuses: list[Status] = field(default_factory=list)
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    finished_at: datetime | None = None
    """When it ended, where that was told; else as soon as it began."""
    duration: int | None = None
    """Seconds that its jobs ran."""
    coverage: float | None = None

    @property
    def status(self) -> str:
        states = {s.state for s in self.statuses if not s.retried}
        if not states:
            return "created"
        for only in ("success", "skipped", "pending", "canceled"):
            if states == {only}:
                return only
        if states & {"running", "pending"}:
            return "running"
        if "failed" in states:
            return "failed"
        if "canceled" in states:
            return "canceled"
        return "success"


@dataclass(frozen=True)
class MergeOptions:
    """What goes with a wish to merge."""

    sha: str | None = None
    squash: bool | None = None
    remove_source_branch: bool | None = None
    message: str | None = None
    squash_message: str | None = None
    auto: bool = False
    """Merge as soon as nothing is in the way."""


@dataclass(frozen=True)
class AutoMerge:
    user: User
    options: MergeOptions


@dataclass(frozen=True)
class Approval:
    user: User
    approved_at: datetime


@dataclass(eq=False)
class ApprovalRule:
    """Premium: how many of whom."""

    id: int
    name: str
    approvals_required: int
    user_ids: list[int]


@dataclass(eq=False)
class StatusCheck:
    """Ultimate: a service that is asked about merge requests."""

    id: int
    name: str
    external_url: str
    shared_secret: str | None = None
    protected_branch_ids: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class CheckResponse:
    check_id: int
    sha: str
    status: str
    user: User | None
    created_at: datetime


@dataclass(eq=False)
class Issue:
    id: int
    iid: int
    title: str
    description: str
    author: User
    labels: list[str]
    confidential: bool = False
    issue_type: str = "issue"
    state: str = "opened"
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)


@dataclass(eq=False)
class MergeRequest:
    id: int
    iid: int
    project: Project
    source_project: Project
    source_branch: str
    target_branch: str
    title: str
    author: User
    description: str = ""
    draft: bool = False
    state: str = "opened"
    labels: list[str] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    """Oldest first."""
    discussions: list[Discussion] = field(default_factory=list)
    emoji: list[tuple[int, str, User]] = field(default_factory=list)
    prepared_at: datetime | None = None
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    merged_at: datetime | None = None
    merge_user: User | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    merge_error: str | None = None
    squash: bool = False
    remove_source_branch: bool = False
    rebase_in_progress: bool = False
    auto_merge: AutoMerge | None = None
    approvals: list[Approval] = field(default_factory=list)
    check_responses: list[CheckResponse] = field(default_factory=list)
    head_sha: str = ""
    all_resolved: bool = True
    """What the last hook said about blocking discussions."""

    @property
    def version(self) -> Version:
        return self.versions[-1]

    @property
    def head_ref(self) -> str:
        return f"refs/merge-requests/{self.iid}/head"

    @property
    def notes(self) -> list[Note]:
        return [n for d in self.discussions for n in d.notes]

    def discussions_resolved(self) -> bool:
        return all(d.resolved for d in self.discussions if d.resolvable)


SETTINGS: Json = {
    "only_allow_merge_if_pipeline_succeeds": False,
    "allow_merge_on_skipped_pipeline": False,
    "only_allow_merge_if_all_discussions_are_resolved": False,
    "resolve_outdated_diff_discussions": False,
    "merge_pipelines_enabled": False,
    "merge_trains_enabled": False,
    "ci_allow_fork_pipelines_to_run_in_parent_project": True,
    "ci_skip_branch_pipelines_for_mrs": False,
    "only_allow_merge_if_all_status_checks_passed": False,
    "remove_source_branch_after_merge": False,
    "merge_method": "merge",
    "squash_option": "default_off",
}
CHOICES = {
    "merge_method": ("merge", "rebase_merge", "ff"),
    "squash_option": ("never", "always", "default_on", "default_off"),
}
LICENSED = {
    "merge_pipelines_enabled": "premium",
    "merge_trains_enabled": "premium",
    "only_allow_merge_if_all_status_checks_passed": "ultimate",
}
"""Settings that a licence must cover: without it they are not shown, and setting them changes nothing."""


@dataclass(frozen=True)
class Release:
    """A page about a tag."""

    tag: str
    released_at: datetime
    created_at: datetime = field(default_factory=now)


@dataclass(eq=False)
class Project:
    id: int
    path: str
    repository: Repository
    visibility: str = "private"
    default_branch: str = "main"
    members: dict[int, int] = field(default_factory=dict)
    """User id to access level, without what groups give."""
    member_details: dict[int, Json] = field(default_factory=dict)
    shared_with: dict[int, int] = field(default_factory=dict)
    """Group id to the highest level that the group's members get."""
    settings: Json = field(default_factory=lambda: dict(SETTINGS))
    protected: dict[str, Protection] = field(default_factory=dict)
    hooks: list[Hook] = field(default_factory=list)
    merge_requests: dict[int, MergeRequest] = field(default_factory=dict)
    pipelines: list[Pipeline] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    wiki: dict[str, str] = field(default_factory=dict)
    """Slug to content."""
    wiki_enabled: bool = True
    releases: dict[str, Release] = field(default_factory=dict)
    ci_enabled: bool = True
    """``builds_access_level``."""
    releases_enabled: bool = True
    approval_rules: list[ApprovalRule] = field(default_factory=list)
    reset_approvals_on_push: bool = True
    author_approval: bool = True
    """Premium: whether authors may approve their own merge requests. On Free they always may."""
    status_checks: list[StatusCheck] = field(default_factory=list)
    forked_from: Project | None = None
    old_paths: set[str] = field(default_factory=set)
    archived: bool = False
    job_limit: int | None = None
    created_at: datetime = field(default_factory=now)

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Executed:
    """A quick action that ran because somebody's text contained it."""

    user: str
    command: str
    arguments: str


@dataclass(frozen=True)
class Mention:
    """Somebody who would get a to-do and a mail."""

    by: str
    name: str


@dataclass(frozen=True)
class Reference:
    """Another item that would get a system note."""

    by: str
    text: str


@dataclass(frozen=True)
class RequestRecord:
    method: str
    path: str
    query: str
    status: int
    user: str | None

    @property
    def writes(self) -> bool:
        return self.method not in ("GET", "HEAD", "OPTIONS")
