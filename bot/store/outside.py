"""What the audit log last said of things that are changed outside of us; see ``bot.domain.outside``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.outside import OutsideChange
from bot.store.desk_tables import OutsideRecord
from bot.store.statements import insert_into, table

_OUTSIDE = table(OutsideRecord)


def noted(session: Session, kind: str) -> Mapping[str, str]:
    """Value by name of the things of one kind. One statement."""
    rows = session.execute(select(_OUTSIDE.c.name, _OUTSIDE.c.value).where(_OUTSIDE.c.kind == kind))
    return {row.name: row.value for row in rows}


def note(session: Session, kind: str, changed: Sequence[OutsideChange]) -> None:
    """Remember what it is now. One statement."""
    if changed:
        rows = [{"kind": kind, "name": one.name, "value": one.after} for one in changed]
        statement = insert_into(session, _OUTSIDE).values(rows)
        new = {"value": statement.excluded.value}
        session.execute(statement.on_conflict_do_update(index_elements=["kind", "name"], set_=new))
