"""
What the pages about policies ask the store: which policies were decided by lately, and the last word of a project.

Each function is one statement. ``sees`` are the projects that the reader sees by number; None for all.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.domain.verdict import Outcome
from bot.store.bulk import among
from bot.store.statements import table
from bot.store.tables import DecisionRecord, PolicySnapshotRecord

_DECISION = table(DecisionRecord)
_SNAPSHOT = table(PolicySnapshotRecord)


@dataclass(frozen=True, slots=True)
class UsedPolicy:
    """A policy as decisions refer to it."""

    digest: str
    first_used_at: datetime | None
    """Ever, in any project; None for one whose text is not kept."""
    last_used_at: datetime
    decisions: int
    """Since the moment that was asked for."""
    projects: int


@dataclass(frozen=True, slots=True)
class LastWord:
    """The newest decision in a project, without what it followed from."""

    at: datetime
    iid: int | None
    scan_id: str
    outcome: Outcome
    policy_digest: str
    layers: tuple[str, ...]
    """Where the policy's layers came from, the outermost first."""


def used(session: Session, sees: Collection[int] | None, *, since: datetime, limit: int = 50) -> tuple[UsedPolicy, ...]:
    """The policies of the decisions since then, the last used first."""
    seen = [] if sees is None else [among(session, _DECISION.c.project_id, sees)]
    counted = (
        select(
            _DECISION.c.policy_digest.label("digest"),
            func.count().label("decisions"),
            func.count(_DECISION.c.project_id.distinct()).label("projects"),
            func.max(_DECISION.c.at).label("last"),
        )
        .where(_DECISION.c.at >= since, *seen)
        .group_by(_DECISION.c.policy_digest)
        .subquery()
    )
    rows = session.execute(
        select(counted, _SNAPSHOT.c.first_used_at)
        .outerjoin(_SNAPSHOT, _SNAPSHOT.c.digest == counted.c.digest)
        .order_by(counted.c.last.desc(), counted.c.digest)
        .limit(limit)
    )
    return tuple(
        UsedPolicy(row.digest, row.first_used_at, row.last, int(row.decisions), int(row.projects)) for row in rows
    )


def last_word(session: Session, project_id: int) -> LastWord | None:
    """The newest decision in a project, or None."""
    newest = (
        select(_DECISION.c.id)
        .where(_DECISION.c.project_id == project_id)
        .order_by(_DECISION.c.at.desc(), _DECISION.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    row = session.execute(
        select(
            _DECISION.c.at,
            _DECISION.c.iid,
            _DECISION.c.scan_id,
            _DECISION.c.outcome,
            _DECISION.c.policy_digest,
            _DECISION.c.inputs,
        ).where(_DECISION.c.id == newest)
    ).one_or_none()
    if row is None:
        return None
    layers = tuple(str(one) for one in row.inputs.get("layers", ()))
    return LastWord(row.at, row.iid, row.scan_id, row.outcome, row.policy_digest, layers)
