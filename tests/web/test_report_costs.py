"""What making summaries and taking them away costs others: it is limited, takes turns, and is written down."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import Engine

from bot.cli.desk_process import desk_site
from bot.domain.audit import Action, Entry
from bot.domain.maturity.period import PeriodKind
from bot.pipeline.engine import JobQueue
from bot.store.engine import session
from bot.store.maturity import deliveries, snapshots
from bot.store.maturity.snapshots import Wanted
from bot.texts import Language
from bot.web.api.rates import EXPORTS_PER_MINUTE, Limits
from tests.pipeline.desk_stage import ADA, ADMIN, NOW, Stage
from tests.store.known import SHOP
from tests.web.api_stage import ApiStage
from tests.web.desk_browser import Browser
from tests.web.maturity_stage import Filled, fill, last_month

MONTH = last_month(NOW)
FORM = {"scope": f"project:{SHOP}", "period": MONTH.label, "language": "zh-CN"}


@pytest.fixture
def browser(engine: Engine, tmp_path: Path) -> Browser:
    return Browser(Stage(engine, tmp_path).fill(1), Language.ENGLISH, rates=True)


@pytest.fixture
def filled(browser: Browser) -> Filled:
    return fill(browser.stage.services, NOW, nights=1)


def taken_away(browser: Browser) -> list[object]:
    return [one.details["format"] for one in browser.stage.log() if one.action == Action.EXPORTED.value]


# --- on pages ---------------------------------------------------------------------------------------------------------


def test_files_and_makings_count_together_and_there_are_ten_a_minute(browser: Browser, filled: Filled) -> None:
    file = f"/reports/{filled.report_of_shop}/files/json"
    for _ in range(EXPORTS_PER_MINUTE // 2):
        assert browser.get(file).status_code == 200
        assert browser.post("/reports", FORM).status_code == 303
    for answer in (browser.get(file), browser.post("/reports", FORM)):
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
    assert len(taken_away(browser)) == EXPORTS_PER_MINUTE // 2
    # The limit is each one's own, and what is only looked at has none.
    assert browser.get(f"/reports/{filled.report_of_shop}").status_code == 200
    assert browser.get(file, "auditor").status_code == 200


def test_another_site_takes_nothing_away_in_a_readers_name(browser: Browser, filled: Filled) -> None:
    path = f"/reports/{filled.report_of_shop}/files/json"
    answer = browser.get(path, sec_fetch_site="cross-site")
    assert answer.status_code == 403
    assert "the link came from another site" in answer.text
    assert taken_away(browser) == []
    for site in ("none", "same-origin", "same-site"):
        assert browser.get(path, sec_fetch_site=site).status_code == 200


def test_a_pdf_has_to_wait_for_its_turn_and_other_files_have_not(browser: Browser, filled: Filled) -> None:
    tools = browser.desk.maturity
    assert tools is not None
    tools.drawing.waiting = 0
    path = f"/reports/{filled.report_of_shop}/files"
    with tools.drawing.turn(), tools.drawing.turn():
        answer = browser.get(f"{path}/pdf")
        assert browser.get(f"{path}/csv").status_code == 200
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "20")
    assert "too many ask for this at once" in answer.text
    assert taken_away(browser) == ["csv"]


def test_who_has_a_summary_made_waits_for_his_turn_too(browser: Browser, filled: Filled) -> None:
    tools = browser.desk.maturity
    assert tools is not None
    tools.making.waiting = 0
    with tools.making.turn(), tools.making.turn():
        assert browser.post("/reports", FORM).status_code == 503


def test_that_one_was_made_is_written_down_with_whoever_had_it_made(browser: Browser, filled: Filled) -> None:
    before = len(browser.stage.log())
    for _ in range(2):
        answer = browser.post("/reports", FORM)
    (made,) = browser.stage.log()[before:]
    number = answer.headers["location"].rpartition("/")[2]
    assert (made.action, made.subject) == (Action.REPORT_MADE.value, f"report {number}")
    assert (made.actor, made.person_id, made.project_id) == ("ada", ADA.person_id, SHOP)
    assert made.address


def test_days_of_ones_own_choice_are_rated_for_what_was_asked_for(browser: Browser, filled: Filled) -> None:
    assert browser.post("/reports", FORM | {"period": f"{MONTH.last}..{MONTH.last}"}).status_code == 303
    with session(browser.stage.engine) as reading:
        taken = [row for row, _ in snapshots.page(reading, Wanted(kind=PeriodKind.SPAN))]
    assert [row.scope.project_id for row in taken] == [SHOP]
    early = browser.post("/reports", FORM | {"period": f"{MONTH.first}..{MONTH.last}"})
    assert early.status_code == 422
    assert f"Ask for {MONTH.last}..{MONTH.last}." in early.text


def test_what_is_sent_again_is_written_down(browser: Browser, filled: Filled) -> None:
    with session(browser.stage.engine) as reading:
        failed = next(one for one in deliveries.page(reading) if one.subscription_id == filled.chat)
    before = len(browser.stage.log())
    for status in (303, 404):
        assert browser.post(f"/subscriptions/deliveries/{failed.id}/again", {}, "root").status_code == status
    (made,) = browser.stage.log()[before:]
    sent_again(made, filled, failed.id)


def test_pages_and_the_api_count_and_take_turns_together(browser: Browser) -> None:
    site = desk_site(browser.stage.services, cast(JobQueue, SimpleNamespace(seen=lambda *_: ())))
    assert site.desk.rates is site.api.rates
    assert site.desk.maturity is site.api.maturity


# --- over the API -----------------------------------------------------------------------------------------------------


@pytest.fixture
def api(engine: Engine, tmp_path: Path) -> ApiStage:
    return ApiStage(engine, tmp_path, limits=Limits(exports=2))


def test_to_make_one_is_an_export_and_written_down(api: ApiStage) -> None:
    fill(api.stage.services, NOW, nights=1)
    before = len(api.stage.log())
    assert [api.post("/reports", FORM).status_code for _ in range(3)] == [201, 201, 429]
    (made,) = api.stage.log()[before:]
    assert (made.action, made.actor, made.project_id) == (Action.REPORT_MADE.value, "ada", SHOP)


def test_another_site_takes_nothing_away_over_the_api_either(api: ApiStage) -> None:
    filled = fill(api.stage.services, NOW, nights=1)
    path, before = f"/reports/{filled.report_of_shop}/files/json", len(api.stage.log())
    elsewhere = api.session("ada") | {"Sec-Fetch-Site": "cross-site"}
    assert api.get(path, by=None, headers=elsewhere).status_code == 403
    assert len(api.stage.log()) == before
    assert api.get(path, by=None, headers=api.session("ada")).status_code == 200


def test_a_pdf_over_the_api_has_to_wait_for_its_turn(api: ApiStage) -> None:
    filled = fill(api.stage.services, NOW, nights=1)
    drawing = api.maturity.drawing
    drawing.waiting = 0
    with drawing.turn(), drawing.turn():
        answer = api.get(f"/reports/{filled.report_of_shop}/files/pdf")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "20")
    assert answer.json()["detail"] == "too many ask for this at once"


def test_what_is_sent_again_over_the_api_is_written_down(api: ApiStage) -> None:
    filled = fill(api.stage.services, NOW, nights=1)
    with session(api.engine) as reading:
        failed = next(one for one in deliveries.page(reading) if one.subscription_id == filled.chat)
    before = len(api.stage.log())
    for status in (204, 404):
        assert api.post(f"/report-deliveries/{failed.id}/redelivery", by="admin").status_code == status
    (made,) = api.stage.log()[before:]
    sent_again(made, filled, failed.id)


def sent_again(made: Entry, filled: Filled, delivery: int) -> None:
    assert (made.action, made.actor) == (Action.REPORT_SENT_AGAIN.value, ADMIN.actor)
    assert made.subject == f"subscription {filled.chat}"
    assert made.details == {"reports": [filled.report], "delivery": delivery}
