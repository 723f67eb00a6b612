"""
The routes of the API.

``POST /api/v1/projects/{project}/imports`` takes a report of another tool, ``GET`` lists what came in, and
``GET /projects/{number}/findings/{id}`` is a finding's page. ``{project}`` is a number or a full path, its slashes
encoded or not.

Whatever takes long, or asks the store, runs in a thread: a webhook must not wait for it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from bot.domain.access import Scope
from bot.domain.intake import Intake, TakeIn, TakenIn, WrongIntake, intake_of
from bot.store import imports
from bot.store.engine import session
from bot.store.imports import RecordedImport
from bot.store.projects import Project
from bot.web.api.access import BASIC, BEARER, Admitted, Door, bearer
from bot.web.api.answering import answered, leave_unread
from bot.web.api.problems import Problem, answer
from bot.web.api.upload import UploadLimits, receive, too_large

log = structlog.get_logger("mergewarden.api")

_PROJECT = "/api/v1/projects/{project:path}"
_PAGE = 50
_LARGEST_PAGE = 100
_BUSY_SECONDS = 10
_PARAMETERS = frozenset({"ref", "sha", "merge_request", "format", "strip_prefix"})
_NUMBER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class ApiDependencies:
    """What the API needs."""

    door: Door
    take_in: Callable[[], TakeIn]
    """Asked for with the first import: what reads reports is not loaded before."""
    scratch: Callable[[], AbstractContextManager[Path]]
    """A fresh folder for one upload, gone at the end of the block."""
    limits: UploadLimits
    finding_page: Callable[[int, int], str | None]
    """HTML of a finding by its project's number and its own; None when that project has no such finding."""
    page_policy: Callable[[], str]
    """``Content-Security-Policy`` of that page."""


@dataclass(slots=True)
class Counter:
    """Facts for the one log line of a request."""

    facts: dict[str, object] = field(default_factory=dict)


Handler = Callable[[Request, Counter], Awaitable[Response]]


def add_api(app: FastAPI, dependencies: ApiDependencies) -> None:
    """Put the routes into the application."""
    api = _Api(dependencies)
    # The longer path first: a project's path may end in anything.
    app.add_route(f"{_PROJECT}/imports/{{number:int}}", guarded(api.one), methods=["GET"])
    app.add_route(f"{_PROJECT}/imports", guarded(api.listed), methods=["GET"])
    app.add_route(f"{_PROJECT}/imports", guarded(api.take), methods=["POST"])
    app.add_route("/projects/{project}/findings/{number:int}", guarded(api.page), methods=["GET"])


