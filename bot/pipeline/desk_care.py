"""
Looking after findings at the desk without judging them: whose they are, what is put aside, what is written beneath.

And what is about no single finding: how exposed a project is, saved views, and jobs that are started again.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from bot.domain.audit import Act, Action, Word
from bot.domain.priority import Exposure, Standing
from bot.domain.roles import Permission, Principal, Role
from bot.domain.triage import TriageState
from bot.domain.workflow import (
    LONGEST_COMMENT,
    LONGEST_SNOOZE,
    LONGEST_VIEW_NAME,
    LONGEST_VIEW_QUERY,
    MOST_VIEWS,
    Done,
    Fault,
    Note,
    Outcome,
    Profile,
    Refused,
    Result,
    SavedView,
    WorkflowError,
    wanted,
)
from bot.pipeline.acts import finding
from bot.pipeline.desk_decisions import actor_of
from bot.pipeline.desk_work import NOT_THERE, NOT_THERE_HINT, Tools, forbidden, may_not, not_there, working
from bot.store import audit, claims, desk, finding_notes, people, principals, project_profiles, saved_views
from bot.store.claims import Held
from bot.store.engine import session as reading_session
from bot.store.projects import get_project
from scanners.normalize import clean_text

_OPEN = frozenset({TriageState.DETECTED, TriageState.CONFIRMED})


# --- whose it is ------------------------------------------------------------------------------------------------------


def claim(tools: Tools, principal: Principal, finding_ids: Sequence[int], *, address: str = "") -> Outcome:
    """See ``Workflow.claim``."""
    numbers, actor = wanted(finding_ids), actor_of(principal)
    if principal.person_id is None:
        raise WorkflowError(
            Fault.FORBIDDEN, "this token belongs to nobody, who could have a finding", "Assign it to a person."
        )
    person = principal.person_id
    with working(tools) as work:
        # First of all: who has a row of the desk must not wait for the log.
        audit.take_turn(work.session)
        known = claims.held(work.session, numbers)
        refused = _obstacles(principal, Permission.DECIDE, numbers, known)
        free = [n for n in numbers if n not in refused and known[n].assignee_id is None]
        got = desk.claim(work.session, free, person, at=work.now)
        done: list[Done] = []
        for number in numbers:
            if number in refused:
                continue
            if number in got:
                done.append(Done(number, Result.HOLDS))
            elif known[number].assignee_id == person:
                done.append(Done(number, Result.UNCHANGED))
            else:
                refused[number] = Refused(number, Fault.CONFLICT, "somebody has it already", "Ask him, or assign it.")
        acts = [_act(principal, actor, Action.FINDING_CLAIMED, known[one], {}, address) for one in sorted(got)]
        audit.append_many(work.session, acts)
    return Outcome(tuple(done), tuple(refused[number] for number in numbers if number in refused))


def assign(
    tools: Tools, principal: Principal, finding_ids: Sequence[int], person_id: int | None, *, address: str = ""
) -> Outcome:
    """See ``Workflow.assign``."""
    numbers, actor = wanted(finding_ids), actor_of(principal)
    with working(tools) as work:
        audit.take_turn(work.session)
        known = claims.held(work.session, numbers)
        refused = _obstacles(principal, Permission.DECIDE, numbers, known)
        if person_id is not None:
            chosen = people.get_person(work.session, person_id)
            if chosen is None or chosen.disabled_at is not None:
                raise WorkflowError(Fault.INVALID, f"there is no person {person_id}", "Choose somebody of the list.")
            other = principals.of_person(work.session, chosen, work.now)
            for number in numbers:
                if number not in refused and not other.sees_project(known[number].project_id):
                    refused[number] = Refused(
                        number, Fault.INVALID, "this person does not see the finding's project", "Choose somebody else."
                    )
        left = [number for number in numbers if number not in refused]
        changed = desk.assign(work.session, left, person_id, at=work.now)
        action = Action.FINDING_UNASSIGNED if person_id is None else Action.FINDING_ASSIGNED
        audit.append_many(
            work.session,
            [
                _act(
                    principal,
                    actor,
                    action,
                    known[number],
                    {"before": known[number].assignee_id, "after": person_id},
                    address,
                )
                for number in sorted(changed)
            ],
        )
    return _outcome(numbers, refused, changed)


def snooze(
    tools: Tools, principal: Principal, finding_ids: Sequence[int], until: datetime | None, *, address: str = ""
) -> Outcome:
    """See ``Workflow.snooze``."""
    numbers, actor = wanted(finding_ids), actor_of(principal)
    now = tools.now()
    if until is not None and until <= now:
        raise WorkflowError(Fault.INVALID, "that moment has passed", "Give a date that lies ahead.")
    if until is not None and until > now + LONGEST_SNOOZE:
        latest = (now + LONGEST_SNOOZE).date().isoformat()
        raise WorkflowError(
            Fault.INVALID, f"a finding is put aside for {LONGEST_SNOOZE.days} days at most", f"Until {latest}."
        )
    with working(tools) as work:
        audit.take_turn(work.session)
        known = claims.held(work.session, numbers)
        refused = _obstacles(principal, Permission.DECIDE, numbers, known)
        for number in numbers:
            if until is not None and number not in refused and not _waits(known[number]):
                refused[number] = Refused(
                    number,
                    Fault.CONFLICT,
                    "only what waits for a decision or to be mended can be put aside",
                    "Look at it again.",
                )
        left = [number for number in numbers if number not in refused]
        changed = desk.snooze(work.session, left, until, now=work.now)
        action = Action.FINDING_WOKEN if until is None else Action.FINDING_SNOOZED
        audit.append_many(
            work.session,
            [
                _act(
                    principal,
                    actor,
                    action,
                    known[number],
                    {"before": _day(known[number].snoozed_until), "after": _day(until)},
                    address,
                )
                for number in sorted(changed)
            ],
        )
    return _outcome(numbers, refused, changed)


def _waits(one: Held) -> bool:
    return one.state in _OPEN and one.standing in (Standing.UNDECIDED, Standing.CONFIRMED, Standing.SNOOZED)


def _obstacles(
    principal: Principal, permission: Permission, numbers: Sequence[int], known: Mapping[int, Held]
) -> dict[int, Refused]:
    refused: dict[int, Refused] = {}
    for number in numbers:
        one = known.get(number)
        if one is None or not principal.sees_project(one.project_id):
            refused[number] = not_there(number)
        elif not principal.may(permission, one.project_id):
            refused[number] = may_not(number, permission)
    return refused


def _outcome(numbers: Sequence[int], refused: Mapping[int, Refused], changed: Collection[int]) -> Outcome:
    return Outcome(
        tuple(Done(n, Result.HOLDS if n in changed else Result.UNCHANGED) for n in numbers if n not in refused),
        tuple(refused[n] for n in numbers if n in refused),
    )


def _act(
    principal: Principal, actor: str, action: Action, about: Held, details: Mapping[str, Word], address: str
) -> Act:
    return Act(actor, principal.person_id, action, finding(about.finding_id), about.project_id, details, address)


def _day(moment: datetime | None) -> str | None:
    return None if moment is None else moment.date().isoformat()


# --- what is written --------------------------------------------------------------------------------------------------


def comment(tools: Tools, principal: Principal, finding_id: int, text: str, *, address: str = "") -> Note:
    """See ``Workflow.comment``."""
    actor, said = actor_of(principal), cleaned_comment(text)
    with working(tools) as work:
        about = _one(principal, Permission.COMMENT, finding_id, claims.held(work.session, [finding_id]))
        note = finding_notes.add(work.session, finding_id, actor=actor, text=said, at=work.now)
        audit.append(
            work.session, _act(principal, actor, Action.FINDING_COMMENTED, about, {"comment": note.id}, address)
        )
    return note


def cleaned_comment(text: str) -> str:
    """A comment without what cannot be seen. Raises ``WorkflowError`` for an empty one and for one that is too long."""
    if len(text) > 4 * LONGEST_COMMENT:
        raise WorkflowError(Fault.INVALID, f"a comment has at most {LONGEST_COMMENT} characters", "Give the gist.")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    said = "\n".join(clean_text(line, len(line)).rstrip() for line in lines).strip()
    if not said:
        raise WorkflowError(Fault.INVALID, "the comment is empty", "Write something.")
    if len(said) > LONGEST_COMMENT:
        raise WorkflowError(
            Fault.INVALID, f"a comment has at most {LONGEST_COMMENT} characters, this has {len(said)}", "Give the gist."
        )
    return said


def _one(principal: Principal, permission: Permission, finding_id: int, known: Mapping[int, Held]) -> Held:
    about = known.get(finding_id)
    if about is None or not principal.sees_project(about.project_id):
        raise WorkflowError(Fault.NOT_FOUND, NOT_THERE, NOT_THERE_HINT)
    if not principal.may(permission, about.project_id):
        raise forbidden(permission)
    return about


# --- projects ---------------------------------------------------------------------------------------------------------


def set_exposure(
    tools: Tools, principal: Principal, project_id: int, exposure: Exposure, *, address: str = ""
) -> Profile:
    """See ``Workflow.set_exposure``."""
    actor = actor_of(principal)
    with working(tools) as work:
        project = get_project(work.session, project_id) if principal.sees_project(project_id) else None
        if project is None:
            raise WorkflowError(Fault.NOT_FOUND, "there is no such project", NOT_THERE_HINT)
        if not principal.may(Permission.KEEP_PROJECT, project_id):
            raise forbidden(Permission.KEEP_PROJECT)
        before = project_profiles.get(work.session, project_id)
        if before is not None and before.exposure is exposure:
            return before
        profile = project_profiles.set_exposure(work.session, project_id, exposure, actor=actor, at=work.now)
        old = before.exposure if before is not None else Exposure.UNKNOWN
        details = {"before": old.value, "after": exposure.value}
        audit.append(
            work.session,
            Act(
                actor,
                principal.person_id,
                Action.EXPOSURE_SET,
                f"project {project_id}",
                project_id,
                details,
                address,
            ),
        )
        desk.refresh_project(work.session, project_id, now=work.now)
    return profile


# --- views ------------------------------------------------------------------------------------------------------------


def views(tools: Tools, principal: Principal) -> tuple[SavedView, ...]:
    """See ``Workflow.views``."""
    with reading_session(tools.services.store) as reading:
        return saved_views.of_person(reading, principal.person_id)


def save_view(
    tools: Tools, principal: Principal, name: str, query: str, *, shared: bool = False, address: str = ""
) -> SavedView:
    """See ``Workflow.save_view``."""
    if principal.person_id is None:
        raise WorkflowError(Fault.FORBIDDEN, "this token belongs to nobody, who could keep a view", "Sign in.")
    actor, called, kept = actor_of(principal), " ".join(clean_text(name, 1_000).split()), query.strip().lstrip("?")
    if not 1 <= len(called) <= LONGEST_VIEW_NAME:
        raise WorkflowError(Fault.INVALID, f"a view has a name of 1 to {LONGEST_VIEW_NAME} characters", "Name it.")
    if len(kept) > LONGEST_VIEW_QUERY or not kept.isascii() or not kept.isprintable() or "#" in kept:
        raise WorkflowError(Fault.INVALID, "this is no filter of the list", "Take what stands in its address.")
    with working(tools) as work:
        if saved_views.count(work.session, principal.person_id) >= MOST_VIEWS:
            raise WorkflowError(Fault.INVALID, f"one keeps at most {MOST_VIEWS} views", "Delete some.")
        view = saved_views.save(work.session, principal.person_id, name=called, query=kept, shared=shared, at=work.now)
        details: dict[str, Word] = {"name": called, "shared": shared}
        audit.append(
            work.session,
            Act(actor, principal.person_id, Action.VIEW_SAVED, f"view {view.id}", None, details, address),
        )
    return view


def delete_view(tools: Tools, principal: Principal, view_id: int, *, address: str = "") -> None:
    """See ``Workflow.delete_view``."""
    actor = actor_of(principal)
    with working(tools) as work:
        view = saved_views.get(work.session, view_id)
        own = view is not None and view.person_id == principal.person_id
        if view is None or not (own or view.shared):
            raise WorkflowError(Fault.NOT_FOUND, "there is no such view", "It may be gone.")
        if not own and Role.ADMIN not in principal.instance_roles:
            raise WorkflowError(Fault.FORBIDDEN, "this view is somebody else's", "Only he and an admin may delete it.")
        saved_views.remove(work.session, view_id)
        audit.append(
            work.session,
            Act(
                actor,
                principal.person_id,
                Action.VIEW_DELETED,
                f"view {view_id}",
                None,
                {"name": view.name, "shared": view.shared},
                address,
            ),
        )


# --- jobs -------------------------------------------------------------------------------------------------------------


def retry_job(tools: Tools, principal: Principal, job_id: str, *, address: str = "") -> str:
    """See ``Workflow.retry_job``."""
    if not principal.may(Permission.RETRY):
        raise forbidden(Permission.RETRY)
    # Late, as the engine takes a second to load.
    from bot.pipeline.retrying import NotRetryable, retry

    actor = actor_of(principal)
    queue = tools.queue()
    job = queue.find(job_id)
    found = job[0] if job is not None else None
    hidden = found is not None and found.project_id is not None and not principal.sees_project(found.project_id)
    if job is None or found is None or hidden or (found.project_id is None and not principal.everything):
        raise WorkflowError(Fault.NOT_FOUND, "there is no such job", "It may be too old: finished jobs are deleted.")
    with working(tools) as work:
        try:
            made = retry(work.session, queue, found, job[1], token=f"again.{uuid.uuid4().hex[:16]}")
        except NotRetryable as error:
            raise WorkflowError(Fault.CONFLICT, str(error), error.hint) from None
        audit.append(
            work.session,
            Act(
                actor,
                principal.person_id,
                Action.JOB_RETRIED,
                f"job {job_id}",
                found.project_id,
                {"kind": found.kind, "job": made},
                address,
            ),
        )
    return made
