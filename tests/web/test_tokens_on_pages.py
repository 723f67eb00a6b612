"""Pages for whoever brings a token and no session: as the password of HTTP Basic, or as ``Bearer``."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI

from bot.cli.web_process import application
from bot.domain.access import Scope
from bot.domain.receipt import read_envelope
from bot.observability.metrics import Metrics
from bot.pipeline.engine import JobQueue
from bot.pipeline.receipts import issue
from bot.pipeline.signing import checked, signer
from bot.services import Services
from bot.settings import load_settings
from bot.store import desk
from bot.store.engine import write_session
from bot.store.migrate import migrate
from bot.store.tokens import create_token, revoke_token
from bot.web.frame import PAGE_POLICY
from tests.store.known import BANK, SHOP, add_finding, add_presence, add_projects, add_refs
from tests.store.samples import REPORT
from tests.web.fakes import FakeInbox
from tests.web.portal import basic

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
RULE = "python-sql-injection-request"
FINDING = f"/projects/{SHOP}/findings/1"


@dataclass
class Site:
    """The whole application on a store of its own."""

    services: Services
    app: FastAPI
    receipt: str
    other_receipt: str

    def token(self, *scopes: Scope, project: str = "shop/*", revoked: bool = False) -> str:
        now = datetime.now(UTC)
        with write_session(self.services.store) as writing:
            text, made = create_token(
                writing,
                name="ci",
                scopes=scopes or (Scope.READ,),
                project=project,
                lifetime=timedelta(days=1),
                created_by="ada",
                now=now,
            )
            if revoked:
                revoke_token(writing, made.id, now)
        return text

    def get(self, path: str, headers: dict[str, str], method: str = "GET") -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="https://desk.example") as client:
                return await client.request(method, path, headers=headers)

        return asyncio.run(ask())

    def page(self, path: str, **token: Any) -> httpx.Response:
        return self.get(path, basic(self.token(**token)) | {"Accept": BROWSER})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("pages")
    settings = {
        "HOME": str(folder),
        "MERGEWARDEN_DATA_DIR": str(folder),
        "MERGEWARDEN_WEBHOOK_SECRET": "0123456789" * 4,
    }
    services = Services(load_settings(settings), Metrics())
    migrate(services.store)
    with write_session(services.store) as writing:
        add_projects(writing)
        add_refs(writing)
        add_finding(writing, 1)
        add_presence(writing, 1)
        desk.refresh(writing, [1], seen=[1])
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    receipts = [issue(services, REPORT, project_id=number, scan_id=f"s{number}", at=at) for number in (SHOP, BANK)]
    queue = JobQueue(services.settings.database().get_secret_value())
    yield Site(services, application(services, queue, cast(Any, FakeInbox()), lambda: None), *receipts)
    queue.close()
    services.close()


def pages(site: Site) -> tuple[str, ...]:
    return FINDING, "/rules", f"/rules/{RULE}", f"/receipts/{site.receipt}", f"/receipts/{site.receipt}.html"


def test_a_token_is_a_password_whatever_the_user_name(site: Site) -> None:
    for path in pages(site):
        for user in ("", "ada", "ü"):
            answer = site.get(path, basic(site.token(), user) | {"Accept": BROWSER})
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), path
        assert site.get(path, {"Authorization": f"Bearer {site.token()}", "Accept": BROWSER}).status_code == 200


def test_a_page_lets_no_script_but_ours_run_and_is_kept_nowhere(site: Site) -> None:
    for path in pages(site):
        headers = site.page(path).headers
        assert headers["content-security-policy"] == PAGE_POLICY
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        "Basic " + base64.b64encode(b"a:").decode(),
        "Digest x",
        "Bearer",
    ],
)
def test_a_header_that_is_none_opens_nothing_and_a_password_is_asked_for(site: Site, header: str) -> None:
    for path in pages(site):
        answer = site.get(path, {"Authorization": header})
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == 'Basic realm="Mergewarden", charset="UTF-8"'


def test_a_browser_that_brings_nothing_is_sent_to_sign_in_and_back(site: Site) -> None:
    for path in pages(site):
        answer = site.get(path, {"Accept": BROWSER})
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?next=")
        assert site.receipt not in answer.text


def test_only_the_right_token_opens_the_right_page(site: Site) -> None:
    receipt = f"/receipts/{site.receipt}"
    for path in (FINDING, receipt):
        assert site.page(path, project="**").status_code == 200
        assert site.page(path, project="bank/*").status_code in (403, 404)
        assert site.page(path, revoked=True).status_code == 401
        imports = basic(site.token(Scope.IMPORT)) | {"Accept": BROWSER}
        assert site.get(path, imports).status_code == 403
    for path in (
        f"/projects/{SHOP}/findings/2",
        f"/projects/{BANK}/findings/1",
        "/projects/501/findings/1",
        "/projects/x/findings/1",
        f"/projects/{SHOP}/findings/" + "9" * 40,
        f"/receipts/{site.other_receipt}",
    ):
        assert site.page(path).status_code == 404, path


def test_a_program_gets_a_receipt_as_the_signed_document(site: Site) -> None:
    for headers in ({"Authorization": f"Bearer {site.token()}"}, basic(site.token())):
        for path in (f"/receipts/{site.receipt}", f"/receipts/{site.receipt}.json"):
            answer = site.get(path, headers)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
            assert answer.headers["vary"] == "Accept"
            checked(read_envelope(answer.content), [signer(site.services.settings).public])


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
def test_a_receipt_that_is_not_there_is_not_found(site: Site, name: str) -> None:
    assert site.page(f"/receipts/{name}").status_code == 404


def test_a_receipt_is_only_read(site: Site) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert site.get(f"/receipts/{site.receipt}", basic(site.token()), method).status_code == 405


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/rules/no-such-rule", 404),
        (f"/rules/{RULE}?scanner=bandit", 404),
        ("/rules?severity=grave", 400),
        ("/rules?sort=age", 400),
        ("/rules?q=x", 400),
        ("/rules/%3Cscript%3E", 404),
    ],
)
def test_a_rule_or_filter_that_there_is_not_is_told(site: Site, path: str, status: int) -> None:
    answer = site.page(path)
    assert answer.status_code == status
    assert "<script>" not in answer.text


def test_the_list_of_rules_is_filtered_and_sorted(site: Site) -> None:
    html = site.page("/rules?language=python&scanner=semgrep&sort=findings").text
    assert RULE in html
    assert "java-" not in html.partition("<tbody>")[2]
    assert "SQL statement built from a web request" in site.page(f"/rules/{RULE}?scanner=semgrep").text