def guarded(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Turns what goes wrong into an answer, and logs one line per request; never its token."""

    async def handle(request: Request) -> Response:
        counter = Counter()

        async def refused(problem: Problem) -> Response:
            return leave_unread(answer(problem), request.method)

        def tell(level: Callable[..., Any], status: int, seconds: float) -> None:
            level("api request", method=request.method, status=status, seconds=round(seconds, 3), **counter.facts)

        return await answered(lambda: handler(request, counter), refused, tell, facts=counter.facts, log=log)

    return handle


class _Api:
    def __init__(self, dependencies: ApiDependencies) -> None:
        self._dependencies = dependencies
        self._door = dependencies.door
        self._store = dependencies.door.services
        self._busy = False
        self._take_in: TakeIn | None = None

    # -- imports ------------------------------------------------------------------------------------------------------

    async def take(self, request: Request, counter: Counter) -> Response:
        """``POST .../imports``."""
        token, project = await self._admitted(request, Scope.IMPORT, counter)
        intake = _intake(request.query_params.multi_items())
        packed = _is_packed(request.headers)
        _check_length(request.headers, self._dependencies.limits.max_bytes)
        if self._busy:
            raise Problem(
                429,
                "another report is being imported",
                "Try again in some seconds; curl does it by itself with --retry 10.",
                headers={"Retry-After": str(_BUSY_SECONDS)},
            )
        self._busy = True
        try:
            outcome = await self._received(request, project, intake, token, packed, counter)
        finally:
            self._busy = False
        document = _outcome_document(outcome, project, intake)
        location = f"/api/v1/projects/{project.id}/imports/{outcome.import_id}"
        counter.facts |= {"tools": list(outcome.tools), "repeated": outcome.repeated, **outcome.counts}
        return JSONResponse(document, 200 if outcome.repeated else 201, {"Location": location})

    async def _received(
        self, request: Request, project: Project, intake: Intake, token: Admitted, packed: bool, counter: Counter
    ) -> TakenIn:
        with self._dependencies.scratch() as folder:
            place = folder / "report"
            counter.facts["bytes"] = await receive(request, place, self._dependencies.limits, packed=packed)
            # Not abandoned when the sender goes away: what has begun is stored whole, and the file stays until then.
            return await anyio.to_thread.run_sync(partial(self._import, place, project.id, intake, token))

    def _import(self, place: Path, project_id: int, intake: Intake, token: Admitted) -> TakenIn:
        if self._take_in is None:
            self._take_in = self._dependencies.take_in()
        return self._take_in(place, project_id, intake, actor=token.actor)

    async def listed(self, request: Request, counter: Counter) -> Response:
        """``GET .../imports``."""
        _, project = await self._admitted(request, Scope.READ, counter)
        before = _number(request, "before", None, 2**62)
        limit = _number(request, "limit", _PAGE, _LARGEST_PAGE)
        rows = await anyio.to_thread.run_sync(partial(self._list, project.id, before, limit or _PAGE))
        following = None
        if len(rows) == (limit or _PAGE):
            following = f"/api/v1/projects/{project.id}/imports?before={rows[-1].id}&limit={limit}"
        return JSONResponse({"imports": [_document(row, project) for row in rows], "next": following})

    async def one(self, request: Request, counter: Counter) -> Response:
        """``GET .../imports/{number}``."""
        _, project = await self._admitted(request, Scope.READ, counter)
        number = min(int(request.path_params["number"]), 2**63 - 1)
        row = await anyio.to_thread.run_sync(partial(self._get, project.id, number))
        if row is None:
            raise Problem(404, "the project has no such import")
        return JSONResponse(_document(row, project))

    def _list(self, project_id: int, before: int | None, limit: int) -> Sequence[RecordedImport]:
        with session(self._store.store) as reading:
            return imports.list_imports(reading, project_id, before=before, limit=limit)

    def _get(self, project_id: int, number: int) -> RecordedImport | None:
        with session(self._store.store) as reading:
            return imports.get_import(reading, project_id, number)

    # -- pages --------------------------------------------------------------------------------------------------------

    async def page(self, request: Request, counter: Counter) -> Response:
        """``GET /projects/{number}/findings/{number}``, for a browser: it asks its user for the token as password."""
        name = str(request.path_params["project"])
        token = await anyio.to_thread.run_sync(self._door.admit_reader, request, BASIC)
        counter.facts["by"] = token.actor
        if not _NUMBER.fullmatch(name):
            raise Problem(404, "a finding's page is named by the numbers of its project and its own")
        project = await anyio.to_thread.run_sync(self._door.project, name, token)
        number = min(int(request.path_params["number"]), 2**63 - 1)
        text = await anyio.to_thread.run_sync(self._dependencies.finding_page, project.id, number)
        if text is None:
            raise Problem(404, "the project has no such finding")
        return HTMLResponse(text, headers={"Content-Security-Policy": self._dependencies.page_policy()})

    # -- parts --------------------------------------------------------------------------------------------------------

    async def _admitted(self, request: Request, scope: Scope, counter: Counter) -> tuple[Admitted, Project]:
        token = await anyio.to_thread.run_sync(self._door.admit, bearer(request), scope, BEARER)
        counter.facts["by"] = token.actor
        name = str(request.path_params["project"])
        project = await anyio.to_thread.run_sync(self._door.project, name, token)
        counter.facts["project_id"] = project.id
        return token, project


def _intake(parameters: Sequence[tuple[str, str]]) -> Intake:
    given: dict[str, str] = {}
    for name, value in parameters:
        if name not in _PARAMETERS:
            raise Problem(
                400, "there is no such parameter", f"There are {', '.join(sorted(_PARAMETERS))}.", field=name[:100]
            )
        if name in given:
            raise Problem(400, "the parameter is given twice", field=name)
        given[name] = value
    return intake_of(
        ref=given.get("ref"),
        sha=given.get("sha"),
        merge_request=given.get("merge_request"),
        format=given.get("format"),
        strip_prefix=given.get("strip_prefix"),
    )


def _is_packed(headers: Mapping[str, str]) -> bool:
    """Whether the body is packed with gzip. Raises ``Problem`` 415 for what is not read."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise Problem(415, "the body is packed in a way that is not read", "Send it as it is, or packed with gzip.")
    if headers.get("content-type", "").lower().startswith("multipart/"):
        raise Problem(
            415, "the body is a form and not the report itself", "Send the file alone: curl --data-binary @FILE."
        )
    return encoding in ("gzip", "x-gzip")


def _check_length(headers: Mapping[str, str], limit: int) -> None:
    stated = headers.get("content-length", "")
    if stated.isdecimal() and (len(stated) > 18 or int(stated) > limit):
        raise too_large(limit)


def _number(request: Request, name: str, default: int | None, most: int) -> int | None:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and 1 <= int(text) <= most):
        raise WrongIntake(name, f"not a number from 1 to {most}")
    return int(text)


def _outcome_document(outcome: TakenIn, project: Project, intake: Intake) -> dict[str, Any]:
    return {
        "id": outcome.import_id,
        "project": {"id": project.id, "path": project.path},
        "ref": intake.ref or None,
        "merge_request": intake.merge_request_iid,
        "commit": intake.commit,
        "format": outcome.format,
        "digest": outcome.digest,
        "tools": list(outcome.tools),
        "repeated": outcome.repeated,
        "counts": dict(outcome.counts),
        "rejected": [{"where": one.where, "why": one.why} for one in outcome.rejected],
    }


def _document(row: RecordedImport, project: Project) -> dict[str, Any]:
    return {
        "id": row.id,
        "project": {"id": project.id, "path": project.path},
        "ref": row.ref,
        "merge_request": row.merge_request_iid,
        "commit": row.commit,
        "format": row.format,
        "digest": row.digest,
        "tools": list(row.tools),
        "by": row.actor,
        "at": row.imported_at.isoformat().replace("+00:00", "Z"),
        "counts": dict(row.counts),
        "rejected": [{"where": where, "why": why} for where, why in row.rejected],
    }
