"""
GitLab's JSON to the values of ``bot.gitlab.model``. Pure.

Every function raises ``Unavailable`` when the document is not what it should be, and nothing else: an answer that we do
not understand is no answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, ParamSpec, TypeVar

from bot.domain import failures
from bot.gitlab.errors import Unavailable
from bot.gitlab.model import (
    AccessEntry,
    ApprovalRule,
    Artifact,
    BotUser,
    Branch,
    Commit,
    CommitStatus,
    DiffRefs,
    Discussion,
    EndedPipeline,
    Hook,
    Issue,
    Member,
    MergeRequest,
    Note,
    Pipeline,
    PipelineJob,
    Position,
    Profile,
    Project,
    ProtectedBranch,
    Release,
    ServerVersion,
    StatusCheck,
    Tag,
    TokenInfo,
    Version,
)

Json = Mapping[str, Any]
P = ParamSpec("P")
T = TypeVar("T")

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MOST_SECONDS = 2**31 - 1


def _guarded(decode: Callable[P, T]) -> Callable[P, T]:
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return decode(*args, **kwargs)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
            what = decode.__name__.replace("_", " ")
            raise Unavailable(failures.GITLAB_UNDOCUMENTED.format(thing=what, kind=type(error).__name__)) from error

    return guarded


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("not a number")
    return value


def _number_or_none(value: object) -> int | None:
    return None if value is None else _number(value)


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str) or not value:
        return None
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _utc(value: object) -> datetime:
    """A moment that has to be there, in UTC."""
    moment = _moment(value)
    if moment is None:
        raise TypeError("not a moment")
    return moment


def _date(value: object) -> datetime | None:
    """A moment that a stranger wrote into a commit or tag; None for one that cannot be read."""
    try:
        return _moment(value)
    except (ValueError, OverflowError):
        return None


def _sha(value: object) -> str:
    if not isinstance(value, str) or not _SHA.fullmatch(value):
        raise TypeError("not a commit")
    return value


def _amount(value: object) -> float | None:
    """A number that GitLab writes as one or, in some versions, as a text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


@_guarded
def bot_user(raw: Json) -> BotUser:
    """``GET /user``."""
    return BotUser(
        id=_number(raw["id"]),
        username=str(raw["username"]),
        name=_text(raw.get("name")),
        is_bot=raw.get("bot") is True,
        is_admin=raw.get("is_admin") is True,
    )


@_guarded
def token_info(raw: Json) -> TokenInfo:
    """``GET /personal_access_tokens/self``."""
    expires = raw.get("expires_at")
    return TokenInfo(
        scopes=frozenset(str(scope) for scope in raw["scopes"]),
        active=raw.get("active") is not False and raw.get("revoked") is not True,
        expires_at=date.fromisoformat(expires) if isinstance(expires, str) else None,
    )


@_guarded
def server_version(raw: Json) -> ServerVersion:
    """``GET /metadata`` or ``GET /version``."""
    enterprise = raw.get("enterprise")
    return ServerVersion(str(raw["version"]), enterprise if isinstance(enterprise, bool) else None)


_GATE_SETTINGS = (
    "only_allow_merge_if_pipeline_succeeds",
    "allow_merge_on_skipped_pipeline",
    "only_allow_merge_if_all_discussions_are_resolved",
    "resolve_outdated_diff_discussions",
)
"""Every GitLab that we know has these, but shows them only to those who may see the settings."""


@_guarded
def project(raw: Json) -> Project:
    """``GET /projects/:id`` or an entry of the list."""
    permissions = raw.get("permissions") or {}
    levels = [
        access["access_level"]
        for access in (permissions.get("project_access"), permissions.get("group_access"))
        if access and isinstance(access.get("access_level"), int)
    ]
    forking = raw.get("forking_access_level")
    return Project(
        id=_number(raw["id"]),
        path=str(raw["path_with_namespace"]),
        url=_text(raw.get("web_url")),
        clone_url=_text(raw.get("http_url_to_repo")),
        default_branch=raw.get("default_branch") or None,
        archived=raw.get("archived") is True,
        access_level=max(levels, default=None),
        pipeline_must_succeed=raw.get("only_allow_merge_if_pipeline_succeeds") is True,
        skipped_pipeline_suffices=raw.get("allow_merge_on_skipped_pipeline") is True,
        threads_must_be_resolved=raw.get("only_allow_merge_if_all_discussions_are_resolved") is True,
        resolves_outdated_threads=raw.get("resolve_outdated_diff_discussions") is True,
        ignores_branch_pipelines=raw.get("ci_skip_branch_pipelines_for_mrs") is True,
        merged_results=raw.get("merge_pipelines_enabled") is True,
        merge_method=_text(raw.get("merge_method")),
        forks_allowed=forking != "disabled" if isinstance(forking, str) else None,
        unsaid=frozenset(name for name in _GATE_SETTINGS if not isinstance(raw.get(name), bool)),
    )


