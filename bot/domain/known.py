"""
A finding as it is known beyond one scan: its number, where it is seen, by whom, and what people judged about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.domain.suppression import Match, Suppression
from bot.domain.triage import Judgement, TriageEvent
from bot.domain.verdict import Presence
from scanners.finding import Finding, Location


class Whereabouts(Enum):
    """Where the last scans see a finding."""

    NOWHERE = "nowhere"
    ELSEWHERE = "elsewhere"
    """On a merge request or another branch, not on the default branch."""
    DEFAULT_BRANCH = "default_branch"


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """A finding of a project with its number, which it keeps through edits, renames, merges and releases of ours."""

    id: int
    """Its number, as in ``#812``; unique over all projects."""
    project_id: int
    project: str
    """Full path of the project."""
    finding: Finding
    """As it was last seen, on the default branch where it is there."""
    whereabouts: Whereabouts
    judgement: Judgement
    first_seen_at: datetime
    """UTC."""
    suppressed: bool = False
    """Whether a suppression is in force for it now."""
    suppression: Suppression | None = None
    """Which one, where that was asked for."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a finding is, or was, on one branch or merge request."""

    ref: str
    """A branch, or ``!7`` for a merge request."""
    presence: Presence
    """What the last scan there said."""
    location: Location
    explanation: str
    """English, one line: why it is taken for the same."""
    commit: str | None
    """Commit of the last scan there."""
    first_seen_at: datetime
    gone_at: datetime | None
    """None while the last scan sees it."""
    changed_at: datetime | None
    """When its flagged lines were last edited there; a judgement from before that has to be confirmed."""


@dataclass(frozen=True, slots=True)
class Witness:
    """One scanner's word for a finding on one branch or merge request; kept when the scanner no longer says it."""

    ref: str
    source: str
    """``scan`` for our own, else what was imported, for example ``import:CodeQL``."""
    scanner: str
    version: str
    rule_id: str
    first_seen_at: datetime
    last_seen_at: datetime
    gone_at: datetime | None
    """When the scanner looked and did not see it any more; None while it does."""
    explanation: str = ""
    """Why it was taken for the same finding as another scanner's; empty for the first."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything that is known about one finding."""

    known: KnownFinding
    history: tuple[TriageEvent, ...]
    """What people said, the first first."""
    sightings: tuple[Sighting, ...]
    witnesses: tuple[Witness, ...]
    suppressions: tuple[Suppression, ...]
    """Those made for this finding alone, whatever became of them."""
    match: Match | None
    """The suppression that is in force for it, which may be one by rule or advisory."""


def edited_at(known: KnownFinding, sightings: Sequence[Sighting]) -> datetime | None:
    """
    When the flagged lines were last edited where the finding is shown: on the default branch where it is there, else
    wherever it is. None for never. ``sightings`` as the store gives them, the default branch first.
    """
    return edited_among(known.whereabouts, [(seen.gone_at, seen.changed_at) for seen in sightings])


def edited_among(
    whereabouts: Whereabouts, places: Sequence[tuple[datetime | None, datetime | None]]
) -> datetime | None:
    """The same by ``gone_at`` and ``changed_at`` of each place."""
    living = [place for place in places if place[0] is None] or list(places)
    if whereabouts is Whereabouts.DEFAULT_BRANCH:
        living = living[:1]
    return max((changed for _, changed in living if changed is not None), default=None)
