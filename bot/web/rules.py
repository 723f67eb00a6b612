"""
The rules and how they did here: ``GET /rules`` and ``/rules/{id}`` as pages, the same below ``/api/v1`` for programs.

A session or a token that reads has to come with each; the numbers are those of the projects that it is good for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import anyio.to_thread
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.domain.rule_card import RuleFilter, UnknownRuleFilter
from bot.web.api.access import BASIC, BEARER, Admitted, Door
from bot.web.api.problems import Problem
from bot.web.api.routes import Counter, guarded

_FILTERS = ("language", "weakness", "scanner", "mode", "severity", "origin")
_LONGEST = 200

Sees = Callable[[str], bool] | None
"""Whether a project may be seen; None where all may be."""


@dataclass(frozen=True, slots=True)
class RuleDependencies:
    """What the routes need. All of it may ask the store, so it runs in a thread."""

    door: Door
    list_page: Callable[[RuleFilter, str, Sees], str]
    """HTML of the list. Raises ``UnknownRuleFilter``."""
    list_document: Callable[[RuleFilter, str, Sees], str]
    """The same as JSON."""
    page: Callable[[str, str | None, Sees], str | None]
    """HTML of a rule by its id and scanner; None where there is no such rule."""
    document: Callable[[str, str | None, Sees], str | None]
    """The same as JSON."""
    page_policy: Callable[[], str]
    """``Content-Security-Policy`` of the pages."""


def add_rules(app: FastAPI, dependencies: RuleDependencies) -> None:
    """Put the routes into the application."""

    async def listed(request: Request, counter: Counter, basic: bool) -> str:
        token = await _admitted(dependencies, request, counter, basic)
        wanted, order = _wanted(request.query_params)
        make = dependencies.list_page if basic else dependencies.list_document
        try:
            return await anyio.to_thread.run_sync(partial(make, wanted, order, _sees(token)))
        except UnknownRuleFilter as error:
            raise Problem(400, str(error), "Leave it out for all rules.") from error

    async def shown(request: Request, counter: Counter, basic: bool) -> str:
        token = await _admitted(dependencies, request, counter, basic)
        rule = str(request.path_params["rule"])
        make = dependencies.page if basic else dependencies.document
        scanner = request.query_params.get("scanner", "")[:_LONGEST] or None
        text = await anyio.to_thread.run_sync(partial(make, rule[:_LONGEST], scanner, _sees(token)))
        if text is None:
            raise Problem(404, "there is no such rule", "The list names all.")
        return text

    def page(text: str) -> Response:
        return HTMLResponse(text, headers={"Content-Security-Policy": dependencies.page_policy()})

    async def list_page(request: Request, counter: Counter) -> Response:
        return page(await listed(request, counter, basic=True))

    async def rule_page(request: Request, counter: Counter) -> Response:
        return page(await shown(request, counter, basic=True))

    async def list_document(request: Request, counter: Counter) -> Response:
        return Response(await listed(request, counter, basic=False), media_type="application/json")

    async def rule_document(request: Request, counter: Counter) -> Response:
        return Response(await shown(request, counter, basic=False), media_type="application/json")

    app.add_route("/api/v1/rules", guarded(list_document), methods=["GET"])
    app.add_route("/api/v1/rules/{rule}", guarded(rule_document), methods=["GET"])
    app.add_route("/rules", guarded(list_page), methods=["GET"])
    app.add_route("/rules/{rule}", guarded(rule_page), methods=["GET"])


async def _admitted(dependencies: RuleDependencies, request: Request, counter: Counter, basic: bool) -> Admitted:
    token = await anyio.to_thread.run_sync(dependencies.door.admit_reader, request, BASIC if basic else BEARER)
    counter.facts["by"] = token.actor
    return token


def _sees(token: Admitted) -> Sees:
    return None if token.covers_everything else token.covers


def _wanted(query: Mapping[str, str]) -> tuple[RuleFilter, str]:
    """Filter and order. Raises ``Problem`` for a parameter that there is not."""
    for name in query:
        if name not in (*_FILTERS, "sort"):
            raise Problem(
                400, "there is no such parameter", f"There are {', '.join(_FILTERS)} and sort.", field=name[:100]
            )
    given = {name: query.get(name, "")[:_LONGEST] for name in _FILTERS}
    return RuleFilter(**given), query.get("sort", "")[:_LONGEST] or "rule"
