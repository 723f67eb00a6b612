"""``/tokens``: API tokens that people make for themselves, and everybody's for who keeps the instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from bot.domain.access import SCOPE_PERMISSIONS, ApiToken, Scope, TokenError
from bot.domain.audit import Act, Action
from bot.domain.roles import Kind, Permission
from bot.errors import clause, sentence
from bot.reports.visible import one_line
from bot.store import audit, people, tokens
from bot.store.engine import session, write_session
from bot.texts import N_
from bot.web.api.problems import Problem
from bot.web.contexts.entry import TokensPage
from bot.web.entry import Visit, may_not, not_there
from bot.web.frame import Message

if TYPE_CHECKING:
    from bot.web.desk import Desk

_MEANINGS: Mapping[Scope, str] = MappingProxyType(
    {
        Scope.IMPORT: N_("hand in reports of other tools"),
        Scope.READ: N_("see findings and whatever else the pages show"),
        Scope.DECIDE: N_("judge findings, comment on them, ask for exceptions and approve them"),
        Scope.EXPORT: N_("take findings and the audit log away as files"),
        Scope.ADMIN: N_("keep people, tokens and settings"),
    }
)
_MOST = 100
"""Tokens that somebody may have at once."""


def routes(desk: Desk) -> Sequence[Route]:
    """``GET`` and ``POST /tokens``, ``POST /tokens/{number}/revoke``."""

    def shown(visit: Visit) -> Response:
        return desk.frame.page(visit, "tokens.html", _page(desk, visit), section="tokens")

    def made(visit: Visit) -> Response:
        person_id = visit.principal.person_id
        if person_id is None:
            raise Problem(404, N_("this page is for people"))
        name = str(visit.form.get("name", ""))
        try:
            scopes, lifetime = _wanted(visit)
            with write_session(desk.services.store) as writing:
                alive = [token for token in tokens.tokens_of(writing, person_id) if token.is_valid(visit.now)]
                if len(alive) >= _MOST:
                    raise TokenError(
                        sentence(N_("you have {most} tokens already"), most=_MOST), N_("Revoke those that nobody uses.")
                    )
                text, token = tokens.create_token(
                    writing,
                    name=name,
                    scopes=scopes,
                    lifetime=lifetime,
                    created_by=visit.principal.actor,
                    now=visit.now,
                    project=str(visit.form.get("project", ""))[:500].strip(),
                    person_id=person_id,
                )
                audit.append(writing, _act(visit, Action.TOKEN_MADE, token))
        except TokenError as error:
            problem = sentence(N_("{a}. {b}"), a=clause(error.told), b=clause(error.told_hint))
            context = replace(_page(desk, visit), problem=problem, name=one_line(name, 100))
            return desk.frame.page(visit, "tokens.html", context, status=422, section="tokens")
        # Shown in the answer itself: it must not be kept anywhere, not even in a cookie.
        context = replace(_page(desk, visit), made=text, made_name=token.name)
        return desk.frame.page(visit, "tokens.html", context, section="tokens")

    def revoked(visit: Visit) -> Response:
        number = visit.number("number")
        with write_session(desk.services.store) as writing:
            token = tokens.get_token(writing, number)
            mine = token is not None and token.person_id == visit.principal.person_id
            if token is None or not (mine or visit.principal.may(Permission.ADMINISTER)):
                raise not_there()
            if token.revoked_at is None:
                tokens.revoke_token(writing, number, visit.now)
                audit.append(writing, _act(visit, Action.TOKEN_REVOKED, token))
        return desk.frame.back(visit, "/tokens", Message(N_("The token is revoked.")))

    entry = desk.entry
    return (
        Route("/tokens", entry.page(shown, permission=None), methods=["GET"], name="tokens"),
        Route("/tokens", entry.action(made, permission=Permission.KEEP_TOKENS), methods=["POST"]),
        Route("/tokens/{number}/revoke", entry.action(revoked, permission=None), methods=["POST"]),
    )


def _page(desk: Desk, visit: Visit) -> TokensPage:
    principal = visit.principal
    sees_all = principal.may(Permission.READ_PEOPLE)
    if not sees_all and not principal.may(Permission.KEEP_TOKENS):
        raise may_not(Permission.KEEP_TOKENS)
    with session(desk.services.store) as reading:
        if sees_all:
            known = tokens.all_tokens(reading)
            owners = people.people_by_id(reading, {token.person_id for token in known if token.person_id is not None})
        else:
            known, owners = tokens.tokens_of(reading, principal.person_id or 0), {}
    mine = [token for token in known if principal.person_id is not None and token.person_id == principal.person_id]
    names = {number: person.actor for number, person in owners.items()}
    others = [
        (token, names.get(token.person_id or 0, ""))
        for token in known
        if token not in mine and token.is_valid(visit.now)
    ]
    mine.sort(key=lambda token: (not token.is_valid(visit.now), -token.id))
    return TokensPage(
        mine=mine,
        others=others if sees_all else (),
        scopes=[scope for scope in Scope if _may_use(visit, scope)],
        meanings=_MEANINGS,
        now=visit.now,
        may_make=principal.kind is Kind.SESSION and principal.may(Permission.KEEP_TOKENS),
    )


def _may_use(visit: Visit, scope: Scope) -> bool:
    if scope is Scope.IMPORT:
        return visit.principal.may(Permission.DECIDE)
    return any(visit.principal.may(permission) for permission in SCOPE_PERMISSIONS[scope] - {Permission.KEEP_TOKENS})


def _wanted(visit: Visit) -> tuple[list[Scope], timedelta]:
    known = {scope.value: scope for scope in Scope}
    words = [str(word) for word in visit.form.getlist("scope")]
    for word in words:
        if word not in known:
            raise TokenError(N_("there is no such scope"), sentence(N_("There are {names}."), names=", ".join(known)))
        if not _may_use(visit, known[word]):
            raise TokenError(
                sentence(N_("you may not do yourself what the scope {scope} is for"), scope=word), N_("Leave it out.")
            )
    days = str(visit.form.get("days", ""))
    if not (days.isascii() and days.isdecimal() and len(days) < 5):
        raise TokenError(N_("the days are no number"), N_("For example 90."))
    return [known[word] for word in words], timedelta(days=int(days))


def _act(visit: Visit, action: Action, token: ApiToken) -> Act:
    details = {
        "name": token.name,
        "scopes": sorted(scope.value for scope in token.scopes),
        "projects": token.project,
        "until": token.expires_at.date().isoformat(),
        "of_person": token.person_id,
    }
    subject = f"token {token.id}"
    return Act(
        visit.principal.actor, visit.principal.person_id, action, subject, details=details, address=visit.address
    )
