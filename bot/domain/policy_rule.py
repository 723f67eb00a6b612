"""
One rule of a policy: which findings it means. And what caps the effect of scanner rules that are still on trial.

``bot.domain.rule_index`` finds the rules that match a finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.circumstances import Context, Facts
from bot.domain.globs import any_word_matches
from bot.domain.licence import objectionable
from bot.domain.verdict import Effect, Presence
from scanners.finding import Confidence, Finding, FindingKind, Severity

WEAKNESSES = frozenset(FindingKind) - {FindingKind.SUPPRESSION}
"""What a rule looks at unless it names kinds: a rule about severe weaknesses does not mean comments."""

BROUGHT = frozenset({Presence.NEW, Presence.CHANGED})
"""What a rule looks at unless it names presences: what the change brings."""

UNKNOWN_LICENCE = "unknown"
"""The pattern for a package of whose licence nothing is known."""


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """Findings that the policy means: all conditions must hold, and what is left out is not asked."""

    name: str
    severity: Severity = Severity.INFO
    """This bad or worse."""
    confidence: Confidence = Confidence.LOW
    """This certain or more."""
    kinds: frozenset[FindingKind] = WEAKNESSES
    paths: tuple[str, ...] = ()
    """Patterns as in ``.gitignore``; empty for every path."""
    exclude_paths: tuple[str, ...] = ()
    presences: frozenset[Presence] = BROUGHT
    cwes: frozenset[int] = frozenset()
    """Any of these; empty for every weakness."""
    rules: tuple[str, ...] = ()
    """Patterns for ids of scanner rules and advisories, of any scanner that saw the finding; empty for every rule."""
    scanners: tuple[str, ...] = ()
    """Patterns for names of scanners, any of those that saw it; empty for every scanner."""
    fix_available: bool | None = None
    """Whether a version or a replacement is known that mends it; None: not asked."""
    epss: float | None = None
    """This likely to be exploited or more; only dependencies have it. None: not asked."""
    kev: bool | None = None
    """Whether it is known to be exploited; only dependencies are. None: not asked."""
    licences: tuple[str, ...] = ()
    """Patterns for licences of the package; only dependencies have them. Empty: not asked."""
    overdue: bool = False
    """Only what is open for longer than the policy's ``sla`` allows."""
    branches: tuple[str, ...] = ()
    """Patterns for the target branch; empty for every branch."""
    labels: frozenset[str] = frozenset()
    """Any of these, in lower case, on the merge request; empty: not asked."""
    draft: bool | None = None
    """Whether the merge request is a draft; None: not asked."""

    def applies(self, context: Context) -> bool:
        """Whether the rule is in force under these circumstances, whatever the findings are."""
        return (
            # An unknown branch may be the one that is meant.
            (not self.branches or not context.target_branch or any_word_matches(self.branches, context.target_branch))
            and (not self.labels or any(label.casefold() in self.labels for label in context.labels))
            and self.draft in (None, context.draft)
        )

    def licences_match(self, facts: Facts) -> bool | None:
        """Whether the package's licences are meant; None where they would have to be known."""
        if not facts.licences:
            return True if any_word_matches(self.licences, UNKNOWN_LICENCE, fold=True) else None
        return any(
            objectionable(licence, lambda name: any_word_matches(self.licences, name, fold=True))
            for licence in facts.licences
        )


@dataclass(frozen=True, slots=True)
class RuleMode:
    """What findings of some scanner rules can do at most, so that new rules can be tried and good ones promoted."""

    mode: Effect
    """``BLOCK`` caps nothing: it takes the place of the rules' own modes."""
    rules: tuple[str, ...] = ()
    """Patterns for ids of scanner rules; empty for every rule."""
    scanners: tuple[str, ...] = ()
    """Patterns for names of scanners; empty for every scanner."""
    reason: str = ""

    def __post_init__(self) -> None:
        if not self.rules and not self.scanners:
            raise ValueError("a cap has to name rules or scanners")

    def covers(self, scanner: str, ids: tuple[str, ...]) -> bool:
        """Whether what this scanner says under one of these ids is meant."""
        return (not self.scanners or any_word_matches(self.scanners, scanner, fold=True)) and (
            not self.rules or any(any_word_matches(self.rules, name, fold=True) for name in ids)
        )


@dataclass(frozen=True, slots=True)
class OwnMode:
    """What findings of some scanner rules can do at most by the word of whoever wrote the rules."""

    mode: Effect
    """``COMMENT`` or ``MONITOR``."""
    scanner: str
    rules: frozenset[str]
    """Ids, not patterns."""


def own_cap(own: tuple[OwnMode, ...], scanner: str, rule: str) -> Effect:
    """What a rule can do by its own mode; ``BLOCK`` for one of which nobody said anything."""
    return next((one.mode for one in own if one.scanner == scanner and rule in one.rules), Effect.BLOCK)


def cap_of(modes: tuple[RuleMode, ...], finding: Finding, own: tuple[OwnMode, ...] = ()) -> Effect:
    """
    What the finding can do at most. Every scanner that saw it has a say: where one of them is not capped, nothing is,
    for the other's rule alone would have been enough. Where the policy speaks of a rule, the rule's own mode does not
    count.
    """
    if not modes and not own:
        return Effect.BLOCK
    strongest = Effect.MONITOR
    for scanner, rule in sightings(finding):
        ids = (rule, *aliases(finding))
        caps = [mode.mode for mode in modes if mode.covers(scanner, ids)]
        cap = min(caps, key=lambda effect: effect.rank) if caps else own_cap(own, scanner, rule)
        if cap.rank > strongest.rank:
            strongest = cap
        if cap is Effect.BLOCK:
            break
    return strongest


def sightings(finding: Finding) -> Iterator[tuple[str, str]]:
    """Scanner and its rule for everybody who saw the finding."""
    if not finding.attributions:
        yield finding.scanner, finding.rule_id
    for attribution in finding.attributions:
        yield attribution.scanner, attribution.rule_id


def rule_ids(finding: Finding) -> Iterator[str]:
    """Every id that the finding goes by: those of the scanners' rules, and the advisory's other names."""
    for _, rule in sightings(finding):
        yield rule
    yield from aliases(finding)


def aliases(finding: Finding) -> tuple[str, ...]:
    """The advisory's ids of a dependency finding. Scanners differ in which of them they call the rule."""
    return finding.dependency.advisory_ids if finding.dependency is not None else ()


def has_fix(finding: Finding) -> bool:
    """Whether a version that mends it, or a replacement of the code, is known."""
    return finding.fix is not None or (finding.dependency is not None and bool(finding.dependency.fixed_versions))
