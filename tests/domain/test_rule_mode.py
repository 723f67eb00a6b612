"""What rules say of themselves becomes part of the policy, without a say where nobody asked them."""

from __future__ import annotations

from bot.domain.policy import OwnMode, Policy, PolicyDocument, PolicyRule
from bot.domain.rule_mode import own_modes, with_own_modes
from bot.domain.verdict import Effect

KNOWN = {
    "semgrep": {"a": "monitor", "b": "comment", "c": "block", "d": "monitor"},
    "bandit": {"B1": "comment"},
    "suppressions": {"nosec": "comment"},
}
CAPS = (
    OwnMode(Effect.COMMENT, "bandit", frozenset({"B1"})),
    OwnMode(Effect.MONITOR, "semgrep", frozenset({"a", "d"})),
    OwnMode(Effect.COMMENT, "semgrep", frozenset({"b"})),
)


def test_modes_become_caps_in_one_order() -> None:
    assert own_modes(KNOWN) == CAPS
    assert own_modes(dict(reversed(KNOWN.items()))) == CAPS


def test_a_rule_that_may_block_is_not_capped_and_a_comment_in_code_is_for_the_policy_alone() -> None:
    assert own_modes({"semgrep": {"c": "block"}, "suppressions": {"nosec": "monitor"}}) == ()


def test_every_projects_policy_has_them() -> None:
    document = PolicyDocument("p.yml", Policy(block=(PolicyRule("severe"),)))
    given = with_own_modes(document, CAPS).for_project("shop/backend")
    assert (given.own_modes, given.block) == (CAPS, document.policy.block)
