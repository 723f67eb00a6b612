"""What was commented on, and how much of it people called false."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from bot.domain.noise import RuleNoise
from bot.domain.triage import Justification, TriageEvent, TriageState
from bot.domain.verdict import Presence, TrackedFinding
from bot.store import noise, suppressions, triage
from bot.store.engine import session, write_session
from bot.store.statements import table
from bot.store.tables import CommentedFindingRecord
from scanners.finding import Finding
from tests.store.counting import counted
from tests.store.known import BANK, SHOP, accepted, add_finding, add_projects
from tests.store.samples import DEPENDENCY, NOON, SAST

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def commented(
    session: Session, number: int | None, finding: Finding = SAST, *, project: int = SHOP, iid: int = 7
) -> None:
    fingerprint = f"{number or 0:064x}" if number is not None else finding.fingerprint
    item = TrackedFinding(replace(finding, fingerprint=fingerprint), Presence.NEW, number=number)
    noise.note_commented(session, project, iid, [item])


def dismiss(
    session: Session, number: int, justification: Justification = Justification.FALSE_POSITIVE, **more: Any
) -> None:
    """As a person's word is kept: a judgement, and the exception that it made."""
    made = suppressions.create(session, accepted(number, justification=justification, **more))
    word = TriageEvent(
        number, NOON, "alice", TriageState.DETECTED, TriageState.DISMISSED, justification, "no", "cli", made.id
    )
    triage.record(session, word)


def rates(engine: Engine, **more: object) -> dict[int, tuple[RuleNoise, ...]]:
    with session(engine) as reading:
        return dict(noise.by_rule(reading, **({"since": LONG_AGO} | more)))  # type: ignore[arg-type]


@pytest.fixture
def shop(engine: Engine) -> Engine:
    with write_session(engine) as writing:
        add_projects(writing)
        for number in (1, 2, 3):
            add_finding(writing, number, replace(SAST, fingerprint=f"{number:064x}"))
        add_finding(writing, 4, DEPENDENCY, project_id=BANK)
    return engine


def test_findings_count_once_however_often_they_were_commented_on(shop: Engine) -> None:
    with write_session(shop) as writing:
        for iid in (7, 7, 8):
            commented(writing, 1, iid=iid)
        commented(writing, 2)
        dismiss(writing, 2)
    assert rates(shop) == {SHOP: (RuleNoise("semgrep", "python.sql-injection", 2, 1),)}


def test_each_project_has_its_own_rules(shop: Engine) -> None:
    with write_session(shop) as writing:
        commented(writing, 1)
        commented(writing, 4, DEPENDENCY, project=BANK)
        dismiss(writing, 4, project_id=BANK)
    bank = (RuleNoise("pip-audit", "PYSEC-2099-1", 1, 1),)
    assert rates(shop) == {SHOP: (RuleNoise("semgrep", "python.sql-injection", 1, 0),), BANK: bank}
    assert rates(shop, project_id=BANK) == {BANK: bank}


@pytest.mark.parametrize(
    ("justification", "more", "false"),
    [
        pytest.param(Justification.FALSE_POSITIVE, {}, 1, id="called false"),
        pytest.param(Justification.ACCEPTABLE_RISK, {}, 0, id="accepted"),
        pytest.param(Justification.FALSE_POSITIVE, {"needs_approval": True}, 0, id="only asked for"),
        pytest.param(
            Justification.FALSE_POSITIVE,
            {"needs_approval": True, "approved_by": "bob", "approved_at": NOON},
            1,
            id="approved",
        ),
        pytest.param(Justification.FALSE_POSITIVE, {"revoked_by": "bob", "revoked_at": NOON}, 0, id="revoked"),
        pytest.param(Justification.FALSE_POSITIVE, {"expires_at": NOON + timedelta(days=1)}, 1, id="ended by itself"),
    ],
)
def test_false_is_what_was_called_so_and_stood(
    shop: Engine, justification: Justification, more: dict[str, object], false: int
) -> None:
    with write_session(shop) as writing:
        commented(writing, 1)
        dismiss(writing, 1, justification, **more)
    assert rates(shop)[SHOP][0].false_positives == false


def test_a_word_that_was_taken_back_counts_no_longer(shop: Engine) -> None:
    with write_session(shop) as writing:
        commented(writing, 1)
        dismiss(writing, 1)
        back = TriageEvent(1, NOON, "bob", TriageState.DISMISSED, TriageState.CONFIRMED, None, "it is true", "cli")
        triage.record(writing, back)
    assert rates(shop)[SHOP] == (RuleNoise("semgrep", "python.sql-injection", 1, 0),)


def test_a_finding_without_a_number_or_without_a_row_counts_as_true(shop: Engine) -> None:
    with write_session(shop) as writing:
        commented(writing, None)
        commented(writing, 999)
    assert rates(shop)[SHOP] == (RuleNoise("semgrep", "python.sql-injection", 2, 0),)


def test_what_is_older_is_left_out_and_forgotten_bit_by_bit(shop: Engine) -> None:
    with write_session(shop) as writing:
        for number in (1, 2, 3):
            commented(writing, number)
        old = table(CommentedFindingRecord)
        writing.execute(update(old).where(old.c.finding_id < 3).values(at=LONG_AGO))
    since = LONG_AGO + timedelta(days=1)
    assert rates(shop, since=since)[SHOP][0].comments == 1
    with write_session(shop) as writing:
        removed = [noise.purge_commented(writing, before=since, limit=1) for _ in range(3)]
    assert removed == [1, 1, 0]
    assert rates(shop)[SHOP][0].comments == 1


def test_a_project_that_is_gone_is_forgotten(shop: Engine) -> None:
    with write_session(shop) as writing:
        commented(writing, 1)
        commented(writing, 4, DEPENDENCY, project=BANK)
        noise.forget_project(writing, SHOP)
    assert list(rates(shop)) == [BANK]


def test_all_is_asked_in_one_statement_and_noted_in_one(shop: Engine) -> None:
    items = [TrackedFinding(replace(SAST, fingerprint=f"{n:064x}"), Presence.NEW, number=n) for n in range(1, 200)]
    with write_session(shop) as writing, counted(shop) as statements:
        noise.note_commented(writing, SHOP, 7, items)
        noise.note_commented(writing, SHOP, 7, [])
    assert len(statements) == 1
    with counted(shop) as statements:
        rates(shop)
    assert len(statements) == 1
