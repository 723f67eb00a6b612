"""
What scanners said about blobs, kept so that a second look costs nothing.

A cache that cannot be read or written is an empty one: it is logged, the scanners run again, and nothing is claimed.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.store.engine import session, write_session
from bot.store.statements import chunks, insert_into, table
from bot.store.tables import CachedResultRecord

log = structlog.get_logger(__name__)

_CACHED = table(CachedResultRecord)
_LOOKUPS = 500
_STORED_AT_ONCE = 200
_PURGED_AT_ONCE = 1000
_LONGEST_VALUE = 64 * 1024 * 1024


def _now() -> datetime:
    return datetime.now(UTC)


class StoredResultCache:
    """``scanners.interface.ResultCache`` in the database; safe to use from several threads and processes."""

    def __init__(self, engine: Engine, *, now: Callable[[], datetime] = _now) -> None:
        self._engine = engine
        self._now = now

    def get_many(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """The values that are there; one query per 500 keys. A damaged value counts as absent."""
        wanted = {_digest(key): key for key in keys}
        found: dict[str, bytes] = {}
        stale: list[bytes] = []
        today = _day(self._now())
        try:
            for chunk in chunks(sorted(wanted), _LOOKUPS):
                with session(self._engine) as opened:
                    rows = opened.execute(
                        select(_CACHED.c.key, _CACHED.c.last_used, _CACHED.c.value).where(_CACHED.c.key.in_(chunk))
                    ).all()
                for row in rows:
                    value = _unpack(row.value)
                    if value is not None:
                        found[wanted[bytes(row.key)]] = value
                        if row.last_used < today:
                            stale.append(bytes(row.key))
            self._touch(stale, today)
        except OperationalError as error:
            log.warning("result cache cannot be read", error=str(error.orig))
        return found

    def put_many(self, entries: Mapping[str, bytes]) -> None:
        """Store values that are not there yet; 200 to a transaction. Who comes second changes nothing."""
        today = _day(self._now())
        packed = [(_digest(key), zlib.compress(value, 6)) for key, value in entries.items()]
        rows: list[dict[str, object]] = [
            {"key": key, "size": len(value), "last_used": today, "value": value}
            for key, value in sorted(packed)
            if len(value) <= _LONGEST_VALUE
        ]
        try:
            for chunk in chunks(rows, _STORED_AT_ONCE):
                with write_session(self._engine) as opened:
                    statement = insert_into(opened, _CACHED).values(list(chunk))
                    opened.execute(statement.on_conflict_do_nothing(index_elements=["key"]))
        except OperationalError as error:
            log.warning("result cache cannot be written", error=str(error.orig))

    def purge(self, *, unused_for: timedelta, max_bytes: int) -> int:
        """Delete what nobody used for so long, then the longest unused beyond ``max_bytes`` of all; how many."""
        removed = 0
        before = self._now() - unused_for
        while True:
            with write_session(self._engine) as opened:
                old = [
                    row.key
                    for row in opened.execute(
                        select(_CACHED.c.key).where(_CACHED.c.last_used < before).limit(_PURGED_AT_ONCE)
                    )
                ] or _excess(opened, max_bytes)
                opened.execute(delete(_CACHED).where(_CACHED.c.key.in_(old)))
            removed += len(old)
            if not old:
                return removed

    def _touch(self, keys: Sequence[bytes], today: datetime) -> None:
        for chunk in chunks(sorted(keys), _LOOKUPS):
            with write_session(self._engine) as opened:
                opened.execute(update(_CACHED).where(_CACHED.c.key.in_(chunk)).values(last_used=today))


def _excess(opened: Session, max_bytes: int) -> list[bytes]:
    total = int(opened.scalar(select(func.coalesce(func.sum(_CACHED.c.size), 0))) or 0)
    chosen: list[bytes] = []
    if total > max_bytes:
        oldest = select(_CACHED.c.key, _CACHED.c.size).order_by(_CACHED.c.last_used, _CACHED.c.size.desc())
        for row in opened.execute(oldest.limit(_PURGED_AT_ONCE)):
            if total <= max_bytes:
                break
            chosen.append(row.key)
            total -= row.size
    return chosen


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _unpack(value: bytes) -> bytes | None:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return None


def _day(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
