"""The web process: webhook, API, health and metrics; it stores jobs and does none."""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.types import Lifespan

from bot.domain.inbox import Inbox
from bot.domain.intake import TakeIn
from bot.domain.roles import Principal
from bot.domain.rule_card import RuleFilter
from bot.errors import MergewardenError, Told, sentence
from bot.pipeline.engine import JobQueue
from bot.pipeline.hook_desk import HookDesk, LanguageOf
from bot.pipeline.inbox import StoredInbox
from bot.pipeline.projects import project_named
from bot.pipeline.throwaway import sweep, throwaway_folder
from bot.pipeline.worker import SILENT_SECONDS
from bot.services import Services
from bot.store.engine import session, unreachable_reason
from bot.store.executors import alive_since
from bot.store.migrate import pending_migrations
from bot.texts import N_, Language
from bot.web.api import ApiDependencies
from bot.web.api.access import Door
from bot.web.api.rates import RateLimits
from bot.web.api.upload import UploadLimits
from bot.web.app import UVICORN_OPTIONS, WebDependencies, create_app
from bot.web.health import ReadinessCheck
from bot.web.hook import HookDependencies
from bot.web.projects import ProjectDependencies
from bot.web.rules import RuleDependencies, Sees
from bot.web.webhook import WebhookDependencies

log = structlog.get_logger(__name__)

Who = Callable[[str, datetime], Principal | None] | None
"""Whose session a cookie is."""

_ASK_AGAIN_SECONDS = 15.0
_UPLOADS = "uploads"
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
    sweep(settings.data_dir / _UPLOADS)

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

    app = application(services, queue, inbox, lambda: user.id, lifespan)
    uvicorn.run(app, host=host, port=port, **UVICORN_OPTIONS)


def application(
    services: Services,
    queue: JobQueue,
    inbox: Inbox,
    bot_user_id: Callable[[], int | None],
    lifespan: Lifespan[FastAPI] | None = None,
) -> FastAPI:
    """The application on what is stored. ``bot_user_id`` is the user of our token, None as long as nobody knows."""
    settings = services.settings
    checks = _checks(services)
    # The desk draws pages, and what draws them is loaded with it.
    from bot.cli.desk_process import desk_site

    site = desk_site(services, queue, checks)
    return create_app(
        WebDependencies(
            webhook=WebhookDependencies(
                authentication=settings.require_webhook(),
                inbox=inbox,
                metrics=services.metrics,
                bot_user_id=bot_user_id,
                status_name=settings.status_name,
                serves=settings.serves,
            ),
            checks=checks,
            queue_depth=queue.depth,
            api=_api(services, queue, site.who, site.api.rates),
            projects=_projects(services, site.who, site.api.rates),
            rules=rule_dependencies(services, site.who, site.api.rates),
            hook=_hook(services),
            pages=site.add_pages,
            desk_api=site.add_api,
            lifespan=lifespan,
        )
    )


def _api(services: Services, queue: JobQueue, who: Who, rates: RateLimits) -> ApiDependencies:
    # What reads reports and draws pages is imported when it is first used: a bot that only answers webhooks is small.
    def take_in() -> TakeIn:
        from bot.pipeline.intake import ReportIntake

        return ReportIntake(services, lambda: queue)

    return ApiDependencies(
        door=Door(services, lambda name: project_named(services, name, register=False), who=who),
        take_in=take_in,
        scratch=lambda: throwaway_folder(services.settings.data_dir / _UPLOADS),
        limits=UploadLimits(services.settings.max_report_bytes),
        rates=rates,
    )


def _projects(services: Services, who: Who, rates: RateLimits) -> ProjectDependencies:
    def document(project_id: int) -> str | None:
        from bot.pipeline.project_states import project_state
        from bot.reports.project_page import render_project_json

        state = project_state(services, project_id, datetime.now(UTC))
        return render_project_json(state) if state is not None else None

    return ProjectDependencies(
        door=Door(services, lambda name: project_named(services, name, register=False), who=who),
        document=document,
        rates=rates,
    )


def rule_dependencies(services: Services, who: Who, rates: RateLimits) -> RuleDependencies:
    """The rules, on what is stored."""

    def list_document(wanted: RuleFilter, order: str, sees: Sees) -> str:
        from bot.pipeline.rule_desk import shelf
        from bot.reports.rule_page import render_rules_json

        return render_rules_json(shelf(services, Language.ENGLISH, datetime.now(UTC), sees), wanted, order)

    def document(rule: str, scanner: str | None, sees: Sees) -> str | None:
        from bot.pipeline.rule_desk import dossier
        from bot.reports.rule_page import render_rule_json

        found = dossier(services, rule, Language.ENGLISH, datetime.now(UTC), scanner=scanner, sees=sees)
        return None if found is None else render_rule_json(found)

    return RuleDependencies(
        door=Door(services, lambda name: project_named(services, name, register=False), who=who),
        list_document=list_document,
        document=document,
        rates=rates,
    )


def _hook(services: Services) -> HookDependencies | None:
    settings = services.settings
    if settings.hook_secret is None:
        return None
    desk = HookDesk(
        store=lambda: services.store,
        serves=settings.serves,
        refuse_unknown=settings.hook_unknown_projects == "refuse",
        language=LanguageOf(lambda path: services.policy().for_project(path).language, settings.language),
    )
    return HookDependencies(settings.hook_secret, desk)


def _checks(services: Services) -> list[ReadinessCheck]:
    def store() -> str | None:
        return unreachable_reason(services.store) or None

    def migrations() -> Told | None:
        missing = pending_migrations(services.store)
        text = N_("{count} migrations are missing; run: mergewarden migrate")
        return sentence(text, count=len(missing)) if missing else None

    def worker() -> str | None:
        with session(services.store) as reading:
            alive = alive_since(reading, timedelta(seconds=SILENT_SECONDS))
        return None if alive else N_("no worker is alive; start one: mergewarden worker")

    return [
        ReadinessCheck("store", store),
        ReadinessCheck("migrations", migrations),
        ReadinessCheck("worker", worker),
    ]
