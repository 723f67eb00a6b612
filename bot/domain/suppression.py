"""
Exceptions from the gate that a person made: by finding, by rule and path, or by advisory.

A suppression marks a finding and never removes it. It has a reason, an end, and where the policy asks for it a second
person; what is not in force has no effect at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.domain.triage import Justification


class Scope(Enum):
    """What a suppression is about."""

    FINDING = "finding"
    RULE = "rule"
    """A scanner's rule, on the paths that a pattern names."""
    ADVISORY = "advisory"
    """An advisory by any of its names, for one package or all."""


class Standing(Enum):
    """Whether a suppression has an effect."""

    WAITING = "waiting"
    """A second person has to approve it."""
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One exception."""

    id: int
    project_id: int | None
    """None for every project (never for a finding)."""
    scope: Scope
    justification: Justification
    reason: str
    created_by: str
    created_at: datetime
    """UTC."""
    expires_at: datetime
    """UTC; from then on it has no effect."""
    finding_id: int | None = None
    code: str = ""
    """The finding's ``match_hash`` when it was judged: other code has to be judged anew."""
    scanner: str = ""
    rule_id: str = ""
    path: str = ""
    """Pattern as in ``.gitignore``; empty for every path."""
    advisory: str = ""
    """Any name of it, such as ``CVE-2024-1234``."""
    package: str = ""
    """Normalised; empty for every package."""
    needs_approval: bool = False
    approved_by: str = ""
    approved_at: datetime | None = None
    revoked_by: str = ""
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """When it last marked a finding; None for never."""

    def standing(self, now: datetime) -> Standing:
        """Whether it has an effect at this moment."""
        if self.revoked_at is not None:
            return Standing.REVOKED
        if now >= self.expires_at:
            return Standing.EXPIRED
        if self.needs_approval and self.approved_at is None:
            return Standing.WAITING
        return Standing.IN_FORCE
