"""
Which projects nobody looks at: known from GitLab and never scanned, not scanned for long, or scanned without answers.

One row for each project, from one statement: two thousand projects are little, and whoever asks for one of the holes
asks for the others too.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, case, exists, literal, select, type_coerce
from sqlalchemy.orm import Session

from bot.domain.enforcement import Level
from bot.store.bulk import among
from bot.store.statements import table
from bot.store.tables import EnforcementRecord, ProjectRecord, ScanRecord, StreamRecord, TrackedRefRecord
from bot.store.tracking import OWN
from bot.store.types import ExactText

_PROJECT = table(ProjectRecord)
_REF = table(TrackedRefRecord)
_STREAM = table(StreamRecord)
_SCAN = table(ScanRecord)
_ENFORCEMENT = table(EnforcementRecord)

_LEVELS = tuple(Level)
_NO_ANSWER = ':""'
"""What stands in the JSON of ``looked_with`` for a scanner without an answer: see ``bot.store.types.dump_json``."""
STALE_AFTER = timedelta(days=14)
"""So old the last look at a default branch may be: a project that nobody pushes to is read again with new rules."""


class Hole(Enum):
    """Why nobody can say how a project stands. The worst first."""

    NEVER_SCANNED = "never_scanned"
    """GitLab showed it to us, and nothing of it was ever scanned."""
    NO_BASELINE = "no_baseline"
    """Merge requests were scanned, the default branch never was."""
    NO_ANSWER = "no_answer"
    """A scanner that is required gave no answer about the default branch."""
    STALE = "stale"
    """Nobody has looked at the default branch for long."""


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What is known of one project without looking at a finding."""

    id: int
    path: str
    default_branch: str | None
    """None for an empty project, of which there is nothing to scan."""
    was_scanned: bool
    """Whether anything of it ever was: its default branch, or a merge request."""
    baseline_at: datetime | None
    """UTC, when the default branch was last read; None for never."""
    commit: str | None
    """That was read then."""
    scan_id: str | None
    """The scan that read it; it may be gone."""
    unanswered: tuple[str, ...]
    """Scanners that gave no answer about the default branch, by name."""
    level: Level | None
    """How strongly its gate holds; None while nobody has looked at its settings."""

    def holes(self, now: datetime, required: Collection[str] | None) -> tuple[Hole, ...]:
        """
        What keeps us from knowing how it stands; none for an empty project. ``required``: the scanners whose answer is
        needed, None for all.
        """
        if self.default_branch is None and not self.was_scanned:
            return ()
        if self.baseline_at is None:
            return (Hole.NO_BASELINE if self.was_scanned else Hole.NEVER_SCANNED,)
        found = []
        if any(required is None or name in required for name in self.unanswered):
            found.append(Hole.NO_ANSWER)
        if now - self.baseline_at > STALE_AFTER:
            found.append(Hole.STALE)
        return tuple(found)


def project_facts(session: Session, sees: frozenset[int] | None) -> tuple[ProjectFacts, ...]:
    """Every project that somebody sees (None for all), by number. One statement."""
    scanned = exists(select(literal(1)).where(_SCAN.c.project_id == _PROJECT.c.id))
    looked_with = type_coerce(_STREAM.c.looked_with, ExactText)
    query = (
        select(
            _PROJECT.c.id,
            _PROJECT.c.path,
            _PROJECT.c.default_branch,
            case((_STREAM.c.id.is_not(None), True), else_=scanned).label("was_scanned"),
            _STREAM.c.seen_at,
            _STREAM.c.commit_sha,
            _STREAM.c.scan_id,
            # Only where something is empty in it, and as text: it is long, and many projects have the same.
            case((looked_with.contains(_NO_ANSWER, autoescape=True), looked_with)).label("looked_with"),
            _ENFORCEMENT.c.level,
            _ENFORCEMENT.c.checked_at.is_not(None).label("looked_at"),
        )
        .select_from(
            _PROJECT.outerjoin(
                _REF,
                and_(
                    _REF.c.project_id == _PROJECT.c.id,
                    _REF.c.merge_request_iid.is_(None),
                    _REF.c.name == _PROJECT.c.default_branch,
                ),
            )
            .outerjoin(_STREAM, and_(_STREAM.c.ref_id == _REF.c.id, _STREAM.c.source == OWN))
            .outerjoin(_ENFORCEMENT, _ENFORCEMENT.c.project_id == _PROJECT.c.id)
        )
        .order_by(_PROJECT.c.id)
    )
    if sees is not None:
        query = query.where(among(session, _PROJECT.c.id, sees))
    return tuple(_facts(row) for row in session.execute(query).all())


def holes_of(
    facts: Sequence[ProjectFacts], now: datetime, required: Collection[str] | None
) -> tuple[tuple[ProjectFacts, tuple[Hole, ...]], ...]:
    """The projects that have some, those with the worst one first, then by path."""
    order = list(Hole)
    found = [(one, holes) for one in facts if (holes := one.holes(now, required))]
    return tuple(sorted(found, key=lambda item: (order.index(item[1][0]), item[0].path.casefold(), item[0].id)))


def _facts(row: Any) -> ProjectFacts:
    return ProjectFacts(
        id=row.id,
        path=row.path,
        default_branch=row.default_branch,
        was_scanned=bool(row.was_scanned),
        baseline_at=row.seen_at,
        commit=row.commit_sha,
        scan_id=row.scan_id,
        unanswered=_unanswered(row.looked_with) if row.looked_with is not None else (),
        # A row without a check was made by the hook alone: nobody has looked at the settings.
        level=_LEVELS[row.level] if row.looked_at else None,
    )


@lru_cache(maxsize=512)
def _unanswered(looked_with: str) -> tuple[str, ...]:
    """Those with an empty text: see ``bot.pipeline.branch``."""
    return tuple(sorted(name for name, said in json.loads(looked_with).items() if not said))
