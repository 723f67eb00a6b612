"""
The newest head of each merge request.

A sequence number rises with each job that makes older ones pointless. It is raised in the transaction that submits the
job, so head and job are one commit, and an older job sees for itself that it is no longer the newest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache

from sqlalchemy import Executable, Row, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session

from bot.store.clock import database_time
from bot.store.statements import chunks, insert_for, table
from bot.store.tables import MergeRequestRecord

_HEAD = table(MergeRequestRecord)
_ONE_HEAD = select(_HEAD).where(_HEAD.c.project_id == bindparam("project"), _HEAD.c.iid == bindparam("number"))


class HeadState(Enum):
    """A merge request's state, in GitLab's words."""

    OPENED = "opened"
    CLOSED = "closed"
    LOCKED = "locked"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class MergeRequestHead:
    """What we know of a merge request without asking GitLab."""

    project_id: int
    """The target project's number."""
    iid: int
    sequence: int
    """Of the newest job; 1 for the first."""
    workflow_id: str | None
    """The newest job."""
    head_sha: str | None
    """As the newest event named it; None when none did."""
    target_branch: str | None
    state: HeadState
    last_scan_id: str | None
    """None before the first verdict, as the two below."""
    scanned_head: str | None
    scanned_base: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Raised:
    """What ``raise_sequence`` did."""

    sequence: int
    """The new number, from 1."""
    previous_workflow_id: str | None
    """The job that was the newest before, to be cancelled; None when there was none."""


def raise_sequence(
    session: Session,
    project_id: int,
    iid: int,
    *,
    workflow_id: str | None = None,
    head_sha: str | None = None,
    target_branch: str | None = None,
) -> Raised:
    """
    Make a job the newest of a merge request: one statement, whoever else does the same at this moment.

    A merge request that was closed counts as open again. ``head_sha`` and ``target_branch`` stay as they were where
    None.
    """
    row = session.execute(
        _raise_statement(session.get_bind().dialect.name),
        {
            "project_id": project_id,
            "iid": iid,
            "workflow_id": workflow_id,
            "head_sha": head_sha,
            "target_branch": target_branch,
        },
    ).one()
    return Raised(row.sequence, row.previous_workflow_id)


@cache
def _raise_statement(dialect: str) -> Executable:
    # Built once: a webhook waits for this, and building it takes longer than the database does.
    statement = insert_for(dialect, _HEAD).values(
        project_id=bindparam("project_id"),
        iid=bindparam("iid"),
        sequence=1,
        workflow_id=bindparam("workflow_id"),
        head_sha=bindparam("head_sha"),
        target_branch=bindparam("target_branch"),
        state=HeadState.OPENED.value,
        updated_at=database_time(),
    )
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["project_id", "iid"],
        set_={
            "sequence": _HEAD.c.sequence + 1,
            # RETURNING shows the row as it is afterwards, so the old value is kept in a column of its own.
            "previous_workflow_id": _HEAD.c.workflow_id,
            "workflow_id": new.workflow_id,
            "head_sha": func.coalesce(new.head_sha, _HEAD.c.head_sha),
            "target_branch": func.coalesce(new.target_branch, _HEAD.c.target_branch),
            "state": new.state,
            "updated_at": new.updated_at,
        },
    ).returning(_HEAD.c.sequence, _HEAD.c.previous_workflow_id)


def current_sequence(session: Session, project_id: int, iid: int) -> int:
    """The newest sequence number; 0 for a merge request that we do not know."""
    found = session.scalar(select(_HEAD.c.sequence).where(_HEAD.c.project_id == project_id, _HEAD.c.iid == iid))
    return 0 if found is None else int(found)


def get_head(session: Session, project_id: int, iid: int) -> MergeRequestHead | None:
    """One merge request, or None."""
    row = session.execute(_ONE_HEAD, {"project": project_id, "number": iid}).one_or_none()
    return None if row is None else _head(row)


def heads_of(session: Session, project_ids: Collection[int]) -> Mapping[tuple[int, int], MergeRequestHead]:
    """Every merge request that we know of these projects, by ``(project_id, iid)``."""
    found: dict[tuple[int, int], MergeRequestHead] = {}
    for chunk in chunks(sorted(set(project_ids))):
        rows = session.execute(select(_HEAD).where(_HEAD.c.project_id.in_(chunk)))
        found |= {(row.project_id, row.iid): _head(row) for row in rows}
    return found


