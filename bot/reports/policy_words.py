"""
A policy rule in the words of the policy file, which whoever wrote it knows in any language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bot.domain.circumstances import UNKNOWN, Context
from bot.domain.policy import Policy
from bot.domain.policy_rule import BROUGHT, WEAKNESSES, PolicyRule, aliases, sightings
from bot.domain.verdict import Effect, TrackedFinding
from bot.reports.visible import one_line
from scanners.finding import Confidence, Finding, Severity

_LONGEST = 200


class Condition(NamedTuple):
    """One condition of a rule, and what it met."""

    key: str
    """As in the policy file."""
    asked: str
    found: str
    """Empty where no finding is at hand."""


def conditions(
    rule: PolicyRule, item: TrackedFinding | None = None, context: Context | None = None
) -> tuple[Condition, ...]:
    """What the rule asks for, with what ``item`` has to show for it. Empty for a rule that asks for nothing."""
    return tuple(
        Condition(key, one_line(asked, _LONGEST), one_line(found, _LONGEST))
        for key, asked, found in _conditions(rule, item, context or Context())
    )


def rule_of(policy: Policy, name: str, effect: Effect) -> tuple[PolicyRule, Effect] | None:
    """
    The rule with this name and what it is for. A rule may have less effect than it is for, and never more.

    Where several lists have one of that name, the weakest that could have had this effect.
    """
    found = [(rule, meant) for meant, rules in policy.rulesets() for rule in rules if rule.name == name]
    enough = [(rule, meant) for rule, meant in found if meant.rank >= effect.rank]
    return min(enough, key=lambda pair: pair[1].rank, default=None)


def _conditions(rule: PolicyRule, item: TrackedFinding | None, context: Context) -> Iterator[tuple[str, str, str]]:
    finding = None if item is None else item.finding
    facts = UNKNOWN if finding is None else context.facts.get(finding.fingerprint, UNKNOWN)

    def shown(value: object) -> str:
        return "" if finding is None else _word(value)

    if rule.kinds != WEAKNESSES:
        yield "kinds", _listed(kind.value for kind in rule.kinds), shown(finding and finding.kind.value)
    if rule.severity is not Severity.INFO:
        yield "severity", rule.severity.value, shown(finding and finding.severity.value)
    if rule.confidence is not Confidence.LOW:
        yield "confidence", rule.confidence.value, shown(finding and finding.confidence.value)
    if rule.presences != BROUGHT:
        yield "presence", _listed(one.value for one in rule.presences), shown(item and item.presence.value)
    if rule.cwes:
        wanted = ", ".join(f"CWE-{number}" for number in sorted(rule.cwes))
        yield "cwes", wanted, shown(finding and ", ".join(f"CWE-{number}" for number in finding.cwes))
    if rule.rules:
        yield "rules", ", ".join(rule.rules), shown(finding and _listed(_ids(finding)))
    if rule.scanners:
        yield "scanners", ", ".join(rule.scanners), shown(finding and _listed(name for name, _ in sightings(finding)))
    for key, patterns in (("paths", rule.paths), ("exclude_paths", rule.exclude_paths)):
        if patterns:
            yield key, ", ".join(patterns), shown(finding and str(finding.location.path))
    if rule.fix_available is not None:
        yield "fix_available", _word(rule.fix_available), shown(finding and _has_fix(finding))
    if rule.epss is not None:
        yield "epss", _word(rule.epss), shown(facts.epss)
    if rule.kev is not None:
        yield "kev", _word(rule.kev), shown(facts.kev)
    if rule.licences:
        yield "licences", ", ".join(rule.licences), shown(", ".join(facts.licences or ()) or None)
    if rule.overdue:
        yield "overdue", "true", shown(facts.first_seen and f"{facts.first_seen.isoformat()} - {context.today}")
    if rule.branches:
        yield "branches", ", ".join(rule.branches), shown(context.target_branch or None)
    if rule.labels:
        yield "labels", _listed(rule.labels), shown(_listed(context.labels))
    if rule.draft is not None:
        yield "draft", _word(rule.draft), shown(context.draft)


def _ids(finding: Finding) -> Iterator[str]:
    for _, rule in sightings(finding):
        yield rule
    yield from aliases(finding)


def _has_fix(finding: Finding) -> bool:
    return finding.fix is not None or (finding.dependency is not None and bool(finding.dependency.fixed_versions))


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(set(words)))


def _word(value: object) -> str:
    if value is None:
        return "?"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
