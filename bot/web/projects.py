"""
How a project stands with the gate, for programs: ``GET /api/v1/projects/{project}/state``.

A session or token that reads the project has to come with it. Its page is one of the desk: ``bot.web.pages.project``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import anyio.to_thread
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from bot.web.api.access import BEARER, Door
from bot.web.api.problems import Problem
from bot.web.api.routes import Counter, guarded


@dataclass(frozen=True, slots=True)
class ProjectDependencies:
    """What the route needs. All of it may ask the store, so it runs in a thread."""

    door: Door
    document: Callable[[int], str | None]
    """JSON by the project's number; None for a project of which nothing is known."""


def add_projects(app: FastAPI, dependencies: ProjectDependencies) -> None:
    """Put the route into the application."""

    async def told(request: Request, counter: Counter) -> Response:
        token = await anyio.to_thread.run_sync(dependencies.door.admit_reader, request, BEARER)
        counter.facts["by"] = token.actor
        name = str(request.path_params["project"])
        project = await anyio.to_thread.run_sync(dependencies.door.project, name, token)
        counter.facts["project_id"] = project.id
        document = await anyio.to_thread.run_sync(dependencies.document, project.id)
        if document is None:
            raise Problem(404, "nothing is known of this project yet", "A push or a merge request makes it known.")
        return Response(document, media_type="application/json")

    app.add_route("/api/v1/projects/{project:path}/state", guarded(told), methods=["GET"])
