"""
What we want a merge request's conversation to look like; ``bot.reports`` renders it, ``bot.gitlab`` sends it.
"""

from __future__ import annotations

from dataclasses import dataclass

from scanners.finding import Location


@dataclass(frozen=True, slots=True)
class WantedThread:
    """One discussion for one finding."""

    fingerprint: str
    body: str
    """Markdown, already safe, without the marker."""
    location: Location
    """In the head tree."""
    blocks: bool
    """Whether this finding blocks the merge; its thread then stays open while the finding is there."""
    scanners: tuple[str, ...]
    """Every scanner that saw it; kept in the marker so that only a scanner that looked can close the thread."""


@dataclass(frozen=True, slots=True)
class WantedConversation:
    """Everything we want to be readable on the merge request after this scan."""

    summary: str
    """Markdown of the one summary note, already safe, without the marker."""
    threads: tuple[WantedThread, ...]
    """New and changed findings that get a discussion of their own, worst first, already capped."""
    present: frozenset[str]
    """Fingerprints of every new or changed finding in the head, threads or not: their old threads are not resolved."""
    silent_scanners: frozenset[str]
    """Scanners that gave no answer: threads that carry one of these names are never resolved by this scan."""
    unread_paths: frozenset[str]
    """Files that could not be read: threads on them are never resolved by this scan."""
    accepted: frozenset[str] = frozenset()
    """Fingerprints of those that a suppression covers: their threads are closed without a word."""
