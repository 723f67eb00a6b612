"""
The desk's API, version 1: every route, and the document that describes it (OpenAPI 3.1).

It is an application of its own below ``/api/v1``, behind the routes that were there before it (imports, a project's
state, rules), which the document describes as well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.errors import sentence
from bot.texts import N_
from bot.web.api import older
from bot.web.api.desk_api import DeskApi
from bot.web.api.exporting import export_router
from bot.web.api.findings import findings_router
from bot.web.api.guard import DeskRoute, Gate, needs
from bot.web.api.incidents import incidents_router
from bot.web.api.inventory import inventory_router
from bot.web.api.maturity import maturity_router
from bot.web.api.models import ProblemDocument
from bot.web.api.problems import CONTENT_TYPE, Problem, answer
from bot.web.api.suppressions import suppressions_router
from bot.web.api.upkeep import upkeep_router

PREFIX = "/api/v1"
_EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_DESCRIPTION = """Everything that the pages show and do. Bring a token as `Authorization: Bearer mwt_...`.

Lists come in pages: follow `next`. `fields` chooses fields. Reads have an ETag; send it back as `If-None-Match`. A POST
with an `Idempotency-Key` can be sent twice and is carried out once. Refusals are problem details (RFC 9457).
"""


def add_desk_api(app: FastAPI, api: DeskApi) -> None:
    """Put the API into the application. Call it after the older routes below ``/api/v1`` are there."""

    async def unknown(_request: Request) -> Response:
        return answer(
            Problem(
                404,
                N_("there is no such address"),
                sentence(N_("The API begins at {prefix}/openapi.json."), prefix=PREFIX),
            )
        )

    for path, methods in older.METHODS.items():
        others = [one for one in _EVERY_METHOD if one not in methods]
        app.add_route(f"{PREFIX}{path}", _not_so(methods), methods=others)
    app.mount(PREFIX, desk_api(api))
    for path in ("/api", "/api/{rest:path}"):
        app.add_route(path, unknown, methods=list(_EVERY_METHOD))


def _not_so(methods: Collection[str]) -> Callable[[Request], Awaitable[Response]]:
    allowed = {"Allow": ", ".join(sorted(methods))}

    async def refused(_request: Request) -> Response:
        return answer(Problem(405, N_("this address cannot be used like this"), headers=allowed))

    return refused


def desk_api(api: DeskApi) -> FastAPI:
    """The API as an application of its own."""
    app = FastAPI(title="Mergewarden", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.gate = Gate(api.services, api.entry, api.rates)
    # The export before the one finding: of routes that could take the same address the first wins.
    for router in (
        export_router(api),
        findings_router(api),
        suppressions_router(api),
        incidents_router(api),
        inventory_router(api),
        upkeep_router(api),
    ):
        app.include_router(router)
    if api.maturity is not None:
        app.include_router(maturity_router(api, api.maturity))

    @cache
    def document() -> dict[str, Any]:
        return _document(app)

    about = APIRouter(route_class=DeskRoute)

    @about.get("/openapi.json", include_in_schema=False, **needs(None))
    def openapi() -> JSONResponse:
        return JSONResponse(document())

    app.include_router(about)

    async def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        said = {404: "there is no such address", 405: "this address cannot be used like this"}
        detail = said.get(error.status_code, str(error.detail))
        return answer(Problem(error.status_code, detail, headers=dict(error.headers or {})))

    app.add_exception_handler(HTTPException, refused)
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title="Mergewarden", version="1", openapi_version="3.1.0", description=_DESCRIPTION, routes=app.routes
    )
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    schemas |= problem.pop("$defs", {})
    schemas["Problem"] = problem
    for gone in ("HTTPValidationError", "ValidationError"):
        schemas.pop(gone, None)
    made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    made["security"] = [{"token": []}]
    paths: dict[str, Any] = {}
    for path, item in made["paths"].items():
        for method, operation in item.items():
            _complete(method, operation)
        paths[PREFIX + path] = item
    for path, item in older.paths().items():
        for operation in item.values():
            operation["responses"]["default"] = _REFUSED
        paths.setdefault(path, {}).update(item)
    made["paths"] = dict(sorted(paths.items()))
    return made


_REFUSED: dict[str, Any] = {
    "description": "Refused",
    "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def _complete(method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    responses["default"] = _REFUSED
    parameters = operation.setdefault("parameters", [])
    if method == "get":
        responses["304"] = {"description": "Not changed since the ETag that was sent"}
        parameters.append(_header("If-None-Match", "The ETag of the answer that one has"))
    if method == "post":
        parameters.append(_header("Idempotency-Key", "A new one for each request that may be sent twice"))
    if operation.get("operationId", "").startswith("decide_findings"):
        parameters.append(_header("If-Match", "The ETag of the finding as it was read"))


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": description, "schema": {"type": "string"}}
