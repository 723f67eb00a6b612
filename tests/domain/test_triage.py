"""Judgements: what may follow what, and what has to be said with it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.triage import (
    LONGEST_REASON,
    SYSTEM,
    Judgement,
    Justification,
    TriageError,
    TriageEvent,
    TriageState,
    cleaned_reason,
    judge,
    reopened,
)

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
DETECTED = Judgement()


def said(
    before: Judgement = DETECTED,
    state: TriageState = TriageState.CONFIRMED,
    justification: Justification | None = None,
    reason: str = "looked at it",
    actor: str = "alice",
    *,
    renewal: bool = False,
) -> TriageEvent:
    return judge(
        before,
        state=state,
        justification=justification,
        reason=reason,
        actor=actor,
        at=NOW,
        finding_id=812,
        source="cli",
        renewal=renewal,
    )


def dismissed(reason: str = "only in tests") -> Judgement:
    return said(DETECTED, TriageState.DISMISSED, Justification.USED_IN_TESTS, reason).judgement


@pytest.mark.parametrize("justification", list(Justification))
def test_a_dismissal_says_why_by_whom_and_when(justification: Justification) -> None:
    event = said(DETECTED, TriageState.DISMISSED, justification, "  only\n in\ttests ")
    assert event == TriageEvent(
        812, NOW, "alice", TriageState.DETECTED, TriageState.DISMISSED, justification, "only in tests", "cli"
    )
    assert event.judgement == Judgement(TriageState.DISMISSED, justification, "only in tests", "alice", NOW)


@pytest.mark.parametrize(
    ("state", "justification", "reason", "wrong"),
    [
        (TriageState.DISMISSED, None, "because", "needs a justification"),
        (TriageState.DISMISSED, Justification.FALSE_POSITIVE, " \u200b\n", "dismissed needs a reason"),
        (TriageState.RESOLVED, None, "", "resolved needs a reason"),
        (TriageState.CONFIRMED, Justification.FALSE_POSITIVE, "because", "a justification is for dismissing"),
        (TriageState.DETECTED, None, "because", "is detected already"),
        (TriageState.CONFIRMED, None, "x" * (LONGEST_REASON + 1), "may have 2000 characters, this has 2001"),
        (TriageState.CONFIRMED, None, "x" * 1_000_000, "may have 2000 characters"),
    ],
)
def test_what_lacks_something_is_refused_with_what_is_needed(
    state: TriageState, justification: Justification | None, reason: str, wrong: str
) -> None:
    with pytest.raises(TriageError, match=wrong) as caught:
        said(DETECTED, state, justification, reason)
    assert caught.value.hint


def test_a_confirmation_needs_no_reason() -> None:
    assert said(reason="").reason == ""


@pytest.mark.parametrize("actor", ["", " \n", SYSTEM, " MergeWarden ", "x" * 201])
def test_nobody_speaks_as_nobody_or_as_the_program(actor: str) -> None:
    with pytest.raises(TriageError):
        said(actor=actor)


def test_saying_the_same_again_is_an_error_unless_its_effect_has_ended() -> None:
    before = dismissed()
    with pytest.raises(TriageError, match="is dismissed already, for the same reason"):
        said(before, TriageState.DISMISSED, Justification.USED_IN_TESTS, "only in  tests")
    assert said(before, TriageState.DISMISSED, Justification.USED_IN_TESTS, "only in tests", renewal=True)
    assert said(before, TriageState.DISMISSED, Justification.USED_IN_TESTS, "and in samples")
    assert said(before, TriageState.DISMISSED, Justification.FALSE_POSITIVE, "only in tests")


@pytest.mark.parametrize("before", [dismissed(), said().judgement, said(state=TriageState.RESOLVED).judgement])
def test_every_word_can_be_taken_back_with_a_reason(before: Judgement) -> None:
    event = said(before, TriageState.DETECTED, None, "was mistaken", "bob")
    assert (event.before, event.after) == (before.state, TriageState.DETECTED)
    assert event.judgement == Judgement(TriageState.DETECTED, None, "was mistaken", "bob", NOW)
    with pytest.raises(TriageError, match="needs a reason"):
        said(before, TriageState.DETECTED, None, "")


@given(
    st.sampled_from(TriageState), st.none() | st.sampled_from(Justification), st.text(max_size=50), st.text(max_size=9)
)
def test_every_event_is_complete_or_refused(
    state: TriageState, justification: Justification | None, reason: str, actor: str
) -> None:
    try:
        event = said(dismissed(), state, justification, reason, actor)
    except TriageError:
        return
    assert event.actor
    assert event.reason or event.after is TriageState.CONFIRMED
    assert (event.justification is not None) == (event.after is TriageState.DISMISSED)
    assert "\n" not in event.reason + event.actor


@given(st.text(max_size=3 * LONGEST_REASON))
def test_a_reason_is_one_line_and_cleaning_it_twice_changes_nothing(text: str) -> None:
    try:
        line = cleaned_reason(text)
    except TriageError:
        return
    assert len(line) <= LONGEST_REASON
    assert line == " ".join(line.split()) == cleaned_reason(line)


def test_a_resolved_finding_that_is_seen_again_is_open_again() -> None:
    before = said(state=TriageState.RESOLVED).judgement
    event = reopened(before, NOW, 812, "line map: was 57, now 63")
    assert event is not None
    assert (event.actor, event.source, event.before, event.after) == (
        SYSTEM,
        "scan",
        TriageState.RESOLVED,
        TriageState.DETECTED,
    )
    assert event.reason == "line map: was 57, now 63"


@pytest.mark.parametrize("before", [DETECTED, dismissed(), said().judgement])
def test_any_other_word_stands_however_often_a_scan_sees_the_finding(before: Judgement) -> None:
    assert reopened(before, NOW, 812, "new file") is None
