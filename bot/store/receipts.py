"""
Signed receipts. A row is added and never changed; it stays when the scan that it is about is purged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from bot.store.statements import insert_into, table
from bot.store.tables import ReceiptRecord

_RECEIPT = table(ReceiptRecord)


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt as it is kept."""

    id: str
    project_id: int
    merge_request_iid: int | None
    scan_id: str
    envelope: Mapping[str, Any]
    """As DSSE writes it."""
    issued_at: datetime
    """UTC."""


def record(session: Session, receipt: StoredReceipt) -> bool:
    """Keep a receipt; False when it is there already."""
    statement = insert_into(session, _RECEIPT).values(
        id=receipt.id,
        project_id=receipt.project_id,
        iid=receipt.merge_request_iid,
        scan_id=receipt.scan_id,
        envelope=dict(receipt.envelope),
        issued_at=receipt.issued_at,
    )
    return session.execute(statement.on_conflict_do_nothing().returning(_RECEIPT.c.id)).one_or_none() is not None


def get(session: Session, receipt_id: str) -> StoredReceipt | None:
    """The receipt with this id, or None."""
    return _first(session, select(_RECEIPT).where(_RECEIPT.c.id == receipt_id))


def latest(session: Session, project_id: int, iid: int | None) -> StoredReceipt | None:
    """The receipt of a merge request that was issued last, or None."""
    return _first(
        session,
        select(_RECEIPT)
        .where(_RECEIPT.c.project_id == project_id, _RECEIPT.c.iid.is_not_distinct_from(iid))
        .order_by(_RECEIPT.c.issued_at.desc(), _RECEIPT.c.id.desc())
        .limit(1),
    )


def forget_project(session: Session, project_id: int) -> None:
    """Delete the receipts of a project that is gone."""
    session.execute(delete(_RECEIPT).where(_RECEIPT.c.project_id == project_id))


def _first(session: Session, query: Select[Any]) -> StoredReceipt | None:
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    return StoredReceipt(
        id=row.id,
        project_id=row.project_id,
        merge_request_iid=row.iid,
        scan_id=row.scan_id,
        envelope=row.envelope,
        issued_at=row.issued_at,
    )
