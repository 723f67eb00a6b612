"""Every page, in both themes: nobody is kept out by how it is made, and the browser has nothing to complain about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from tests.browser.conftest import Visiting
from tests.browser.site import FIRST, ROOT, Site
from tests.store.known import SHOP
from tests.web.maturity_stage import CAICT

AXE = Path(__file__).parent.parent / "assets" / "axe" / "axe.min.js"
PHONE = {"width": 390, "height": 844}
PLACES: dict[str, tuple[str, int]] = {
    "/": ("/", 200),
    "/sign-in": ("/sign-in", 200),
    "/me": ("/me", 200),
    "/tokens": ("/tokens", 200),
    "/people": ("/people", 200),
    "/triage": ("/triage", 200),
    "/overview": ("/overview", 200),
    "/projects": ("/projects", 200),
    "/projects/{project}": (f"/projects/{SHOP}", 200),
    "/projects/{project}/findings/{number}": (f"/projects/{SHOP}/findings/{FIRST}", 200),
    "/projects/{project}/merge_requests/{iid}": (f"/projects/{SHOP}/merge_requests/7", 200),
    "/rules": ("/rules", 200),
    "/rules/{rule}": ("/rules/python-yaml-unsafe-load", 200),
    "/policies": ("/policies", 200),
    "/policies/{project}": (f"/policies/{SHOP}", 200),
    "/advisories": ("/advisories", 200),
    "/advisories/{advisory}": ("/advisories/PYSEC-2026-1", 200),
    "/components": ("/components", 200),
    "/components/{ecosystem}/{package:path}": ("/components/PyPI/flask", 200),
    "/jobs": ("/jobs", 200),
    "/receipts/{name}": ("/receipts/{receipt}", 200),
    "/settings": ("/settings", 200),
    "/audit": ("/audit", 200),
    "/maturity": ("/maturity", 200),
    "/maturity/{model}/{item}": ("/maturity/engineering/gate", 200),
    "/projects/{project}/maturity": (f"/projects/{SHOP}/maturity?model={CAICT}", 200),
    "/projects/{project}/maturity/{model}/{item}": (f"/projects/{SHOP}/maturity/{CAICT}/6.1", 200),
    "/reports": ("/reports", 200),
    "/reports/{number:int}": ("/reports/{report}", 200),
    "/reports/{number:int}/document": ("/reports/{report}/document", 200),
    "/acknowledge/{code}": ("/acknowledge/{code}", 200),
    "/subscriptions": ("/subscriptions", 200),
    "/attestations": ("/attestations", 200),
    "/attestations/new": (f"/attestations/new?model={CAICT}&demand=6.1-2-01&kind=project&scope={SHOP}", 200),
    "/webhooks": ("/webhooks", 200),
    "/webhooks/{number:int}": ("/webhooks/{webhook}", 200),
}
"""
Every page by the path of its route: an example, and with which status it comes. In braces stands what the site made.
"""
_NO_PAGE = (
    "/api",
    "/static/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/badges/",
    "/reports/{number:int}/files/",
    "/attestations/{number:int}/file",
    "/sign-in/provider",
    "/sign-in/callback",
)


def pages_of(site: Site) -> set[str]:
    """Paths of all routes that show a page."""
    return {
        route.path
        for route in site.app.routes
        if isinstance(route, Route) and "GET" in (route.methods or ()) and not route.path.startswith(_NO_PAGE)
    }


@pytest.fixture(scope="module")
def _findings(site: Site) -> None:
    site.findings(30)


def test_every_page_is_looked_at(site: Site) -> None:
    assert pages_of(site) - set(PLACES) == set(), "a new page needs an example here"


_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const scrolls = (one) => one && one !== document.body
    && (["auto", "scroll", "hidden"].includes(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
  return [...document.body.querySelectorAll("*")]
    .filter((one) => one.getBoundingClientRect().right > width + 1 && !scrolls(one.parentElement))
    .map((one) => `${Math.round(one.getBoundingClientRect().right)}: ${one.outerHTML.slice(0, 120)}`);
}"""
_SETTLED = "() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null)))"


def faults(page: Any) -> list[str]:
    """What axe-core finds that is serious or critical. https://github.com/dequelabs/axe-core"""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['impact']}: {one['id']}: {node['target']} {node['html'][:200]} {node['failureSummary'][:300]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]


@pytest.mark.usefixtures("_findings")
@pytest.mark.parametrize("route", PLACES)
def test_a_page_is_for_everybody(visiting: Visiting, site: Site, route: str) -> None:
    if route not in pages_of(site):
        pytest.skip("the application has no such page")
    path, status = PLACES[route]
    path = path.format(receipt=site.receipt, webhook=site.webhook, report=site.rated.report, code=site.rated.code)
    name = (
        route.strip("/").replace("/", "-").replace("{", "").replace("}", "").replace(":path", "").replace(":int", "")
        or "home"
    )
    with visiting() as visitor:
        page = visitor.page
        if route != "/sign-in":
            visitor.wear(ROOT)
        answer = page.goto(f"{site.url}{path}")
        assert answer is not None
        assert answer.status == status
        found = {}
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.evaluate(_SETTLED)  # half way between two themes nothing has its colour
            found[scheme] = faults(page)
            visitor.picture(f"{name}-{scheme}")
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        visitor.picture(f"{name}-phone")
        wide = page.evaluate(_WIDE)
        # What is beside or hidden on a wide screen is elsewhere here: other things can be wrong with it.
        found["phone"] = faults(page)
        assert found == {"light": [], "dark": [], "phone": []}
        assert wide == [], "on a phone the page is wider than the screen"
