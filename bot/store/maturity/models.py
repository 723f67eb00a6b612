"""
Maturity models as they were used, by digest: what a snapshot is made again with years later. Rows are only added.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, select, type_coerce
from sqlalchemy.orm import Session

from bot.domain.maturity.model import Model
from bot.domain.maturity.model_file import ModelError, model_from_json, model_to_json
from bot.store.bulk import among
from bot.store.maturity_tables import MaturityModelRecord
from bot.store.statements import insert_into, table
from bot.store.types import unpacked

_MODEL = table(MaturityModelRecord)


def keep_models(session: Session, models: Iterable[Model], now: datetime) -> None:
    """Write down those that are not there yet. One statement."""
    rows = [
        {
            "digest": model.digest,
            "model_id": model.id,
            "version": model.version,
            "document": model_to_json(model),
            "first_used_at": now,
        }
        for model in models
    ]
    if rows:
        session.execute(insert_into(session, _MODEL).values(rows).on_conflict_do_nothing())


def models_of(session: Session, digests: Collection[str] | None = None) -> dict[str, Model]:
    """
    Those models by digest, None for all. One statement.

    One that somebody changed, or that asks for figures that this program does not know, is left out: whoever needs it
    says that it is missing.
    """
    found = {}
    for digest, document in documents_of(session, digests).items():
        with suppress(ModelError):
            model = model_from_json(document)
            if model.digest == digest:
                found[digest] = model
    return found


def documents_of(session: Session, digests: Collection[str] | None = None) -> dict[str, Any]:
    """The same as JSON documents as they were stored, for taking away. One statement."""
    query = select(_MODEL.c.digest, type_coerce(_MODEL.c.document, LargeBinary).label("packed"))
    if digests is not None:
        query = query.where(among(session, _MODEL.c.digest, digests))
    return {row.digest: readable(row.packed) for row in session.execute(query)}


def readable(packed: bytes) -> Any:
    """What ``PackedJson`` stored; an empty object for what somebody made into something else."""
    try:
        return unpacked(packed)
    except (zlib.error, ValueError, RecursionError):
        return {}
