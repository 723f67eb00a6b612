"""``mergewarden hook``: the settings file for GitLab's server, and what the hook is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import Result

from bot.domain.clearance import Clearance
from bot.domain.enforcement import Enforcement, Level
from bot.errors import ConfigurationError
from bot.observability.metrics import Metrics
from bot.services import Services
from bot.settings import Settings
from bot.store import clearances
from bot.store.clearances import Granted
from bot.store.enforcement import hook_seen, record
from bot.store.engine import write_session
from bot.store.projects import Project, UnknownProject, upsert_projects
from tests.cli.within import invoke
from tests.stores import place_store

NOW = datetime.now(UTC)
SECRET = "a-secret-that-hook-and-bot-share-0123"


class Desk:
    """A data directory with one project, and the commands on it within this process."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "mergewarden.toml"
        self.data = folder / "data"
        place_store(self.data / "mergewarden.db")
        self.services = Services(Settings(data_dir=self.data), Metrics())
        with write_session(self.services.store) as writing:
            upsert_projects(writing, [Project(5, "shop/backend", "", "", "main")])
        self.configure()

    def configure(self, **settings: str) -> None:
        lines = [f"{name} = {json.dumps(value)}" for name, value in {"data_dir": str(self.data), **settings}.items()]
        self.config.write_text("\n".join(lines))

    def run(self, *arguments: str) -> Result:
        return invoke(["hook", *arguments, "--config", str(self.config)])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.services.close()


def test_the_settings_file_is_printed_without_the_secret(desk: Desk) -> None:
    desk.configure(hook_secret=SECRET, public_url="https://mergewarden.example.com")
    result = desk.run("config", "--when-unreachable", "allow", "--timeout", "3")
    assert result.exit_code == 0
    assert json.loads(result.output) == {
        "url": "https://mergewarden.example.com",
        "secret_file": "/etc/mergewarden/hook.secret",
        "timeout": 3,
        "when_unreachable": "allow",
        "cache_folder": "/var/opt/gitlab/mergewarden-hook",
    }
    assert SECRET not in result.output


@pytest.mark.parametrize(
    ("settings", "missing"),
    [({"public_url": "https://x.example"}, "HOOK_SECRET"), ({"hook_secret": SECRET}, "PUBLIC_URL")],
)
def test_what_is_missing_is_said(desk: Desk, settings: dict[str, str], missing: str) -> None:
    desk.configure(**settings)
    result = desk.run("config")
    assert isinstance(result.exception, ConfigurationError)
    assert missing in str(result.exception)


def test_what_the_hook_is_told_can_be_looked_at(desk: Desk) -> None:
    result = desk.run("show", "shop/backend")
    assert result.output.splitlines() == [
        "shop/backend: the hook asked last never",
        "protected: main",
        "nothing is cleared",
    ]
    with write_session(desk.services.store) as writing:
        record(writing, 5, Enforcement(Level.L0, (), ()), {"protected_names": ["release/*"]}, NOW)
        hook_seen(writing, 5, datetime(2026, 3, 1, 12, tzinfo=UTC))
        one = Granted(5, Clearance(7, "main", "a" * 40, None), "b" * 40, "scan", NOW)
        clearances.grant(writing, one, sequence=0)
    result = desk.run("show", "shop/backend")
    assert result.output.splitlines() == [
        "shop/backend: the hook asked last 2026-03-01T12:00:00Z",
        "protected: release/*, main",
        f"!7 into main: {'a' * 40}",
    ]
    document = json.loads(desk.run("show", "5", "--format", "json").output)
    assert document["clearances"] == [{"merge_request": 7, "branch": "main", "head": "a" * 40}]
    assert document["protected"] == ["release/*", "main"]


def test_a_project_that_nobody_knows_is_an_error(desk: Desk) -> None:
    assert isinstance(desk.run("show", "shop/frontend").exception, UnknownProject)
