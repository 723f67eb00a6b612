"""
A second person's word that a *changed* finding may stay as it is now, on one merge request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from bot.store.statements import table
from bot.store.tables import ConfirmationRecord

_CONFIRMATION = table(ConfirmationRecord)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Whose word it is, and about which code."""

    finding_id: int
    code: str
    """The finding's ``match_hash`` as it was confirmed."""
    code_edited_at: datetime | None
    """When its lines had last been edited."""
    actor: str
    actor_id: int
    reason: str
    """May be empty."""
    at: datetime
    """UTC."""

    def fits(self, match_hash: str, edited_at: datetime | None) -> bool:
        """
        Whether it is about this code: the same, and not edited since.

        Also an edit that comes back to the same text counts: a secret's hash leaves the secret out.
        """
        return self.code != "" and self.code == match_hash and self.code_edited_at == edited_at


def confirm(session: Session, project_id: int, iid: int, confirmation: Confirmation) -> None:
    """Keep one. Rows are added and the last one counts."""
    session.execute(
        insert(_CONFIRMATION).values(
            project_id=project_id,
            iid=iid,
            finding_id=confirmation.finding_id,
            code=confirmation.code,
            code_edited_at=confirmation.code_edited_at,
            actor=confirmation.actor,
            actor_id=confirmation.actor_id,
            reason=confirmation.reason,
            at=confirmation.at,
        )
    )


def confirmed_on(session: Session, project_id: int, iid: int) -> dict[int, Confirmation]:
    """The last word about each finding of a merge request, by the finding's number. Ask each whether it ``fits``."""
    query = (
        select(_CONFIRMATION)
        .where(_CONFIRMATION.c.project_id == project_id, _CONFIRMATION.c.iid == iid)
        .order_by(_CONFIRMATION.c.id)
    )
    return {
        row.finding_id: Confirmation(
            finding_id=row.finding_id,
            code=row.code,
            code_edited_at=row.code_edited_at,
            actor=row.actor,
            actor_id=row.actor_id,
            reason=row.reason,
            at=row.at,
        )
        for row in session.execute(query)
    }


def withdraw(session: Session, project_id: int, iid: int, finding_id: int) -> int:
    """Take back every word about a finding on this merge request; how many there were."""
    removed = session.execute(
        delete(_CONFIRMATION)
        .where(
            _CONFIRMATION.c.project_id == project_id,
            _CONFIRMATION.c.iid == iid,
            _CONFIRMATION.c.finding_id == finding_id,
        )
        .returning(_CONFIRMATION.c.id)
    )
    return len(removed.all())


def forget_project(session: Session, project_id: int) -> None:
    """Delete what is known of a project that is gone."""
    session.execute(delete(_CONFIRMATION).where(_CONFIRMATION.c.project_id == project_id))
