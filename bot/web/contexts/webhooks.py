"""What the pages about outgoing webhooks show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.outgoing import SUBSCRIBABLE, Delivery, EventType, Hook
from bot.errors import Told


@dataclass(frozen=True, slots=True)
class HookLine:
    """An address with what became of the last message to it."""

    hook: Hook
    address: str
    """Without its query, which may be a key."""
    last: Delivery | None


@dataclass(frozen=True, slots=True)
class WebhooksPage:
    """All addresses."""

    hooks: Sequence[HookLine]
    events: Sequence[EventType] = SUBSCRIBABLE
    secret: str = ""
    """Of the one that was added just now; it is shown this once."""
    made: int = 0
    problem: Told = ""
    """From the check of what was entered."""
    url: str = ""
    """As it was entered, when it was refused."""
    projects: str = "**"


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """One address with its last messages."""

    line: HookLine
    deliveries: Sequence[Delivery]
    next: int | None
    """Where older messages begin; None where there are none."""
