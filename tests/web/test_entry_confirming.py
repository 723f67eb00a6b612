"""Whoever changes something through pages or API is asked for at GitLab first."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from bot.domain.priority import Exposure
from bot.domain.roles import Principal
from bot.domain.triage import TriageState
from bot.domain.workflow import Workflow
from bot.store.engine import write_session
from bot.web.api.problems import Problem
from bot.web.confirming import ConfirmedWorkflow
from tests.store.known import add_finding
from tests.web.gatehouse import SHOP, Gatehouse


class Recorder:
    """Takes the place of the workflow and keeps whom each act was done by."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Principal]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda principal, *_, **__: self.calls.append((name, principal))


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> Gatehouse:
    return Gatehouse(engine, tmp_path)


def principal(house: Gatehouse) -> Principal:
    house.list_members(SHOP.id, {7: 40})
    found = house.principal(house.admitted())
    assert found is not None
    return found


def test_a_decision_is_made_by_whom_gitlab_knows_now(house: Gatehouse) -> None:
    ada = principal(house)
    with write_session(house.engine) as writing:
        add_finding(writing, number := 812, project_id=SHOP.id)
    inner = Recorder()
    workflow: Workflow = ConfirmedWorkflow(cast(Workflow, inner), house.services, house.doorman.confirm)
    house.later(minutes=6)
    workflow.decide(ada, [number], state=TriageState.CONFIRMED)
    workflow.claim(ada, [number])
    assert house.asked == [(SHOP.id, 7)]
    house.members.clear()
    house.later(minutes=6)
    workflow.comment(ada, number, "hello")
    workflow.undo(ada, "no such batch")
    assert [(name, by.sees_project(SHOP.id)) for name, by in inner.calls] == [
        ("decide", True),
        ("claim", True),
        ("comment", False),
        ("undo", True),
    ]


def test_nothing_is_done_while_gitlab_is_away(house: Gatehouse) -> None:
    ada = principal(house)
    inner = Recorder()
    workflow = ConfirmedWorkflow(cast(Workflow, inner), house.services, house.doorman.confirm)
    house.later(minutes=6)
    house.gitlab_is_away = True
    with pytest.raises(Problem) as caught:
        workflow.set_exposure(ada, SHOP.id, next(iter(Exposure)))
    assert caught.value.status == 503
    assert inner.calls == []
