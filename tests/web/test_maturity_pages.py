"""The pages about maturity: what they say, to whom, and that a badge is for whoever was given its address."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.store.engine import write_session
from bot.store.maturity import counting
from bot.store.projects import Project, upsert_projects
from bot.texts import Language
from bot.web.pages.maturity import badge_path
from tests.domain.maturity.test_change_effect import FINE
from tests.pipeline.desk_stage import NOW, Stage
from tests.store.counting import counted
from tests.store.known import BANK, SHOP
from tests.web.desk_browser import Browser
from tests.web.maturity_stage import CAICT, asked_of_people, fill_days, fill_words

_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def item_of_people() -> str:
    model, wanted, _ = asked_of_people(second_person=True)
    return next(item.id for item, demand in model.demands if demand is wanted)


@pytest.fixture
def browser(engine: Engine, tmp_path: Path) -> Browser:
    made = Browser(Stage(engine, tmp_path).fill(1), Language.ENGLISH, rates=True)
    fill_days(made.stage.services, NOW)
    return made


@pytest.fixture
def bare(engine: Engine, tmp_path: Path) -> Browser:
    return Browser(Stage(engine, tmp_path).fill(1), Language.ENGLISH, rates=True)


def test_a_project_shows_its_rating_figures_and_what_raises_it(browser: Browser) -> None:
    page = browser.get(f"/projects/{SHOP}/maturity").text
    assert "Maturity of shop/backend" in page
    for words in ("Engineering score", "of 100", "What raises it next", "Figures and targets", "not known", "snapshot"):
        assert words in page
    of_people = browser.get(f"/projects/{SHOP}/maturity?model={CAICT}").text
    assert "It is no official rating" in of_people
    assert "people only" in of_people


def test_what_was_never_counted_is_not_assessed_and_never_good(bare: Browser) -> None:
    whole = bare.get("/maturity", "auditor").text
    assert "Nothing was counted yet" in whole
    assert "never counted" in whole
    assert "Nothing was counted yet" in bare.get(f"/projects/{SHOP}/maturity").text
    assert bare.get(f"/projects/{SHOP}/maturity/engineering/gate").status_code == 404
    assert "not assessed" in bare.get(f"/projects/{SHOP}").text


def test_a_project_that_somebody_does_not_see_has_no_rating_and_no_item(browser: Browser) -> None:
    for rest in ("", f"/{CAICT}/{item_of_people()}"):
        assert browser.get(f"/projects/{SHOP}/maturity{rest}", "stranger").status_code == 404
        hidden, missing = (browser.get(f"/projects/{one}/maturity{rest}", "stranger").text for one in (SHOP, 404))
        assert "shop" not in hidden
        assert ("404" in hidden) == ("404" in missing)


def test_the_rating_of_everything_is_for_those_who_see_everything(browser: Browser) -> None:
    whole = browser.get("/maturity", "auditor").text
    assert "shop/backend" in whole
    assert "bank/core" in whole
    mine = browser.get("/maturity", "stranger").text
    assert "You see some of the projects" in mine
    assert "bank/core" in mine
    assert "shop/backend" not in mine
    assert "What raises it next" not in mine
    assert browser.get(f"/maturity/{CAICT}/{item_of_people()}", "stranger").status_code == 404
    assert browser.get(f"/maturity/{CAICT}/{item_of_people()}", "auditor").status_code == 200


@pytest.mark.parametrize("path", ["/maturity?model=none", "/projects/5/maturity?model=%00", "/projects/x/maturity"])
def test_what_there_is_not_is_not_found(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code in (404, 422)


@pytest.mark.parametrize("path", ["engineering/none", "none/gate", "engineering/%3Cscript%3E"])
def test_an_item_that_no_model_has_is_not_found(browser: Browser, path: str) -> None:
    answer = browser.get(f"/projects/{SHOP}/maturity/{path}")
    assert answer.status_code == 404
    assert "<script>" not in answer.text.replace("<script src", "")


def test_an_item_says_what_was_counted_and_who_attested_it(browser: Browser) -> None:
    gate = browser.get(f"/projects/{SHOP}/maturity/engineering/gate").text
    assert "met" in gate
    assert 'class="mono small">projects.' in gate
    fill_words(browser.stage.services, NOW)
    # A rating that was written down does not change; the next one names it.
    assert "Attested by" not in browser.get(f"/projects/{SHOP}/maturity/{CAICT}/{item_of_people()}").text


def test_who_attests_is_named_with_the_rating_that_counts_him(bare: Browser) -> None:
    fill_words(bare.stage.services, NOW)
    with write_session(bare.stage.engine) as writing:
        counting.keep_days(writing, {(SHOP, NOW.date()): FINE.tally()})
    page = bare.get(f"/projects/{SHOP}/maturity/{CAICT}/{item_of_people()}").text
    assert "Attested by" in page
    assert "hopper, until" in page


def test_the_name_of_a_project_is_escaped(browser: Browser) -> None:
    with write_session(browser.stage.engine) as writing:
        upsert_projects(writing, [Project(SHOP, "shop/<img src=x onerror=alert(1)>")])
    for path in ("/maturity", f"/projects/{SHOP}/maturity", f"/projects/{SHOP}/maturity/engineering/gate", "/overview"):
        page = browser.get(path).text
        assert "<img src=x" not in page, path
        assert "&lt;img src=x" in page, path


def test_a_badge_shows_the_score_to_whoever_has_its_address(browser: Browser) -> None:
    answer = browser.get(badge_path(browser.desk, SHOP), who="")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert re.search(r">\d+ / 100<", answer.text)
    assert "shop" not in answer.text
    assert f'<img src="{badge_path(browser.desk, SHOP)}"' in browser.get(f"/projects/{SHOP}/maturity").text


def test_the_address_of_a_badge_cannot_be_guessed(browser: Browser) -> None:
    mine = badge_path(browser.desk, SHOP)
    other = mine.replace(f"/{SHOP}/", f"/{BANK}/")
    cut, wrong = mine.removesuffix(".svg")[:-1] + ".svg", f"/badges/{SHOP}/{'A' * 43}.svg"
    for path in (other, cut, wrong, f"/badges/{SHOP}/.svg", "/badges/x/y.svg"):
        assert browser.get(path, who="").status_code == 404, path


def test_a_badge_of_what_nobody_counted_says_so_in_grey(bare: Browser) -> None:
    svg = bare.get(badge_path(bare.desk, SHOP), who="").text
    assert "not assessed" in svg
    assert "#57606a" in svg
    assert "100" not in svg.replace("100%", "")


def test_a_badge_of_a_project_that_is_gone_is_not_found(browser: Browser) -> None:
    assert browser.get(badge_path(browser.desk, 404), who="").status_code == 404


def test_pages_are_chinese_in_chinese(engine: Engine, tmp_path: Path) -> None:
    browser = Browser(Stage(engine, tmp_path).fill(1), Language.CHINESE, rates=True)
    fill_days(browser.stage.services, NOW)
    for path in (f"/projects/{SHOP}/maturity?model={CAICT}", f"/projects/{SHOP}/maturity/{CAICT}/{item_of_people()}"):
        page = browser.get(path).text
        main = page.partition("<main")[2].partition("</main>")[0]
        heads = re.findall(r"<(?:h2|dt|th)[^>]*>(.*?)</(?:h2|dt|th)>", main, re.DOTALL)
        for words in (re.sub(r"<[^>]+>", "", one) for one in heads):
            assert _CHINESE.search(words) or not re.search(r"[A-Za-z]{4}", words), (path, words)


def test_a_page_takes_the_same_statements_however_much_there_is(browser: Browser) -> None:
    paths = ("/maturity", f"/projects/{SHOP}/maturity", f"/projects/{SHOP}/maturity/engineering/gate", "/overview")

    def statements() -> dict[str, int]:
        found = {}
        for path in paths:
            with counted(browser.stage.engine) as made:
                assert browser.get(path, "auditor").status_code == 200
            found[path] = len(made)
        return found

    few = statements()
    with write_session(browser.stage.engine) as writing:
        upsert_projects(writing, [Project(number, f"shop/more{number}") for number in range(100, 130)])
    # Those without a snapshot are rated now, all together: two statements more, and not two for each.
    many = statements()
    assert {path: many[path] - few[path] for path in paths if many[path] != few[path]} in ({}, {"/maturity": 2})
    assert max(many.values()) <= 16


def test_a_project_and_the_overview_show_the_score(browser: Browser) -> None:
    page = browser.get(f"/projects/{SHOP}").text
    card = page.partition('id="maturity"')[2].partition("</section>")[0]
    assert "of 100" in card
    assert card.count("<li>") == 3
    assert f"/projects/{SHOP}/maturity/engineering/" in card
    overview = browser.get("/overview", "auditor").text
    assert 'id="score-head"' in overview
    assert f'<a href="/projects/{SHOP}/maturity">' in overview
    assert 'id="score-head"' not in browser.get("/overview", "stranger").text
