"""Judgements are appended, and the finding's row has the last of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from bot.domain.triage import Judgement, Justification, TriageEvent, TriageState
from bot.store import findings, triage
from bot.store.engine import session, write_session
from tests.store.counting import counted
from tests.store.known import add_finding, add_many, add_projects
from tests.store.samples import NOON

CONFIRMED = TriageEvent(
    finding_id=1,
    at=NOON,
    actor="alice \udce9\x00",
    before=TriageState.DETECTED,
    after=TriageState.CONFIRMED,
    justification=None,
    reason="",
    source="cli",
)
DISMISSED = replace(
    CONFIRMED,
    at=NOON + timedelta(days=1),
    actor="bob",
    before=TriageState.CONFIRMED,
    after=TriageState.DISMISSED,
    justification=Justification.FALSE_POSITIVE,
    reason="中文 and 'quotes'",
    suppression_id=7,
)


def test_every_change_stays_and_the_last_one_holds(engine: Engine) -> None:
    with write_session(engine) as opened:
        add_projects(opened)
        add_finding(opened, 1)
        assert triage.history(opened, 1) == ()
        triage.record(opened, CONFIRMED)
        triage.record(opened, DISMISSED)
    with session(engine) as opened:
        known = findings.get(opened, 1)
        assert triage.history(opened, 1) == (CONFIRMED, DISMISSED)
    assert known is not None
    assert known.judgement == DISMISSED.judgement


def test_of_several_changes_at_once_the_last_holds(engine: Engine) -> None:
    other = replace(CONFIRMED, finding_id=2)
    with write_session(engine) as opened:
        add_finding(opened, 1)
        add_finding(opened, 2)
        add_finding(opened, 3)
        triage.record_many(opened, [CONFIRMED, other, DISMISSED])
        assert triage.history(opened, 1) == (CONFIRMED, DISMISSED)
        held = {known.id: known.judgement for known in findings.page(opened).findings}
    assert held == {1: DISMISSED.judgement, 2: other.judgement, 3: Judgement()}


def test_a_thousand_changes_take_three_statements(engine: Engine) -> None:
    with write_session(engine) as opened:
        add_many(opened, 1000)
        with counted(engine) as seen:
            triage.record_many(opened, [replace(CONFIRMED, finding_id=n) for n in range(1, 1001)])
        assert len(seen) == 3
        with counted(engine) as seen:
            triage.record_many(opened, [])
        assert seen == []
        assert {k.judgement for k in findings.page(opened, limit=1000).findings} == {CONFIRMED.judgement}


def test_a_word_about_an_unknown_finding_is_not_kept(engine: Engine) -> None:
    with pytest.raises(IntegrityError), write_session(engine) as opened:
        triage.record(opened, CONFIRMED)
    with session(engine) as opened:
        assert triage.history(opened, 1) == ()
