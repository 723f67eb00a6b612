"""A morning at the desk, in a real browser: by keyboard, in bulk, with a second person, in the dark, in Chinese."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from bot.domain.triage import TriageState
from bot.store import findings
from bot.store.engine import session
from scanners.finding import Severity
from tests.browser.conftest import Visiting, Visitor
from tests.browser.site import ADA, GRACE, ROOT, VERA, Site


def state(site: Site, number: int) -> TriageState:
    with session(site.services.store) as reading:
        known = findings.get(reading, number)
    assert known is not None
    return known.judgement.state


def listed(visitor: Visitor, words: str) -> Page:
    """The list, narrowed to findings with these words in their title."""
    return visitor.open(f"/triage?q={words}")


def said(page: Page) -> str:
    return page.locator("[data-toast]").inner_text()


def test_a_finding_is_dismissed_with_the_keyboard_and_the_act_is_undone(visiting: Visiting, site: Site) -> None:
    first, second = site.findings(2, title="Keyboard")
    with visiting() as visitor:
        visitor.wear(ADA)
        page = listed(visitor, "Keyboard")
        rows = page.locator("[data-row]")
        expect(rows).to_have_count(2)
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("k")
        expect(rows.first).to_have_class(re.compile("is-current"))
        page.keyboard.press("x")
        expect(page.locator("[data-selected]")).to_have_text("1 selected")
        page.keyboard.press("d")
        page.keyboard.type("a constant of ours")
        page.keyboard.press("Control+Enter")
        page.wait_for_load_state()
        expect(page.locator("[data-toast]")).to_contain_text("Dismissed: 1")
        expect(rows).to_have_count(1)
        done = {number: state(site, number) for number in (first, second)}
        assert set(done.values()) == {TriageState.DISMISSED, TriageState.DETECTED}
        visitor.picture("list-after-an-act")
        page.keyboard.press("u")
        expect(page.locator("[data-toast]")).to_contain_text("Taken back: 1")
        expect(rows).to_have_count(2)
        assert {state(site, number) for number in (first, second)} == {TriageState.DETECTED}


def test_keys_open_filters_search_and_help(visiting: Visiting, site: Site) -> None:
    site.findings(1)
    with visiting() as visitor:
        page = visitor.wear(ADA)
        page.keyboard.press("f")
        assert page.evaluate("document.activeElement.closest('#filters') !== null")
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        expect(page.locator("#q")).to_be_focused()
        page.keyboard.press("Escape")
        page.locator("h1").click()
        page.keyboard.press("?")
        expect(page.locator("#help")).to_be_visible()
        visitor.picture("keyboard-help")


def test_many_are_confirmed_at_once(visiting: Visiting, site: Site) -> None:
    numbers = site.findings(5, title="Bulk")
    with visiting() as visitor:
        visitor.wear(ADA)
        page = listed(visitor, "Bulk")
        page.locator("[data-all]").check()
        expect(page.locator("[data-selected]")).to_have_text("5 selected")
        visitor.picture("bulk")
        page.keyboard.press("c")
        expect(page.locator("[data-toast]")).to_contain_text("Confirmed: 5")
        assert {state(site, number) for number in numbers} == {TriageState.CONFIRMED}


def test_what_is_critical_waits_for_a_second_person(visiting: Visiting, site: Site) -> None:
    (number,) = site.findings(1, severity=Severity.CRITICAL, title="Witnessed")
    with visiting() as visitor:
        visitor.wear(ADA)
        page = listed(visitor, "Witnessed")
        page.keyboard.press("j")
        page.keyboard.press("x")
        page.keyboard.press("d")
        page.keyboard.type("behind the firewall")
        page.keyboard.press("Control+Enter")
        expect(page.locator("[data-toast]")).to_be_visible()
        visitor.picture("asked-for-a-second-person")
    with visiting() as visitor:
        visitor.wear(GRACE)
        page = visitor.open("/triage?standing=requested&q=Witnessed")
        expect(page.locator("[data-row]")).to_have_count(1)
        expect(page.locator(".asked")).to_contain_text("behind the firewall")
        visitor.picture("second-person")
        page.get_by_role("button", name="Approve").click()
        expect(page.locator("[data-toast]")).to_be_visible()
    with session(site.services.store) as reading:
        known = findings.get(reading, number)
    assert known is not None
    assert known.suppressed


def test_one_of_two_who_claim_at_once_has_it(visiting: Visiting, site: Site) -> None:
    site.findings(1, title="Claimed")
    with visiting() as one, visiting() as other:
        one.wear(ADA)
        other.wear(GRACE)
        pages = [listed(who, "Claimed") for who in (one, other)]
        for page in pages:
            page.keyboard.press("j")
            page.keyboard.press("x")
        for page in pages:
            page.keyboard.press("m")
            expect(page.locator("[data-toast]")).to_be_visible()
        assert "Assigned to you: 1" in said(pages[0])
        assert "Assigned to you: 1" not in said(pages[1])


def test_whoever_may_only_look_is_offered_nothing_else(visiting: Visiting, site: Site) -> None:
    site.findings(1, title="Looked at")
    with visiting() as visitor:
        visitor.wear(VERA)
        page = listed(visitor, "Looked")
        expect(page.locator("[data-row]")).to_have_count(1)
        assert page.locator('input[name="finding"], [data-act]').count() == 0


def test_the_dark_is_kept_and_the_light_comes_back(visiting: Visiting) -> None:
    def brightness(page: Page) -> float:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(float(part) for part in re.findall(r"[\d.]+", colour)[:3]) / 3

    with visiting() as visitor:
        page = visitor.wear(ADA)
        assert brightness(page) > 200
        page.emulate_media(color_scheme="dark")
        assert brightness(page) < 60, "as the system asks for"
        page.get_by_role("button", name="Light").click()
        page.wait_for_load_state()
        assert brightness(page) > 200, "what somebody chose goes before"
        page.emulate_media(color_scheme="light")
        page.get_by_role("button", name="Dark").click()
        page.wait_for_load_state()
        assert brightness(visitor.open("/overview")) < 60
        visitor.picture("overview-dark-by-choice")


def test_the_desk_speaks_chinese(visiting: Visiting, site: Site) -> None:
    site.findings(2)
    with visiting() as visitor:
        page = visitor.wear(GRACE)
        page.get_by_role("button", name="中文").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        for path in ("/triage", "/overview", "/projects/5"):
            page = visitor.open(path)
            visitor.picture(f"chinese{path.replace('/', '-')}")
            for words in page.locator("nav a span, h2").all_inner_texts():
                assert re.search(r"[\u4e00-\u9fff]", words) or not re.search(r"[A-Za-z]{3}", words), (path, words)


def test_without_scripts_somebody_filters_decides_takes_back_and_leaves(visiting: Visiting, site: Site) -> None:
    first, second = site.findings(2, title="Scriptless")
    with visiting(java_script_enabled=False) as visitor:
        page = visitor.sign_in(ADA)
        page.locator("#q").fill("Scriptless")
        page.locator("#q").press("Enter")
        expect(page.locator("[data-row]")).to_have_count(2)
        page.locator("#filters a", has_text="High").first.click()
        expect(page.locator("[data-row]")).to_have_count(2)
        page.locator(f'input[name="finding"][value="{first}"]').check()
        page.locator('details[data-act="d"] > summary').click()
        page.locator("#reason").fill("a constant of ours")
        page.locator('button[value="dismiss"]').click()
        expect(page.locator("[data-toast]")).to_contain_text("Dismissed: 1")
        assert (state(site, first), state(site, second)) == (TriageState.DISMISSED, TriageState.DETECTED)
        page.locator("[data-toast] button").click()
        expect(page.locator("[data-toast]")).to_contain_text("Taken back: 1")
        visitor.picture("without-scripts")
        page.get_by_role("button", name="Sign out").first.click()
        visitor.open("/triage")
        assert "/sign-in" in page.url


def test_a_name_of_a_stranger_runs_nothing(visiting: Visiting, site: Site) -> None:
    (number,) = site.findings(1, title="Hostile <img src=x onerror=document.title='taken'> <script>alert(1)</script>")
    with visiting() as visitor:
        visitor.wear(ROOT)
        page = listed(visitor, "Hostile")
        expect(page.locator("[data-row]")).to_have_count(1)
        page.locator("[data-open]").click()
        page.wait_for_url(f"**/findings/{number}*")
        assert page.title() != "taken"
        assert page.locator("main img, main script").count() == 0
