"""
Whose code is in a merge request, as GitLab's events said. Commits name people by e-mail, which anybody can write.
"""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.store.clock import database_time
from bot.store.statements import insert_into, table
from bot.store.tables import ContributorRecord

_CONTRIBUTOR = table(ContributorRecord)


def add_contributor(session: Session, project_id: int, iid: int, user_id: int) -> None:
    """Remember that a user opened the merge request or pushed to it; saying it again changes nothing."""
    statement = insert_into(session, _CONTRIBUTOR).values(
        project_id=project_id, iid=iid, user_id=user_id, at=database_time()
    )
    session.execute(statement.on_conflict_do_nothing())


def contributors(session: Session, project_id: int, iid: int) -> frozenset[int]:
    """The numbers of all users who are known to have opened the merge request or pushed to it."""
    query = select(_CONTRIBUTOR.c.user_id).where(_CONTRIBUTOR.c.project_id == project_id, _CONTRIBUTOR.c.iid == iid)
    return frozenset(session.execute(query).scalars())


def forget_project(session: Session, project_id: int) -> None:
    """Delete what is known of a project that is gone."""
    session.execute(delete(_CONTRIBUTOR).where(_CONTRIBUTOR.c.project_id == project_id))
