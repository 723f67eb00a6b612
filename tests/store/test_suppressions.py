"""Suppressions: kept exactly, approved or revoked once, marked as used once a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from bot.domain import suppression as rules
from bot.domain.suppression import Scope, Suppression
from bot.store import suppressions
from bot.store.engine import session, write_session
from tests.store.counting import counted
from tests.store.known import BANK, SHOP, accepted, add_finding, add_projects
from tests.store.samples import NOON

RULE = accepted(scope=Scope.RULE, scanner="bandit \udce9", rule_id="B602", path="src/*\x00")
ADVISORY = accepted(scope=Scope.ADVISORY, project_id=None, advisory="CVE-2099-1", package="sample")
WAITING = accepted(scope=Scope.RULE, scanner="bandit", rule_id="B101", needs_approval=True)


def made(engine: Engine, *items: Suppression) -> list[Suppression]:
    with write_session(engine) as opened:
        return [suppressions.create(opened, item) for item in items]


@pytest.mark.parametrize("item", [RULE, ADVISORY, WAITING], ids=["rule", "advisory", "waiting"])
def test_a_suppression_comes_back_exactly(engine: Engine, item: Suppression) -> None:
    (stored,) = made(engine, item)
    assert stored.id > 0
    assert stored == replace(item, id=stored.id)
    with session(engine) as opened:
        assert suppressions.get(opened, stored.id) == stored
        assert suppressions.get(opened, stored.id + 1) is None


def test_a_project_has_its_own_and_those_for_every_project(engine: Engine) -> None:
    shop, everywhere, bank = made(engine, RULE, ADVISORY, replace(RULE, project_id=BANK))
    with session(engine) as opened:
        assert suppressions.all_for(opened, SHOP) == (shop, everywhere)
        assert suppressions.all_for(opened, BANK) == (everywhere, bank)
        assert suppressions.all_for(opened, None) == (everywhere,)
        assert suppressions.for_review(opened) == (shop, everywhere, bank)
        assert suppressions.for_review(opened, SHOP) == (shop, everywhere)


def test_the_gate_is_given_only_what_is_in_force(engine: Engine) -> None:
    living, *_others = made(
        engine,
        RULE,
        WAITING,
        replace(RULE, expires_at=NOON - timedelta(days=1)),
        replace(RULE, revoked_at=NOON, revoked_by="bob"),
    )
    (approved,) = made(engine, replace(WAITING, approved_at=NOON, approved_by="bob"))
    with session(engine) as opened:
        assert suppressions.all_for(opened, SHOP, live=True) == (living, approved)
        assert len(suppressions.all_for(opened, SHOP)) == 5
        assert len(suppressions.for_review(opened)) == 4
        assert len(suppressions.for_review(opened, revoked=True)) == 5


def test_those_of_one_finding_are_all_told(engine: Engine) -> None:
    with write_session(engine) as opened:
        add_projects(opened)
        add_finding(opened, 1)
        add_finding(opened, 2)
    first, revoked, _other = made(engine, accepted(1), accepted(1, revoked_at=NOON, revoked_by="bob"), accepted(2))
    with session(engine) as opened:
        assert suppressions.of_finding(opened, 1) == (first, revoked)
        assert suppressions.of_finding(opened, 3) == ()


def test_what_is_decided_about_it_is_kept_once(engine: Engine) -> None:
    (waiting,) = made(engine, WAITING)
    approved = rules.approve(waiting, actor="bob", now=NOON)
    revoked = rules.revoke(approved, actor="carol", now=NOON)
    with write_session(engine) as opened:
        assert suppressions.approve(opened, approved)
        # Somebody who read it before the approval comes too late.
        assert not suppressions.approve(opened, rules.approve(waiting, actor="dave", now=NOON))
        assert suppressions.get(opened, waiting.id) == approved
        assert suppressions.revoke(opened, revoked)
        assert not suppressions.revoke(opened, rules.revoke(approved, actor="dave", now=NOON))
        assert not suppressions.approve(opened, rules.approve(waiting, actor="dave", now=NOON))
        assert suppressions.get(opened, waiting.id, for_update=True) == revoked


def test_use_is_noted_once_a_day(engine: Engine) -> None:
    one, two = (item.id for item in made(engine, RULE, ADVISORY))
    morning, noon = datetime(2026, 3, 1, 0, 1, tzinfo=UTC), NOON
    day = morning.replace(minute=0)
    with write_session(engine) as opened:
        assert suppressions.used_before(opened, [one, two], noon) == (one, two)
        assert suppressions.mark_used(opened, [one, one], morning) == 1
        assert suppressions.mark_used(opened, [one], noon) == 0
        assert suppressions.used_before(opened, [one, two], noon) == (two,)
        assert suppressions.mark_used(opened, {one, two}, noon) == 1
        assert suppressions.mark_used(opened, [one], noon - timedelta(days=1)) == 0
        assert [s.last_used_at for s in suppressions.all_for(opened, SHOP)] == [day, day]
        assert suppressions.mark_used(opened, [one], noon + timedelta(days=1)) == 1
        assert suppressions.mark_used(opened, [], noon) == 0


def test_the_number_of_statements_does_not_depend_on_the_number_of_suppressions(engine: Engine) -> None:
    ids = [item.id for item in made(engine, *[RULE] * 900)]
    with counted(engine) as seen, write_session(engine) as opened:
        assert suppressions.mark_used(opened, ids, NOON) == 900
        assert len(suppressions.all_for(opened, SHOP, live=True)) == 900
    assert len(seen) == 2
