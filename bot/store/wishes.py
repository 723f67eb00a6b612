"""
Wishes to merge: who asked the merge bot for what, and what became of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, insert, select, update
from sqlalchemy.orm import Session

from bot.domain.merging import Asked, LastVerdict, Wish, WishState
from bot.domain.verdict import lets_through
from bot.store import clearances
from bot.store.decisions import decision_about
from bot.store.statements import table
from bot.store.tables import MergeRequestRecord, MergeWishRecord, ScanRecord

_WISH = table(MergeWishRecord)
_HEAD = table(MergeRequestRecord)
_SCAN = table(ScanRecord)
_OPEN = tuple(state for state in WishState if state.is_open)


def ask(
    session: Session,
    *,
    project_id: int,
    iid: int,
    target_branch: str,
    asked_by: str,
    asked_by_id: int | None,
    how: Asked,
    at: datetime,
) -> Wish:
    """
    The open wish of a merge request, made where there is none.

    A person's word counts more than a label's or a policy's, and takes its place. A wish for another target branch is
    over.
    """
    # Whoever asks at the same moment waits here, and then finds this one's wish.
    session.execute(select(_HEAD.c.iid).where(_HEAD.c.project_id == project_id, _HEAD.c.iid == iid).with_for_update())
    known = open_wish(session, project_id, iid)
    if known is not None and known.target_branch == target_branch:
        if how is not Asked.COMMAND or known.asked_how is Asked.COMMAND:
            return known
        values = {"asked_by": asked_by, "asked_by_id": asked_by_id, "asked_how": how.value, "asked_at": at}
        row = session.execute(update(_WISH).where(_WISH.c.id == known.id).values(**values).returning(_WISH)).one()
        return _wish(row)
    if known is not None:
        settle(session, known.id, WishState.CANCELLED, at=at)
    row = session.execute(
        insert(_WISH)
        .values(
            project_id=project_id,
            iid=iid,
            target_branch=target_branch,
            state=WishState.WAITING,
            asked_by=asked_by,
            asked_by_id=asked_by_id,
            asked_how=how.value,
            asked_at=at,
            updated_at=at,
            reason="",
            attempts=0,
        )
        .returning(_WISH)
    ).one()
    return _wish(row)


def get(session: Session, wish_id: int) -> Wish | None:
    """One wish, or None."""
    row = session.execute(select(_WISH).where(_WISH.c.id == wish_id)).one_or_none()
    return None if row is None else _wish(row)


def open_wish(session: Session, project_id: int, iid: int) -> Wish | None:
    """The open wish of a merge request; the oldest, should there be several."""
    query = select(_WISH).where(_WISH.c.project_id == project_id, _WISH.c.iid == iid, _WISH.c.state.in_(_OPEN))
    row = session.execute(query.order_by(_WISH.c.id).limit(1)).one_or_none()
    return None if row is None else _wish(row)


def open_wishes(
    session: Session, project_id: int, branch: str | None = None, *, limit: int | None = None
) -> tuple[Wish, ...]:
    """The open wishes of a project, or of one target branch in it, in the order in which they were asked for."""
    query = select(_WISH).where(_WISH.c.project_id == project_id, _WISH.c.state.in_(_OPEN))
    if branch is not None:
        query = query.where(_WISH.c.target_branch == branch)
    query = query.order_by(_WISH.c.asked_at, _WISH.c.id)
    return tuple(_wish(row) for row in session.execute(query if limit is None else query.limit(limit)))


def branches_with_wishes(session: Session) -> tuple[tuple[int, str], ...]:
    """Project and target branch of every queue that is not empty: what a periodic run looks at."""
    query = select(_WISH.c.project_id, _WISH.c.target_branch).where(_WISH.c.state.in_(_OPEN)).distinct()
    return tuple(sorted((row.project_id, row.target_branch) for row in session.execute(query)))


def settle(
    session: Session,
    wish_id: int,
    state: WishState,
    *,
    at: datetime,
    reason: str = "",
    merged_sha: str | None = None,
) -> bool:
    """Write down where a wish stands; False when it was over already, or nothing is new."""
    values: dict[str, Any] = {"state": state, "reason": reason, "updated_at": at}
    if merged_sha is not None:
        values["merged_sha"] = merged_sha
    new = (_WISH.c.state != state) | (_WISH.c.reason != reason)
    statement = update(_WISH).where(_WISH.c.id == wish_id, _WISH.c.state.in_(_OPEN), new).values(**values)
    return session.execute(statement.returning(_WISH.c.id)).one_or_none() is not None


def count_attempt(session: Session, wish_id: int, state: WishState, at: datetime) -> bool:
    """Note that a merge or rebase begins; False when the wish was taken back meanwhile."""
    statement = (
        update(_WISH)
        .where(_WISH.c.id == wish_id, _WISH.c.state.in_(_OPEN))
        .values(attempts=_WISH.c.attempts + 1, state=state, updated_at=at)
        .returning(_WISH.c.id)
    )
    return session.execute(statement).one_or_none() is not None


def end_wishes(session: Session, project_id: int, iid: int, state: WishState, *, at: datetime, reason: str = "") -> int:
    """End every open wish of a merge request, which was merged or closed or taken back; how many there were."""
    statement = (
        update(_WISH)
        .where(_WISH.c.project_id == project_id, _WISH.c.iid == iid, _WISH.c.state.in_(_OPEN))
        .values(state=state, reason=reason, updated_at=at)
        .returning(_WISH.c.id)
    )
    return len(session.execute(statement).all())


def last_verdict(session: Session, project_id: int, iid: int) -> LastVerdict | None:
    """What the gate last said about a merge request; None where it never did."""
    query = (
        select(_SCAN.c.id, _SCAN.c.head_sha, _SCAN.c.ref, _SCAN.c.outcome, _SCAN.c.tolerated)
        .join(_HEAD, and_(_HEAD.c.last_scan_id == _SCAN.c.id, _HEAD.c.project_id == _SCAN.c.project_id))
        .where(_HEAD.c.project_id == project_id, _HEAD.c.iid == iid)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    decided = decision_about(session, project_id, iid, row.id)
    standing = clearances.standing(session, project_id, iid)
    return LastVerdict(
        row.head_sha,
        row.ref,
        lets_through(row.outcome, tolerated=row.tolerated),
        cleared=any((one.head, one.branch) == (row.head_sha, row.ref) for one in standing),
        draft=decided is not None and decided.inputs.context.draft,
    )


def purge(session: Session, *, before: datetime) -> int:
    """Delete wishes that were over before this moment; how many."""
    statement = delete(_WISH).where(_WISH.c.updated_at < before, _WISH.c.state.not_in(_OPEN))
    return len(session.execute(statement.returning(_WISH.c.id)).all())


def forget_project(session: Session, project_id: int) -> None:
    """Delete the wishes of a project that is gone."""
    session.execute(delete(_WISH).where(_WISH.c.project_id == project_id))


def _wish(row: Row[Any]) -> Wish:
    return Wish(
        id=row.id,
        project_id=row.project_id,
        iid=row.iid,
        target_branch=row.target_branch,
        state=row.state,
        asked_by=row.asked_by,
        asked_by_id=row.asked_by_id,
        asked_how=Asked(row.asked_how),
        asked_at=row.asked_at,
        updated_at=row.updated_at,
        reason=row.reason,
        attempts=row.attempts,
        merged_sha=row.merged_sha,
    )
