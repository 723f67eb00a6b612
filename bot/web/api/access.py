"""
Who asks, and whether they may. A token travels as ``Authorization: Bearer``; for pages it is HTTP Basic's password.

Strangers learn nothing, not even whether a project exists; of projects that its pattern leaves out a token learns no
more.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from starlette.requests import Request

from bot.domain.access import ApiToken, Scope
from bot.gitlab.errors import GitLabError
from bot.services import Services
from bot.store import tokens
from bot.store.engine import session, write_session
from bot.store.projects import Project, UnknownProject
from bot.web.api.problems import Problem

log = structlog.get_logger("mergewarden.api")

_LONGEST_HEADER = 1000
BEARER = 'Bearer realm="Mergewarden"'
BASIC = 'Basic realm="Mergewarden", charset="UTF-8"'


@dataclass(frozen=True, slots=True)
class Door:
    """Checks tokens and projects. Its methods ask the store, so they run in a thread."""

    services: Services
    find_project: Callable[[str], Project]
    """By number or full path. Raises ``UnknownProject`` and ``GitLabError``."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def admit(self, text: str | None, scope: Scope, challenge: str) -> ApiToken:
        """The token behind this text. Raises ``Problem``: 401 where it opens nothing, 403 where it lacks the scope."""
        now = self.now()
        found = None
        if text is not None:
            with session(self.services.store) as reading:
                found = tokens.find_token(reading, text, now)
        if found is None:
            raise Problem(
                401,
                "a valid API token is needed",
                "Make one with: mergewarden token create",
                headers={"WWW-Authenticate": challenge},
            )
        if not tokens.used_today(found, now):
            # A busy store must not keep anybody out for the sake of a date.
            with suppress(Exception), write_session(self.services.store) as writing:
                tokens.mark_used(writing, found.id, now)
        if scope not in found.scopes:
            raise Problem(403, f"the token lacks the scope {scope.value}", "Make one that has it.")
        return found

    def project(self, name: str, token: ApiToken) -> Project:
        """
        The project of this number or full path, if the token is good for it. Raises ``Problem``.

        A path is held against the pattern before anything is looked up. A number says nothing by itself, so one that
        nobody knows gets the same answer as one that the token is not good for, unless it is good for all.
        """
        by_number = name.removeprefix("-").isdecimal()
        refused = Problem(403, "the token is not good for this project", "Its pattern leaves the project out.")
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
            raise Problem(503, "GitLab could not be asked for the project", headers={"Retry-After": "30"}) from error
        if not token.covers(found.path):
            raise refused
        if found.id > 0 and not self.services.settings.serves(found.path):
            raise Problem(404, "this is no project that Mergewarden serves", "See MERGEWARDEN_PROJECTS.")
        return found


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
