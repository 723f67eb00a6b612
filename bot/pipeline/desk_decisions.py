"""
Judging findings at the desk, one or many in one transaction, and taking that back.

The rules are those of ``bot.pipeline.decisions``, and ``bot.domain.workflow.weigh`` says what somebody's word is worth.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain.audit import Act, Action, Word
from bot.domain.policy import SuppressionRules
from bot.domain.roles import Permission, Principal
from bot.domain.suppression import Standing, Suppression, SuppressionError
from bot.domain.triage import (
    LONGEST_REASON,
    AlreadySo,
    Justification,
    TriageError,
    TriageEvent,
    TriageState,
    cleaned_actor,
    cleaned_reason,
    same_person,
)
from bot.domain.workflow import (
    UNDO_WITHIN,
    Done,
    Fault,
    Outcome,
    Reason,
    Refused,
    Result,
    Weight,
    WorkflowError,
    wanted,
    weigh,
)
from bot.errors import ConfigurationError, Told, sentence
from bot.pipeline.acts import decided_act, finding, said
from bot.pipeline.decisions import Decided, keep, living_of, word_about
from bot.pipeline.desk_work import (
    POLICY_UNREADABLE,
    Tools,
    Work,
    may_not,
    not_there,
    put_back,
    source_of,
    unreadable,
    working,
)
from bot.store import audit, judging, triage
from bot.store.judging import Asker, Step, Subject
from bot.texts import N_

_TAKEN_BACK = "taken back"
_NO_RULES = SuppressionRules()
"""For words that make no exception."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to say about findings, checked as far as that goes without them."""

    state: TriageState
    justification: Justification | None
    reason: str
    expires_at: datetime | None
    only_request: bool

    def says_the_same(self, made: Suppression) -> bool:
        """Whether an exception is what this would make."""
        return (made.justification, made.reason, made.expires_at) == (
            self.justification,
            self.reason,
            self.expires_at,
        )


def checked_wish(
    state: TriageState,
    justification: Justification | None,
    reason: str,
    expires_at: datetime | None,
    request: bool,
    now: datetime,
) -> Wish:
    """Raises ``WorkflowError`` for what could be said about no finding."""
    try:
        said_ = cleaned_reason(reason)
    except TriageError as error:
        raise WorkflowError(Fault.INVALID, error.told, error.told_hint) from None
    problem: Told = ""
    hint: Told = ""
    if state is TriageState.DISMISSED:
        if justification is None:
            problem, hint = N_("dismissing needs a justification"), _ONE_OF
        elif not said_:
            problem, hint = N_("dismissing needs a reason"), _SAY_WHY
        elif expires_at is None:
            problem, hint = N_("a dismissal needs an end"), N_("Give the last day that it holds.")
        elif expires_at <= now:
            problem, hint = N_("the dismissal would have ended already"), N_("Give a date that lies ahead.")
    elif justification is not None:
        problem = sentence(N_("a justification is for dismissing, not for {state}"), state=state.words)
        hint = N_("Leave it out.")
    elif expires_at is not None:
        problem = sentence(N_("calling a finding {state} has no end"), state=state.words)
        hint = N_("A date is for dismissing it.")
    elif not said_ and state is not TriageState.CONFIRMED:
        problem, hint = sentence(N_("calling a finding {state} needs a reason"), state=state.words), _SAY_WHY
    if problem:
        raise WorkflowError(Fault.INVALID, problem, hint)
    return Wish(state, justification, said_, expires_at, request)


_SAY_WHY = N_("Say why: in a year, somebody will ask.")
_ONE_OF = sentence(N_("Give one of: {names}."), names=", ".join(word.value for word in Justification))


def decide(
    tools: Tools,
    principal: Principal,
    finding_ids: Sequence[int],
    *,
    wish: Wish,
    still: Callable[[object], None] | None = None,
    address: str = "",
) -> Outcome:
    """
    See ``Workflow.decide``. A fixed number of statements, and some for each open merge request that is judged again.
    """
    numbers = wanted(finding_ids)
    actor = actor_of(principal)
    with working(tools, with_policy=wish.state is TriageState.DISMISSED) as work:
        subjects = judging.subjects_for_update(work.session, numbers)
        if still is not None:
            still(work.session)
        mine = judging.written_by(work.session, numbers, principal.gitlab_user_id)
        asked = _askers(work, subjects.values()) if wish.state is TriageState.DISMISSED else {}
        turn = _Turn(work, principal, actor, wish, uuid.uuid4().hex, mine, asked)
        answers = {number: turn.about(number, subjects.get(number)) for number in numbers}
        kept = keep(work.session, turn.decided, work.now)
        made = [one.suppression for one in kept if one.suppression is not None]
        judging.add_askers(work.session, [Asker(m.id, principal.person_id, principal.gitlab_user_id) for m in made])
        by_finding = {one.event.finding_id: one for one in kept}
        again = work.judge_again(by_finding)
        audit.append_many(
            work.session,
            [
                decided_act(one, subjects[number].project_id, person_id=principal.person_id, address=address)
                for number, one in by_finding.items()
            ],
        )
    done = tuple(
        _with_number(answer, by_finding.get(number)) for number, answer in answers.items() if isinstance(answer, Done)
    )
    refused = tuple(answer for answer in answers.values() if isinstance(answer, Refused))
    return Outcome(done, refused, turn.batch if kept else None, again)


