"""What nothing announces: an exception that ends, a day that passes, settings, queues of the merge bot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from bot.domain.triage import Justification, TriageState
from bot.pipeline import rounds
from bot.pipeline.decisions import decide
from bot.store import enforcement, findings
from bot.store.decisions import last_decision
from bot.store.engine import session, write_session
from bot.store.statements import table
from bot.store.tables import SuppressionRecord
from tests.pipeline.workshop import Workshop
from tests.standin import MergeRequest

SUPPRESSION = table(SuppressionRecord)
NOW = datetime.now(UTC)


def dismissed(workshop: Workshop) -> tuple[MergeRequest, int]:
    """A green merge request whose only finding was dismissed, and the number of the suppression."""
    request = workshop.open({"a.py": "flag\n"})
    assert workshop.scan(request) == "failed"
    with write_session(workshop.services.store) as writing:
        known, *_others = findings.page(writing, project_id=request.project.id, limit=5).findings
        decided = decide(
            writing,
            known.id,
            state=TriageState.DISMISSED,
            justification=Justification.FALSE_POSITIVE,
            reason="made up",
            actor="grace",
            now=NOW,
            rules=workshop.services.policy().policy.suppressions,
            expires_at=NOW + timedelta(days=10),
        )
    assert decided.suppression is not None
    assert workshop.sync(request) == "passed"
    return request, decided.suppression.id


def test_a_merge_request_is_judged_again_when_the_exception_ends(workshop: Workshop) -> None:
    request, number = dismissed(workshop)
    assert workshop.state(request) == "success"
    with write_session(workshop.services.store) as writing:
        ended = update(SUPPRESSION).where(SUPPRESSION.c.id == number).values(expires_at=NOW - timedelta(seconds=1))
        writing.execute(ended)
    assert rounds.judge_after_endings(workshop.services, workshop.queue, datetime.now(UTC)) >= 1
    workshop.gitlab.wait_for_status(request, "failed")
    with session(workshop.services.store) as reading:
        decided = last_decision(reading, request.project.id, request.iid)
    assert decided is not None
    assert decided.because == "exception_ended"


def test_an_exception_that_goes_on_or_ended_long_ago_changes_nothing(workshop: Workshop) -> None:
    request, _ = dismissed(workshop)
    mine = (request.project.id, request.iid)
    for moment in (NOW, NOW + timedelta(days=14)):
        with session(workshop.services.store) as reading:
            before = last_decision(reading, *mine)
        rounds.judge_after_endings(workshop.services, workshop.queue, moment)
        with session(workshop.services.store) as reading:
            assert last_decision(reading, *mine) == before


def test_every_open_merge_request_is_judged_once_a_night(workshop: Workshop) -> None:
    request = workshop.open({"a.py": "calm\n"})
    assert workshop.scan(request) == "passed"
    night = datetime(2026, 3, 2, workshop.services.settings.nightly_hour, tzinfo=UTC)
    assert rounds.judge_every_night(workshop.services, workshop.queue, night - timedelta(hours=1)) == 0
    first = rounds.judge_every_night(workshop.services, workshop.queue, night)
    assert first >= 1
    depth = sum(workshop.queue.depth().values())
    assert rounds.judge_every_night(workshop.services, workshop.queue, night) == first
    assert sum(workshop.queue.depth().values()) <= depth, "a second call of a night submits nothing"


def test_a_first_verdict_of_yesterdays_policy_does_not_stay(workshop: Workshop) -> None:
    """The policy becomes another one between the first verdict and its publication."""
    request = workshop.open({"a.py": "calm\n"})
    policy = workshop.services.settings.policy_file
    assert policy is not None
    before = policy.read_text()
    night = datetime(2026, 3, 9, workshop.services.settings.nightly_hour, tzinfo=UTC)

    def stricter(_: object) -> bool:
        if policy.read_text() == before:
            policy.write_text(before.replace("[fake]", "[fake, other]"))
            rounds.judge_every_night(workshop.services, workshop.queue, night)
        return False

    said = rf"/merge_requests/{request.iid}/(notes|discussions)$"
    workshop.gitlab.faults.add("POST", said, status=500, when=stricter)
    try:
        assert workshop.scan(request) == "passed"
        workshop.settle()
        assert policy.read_text() != before
        assert workshop.state(request) == "failed"
    finally:
        policy.write_text(before)


def test_a_project_is_looked_at_once_an_hour(workshop: Workshop) -> None:
    request = workshop.open({"a.py": "calm\n"})
    assert workshop.scan(request) == "passed"
    with session(workshop.services.store) as reading:
        first = enforcement.stored(reading, request.project.id)
    assert first is not None
    assert first.checked_at is not None, "a new project is looked at before its first verdict"
    assert rounds.check_projects(workshop.services, workshop.queue, NOW) >= 1
