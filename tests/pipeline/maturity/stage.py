"""A GitLab with one project that has a past, and a bot that has fetched its code."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from bot.gitlab.client import GitLabClient
from bot.observability.metrics import Metrics
from bot.pipeline.git import Mirror, branch_refspec
from bot.pipeline.maturity.collecting import collect
from bot.pipeline.maturity.round import BOUNDS, Bounds
from bot.pipeline.mirrors import mirror_of
from bot.services import Services
from bot.settings import load_settings
from bot.store.engine import session
from bot.store.maturity import collected
from bot.store.maturity.collected import Progress
from tests.standin import DEVELOPER, Project, Standin
from tests.standin.repository import Files

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


@dataclass
class Site:
    """One GitLab and one bot, for many tests with projects of their own."""

    folder: Path
    gitlab: Standin = field(init=False)

    def __post_init__(self) -> None:
        self.gitlab = Standin(self.folder / "gitlab").start()
        self.bot, self.ada = self.gitlab.create_user("warden", bot=True), self.gitlab.create_user("ada")
        token = self.gitlab.create_token(self.bot)
        (self.folder / "data").mkdir()
        environment = {
            "MERGEWARDEN_GITLAB_URL": self.gitlab.url,
            "MERGEWARDEN_GITLAB_TOKEN": token,
            "MERGEWARDEN_WEBHOOK_SECRET": "0123456789abcdef0123456789abcdef",
            "MERGEWARDEN_DATA_DIR": str(self.folder / "data"),
        }
        self.services = Services(load_settings(environment), Metrics())
        self.client = GitLabClient(self.gitlab.url, SecretStr(token), timeout=5.0, sleep=lambda _: None)
        self.services.gitlab = self.client
        self.numbers = itertools.count(1)

    def close(self) -> None:
        self.services.close()
        self.gitlab.stop()


@dataclass
class Stage:
    """One project of the site."""

    site: Site

    def __post_init__(self) -> None:
        self.gitlab, self.services, self.client = self.site.gitlab, self.site.services, self.site.client
        self.ada = self.site.ada
        members = {self.site.bot: DEVELOPER, self.ada: DEVELOPER}
        self.project: Project = self.gitlab.create_project(f"acme/shop-{next(self.site.numbers)}", members=members)
        self.commit({"README.md": "Hello.\n"}, days=200)

    def commit(self, files: Files, **span: float) -> str:
        return self.gitlab.past_commit(self.project, files, at=ago(**span), author=self.ada)

    def scanned(self) -> Mirror:
        """The mirror, as a scan of the default branch leaves it."""
        mirror = mirror_of(self.services, self.client.project(self.project.id))
        mirror.fetch([branch_refspec("main")])
        return mirror

    def collect(self, now: datetime = NOW, bounds: Bounds = BOUNDS) -> str:
        return collect(self.services, self.client, self.project.id, now, bounds=bounds)

    def collect_all(self, now: datetime = NOW, bounds: Bounds = BOUNDS) -> list[str]:
        words = [self.collect(now, bounds)]
        while words[-1] == "more":
            assert len(words) < 50, "collecting never ends"
            words.append(self.collect(now, bounds))
        return words

    def asked(self, now: datetime = NOW) -> list[str]:
        """What a round asks for, without the version of the API and the project."""
        self.gitlab.clear_log()
        self.collect(now)
        prefix = f"/api/v4/projects/{self.project.id}"
        return [r.path.removeprefix(prefix) for r in self.gitlab.request_log if r.path.startswith("/api/")]

    def progress(self, source: str) -> Progress:
        with session(self.services.store) as reading:
            return collected.progress(reading, self.project.id).get(source, Progress())
