"""Attestations on the desk: one says it, another confirms it, and what a stranger sent runs nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Engine

from bot.domain.audit import Action
from bot.domain.maturity.attestation import LARGEST_FILE, MOST_OPEN, Attestation, attachment, made
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.store.engine import session, write_session
from bot.store.maturity import attestations
from bot.store.projects import Project, upsert_projects
from bot.texts import Language
from bot.web.api.rates import EXPORTS_PER_MINUTE
from tests.pipeline.desk_stage import NOW, Stage
from tests.store.counting import counted
from tests.store.known import BANK, SHOP
from tests.web.desk_browser import Browser
from tests.web.maturity_stage import CAICT, asked_of_people, fill_words
from tests.web.visitors import FakeDoorman

_, DEMAND, ASKS = asked_of_people(second_person=True)
FORM = {
    "model": CAICT,
    "demand": DEMAND.id,
    "kind": "project",
    "scope": str(SHOP),
    "text": "Ada answers for it. <script>alert(1)</script>",
    "until": (NOW + timedelta(days=30)).date().isoformat(),
}
NEW = f"/attestations/new?model={CAICT}&demand={DEMAND.id}&kind=project&scope={SHOP}"


@pytest.fixture
def browser(engine: Engine, tmp_path: Path) -> Browser:
    return Browser(Stage(engine, tmp_path).fill(1), Language.ENGLISH, rates=True)


def known(browser: Browser, number: int = 1) -> Attestation | None:
    with session(browser.stage.engine) as reading:
        return attestations.get(reading, number)


def test_one_attests_with_a_file_and_another_confirms(browser: Browser) -> None:
    assert "second person" in browser.get(NEW).text
    page = browser.after(browser.send_file("/attestations", FORM, ("names.txt", b"Ada, Grace", "text/plain")))
    assert "It is written down." in page
    assert "Ada answers for it. &lt;script&gt;" in page
    assert "<script>alert" not in page
    assert "waits for a second person" in page
    assert "/attestations/1/confirm" not in page, "nobody confirms his own"
    assert browser.post("/attestations/1/confirm", {}).status_code == 403
    made = known(browser)
    assert made is not None
    assert made.confirmed_at is None
    assert "/attestations/1/confirm" in browser.get("/attestations", "grace").text
    page = browser.after(browser.post("/attestations/1/confirm", {}, "grace"), "grace")
    assert "confirmed by grace" in page
    assert browser.post("/attestations/1/confirm", {}, "lead").status_code == 409
    made_and_confirmed = [Action.ATTESTATION_MADE.value, Action.ATTESTATION_CONFIRMED.value]
    assert browser.stage.actions() == made_and_confirmed


def test_a_file_is_saved_and_never_shown_as_a_page(browser: Browser) -> None:
    browser.send_file("/attestations", FORM, ('na"me\r\nX: y.txt', b"Ada, Grace", "text/html"))
    answer = browser.get("/attestations/1/file", "viewer")
    assert answer.content == b"Ada, Grace"
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "x" not in answer.headers
    assert browser.get("/attestations/1/file", "stranger").status_code == 404
    assert browser.get("/attestations/2/file").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"text": ""}, ""),
        ({"until": "someday"}, "this is no day"),
        ({"until": "2001-01-01"}, ""),
        ({"until": (NOW + timedelta(days=ASKS.valid_days + 10)).date().isoformat()}, ""),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_entered(browser: Browser, wrong: dict[str, str], says: str) -> None:
    answer = browser.post("/attestations", FORM | wrong)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert says in answer.text
    assert "<script>alert" not in answer.text
    assert known(browser) is None


@pytest.mark.parametrize("content", [b"<!doctype html><script>1</script>", b"PK\x03\x04 office", b"\x00\x01"])
def test_a_file_of_another_kind_is_refused(browser: Browser, content: bytes) -> None:
    answer = browser.send_file("/attestations", FORM, ("file.txt", content, "text/plain"))
    assert answer.status_code == 422
    assert "this is no PDF, PNG, JPEG or plain text" in answer.text
    assert known(browser) is None


def test_a_file_that_is_too_large_is_refused(browser: Browser) -> None:
    answer = browser.send_file("/attestations", FORM, ("file.txt", b"a" * (LARGEST_FILE + 10), "text/plain"))
    assert answer.status_code in (413, 422)
    assert known(browser) is None


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"model": "none"}, 404),
        ({"demand": "none"}, 404),
        ({"kind": "galaxy"}, 404),
        ({"scope": str(BANK)}, 404),
        ({"scope": "404"}, 404),
        ({"kind": "organisation", "scope": ""}, 403),
    ],
)
def test_nothing_is_attested_that_is_not_there_or_not_ones_own(
    browser: Browser, more: dict[str, str], status: int
) -> None:
    assert browser.post("/attestations", FORM | more).status_code == status
    assert known(browser) is None


def test_whoever_may_only_look_attests_nothing(browser: Browser) -> None:
    assert browser.get(NEW, "viewer").status_code == 403
    assert browser.post("/attestations", FORM, "viewer").status_code == 403
    fill_words(browser.stage.services, NOW)
    page = browser.get("/attestations", "viewer").text
    assert "/confirm" not in page
    assert "/withdraw" not in page


def test_an_attestation_of_a_hidden_project_is_not_there(browser: Browser) -> None:
    asked, _ = fill_words(browser.stage.services, NOW)
    assert f"attestation-{asked}" not in browser.get("/attestations", "stranger").text
    assert browser.post(f"/attestations/{asked}/confirm", {}, "stranger").status_code == 404
    assert browser.post(f"/attestations/{asked}/withdraw", {}, "stranger").status_code == 404


def test_one_is_taken_back_with_a_reason_once(browser: Browser) -> None:
    asked, _ = fill_words(browser.stage.services, NOW)
    page = browser.after(browser.post(f"/attestations/{asked}/withdraw", {"reason": "it is not so"}))
    assert "taken back by ada" in page
    assert browser.post(f"/attestations/{asked}/withdraw", {}).status_code == 409
    assert browser.post(f"/attestations/{asked}/confirm", {}, "grace").status_code == 409


def test_to_open_an_address_changes_nothing(browser: Browser) -> None:
    asked, _ = fill_words(browser.stage.services, NOW)
    for act in ("confirm", "withdraw"):
        assert browser.get(f"/attestations/{asked}/{act}").status_code == 405
    made = known(browser, asked)
    assert made is not None
    assert (made.confirmed_at, made.withdrawn_at) == (None, None)


def test_pages_are_chinese_in_chinese(engine: Engine, tmp_path: Path) -> None:
    browser = Browser(Stage(engine, tmp_path).fill(1), Language.CHINESE, rates=True)
    fill_words(browser.stage.services, NOW)
    for path in ("/attestations", NEW):
        page = browser.get(path).text.partition("<main")[2].partition("</main>")[0]
        for words in re.findall(r"<(?:h1|h2|dt|label|button)[^>]*>([^<]+)<", page):
            assert re.search(r"[\u4e00-\u9fff]", words) or not re.search(r"[A-Za-z]{4}", words), (path, words)


def test_the_number_of_statements_depends_on_nothing(browser: Browser) -> None:
    def statements() -> list[int]:
        found = []
        for path in ("/attestations", NEW):
            with counted(browser.stage.engine) as made:
                assert browser.get(path).status_code == 200
            found.append(len(made))
        return found

    fill_words(browser.stage.services, NOW)
    few = statements()
    for _ in range(6):
        fill_words(browser.stage.services, NOW)
    assert statements() == few
    assert max(few) <= 3


def test_the_last_day_that_the_form_offers_is_taken(browser: Browser) -> None:
    offered = re.findall(r'name="until" type="date" value="([^"]+)"', browser.get(NEW).text)[0]
    assert browser.post("/attestations", FORM | {"until": offered}).status_code == 303


def widely(browser: Browser, scope: Scope, *, by: int = 101, sent: bytes = b"Minutes of the bank") -> int:
    """Somebody else's word with a file, for a group or the organisation."""
    file = attachment("minutes.txt", sent)
    one = made(
        DEMAND,
        model_id=CAICT,
        scope=scope,
        text=f"We keep to it: {scope}.",
        actor="hopper",
        person_id=by,
        now=NOW,
        attachment=file,
    )
    with write_session(browser.stage.engine) as writing:
        return attestations.add(writing, one, file).id


