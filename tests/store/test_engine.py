"""Connections and transactions: what a session promises on both databases."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from bot.errors import ConfigurationError
from bot.store.engine import open_engine, reachable, session, transient, unreachable_reason, write_session
from bot.store.heads import current_sequence, raise_sequence
from bot.store.projects import Project, get_project, upsert_projects

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hunter2@host/db",
        "nonsense",
        "",
        "sqlite://",
        "sqlite:///:memory:",
        "://",
        "postgresql://u:hunter2@h:x/d",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_engine(url)
    assert "hunter2" not in str(caught.value) + caught.value.hint
    assert caught.value.hint


def test_a_sqlite_database_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "mergewarden.db"
    engine = open_engine(f"sqlite:///{path}")
    with write_session(engine) as opened:
        opened.execute(text("CREATE TABLE t (x INTEGER)"))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes["mergewarden.db"] == 0o600
    assert all(mode & 0o077 == 0 for mode in modes.values())
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    engine.dispose()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="file"):
        open_engine(f"sqlite:///{tmp_path / 'file' / 'x.db'}")


def test_sqlite_is_set_up_for_durability_and_several_processes(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with session(engine) as opened:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        values = {name: opened.execute(text(f"PRAGMA {name}")).scalar() for name in pragmas}
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    engine.dispose()


def test_a_block_that_raises_leaves_nothing_behind(engine: Engine) -> None:
    def interrupted() -> None:
        with write_session(engine) as opened:
            upsert_projects(opened, [Project(1, "a/b")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    with session(engine) as opened:
        assert get_project(opened, 1) is None


def test_writing_in_a_reading_session_raises_instead_of_being_lost(engine: Engine) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)read-?only"), session(engine) as opened:
        upsert_projects(opened, [Project(1, "a/b")])
    # The same pooled connection can write again.
    with write_session(engine) as opened:
        upsert_projects(opened, [Project(1, "a/b")])


def test_a_reader_sees_one_state_while_others_write(engine: Engine) -> None:
    with session(engine) as reader:
        assert current_sequence(reader, 1, 1) == 0
        with write_session(engine) as writer:
            raise_sequence(writer, 1, 1)
        assert current_sequence(reader, 1, 1) == 0
    with session(engine) as reader:
        assert current_sequence(reader, 1, 1) == 1


def test_writers_that_read_first_never_fail_and_lose_no_update(engine: Engine) -> None:
    """With SQLite's ordinary BEGIN the second of two such writers fails at once, whatever the busy timeout."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(20):
                with write_session(engine) as opened:
                    current_sequence(opened, 1, 1)
                    raise_sequence(opened, 1, 1)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with session(engine) as opened:
        assert current_sequence(opened, 1, 1) == 80


_KILLED = """
import os, signal, sys
from bot.store.engine import open_engine, write_session
from bot.store.projects import Project, upsert_projects
from bot.store.heads import raise_sequence
engine = open_engine(sys.argv[1])
with write_session(engine) as session:
    upsert_projects(session, [Project(1, "committed")])
with write_session(engine) as session:
    upsert_projects(session, [Project(2, "never")])
    raise_sequence(session, 2, 1)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_killed_in_mid_transaction_leaves_all_or_nothing(database_url: str) -> None:
    killed = subprocess.run([sys.executable, "-c", _KILLED, database_url], cwd=ROOT, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    engine = open_engine(database_url)
    with write_session(engine) as opened:  # a left-over lock would show here
        assert get_project(opened, 1) == Project(1, "committed")
        assert get_project(opened, 2) is None
        assert current_sequence(opened, 2, 1) == 0
    engine.dispose()


def test_an_answering_database_is_reachable(engine: Engine) -> None:
    assert reachable(engine)
    assert unreachable_reason(engine) == ""


def test_a_database_that_is_away_says_why_without_its_password(tmp_path: Path) -> None:
    engine = open_engine(f"postgresql://user:hunter2@/db?host={tmp_path}")
    assert not reachable(engine)
    reason = unreachable_reason(engine)
    assert reason
    assert "hunter2" not in reason
    engine.dispose()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_not_reachable(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    (tmp_path / "x.db").chmod(0)
    assert not reachable(engine)


def test_a_file_that_is_no_database_is_not_reachable(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"not a database at all" * 100)
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    assert "not a database" in unreachable_reason(engine)
    engine.dispose()


def test_a_wrong_statement_is_not_transient(engine: Engine) -> None:
    assert not transient(ValueError())
    with pytest.raises(DBAPIError) as caught, session(engine) as opened:
        opened.execute(text("SELECT nonsense FROM project"))
    assert not transient(caught.value)


def test_a_busy_database_is_transient(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with write_session(engine) as first, engine.connect() as second:
        first.execute(text("SELECT 1"))
        driver = second.connection.dbapi_connection
        assert driver is not None
        driver.cursor().execute("PRAGMA busy_timeout = 1")
        with pytest.raises(OperationalError, match="locked") as caught:
            second.execute(text("SELECT 1"))
    assert transient(caught.value)
    engine.dispose()


def test_an_absent_server_is_transient(tmp_path: Path) -> None:
    engine = open_engine(f"postgresql://user@/db?host={tmp_path}")
    with pytest.raises(OperationalError) as caught, session(engine) as opened:
        opened.execute(text("SELECT 1"))
    assert transient(caught.value)
