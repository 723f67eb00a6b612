"""An assessor's morning: one attests, another confirms, the level rises, and a summary is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from bot.store import memberships
from bot.store.engine import write_session
from bot.store.maturity import counting
from bot.store.projects import Project, upsert_projects
from tests.browser.conftest import Visiting
from tests.browser.site import ADA, GRACE, ROOT, Site
from tests.domain.maturity.test_change_effect import FINE
from tests.store.known import BANK
from tests.web.maturity_stage import CAICT, SECRET

NEW = 60
"""A project without a snapshot: what people say counts as soon as it is confirmed."""
ITEM = f"/projects/{NEW}/maturity/{CAICT}/6.1"


def test_one_attests_another_confirms_and_the_item_has_a_level(visiting: Visiting, site: Site) -> None:
    now = datetime.now(UTC)
    with write_session(site.services.store) as writing:
        upsert_projects(writing, [Project(NEW, "shop/fresh")])
        memberships.set_members(writing, NEW, {int(ADA): 40, int(GRACE): 40}, now + timedelta(days=1))
        counting.keep_days(writing, {(NEW, now.date() - timedelta(days=1)): FINE.tally()})
    with visiting() as visitor:
        visitor.wear(ADA)
        page = visitor.open(ITEM)
        expect(page.locator(".page-head .chip")).to_have_text("not assessed")
        page.get_by_role("link", name="Attest it").first.click()
        page.locator("#text").fill("Ada and Grace answer for it <img src=x onerror=document.title='taken'>")
        page.locator("#file").set_input_files({"name": "names.txt", "mimeType": "text/plain", "buffer": b"Ada, Grace"})
        page.get_by_role("button", name="Attest").click()
        expect(page.locator("[data-toast]")).to_contain_text("It is written down.")
        expect(page.locator("main")).to_contain_text("waits for a second person")
        assert page.title() != "taken"
        assert page.locator("main").get_by_role("button", name="Confirm").count() == 1, "hopper's, and not her own"
        expect(visitor.open(ITEM).locator(".page-head .chip")).to_have_text("not assessed")
    with visiting(java_script_enabled=False) as visitor:
        visitor.wear(GRACE)
        page = visitor.open("/attestations")
        mine = page.locator("section.card", has_text="Ada and Grace answer")
        mine.get_by_role("button", name="Confirm").click()
        expect(page.locator("section.card", has_text="Ada and Grace answer")).to_contain_text("confirmed by grace")
        page = visitor.open(ITEM)
        expect(page.locator(".page-head .chip")).to_contain_text("2")
        expect(page.locator("main")).to_contain_text("Attested by")
        visitor.picture("item-attested")


def test_a_summary_is_made_and_read(visiting: Visiting, site: Site) -> None:
    with visiting() as visitor:
        visitor.wear(ROOT)
        page = visitor.open("/reports")
        page.locator("#scope").select_option(f"project:{BANK}")
        page.get_by_role("button", name="Make it").click()
        expect(page.locator("[data-toast]")).to_contain_text("The summary is made.")
        expect(page.locator("h1")).to_contain_text("Security compliance summary")
        with page.expect_download() as taken:
            page.get_by_role("link", name="XLSX").click()
        assert taken.value.suggested_filename.endswith(".xlsx")
        page.get_by_role("link", name="Read it").click()
        expect(page.locator("h1")).to_be_visible()
        visitor.picture("document")
    with visiting() as visitor:
        page = visitor.open(f"/acknowledge/{site.rated.code}")
        page.get_by_role("button", name="I have read it").click()
        expect(page.locator("main")).to_contain_text("Acknowledged by")
        assert SECRET not in page.content()
