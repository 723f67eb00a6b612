"""Stores that are migrated already: a file is copied, because migrating takes longer than most tests do."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import Engine

from bot.store.engine import open_engine
from bot.store.migrate import migrate


def place_store(path: Path) -> Path:
    """Put an empty, migrated SQLite store at ``path``, unless one is there, and return ``path``."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_template())
        path.chmod(0o600)
    return path


def new_store(path: Path) -> Engine:
    """An engine on the store at ``path``, which is put there if need be."""
    return open_engine(f"sqlite:///{place_store(path)}")


@cache
def _template() -> bytes:
    with tempfile.TemporaryDirectory(prefix="mwstore") as folder:
        path = Path(folder) / "template.db"
        engine = open_engine(f"sqlite:///{path}")
        migrate(engine)
        engine.dispose()
        return path.read_bytes()
