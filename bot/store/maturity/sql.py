"""Days and seconds in SQL, the same on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Date, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _DayOf(FunctionElement[Any]):
    type = Date()
    inherit_cache = True
    name = "day_of"


class _Clock(FunctionElement[Any]):
    type = Integer()
    inherit_cache = True
    name = "clock"


class _DaysBetween(FunctionElement[Any]):
    type = Integer()
    inherit_cache = True
    name = "days_between"


def day_of(moment: Any) -> Any:
    """SQL expression: the day (UTC) of a moment."""
    return _DayOf(moment)


def clock(moment: Any) -> Any:
    """SQL expression: whole seconds since 1970, so that differences are whole numbers that add up in any order."""
    return _Clock(moment)


def days_between(earlier: Any, later: Any) -> Any:
    """SQL expression: how many midnights (UTC) lie between two moments."""
    return _DaysBetween(earlier, later)


@compiles(_DayOf, "postgresql")
def _day_postgresql(element: _DayOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(({compiler.process(element.clauses, **options)}) AT TIME ZONE 'UTC' AS DATE)"


@compiles(_DayOf, "sqlite")
def _day_sqlite(element: _DayOf, compiler: SQLCompiler, **options: Any) -> str:
    # Times are kept as UTC in the form of ISO 8601.
    return f"substr({compiler.process(element.clauses, **options)}, 1, 10)"


@compiles(_Clock, "postgresql")
def _clock_postgresql(element: _Clock, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(floor(extract(epoch FROM {compiler.process(element.clauses, **options)})) AS BIGINT)"


@compiles(_Clock, "sqlite")
def _clock_sqlite(element: _Clock, compiler: SQLCompiler, **options: Any) -> str:
    # Without the fraction, which SQLite would round.
    return f"CAST(strftime('%s', substr({compiler.process(element.clauses, **options)}, 1, 19)) AS INTEGER)"


@compiles(_DaysBetween, "postgresql")
def _days_postgresql(element: _DaysBetween, compiler: SQLCompiler, **options: Any) -> str:
    first, last = (compiler.process(_DayOf(part), **options) for part in element.clauses)
    return f"({last} - {first})"


@compiles(_DaysBetween, "sqlite")
def _days_sqlite(element: _DaysBetween, compiler: SQLCompiler, **options: Any) -> str:
    first, last = (compiler.process(_DayOf(part), **options) for part in element.clauses)
    return f"CAST(julianday({last}) - julianday({first}) AS INTEGER)"
