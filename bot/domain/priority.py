"""
What comes first: how urgent a finding is, and why. Pure.
"""

from __future__ import annotations

from enum import Enum


class Exposure(Enum):
    """Who can reach what a project runs. In order: its position is stored."""

    UNKNOWN = "unknown"
    INTERNAL = "internal"
    PARTNERS = "partners"
    INTERNET = "internet"


class Standing(Enum):
    """What a finding waits for. In order: its position is stored."""

    CLOSED = "closed"
    """Nothing: it is seen nowhere any more, is called resolved, was dismissed, or a suppression covers it."""
    CONFIRMED = "confirmed"
    """To be mended: somebody judged that it is true."""
    UNDECIDED = "undecided"
    """A decision."""
    REQUESTED = "requested"
    """A second person: somebody asked for an exception."""
