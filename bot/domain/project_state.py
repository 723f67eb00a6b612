"""
How a project stands with the gate: what its page shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.enforcement import Enforcement
from bot.domain.incident import KnownIncident
from bot.domain.merging import Wish
from bot.domain.suppression import Suppression
from bot.domain.verdict import Outcome, lets_through


@dataclass(frozen=True, slots=True)
class OpenMergeRequest:
    """An open merge request, and what the gate last said about it."""

    iid: int
    target_branch: str
    """Empty while nobody has looked."""
    head_sha: str | None
    outcome: Outcome | None
    """None where no verdict was ever published."""
    tolerated: bool
    """Nobody could judge, and the policy lets it through all the same."""
    judged_at: datetime | None
    """UTC."""
    is_current: bool
    """Whether the verdict is one on the newest head that we heard of."""

    @property
    def may_merge(self) -> bool:
        """Whether the gate lets it through as it is now."""
        return self.is_current and self.outcome is not None and lets_through(self.outcome, tolerated=self.tolerated)


@dataclass(frozen=True, slots=True)
class ProjectState:
    """What is known of one project; each list is cut, and ``counts`` say how long it is."""

    project_id: int
    path: str
    url: str
    default_branch: str | None
    enforcement: Enforcement | None
    """None while nobody has looked at its settings."""
    checked_at: datetime | None
    """UTC, when its settings were last read."""
    hook_seen_at: datetime | None
    """UTC, when the server's hook last asked about it."""
    baseline_commit: str | None
    baseline_at: datetime | None
    """UTC, when the default branch was last read."""
    merge_requests: tuple[OpenMergeRequest, ...]
    open_merge_requests: int
    incidents: tuple[KnownIncident, ...]
    open_incidents: int
    wishes: tuple[Wish, ...]
    waiting: tuple[Suppression, ...]
    """Exceptions that wait for a second person."""
    ending: tuple[Suppression, ...]
    """Exceptions in force that end soon."""
