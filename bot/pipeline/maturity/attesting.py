"""
Attestations at the desk: who may make, confirm and take back what people say of a demand that no data proves.

It is a person's word: a token that belongs to nobody says nothing, and whoever made one never confirms it himself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.domain.audit import Act, Action, Word
from bot.domain.maturity.attestation import (
    BYTES_COUNT_FOR,
    Attachment,
    Attestation,
    AttestationError,
    made,
    must_be_confirmable,
    must_have_room,
)
from bot.domain.maturity.model import Demand
from bot.domain.maturity.scope import Scope, ScopeKind
from bot.domain.roles import Kind, Permission, Principal
from bot.domain.workflow import Fault, WorkflowError
from bot.errors import sentence
from bot.model_files import models_in_force
from bot.pipeline.acts import said
from bot.pipeline.desk_decisions import actor_of
from bot.pipeline.desk_work import Tools, forbidden, may_everywhere
from bot.services import Services
from bot.store import audit, projects
from bot.store.engine import write_session
from bot.store.maturity import attestations
from bot.texts import N_


def attest(
    tools: Tools,
    principal: Principal,
    *,
    scope: Scope,
    model_id: str,
    demand_id: str,
    text: str,
    expires_at: datetime | None = None,
    attachment: Attachment | None = None,
    address: str = "",
) -> Attestation:
    """
    Say that a demand is met. ``expires_at`` None for as long as the model allows.

    Raises ``WorkflowError`` where he may not, there is no such demand, something is wrong with what he says, or too
    much was said and sent already.
    """
    actor, person = actor_of(principal), _person(principal)
    demand = _demand(tools.services, model_id, demand_id)
    with write_session(tools.services.store) as writing:
        place = _must(writing, principal, scope)
        try:
            new = made(
                demand,
                model_id=model_id,
                scope=place,
                text=text,
                actor=actor,
                person_id=person,
                now=tools.now(),
                expires_at=expires_at,
                attachment=attachment,
            )
            # Several at once: each counts those before it.
            audit.take_turn(writing)
            must_have_room(*attestations.room(writing, new, new.made_at - BYTES_COUNT_FOR), attachment)
        except AttestationError as error:
            raise WorkflowError(Fault.INVALID, error.told, error.told_hint) from error
        kept = attestations.add(writing, new, attachment)
        audit.append(writing, _act(Action.ATTESTATION_MADE, kept, actor, person, address))
    return kept


def confirm(tools: Tools, principal: Principal, number: int, *, address: str = "") -> Attestation:
    """
    Say, as another person, that it is so. Raises ``WorkflowError`` where he may not, it is his own, it is over, was
    taken back, or was confirmed already.
    """
    actor, person = actor_of(principal), _person(principal)
    now = tools.now()
    with write_session(tools.services.store) as writing:
        known = _known(writing, principal, number)
        _must(writing, principal, known.scope)
        try:
            must_be_confirmable(known, actor=actor, person_id=person, now=now)
        except AttestationError as error:
            own = known.made_by_id == person
            raise WorkflowError(Fault.FORBIDDEN if own else Fault.CONFLICT, error.told, error.told_hint) from error
        if not attestations.confirm(writing, number, by=actor, by_id=person, at=now):
            raise _unknown(number)
        kept = replace(known, confirmed_by=actor, confirmed_by_id=person, confirmed_at=now)
        audit.append(writing, _act(Action.ATTESTATION_CONFIRMED, kept, actor, person, address))
    return kept


def withdraw(tools: Tools, principal: Principal, number: int, *, reason: str = "", address: str = "") -> Attestation:
    """
    Take it back, one's own or somebody else's; snapshots that named it stay as they are. Raises ``WorkflowError`` where
    he may not, or it was taken back already.
    """
    actor, person = actor_of(principal), _person(principal)
    now = tools.now()
    with write_session(tools.services.store) as writing:
        known = _known(writing, principal, number)
        if known.made_by_id != person:
            _must(writing, principal, known.scope)
        if not attestations.withdraw(writing, number, by=actor, at=now):
            raise WorkflowError(
                Fault.CONFLICT,
                sentence(N_("this attestation was taken back by {who} already"), who=known.withdrawn_by),
            )
        kept = replace(known, withdrawn_by=actor, withdrawn_at=now)
        act = _act(Action.ATTESTATION_WITHDRAWN, kept, actor, person, address)
        audit.append(writing, replace(act, details={**act.details, "reason": said(reason)}))
    return kept


def may_attest(session: Session, principal: Principal, scope: Scope) -> bool:
    """Whether he may make, confirm and take back attestations for this: for offering a form."""
    try:
        _person(principal)
        _must(session, principal, scope)
    except WorkflowError:
        return False
    return True


def _person(principal: Principal) -> int:
    if principal.person_id is None:
        raise WorkflowError(
            Fault.FORBIDDEN,
            N_("this token belongs to nobody, and an attestation is a person's word")
            if principal.kind is Kind.TOKEN
            else N_("an attestation is a person's word"),
            N_("Sign in, or use a token of your own."),
        )
    return principal.person_id


def _demand(services: Services, model_id: str, demand_id: str) -> Demand:
    model = next((one for one in models_in_force(services.settings.maturity_folder) if one.id == model_id), None)
    if model is None:
        raise WorkflowError(
            Fault.NOT_FOUND,
            sentence(N_("there is no model {name}"), name=model_id[:100]),
            N_("It may have been removed."),
        )
    found = next((demand for _, demand in model.demands if demand.id == demand_id), None)
    if found is None:
        raise WorkflowError(
            Fault.NOT_FOUND,
            sentence(N_("model {model} has no demand {name}"), model=model_id, name=demand_id[:100]),
            N_("Another version of the model may have other demands."),
        )
    return found


def _must(session: Session, principal: Principal, scope: Scope) -> Scope:
    """The scope, as it is written. Raises ``WorkflowError`` where attesting for it is not for him."""
    number = scope.project_id
    if number is not None:
        if not principal.sees_project(number) or projects.get_project(session, number) is None:
            raise WorkflowError(Fault.NOT_FOUND, sentence(N_("there is no project {number}"), number=number), _GONE)
        if not principal.may(Permission.ATTEST, number):
            raise forbidden(Permission.ATTEST)
        return scope
    if scope.kind is ScopeKind.ORGANISATION:
        if not may_everywhere(principal, Permission.ATTEST_WIDELY):
            raise forbidden(Permission.ATTEST_WIDELY)
        return scope
    below = [one for one in projects.all_projects(session) if scope.covers(one.id, one.path)]
    # Somebody who sees none of it is not told that there is one.
    if not any(principal.sees_project(one.id) for one in below):
        raise WorkflowError(Fault.NOT_FOUND, sentence(N_("there is no group {name}"), name=scope.key[:300]), _GONE)
    if not all(principal.may(Permission.ATTEST_WIDELY, one.id) for one in below):
        raise forbidden(Permission.ATTEST_WIDELY)
    return Scope.of_group(below[0].path[: len(scope.key)])


def _known(session: Session, principal: Principal, number: int) -> Attestation:
    found = attestations.get(session, number, seen=attestations.seen_by(session, principal), for_update=True)
    if found is None:
        raise _unknown(number)
    return found


def _act(action: Action, about: Attestation, actor: str, person: int, address: str) -> Act:
    details: dict[str, Word] = {
        "model": about.model_id,
        "demand": about.demand_id,
        "scope": str(about.scope),
        "text": said(about.text),
        "until": about.expires_at.date().isoformat(),
        "made_by": about.made_by,
    }
    if about.file_digest:
        details |= {"file": about.file_name, "sha256": about.file_digest}
    return Act(actor, person, action, f"attestation {about.id}", about.scope.project_id, details, address)


def _unknown(number: int) -> WorkflowError:
    return WorkflowError(Fault.NOT_FOUND, sentence(N_("there is no attestation {number}"), number=number), _GONE)


_GONE = N_("It may be gone, or you do not see it.")
