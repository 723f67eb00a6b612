"""
A scan and what became of it, as one value: the input of every report, and what the store keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

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
    """What the gate says. Only ``PASSED`` and ``WARNED`` let a merge through."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    NOT_ASSESSED = "not_assessed"


@dataclass(frozen=True, slots=True)
class Violation:
    """One finding that a policy rule objects to."""

    fingerprint: str
    rule: str
    """Name of the policy rule."""
    blocks: bool


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
    SCAN_FAILED = "scan_failed"
    """The scan as a whole did not happen; ``detail`` says why."""
    PROJECT_POLICY_IGNORED = "project_policy_ignored"
    """The project's own policy file is wrong, so that only the organisation's policy counts. ``subject`` is the file's
    name, ``detail`` the first line of the error."""
    PROJECT_POLICY_REFUSED = "project_policy_refused"
    """The project's own policy would weaken the organisation's. ``subject`` is the setting, ``detail`` what was wanted
    and what was kept."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A machine-readable reason with its subject."""

    code: ReasonCode
    subject: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class GateDecision:
    """The verdict on one scan: a pure function of policy, findings and runs."""

    outcome: Outcome
    violations: tuple[Violation, ...] = ()
    reasons: tuple[Reason, ...] = ()
    policy_digest: str = ""
    suppressed: tuple[Suppressed, ...] = ()
    """Findings that would count, or have a discussion of their own, but for a suppression."""

    def blocks(self, fingerprint: str) -> bool:
        """Whether the finding with this fingerprint is one that blocks the merge."""
        return any(v.blocks and v.fingerprint == fingerprint for v in self.violations)

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
