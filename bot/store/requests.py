"""
Where on GitLab an exception was asked for, and that people were told of its coming end.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.domain.suppression import Suppression
from bot.store.statements import chunks, insert_into, table
from bot.store.suppressions import in_force, suppression_of
from bot.store.tables import ExceptionRequestRecord, ReminderRecord, SuppressionRecord

_REQUEST = table(ExceptionRequestRecord)
_REMINDER = table(ReminderRecord)
_SUPPRESSION = table(SuppressionRecord)


@dataclass(frozen=True, slots=True)
class ExceptionRequest:
    """Where a suppression was asked for, and by whom."""

    suppression_id: int
    project_id: int
    iid: int
    discussion_id: str
    asked_by_id: int
    """GitLab's number."""


def add_request(session: Session, request: ExceptionRequest) -> None:
    """Keep where a suppression was asked for; the first time counts."""
    statement = insert_into(session, _REQUEST).values(
        suppression_id=request.suppression_id,
        project_id=request.project_id,
        iid=request.iid,
        discussion_id=request.discussion_id,
        asked_by_id=request.asked_by_id,
    )
    session.execute(statement.on_conflict_do_nothing())


def requests_of(session: Session, suppression_ids: Collection[int]) -> dict[int, ExceptionRequest]:
    """Where these were asked for, by number; those that were not asked for on GitLab are left out."""
    found: dict[int, ExceptionRequest] = {}
    for chunk in chunks(sorted(set(suppression_ids))):
        for row in session.execute(select(_REQUEST).where(_REQUEST.c.suppression_id.in_(chunk))):
            found[row.suppression_id] = ExceptionRequest(
                row.suppression_id, row.project_id, row.iid, row.discussion_id, row.asked_by_id
            )
    return found


def due_reminders(session: Session, before: datetime) -> tuple[Suppression, ...]:
    """Suppressions of GitLab's projects that are in force, end before then, and of which nobody was told; by number."""
    query = (
        select(_SUPPRESSION)
        .where(
            in_force(),
            _SUPPRESSION.c.expires_at < before,
            # Others have no place to say it: `mergewarden suppressions report` shows them.
            _SUPPRESSION.c.project_id > 0,
            ~exists().where(_REMINDER.c.suppression_id == _SUPPRESSION.c.id),
        )
        .order_by(_SUPPRESSION.c.id)
    )
    return tuple(suppression_of(row) for row in session.execute(query).mappings())


def add_reminder(session: Session, suppression_id: int, at: datetime, where: str) -> None:
    """Note that people were told, in the note or issue at the address ``where``; the first time counts."""
    statement = insert_into(session, _REMINDER).values(suppression_id=suppression_id, at=at, where=where)
    session.execute(statement.on_conflict_do_nothing())


def reminded(session: Session, suppression_id: int) -> str | None:
    """Where people were told of the end of a suppression; None while they were not."""
    query = select(_REMINDER.c.where).where(_REMINDER.c.suppression_id == suppression_id)
    return session.execute(query).scalar_one_or_none()
