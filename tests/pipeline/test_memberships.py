"""Who is in a project: what is kept of GitLab's answer, and when it is asked anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.domain.access import Scope
from bot.domain.roles import Kind, Permission, Principal, Role
from bot.gitlab.errors import GitLabError, NotFound, Unavailable
from bot.gitlab.model import Member, Profile
from bot.observability.metrics import Metrics
from bot.pipeline.memberships import SHUT_OUT, Confirmer, check_accounts, keep_members
from bot.services import Services
from bot.settings import Settings
from bot.store import audit, memberships, people, sessions
from bot.store.engine import session, write_session
from bot.store.projects import Project, upsert_projects
from bot.store.tokens import create_token

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class FakeGitLab:
    """Answers about one person and project at a time."""

    levels: dict[tuple[int, int], int] = field(default_factory=dict)
    blocked: set[int] = field(default_factory=set)
    away: bool = False
    asked: list[tuple[int, int]] = field(default_factory=list)

    def member(self, project_id: int, user_id: int) -> Member | None:
        if self.away:
            raise Unavailable("GitLab does not answer")
        self.asked.append((project_id, user_id))
        level = self.levels.get((project_id, user_id))
        return None if level is None else Member(user_id, "ada", level, user_id not in self.blocked)


@dataclass
class Site:
    """A store with two projects of which ada is a Maintainer, and GitLab."""

    services: Services
    gitlab: FakeGitLab = field(default_factory=FakeGitLab)
    now: datetime = NOW

    def __post_init__(self) -> None:
        with write_session(self.services.store) as writing:
            upsert_projects(writing, [Project(1, "shop/a"), Project(2, "shop/b")])
            for project in (1, 2):
                keep_members(writing, project, [Member(7, "ada", 40, True)], NOW)
                self.gitlab.levels[project, 7] = 40
        self.confirmer = Confirmer(self.services, self.gitlab.member, lambda: self.now)

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)


ADA = Principal(Kind.SESSION, "ada", 1, 7, project_roles={1: frozenset({Role.TRIAGER}), 2: frozenset({Role.TRIAGER})})


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Site:
    services = Services(Settings(data_dir=tmp_path), Metrics())
    services.store = engine
    return Site(services)


def levels(site: Site, user: int) -> dict[int, int]:
    with session(site.services.store) as reading:
        found = memberships.projects_of(reading, user, NOW - timedelta(days=1))
    return {one.project_id: one.access_level for one in found}


def test_people_who_are_blocked_or_wait_are_no_members(site: Site) -> None:
    listed = [Member(7, "ada", 30, True), Member(8, "eve", 50, False), Member(7, "ada", 40, True)]
    with write_session(site.services.store) as writing:
        keep_members(writing, 1, listed, NOW)
    assert levels(site, 8) == {}
    assert levels(site, 7) == {1: 40, 2: 40}


def test_a_project_that_the_bot_must_not_see_has_no_members(site: Site) -> None:
    with write_session(site.services.store) as writing:
        keep_members(writing, 1, None, NOW)
    assert levels(site, 7) == {2: 40}


def test_a_fresh_list_is_good_enough(site: Site) -> None:
    site.later(minutes=5)
    assert site.confirmer.confirm(ADA, [1, 2]) is ADA
    assert site.gitlab.asked == []


def test_gitlab_is_asked_once_in_five_minutes_and_only_about_what_is_at_hand(site: Site) -> None:
    site.later(minutes=6)
    assert site.confirmer.confirm(ADA, [1, 1, 99]).may(Permission.DECIDE, 1)
    site.later(minutes=4)
    site.confirmer.confirm(ADA, [1])
    assert site.gitlab.asked == [(1, 7)]
    site.later(minutes=2)
    site.confirmer.confirm(ADA, [1])
    assert site.gitlab.asked == [(1, 7), (1, 7)]


def test_whoever_left_is_out_of_that_project_at_once_and_for_everybody(site: Site) -> None:
    site.later(minutes=6)
    del site.gitlab.levels[1, 7]
    confirmed = site.confirmer.confirm(ADA, [1, 2])
    assert confirmed.sees == frozenset({2})
    assert levels(site, 7) == {2: 40}


def test_a_blocked_person_is_no_member(site: Site) -> None:
    site.later(minutes=6)
    site.gitlab.blocked.add(7)
    assert site.confirmer.confirm(ADA, [1]).sees == frozenset({2})


def test_a_new_level_counts_at_once(site: Site) -> None:
    site.later(minutes=6)
    site.gitlab.levels[1, 7] = 30
    confirmed = site.confirmer.confirm(ADA, [1])
    assert not confirmed.may(Permission.DECIDE, 1)
    assert confirmed.may(Permission.COMMENT, 1)
    assert levels(site, 7)[1] == 30


def test_what_gitlab_does_not_say_is_not_guessed(site: Site) -> None:
    site.later(minutes=6)
    site.gitlab.away = True
    with pytest.raises(GitLabError):
        site.confirmer.confirm(ADA, [1])
    assert levels(site, 7) == {1: 40, 2: 40}


@pytest.mark.parametrize(
    "principal",
    [
        Principal(
            Kind.SESSION,
            "root (local)",
            2,
            None,
            instance_roles=frozenset({Role.TRIAGER}),
            project_roles={1: frozenset()},
        ),
        Principal(Kind.SESSION, "ada", 1, 7, instance_roles=frozenset({Role.ADMIN}), everything=True),
        Principal(Kind.TOKEN, "token 1 (ci)", None, None, project_roles={1: frozenset({Role.SECURITY_LEAD})}),
    ],
)
def test_gitlab_is_not_asked_about_those_whose_rights_are_not_from_it(site: Site, principal: Principal) -> None:
    site.later(days=3)
    assert site.confirmer.confirm(principal, [1]) is principal
    assert site.gitlab.asked == []


# --- accounts ---------------------------------------------------------------------------------------------------------


@dataclass
class Accounts:
    """GitLab, asked about one account at a time."""

    states: dict[int, str] = field(default_factory=dict)
    away: bool = False
    asked: list[int] = field(default_factory=list)

    def __call__(self, user_id: int) -> Profile:
        if self.away:
            raise Unavailable("GitLab does not answer")
        self.asked.append(user_id)
        if self.states.get(user_id) == "gone":
            raise NotFound("there is no such user")
        return Profile(user_id, f"user{user_id}", "", "", state=self.states.get(user_id, "active"))


def comes_in(site: Site, user: int | None, *, token: bool = False, local: bool = False) -> int:
    """Somebody of GitLab's with a sign-in or a token; his number."""
    with write_session(site.services.store) as writing:
        if local:
            person = people.create_local(writing, "root", "hash", site.now)
        else:
            person = people.signed_in(
                writing,
                issuer="https://gitlab.example",
                subject=f"{user}",
                username=f"user{user}",
                name="",
                gitlab_user_id=user,
                now=site.now,
            )
        if token:
            create_token(
                writing,
                name="ci",
                scopes=(Scope.READ,),
                lifetime=timedelta(days=30),
                created_by=person.actor,
                now=site.now,
                person_id=person.id,
            )
        else:
            lifetime = timedelta(hours=24)
            sessions.start(
                writing, f"t{user}", person.id, family=f"f{user}", now=site.now, lifetime=lifetime, user_agent=""
            )
    return person.id


