"""The desk's API on a store of its own, with the real acts behind it, and people and tokens that it knows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import httpx
from fastapi import FastAPI
from sqlalchemy import Engine

from bot.cli.desk_maturity import maturity_tools
from bot.domain.job_board import JobState, SeenJob
from bot.domain.roles import Kind, Permission, Principal
from bot.pipeline.decisions import dossier
from bot.pipeline.engine import JobQueue
from bot.web.api.desk_api import DeskApi
from bot.web.api.rates import Limits, RateLimits
from bot.web.api.v1 import add_desk_api
from bot.web.entry import Entry
from tests.pipeline.desk_stage import ADA, ADMIN, AUDITOR, DEV, GRACE, LEAD, NOW, STRANGER, VIEWER, NoQueue, Stage
from tests.web.visitors import CSRF, FakeDoorman, cookies

KNOWN: Mapping[str, Principal] = {
    "ada": ADA,
    "grace": GRACE,
    "dev": DEV,
    "viewer": VIEWER,
    "lead": LEAD,
    "auditor": AUDITOR,
    "stranger": STRANGER,
    "admin": ADMIN,
    "reader": replace(ADA, kind=Kind.TOKEN, token_id=7, limits=frozenset({Permission.READ})),
}


class Queue(NoQueue):
    """Knows no job."""

    def find(self, _job_id: str) -> None:
        return None


@dataclass
class ApiStage:
    """Call it like a client: ``api.get("/findings", by="ada")``."""

    engine: Engine
    folder: Path
    count: int = 3
    limits: Limits = field(default_factory=Limits)
    jobs: list[SeenJob] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stage = Stage(self.engine, self.folder, queue=Queue()).fill(self.count)
        self.doorman = FakeDoorman(dict(KNOWN), dict(KNOWN))
        self.entry = Entry(self.doorman, clock=lambda: self.stage.clock[0])
        self.maturity = maturity_tools(self.stage.services, cast(JobQueue, self.stage.queue))
        self.app = FastAPI(openapi_url=None)
        add_desk_api(
            self.app,
            DeskApi(
                services=self.stage.services,
                entry=self.entry,
                workflow=self.stage.workflow,
                dossier=dossier,
                jobs=self.seen,
                maturity=self.maturity,
                rates=RateLimits(self.limits),
            ),
        )

    def seen(self, states: Any, limit: int) -> tuple[SeenJob, ...]:
        return tuple(job for job in self.jobs if job.state in set(states))[:limit]

    def request(self, method: str, path: str, *, by: str | None = "ada", **arguments: Any) -> httpx.Response:
        """Path below the API, or a whole one that begins with /api. With a token, unless ``by`` is None."""
        headers = dict(arguments.pop("headers", {}))
        if by is not None:
            headers.setdefault("Authorization", f"Bearer {by}")
        where = path if path.startswith("/api") else f"/api/v1{path}"

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, where, headers=headers, **arguments)

        return asyncio.run(send())

    def get(self, path: str, **arguments: Any) -> httpx.Response:
        return self.request("GET", path, **arguments)

    def post(self, path: str, json: Any = None, **arguments: Any) -> httpx.Response:
        return self.request("POST", path, json=json, **arguments)

    def session(self, name: str, *, csrf: bool = True) -> dict[str, str]:
        """Headers of a browser that is signed in."""
        headers = {**cookies(name), "Origin": "http://test", "Sec-Fetch-Site": "same-origin"}
        return headers | ({"X-CSRF-Token": CSRF} if csrf else {})


def ids(answer: httpx.Response) -> list[Any]:
    """Numbers of a page's items."""
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


__all__ = ["KNOWN", "NOW", "ApiStage", "JobState", "ids"]
