"""Small helpers that keep the two SQL dialects out of the aggregates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

T = TypeVar("T")

CHUNK = 1000
"""Values in one IN list or rows in one INSERT: far below SQLite's 32,766 variables of one statement."""


def table(record: type[SQLModel]) -> Table:
    """The table behind a record class."""
    return record.metadata.tables[str(record.__tablename__)]


def insert_into(session: Session, target: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ``ON CONFLICT``, in the session's dialect."""
    return insert_for(session.get_bind().dialect.name, target)


def insert_for(dialect: str, target: Table) -> postgresql.Insert | sqlite.Insert:
    """The same for a dialect by name, for statements that are built once."""
    return postgresql.insert(target) if dialect == "postgresql" else sqlite.insert(target)


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """``values`` in order, in pieces of at most ``size``."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
