"""
Databases for tests: each test gets a fresh, migrated one, once on SQLite and once on PostgreSQL.

And which tests run together where several processes share the work, and what else makes them quick.
"""

from __future__ import annotations

import gc
import importlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine
from xdist.scheduler import LoadScopeScheduling

from bot.store.engine import open_engine
from bot.store.migrate import migrate
from tests.examples import examples
from tests.postgres import NoPostgresError, Postgres
from tests.stores import place_store

# A slow machine is not a broken program: no example has a deadline.
settings.register_profile(
    "suite", max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

DATABASES = ("sqlite", "postgres")

_TOGETHER = {"tests/e2e/bypasses/": "bypasses", "tests/e2e/test_": "stage", "tests/browser/": "browser"}
"""Files that share a bot or a browser: each process that has one of them would start the bot anew."""
_ALONE = ("tests/e2e/test_crash.py", "tests/e2e/test_policy_project.py", "tests/e2e/test_life.py")
"""Their bots are their own, or they take so long that a second bot costs less than waiting for them."""
_LONG = ("tests/e2e/bypasses/", "tests/e2e/", "tests/browser/", "tests/rules/test_packs.py", "tests/pipeline/")
"""What takes long begins first, so that nothing long is left at the end."""


def group_of(node: str) -> str:
    """With which others a test shares a process: those of its file, or more."""
    path = node.partition("::")[0]
    if path in _ALONE:
        return path
    return next((name for beginning, name in _TOGETHER.items() if path.startswith(beginning)), path)


class Scheduling(LoadScopeScheduling):  # type: ignore[misc] # the library is not typed
    """Gives each process one group after another, in the order of the tests."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    config.option.loadscopereorder = False  # it would begin with what is many, and not with what takes long
    return Scheduling(config, log)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let each process begin with other modules: what one has compiled, the others only read."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    config = session.config
    if not worker or config.args != config.getini("testpaths"):
        return
    root = config.rootpath
    left_out = [root / path for path in config.getoption("ignore")]
    names = [
        ".".join(path.relative_to(root).with_suffix("").parts)
        for path in sorted((root / "tests").rglob("test_*.py"))
        if not any(path.is_relative_to(folder) for folder in left_out)
    ]
    first = len(names) * int(worker.removeprefix("gw")) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for name in names[first:] + names[:first]:
        # What is wrong with a module is said when it is collected.
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(name)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: nobody has to look for garbage there again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not os.environ.get("PYTEST_XDIST_WORKER"):
        return

    def place(item: pytest.Item) -> tuple[int, str]:
        rank = next((n for n, begin in enumerate(_LONG) if item.nodeid.startswith(begin)), len(_LONG))
        return rank, group_of(item.nodeid)

    items.sort(key=place)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The session's PostgreSQL server; skips, with the reason, where none is installed."""
    try:
        server = Postgres()
    except NoPostgresError as error:
        pytest.skip(str(error))
    with server:
        yield server


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    return place_store(tmp_path_factory.mktemp("template") / "template.db")


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> str:
    """A migrated PostgreSQL database to copy."""
    name = postgres.create_database()
    _migrate(postgres.url(name))
    return name


@pytest.fixture(params=DATABASES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a migrated, empty database of this test's own."""
    if request.param == "sqlite":
        path = tmp_path / "mergewarden.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    template: str = request.getfixturevalue("migrated_postgres")
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create_database(template)
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on ``database_url``."""
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


def _migrate(url: str) -> None:
    opened = open_engine(url)
    migrate(opened)
    opened.dispose()
