"""
What a team wants its gate to do, as frozen values.

``bot.domain.policy_file`` reads them from YAML and ``bot.domain.gate`` applies them. A lower layer (a group, a project)
may make the policy above it stricter, never weaker: see ``bot.domain.policy_tightening``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter

from bot.domain.globs import glob
from bot.domain.policy_rule import WEAKNESSES, OwnMode, PolicyRule, RuleMode, cap_of
from bot.domain.verdict import Effect, Reason
from bot.texts import Language
from scanners.finding import Confidence, Finding, Severity

__all__ = [
    "WEAKNESSES",
    "AdvisoryRules",
    "IgnoredPath",
    "InCode",
    "MergeRules",
    "NoiseRules",
    "OnChanged",
    "OwnMode",
    "PartialAdvisoryRules",
    "PartialMergeRules",
    "PartialNoiseRules",
    "PartialPeople",
    "PartialPolicy",
    "PartialSla",
    "PartialSuppressionRules",
    "People",
    "Policy",
    "PolicyDocument",
    "PolicyRule",
    "ProjectOverride",
    "RefusedSetting",
    "RuleMode",
    "SecondPerson",
    "Sla",
    "SuppressionRules",
    "Threshold",
    "Unread",
    "WhenNotAssessed",
    "policy_from_json",
    "policy_to_json",
]

FORMAT: Final = 2
"""Of a policy as JSON."""

MAX_THREADS = 20
"""Discussions on one merge request unless a policy says otherwise; the rest is in the summary."""


class Unread(Enum):
    """What follows when something that should have been known was not. The laxest first."""

    IGNORE = "ignore"
    WARN = "warn"
    NOT_ASSESSED = "not_assessed"


class WhenNotAssessed(Enum):
    """What a verdict of "not assessed" means for the merge. The laxest first."""

    ALLOW = "allow"
    BLOCK = "block"


class OnChanged(Enum):
    """What a finding whose flagged lines were edited does when a block rule matches it. The laxest first."""

    IGNORE = "ignore"
    WARN = "warn"
    BLOCK = "block"
    """Until an authorised person other than the author has confirmed it."""


class InCode(Enum):
    """What a comment in the code that silences a scanner does to what it is about. The laxest first."""

    HONOUR = "honour"
    """The finding is marked as suppressed by that comment."""
    SHOW = "show"
    """Nothing: the comment is a finding of its own, beside the other."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """From where on a finding gets a discussion of its own."""

    severity: Severity = Severity.LOW
    confidence: Confidence = Confidence.MEDIUM


@dataclass(frozen=True, slots=True)
class IgnoredPath:
    """Paths whose findings and unread files do not count; findings there stay in every report."""

    pattern: str
    reason: str


class SecondPerson(Enum):
    """From which severity on a suppression needs a second person. The laxest first."""

    NEVER = "never"
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    ALWAYS = "always"

    def wanted_for(self, severity: Severity | None) -> bool:
        """
        Whether a suppression for a finding of this severity needs one; None for a suppression that covers whatever
        findings may come, which is taken for the worst.
        """
        if self in (SecondPerson.NEVER, SecondPerson.ALWAYS) or severity is None:
            return self is not SecondPerson.NEVER
        return severity >= Severity(self.value)


@dataclass(frozen=True, slots=True)
class SuppressionRules:
    """What an exception from the gate has to keep to."""

    second_person: SecondPerson = SecondPerson.NEVER
    longest_days: int = 365
    """From its beginning to its end."""
    unused_days: int = 90
    """After so many days without marking a finding it is reported as unused."""
    remind_days: int = 14
    """So many days before its end somebody is told; 0 for never."""


@dataclass(frozen=True, slots=True)
class AdvisoryRules:
    """How old the advisories of a dependency scanner may be."""

    oldest_days: int | None = None
    """Of its newest advisory; None for any age."""
    when_older: Unread = Unread.NOT_ASSESSED


@dataclass(frozen=True, slots=True)
class Sla:
    """In how many days a finding should be gone, by severity."""

    critical: int = 7
    high: int = 30
    medium: int = 90
    low: int = 180

    def days(self, severity: Severity) -> int | None:
        """Days for a finding of this severity; None for ``info``, which nobody has to mend."""
        return None if severity is Severity.INFO else int(getattr(self, severity.value))


@dataclass(frozen=True, slots=True)
class People:
    """Who may do what others may not."""

    security_group: str | None = None
    """Full path of the GitLab group whose members confirm what others ask for."""
    break_glass: frozenset[str] = frozenset()
    """User names, in lower case, of those who may merge past the gate; it is recorded and reported."""


@dataclass(frozen=True, slots=True)
class MergeRules:
    """When the bot merges."""

    label: str | None = None
    """Label on a merge request that asks the bot to merge; None: no label does."""
    when_clear: bool = False
    """Whether it merges what is clear without being asked."""


@dataclass(frozen=True, slots=True)
class NoiseRules:
    """From when on a scanner rule is proposed for demotion."""

    least_comments: int = 20
    """So many of its findings must have had a discussion, or the rate means nothing."""
    false_positive_percent: int = 40
    """So many of a hundred were dismissed as false."""


@dataclass(frozen=True, slots=True)
class PartialSuppressionRules:
    """Those of the ``SuppressionRules`` that a file names; None where it says nothing. So with the others below."""

    second_person: SecondPerson | None = None
    longest_days: int | None = None
    unused_days: int | None = None
    remind_days: int | None = None


@dataclass(frozen=True, slots=True)
class PartialAdvisoryRules:
    """Those of the ``AdvisoryRules`` that a file names."""

    oldest_days: int | None = None
    when_older: Unread | None = None


@dataclass(frozen=True, slots=True)
class PartialSla:
    """Those of the ``Sla`` that a file names."""

    critical: int | None = None
    high: int | None = None
    medium: int | None = None
    low: int | None = None


@dataclass(frozen=True, slots=True)
class PartialPeople:
    """Those of the ``People`` that a file names."""

    security_group: str | None = None
    break_glass: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class PartialMergeRules:
    """Those of the ``MergeRules`` that a file names."""

    label: str | None = None
    when_clear: bool | None = None


@dataclass(frozen=True, slots=True)
class PartialNoiseRules:
    """Those of the ``NoiseRules`` that a file names."""

    least_comments: int | None = None
    false_positive_percent: int | None = None


_Rules = TypeVar("_Rules", SuppressionRules, AdvisoryRules, Sla, People, MergeRules, NoiseRules)
_Partial = (
    PartialSuppressionRules | PartialAdvisoryRules | PartialSla | PartialPeople | PartialMergeRules | PartialNoiseRules
)


def with_named(rules: _Rules, partial: _Partial | None) -> _Rules:
    """``rules`` with what ``partial`` names in the place of its own."""
    if partial is None:
        return rules
    named = {one.name: value for one in fields(partial) if (value := getattr(partial, one.name)) is not None}
    return replace(rules, **named)


@dataclass(frozen=True, slots=True)
class RefusedSetting:
    """A wish of a lower layer's file that would weaken the policy above it, and what holds instead."""

    setting: str
    """The key in the file, for example ``unread_files``."""
    wanted: str
    kept: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that the gate needs to know for one project."""

    block: tuple[PolicyRule, ...] = ()
    warn: tuple[PolicyRule, ...] = ()
    """A finding that one of these matches gets a discussion."""
    monitor: tuple[PolicyRule, ...] = ()
    """What these match is recorded, and nothing else."""
    rule_modes: tuple[RuleMode, ...] = ()
    own_modes: tuple[OwnMode, ...] = ()
    """The modes that the scanners' rules bring along. No file can write them; see ``bot.domain.rule_mode``."""
    required_scanners: frozenset[str] = frozenset()
    """Names of the scanners without whose answer nothing passes, where they apply."""
    language: Language = Language.ENGLISH
    comment: Threshold = Threshold()
    max_threads: int = MAX_THREADS
    unread_files: Unread = Unread.NOT_ASSESSED
    unpinned: Unread = Unread.WARN
    """Requirements without an exact version."""
    failed_scanners: Unread = Unread.WARN
    """Scanners that are not required and gave no answer."""
    missing_facts: Unread = Unread.WARN
    """What a rule asks for and nobody knows."""
    not_assessed: WhenNotAssessed = WhenNotAssessed.BLOCK
    changed: OnChanged = OnChanged.BLOCK
    in_code: InCode = InCode.SHOW
    ignore_paths: tuple[IgnoredPath, ...] = ()
    advisories: AdvisoryRules = AdvisoryRules()
    sla: Sla = Sla()
    suppressions: SuppressionRules = SuppressionRules()
    people: People = People()
    merge: MergeRules = MergeRules()
    noise: NoiseRules = NoiseRules()
    refused: tuple[RefusedSetting, ...] = field(default=(), compare=False)
    """What a lower layer wanted and did not get; not part of the policy's identity."""
    layers: tuple[str, ...] = field(default=(), compare=False)
    """Where its layers came from, the outermost first, for people; not part of the policy's identity either."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical form: two policies that decide alike by their text have the same."""
        return _digest(self)

    def rulesets(self) -> tuple[tuple[Effect, tuple[PolicyRule, ...]], ...]:
        """The rules by what they do, the strongest first."""
        return ((Effect.BLOCK, self.block), (Effect.COMMENT, self.warn), (Effect.MONITOR, self.monitor))

    def wants_thread(self, finding: Finding) -> bool:
        """Whether a new or changed finding gets a discussion of its own even when no rule objects to it."""
        return (
            finding.severity >= self.comment.severity
            and finding.confidence >= self.comment.confidence
            and self.ignored_because(finding.location.path) is None
            and self.cap_on(finding) is not Effect.MONITOR
        )

    def cap_on(self, finding: Finding) -> Effect:
        """What the finding can do at most; ``BLOCK`` for everything that no mode speaks of."""
        return cap_of(self.rule_modes, finding, self.own_modes)

    def ignored_because(self, path: PurePosixPath) -> str | None:
        """The reason why this path does not count; None when it does."""
        for ignored in self.ignore_paths:
            if glob(ignored.pattern).matches(path):
                return ignored.reason
        return None


