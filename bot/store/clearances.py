"""
Clearances: which head may go into which branch. Rows are kept after a merge and after they were withdrawn.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.clearance import Clearance
from bot.store.statements import chunks, table
from bot.store.tables import ClearanceRecord, MergeRequestRecord

_CLEARANCE = table(ClearanceRecord)
_REQUEST = table(MergeRequestRecord)

SUPERSEDED = "superseded"
"""Another head, or another target, was judged since: it was cleared in its time."""
VERDICT = "verdict"
"""A later verdict on the same head does not let it through."""
CLOSED = "closed"
"""The merge request was closed without a merge."""
MERGED = "merged"
"""It came in: whatever is pushed from now on is another matter."""

REWRITTEN = "rewritten"
"""The history of the target branch became another one: what was new then says nothing about what is new now."""

LISTED_DAYS = 90
"""How old a clearance may be that is found without its head or its patch id being named."""


class NotNewest(Exception):
    """Raised when a newer job of the merge request was submitted: that one says what is cleared."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A clearance as it is granted."""

    project_id: int
    clearance: Clearance
    base_sha: str
    scan_id: str
    at: datetime


def grant(session: Session, granted: Granted, *, sequence: int) -> bool:
    """
    Write a clearance down and withdraw the others of the merge request; False when it stands already.

    One merge request has one clearance in force: that of its newest verdict. ``sequence`` is the number of the job that
    grants it, 0 for a merge request that we do not know. Raises ``NotNewest`` when that is not the newest any more.
    """
    one = granted.clearance
    if _hold(session, granted.project_id, one.iid) != sequence:
        raise NotNewest
    mine = (_CLEARANCE.c.project_id == granted.project_id, _CLEARANCE.c.iid == one.iid)
    same = and_(
        _CLEARANCE.c.head_sha == one.head,
        _CLEARANCE.c.target_branch == one.branch,
        _CLEARANCE.c.base_sha == granted.base_sha,
        # One that was granted while patch ids could not be found out gives way to one that has them.
        _CLEARANCE.c.patch_id.is_not_distinct_from(one.patch_id),
    )
    live = _CLEARANCE.c.withdrawn_at.is_(None)
    standing = session.scalars(select(_CLEARANCE.c.id).where(*mine, live, same).order_by(_CLEARANCE.c.id).limit(1))
    kept = standing.one_or_none()
    others = update(_CLEARANCE).where(*mine, live)
    if kept is not None:
        others = others.where(_CLEARANCE.c.id != kept)
    session.execute(others.values(withdrawn_at=granted.at, withdrawn_because=SUPERSEDED))
    if kept is not None:
        return False
    session.execute(
        insert(_CLEARANCE).values(
            project_id=granted.project_id,
            iid=one.iid,
            target_branch=one.branch,
            head_sha=one.head,
            base_sha=granted.base_sha,
            patch_id=one.patch_id,
            commits=list(one.commits),
            scan_id=granted.scan_id,
            granted_at=granted.at,
            withdrawn_because="",
        )
    )
    return True


def deny(session: Session, project_id: int, iid: int, *, branch: str, head: str, at: datetime) -> int:
    """
    A verdict on this head does not let it through: nothing of the merge request is cleared; returns how many were.

    What was said of this head and branch before does not count as cleared in its time either.
    """
    _hold(session, project_id, iid)
    mine = (_CLEARANCE.c.project_id == project_id, _CLEARANCE.c.iid == iid)
    same = and_(_CLEARANCE.c.head_sha == head, _CLEARANCE.c.target_branch == branch)
    live = _CLEARANCE.c.withdrawn_at.is_(None)
    ended = session.execute(
        update(_CLEARANCE)
        .where(*mine, live, ~same)
        .values(withdrawn_at=at, withdrawn_because=SUPERSEDED)
        .returning(_CLEARANCE.c.id)
    ).all()
    taken = session.execute(
        update(_CLEARANCE).where(*mine, live, same).values(withdrawn_at=at).returning(_CLEARANCE.c.id)
    ).all()
    session.execute(update(_CLEARANCE).where(*mine, same).values(withdrawn_because=VERDICT))
    return len(ended) + len(taken)


