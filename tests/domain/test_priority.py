"""What comes first, and what a finding waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.known import Whereabouts
from bot.domain.policy import Sla
from bot.domain.priority import (
    LARGEST_SCORE,
    Exposure,
    Factor,
    Factors,
    Standing,
    due_at,
    explain,
    next_change,
    score,
    standing_of,
)
from bot.domain.triage import TriageState
from scanners.finding import Confidence, Severity

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAIN = Factors(Severity.MEDIUM, Confidence.MEDIUM, Whereabouts.DEFAULT_BRANCH)

FACTORS = st.builds(
    Factors,
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    whereabouts=st.sampled_from(Whereabouts),
    known_exploited=st.sampled_from([None, False, True]),
    epss=st.none() | st.floats(0, 1),
    fix_available=st.booleans(),
    exposure=st.sampled_from(Exposure),
    due_at=st.none() | st.timedeltas(timedelta(days=-400), timedelta(days=400)).map(lambda d: NOW + d),
    now=st.sampled_from([None, NOW]),
)


@given(FACTORS)
def test_the_parts_add_up_and_each_factor_is_told_once(factors: Factors) -> None:
    parts = explain(factors)
    assert [part.factor for part in parts] == list(Factor)
    assert sum(part.points for part in parts) == score(factors)
    assert 0 <= score(factors) <= LARGEST_SCORE


@given(FACTORS)
def test_worse_is_never_less_urgent(factors: Factors) -> None:
    worse = [
        replace(factors, severity=Severity.CRITICAL),
        replace(factors, confidence=Confidence.HIGH),
        replace(factors, whereabouts=Whereabouts.DEFAULT_BRANCH),
        replace(factors, known_exploited=True),
        replace(factors, epss=1.0),
        replace(factors, fix_available=True),
        replace(factors, exposure=Exposure.INTERNET),
        replace(factors, due_at=NOW - timedelta(days=1), now=NOW),
    ]
    assert all(score(one) >= score(factors) for one in worse)


def test_known_exploitation_outweighs_two_steps_of_severity() -> None:
    attacked = replace(PLAIN, known_exploited=True)
    assert score(attacked) > score(replace(PLAIN, severity=Severity.CRITICAL))


def test_what_nobody_knows_is_said_and_is_not_taken_for_good() -> None:
    words = {part.factor: part.word for part in explain(PLAIN)}
    assert words[Factor.KNOWN_EXPLOITED] == words[Factor.EPSS] == words[Factor.EXPOSURE] == "unknown"
    assert score(PLAIN) > score(replace(PLAIN, exposure=Exposure.INTERNAL))


@pytest.mark.parametrize(
    ("left", "word"),
    [
        (timedelta(seconds=-1), "overdue"),
        (timedelta(0), "overdue"),
        (timedelta(hours=47), "within_2_days"),
        (timedelta(days=7), "within_7_days"),
        (timedelta(days=29), "within_30_days"),
        (timedelta(days=31), "later"),
    ],
)
def test_the_time_left_is_told_in_steps(left: timedelta, word: str) -> None:
    parts = explain(replace(PLAIN, due_at=NOW + left, now=NOW))
    assert next(part.word for part in parts if part.factor is Factor.TIME_LEFT) == word


@given(FACTORS)
def test_until_the_next_change_the_score_stays(factors: Factors) -> None:
    then = next_change(factors.due_at, NOW)
    if factors.due_at is None or then is None:
        late = replace(factors, now=NOW + timedelta(days=1000))
        assert score(late) == score(replace(factors, now=NOW))
        return
    assert then > NOW
    assert score(replace(factors, now=then - timedelta(microseconds=1))) == score(replace(factors, now=NOW))
    assert score(replace(factors, now=then)) > score(replace(factors, now=NOW))


def test_a_finding_is_due_when_the_gate_calls_it_overdue() -> None:
    # The gate counts whole days between two dates: overdue with more than seven.
    due = due_at(NOW, Severity.CRITICAL, Sla(critical=7))
    assert due == datetime(2026, 3, 9, tzinfo=UTC)
    assert (due.date() - NOW.date()).days > 7
    assert ((due - timedelta(seconds=1)).date() - NOW.date()).days == 7
    assert due_at(NOW, Severity.INFO, Sla()) is None


def standing(state: TriageState = TriageState.DETECTED, **more: bool) -> Standing:
    flags = {"suppressed": False, "requested": False, **more}
    return standing_of(state=state, whereabouts=Whereabouts.ELSEWHERE, **flags)


def test_what_a_finding_waits_for() -> None:
    assert standing() is Standing.UNDECIDED
    assert standing(TriageState.CONFIRMED) is Standing.CONFIRMED
    assert standing(TriageState.RESOLVED) is Standing.CLOSED
    assert standing(TriageState.DISMISSED, suppressed=True) is Standing.CLOSED
    assert standing(TriageState.DISMISSED, requested=True) is Standing.REQUESTED
    assert standing(requested=True, snoozed=True) is Standing.REQUESTED
    assert standing(snoozed=True) is Standing.SNOOZED


def test_a_dismissal_that_covers_nothing_any_more_waits_for_a_decision() -> None:
    assert standing(TriageState.DISMISSED) is Standing.UNDECIDED
    assert standing(TriageState.DISMISSED, requested=True, changed=True) is Standing.UNDECIDED


def test_what_is_seen_nowhere_waits_for_nothing() -> None:
    for state in TriageState:
        nowhere = standing_of(state=state, whereabouts=Whereabouts.NOWHERE, suppressed=False, requested=True)
        assert nowhere is Standing.CLOSED
