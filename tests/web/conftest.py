"""Logging is a property of the whole process: each test leaves it as it was. And a store for those that need one."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Engine

from bot.store.engine import open_engine


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    names = ("", "uvicorn", "uvicorn.error", "uvicorn.access", "dbos", "sqlalchemy", "alembic", "httpx")
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, handlers, level, propagate in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate
    structlog.reset_defaults()


@pytest.fixture
def engine(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Engine]:
    """A store on SQLite only: the tests of the store itself know both databases."""
    path = tmp_path / "web.db"
    shutil.copyfile(migrated_sqlite, path)
    opened = open_engine(f"sqlite:///{path}")
    yield opened
    opened.dispose()
