"""Signing in and out, and what somebody sees of himself: ``/sign-in``, ``/sign-out`` and ``/me``."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.domain.audit import Act, Action
from bot.domain.passwords import Passwords
from bot.errors import sentence
from bot.reports.visible import one_line
from bot.settings import SIGN_IN_CALLBACK
from bot.store import audit, people, sessions
from bot.store.engine import session, write_session
from bot.store.people import Person
from bot.texts import N_, Language
from bot.web.api.problems import Problem
from bot.web.contexts.entry import MePage, SignInPage
from bot.web.doorman import StoredDoorman
from bot.web.entry import (
    NOBODY,
    SESSION_COOKIE,
    SIGN_IN,
    Visit,
    check_csrf,
    drop_session,
    local_path,
    set_session,
)
from bot.web.frame import LANGUAGE_COOKIE, Message
from bot.web.signin import PENDING_LIFE, Pending, refused
from bot.web.throttle import Throttle, whose

if TYPE_CHECKING:
    from bot.web.desk import Desk
    from bot.web.provider import Provider

PENDING_COOKIE = "__Host-mergewarden-sign-in"
FORM_COOKIE = "__Host-mergewarden-form"
_FORM = "sign-in form"
_WRONG = N_("The name or the password is wrong.")


@dataclass(frozen=True, slots=True)
class SignInParts:
    """What signing in needs besides the desk."""

    doorman: StoredDoorman
    throttle: Throttle
    provider: Callable[[], Provider | None]
    """None where none is configured. Asked for with the first sign-in: its library is not loaded before."""
    passwords: Passwords = field(default_factory=Passwords)


def sign_in_routes(parts: SignInParts) -> Callable[[Desk], Sequence[Route]]:
    """The routes of this module, for ``add_desk``."""

    def routes(desk: Desk) -> Sequence[Route]:
        pages = _Pages(desk, parts)
        entry = desk.entry
        return (
            Route(SIGN_IN, entry.open(pages.form), methods=["GET"], name="sign_in"),
            Route(SIGN_IN, entry.open(pages.with_password, writes=True), methods=["POST"]),
            Route(f"{SIGN_IN}/provider", entry.open(pages.begin), methods=["GET"], name="sign_in_provider"),
            Route(SIGN_IN_CALLBACK, entry.open(pages.finish), methods=["GET"]),
            Route("/sign-out", entry.action(pages.sign_out, permission=None), methods=["POST"], name="sign_out"),
            Route("/me", entry.page(pages.me, permission=None), methods=["GET"], name="me"),
            Route("/me/language", entry.action(pages.language, permission=None), methods=["POST"]),
            Route("/me/sign-ins", entry.action(pages.end_sign_ins, permission=None), methods=["POST"]),
        )

    return routes


@dataclass(frozen=True, slots=True)
class _Pages:
    desk: Desk
    parts: SignInParts

    # -- the page -----------------------------------------------------------------------------------------------------

    def form(self, visit: Visit) -> Response:
        """``GET /sign-in``."""
        wanted = local_path(visit.query.get("next", "/"))
        if visit.principal is not NOBODY:
            return RedirectResponse(wanted, 303)
        return self._form(visit, wanted)

    def _form(self, visit: Visit, wanted: str, *, problem: str = "", name: str = "", status: int = 200) -> Response:
        with session(self.desk.services.store) as reading:
            local = any(person.disabled_at is None for person in people.local_people(reading))
        provider = self.parts.provider()
        context = SignInPage(
            provider=provider.label if provider is not None else "",
            local=local,
            next=wanted,
            secure=visit.secure,
            problem=problem,
            name=name,
        )
        mark = self._mark(visit)
        kept = mark or secrets.token_urlsafe(24)
        response = self.desk.frame.stranger_page(
            _request(visit),
            "sign_in.html",
            context,
            visit.language,
            csrf=self.parts.doorman.key.sign(_FORM, kept),
            status=status,
        )
        if not mark:
            response.set_cookie(FORM_COOKIE, kept, secure=True, httponly=True, samesite="lax", path="/")
        return response

    def _mark(self, visit: Visit) -> str:
        mark = visit.cookies.get(FORM_COOKIE, "")
        return mark if 20 <= len(mark) <= 60 else ""

    # -- with a password ----------------------------------------------------------------------------------------------

    def with_password(self, visit: Visit) -> Response:
        """``POST /sign-in``: a local administrator."""
        wanted = local_path(str(visit.form.get("next", "/")))
        mark = self._mark(visit)
        given = str(visit.form.get("csrf", ""))
        if not visit.secure:
            raise Problem(403, N_("signing in needs https"), N_("Open the page with https://."))
        check_csrf(self.parts.doorman.key.sign(_FORM, mark) if mark else "", given)
        name = str(visit.form.get("name", ""))[:100].strip().lower()
        password = str(visit.form.get("password", ""))
        throttle = self.parts.throttle
        throttle.count(throttle.per_address, "address", whose(visit.address))
        throttle.check(throttle.per_name, "name", name)
        store = self.desk.services.store
        with session(store) as reading:
            found = people.find_local(reading, name)
        person, kept = found if found is not None else (None, "")
        if person is None or not self.parts.passwords.is_right(kept, password) or person.disabled_at is not None:
            if person is None:
                self.parts.passwords.is_right("", password)
            throttle.count(throttle.per_name, "name", name)
            self._note_refusal(visit, name, person)
            return self._form(visit, wanted, problem=_WRONG, name=one_line(name, 100), status=403)
        throttle.forget(throttle.per_name, "name", name)
        return self._welcome(visit, person, wanted, rehash=password if self.parts.passwords.is_outdated(kept) else "")

    def _note_refusal(self, visit: Visit, name: str, person: Person | None) -> None:
        # What was typed into the field for the name may be a password: only names that there are get into the log.
        subject = f"person {person.id}" if person is not None else "nobody of that name"
        why = "shut out" if person is not None and person.disabled_at is not None else "wrong name or password"
        self._append(visit, Act("", None, Action.SIGN_IN_REFUSED, subject, details={"how": "password", "why": why}))

    def _append(self, visit: Visit, act: Act) -> None:
        whole = Act(act.actor, act.person_id, act.action, act.subject, None, act.details, visit.address)
        with write_session(self.desk.services.store) as writing:
            audit.append(writing, whole)

    # -- with a provider ----------------------------------------------------------------------------------------------

    def begin(self, visit: Visit) -> Response:
        """``GET /sign-in/provider``: to the provider."""
        provider = self._provider()
        if not visit.secure:
            raise Problem(403, N_("signing in needs https"), N_("Open the page with https://."))
        self._count(visit)
        pending = Pending.begin(local_path(visit.query.get("next", "/")), visit.now)
        response = RedirectResponse(provider.address(pending), 303)
        response.set_cookie(
            PENDING_COOKIE,
            pending.sealed(self.parts.doorman.key),
            max_age=int(PENDING_LIFE.total_seconds()),
            secure=True,
            httponly=True,
            samesite="lax",
            path="/",
        )
        return response

    def finish(self, visit: Visit) -> Response:
        """``GET /sign-in/callback``: back from the provider."""
        provider = self._provider()
        self._count(visit)
        pending = Pending.opened(visit.cookies.get(PENDING_COOKIE, ""), self.parts.doorman.key, visit.now)
        state, code = visit.query.get("state", ""), visit.query.get("code", "")
        if pending is None or not secrets.compare_digest(pending.state.encode(), state.encode("utf-8", "replace")):
            # Somebody else's answer, to make this browser act in his name; or a page that was left open for long.
            raise refused(N_("it was not begun in this browser, or too long ago"))
        if visit.query.get("iss", provider.access.issuer) != provider.access.issuer:
            raise refused(N_("another provider answered"))
        if not code:
            why = one_line(visit.query.get("error", ""), 60) or "the provider sent no code"
            self._append(
                visit,
                Act("", None, Action.SIGN_IN_REFUSED, "nobody", details={"how": provider.access.issuer, "why": why}),
            )
            raise refused(sentence(N_("the provider says: {why}"), why=why))
        try:
            identity = provider.identity(code[:2000], pending)
        except Problem as problem:
            if problem.status != 503:
                details = {"how": provider.access.issuer, "why": str(problem)}
                self._append(visit, Act("", None, Action.SIGN_IN_REFUSED, "nobody", details=details))
            raise
        with write_session(self.desk.services.store) as writing:
            person = people.signed_in(
                writing,
                issuer=identity.issuer,
                subject=identity.subject,
                username=identity.username,
                name=identity.name,
                gitlab_user_id=identity.gitlab_user_id,
                now=visit.now,
            )
        if person.disabled_at is not None:
            details = {"how": provider.access.issuer, "why": "shut out"}
            self._append(visit, Act("", None, Action.SIGN_IN_REFUSED, f"person {person.id}", details=details))
            raise Problem(
                403, N_("you were shut out here"), N_("An administrator of Mergewarden can let you in again.")
            )
        response = self._welcome(visit, person, local_path(pending.next))
        response.delete_cookie(PENDING_COOKIE, secure=True, httponly=True, samesite="lax", path="/")
        return response

    def _count(self, visit: Visit) -> None:
        throttle = self.parts.throttle
        throttle.count(throttle.per_provider, "provider", whose(visit.address))

    def _provider(self) -> Provider:
        provider = self.parts.provider()
        if provider is None:
            raise Problem(404, N_("no provider is configured to sign in with"), N_("See docs/signing-in.md."))
        return provider

    # -- in and out ---------------------------------------------------------------------------------------------------

    def _welcome(self, visit: Visit, person: Person, wanted: str, *, rehash: str = "") -> Response:
        doorman = self.parts.doorman
        token, cookie = doorman.new_session()
        # Whatever session the browser had before: it ends, and nothing of it is taken over.
        former = doorman.family(visit.cookies.get(SESSION_COOKIE))
        hashed = self.parts.passwords.hash(rehash) if rehash else ""
        with write_session(self.desk.services.store) as writing:
            if former is not None:
                sessions.end(writing, former)
            if person.is_local:
                people.note_sign_in(writing, person.id, visit.now)
                if hashed:
                    people.set_password(writing, person.id, hashed)
            sessions.start(
                writing,
                token,
                person.id,
                family=secrets.token_hex(16),
                now=visit.now,
                lifetime=doorman.times.whole,
                user_agent=one_line(visit.headers.get("user-agent", ""), 300),
            )
            act = Act(
                person.actor,
                person.id,
                Action.SIGNED_IN,
                f"person {person.id}",
                details={"how": "password" if person.is_local else person.issuer},
                address=visit.address,
            )
            audit.append(writing, act)
        response = RedirectResponse(wanted, 303)
        set_session(response, cookie)
        response.delete_cookie(FORM_COOKIE, secure=True, httponly=True, samesite="lax", path="/")
        return response

    def sign_out(self, visit: Visit) -> Response:
        """``POST /sign-out``: here, or with ``everywhere`` wherever he is signed in."""
        everywhere = bool(visit.form.get("everywhere"))
        person_id = visit.principal.person_id
        family = self.parts.doorman.family(visit.cookies.get(SESSION_COOKIE))
        with write_session(self.desk.services.store) as writing:
            if everywhere and person_id is not None:
                sessions.end_all(writing, person_id)
            elif family is not None:
                sessions.end(writing, family)
            act = Act(
                visit.principal.actor,
                person_id,
                Action.SESSIONS_ENDED if everywhere else Action.SIGNED_OUT,
                f"person {person_id}",
                address=visit.address,
            )
            audit.append(writing, act)
        response = RedirectResponse(SIGN_IN, 303)
        drop_session(response)
        # The browser forgets pages that it kept for going back.
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    # -- oneself ------------------------------------------------------------------------------------------------------

    def me(self, visit: Visit) -> Response:
        """``GET /me``."""
        person_id = visit.principal.person_id
        if person_id is None:
            raise Problem(404, N_("this page is for people"), N_("A token that belongs to nobody has none."))
        doorman = self.parts.doorman
        with session(self.desk.services.store) as reading:
            person = people.get_person(reading, person_id)
            grants = people.grants_of(reading, [person_id]).get(person_id, ())
            found = sessions.sign_ins(reading, person_id, visit.now, doorman.times.idle)
        assert person is not None
        sees = visit.principal.sees
        here = doorman.family(visit.cookies.get(SESSION_COOKIE)) or ""
        context = MePage(person, grants, -1 if sees is None else len(sees), found, here)
        return self.desk.frame.page(visit, "me.html", context, section="me")

    def language(self, visit: Visit) -> Response:
        """``POST /me/language``: kept for the person, so that other browsers have it too."""
        wanted = str(visit.form.get("language", ""))
        if wanted and wanted not in {language.value for language in Language}:
            raise Problem(422, N_("there is no such language"), N_("There are: en, zh-CN."), field="language")
        person_id = visit.principal.person_id
        if person_id is not None:
            with write_session(self.desk.services.store) as writing:
                people.set_language(writing, person_id, wanted)
        response = self.desk.frame.back(visit, "/me", Message(N_("The language is kept.")))
        if wanted:
            self.desk.frame.keep(visit, response, LANGUAGE_COOKIE, wanted)
        else:
            response.delete_cookie(LANGUAGE_COOKIE, path="/")
        return response

    def end_sign_ins(self, visit: Visit) -> Response:
        """``POST /me/sign-ins``: end one of one's sign-ins by ``family``, or all others."""
        person_id = visit.principal.person_id
        if person_id is None:
            raise Problem(404, N_("this page is for people"))
        family = str(visit.form.get("family", ""))
        here = self.parts.doorman.family(visit.cookies.get(SESSION_COOKIE)) or ""
        with write_session(self.desk.services.store) as writing:
            if family:
                mine = sessions.sign_ins(writing, person_id, visit.now, self.parts.doorman.times.idle)
                ended = sessions.end(writing, family) if family in {one.family for one in mine} else 0
            else:
                ended = sessions.end_all(writing, person_id, but=here)
            if ended:
                act = Act(
                    visit.principal.actor,
                    person_id,
                    Action.SESSIONS_ENDED,
                    f"person {person_id}",
                    details={"which": "one" if family else "all others"},
                    address=visit.address,
                )
                audit.append(writing, act)
        said = N_("The sign-in has ended.") if family else N_("All other sign-ins have ended.")
        return self.desk.frame.back(visit, "/me", Message(said))


def _request(visit: Visit) -> Request:
    assert visit.request is not None
    return visit.request
