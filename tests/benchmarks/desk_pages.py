"""
The pages of the security desk at its size: the real application, each page as an administrator who sees everything.

A million findings of two thousand projects on PostgreSQL, two hundred thousand on SQLite; the time is the server's,
from the request to the whole answer, with a signed session checked and the page drawn. Beside it the triage list
against the smallest page that there is: what the data costs, and what any page does.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import structlog
from fastapi import FastAPI
from rich.console import Console

from bot.cli.web_process import application
from bot.domain.roles import Grant, Role, Target
from bot.observability.metrics import Metrics
from bot.pipeline.engine import JobQueue, migrate_engine
from bot.services import Services
from bot.settings import load_settings
from bot.store import people, sessions
from bot.store.engine import write_session
from bot.store.migrate import migrate
from bot.web.entry import SESSION_COOKIE
from bot.web.keys import desk_key
from tests.benchmarks.desk import COPIES, FINDINGS, PROJECTS, fill
from tests.benchmarks.figures import Figure, quantile
from tests.postgres import NoPostgresError, Postgres
from tests.web.fakes import FakeInbox

TIMES = 15
PAGE_SECONDS, LIST_SECONDS = 0.2, 0.3
SMALLEST = "/me"
PAGES = {
    "/triage": LIST_SECONDS,
    "/triage?severity=low&confidence=low": LIST_SECONDS,
    "/triage?q=token": LIST_SECONDS,
    "/triage?q=sql+nowhere": LIST_SECONDS,
    "/triage?by=rule": LIST_SECONDS,
    "/triage?by=project": LIST_SECONDS,
    "/projects/1/findings/812": PAGE_SECONDS,
    "/overview": PAGE_SECONDS,
    "/projects": PAGE_SECONDS,
    "/projects/1": PAGE_SECONDS,
    "/projects/1500": PAGE_SECONDS,
    "/rules": PAGE_SECONDS,
    "/policies": PAGE_SECONDS,
    "/policies/1": PAGE_SECONDS,
    "/advisories": PAGE_SECONDS,
    "/components": PAGE_SECONDS,
    "/components?q=token": PAGE_SECONDS,
    "/jobs": PAGE_SECONDS,
    "/jobs?tab=scanners": PAGE_SECONDS,
    "/audit": PAGE_SECONDS,
    "/people": PAGE_SECONDS,
    "/tokens": PAGE_SECONDS,
    "/settings": PAGE_SECONDS,
    "/webhooks": PAGE_SECONDS,
    SMALLEST: PAGE_SECONDS,
}


def measure(console: Console) -> list[Figure]:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="mergewarden-benchmark-") as folder:
        figures += _database("SQLite", f"sqlite:///{Path(folder) / 'desk.db'}", Path(folder), console)
    try:
        with Postgres() as server, tempfile.TemporaryDirectory(prefix="mergewarden-benchmark-") as folder:
            figures += _database("PostgreSQL", server.url(server.create_database()), Path(folder), console)
    except NoPostgresError as error:
        figures.append(Figure("pages on PostgreSQL", "not measured", "p95 below 200 ms", False, str(error)))
    return figures


def _database(name: str, url: str, folder: Path, console: Console) -> list[Figure]:
    figures = []
    with _site(name, url, folder) as (app, cookie):
        half: dict[str, float] = {}
        for path, limit in PAGES.items():
            status, seconds = asyncio.run(_times(app, path, cookie))
            half[path], most = quantile(seconds, 0.5), quantile(seconds, 0.95)
            reached = status == 200 and most < limit
            mark = "" if reached else f"  <-- {'too slow' if status == 200 else status}"
            console.print(f"  {name}, {path}: p50 {half[path] * 1000:.1f} ms, p95 {most * 1000:.1f} ms{mark}")
            figures.append(
                Figure(
                    f"{name}: page {path}, p95",
                    f"{most * 1000:.1f} ms" if status == 200 else f"status {status}",
                    f"below {limit * 1000:.0f} ms",
                    reached,
                    f"p50 {half[path] * 1000:.1f} ms, {FINDINGS[name]:,} findings of {PROJECTS:,} projects",
                )
            )
        ratio = half["/triage"] / half[SMALLEST]
        figures.append(
            Figure(f"{name}: the triage list against {SMALLEST}", f"{ratio:.1f}x", "at most 15x", ratio < 15)
        )
    return figures


async def _times(app: FastAPI, path: str, cookie: str) -> tuple[int, list[float]]:
    """Status of the last answer, and the seconds that each took after a first one."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Accept": "text/html", "Cookie": f"{SESSION_COOKIE}={cookie}"}
    found, status = [], 0
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for number in range(TIMES + 1):
            started = time.perf_counter()
            status = (await client.get(path, headers=headers)).status_code
            if number:
                found.append(time.perf_counter() - started)
    return status, found


@contextmanager
def _site(name: str, url: str, folder: Path) -> Iterator[tuple[FastAPI, str]]:
    """The application on a filled store, and the cookie of an administrator."""
    settings = load_settings(
        {
            "HOME": str(folder),
            "MERGEWARDEN_GITLAB_URL": "http://localhost:9",
            "MERGEWARDEN_GITLAB_TOKEN": "glpat-0123456789abcdef",
            "MERGEWARDEN_WEBHOOK_SECRET": "0123456789abcdef0123456789abcdef",
            "MERGEWARDEN_DATA_DIR": str(folder),
            "MERGEWARDEN_DATABASE_URL": url,
        }
    )
    # One line for each request is the web process's own work; here it would only fill the screen.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    services = Services(settings, Metrics())
    database = settings.database().get_secret_value()
    migrate(services.store)
    migrate_engine(database)
    fill(services.store, FINDINGS[name] // COPIES[name], COPIES[name])
    now, key, token = datetime.now(UTC), desk_key(settings.data_dir), "the-token-of-the-benchmark"
    with write_session(services.store) as writing:
        root = people.create_local(writing, "root", "", now)
        people.give(writing, root.id, Grant(Role.ADMIN, Target.INSTANCE), by="benchmark", now=now)
        sessions.start(
            writing, token, root.id, family="benchmark", now=now, lifetime=timedelta(hours=9), user_agent="benchmark"
        )
    queue = JobQueue(database)
    try:
        app = application(services, queue, FakeInbox(), lambda: None)
        # As the web process does when it has begun: what was made until then is not looked at again and again.
        gc.collect()
        gc.freeze()
        yield app, f"{token}.{key.sign('session', token)}"
    finally:
        queue.close()
        services.close()
