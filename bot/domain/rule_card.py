"""
A scanner rule as people look at it: what it finds, how sure it is, what it may do, and how it did here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.domain.noise import RuleNoise
from bot.domain.policy import Policy
from bot.domain.policy_rule import own_cap
from bot.domain.rule_sample import Sample
from bot.domain.rule_version import OwnRules
from bot.domain.verdict import Effect
from bot.errors import MergewardenError, sentence
from bot.texts import N_
from rules.catalog import RuleText

SEVERITIES = ("info", "low", "medium", "high", "critical")
MODES = ("monitor", "comment", "block")
NOISE_DAYS = 365
"""How far back comments count for a rule's rate here."""
OURS = "mergewarden"
ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class RuleCard:
    """One rule."""

    scanner: str
    rule_id: str
    text: RuleText
    """In the reader's language."""
    severity: str
    confidence: str
    mode: str
    """The strongest reaction that the rule is good enough for, by the word of whoever wrote it."""
    pack: str = ""
    """What it reads: a pack of ours, such as ``python``; empty for every text."""
    weakness: str = ""
    """Folder name of the weakness; empty where it has none."""
    cwes: tuple[int, ...] = ()
    owasp: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    enabled: bool = True
    covered_by: tuple[str, ...] = ()
    """Rules of ours that judge the same weakness better."""
    covers: tuple[str, ...] = ()
    """``scanner: rule`` of those for which this one is named so."""
    origin: str = OURS
    """``OURS`` or ``ORGANISATION``."""
    mode_here: str = ""
    """What it may do by the policy of this installation; empty where nobody asked the policy."""


@dataclass(frozen=True, slots=True)
class RuleUse:
    """How a rule did in the projects that one looks at."""

    scanner: str
    rule_id: str
    findings: int = 0
    """Ever, each once."""
    projects: int = 0
    open: int = 0
    """Those that the last scans still see."""
    confirmed: int = 0
    """Judged as true by a person."""
    false_positives: int = 0
    """Dismissed by a person as false."""
    otherwise_dismissed: int = 0


@dataclass(frozen=True, slots=True)
class MonthCount:
    """How many findings of a rule were first seen in a month."""

    month: date
    """Its first day."""
    findings: int


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """A rule and what is known of it here."""

    card: RuleCard
    use: RuleUse
    noise: RuleNoise
    """Of its findings with a discussion."""


@dataclass(frozen=True, slots=True)
class RuleShelf:
    """All rules, by scanner and id."""

    records: tuple[RuleRecord, ...]
    own: OwnRules | None
    """None where the organisation has none."""


@dataclass(frozen=True, slots=True)
class RuleDossier:
    """All that is known of one rule."""

    record: RuleRecord
    samples: tuple[Sample, ...]
    months: tuple[MonthCount, ...]


class UnknownRuleFilter(MergewardenError):
    """Raised for a filter or an order that there is not; says which values there are."""


@dataclass(frozen=True, slots=True)
class RuleFilter:
    """Which rules are wanted; empty for all."""

    language: str = ""
    """A pack's name."""
    weakness: str = ""
    scanner: str = ""
    mode: str = ""
    severity: str = ""
    origin: str = ""

    def accepts(self, card: RuleCard) -> bool:
        """Whether the rule is one of those."""
        return all(
            not wanted or wanted == found
            for wanted, found in (
                (self.language, card.pack),
                (self.weakness, card.weakness),
                (self.scanner, card.scanner),
                (self.mode, card.mode_here or card.mode),
                (self.severity, card.severity),
                (self.origin, card.origin),
            )
        )

    def checked(self, cards: Sequence[RuleCard]) -> RuleFilter:
        """The same filter. Raises ``UnknownRuleFilter`` for a value that no rule can have."""
        for name, wanted, there in (
            ("language", self.language, {card.pack for card in cards} - {""}),
            ("weakness", self.weakness, {card.weakness for card in cards} - {""}),
            ("scanner", self.scanner, {card.scanner for card in cards}),
            ("mode", self.mode, set(MODES)),
            ("severity", self.severity, set(SEVERITIES)),
            ("origin", self.origin, {OURS, ORGANISATION}),
        ):
            if wanted and wanted not in there:
                raise _unknown(name, wanted, sorted(there))
        return self


ORDERS = ("rule", "severity", "mode", "findings", "projects", "rate")
"""What a list can be sorted by."""


def _unknown(name: str, wanted: str, there: Iterable[str]) -> UnknownRuleFilter:
    text = N_("{name}: there is no {value}; there are {names}")
    return UnknownRuleFilter(sentence(text, name=name, value=repr(wanted[:60]), names=", ".join(there)))


def in_order(records: Iterable[RuleRecord], order: str) -> list[RuleRecord]:
    """The records, sorted; the most first, except by name. Raises ``UnknownRuleFilter``."""
    if order not in ORDERS:
        raise _unknown("sort", order, ORDERS)
    named = sorted(records, key=lambda one: (one.card.scanner, one.card.rule_id))
    if order == "rule":
        return named
    keys = {
        "severity": lambda one: SEVERITIES.index(one.card.severity),
        "mode": lambda one: MODES.index(one.card.mode_here or one.card.mode),
        "findings": lambda one: one.use.findings,
        "projects": lambda one: one.use.projects,
        # A rate from few says little, so that it is sorted by what it surely is.
        "rate": lambda one: (one.noise.at_least, one.noise.comments),
    }
    return sorted(named, key=keys[order], reverse=True)


def mode_in_force(policy: Policy, scanner: str, rule_id: str) -> Effect:
    """What findings that only this rule sees can do at most under the policy."""
    said = [mode.mode for mode in policy.rule_modes if mode.covers(scanner, (rule_id,))]
    return min(said, key=lambda effect: effect.rank) if said else own_cap(policy.own_modes, scanner, rule_id)


def under(policy: Policy, cards: Iterable[RuleCard]) -> list[RuleCard]:
    """The cards with what the rules may do under a policy."""
    return [replace(card, mode_here=mode_in_force(policy, card.scanner, card.rule_id).value) for card in cards]
