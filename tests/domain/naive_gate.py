"""
What the rules of a policy say about a finding, one rule after the other and condition by condition: the meaning that
``bot.domain.rule_index`` has to keep, written the way one would explain it.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from bot.domain.circumstances import Context, Facts
from bot.domain.globs import glob
from bot.domain.policy import Policy, PolicyRule
from bot.domain.rule_index import Match
from bot.domain.verdict import Effect, Presence
from scanners.finding import Finding, FindingKind


def match(policy: Policy, context: Context, finding: Finding, presence: Presence, facts: Facts) -> Match | None:
    """As ``RuleIndex.match``."""
    matching: list[tuple[str, Effect]] = []
    undecided: list[Effect] = []
    missing: set[str] = set()
    for effect, rules in policy.rulesets():
        for rule in rules:
            if not _holds(rule, context, finding, presence):
                continue
            answers = _facts(policy, rule, context, finding, presence, facts)
            if all(answer is True for answer in answers.values()):
                matching.append((rule.name, effect))
            elif all(answer is not False for answer in answers.values()):
                undecided.append(effect)
                missing |= {subject for subject, answer in answers.items() if answer is None}
    if (not matching and not undecided) or policy.ignored_because(finding.location.path) is not None:
        return None
    return Match(
        tuple(matching),
        undecided[0] if undecided else None,
        tuple(subject for subject in ("epss", "kev", "licence", "age") if subject in missing),
        policy.cap_on(finding),
    )


def _holds(rule: PolicyRule, context: Context, finding: Finding, presence: Presence) -> bool:
    ids = [seen.rule_id for seen in finding.attributions] or [finding.rule_id]
    if finding.dependency is not None:
        ids += finding.dependency.advisory_ids
    scanners = [seen.scanner for seen in finding.attributions] or [finding.scanner]
    fixable = finding.fix is not None or (finding.dependency is not None and finding.dependency.fixed_versions != ())
    labels = {label.casefold() for label in context.labels}
    return all(
        (
            finding.kind in rule.kinds,
            presence in rule.presences,
            finding.severity.rank >= rule.severity.rank,
            finding.confidence.rank >= rule.confidence.rank,
            not rule.cwes or rule.cwes & set(finding.cwes),
            not rule.rules or _any(rule.rules, ids),
            not rule.scanners or _any(rule.scanners, scanners),
            rule.fix_available is None or rule.fix_available == fixable,
            not rule.paths or any(glob(pattern).matches(finding.location.path) for pattern in rule.paths),
            not any(glob(pattern).matches(finding.location.path) for pattern in rule.exclude_paths),
            not rule.branches
            or context.target_branch == ""
            or any(fnmatchcase(context.target_branch, pattern) for pattern in rule.branches),
            not rule.labels or rule.labels & labels,
            rule.draft is None or rule.draft == context.draft,
        )
    )


def _facts(
    policy: Policy, rule: PolicyRule, context: Context, finding: Finding, presence: Presence, facts: Facts
) -> dict[str, bool | None]:
    """By subject whether the fact is as the rule asks; None where nobody knows."""
    answers: dict[str, bool | None] = {}
    package = finding.kind is FindingKind.DEPENDENCY
    if rule.epss is not None:
        answers["epss"] = False if not package else None if facts.epss is None else facts.epss >= rule.epss
    if rule.kev is not None:
        answers["kev"] = False if not package else None if facts.kev is None else facts.kev == rule.kev
    if rule.licences:
        answers["licence"] = rule.licences_match(facts) if package else False
    if rule.overdue:
        answers["age"] = _overdue(policy, context, finding, presence, facts)
    return answers


def _overdue(policy: Policy, context: Context, finding: Finding, presence: Presence, facts: Facts) -> bool | None:
    days = policy.sla.days(finding.severity)
    if days is None or (facts.first_seen is None and presence is Presence.NEW):
        return False
    if facts.first_seen is None or context.today is None:
        return None
    return (context.today - facts.first_seen).days > days


def _any(patterns: tuple[str, ...], words: list[str]) -> bool:
    return any(fnmatchcase(word.lower(), pattern.lower()) for word in words for pattern in patterns)
