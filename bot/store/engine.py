"""
Opens the database, and hands out short transactions.

SQLite runs with a write-ahead log, full durability, foreign keys and a busy timeout; a writer takes its lock when it
begins, because a lock that is taken later can fail at once without waiting. PostgreSQL is reached through psycopg 3.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from bot.errors import ConfigurationError

BUSY_SECONDS = 10.0
"""How long a SQLite writer waits for another."""

_ACCESS = "mergewarden_access"
_CONNECT_SECONDS = 10


def open_engine(url: str, *, pool_size: int = 5) -> Engine:
    """
    An engine for a ``sqlite:///file`` or ``postgresql://`` URL; connects when first used.

    A SQLite file and its folder are made, readable by their owner only. Raises ``ConfigurationError`` for any other
    URL; no message repeats the URL, which may hold a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigurationError("the database URL cannot be read", _EXAMPLE) from None
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, pool_size)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=pool_size,
            max_overflow=pool_size,
            # A server that was restarted must not cost the next request its answer.
            pool_pre_ping=True,
            connect_args={"connect_timeout": _CONNECT_SECONDS, "application_name": "mergewarden"},
        )
    raise ConfigurationError("the database must be SQLite or PostgreSQL", _EXAMPLE)


_EXAMPLE = "for example sqlite:////var/lib/mergewarden/mergewarden.db or postgresql://user:password@host/mergewarden"


def _open_sqlite(url: URL, pool_size: int) -> Engine:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise ConfigurationError("SQLite needs a file: several connections must see the same data", _EXAMPLE)
    path = Path(url.database)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"the database {path} cannot be made: {error.strerror}") from error
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        pool_size=pool_size,
        max_overflow=pool_size,
        connect_args={"timeout": BUSY_SECONDS},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: it would begin them without the lock.
    # https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#pysqlite-serializable
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    _set_write_ahead_log(connection)


def _set_write_ahead_log(connection: sqlite3.Connection) -> None:
    # Two processes that open a new file at once: this one statement fails without regard to the busy timeout.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal":
                return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
        else:
            raise sqlite3.OperationalError("this file system does not support SQLite's write-ahead log")
        time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    access = connection.get_execution_options().get(_ACCESS)
    driver = connection.connection.dbapi_connection
    assert driver is not None
    cursor = driver.cursor()
    cursor.execute(f"PRAGMA query_only = {int(access == 'read')}")
    cursor.close()
    # Through SQLAlchemy, so that a lock that is not to be had raises one of its errors.
    connection.exec_driver_sql("BEGIN" if access == "read" else "BEGIN IMMEDIATE")


@contextmanager
def session(engine: Engine) -> Iterator[Session]:
    """A session that reads one consistent state. Writing in it raises, rather than being lost at its end."""
    bound = engine.execution_options(**{_ACCESS: "read", **_READ_ONLY.get(engine.dialect.name, {})})
    with Session(bound, autoflush=False, expire_on_commit=False) as opened:
        yield opened


# One statement sees one state in PostgreSQL; a reader of three tables needs the same state for all of them.
_READ_ONLY: dict[str, dict[str, Any]] = {
    "postgresql": {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
}


@contextmanager
def write_session(engine: Engine) -> Iterator[Session]:
    """
    A session that commits at the end of the block, and rolls back when the block raises.

    Keep the block short and free of network calls: on SQLite nobody else can write meanwhile.
    """
    bound = engine.execution_options(**{_ACCESS: "write"})
    with Session(bound, autoflush=False, expire_on_commit=False) as opened, opened.begin():
        yield opened


def reachable(engine: Engine) -> bool:
    """Whether the database answers."""
    return unreachable_reason(engine) == ""


def unreachable_reason(engine: Engine) -> str:
    """Why the database does not answer: one line for an operator, without credentials; empty when it does."""
    try:
        with session(engine) as opened:
            opened.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError) as error:
        original = getattr(error, "orig", None) or error
        lines = str(original).strip().splitlines() or [type(original).__name__]
        return lines[0]
    return ""


def require_reachable(engine: Engine) -> None:
    """Raise ``ConfigurationError`` when the database does not answer."""
    reason = unreachable_reason(engine)
    if reason:
        raise ConfigurationError(
            f"the database does not answer: {reason}",
            "Check MERGEWARDEN_DATABASE_URL and that the server runs, "
            "for example MERGEWARDEN_DATABASE_URL=postgresql://mergewarden@db.example.com/mergewarden.",
        )


def transient(error: BaseException) -> bool:
    """Whether trying again may help: the database was away, busy, or chose this transaction to end a deadlock."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    original = getattr(error, "orig", None)
    if isinstance(original, sqlite3.Error):
        # SQLite's driver calls even a missing column "operational"; the low byte is the primary result code.
        return original.sqlite_errorcode & 0xFF in _TRANSIENT_SQLITE
    return isinstance(error, (OperationalError, InterfaceError, PoolTimeout))


def lacks_table(error: BaseException) -> bool:
    """Whether the database has not got a table, or its schema, that it was asked for."""
    original = getattr(error, "orig", None)
    if isinstance(original, sqlite3.OperationalError):
        return "no such table" in str(original)
    # https://www.postgresql.org/docs/current/errcodes-appendix.html: undefined_table, invalid_schema_name
    return getattr(original, "sqlstate", None) in ("42P01", "3F000")


_TRANSIENT_SQLITE = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN}
)
