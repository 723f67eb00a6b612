"""
A policy's rules, arranged so that judging a finding costs about the same with three rules or three hundred.

Each rule is one bit. Each property of a finding (its severity, a CWE, an id, a fact) has a mask of the rules that are
content with it, which is worked out once for all findings that share it; the rules that match are the bits that all
masks have.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from bot.domain.circumstances import Context, Facts
from bot.domain.globs import GlobSets, has_wildcards, word_pattern
from bot.domain.licence import objectionable
from bot.domain.policy import Policy
from bot.domain.policy_rule import UNKNOWN_LICENCE, own_cap
from bot.domain.verdict import Effect, Presence
from scanners.finding import Attribution, Confidence, Finding, FindingKind, Severity

EPSS: Final = "epss"
KEV: Final = "kev"
LICENCE: Final = "licence"
AGE: Final = "age"
"""What a rule can ask for that the finding itself does not say."""


class Match(NamedTuple):
    """What the rules say about one finding."""

    rules: tuple[tuple[str, Effect], ...]
    """Names of the rules that match and what they would do, the strongest first, then in the order of the policy."""
    undecided: Effect | None
    """The strongest of the rules that would match if what is not known were as they ask; None without any."""
    missing: tuple[str, ...]
    """What would have to be known for that."""
    cap: Effect = Effect.BLOCK
    """What the finding can do at most, see ``Policy.cap_on``."""


@dataclass(slots=True)
class _Seen:
    """What the scanner rules of a finding mean, for all findings that have the same."""

    rules: int
    cap: Effect


class RuleIndex:
    """The rules that are in force under some circumstances."""

    def __init__(self, policy: Policy, context: Context) -> None:
        self._policy = policy
        self._today = context.today
        self._days = {severity: policy.sla.days(severity) for severity in Severity}
        named = [(rule, effect) for effect, rules in policy.rulesets() for rule in rules if rule.applies(context)]
        self._said = [(rule.name, effect) for rule, effect in named]
        rules = self._rules = [rule for rule, _ in named]

        # By identity: an enum's members are looked up five times for each finding, and hash in Python.
        self._kinds = {id(kind): _bits(kind in rule.kinds for rule in rules) for kind in FindingKind}
        self._presences = {id(one): _bits(one in rule.presences for rule in rules) for one in Presence}
        self._severities = _at_least(Severity, [rule.severity for rule in rules])
        self._confidences = _at_least(Confidence, [rule.confidence for rule in rules])
        self._fixed = _bits(rule.fix_available is not False for rule in rules)
        self._unfixed = _bits(rule.fix_available is not True for rule in rules)
        self._any_cwe = _bits(not rule.cwes for rule in rules)
        self._cwes: dict[int, int] = {}
        for number, rule in enumerate(rules):
            for cwe in rule.cwes:
                self._cwes[cwe] = self._cwes.get(cwe, 0) | 1 << number
        self._ids = _Words([rule.rules for rule in rules])
        self._scanners = _Words([rule.scanners for rule in rules])
        self._anywhere = _bits(not rule.paths for rule in rules)
        self._paths = GlobSets(
            [
                [ignored.pattern for ignored in policy.ignore_paths],
                *(rule.paths for rule in rules),
                *(rule.exclude_paths for rule in rules),
            ]
        )
        self._licence_names = _Words([rule.licences for rule in rules])

        modes = policy.rule_modes
        self._mode_ids = _Words([mode.rules for mode in modes])
        self._mode_scanners = _Words([mode.scanners for mode in modes])
        self._watching = _bits(mode.mode is Effect.MONITOR for mode in modes)
        self._commenting = _bits(mode.mode is Effect.COMMENT for mode in modes)

        every = (1 << len(rules)) - 1
        self._epss = _bits(rule.epss is not None for rule in rules)
        self._kev = _bits(rule.kev is not None for rule in rules)
        self._licence = _bits(bool(rule.licences) for rule in rules)
        self._age = _bits(rule.overdue for rule in rules)
        self._with_facts = self._epss | self._kev | self._licence | self._age
        self._no_epss, self._no_kev = every & ~self._epss, every & ~self._kev
        self._no_licence, self._no_age = every & ~self._licence, every & ~self._age
        self._every = every
        self._kev_is = {known: _bits(rule.kev is known for rule in rules) for known in (True, False)}
        self._levels = sorted({rule.epss for rule in rules if rule.epss is not None})
        self._at_level = [
            _bits(rule.epss is not None and rule.epss <= level for rule in rules) for level in self._levels
        ]

        # What was worked out for one finding holds for the others that have it. Plain dictionaries: a ``cache`` around
        # a method would keep the index until somebody looks for cycles.
        self._places: dict[PurePosixPath, int] = {}
        self._seen: dict[object, _Seen] = {}
        self._licences: dict[tuple[str, ...], tuple[int, int]] = {}
        self._names: dict[int, tuple[tuple[str, Effect], ...]] = {}

    def match(self, finding: Finding, presence: Presence, facts: Facts) -> Match | None:
        """What the rules say about a finding; None where no rule matches or could, or where its path does not count."""
        dependency = finding.dependency
        left = (
            self._kinds[id(finding.kind)]
            & self._severities[id(finding.severity)]
            & self._confidences[id(finding.confidence)]
            & self._presences[id(presence)]
            & (self._fixed if finding.fix or (dependency and dependency.fixed_versions) else self._unfixed)
        )
        if not left:
            return None
        cwes = self._any_cwe
        for cwe in finding.cwes:
            cwes |= self._cwes.get(cwe, 0)
        left &= cwes
        if not left:
            return None
        key = (
            finding.scanner,
            finding.rule_id,
            finding.attributions,
            dependency.advisory_ids if dependency is not None else (),
        )
        seen = self._seen.get(key)
        if seen is None:
            seen = self._seen[key] = self._of_scanner_rules(*key)
        left &= seen.rules
        if not left:
            return None
        path = finding.location.path
        place = self._places.get(path)
        if place is None:
            place = self._places[path] = self._of_place(path)
        left &= place
        satisfied = self._every
        unknown: list[tuple[str, int]] = []
        if left & self._with_facts:
            satisfied, open_ = self._by_facts(finding, presence, facts, unknown)
            left &= open_
        if not left:
            return None
        undecided = left & ~satisfied
        if not undecided:
            return Match(self._of_mask(left), None, (), seen.cap)
        missing = tuple(subject for subject, mask in unknown if mask & undecided)
        return Match(self._of_mask(left & satisfied), self._of_mask(undecided)[0][1], missing, seen.cap)

    def _of_mask(self, mask: int) -> tuple[tuple[str, Effect], ...]:
        names = self._names.get(mask)
        if names is None:
            names = tuple(said for number, said in enumerate(self._said) if mask >> number & 1)
            self._names[mask] = names
        return names

    def _of_place(self, path: PurePosixPath) -> int:
        """The rules that look at a path; none where findings do not count."""
        covering = self._paths.matching(path)
        if covering & 1:
            return 0
        return (self._anywhere | covering >> 1) & ~(covering >> 1 + len(self._rules)) & self._every

    def _of_scanner_rules(
        self, scanner: str, rule: str, attributions: tuple[Attribution, ...], also: tuple[str, ...]
    ) -> _Seen:
        scanners = 0
        ids = self._ids.of_any(also)
        capped = self._policy.rule_modes or self._policy.own_modes
        cap = Effect.MONITOR if capped else Effect.BLOCK
        for one in attributions or (Attribution(scanner, "", rule),):
            scanners |= self._scanners.of(one.scanner)
            ids |= self._ids.of(one.rule_id)
            if cap is not Effect.BLOCK:
                # As ``policy_rule.cap_of``: the strongest of what those who saw it may do.
                named = self._mode_ids.of(one.rule_id) | self._mode_ids.of_any(also)
                modes = self._mode_scanners.of(one.scanner) & named
                own = own_cap(self._policy.own_modes, one.scanner, one.rule_id)
                word = self._word(modes) if modes else own
                cap = word if word.rank > cap.rank else cap
        return _Seen(scanners & ids, cap)

    def _word(self, modes: int) -> Effect:
        """What these modes of the policy say: the lowest of them."""
        if modes & self._watching:
            return Effect.MONITOR
        return Effect.COMMENT if modes & self._commenting else Effect.BLOCK

    def _by_facts(
        self, finding: Finding, presence: Presence, facts: Facts, unknown: list[tuple[str, int]]
    ) -> tuple[int, int]:
        """
        The rules that are content with what is known, and those that are or may be; into ``unknown`` go the latter by
        what they would have to know.
        """
        epss, kev, licence, age = self._no_epss, self._no_kev, self._no_licence, self._no_age
        open_ = self._every
        # Only a package has these, so that a rule that asks for them means no other finding, and nothing is missing.
        if finding.kind is FindingKind.DEPENDENCY:
            if facts.epss is None:
                unknown.append((EPSS, self._epss))
            else:
                level = bisect_right(self._levels, facts.epss)
                if level:
                    epss |= self._at_level[level - 1]
                open_ &= epss
            if facts.kev is None:
                unknown.append((KEV, self._kev))
            else:
                kev |= self._kev_is[facts.kev]
                open_ &= kev
            if self._licence:
                sure, unsure = self._of_licences(facts.licences or ())
                licence |= sure
                open_ &= licence | unsure
                unknown.append((LICENCE, unsure))
        else:
            open_ &= epss & kev & licence
        if self._age:
            overdue = self._overdue(finding, presence, facts)
            if overdue is None:
                unknown.append((AGE, self._age))
            else:
                if overdue:
                    age |= self._age
                open_ &= age
        return epss & kev & licence & age, open_

    def _of_licences(self, licences: tuple[str, ...]) -> tuple[int, int]:
        """The rules that mean a package with these licences, and those that would have to know them."""
        known = self._licences.get(licences)
        if known is None:
            if licences:
                sure = 0
                for licence in licences:
                    sure |= objectionable(licence, self._licence_names.of)
                known = sure & self._licence, 0
            else:
                sure = self._licence_names.of(UNKNOWN_LICENCE) & self._licence
                known = sure, self._licence & ~sure
            self._licences[licences] = known
        return known

    def _overdue(self, finding: Finding, presence: Presence, facts: Facts) -> bool | None:
        """Whether the finding is open for longer than it should be; None where nobody can say."""
        days = self._days[finding.severity]
        if days is None:
            return False
        if facts.first_seen is None:
            return False if presence is Presence.NEW else None
        return None if self._today is None else (self._today - facts.first_seen).days > days


class _Words:
    """For each rule patterns of which a word has to match one; a rule without patterns is content with every word."""

    def __init__(self, patterns: Sequence[tuple[str, ...]]) -> None:
        self._free = _bits(not listed for listed in patterns)
        asking: dict[str, int] = {}
        for number, listed in enumerate(patterns):
            for pattern in listed:
                asking[pattern] = asking.get(pattern, 0) | 1 << number
        # Ids are mostly written out; only what has wildcards is tried one by one.
        self._literal: dict[str, int] = {}
        self._patterns: list[tuple[re.Pattern[str], int]] = []
        for pattern, rules in asking.items():
            if has_wildcards(pattern):
                self._patterns.append((word_pattern(pattern, fold=True), rules))
            else:
                folded = pattern.casefold()
                self._literal[folded] = self._literal.get(folded, 0) | rules
        self._known: dict[str, int] = {}

    def of(self, word: str) -> int:
        """The rules that are content with this word."""
        known = self._known.get(word)
        if known is None:
            folded = word.casefold()
            known = self._free | self._literal.get(folded, 0)
            for pattern, rules in self._patterns:
                if rules & ~known and pattern.match(folded) is not None:
                    known |= rules
            self._known[word] = known
        return known

    def of_any(self, words: Iterable[str]) -> int:
        """The rules that are content with one of these words, where there are any."""
        content = 0
        for word in words:
            content |= self.of(word)
        return content


def _at_least(kind: type[Severity] | type[Confidence], wanted: Sequence[Severity | Confidence]) -> dict[int, int]:
    """By member's identity the rules that want no more than this."""
    order = {member: rank for rank, member in enumerate(kind)}
    ranks = [order[member] for member in wanted]
    return {id(member): _bits(rank <= own for rank in ranks) for member, own in order.items()}


def _bits(values: Iterable[bool]) -> int:
    mask = 0
    for number, value in enumerate(values):
        if value:
            mask |= 1 << number
    return mask
