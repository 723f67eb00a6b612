"""Projects that nobody looks at: no answer, an old one and none at all are three things."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from bot.domain.enforcement import Level
from bot.store import enforcement
from bot.store.coverage_holes import STALE_AFTER, Hole, ProjectFacts, holes_of, project_facts
from bot.store.engine import session, write_session
from tests.store.counting import counted
from tests.store.samples import NOON
from tests.store.standing import add_baseline, add_level, add_project, add_scan, ago

GOOD, NEVER, ONLY_REQUESTS, SILENT, OLD, EMPTY = 1, 2, 3, 4, 5, 6


@pytest.fixture
def facts(engine: Engine) -> dict[int, ProjectFacts]:
    with write_session(engine) as writing:
        for number in (GOOD, NEVER, ONLY_REQUESTS, SILENT, OLD):
            add_project(writing, number, f"group/p{number}")
        add_project(writing, EMPTY, "group/empty", branch=None)
        add_baseline(writing, GOOD)
        add_scan(writing, "request", ONLY_REQUESTS, iid=7)
        add_baseline(writing, SILENT, looked_with={"semgrep": "1", "osv": ""})
        add_baseline(writing, OLD, at=ago(STALE_AFTER.days + 1), looked_with={"osv": ""})
        add_level(writing, GOOD, Level.L2)
        enforcement.hook_seen(writing, NEVER, NOON)
    with session(engine) as reading, counted(engine) as statements:
        found = project_facts(reading, None)
    assert len(statements) == 1
    return {one.id: one for one in found}


def test_each_project_has_the_holes_that_it_has(facts: dict[int, ProjectFacts]) -> None:
    assert {number: one.holes(NOON, None) for number, one in facts.items()} == {
        GOOD: (),
        NEVER: (Hole.NEVER_SCANNED,),
        ONLY_REQUESTS: (Hole.NO_BASELINE,),
        SILENT: (Hole.NO_ANSWER,),
        OLD: (Hole.NO_ANSWER, Hole.STALE),
        EMPTY: (),
    }


def test_only_scanners_that_are_required_leave_a_hole(facts: dict[int, ProjectFacts]) -> None:
    assert facts[SILENT].holes(NOON, {"semgrep"}) == ()
    assert facts[SILENT].holes(NOON, {"osv"}) == (Hole.NO_ANSWER,)
    assert facts[SILENT].unanswered == ("osv",)


def test_the_worst_holes_come_first(facts: dict[int, ProjectFacts]) -> None:
    assert [one.id for one, _ in holes_of(list(facts.values()), NOON, None)] == [NEVER, ONLY_REQUESTS, SILENT, OLD]


def test_a_level_is_known_only_where_somebody_looked(facts: dict[int, ProjectFacts]) -> None:
    assert facts[GOOD].level is Level.L2
    assert facts[NEVER].level is None, "its hook was heard of, and nobody has looked"


def test_a_default_branch_that_was_renamed_has_no_baseline(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_project(writing, GOOD, "group/p1", branch="trunk")
        add_baseline(writing, GOOD)
    with session(engine) as reading:
        (one,) = project_facts(reading, None)
    assert one.holes(NOON, None) == (Hole.NO_BASELINE,)


def test_projects_that_are_not_seen_are_left_out(facts: dict[int, ProjectFacts], engine: Engine) -> None:
    with session(engine) as reading:
        assert [one.id for one in project_facts(reading, frozenset({SILENT, OLD}))] == [SILENT, OLD]
        assert project_facts(reading, frozenset()) == ()
