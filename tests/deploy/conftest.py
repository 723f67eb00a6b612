from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.engine import open_engine
from tests.deploy.gate import Gate


@pytest.fixture
def gate(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Gate]:
    path = tmp_path / "bot.db"
    shutil.copyfile(migrated_sqlite, path)
    engine = open_engine(f"sqlite:///{path}")
    yield Gate(tmp_path, engine)
    engine.dispose()
