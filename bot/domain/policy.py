"""
What a team wants its gate to do, as frozen values.

``bot.domain.policy_file`` reads them from YAML and ``bot.domain.gate`` applies them. A project may make the
organisation's policy stricter, never weaker: see ``tighten``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import PurePosixPath
from typing import TypeVar

from bot.domain import failures
from bot.domain.globs import glob
from bot.domain.verdict import Presence
from bot.texts import Language
from scanners.finding import Confidence, Finding, FindingKind, Severity

MAX_THREADS = 20
"""Discussions on one merge request unless a policy says otherwise; the rest is in the summary."""


class Unread(Enum):
    """What follows when something that should have been read was not. The laxest first."""

    IGNORE = "ignore"
    WARN = "warn"
    NOT_ASSESSED = "not_assessed"


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


WEAKNESSES = frozenset(FindingKind) - {FindingKind.SUPPRESSION}
"""What a rule looks at unless it names kinds: a rule about severe weaknesses does not mean comments."""


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """Findings that the policy objects to: all conditions must hold."""

    name: str
    severity: Severity = Severity.INFO
    """This bad or worse."""
    confidence: Confidence = Confidence.LOW
    """This certain or more."""
    kinds: frozenset[FindingKind] = WEAKNESSES
    paths: tuple[str, ...] = ()
    """Patterns as in ``.gitignore``; empty for every path."""
    exclude_paths: tuple[str, ...] = ()
    presences: frozenset[Presence] = frozenset({Presence.NEW, Presence.CHANGED})

    def concerns(self, kind: FindingKind, severity: Severity, confidence: Confidence, presence: Presence) -> bool:
        """Whether such a finding matches, wherever it is."""
        return (
            kind in self.kinds
            and presence in self.presences
            and severity >= self.severity
            and confidence >= self.confidence
        )

    def covers(self, path: PurePosixPath) -> bool:
        """Whether the rule looks at this path."""
        return (not self.paths or _any_matches(self.paths, path)) and not _any_matches(self.exclude_paths, path)

    def matches(self, finding: Finding, presence: Presence) -> bool:
        """Whether the rule objects to this finding."""
        return self.concerns(finding.kind, finding.severity, finding.confidence, presence) and self.covers(
            finding.location.path
        )


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


@dataclass(frozen=True, slots=True)
class PartialSuppressionRules:
    """Those of the ``SuppressionRules`` that a file names; None where it says nothing."""

    second_person: SecondPerson | None = None
    longest_days: int | None = None
    unused_days: int | None = None

    def over(self, rules: SuppressionRules) -> SuppressionRules:
        """``rules`` with these in the place of their own."""
        return SuppressionRules(
            self.second_person or rules.second_person,
            self.longest_days or rules.longest_days,
            self.unused_days or rules.unused_days,
        )


@dataclass(frozen=True, slots=True)
class RefusedSetting:
    """A wish of a project's own file that would weaken the organisation's policy, and what holds instead."""

    setting: str
    """The key in the file, for example ``unread_files``."""
    wanted: str
    kept: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that the gate needs to know for one project."""

    block: tuple[PolicyRule, ...] = ()
    warn: tuple[PolicyRule, ...] = ()
    required_scanners: frozenset[str] = frozenset()
    """Names of the scanners without whose answer nothing passes, where they apply."""
    language: Language = Language.ENGLISH
    comment: Threshold = Threshold()
    max_threads: int = MAX_THREADS
    unread_files: Unread = Unread.NOT_ASSESSED
    unpinned: Unread = Unread.WARN
    """Requirements without an exact version."""
    changed: OnChanged = OnChanged.BLOCK
    in_code: InCode = InCode.SHOW
    ignore_paths: tuple[IgnoredPath, ...] = ()
    suppressions: SuppressionRules = SuppressionRules()
    refused: tuple[RefusedSetting, ...] = field(default=(), compare=False)
    """What a project wanted and did not get; not part of the policy's identity."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical form: two policies that decide alike by their text have the same."""
        canonical = {
            "version": 1,
            "block": [_canonical_rule(rule) for rule in self.block],
            "warn": [_canonical_rule(rule) for rule in self.warn],
            "required_scanners": sorted(self.required_scanners),
            "language": self.language.value,
            "comment": [self.comment.severity.value, self.comment.confidence.value],
            "max_threads": self.max_threads,
            "unread_files": self.unread_files.value,
            "unpinned": self.unpinned.value,
            "changed": self.changed.value,
            "in_code": self.in_code.value,
            "ignore_paths": [[ignored.pattern, ignored.reason] for ignored in self.ignore_paths],
            "suppressions": [
                self.suppressions.second_person.value,
                self.suppressions.longest_days,
                self.suppressions.unused_days,
            ],
        }
        text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def wants_thread(self, finding: Finding) -> bool:
        """Whether a new or changed finding gets a discussion of its own even when it does not block."""
        return (
            finding.severity >= self.comment.severity
            and finding.confidence >= self.comment.confidence
            and self.ignored_because(finding.location.path) is None
        )

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
    required_scanners: frozenset[str] | None = None
    language: Language | None = None
    comment: Threshold | None = None
    max_threads: int | None = None
    unread_files: Unread | None = None
    unpinned: Unread | None = None
    changed: OnChanged | None = None
    in_code: InCode | None = None
    ignore_paths: tuple[IgnoredPath, ...] | None = None
    suppressions: PartialSuppressionRules | None = None

    def over(self, policy: Policy) -> Policy:
        """``policy`` with these settings in the place of its own."""
        return Policy(
            block=policy.block if self.block is None else self.block,
            warn=policy.warn if self.warn is None else self.warn,
            required_scanners=policy.required_scanners if self.required_scanners is None else self.required_scanners,
            language=self.language or policy.language,
            comment=self.comment or policy.comment,
            max_threads=policy.max_threads if self.max_threads is None else self.max_threads,
            unread_files=self.unread_files or policy.unread_files,
            unpinned=self.unpinned or policy.unpinned,
            changed=self.changed or policy.changed,
            in_code=self.in_code or policy.in_code,
            ignore_paths=policy.ignore_paths if self.ignore_paths is None else self.ignore_paths,
            suppressions=policy.suppressions
            if self.suppressions is None
            else self.suppressions.over(policy.suppressions),
            refused=policy.refused,
        )


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


