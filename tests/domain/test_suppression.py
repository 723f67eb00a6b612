"""Suppressions: what they cover, who may make them, and which somebody should look at."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.policy import SecondPerson, SuppressionRules
from bot.domain.suppression import (
    Match,
    Scope,
    Standing,
    Suppression,
    SuppressionError,
    Suppressions,
    approve,
    explanation_of,
    requested,
    review,
    revoke,
)
from bot.domain.triage import Justification, TriageError
from bot.domain.verdict import Presence, Suppressed, TrackedFinding
from bot.reports.sentences import parse, translate
from bot.texts import Language, translations
from scanners.finding import Finding, FindingKind, Severity
from tests.domain.builders import finding, package
from tests.sentences import assert_translatable

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
RULES = SuppressionRules()


def suppression(number: int = 1, **more: Any) -> Suppression:
    made = Suppression(
        id=number,
        project_id=5,
        scope=Scope.FINDING,
        justification=Justification.ACCEPTABLE_RISK,
        reason="behind the firewall",
        created_by="alice",
        created_at=NOW - DAY,
        expires_at=NOW + 30 * DAY,
    )
    return replace(made, **more)


def by_finding(number: int = 1, **more: Any) -> Suppression:
    return suppression(number, **{"finding_id": 812, "code": "c0de", **more})


def by_rule(number: int = 1, **more: Any) -> Suppression:
    return suppression(number, scope=Scope.RULE, **{"scanner": "bandit", "rule_id": "B602", **more})


def by_advisory(number: int = 1, **more: Any) -> Suppression:
    return suppression(number, scope=Scope.ADVISORY, **{"advisory": "GHSA-1", **more})


def matched(
    item: Finding,
    *items: Suppression,
    number: int | None = 812,
    changed_at: datetime | None = None,
    now: datetime = NOW,
) -> int | None:
    """Number of the suppression that the finding falls under."""
    tracked = TrackedFinding(item, Presence.NEW, number=number)
    match = Suppressions(items, now).match(tracked, changed_at=changed_at)
    return None if match is None else match.suppression.id


# --- one finding ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "code", "changed_at", "covered"),
    [
        (812, "c0de", None, True),
        (812, "c0de", NOW - 2 * DAY, True),
        (812, "c0de", NOW - DAY, True),
        (812, "c0de", NOW - DAY + timedelta(microseconds=1), False),
        (812, "other", None, False),
        (812, "", None, False),
        (813, "c0de", None, False),
        (None, "c0de", None, False),
    ],
)
def test_a_finding_stays_accepted_until_it_is_edited(
    number: int | None, code: str, changed_at: datetime | None, covered: bool
) -> None:
    item = finding(code=code)
    assert matched(item, by_finding(), number=number, changed_at=changed_at) == (1 if covered else None)


def test_an_accepted_secret_is_the_one_that_was_judged_and_no_later_one() -> None:
    """The hash of both is the same, since it leaves the secret out."""
    secret = finding(code="c0de", kind=FindingKind.SECRET)
    swapped = NOW - 2 * DAY
    assert matched(secret, by_finding()) == 1
    assert matched(secret, by_finding(), changed_at=swapped) is None
    assert matched(secret, by_finding(code_edited_at=swapped), changed_at=swapped) == 1
    assert matched(secret, by_finding(code_edited_at=swapped)) is None


def test_an_acceptance_survives_a_new_recipe_of_hashes() -> None:
    item = replace(finding(code="by mw2"), earlier_hashes=(("mw0", "x"), ("mw1", "c0de")))
    assert matched(item, by_finding()) == 1
    assert matched(replace(item, earlier_hashes=(("mw1", ""),)), by_finding(code="")) is None


def test_a_finding_without_known_code_is_told_by_its_number_alone() -> None:
    assert matched(package(), by_finding(code="")) == 1


# --- rules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "pattern", "covered"),
    [
        (finding("src/app.py"), "", True),
        (finding("src/app.py"), "src/", True),
        (finding("src/app.py"), "*.py", True),
        (finding("src/app.py"), "tests/", False),
        (finding("src/app.py", rule="B101"), "", False),
        (finding("src/app.py", scanner="semgrep"), "", False),
        (finding("src/app.py", scanner="bandit", rule="B602", also=[("bandit", "B602")]), "src/", True),
    ],
)
def test_a_rule_is_suppressed_where_its_pattern_says(item: Finding, pattern: str, covered: bool) -> None:
    assert matched(item, by_rule(path=pattern), number=None) == (1 if covered else None)


def test_a_rule_covers_nothing_that_another_rule_sees_as_well() -> None:
    # A report that is imported may say of any line that its own rule, for which there is an exception, was meant.
    ours = finding(rule="py.exec", scanner="semgrep", cwes=(78,), also=[("bandit", "B602")])
    assert Suppressions([by_rule()], NOW).match(TrackedFinding(ours, Presence.NEW), changed_at=None) is None
    both = [by_rule(1), by_rule(2, scanner="semgrep", rule_id="py.exec", expires_at=NOW + DAY)]
    match = Suppressions(both, NOW).match(TrackedFinding(ours, Presence.NEW), changed_at=None)
    assert match is not None
    assert match.suppression.id == 1


def test_a_rule_is_suppressed_whatever_was_edited() -> None:
    assert matched(finding(), by_rule(), changed_at=NOW) == 1


def test_a_pattern_that_cannot_be_read_covers_nothing() -> None:
    assert matched(finding(), by_rule(path="!app.py")) is None


# --- advisories -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("advisory", "wanted", "covered"),
    [
        ("GHSA-1", "", True),
        ("ghsa-1", "", True),
        ("cve-2024-1", "", True),
        ("CVE-2024-2", "", False),
        ("CVE-2024-1", "my-package", True),
        ("CVE-2024-1", "My_Package", True),
        ("CVE-2024-1", "package", False),
    ],
)
def test_an_advisory_is_suppressed_by_any_of_its_names(advisory: str, wanted: str, covered: bool) -> None:
    item = package("my-package", advisory="GHSA-1", aliases=("CVE-2024-1",))
    assert matched(item, by_advisory(advisory=advisory, package=wanted)) == (1 if covered else None)


def test_only_pypi_takes_a_dot_for_a_dash() -> None:
    item = package("a.b", ecosystem="Maven")
    assert matched(item, by_advisory(package="A.B")) == 1
    assert matched(item, by_advisory(package="a-b")) is None


def test_an_advisory_covers_no_code() -> None:
    assert matched(finding(rule="GHSA-1"), by_advisory()) is None


# --- which wins -------------------------------------------------------------------------------------------------------


def test_only_what_is_in_force_has_an_effect() -> None:
    for change in (
        {"expires_at": NOW},
        {"revoked_at": NOW - DAY, "revoked_by": "bob"},
        {"needs_approval": True},
    ):
        assert matched(finding(code="c0de"), by_finding(**change)) is None, change
    approved = by_finding(needs_approval=True, approved_at=NOW - DAY, approved_by="bob")
    assert matched(finding(code="c0de"), approved) == 1
    assert matched(finding(code="c0de"), approved, now=approved.expires_at) is None


def test_the_most_specific_wins_and_then_the_one_that_lasts_longest() -> None:
    item = finding(code="c0de")
    whole = by_rule(1, expires_at=NOW + 300 * DAY)
    narrow = by_rule(2, path="*.py", expires_at=NOW + 2 * DAY)
    longer = by_rule(3, path="app.py", expires_at=NOW + 3 * DAY)
    alone = by_finding(4, expires_at=NOW + DAY)
    everywhere = by_rule(5, project_id=None, path="*.py", expires_at=NOW + 200 * DAY)
    assert matched(item, whole, narrow, longer, everywhere, alone) == 4
    assert matched(item, whole, narrow, longer, everywhere) == 3
    assert matched(item, whole, narrow, everywhere) == 2
    assert matched(item, whole, everywhere) == 5
    assert matched(item, whole) == 1


@given(st.permutations([by_rule(n, expires_at=NOW + (1 + n % 3) * DAY, path="*.py"[: n % 2 * 4]) for n in range(6)]))
def test_the_order_in_which_they_come_does_not_matter(items: list[Suppression]) -> None:
    assert matched(finding(), *items) == 5


def test_a_thousand_findings_meet_ten_thousand_suppressions_in_no_time() -> None:
    items = [by_finding(n, finding_id=n, code=f"c{n}") for n in range(4000)]
    items += [by_rule(n, rule_id=f"B{n % 500}", path=f"src/{n}/") for n in range(4000, 8000)]
    items += [by_advisory(n, advisory=f"CVE-{n}") for n in range(8000, 10_000)]
    findings = [
        TrackedFinding(finding(f"src/{n}/a.py", rule=f"B{n % 500}", code=f"c{n}"), Presence.NEW, number=n)
        for n in range(1000)
    ]
    started = time.perf_counter()
    suppressions = Suppressions(items, NOW)
    found = [suppressions.match(tracked, changed_at=None) for tracked in findings]
    assert time.perf_counter() - started < 2
    assert all(match is not None for match in found)


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("justification", list(Justification))
def test_an_explanation_says_whose_it_is_why_and_until_when(justification: Justification) -> None:
    words = explanation_of(by_finding(justification=justification, approved_by="bob"))
    assert words.endswith("by alice + bob until 2026-06-03: behind the firewall")
    assert_translatable(words)
    chinese = translate(words, translations(Language.CHINESE).gettext)
    assert "alice + bob" in chinese
    assert "2026-06-03" in chinese
    assert "until" not in chinese


@given(st.text(min_size=1, max_size=2000), st.text(min_size=1, max_size=200))
def test_every_explanation_is_one_line_that_can_be_translated(reason: str, actor: str) -> None:
    try:
        made = request(reason=reason, actor=actor)
    except (SuppressionError, TriageError):
        return
    words = explanation_of(made)
    assert "\n" not in words
    found = parse(words)
    assert found is not None
    assert len(words) < 700


def test_a_match_tells_the_gate_what_it_needs() -> None:
    match = Match(by_finding(7), "why")
    assert match.suppressed("f1") == Suppressed("f1", 7, "why")


# --- making, approving, ending ----------------------------------------------------------------------------------------


def request(**more: Any) -> Suppression:
    values: dict[str, Any] = {
        "project_id": 5,
        "scope": Scope.RULE,
        "justification": Justification.FALSE_POSITIVE,
        "reason": "the input is a constant",
        "actor": "alice",
        "now": NOW,
        "expires_at": NOW + 30 * DAY,
        "rules": RULES,
        "scanner": "bandit",
        "rule_id": "B602",
    }
    return requested(**{**values, **more})


def test_a_request_is_in_force_at_once_where_nobody_else_is_needed() -> None:
    made = request(path="tests/")
    assert made.standing(NOW) is Standing.IN_FORCE
    assert (made.id, made.created_by, made.created_at, made.path) == (0, "alice", NOW, "tests/")


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"reason": " "}, "needs a reason"),
        ({"expires_at": None}, "needs an end"),
        ({"expires_at": NOW}, "would have ended already"),
        ({"expires_at": NOW + 366 * DAY}, "may last 365 days"),
        ({"rule_id": ""}, "names a scanner and its rule"),
        ({"scanner": " "}, "names a scanner and its rule"),
        ({"path": "!x"}, "the path cannot be used"),
        ({"rule_id": "a\nb"}, "the rule is not one line"),
        ({"rule_id": "x" * 301}, "the rule is not one line"),
        ({"scope": Scope.ADVISORY}, "names an advisory"),
        ({"scope": Scope.FINDING, "finding_id": 1, "project_id": None}, "names a finding"),
    ],
)
def test_a_request_that_lacks_something_is_refused_with_what_is_needed(change: dict[str, Any], wrong: str) -> None:
    with pytest.raises(SuppressionError, match=wrong) as caught:
        request(**change)
    assert caught.value.hint


def test_the_last_allowed_day_can_be_used_to_its_end() -> None:
    rules = SuppressionRules(longest_days=10)
    assert request(rules=rules, expires_at=datetime(2026, 5, 14, 23, 59, 59, tzinfo=UTC))
    with pytest.raises(SuppressionError, match="may last 10 days"):
        request(rules=rules, expires_at=datetime(2026, 5, 15, tzinfo=UTC))


@pytest.mark.parametrize(
    ("wanted", "severity", "waits"),
    [
        (SecondPerson.NEVER, Severity.CRITICAL, False),
        (SecondPerson.NEVER, None, False),
        (SecondPerson.HIGH, Severity.MEDIUM, False),
        (SecondPerson.HIGH, Severity.HIGH, True),
        (SecondPerson.HIGH, Severity.CRITICAL, True),
        (SecondPerson.HIGH, None, True),
        (SecondPerson.LOW, Severity.INFO, False),
        (SecondPerson.ALWAYS, Severity.INFO, True),
    ],
)
def test_the_policy_says_when_a_second_person_is_needed(
    wanted: SecondPerson, severity: Severity | None, waits: bool
) -> None:
    made = request(rules=SuppressionRules(second_person=wanted), severity=severity)
    assert made.standing(NOW) is (Standing.WAITING if waits else Standing.IN_FORCE)


def test_a_second_person_puts_it_in_force() -> None:
    waiting = by_rule(needs_approval=True)
    approved = approve(waiting, actor="bob", now=NOW)
    assert approved == replace(waiting, approved_by="bob", approved_at=NOW)
    assert approved.standing(NOW) is Standing.IN_FORCE


@pytest.mark.parametrize(
    ("change", "actor", "wrong"),
    [
        ({}, "alice", "cannot approve it as well"),
        ({}, " ALICE ", "cannot approve it as well"),
        ({"needs_approval": False}, "bob", "needs no approval"),
        ({"approved_by": "carol", "approved_at": NOW}, "bob", "was approved already, by carol"),
        ({"revoked_by": "carol", "revoked_at": NOW}, "bob", "was revoked by carol"),
        ({"expires_at": NOW}, "bob", "ended 2026-05-04"),
    ],
)
def test_an_approval_that_is_none_is_refused(change: dict[str, Any], actor: str, wrong: str) -> None:
    with pytest.raises(SuppressionError, match=wrong) as caught:
        approve(by_rule(**{"needs_approval": True, **change}), actor=actor, now=NOW)
    assert caught.value.hint


def test_what_stands_can_be_revoked_once_by_anybody() -> None:
    revoked = revoke(by_rule(needs_approval=True), actor="alice", now=NOW)
    assert (revoked.standing(NOW), revoked.revoked_by) == (Standing.REVOKED, "alice")
    with pytest.raises(SuppressionError, match="was revoked by alice"):
        revoke(revoked, actor="bob", now=NOW)
    with pytest.raises(SuppressionError, match="ended"):
        revoke(by_rule(expires_at=NOW), actor="bob", now=NOW)


# --- looking back -----------------------------------------------------------------------------------------------------


def test_a_review_sorts_out_what_somebody_should_look_at() -> None:
    old = {"created_at": NOW - 100 * DAY}
    items = [
        by_rule(1, needs_approval=True, created_at=NOW - 3 * DAY),
        by_rule(2, needs_approval=True, created_at=NOW - 9 * DAY),
        by_rule(3, expires_at=NOW + 14 * DAY),
        by_rule(4, expires_at=NOW + 15 * DAY),
        by_rule(5, expires_at=NOW + DAY, **old),
        by_rule(6, expires_at=NOW - DAY),
        by_rule(7, expires_at=NOW),
        by_rule(8, **old, last_used_at=NOW - 89 * DAY),
        by_rule(9, **old, last_used_at=NOW - 91 * DAY),
        by_rule(10, **old, needs_approval=True, approved_at=NOW - DAY, approved_by="bob"),
        by_rule(11, **old, revoked_at=NOW, revoked_by="bob"),
    ]
    found = review(items, NOW, soon=14 * DAY, unused_for=90 * DAY)
    assert [item.id for item in found.waiting] == [2, 1]
    assert [item.id for item in found.expiring] == [5, 3]
    assert [item.id for item in found.expired] == [7, 6]
    assert [item.id for item in found.unused] == [5, 9]


@given(st.lists(st.integers(-200, 200), max_size=8), st.integers(0, 400), st.integers(0, 400))
def test_a_review_loses_nothing_that_waits_or_has_ended(ends: list[int], soon: int, unused: int) -> None:
    items = [by_rule(n, expires_at=NOW + end * DAY, needs_approval=end % 2 == 0) for n, end in enumerate(ends)]
    found = review(items, NOW, soon=soon * DAY, unused_for=unused * DAY)
    assert len(found.expired) == sum(end <= 0 for end in ends)
    assert len(found.waiting) == sum(end > 0 and end % 2 == 0 for end in ends)
    assert {*found.expiring, *found.unused} <= {item for item in items if item.standing(NOW) is Standing.IN_FORCE}