def withdraw(session: Session, project_id: int, iid: int, because: str, at: datetime) -> int:
    """Withdraw what is in force of a merge request; returns how many. ``because`` is one short word."""
    _hold(session, project_id, iid)
    ended = session.execute(
        update(_CLEARANCE)
        .where(_CLEARANCE.c.project_id == project_id, _CLEARANCE.c.iid == iid, _CLEARANCE.c.withdrawn_at.is_(None))
        .values(withdrawn_at=at, withdrawn_because=because[:40])
        .returning(_CLEARANCE.c.id)
    )
    return len(ended.all())


def matching(
    session: Session, project_id: int, *, heads: Collection[str], patch_ids: Collection[str], ever: bool = False
) -> tuple[Clearance, ...]:
    """
    Those of a project that name one of these heads or patch ids, the newest first, whatever their branch.

    Only those in force; with ``ever`` also those that were superseded or merged, which were cleared in their time.
    """
    found: dict[int, Clearance] = {}
    for column, values in ((_CLEARANCE.c.head_sha, heads), (_CLEARANCE.c.patch_id, patch_ids)):
        for chunk in chunks(sorted(values)):
            query = select(_CLEARANCE).where(_CLEARANCE.c.project_id == project_id, column.in_(chunk), _counts(ever))
            found |= {row.id: _clearance(row) for row in session.execute(query)}
    return tuple(found[number] for number in sorted(found, reverse=True))


def recent(
    session: Session,
    project_id: int,
    *,
    branches: Collection[str] | None,
    now: datetime,
    limit: int,
    ever: bool = False,
) -> tuple[Clearance, ...]:
    """The newest of a project, of these branches only unless None: at most ``limit``, of the last 90 days."""
    query = (
        select(_CLEARANCE)
        .where(
            _CLEARANCE.c.project_id == project_id,
            _CLEARANCE.c.granted_at > now - timedelta(days=LISTED_DAYS),
            _counts(ever),
        )
        .order_by(_CLEARANCE.c.id.desc())
        .limit(limit)
    )
    if branches is not None:
        query = query.where(_CLEARANCE.c.target_branch.in_(sorted(branches)))
    return tuple(_clearance(row) for row in session.execute(query))


def standing(session: Session, project_id: int, iid: int) -> tuple[Clearance, ...]:
    """What is in force for a merge request."""
    query = select(_CLEARANCE).where(
        _CLEARANCE.c.project_id == project_id, _CLEARANCE.c.iid == iid, _CLEARANCE.c.withdrawn_at.is_(None)
    )
    return tuple(_clearance(row) for row in session.execute(query.order_by(_CLEARANCE.c.id)))


def forget_project(session: Session, project_id: int) -> None:
    """Delete the clearances of a project that is gone."""
    session.execute(delete(_CLEARANCE).where(_CLEARANCE.c.project_id == project_id))


def _hold(session: Session, project_id: int, iid: int) -> int:
    """
    Nobody else settles this merge request until the transaction ends. SQLite has one writer in any case.

    Returns the number of its newest job; 0 for a merge request that we do not know.
    """
    mine = select(_REQUEST.c.sequence).where(_REQUEST.c.project_id == project_id, _REQUEST.c.iid == iid)
    return int(session.scalar(mine.with_for_update()) or 0)


def _counts(ever: bool) -> ColumnElement[bool]:
    live = _CLEARANCE.c.withdrawn_at.is_(None)
    return or_(live, _CLEARANCE.c.withdrawn_because.in_((SUPERSEDED, MERGED))) if ever else live


def _clearance(row: Row[Any]) -> Clearance:
    commits: Sequence[str] = row.commits
    return Clearance(row.iid, row.target_branch, row.head_sha, row.patch_id, tuple(commits))
