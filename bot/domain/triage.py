"""
What people judge about a finding, and how one judgement follows another.

A triage state is a person's word. Whether the last scan sees the finding is another matter (``bot.domain.known``), and
neither ever changes the other, with one exception: a finding that was called resolved and is seen again is open again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.errors import MergewardenError


class TriageState(Enum):
    """Where a judgement stands."""

    DETECTED = "detected"
    """Nobody has judged it yet."""
    CONFIRMED = "confirmed"
    """It is true and has to be mended."""
    DISMISSED = "dismissed"
    """It need not be mended, for one of the reasons in ``Justification``."""
    RESOLVED = "resolved"
    """Somebody says that it is mended."""


class Justification(Enum):
    """Why a finding is dismissed. The words are those of GitLab's vulnerability report."""

    ACCEPTABLE_RISK = "acceptable_risk"
    FALSE_POSITIVE = "false_positive"
    MITIGATING_CONTROL = "mitigating_control"
    USED_IN_TESTS = "used_in_tests"
    NOT_APPLICABLE = "not_applicable"


SYSTEM = "mergewarden"
"""The actor of events that no person caused."""


class TriageError(MergewardenError):
    """Raised for a judgement that cannot follow from the present one, or that lacks what it needs."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The state that a finding is in, and whose word it is."""

    state: TriageState = TriageState.DETECTED
    justification: Justification | None = None
    """For ``DISMISSED`` only."""
    reason: str = ""
    actor: str = ""
    """Empty while nobody has judged."""
    at: datetime | None = None
    """UTC."""


@dataclass(frozen=True, slots=True)
class TriageEvent:
    """One change of a judgement; never altered once it is written."""

    finding_id: int
    at: datetime
    """UTC."""
    actor: str
    before: TriageState
    after: TriageState
    justification: Justification | None
    reason: str
    source: str = ""
    """Where it was said: ``cli``, ``api``, ``import``, ``merge_request`` or ``scan``."""
    suppression_id: int | None = None
    """The suppression that a dismissal made."""

    @property
    def judgement(self) -> Judgement:
        """What holds after it."""
        return Judgement(self.after, self.justification, self.reason, self.actor, self.at)
