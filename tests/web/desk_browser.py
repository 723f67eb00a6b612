"""The desk on a store of its own, with the real acts, called as a browser that is signed in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlencode

import httpx
from fastapi import FastAPI
from starlette.routing import Route

from bot.cli.desk_maturity import maturity_tools
from bot.domain.rule_sample import Sample
from bot.pipeline.decisions import dossier
from bot.pipeline.engine import JobQueue
from bot.texts import Language
from bot.web.app import SecurityHeaders
from bot.web.desk import SECTIONS, Desk, add_desk
from bot.web.entry import SESSION_COOKIE
from bot.web.frame import Frame
from bot.web.keys import desk_key
from tests.pipeline.desk_stage import PEOPLE, Stage
from tests.web.visitors import CSRF, ORIGIN, fake_entry

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@dataclass
class Browser:
    """``get`` and ``post`` as one of the people of the stage; what it is told to keep, it keeps."""

    stage: Stage
    language: Language | None = None
    samples: Callable[[str, str], tuple[Sample, ...]] | None = None
    more: Sequence[Callable[[Desk], Sequence[Route]]] = ()
    rates: bool = False
    """Whether there are pages about maturity, with badges."""
    kept: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        people = {one.actor: one for one in PEOPLE}
        entry = fake_entry(language=self.language, clock=lambda: self.stage.clock[0], **people)
        self.frame = Frame(SECTIONS, secret=b"of the test")
        entry.error_page = self.frame.error_page
        desk = Desk(
            services=self.stage.services,
            entry=entry,
            frame=self.frame,
            workflow=self.stage.workflow,
            dossier=dossier,
            samples=self.samples,
            now=lambda: self.stage.clock[0],
            maturity=maturity_tools(self.stage.services, cast(JobQueue, self.stage.queue)) if self.rates else None,
            key=desk_key(self.stage.folder) if self.rates else None,
        )
        self.desk = desk
        self.app = FastAPI()
        self.app.add_middleware(SecurityHeaders)
        add_desk(self.app, desk, self.more)

    def get(self, path: str, who: str = "ada", **headers: str) -> httpx.Response:
        given = BROWSER | {name.replace("_", "-"): value for name, value in headers.items()}
        return self._send("GET", path, who, given, None)

    def post(
        self, path: str, form: Sequence[tuple[str, str]] | dict[str, str], who: str = "ada", csrf: str = CSRF
    ) -> httpx.Response:
        pairs = [*(form.items() if isinstance(form, dict) else form), ("csrf", csrf)]
        given = BROWSER | ORIGIN | {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", path, who, given, urlencode(pairs))

    def send_file(
        self, path: str, form: dict[str, str], file: tuple[str, bytes, str], who: str = "ada"
    ) -> httpx.Response:
        """A form with a file in its field ``file``: name, content, type."""
        body = httpx.Request("POST", "http://test", data=form | {"csrf": CSRF}, files={"file": file})
        given = BROWSER | ORIGIN | {"Content-Type": body.headers["content-type"]}
        return self._send("POST", path, who, given, body.read())

    def after(self, answer: httpx.Response, who: str = "ada") -> str:
        """The page that a redirect leads to."""
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"], who).text

    def _send(
        self, method: str, path: str, who: str, headers: dict[str, str], content: str | bytes | None
    ) -> httpx.Response:
        cookies = self.kept | ({SESSION_COOKIE: who} if who else {})
        line = "; ".join(f"{name}={value}" for name, value in cookies.items())
        given = [(name.encode(), value.encode()) for name, value in (headers | {"Cookie": line}).items()]

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, headers=given, content=content)

        answer = asyncio.run(send())
        for name, value in cast(Any, answer.cookies).items():
            self.kept[name] = value
        for line in answer.headers.get_list("set-cookie"):
            if "Max-Age=0" in line:
                self.kept.pop(line.partition("=")[0], None)
        return answer