@dataclass(frozen=True, slots=True)
class PartialPolicy:
    """The settings that one section of a file names; None where it says nothing."""

    block: tuple[PolicyRule, ...] | None = None
    warn: tuple[PolicyRule, ...] | None = None
    monitor: tuple[PolicyRule, ...] | None = None
    rule_modes: tuple[RuleMode, ...] | None = None
    required_scanners: frozenset[str] | None = None
    language: Language | None = None
    comment: Threshold | None = None
    max_threads: int | None = None
    unread_files: Unread | None = None
    unpinned: Unread | None = None
    failed_scanners: Unread | None = None
    missing_facts: Unread | None = None
    not_assessed: WhenNotAssessed | None = None
    changed: OnChanged | None = None
    in_code: InCode | None = None
    ignore_paths: tuple[IgnoredPath, ...] | None = None
    advisories: PartialAdvisoryRules | None = None
    sla: PartialSla | None = None
    suppressions: PartialSuppressionRules | None = None
    people: PartialPeople | None = None
    merge: PartialMergeRules | None = None
    noise: PartialNoiseRules | None = None

    def over(self, policy: Policy) -> Policy:
        """``policy`` with these settings in the place of its own."""
        whole = {
            one.name: value
            for one in fields(self)
            if one.name not in _IN_PARTS and (value := getattr(self, one.name)) is not None
        }
        return replace(
            policy,
            **whole,
            advisories=with_named(policy.advisories, self.advisories),
            sla=with_named(policy.sla, self.sla),
            suppressions=with_named(policy.suppressions, self.suppressions),
            people=with_named(policy.people, self.people),
            merge=with_named(policy.merge, self.merge),
            noise=with_named(policy.noise, self.noise),
        )


