"""What the merge bot does next: it merges what is clear, and only that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import merge_texts
from bot.domain.merging import (
    LONGEST_HOLD,
    LONGEST_WAIT,
    MOST_ATTEMPTS,
    Asked,
    Cancel,
    Done,
    LastVerdict,
    Merge,
    Rebase,
    Refuse,
    Seen,
    Step,
    Wait,
    Wish,
    WishState,
    next_step,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEAD, OLD = "a" * 40, "b" * 40
WISH = Wish(1, 5, 7, "main", WishState.WAITING, "ada", 2, Asked.COMMAND, NOON, NOON)
SEEN = Seen("opened", HEAD, "main", status="mergeable")
CLEAR = LastVerdict(HEAD, "main", lets_through=True, cleared=True)


def step(
    seen: Seen = SEEN,
    verdict: LastVerdict | None = CLEAR,
    *,
    wish: Wish = WISH,
    rebases: bool = False,
    holder: int | None = None,
    now: datetime = NOON,
) -> Step:
    return next_step(wish, seen, verdict, rebases=rebases, holder=holder, now=now)


def test_what_is_clear_is_merged_at_exactly_the_judged_commit() -> None:
    assert step() == Merge(HEAD)
    assert step(replace(SEEN, status="")) == Merge(HEAD)


@pytest.mark.parametrize(
    "verdict",
    [
        None,
        replace(CLEAR, head_sha=OLD),
        replace(CLEAR, target_branch="release"),
        replace(CLEAR, head_sha=None),
        replace(CLEAR, draft=True),
    ],
)
def test_a_verdict_on_something_else_is_none(verdict: LastVerdict | None) -> None:
    assert step(verdict=verdict) == Wait(merge_texts.NO_VERDICT, passing=True)


def test_a_verdict_whose_clearance_was_withdrawn_is_none() -> None:
    withdrawn = replace(CLEAR, cleared=False)
    assert step(verdict=withdrawn) == Wait(merge_texts.NO_VERDICT, passing=True)
    assert step(BEHIND, withdrawn, rebases=True) == Wait(merge_texts.NO_VERDICT, passing=True)
    assert step(verdict=withdrawn, wish=REBASING) == Wait(merge_texts.REBASING, passing=True)
    # A verdict on a draft never clears anything.
    assert step(replace(SEEN, draft=True), replace(withdrawn, draft=True)) == Wait(merge_texts.DRAFT)


def test_what_the_gate_does_not_let_through_waits() -> None:
    assert step(verdict=replace(CLEAR, lets_through=False)) == Wait(merge_texts.NOT_CLEAR)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (replace(SEEN, draft=True), Wait(merge_texts.DRAFT)),
        (replace(SEEN, status="draft_status"), Wait(merge_texts.DRAFT)),
        (replace(SEEN, status="discussions_not_resolved"), Wait(merge_texts.THREADS)),
        (replace(SEEN, status="ci_must_pass"), Wait(merge_texts.PIPELINE)),
        (replace(SEEN, status="ci_still_running"), Wait(merge_texts.PIPELINE_RUNS, passing=True)),
        (replace(SEEN, status="checking"), Wait(merge_texts.CHECKING, passing=True, soon=True)),
        (replace(SEEN, status="not_approved"), Wait(merge_texts.STATUS.format(word="not_approved"))),
        (replace(SEEN, status="need_rebase"), Wait(merge_texts.STATUS.format(word="need_rebase"))),
        (replace(SEEN, status="@all <new>\n/close"), Wait(merge_texts.STATUS.format(word="allnewclose"))),
        (replace(SEEN, status="???"), Wait(merge_texts.STATUS.format(word="unknown"))),
        (replace(SEEN, status="conflict"), Refuse(merge_texts.CONFLICT)),
        (replace(SEEN, has_conflicts=True), Refuse(merge_texts.CONFLICT)),
        (replace(SEEN, state="locked"), Wait(merge_texts.MERGING, passing=True, soon=True)),
        (replace(SEEN, state="merged", merged_sha=OLD), Done(OLD)),
        (replace(SEEN, state="closed"), Cancel(merge_texts.CLOSED, silent=True)),
        (replace(SEEN, state="something new"), Cancel(merge_texts.CLOSED, silent=True)),
        (replace(SEEN, target_branch="release"), Cancel(merge_texts.RETARGETED)),
    ],
)
def test_each_state_has_its_step(seen: Seen, expected: Step) -> None:
    assert step(seen) == expected


def test_a_wish_ends_after_a_week() -> None:
    assert step(now=NOON + LONGEST_WAIT) == Merge(HEAD)
    late = step(now=NOON + LONGEST_WAIT + timedelta(seconds=1))
    assert late == Cancel(merge_texts.EXPIRED.format(count=7))


def test_a_label_is_a_wish_as_long_as_it_is_there() -> None:
    wish = replace(WISH, asked_how=Asked.LABEL, asked_by="merge-me")
    assert step(replace(SEEN, labels=frozenset({"merge-me", "other"})), wish=wish) == Merge(HEAD)
    assert step(replace(SEEN, labels=frozenset({"other"})), wish=wish) == Cancel(merge_texts.LABEL_GONE, silent=True)


@pytest.mark.parametrize("how", [Asked.LABEL, Asked.POLICY])
def test_what_goes_on_asking_is_not_refused(how: Asked) -> None:
    wish = replace(WISH, asked_how=how, asked_by="merge-me", attempts=MOST_ATTEMPTS)
    labelled = replace(SEEN, labels=frozenset({"merge-me"}))
    assert step(replace(labelled, status="conflict"), wish=wish) == Wait(merge_texts.CONFLICT)
    assert step(labelled, wish=wish) == Wait(merge_texts.TOO_OFTEN.format(count=MOST_ATTEMPTS))


def test_nothing_is_tried_for_ever() -> None:
    wish = replace(WISH, attempts=MOST_ATTEMPTS)
    assert step(wish=wish) == Refuse(merge_texts.TOO_OFTEN.format(count=MOST_ATTEMPTS))
    assert step(replace(SEEN, status="need_rebase"), wish=wish, rebases=True) == Refuse(
        merge_texts.TOO_OFTEN.format(count=MOST_ATTEMPTS)
    )


# --- rebase -----------------------------------------------------------------------------------------------------------

REBASING = replace(WISH, state=WishState.REBASING, attempts=1)
BEHIND = replace(SEEN, status="need_rebase")


def test_what_has_to_stand_upon_its_target_is_rebased() -> None:
    assert step(BEHIND, rebases=True) == Rebase()
    assert step(BEHIND, replace(CLEAR, lets_through=False), rebases=True) == Wait(merge_texts.NOT_CLEAR)


def test_what_is_being_rebased_is_waited_for_but_not_for_ever() -> None:
    running = replace(BEHIND, rebase_in_progress=True)
    assert step(running, wish=REBASING, rebases=True) == Wait(merge_texts.REBASING, passing=True, holds=True)
    new_head = replace(SEEN, sha=OLD)
    assert step(new_head, wish=REBASING, rebases=True) == Wait(merge_texts.REBASING, passing=True, holds=True)
    late = NOON + LONGEST_HOLD + timedelta(seconds=1)
    assert step(new_head, wish=REBASING, rebases=True, now=late) == Wait(merge_texts.REBASING, passing=True)


def test_others_wait_for_what_is_being_rebased() -> None:
    expected = Wait(merge_texts.BEHIND.format(count=3), passing=True)
    assert step(rebases=True, holder=3) == expected
    assert step(BEHIND, rebases=True, holder=3) == expected
    assert step(holder=3) == Merge(HEAD)


def test_a_rebase_that_failed_is_told_and_one_that_was_overtaken_is_done_again() -> None:
    failed = replace(BEHIND, merge_error="conflict in a.py")
    assert step(failed, wish=REBASING, rebases=True) == Refuse(merge_texts.NOT_REBASED.format(text="conflict in a.py"))
    assert step(BEHIND, wish=REBASING, rebases=True) == Rebase()
    # An error of something earlier says nothing about a rebase that we have not asked for.
    assert step(failed, rebases=True) == Rebase()


# --- for every merge request ------------------------------------------------------------------------------------------

_shas = st.sampled_from([None, HEAD, OLD])
_branches = st.sampled_from(["main", "release"])
_statuses = st.sampled_from(
    ["", "mergeable", "checking", "conflict", "need_rebase", "ci_must_pass", "discussions_not_resolved", "new one"]
)
_seen = st.builds(
    Seen,
    st.sampled_from(["opened", "closed", "merged", "locked"]),
    _shas,
    _branches,
    draft=st.booleans(),
    labels=st.frozensets(st.sampled_from(["merge-me", "x"])),
    status=_statuses,
    has_conflicts=st.booleans(),
    rebase_in_progress=st.booleans(),
    merge_error=st.sampled_from(["", "bad"]),
)
_verdicts = st.none() | st.builds(LastVerdict, _shas, _branches, st.booleans(), st.booleans())
_wishes = st.builds(
    Wish,
    st.just(1),
    st.just(5),
    st.just(7),
    _branches,
    st.sampled_from([WishState.WAITING, WishState.REBASING]),
    st.sampled_from(["merge-me", "ada"]),
    st.none(),
    st.sampled_from(Asked),
    st.just(NOON),
    st.just(NOON),
    attempts=st.integers(0, 12),
)


@given(_wishes, _seen, _verdicts, st.booleans(), st.none() | st.just(3), st.integers(0, 200))
def test_only_what_was_judged_and_let_through_is_ever_merged(
    wish: Wish, seen: Seen, verdict: LastVerdict | None, rebases: bool, holder: int | None, hours: int
) -> None:
    found = next_step(wish, seen, verdict, rebases=rebases, holder=holder, now=NOON + timedelta(hours=hours))
    if isinstance(found, (Merge, Rebase)):
        assert verdict is not None
        assert verdict.cleared
        assert (verdict.head_sha, verdict.target_branch, verdict.lets_through) == (seen.sha, seen.target_branch, True)
        assert seen.target_branch == wish.target_branch
        assert seen.state == "opened"
        assert not seen.draft
        assert wish.attempts < MOST_ATTEMPTS
    if isinstance(found, Merge):
        assert found.sha == seen.sha
    if isinstance(found, Refuse):
        assert wish.asked_how is Asked.COMMAND
