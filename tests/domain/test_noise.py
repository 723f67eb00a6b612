"""Which rules are noisy: surely, and not by chance."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.noise import RuleNoise, is_demoted, rule_modes_yaml, to_demote, together
from bot.domain.policy import NoiseRules, Policy, RuleMode
from bot.domain.policy_file import load_policy
from bot.domain.verdict import Effect

POLICY = "version: 1\nblock: []\nrequired_scanners: []\n"
LIMITS = NoiseRules(least_comments=20, false_positive_percent=40)


def rule(comments: int, false: int, name: str = "python.sql", scanner: str = "semgrep") -> RuleNoise:
    return RuleNoise(scanner, name, comments, false)


@pytest.mark.parametrize(
    ("comments", "false", "at_least"),
    [(0, 0, 0.0), (10, 0, 0.0), (1, 1, 0.2065), (10, 10, 0.7225), (100, 50, 0.4038), (20, 13, 0.4329), (5, 4, 0.3755)],
)
def test_the_lower_end_is_that_of_wilsons_interval(comments: int, false: int, at_least: float) -> None:
    """Reckoned apart, with the formula of the literature."""
    assert rule(comments, false).at_least == pytest.approx(at_least, abs=5e-5)


@pytest.mark.parametrize(
    ("comments", "false", "demoted"),
    [
        pytest.param(19, 19, False, id="too few comments, however false"),
        pytest.param(20, 13, True, id="surely more than 40 per cent"),
        pytest.param(20, 12, False, id="60 per cent, perhaps by chance"),
        pytest.param(1_000, 440, True, id="44 per cent of many"),
        pytest.param(1_000, 420, False, id="42 per cent of many"),
        pytest.param(500, 0, False, id="never false"),
    ],
)
def test_a_rule_is_to_be_demoted_when_it_is_surely_false_too_often(comments: int, false: int, demoted: bool) -> None:
    assert bool(to_demote([rule(comments, false)], LIMITS)) is demoted


def test_with_a_limit_of_zero_every_rule_with_enough_comments_goes() -> None:
    assert to_demote([rule(20, 0)], NoiseRules(20, 0)) == (rule(20, 0),)


@given(st.integers(0, 500).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_the_lower_end_is_never_above_the_rate(numbers: tuple[int, int]) -> None:
    found = rule(*numbers)
    assert 0.0 <= found.at_least <= found.rate <= 1.0 or found.at_least == pytest.approx(found.rate)


@given(st.integers(1, 200), st.integers(1, 5))
def test_more_comments_of_the_same_rate_say_more(n: int, times: int) -> None:
    assert rule(2 * n * times, n * times).at_least >= rule(2 * n, n).at_least - 1e-12


def test_more_cannot_be_false_than_there_are() -> None:
    with pytest.raises(ValueError, match="more were false"):
        rule(1, 2)


def test_projects_add_up() -> None:
    found = together([[rule(10, 3), rule(5, 5, "other")], [rule(10, 8)]])
    assert found == (rule(5, 5, "other"), rule(20, 11))


def test_the_worst_comes_first() -> None:
    assert to_demote([rule(100, 60, "b"), rule(100, 90, "a")], LIMITS) == (rule(100, 90, "a"), rule(100, 60, "b"))


def snippet(*rules: RuleNoise) -> list[dict[str, Any]]:
    return list(yaml.safe_load(rule_modes_yaml(rules))["rule_modes"] or [])


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=40).filter(
    lambda name: bool(name.strip()) and name.isprintable()
)


@given(NAMES, NAMES)
def test_the_snippet_is_a_policy_that_demotes_this_rule(name: str, scanner: str) -> None:
    noisy = rule(30, 30, name, scanner)
    document = load_policy(f"{POLICY}{rule_modes_yaml([noisy])}", "policy.yml")
    assert is_demoted(noisy, document.policy)
    other = rule(30, 30, f"{name}x", scanner)
    assert not is_demoted(other, document.policy)


def test_a_name_like_a_pattern_means_itself() -> None:
    assert snippet(rule(30, 30, "a*[b]?\\c"))[0]["rules"] == ["a[*][[]b][?]\\\\c"]


def test_a_name_that_no_pattern_can_have_is_said_to_be_one() -> None:
    text = rule_modes_yaml([rule(30, 30, "x" * 400), rule(30, 30, "line\nend"), rule(30, 30, "fine")])
    assert text.count("cannot be named in a policy") == 2
    assert [entry["rules"] for entry in yaml.safe_load(text)["rule_modes"]] == [["fine"]]


def test_nothing_to_propose_is_nothing() -> None:
    assert rule_modes_yaml([]) == ""
    assert yaml.safe_load(rule_modes_yaml([rule(30, 30, "x" * 400)])) is None


def test_what_the_policy_lets_only_watch_needs_no_proposal() -> None:
    watched = Policy(rule_modes=(RuleMode(Effect.MONITOR, rules=("python.*",), reason="trial"),))
    commented = Policy(rule_modes=(RuleMode(Effect.COMMENT, rules=("python.*",), reason="trial"),))
    assert is_demoted(rule(1, 1), watched)
    assert not is_demoted(rule(1, 1), commented)
    assert not is_demoted(rule(1, 1), Policy())
