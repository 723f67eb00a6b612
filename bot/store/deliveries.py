"""Webhook deliveries that were accepted, so that a repeated one is known as such."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from bot.store.statements import chunks, insert_into, table
from bot.store.tables import DeliveryRecord

_DELIVERY = table(DeliveryRecord)
_KEY_LENGTH = 200
_FINISH = (
    update(_DELIVERY)
    .where(_DELIVERY.c.key == bindparam("stored_key"))
    .values(job_id=bindparam("new_job_id"), result=bindparam("new_result"))
)


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """What is kept of a delivery; never its body."""

    key: str
    """What makes it the same delivery when it comes again: an id that GitLab sent, or a digest of the content."""
    received_at: datetime
    """With time zone."""
    event: str
    project_id: int | None = None
    iid: int | None = None
    job_id: str | None = None
    result: str = ""
    """What became of it, one word."""


def record_deliveries(session: Session, deliveries: Sequence[StoredDelivery]) -> set[str]:
    """
    Store what is not there yet, in one statement, and return the keys that were new.

    Where one key occurs twice in ``deliveries`` the first counts, and the key is returned once. Another transaction
    that stores the same key at this moment is waited for.
    """
    first: dict[str, StoredDelivery] = {}
    for delivery in deliveries:
        first.setdefault(_stored_key(delivery.key), delivery)
    new: set[str] = set()
    # Sorted, so that two writers wait for each other's keys in one order and never in a circle.
    for chunk in chunks(sorted(first)):
        statement = insert_into(session, _DELIVERY).values([_values(key, first[key]) for key in chunk])
        inserted = session.execute(statement.on_conflict_do_nothing(index_elements=["key"]).returning(_DELIVERY.c.key))
        new |= {first[key].key for (key,) in inserted}
    return new


def finish_deliveries(session: Session, deliveries: Sequence[StoredDelivery]) -> None:
    """Write job id and result of stored deliveries, known only after they turned out to be new."""
    if deliveries:
        session.connection().execute(
            _FINISH,
            [
                {"stored_key": _stored_key(d.key), "new_job_id": d.job_id, "new_result": d.result}
                for d in sorted(deliveries, key=lambda delivery: _stored_key(delivery.key))
            ],
        )


def get_delivery(session: Session, key: str) -> StoredDelivery | None:
    """The delivery with this key, or None."""
    row = session.execute(select(_DELIVERY).where(_DELIVERY.c.key == _stored_key(key))).one_or_none()
    if row is None:
        return None
    return StoredDelivery(key, row.received_at, row.event, row.project_id, row.iid, row.job_id, row.result)


def purge_deliveries(session: Session, *, before: datetime, limit: int = 1000) -> int:
    """Delete up to ``limit`` deliveries that were received before this moment; how many. Repeat until 0."""
    old = select(_DELIVERY.c.key).where(_DELIVERY.c.received_at < before).limit(limit)
    removed = session.execute(delete(_DELIVERY).where(_DELIVERY.c.key.in_(old)).returning(_DELIVERY.c.key))
    return len(removed.all())


def _stored_key(key: str) -> str:
    # A stranger chooses it, and an index entry has a limit; so does what a database takes for a text.
    if len(key) <= _KEY_LENGTH and key.isascii() and key.isprintable() and not key.startswith("sha256:"):
        return key
    return "sha256:" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _values(key: str, delivery: StoredDelivery) -> dict[str, object]:
    return {
        "key": key,
        "received_at": delivery.received_at,
        "event": delivery.event,
        "project_id": delivery.project_id,
        "iid": delivery.iid,
        "job_id": delivery.job_id,
        "result": delivery.result,
    }
