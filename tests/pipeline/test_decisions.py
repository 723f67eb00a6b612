"""What a person decides: checked by the policy, kept in one transaction, and shown with everything that is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.domain.policy import SecondPerson, SuppressionRules
from bot.domain.suppression import Scope, Standing, SuppressionError
from bot.domain.triage import Justification, TriageError, TriageState
from bot.errors import MergewardenError
from bot.pipeline.decisions import Decided, approve_suppression, decide, dossier, revoke_suppression
from bot.store import findings, suppressions, triage
from bot.store.engine import write_session
from tests.store.counting import counted
from tests.store.known import SHOP, accepted, add_finding, add_presence, add_projects, add_refs, add_word
from tests.store.samples import SAST

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
ALONE = SuppressionRules()
BY_TWO = SuppressionRules(SecondPerson.HIGH)


@pytest.fixture
def opened(engine: Engine) -> Iterator[Session]:
    """A write session with findings 1 (high) and 2 of the shop."""
    with write_session(engine) as made:
        add_projects(made)
        add_refs(made)
        add_finding(made, 1)
        add_finding(made, 2)
        yield made


def dismiss(opened: Session, number: int = 1, *, rules: SuppressionRules = ALONE, **more: Any) -> Decided:
    values: dict[str, Any] = {
        "state": TriageState.DISMISSED,
        "justification": Justification.FALSE_POSITIVE,
        "reason": "a constant",
        "actor": "alice",
        "now": NOW,
        "expires_at": NOW + 30 * DAY,
    }
    return decide(opened, number, rules=rules, **{**values, **more})


def say(opened: Session, state: TriageState, reason: str = "because", **more: Any) -> Decided:
    return decide(opened, 1, state=state, reason=reason, actor="bob", now=more.pop("now", NOW), rules=ALONE, **more)


def suppressed(opened: Session) -> set[int]:
    return {known.id for known in findings.page(opened).findings if known.suppressed}


def test_a_dismissal_suppresses_the_finding_and_only_that_one(opened: Session) -> None:
    decided = dismiss(opened)
    made = decided.suppression
    assert made is not None
    assert (made.scope, made.finding_id, made.code, made.project_id) == (Scope.FINDING, 1, SAST.match_hash, SHOP)
    assert decided.event.suppression_id == made.id
    assert triage.history(opened, 1) == (decided.event,)
    assert suppressed(opened) == {1}


@pytest.mark.parametrize("state", [TriageState.DETECTED, TriageState.CONFIRMED, TriageState.RESOLVED])
def test_whatever_follows_a_dismissal_revokes_its_suppression(opened: Session, state: TriageState) -> None:
    made = dismiss(opened).suppression
    assert made is not None
    decided = say(opened, state)
    assert [old.id for old in decided.revoked] == [made.id]
    stored = suppressions.get(opened, made.id)
    assert stored is not None
    assert (stored.standing(NOW), stored.revoked_by) == (Standing.REVOKED, "bob")
    assert suppressed(opened) == set()
    assert [event.after for event in triage.history(opened, 1)] == [TriageState.DISMISSED, state]


def test_where_the_policy_wants_two_persons_a_dismissal_waits_for_the_other(opened: Session) -> None:
    made = dismiss(opened, rules=BY_TWO).suppression
    assert made is not None
    assert made.standing(NOW) is Standing.WAITING
    assert suppressed(opened) == set()
    with pytest.raises(SuppressionError, match="cannot approve it as well"):
        approve_suppression(opened, made.id, actor="Alice", now=NOW)
    assert suppressed(opened) == set()
    approve_suppression(opened, made.id, actor="bob", now=NOW)
    assert suppressed(opened) == {1}


def test_a_suppression_that_ends_leaves_the_word_and_can_be_renewed(opened: Session) -> None:
    dismiss(opened, expires_at=NOW + DAY)
    with pytest.raises(TriageError, match="is dismissed already"):
        dismiss(opened)
    found = dossier(opened, 1, NOW + 2 * DAY)
    assert found is not None
    assert found.known.judgement.state is TriageState.DISMISSED
    assert found.match is None
    assert [made.standing(NOW + 2 * DAY) for made in found.suppressions] == [Standing.EXPIRED]
    renewed = dismiss(opened, now=NOW + 2 * DAY)
    assert (renewed.revoked, suppressed(opened)) == ((), {1})


def test_another_reason_takes_the_place_of_the_first(opened: Session) -> None:
    first = dismiss(opened).suppression
    second = dismiss(opened, reason="never reached")
    assert first is not None
    assert second.suppression is not None
    assert [old.id for old in second.revoked] == [first.id]
    living = [made.id for made in suppressions.all_for(opened, SHOP, live=True)]
    assert living == [second.suppression.id]


def test_a_revoked_suppression_leaves_the_word(opened: Session) -> None:
    made = dismiss(opened).suppression
    assert made is not None
    revoke_suppression(opened, made.id, actor="bob", now=NOW)
    known = findings.get(opened, 1)
    assert known is not None
    assert (known.judgement.state, known.suppressed) == (TriageState.DISMISSED, False)
    with pytest.raises(SuppressionError, match="was revoked by bob"):
        approve_suppression(opened, made.id, actor="carol", now=NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 99},
        {"justification": None},
        {"reason": ""},
        {"expires_at": None},
        {"expires_at": NOW - DAY},
        {"expires_at": NOW + 900 * DAY},
        {"actor": "mergewarden"},
        {"state": TriageState.CONFIRMED},
        {"state": TriageState.CONFIRMED, "justification": None},
    ],
)
def test_what_is_refused_leaves_nothing_behind(opened: Session, wrong: dict[str, Any]) -> None:
    with pytest.raises(MergewardenError) as caught:
        dismiss(opened, **wrong)
    assert caught.value.hint
    assert triage.history(opened, 1) == ()
    assert suppressions.for_review(opened) == ()


@pytest.mark.parametrize("change", [approve_suppression, revoke_suppression])
def test_an_unknown_suppression_is_said_to_be_unknown(opened: Session, change: Any) -> None:
    with pytest.raises(SuppressionError, match="there is no suppression 99"):
        change(opened, 99, actor="bob", now=NOW)


def test_a_dossier_has_everything_in_a_fixed_number_of_statements(opened: Session, engine: Engine) -> None:
    add_presence(opened, 1)
    add_word(opened, 1, 1)
    add_word(opened, 1, 3, scanner="CodeQL")
    dismiss(opened)
    with counted(engine) as few:
        found = dossier(opened, 1, NOW)
    for n in range(60):
        suppressions.create(opened, accepted(scope=Scope.RULE, scanner="x", rule_id=f"r{n}"))
        say(opened, TriageState.CONFIRMED, f"reason {n}")
    with counted(engine) as many:
        assert dossier(opened, 1, NOW) is not None
    assert len(few) == len(many) == 9
    assert found is not None
    assert found.match is not None
    assert (len(found.history), len(found.sightings), len(found.witnesses), len(found.suppressions)) == (1, 1, 2, 1)
    assert dossier(opened, 99, NOW) is None


def test_a_finding_that_was_edited_since_is_shown_without_its_suppression(opened: Session) -> None:
    dismiss(opened)
    add_presence(opened, 1, changed_at=NOW + DAY)
    found = dossier(opened, 1, NOW + 2 * DAY)
    assert found is not None
    assert (found.match, found.known.suppressed) == (None, False)


def test_a_suppression_by_rule_is_shown_with_the_finding(opened: Session) -> None:
    rule = accepted(scope=Scope.RULE, scanner="semgrep", rule_id="python.sql-injection")
    made = suppressions.create(opened, rule)
    # Bandit sees it as well.
    alone = dossier(opened, 1, NOW)
    assert alone is not None
    assert alone.match is None
    suppressions.create(opened, accepted(scope=Scope.RULE, scanner="bandit", rule_id="B608"))
    found = dossier(opened, 1, NOW)
    assert found is not None
    assert found.match is not None
    assert (found.match.suppression, found.suppressions) == (made, ())
