"""An entry that knows its visitors beforehand: pages are tested with it, without a sign-in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.domain.roles import Kind, Principal, Role
from bot.texts import Language
from bot.web.api.problems import Problem
from bot.web.entry import SESSION_COOKIE, Credentials, Entry, Visitor

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CSRF = "csrf-of-the-test"
ORIGIN = {"Origin": "http://test", "Sec-Fetch-Site": "same-origin"}
"""What a browser sends with a form from our own page, when the host is ``test``."""


def person(
    *roles: Role,
    projects: Mapping[int, Role | Iterable[Role]] | None = None,
    number: int = 1,
    name: str = "ada",
    gitlab_user_id: int | None = None,
) -> Principal:
    """A person with roles for the whole instance and for projects; auditors and admins of the instance see all."""
    return Principal(
        Kind.SESSION,
        name,
        number,
        gitlab_user_id,
        name.capitalize(),
        frozenset(roles),
        {
            project: frozenset({given} if isinstance(given, Role) else given)
            for project, given in (projects or {}).items()
        },
        everything=bool({Role.ADMIN, Role.AUDITOR} & set(roles)),
    )


@dataclass
class FakeDoorman:
    """Lets people in by the value of their session cookie, and programs by their token."""

    people: dict[str, Principal] = field(default_factory=dict)
    tokens: dict[str, Principal] = field(default_factory=dict)
    language: Language | None = Language.ENGLISH
    gitlab_is_away: bool = False
    left: set[int] = field(default_factory=set)
    """Projects that GitLab, asked anew, does not show any more."""
    confirmed: list[int] = field(default_factory=list)

    def visitor(self, credentials: Credentials, now: datetime) -> Visitor | None:
        if credentials.token is not None:
            found = self.tokens.get(credentials.token)
            return None if found is None else Visitor(replace(found, kind=Kind.TOKEN), language=self.language)
        found = self.people.get(credentials.session or "")
        return None if found is None else Visitor(found, CSRF, self.language)

    def confirm(self, principal: Principal, project_ids: Iterable[int]) -> Principal:
        if self.gitlab_is_away:
            raise Problem(503, "GitLab could not be asked whether you may do this")
        self.confirmed += project_ids
        roles = {number: some for number, some in principal.project_roles.items() if number not in self.left}
        return replace(principal, project_roles=roles)


def cookies(session: str) -> dict[str, str]:
    """Header with the session cookie of this value."""
    return {"Cookie": f"{SESSION_COOKIE}={session}"}


def fake_entry(
    principal: Principal | None = None,
    *,
    language: Language | None = Language.ENGLISH,
    clock: Callable[[], datetime] = lambda: NOW,
    **more: Principal,
) -> Entry:
    """
    An entry that takes ``cookies("me")`` for this principal, and ``cookies(NAME)`` or ``Bearer NAME`` for those of
    ``more``. Its doorman is a ``FakeDoorman``; forms need ``CSRF`` and the headers ``ORIGIN``.
    """
    known = dict(more) | ({"me": principal} if principal is not None else {})
    return Entry(FakeDoorman(known, dict(known), language), clock=clock)
