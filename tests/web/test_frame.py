"""The frame of all pages: what a browser gets, keeps and must not be made to do."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.errors import clause, sentence
from bot.store.engine import open_engine
from bot.texts import Language
from bot.web.api.problems import Problem
from bot.web.desk import SECTIONS, Desk
from bot.web.entry import Visit
from bot.web.frame import FLASH_COOKIE, PAGE_POLICY, Frame, Message, environment, local_path, static_files, static_url
from tests.pipeline.desk_stage import Stage
from tests.web.desk_browser import Browser

HOSTILE = "<script>alert(1)</script>\u202e'\"&"
STATUSES = (400, 403, 404, 409, 422, 429, 500, 503)


@dataclass(frozen=True)
class Nothing:
    status: int = 418
    title: str = "title"
    detail: str = ""
    hint: str = ""


def odd_pages(desk: Desk) -> list[Route]:
    def refuses(visit: Visit) -> Response:
        raise Problem(visit.number("status"), f"because of {HOSTILE}", "Do something else.")

    def fails(_visit: Visit) -> Response:
        raise RuntimeError("a secret of ours")

    return [
        Route("/refuses/{status}", desk.entry.page(refuses), name="refuses"),
        Route("/fails", desk.entry.page(fails), name="fails"),
    ]


@pytest.fixture(scope="module")
def browser(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("frame")
    path = folder / "x.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    engine = open_engine(f"sqlite:///{path}")
    yield Browser(Stage(engine, folder).fill(1), more=(odd_pages,))
    engine.dispose()


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_a_page_lets_nothing_run_but_our_own_files(browser: Browser) -> None:
    answer = browser.get("/triage")
    assert answer.headers["content-security-policy"] == PAGE_POLICY
    assert "unsafe" not in PAGE_POLICY
    for tag, attributes in Tags(answer.text).tags:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert tag != "style"
        if tag == "script":
            assert (attributes["src"] or "").startswith("/static/")


def test_every_static_file_that_a_page_names_is_there_and_kept_for_ever(browser: Browser) -> None:
    html = browser.get("/triage").text
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', html)
    assert len(named) == 4
    for address in named:
        answer = browser.get(address, who="")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert browser.get(address, who="", If_None_Match=answer.headers["etag"]).status_code == 304


def test_an_old_address_of_a_static_file_is_not_kept(browser: Browser) -> None:
    assert browser.get("/static/desk.css?v=0", who="").headers["cache-control"] == "no-cache"
    assert browser.get("/static/nothing.js", who="").status_code == 404
    assert browser.get("/static/THIRD_PARTY.md", who="").status_code == 404
    assert browser.get("/static/..%2fframe.py", who="").status_code == 404


def test_static_files_are_packed_and_our_own_script_is_small() -> None:
    files = static_files()
    assert gzip.decompress(files["desk.css"].packed) == files["desk.css"].body
    assert len(files["desk.js"].body) < 15_000
    assert static_url("desk.js").endswith(files["desk.js"].digest)


def test_the_script_has_nothing_that_the_policy_forbids() -> None:
    script = static_files()["desk.js"].body.decode()
    for word in ("eval(", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "Function(", ".style."):
        assert word not in script


def test_a_message_keeps_its_sentences_on_the_way_whatever_stands_in_them() -> None:
    frame = Frame(secret=b"of the test")
    hostile = "<b>{x}\u202e" + "y" * 400
    told = sentence("{a}. {b}", a=sentence("{who} may not: {n}", who=hostile, n=7), b=clause("so {it} is"))
    sealed = frame._sealed(Message("Nothing was changed.", 0, "refused", (told, "plain {text}")))
    opened = frame._message({FLASH_COOKIE: sealed})
    assert opened is not None
    first, second = opened.details
    assert second == "plain {text}"
    assert str(first).startswith("<b>{x}")
    assert str(first).endswith("may not: 7. so {it} is")
    assert len(str(first)) < 360, "what stands in a sentence is cut, for a cookie is small"
    assert frame._message({FLASH_COOKIE: "x" + sealed}) is None


def test_a_page_has_landmarks_a_skip_link_and_one_heading(browser: Browser) -> None:
    html = browser.get("/triage").text
    tags = [tag for tag, _ in Tags(html).tags]
    assert tags.count("main") == tags.count("h1") == 1
    assert '<a class="skip" href="#content">' in html
    assert '<html lang="en" data-theme="auto">' in html


def test_colours_and_language_are_kept_by_a_form_without_a_script(browser: Browser) -> None:
    answer = browser.post("/preferences", {"theme": "dark", "next": "/triage?severity=high"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/triage?severity=high")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert 'data-theme="dark"' in browser.get("/triage").text
    browser.post("/preferences", {"language": "zh-CN"})
    assert '<html lang="zh-CN" data-theme="dark">' in browser.get("/triage").text
    browser.post("/preferences", {"language": "en", "theme": "auto"})
    assert '<html lang="en" data-theme="auto">' in browser.get("/triage").text


def test_colours_and_languages_that_there_are_not_are_refused(browser: Browser) -> None:
    for form in ({"theme": "pink"}, {"language": "xx"}, {"theme": '"><script>'}):
        answer = browser.post("/preferences", form)
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers
    browser.kept["mw_theme"] = '"><script>'
    assert 'data-theme="auto"' in browser.get("/triage").text
    del browser.kept["mw_theme"]


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil", "\\\\evil", "evil", "", "/ü"]
)
def test_nobody_is_sent_elsewhere_after_an_act(path: str) -> None:
    assert local_path(path) == "/"
    assert local_path("/triage?q=a%20b#row-1") == "/triage?q=a%20b#row-1"


@pytest.mark.parametrize("status", STATUSES)
def test_a_refusal_is_a_page_for_a_browser_and_a_problem_for_a_program(browser: Browser, status: int) -> None:
    page = browser.get(f"/refuses/{status}")
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert "Do something else." in page.text
    assert "<script>alert" not in page.text
    assert 'aria-label="Main"' in page.text
    told = browser.get(f"/refuses/{status}", Accept="application/json")
    assert told.status_code == status
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json()["hint"] == "Do something else."


def test_a_fault_of_ours_says_nothing_of_its_cause(browser: Browser) -> None:
    answer = browser.get("/fails")
    assert answer.status_code == 500
    assert "A fault of Mergewarden" in answer.text
    assert "secret of ours" not in answer.text


def test_an_address_that_nobody_serves_is_a_page_as_well(browser: Browser) -> None:
    page = browser.get("/nothing/here")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing here" in page.text
    told = browser.get("/api/v1/nothing")
    assert (told.status_code, told.headers["content-type"]) == (404, "application/problem+json")
    assert browser.get("/preferences").status_code == 405


def test_the_first_page_is_the_triage_list(browser: Browser) -> None:
    answer = browser.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/triage")


def test_a_form_from_elsewhere_changes_nothing(browser: Browser) -> None:
    answer = browser.post("/preferences", {"theme": "dark"}, csrf="guessed")
    assert answer.status_code == 403
    assert "mw_theme" not in browser.kept or browser.kept["mw_theme"] != "dark"


# --- messages ---------------------------------------------------------------------------------------------------------


def sealed(frame: Frame, message: Message) -> str:
    return frame._sealed(message)


def test_a_message_is_shown_once_and_escaped(browser: Browser) -> None:
    browser.kept[FLASH_COOKIE] = sealed(browser.frame, Message("Confirmed: {n}", 3, details=(HOSTILE,), undo="b-1"))
    html = browser.get("/triage").text
    assert "Confirmed: 3" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{U+202E}" in html
    assert 'name="batch" value="b-1"' in html
    assert "Confirmed: 3" not in browser.get("/triage").text


def test_a_message_that_we_did_not_write_is_not_shown(browser: Browser) -> None:
    other = Frame(secret=b"another")
    true = sealed(browser.frame, Message("Confirmed: {n}", 3))
    for forged in (sealed(other, Message("Call 0800 now")), "Call.now", true[:-1] + "0", "." * 50, "é.é", true + "x"):
        browser.kept[FLASH_COOKIE] = forged
        html = browser.get("/triage").text
        assert "data-toast" not in html
    browser.kept.pop(FLASH_COOKIE, None)


def test_a_part_of_a_page_does_not_use_up_the_message(browser: Browser) -> None:
    browser.kept[FLASH_COOKIE] = sealed(browser.frame, Message("Confirmed: {n}", 3))
    assert "Confirmed: 3" not in browser.get("/triage", HX_Request="true").text
    assert "Confirmed: 3" in browser.get("/triage").text


def test_many_long_details_of_a_message_still_come_through(browser: Browser) -> None:
    message = Message("Confirmed: {n}", 3, "warned", tuple(f"{n} " + "很" * 900 for n in range(40)), "b-1")
    browser.kept[FLASH_COOKIE] = sealed(browser.frame, message)
    assert len(browser.kept[FLASH_COOKIE]) < 3_900
    assert "Confirmed: 3" in browser.get("/triage").text


# --- addresses and templates ------------------------------------------------------------------------------------------


def test_addresses_are_made_from_the_names_of_routes(browser: Browser) -> None:
    url = browser.frame.url
    assert url("triage") == "/triage"
    assert url("triage", severity=["high", "low"], q="a b", rule=None) == "/triage?severity=high&severity=low&q=a+b"
    assert url("finding", project=5, number="1/../2") == "/projects/5/findings/1%2F..%2F2"
    with pytest.raises(KeyError):
        url("nothing")


def test_the_navigation_shows_what_is_there_and_may_be_seen(browser: Browser) -> None:
    html = browser.get("/triage").text
    assert '<a href="/triage" aria-current="page">' in html
    assert 'href="/audit"' not in html


@pytest.mark.parametrize("language", list(Language))
def test_every_template_can_be_read_in_every_language(language: Language) -> None:
    pages = environment(language)
    for name in pages.list_templates():
        pages.get_template(name)


def test_a_stranger_gets_a_page_without_navigation() -> None:
    request = Request({"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": []})
    answer = Frame(SECTIONS).stranger_problem(request, Problem(404, HOSTILE), Language.CHINESE)
    html = bytes(answer.body).decode()
    assert '<body class="bare">' in html
    assert 'class="nav"' not in html
    assert "<script>alert" not in html
