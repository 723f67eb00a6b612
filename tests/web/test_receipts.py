"""A receipt over HTTP: for programs, for browsers, and for nobody without a token for its project."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from bot.domain.access import Scope
from bot.domain.receipt import Envelope, read_envelope, read_statement
from bot.pipeline.projects import project_named
from bot.pipeline.receipts import issue
from bot.pipeline.signing import checked, signer
from bot.reports.receipt_page import render_receipt_html
from bot.store import receipts
from bot.store.engine import session
from bot.texts import Language
from bot.web.api.access import Door
from bot.web.receipts import FoundReceipt, ReceiptDependencies
from tests.store.samples import REPORT
from tests.web.fakes import Site
from tests.web.portal import OTHER, POLICY, SHOP, Portal

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class ReceiptPortal(Portal):
    """The application with its receipts."""

    def _app(self) -> FastAPI:
        door = Door(
            self.services, lambda name: project_named(self.services, name, register=False), now=lambda: self.now
        )
        made = ReceiptDependencies(door, self._find, self._page, lambda: POLICY)
        return Site(web_options={"receipts": made}).app()

    def _find(self, receipt_id: str) -> FoundReceipt | None:
        with session(self.engine) as reading:
            stored = receipts.get(reading, receipt_id)
        return FoundReceipt(stored.project_id, stored.envelope) if stored is not None else None

    def _page(self, receipt_id: str, found: FoundReceipt) -> str:
        envelope = Envelope.from_json(found.envelope)
        receipt = read_statement(envelope.payload)
        return render_receipt_html(receipt, receipt_id, envelope.signatures[0].key_id, Language.ENGLISH)


@pytest.fixture
def portal(tmp_path: Path, engine: Engine) -> ReceiptPortal:
    return ReceiptPortal(tmp_path, engine)


@pytest.fixture
def receipt(portal: ReceiptPortal) -> str:
    return issue(portal.services, REPORT, project_id=SHOP.id, scan_id="s1", at=AT)


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"ada:{password}".encode()).decode()}


def test_a_program_gets_the_signed_document(portal: ReceiptPortal, receipt: str) -> None:
    for headers in (portal.bearer(Scope.READ), basic(portal.token(Scope.READ))):
        answer = portal.get(f"/receipts/{receipt}", **headers)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        checked(read_envelope(answer.content), [signer(portal.services.settings).public])


def test_a_browser_gets_the_page(portal: ReceiptPortal, receipt: str) -> None:
    token = portal.token(Scope.READ)
    for path, accept in ((f"/receipts/{receipt}.html", "*/*"), (f"/receipts/{receipt}", BROWSER)):
        answer = portal.get(path, Accept=accept, **basic(token))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert f"<code>{receipt}</code>" in answer.text
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["vary"] == "Accept"


def test_whoever_asks_without_a_token_is_asked_for_one(portal: ReceiptPortal, receipt: str) -> None:
    asked = portal.get(f"/receipts/{receipt}", X="y")
    assert (asked.status_code, asked.headers["www-authenticate"][:6]) == (401, "Bearer")
    asked = portal.get(f"/receipts/{receipt}.html", X="y")
    assert (asked.status_code, asked.headers["www-authenticate"][:5]) == (401, "Basic")
    assert receipt not in asked.text


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        pytest.param({"project": "other/*"}, 403, id="another project"),
        pytest.param({"revoked": True}, 401, id="revoked"),
        pytest.param({"project": "**"}, 200, id="every project"),
    ],
)
def test_only_a_token_for_its_project_opens_it(
    portal: ReceiptPortal, receipt: str, arguments: dict[str, object], status: int
) -> None:
    token = portal.token(Scope.READ, **arguments)  # type: ignore[arg-type]
    assert portal.get(f"/receipts/{receipt}", **basic(token)).status_code == status


def test_a_token_that_only_imports_opens_none(portal: ReceiptPortal, receipt: str) -> None:
    assert portal.get(f"/receipts/{receipt}", **portal.bearer(Scope.IMPORT)).status_code == 403


@pytest.mark.parametrize(
    "name",
    [
        "0" * 64,
        "0" * 64 + ".html",
        "x",
        "0" * 63,
        "0" * 4_000,
        "%2e%2e",
        "%00",
        "0" * 63 + "%E2%80%AE",
        ".html",
        "A" * 64,
    ],
)
def test_what_is_not_there_is_not_found(portal: ReceiptPortal, receipt: str, name: str) -> None:
    assert portal.get(f"/receipts/{name}", **portal.bearer(Scope.READ)).status_code == 404


def test_a_receipt_of_a_project_that_is_not_served_is_not_shown(portal: ReceiptPortal) -> None:
    other = issue(portal.services, REPORT, project_id=OTHER.id, scan_id="s2", at=AT)
    assert portal.get(f"/receipts/{other}", **portal.bearer(Scope.READ)).status_code == 403
    gone = issue(portal.services, REPORT, project_id=999, scan_id="s3", at=AT)
    assert portal.get(f"/receipts/{gone}", **portal.bearer(Scope.READ)).status_code == 403
    assert portal.get(f"/receipts/{gone}", **portal.bearer(Scope.READ, project="**")).status_code == 404


def test_it_is_only_read(portal: ReceiptPortal, receipt: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert portal.request(method, f"/receipts/{receipt}", headers=portal.bearer(Scope.READ)).status_code == 405
