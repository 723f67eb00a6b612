"""
Who asks the older routes of the API, and whether they may. A token travels as ``Authorization: Bearer``; for the
desk's pages it is HTTP Basic's password.

Strangers learn nothing, not even whether a project exists; of projects that its pattern leaves out a token learns no
more.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

import structlog
from starlette.requests import Request

from bot.domain.access import ApiToken, Scope
from bot.domain.roles import PERMISSIONS, Permission, Principal
from bot.errors import sentence
from bot.gitlab.errors import GitLabError
from bot.services import Services
from bot.store import memberships, principals, tokens
from bot.store.engine import session, write_session
from bot.store.projects import Project, UnknownProject
from bot.texts import N_
from bot.web.api.problems import Problem

log = structlog.get_logger("mergewarden.api")

_LONGEST_HEADER = 1000
SESSION_COOKIE = "__Host-mergewarden"
"""Browsers take it only with Secure and for this host alone. https://developer.mozilla.org/docs/Web/HTTP/Cookies"""
BEARER = 'Bearer realm="Mergewarden"'
BASIC = 'Basic realm="Mergewarden", charset="UTF-8"'


class Admitted(Protocol):
    """Somebody who was let in: an ``ApiToken`` that an operator made, or a ``PersonPass``."""

    @property
    def actor(self) -> str:
        """How he is named where something was done by him."""
        ...

    @property
    def covers_everything(self) -> bool:
        """Whether every project is open to him, those to come included."""
        ...

    def covers(self, project_path: str) -> bool:
        """Whether the project with this full path is open to him."""
        ...


@dataclass(frozen=True, slots=True)
class PersonPass:
    """A person, by his session or by a token of his, for one request."""

    actor: str
    paths: frozenset[str] | None
    """Full paths that are open to him, in small letters; None for all."""
    counted: str
    """Whose calls his are counted with."""

    @property
    def covers_everything(self) -> bool:
        """Whether every project is open to him."""
        return self.paths is None

    def covers(self, project_path: str) -> bool:
        """Whether the project with this full path is open to him."""
        return self.paths is None or project_path.casefold() in self.paths


@dataclass(frozen=True, slots=True)
class Door:
    """Checks tokens, sessions and projects. Its methods ask the store, so they run in a thread."""

    services: Services
    find_project: Callable[[str], Project]
    """By number or full path. Raises ``UnknownProject`` and ``GitLabError``."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    who: Callable[[str, datetime], Principal | None] | None = None
    """Whose session a cookie is; None where nobody has one."""

    def admit_reader(self, request: Request) -> Admitted:
        """Whoever comes to read: with a token, or with a session. Raises ``Problem`` as ``admit`` does."""
        text = bearer(request)
        if text is not None or self.who is None or "authorization" in request.headers:
            return self.admit(text, Scope.READ)
        cookie = request.cookies.get(SESSION_COOKIE, "")
        principal = self.who(cookie, self.now()) if cookie else None
        if principal is None:
            return self.admit(None, Scope.READ)
        if not principal.may(Permission.READ):
            raise Problem(403, N_("your roles show no project"), N_("An administrator can grant one that does."))
        return self._pass(principal, Permission.READ, f"person {principal.person_id}")

    def _pass(self, principal: Principal, permission: Permission, counted: str) -> PersonPass:
        if principal.everything and any(permission in PERMISSIONS[role] for role in principal.instance_roles):
            return PersonPass(principal.actor, None, counted)
        with session(self.services.store) as reading:
            paths = memberships.project_paths(reading)
        open_to_him = frozenset(path.casefold() for number, path in paths if principal.may(permission, number))
        return PersonPass(principal.actor, open_to_him, counted)

    def _of_person(self, token: ApiToken, scope: Scope, now: datetime) -> PersonPass | None:
        with session(self.services.store) as reading:
            principal = principals.of_token(reading, token, now)
        if principal is None:
            return None
        # A report that leaves something out mends it, so handing one in is for those who may decide.
        permission = Permission.DECIDE if scope is Scope.IMPORT else Permission.READ
        return self._pass(replace(principal, limits=None), permission, counted_as(token))

    def admit(self, text: str | None, scope: Scope) -> Admitted:
        """The token behind this text. Raises ``Problem``: 401 where it opens nothing, 403 where it lacks the scope."""
        now = self.now()
        found, of_person = None, None
        if text is not None:
            with session(self.services.store) as reading:
                found = tokens.find_token(reading, text, now)
        if found is not None and found.person_id is not None:
            of_person = self._of_person(found, scope, now)
            found = found if of_person is not None else None
        if found is None:
            raise Problem(
                401,
                N_("a valid API token is needed"),
                N_("Make one with: mergewarden token create"),
                headers={"WWW-Authenticate": BEARER},
            )
        if not tokens.used_today(found, now):
            # A busy store must not keep anybody out for the sake of a date.
            with suppress(Exception), write_session(self.services.store) as writing:
                tokens.mark_used(writing, found.id, now)
        if scope not in found.scopes:
            raise Problem(
                403, sentence(N_("the token lacks the scope {scope}"), scope=scope.value), N_("Make one that has it.")
            )
        return of_person or found

    def project(self, name: str, token: Admitted) -> Project:
        """
        The project of this number or full path, if the token is good for it. Raises ``Problem``.

        A path is held against the pattern before anything is looked up. A number says nothing by itself, so one that
        nobody knows gets the same answer as one that the token is not good for, unless it is good for all.
        """
        by_number = name.removeprefix("-").isdecimal()
        refused = Problem(403, N_("the token is not good for this project"), N_("Its pattern leaves the project out."))
        if not by_number and not token.covers(name):
            raise refused
        try:
            found = self.find_project(name)
        except UnknownProject:
            if by_number and not token.covers_everything:
                raise refused from None
            raise
        except GitLabError as error:
            log.warning("GitLab does not say which project this is", error=str(error))
            raise Problem(
                503, N_("GitLab could not be asked for the project"), headers={"Retry-After": "30"}
            ) from error
        if not token.covers(found.path):
            raise refused
        if found.id > 0 and not self.services.settings.serves(found.path):
            raise Problem(404, N_("this is no project that Mergewarden serves"), N_("See MERGEWARDEN_PROJECTS."))
        return found


def counted_as(admitted: Admitted) -> str:
    """Whose calls are counted together, as ``bot.web.api.guard.who`` has it for the desk's API."""
    if isinstance(admitted, ApiToken):
        return f"token {admitted.id}"
    return admitted.counted if isinstance(admitted, PersonPass) else admitted.actor


def bearer(request: Request) -> str | None:
    """What the request has for a token; None when it has none that could be one."""
    kind, _, value = request.headers.get("authorization", "")[:_LONGEST_HEADER].partition(" ")
    return value.strip() if kind.lower() == "bearer" else None


def basic_password(request: Request) -> str | None:
    """The password of HTTP Basic (RFC 7617); the user name does not matter."""
    kind, _, value = request.headers.get("authorization", "")[:_LONGEST_HEADER].partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return None
