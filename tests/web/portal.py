"""The application with the older routes of its API on a store of its own, and an import that we wrote."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.types import Message

from bot.domain.access import Scope
from bot.domain.intake import TakeIn
from bot.observability.metrics import Metrics
from bot.pipeline.project_states import project_state
from bot.pipeline.projects import project_named
from bot.pipeline.throwaway import throwaway_folder
from bot.reports.project_page import render_project_json
from bot.services import Services
from bot.settings import Settings
from bot.store.engine import write_session
from bot.store.projects import Project, upsert_projects
from bot.store.tokens import create_token, revoke_token
from bot.web.api import ApiDependencies
from bot.web.api.access import Door
from bot.web.api.upload import UploadLimits
from bot.web.projects import ProjectDependencies
from tests.pipeline.reporting import FakeTakeIn
from tests.web.fakes import Site

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOP = Project(412, "shop/backend", default_branch="main")
OTHER = Project(500, "other/secret", default_branch="main")
IMPORTS = "/api/v1/projects/shop%2Fbackend/imports"


def basic(password: str, user: str = "anybody") -> dict[str, str]:
    """HTTP Basic, as a browser or curl sends it."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@dataclass
class Portal:
    """Call it like a client; ``take_in`` shows what reached the import."""

    folder: Path
    engine: Engine
    limits: UploadLimits = field(default_factory=lambda: UploadLimits(10_000_000))
    settings: Mapping[str, Any] = field(default_factory=dict)
    now: datetime = NOW
    importer: TakeIn | None = None
    """Instead of ``take_in``."""

    def __post_init__(self) -> None:
        self.services = Services(Settings(data_dir=self.folder, **self.settings), Metrics())
        self.services.store = self.engine
        self.take_in = FakeTakeIn(self.services)
        self.app = self._app()
        with write_session(self.engine) as writing:
            upsert_projects(writing, [SHOP, OTHER])

    def _app(self) -> FastAPI:
        api = ApiDependencies(
            door=Door(
                self.services, lambda name: project_named(self.services, name, register=False), now=lambda: self.now
            ),
            take_in=lambda: self.importer or self.take_in,
            scratch=lambda: throwaway_folder(self.folder / "uploads"),
            limits=self.limits,
        )
        projects = ProjectDependencies(door=api.door, document=self._project_document)
        return Site(web_options={"api": api, "projects": projects}).app()

    def _project_document(self, project_id: int) -> str | None:
        state = project_state(self.services, project_id, self.now)
        return None if state is None else render_project_json(state)

    def token(
        self,
        *scopes: Scope,
        project: str = "shop/*",
        days: int = 90,
        revoked: bool = False,
    ) -> str:
        with write_session(self.engine) as writing:
            text, made = create_token(
                writing,
                name="ci",
                scopes=scopes or tuple(Scope),
                project=project,
                lifetime=timedelta(days=days),
                created_by="ada",
                now=NOW,
            )
            if revoked:
                revoke_token(writing, made.id, NOW)
        return text

    def bearer(self, *scopes: Scope, **arguments: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(*scopes, **arguments)}"}

    def together(self, *requests: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]) -> list[httpx.Response]:
        """Several requests at once, in one loop."""

        async def send() -> list[httpx.Response]:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return list(await asyncio.gather(*(request(client) for request in requests)))

        return asyncio.run(send())

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        return self.together(lambda client: client.request(method, path, **arguments))[0]

    def post(
        self, content: Any = b"{}", path: str = IMPORTS, query: str = "ref=main", **headers: str
    ) -> httpx.Response:
        """Hand a report in, with a token that may do that unless told otherwise."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if "Authorization" not in given:
            given |= self.bearer(Scope.IMPORT)
        return self.request("POST", f"{path}?{query}", content=content, headers=given)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.request("GET", path, headers=headers or self.bearer(Scope.READ))

    def leftovers(self) -> list[Path]:
        """Files of uploads that are still there; none, whatever happened."""
        folder = self.folder / "uploads"
        return list(folder.iterdir()) if folder.exists() else []

    def raw_post(self, chunks: Sequence[bytes], headers: Mapping[str, str]) -> tuple[int, int]:
        """A sender that hangs up after these pieces; the status, and how many pieces were read."""
        read = 0
        sent: list[Message] = []

        async def receive() -> Message:
            nonlocal read
            if read >= len(chunks):
                return {"type": "http.disconnect"}
            read += 1
            return {"type": "http.request", "body": chunks[read - 1], "more_body": True}

        async def send(message: Message) -> None:
            sent.append(message)

        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/api/v1/projects/shop/backend/imports",
            "raw_path": IMPORTS.encode(),
            "query_string": b"ref=main",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("192.0.2.7", 5000),
            "server": ("test", 80),
        }
        asyncio.run(self.app(scope, receive, send))
        return sent[0]["status"], read
