"""What we read of GitLab, as frozen values. ``bot.gitlab.decode`` builds them from JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

DEVELOPER = 30
MAINTAINER = 40
WRITERS = frozenset({30, 40, 50})
"""
Access levels Developer, Maintainer and Owner.

A set, because levels are not simply ordered: Security Manager is 25 and Planner 15.
https://docs.gitlab.com/api/members/#roles
"""

PAGE = 100
"""The most rows that GitLab puts on a page."""


@dataclass(frozen=True, slots=True)
class BotUser:
    """The user that our token belongs to."""

    id: int
    username: str
    name: str
    is_bot: bool = False
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What GitLab says about our token."""

    scopes: frozenset[str]
    active: bool
    expires_at: date | None


@dataclass(frozen=True, slots=True)
class Project:
    """A project with the settings that decide whether we can block a merge."""

    id: int
    path: str
    """Full path. Changes when the project is moved; only the id stays."""
    url: str
    clone_url: str
    default_branch: str | None
    """None for an empty repository."""
    archived: bool
    access_level: int | None
    """The bot's own level, None where GitLab does not say."""
    pipeline_must_succeed: bool
    skipped_pipeline_suffices: bool
    threads_must_be_resolved: bool
    resolves_outdated_threads: bool
    """GitLab then resolves a thread when its line is edited, whether or not the finding is gone."""
    ignores_branch_pipelines: bool
    """Branch and external pipelines then count nothing for a merge request (19.2 and later)."""
    merged_results: bool
    merge_method: str = ""
    """``merge``, ``rebase_merge`` (merge commits, upon the newest target only) or ``ff``; empty where unsaid."""
    forks_allowed: bool | None = None
    """Whether people may fork it; None where GitLab does not say."""
    unsaid: frozenset[str] = frozenset()
    """API names of the settings above that the answer left out: nobody can rely on those."""


@dataclass(frozen=True, slots=True)
class DiffRefs:
    """The three commits that a position refers to; all of one version."""

    base_sha: str
    start_sha: str
    head_sha: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a merge request's diff."""

    id: int
    refs: DiffRefs
    state: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline, as a merge request names it."""

    id: int
    project_id: int | None
    sha: str
    ref: str
    status: str
    source: str
    updated_at: datetime | None = None
    """When it last changed; None where GitLab does not say."""


@dataclass(frozen=True, slots=True)
class EndedPipeline:
    """A pipeline with how it went."""

    id: int
    sha: str
    ref: str
    tag: bool
    status: str
    source: str
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    seconds: int | None
    """How long its jobs ran, waiting left out; None where GitLab does not say."""
    coverage: float | None
    """Per cent, 0 to 100: the mean of its jobs' coverage as GitLab reads it from their logs."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag."""

    name: str
    sha: str
    """The commit, also of an annotated one."""
    at: datetime
    """When it was made; of a lightweight tag, which does not know, when its commit was."""
    committed_at: datetime


@dataclass(frozen=True, slots=True)
class Release:
    """A release: a tag with a page of its own."""

    tag: str
    sha: str | None
    """None where the bot may not see the code, or the tag is gone."""
    released_at: datetime
    """May lie ahead."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a job left behind. Not every one can be downloaded by itself."""

    file_type: str
    """``archive`` for what the job names in ``artifacts:paths``, else the kind of report: ``sast`` and so on."""
    filename: str
    """As the runner sent it, without folders; some kinds come with ``.gz`` at the end."""
    size: int
    """Bytes, as GitLab stores it."""


@dataclass(frozen=True, slots=True)
class PipelineJob:
    """A job of a pipeline."""

    id: int
    name: str
    status: str
    artifacts: tuple[Artifact, ...]


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """One merge request. Lists leave out ``diff_refs`` and ``head_pipeline``."""

    project_id: int
    """The target project."""
    iid: int
    title: str
    state: str
    draft: bool
    sha: str | None
    """Head of the source branch; None where GitLab has none yet."""
    diff_refs: DiffRefs | None
    """None until GitLab has prepared the merge request."""
    source_project_id: int | None
    """None when the fork is gone."""
    source_branch: str
    target_branch: str
    author_id: int
    author_username: str
    web_url: str
    labels: tuple[str, ...]
    head_pipeline: Pipeline | None
    detailed_merge_status: str
    threads_resolved: bool
    updated_at: datetime | None
    project_path: str = ""
    """Full path of the target project, from the reference; empty where GitLab did not say."""
    has_conflicts: bool = False
    rebase_in_progress: bool = False
    """Only where it was asked for."""
    merge_error: str = ""
    """Why the last merge or rebase did not work: GitLab's words, or a server hook's."""
    merged_by_id: int | None = None
    """Who merged it, or set it to be merged automatically."""
    merged_by_username: str = ""
    merged_at: datetime | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    created_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is still something to decide."""
        return self.state == "opened"

    @property
    def is_fork(self) -> bool:
        """Whether the source branch lives in another project."""
        return self.source_project_id != self.project_id

    @property
    def head_ref(self) -> str:
        """The ref in the target project that holds the head, also of forks."""
        return f"refs/merge-requests/{self.iid}/head"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a note stands, as GitLab stores it."""

    kind: str
    """``text``, ``file`` or ``image``."""
    refs: DiffRefs
    old_path: str
    new_path: str
    old_line: int | None
    new_line: int | None


