"""What people wrote beneath findings, and the GitLab issues that they made of them. Rows are added, never changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Row, insert, select
from sqlalchemy.orm import Session

from bot.domain.workflow import Note
from bot.store.desk_tables import FindingNoteRecord
from bot.store.statements import table

_NOTE = table(FindingNoteRecord)


def add(session: Session, finding_id: int, *, actor: str, text: str, at: datetime, issue_url: str = "") -> Note:
    """Keep a comment, or with an address an issue."""
    row = session.execute(
        insert(_NOTE)
        .values(finding_id=finding_id, at=at, actor=actor, text=text, issue_url=issue_url)
        .returning(*_NOTE.c)
    ).one()
    return _note(row)


def of_finding(session: Session, finding_id: int, *, limit: int = 200) -> tuple[Note, ...]:
    """Comments and issues of a finding, the first first; the last ``limit`` of them."""
    query = select(_NOTE).where(_NOTE.c.finding_id == finding_id).order_by(_NOTE.c.id.desc()).limit(limit)
    return tuple(reversed([_note(row) for row in session.execute(query)]))


def issue_of(session: Session, finding_id: int) -> Note | None:
    """The issue that was made of a finding; None where there is none."""
    query = select(_NOTE).where(_NOTE.c.finding_id == finding_id, _NOTE.c.issue_url != "").order_by(_NOTE.c.id).limit(1)
    row = session.execute(query).one_or_none()
    return None if row is None else _note(row)


def _note(row: Row[tuple[object, ...]]) -> Note:
    return Note(row.id, row.finding_id, row.at, row.actor, row.text, row.issue_url)
