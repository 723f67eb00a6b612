"""
Whether the database is of this release: answered without Alembic, whose import takes longer than a small scan.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

_VERSIONS = Path(__file__).parent / "migrations" / "versions"
_TABLE = "alembic_version"


def newest_revision() -> str:
    """Number of the newest migration that comes with this release; migrations are files ``m<number>_<title>.py``."""
    return max(file.name[1:].split("_", 1)[0] for file in _VERSIONS.glob("m[0-9]*_*.py"))


def is_current(engine: Engine) -> bool:
    """Whether the newest migration, and nothing newer, was applied. False also for an empty database."""
    with engine.execution_options(mergewarden_access="read").connect() as connection:
        if not inspect(connection).has_table(_TABLE):
            return False
        applied = connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalars().all()  # noqa: S608 - a constant
    return list(applied) == [newest_revision()]
