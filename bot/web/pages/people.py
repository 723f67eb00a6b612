"""``/people``: who signed in, what they were granted, who is shut out. Auditors read it, administrators change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from bot.domain.audit import Act, Action, Word
from bot.domain.roles import Grant, Permission, Role, Target
from bot.store import audit, people, sessions
from bot.store.engine import session, write_session
from bot.texts import N_
from bot.web.api.problems import Problem
from bot.web.contexts.entry import PeoplePage, PersonRow
from bot.web.entry import Visit, not_there
from bot.web.frame import Message

if TYPE_CHECKING:
    from bot.web.desk import Desk

_PAGE = 50


def routes(desk: Desk) -> Sequence[Route]:
    """``GET /people`` and the acts below it."""
    store = desk.services

    def shown(visit: Visit) -> Response:
        text = visit.query.get("q", "")[:100].strip()
        after = visit.query.get("after", "0")
        if not (after.isascii() and after.isdecimal() and len(after) < 19):
            raise Problem(400, N_("there is no such page of the list"), N_("Begin at its first."), field="after")
        with session(store.store) as reading:
            found = people.find_people(reading, text=text, after=int(after), limit=_PAGE + 1)
            grants = people.grants_of(reading, [person.id for person in found])
        following = ""
        if len(found) > _PAGE:
            found = found[:_PAGE]
            following = desk.frame.url("people", q=text, after=found[-1].id)
        context = PeoplePage(
            people=[PersonRow(person, grants.get(person.id, ())) for person in found],
            text=text,
            following=following,
            may_change=visit.principal.may(Permission.ADMINISTER) and bool(visit.csrf),
            own_id=visit.principal.person_id,
            roles=tuple(Role),
        )
        return desk.frame.page(visit, "people.html", context, section="people")

    def granted(visit: Visit) -> Response:
        person_id = visit.number("number")
        words = [str(visit.form.get(name, "")) for name in ("role", "target", "path")]
        grant = people.checked_grant(*words)
        with write_session(store.store) as writing:
            if people.get_person(writing, person_id) is None:
                raise not_there()
            given = people.give(writing, person_id, grant, by=visit.principal.actor, now=visit.now)
            audit.append(writing, _act(visit, Action.GRANT_GIVEN, person_id, {"grant": given.id, **_words(grant)}))
        return _back(desk, visit, N_("The role is granted."))

    def revoked(visit: Visit) -> Response:
        person_id, grant_id = visit.number("number"), visit.number("grant")
        with write_session(store.store) as writing:
            held = {given.id: given for given in people.grants_of(writing, [person_id]).get(person_id, ())}
            given = held.get(grant_id)
            if given is None:
                raise not_there()
            own = person_id == visit.principal.person_id
            if own and given.grant.role is Role.ADMIN and given.grant.target is Target.INSTANCE:
                raise Problem(422, N_("nobody takes his own administration away"), N_("Another administrator can."))
            people.take(writing, grant_id, by=visit.principal.actor, now=visit.now)
            audit.append(
                writing, _act(visit, Action.GRANT_REVOKED, person_id, {"grant": grant_id, **_words(given.grant)})
            )
        return _back(desk, visit, N_("The role is revoked."))

    def disabled(visit: Visit) -> Response:
        person_id = visit.number("number")
        if person_id == visit.principal.person_id:
            raise Problem(422, N_("nobody shuts himself out"), N_("Another administrator can."))
        with write_session(store.store) as writing:
            if people.set_disabled(writing, person_id, visit.now) is None:
                raise not_there()
            ended = sessions.end_all(writing, person_id)
            audit.append(writing, _act(visit, Action.PERSON_DISABLED, person_id, {"sessions_ended": ended}))
        return _back(desk, visit, N_("The person is shut out; sign-ins and tokens open nothing any more."))

    def enabled(visit: Visit) -> Response:
        person_id = visit.number("number")
        with write_session(store.store) as writing:
            if people.set_disabled(writing, person_id, None) is None:
                raise not_there()
            audit.append(writing, _act(visit, Action.PERSON_ENABLED, person_id, {}))
        return _back(desk, visit, N_("The person may sign in again."))

    entry, change = desk.entry, Permission.ADMINISTER
    return (
        Route("/people", entry.page(shown, permission=Permission.READ_PEOPLE), methods=["GET"], name="people"),
        Route("/people/{number}/grants", entry.action(granted, permission=change), methods=["POST"]),
        Route("/people/{number}/grants/{grant}/revoke", entry.action(revoked, permission=change), methods=["POST"]),
        Route("/people/{number}/disable", entry.action(disabled, permission=change), methods=["POST"]),
        Route("/people/{number}/enable", entry.action(enabled, permission=change), methods=["POST"]),
    )


def _words(grant: Grant) -> Mapping[str, Word]:
    return {"role": grant.role.value, "target": grant.target.value, "path": grant.path}


def _act(visit: Visit, action: Action, person_id: int, details: Mapping[str, Word]) -> Act:
    principal = visit.principal
    subject = f"person {person_id}"
    return Act(principal.actor, principal.person_id, action, subject, details=details, address=visit.address)


def _back(desk: Desk, visit: Visit, text: str) -> Response:
    return desk.frame.back(visit, "/people", Message(text))
