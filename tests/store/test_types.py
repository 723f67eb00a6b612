"""Column types: each trap once, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Dialect, Engine, Integer, MetaData, Table, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

from bot.domain.verdict import Outcome
from bot.store.clock import database_time
from bot.store.engine import session, write_session
from bot.store.types import ExactText, Json, PackedJson, RankedEnum, UtcDateTime, WordEnum
from scanners.finding import Confidence, Severity

SAMPLE = Table(
    "sample",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("moment", UtcDateTime),
    Column("severity", RankedEnum(Severity)),
    Column("outcome", WordEnum(Outcome)),
    Column("words", ExactText),
    Column("value", Json),
    Column("packed", PackedJson),
)


def store(engine: Engine, *rows: dict[str, Any]) -> None:
    with write_session(engine) as opened:
        SAMPLE.metadata.create_all(opened.connection())
        opened.execute(insert(SAMPLE), list(rows))


def test_severities_compare_and_sort_by_rank_and_not_by_name(engine: Engine) -> None:
    store(engine, *({"id": n, "severity": severity} for n, severity in enumerate(Severity)))
    with session(engine) as opened:
        column = SAMPLE.c.severity
        assert list(opened.scalars(select(column).order_by(column.desc()))) == sorted(Severity, reverse=True)
        at_least_high = opened.scalars(select(column).where(column >= Severity.HIGH).order_by(column))
        assert list(at_least_high) == [Severity.HIGH, Severity.CRITICAL]
        assert opened.scalars(select(column).where(column.in_([Severity.LOW]))).all() == [Severity.LOW]


def test_stored_ranks_are_those_that_migrations_count_on() -> None:
    """A new member in the middle shifts stored numbers: then write a migration, and change this table."""
    assert {s.value: s.rank for s in Severity} == {"info": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}
    assert {c.value: c.rank for c in Confidence} == {"low": 0, "medium": 1, "high": 2}


@pytest.mark.parametrize("wrong", ["high", 3, Confidence.HIGH, Outcome.FAILED])
def test_only_members_of_the_enum_are_stored(engine: Engine, wrong: object) -> None:
    with pytest.raises(StatementError, match="expected a member of Severity"):
        store(engine, {"id": 1, "severity": wrong})


def test_enums_are_stored_as_their_word(engine: Engine) -> None:
    store(engine, {"id": 1, "outcome": Outcome.NOT_ASSESSED})
    with session(engine) as opened:
        assert opened.scalar(select(SAMPLE.c.outcome)) is Outcome.NOT_ASSESSED
        assert opened.connection().exec_driver_sql("SELECT outcome FROM sample").scalar() == "not_assessed"


def test_a_naive_time_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="without its zone"):
        store(engine, {"id": 1, "moment": datetime(2026, 1, 1)})  # noqa: DTZ001


def test_times_come_back_in_utc_to_the_microsecond_and_compare_as_times(engine: Engine) -> None:
    east = datetime(2026, 1, 1, 7, 0, 0, 1, tzinfo=timezone(timedelta(hours=8)))
    west = datetime(2025, 12, 31, 20, 0, 0, 0, tzinfo=timezone(timedelta(hours=-5)))
    store(engine, {"id": 1, "moment": east}, {"id": 2, "moment": west})
    with session(engine) as opened:
        back = list(opened.scalars(select(SAMPLE.c.moment).order_by(SAMPLE.c.moment)))
        assert back == [east, west]
        assert all(moment.tzinfo is UTC for moment in back)
        assert opened.scalars(select(SAMPLE.c.id).where(SAMPLE.c.moment > east)).all() == [2]


def test_the_database_clock_tells_the_time_with_its_zone(engine: Engine) -> None:
    with session(engine) as opened:
        now, earlier = opened.execute(select(database_time(), database_time(-90.5))).one()
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)
    assert abs((now - earlier) - timedelta(seconds=90.5)) < timedelta(seconds=1)


@pytest.mark.parametrize(
    "words",
    ["", "plain", "nul \x00 in it", "caf\udce9", "\x1a", "\x1a0000", "\x1a\x00\x1a", "\ud83d\ude00", "😀 中文 \\ '"],
)
def test_any_text_comes_back_exactly_and_can_be_searched(engine: Engine, words: str) -> None:
    store(engine, {"id": 1, "words": words, "value": [words], "packed": {words: words}})
    with session(engine) as opened:
        row = opened.execute(select(SAMPLE).where(SAMPLE.c.words == words)).one()
    assert (row.words, row.value, row.packed) == (words, [words], {words: words})


@given(st.text(alphabet=st.characters(codec=None)) | st.text(alphabet="\x00\x1a0af\ud800\udfff"))
def test_every_text_survives_and_is_storable(words: str) -> None:
    kind, dialect = ExactText(), _dialect()
    stored = kind.process_bind_param(words, dialect)
    assert stored is not None
    assert "\x00" not in stored
    stored.encode("utf-8")
    assert kind.process_result_value(stored, dialect) == words


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(_values)
def test_every_json_value_survives(value: object) -> None:
    dialect = _dialect()
    text, packed = Json(), PackedJson()
    assert text.process_result_value(text.process_bind_param(value, dialect), dialect) == value
    assert packed.process_result_value(packed.process_bind_param(value, dialect), dialect) == value


def test_null_stays_null(engine: Engine) -> None:
    store(engine, {"id": 1})
    with session(engine) as opened:
        assert tuple(opened.execute(select(SAMPLE)).one()) == (1, None, None, None, None, None, None)
        assert opened.scalars(select(SAMPLE.c.id).where(SAMPLE.c.value.is_(None))).all() == [1]


def _dialect() -> Dialect:
    return sqlite.dialect()
