"""Filters, orders, and what the policy makes of a rule's mode."""

from __future__ import annotations

import pytest

from bot.domain.noise import RuleNoise
from bot.domain.policy import OwnMode, Policy, RuleMode
from bot.domain.rule_card import (
    ORDERS,
    RuleCard,
    RuleFilter,
    RuleRecord,
    RuleUse,
    UnknownRuleFilter,
    in_order,
    under,
)
from bot.domain.verdict import Effect
from rules.catalog import RuleText

WORDS = RuleText("t", "m", "r")
HASH = RuleCard("semgrep", "python-hash", WORDS, "low", "high", "monitor", "python", "weak-cryptography")
SQL = RuleCard("semgrep", "java-sql", WORDS, "critical", "high", "block", "java", "sql-injection")
SHELL = RuleCard("bandit", "B602", WORDS, "high", "low", "comment", "python", "command-injection")
CARDS = [SHELL, SQL, HASH]


def record(card: RuleCard, findings: int, comments: int = 0, false: int = 0, projects: int = 1) -> RuleRecord:
    use = RuleUse(card.scanner, card.rule_id, findings=findings, projects=projects)
    return RuleRecord(card, use, RuleNoise(card.scanner, card.rule_id, comments, false))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (RuleFilter(), CARDS),
        (RuleFilter(language="python"), [SHELL, HASH]),
        (RuleFilter(language="python", scanner="semgrep"), [HASH]),
        (RuleFilter(weakness="sql-injection"), [SQL]),
        (RuleFilter(severity="high"), [SHELL]),
        (RuleFilter(mode="block"), [SQL]),
        (RuleFilter(origin="organisation"), []),
    ],
)
def test_all_filters_have_to_hold(wanted: RuleFilter, expected: list[RuleCard]) -> None:
    assert [card for card in CARDS if wanted.checked(CARDS).accepts(card)] == expected


@pytest.mark.parametrize("name", ["language", "weakness", "scanner", "mode", "severity", "origin"])
def test_a_value_that_no_rule_has_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(UnknownRuleFilter, match=f"{name}: there is no 'x'; there are "):
        RuleFilter(**{name: "x"}).checked(CARDS)


def test_a_filter_by_mode_means_what_the_rule_may_do_here() -> None:
    policy = Policy(rule_modes=(RuleMode(Effect.MONITOR, ("java-*",), reason="trial"),))
    assert [c.rule_id for c in under(policy, CARDS) if RuleFilter(mode="monitor").accepts(c)] == ["java-sql"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(), "block"),
        (Policy(own_modes=(OwnMode(Effect.COMMENT, "bandit", frozenset({"B602"})),)), "comment"),
        (Policy(own_modes=(OwnMode(Effect.COMMENT, "semgrep", frozenset({"B602"})),)), "block"),
        (
            Policy(
                own_modes=(OwnMode(Effect.COMMENT, "bandit", frozenset({"B602"})),),
                rule_modes=(RuleMode(Effect.BLOCK, ("B6*",), reason="sure"),),
            ),
            "block",
        ),
        (
            Policy(
                rule_modes=(
                    RuleMode(Effect.COMMENT, ("B6*",), reason="a"),
                    RuleMode(Effect.MONITOR, ("B602",), reason="b"),
                )
            ),
            "monitor",
        ),
    ],
)
def test_the_mode_in_force_is_the_policys_word_and_else_the_rules(policy: Policy, expected: str) -> None:
    assert under(policy, [SHELL])[0].mode_here == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("rule", ["B602", "java-sql", "python-hash"]),
        ("severity", ["java-sql", "B602", "python-hash"]),
        ("mode", ["java-sql", "B602", "python-hash"]),
        ("findings", ["python-hash", "B602", "java-sql"]),
        ("projects", ["java-sql", "B602", "python-hash"]),
        ("rate", ["python-hash", "B602", "java-sql"]),
    ],
)
def test_lists_can_be_sorted(order: str, expected: list[str]) -> None:
    # Two of two are a worse rate than sixty of a hundred, and say less.
    records = [record(SQL, 1, projects=3), record(HASH, 9, 100, 60), record(SHELL, 5, 2, 2)]
    assert [one.card.rule_id for one in in_order(records, order)] == expected
    assert order in ORDERS


def test_an_unknown_order_is_refused() -> None:
    with pytest.raises(UnknownRuleFilter, match="sort: there is no 'age'"):
        in_order([], "age")
