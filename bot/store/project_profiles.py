"""What people said about projects: how exposed they are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from bot.domain.priority import Exposure
from bot.domain.workflow import Profile
from bot.store.desk_tables import ProjectProfileRecord
from bot.store.statements import chunks, insert_into, table

_PROFILE = table(ProjectProfileRecord)


def get(session: Session, project_id: int) -> Profile | None:
    """What was said about a project; None while nobody said anything."""
    return profiles(session, [project_id]).get(project_id)


def profiles(session: Session, project_ids: Collection[int]) -> dict[int, Profile]:
    """By project, where somebody said something. One statement per thousand."""
    found: dict[int, Profile] = {}
    for chunk in chunks(sorted(set(project_ids))):
        for row in session.execute(select(_PROFILE).where(_PROFILE.c.project_id.in_(chunk))):
            found[row.project_id] = _profile(row)
    return found


def set_exposure(session: Session, project_id: int, exposure: Exposure, *, actor: str, at: datetime) -> Profile:
    """Keep who can reach what a project runs."""
    values = {"exposure": exposure, "changed_by": actor, "changed_at": at}
    statement = insert_into(session, _PROFILE).values(project_id=project_id, **values)
    row = session.execute(
        statement.on_conflict_do_update(index_elements=["project_id"], set_=values).returning(*_PROFILE.c)
    ).one()
    return _profile(row)


def _profile(row: Row[tuple[object, ...]]) -> Profile:
    return Profile(row.project_id, row.exposure, row.changed_by, row.changed_at)
