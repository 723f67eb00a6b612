"""
What the webhook hands over, and the one thing that it asks: take this delivery, durably, or say that you cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.job import JobRequest


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that asks for work."""

    key: str
    """Recognises a repetition; at most 80 ASCII characters."""
    event_kind: str
    """``merge_request``, ``push``, ``pipeline``, ``system`` or ``note``."""
    jobs: tuple[JobRequest, ...]
    """At least one."""
    received_at: datetime
    """UTC."""
    delivery_id: str
    """For logs: GitLab's own id where there is one. At most 80 printable ASCII characters."""


@dataclass(frozen=True, slots=True)
class AcceptResult:
    """What became of a delivery. Either way its jobs are stored now."""

    duplicate: bool
    job_ids: tuple[str, ...]


class Inbox(Protocol):
    """Where deliveries go."""

    async def accept(self, delivery: Delivery) -> AcceptResult:
        """
        Return once the delivery's key and jobs are on disk in one transaction, or the key turned out to be there.

        Raises whatever keeps it from doing so; GitLab is then told to consider the delivery failed.
        """
        ...
