"""After any sequence of events the sums say what a fresh count says, and the rows what computing them anew says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select, update

from bot.domain.known import Whereabouts
from bot.domain.priority import Exposure
from bot.domain.suppression import Scope
from bot.domain.triage import Justification, TriageEvent, TriageState
from bot.store import daily_counts, desk, suppressions, triage
from bot.store.desk_tables import ProjectProfileRecord, TriageItemRecord
from bot.store.desk_touch import touch, touch_packages
from bot.store.engine import open_engine, session, write_session
from bot.store.migrate import migrate
from bot.store.statements import insert_into, table
from bot.store.tables import ExploitFactRecord, FindingRecord
from bot.store.tracking import forget_project
from scanners.finding import Severity
from tests.examples import examples
from tests.postgres import Postgres
from tests.store.known import BANK, SHOP, accepted, add_finding, add_projects
from tests.store.samples import DEPENDENCY, NOON, SAST, SECRET
from tests.store.test_desk import assert_sums_are_true

_FINDING = table(FindingRecord)
_ITEM = table(TriageItemRecord)
FINDINGS = [SAST, DEPENDENCY, SECRET]

NUMBERS = st.integers(1, 6)
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), NUMBERS, st.integers(0, 2)),
        st.tuples(st.just("judge"), NUMBERS, st.sampled_from(TriageState)),
        st.tuples(st.just("see"), NUMBERS, st.sampled_from(Whereabouts)),
        st.tuples(st.just("rate"), NUMBERS, st.sampled_from(Severity)),
        st.tuples(st.just("except"), NUMBERS, st.booleans()),
        st.tuples(st.just("widely"), NUMBERS, st.sampled_from([Scope.RULE, Scope.ADVISORY])),
        st.tuples(st.just("revoke"), NUMBERS, st.none()),
        st.tuples(st.just("approve"), NUMBERS, st.none()),
        st.tuples(st.just("claim"), NUMBERS, NUMBERS),
        st.tuples(st.just("snooze"), NUMBERS, st.booleans()),
        st.tuples(st.just("expose"), NUMBERS, st.sampled_from(Exposure)),
        st.tuples(st.just("exploit"), NUMBERS, st.booleans()),
        st.tuples(st.just("forget"), st.just(0), st.none()),
    ),
    max_size=14,
)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One database for all examples: each begins by forgetting what was before."""
    if request.param == "sqlite":
        folder: Path = tmp_path_factory.mktemp("sums")
        engine = open_engine(f"sqlite:///{folder / 'sums.db'}")
    else:
        server: Postgres = request.getfixturevalue("postgres")
        engine = open_engine(server.url(server.create_database()))
    migrate(engine)
    with write_session(engine) as opened:
        add_projects(opened)
    yield engine
    engine.dispose()


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=OPERATIONS)
def test_sums_and_rows_stay_true(store: Engine, operations: list[tuple[str, int, object]]) -> None:
    with write_session(store) as opened:
        for project in (SHOP, BANK):
            forget_project(opened, project)
        opened.execute(table(ExploitFactRecord).delete())
    for operation in [("add", 1, 0), ("add", 2, 1), *operations]:
        apply(store, *operation)
    assert_sums_are_true(store)
    with session(store) as opened:
        before = {row["finding_id"]: dict(row) for row in opened.execute(select(_ITEM)).mappings()}
        assert set(before) == set(opened.scalars(select(_FINDING.c.id)))
    desk.rebuild(store, again=True)
    with session(store) as opened:
        after = {row["finding_id"]: dict(row) for row in opened.execute(select(_ITEM)).mappings()}
    assert after == before
    assert_sums_are_true(store)


