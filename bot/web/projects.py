"""
How a project stands with the gate, for programs: ``GET /api/v1/projects/{project}/state``.

A session or token that reads the project has to come with it. Its page is one of the desk: ``bot.web.pages.project``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import anyio.to_thread
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from bot.texts import N_
from bot.web.api.access import Door
from bot.web.api.problems import Problem
from bot.web.api.rates import Limits, RateLimits
from bot.web.api.routes import Counter, guarded


@dataclass(frozen=True, slots=True)
class ProjectDependencies:
    """What the route needs. All of it may ask the store, so it runs in a thread."""

    door: Door
    document: Callable[[int], str | None]
    """JSON by the project's number; None for a project of which nothing is known."""
    rates: RateLimits = field(default_factory=lambda: RateLimits(Limits()))


def add_projects(app: FastAPI, dependencies: ProjectDependencies) -> None:
    """Put the route into the application."""

    async def told(request: Request, counter: Counter) -> Response:
        token = await anyio.to_thread.run_sync(dependencies.door.admit_reader, request)
        counter.admitted(token)
        name = str(request.path_params["project"])
        project = await anyio.to_thread.run_sync(dependencies.door.project, name, token)
        counter.facts["project_id"] = project.id
        document = await anyio.to_thread.run_sync(dependencies.document, project.id)
        if document is None:
            raise Problem(
                404, N_("nothing is known of this project yet"), N_("A push or a merge request makes it known.")
            )
        return Response(document, media_type="application/json")

    app.add_route("/api/v1/projects/{project:path}/state", guarded(told, dependencies.rates), methods=["GET"])
