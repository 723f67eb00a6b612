"""Who is in a project: what is kept of GitLab's answer, and when it is asked anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.domain.roles import Kind, Permission, Principal, Role
from bot.gitlab.errors import GitLabError, Unavailable
from bot.gitlab.model import Member
from bot.observability.metrics import Metrics
from bot.pipeline.memberships import Confirmer, keep_members
from bot.services import Services
from bot.settings import Settings
from bot.store import memberships
from bot.store.engine import session, write_session
from bot.store.projects import Project, upsert_projects

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
