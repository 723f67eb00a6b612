"""The triage list as a browser gets it, and what its forms do; the acts are the real ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from sqlalchemy import Engine, update

from bot.domain.policy import SecondPerson
from bot.domain.triage import Justification, TriageState
from bot.domain.triage_filter import Filter
from bot.store import desk as store
from bot.store import people
from bot.store.desk_tables import PersonRecord
from bot.store.engine import open_engine, session, write_session
from bot.store.memberships import set_members
from bot.store.statements import table
from bot.texts import Language
from scanners.finding import Location, Severity
from tests.pipeline.desk_stage import ADA, DEV, LEAD, NOW, Stage
from tests.store.counting import counted
from tests.store.known import SHOP, add_finding, add_presence
from tests.store.samples import DEPENDENCY, SAST
from tests.web.desk_browser import Browser

UNTIL = (NOW + timedelta(days=20)).date().isoformat()
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def stage(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Stage]:
    path = tmp_path / "x.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    engine = open_engine(f"sqlite:///{path}")
    yield Stage(engine, tmp_path).fill(3)
    engine.dispose()


@pytest.fixture
def browser(stage: Stage) -> Browser:
    return Browser(stage)


def fill(stage: Stage, count: int, first: int = 100) -> None:
    """More findings of the shop, every fifth of them critical."""
    with write_session(stage.engine) as writing:
        for number in range(first, first + count):
            finding = replace(
                SAST,
                rule_id=f"odd.rule-{number % 3}",
                title=HOSTILE,
                severity=Severity.CRITICAL if number % 5 == 0 else Severity.LOW,
                location=Location(PurePosixPath(f"src/{HOSTILE}/{number}.py"), 7, 7),
                fingerprint=f"{number:064x}",
            )
            add_finding(writing, number, finding)
            add_presence(writing, number)
        store.refresh(writing, range(first, first + count), seen=range(first, first + count))


def shown(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="row-(\d+)"', html)]


def act(browser: Browser, word: str, *numbers: int, who: str = "ada", **fields: str) -> str:
    form = [("act", word), *(("finding", str(number)) for number in numbers), *fields.items()]
    return browser.after(browser.post("/triage/act", form, who), who)


def test_what_waits_is_listed_with_every_factor_of_its_priority(browser: Browser) -> None:
    html = browser.get("/triage").text
    assert sorted(shown(html)) == [1, 2, 3]
    assert "3 findings" in html
    row = html[html.index('id="row-1"') :].partition("</li>")[0]
    for word in ("High", "confidence", "default branch", "shop/backend", ".py:10", 'class="priority"', "(+"):
        assert word in row, word


def test_findings_of_projects_that_somebody_does_not_see_are_not_there(browser: Browser) -> None:
    assert 1001 not in shown(browser.get("/triage?standing=any").text)
    assert shown(browser.get("/triage", "stranger").text) == [1001]
    assert shown(browser.get("/triage?project=5", "stranger").text) == []


def test_a_stranger_is_sent_to_the_sign_in_page(browser: Browser) -> None:
    answer = browser.get("/triage?severity=high", who="")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Ftriage%3Fseverity%3Dhigh")


def test_hostile_text_is_text(browser: Browser, stage: Stage) -> None:
    fill(stage, 5)
    html = browser.get("/triage").text
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "<img" not in browser.get(f"/triage?q={HOSTILE}&rule=a:{HOSTILE}").text


def test_filters_are_in_the_address_and_facets_lead_to_others(browser: Browser, stage: Stage) -> None:
    fill(stage, 10)
    html = browser.get("/triage?severity=critical").text
    assert len(shown(html)) == 2
    facet = re.search(r'id="f-severity-low" href="([^"]+)"', html)
    assert facet is not None
    assert len(shown(browser.get(facet[1].replace("&amp;", "&")).text)) == 10
    taken = re.search(r'id="f-severity-critical" href="([^"]+)"', html)
    assert taken is not None
    assert taken[1] == "/triage"


def test_a_filter_that_makes_no_sense_is_refused_and_named(browser: Browser) -> None:
    for query in ("severity=purple", "kev=maybe", "after=x", "by=colour", "epss=2"):
        answer = browser.get(f"/triage?{query}")
        assert answer.status_code == 400, query
    assert "purple" in browser.get("/triage?severity=purple").text


def test_words_are_searched_for_and_stay_in_the_field(browser: Browser, stage: Stage) -> None:
    fill(stage, 3)
    html = browser.get("/triage?q=odd.rule").text
    assert sorted(shown(html)) == [100, 101, 102]
    assert 'value="odd.rule"' in html


def test_pages_follow_each_other_without_a_gap(browser: Browser, stage: Stage) -> None:
    fill(stage, 70)
    first = browser.get("/triage")
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following is not None
    second = browser.get(following[1].replace("&amp;", "&"))
    assert len(shown(first.text)) == 50
    assert len(shown(second.text)) == 23
    assert not set(shown(first.text)) & set(shown(second.text))
    assert 'rel="prev"' in second.text


@pytest.mark.parametrize("by", ["rule", "package", "project"])
def test_findings_can_be_grouped(browser: Browser, stage: Stage, by: str) -> None:
    fill(stage, 9)
    html = browser.get(f"/triage?by={by}").text
    links = re.findall(r'<th scope="row"><a href="([^"]+)"', html)
    assert bool(links) is (by != "package")
    for link in links:
        assert shown(browser.get(link.replace("&amp;", "&")).text)


def test_only_the_list_is_sent_to_htmx(browser: Browser) -> None:
    part = browser.get("/triage?severity=high", HX_Request="true").text
    assert part.lstrip().startswith('<div id="triage"')
    assert "<html" not in part
    assert sorted(shown(part)) == [1, 2, 3]
    whole = browser.get("/triage", HX_Request="true", HX_Boosted="true").text
    assert "<html" in whole


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("q=nothinglikethis", "Nothing fits this filter"),
        ("standing=requested", "Nothing waits for a second person"),
        ("standing=snoozed", "Nothing is snoozed"),
    ],
)
def test_an_empty_list_says_what_to_do(browser: Browser, query: str, title: str) -> None:
    html = browser.get(f"/triage?{query}").text
    assert title in html
    assert shown(html) == []


def test_an_empty_desk_says_that_nothing_waits(browser: Browser) -> None:
    act(browser, "confirm", 1, 2, 3)
    assert "Nothing waits for a decision" in browser.get("/triage").text


# --- acts -------------------------------------------------------------------------------------------------------------


def test_chosen_findings_are_confirmed_and_that_can_be_undone(browser: Browser, stage: Stage) -> None:
    html = act(browser, "confirm", 1, 2)
    assert "Confirmed: 2" in html
    assert shown(html) == [3]
    assert stage.state(1) is TriageState.CONFIRMED
    batch = re.search(r'name="batch" value="([^"]+)"', html)
    assert batch is not None
    html = browser.after(browser.post("/triage/undo", {"batch": batch[1]}))
    assert "Taken back: 2" in html
    assert sorted(shown(html)) == [1, 2, 3]
    assert stage.state(1) is TriageState.DETECTED


def test_chosen_findings_are_dismissed_with_all_that_it_takes(browser: Browser, stage: Stage) -> None:
    html = act(browser, "dismiss", 1, justification="used_in_tests", reason="A fixture.", until=UNTIL)
    assert "Dismissed: 1" in html
    assert stage.state(1) is TriageState.DISMISSED
    assert stage.suppressed() == {1}


@pytest.mark.parametrize(
    "fields",
    [
        {"justification": "used_in_tests", "until": UNTIL},
        {"justification": "because", "reason": "x", "until": UNTIL},
        {"reason": "x", "until": UNTIL},
        {"justification": "used_in_tests", "reason": "x"},
        {"justification": "used_in_tests", "reason": "x", "until": "tomorrow"},
        {"justification": "used_in_tests", "reason": "x", "until": "2020-01-01"},
        {"justification": "used_in_tests", "reason": "x" * 9_000, "until": UNTIL},
    ],
)
def test_a_dismissal_that_lacks_something_changes_nothing_and_says_so(
    browser: Browser, stage: Stage, fields: dict[str, str]
) -> None:
    html = act(browser, "dismiss", 1, **fields)
    assert "Nothing was changed" in html
    assert stage.state(1) is TriageState.DETECTED


def test_what_is_said_to_be_mended_needs_a_reason(browser: Browser, stage: Stage) -> None:
    assert "Nothing was changed" in act(browser, "resolve", 1)
    assert "Said to be mended: 1" in act(browser, "resolve", 1, **{"reason-resolve": "Rewritten."})
    assert stage.state(1) is TriageState.RESOLVED


def test_a_snoozed_finding_leaves_the_list_and_comes_back(browser: Browser) -> None:
    assert sorted(shown(act(browser, "snooze", 1, days="7"))) == [2, 3]
    assert shown(browser.get("/triage?standing=snoozed").text) == [1]
    assert "snoozed until" in browser.get("/triage?standing=snoozed").text
    assert sorted(shown(act(browser, "wake", 1))) == [1, 2, 3]
    assert "Nothing was changed" in act(browser, "snooze", 1, days="many")
    assert "Nothing was changed" in act(browser, "snooze", 1, days="9999")


def test_who_takes_a_finding_on_has_it_and_the_second_is_refused(browser: Browser) -> None:
    assert "Assigned to you: 1" in act(browser, "claim", 1)
    html = act(browser, "claim", 1, who="grace")
    assert "not possible: 1" in html
    assert shown(browser.get("/triage?assignee=me").text) == [1]
    assert "Assigned to nobody: 1" in act(browser, "release", 1)


def test_a_finding_is_given_to_somebody_who_sees_it(browser: Browser, stage: Stage) -> None:
    assert "not possible: 1" in act(browser, "assign", 1, person="stranger")
    assert "there is no person &#39;nobody.there&#39;" in act(browser, "assign", 1, person="nobody.there")
    with write_session(stage.engine) as writing:
        set_members(writing, SHOP, {2: 40}, NOW)
    assert '<option value="grace">' in browser.get("/triage").text
    assert "Assigned: 1" in act(browser, "assign", 1, person="GRACE")
    assert "Assigned: 1" in act(browser, "assign", 2, person="#2")
    assert sorted(shown(browser.get("/triage?assignee=me", "grace").text)) == [1, 2]
    assert "Nothing was changed" in act(browser, "assign", 1, person="")


def test_somebody_who_is_not_offered_is_named_by_his_user_name(browser: Browser, stage: Stage) -> None:
    with write_session(stage.engine) as writing:
        for number in range(1, 300):
            people.signed_in(
                writing,
                issuer="gitlab",
                subject=f"s{number}",
                username=f"user{number:03}",
                name="",
                gitlab_user_id=1000 + number,
                now=NOW,
            )
        twin = people.create_local(writing, "grace", "hash", NOW)
        set_members(writing, SHOP, {1299: 40, 2: 40}, NOW)
    html = browser.get("/triage").text
    assert html.count("<option value=") < 300
    assert "user299" not in html
    assert "Assigned: 1" in act(browser, "assign", 1, person="user299")
    told = act(browser, "assign", 2, person="grace")
    assert "several people are called &#39;grace&#39;" in told
    assert f"#2 (&#39;gitlab&#39;), #{twin.id} (&#39;local&#39;)" in told


def test_a_request_for_a_rule_or_an_advisory_leads_to_the_findings_that_it_may_cover(
    browser: Browser, stage: Stage
) -> None:
    with write_session(stage.engine) as writing:
        add_finding(writing, 50, replace(DEPENDENCY, fingerprint=f"{50:064x}"))
        add_presence(writing, 50)
        store.refresh(writing, [50], seen=[50])
    stage.second_person = SecondPerson.ALWAYS
    about = DEPENDENCY.dependency
    assert about is not None
    wish: dict[str, Any] = {
        "justification": Justification.NOT_APPLICABLE,
        "reason": "x",
        "expires_at": NOW + timedelta(days=20),
        "project_id": SHOP,
    }
    stage.workflow.suppress(LEAD, scanner=SAST.scanner, rule_id=SAST.rule_id, **wish)
    stage.workflow.suppress(LEAD, advisory=about.advisory_ids[0], **wish)
    html = browser.get("/triage?standing=requested").text
    links = [unescape(link) for link in re.findall(r'<a href="(/triage\?[^"]+)">Findings that it may cover', html)]
    assert [sorted(shown(browser.get(link).text)) for link in links] == [[1, 2, 3], [50]]


def test_choosing_nothing_or_an_act_that_there_is_not_changes_nothing(browser: Browser) -> None:
    assert "Nothing was chosen" in act(browser, "confirm")
    assert "Nothing was changed" in act(browser, "explode", 1)


def test_findings_of_others_are_refused_as_if_they_did_not_exist(browser: Browser, stage: Stage) -> None:
    html = act(browser, "confirm", 1001, 424242)
    assert "not possible: 2" in html
    assert stage.state(1001) is TriageState.DETECTED


def test_what_was_possible_of_many_is_done_and_the_rest_is_named(browser: Browser, stage: Stage) -> None:
    html = act(browser, "confirm", 1, 1001)
    assert "Confirmed: 1" in html
    assert "toast warned" in html
    assert stage.state(1) is TriageState.CONFIRMED


def test_the_page_goes_back_to_the_list_that_one_came_from_and_nowhere_else(browser: Browser) -> None:
    form = [("act", "confirm"), ("finding", "1")]
    answer = browser.post("/triage/act", [*form, ("next", "/triage?severity=critical")])
    assert answer.headers["location"] == "/triage?severity=critical"
    assert browser.post("/triage/act", [*form, ("next", "https://evil.example/")]).headers["location"] == "/"


def test_who_may_only_read_sees_no_forms_and_is_refused(browser: Browser, stage: Stage) -> None:
    html = browser.get("/triage", "viewer").text
    assert sorted(shown(html)) == [1, 2, 3]
    assert 'name="finding"' not in html
    assert "/triage/act" not in html or 'name="act"' not in html
    act(browser, "confirm", 1, who="viewer")
    assert stage.state(1) is TriageState.DETECTED


def test_who_may_only_ask_gets_one_form_and_his_request_waits(browser: Browser, stage: Stage) -> None:
    html = browser.get("/triage", "dev").text
    assert "Ask for an exception" in html
    assert 'value="confirm"' not in html
    html = act(browser, "dismiss", 1, who="dev", justification="false_positive", reason="No input.", until=UNTIL)
    assert "it waits for a second person: 1" in html
    assert stage.suppressed() == set()


# --- a second person --------------------------------------------------------------------------------------------------


def ask(stage: Stage, number: int = 1) -> str:
    outcome = stage.dismiss(DEV, number, reason=f"harmless {HOSTILE}")
    return str(outcome.done[0].suppression_id)


def test_a_request_is_shown_with_its_reason_and_approved(browser: Browser, stage: Stage) -> None:
    number = ask(stage)
    html = browser.get("/triage?standing=requested").text
    assert shown(html) == [1]
    assert "<b>dev</b>" in html
    assert "harmless &lt;img" in html
    assert f'name="reason-{number}"' in html
    html = browser.after(browser.post("/triage/approve", {"suppression": number, f"reason-{number}": "Agreed."}))
    assert "The exception is in force" in html
    assert stage.suppressed() == {1}


def test_a_request_is_refused_with_a_reason_and_the_finding_is_open_again(browser: Browser, stage: Stage) -> None:
    number = ask(stage)
    assert "Nothing was changed" in browser.after(browser.post("/triage/refuse", {"suppression": number}))
    html = browser.after(
        browser.post("/triage/refuse", {"suppression": number, f"reason-{number}": "It is reachable."})
    )
    assert "Refused" in html
    assert 1 in shown(browser.get("/triage").text)
    assert stage.suppressed() == set()


def test_nobody_approves_what_he_asked_for(browser: Browser, stage: Stage) -> None:
    stage.second_person = SecondPerson.ALWAYS
    number = str(stage.dismiss(ADA, 1).done[0].suppression_id)
    html = browser.after(browser.post("/triage/approve", {"suppression": number}))
    assert "Nothing was changed" in html
    assert stage.suppressed() == set()


def test_who_may_not_decide_sees_requests_and_no_buttons(browser: Browser, stage: Stage) -> None:
    number = ask(stage)
    html = browser.get("/triage?standing=requested", "viewer").text
    assert "harmless" in html
    assert "/triage/approve" not in html
    assert browser.post("/triage/approve", {"suppression": number}, who="dev").status_code == 403
    assert browser.post("/triage/approve", {"suppression": "no"}).status_code in (303, 404)


# --- views ------------------------------------------------------------------------------------------------------------


def test_a_filter_is_saved_shown_and_forgotten(browser: Browser) -> None:
    answer = browser.post("/triage/views", {"name": "Mine <b>", "query": "assignee=me&severity=high", "shared": "1"})
    html = browser.after(answer)
    assert "The view is saved" in html
    assert "Mine &lt;b&gt;" in html
    assert 'href="/triage?severity=high&amp;assignee=me"' in html
    other = browser.get("/triage", "grace").text
    assert "Mine &lt;b&gt;" in other
    assert "/delete" not in other
    number = re.search(r"/triage/views/(\d+)/delete", html)
    assert number is not None
    assert "The view is gone" in browser.after(browser.post(f"/triage/views/{number[1]}/delete", {}))


def test_a_view_of_a_filter_that_makes_no_sense_is_not_saved(browser: Browser) -> None:
    html = browser.after(browser.post("/triage/views", {"name": "odd", "query": "severity=purple"}))
    assert "Nothing was changed" in html


def test_what_is_new_since_the_last_visit_is_marked(browser: Browser, stage: Stage) -> None:
    def visited(days: int) -> None:
        with write_session(stage.engine) as writing:
            people = table(PersonRecord)
            at = stage.clock[0] - timedelta(days=days)
            writing.execute(update(people).where(people.c.id == ADA.person_id).values(last_visit_at=at))

    visited(0)
    assert "is-new" not in browser.get("/triage").text
    assert shown(browser.get("/triage?new=last_visit").text) == []
    visited(4_000)
    assert browser.get("/triage").text.count("is-new") == 3
    assert sorted(shown(browser.get("/triage?new=last_visit").text)) == [1, 2, 3]


# --- figures ----------------------------------------------------------------------------------------------------------


def statements(engine: Engine, browser: Browser, path: str) -> int:
    with counted(engine) as sent:
        assert browser.get(path).status_code == 200
    return len(sent)


@pytest.mark.parametrize("path", ["/triage", "/triage?standing=requested", "/triage?by=rule", "/triage?q=odd"])
def test_the_number_of_statements_does_not_depend_on_the_number_of_findings(
    browser: Browser, stage: Stage, path: str
) -> None:
    fill(stage, 2)
    stage.dismiss(DEV, 100)
    few = statements(stage.engine, browser, path)
    fill(stage, 60, first=200)
    stage.dismiss(DEV, *range(200, 230))
    assert statements(stage.engine, browser, path) == few
    assert few <= 16


def test_the_list_speaks_chinese(stage: Stage) -> None:
    html = Browser(stage, Language.CHINESE).get("/triage").text
    assert '<html lang="zh-CN"' in html
    assert "严重" in html


def test_a_reader_of_the_store_finds_the_same_as_the_page(browser: Browser, stage: Stage) -> None:
    fill(stage, 12)
    with session(stage.engine) as reading:
        part = store.page(reading, Filter(), frozenset({5}), now=NOW, limit=50)
    assert shown(browser.get("/triage").text) == [item.finding_id for item in part.items]


def test_the_list_can_be_taken_away_with_its_filter_by_those_who_may(browser: Browser) -> None:
    html = browser.get("/triage?severity=high&q=a+b").text
    assert 'href="/api/v1/findings/export?format=csv&amp;severity=high&amp;q=a+b"' in html
    assert "/findings/export" not in browser.get("/triage", "viewer").text
