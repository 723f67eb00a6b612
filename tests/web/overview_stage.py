"""The pages about projects on a store of their own, called like a browser that is signed in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import httpx
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.domain.priority import Exposure
from bot.domain.roles import Principal
from bot.domain.workflow import Fault, Profile, Workflow, WorkflowError
from bot.observability.metrics import Metrics
from bot.services import Services
from bot.settings import Settings
from bot.texts import Language
from bot.web.api.problems import Problem
from bot.web.desk import SECTIONS, Desk
from bot.web.frame import Frame
from bot.web.pages import merge_request, overview, project
from tests.store.samples import NOON
from tests.web.visitors import CSRF, ORIGIN, cookies, fake_entry


@dataclass
class FakeWorkflow:
    """Remembers what pages asked for."""

    exposures: list[tuple[int, Exposure]] = field(default_factory=list)

    closed: list[tuple[int, str]] = field(default_factory=list)

    def close_incident(self, _principal: Principal, incident_id: int, *, reason: str, address: str = "") -> None:
        if not reason:
            raise WorkflowError(Fault.INVALID, f"closing incident {incident_id} needs a reason")
        self.closed.append((incident_id, reason))

    def set_exposure(self, principal: Principal, project_id: int, exposure: Exposure, *, address: str = "") -> Profile:
        self.exposures.append((project_id, exposure))
        return Profile(project_id, exposure, principal.actor, NOON)


@dataclass
class Stage:
    """``get(path, who)`` is a page as that person sees it."""

    folder: Path
    engine: Engine
    people: dict[str, Principal]
    now: datetime = NOON
    language: Language = Language.ENGLISH

    def __post_init__(self) -> None:
        self.services = Services(Settings(data_dir=self.folder, gitlab_url="https://gitlab.example.com"), Metrics())
        self.services.store = self.engine
        self.workflow = FakeWorkflow()
        self.frame = Frame(SECTIONS)
        entry = fake_entry(language=self.language, clock=lambda: self.now, **self.people)
        desk = Desk(
            services=self.services,
            entry=entry,
            frame=self.frame,
            workflow=cast(Workflow, self.workflow),
            dossier=lambda _session, _number, _now: None,
            now=lambda: self.now,
        )
        self.app = FastAPI()
        routes = [route for made in (overview.routes, project.routes, merge_request.routes) for route in made(desk)]
        self.frame.know(routes)
        self.app.router.routes.extend(routes)
        self.app.add_exception_handler(Problem, _as_problem)

    def get(self, path: str, who: str = "ada", **headers: str) -> httpx.Response:
        return self._send(lambda client: client.get(path, headers=cookies(who) | headers))

    def post(self, path: str, who: str = "ada", **form: str) -> httpx.Response:
        headers = cookies(who) | ORIGIN
        return self._send(lambda client: client.post(path, data={"csrf": CSRF} | form, headers=headers))

    def _send(self, request: Callable[[httpx.AsyncClient], Any]) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return cast(httpx.Response, await request(client))

        return asyncio.run(send())


def _as_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return JSONResponse({"detail": str(error)}, error.status)
