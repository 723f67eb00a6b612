"""The audit log in the database: in the transaction of what it tells, without gaps, and never changed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from bot.domain.audit import Act, Action, Damage, Head
from bot.store import audit
from bot.store.audit import AuditFilter
from bot.store.engine import session, write_session
from tests.store.counting import counted


def act(number: int = 1, **more: object) -> Act:
    values = {"actor": "ada", "person_id": 1, "action": Action.FINDING_DECIDED, "project_id": 5}
    return Act(subject=f"finding {number}", **{**values, **more})  # type: ignore[arg-type]


def filled(engine: Engine, count: int = 5) -> None:
    with write_session(engine) as writing:
        audit.append_many(writing, [act(number) for number in range(1, count + 1)])


@contextmanager
def unguarded(engine: Engine) -> Iterator[None]:
    """As the owner of the database, who takes the guards away."""
    guards = {
        "sqlite": [
            "DROP TRIGGER audit_entry_not_changed",
            "DROP TRIGGER audit_entry_not_deleted",
            "DROP TRIGGER audit_head_only_forward",
        ],
        "postgresql": ["ALTER TABLE audit_entry DISABLE TRIGGER ALL", "ALTER TABLE audit_head DISABLE TRIGGER ALL"],
    }
    with write_session(engine) as writing:
        for guard in guards[engine.dialect.name]:
            writing.execute(text(guard))
    yield


def failing(engine: Engine) -> None:
    with write_session(engine) as writing:
        audit.append(writing, act(2))
        raise ZeroDivisionError


def run(engine: Engine, statement: str) -> None:
    with write_session(engine) as writing:
        writing.execute(text(statement))


def test_entries_hang_together_over_transactions(engine: Engine) -> None:
    filled(engine, 3)
    with write_session(engine) as writing:
        entry = audit.append(writing, act(4, details={"before": None, "after": "x\x00\ud800"}))
    with session(engine) as reading:
        entries = list(audit.stream(reading))
        assert audit.head(reading) == Head(4, entry.digest)
    assert [one.sequence for one in entries] == [1, 2, 3, 4]
    assert entries[3] == entry
    assert [one.previous for one in entries[1:]] == [one.digest for one in entries[:3]]
    assert audit.verify(engine).whole


def test_what_is_rolled_back_leaves_no_entry_and_no_gap(engine: Engine) -> None:
    filled(engine, 1)
    with pytest.raises(ZeroDivisionError):
        failing(engine)
    filled(engine, 1)
    with session(engine) as reading:
        assert [one.sequence for one in audit.stream(reading)] == [1, 2]


def test_a_thousand_acts_take_three_statements(engine: Engine) -> None:
    for count in (1, 1000):
        with write_session(engine) as writing, counted(engine) as seen:
            audit.append_many(writing, [act(number) for number in range(count)])
        assert len(seen) == 3


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'mallory' WHERE sequence = 2",
        "DELETE FROM audit_entry WHERE sequence = 2",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET sequence = 1",
    ],
)
def test_the_database_refuses_to_change_what_is_written(engine: Engine, statement: str) -> None:
    filled(engine)
    with pytest.raises(DBAPIError, match="only ever added to"):
        run(engine, statement)
    assert audit.verify(engine).count == 5


def test_postgresql_refuses_to_empty_it(engine: Engine) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite knows no TRUNCATE")
    filled(engine)
    with pytest.raises(DBAPIError, match="only ever added to"):
        run(engine, "TRUNCATE audit_entry")


@pytest.mark.parametrize(
    ("statement", "damage", "number"),
    [
        ("UPDATE audit_entry SET actor = 'mallory' WHERE sequence = 2", Damage.CHANGED, 2),
        ("UPDATE audit_entry SET details = '{}' || ' ' WHERE sequence = 3", Damage.CHANGED, None),
        ("UPDATE audit_entry SET at = '2026-01-01 00:00:00+00' WHERE sequence = 1", Damage.CHANGED, 1),
        ("UPDATE audit_entry SET details = '{\"a\": 0.5}' WHERE sequence = 2", Damage.CHANGED, 2),
        ("UPDATE audit_entry SET details = 'no JSON' WHERE sequence = 2", Damage.CHANGED, 2),
        ("UPDATE audit_entry SET details = '[]' WHERE sequence = 2", Damage.CHANGED, 2),
        ("DELETE FROM audit_entry WHERE sequence = 3", Damage.MISSING, 3),
        ("DELETE FROM audit_entry WHERE sequence = 5", Damage.CUT, 5),
        ("UPDATE audit_head SET sequence = 3", Damage.UNLINKED, 4),
    ],
)
def test_what_its_owner_changes_is_named(engine: Engine, statement: str, damage: Damage, number: int | None) -> None:
    filled(engine)
    if engine.dialect.name == "sqlite":
        statement = statement.replace("00:00:00+00", "00:00:00.000000")
    with unguarded(engine):
        run(engine, statement)
    verdict = audit.verify(engine)
    if number is None:
        # White space around JSON says nothing.
        assert verdict.whole
    else:
        assert [(one.damage, one.first) for one in verdict.breaks] == [(damage, number)]


def test_writers_take_turns(engine: Engine) -> None:
    def work(number: int) -> None:
        for _ in range(5):
            with write_session(engine) as writing:
                audit.append_many(writing, [act(number), act(number)])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    verdict = audit.verify(engine)
    assert (verdict.whole, verdict.count) == (True, 60)


def test_a_page_is_one_statement_and_filtered(engine: Engine) -> None:
    with write_session(engine) as writing:
        audit.append_many(writing, [act(n, actor=("ada", "grace")[n % 2], project_id=(5, 6)[n % 2]) for n in range(10)])
        audit.append(writing, act(99, action=Action.SIGNED_IN, project_id=None))
    with session(engine) as reading, counted(engine) as seen:
        first = audit.page(reading, AuditFilter(), limit=4)
    assert len(seen) == 1
    assert ([one.sequence for one in first.entries], first.next) == ([11, 10, 9, 8], 8)
    with session(engine) as reading:
        assert [e.sequence for e in audit.page(reading, AuditFilter(), before=3).entries] == [2, 1]
        assert len(audit.page(reading, AuditFilter(actor="grace")).entries) == 5
        assert [e.sequence for e in audit.page(reading, AuditFilter(action="person")).entries] == [11]
        assert len(audit.page(reading, AuditFilter(action="finding.decided")).entries) == 10
        assert audit.page(reading, AuditFilter(action="finding_decided")).entries == ()
        assert len(audit.page(reading, AuditFilter(project_id=6)).entries) == 5
        assert len(audit.page(reading, AuditFilter(), projects=[5]).entries) == 6
        at = first.entries[0].at
        assert audit.page(reading, AuditFilter(since=at + timedelta(seconds=1))).entries == ()
        assert len(audit.page(reading, AuditFilter(until=at + timedelta(seconds=1))).entries) == 11


def test_the_last_check_is_kept(engine: Engine) -> None:
    filled(engine)
    with session(engine) as reading:
        assert audit.last_check(reading) is None
    audit.verify(engine, keep=True)
    with unguarded(engine):
        run(engine, "UPDATE audit_entry SET actor = 'mallory' WHERE sequence = 2")
    with session(engine) as reading:
        found = audit.last_check(reading)
        assert found is not None
        assert (found.broken, found.head) == (0, audit.head(reading))
    audit.verify(engine, keep=True)
    with session(engine) as reading:
        found = audit.last_check(reading)
    assert found is not None
    assert (found.broken, found.first_break) == (1, "entry 2 was changed: its digest does not fit what it says")
