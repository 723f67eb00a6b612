"""
The routes of the API that are older than the desk's: reports of other tools, and what all such routes have in common.

``POST /api/v1/projects/{project}/imports`` takes a report of another tool, ``GET`` lists what came in. ``{project}`` is
a number or a full path, its slashes encoded or not.

Whatever takes long, or asks the store, runs in a thread: a webhook must not wait for it.
"""

from __future__ import annotations

import json
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
from starlette.responses import JSONResponse, Response

from bot.domain.access import Scope
from bot.domain.intake import Intake, TakeIn, TakenIn, WrongIntake, intake_of
from bot.store import imports
from bot.store.engine import session
from bot.store.imports import RecordedImport
from bot.store.projects import Project
from bot.web.api.access import Admitted, Door, bearer, counted_as
from bot.web.api.answering import answered, leave_unread
from bot.web.api.conditional import check_fields, with_document, with_tag
from bot.web.api.problems import Problem, answer
from bot.web.api.rates import Limits, RateLimits
from bot.web.api.upload import UploadLimits, receive, too_large

log = structlog.get_logger("mergewarden.api")

_PROJECT = "/api/v1/projects/{project:path}"
_PAGE = 50
_LARGEST_PAGE = 100
_BUSY_SECONDS = 10
_PARAMETERS = frozenset({"ref", "sha", "merge_request", "format", "strip_prefix"})


@dataclass(frozen=True, slots=True)
class ApiDependencies:
    """What the API needs."""

    door: Door
    take_in: Callable[[], TakeIn]
    """Asked for with the first import: what reads reports is not loaded before."""
    scratch: Callable[[], AbstractContextManager[Path]]
    """A fresh folder for one upload, gone at the end of the block."""
    limits: UploadLimits
    rates: RateLimits = field(default_factory=lambda: RateLimits(Limits()))
    """How often somebody may call; the desk's API counts with the same."""


@dataclass(slots=True)
class Counter:
    """Facts for the one log line of a request, and how often its sender may come."""

    rates: RateLimits
    kind: str
    """``read`` or ``write``."""
    facts: dict[str, object] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    """Headers that say how many calls are left."""

    def admitted(self, token: Admitted) -> None:
        """Count a call of somebody who was let in. Raises ``Problem`` 429."""
        self.facts["by"] = token.actor
        self.left = self.rates.take(self.kind, counted_as(token))


Handler = Callable[[Request, Counter], Awaitable[Response]]


def add_api(app: FastAPI, dependencies: ApiDependencies) -> None:
    """Put the routes into the application."""
    api = _Api(dependencies)
    # The longer path first: a project's path may end in anything.
    rates = dependencies.rates
    app.add_route(f"{_PROJECT}/imports/{{number:int}}", guarded(api.one, rates), methods=["GET"])
    app.add_route(f"{_PROJECT}/imports", guarded(api.listed, rates, items="imports"), methods=["GET"])
    app.add_route(f"{_PROJECT}/imports", guarded(api.take, rates), methods=["POST"])


def guarded(handler: Handler, rates: RateLimits, *, items: str = "") -> Callable[[Request], Awaitable[Response]]:
    """
    Turns what goes wrong into an answer, and logs one line per request; never its token. A read gets an ETag and the
    fields that it asks for: of the document, or of the things in its list ``items``.
    """

    async def handle(request: Request) -> Response:
        counter = Counter(rates, "write" if request.method == "POST" else "read")

        async def refused(problem: Problem) -> Response:
            problem.headers = {**counter.left, **problem.headers}
            return leave_unread(answer(problem), request.method)

        async def called() -> Response:
            response = await handler(request, counter)
            if counter.kind == "read" and response.status_code == 200:
                response = _read(request, response, items)
            response.headers.update(counter.left)
            return response

        def tell(level: Callable[..., Any], status: int, seconds: float) -> None:
            level("api request", method=request.method, status=status, seconds=round(seconds, 3), **counter.facts)

        return await answered(called, refused, tell, facts=counter.facts, log=log)

    return handle


def _read(request: Request, response: Response, items: str) -> Response:
    """A read with its ETag, and with the fields that were asked for."""
    wanted = request.query_params.get("fields", "")
    if not wanted:
        return with_tag(request, response)
    document, names = json.loads(bytes(response.body)), wanted[:1_000].split(",")
    things = document[items] if items else [document]
    check_fields(names, {name for thing in things for name in thing} if things else names)
    chosen = [{name: thing[name] for name in names if name in thing} for thing in things]
    return with_document(request, response, {**document, items: chosen} if items else chosen[0])


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

    # -- parts --------------------------------------------------------------------------------------------------------

    async def _admitted(self, request: Request, scope: Scope, counter: Counter) -> tuple[Admitted, Project]:
        token = await anyio.to_thread.run_sync(self._door.admit, bearer(request), scope)
        counter.admitted(token)
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
