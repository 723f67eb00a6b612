from __future__ import annotations

from pathlib import Path

import pytest

from bot.pipeline.git import Repository
from tests.pipeline.git.builder import Builder


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "server" / "group" / "project.git")


@pytest.fixture
def repository(builder: Builder, tmp_path: Path) -> Repository:
    """Reads what the builder made."""
    return Repository(builder.path, scratch_root=tmp_path / "scratch")
