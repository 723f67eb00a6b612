"""
Finds out how strongly a project's gate holds, notes what was weakened, and looks for what no event told us of.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from sqlalchemy.orm import Session

from bot.domain.enforcement import (
    ABOUT_BRANCHES,
    KEYHOLDERS,
    Enforcement,
    Facts,
    Grant,
    Keyholder,
    Missing,
    Protection,
    assess,
    weakened,
)
from bot.domain.incident import Incident, IncidentKind
from bot.domain.job import SyncMergeRequest, SyncReason, VerifyBranch
from bot.domain.policy import Policy
from bot.domain.protected_branches import covers
from bot.gitlab.errors import Forbidden, NotFound, Unauthorized
from bot.gitlab.model import AccessEntry, Member, Project, ProtectedBranch
from bot.pipeline.engine import JobQueue
from bot.pipeline.memberships import keep_members
from bot.pipeline.projects import remember
from bot.pipeline.submission import submit, token_after
from bot.pipeline.tampering import forged_statuses, log_incidents, stands_in_place_of_ours, statuses_of
from bot.services import Services
from bot.store import enforcement, incidents, overview
from bot.store.enforcement import StoredEnforcement
from bot.store.engine import session, write_session
from scanners.normalize import clean_text

log = structlog.get_logger(__name__)

_MOST_BRANCHES = 200
"""Branches of one project that are looked at for commits that nobody cleared."""
_MOST_REQUESTS = 200
"""Open merge requests of one project whose statuses are looked at in one round; more have to take turns."""
_MOST_LISTED = 10_000
_ROUND_SECONDS = 3600
_HOOK_SLACK = timedelta(minutes=10)
"""The hook asks before a branch moves, and a slow push may take so long in between."""
_LONGEST_SUBJECT = 120

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """What GitLab says about a project that has to do with its gate."""

    project: Project
    facts: Facts
    names: tuple[str, ...] | None
    """Names and patterns of its protected branches; None where nobody knows."""
    default_head: str | None
    """Commit of the default branch."""
    members: tuple[Member, ...] | None

    @property
    def enforcement(self) -> Enforcement:
        """How strongly the gate holds."""
        return assess(self.facts)


def read_project(
    services: Services, project_id: int, policy: Policy | None = None, known: StoredEnforcement | None = None
) -> Reading:
    """
    Read everything that the level follows from.

    ``policy`` names the break-glass people: the organisation's for this project unless it is given. ``known`` is what
    was seen before, for what only a comparison shows. What the bot may not see is unknown; any other failure of
    GitLab's is raised as ``GitLabError``, ``NotFound`` for a project that is gone.
    """
    gitlab, bot = services.gitlab, services.bot_user
    now = datetime.now(UTC)
    project = gitlab.project(project_id)
    policy = policy or services.policy().for_project(project.path)
    rules = _visible(lambda: gitlab.protected_branches(project_id))
    members = _visible(lambda: gitlab.members(project_id))
    default = project.default_branch
    head = _visible(lambda: gitlab.branch(project_id, default).sha) if default is not None else None
    active = [member for member in members or () if member.active]
    role = next((member.access_level for member in active if member.user_id == bot.id), project.access_level)
    trusted = {name.casefold() for name in policy.people.break_glass}
    break_glass = frozenset(m.user_id for m in active if m.username.casefold() in trusted and m.user_id != bot.id)
    keyholders = tuple(
        Keyholder(member.user_id, member.username)
        for member in active
        if member.access_level in KEYHOLDERS and member.user_id != bot.id and member.user_id not in break_glass
    )
    facts = Facts(
        bot_id=bot.id,
        bot_role=role,
        default_branch=default,
        pipelines_must_succeed=_said(project, "only_allow_merge_if_pipeline_succeeds", project.pipeline_must_succeed),
        skipped_suffices=_said(project, "allow_merge_on_skipped_pipeline", project.skipped_pipeline_suffices),
        threads_must_be_resolved=_said(
            project, "only_allow_merge_if_all_discussions_are_resolved", project.threads_must_be_resolved
        ),
        resolves_outdated_threads=_said(
            project, "resolve_outdated_diff_discussions", project.resolves_outdated_threads
        ),
        # A GitLab that does not show this one does not have it either, as long as it shows the others.
        ignores_branch_pipelines=_said(
            project, "only_allow_merge_if_pipeline_succeeds", project.ignores_branch_pipelines
        ),
        forks_allowed=project.forks_allowed,
        protections=None if rules is None else tuple(_protection(rule) for rule in rules),
        keyholders=None if members is None else keyholders,
        break_glass=break_glass,
        hook_seen_at=known.hook_seen_at if known is not None else None,
        hook_missed_at=_missed(known, default, head, now),
        checked_at=now,
    )
    names: tuple[str, ...] | None
    if rules is not None:
        names = tuple(rule.name for rule in rules)
    else:
        # Names without rights are better than nothing: they say where commits have to be looked at.
        listed = _visible(lambda: gitlab.branches(project_id))
        names = None if listed is None else tuple(branch.name for branch in listed if branch.protected)
    return Reading(project, facts, names, head, None if members is None else tuple(members))


def check_project(services: Services, queue: JobQueue, job_id: str, project_id: int) -> str:
    """
    Read a project's settings, store what they amount to, and note what was weakened since the last time.

    Also keeps who its members are, has its protected branches looked at, and puts statuses right that somebody else
    posted in our name on merge requests that the gate does not let through. Returns the level as a word, such as
    ``l1``.
    """
    with session(services.store) as reading:
        known = enforcement.stored(reading, project_id)
    seen = read_project(services, project_id, known=known)
    branches = branches_of(services, seen)
    forged, stained = _forged(services, project_id)
    with write_session(services.store) as writing:
        keep_members(writing, project_id, seen.members, seen.facts.checked_at or datetime.now(UTC))
        new = [*_store(writing, seen), *(one for one, at in forged if incidents.report(writing, one, at))]
        for branch in branches:
            submit(writing, queue, VerifyBranch(project_id, branch), token=token_after(job_id))
        for iid in stained:
            job = SyncMergeRequest(project_id, iid, SyncReason.RECONCILED)
            submit(writing, queue, job, token=token_after(job_id))
    log_incidents(new)
    return seen.enforcement.level.name.lower()


def store_reading(services: Services, seen: Reading) -> None:
    """Store what a reading amounts to, and note what was weakened since the last one."""
    with write_session(services.store) as writing:
        new = _store(writing, seen)
    log_incidents(new)


def weakenings(project_id: int, before: StoredEnforcement | None, now: Enforcement) -> Iterable[Incident]:
    """An incident for each thing that held when the project was last looked at and holds no longer."""
    if before is None or before.checked_at is None:
        return
    names = {*(before.protected_names or ()), str(before.facts.get("default_branch") or "")}
    for lost in weakened(before.enforcement, names, now):
        yield Incident(
            project_id,
            IncidentKind.SETTINGS_WEAKENED,
            _subject(lost),
            ref=lost.subject if lost.need in ABOUT_BRANCHES else "",
            details={
                "missing": clean_text(lost.words, 500),
                "before": before.level.name,
                "now": now.level.name,
            },
        )


def branches_of(services: Services, seen: Reading) -> tuple[str, ...]:
    """The default branch and every branch that is protected, by name or by pattern; at most ``_MOST_BRANCHES``."""
    found = dict.fromkeys([seen.project.default_branch] if seen.project.default_branch else [])
    # A rule may have any text as its name; no branch has control characters in its own.
    names = [name for name in seen.names or () if name.isprintable()]
    # Those with a pattern last: whoever may push there can make any number of branches.
    found |= dict.fromkeys(name for name in names if "*" not in name)
    for name in names:
        if "*" not in name:
            continue
        # GitLab searches by a part of the name: the longest that the pattern has keeps the answer short.
        part = max(name.split("*"), key=len)
        listed = _visible(partial(services.gitlab.branches, seen.project.id, part)) or []
        found |= dict.fromkeys(branch.name for branch in listed if covers(name, branch.name))
        if len(found) >= _MOST_BRANCHES:
            log.warning("too many protected branches", project_id=seen.project.id, looked_at=_MOST_BRANCHES)
            break
    return tuple(found)[:_MOST_BRANCHES]


def facts_to_json(seen: Reading) -> dict[str, Any]:
    """What is stored of a reading; ``protected_branches`` is None where the bot may not see the rules."""
    facts = seen.facts
    rules = facts.protections
    return {
        "default_branch": facts.default_branch,
        "default_head": seen.default_head,
        "protected_names": None if seen.names is None else list(seen.names),
        "protected_branches": None
        if rules is None
        else [
            {
                "name": rule.name,
                "push": [_grant_to_json(grant) for grant in rule.push],
                "merge": [_grant_to_json(grant) for grant in rule.merge],
                "force_push": rule.force_push,
            }
            for rule in rules
        ],
        "bot_role": facts.bot_role,
        "pipelines_must_succeed": facts.pipelines_must_succeed,
        "skipped_suffices": facts.skipped_suffices,
        "threads_must_be_resolved": facts.threads_must_be_resolved,
        "resolves_outdated_threads": facts.resolves_outdated_threads,
        "ignores_branch_pipelines": facts.ignores_branch_pipelines,
        "merged_results": seen.project.merged_results,
        "merge_method": seen.project.merge_method,
        "forks_allowed": facts.forks_allowed,
        "keyholders": None if facts.keyholders is None else len(facts.keyholders),
        "break_glass": len(facts.break_glass),
        "hook_missed_at": facts.hook_missed_at.isoformat() if facts.hook_missed_at is not None else None,
    }


# -- parts -------------------------------------------------------------------------------------------------------------


def _store(writing: Session, seen: Reading) -> list[Incident]:
    """Returns the incidents that are new."""
    project, at = seen.project, seen.facts.checked_at
    assert at is not None, "it was read"
    remember(writing, project)
    level = seen.enforcement
    before = enforcement.record(writing, project.id, level, facts_to_json(seen), at)
    return [one for one in weakenings(project.id, before, level) if incidents.report(writing, one, at)]


def _visible(question: Callable[[], T]) -> T | None:
    """What GitLab answers; None where the bot may not see it, or it is not there."""
    try:
        return question()
    except (Forbidden, NotFound, Unauthorized):
        # The token is good: the project itself could be read.
        return None


def _said(project: Project, name: str, value: bool) -> bool | None:
    return None if name in project.unsaid else value


def _protection(rule: ProtectedBranch) -> Protection:
    return Protection(
        rule.name, tuple(map(_grant, rule.push)), tuple(map(_grant, rule.merge)), force_push=rule.force_push
    )


def _grant(entry: AccessEntry) -> Grant:
    return Grant(entry.access_level, entry.user_id, entry.group_id, entry.deploy_key_id)


def _grant_to_json(grant: Grant) -> Mapping[str, int | None]:
    if grant.by_role:
        return {"role": grant.role}
    named = {"user_id": grant.user_id, "group_id": grant.group_id, "deploy_key_id": grant.deploy_key_id}
    return {key: value for key, value in named.items() if value is not None}


def _missed(known: StoredEnforcement | None, default: str | None, head: str | None, now: datetime) -> datetime | None:
    """When the default branch was last seen to have moved without that the hook asked."""
    if known is None or known.hook_seen_at is None:
        return None
    before = known.facts.get("default_head")
    same_branch = known.facts.get("default_branch") == default
    moved = same_branch and isinstance(before, str) and head is not None and head != before
    if moved and known.checked_at is not None and known.hook_seen_at < known.checked_at - _HOOK_SLACK:
        return now
    try:
        return datetime.fromisoformat(str(known.facts.get("hook_missed_at")))
    except ValueError:
        return None


def _forged(services: Services, project_id: int) -> tuple[Sequence[tuple[Incident, datetime]], tuple[int, ...]]:
    """
    Statuses of our name by others on heads that the gate does not let through, and the merge requests on which such a
    one stands in the place of ours. Nobody tells us of a status, so they are looked for.
    """
    bot = services.bot_user.id
    with session(services.store) as reading:
        known = overview.open_merge_requests(reading, project_id, limit=_MOST_LISTED)
    held = [request for request in known if request.head_sha is not None and not request.may_merge]
    found: list[tuple[Incident, datetime]] = []
    stained = []
    for request in turn_of(held, int(time.time()) // _ROUND_SECONDS, _MOST_REQUESTS):
        assert request.head_sha is not None, "chosen by it"
        statuses = statuses_of(services, project_id, request.head_sha)
        found += forged_statuses(project_id, request.iid, statuses, bot)
        if stands_in_place_of_ours(statuses, bot):
            stained.append(request.iid)
    return found, tuple(stained)


def turn_of(every: Sequence[T], number: int, most: int) -> list[T]:
    """The part of a list that is looked at in round ``number``: at most ``most``, all of it in a few rounds."""
    if len(every) <= most:
        return list(every)
    start = number * most % len(every)
    return [*every[start:], *every[:start]][:most]


def _subject(lost: Missing) -> str:
    """At most 200 plain characters that are the same for the same thing."""
    if lost.need not in ABOUT_BRANCHES:
        return lost.need.value
    plain = lost.subject.isascii() and lost.subject.isprintable() and len(lost.subject) <= _LONGEST_SUBJECT
    digest = hashlib.sha256(lost.subject.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{lost.need.value} {lost.subject if plain else digest}"
