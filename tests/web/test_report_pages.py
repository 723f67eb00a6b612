"""Compliance summaries on the desk: who sees which, making one, taking one away, and saying that one has read it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.domain.audit import Action
from bot.domain.maturity.scope import Scope
from bot.domain.maturity.subscription import ReportDelivery
from bot.domain.roles import Role
from bot.pipeline.maturity.summaries import make_summary
from bot.reports.maturity.summary_formats import FORMATS
from bot.store.engine import session, write_session
from bot.store.maturity import deliveries, reports
from bot.store.projects import Project, forget_project, upsert_projects
from bot.texts import Language
from bot.web.pages.reports import may_export, may_see, whole_groups
from tests.pipeline.desk_stage import NOW, Stage, person
from tests.store.counting import counted
from tests.store.known import SHOP
from tests.web.desk_browser import Browser
from tests.web.maturity_stage import SECRET, Filled, fill, last_month

HIDDEN = 77


@pytest.fixture
def browser(engine: Engine, tmp_path: Path) -> Browser:
    return Browser(Stage(engine, tmp_path).fill(1), Language.ENGLISH, rates=True)


@pytest.fixture
def filled(browser: Browser) -> Filled:
    return fill(browser.stage.services, NOW, nights=1)


def exports(browser: Browser) -> list[dict[str, object]]:
    return [dict(one.details) for one in browser.stage.log() if one.action == Action.EXPORTED.value]


def know(browser: Browser, number: int, path: str) -> None:
    with write_session(browser.stage.engine) as writing:
        upsert_projects(writing, [Project(number, path)])


def told(browser: Browser, code: str) -> tuple[ReportDelivery, ...]:
    with session(browser.stage.engine) as reading:
        return deliveries.by_code(reading, code)


def test_a_summary_is_for_those_who_see_all_of_its_subject(browser: Browser, filled: Filled) -> None:
    # Ada sees the shop, which is the whole of its group; the stranger sees the bank; the auditor sees everything.
    sees = {
        "auditor": {filled.report, filled.report_of_shop, filled.report_of_group},
        "ada": {filled.report_of_shop, filled.report_of_group},
        "stranger": set(),
    }
    for who, numbers in sees.items():
        listed = set(map(int, re.findall(r'href="/reports/(\d+)"', browser.get("/reports", who).text)))
        assert listed >= numbers
        for number in (filled.report, filled.report_of_shop, filled.report_of_group):
            assert (number in listed) == (number in numbers), (who, number)
            for rest in ("", "/document", "/files/json"):
                status = browser.get(f"/reports/{number}{rest}", who).status_code
                assert status == (200 if number in numbers else 404), (who, number, rest)


def test_a_summary_of_a_group_is_not_for_whoever_sees_a_part_of_it(browser: Browser, filled: Filled) -> None:
    know(browser, 77, "shop/hidden")
    assert browser.get(f"/reports/{filled.report_of_group}").status_code == 404
    assert f'href="/reports/{filled.report_of_group}"' not in browser.get("/reports").text
    assert browser.get(f"/reports/{filled.report_of_shop}").status_code == 200


def test_a_summary_is_made_by_a_form_and_read(browser: Browser, filled: Filled) -> None:
    form = {"scope": f"project:{SHOP}", "period": last_month(NOW).label, "language": "zh-CN"}
    answer = browser.post("/reports", form)
    page = browser.after(answer)
    assert "The summary is made." in page
    assert "shop/backend" in page
    with session(browser.stage.engine) as reading:
        made = reports.get(reading, int(answer.headers["location"].rpartition("/")[2]))
    assert made is not None
    assert made.row.language is Language.CHINESE
    assert made.row.made_by == "ada"
    # Whoever asks twice gets the same.
    assert browser.post("/reports", form).headers["location"] == answer.headers["location"]


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({"scope": f"project:{SHOP}", "period": "soon"}, 422, "this is no period"),
        ({"scope": f"project:{SHOP}", "period": "2999"}, 422, "is not over"),
        ({"scope": f"project:{SHOP}", "period": "2015-01-01..2026-01-31"}, 422, "a period may have 4000"),
        ({"scope": "galaxy", "period": "2026-01"}, 422, "this is no project or group"),
        ({"scope": "project:99999", "period": "2026-01"}, 404, ""),
        ({"scope": "organisation", "period": "2026-01"}, 404, ""),
        ({"scope": "group:bank", "period": "2026-01"}, 404, ""),
        ({}, 422, ""),
    ],
)
def test_what_cannot_be_made_says_why(browser: Browser, form: dict[str, str], status: int, says: str) -> None:
    answer = browser.post("/reports", form)
    assert answer.status_code == status
    assert says in answer.text


def test_whoever_may_only_look_makes_nothing_and_takes_nothing_away(browser: Browser, filled: Filled) -> None:
    form = {"scope": f"project:{SHOP}", "period": last_month(NOW).label}
    assert browser.post("/reports", form, "viewer").status_code == 403
    assert browser.get(f"/reports/{filled.report_of_shop}/files/json", "viewer").status_code == 403
    page = browser.get(f"/reports/{filled.report_of_shop}", "viewer").text
    assert "/files/" not in page
    assert "Who got it" not in page
    assert exports(browser) == []


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "pdf"])
def test_every_file_that_is_taken_away_is_written_down(browser: Browser, filled: Filled, name: str) -> None:
    answer = browser.get(f"/reports/{filled.report}/files/{name}", "auditor")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    assert answer.headers["content-type"].partition(";")[0] == FORMATS[name].media_type.partition(";")[0]
    assert answer.content
    assert exports(browser) == [{"format": name, "language": "en"}]


def test_a_format_that_there_is_not_is_not_found(browser: Browser, filled: Filled) -> None:
    assert browser.get(f"/reports/{filled.report}/files/exe", "auditor").status_code == 404
    assert exports(browser) == []


def test_the_document_runs_nothing(browser: Browser, filled: Filled) -> None:
    answer = browser.get(f"/reports/{filled.report}/document", "auditor")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "<script" not in answer.text


def test_who_got_it_is_shown_without_the_address_of_a_chat(browser: Browser, filled: Filled) -> None:
    page = browser.get(f"/reports/{filled.report}", "root").text
    assert "given up" in page
    assert "the chat answered 400 &lt;script&gt;" in page
    assert "not yet acknowledged" in page
    assert SECRET not in page
    assert "Send again" in page
    assert "Send again" not in browser.get(f"/reports/{filled.report}", "auditor").text


def test_to_open_a_link_acknowledges_nothing(browser: Browser, filled: Filled) -> None:
    page = browser.get(f"/acknowledge/{filled.code}", who="").text
    assert "Have you read it?" in page
    assert "October" in page or last_month(NOW).label[:4] in page
    assert [one.acknowledged_at for one in told(browser, filled.code)] == [None]


def test_only_its_button_with_its_code_acknowledges(browser: Browser, filled: Filled) -> None:
    path = f"/acknowledge/{filled.code}"
    for token in ("", "guessed"):
        assert browser.post(path, {"token": token}, who="").status_code == 403
    assert browser.post("/acknowledge/" + "A" * 43, {"token": "x"}, who="").status_code == 404
    assert browser.get("/acknowledge/short", who="").status_code == 404
    assert [one.acknowledged_at for one in told(browser, filled.code)] == [None]
    token = re.findall(r'name="token" value="([^"]+)"', browser.get(path, who="").text)[0]
    page = browser.post(path, {"token": token}, who="").text
    assert "Acknowledged by Management" in page
    assert [one.acknowledged_at for one in told(browser, filled.code)] == [NOW]
    made = [one for one in browser.stage.log() if one.action == Action.REPORT_ACKNOWLEDGED.value]
    assert [one.details["reports"] for one in made] == [[filled.report]]
    # A second time changes nothing.
    browser.post(path, {"token": token}, who="ada")
    assert [one.acknowledged_by for one in told(browser, filled.code)] == [made[0].actor]
    assert "I have read it" not in browser.get(path, who="").text


def test_whoever_is_signed_in_acknowledges_under_his_name(browser: Browser, filled: Filled) -> None:
    path = f"/acknowledge/{filled.code}"
    page = browser.get(path).text
    assert "It is written down for ada." in page
    token = re.findall(r'name="token" value="([^"]+)"', page)[0]
    assert "Acknowledged by ada" in browser.post(path, {"token": token}).text


def test_pages_are_chinese_in_chinese(engine: Engine, tmp_path: Path) -> None:
    browser = Browser(Stage(engine, tmp_path).fill(1), Language.CHINESE, rates=True)
    filled = fill(browser.stage.services, NOW, nights=1)
    for path in ("/reports", f"/reports/{filled.report}", f"/acknowledge/{filled.code}"):
        page = browser.get(path, "root").text.partition("<main")[2]
        for words in re.findall(r"<(?:h1|h2|th|label|button)[^>]*>([^<]+)<", page):
            assert re.search(r"[\u4e00-\u9fff]", words) or not re.search(r"[A-Za-z]{4}", words), (path, words)


def test_the_number_of_statements_depends_on_nothing(browser: Browser, filled: Filled) -> None:
    paths = ("/reports", f"/reports/{filled.report}")

    def statements() -> list[int]:
        found = []
        for path in paths:
            with counted(browser.stage.engine) as made:
                assert browser.get(path, "root").status_code == 200
            found.append(len(made))
        return found

    few = statements()
    for number in range(200, 220):
        know(browser, number, f"more/p{number}")
    assert statements() == few
    assert max(few) <= 6


def hide(browser: Browser) -> None:
    """A project of the shop that ada does not see, and that is gone from the group after the summaries were made."""
    know(browser, HIDDEN, "Shop/secret")


def all_of(browser: Browser, number: int, who: str = "ada") -> set[int]:
    """What is answered to whoever asks for a summary, its document and its files."""
    return {browser.get(f"/reports/{number}{rest}", who).status_code for rest in ("", "/document", "/files/json")}


@pytest.mark.parametrize("gone", [False, True], ids=["moved to another group", "deleted"])
def test_an_earlier_summary_of_a_group_stays_hidden_with_a_project_that_left_it(browser: Browser, gone: bool) -> None:
    hide(browser)
    filled = fill(browser.stage.services, NOW, nights=1)
    with write_session(browser.stage.engine) as writing:
        if gone:
            forget_project(writing, HIDDEN)
        else:
            upsert_projects(writing, [Project(HIDDEN, "hr/secret")])
    assert f'href="/reports/{filled.report_of_group}"' not in browser.get("/reports").text
    assert all_of(browser, filled.report_of_group) == {404}
    assert exports(browser) == []
    assert all_of(browser, filled.report_of_group, "auditor") == {200}
    # Nor is it given to her when she has it made again; she is told no more than of what there is not.
    form = {"scope": "group:shop", "period": last_month(NOW).label, "language": "en"}
    assert browser.post("/reports", form).status_code == 404


def test_a_summary_names_no_other_that_its_reader_may_not_see(browser: Browser, filled: Filled) -> None:
    hide(browser)
    group, month = Scope.of_group("shop"), last_month(NOW)
    other = make_summary(browser.stage.services, group, month, Language.CHINESE, made_by="root", now=NOW)
    know(browser, HIDDEN, "hr/secret")
    assert f'href="/reports/{other.id}"' in browser.get(f"/reports/{filled.report_of_group}", "auditor").text
    assert f'href="/reports/{other.id}"' not in browser.get(f"/reports/{filled.report_of_group}").text
    assert all_of(browser, other.id) == {404}


def test_upper_and_lower_case_are_alike_where_it_is_asked_who_sees_a_whole_group() -> None:
    known = [Project(SHOP, "shop/backend"), Project(HIDDEN, "Shop/secret"), Project(3, "Shop/Tills/one")]
    for order in (known, known[::-1]):
        assert whole_groups(person("ada", projects=(SHOP,)), order) == frozenset()
        assert not may_see(person("ada", projects=(SHOP,)), Scope.of_group("shop"), order)
        found = whole_groups(person("ada", projects=(SHOP, HIDDEN, 3)), order)
        assert {group.casefold() for group in found} == {"shop", "shop/tills"}
        assert len(found) == 2
        assert may_see(person("ada", projects=(SHOP, HIDDEN, 3)), Scope.of_group("SHOP"), order)


def test_whoever_may_not_export_from_a_project_that_left_takes_no_summary_with_it_away() -> None:
    known, group = [Project(SHOP, "shop/backend"), Project(HIDDEN, "hr/secret")], Scope.of_group("shop")
    roles = {SHOP: frozenset({Role.TRIAGER}), HIDDEN: frozenset({Role.VIEWER})}
    ada = replace(person("ada"), project_roles=roles)
    assert may_see(ada, group, known, {SHOP, HIDDEN})
    assert not may_export(ada, group, known, {SHOP, HIDDEN})
    assert may_export(ada, group, known, {SHOP})
    assert not may_see(ada, group, known, ()), "of which nobody knows what it tells of"
