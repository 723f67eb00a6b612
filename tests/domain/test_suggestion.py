"""A suggestion is offered only where it cannot take anything else along."""

from __future__ import annotations

import pytest

from bot.domain.change import ChangeKind
from bot.domain.suggestion import suggestable
from bot.domain.verdict import Presence
from scanners.finding import Confidence, Fix
from tests.domain.builders import change, finding, tracked

ADDED_LINES = [change((9, 0, 10, 5))]
FIX = Fix(11, 11, "safe()")


@pytest.mark.parametrize("presence", [Presence.NEW, Presence.CHANGED])
def test_certain_fix_alone_on_added_lines_is_offered(presence: Presence) -> None:
    assert suggestable([tracked(finding(line=11, fix=FIX, fingerprint="f"), presence)], ADDED_LINES) == {"f"}


@pytest.mark.parametrize("presence", [Presence.EXISTING, Presence.FIXED])
def test_finding_that_the_change_did_not_bring_gets_none(presence: Presence) -> None:
    assert not suggestable([tracked(finding(line=11, fix=FIX, fingerprint="f"), presence)], ADDED_LINES)


@pytest.mark.parametrize(
    "fix",
    [
        None,
        pytest.param(Fix(9, 11, "x"), id="begins before the added lines"),
        pytest.param(Fix(11, 15, "x"), id="ends after the added lines"),
        pytest.param(Fix(13, 13, "x"), id="elsewhere than the finding"),
        pytest.param(Fix(12, 11, "x"), id="not a range"),
        pytest.param(Fix(0, 11, "x"), id="begins at line 0"),
    ],
)
def test_fix_that_does_not_fit_the_added_lines_is_not_offered(fix: Fix | None) -> None:
    assert not suggestable([tracked(finding(line=11, fix=fix, fingerprint="f"))], ADDED_LINES)


def test_unsure_rule_gets_none() -> None:
    unsure = tracked(finding(line=11, fix=FIX, fingerprint="f", confidence=Confidence.LOW))
    assert not suggestable([unsure], ADDED_LINES)
    assert suggestable([unsure], ADDED_LINES, confidence=Confidence.LOW) == {"f"}


@pytest.mark.parametrize(
    ("lines", "presence", "offered"),
    [
        ((11, 11), Presence.NEW, False),
        ((10, 12), Presence.CHANGED, False),
        ((12, 12), Presence.NEW, True),
        ((11, 11), Presence.FIXED, True),
    ],
)
def test_fix_whose_lines_another_finding_touches_is_withheld(
    lines: tuple[int, int], presence: Presence, offered: bool
) -> None:
    other = tracked(finding("app.py", *lines, rule="B101", fingerprint="other"), presence)
    assert suggestable([tracked(finding(line=11, fix=FIX, fingerprint="f")), other], ADDED_LINES) == (
        {"f"} if offered else set()
    )


def test_fixes_that_overlap_are_both_withheld() -> None:
    both = [
        tracked(finding(line=11, fix=Fix(11, 12, "a"), fingerprint="f")),
        tracked(finding(line=13, fix=Fix(12, 13, "b"), fingerprint="g")),
    ]
    assert not suggestable(both, ADDED_LINES)


def test_findings_that_share_a_fingerprint_get_none() -> None:
    twins = [tracked(finding(line=n, fix=Fix(n, n, "x"), fingerprint="f")) for n in (10, 13)]
    assert not suggestable(twins, ADDED_LINES)


def test_every_line_of_an_added_file_is_new() -> None:
    added = [change(old=None, kind=ChangeKind.ADDED)]
    assert suggestable([tracked(finding(line=11, fix=FIX, fingerprint="f"))], added) == {"f"}


def test_file_without_line_map_or_outside_the_change_gets_none() -> None:
    item = tracked(finding(line=11, fix=FIX, fingerprint="f"))
    assert not suggestable([item], [change(binary=True)])
    assert not suggestable([item], [change((9, 0, 10, 5), old="b.py", new="b.py")])
