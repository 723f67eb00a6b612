"""How a project stands, as JSON: from the store, for whoever has a token that reads the project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.domain.access import Scope
from bot.domain.enforcement import Enforcement, Level
from bot.domain.incident import Incident, IncidentKind
from bot.pipeline.project_states import project_state
from bot.store import enforcement, heads, incidents
from bot.store.engine import write_session
from tests.store.counting import counted
from tests.web.portal import NOW, Portal, basic

SHOP = 412
STATE = "/api/v1/projects/shop%2Fbackend/state"


@pytest.fixture
def portal(tmp_path: Path, engine: Engine) -> Portal:
    return Portal(tmp_path, engine)


def happen(engine: Engine, number: int) -> None:
    with write_session(engine) as writing:
        enforcement.record(writing, SHOP, Enforcement(Level.L1), {"protected_names": ["main"]}, NOW)
        for count in range(number):
            heads.raise_sequence(writing, SHOP, count + 1, head_sha="1f" * 20, target_branch="main")
            incidents.report(writing, Incident(SHOP, IncidentKind.FORGED_STATUS, f"{count}", actor="mallory"), NOW)


def test_the_json_says_the_same(portal: Portal, engine: Engine) -> None:
    happen(engine, 2)
    answer = portal.get(STATE, **portal.bearer(Scope.READ))
    state = json.loads(answer.text)
    assert (state["enforcement"]["level"], state["open_incidents"], state["open_merge_requests"]) == (1, 2, 2)


def test_a_state_has_an_etag_and_the_fields_that_were_asked_for(portal: Portal, engine: Engine) -> None:
    happen(engine, 2)
    token = portal.bearer(Scope.READ)
    first = portal.get(STATE, **token)
    same = portal.get(STATE, **token, **{"If-None-Match": f'W/{first.headers["etag"]}, "other"'})
    assert (same.status_code, same.content) == (304, b"")
    assert "ratelimit" in same.headers
    assert portal.get(f"{STATE}?fields=open_incidents,project", **token).json().keys() == {"open_incidents", "project"}
    assert portal.get(f"{STATE}?fields=password", **token).status_code == 422
    happen(engine, 3)
    assert portal.get(STATE, **token, **{"If-None-Match": first.headers["etag"]}).status_code == 200


def test_a_stranger_learns_nothing(portal: Portal) -> None:
    assert portal.get(STATE, X="y").status_code == 401
    other = portal.token(Scope.READ, project="other/*")
    assert portal.get(STATE, **basic(other)).status_code in (401, 403)
    assert portal.get(STATE, Authorization=f"Bearer {other}").status_code in (401, 403)


def test_a_token_that_may_only_import_reads_nothing(portal: Portal) -> None:
    assert portal.get(STATE, **portal.bearer(Scope.IMPORT)).status_code == 403


def test_a_state_takes_the_same_number_of_statements_whatever_there_is(portal: Portal, engine: Engine) -> None:
    happen(engine, 1)
    with counted(engine) as few:
        project_state(portal.services, SHOP, NOW)
    happen(engine, 30)
    with counted(engine) as many:
        state = project_state(portal.services, SHOP, NOW)
    assert state is not None
    assert len(state.incidents) == 30
    assert len(few) == len(many) <= 10
