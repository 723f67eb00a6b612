"""
Exceptions at the desk: a second person's yes or no, ending one, and making one for a rule or an advisory.

Whoever asked for an exception never approves it himself, under whatever name and with whatever token; whoever wrote the
code approves nothing of it; and a token that belongs to nobody is no second person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from bot.domain import suppression as rules_of
from bot.domain.access import BY_API
from bot.domain.audit import Action
from bot.domain.roles import Kind, Permission, Principal
from bot.domain.suppression import Scope, Standing, Suppression, requested
from bot.domain.triage import Justification, TriageError, cleaned_reason
from bot.domain.workflow import Fault, WorkflowError
from bot.errors import ConfigurationError, sentence
from bot.pipeline.acts import suppression_act
from bot.pipeline.decisions import affected_merge_requests, approve_suppression, revoke_suppression
from bot.pipeline.desk_decisions import actor_of, is_asker
from bot.pipeline.desk_work import (
    POLICY_UNREADABLE,
    Tools,
    Work,
    forbidden,
    may_everywhere,
    put_back,
    source_of,
    unreadable,
    working,
)
from bot.store import audit, judging, suppressions, triage
from bot.store.judging import Subject
from bot.store.projects import get_project
from bot.texts import N_

_TOKEN = re.compile(rf"{re.escape(BY_API)}([0-9]{{1,18}}) \(")


@dataclass(frozen=True, slots=True)
class _Case:
    """An exception that somebody wants to do something to, and what has to be known for that."""

    made: Suppression
    subject: Subject | None
    """The finding that it is for; nobody else judges it meanwhile."""
    is_his: bool
    """Whether the principal asked for it."""
    wrote_it: bool


def approve(
    tools: Tools, principal: Principal, suppression_id: int, *, reason: str = "", address: str = ""
) -> Suppression:
    """See ``Workflow.approve``."""
    actor = actor_of(principal)
    with working(tools) as work:
        case = _case(work, principal, suppression_id)
        made = case.made
        _must(principal, made)
        _second_person(principal, case)
        if made.standing(work.now) is not Standing.WAITING:
            # Says why: it ended, was approved already, or needs no approval.
            rules_of.approve(made, actor=actor, now=work.now)
        approved = approve_suppression(work.session, suppression_id, actor=actor, now=work.now)
        work.judge_again(about=affected_merge_requests(work.session, approved))
        act = suppression_act(
            Action.SUPPRESSION_APPROVED,
            approved,
            actor=actor,
            person_id=principal.person_id,
            address=address,
            reason=reason,
        )
        audit.append(work.session, act)
    return approved


def refuse(tools: Tools, principal: Principal, suppression_id: int, *, reason: str, address: str = "") -> Suppression:
    """See ``Workflow.refuse``."""
    return _end(tools, principal, suppression_id, reason=reason, address=address, refusing=True)


def revoke(tools: Tools, principal: Principal, suppression_id: int, *, reason: str, address: str = "") -> Suppression:
    """See ``Workflow.revoke``."""
    return _end(tools, principal, suppression_id, reason=reason, address=address, refusing=False)


def suppress(
    tools: Tools,
    principal: Principal,
    *,
    project_id: int | None,
    scanner: str = "",
    rule_id: str = "",
    path: str = "",
    advisory: str = "",
    package: str = "",
    justification: Justification,
    reason: str,
    expires_at: datetime | None,
    address: str = "",
) -> Suppression:
    """See ``Workflow.suppress``."""
    actor = actor_of(principal)
    if bool(advisory) == bool(rule_id):
        raise WorkflowError(
            Fault.INVALID,
            N_("an exception is about a rule or about an advisory, and this names both")
            if advisory
            else N_("an exception is about a rule or about an advisory, and this names neither"),
            N_("Give scanner and rule (and a path), or an advisory (and a package)."),
        )
    if advisory and (scanner or path):
        raise WorkflowError(Fault.INVALID, N_("an advisory has no scanner and no path"), N_("Leave them out."))
    if rule_id and package:
        raise WorkflowError(Fault.INVALID, N_("a rule has no package"), N_("Leave it out, or name an advisory."))
    if project_id is not None and not principal.sees_project(project_id):
        raise _unknown_project(project_id)
    allowed = (
        may_everywhere(principal, Permission.SUPPRESS_WIDELY)
        if project_id is None
        else principal.may(Permission.SUPPRESS_WIDELY, project_id)
    )
    if not allowed:
        raise forbidden(Permission.SUPPRESS_WIDELY)
    with working(tools, with_policy=True) as work:
        project = get_project(work.session, project_id) if project_id is not None else None
        if project_id is not None and project is None:
            raise _unknown_project(project_id)
        try:
            rules = work.rules_for(project.path) if project is not None else work.policy().policy.suppressions
        except ConfigurationError as error:
            raise unreadable(error, POLICY_UNREADABLE) from error
        made = suppressions.create(
            work.session,
            requested(
                project_id=project_id,
                scope=Scope.ADVISORY if advisory else Scope.RULE,
                justification=justification,
                reason=reason,
                actor=actor,
                now=work.now,
                expires_at=expires_at,
                rules=rules,
                scanner=scanner,
                rule_id=rule_id,
                path=path,
                advisory=advisory,
                package=package,
            ),
        )
        judging.add_askers(work.session, [judging.Asker(made.id, principal.person_id, principal.gitlab_user_id)])
        work.judge_again(about=affected_merge_requests(work.session, made))
        act = suppression_act(
            Action.SUPPRESSION_MADE,
            made,
            actor=actor,
            person_id=principal.person_id,
            address=address,
            reason=reason,
            more={"until": made.expires_at.date().isoformat(), "waits": made.needs_approval},
        )
        audit.append(work.session, act)
    return made


def _end(
    tools: Tools, principal: Principal, suppression_id: int, *, reason: str, address: str, refusing: bool
) -> Suppression:
    actor = actor_of(principal)
    with working(tools) as work:
        why = _reason(reason, refusing=refusing)
        case = _case(work, principal, suppression_id)
        made = case.made
        waits = made.standing(work.now) is Standing.WAITING
        if refusing:
            _must(principal, made)
            if made.standing(work.now) is Standing.IN_FORCE:
                raise WorkflowError(
                    Fault.CONFLICT,
                    sentence(N_("suppression {number} is in force, and waits for nobody"), number=made.id),
                    N_("End it instead."),
                )
            if case.is_his:
                raise WorkflowError(Fault.FORBIDDEN, N_("this is a request of your own"), N_("Take it back instead."))
        elif not (waits and case.is_his and principal.may(Permission.REQUEST, made.project_id)):
            _must(principal, made)
        revoked = revoke_suppression(work.session, suppression_id, actor=actor, now=work.now)
        _reopen(work, principal, case, actor, why)
        work.judge_again(about=affected_merge_requests(work.session, revoked))
        act = suppression_act(
            Action.SUPPRESSION_REFUSED if refusing else Action.SUPPRESSION_REVOKED,
            revoked,
            actor=actor,
            person_id=principal.person_id,
            address=address,
            reason=why,
        )
        audit.append(work.session, act)
    return revoked


def _reopen(work: Work, principal: Principal, case: _Case, actor: str, why: str) -> None:
    """What was said of the finding before it was dismissed holds again, where the dismissal is still the last word."""
    if case.subject is None:
        return
    step = judging.steps(work.session, [case.subject.id]).get(case.subject.id)
    if step is None or step.event.suppression_id != case.made.id:
        return
    event = put_back(case.subject, step, actor=actor, now=work.now, reason=why, source=source_of(principal))
    triage.record(work.session, event)


def _case(work: Work, principal: Principal, suppression_id: int) -> _Case:
    """Raises ``WorkflowError`` where there is none, or none that he may know of."""
    known = suppressions.get(work.session, suppression_id)
    if known is None or (known.project_id is not None and not principal.sees_project(known.project_id)):
        raise _unknown(suppression_id)
    # First the finding, as everybody who judges does: two who wait for each other would wait for ever.
    subject = None
    if known.finding_id is not None:
        subject = judging.subjects_for_update(work.session, [known.finding_id]).get(known.finding_id)
    made = suppressions.get(work.session, suppression_id, for_update=True)
    if made is None:
        raise _unknown(suppression_id)
    asker = judging.askers_of(work.session, [made.id]).get(made.id)
    found = _TOKEN.match(made.created_by)
    owner = judging.token_owner(work.session, int(found[1])) if found is not None else None
    own_code = made.finding_id is not None and made.finding_id in judging.written_by(
        work.session, [made.finding_id], principal.gitlab_user_id
    )
    return _Case(made, subject, is_asker(principal, made, asker, owner), own_code)


def _must(principal: Principal, made: Suppression) -> None:
    """Raise ``WorkflowError`` where deciding about the exception is not for him."""
    needed = Permission.DECIDE if made.scope is Scope.FINDING else Permission.SUPPRESS_WIDELY
    everywhere = made.project_id is None
    if not (may_everywhere(principal, needed) if everywhere else principal.may(needed, made.project_id)):
        raise forbidden(needed)


def _second_person(principal: Principal, case: _Case) -> None:
    """Raise ``WorkflowError`` where he is none."""
    if case.is_his:
        raise WorkflowError(
            Fault.FORBIDDEN,
            sentence(N_("suppression {number} was asked for by you, or by a token of yours"), number=case.made.id),
            _ANOTHER,
        )
    if principal.kind is Kind.TOKEN and principal.person_id is None:
        raise WorkflowError(Fault.FORBIDDEN, N_("this token belongs to nobody, so it is no second person"), _ANOTHER)
    if case.wrote_it:
        raise WorkflowError(Fault.FORBIDDEN, N_("code of an open merge request that it is about is yours"), _ANOTHER)


_ANOTHER = N_("Another person has to.")


def _reason(text: str, *, refusing: bool) -> str:
    try:
        why = cleaned_reason(text)
    except TriageError as error:
        raise WorkflowError(Fault.INVALID, error.told, error.told_hint) from None
    if not why:
        raise WorkflowError(
            Fault.INVALID,
            N_("refusing an exception needs a reason") if refusing else N_("ending an exception needs a reason"),
            N_("Say why: in a year, somebody will ask."),
        )
    return why


def _unknown_project(number: int) -> WorkflowError:
    return WorkflowError(Fault.NOT_FOUND, sentence(N_("there is no project {number}"), number=number), _GONE)


def _unknown(number: int) -> WorkflowError:
    return WorkflowError(Fault.NOT_FOUND, sentence(N_("there is no suppression {number}"), number=number), _GONE)


_GONE = N_("It may be gone, or you do not see its project.")
