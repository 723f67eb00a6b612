"""The result cache: exact, shared, bounded, and never in the way."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, text

from bot.store.engine import open_engine, session, write_session
from bot.store.result_cache import StoredResultCache
from scanners.interface import ResultCache
from tests.store.counting import counted
from tests.store.samples import NOON


def test_values_come_back_exactly_and_unknown_keys_are_absent(engine: Engine) -> None:
    cache: ResultCache = StoredResultCache(engine)
    entries = {"bandit:1.9.4:ab": b"\x00\xff", "": b"", "caf\udce9": b"x" * 100_000, "k" * 5000: b"long key"}
    cache.put_many(entries)
    assert cache.get_many([*entries, "unknown"]) == entries
    assert cache.get_many([]) == {}


def test_values_are_stored_compressed(engine: Engine) -> None:
    StoredResultCache(engine).put_many({"k": b"finding " * 10_000})
    with session(engine) as opened:
        assert int(opened.execute(text("SELECT sum(size) FROM cached_result")).scalar_one()) < 1000


def test_thousands_of_keys_take_few_statements(engine: Engine) -> None:
    cache = StoredResultCache(engine)
    entries = {f"key-{n}": str(n).encode() for n in range(2000)}
    with counted(engine) as written:
        cache.put_many(entries)
    with counted(engine) as read:
        assert cache.get_many(list(entries)) == entries
    assert len(written) == 10
    assert len(read) == 4


def test_who_stores_second_changes_nothing_and_does_not_fail(engine: Engine) -> None:
    caches = [StoredResultCache(engine) for _ in range(3)]
    entries = {f"key-{n}": b"first" for n in range(300)}
    threads = [threading.Thread(target=cache.put_many, args=(entries,)) for cache in caches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    caches[0].put_many({"key-1": b"second"})
    assert caches[1].get_many(list(entries)) == entries


def test_a_damaged_value_counts_as_absent(engine: Engine) -> None:
    cache = StoredResultCache(engine)
    cache.put_many({"k": b"value"})
    with write_session(engine) as opened:
        opened.execute(text("UPDATE cached_result SET value = :junk"), {"junk": b"junk"})
    assert cache.get_many(["k"]) == {}


def test_what_nobody_uses_is_purged_by_age(engine: Engine) -> None:
    now = [NOON]
    cache = StoredResultCache(engine, now=lambda: now[0])
    cache.put_many({"used": b"1", "unused": b"2"})
    now[0] += timedelta(days=20)
    cache.get_many(["used"])
    now[0] += timedelta(days=20)
    assert cache.purge(unused_for=timedelta(days=30), max_bytes=10**9) == 1
    assert cache.get_many(["used", "unused"]) == {"used": b"1"}


def test_reading_writes_at_most_once_a_day(engine: Engine) -> None:
    now = [datetime(2026, 3, 1, 1, tzinfo=UTC)]
    cache = StoredResultCache(engine, now=lambda: now[0])
    cache.put_many({"k": b"1"})
    for hours, writes in ((1, 0), (24, 1), (1, 0)):
        now[0] += timedelta(hours=hours)
        with counted(engine) as statements:
            cache.get_many(["k"])
        assert sum(statement.startswith("UPDATE") for statement in statements) == writes


def test_the_longest_unused_go_first_when_there_is_too_much(engine: Engine) -> None:
    now = [NOON]
    cache = StoredResultCache(engine, now=lambda: now[0])
    for day in range(5):
        cache.put_many({f"day-{day}": bytes([day])})
        now[0] += timedelta(days=1)
    with session(engine) as opened:
        total = int(opened.execute(text("SELECT sum(size) FROM cached_result")).scalar_one())
    assert cache.purge(unused_for=timedelta(days=99), max_bytes=total) == 0
    assert cache.purge(unused_for=timedelta(days=99), max_bytes=total * 2 // 5) == 3
    assert set(cache.get_many([f"day-{day}" for day in range(5)])) == {"day-3", "day-4"}
    assert cache.purge(unused_for=timedelta(days=99), max_bytes=0) == 2


def test_a_database_that_is_away_is_an_empty_cache(tmp_path: Path) -> None:
    engine = open_engine(f"postgresql://nobody@/none?host={tmp_path}")
    cache = StoredResultCache(engine)
    cache.put_many({"k": b"1"})
    assert cache.get_many(["k"]) == {}
    engine.dispose()
