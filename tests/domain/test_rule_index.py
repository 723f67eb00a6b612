"""Every condition of a rule, what an unknown fact means for it, and that the index means what the rules say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.circumstances import UNKNOWN, Context, Facts
from bot.domain.policy import Policy, PolicyRule, Sla
from bot.domain.rule_index import Match, RuleIndex
from bot.domain.verdict import Effect, Presence, TrackedFinding
from scanners.finding import Finding, FindingKind, Fix, Severity
from tests.domain import naive_gate
from tests.domain.builders import finding, package
from tests.domain.policies import CONTEXTS, FACTS, FINDINGS, ITEMS, POLICIES

TODAY = date(2026, 3, 1)
CODE = finding("src/a.py", cwes=(89, 564), also=[("semgrep", "python.sql.Injection")])
TWICE = finding(scanner="semgrep", rule="python.x", also=[("semgrep", "python.y")])
"""One scanner, two of its rules."""
LIBRARY = package("requests", "2.0", advisory="GHSA-9", aliases=("CVE-2021-1",))
assert LIBRARY.dependency is not None
FIXABLE = replace(LIBRARY, dependency=replace(LIBRARY.dependency, fixed_versions=("2.1",)))


def matched(
    rule: PolicyRule,
    found: Finding,
    facts: Facts = UNKNOWN,
    context: Context = Context(today=TODAY),  # noqa: B008
) -> Match | None:
    return RuleIndex(Policy(block=(rule,)), context).match(found, Presence.NEW, facts)


def says(rule: PolicyRule, found: Finding, facts: Facts = UNKNOWN) -> bool | str:
    """Whether the rule matches, or what it would have to know."""
    match = matched(rule, found, facts)
    if match is None:
        return False
    assert bool(match.rules) is not bool(match.missing)
    return True if match.rules else ", ".join(match.missing)


@pytest.mark.parametrize(
    ("rule", "found", "expected"),
    [
        (PolicyRule("r", cwes=frozenset({89})), CODE, True),
        (PolicyRule("r", cwes=frozenset({78, 79})), CODE, False),
        (PolicyRule("r", cwes=frozenset({89})), finding(), False),
        (PolicyRule("r", rules=("B602",)), CODE, True),
        (PolicyRule("r", rules=("python.sql.*",)), CODE, True),
        (PolicyRule("r", rules=("PYTHON.*INJECTION",)), CODE, True),
        (PolicyRule("r", rules=("python",)), CODE, False),
        (PolicyRule("r", rules=("CVE-2021-*",)), LIBRARY, True),
        (PolicyRule("r", rules=("GHSA-9",)), LIBRARY, True),
        (PolicyRule("r", rules=("GHSA-?", "X")), LIBRARY, True),
        (PolicyRule("r", rules=("python.x",)), TWICE, True),
        (PolicyRule("r", rules=("python.y",)), TWICE, True),
        (PolicyRule("r", scanners=("semgrep",)), CODE, True),
        (PolicyRule("r", scanners=("Bandit",)), CODE, True),
        (PolicyRule("r", scanners=("pip-audit",)), CODE, False),
        (PolicyRule("r", scanners=("semgrep",), rules=("B602",)), CODE, True),
        (PolicyRule("r", fix_available=True), FIXABLE, True),
        (PolicyRule("r", fix_available=True), LIBRARY, False),
        (PolicyRule("r", fix_available=False), LIBRARY, True),
        (PolicyRule("r", fix_available=False), FIXABLE, False),
        (PolicyRule("r", fix_available=True), finding(fix=Fix(1, 1, "x")), True),
        (PolicyRule("r", cwes=frozenset({89}), paths=("lib/",)), CODE, False),
    ],
)
def test_what_a_rule_asks_of_the_finding_itself(rule: PolicyRule, found: Finding, expected: bool) -> None:
    assert says(rule, found) is expected


@pytest.mark.parametrize(
    ("rule", "facts", "expected"),
    [
        (PolicyRule("r", epss=0.1), Facts(epss=0.1), True),
        (PolicyRule("r", epss=0.1), Facts(epss=0.0999), False),
        (PolicyRule("r", epss=0.0), Facts(epss=0.0), True),
        (PolicyRule("r", epss=0.1), UNKNOWN, "epss"),
        (PolicyRule("r", kev=True), Facts(kev=True), True),
        (PolicyRule("r", kev=True), Facts(kev=False), False),
        (PolicyRule("r", kev=True), UNKNOWN, "kev"),
        (PolicyRule("r", kev=False), Facts(kev=False), True),
        (PolicyRule("r", kev=False), Facts(kev=True), False),
        (PolicyRule("r", kev=False), UNKNOWN, "kev"),
        (PolicyRule("r", licences=("AGPL-*",)), Facts(licences=("agpl-3.0-only",)), True),
        (PolicyRule("r", licences=("AGPL-*",)), Facts(licences=("MIT",)), False),
        (PolicyRule("r", licences=("AGPL-*",)), Facts(licences=("MIT", "AGPL-3.0-only")), True),
        (PolicyRule("r", licences=("AGPL-*",)), Facts(licences=("MIT OR AGPL-3.0-only",)), False),
        (PolicyRule("r", licences=("AGPL-*",)), UNKNOWN, "licence"),
        (PolicyRule("r", licences=("AGPL-*",)), Facts(licences=()), "licence"),
        (PolicyRule("r", licences=("AGPL-*", "unknown")), UNKNOWN, True),
        (PolicyRule("r", licences=("unknown",)), Facts(licences=("MIT",)), False),
        (PolicyRule("r", epss=0.1, kev=True), UNKNOWN, "epss, kev"),
        # What is known rules it out, so that nothing is missing.
        (PolicyRule("r", epss=0.1, kev=True), Facts(kev=False), False),
        (PolicyRule("r", epss=0.1, kev=True), Facts(kev=True), "epss"),
        (PolicyRule("r", Severity.CRITICAL, epss=0.1), UNKNOWN, False),
    ],
)
def test_what_a_rule_asks_of_other_sources(rule: PolicyRule, facts: Facts, expected: bool | str) -> None:
    assert says(rule, LIBRARY, facts) == expected


@pytest.mark.parametrize(
    "rule", [PolicyRule("r", epss=0.0), PolicyRule("r", kev=False), PolicyRule("r", licences=("unknown",))]
)
def test_only_dependencies_have_licences_and_are_exploited(rule: PolicyRule) -> None:
    assert says(rule, CODE) is False
    assert says(rule, CODE, Facts(1.0, False, ("MIT",))) is False


@pytest.mark.parametrize(
    ("severity", "presence", "age", "expected"),
    [
        (Severity.CRITICAL, Presence.EXISTING, 7, False),
        (Severity.CRITICAL, Presence.EXISTING, 8, True),
        (Severity.LOW, Presence.EXISTING, 8, False),
        (Severity.INFO, Presence.EXISTING, 9_999, False),
        (Severity.HIGH, Presence.CHANGED, 31, True),
        (Severity.HIGH, Presence.NEW, 31, True),
        (Severity.HIGH, Presence.NEW, None, False),
        (Severity.HIGH, Presence.EXISTING, None, None),
    ],
)
def test_what_is_open_for_longer_than_it_should_be(
    severity: Severity, presence: Presence, age: int | None, expected: bool | None
) -> None:
    policy = Policy(block=(PolicyRule("r", presences=frozenset(Presence), overdue=True),), sla=Sla())
    seen = None if age is None else TODAY - timedelta(days=age)
    match = RuleIndex(policy, Context(today=TODAY)).match(finding(severity=severity), presence, Facts(first_seen=seen))
    assert (
        match
        == {
            True: Match((("r", Effect.BLOCK),), None, ()),
            False: None,
            None: Match((), Effect.BLOCK, ("age",)),
        }[expected]
    )


def test_without_a_date_nobody_knows_what_is_overdue() -> None:
    rule = PolicyRule("r", overdue=True)
    match = matched(rule, finding(), Facts(first_seen=date(2020, 1, 1)), Context())
    assert match == Match((), Effect.BLOCK, ("age",))


@pytest.mark.parametrize(
    ("rule", "context", "expected"),
    [
        (PolicyRule("r", branches=("main",)), Context("main"), True),
        (PolicyRule("r", branches=("main",)), Context("main/x"), False),
        (PolicyRule("r", branches=("main",)), Context("Main"), False),
        (PolicyRule("r", branches=("release/*", "*-stable")), Context("release/1/x"), True),
        (PolicyRule("r", branches=("release/*", "*-stable")), Context("15-stable"), True),
        # An unknown branch may be the one that is meant.
        (PolicyRule("r", branches=("main",)), Context(), True),
        (PolicyRule("r", labels=frozenset({"payments"})), Context(labels=frozenset({"x", "PayMents"})), True),
        (PolicyRule("r", labels=frozenset({"payments", "y"})), Context(labels=frozenset({"y"})), True),
        (PolicyRule("r", labels=frozenset({"payments"})), Context(), False),
        (PolicyRule("r", draft=True), Context(draft=True), True),
        (PolicyRule("r", draft=True), Context(), False),
        (PolicyRule("r", draft=False), Context(draft=True), False),
        (PolicyRule("r", draft=False), Context(), True),
    ],
)
def test_what_a_rule_asks_of_the_merge_request(rule: PolicyRule, context: Context, expected: bool) -> None:
    assert (matched(rule, CODE, context=context) is not None) is expected


def test_matching_rules_are_named_the_strongest_first_and_then_in_the_order_of_the_policy() -> None:
    policy = Policy(
        monitor=(PolicyRule("m"),),
        warn=(PolicyRule("w1"), PolicyRule("w2")),
        block=(PolicyRule("no", kinds=frozenset({FindingKind.SECRET})), PolicyRule("b")),
    )
    match = RuleIndex(policy, Context()).match(CODE, Presence.NEW, UNKNOWN)
    assert match is not None
    assert [name for name, _ in match.rules] == ["b", "w1", "w2", "m"]
    assert [effect for _, effect in match.rules] == [Effect.BLOCK, Effect.COMMENT, Effect.COMMENT, Effect.MONITOR]


@given(POLICIES, CONTEXTS, FINDINGS, st.sampled_from(Presence), FACTS)
def test_the_index_means_what_the_rules_say(
    policy: Policy, context: Context, found: Finding, presence: Presence, facts: Facts
) -> None:
    expected = naive_gate.match(policy, context, found, presence, facts)
    assert RuleIndex(policy, context).match(found, presence, facts) == expected


@given(POLICIES, CONTEXTS, ITEMS)
def test_findings_do_not_get_into_each_others_way(
    policy: Policy, context: Context, items: list[TrackedFinding]
) -> None:
    """The index remembers answers, and must not give one finding's to another."""
    index = RuleIndex(policy, context)
    for item in items * 2:
        facts = context.facts.get(item.finding.fingerprint, UNKNOWN)
        assert index.match(item.finding, item.presence, facts) == naive_gate.match(
            policy, context, item.finding, item.presence, facts
        )
