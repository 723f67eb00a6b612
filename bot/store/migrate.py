"""
Brings the database to the tables that this release expects.

One transaction applies everything or nothing, on both databases. Processes that start at once take turns: SQLite's
write lock and a PostgreSQL advisory lock are held until that transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.types import TypeDecorator

import bot.store.desk_tables
import bot.store.maturity_tables  # noqa: F401 - the tables that are declared there
from bot.errors import ConfigurationError
from bot.store.tables import Record

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 0x6D657267_65776172
"""Key of the advisory lock: "mergewar" in ASCII."""


def migrate(engine: Engine) -> list[str]:
    """
    Apply what is missing and return it, oldest first, as ``number title``; nothing is done when nothing is missing.

    Raises ``ConfigurationError`` when a newer release has already changed the database.
    """
    with _exclusive(engine) as connection:
        applied = _pending(connection)
        if applied:
            command.upgrade(_config(connection), "head")
    return applied


def pending_migrations(engine: Engine) -> list[str]:
    """What ``migrate`` would apply, oldest first. Raises ``ConfigurationError`` as ``migrate`` does."""
    with engine.execution_options(mergewarden_access="read").connect() as connection:
        return _pending(connection)


def revise(engine: Engine, number: str, title: str) -> None:
    """For developers: write a migration module from what the tables have and the (migrated) database lacks."""
    with _exclusive(engine) as connection:
        command.revision(_config(connection), title, rev_id=number, autogenerate=True)


def configuration_options() -> dict[str, Any]:
    """How Alembic compares and writes, for ``migrations/env.py`` and the test that both agree."""
    return {
        "target_metadata": Record.metadata,
        # SQLite cannot alter most things in place: the table is written anew.
        "render_as_batch": True,
        "compare_type": True,
        "compare_server_default": True,
        "include_name": _is_ours,
        "render_item": _render_item,
        "transaction_per_migration": False,
    }


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    # The job engine keeps its tables in the same SQLite file.
    return kind != "table" or name in Record.metadata.tables


def _render_item(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    # A migration must not change when our column types do, so it names the plain type beneath.
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("file_template", "m%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _pending(connection: Connection) -> list[str]:
    scripts = ScriptDirectory.from_config(_config())
    current = MigrationContext.configure(connection).get_current_heads()
    known = {script.revision: script for script in scripts.walk_revisions()}
    for revision in current:
        if revision not in known:
            raise ConfigurationError(
                f"the database is of a newer release of Mergewarden (migration {revision})",
                "start that release or a later one, or restore the backup that was made before it",
            )
    done: set[str] = set()
    for revision in current:
        done |= {script.revision for script in scripts.iterate_revisions(revision, "base")}
    missing = [script for script in known.values() if script.revision not in done]
    return [f"{script.revision} {script.doc}" for script in reversed(missing)]


@contextmanager
def _exclusive(engine: Engine) -> Iterator[Connection]:
    with engine.execution_options(mergewarden_access="write").connect() as connection:
        if engine.dialect.name == "postgresql":
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                yield connection
            return
        # A table that is written anew is dropped first, and a drop deletes the rows that refer to it by cascade. The
        # switch works outside transactions only. https://www.sqlite.org/lang_altertable.html#otheralter
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise RuntimeError(f"a migration would leave rows of {broken[0]} without what they refer to")
        finally:
            driver.execute("PRAGMA foreign_keys = ON")
