"""How rules did here: each finding once, and people's words about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from bot.domain.known import Whereabouts
from bot.domain.rule_card import RuleUse
from bot.domain.triage import Justification, TriageState
from bot.store import rules
from bot.store.engine import session, write_session
from bot.store.statements import table
from bot.store.tables import FindingRecord
from tests.store.counting import counted
from tests.store.known import BANK, SHOP, add_finding, add_projects, add_refs, add_word
from tests.store.samples import SAST

SQL = ("semgrep", "python.sql-injection")
HASH = ("semgrep", "python.hash")
SHELL = ("bandit", "B608")


def put(writing: Session, number: int, rule: tuple[str, str] = SQL, *, project: int = SHOP, **values: object) -> None:
    finding = replace(SAST, scanner=rule[0], rule_id=rule[1], fingerprint=f"{number:064x}")
    add_finding(writing, number, finding, project_id=project)
    if values:
        records = table(FindingRecord)
        writing.execute(update(records).where(records.c.id == number).values(**values))


@pytest.fixture
def shop(engine: Engine) -> Engine:
    with write_session(engine) as writing:
        add_projects(writing)
        add_refs(writing)
        put(writing, 1, state=TriageState.CONFIRMED)
        put(writing, 2, state=TriageState.DISMISSED, justification=Justification.FALSE_POSITIVE)
        put(writing, 3, project=BANK, state=TriageState.DISMISSED, justification=Justification.USED_IN_TESTS)
        put(writing, 4, HASH, whereabouts=Whereabouts.NOWHERE)
        # Two scanners see the first finding, on two branches.
        for stream in (1, 2):
            add_word(writing, 1, stream)
            add_word(writing, 1, stream, place=1, scanner=SHELL[0], rule_id=SHELL[1])
    return engine


def test_a_finding_counts_once_for_each_rule_that_sees_it(shop: Engine) -> None:
    with session(shop) as reading:
        found = rules.uses(reading)
    assert found == {
        SQL: RuleUse(*SQL, 3, projects=2, open=3, confirmed=1, false_positives=1, otherwise_dismissed=1),
        HASH: RuleUse(*HASH, 1, projects=1, open=0),
        SHELL: RuleUse(*SHELL, 1, projects=1, open=1, confirmed=1),
    }


def test_of_many_rules_only_the_wanted_ones_are_counted(shop: Engine) -> None:
    with session(shop) as reading:
        everything = rules.uses(reading)
        assert rules.uses(reading, wanted=[SQL, ("semgrep", "nowhere")]) == {SQL: everything[SQL]}
        assert rules.uses(reading, wanted=[], project_ids=[SHOP]) == {}
        with counted(shop) as statements:
            assert rules.uses(reading, wanted=[SQL, HASH, SHELL]) == everything
    assert len(statements) == 1


def test_only_the_projects_that_are_asked_about_count(shop: Engine) -> None:
    with session(shop) as reading:
        assert rules.uses(reading, project_ids=[BANK]) == {
            SQL: RuleUse(*SQL, 1, projects=1, open=1, otherwise_dismissed=1)
        }
        assert rules.uses(reading, project_ids=[]) == {}


def test_one_rule_is_asked_about_alone(shop: Engine) -> None:
    with session(shop) as reading:
        assert set(rules.uses(reading, rule=SHELL)) == {SHELL}
        assert rules.uses(reading, rule=("semgrep", "B608")) == {}


def test_it_is_one_statement_however_many_rules_there_are(shop: Engine) -> None:
    with counted(shop) as few, session(shop) as reading:
        rules.uses(reading)
    with write_session(shop) as writing:
        for number in range(100, 160):
            put(writing, number, ("semgrep", f"r{number}"))
    with counted(shop) as many, session(shop) as reading:
        assert len(rules.uses(reading)) == 63
    assert len(few) == len(many) == 1


def test_months_are_those_in_which_findings_were_first_seen(engine: Engine) -> None:
    moments = [
        datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=UTC),
        datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2025, 12, 5, tzinfo=UTC),
        datetime(2025, 11, 30, tzinfo=UTC),
    ]
    with write_session(engine) as writing:
        add_projects(writing)
        for number, at in enumerate(moments, start=1):
            put(writing, number, first_seen_at=at, project=SHOP if number != 3 else BANK)
        put(writing, 9, HASH, first_seen_at=moments[1])
    now = datetime(2026, 3, 15, tzinfo=UTC)
    with counted(engine) as statements, session(engine) as reading:
        found = rules.by_month(reading, SQL, until=now, months=4)
    assert len(statements) == 1
    assert [(one.month, one.findings) for one in found] == [
        (date(2025, 12, 1), 1),
        (date(2026, 1, 1), 0),
        (date(2026, 2, 1), 1),
        (date(2026, 3, 1), 2),
    ]
    with session(engine) as reading:
        mine = rules.by_month(reading, SQL, until=now, months=2, project_ids=[SHOP])
        none = rules.by_month(reading, ("semgrep", "none"), until=now)
    assert [one.findings for one in mine] == [1, 1]
    assert [one.findings for one in none] == [0] * 12
