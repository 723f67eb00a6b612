"""
What people are in GitLab's projects: listed once an hour, and asked for one person before he changes something.

``docs/adr/0010-who-sees-what.md`` says what the answers decide.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from bot.domain.audit import Act, Action, Word
from bot.domain.roles import SEES_EVERYTHING, Principal, project_roles
from bot.domain.triage import SYSTEM
from bot.gitlab.errors import GitLabError, NotFound
from bot.gitlab.model import Member, Profile
from bot.services import Services
from bot.store import audit, memberships, people, sessions
from bot.store.engine import session, write_session
from bot.store.people import Person
from bot.store.projects import projects_by_id

log = structlog.get_logger(__name__)

FRESH = timedelta(minutes=5)
"""For so long an answer of GitLab's is good enough for a change."""
ACCOUNTS_FRESH = timedelta(hours=1)
"""How long an answer about somebody's account is good."""
MOST_ACCOUNTS = 50
"""Questions about accounts in one round."""
_NOT_THERE = "deleted"
SHUT_OUT = frozenset({"blocked", "ldap_blocked", "blocked_pending_approval", "banned", "deactivated", _NOT_THERE})
"""
States of accounts that GitLab lets nobody in with. https://docs.gitlab.com/administration/moderate_users/ Banned users
are not there at all for others.
"""
_REMEMBERED = 10_000
"""Answers about single people that are kept in memory."""


def keep_members(writing: Session, project_id: int, listed: Iterable[Member] | None, now: datetime) -> None:
    """
    Keep who is in a project, in the caller's transaction.

    ``listed`` is what GitLab said at ``now``; None for a project whose members the bot must not see: it loses all.
    """
    levels: dict[int, int] = {}
    for member in listed or ():
        if member.active:
            # Somebody who is there twice, by himself and by a group, has the higher level.
            levels[member.user_id] = max(member.access_level, levels.get(member.user_id, 0))
    memberships.set_members(writing, project_id, levels, now)


def check_accounts(
    services: Services, now: datetime, ask: Callable[[int], Profile] | None = None, *, most: int = MOST_ACCOUNTS
) -> int:
    """
    Shut those people out whose account GitLab does not let in any more; how many.

    GitLab is asked once an hour about everybody who has a sign-in or a token that is good, at most ``most`` in a round.
    What it does not say is not known, so it changes nothing; where it does not answer, the next round asks again.
    """
    with session(services.store) as reading:
        concerned = people.unchecked_accounts(reading, now, now - ACCOUNTS_FRESH, limit=most)
    gone = 0
    for person in concerned:
        assert person.gitlab_user_id is not None
        try:
            state = (ask or services.gitlab.profile)(person.gitlab_user_id).state
        except NotFound:
            state = _NOT_THERE
        except GitLabError as error:
            log.warning("GitLab does not say whose account is blocked", error=str(error))
            return gone
        with write_session(services.store) as writing:
            people.note_account(writing, person.id, now)
            if state in SHUT_OUT:
                gone += _shut_out(writing, person, state, now)
    return gone


def _shut_out(writing: Session, person: Person, state: str, now: datetime) -> int:
    known = people.get_person(writing, person.id)
    if known is None or known.disabled_at is not None:
        return 0
    people.set_disabled(writing, person.id, now)
    details: dict[str, Word] = {"because": f"GitLab: {state}", "sessions_ended": sessions.end_all(writing, person.id)}
    audit.append(writing, Act(SYSTEM, None, Action.PERSON_DISABLED, f"person {person.id}", details=details))
    log.info("somebody is shut out as GitLab does not let him in", person=person.id, state=state)
    return 1


@dataclass(slots=True)
class Confirmer:
    """Says what a person is in projects at this moment. Thread-safe; one per process."""

    services: Services
    ask: Callable[[int, int], Member | None] | None = None
    """By project and user; GitLab's API unless given."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _answers: dict[tuple[int, int], tuple[datetime, int | None]] = field(default_factory=dict)
    """What GitLab said about one person and project, and when."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def confirm(self, principal: Principal, project_ids: Iterable[int]) -> Principal:
        """
        The principal with his roles in these projects as GitLab knows them now.

        GitLab is asked for each project whose list is not fresh. Nobody is asked about people whom GitLab does not
        know, nor about those who see everything by a grant. Raises ``GitLabError`` where GitLab does not answer.
        """
        user = principal.gitlab_user_id
        wanted = sorted({number for number in project_ids if number in principal.project_roles})
        if user is None or principal.person_id is None or not wanted or principal.instance_roles & SEES_EVERYTHING:
            return principal
        now = self.now()
        with session(self.services.store) as reading:
            checked = memberships.checked(reading, wanted)
        stale = [number for number in wanted if number not in checked or now - checked[number] > FRESH]
        if not stale:
            return principal
        levels: dict[int, int] = {}
        for number in stale:
            level = self._level(number, user, now)
            if level is not None:
                levels[number] = level
        return self._with_levels(principal, principal.person_id, stale, levels)

    def _with_levels(self, principal: Principal, person_id: int, asked: list[int], levels: dict[int, int]) -> Principal:
        with session(self.services.store) as reading:
            grants = [given.grant for given in people.grants_of(reading, [person_id]).get(person_id, ())]
            paths = [(number, project.path) for number, project in projects_by_id(reading, asked).items()]
        roles = {number: some for number, some in principal.project_roles.items() if number not in asked}
        return replace(principal, project_roles=roles | project_roles(paths, levels, grants, from_gitlab=True))

    def _level(self, project_id: int, user_id: int, now: datetime) -> int | None:
        key = (project_id, user_id)
        with self._lock:
            known = self._answers.get(key)
        if known is not None and now - known[0] <= FRESH:
            return known[1]
        member = (self.ask or self.services.gitlab.member)(project_id, user_id)
        level = member.access_level if member is not None and member.active else None
        with self._lock:
            if len(self._answers) >= _REMEMBERED:
                self._answers.clear()
            self._answers[key] = (now, level)
        with write_session(self.services.store) as writing:
            memberships.set_member(writing, project_id, user_id, level)
        return level