@dataclass(slots=True)
class _Turn:
    """Goes through the findings of one act; nothing is written."""

    work: Work
    principal: Principal
    actor: str
    wish: Wish
    batch: str
    mine: frozenset[int]
    """Findings in code of his."""
    asked: dict[int, Asker]
    decided: list[Decided] = field(default_factory=list)

    def about(self, number: int, subject: Subject | None) -> Done | Refused:
        if subject is None or not self.principal.sees_project(subject.project_id):
            return not_there(number)
        try:
            return self._dismiss(subject) if self.wish.state is TriageState.DISMISSED else self._say(subject)
        except AlreadySo:
            return Done(number, Result.UNCHANGED)
        except ConfigurationError as error:
            told = unreadable(error, POLICY_UNREADABLE)
            return Refused(number, told.fault, told.told, told.told_hint)
        except (TriageError, SuppressionError) as error:
            return Refused(number, Fault.INVALID, error.told, error.told_hint)

    def _say(self, subject: Subject) -> Done | Refused:
        if not self.principal.may(Permission.DECIDE, subject.project_id):
            return may_not(subject.id, Permission.DECIDE)
        self._decide(subject, needs_approval=None)
        return Done(subject.id, Result.HOLDS)

    def _dismiss(self, subject: Subject) -> Done | Refused:
        rules = self.work.rules_for(subject.project)
        told = weigh(
            self.principal,
            subject.project_id,
            wrote_it=subject.id in self.mine,
            second_person=rules.second_person.wanted_for(subject.severity),
            only_request=self.wish.only_request,
        )
        if told.weight is Weight.NONE:
            return may_not(subject.id, Permission.REQUEST)
        if told.weight is Weight.HOLDS:
            self._decide(subject, needs_approval=False)
            return Done(subject.id, Result.HOLDS)
        here = [made for made in living_of(subject, self.work.now) if made.code == subject.code]
        in_force = next((made for made in here if made.standing(self.work.now) is Standing.IN_FORCE), None)
        if in_force is not None:
            # Who can only ask takes nothing away that somebody decided.
            return Done(subject.id, Result.UNCHANGED, in_force.id)
        waiting = next(iter(here), None)
        # Somebody else's wish is not to be overwritten by one that has no more weight.
        if waiting is not None and (not self._is_his(waiting) or self.wish.says_the_same(waiting)):
            return Done(subject.id, Result.UNCHANGED, waiting.id, Reason.WISH)
        self._decide(subject, needs_approval=True)
        return Done(subject.id, Result.REQUESTED, why=told.why)

    def _is_his(self, made: Suppression) -> bool:
        return is_asker(self.principal, made, self.asked.get(made.id), None)

    def _decide(self, subject: Subject, *, needs_approval: bool | None) -> None:
        wish = self.wish
        # A policy that cannot be read forbids no other word than a dismissal.
        self.decided.append(
            word_about(
                subject,
                state=wish.state,
                justification=wish.justification,
                reason=wish.reason,
                actor=self.actor,
                now=self.work.now,
                rules=self.work.rules_for(subject.project) if wish.state is TriageState.DISMISSED else _NO_RULES,
                expires_at=wish.expires_at,
                source=source_of(self.principal),
                needs_approval=needs_approval,
                batch=self.batch,
            )
        )


def _with_number(answer: Done, kept: Decided | None) -> Done:
    made = kept.suppression if kept is not None else None
    return answer if made is None else replace(answer, suppression_id=made.id)


def _askers(work: Work, subjects: Iterable[Subject]) -> dict[int, Asker]:
    waiting = [made.id for subject in subjects for made in living_of(subject, work.now) if made.needs_approval]
    return judging.askers_of(work.session, waiting)


def actor_of(principal: Principal) -> str:
    """How records name him. Raises ``WorkflowError`` for a name that is none."""
    try:
        return cleaned_actor(principal.actor)
    except TriageError as error:
        raise WorkflowError(Fault.FORBIDDEN, error.told, error.told_hint) from None


def is_asker(principal: Principal, made: Suppression, asker: Asker | None, token_owner: int | None) -> bool:
    """
    Whether the principal asked for an exception, under whatever name, himself or by a token of his.

    ``token_owner`` is the person whose token ``made.created_by`` names, if it names one.
    """
    persons = {number for number in (asker.person_id if asker else None, token_owner) if number is not None}
    users = {asker.gitlab_user_id} if asker is not None and asker.gitlab_user_id is not None else set()
    return (
        principal.person_id in persons
        or principal.gitlab_user_id in users
        or same_person(principal.actor, made.created_by)
    )


# --- taking back ------------------------------------------------------------------------------------------------------


