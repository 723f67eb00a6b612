"""Heartbeats, take-overs and the lock of the one who looks after both."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.store.engine import session, write_session
from bot.store.executors import (
    Executor,
    alive_since,
    all_executors,
    beat,
    count_take_over,
    dead_since,
    purge_take_overs,
    remove_executors,
)
from bot.store.locks import only_one

ROOT = Path(__file__).parents[2]
ONE, TWO = Executor("one", "host-a", 1, "0.1.0"), Executor("two", "host-b", 2, "0.1.0")
LIMIT = timedelta(seconds=8)


def age(engine: Engine, executor_id: str, seconds: int) -> None:
    """As if its last beat were so long ago."""
    moved = {
        "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', heartbeat_at, '-' || :s || ' seconds')",
        "postgresql": "heartbeat_at - make_interval(secs => :s)",
    }[engine.dialect.name]
    with write_session(engine) as opened:
        opened.execute(
            text(f"UPDATE executor SET heartbeat_at = {moved} WHERE id = :id"), {"s": seconds, "id": executor_id}
        )


def test_a_process_is_dead_when_its_last_beat_is_older_than_the_limit(engine: Engine) -> None:
    with write_session(engine) as opened:
        beat(opened, ONE)
        beat(opened, TWO)
    age(engine, "two", 9)
    with session(engine) as opened:
        assert dead_since(opened, LIMIT) == ("two",)
        assert alive_since(opened, LIMIT) == ("one",)
        assert dead_since(opened, timedelta(seconds=11)) == ()
    with write_session(engine) as opened:
        beat(opened, TWO)
        assert dead_since(opened, LIMIT) == ()
        assert alive_since(opened, LIMIT) == ("one", "two")


def test_beats_move_the_heartbeat_and_not_the_start(engine: Engine) -> None:
    with write_session(engine) as opened:
        beat(opened, ONE)
    age(engine, "one", 5)
    with session(engine) as opened:
        (before,) = all_executors(opened)
    with write_session(engine) as opened:
        beat(opened, ONE)
    with session(engine) as opened:
        (after,) = all_executors(opened)
    assert after.executor == ONE
    assert after.started_at == before.started_at
    assert after.heartbeat_at > before.heartbeat_at
    assert abs(after.heartbeat_at - datetime.now(UTC)) < timedelta(seconds=5)


def test_removed_processes_are_gone(engine: Engine) -> None:
    with write_session(engine) as opened:
        beat(opened, ONE)
        beat(opened, TWO)
        remove_executors(opened, ["one", "unknown"])
        remove_executors(opened, [])
        assert [seen.executor for seen in all_executors(opened)] == [TWO]


def test_take_overs_are_counted_per_job(engine: Engine) -> None:
    with write_session(engine) as opened:
        assert [count_take_over(opened, "job") for _ in range(3)] == [1, 2, 3]
        assert count_take_over(opened, "other") == 1
        assert purge_take_overs(opened, before=datetime.now(UTC) - timedelta(days=1)) == 0
        assert purge_take_overs(opened, before=datetime.now(UTC) + timedelta(days=1)) == 2
        assert count_take_over(opened, "job") == 1


def test_only_one_holds_a_lock_and_another_may_follow(engine: Engine) -> None:
    with only_one(engine, "reaper") as first, only_one(engine, "reaper") as second, only_one(engine, "purge") as other:
        assert (first, second, other) == (True, False, True)
    with only_one(engine, "reaper") as again:
        assert again


def test_a_lock_is_free_at_the_end_of_its_block_and_not_a_moment_later(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("the kernel frees the lock of a file in the call that closes it")
    held = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database "
        "WHERE datname = current_database())"
    )
    with engine.connect() as looking:
        for _ in range(30):
            with only_one(engine, "reaper") as mine:
                assert mine
                assert looking.scalar(held) == 1
            assert looking.scalar(held) == 0


def test_a_lock_ends_with_a_block_that_raises(engine: Engine) -> None:
    def interrupted() -> None:
        with only_one(engine, "reaper") as held:
            assert held
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    with only_one(engine, "reaper") as again:
        assert again


def test_threads_exclude_each_other(engine: Engine) -> None:
    inside = threading.Barrier(4)
    results: list[bool] = []

    def work() -> None:
        with only_one(engine, "reaper") as held:
            results.append(held)
            inside.wait(timeout=30)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, False, False, True]


@pytest.mark.parametrize("name", ["", "../x", "A", "a/b", "x" * 65])
def test_a_lock_name_cannot_be_a_path(engine: Engine, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"), only_one(engine, name):
        pass


_HOLDER = """
import sys, time
from bot.store.engine import open_engine
from bot.store.locks import only_one
with only_one(open_engine(sys.argv[1]), "reaper") as held:
    print(held, flush=True)
    time.sleep(60)
"""


def test_a_killed_holder_frees_the_lock(engine: Engine, database_url: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, database_url], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        with only_one(engine, "reaper") as held:
            assert not held
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
    # PostgreSQL notices the closed connection within moments.
    for _ in range(100):
        with only_one(engine, "reaper") as held:
            if held:
                return
        threading.Event().wait(0.05)
    pytest.fail("the lock of a killed process was never freed")
