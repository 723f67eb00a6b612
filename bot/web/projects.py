"""
How a project stands with the gate: ``GET /projects/{number}`` as a page, ``GET /api/v1/projects/{project}/state`` for
programs. A token that reads the project has to come with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import anyio.to_thread
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.domain.access import Scope
from bot.web.api.access import BASIC, BEARER, Door, basic_password, bearer
from bot.web.api.problems import Problem
from bot.web.api.routes import Counter, guarded

_NUMBER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class ProjectDependencies:
    """What the routes need. All of it may ask the store, so it runs in a thread."""

    door: Door
    page: Callable[[int], str | None]
    """HTML by the project's number; None for a project of which nothing is known."""
    document: Callable[[int], str | None]
    """The same as JSON."""
    page_policy: Callable[[], str]
    """``Content-Security-Policy`` of the page."""


def add_projects(app: FastAPI, dependencies: ProjectDependencies) -> None:
    """Put the routes into the application."""

    async def shown(request: Request, counter: Counter) -> Response:
        name = str(request.path_params["project"])
        token = await anyio.to_thread.run_sync(dependencies.door.admit, basic_password(request), Scope.READ, BASIC)
        counter.facts["by"] = token.actor
        if not _NUMBER.fullmatch(name):
            raise Problem(404, "a project's page is named by its number", "The API takes full paths as well.")
        project = await anyio.to_thread.run_sync(dependencies.door.project, name, token)
        counter.facts["project_id"] = project.id
        html = await anyio.to_thread.run_sync(dependencies.page, project.id)
        if html is None:
            raise Problem(404, "nothing is known of this project yet", "A push or a merge request makes it known.")
        return HTMLResponse(html, headers={"Content-Security-Policy": dependencies.page_policy()})

    async def told(request: Request, counter: Counter) -> Response:
        token = await anyio.to_thread.run_sync(dependencies.door.admit, bearer(request), Scope.READ, BEARER)
        counter.facts["by"] = token.actor
        name = str(request.path_params["project"])
        project = await anyio.to_thread.run_sync(dependencies.door.project, name, token)
        counter.facts["project_id"] = project.id
        document = await anyio.to_thread.run_sync(dependencies.document, project.id)
        if document is None:
            raise Problem(404, "nothing is known of this project yet", "A push or a merge request makes it known.")
        return Response(document, media_type="application/json")

    app.add_route("/api/v1/projects/{project:path}/state", guarded(told), methods=["GET"])
    app.add_route("/projects/{project}", guarded(shown), methods=["GET"])
