"""
How noisy a scanner rule is, and which rules to demote because of it. Pure.

A rate from few comments says little: three of four may be chance. So a rule is judged by the lower end of what its
rate may really be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from bot.domain.globs import problem_with_word
from bot.domain.policy import NoiseRules, Policy
from bot.domain.verdict import Effect

_Z = 1.959963984540054
"""Of the normal distribution, for 95 per cent."""


@dataclass(frozen=True, slots=True)
class RuleNoise:
    """How many findings of a rule had a discussion, and how many of them were called false."""

    scanner: str
    rule_id: str
    comments: int
    false_positives: int

    def __post_init__(self) -> None:
        if not 0 <= self.false_positives <= self.comments:
            raise ValueError("more were false than there were comments")

    @property
    def rate(self) -> float:
        """The share that was called false, 0 to 1."""
        return self.false_positives / self.comments if self.comments else 0.0

    @property
    def at_least(self) -> float:
        """
        The least that the rate may be for all we know (with 97.5 per cent certainty): the lower end of Wilson's score
        interval. https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
        """
        n = self.comments
        if n == 0 or self.false_positives == 0:
            return 0.0
        centre = self.rate + _Z * _Z / (2 * n)
        spread = _Z * sqrt(self.rate * (1 - self.rate) / n + _Z * _Z / (4 * n * n))
        return max(0.0, (centre - spread) / (1 + _Z * _Z / n))

    def order(self) -> tuple[float, int, str, str]:
        """The worst first, as a sort key."""
        return -self.at_least, -self.comments, self.scanner, self.rule_id


def together(projects: Iterable[Sequence[RuleNoise]]) -> tuple[RuleNoise, ...]:
    """The rules of several projects as those of all: a finding belongs to one project, so their numbers add up."""
    sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for rules in projects:
        for rule in rules:
            total = sums[rule.scanner, rule.rule_id]
            total[0] += rule.comments
            total[1] += rule.false_positives
    found = (RuleNoise(scanner, rule, comments, false) for (scanner, rule), (comments, false) in sums.items())
    return tuple(sorted(found, key=RuleNoise.order))


def to_demote(noise: Iterable[RuleNoise], limits: NoiseRules) -> tuple[RuleNoise, ...]:
    """Those that had enough comments, and of which too many were surely false; the worst first."""
    found = (
        rule
        for rule in noise
        if rule.comments >= limits.least_comments and 100 * rule.at_least >= limits.false_positive_percent
    )
    return tuple(sorted(found, key=RuleNoise.order))


def is_demoted(rule: RuleNoise, policy: Policy) -> bool:
    """Whether the policy lets the rule only watch already."""
    return any(mode.mode is Effect.MONITOR and mode.covers(rule.scanner, (rule.rule_id,)) for mode in policy.rule_modes)


def rule_modes_yaml(rules: Sequence[RuleNoise]) -> str:
    """
    What to write into a policy so that these rules only watch: YAML, with a comment for a rule whose name no pattern
    can have. Empty for no rules.
    """
    comments: list[str] = []
    modes: list[str] = []
    for rule in rules:
        name, scanner = _pattern(rule.rule_id), _pattern(rule.scanner)
        if problem_with_word(name) or problem_with_word(scanner):
            comments.append(f"# {_quoted(rule.rule_id)} of {_quoted(rule.scanner)} cannot be named in a policy")
            continue
        modes += [
            f"  - rules: [{_quoted(name)}]",
            f"    scanners: [{_quoted(scanner)}]",
            f"    mode: {Effect.MONITOR.value}",
            f"    reason: {_quoted(reason_of(rule))}",
        ]
    return "".join(f"{line}\n" for line in (*comments, *(["rule_modes:"] if modes else []), *modes))


def reason_of(rule: RuleNoise) -> str:
    """Why it is proposed, on one line."""
    return f"{rule.false_positives} of {rule.comments} findings with a comment were called false"


def _pattern(name: str) -> str:
    """A pattern that means this very word."""
    return "".join(
        f"[{character}]" if character in "*?[" else _BACKSLASH.get(character, character) for character in name
    )


_BACKSLASH = {"\\": "\\\\"}


def _quoted(text: str) -> str:
    """A double-quoted YAML text. https://yaml.org/spec/1.2.2/#double-quoted-style"""
    shown = (
        f"\\{character}"
        if character in _QUOTED
        else character
        if character.isprintable()
        else f"\\U{ord(character):08X}"
        for character in text
    )
    return f'"{"".join(shown)}"'


_QUOTED = '"\\'
