"""
What people are told about policies: what one would have done (``policy simulate``), and why one did what it did
(``policy explain``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.circumstances import Context
from bot.domain.policy import Policy
from bot.domain.verdict import GateDecision, Outcome, TrackedFinding


@dataclass(frozen=True, slots=True)
class Cause:
    """What makes a difference, or what a rule on trial would have seen."""

    rule: str
    """The policy's rule; for a verdict that nobody could give, the reason's code."""
    about: str
    """The scanner's rule, as ``scanner: id``; for a reason its subject."""
    count: int
    """In how many findings, each counted once for a merge request; for a reason in how many scans."""
    example: str
    """The first of them: merge request, and where there is one the place."""


@dataclass(frozen=True, slots=True)
class ProjectOutcome:
    """What would be different in one project."""

    project_id: int
    project: str
    """Full path."""
    scans: int = 0
    merge_requests: int = 0
    before: Mapping[Outcome, int] = field(default_factory=dict)
    after: Mapping[Outcome, int] = field(default_factory=dict)
    newly_blocked: int = 0
    """Scans that were let through, and would not be."""
    newly_let_through: int = 0
    blocked_merge_requests: tuple[int, ...] = ()
    """Whose newest scan is one of the newly blocked; a few of them."""
    blocking: tuple[Cause, ...] = ()
    """Why, the most frequent first; a few of them. So with those below."""
    releasing: tuple[Cause, ...] = ()
    monitored: tuple[Cause, ...] = ()
    without_decision: int = 0
    """Scans of which no inputs are stored: judged without confirmations, circumstances and facts."""
    other_policy: int = 0
    """Scans whose policy then was not the one that organisation and groups have now: a project's own file may have made
    it stricter, or the policy was another one."""
    unjudged: str = ""
    """Why nothing could be judged here; then all numbers are 0."""


@dataclass(frozen=True, slots=True)
class ConfirmedBy:
    """Whose word it is that a changed finding may stay."""

    finding: TrackedFinding
    actor: str
    """Empty where it is not known."""
    at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ExplainedDecision:
    """A stored decision with what it followed from, and what comes of making it again."""

    project: str
    iid: int
    scan_id: str
    head_sha: str | None
    at: datetime
    because: str
    decision: GateDecision
    layers: tuple[str, ...]
    context: Context
    policy: Policy | None
    """None where it is not in the store any more."""
    findings: Mapping[str, TrackedFinding]
    """By fingerprint."""
    confirmed: tuple[ConfirmedBy, ...]
    replayed: GateDecision | None
    """None where it could not be made again."""
    problem: str = ""
    """Why it could not."""

    @property
    def same(self) -> bool:
        """Whether making it again gives the same."""
        return self.replayed == self.decision