def _refs(raw: Json) -> DiffRefs:
    return DiffRefs(str(raw["base_sha"]), str(raw["start_sha"]), str(raw["head_sha"]))


def _complete_refs(raw: Json | None) -> DiffRefs | None:
    # GitLab fills them in some time after the merge request was made, and not always all at once.
    return _refs(raw) if raw and all(raw.get(k) for k in ("base_sha", "start_sha", "head_sha")) else None


@_guarded
def version(raw: Json) -> Version:
    """An entry of ``GET .../versions``."""
    refs = DiffRefs(str(raw["base_commit_sha"]), str(raw["start_commit_sha"]), str(raw["head_commit_sha"]))
    return Version(_number(raw["id"]), refs, _text(raw.get("state")))


@_guarded
def pipeline(raw: Json) -> Pipeline:
    """A pipeline in short."""
    return Pipeline(
        id=_number(raw["id"]),
        project_id=_number_or_none(raw.get("project_id")),
        sha=str(raw["sha"]),
        ref=_text(raw.get("ref")),
        status=_text(raw.get("status")),
        source=_text(raw.get("source")),
        updated_at=_moment(raw.get("updated_at")),
    )


@_guarded
def ended_pipeline(raw: Json) -> EndedPipeline:
    """``GET .../pipelines/:id``. A duration or coverage that cannot be is not known."""
    seconds, coverage = _amount(raw.get("duration")), _amount(raw.get("coverage"))
    finished = raw.get("finished_at")
    return EndedPipeline(
        id=_number(raw["id"]),
        sha=_sha(raw["sha"]),
        ref=_text(raw.get("ref")),
        tag=raw.get("tag") is True,
        status=_text(raw.get("status")),
        source=_text(raw.get("source")),
        created_at=_utc(raw["created_at"]),
        updated_at=_utc(raw["updated_at"]),
        finished_at=_utc(finished) if finished else None,
        seconds=round(seconds) if seconds is not None and 0 <= seconds <= _MOST_SECONDS else None,
        coverage=coverage if coverage is not None and 0 <= coverage <= 100 else None,
    )


@_guarded
def tag(raw: Json) -> Tag | None:
    """
    An entry of ``GET .../repository/tags``; None for one that is no commit's, or whose time nobody can read.

    Both are whatever somebody pushed, and one such tag must not hide the others.
    """
    commit = raw.get("commit")
    if not commit:
        return None
    committed = _date(commit.get("committed_date") or commit.get("created_at"))
    made = raw.get("created_at")  # annotated tags only, since GitLab 16.11
    at = _date(made) if made else committed
    if at is None or committed is None:
        return None
    return Tag(str(raw["name"]), _sha(commit["id"]), at, committed)


@_guarded
def release(raw: Json) -> Release:
    """An entry of ``GET .../releases``."""
    commit = raw.get("commit") or {}
    found = commit.get("id")
    return Release(
        str(raw["tag_name"]), _sha(found) if found else None, _utc(raw.get("released_at") or raw["created_at"])
    )


@_guarded
def pipeline_job(raw: Json) -> PipelineJob:
    """An entry of ``GET .../pipelines/:id/jobs``."""
    return PipelineJob(
        id=_number(raw["id"]),
        name=_text(raw.get("name")),
        status=_text(raw.get("status")),
        artifacts=tuple(
            Artifact(_text(one.get("file_type")), _text(one.get("filename")), _number(one.get("size") or 0))
            for one in raw.get("artifacts") or ()
        ),
    )


