"""Chromium, and the application that it visits; both are started once for a module."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser.site import ADA, PASSWORD, ROOT, Site, running

CHROMIUM = Path("/usr/bin/chromium")
SCREENSHOTS = "MERGEWARDEN_SCREENSHOTS"
"""Names a folder: then a picture of every page is left there, to be looked at."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no Chromium at {CHROMIUM} (Debian: apt-get install chromium)")
    # For a module and no longer: while it runs, nothing else can run an event loop in this thread.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("site")) as made:
        yield made


@dataclass
class Visitor:
    """A person at a browser of his own."""

    site: Site
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    """What the browser complained about: scripts that failed, and what the content security policy refused."""

    def open(self, path: str) -> Page:
        """Go to a page of the site."""
        self.page.goto(f"{self.site.url}{path}")
        return self.page

    def sign_in(self, subject: str = ADA) -> Page:
        """With the provider, by its button."""
        self.site.provider.signed_in = subject
        page = self.open("/")
        page.get_by_role("link", name="GitLab").click()
        page.get_by_role("link", name="Allow").click()
        page.wait_for_url(f"{self.site.url}/**")
        return page

    def wear(self, subject: str) -> Page:
        """Be somebody who has signed in before: the provider is asked once for all tests of a module."""
        kept = self.site.kept.get(subject)
        if kept is None:
            page = self.sign_in_here() if subject == ROOT else self.sign_in(subject)
            page.wait_for_url("**/triage")
            self.site.kept[subject] = [dict(one) for one in self.context.cookies()]
            return page
        self.context.add_cookies(kept)
        return self.open("/triage")

    def sign_in_here(self, name: str = ROOT, password: str = PASSWORD) -> Page:
        """With a password of ours."""
        page = self.open("/sign-in")
        if not page.locator("#name").is_visible():
            page.locator("summary", has_text="Local administrator").click()
        page.locator("#name").fill(name)
        page.locator("#password").fill(password)
        page.locator("form button", has_text="Sign in").click()
        return page

    def picture(self, name: str) -> None:
        """Leave a screenshot, where somebody wants to look at them."""
        folder = os.environ.get(SCREENSHOTS)
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


Visiting = Callable[..., AbstractContextManager[Visitor]]


@pytest.fixture
def visiting(chromium: Browser, site: Site) -> Visiting:
    """``with visiting(**options) as visitor``; the options are those of a browser's context in Playwright."""

    @contextmanager
    def made(**options: Any) -> Iterator[Visitor]:
        context = chromium.new_context(**{"locale": "en-GB", "viewport": {"width": 1280, "height": 800}, **options})
        context.set_default_timeout(20_000)
        page = context.new_page()
        visitor = Visitor(site, context, page)

        def heard(message: ConsoleMessage) -> None:
            # A refusal that a test asks for is a message as well.
            if message.type == "error" and "Failed to load resource" not in message.text:
                visitor.complaints.append(message.text)

        page.on("console", heard)
        page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        try:
            yield visitor
        finally:
            context.close()
        assert visitor.complaints == []

    return made
