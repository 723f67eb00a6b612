"""Subscriptions on the desk: for administrators, and without what a chat's address keeps secret."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.domain.audit import Action
from bot.domain.maturity.subscription import Subscription
from bot.store.engine import session, write_session
from bot.store.maturity import deliveries, subscriptions
from bot.store.projects import all_projects, upsert_projects
from bot.texts import Language
from tests.pipeline.desk_stage import NOW, Stage
from tests.store.counting import counted
from tests.web.desk_browser import Browser
from tests.web.maturity_stage import SECRET, TARGET, Filled, fill

FORM = {
    "name": "Weekly <script>alert(1)</script>",
    "channel": "chat",
    "target": TARGET,
    "audience": "security",
    "scope": "group:shop",
    "period": "week",
    "format": "html",
    "language": "zh-CN",
    "time_zone": "Asia/Shanghai",
    "quiet": "22:00-08:00",
}


@pytest.fixture
def browser(engine: Engine, tmp_path: Path) -> Browser:
    return Browser(Stage(engine, tmp_path).fill(1), Language.ENGLISH, rates=True)


@pytest.fixture
def filled(browser: Browser) -> Filled:
    return fill(browser.stage.services, NOW, nights=1)


def known(browser: Browser) -> tuple[Subscription, ...]:
    with session(browser.stage.engine) as reading:
        return subscriptions.every(reading)


@pytest.mark.parametrize("who", ["ada", "lead", "auditor", "viewer", "stranger"])
def test_only_administrators_have_the_page_and_its_forms(browser: Browser, filled: Filled, who: str) -> None:
    assert browser.get("/subscriptions", who).status_code == 403
    for path in ("", f"/{filled.mail}/disable", f"/{filled.mail}/delete", "/deliveries/1/again"):
        assert browser.post(f"/subscriptions{path}", FORM, who).status_code == 403
    assert len(known(browser)) == 2
    assert 'href="/subscriptions"' not in browser.get("/reports", who).text


def test_one_is_added_and_the_secret_of_a_chat_never_comes_back(browser: Browser) -> None:
    page = browser.after(browser.post("/subscriptions", FORM, "root"), "root")
    assert "The subscription is made." in page
    assert "Weekly &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert SECRET not in page
    (made,) = known(browser)
    assert (made.scope.key, made.language, made.time_zone) == ("shop", Language.CHINESE, "Asia/Shanghai")
    (entry,) = [one for one in browser.stage.log() if one.action == Action.SUBSCRIPTION_MADE.value]
    assert SECRET not in str(entry)
    assert SECRET not in str(made)


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "pigeon"},
        {"audience": "cats"},
        {"scope": "galaxy"},
        {"period": "hour"},
        {"time_zone": "Mars/Base"},
        {"quiet": "whenever"},
        {"format": "exe"},
        {"language": "xx"},
        {"name": ""},
        {"target": "file:///etc/passwd"},
        {"acknowledge": "yes"},
    ],
)
def test_what_is_wrong_is_said_and_the_secret_of_a_chat_is_not_sent_back(
    browser: Browser, wrong: dict[str, str]
) -> None:
    answer = browser.post("/subscriptions", FORM | wrong, "root")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert SECRET not in answer.text
    assert known(browser) == ()


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (f"{TARGET}-x", "this chat does not take such an address"),
        (f"{TARGET}?verify=no", "has an option that is not taken"),
        (f"mmost://169.254.169.254/{SECRET}", "leads to this host"),
    ],
)
def test_an_address_of_a_chat_that_cannot_be_is_refused_and_not_shown(browser: Browser, target: str, says: str) -> None:
    answer = browser.post("/subscriptions", FORM | {"target": target}, "root")
    assert answer.status_code == 422
    assert says in answer.text
    assert SECRET not in answer.text
    assert known(browser) == ()


def test_what_was_entered_stands_in_the_form_again(browser: Browser) -> None:
    form = FORM | {"channel": "email", "target": "a@example.com", "quiet": "whenever", "name": "Mine"}
    page = browser.post("/subscriptions", form, "root").text
    for words in ('value="Mine"', 'value="a@example.com"', 'value="whenever"', 'value="group:shop"'):
        assert words in page
    assert re.search(r'value="week" checked', page)
    assert not re.search(r'value="month" checked', page)


def test_one_rests_works_again_and_is_deleted_with_an_entry_for_each(browser: Browser, filled: Filled) -> None:
    path = f"/subscriptions/{filled.mail}"
    assert "It delivers nothing more." in browser.after(browser.post(f"{path}/disable", {}, "root"), "root")
    assert known(browser)[0].disabled_at is not None
    browser.post(f"{path}/disable", {}, "root")
    assert "It delivers again." in browser.after(browser.post(f"{path}/enable", {}, "root"), "root")
    assert "is deleted" in browser.after(browser.post(f"{path}/delete", {}, "root"), "root")
    assert [one.id for one in known(browser)] == [filled.chat]
    words = [one.action for one in browser.stage.log() if one.action.startswith("subscription")]
    changed, gone = Action.SUBSCRIPTION_CHANGED.value, Action.SUBSCRIPTION_DELETED.value
    assert words == [changed, changed, gone], "what changes nothing is not written down"
    assert browser.post(f"{path}/delete", {}, "root").status_code == 404
    assert browser.post("/subscriptions/999/enable", {}, "root").status_code == 404


WARNING = "nothing of this scope is served any more"


def test_a_subscription_of_a_group_that_was_renamed_says_that_nothing_comes_of_it(browser: Browser) -> None:
    browser.post("/subscriptions", FORM, "root")
    page = browser.get("/subscriptions", "root").text
    assert WARNING not in page
    with write_session(browser.stage.engine) as writing:
        upsert_projects(
            writing,
            [
                replace(one, path=one.path.replace("shop/", "store/"))
                for one in all_projects(writing)
                if one.path.startswith("shop/")
            ],
        )
    assert WARNING in browser.get("/subscriptions", "root").text
    browser.post("/subscriptions", FORM | {"scope": "group:store"}, "root")
    assert browser.get("/subscriptions", "root").text.count(WARNING) == 1


def test_what_was_given_up_is_sent_once_more(browser: Browser, filled: Filled) -> None:
    with session(browser.stage.engine) as reading:
        rows = {one.subscription_id: one for one in deliveries.page(reading)}
    failed, sent = rows[filled.chat], rows[filled.mail]
    assert "It is sent once more." in browser.after(
        browser.post(f"/subscriptions/deliveries/{failed.id}/again", {}, "root"), "root"
    )
    with session(browser.stage.engine) as reading:
        assert deliveries.waiting(reading) == 1
    assert browser.post(f"/subscriptions/deliveries/{sent.id}/again", {}, "root").status_code == 404
    assert browser.get(f"/subscriptions/deliveries/{failed.id}/again", "root").status_code == 405


def test_the_page_is_chinese_in_chinese(engine: Engine, tmp_path: Path) -> None:
    browser = Browser(Stage(engine, tmp_path).fill(1), Language.CHINESE, rates=True)
    fill(browser.stage.services, NOW, nights=1)
    page = browser.get("/subscriptions", "root").text.partition("<main")[2].partition("</main>")[0]
    for words in re.findall(r"<(?:h1|h2|th scope=.col.|label|button|legend)[^>]*>([^<]+)<", page):
        assert re.search(r"[\u4e00-\u9fff]", words) or not re.search(r"[A-Za-z]{4}", words), words


def test_the_number_of_statements_depends_on_nothing(browser: Browser) -> None:
    def statements() -> int:
        with counted(browser.stage.engine) as made:
            assert browser.get("/subscriptions", "root").status_code == 200
        return len(made)

    few = statements()
    for number in range(12):
        assert browser.post("/subscriptions", FORM | {"name": f"number {number}"}, "root").status_code == 303
    assert statements() == few <= 5
