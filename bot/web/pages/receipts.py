"""
``GET /receipts/{id}``: a receipt as a page for a browser, as the signed document for everybody else.

Its id cannot be guessed, but it stands in merge requests, so it opens nothing by itself: who does not see the project
does not see the receipt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.domain.receipt import Envelope, UnreadableReceipt, read_statement
from bot.domain.roles import Permission
from bot.reports.receipt_page import receipt_page
from bot.reports.wording import words_in
from bot.store import receipts
from bot.store.engine import session
from bot.texts import N_
from bot.web.api.problems import Problem
from bot.web.contexts.rules import OneReceiptPage
from bot.web.entry import Visit
from bot.web.pages.jobs import link

if TYPE_CHECKING:
    from bot.web.desk import Desk

_ID = re.compile(r"[0-9a-f]{64}")


def routes(desk: Desk) -> Sequence[Route]:
    """``GET /receipts/{name}``."""
    return (Route("/receipts/{name}", desk.entry.page(partial(_one, desk)), name="receipt"),)


def _one(desk: Desk, visit: Visit) -> Response:
    name = str(visit.params["name"])
    as_page = name.endswith(".html") or "text/html" in visit.headers.get("accept", "").lower()
    receipt_id = name.removesuffix(".html").removesuffix(".json")
    stored = None
    if _ID.fullmatch(receipt_id):
        with session(desk.services.store) as reading:
            stored = receipts.get(reading, receipt_id)
    if stored is None or not visit.principal.sees_project(stored.project_id):
        raise Problem(404, N_("there is no such receipt"))
    visit.require(Permission.READ, stored.project_id)
    if not as_page or name.endswith(".json"):
        return JSONResponse(dict(stored.envelope), headers={"Vary": "Accept"})
    try:
        envelope = Envelope.from_json(stored.envelope)
        receipt = read_statement(envelope.payload)
    except UnreadableReceipt as error:
        raise Problem(422, N_("this receipt cannot be read by this release"), error.told) from error
    shown = receipt_page(receipt, receipt_id, envelope.signatures[0].key_id, words_in(visit.language))
    iid = stored.merge_request_iid
    about = link(desk, "merge_request", project=stored.project_id, iid=iid) if iid is not None else ""
    context = OneReceiptPage(
        shown, f"/receipts/{receipt_id}.json", about or link(desk, "project", project=stored.project_id)
    )
    return desk.frame.page(visit, "receipt.html", context, headers={"Vary": "Accept, Cookie"})