@_guarded
def downstream_pipeline(raw: Json) -> Pipeline | None:
    """The pipeline that an entry of ``GET .../pipelines/:id/bridges`` started; None where it has not."""
    found = raw.get("downstream_pipeline")
    return pipeline(found) if found else None


@_guarded
def merge_request(raw: Json) -> MergeRequest:
    """``GET .../merge_requests/:iid`` or an entry of a list."""
    author = raw.get("author") or {}
    merger = raw.get("merge_user") or raw.get("merged_by") or {}
    head = raw.get("head_pipeline")
    reference = _text((raw.get("references") or {}).get("full"))
    return MergeRequest(
        project_id=_number(raw.get("target_project_id", raw["project_id"])),
        iid=_number(raw["iid"]),
        title=_text(raw.get("title")),
        state=str(raw["state"]),
        draft=raw.get("draft", raw.get("work_in_progress")) is True,
        sha=raw.get("sha") or None,
        diff_refs=_complete_refs(raw.get("diff_refs")),
        source_project_id=_number_or_none(raw.get("source_project_id")),
        source_branch=str(raw["source_branch"]),
        target_branch=str(raw["target_branch"]),
        # A deleted author is GitLab's ghost user; a missing one is nobody whom we could mistake for somebody.
        author_id=_number(author.get("id", 0)),
        author_username=_text(author.get("username")),
        web_url=_text(raw.get("web_url")),
        labels=tuple(label for label in raw.get("labels") or () if isinstance(label, str)),
        head_pipeline=pipeline(head) if head else None,
        detailed_merge_status=_text(raw.get("detailed_merge_status")),
        threads_resolved=raw.get("blocking_discussions_resolved") is True,
        updated_at=_moment(raw.get("updated_at")),
        project_path=reference.rpartition("!")[0],
        has_conflicts=raw.get("has_conflicts") is True,
        rebase_in_progress=raw.get("rebase_in_progress") is True,
        merge_error=_text(raw.get("merge_error")),
        merged_by_id=_number_or_none(merger.get("id")),
        merged_by_username=_text(merger.get("username")),
        merged_at=_moment(raw.get("merged_at")),
        merge_commit_sha=raw.get("merge_commit_sha") or None,
        squash_commit_sha=raw.get("squash_commit_sha") or None,
        created_at=_moment(raw.get("created_at")),
    )


def _position(raw: Json | None) -> Position | None:
    refs = _complete_refs(raw)
    if raw is None or refs is None:
        return None
    return Position(
        kind=_text(raw.get("position_type")) or "text",
        refs=refs,
        old_path=_text(raw.get("old_path")),
        new_path=_text(raw.get("new_path")),
        old_line=_number_or_none(raw.get("old_line")),
        new_line=_number_or_none(raw.get("new_line")),
    )


@_guarded
def note(raw: Json) -> Note:
    """One note."""
    author = raw.get("author") or {}
    resolver = raw.get("resolved_by") or {}
    return Note(
        id=_number(raw["id"]),
        author_id=_number(author.get("id", 0)),
        author_username=_text(author.get("username")),
        body=str(raw["body"] or ""),
        system=raw.get("system") is True,
        resolvable=raw.get("resolvable") is True,
        resolved=raw.get("resolved") is True,
        resolved_by=_number_or_none(resolver.get("id")),
        resolved_by_username=_text(resolver.get("username")),
        resolved_at=_moment(raw.get("resolved_at")),
        position=_position(raw.get("position")),
        created_at=_moment(raw.get("created_at")),
        updated_at=_moment(raw.get("updated_at")),
        # The older name of the same. https://docs.gitlab.com/api/notes/
        internal=raw.get("internal", raw.get("confidential")) is True,
    )


@_guarded
def discussion(raw: Json) -> Discussion:
    """A thread with its notes."""
    return Discussion(
        id=str(raw["id"]),
        individual=raw.get("individual_note") is True,
        notes=tuple(note(one) for one in raw["notes"]),
    )


@_guarded
def commit_status(raw: Json) -> CommitStatus:
    """An entry of ``GET .../statuses``, or the answer to a post."""
    return CommitStatus(
        id=_number(raw["id"]),
        sha=str(raw["sha"]),
        ref=_text(raw.get("ref")),
        name=str(raw["name"]),
        state=str(raw["status"]),
        description=_text(raw.get("description")),
        target_url=_text(raw.get("target_url")),
        author_id=_number_or_none((raw.get("author") or {}).get("id")),
        pipeline_id=_number_or_none(raw.get("pipeline_id")),
        author_username=_text((raw.get("author") or {}).get("username")),
        created_at=_moment(raw.get("created_at")),
    )


