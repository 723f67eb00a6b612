"""Filters of the triage list that people keep under a name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Row, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.workflow import SavedView
from bot.store.desk_tables import SavedViewRecord
from bot.store.statements import table

_VIEW = table(SavedViewRecord)
_MOST_SHOWN = 500


def of_person(session: Session, person_id: int | None) -> tuple[SavedView, ...]:
    """His own and those that others share, by name; of people who are nobody's only shared ones."""
    mine = _VIEW.c.person_id == person_id if person_id is not None else _VIEW.c.shared
    query = select(_VIEW).where(or_(mine, _VIEW.c.shared)).order_by(func.lower(_VIEW.c.name), _VIEW.c.id)
    return tuple(_view(row) for row in session.execute(query.limit(_MOST_SHOWN)))


def get(session: Session, view_id: int) -> SavedView | None:
    """The view with this number."""
    row = session.execute(select(_VIEW).where(_VIEW.c.id == view_id)).one_or_none()
    return None if row is None else _view(row)


def count(session: Session, person_id: int) -> int:
    """How many views are his own."""
    return session.scalar(select(func.count()).select_from(_VIEW).where(_VIEW.c.person_id == person_id)) or 0


def save(session: Session, person_id: int, *, name: str, query: str, shared: bool, at: datetime) -> SavedView:
    """Keep a view; one of this name of his own is replaced."""
    changed = (
        update(_VIEW)
        .where(_VIEW.c.person_id == person_id, _VIEW.c.name == name)
        .values(query=query, shared=shared)
        .returning(*_VIEW.c)
    )
    row = session.execute(changed).first()
    if row is None:
        made = insert(_VIEW).values(person_id=person_id, name=name, query=query, shared=shared, created_at=at)
        row = session.execute(made.returning(*_VIEW.c)).one()
    return _view(row)


def remove(session: Session, view_id: int) -> None:
    """Forget a view."""
    session.execute(delete(_VIEW).where(_VIEW.c.id == view_id))


def _view(row: Row[tuple[object, ...]]) -> SavedView:
    return SavedView(row.id, row.person_id, row.name, row.query, row.shared, row.created_at)