def tighten(organisation: Policy, project: PartialPolicy) -> Policy:
    """
    The organisation's policy with what a project's own file adds to it.

    Rules and required scanners add up; of each other setting the stricter holds; the language is free. A wish that
    would weaken the policy is not followed and is listed in ``refused``.
    """
    refused: list[RefusedSetting] = []

    def refuse(setting: str, wanted: object, kept: object) -> None:
        refused.append(RefusedSetting(setting, str(wanted), str(kept)))

    def stricter(setting: str, kept: _Scale, wanted: _Scale | None) -> _Scale:
        order = list(type(kept))
        if wanted is None or order.index(wanted) >= order.index(kept):
            return kept if wanted is None else wanted
        refuse(setting, wanted.value, kept.value)
        return kept

    for setting, wished, own in (
        ("block", project.block, organisation.block),
        ("warn", project.warn, organisation.warn),
        ("required_scanners", project.required_scanners, organisation.required_scanners),
    ):
        if wished is not None and not wished and own:
            refuse(setting, failures.WANTED_NONE, failures.KEPT_COUNT.format(count=len(own)))
    for setting, wished_rules, own_rules in (
        ("block", project.block, organisation.block),
        ("warn", project.warn, organisation.warn),
    ):
        taken = {rule.name: rule for rule in own_rules}
        for rule in wished_rules or ():
            if rule.name in taken and rule != taken[rule.name]:
                refuse(setting, failures.WANTED_RULE.format(text=repr(rule.name)), failures.KEPT_BOTH)

    comment, max_threads = organisation.comment, organisation.max_threads
    if project.comment is not None:
        comment = Threshold(
            min(comment.severity, project.comment.severity), min(comment.confidence, project.comment.confidence)
        )
        if comment != project.comment:
            refuse("comment", _words(project.comment), _words(comment))
    if project.max_threads is not None:
        max_threads = max(max_threads, project.max_threads)
        if max_threads != project.max_threads:
            refuse("max_threads", project.max_threads, max_threads)
    if project.ignore_paths:
        refuse("ignore_paths", ", ".join(i.pattern for i in project.ignore_paths), failures.KEPT_ORGANISATION)

    suppressions = organisation.suppressions
    if (wish := project.suppressions) is not None:
        suppressions = SuppressionRules(
            stricter("suppressions.second_person", suppressions.second_person, wish.second_person),
            min(suppressions.longest_days, wish.longest_days or suppressions.longest_days),
            min(suppressions.unused_days, wish.unused_days or suppressions.unused_days),
        )
        for name, wanted, kept in (
            ("suppressions.longest_days", wish.longest_days, suppressions.longest_days),
            ("suppressions.unused_days", wish.unused_days, suppressions.unused_days),
        ):
            if wanted is not None and wanted != kept:
                refuse(name, wanted, kept)

    return replace(
        organisation,
        block=_union(organisation.block, project.block),
        warn=_union(organisation.warn, project.warn),
        required_scanners=organisation.required_scanners | (project.required_scanners or frozenset()),
        language=project.language or organisation.language,
        comment=comment,
        max_threads=max_threads,
        unread_files=stricter("unread_files", organisation.unread_files, project.unread_files),
        unpinned=stricter("unpinned", organisation.unpinned, project.unpinned),
        changed=stricter("changed", organisation.changed, project.changed),
        in_code=stricter("in_code_suppressions", organisation.in_code, project.in_code),
        suppressions=suppressions,
        refused=(*organisation.refused, *refused),
    )


_Scale = TypeVar("_Scale", Unread, OnChanged, InCode, SecondPerson)


def _union(own: tuple[PolicyRule, ...], added: tuple[PolicyRule, ...] | None) -> tuple[PolicyRule, ...]:
    return (*own, *(rule for rule in added or () if rule not in own))


def _words(threshold: Threshold) -> str:
    return failures.THRESHOLD.format(key=threshold.severity.value, word=threshold.confidence.value)


def _any_matches(patterns: Iterable[str], path: PurePosixPath) -> bool:
    return any(glob(pattern).matches(path) for pattern in patterns)


def _canonical_rule(rule: PolicyRule) -> dict[str, object]:
    return {
        "name": rule.name,
        "severity": rule.severity.value,
        "confidence": rule.confidence.value,
        "kinds": sorted(kind.value for kind in rule.kinds),
        "paths": list(rule.paths),
        "exclude_paths": list(rule.exclude_paths),
        "presences": sorted(presence.value for presence in rule.presences),
    }
