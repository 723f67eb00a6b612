"""Pages that are older than the desk take a session as well as a token."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from starlette.requests import Request

from bot.domain.access import Scope
from bot.domain.roles import Principal, Role
from bot.pipeline.projects import project_named
from bot.store.engine import write_session
from bot.store.tokens import create_token
from bot.web.api.access import BASIC, BEARER, SESSION_COOKIE, Admitted, Door
from bot.web.api.problems import Problem
from bot.web.entry import Credentials
from tests.web.gatehouse import SHOP, Gatehouse


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> Gatehouse:
    return Gatehouse(engine, tmp_path)


def door(house: Gatehouse) -> Door:
    def who(cookie: str, now: datetime) -> Principal | None:
        found = house.doorman.visitor(Credentials(session=cookie), now)
        return None if found is None else found.principal

    services = house.services
    return Door(services, lambda name: project_named(services, name, register=False), lambda: house.now, who)


def request(headers: Mapping[str, str]) -> Request:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/rules",
            "query_string": b"sort=name",
            "headers": raw,
            "scheme": "https",
        }
    )


def admitted(house: Gatehouse, challenge: str = BASIC, **headers: str) -> Admitted:
    return door(house).admit_reader(request(headers), challenge)


def refused(house: Gatehouse, challenge: str = BASIC, **headers: str) -> Problem:
    with pytest.raises(Problem) as caught:
        admitted(house, challenge, **headers)
    return caught.value


def test_a_session_opens_what_its_person_sees_and_nothing_else(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 20})
    session = house.admitted().session
    found = admitted(house, Cookie=f"{SESSION_COOKIE}={session}")
    assert (found.actor, found.covers_everything) == ("ada", False)
    assert found.covers("Shop/Backend")
    assert not found.covers("other/secret")
    assert not found.covers("shop/web")
    with pytest.raises(Problem):
        door(house).project("500", found)
    house.local()
    everything = admitted(house, Cookie=f"{SESSION_COOKIE}={house.with_password().session}")
    assert everything.covers_everything


def test_a_browser_without_anything_is_sent_to_the_sign_in_page(house: Gatehouse) -> None:
    problem = refused(house, Accept="text/html")
    assert (problem.status, problem.headers["Location"]) == (303, "/sign-in?next=%2Frules%3Fsort%3Dname")
    forged = refused(house, Accept="text/html", Cookie=f"{SESSION_COOKIE}=forged.cookie")
    assert forged.status == 303
    assert refused(house, BEARER, Accept="text/html").status == 401
    assert refused(house).headers["WWW-Authenticate"] == BASIC
    wrong = base64.b64encode(b"x:mwt_wrong").decode()
    assert refused(house, Accept="text/html", Authorization=f"Basic {wrong}").status == 401


def test_somebody_who_sees_nothing_is_told_so(house: Gatehouse) -> None:
    assert refused(house, Cookie=f"{SESSION_COOKIE}={house.admitted().session}").status == 403


def test_a_persons_token_reads_what_he_sees_and_imports_where_he_decides(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 20})
    house.list_members(600, {7: 40})
    house.admitted()
    number = house.person("ada").id
    with write_session(house.engine) as writing:
        text, _ = create_token(
            writing,
            name="ci",
            scopes=(Scope.READ, Scope.IMPORT),
            lifetime=timedelta(days=1),
            created_by="ada",
            now=house.now,
            person_id=number,
        )
    reads = door(house).admit(text, Scope.READ, BEARER)
    assert [reads.covers(path) for path in ("shop/backend", "shop/web", "other/secret")] == [True, True, False]
    imports = door(house).admit(text, Scope.IMPORT, BEARER)
    assert [imports.covers(path) for path in ("shop/backend", "shop/web", "other/secret")] == [False, True, False]
    house.local("eve", Role.AUDITOR)
    house.grant(house.person("ada"), Role.AUDITOR)
    assert door(house).admit(text, Scope.READ, BEARER).covers_everything
    assert not door(house).admit(text, Scope.IMPORT, BEARER).covers("other/secret")
