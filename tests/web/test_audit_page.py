"""The audit log's page: who may read it, what is filtered, and that it says when the log was checked last."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text
from starlette.routing import Route

from bot.domain.audit import Act, Action
from bot.domain.roles import Role
from bot.observability.metrics import Metrics
from bot.services import Services
from bot.settings import Settings
from bot.store import audit
from bot.store.engine import open_engine, write_session
from bot.web.desk import Desk
from bot.web.frame import Frame
from bot.web.pages import audit as page_module
from tests.store.counting import counted
from tests.store.known import SHOP, add_projects
from tests.web.visitors import cookies, fake_entry, person

HOSTILE = "<script>alert(1)</script>"
PEOPLE = {
    "auditor": person(Role.AUDITOR),
    "admin": person(Role.ADMIN, name="root"),
    "lead": person(Role.SECURITY_LEAD, projects={SHOP: Role.SECURITY_LEAD}, name="lead"),
    "viewer": person(projects={SHOP: Role.VIEWER}, name="viewer"),
}


class Browser:
    """Asks for the page as somebody."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        services = Services(Settings(data_dir=folder), Metrics())
        services.store = engine
        self.engine = engine
        self.app = FastAPI()
        frame, entry = Frame(), fake_entry(None, **PEOPLE)  # type: ignore[arg-type]
        desk = Desk(services, entry, frame, None, lambda *_: None)  # type: ignore[arg-type]
        nowhere = Route("/projects/{project}/findings/{number}", lambda _: None, name="finding")
        routes = [*page_module.routes(desk), nowhere]
        frame.know(routes)
        self.app.router.routes.extend(routes)

    def get(self, path: str, who: str = "auditor") -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.get(path, headers=cookies(who))

        return asyncio.run(ask())

    def numbers(self, path: str) -> list[int]:
        return [int(number) for number in re.findall(r'<td class="num">(\d+)</td>', self.get(path).text)]


@pytest.fixture
def browser(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Browser]:
    place = tmp_path / "audit.db"
    place.write_bytes(migrated_sqlite.read_bytes())
    engine = open_engine(f"sqlite:///{place}")
    with write_session(engine) as writing:
        add_projects(writing)
        acts = [Act("ada", 1, Action.FINDING_DECIDED, f"finding {n}", SHOP, {"reason": HOSTILE}) for n in range(60)]
        audit.append_many(writing, acts)
        audit.append(writing, Act("grace", 2, Action.SIGNED_IN, "person 2", address="192.0.2.7"))
    yield Browser(engine, tmp_path)
    engine.dispose()


@pytest.mark.parametrize(("who", "status"), [("auditor", 200), ("admin", 200), ("lead", 403), ("viewer", 403)])
def test_the_log_is_for_auditors_and_admins(browser: Browser, who: str, status: int) -> None:
    assert browser.get("/audit", who).status_code == status


def test_strangers_are_sent_to_sign_in(browser: Browser) -> None:
    assert browser.get("/audit", "nobody").status_code in (302, 303, 307)


def test_a_strangers_text_is_only_text(browser: Browser) -> None:
    html = browser.get("/audit").text
    assert HOSTILE not in html
    assert HOSTILE in unescape(html)
    assert '<a href="/projects/5/findings/59">finding 59</a>' in html


def test_the_newest_come_first_and_the_next_page_goes_on(browser: Browser) -> None:
    assert browser.numbers("/audit") == list(range(61, 11, -1))
    following = re.search(r'rel="next" href="([^"]+)"', browser.get("/audit").text)
    assert following is not None
    assert browser.numbers(unescape(following[1])) == list(range(11, 0, -1))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("actor=grace", 1),
        ("action=finding.decided", 50),
        ("action=person", 1),
        ("project=shop/backend", 50),
        ("project=5&actor=grace", 0),
        ("since=2000-01-01&until=2000-02-01", 0),
        ("project=no/such", 0),
        ("since=yesterday", 0),
        ("before=5", 4),
        ("before=x", 50),
    ],
)
def test_entries_are_filtered(browser: Browser, query: str, count: int) -> None:
    assert len(browser.numbers(f"/audit?{query}")) == count


def test_what_is_wrong_with_a_filter_is_said(browser: Browser) -> None:
    assert "is not a date" in browser.get("/audit?since=yesterday").text
    assert "There is no such project." in browser.get("/audit?project=no/such").text


def test_it_says_when_the_log_was_checked_and_never_checks_it_itself(browser: Browser) -> None:
    assert "Nobody has checked yet" in browser.get("/audit").text
    audit.verify(browser.engine, keep=True)
    assert "Whole up to entry 61" in browser.get("/audit").text
    with write_session(browser.engine) as writing:
        audit.append(writing, Act("ada", 1, Action.SIGNED_OUT, "person 1"))
        writing.execute(text("DROP TRIGGER audit_entry_not_changed"))
        writing.execute(text("UPDATE audit_entry SET actor = 'mallory' WHERE sequence = 3"))
    assert "1 entry came since" in browser.get("/audit").text
    audit.verify(browser.engine, keep=True)
    assert "The log is broken: entry 3 was changed" in browser.get("/audit").text


def test_a_page_takes_as_many_statements_whatever_there_is(browser: Browser) -> None:
    counts = []
    for path in ("/audit?actor=grace", "/audit"):
        with counted(browser.engine) as seen:
            browser.get(path)
        counts.append(len(seen))
    assert counts[1] <= counts[0] + 1
    assert counts[1] <= 4


def test_every_act_has_words_of_its_own() -> None:
    assert set(page_module.ACTIONS) == set(Action)
    assert len(set(page_module.ACTIONS.values())) == len(Action)