def answers(browser: Browser, number: int, who: str) -> set[int]:
    """What somebody is answered who wants an attestation's file, confirms it, or takes it back."""
    acts = [browser.post(f"/attestations/{number}/{act}", {}, who) for act in ("confirm", "withdraw")]
    return {answer.status_code for answer in (*acts, browser.get(f"/attestations/{number}/file", who))}


def test_the_word_for_a_group_is_for_those_who_see_a_project_in_it(browser: Browser) -> None:
    number = widely(browser, Scope.of_group("Bank"))
    for who, status in (("stranger", 200), ("auditor", 200), ("lead", 200), ("ada", 404), ("viewer", 404)):
        assert browser.get(f"/attestations/{number}/file", who).status_code == status, who
        assert ("We keep to it: group Bank." in browser.get("/attestations", who).text) == (status == 200), who
    assert answers(browser, number, "ada") == {404}
    assert answers(browser, number, "stranger") == {200, 403}, "she sees it, and may not confirm it"
    kept = known(browser, number)
    assert kept is not None
    assert (kept.confirmed_at, kept.withdrawn_at) == (None, None)


def test_the_word_for_the_organisation_is_for_those_who_see_its_rating_or_may_attest_for_it(browser: Browser) -> None:
    number = widely(browser, ORGANISATION)
    for who, status in (("auditor", 200), ("root", 200), ("lead", 200), ("ada", 404), ("stranger", 404)):
        assert browser.get(f"/attestations/{number}/file", who).status_code == status, who
        assert ("We keep to it: organisation." in browser.get("/attestations", who).text) == (status == 200), who
    assert answers(browser, number, "ada") == {404}
    page = browser.after(browser.post(f"/attestations/{number}/confirm", {}, "lead"), "lead")
    assert "confirmed by lead" in page


