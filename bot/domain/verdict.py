"""
A scan and what became of it, as one value: the input of every report, and what the store keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from bot.domain.change_coverage import ChangeCoverage
from scanners.finding import Finding
from scanners.interface import ScannerRun


class Presence(Enum):
    """What a change did to a finding."""

    NEW = "new"
    EXISTING = "existing"
    CHANGED = "changed"
    """The flagged code was edited and is still flagged: an earlier acceptance must be confirmed."""
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class TrackedFinding:
    """A finding with what the change did to it, and why we think so."""

    finding: Finding
    """As it is in the head; for ``FIXED`` as it was in the base."""
    presence: Presence
    previous: Finding | None = None
    """Its counterpart in the base, for ``EXISTING`` and ``CHANGED``."""
    explanation: str = ""
    """English, one line, for example ``line map: was 57, now 63``."""
    number: int | None = None
    """The finding's number in the store; None where it has none (yet)."""


class Outcome(Enum):
    """
    What the gate says. ``PASSED`` and ``WARNED`` let a merge through; ``NOT_ASSESSED`` only where the policy tolerates
    it, see ``GateDecision.lets_through``.
    """

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    NOT_ASSESSED = "not_assessed"


def lets_through(outcome: Outcome, *, tolerated: bool) -> bool:
    """Whether a change with this outcome may be merged; ``tolerated`` as in ``GateDecision``."""
    return outcome in (Outcome.PASSED, Outcome.WARNED) or (outcome is Outcome.NOT_ASSESSED and tolerated)


class Effect(Enum):
    """What it means for a change that a policy rule matches a finding of it. The weakest first."""

    MONITOR = "monitor"
    """Recorded, and shown to whoever asks how a rule does; changes nothing else."""
    COMMENT = "comment"
    """The finding gets a discussion, and the outcome is a warning."""
    BLOCK = "block"

    @property
    def rank(self) -> int:
        """Position among the members, 0 for the weakest."""
        return _EFFECTS.index(self)


_EFFECTS = tuple(Effect)


@dataclass(frozen=True, slots=True)
class Violation:
    """One finding that a policy rule matches."""

    fingerprint: str
    rule: str
    """Name of the policy rule."""
    effect: Effect

    @property
    def blocks(self) -> bool:
        """Whether it stops the merge."""
        return self.effect is Effect.BLOCK


@dataclass(frozen=True, slots=True)
class Suppressed:
    """One finding that does not count because of a suppression; it is shown all the same."""

    fingerprint: str
    suppression_id: int | None
    """None for a suppression in the code itself, where the policy honours those."""
    explanation: str
    """English, one line: whose exception it is, why, and until when."""


class ReasonCode(Enum):
    """Why a decision is what it is, beyond single findings; reports put these into words."""

    SCANNER_NOT_ASSESSED = "scanner_not_assessed"
    """``subject`` is the scanner, ``detail`` its own reason."""
    FILE_NOT_READ = "file_not_read"
    """``subject`` is the path, ``detail`` the gap reason."""
    ADVISORIES_OLD = "advisories_old"
    """``subject`` is the scanner whose advisories are older than the policy allows, ``detail`` says how old."""
    FACTS_MISSING = "facts_missing"
    """A policy rule asks for something that is not known of a finding. ``subject`` is ``epss``, ``kev``, ``licence`` or
    ``age``, ``detail`` says of how many findings."""
    SCAN_FAILED = "scan_failed"
    """The scan as a whole did not happen; ``detail`` says why."""
    PROJECT_POLICY_IGNORED = "project_policy_ignored"
    """The project's own policy file is wrong, so that only the organisation's policy counts. ``subject`` is the file's
    name, ``detail`` the first line of the error."""
    PROJECT_POLICY_REFUSED = "project_policy_refused"
    """A lower layer of the policy would weaken what is above it. ``subject`` is the setting, after the file's name
    where it is a group's file; ``detail`` what was wanted and what was kept."""
    POLICY_NOT_CURRENT = "policy_not_current"
    """The policy project has changed, or cannot be read, and the last good version counts. ``subject`` is the file,
    ``detail`` the first line of the error, or since when nothing was heard."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A machine-readable reason with its subject."""

    code: ReasonCode
    subject: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class GateDecision:
    """The verdict on one scan: a pure function of policy, findings, runs and circumstances."""

    outcome: Outcome
    violations: tuple[Violation, ...] = ()
    reasons: tuple[Reason, ...] = ()
    policy_digest: str = ""
    suppressed: tuple[Suppressed, ...] = ()
    """Findings that would count, or have a discussion of their own, but for a suppression."""
    tolerated: bool = False
    """Nobody could judge, and the policy lets the merge through all the same."""
    _worst: Mapping[str, Effect] = field(init=False, repr=False, compare=False)
    """What counts of each finding, by fingerprint: a report asks for every finding."""

    def __post_init__(self) -> None:
        worst: dict[str, Effect] = {}
        for violation in self.violations:
            known = worst.get(violation.fingerprint)
            if known is None or violation.effect.rank > known.rank:
                worst[violation.fingerprint] = violation.effect
        object.__setattr__(self, "_worst", worst)

    @property
    def lets_through(self) -> bool:
        """Whether the change may be merged, as far as the gate is concerned."""
        return lets_through(self.outcome, tolerated=self.tolerated)

    def effect_on(self, fingerprint: str) -> Effect | None:
        """The strongest effect of the rules that match the finding with this fingerprint; None when none does."""
        return self._worst.get(fingerprint)

    def blocks(self, fingerprint: str) -> bool:
        """Whether the finding with this fingerprint is one that blocks the merge."""
        return self._worst.get(fingerprint) is Effect.BLOCK

    def objects_to(self, fingerprint: str) -> bool:
        """Whether a rule objects to the finding with this fingerprint, so that it blocks or warns."""
        return self._worst.get(fingerprint) in (Effect.COMMENT, Effect.BLOCK)

    def excused(self, fingerprint: str) -> Suppressed | None:
        """The suppression because of which the finding with this fingerprint does not count; None when none is."""
        return next((s for s in self.suppressed if s.fingerprint == fingerprint), None)


@dataclass(frozen=True, slots=True)
class Subject:
    """What was scanned."""

    project: str
    """Full path of the project, or the folder's name for a local scan."""
    project_url: str = ""
    merge_request_iid: int | None = None
    ref: str = ""
    base_sha: str | None = None
    """None when the whole tree was scanned."""
    head_sha: str | None = None
    """None for a folder outside git."""


@dataclass(frozen=True, slots=True)
class ScanReport:
    """Everything a reader may be told about one scan."""

    subject: Subject
    tracked: tuple[TrackedFinding, ...]
    """Every finding of the head (new, changed, existing) and the fixed ones of the base."""
    runs: tuple[ScannerRun, ...]
    decision: GateDecision
    started_at: datetime
    """With time zone."""
    seconds: float
    files_changed: int
    files_read: int
    coverage: ChangeCoverage | None = None
    """What was read of the change; None where no change was scanned."""

    def with_presence(self, *presences: Presence) -> tuple[TrackedFinding, ...]:
        """The tracked findings of these presences, worst first, then by place."""
        chosen = [t for t in self.tracked if t.presence in presences]
        return tuple(sorted(chosen, key=_order))


def _order(tracked: TrackedFinding) -> tuple[int, int, str, int, str]:
    finding = tracked.finding
    return (
        -finding.severity.rank,
        -finding.confidence.rank,
        str(finding.location.path),
        finding.location.start_line,
        finding.rule_id,
    )
