"""
Who is behind a cookie or a token, and what he may: asked of the store for each request, in four statements at most.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.domain.audit import Act, Action
from bot.domain.roles import Principal
from bot.gitlab.errors import GitLabError
from bot.services import Services
from bot.store import audit, principals, sessions, tokens
from bot.store.engine import session, write_session
from bot.store.sessions import BrowserSession
from bot.texts import N_, Language
from bot.web.api.problems import Problem
from bot.web.entry import Credentials, Visitor
from bot.web.keys import DeskKey

log = structlog.get_logger("mergewarden.desk")

_TOKEN_BYTES = 32

Confirm = Callable[[Principal, Iterable[int]], Principal]
"""Asks GitLab anew: ``bot.pipeline.memberships.Confirmer.confirm``. Raises ``GitLabError``."""


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """How long a sign-in lasts."""

    idle: timedelta = timedelta(hours=8)
    """Without a request."""
    whole: timedelta = timedelta(hours=24)
    """Whatever happens."""


@dataclass(frozen=True, slots=True)
class StoredDoorman:
    """The ``Doorman`` of a real desk. Holds nothing that changes: several web processes are one."""

    services: Services
    key: DeskKey
    ask_gitlab: Confirm
    times: SessionTimes = field(default_factory=SessionTimes)

    # -- the protocol -------------------------------------------------------------------------------------------------

    def visitor(self, credentials: Credentials, now: datetime) -> Visitor | None:
        """Who it is; see ``Doorman``."""
        if credentials.token is not None:
            return self._with_token(credentials.token, now)
        if credentials.session is not None:
            return self._with_session(credentials.session, now)
        return None

    def confirm(self, principal: Principal, project_ids: Iterable[int]) -> Principal:
        """The principal as GitLab knows him now. Raises ``Problem`` 503 where it does not say."""
        try:
            return self.ask_gitlab(principal, project_ids)
        except GitLabError as error:
            log.warning("GitLab does not say whether somebody may still change this", error=str(error))
            raise Problem(
                503,
                N_("GitLab could not be asked whether you may still do this; nothing was changed"),
                N_("Try again in a minute."),
                headers={"Retry-After": "30"},
            ) from error

    # -- signing in and out -------------------------------------------------------------------------------------------

    def new_session(self) -> tuple[str, str]:
        """A token for ``sessions.start``, and the cookie's value. Nothing of an earlier sign-in is taken over."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        return token, self._cookie(token)

    def family(self, cookie: str | None) -> str | None:
        """Which sign-in a cookie belongs to; None for one that is not ours or ended."""
        found = self._session(cookie) if cookie else None
        return found.family if found is not None else None

    def csrf_of(self, family: str) -> str:
        """What forms of a sign-in have to send back."""
        return self.key.sign("csrf", family)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _cookie(self, token: str) -> str:
        return f"{token}.{self.key.sign('session', token)}"

    def _token(self, cookie: str) -> str | None:
        token, _, signature = cookie.partition(".")
        return token if self.key.is_signed("session", token, signature) else None

    def _session(self, cookie: str) -> BrowserSession | None:
        token = self._token(cookie)
        if token is None:
            return None
        with session(self.services.store) as reading:
            return sessions.find(reading, token)

    def _with_session(self, cookie: str, now: datetime) -> Visitor | None:
        token = self._token(cookie)
        if token is None:
            return None
        with session(self.services.store) as reading:
            found = sessions.find(reading, token)
            if found is None or not found.is_alive(now, self.times.idle):
                return None
            replayed = found.is_replayed(now)
            principal = None if replayed else principals.of_person(reading, found.person, now)
        if principal is None:
            self._stolen(found)
            return None
        cookie_now = None
        if found.is_due(now):
            successor = self.key.sign("next session", token)
            # A busy store must not keep anybody out: the next request tries again.
            with suppress(Exception):
                if found.successor is None:
                    with write_session(self.services.store) as writing:
                        sessions.replace(writing, found, successor, now)
                cookie_now = self._cookie(successor)
        if found.needs_note(now):
            with suppress(Exception), write_session(self.services.store) as writing:
                sessions.note(writing, found, now)
        return Visitor(principal, self.csrf_of(found.family), _language(found.person.language), cookie_now)

    def _stolen(self, found: BrowserSession) -> None:
        log.warning("a session came back after it was replaced; the sign-in is ended", person=found.person.id)
        with write_session(self.services.store) as writing:
            if sessions.end(writing, found.family):
                act = Act(
                    found.person.actor,
                    found.person.id,
                    Action.SESSIONS_ENDED,
                    f"person {found.person.id}",
                    details={"why": "an old cookie was used again"},
                )
                audit.append(writing, act)

    def _with_token(self, text: str, now: datetime) -> Visitor | None:
        with session(self.services.store) as reading:
            token = tokens.find_token(reading, text, now)
            if token is None:
                return None
            principal = principals.of_token(reading, token, now)
        if principal is None:
            return None
        if not tokens.used_today(token, now):
            with suppress(Exception), write_session(self.services.store) as writing:
                tokens.mark_used(writing, token.id, now)
        return Visitor(principal)


def _language(text: str) -> Language | None:
    return next((language for language in Language if language.value == text), None)