def shut_out(site: Site) -> list[int | None]:
    with session(site.services.store) as reading:
        return [one.gitlab_user_id for one in people.everybody(reading) if one.disabled_at is not None]


@pytest.mark.parametrize("state", [*sorted(SHUT_OUT - {"deleted"}), "gone"])
def test_somebody_whose_account_lets_him_in_no_more_is_shut_out(site: Site, state: str) -> None:
    numbers = {user: comes_in(site, user, token=user == 9) for user in (7, 8, 9)}
    accounts = Accounts({7: state, 9: state})
    assert check_accounts(site.services, site.now, accounts) == 2
    assert shut_out(site) == [7, 9]
    with session(site.services.store) as reading:
        assert sessions.find(reading, "t7") is None
        assert sessions.find(reading, "t8") is not None
        entries = list(audit.stream(reading))
    assert [(one.action, one.subject, one.actor) for one in entries] == [
        ("person.disabled", f"person {numbers[user]}", "mergewarden") for user in (7, 9)
    ]
    assert entries[0].details["sessions_ended"] == 1
    site.later(days=1)
    comes_in(site, 8)
    assert check_accounts(site.services, site.now, accounts) == 0
    assert accounts.asked == [7, 8, 9, 8], "who is shut out is not asked about again"


@pytest.mark.parametrize("state", ["active", "", "a state of a later release"])
def test_what_gitlab_does_not_say_shuts_nobody_out(site: Site, state: str) -> None:
    comes_in(site, 7)
    assert check_accounts(site.services, site.now, Accounts({7: state})) == 0
    away = Accounts(away=True)
    site.later(hours=2)
    assert check_accounts(site.services, site.now, away) == 0
    assert shut_out(site) == []
    assert check_accounts(site.services, site.now, Accounts({7: "blocked"})) == 1, (
        "an answer that did not come is asked for"
    )


def test_gitlab_is_asked_once_an_hour_about_those_who_can_come_in(site: Site) -> None:
    comes_in(site, 7)
    comes_in(site, None, local=True)
    accounts = Accounts()
    for minutes in (0, 59, 61):
        check_accounts(site.services, site.now + timedelta(minutes=minutes), accounts)
    assert accounts.asked == [7, 7]
    check_accounts(site.services, site.now + timedelta(hours=25), accounts)
    assert accounts.asked == [7, 7], "his sign-in is over, and he has no token"


def test_a_round_asks_about_so_many_and_the_next_one_about_the_others(site: Site) -> None:
    for user in range(10, 15):
        comes_in(site, user)
    accounts = Accounts()
    for minutes in (0, 5, 10, 15):
        check_accounts(site.services, site.now + timedelta(minutes=minutes), accounts, most=2)
    assert accounts.asked == [10, 11, 12, 13, 14]
    check_accounts(site.services, site.now + timedelta(minutes=61), accounts, most=2)
    assert accounts.asked[5:] == [10, 11], "who was not asked about for longest comes first"
