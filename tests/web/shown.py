"""What the desk shows of values that a test made up: its real frame and templates, without a store."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Any, cast

import httpx
from fastapi import FastAPI
from starlette.responses import Response
from starlette.routing import Route

from bot.domain.roles import Principal, Role
from bot.texts import Language
from bot.web.desk import SECTIONS, Desk
from bot.web.frame import Frame
from bot.web.operations import Operations
from tests.reports.test_documents_for_people import FORBIDDEN, Page
from tests.web.visitors import cookies, fake_entry, person

AUDITOR = person(Role.AUDITOR)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u2028]")
_LINKS = re.compile(r"https://|\?|/(?!/)|#i-[a-z]+$")


def shown(
    path: str,
    routes: Callable[[Desk], Sequence[Route]],
    language: Language,
    *,
    who: Principal = AUDITOR,
    operations: Operations | None = None,
) -> str:
    """The page at this address, of a desk that has these routes and the triage list."""
    frame, entry = Frame(SECTIONS), fake_entry(who, language=language)
    desk = Desk(cast(Any, None), entry, frame, cast(Any, None), cast(Any, None), operations=operations)
    made = [*routes(desk), Route("/triage", entry.page(lambda _: Response("elsewhere")), name="triage")]
    frame.know(made)
    app = FastAPI()
    app.router.routes.extend(made)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.get(path, headers={"Accept": "text/html"} | cookies("me"))

    answer = asyncio.run(ask())
    assert answer.status_code == 200, answer.text
    return answer.text


def content(html: str) -> str:
    """What the frame stands around."""
    assert html.count("<main") == html.count("</main>") == 1
    return html.partition("<main")[2].partition(">")[2].partition("</main>")[0]


def check_shown(html: str) -> Page:
    """The page is well-formed; nothing in its content runs, loads or is sent. The frame has tests of its own."""
    assert Page(html).open == []
    assert not CONTROLS.search(html)
    found = Page(content(html))
    assert not found.tags & (FORBIDDEN - {"svg"})
    assert not {name for name in found.attributes if name.startswith("on") or name in ("style", "src", "action")}
    assert all(_LINKS.match(link) for link in found.links), found.links
    assert found.comments == 0
    return found
