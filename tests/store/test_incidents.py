"""Incidents: one for each thing that happened, however often we look; closed once, and back when it happens again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from bot.domain.incident import Incident, IncidentError, IncidentKind, KnownIncident, closing
from bot.domain.triage import TriageError
from bot.store import incidents
from bot.store.engine import session, write_session
from tests.store.counting import counted
from tests.store.known import BANK, SHOP, add_projects
from tests.store.samples import NOON

FORGED = Incident(
    SHOP,
    IncidentKind.FORGED_STATUS,
    "status 77",
    merge_request_iid=7,
    ref="trunk \udce9",
    sha="a" * 40,
    actor="mallory",
    details={"state": "success", "said": "all clear\x00"},
)
LATER = NOON + timedelta(minutes=5)


def reported(engine: Engine, incident: Incident = FORGED, *, at: datetime = NOON) -> bool:
    with write_session(engine) as writing:
        return incidents.report(writing, incident, at)


def only(engine: Engine, *, open_only: bool = True) -> KnownIncident:
    with session(engine) as reading:
        (known,) = incidents.page(reading, open_only=open_only, limit=10)
    return known


def test_an_incident_comes_back_exactly(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_projects(writing)
    assert reported(engine)
    known = only(engine)
    assert known.incident == FORGED
    assert (known.first_at, known.last_at, known.count, known.is_open) == (NOON, NOON, 1, True)
    assert known.project
    with session(engine) as reading:
        assert incidents.get(reading, known.id) == known
        assert incidents.get(reading, known.id + 1) is None


def test_the_same_moment_said_twice_is_one_incident(engine: Engine) -> None:
    assert reported(engine)
    assert not reported(engine)
    assert only(engine).count == 1


def test_what_happens_again_is_counted_and_not_listed_twice(engine: Engine) -> None:
    reported(engine)
    assert not reported(engine, replace(FORGED, details={"state": "pending"}), at=LATER)
    known = only(engine)
    assert (known.count, known.first_at, known.last_at) == (2, NOON, LATER)
    assert known.incident.details == {"state": "pending"}


def test_a_closed_one_comes_back_when_it_happens_again_and_only_then(engine: Engine) -> None:
    reported(engine)
    number = only(engine).id
    with write_session(engine) as writing:
        assert incidents.close(writing, number, actor="carol", reason="a script of ours", at=LATER)
        assert not incidents.close(writing, number, actor="dave", reason="me too", at=LATER)
    assert not reported(engine, at=LATER)
    closed = only(engine, open_only=False)
    assert (closed.closed_by, closed.closed_reason, closed.is_open) == ("carol", "a script of ours", False)
    assert reported(engine, at=LATER + timedelta(seconds=1))
    assert only(engine).is_open


def test_other_projects_kinds_and_subjects_are_other_incidents(engine: Engine) -> None:
    others = (
        replace(FORGED, project_id=BANK),
        replace(FORGED, kind=IncidentKind.THREAD_RESOLVED),
        replace(FORGED, subject="status 78"),
    )
    assert all(reported(engine, incident) for incident in (FORGED, *others))
    with session(engine) as reading:
        assert len(incidents.page(reading, limit=10)) == 4
        assert len(incidents.page(reading, project_id=SHOP, limit=10)) == 3
        newest, *_rest = incidents.page(reading, limit=1)
        assert newest.incident == others[-1]
        assert len(incidents.page(reading, limit=10, before=newest.id)) == 3
        assert incidents.open_counts(reading, SHOP) == {"forged_status": 2, "thread_resolved": 1}
    with write_session(engine) as writing:
        incidents.forget_project(writing, SHOP)
    with session(engine) as reading:
        assert [known.incident.project_id for known in incidents.page(reading, limit=10)] == [BANK]


def test_a_page_takes_one_statement(engine: Engine) -> None:
    for number in range(5):
        reported(engine, replace(FORGED, subject=f"status {number}"))
    with counted(engine) as statements, session(engine) as reading:
        incidents.page(reading, limit=10)
    assert len(statements) == 1


def test_many_processes_report_one_incident(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: reported(engine), range(8))) == 1
    assert only(engine).count == 1


def test_closing_needs_a_person_and_a_reason(engine: Engine) -> None:
    reported(engine)
    known = only(engine)
    assert closing(known, actor=" carol ", reason="a\nscript") == ("carol", "a script")
    with pytest.raises(IncidentError, match="needs a reason"):
        closing(known, actor="carol", reason=" ")
    with pytest.raises(TriageError):
        closing(known, actor="mergewarden", reason="because")
    with pytest.raises(IncidentError, match="was closed by carol"):
        closing(replace(known, closed_at=NOON.astimezone(UTC), closed_by="carol"), actor="dave", reason="again")
