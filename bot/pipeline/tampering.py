"""
Notes what people do around the gate: statuses of our name, threads of ours resolved, merges past the bot.

What was tampered with is put right by the publication that follows: a status that is not ours is replaced, a thread of
a finding that blocks is opened again. Here it is only written down, once for each thing that happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import structlog

from bot.domain.audit import Act, Action
from bot.domain.enforcement import Level
from bot.domain.incident import Incident, IncidentKind
from bot.domain.merging import LastVerdict
from bot.domain.policy import Policy
from bot.domain.protected_branches import is_protected, protected_names
from bot.domain.triage import SYSTEM
from bot.domain.verdict import GateDecision
from bot.gitlab.errors import NotFound
from bot.gitlab.markers import MarkerKind, key_of, marker_of
from bot.gitlab.model import CommitStatus, Discussion, MergeRequest, Note
from bot.services import Services
from bot.store import audit, enforcement, incidents, projects, wishes
from bot.store.engine import session, write_session
from scanners.normalize import clean_text

log = structlog.get_logger(__name__)

_LONGEST_NAME = 255


def note_tampering(
    services: Services,
    request: MergeRequest,
    decision: GateDecision,
    discussions: Sequence[Discussion],
    statuses: Sequence[CommitStatus] | None = None,
    *,
    resolves_outdated: bool = False,
) -> int:
    """
    Write down whose status stands in the place of ours, and who resolved threads of findings that block.

    Call it before the merge request is published, with its discussions as they were read; ``decision`` is the one that
    is published. ``statuses`` are those of our name on its head, also those that were replaced since; read here where
    None. ``resolves_outdated``: whether GitLab itself resolves threads whose lines were edited. Returns how many
    incidents are new.
    """
    bot = services.bot_user.id
    if statuses is None:
        statuses = statuses_of(services, request.project_id, request.sha) if request.sha is not None else ()
    found = [
        *forged_statuses(request.project_id, request.iid, statuses, bot),
        *resolved_threads(request, decision, discussions, bot, resolves_outdated=resolves_outdated),
    ]
    return _report(services, found)


def statuses_of(services: Services, project_id: int, sha: str) -> Sequence[CommitStatus]:
    """Everybody's statuses of our name on a commit, replaced ones too; none for a commit that is gone."""
    try:
        return services.gitlab.statuses(project_id, sha, name=services.settings.status_name, replaced=True)
    except NotFound:
        return ()


def note_merge(services: Services, project_id: int, iid: int, policy: Policy | None = None) -> str:
    """
    Write down a merge that did not go through the gate; returns what it was, in a word.

    Call it when a merge request was merged; only what goes into a protected branch matters. Where only the bot should
    merge, everybody else's merge is noted, the break-glass people's as what it is; elsewhere the merge of what the last
    verdict did not let through. ``policy`` is the organisation's for this project unless it is given.
    """
    try:
        request = services.gitlab.merge_request(project_id, iid)
    except NotFound:
        return "gone"
    if request.state != "merged":
        return "not_merged"
    with session(services.store) as reading:
        verdict = wishes.last_verdict(reading, project_id, iid)
        known = enforcement.stored(reading, project_id)
        project = projects.get_project(reading, project_id)
    if not _matters(request.target_branch, known, project):
        return "not_protected"
    by_bot = request.merged_by_id == services.bot_user.id
    only_bot = known is not None and known.checked_at is not None and known.enforcement.holds(Level.L2)
    if policy is None:
        policy = services.policy().for_project(request.project_path)
    said = _said(request, verdict)
    kind = _kind(request, policy, by_bot=by_bot, only_bot=only_bot, cleared=said == "let_through")
    if kind is None:
        return "through_the_gate"
    commit = request.merge_commit_sha or request.squash_commit_sha or request.sha
    incident = Incident(
        project_id,
        kind,
        f"!{iid}",
        merge_request_iid=iid,
        ref=request.target_branch,
        sha=commit,
        actor=_name(request.merged_by_username),
        details={"verdict": said, "head": request.sha or ""},
    )
    # GitLab's own moment, so that a repetition says the same.
    _report(services, [(incident, request.merged_at or datetime.now(UTC))])
    return kind.value


def forged_statuses(
    project_id: int, iid: int | None, statuses: Iterable[CommitStatus], bot_id: int
) -> list[tuple[Incident, datetime]]:
    """
    An incident for each person who posted a status of our name on a commit, at the time of the newest of these.

    One for each person and commit, because somebody who posts a thousand must not fill the list.
    """
    newest: dict[tuple[str, int], CommitStatus] = {}
    for status in statuses:
        if status.author_id is None or status.author_id == bot_id:
            continue
        key = (status.sha, status.author_id)
        if key not in newest or newest[key].id < status.id:
            newest[key] = status
    return [
        (
            Incident(
                project_id,
                IncidentKind.FORGED_STATUS,
                f"{status.sha} by user {status.author_id}",
                merge_request_iid=iid,
                ref=status.ref,
                sha=status.sha,
                actor=_name(status.author_username),
                details={"state": clean_text(status.state, 40)},
            ),
            status.created_at or datetime.now(UTC),
        )
        for status in newest.values()
    ]