@dataclass(frozen=True, slots=True)
class Note:
    """One note of a discussion."""

    id: int
    author_id: int
    author_username: str
    body: str
    system: bool = False
    resolvable: bool = False
    resolved: bool = False
    resolved_by: int | None = None
    """User id; for a reply in a resolved thread GitLab names whoever replied."""
    resolved_by_username: str = ""
    resolved_at: datetime | None = None
    position: Position | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    """Also moved by what is no edit, such as resolving."""
    internal: bool = False
    """Only members from Reporter on see it."""


@dataclass(frozen=True, slots=True)
class Discussion:
    """A thread, or a single note that nobody can reply to as a thread."""

    id: str
    individual: bool
    notes: tuple[Note, ...]

    @property
    def resolvable(self) -> bool:
        """Whether it can be resolved at all."""
        return any(note.resolvable for note in self.notes)

    @property
    def resolved(self) -> bool:
        """GitLab counts a thread as resolved when all its resolvable notes are."""
        return self.resolvable and all(note.resolved for note in self.notes if note.resolvable)


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """One commit status."""

    id: int
    sha: str
    ref: str
    name: str
    state: str
    description: str
    target_url: str
    author_id: int | None
    pipeline_id: int | None
    author_username: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch."""

    name: str
    sha: str
    protected: bool


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """One entry of who may push to a protected branch, or merge into it. Free knows roles only, and deploy keys."""

    access_level: int | None
    """The lowest role; 0 for nobody. For an entry that names somebody it means nothing."""
    user_id: int | None = None
    group_id: int | None = None
    deploy_key_id: int | None = None


@dataclass(frozen=True, slots=True)
class ProtectedBranch:
    """A rule for branches of a name, or of a pattern with ``*``. Of several that match, the laxest counts."""

    name: str
    push: tuple[AccessEntry, ...]
    merge: tuple[AccessEntry, ...]
    force_push: bool


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """A rule about who has to approve a merge request (Premium)."""

    id: int
    name: str
    users: frozenset[int]
    """Users that the rule names, by itself and not through a group."""
    approved_by: frozenset[int]


@dataclass(frozen=True, slots=True)
class StatusCheck:
    """An external status check that applies to a merge request (Ultimate)."""

    id: int
    name: str
    external_url: str
    """Without its query string; empty below Developer."""
    status: str
    """``passed``, ``failed`` or ``pending``, for the present head."""


@dataclass(frozen=True, slots=True)
class Member:
    """What a person may do in a project, inherited membership included."""

    user_id: int
    username: str
    access_level: int
    active: bool
    """False for blocked people and for memberships that wait for approval or have expired."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What everybody may know of a person."""

    id: int
    username: str
    name: str
    public_email: str
    """Empty where he shows none."""
    bot: bool = False
    """Whether it is no person: the user of a project's or group's access token, or the like."""
    state: str = ""
    """Of the account, in GitLab's word: ``active``, ``blocked`` and others; empty where it does not say."""


@dataclass(frozen=True, slots=True)
class Commit:
    """Whose a commit says that it is: names and addresses that anybody can write."""

    sha: str
    author_name: str
    author_email: str
    committer_name: str
    committer_email: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue of a project."""

    iid: int
    url: str
    description: str
    author_id: int


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook of a project."""

    id: int
    url: str
    merge_requests_events: bool
    push_events: bool
    note_events: bool
    pipeline_events: bool
    alert_status: str
    """``executable``, ``temporarily_disabled`` or ``disabled``."""
    token_present: bool
    signing_token_present: bool


@dataclass(frozen=True, slots=True)
class ServerVersion:
    """Which GitLab answers."""

    version: str
    enterprise: bool | None
    """The edition, not the licence; None where GitLab does not say."""
