"""A scan on a developer's machine knows the numbers that the bot has given, and changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine

from bot.domain.verdict import Presence, TrackedFinding
from bot.pipeline.recognition import recognise
from bot.pipeline.tracking import Findings, Look, track
from bot.store.engine import write_session
from bot.store.projects import Project, upsert_projects
from bot.store.tracking import OWN, Ref
from tests.domain.builders import change, finding
from tests.pipeline.test_tracking import FakeHistory

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def known(engine: Engine) -> int:
    with write_session(engine) as writing:
        upsert_projects(writing, [Project(7, "shop/backend", default_branch="main")])
    look = Look(Ref(7, "main", is_default=True), OWN, "base", NOON, looked=lambda *_: True)
    (number,) = track(engine, None, look, Findings([finding(line=57, code="c")])).plan.numbers
    return number


def test_a_known_finding_is_named_with_the_reason(engine: Engine) -> None:
    number = known(engine)
    history = FakeHistory()
    history.between("base", "tree", change((10, 0, 11, 6)))
    here = TrackedFinding(finding(line=63, code="c"), Presence.EXISTING, finding(line=57), "line map: was 57, now 63")
    project_id, told, edited = recognise(engine, history, "Shop/Backend", [here], "tree")
    assert project_id == 7
    assert (told[0].number, told[0].explanation) == (number, f"same as #{number}: line map: was 57, now 63")
    assert edited == {number: None}


def test_a_scan_without_a_base_is_explained_by_what_the_store_knows(engine: Engine) -> None:
    number = known(engine)
    here = TrackedFinding(finding(line=90, code="c"), Presence.NEW, explanation="whole tree scanned, no base")
    _, told, _ = recognise(engine, None, "shop/backend", [here], "tree")
    assert told[0].explanation == f"same as #{number}: same code in the same file: was 57, now 90"


def test_what_only_an_imported_report_told_is_known_as_well(engine: Engine) -> None:
    known(engine)
    look = Look(Ref(7, "main", is_default=True), "import:bandit", "base", NOON, looked=lambda *_: True)
    (number,) = track(engine, None, look, Findings([finding(line=5, rule="B101", code="d")])).plan.numbers
    here = TrackedFinding(finding(line=5, rule="B101", code="d"), Presence.NEW)
    assert recognise(engine, None, "shop/backend", [here], "tree")[1][0].number == number


def test_an_unknown_project_leaves_the_scan_as_it_is(engine: Engine) -> None:
    known(engine)
    here = TrackedFinding(finding(), Presence.NEW)
    assert recognise(engine, None, "shop/other", [here], "tree") == (None, (here,), {})


def test_what_is_fixed_and_what_is_unknown_get_no_number(engine: Engine) -> None:
    known(engine)
    fixed = TrackedFinding(finding(line=57, code="c"), Presence.FIXED)
    fresh = TrackedFinding(finding(line=1, code="other"), Presence.NEW)
    _, told, _ = recognise(engine, None, "shop/backend", [fresh, fixed], "tree")
    assert [item.number for item in told] == [None, None]