def apply(store: Engine, what: str, number: int, how: object) -> None:
    with write_session(store) as opened:
        there = opened.scalar(select(_FINDING.c.id).where(_FINDING.c.id == number)) is not None
        project = BANK if number % 2 == 0 else SHOP
        if what == "forget":
            forget_project(opened, SHOP)
        elif what == "add" and not there:
            assert isinstance(how, int)
            add_finding(opened, number, FINDINGS[how], project_id=project)
            touch(opened, [number], seen=True)
        elif not there:
            return
        elif what == "judge":
            assert isinstance(how, TriageState)
            why = Justification.FALSE_POSITIVE if how is TriageState.DISMISSED else None
            triage.record(opened, TriageEvent(number, NOON, "alice", TriageState.DETECTED, how, why, "so", "test"))
        elif what in ("see", "rate"):
            column = "whereabouts" if what == "see" else "severity"
            opened.execute(update(_FINDING).where(_FINDING.c.id == number).values({column: how}))
            touch(opened, [number], seen=what == "rate")
        elif what == "except":
            suppressions.create(opened, accepted(number, code="", project_id=project, needs_approval=bool(how)))
        elif what == "widely":
            assert isinstance(how, Scope)
            made = accepted(scope=how, project_id=None if number > 3 else SHOP, advisory="CVE-2099-1")
            suppressions.create(opened, replace(made, scanner="semgrep", rule_id="python.sql-injection"))
        elif what in ("revoke", "approve"):
            for made in suppressions.for_review(opened):
                if what == "revoke":
                    suppressions.revoke(opened, replace(made, revoked_by="bob", revoked_at=NOON))
                elif made.needs_approval and made.approved_at is None:
                    suppressions.approve(opened, replace(made, approved_by="bob", approved_at=NOON))
        elif what == "claim":
            assert isinstance(how, int)
            desk.claim(opened, [number], how, at=NOON)
        elif what == "snooze":
            desk.snooze(opened, [number], NOON + timedelta(days=365 * 900) if how else None)
        elif what == "expose":
            statement = insert_into(opened, table(ProjectProfileRecord)).values(
                project_id=project, exposure=how, changed_by="alice", changed_at=NOON
            )
            opened.execute(statement.on_conflict_do_update(index_elements=["project_id"], set_={"exposure": how}))
            desk.refresh_project(opened, project)
        elif what == "exploit":
            opened.execute(table(ExploitFactRecord).delete())
            if how:
                values = {"cve": "CVE-2099-1", "epss": 0.7, "percentile": 0.9, "kev_added": NOON.date()}
                opened.execute(insert(table(ExploitFactRecord)).values(values))
            touch_packages(opened)


def test_a_day_is_written_down_once_and_brought_up_to_date(engine: Engine) -> None:
    with write_session(engine) as opened:
        add_projects(opened)
        add_finding(opened, 1)
        add_finding(opened, 2, DEPENDENCY, project_id=BANK)
        add_finding(opened, 3, SECRET, project_id=BANK, whereabouts=Whereabouts.ELSEWHERE)
        touch(opened, [1, 2, 3], seen=True)
    with write_session(engine) as opened:
        assert daily_counts.keep_day(opened, NOON - timedelta(days=1)) == 2
        triage.record(
            opened, TriageEvent(1, NOON, "alice", TriageState.DETECTED, TriageState.RESOLVED, None, "so", "test")
        )
        desk.settle(opened)
        assert daily_counts.keep_day(opened, NOON) == 2
        assert daily_counts.keep_day(opened, NOON) == 2
    with session(engine) as opened:
        first, second = daily_counts.history(opened, None, since=NOON.date() - timedelta(days=7))
        assert (first.critical, first.high, first.info, first.undecided, first.overdue) == (1, 1, 0, 3, 1)
        assert (second.critical, second.high, second.undecided) == (1, 0, 2)
        (mine,) = daily_counts.history(opened, frozenset({SHOP}), since=NOON.date())
        assert (mine.critical, mine.undecided) == (0, 0)
        assert daily_counts.history(opened, frozenset({SHOP}), since=NOON.date(), project_ids=[BANK]) == ()
