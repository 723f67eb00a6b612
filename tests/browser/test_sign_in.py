"""Signing in and out in a real browser."""

from __future__ import annotations

from bot.web.entry import SESSION_COOKIE
from tests.browser.conftest import Visiting
from tests.browser.site import VERA
from tests.store.known import BANK, SHOP


def test_somebody_comes_in_by_the_provider_and_goes_out_again(visiting: Visiting) -> None:
    with visiting() as visitor:
        page = visitor.sign_in()
        assert page.url.endswith("/triage")
        assert page.locator(".who-name").first.inner_text() == "Ada"
        page.get_by_role("button", name="Sign out").first.click()
        page.wait_for_url("**/sign-in*")
        visitor.open("/triage")
        assert "/sign-in" in page.url


def test_the_page_that_somebody_wanted_comes_after_the_sign_in(visiting: Visiting) -> None:
    with visiting() as visitor:
        visitor.site.provider.signed_in = VERA
        page = visitor.open(f"/projects/{SHOP}")
        page.get_by_role("link", name="GitLab").click()
        page.get_by_role("link", name="Allow").click()
        page.wait_for_url(f"**/projects/{SHOP}")
        assert "shop/backend" in page.locator("main").inner_text()
        # A project that GitLab would not show him is not there.
        answer = page.goto(f"{visitor.site.url}/projects/{BANK}")
        assert answer is not None
        assert answer.status == 404


def test_a_local_administrator_comes_in_with_a_password(visiting: Visiting) -> None:
    with visiting() as visitor:
        page = visitor.sign_in_here(password="not the password")
        assert "wrong" in page.get_by_role("alert").inner_text()
        page = visitor.sign_in_here()
        page.wait_for_url("**/triage")
        assert page.locator(".who-name").first.inner_text() == "root"


def test_the_session_is_for_this_browser_and_no_script(visiting: Visiting) -> None:
    with visiting() as visitor:
        page = visitor.sign_in()
        (cookie,) = [one for one in visitor.context.cookies() if one["name"] == SESSION_COOKIE]
        assert cookie["name"].startswith("__Host-")
        assert (cookie["httpOnly"], cookie["secure"], cookie["path"]) == (True, True, "/")
        assert page.evaluate("document.cookie") == ""
