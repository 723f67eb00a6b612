"""The security desk of the web process: who comes in, what the pages and the API work with, and where they are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from fastapi import FastAPI

from bot.cli.desk_maturity import maturity_tools
from bot.cli.desk_operations import desk_operations
from bot.domain.roles import Principal
from bot.pipeline.decisions import dossier
from bot.pipeline.engine import JobQueue
from bot.pipeline.finding_desk import samples
from bot.pipeline.memberships import Confirmer
from bot.pipeline.workflow import DeskWorkflow
from bot.services import Services
from bot.settings import Settings
from bot.web.api.desk_api import DeskApi
from bot.web.api.v1 import add_desk_api
from bot.web.confirming import ConfirmedWorkflow
from bot.web.desk import SECTIONS, Desk, add_desk
from bot.web.doorman import SessionTimes, StoredDoorman
from bot.web.entry import Credentials, Entry
from bot.web.frame import Frame
from bot.web.health import ReadinessCheck
from bot.web.keys import desk_key
from bot.web.pages import people, tokens, webhooks
from bot.web.pages.sign_in import SignInParts, sign_in_routes
from bot.web.throttle import Throttle

if TYPE_CHECKING:
    from bot.web.provider import Provider


@dataclass(frozen=True, slots=True)
class DeskSite:
    """The desk, ready to be put into an application."""

    desk: Desk
    api: DeskApi
    doorman: StoredDoorman
    sign_in: SignInParts

    def who(self, cookie: str, now: datetime) -> Principal | None:
        """Whose session a cookie is, for the pages that are older than the desk."""
        found = self.doorman.visitor(Credentials(session=cookie), now)
        return None if found is None else found.principal

    def add_pages(self, app: FastAPI) -> None:
        """Put the pages into the application; of routes that could take the same address the first wins."""
        add_desk(app, self.desk, (sign_in_routes(self.sign_in), tokens.routes, people.routes, webhooks.routes))

    def add_api(self, app: FastAPI) -> None:
        """Put the API into the application, after the older routes below ``/api/v1``."""
        add_desk_api(app, self.api)


def desk_site(services: Services, queue: JobQueue, checks: Sequence[ReadinessCheck] = ()) -> DeskSite:
    """
    The desk on what is stored. The provider that people sign in with is not asked for anything yet.

    Raises ``ConfigurationError`` for settings of it that are not whole, and for a key that cannot be used.
    """
    settings = services.settings
    key = desk_key(settings.data_dir)
    times = SessionTimes(timedelta(hours=settings.session_idle_hours), timedelta(hours=settings.session_hours))
    doorman = StoredDoorman(services, key, Confirmer(services).confirm, times)
    frame = Frame(SECTIONS, secret=key.derived("messages"))
    entry = Entry(doorman, settings.public_url, settings.language, error_page=frame.error_page)
    workflow = ConfirmedWorkflow(DeskWorkflow(services, lambda: queue), services, doorman.confirm)
    desk = Desk(
        services,
        entry,
        frame,
        workflow,
        dossier,
        samples=partial(samples, services),
        operations=desk_operations(services, queue.seen, checks),
        maturity=maturity_tools(services, queue),
        key=key,
    )
    return DeskSite(
        desk,
        DeskApi(services, entry, workflow, dossier, queue.seen, desk.maturity, desk.rates),
        doorman,
        SignInParts(doorman, Throttle(), _provider(settings)),
    )


def _provider(settings: Settings) -> Callable[[], Provider | None]:
    access = settings.oidc()
    lock = threading.Lock()
    made: list[Provider] = []

    def provider() -> Provider | None:
        if access is None:
            return None
        with lock:
            if not made:
                from bot.web.provider import Provider

                made.append(Provider(access))
        return made[0]

    return provider
