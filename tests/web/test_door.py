"""The older routes of the API take a session as well as a token."""

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
from bot.web.api.access import BEARER, SESSION_COOKIE, Admitted, Door, counted_as
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


def admitted(house: Gatehouse, **headers: str) -> Admitted:
    return door(house).admit_reader(request(headers))


def refused(house: Gatehouse, **headers: str) -> Problem:
    with pytest.raises(Problem) as caught:
        admitted(house, **headers)
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


def test_whoever_brings_nothing_that_opens_is_asked_for_a_token(house: Gatehouse) -> None:
    wrong = base64.b64encode(b"x:mwt_wrong").decode()
    for headers in (
        {},
        {"Accept": "text/html"},
        {"Cookie": f"{SESSION_COOKIE}=forged.cookie"},
        {"Authorization": f"Basic {wrong}"},
        {"Authorization": "Bearer mwt_wrong"},
    ):
        problem = refused(house, **headers)
        assert (problem.status, problem.headers["WWW-Authenticate"]) == (401, BEARER)


def test_somebody_who_sees_nothing_is_told_so(house: Gatehouse) -> None:
    assert refused(house, Cookie=f"{SESSION_COOKIE}={house.admitted().session}").status == 403


def test_calls_of_one_person_or_token_are_counted_together(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 20})
    session = house.admitted().session
    number = house.person("ada").id
    assert counted_as(admitted(house, Cookie=f"{SESSION_COOKIE}={session}")) == f"person {number}"
    with write_session(house.engine) as writing:
        text, made = create_token(
            writing, name="ci", scopes=(Scope.READ,), lifetime=timedelta(days=1), created_by="ada", now=house.now
        )
    assert counted_as(admitted(house, Authorization=f"Bearer {text}")) == f"token {made.id}"


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
    reads = door(house).admit(text, Scope.READ)
    assert [reads.covers(path) for path in ("shop/backend", "shop/web", "other/secret")] == [True, True, False]
    imports = door(house).admit(text, Scope.IMPORT)
    assert [imports.covers(path) for path in ("shop/backend", "shop/web", "other/secret")] == [False, True, False]
    house.local("eve", Role.AUDITOR)
    house.grant(house.person("ada"), Role.AUDITOR)
    assert door(house).admit(text, Scope.READ).covers_everything
    assert not door(house).admit(text, Scope.IMPORT).covers("other/secret")
