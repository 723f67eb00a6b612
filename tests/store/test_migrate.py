"""Migrations: complete, atomic, and safe when processes start together."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from bot.errors import ConfigurationError
from bot.store.engine import open_engine, reachable, session, write_session
from bot.store.migrate import configuration_options, migrate, pending_migrations
from bot.store.tables import Record

ROOT = Path(__file__).parents[2]


def test_migrations_make_exactly_the_tables_that_the_code_declares(engine: Engine) -> None:
    with engine.connect() as connection:
        options = {**configuration_options(), "include_name": lambda name, kind, _: not _is_search(name, kind)}
        target = options.pop("target_metadata")
        difference = compare_metadata(MigrationContext.configure(connection, opts=options), target)
    assert difference == []


def _is_search(name: str | None, kind: str) -> bool:
    """The words of findings: a virtual table with its parts on SQLite, a type of its own on PostgreSQL."""
    return kind == "table" and (name or "").startswith("finding_search")


def test_every_column_has_the_declared_type_and_nullability(engine: Engine) -> None:
    # A check of its own, since the comparison above trusts Alembic's idea of equal types.
    inspector = inspect(engine)
    for name, table in Record.metadata.tables.items():
        columns = {column["name"]: column for column in inspector.get_columns(name)}
        assert set(columns) == set(table.columns.keys())
        for column in table.columns:
            assert columns[column.name]["nullable"] == column.nullable, f"{name}.{column.name}"


def test_a_new_database_is_migrated_once_and_then_left_alone(empty_database_url: str) -> None:
    engine = open_engine(empty_database_url)
    before = pending_migrations(engine)
    assert before[0].startswith("0001 ")
    assert migrate(engine) == before
    assert pending_migrations(engine) == []
    assert migrate(engine) == []
    engine.dispose()


def test_a_database_of_a_newer_release_is_refused_with_a_hint(engine: Engine) -> None:
    with write_session(engine) as opened:
        opened.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for attempt in (migrate, pending_migrations):
        with pytest.raises(ConfigurationError, match="newer release") as caught:
            attempt(engine)
        assert caught.value.hint


def test_tables_of_the_job_engine_are_not_taken_for_ours(engine: Engine) -> None:
    with write_session(engine) as opened:
        opened.execute(text("CREATE TABLE workflow_status (id INTEGER)"))
    with engine.connect() as connection:
        options = configuration_options()
        target = options.pop("target_metadata")
        assert compare_metadata(MigrationContext.configure(connection, opts=options), target) == []


_MIGRATE = """
import sys
from bot.store.engine import open_engine
from bot.store.migrate import migrate
print("ready", flush=True)
sys.stdin.readline()
print(len(migrate(open_engine(sys.argv[1]))), flush=True)
"""


def test_two_processes_that_start_at_once_migrate_once(empty_database_url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _MIGRATE, empty_database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    results = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], results
    engine = open_engine(empty_database_url)
    assert sorted(int(output) > 0 for output, _ in results) == [False, True]
    assert pending_migrations(engine) == []
    assert reachable(engine)
    engine.dispose()


def test_foreign_keys_hold_again_after_a_migration(empty_database_url: str) -> None:
    engine = open_engine(empty_database_url)
    migrate(engine)
    if engine.dialect.name == "sqlite":
        with session(engine) as opened:
            assert opened.execute(text("PRAGMA foreign_keys")).scalar() == 1
    with pytest.raises(Exception, match=r"(?i)foreign key"), write_session(engine) as opened:
        opened.execute(text("INSERT INTO advisory_alias (alias, advisory_id) VALUES ('a', 'nobody')"))
    engine.dispose()


def test_migrations_are_package_modules_and_so_get_into_a_wheel() -> None:
    """The build takes folders with an ``__init__.py``, and only those."""
    folders = {path.parent for path in (ROOT / "bot" / "store").rglob("*.py")}
    assert ROOT / "bot" / "store" / "migrations" / "versions" in folders
    assert all((folder / "__init__.py").is_file() for folder in folders)
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["bot"]
    assert "store/migrations/*.mako" in data