@_guarded
def branch(raw: Json) -> Branch:
    """``GET .../repository/branches/:branch`` or an entry of the list."""
    return Branch(str(raw["name"]), str(raw["commit"]["id"]), raw.get("protected") is True)


@_guarded
def protected_branch(raw: Json) -> ProtectedBranch:
    """``GET .../protected_branches/:name`` or an entry of the list."""
    force = raw.get("allow_force_push", False)
    if not isinstance(force, bool):
        raise TypeError("not a boolean")
    return ProtectedBranch(
        name=str(raw["name"]),
        push=tuple(_access_entry(one) for one in raw["push_access_levels"]),
        merge=tuple(_access_entry(one) for one in raw["merge_access_levels"]),
        force_push=force,
    )


def _access_entry(raw: Json) -> AccessEntry:
    return AccessEntry(
        _number_or_none(raw.get("access_level")),
        _number_or_none(raw.get("user_id")),
        _number_or_none(raw.get("group_id")),
        _number_or_none(raw.get("deploy_key_id")),
    )


@_guarded
def approval_rules(raw: Json) -> tuple[ApprovalRule, ...]:
    """``GET .../approval_state``."""
    return tuple(
        ApprovalRule(
            id=_number(rule["id"]),
            name=_text(rule.get("name")),
            users=frozenset(_number(user["id"]) for user in rule.get("users") or ()),
            approved_by=frozenset(_number(user["id"]) for user in rule.get("approved_by") or ()),
        )
        for rule in raw["rules"]
    )


@_guarded
def status_check(raw: Json) -> StatusCheck:
    """An entry of ``GET .../merge_requests/:iid/status_checks``."""
    return StatusCheck(
        _number(raw["id"]), _text(raw.get("name")), _text(raw.get("external_url")), _text(raw.get("status"))
    )


@_guarded
def member(raw: Json) -> Member:
    """``GET .../members/all/:user_id``."""
    expires = raw.get("expires_at")
    expired = isinstance(expires, str) and date.fromisoformat(expires[:10]) <= datetime.now(UTC).date()
    return Member(
        user_id=_number(raw["id"]),
        username=_text(raw.get("username")),
        access_level=_number(raw["access_level"]),
        active=raw.get("state") == "active" and raw.get("membership_state", "active") == "active" and not expired,
    )


@_guarded
def profile(raw: Json) -> Profile:
    """``GET /users/:id``."""
    return Profile(
        _number(raw["id"]),
        str(raw["username"]),
        _text(raw.get("name")),
        _text(raw.get("public_email")),
        bot=raw.get("bot") is True,
        state=_text(raw.get("state")),
    )


@_guarded
def commit(raw: Json) -> Commit:
    """An entry of ``GET .../merge_requests/:iid/commits``."""
    return Commit(
        sha=str(raw["id"]),
        author_name=_text(raw.get("author_name")),
        author_email=_text(raw.get("author_email")),
        committer_name=_text(raw.get("committer_name")),
        committer_email=_text(raw.get("committer_email")),
    )


@_guarded
def wiki_slug(raw: Json) -> str:
    """Of a wiki page, its address below the wiki's."""
    return _text(raw.get("slug"))


def issue(raw: Json) -> Issue:
    """An issue."""
    author = raw.get("author") or {}
    return Issue(
        _number(raw["iid"]), _text(raw.get("web_url")), _text(raw.get("description")), _number(author.get("id", 0))
    )


@_guarded
def hook(raw: Json) -> Hook:
    """A project's webhook."""
    return Hook(
        id=_number(raw["id"]),
        url=str(raw["url"]),
        merge_requests_events=raw.get("merge_requests_events") is True,
        push_events=raw.get("push_events") is True,
        note_events=raw.get("note_events") is True,
        pipeline_events=raw.get("pipeline_events") is True,
        alert_status=_text(raw.get("alert_status")),
        token_present=raw.get("token_present") is True,
        signing_token_present=raw.get("signing_token_present") is True,
    )
