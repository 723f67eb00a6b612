"""What outgoing webhooks are told: each thing where it is stored, and nothing when nobody listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.domain.incident import Incident, IncidentKind
from bot.domain.outgoing import LISTED, SUBSCRIBABLE
from bot.domain.suppression import Scope
from bot.domain.triage import SYSTEM, TriageEvent, TriageState
from bot.store import announcements, incidents, outgoing, scans, suppressions, triage
from bot.store.engine import session, write_session
from bot.store.findings import finding_values
from bot.store.secret_box import SecretBox
from scanners.finding import Severity
from tests.store.counting import counted
from tests.store.known import SHOP, accepted, add_finding, add_projects
from tests.store.samples import NOON, REPORT, SAST

WAITING = accepted(scope=Scope.RULE, scanner="bandit", rule_id="B101", needs_approval=True)
JUDGED = TriageEvent(1, NOON, "ada", TriageState.DETECTED, TriageState.CONFIRMED, None, "true", "web")


@pytest.fixture
def listener(engine: Engine, tmp_path: Path) -> int:
    with write_session(engine) as writing:
        add_projects(writing)
        add_finding(writing, 1)
        _, hook = outgoing.add_hook(
            writing,
            SecretBox(tmp_path),
            url="https://a.example",
            events=SUBSCRIBABLE,
            created_by="ada",
            now=NOON,
        )
    return hook.id


def told(engine: Engine, act: Callable[[Session], object]) -> list[Any]:
    with write_session(engine) as writing:
        act(writing)
    with session(engine) as reading:
        return [one.body for one in outgoing.deliveries(reading)][::-1]


@pytest.mark.usefixtures("listener")
def test_a_persons_judgement_is_told_and_what_no_person_caused_is_not(engine: Engine) -> None:
    events = [JUDGED, replace(JUDGED, actor=SYSTEM, after=TriageState.RESOLVED)]
    (body,) = told(engine, lambda writing: triage.record_many(writing, events))
    assert body["type"] == "finding.decided"
    assert body["data"]["project"] == {"id": SHOP, "path": "shop/backend"}
    assert (body["data"]["finding"], body["data"]["after"], body["data"]["by"]) == (1, "confirmed", "ada")


@pytest.mark.usefixtures("listener")
def test_a_request_and_its_approval_are_told(engine: Engine) -> None:
    def act(writing: Session) -> None:
        made = suppressions.create(writing, WAITING)
        suppressions.approve(writing, replace(made, approved_by="bob", approved_at=NOON + timedelta(hours=1)))
        suppressions.create(writing, replace(WAITING, needs_approval=False))

    requested, approved = told(engine, act)
    assert (requested["type"], approved["type"]) == ("suppression.requested", "suppression.approved")
    assert approved["data"]["suppression"]["approved_by"] == "bob"


@pytest.mark.usefixtures("listener")
def test_a_verdict_about_a_merge_request_is_told_and_once_more_when_it_changes(engine: Engine) -> None:
    def act(writing: Session) -> None:
        scans.record_scan(writing, REPORT, project_id=SHOP, scan_id="s1")
        scans.record_scan(writing, REPORT, project_id=SHOP, scan_id="s1")
        scans.record_decision(writing, "s1", REPORT.decision)

    bodies = told(engine, act)
    assert [body["type"] for body in bodies] == ["gate.decided", "gate.decided"]
    assert bodies[0]["data"]["outcome"] == REPORT.decision.outcome.value
    assert bodies[0]["data"]["merge_request"] == REPORT.subject.merge_request_iid


@pytest.mark.usefixtures("listener")
def test_an_incident_is_told_when_it_is_new(engine: Engine) -> None:
    happened = Incident(SHOP, IncidentKind.FORGED_STATUS, "status 77", actor="mallory")

    def act(writing: Session) -> None:
        incidents.report(writing, happened, NOON)
        incidents.report(writing, happened, NOON + timedelta(hours=1))

    (body,) = told(engine, act)
    assert (body["type"], body["data"]["kind"], body["data"]["severity"]) == (
        "incident.opened",
        "forged_status",
        "high",
    )


@pytest.mark.usefixtures("listener")
def test_new_findings_are_one_message_that_names_the_worst_and_counts_the_others(engine: Engine) -> None:
    rows = [finding_values(replace(SAST, severity=list(Severity)[n % 5])) for n in range(200)]
    numbers = range(1, 201)
    (body,) = told(
        engine,
        lambda writing: announcements.findings_new(writing, SHOP, "main", numbers, lambda place: rows[place]),
    )
    data = body["data"]
    assert (data["count"], data["by_severity"]["critical"], len(data["findings"])) == (200, 40, LISTED)
    assert {one["severity"] for one in data["findings"][:40]} == {"critical"}
    assert "snippet" not in data["findings"][0]


def test_while_nobody_listens_each_costs_one_statement(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_projects(writing)
        with counted(engine) as statements:
            announcements.findings_new(writing, SHOP, "main", range(100), lambda _: {})
            announcements.findings_decided(writing, [JUDGED])
            announcements.suppression_made(writing, WAITING)
            announcements.gate_decided(writing, "s", SHOP, 7, REPORT.decision)
    assert len(statements) == 4