def stands_in_place_of_ours(statuses: Iterable[CommitStatus], bot_id: int) -> bool:
    """Whether on some pipeline the newest status of our name is somebody else's. ``statuses`` are all of our name."""
    newest: dict[int | None, CommitStatus] = {}
    for status in statuses:
        known = newest.get(status.pipeline_id)
        if known is None or known.id < status.id:
            newest[status.pipeline_id] = status
    return any(status.author_id not in (None, bot_id) for status in newest.values())


def resolved_threads(
    request: MergeRequest,
    decision: GateDecision,
    discussions: Iterable[Discussion],
    bot_id: int,
    *,
    resolves_outdated: bool,
) -> list[tuple[Incident, datetime]]:
    """
    An incident for each thread of ours that a person resolved although its finding still blocks.

    Where resolving a thread was a person's right, as for the confirmation of a changed finding, the decision knows it,
    and the finding does not block.
    """
    blocking = {key_of(violation.fingerprint) for violation in decision.violations if violation.blocks}
    found = []
    for discussion in discussions:
        if not discussion.resolved:
            continue
        for note in discussion.notes:
            marker = marker_of(note, bot_id)
            if marker is None or marker.kind is not MarkerKind.FINDING:
                continue
            if marker.fingerprint in blocking and _by_a_person(note, request, bot_id, resolves_outdated):
                incident = Incident(
                    request.project_id,
                    IncidentKind.THREAD_RESOLVED,
                    f"thread {discussion.id[:100]}",
                    merge_request_iid=request.iid,
                    ref=request.target_branch,
                    sha=request.sha,
                    actor=_name(note.resolved_by_username),
                    details={"finding": marker.fingerprint},
                )
                found.append((incident, note.resolved_at or datetime.now(UTC)))
            break
    return found


def _by_a_person(note: Note, request: MergeRequest, bot_id: int, resolves_outdated: bool) -> bool:
    if not note.resolved or note.resolved_by in (None, bot_id):
        return False
    # Where GitLab resolves what was edited, it does so in the name of whoever pushed.
    edited = note.position is not None and note.position.refs.head_sha != request.sha
    return not (resolves_outdated and edited)


def _matters(branch: str, known: enforcement.StoredEnforcement | None, project: projects.Project | None) -> bool:
    """Whether a branch is the default branch or a protected one; so it is where nobody knows which are."""
    names = known.protected_names if known is not None else None
    default = project.default_branch if project is not None else None
    return names is None or is_protected(branch, protected_names(names, default))


def _said(request: MergeRequest, verdict: LastVerdict | None) -> str:
    """What the gate had said about exactly what was merged."""
    if verdict is None or (verdict.head_sha, verdict.target_branch) != (request.sha, request.target_branch):
        return "none"
    if verdict.draft:
        return "none"  # A draft cannot be merged, so it was made ready after that.
    return "let_through" if verdict.lets_through else "not_let_through"


def _kind(request: MergeRequest, policy: Policy, *, by_bot: bool, only_bot: bool, cleared: bool) -> IncidentKind | None:
    if by_bot or not only_bot:
        # Also of the bot's own: somebody may have given the merge request another target at that very moment.
        return None if cleared else IncidentKind.MERGED_UNCLEARED
    if request.merged_by_username.casefold() in {name.casefold() for name in policy.people.break_glass}:
        return IncidentKind.BREAK_GLASS_MERGE
    return IncidentKind.MERGED_AROUND


def _name(username: str) -> str:
    return clean_text(username, _LONGEST_NAME)


def log_incidents(new: Iterable[Incident]) -> None:
    """A line in the log for each incident that is new to the list."""
    for incident in new:
        log.warning(
            "incident",
            kind=incident.kind.value,
            project_id=incident.project_id,
            iid=incident.merge_request_iid,
            subject=incident.subject,
        )


def _report(services: Services, found: Sequence[tuple[Incident, datetime]]) -> int:
    if not found:
        return 0
    with write_session(services.store) as writing:
        new = [incident for incident, at in found if incidents.report(writing, incident, at)]
        audit.append_many(writing, [_act(one) for one in new if one.kind in _PAST_THE_GATE])
    log_incidents(new)
    return len(new)


_PAST_THE_GATE = frozenset({IncidentKind.BREAK_GLASS_MERGE, IncidentKind.MERGED_AROUND, IncidentKind.MERGED_UNCLEARED})


def _act(incident: Incident) -> Act:
    details = {
        "kind": incident.kind.value,
        "merge_request": incident.merge_request_iid,
        "branch": incident.ref,
        "commit": incident.sha,
    }
    # Whoever it was: GitLab says it, and he did not sign in with us.
    subject = f"merge request {incident.merge_request_iid}"
    return Act(incident.actor or SYSTEM, None, Action.BREAK_GLASS, subject, incident.project_id, details)
