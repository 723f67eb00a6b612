"""A stand-in with one project and the usual people, fresh for every test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.gitlab.client import GitLabClient
from tests.standin import DEVELOPER, MAINTAINER, MergeRequest, Project, Standin, User

APP = "".join(f"line {n}\n" for n in range(1, 61))


@dataclass
class Scene:
    """One project with a bot, an author, a reviewer and a maintainer."""

    gitlab: Standin
    project: Project
    bot: User
    ada: User
    grace: User
    token: str

    def open(self, files: dict[str, str | bytes | None] | None = None, branch: str = "feature") -> MergeRequest:
        """A merge request of Ada that changes line 30 of ``app.py`` (or ``files``)."""
        changed = files or {"app.py": APP.replace("line 30\n", "line 30 changed\nline 30 more\n")}
        self.gitlab.commit(self.project, branch, changed, author=self.ada)
        return self.gitlab.open_merge_request(self.project, branch, author=self.ada)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with Standin(tmp_path / "gitlab") as gitlab:
        bot = gitlab.create_user("warden", bot=True)
        ada, grace = gitlab.create_user("ada"), gitlab.create_user("grace")
        project = gitlab.create_project(
            "acme/shop", {"app.py": APP}, members={bot: DEVELOPER, ada: DEVELOPER, grace: MAINTAINER}
        )
        yield Scene(gitlab, project, bot, ada, grace, gitlab.create_token(bot))


@dataclass
class NoSleep:
    """Notes how long it was asked to sleep, and does not."""

    slept: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def no_sleep() -> NoSleep:
    return NoSleep()


@pytest.fixture
def client(scene: Scene, no_sleep: NoSleep) -> GitLabClient:
    return GitLabClient(scene.gitlab.url, SecretStr(scene.token), timeout=5, sleep=no_sleep)
