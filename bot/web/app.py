"""The HTTP side of Mergewarden, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from bot.observability.metrics import QueueDepth
from bot.web.api import ApiDependencies, add_api
from bot.web.health import Readiness, ReadinessCheck, healthz, readyz_endpoint
from bot.web.hook import HookDependencies, add_hook
from bot.web.metrics import metrics_endpoint
from bot.web.projects import ProjectDependencies, add_projects
from bot.web.rules import RuleDependencies, add_rules
from bot.web.webhook import WebhookDependencies, webhook_endpoint

WEBHOOK_PATH = "/webhooks/gitlab"

UVICORN_OPTIONS: Mapping[str, Any] = MappingProxyType(
    {
        "server_header": False,
        # Logging is configured by bot.observability; each delivery logs one line of its own.
        "log_config": None,
        "access_log": False,
        "lifespan": "on",
        "timeout_keep_alive": 30,
        "timeout_graceful_shutdown": 15,
        "h11_max_incomplete_event_size": 64 * 1024,
    }
)
"""How to run the application: ``uvicorn.run(app, host=..., port=..., **UVICORN_OPTIONS)``."""

# No script, no frame, nothing from elsewhere: findings quote hostile text. https://owasp.org/www-project-secure-headers/
SECURITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # Not "no-referrer": browsers would then hide the origin of our own forms as well, which is checked.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
)


@dataclass(frozen=True, slots=True)
class WebDependencies:
    """What the application needs."""

    webhook: WebhookDependencies
    checks: Sequence[ReadinessCheck] = ()
    """What ``/readyz`` asks: store, migrations, workers, scanners."""
    queue_depth: QueueDepth | None = None
    """Asks the store; called in a thread."""
    api: ApiDependencies | None = None
    """None for an application without the API."""
    projects: ProjectDependencies | None = None
    """None for an application that does not say how projects stand."""
    rules: RuleDependencies | None = None
    """None for an application that tells nothing of rules."""
    pages: Callable[[FastAPI], None] | None = None
    """Puts the desk's pages into it; None for an application without the desk."""
    desk_api: Callable[[FastAPI], None] | None = None
    """Puts the desk's API into it, after the older routes of the API."""
    hook: HookDependencies | None = None
    """None where no pre-receive hook asks."""
    lifespan: Lifespan[FastAPI] | None = None
    """What runs beside the application, from start to end."""


class SecurityHeaders:
    """Adds our headers to every answer that has not set them itself. Plain ASGI, so that it costs next to nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def create_app(dependencies: WebDependencies) -> FastAPI:
    """The application: webhook, health, readiness, metrics and the API. Nothing is started here."""
    # Neither the pages that describe an API nor its schema are of use to anybody but an attacker.
    app = FastAPI(title="Mergewarden", docs_url=None, redoc_url=None, openapi_url=None, lifespan=dependencies.lifespan)
    app.add_middleware(SecurityHeaders)
    # Plain Starlette routes: FastAPI's dependency solving and validation would cost more than the work itself.
    app.add_route(WEBHOOK_PATH, webhook_endpoint(dependencies.webhook), methods=["POST"])
    app.add_route("/healthz", healthz, methods=["GET"])
    app.add_route("/readyz", readyz_endpoint(Readiness(dependencies.checks)), methods=["GET"])
    app.add_route("/metrics", metrics_endpoint(dependencies.webhook.metrics, dependencies.queue_depth), methods=["GET"])
    if dependencies.pages is not None:
        dependencies.pages(app)
    if dependencies.api is not None:
        add_api(app, dependencies.api)
    if dependencies.projects is not None:
        add_projects(app, dependencies.projects)
    if dependencies.rules is not None:
        add_rules(app, dependencies.rules)
    if dependencies.hook is not None:
        add_hook(app, dependencies.hook)
    if dependencies.desk_api is not None:
        dependencies.desk_api(app)
    return app
