"""
The security desk: its pages, put together.

A page is a module of ``bot.web.pages`` with ``routes(desk)``, and is named in ``_PAGES`` here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.domain.known import Dossier
from bot.domain.roles import Permission
from bot.domain.rule_sample import Sample
from bot.services import Services
from bot.store.desk.finding_reads import Reading
from bot.texts import N_
from bot.web.api.problems import Problem, answer
from bot.web.api.rates import Limits, RateLimits
from bot.web.entry import Entry
from bot.web.frame import STATIC_PATH, Frame, Section, static_endpoint, wants_page
from bot.web.keys import DeskKey
from bot.web.maturity_tools import MaturityTools
from bot.web.operations import Operations
from bot.web.pages import (
    advisories,
    attestations,
    audit,
    components,
    finding,
    home,
    jobs,
    maturity,
    merge_request,
    overview,
    policies,
    project,
    receipts,
    reports,
    rules,
    settings,
    subscriptions,
    triage,
)

if TYPE_CHECKING:
    from bot.domain.workflow import Workflow

SECTIONS: tuple[Section, ...] = (
    Section("triage", N_("Triage"), "/triage"),
    Section("overview", N_("Overview"), "/overview"),
    Section("projects", N_("Projects"), "/projects"),
    Section("maturity", N_("Maturity"), "/maturity"),
    Section("reports", N_("Reports"), "/reports"),
    Section("rules", N_("Rules"), "/rules"),
    Section("policies", N_("Policies"), "/policies"),
    Section("advisories", N_("Advisories"), "/advisories"),
    Section("components", N_("Components"), "/components"),
    Section("scans", N_("Scans"), "/scans", Permission.READ_JOBS),
    Section("jobs", N_("Jobs"), "/jobs"),
    Section("audit", N_("Audit log"), "/audit", Permission.READ_AUDIT),
    Section("people", N_("People"), "/people", Permission.READ_PEOPLE),
    Section("tokens", N_("API tokens"), "/tokens", Permission.KEEP_TOKENS),
    Section("settings", N_("Settings"), "/settings", Permission.READ_PEOPLE),
)
"""The navigation, in order; an entry shows where its page is there and the reader may see it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages work with. Everything that asks the store runs in a thread."""

    services: Services
    entry: Entry
    frame: Frame
    workflow: Workflow
    dossier: Callable[[Reading, int, datetime], Dossier | None]
    """Everything about a finding: ``bot.pipeline.decisions.dossier``, which the web does not know."""
    samples: Callable[[str, str], tuple[Sample, ...]] | None = None
    """Code for a scanner and its rule: ``bot.pipeline.finding_desk.samples``; None for none."""
    operations: Operations | None = None
    """Jobs, rules and checks; None where there is no pipeline to ask, and pages say so."""
    maturity: MaturityTools | None = None
    """Ratings, attestations and summaries; None where there is no pipeline to ask."""
    rates: RateLimits = field(default_factory=lambda: RateLimits(Limits()))
    """Counts what is expensive, together with calls of the API."""
    key: DeskKey | None = None
    """Signs addresses of badges; None for none."""
    tools: Any = None
    """More of the pipeline that pages read with: see ``bot.cli.web_process``."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


_PAGES: tuple[Callable[[Desk], Sequence[Route]], ...] = (
    home.routes,
    triage.routes,
    finding.routes,
    overview.routes,
    maturity.routes,
    project.routes,
    merge_request.routes,
    jobs.routes,
    policies.routes,
    advisories.routes,
    components.routes,
    rules.routes,
    receipts.routes,
    reports.routes,
    subscriptions.routes,
    attestations.routes,
    settings.routes,
    audit.routes,
)
"""Every page. Of routes that could take the same address the first wins."""


def add_desk(app: FastAPI, desk: Desk, more: Sequence[Callable[[Desk], Sequence[Route]]] = ()) -> None:
    """Put the desk into the application: static files, pages and acts. ``more`` are pages of other modules."""
    app.add_route(f"{STATIC_PATH}/{{name}}", static_endpoint, methods=["GET"])
    app.add_exception_handler(HTTPException, partial(_no_page, desk.frame))
    routes = [route for made in (*_PAGES, *more) for route in made(desk)]
    desk.frame.know(routes)
    app.router.routes.extend(routes)


async def _no_page(frame: Frame, request: Request, error: Exception) -> Response:
    """For addresses that nobody serves and methods that a page has not."""
    assert isinstance(error, HTTPException)
    problem = Problem(
        error.status_code, _NO_PAGE.get(error.status_code, error.detail), headers=dict(error.headers or {})
    )
    if not wants_page(request):
        return answer(problem)
    return await anyio.to_thread.run_sync(frame.error_page, None, problem, request)


_NO_PAGE = {404: N_("There is no such page."), 405: N_("This address does not take that.")}