def open_heads_at(session: Session, sha: str) -> tuple[MergeRequestHead, ...]:
    """Open merge requests whose newest or last scanned head is this commit, in whatever project."""
    rows = session.execute(
        select(_HEAD)
        .where(_HEAD.c.head_sha == sha, _HEAD.c.state == HeadState.OPENED.value)
        .order_by(_HEAD.c.project_id, _HEAD.c.iid)
    )
    return tuple(_head(row) for row in rows)


def open_requests(
    session: Session, *, project_id: int | None = None, target_branch: str | None = None
) -> tuple[tuple[int, int], ...]:
    """
    Project and number of every open merge request; of one project, or of those that may go into one branch only.

    Also of one without a verdict: its first scan may have begun before what the caller has to tell. Until that ends,
    nobody has noted where it goes, so it may go anywhere.
    """
    query = select(_HEAD.c.project_id, _HEAD.c.iid).where(_HEAD.c.state == HeadState.OPENED.value)
    if project_id is not None:
        query = query.where(_HEAD.c.project_id == project_id)
    if target_branch is not None:
        query = query.where(or_(_HEAD.c.target_branch == target_branch, _HEAD.c.target_branch.is_(None)))
    rows = session.execute(query.order_by(_HEAD.c.project_id, _HEAD.c.iid))
    return tuple((row.project_id, row.iid) for row in rows)


def mark_scanned(
    session: Session,
    project_id: int,
    iid: int,
    *,
    sequence: int,
    scan_id: str,
    head_sha: str,
    base_sha: str | None,
    target_branch: str | None = None,
) -> bool:
    """Note the last scan; False (and nothing done) when a newer job has been submitted meanwhile."""
    values: dict[str, object] = {
        "last_scan_id": scan_id,
        "scanned_head": head_sha,
        "scanned_base": base_sha,
        "head_sha": head_sha,
    }
    if target_branch is not None:
        values["target_branch"] = target_branch
    return _update(session, project_id, iid, sequence, **values)


def mark_failed(session: Session, project_id: int, iid: int, *, sequence: int, scan_id: str) -> bool:
    """Note a scan that was given up: the head counts as not scanned. False when a newer job has been submitted."""
    return _update(session, project_id, iid, sequence, last_scan_id=scan_id, scanned_head=None, scanned_base=None)


def mark_unfinished(session: Session, project_id: int, iid: int, *, sequence: int) -> bool:
    """Note that the last job broke off: the head counts as not scanned. False when a newer job has been submitted."""
    return _update(session, project_id, iid, sequence, scanned_head=None, scanned_base=None)


def close_head(session: Session, project_id: int, iid: int, state: HeadState) -> Raised | None:
    """
    Note how a merge request ended, and raise its sequence so that running jobs see that they are pointless.

    ``previous_workflow_id`` is the job to cancel. None when we do not know the merge request.
    """
    row = session.execute(
        update(_HEAD)
        .where(_HEAD.c.project_id == project_id, _HEAD.c.iid == iid)
        .values(
            state=state.value,
            sequence=_HEAD.c.sequence + 1,
            previous_workflow_id=_HEAD.c.workflow_id,
            workflow_id=None,
            updated_at=database_time(),
        )
        .returning(_HEAD.c.sequence, _HEAD.c.previous_workflow_id)
    ).one_or_none()
    return None if row is None else Raised(row.sequence, row.previous_workflow_id)


def forget_project(session: Session, project_id: int) -> tuple[str, ...]:
    """Delete a project's merge requests; the jobs that were their newest, to be cancelled."""
    removed = session.execute(delete(_HEAD).where(_HEAD.c.project_id == project_id).returning(_HEAD.c.workflow_id))
    return tuple(sorted(name for (name,) in removed if name is not None))


def _update(session: Session, project_id: int, iid: int, sequence: int, **values: object) -> bool:
    changed = session.execute(
        update(_HEAD)
        .where(_HEAD.c.project_id == project_id, _HEAD.c.iid == iid, _HEAD.c.sequence == sequence)
        .values(updated_at=database_time(), **values)
        .returning(_HEAD.c.sequence)
    )
    return changed.one_or_none() is not None


def _head(row: Row[tuple[object, ...]]) -> MergeRequestHead:
    return MergeRequestHead(
        project_id=row.project_id,
        iid=row.iid,
        sequence=row.sequence,
        workflow_id=row.workflow_id,
        head_sha=row.head_sha,
        target_branch=row.target_branch,
        state=HeadState(row.state),
        last_scan_id=row.last_scan_id,
        scanned_head=row.scanned_head,
        scanned_base=row.scanned_base,
        updated_at=row.updated_at,
    )
