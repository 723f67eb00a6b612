"""The web process: webhook, health and metrics; it stores jobs and does none."""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
from collections.abc import AsyncIterator
from datetime import timedelta

import structlog
import uvicorn
from fastapi import FastAPI

from bot.errors import MergewardenError
from bot.pipeline.engine import JobQueue
from bot.pipeline.inbox import StoredInbox
from bot.pipeline.worker import SILENT_SECONDS
from bot.services import Services
from bot.store.engine import session, unreachable_reason
from bot.store.executors import alive_since
from bot.store.migrate import pending_migrations
from bot.web.app import UVICORN_OPTIONS, WebDependencies, create_app
from bot.web.health import ReadinessCheck
from bot.web.webhook import WebhookDependencies

log = structlog.get_logger(__name__)

_ASK_AGAIN_SECONDS = 15.0
_TURN_SECONDS = 0.0005
"""How long the thread that stores may keep the interpreter from the one that answers (Python's default is 5 ms)."""


class _OwnUser:
    """The user of our token, learnt in the background: GitLab may be away when we start."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stop = threading.Event()
        self.id: int | None = None
        self._thread = threading.Thread(target=self._learn, name="own user", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def _learn(self) -> None:
        while not self._stop.is_set():
            try:
                self.id = self._services.bot_user.id
            except MergewardenError as error:
                log.warning("GitLab does not say who we are", error=str(error), hint=error.hint)
            else:
                return
            self._stop.wait(_ASK_AGAIN_SECONDS)


def run_web(services: Services, host: str, port: int) -> None:
    """Answer until told to stop (uvicorn handles the signals)."""
    sys.setswitchinterval(_TURN_SECONDS)
    settings = services.settings
    queue = JobQueue(settings.database().get_secret_value())
    inbox = StoredInbox(services.store, queue)
    user = _OwnUser(services)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        inbox.start()
        user.start()
        gc.collect()
        gc.freeze()  # as in the supervisor, for what was imported since
        log.info("listening for webhooks", host=host, port=port)
        yield
        inbox.stop()
        user.stop()

    app = create_app(
        WebDependencies(
            webhook=WebhookDependencies(
                authentication=settings.require_webhook(),
                inbox=inbox,
                metrics=services.metrics,
                bot_user_id=lambda: user.id,
                status_name=settings.status_name,
                serves=settings.serves,
            ),
            checks=_checks(services),
            queue_depth=queue.depth,
            lifespan=lifespan,
        )
    )
    uvicorn.run(app, host=host, port=port, **UVICORN_OPTIONS)


def _checks(services: Services) -> list[ReadinessCheck]:
    def store() -> str | None:
        return unreachable_reason(services.store) or None

    def migrations() -> str | None:
        missing = pending_migrations(services.store)
        return f"{len(missing)} migrations are missing; run: mergewarden migrate" if missing else None

    def worker() -> str | None:
        with session(services.store) as reading:
            alive = alive_since(reading, timedelta(seconds=SILENT_SECONDS))
        return None if alive else "no worker is alive; start one: mergewarden worker"

    return [
        ReadinessCheck("store", store),
        ReadinessCheck("migrations", migrations),
        ReadinessCheck("worker", worker),
    ]
