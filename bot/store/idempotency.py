"""
Requests that are sent twice: what the first one was answered is kept for a day, and given to the second.

See https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/. A row is claimed before anything is
done, so that of two requests at once one works and the other is told to wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from bot.store.desk_tables import IdempotencyRecord
from bot.store.statements import insert_into, table

_KEPT = table(IdempotencyRecord)

KEEP = timedelta(hours=24)
_ABANDONED = timedelta(minutes=5)
"""A request that is under way for longer died with its process."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a key."""

    request: str
    """Hash of what was asked first."""
    status: int | None
    """None while it is under way."""
    answer: Any
    """As ``finish`` got it."""


def claim(session: Session, key: str, request: str, now: datetime) -> Kept | None:
    """
    Be the one who works for this key; None for the one who is, and otherwise what is known of the first request.

    ``key`` is a hash of who asks and his key, ``request`` one of what he asks for.
    """
    over = or_(
        _KEPT.c.at < now - KEEP,
        (_KEPT.c.status.is_(None)) & (_KEPT.c.at < now - _ABANDONED),
    )
    session.execute(delete(_KEPT).where(_KEPT.c.key == key, over))
    made = session.execute(
        insert_into(session, _KEPT)
        .values(key=key, request=request, at=now)
        .on_conflict_do_nothing()
        .returning(_KEPT.c.key)
    ).one_or_none()
    if made is not None:
        return None
    row = session.execute(select(_KEPT).where(_KEPT.c.key == key)).one()
    return Kept(row.request, row.status, row.answer)


def finish(session: Session, key: str, status: int, answer: Mapping[str, Any]) -> None:
    """Keep what the first request was answered."""
    session.execute(update(_KEPT).where(_KEPT.c.key == key).values(status=status, answer=dict(answer)))


def release(session: Session, key: str) -> None:
    """Forget a key whose request changed nothing, so that it can be sent again."""
    session.execute(delete(_KEPT).where(_KEPT.c.key == key, _KEPT.c.status.is_(None)))


def purge(session: Session, *, before: datetime, limit: int = 1000) -> int:
    """Delete up to ``limit`` keys from before this moment; how many. Repeat until 0."""
    old = select(_KEPT.c.key).where(_KEPT.c.at < before).limit(limit)
    return len(session.execute(delete(_KEPT).where(_KEPT.c.key.in_(old)).returning(_KEPT.c.key)).all())
