"""
Components: the packages of all projects that one sees, with versions, licences and what is open about them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from bot.domain.triage_filter import Filter
from bot.store import components
from bot.store.components import Component, Package
from bot.store.engine import session
from bot.texts import N_
from bot.web.api.problems import Problem
from bot.web.contexts.stock import ComponentPage, ComponentRow, ComponentsPage, UseRow
from bot.web.entry import Visit
from bot.web.pages.jobs import link

if TYPE_CHECKING:
    from bot.web.desk import Desk

_SHOWN = 50
_USES = 100
_LONGEST = 400


def routes(desk: Desk) -> Sequence[Route]:
    """``GET /components`` and ``/components/{ecosystem}/{package}``."""
    entry = desk.entry
    return (
        Route("/components", entry.page(partial(_list, desk)), name="components"),
        Route("/components/{ecosystem}/{package:path}", entry.page(partial(_one, desk)), name="component"),
    )


def _list(desk: Desk, visit: Visit) -> Response:
    ecosystem = visit.query.get("ecosystem", "")[:_LONGEST]
    text = visit.query.get("q", "").strip()[:_LONGEST]
    after = _place(visit.query.get("after", ""))
    with session(desk.services.store) as reading:
        known = components.ecosystems(reading)
        page = components.page(reading, visit.principal.sees, ecosystem=ecosystem, text=text, after=after, limit=_SHOWN)
    context = ComponentsPage(
        rows=tuple(_row(desk, one) for one in page.components),
        # Ecosystems of projects that one does not see say nothing of them: they are names of the world.
        ecosystems=known,
        ecosystem=ecosystem,
        text=text,
        first=desk.frame.url("components", ecosystem=ecosystem, q=text) if after is not None else "",
        next=""
        if page.next is None
        else desk.frame.url("components", ecosystem=ecosystem, q=text, after="\n".join(page.next)),
    )
    return desk.frame.page(visit, "components.html", context, section="components")


def _one(desk: Desk, visit: Visit) -> Response:
    package = str(visit.params["ecosystem"])[:_LONGEST], str(visit.params["package"])[:_LONGEST]
    after = visit.query.get("after", "")
    if after and not (after.lstrip("-").isascii() and after.lstrip("-").isdigit() and len(after) < 19):
        raise Problem(
            400, N_("this is not the end of a page"), N_("Follow the link to the next page as it is."), field="after"
        )
    with session(desk.services.store) as reading:
        uses, following = components.users(
            reading, package, visit.principal.sees, after=int(after) if after else None, limit=_USES
        )
    if not uses and not after:
        raise Problem(404, N_("no project that you see has this package"), N_("The list has all that are known."))
    here = partial(desk.frame.url, "component", ecosystem=package[0], package=package[1])
    context = ComponentPage(
        ecosystem=package[0],
        package=package[1],
        uses=tuple(UseRow(one, link(desk, "project", project=one.project_id)) for one in uses),
        triage_url=_triage(desk, package),
        advisories_url=link(desk, "advisories", q=package[1]),
        first=here() if after else "",
        next="" if following is None else here(after=following),
    )
    return desk.frame.page(visit, "component.html", context, section="components")


def _row(desk: Desk, one: Component) -> ComponentRow:
    package = one.ecosystem, one.package
    return ComponentRow(
        one,
        desk.frame.url("component", ecosystem=one.ecosystem, package=one.package),
        _triage(desk, package) if one.open else "",
        link(desk, "advisories", q=one.package),
    )


def _triage(desk: Desk, package: Package) -> str:
    place = link(desk, "triage")
    return f"{place}?{Filter(standings=frozenset(), package=package).to_query()}" if place else ""


def _place(text: str) -> Package | None:
    if not text:
        return None
    ecosystem, mark, package = text[: 2 * _LONGEST].partition("\n")
    if not mark:
        raise Problem(
            400, N_("this is not the end of a page"), N_("Follow the link to the next page as it is."), field="after"
        )
    return ecosystem, package
