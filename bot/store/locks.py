"""
One at a time over all processes and hosts that share the database.

A lock ends with the process that holds it, also after kill -9: PostgreSQL frees an advisory lock with its connection,
and the kernel frees a file lock with its process. So there is no lease to wait for. SQLite serves one host only, where
a file lock beside the database is enough.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")


@contextmanager
def only_one(engine: Engine, name: str) -> Iterator[bool]:
    """
    Try to be the one who does ``name`` (lower case, digits, hyphens); never waits.

    Yields True to the holder, until the end of the block, and False to everybody else, threads included. On PostgreSQL
    a connection of its own is held meanwhile, so a pooler in front must not share connections between sessions.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a name of a lock: {name!r}")
    if engine.dialect.name == "postgresql":
        with _advisory_lock(engine, name) as held:
            yield held
    else:
        database = engine.url.database
        assert database is not None
        with _file_lock(Path(f"{database}.{name}.lock")) as held:
            yield held


@contextmanager
def _advisory_lock(engine: Engine, name: str) -> Iterator[bool]:
    key = int.from_bytes(hashlib.sha256(f"mergewarden {name}".encode()).digest()[:8], "big", signed=True)
    # Without a transaction: one that is open for long would keep the server from cleaning up.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        held = bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one())
        try:
            yield held
        finally:
            # Not only closed: the server frees the lock of a closed connection a moment later, and the next one would
            # be turned away. Not only unlocked: were that to fail, a connection in the pool would keep the lock.
            if held:
                with suppress(SQLAlchemyError):
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
                connection.invalidate()


@contextmanager
def _file_lock(path: Path) -> Iterator[bool]:
    # The file stays: removing it would let two processes lock two files of one name.
    path.touch(mode=0o600, exist_ok=True)
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
