"""The desk's way in on a store of its own: a clock that we set, a provider that we wrote, and browsers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
from argon2 import PasswordHasher
from fastapi import APIRouter, FastAPI
from limits import parse
from pydantic import SecretStr
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from bot.domain.passwords import Passwords
from bot.domain.roles import Grant, Permission, Principal, Role, Target
from bot.gitlab.errors import Unavailable
from bot.gitlab.model import Member
from bot.observability.metrics import Metrics
from bot.pipeline.memberships import Confirmer
from bot.services import Services
from bot.settings import OidcAccess, Settings
from bot.store import memberships, people
from bot.store.engine import session, write_session
from bot.store.people import Person
from bot.store.projects import Project, upsert_projects
from bot.web.api.guard import Caller, DeskRoute, Gate, needs
from bot.web.app import SecurityHeaders
from bot.web.desk import Desk
from bot.web.doorman import SessionTimes, StoredDoorman
from bot.web.entry import SESSION_COOKIE, Entry, Handler, Visit
from bot.web.frame import Frame
from bot.web.keys import DeskKey
from bot.web.pages import people as people_page
from bot.web.pages import tokens as tokens_page
from bot.web.pages.sign_in import SignInParts, sign_in_routes
from bot.web.provider import Provider
from bot.web.throttle import Throttle
from tests.standin.oidc import StandInProvider

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOP, OTHER, THIRD = Project(412, "shop/backend"), Project(500, "other/secret"), Project(600, "shop/web")
ADDRESS = "https://desk.example"
PASSWORD = "correct horse battery staple"
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
"""What takes long for good reasons takes no time here."""
HASH = QUICK.hash(PASSWORD)
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Gatehouse:
    """Everything around the entry."""

    engine: Engine
    folder: Path
    provider: StandInProvider = field(default_factory=StandInProvider)
    now: datetime = NOW
    is_gitlab: bool = True
    members: dict[tuple[int, int], int] = field(default_factory=dict)
    """What GitLab answers when it is asked about one person: levels by project and user."""
    gitlab_is_away: bool = False
    asked: list[tuple[int, int]] = field(default_factory=list)
    times: SessionTimes = field(default_factory=SessionTimes)
    changes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.provider.clock = lambda: self.now
        self.services = Services(Settings(data_dir=self.folder), Metrics())
        self.services.store = self.engine
        with write_session(self.engine) as writing:
            upsert_projects(writing, [SHOP, OTHER, THIRD])
        confirmer = Confirmer(self.services, self._member, lambda: self.now)
        self.doorman = StoredDoorman(self.services, DeskKey(b"k" * 32), confirmer.confirm, self.times)
        self.entry = Entry(self.doorman, ADDRESS, clock=lambda: self.now)
        access = OidcAccess(
            self.provider.issuer,
            self.provider.client_id,
            SecretStr(self.provider.client_secret),
            "GitLab",
            self.is_gitlab,
            None,
            f"{ADDRESS}/sign-in/callback",
        )
        self.oidc: Provider | None = Provider(access, session=self.provider.session, clock=lambda: self.now)
        self.throttle = Throttle(parse("30 per 5 minutes"), parse("3 per 15 minutes"))
        self.frame = Frame(())
        self.desk = Desk(self.services, self.entry, self.frame, cast(Any, None), cast(Any, None), now=lambda: self.now)
        parts = SignInParts(self.doorman, self.throttle, lambda: self.oidc, QUICK)
        routes = [
            *sign_in_routes(parts)(self.desk),
            *tokens_page.routes(self.desk),
            *people_page.routes(self.desk),
            *self._probes(),
        ]
        self.frame.know(route for route in routes if isinstance(route, Route))
        self.app = SecurityHeaders(Starlette(routes=routes))

    def _member(self, project_id: int, user_id: int) -> Member | None:
        if self.gitlab_is_away:
            raise Unavailable("GitLab does not answer")
        self.asked.append((project_id, user_id))
        level = self.members.get((project_id, user_id))
        return None if level is None else Member(user_id, "somebody", level, True)

    def _probes(self) -> Iterable[Route | Mount]:
        def see(visit: Visit) -> Response:
            sees = visit.principal.sees
            return PlainTextResponse(f"{visit.principal.actor}: {'all' if sees is None else sorted(sees)}")

        def change(visit: Visit) -> Response:
            principal = visit.require(Permission.DECIDE, visit.number("project"))
            self.changes.append(principal.actor)
            return PlainTextResponse("changed")

        return (
            Route("/see", self.entry.page(see), methods=["GET"]),
            Route(
                "/projects/{project}/change", self.entry.action(change, permission=Permission.DECIDE), methods=["POST"]
            ),
            Mount("/api", self._api(see, change)),
        )

    def _api(self, see: Handler, change: Handler) -> FastAPI:
        """Two calls of the kind that the desk's API has."""
        router = APIRouter(route_class=DeskRoute)

        @router.get("/see", **needs(Permission.READ))
        def seen(caller: Caller) -> Response:
            return see(caller)

        @router.post("/projects/{project}/change", **needs(Permission.DECIDE))
        def changed(caller: Caller) -> Response:
            return change(caller)

        app = FastAPI(openapi_url=None)
        app.state.gate = Gate(self.services, self.entry)
        app.include_router(router)
        return app

    # -- who there is -------------------------------------------------------------------------------------------------

    def local(self, name: str = "root", *roles: Role) -> Person:
        """A local administrator with ``PASSWORD``."""
        with write_session(self.engine) as writing:
            made = people.create_local(writing, name, HASH, self.now)
        self.grant(made, *(roles or (Role.ADMIN,)))
        return made

    def grant(self, person: Person, *roles: Role, group: str = "", project: str = "") -> None:
        target = Target.GROUP if group else Target.PROJECT if project else Target.INSTANCE
        with write_session(self.engine) as writing:
            for role in roles:
                people.give(writing, person.id, Grant(role, target, group or project), by="test", now=self.now)

    def list_members(self, project_id: int, levels: Mapping[int, int], at: datetime | None = None) -> None:
        """What the hourly round found."""
        with write_session(self.engine) as writing:
            memberships.set_members(writing, project_id, levels, at or self.now)
        for user, level in levels.items():
            self.members[project_id, user] = level

    def person(self, username: str) -> Person:
        with session(self.engine) as reading:
            return people.meant(reading, username)

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def principal(self, browser: Browser) -> Principal | None:
        from bot.web.entry import Credentials

        found = self.doorman.visitor(Credentials(session=browser.session), self.now)
        return None if found is None else found.principal

    # -- browsers -----------------------------------------------------------------------------------------------------

    def browser(self, address: str = "192.0.2.7") -> Browser:
        return Browser(self, address)

    def admitted(self, subject: str = "7") -> Browser:
        """A browser in which this person has signed in with the provider."""
        browser = self.browser()
        self.provider.signed_in = subject
        response = browser.sign_in()
        assert response.status_code == 303, response.text
        return browser

    def with_password(self, name: str = "root", password: str = PASSWORD) -> Browser:
        """A browser in which a local administrator has signed in."""
        browser = self.browser()
        response = browser.type_password(name, password)
        assert response.status_code == 303, response.text
        return browser


