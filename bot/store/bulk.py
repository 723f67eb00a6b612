"""
Many rows in few statements: how a report with a hundred thousand findings gets in.

The number of statements does not depend on the number of rows. PostgreSQL is fed through COPY, SQLite through one
prepared statement; rows are taken from the caller one by one, so that nobody holds all of them.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Dialect, MetaData, Table, func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable, DropTable

from bot.store.statements import insert_into
from bot.store.types import ExactText, RankedEnum, UtcDateTime, WordEnum, escape_text

_numbers = itertools.count(1)


def bulk_insert(
    session: Session, target: Table, rows: Iterable[Mapping[str, Any]], *, leave_out: Sequence[str] = ()
) -> int:
    """
    Insert rows, each with a value for every column but those in ``leave_out``, which the database fills; how many.

    Values are as for any statement: our column types turn them into what the database takes.
    """
    connection = session.connection()
    columns = [column for column in target.columns if column.name not in leave_out]
    converted = _converted(columns, rows, connection.dialect)
    first = next(converted, None)
    if first is None:
        return 0
    counted = _Counted(itertools.chain((first,), converted))
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "postgresql":
        quote = connection.dialect.identifier_preparer.quote
        names = ", ".join(quote(column.name) for column in columns)
        with driver.cursor() as cursor, cursor.copy(f"COPY {quote(target.name)} ({names}) FROM STDIN") as copy:
            for row in counted:
                copy.write_row(row)
    else:
        statement = insert(target).values({column.name: None for column in columns})
        compiled = statement.compile(dialect=connection.dialect, column_keys=[column.name for column in columns])
        cursor = driver.cursor()
        try:
            cursor.executemany(str(compiled), counted)
        finally:
            cursor.close()
    return counted.number


def bulk_upsert(session: Session, target: Table, rows: Iterable[Mapping[str, Any]], made: Callable[[Any], Any]) -> None:
    """
    Insert rows, each with a value for every column, or change those that are there; one statement.

    ``made`` gives the columns' new values from the INSERT (whose ``excluded`` are the row's) by name; the primary key
    tells which are there.
    """
    connection = session.connection()
    columns = list(target.columns)
    statement = insert_into(session, target).values({column.name: None for column in columns})
    keys = [column.name for column in target.primary_key.columns]
    statement = statement.on_conflict_do_update(index_elements=keys, set_=made(statement))
    compiled = statement.compile(dialect=connection.dialect, column_keys=[column.name for column in columns])
    values: Iterable[Any] = _converted(columns, rows, connection.dialect)
    if compiled.positiontup is None:
        names = [column.name for column in columns]
        values = [dict(zip(names, row, strict=True)) for row in values]
    driver: Any = connection.connection.dbapi_connection
    cursor = driver.cursor()
    try:
        # Not through the statement's own layers: they cost more than the database does.
        cursor.executemany(str(compiled), values)
    finally:
        cursor.close()


def among(session: Session, column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """The condition that the column has one of these values, as one parameter however many there are."""
    dialect = session.get_bind().dialect
    convert = _converter(column, dialect)
    plain = [value if convert is None else convert(value) for value in set(values)]
    if dialect.name == "postgresql":
        kind = getattr(column.type, "impl", column.type)
        return column.in_(select(func.unnest(literal(plain, ARRAY(kind)))))
    listed = func.json_each(json.dumps(plain, ensure_ascii=False)).table_valued("value")
    return column.in_(select(listed.c.value))


@contextmanager
def staged(session: Session, columns: Sequence[Column[Any]], rows: Iterable[Mapping[str, Any]]) -> Iterator[Table]:
    """
    A temporary table with these columns (those of the tables that it will be compared with) and rows.

    For changing or finding many rows with one statement that joins it.
    """
    # A number, because a connection goes back to its pool and nobody else must meet our table there.
    staging = Table(
        f"staged_{next(_numbers)}",
        MetaData(),
        *(Column(column.name, column.type) for column in columns),
        prefixes=["TEMPORARY"],
    )
    session.execute(CreateTable(staging))
    try:
        bulk_insert(session, staging, rows)
        if session.get_bind().dialect.name == "postgresql":
            # Without figures its planner takes every new table for a large one.
            session.execute(text(f"ANALYZE {staging.name}"))
        yield staging
    finally:
        # After an error the transaction is lost on PostgreSQL, and the table with it.
        if session.is_active and not _failed(session.connection()):
            session.execute(DropTable(staging))


def _failed(connection: Connection) -> bool:
    driver: Any = connection.connection.dbapi_connection
    info = getattr(driver, "info", None)
    return info is not None and getattr(info.transaction_status, "name", "") == "INERROR"


class _Counted:
    """An iterator that knows how many it has given."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._rows = rows
        self.number = 0

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> tuple[Any, ...]:
        row = next(self._rows)
        self.number += 1
        return row


def _converted(
    columns: Sequence[Column[Any]], rows: Iterable[Mapping[str, Any]], dialect: Dialect
) -> Iterator[tuple[Any, ...]]:
    names = [column.name for column in columns]
    values_of = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
    converters = [(n, convert) for n, column in enumerate(columns) if (convert := _converter(column, dialect))]
    for row in rows:
        values = list(values_of(row))
        for n, convert in converters:
            values[n] = convert(values[n])
        yield tuple(values)


def _converter(column: ColumnElement[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    convert = column.type.dialect_impl(dialect).bind_processor(dialect)
    if isinstance(column.type, ExactText):
        # The same, without the layers in between: of all columns these are the most.
        return escape_text
    if convert is not None and isinstance(column.type, (RankedEnum, WordEnum, UtcDateTime)):
        # A few values that come again and again.
        return lru_cache(maxsize=256)(convert)
    return convert
