"""
Looking after findings at the desk without judging them: whose they are, what is put aside, what is written beneath.

And what is about no single finding: how exposed a project is, saved views, and jobs that are started again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.audit import Act, Action, Word
from bot.domain.incident import IncidentError, KnownIncident, closing
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
from bot.errors import Told, sentence
from bot.pipeline.acts import finding, said
from bot.pipeline.desk_decisions import actor_of
from bot.pipeline.desk_work import NOT_THERE, NOT_THERE_HINT, Tools, Work, forbidden, may_not, not_there, working
from bot.store import audit, claims, desk, finding_notes, incidents, people, principals, project_profiles
from bot.store.claims import Held
from bot.store.desk import saved_views
from bot.store.engine import session as reading_session
from bot.store.projects import get_project
from bot.texts import N_
from scanners.normalize import clean_text

_OPEN = frozenset({TriageState.DETECTED, TriageState.CONFIRMED})


# --- whose it is ------------------------------------------------------------------------------------------------------


def claim(tools: Tools, principal: Principal, finding_ids: Sequence[int], *, address: str = "") -> Outcome:
    """See ``Workflow.claim``."""
    numbers, actor = wanted(finding_ids), actor_of(principal)
    if principal.person_id is None:
        raise WorkflowError(
            Fault.FORBIDDEN, N_("this token belongs to nobody, who could have a finding"), N_("Assign it to a person.")
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
                refused[number] = Refused(
                    number, Fault.CONFLICT, N_("somebody has it already"), N_("Ask him, or assign it.")
                )
        acts = [_act(principal, actor, Action.FINDING_CLAIMED, known[one], {}, address) for one in sorted(got)]
        audit.append_many(work.session, acts)
    return Outcome(tuple(done), tuple(refused[number] for number in numbers if number in refused))


def assign(
    tools: Tools, principal: Principal, finding_ids: Sequence[int], person_id: int | None, *, address: str = ""
) -> Outcome:
    """See ``Workflow.assign``."""

    def check(work: Work) -> Callable[[Held], Told]:
        if person_id is None:
            return lambda _: ""
        chosen = people.get_person(work.session, person_id)
        if chosen is None or chosen.disabled_at is not None:
            raise WorkflowError(
                Fault.INVALID,
                sentence(N_("there is no person {number}"), number=person_id),
                N_("Choose somebody of the list."),
            )
        other = principals.of_person(work.session, chosen, work.now)
        return lambda one: "" if other.sees_project(one.project_id) else _SEES_NOTHING

    return _change(
        tools,
        principal,
        finding_ids,
        check=check,
        refusal=(Fault.INVALID, N_("Choose somebody else.")),
        change=lambda work, left: desk.assign(work.session, left, person_id, at=work.now),
        action=Action.FINDING_UNASSIGNED if person_id is None else Action.FINDING_ASSIGNED,
        words=lambda one: {"before": one.assignee_id, "after": person_id},
        address=address,
    )


def snooze(
    tools: Tools, principal: Principal, finding_ids: Sequence[int], until: datetime | None, *, address: str = ""
) -> Outcome:
    """See ``Workflow.snooze``."""
    now = tools.now()
    if until is not None and until <= now:
        raise WorkflowError(Fault.INVALID, N_("that moment has passed"), N_("Give a date that lies ahead."))
    if until is not None and until > now + LONGEST_SNOOZE:
        raise WorkflowError(
            Fault.INVALID,
            sentence(N_("a finding is put aside for {days} days at most"), days=LONGEST_SNOOZE.days),
            sentence(N_("Until {day}."), day=(now + LONGEST_SNOOZE).date().isoformat()),
        )
    return _change(
        tools,
        principal,
        finding_ids,
        check=lambda _: lambda one: "" if until is None or _waits(one) else _WAITS_FOR_NOTHING,
        refusal=(Fault.CONFLICT, N_("Look at it again.")),
        change=lambda work, left: desk.snooze(work.session, left, until, now=work.now),
        action=Action.FINDING_WOKEN if until is None else Action.FINDING_SNOOZED,
        words=lambda one: {"before": _day(one.snoozed_until), "after": _day(until)},
        address=address,
    )


_SEES_NOTHING = N_("this person does not see the finding's project")
_WAITS_FOR_NOTHING = N_("only what waits for a decision or to be mended can be put aside")


def _change(
    tools: Tools,
    principal: Principal,
    finding_ids: Sequence[int],
    *,
    check: Callable[[Work], Callable[[Held], Told]],
    refusal: tuple[Fault, Told],
    change: Callable[[Work, Sequence[int]], Collection[int]],
    action: Action,
    words: Callable[[Held], Mapping[str, Word]],
    address: str,
) -> Outcome:
    """
    Change rows of the desk and nothing else, with an entry for each that became another one.

    ``check`` gives what says why a finding cannot be changed, empty where it can; ``refusal`` is the fault and the hint
    of such a finding.
    """
    numbers, actor = wanted(finding_ids), actor_of(principal)
    with working(tools) as work:
        # First of all: who has a row of the desk must not wait for the log.
        audit.take_turn(work.session)
        known = claims.held(work.session, numbers)
        refused = _obstacles(principal, Permission.DECIDE, numbers, known)
        why = check(work)
        for number in numbers:
            if number not in refused and (reason := why(known[number])):
                refused[number] = Refused(number, refusal[0], reason, refusal[1])
        changed = change(work, [number for number in numbers if number not in refused])
        acts = [_act(principal, actor, action, known[one], words(known[one]), address) for one in sorted(changed)]
        audit.append_many(work.session, acts)
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
    actor, written = actor_of(principal), cleaned_comment(text)
    with working(tools) as work:
        about = _one(principal, Permission.COMMENT, finding_id, claims.held(work.session, [finding_id]))
        note = finding_notes.add(work.session, finding_id, actor=actor, text=written, at=work.now)
        audit.append(
            work.session, _act(principal, actor, Action.FINDING_COMMENTED, about, {"comment": note.id}, address)
        )
    return note


def cleaned_comment(text: str) -> str:
    """A comment without what cannot be seen. Raises ``WorkflowError`` for an empty one and for one that is too long."""
    if len(text) > 4 * LONGEST_COMMENT:
        raise WorkflowError(
            Fault.INVALID,
            sentence(N_("a comment has at most {most} characters"), most=LONGEST_COMMENT),
            N_("Give the gist."),
        )
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    written = "\n".join(clean_text(line, len(line)).rstrip() for line in lines).strip()
    if not written:
        raise WorkflowError(Fault.INVALID, N_("the comment is empty"), N_("Write something."))
    if len(written) > LONGEST_COMMENT:
        raise WorkflowError(
            Fault.INVALID,
            sentence(
                N_("a comment has at most {most} characters, this has {count}"),
                most=LONGEST_COMMENT,
                count=len(written),
            ),
            N_("Give the gist."),
        )
    return written


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
            raise WorkflowError(Fault.NOT_FOUND, N_("there is no such project"), NOT_THERE_HINT)
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


def close_incident(
    tools: Tools, principal: Principal, incident_id: int, *, reason: str, address: str = ""
) -> KnownIncident:
    """See ``Workflow.close_incident``."""
    actor = actor_of(principal)
    with working(tools) as work:
        known = incidents.get(work.session, incident_id, for_update=True)
        if known is None or not principal.sees_project(known.incident.project_id):
            raise WorkflowError(Fault.NOT_FOUND, N_("there is no such incident"), NOT_THERE_HINT)
        incident = known.incident
        if not principal.may(Permission.KEEP_PROJECT, incident.project_id):
            raise forbidden(Permission.KEEP_PROJECT)
        try:
            who, why = closing(known, actor=actor, reason=reason)
        except IncidentError as error:
            fault = Fault.INVALID if known.is_open else Fault.CONFLICT
            raise WorkflowError(fault, error.told, error.told_hint) from None
        incidents.close(work.session, incident_id, actor=who, reason=why, at=work.now)
        audit.append(
            work.session,
            Act(
                actor,
                principal.person_id,
                Action.INCIDENT_CLOSED,
                f"incident {incident_id}",
                incident.project_id,
                {"kind": incident.kind.value, "reason": said(why)},
                address,
            ),
        )
    return replace(known, closed_at=work.now, closed_by=who, closed_reason=why)


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
        raise WorkflowError(Fault.FORBIDDEN, N_("this token belongs to nobody, who could keep a view"), N_("Sign in."))
    actor, called, kept = actor_of(principal), " ".join(clean_text(name, 1_000).split()), query.strip().lstrip("?")
    if not 1 <= len(called) <= LONGEST_VIEW_NAME:
        raise WorkflowError(
            Fault.INVALID,
            sentence(N_("a view has a name of 1 to {most} characters"), most=LONGEST_VIEW_NAME),
            N_("Name it."),
        )
    if len(kept) > LONGEST_VIEW_QUERY or not kept.isascii() or not kept.isprintable() or "#" in kept:
        raise WorkflowError(Fault.INVALID, N_("this is no filter of the list"), N_("Take what stands in its address."))
    with working(tools) as work:
        if saved_views.count(work.session, principal.person_id) >= MOST_VIEWS:
            raise WorkflowError(
                Fault.INVALID,
                sentence(N_("one keeps at most {most} views"), most=MOST_VIEWS),
                N_("Delete some."),
            )
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
            raise WorkflowError(Fault.NOT_FOUND, N_("there is no such view"), N_("It may be gone."))
        if not own and Role.ADMIN not in principal.instance_roles:
            raise WorkflowError(
                Fault.FORBIDDEN, N_("this view is somebody else's"), N_("Only he and an admin may delete it.")
            )
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
        raise WorkflowError(
            Fault.NOT_FOUND, N_("there is no such job"), N_("It may be too old: finished jobs are deleted.")
        )
    with working(tools) as work:
        try:
            made = retry(work.session, queue, found, job[1], token=f"again.{uuid.uuid4().hex[:16]}")
        except NotRetryable as error:
            raise WorkflowError(Fault.CONFLICT, error.told, error.told_hint) from None
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