_IN_PARTS: Final = frozenset({"advisories", "sla", "suppressions", "people", "merge", "noise"})
"""Settings of which a file may name a part."""


@dataclass(frozen=True, slots=True)
class ProjectOverride:
    """Settings that hold for some projects only."""

    match: str
    """Pattern for the project's full path, from its start, upper and lower case alike."""
    settings: PartialPolicy

    def applies_to(self, project_path: str) -> bool:
        """Whether the project with this full path is meant."""
        path = PurePosixPath(project_path.casefold())
        return glob(self.match.casefold(), from_start=True).matches(path)


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """An organisation's policy file."""

    source_name: str
    policy: Policy
    projects: tuple[ProjectOverride, ...] = ()

    def for_project(self, path: str) -> Policy:
        """The policy of the project with this full path: every override that matches, in the order of the file."""
        policy = self.policy
        for override in self.projects:
            if override.applies_to(path):
                policy = override.settings.over(policy)
        return policy

    def reasons_for(self, path: str) -> tuple[Reason, ...]:
        """What of the policy does not count for this project, for its decisions; here everything does."""
        return ()


def policy_to_json(policy: Policy) -> dict[str, Any]:
    """The whole policy as plain values, equal for equal policies; ``refused`` is no part of it."""
    values: dict[str, Any] = {one.name: _plain(getattr(policy, one.name)) for one in fields(policy) if one.compare}
    if not policy.own_modes:
        # As policies were written before rules had a say, so that those decisions can still be made again.
        del values["own_modes"]
    return {"version": FORMAT, **values}


def policy_from_json(values: dict[str, Any]) -> Policy:
    """The policy that ``policy_to_json`` gave. Raises ``ValueError`` for anything else."""
    if values.get("version") != FORMAT:
        raise ValueError(f"not a policy of format {FORMAT}")
    known = {one.name for one in fields(Policy) if one.compare}
    values = {"own_modes": [], **values}
    # A snapshot with a setting missing or too many was written by another release: its decision would be another one.
    if values.keys() - {"version"} != known:
        raise ValueError("not the settings of a policy of this release")
    return _adapter.validate_python({name: values[name] for name in known})


_adapter: TypeAdapter[Policy] = TypeAdapter(Policy)


def _plain(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(_plain(one) for one in value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}  # type: ignore[arg-type]
    return value


@lru_cache(maxsize=64)
def _digest(policy: Policy) -> str:
    text = json.dumps(policy_to_json(policy), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