def undo(tools: Tools, principal: Principal, batch: str, *, address: str = "") -> Outcome:
    """See ``Workflow.undo``. A fixed number of statements, as for ``decide``."""
    actor = actor_of(principal)
    with working(tools) as work:
        numbers = judging.batch_findings(work.session, batch) if batch else ()
        subjects = judging.subjects_for_update(work.session, numbers)
        steps = judging.steps(work.session, numbers, batch=batch)
        seen = [n for n, subject in subjects.items() if n in steps and principal.sees_project(subject.project_id)]
        if not seen:
            raise WorkflowError(
                Fault.NOT_FOUND, N_("there is nothing to take back"), N_("It may have been taken back before.")
            )
        obstacles = {n: _cannot_undo(principal, subjects[n], steps[n], work.now) for n in seen}
        chosen = [n for n in seen if obstacles[n] is None]
        ended = [made.id for n in chosen for made in _made_by(subjects[n], steps[n])]
        # Looked up before anything is ended here.
        replaced = judging.revoked_with(work.session, [steps[n].event for n in chosen])
        revoked = judging.revoke_many(work.session, ended, actor=actor, at=work.now)
        again = _restored(work, [one for some in replaced.values() for one in some])
        events = [_undoing(subjects[n], steps[n], again.get(n, ()), actor, work.now, principal) for n in chosen]
        triage.record_many(work.session, events)
        judged = work.judge_again(chosen)
        audit.append_many(
            work.session,
            [
                Act(
                    actor,
                    principal.person_id,
                    Action.DECISION_UNDONE,
                    finding(event.finding_id),
                    subjects[event.finding_id].project_id,
                    _undone_words(event, batch, revoked & set(ended), again.get(event.finding_id, ()), subjects),
                    address,
                )
                for event in events
            ],
        )
    refused = tuple(one for one in obstacles.values() if one is not None)
    return Outcome(tuple(Done(n, Result.HOLDS) for n in chosen), refused, None, judged)


def _cannot_undo(principal: Principal, subject: Subject, step: Step, now: datetime) -> Refused | None:
    event, number = step.event, subject.id
    if event.actor != principal.actor:
        return Refused(number, Fault.FORBIDDEN, N_("somebody else decided this"), N_("Decide anew instead."))
    own_request = event.after is TriageState.DISMISSED and all(
        made.needs_approval and made.approved_at is None for made in _made_by(subject, step)
    )
    needed = Permission.REQUEST if own_request else Permission.DECIDE
    if not principal.may(needed, subject.project_id):
        return may_not(number, needed)
    if event.at < now - UNDO_WITHIN:
        return Refused(number, Fault.CONFLICT, N_("this was decided more than a day ago"), N_("Decide anew instead."))
    if not step.newest:
        return Refused(number, Fault.CONFLICT, N_("this was judged again meanwhile"), N_("Look at it again."))
    return None


def _made_by(subject: Subject, step: Step) -> tuple[Suppression, ...]:
    return tuple(made for made in subject.own if made.id == step.event.suppression_id)


def _restored(work: Work, ended: Sequence[Suppression]) -> dict[int, tuple[Suppression, ...]]:
    """What was ended is made again as it was, as far as it would still hold; by finding."""
    old = [one for one in ended if work.now < one.expires_at]
    if not old:
        return {}
    made = judging.create_many(work.session, [replace(one, id=0, revoked_by="", revoked_at=None) for one in old])
    found: dict[int, tuple[Suppression, ...]] = {}
    for one in sorted(made, key=lambda new: new.id):
        assert one.finding_id is not None
        found[one.finding_id] = (*found.get(one.finding_id, ()), one)
    # Who asked for it stays so: it may still wait for a second person.
    askers = judging.askers_of(work.session, [one.id for one in old])
    before = {(one.finding_id, one.code, one.created_at): askers.get(one.id) for one in old}
    again = []
    for one in made:
        asker = before.get((one.finding_id, one.code, one.created_at))
        if asker is not None:
            again.append(replace(asker, suppression_id=one.id))
    judging.add_askers(work.session, again)
    return found


def _undoing(
    subject: Subject, step: Step, again: Sequence[Suppression], actor: str, now: datetime, principal: Principal
) -> TriageEvent:
    earlier = step.earlier.reason if step.earlier is not None else ""
    reason = f"{_TAKEN_BACK}: {earlier}"[:LONGEST_REASON] if earlier else _TAKEN_BACK
    event = put_back(subject, step, actor=actor, now=now, reason=reason, source=source_of(principal))
    return replace(event, suppression_id=again[-1].id) if again else event


def _undone_words(
    event: TriageEvent,
    batch: str,
    revoked: Iterable[int],
    again: Sequence[Suppression],
    subjects: dict[int, Subject],
) -> dict[str, Word]:
    own = {made.id for made in subjects[event.finding_id].own}
    words: dict[str, Word] = {"before": event.before.value, "after": event.after.value, "batch": said(batch)}
    if ended := sorted(own & set(revoked)):
        words["revoked"] = list(ended)
    if again:
        words["made_again"] = [one.id for one in again]
    return words
