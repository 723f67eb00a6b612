"""
What the page of a project lists: its open merge requests with their verdicts.
"""

from __future__ import annotations

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from bot.domain.project_state import OpenMergeRequest
from bot.store.heads import HeadState
from bot.store.statements import table
from bot.store.tables import MergeRequestRecord, ScanRecord

_HEAD = table(MergeRequestRecord)
_SCAN = table(ScanRecord)


def open_merge_requests(session: Session, project_id: int, *, limit: int) -> tuple[OpenMergeRequest, ...]:
    """The open ones of a project, the newest number first: one statement."""
    query = (
        select(
            _HEAD.c.iid,
            _HEAD.c.target_branch,
            _HEAD.c.head_sha,
            _SCAN.c.outcome,
            _SCAN.c.tolerated,
            _SCAN.c.started_at,
            _SCAN.c.head_sha.label("judged_head"),
        )
        .join(_SCAN, _SCAN.c.id == _HEAD.c.last_scan_id, isouter=True)
        .where(_HEAD.c.project_id == project_id, _HEAD.c.state == HeadState.OPENED.value)
        .order_by(_HEAD.c.iid.desc())
        .limit(limit)
    )
    return tuple(
        OpenMergeRequest(
            iid=row.iid,
            target_branch=row.target_branch or "",
            head_sha=row.head_sha,
            outcome=row.outcome,
            tolerated=bool(row.tolerated),
            judged_at=row.started_at,
            is_current=row.outcome is not None and row.judged_head == row.head_sha,
        )
        for row in session.execute(query)
    )


def count_open(session: Session, project_id: int) -> int:
    """How many open merge requests of a project we know of."""
    query = select(func.count()).where(and_(_HEAD.c.project_id == project_id, _HEAD.c.state == HeadState.OPENED.value))
    return int(session.scalar(query) or 0)
