"""The command line as a person uses it: a process, its output, its exit status."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.samples import UNSAFE_LOAD
from tests.pipeline.git.builder import git
from tests.warm import Warm

WARM = Warm()
"""Shared by the session: it has nothing of a test's."""


@pytest.fixture(scope="session", autouse=True)
def _warm() -> Iterator[None]:
    yield
    WARM.stop()


@dataclass
class CommandLine:
    """``mergewarden`` with a data directory of its own."""

    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MERGEWARDEN_")}
        environment |= {"MERGEWARDEN_DATA_DIR": str(self.data_dir), "COLUMNS": "200", "PYTHONPATH": str(Path.cwd())}
        environment |= {f"MERGEWARDEN_{name}": value for name, value in self.settings.items()}
        return WARM.run(list(map(str, arguments)), env=environment, cwd=cwd or self.data_dir, timeout=120)


@pytest.fixture(scope="module")
def mergewarden(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """Shared by a module, so that the second scan of the same file costs little."""
    return CommandLine(tmp_path_factory.mktemp("data"))


@dataclass
class WorkTree:
    """A repository with files checked out."""

    path: Path

    def commit(self, files: dict[str, str]) -> str:
        for name, content in files.items():
            place = self.path / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)
        git(self.path, "add", "--all")
        git(self.path, "commit", "--quiet", "--message", "Change")
        return git(self.path, "rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        return git(self.path, *arguments)


@pytest.fixture
def work_tree(tmp_path: Path) -> WorkTree:
    """A repository whose ``main`` is clean and whose ``feature``, checked out, adds a weakness in ``sub/load.py``."""
    path = tmp_path / "shop"
    path.mkdir()
    git(path, "init", "--quiet", "--initial-branch=main", ".")
    made = WorkTree(path)
    made.commit({"README.md": "Hello.\n"})
    made.git("checkout", "--quiet", "-b", "feature")
    made.commit({"sub/load.py": UNSAFE_LOAD})
    return made
