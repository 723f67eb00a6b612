"""
``GET /receipts/{id}``: a receipt as the signed document; as a page for whoever asks for HTML, or for ``{id}.html``.

A receipt's id cannot be guessed, but it stands in merge requests, so it opens nothing by itself: as for a finding's
page, a session or a token that reads the project has to come with it, the token as ``Bearer`` or as the password of
HTTP Basic.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from bot.web.api.access import BASIC, BEARER, Door
from bot.web.api.problems import Problem
from bot.web.api.routes import Counter, guarded

_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FoundReceipt:
    """A receipt, and whose it is."""

    project_id: int
    envelope: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReceiptDependencies:
    """What the routes need. All of it may ask the store, so it runs in a thread."""

    door: Door
    find: Callable[[str], FoundReceipt | None]
    """By the receipt's id."""
    page: Callable[[str, FoundReceipt], str]
    """HTML of it."""
    page_policy: Callable[[], str]
    """``Content-Security-Policy`` of that page."""


def add_receipts(app: FastAPI, dependencies: ReceiptDependencies) -> None:
    """Put the route into the application."""

    async def one(request: Request, counter: Counter) -> Response:
        name = str(request.path_params["name"])
        as_page = name.endswith(".html") or _wants_page(request)
        challenge = BASIC if as_page else BEARER
        token = await anyio.to_thread.run_sync(partial(dependencies.door.admit_reader, request, challenge, either=True))
        counter.facts["by"] = token.actor
        receipt_id = name.removesuffix(".html")
        found = None
        if _ID.fullmatch(receipt_id):
            found = await anyio.to_thread.run_sync(dependencies.find, receipt_id)
        if found is None:
            raise Problem(404, "there is no such receipt")
        await anyio.to_thread.run_sync(dependencies.door.project, str(found.project_id), token)
        counter.facts["project_id"] = found.project_id
        if not as_page:
            return JSONResponse(dict(found.envelope), headers={"Vary": "Accept"})
        html = await anyio.to_thread.run_sync(dependencies.page, receipt_id, found)
        return HTMLResponse(html, headers={"Content-Security-Policy": dependencies.page_policy(), "Vary": "Accept"})

    app.add_route("/receipts/{name}", guarded(one), methods=["GET"])


def _wants_page(request: Request) -> bool:
    """Whether a browser asks: only those name HTML."""
    return "text/html" in request.headers.get("accept", "").lower()