def test_gitlab_is_asked_about_every_project_of_a_group_before_one_acts_for_it(browser: Browser) -> None:
    doorman = cast(FakeDoorman, browser.desk.entry.doorman)
    with write_session(browser.stage.engine) as writing:
        upsert_projects(writing, [Project(BANK, "shop/till")])
    theirs, mine = widely(browser, Scope.of_group("shop")), widely(browser, Scope.of_group("shop"), by=5)
    acts: tuple[tuple[str, dict[str, str]], ...] = (
        ("/attestations", FORM | {"kind": "group", "scope": "SHOP"}),
        (f"/attestations/{theirs}/confirm", {}),
        (f"/attestations/{theirs}/withdraw", {}),
        (f"/attestations/{mine}/withdraw", {}),
    )
    # The lead has just left one of the two, which the hourly list does not know yet.
    doorman.left.add(BANK)
    for path, form in acts[:3]:
        doorman.confirmed.clear()
        assert browser.post(path, form, "lead").status_code == 403, path
        assert sorted(doorman.confirmed) == [SHOP, BANK], path
    doorman.left.add(SHOP)
    for path, form in acts:
        assert browser.post(path, form, "lead").status_code == 404, path
    doorman.left.clear()
    doorman.gitlab_is_away = True
    assert {browser.post(path, form, "lead").status_code for path, form in acts} == {503}
    doorman.gitlab_is_away = False
    assert known(browser, mine + 1) is None
    assert browser.stage.actions() == []
    doorman.left.add(BANK)
    assert browser.post(acts[3][0], {}, "lead").status_code == 303, "his own, of which he still sees some"


def test_nobody_is_asked_about_a_group_in_which_one_may_not_act_anyway(browser: Browser) -> None:
    doorman = cast(FakeDoorman, browser.desk.entry.doorman)
    number = widely(browser, Scope.of_group("shop"))
    assert browser.post("/attestations", FORM | {"kind": "group", "scope": "shop"}).status_code == 403
    assert browser.post("/attestations", FORM | {"kind": "group", "scope": "bank"}).status_code == 404
    assert browser.post(f"/attestations/{number}/confirm", {}).status_code == 403
    assert doorman.confirmed == []


def test_there_are_so_many_for_one_demand_and_no_more(browser: Browser) -> None:
    for number in range(MOST_OPEN):
        assert browser.post("/attestations", FORM, ("ada", "grace")[number % 2]).status_code == 303
    answer = browser.post("/attestations", FORM, "lead")
    assert answer.status_code == 422
    assert f"there are {MOST_OPEN} attestations for this demand already" in answer.text
    assert "Ada answers for it. &lt;script&gt;" in answer.text, "what he wrote is still there"
    browser.post(f"/attestations/{MOST_OPEN}/withdraw", {})
    assert browser.post("/attestations", FORM, "lead").status_code == 303


def test_attesting_counts_together_with_exports(browser: Browser) -> None:
    codes = [browser.post("/attestations", FORM).status_code for _ in range(EXPORTS_PER_MINUTE + 1)]
    assert codes == [303] * EXPORTS_PER_MINUTE + [429]
    assert browser.post("/attestations", FORM, "grace").status_code == 303, "somebody else has not"
