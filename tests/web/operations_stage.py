"""The pages about jobs, policies, advisories, components, rules and settings, as somebody sees them in a browser."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.cli.desk_operations import desk_operations
from bot.domain.job_board import JobState, SeenJob
from bot.domain.roles import Principal
from bot.domain.workflow import Fault, Workflow, WorkflowError
from bot.observability.metrics import Metrics
from bot.services import Services
from bot.settings import Settings
from bot.texts import Language
from bot.web.api.problems import Problem
from bot.web.desk import SECTIONS, Desk
from bot.web.entry import Visit
from bot.web.frame import Frame
from bot.web.health import ReadinessCheck
from bot.web.pages import advisories, components, jobs, policies, receipts, rules, settings
from tests.store.samples import NOON
from tests.web.visitors import CSRF, ORIGIN, cookies, fake_entry


@dataclass
class FakeWorkflow:
    """Remembers which jobs were started again."""

    retried: list[str] = field(default_factory=list)
    fault: Fault | None = None

    def retry_job(self, principal: Principal, job_id: str, *, address: str = "") -> str:
        if self.fault is not None:
            raise WorkflowError(self.fault, "no")
        self.retried.append(job_id)
        return f"{job_id}:again"


def job(number: str, state: JobState, project: int | None = 5, **values: Any) -> SeenJob:
    usual: dict[str, Any] = {
        "kind": "scan_merge_request",
        "queue": "merge-requests",
        "iid": 7,
        "created_at": NOON - timedelta(minutes=20),
        "started_at": None,
        "ended_at": None,
        "executor": "",
        "attempts": 1,
        "error": "",
    }
    return SeenJob(id=number, state=state, project_id=project, **(usual | values))


@dataclass
class Stage:
    """``get(path, who)`` is a page as that person sees it."""

    folder: Path
    engine: Engine
    people: dict[str, Principal]
    jobs: Sequence[SeenJob] = ()
    now: datetime = NOON
    language: Language = Language.ENGLISH
    settings: Settings | None = None
    without_operations: bool = False

    def __post_init__(self) -> None:
        made = self.settings or Settings(data_dir=self.folder, gitlab_url="https://gitlab.example.com")
        self.services = Services(made, Metrics())
        self.services.store = self.engine
        self.workflow = FakeWorkflow()
        self.frame = Frame(SECTIONS)
        checks = [
            ReadinessCheck("store", lambda: None),
            ReadinessCheck("worker", lambda: "no worker is alive; start one: mergewarden worker"),
            ReadinessCheck("odd", _breaks),
        ]
        operations = desk_operations(self.services, self._seen, checks)
        entry = fake_entry(language=self.language, clock=lambda: self.now, **self.people)
        entry.error_page = self._error_page
        desk = Desk(
            services=self.services,
            entry=entry,
            frame=self.frame,
            workflow=cast(Workflow, self.workflow),
            dossier=lambda _session, _number, _now: None,
            operations=None if self.without_operations else operations,
            now=lambda: self.now,
        )
        self.app = FastAPI()
        modules = (jobs, policies, advisories, components, rules, receipts, settings)
        routes = [route for module in modules for route in module.routes(desk)]
        elsewhere = {
            "triage": "/triage",
            "project": "/projects/{project}",
            "merge_request": "/projects/{project}/merge_requests/{iid}",
        }
        routes += [Route(path, desk.entry.page(_elsewhere), name=name) for name, path in elsewhere.items()]
        self.frame.know(routes)
        self.app.router.routes.extend(routes)

    def _seen(self, states: Collection[JobState]) -> Sequence[SeenJob]:
        return [one for one in self.jobs if one.state in states]

    def _error_page(self, visit: Visit | None, problem: Problem, _request: Request) -> Response:
        assert visit is not None
        return self.frame.problem(visit, problem)

    def get(self, path: str, who: str = "ada", **headers: str) -> httpx.Response:
        return self._send(lambda client: client.get(path, headers={"Accept": "text/html"} | cookies(who) | headers))

    def post(self, path: str, who: str = "ada", **form: str) -> httpx.Response:
        headers = cookies(who) | ORIGIN | {"Accept": "text/html"}
        return self._send(lambda client: client.post(path, data={"csrf": CSRF} | form, headers=headers))

    def _send(self, request: Callable[[httpx.AsyncClient], Any]) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return cast(httpx.Response, await request(client))

        return asyncio.run(send())


def _elsewhere(_visit: Visit) -> Response:
    return Response("elsewhere")


def _breaks() -> str | None:
    raise RuntimeError("postgresql://me:hunter2hunter2@db")


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)
