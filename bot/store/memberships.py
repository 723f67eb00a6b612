"""What people are in GitLab's projects, as it was last asked: kept, so that a page need not ask GitLab."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.store.desk_tables import MembershipCheckRecord, MembershipRecord
from bot.store.statements import chunks, insert_into, table
from bot.store.tables import ProjectRecord

_MEMBER = table(MembershipRecord)
_CHECK = table(MembershipCheckRecord)
_PROJECT = table(ProjectRecord)


@dataclass(frozen=True, slots=True)
class Known:
    """A project that somebody is a member of."""

    project_id: int
    path: str
    access_level: int


def set_members(session: Session, project_id: int, levels: Mapping[int, int], now: datetime) -> None:
    """Keep who is in a project, access levels by user number; whoever is not among them has left it."""
    # The check first: two who list at once take turns on its row, and the later one's list stays.
    statement = insert_into(session, _CHECK).values(project_id=project_id, checked_at=now)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["project_id"], set_={"checked_at": statement.excluded.checked_at}
        )
    )
    session.execute(delete(_MEMBER).where(_MEMBER.c.project_id == project_id))
    rows = [
        {"project_id": project_id, "user_id": user, "access_level": level} for user, level in sorted(levels.items())
    ]
    for chunk in chunks(rows):
        session.execute(insert_into(session, _MEMBER).values(chunk))


def set_member(session: Session, project_id: int, user_id: int, level: int | None) -> None:
    """Keep what GitLab just said about one person; None when he is no member."""
    if level is None:
        session.execute(delete(_MEMBER).where(_MEMBER.c.project_id == project_id, _MEMBER.c.user_id == user_id))
        return
    statement = insert_into(session, _MEMBER).values(project_id=project_id, user_id=user_id, access_level=level)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["project_id", "user_id"], set_={"access_level": statement.excluded.access_level}
        )
    )


def projects_of(session: Session, user_id: int, since: datetime) -> tuple[Known, ...]:
    """Projects that somebody is a member of, those only whose members were asked for after ``since``."""
    rows = session.execute(
        select(_PROJECT.c.id, _PROJECT.c.path, _MEMBER.c.access_level)
        .join(_CHECK, _CHECK.c.project_id == _MEMBER.c.project_id)
        .join(_PROJECT, _PROJECT.c.id == _MEMBER.c.project_id)
        .where(_MEMBER.c.user_id == user_id, _CHECK.c.checked_at > since)
        .order_by(_PROJECT.c.id)
    )
    return tuple(Known(row.id, row.path, row.access_level) for row in rows)


def project_paths(session: Session) -> tuple[tuple[int, str], ...]:
    """Number and full path of every project."""
    rows = session.execute(select(_PROJECT.c.id, _PROJECT.c.path).order_by(_PROJECT.c.id))
    return tuple((row.id, row.path) for row in rows)


def checked(session: Session, project_ids: Collection[int]) -> Mapping[int, datetime]:
    """When the members of these projects were last asked for."""
    found: dict[int, datetime] = {}
    for chunk in chunks(sorted(project_ids)):
        rows = session.execute(select(_CHECK).where(_CHECK.c.project_id.in_(chunk)))
        found |= {row.project_id: row.checked_at for row in rows}
    return found


def forget_members(session: Session, project_id: int) -> None:
    """Forget who is in a project."""
    session.execute(delete(_MEMBER).where(_MEMBER.c.project_id == project_id))
    session.execute(delete(_CHECK).where(_CHECK.c.project_id == project_id))
