"""
The rules and how they did here, for programs: ``GET /api/v1/rules`` and ``/api/v1/rules/{id}``.

A session or a token that reads has to come with each; the numbers are those of the projects that it is good for. The
pages about rules are the desk's: ``bot.web.pages.rules``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import anyio.to_thread
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from bot.domain.rule_card import RuleFilter, UnknownRuleFilter
from bot.errors import sentence
from bot.texts import N_
from bot.web.api.access import Admitted, Door
from bot.web.api.problems import Problem
from bot.web.api.rates import Limits, RateLimits
from bot.web.api.routes import Counter, guarded

_FILTERS = ("language", "weakness", "scanner", "mode", "severity", "origin")
_LONGEST = 200

Sees = Callable[[str], bool] | None
"""Whether a project may be seen; None where all may be."""


@dataclass(frozen=True, slots=True)
class RuleDependencies:
    """What the routes need. All of it may ask the store, so it runs in a thread."""

    door: Door
    list_document: Callable[[RuleFilter, str, Sees], str]
    """The list as JSON. Raises ``UnknownRuleFilter``."""
    document: Callable[[str, str | None, Sees], str | None]
    """JSON of a rule by its id and scanner; None where there is no such rule."""
    rates: RateLimits = field(default_factory=lambda: RateLimits(Limits()))


def add_rules(app: FastAPI, dependencies: RuleDependencies) -> None:
    """Put the routes into the application."""

    async def listed(request: Request, counter: Counter) -> Response:
        token = await _admitted(dependencies, request, counter)
        wanted, order = _wanted(request.query_params)
        make = partial(dependencies.list_document, wanted, order, _sees(token))
        try:
            text = await anyio.to_thread.run_sync(make)
        except UnknownRuleFilter as error:
            raise Problem(400, error.told, N_("Leave it out for all rules.")) from error
        return Response(text, media_type="application/json")

    async def shown(request: Request, counter: Counter) -> Response:
        token = await _admitted(dependencies, request, counter)
        rule = str(request.path_params["rule"])
        scanner = request.query_params.get("scanner", "")[:_LONGEST] or None
        make = partial(dependencies.document, rule[:_LONGEST], scanner, _sees(token))
        text = await anyio.to_thread.run_sync(make)
        if text is None:
            raise Problem(404, N_("there is no such rule"), N_("The list names all."))
        return Response(text, media_type="application/json")

    rates = dependencies.rates
    app.add_route("/api/v1/rules", guarded(listed, rates, items="rules"), methods=["GET"])
    app.add_route("/api/v1/rules/{rule}", guarded(shown, rates), methods=["GET"])


async def _admitted(dependencies: RuleDependencies, request: Request, counter: Counter) -> Admitted:
    token = await anyio.to_thread.run_sync(dependencies.door.admit_reader, request)
    counter.admitted(token)
    return token


def _sees(token: Admitted) -> Sees:
    return None if token.covers_everything else token.covers


def _wanted(query: Mapping[str, str]) -> tuple[RuleFilter, str]:
    """Filter and order. Raises ``Problem`` for a parameter that there is not."""
    for name in query:
        if name not in (*_FILTERS, "sort", "fields"):
            raise Problem(
                400,
                N_("there is no such parameter"),
                sentence(N_("There are {names} and sort."), names=", ".join(_FILTERS)),
                field=name[:100],
            )
    given = {name: query.get(name, "")[:_LONGEST] for name in _FILTERS}
    return RuleFilter(**given), query.get("sort", "")[:_LONGEST] or "rule"
