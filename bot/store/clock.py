"""The database's own clock, so that hosts whose clocks differ agree on what is old."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from bot.store.types import UtcDateTime


class _DatabaseTime(FunctionElement[Any]):
    type = UtcDateTime()
    inherit_cache = True
    name = "database_time"


def database_time(offset_seconds: float = 0.0) -> _DatabaseTime:
    """SQL expression: the database's time plus ``offset_seconds`` (milliseconds on SQLite, finer on PostgreSQL)."""
    return _DatabaseTime(bindparam(None, float(offset_seconds), type_=Float()))


@compiles(_DatabaseTime, "postgresql")
def _postgresql(element: _DatabaseTime, compiler: SQLCompiler, **options: Any) -> str:
    # clock_timestamp() and not now(): the latter stands still within a transaction.
    return f"(clock_timestamp() + make_interval(secs => {compiler.process(element.clauses, **options)}))"


@compiles(_DatabaseTime, "sqlite")
def _sqlite(element: _DatabaseTime, compiler: SQLCompiler, **options: Any) -> str:
    # The same 26 characters that SQLAlchemy writes for a datetime, so that texts compare as times do.
    offset = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', {offset} || ' seconds')"