@dataclass
class Browser:
    """Keeps cookies and sends the headers of a browser; follows no redirect by itself."""

    house: Gatehouse
    address: str = "192.0.2.7"
    cookies: dict[str, str] = field(default_factory=dict)
    scheme_host: str = ADDRESS

    @property
    def session(self) -> str:
        return self.cookies.get(SESSION_COOKIE, "")

    def send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        headers = {"Accept": "text/html", **arguments.pop("headers", {})}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.house.app, client=(self.address, 5000))
            async with httpx.AsyncClient(transport=transport, base_url=self.scheme_host) as client:
                return await client.request(method, path, headers=headers, **arguments)

        response = asyncio.run(ask())
        for line in response.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0].strip('"')
            if "max-age=0" in line.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return response

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.send("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(
        self, path: str, data: Mapping[str, Any] | None = None, *, csrf: str | None = None, **headers: str
    ) -> httpx.Response:
        """A form from a page of ours, with the token that this page gave, unless told otherwise."""
        sent = {"Origin": self.scheme_host, "Sec-Fetch-Site": "same-origin"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        form = {"csrf": self.csrf() if csrf is None else csrf, **(data or {})}
        return self.send("POST", path, data=form, headers={name: value for name, value in sent.items() if value})

    def csrf(self) -> str:
        """As the pages of this session have it."""
        found = _CSRF.search(self.get("/me").text)
        return found[1] if found else ""

    def type_password(self, name: str, password: str, next: str = "/see") -> httpx.Response:
        page = self.get("/sign-in")
        found = _CSRF.search(page.text)
        form = {"name": name, "password": password, "next": next}
        return self.post("/sign-in", form, csrf=found[1] if found else "")

    def begin(self, next: str = "/see") -> str:
        """Where the provider sends the browser back to: path and query."""
        sent = self.send("GET", "/sign-in/provider", params={"next": next})
        assert sent.status_code == 303, sent.text
        back = urlsplit(self.house.provider.authorize(sent.headers["location"]))
        return f"{back.path}?{back.query}"

    def sign_in(self, next: str = "/see") -> httpx.Response:
        return self.get(self.begin(next))
