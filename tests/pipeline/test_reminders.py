"""An exception that ends is said in time: where it was asked for, else in an issue; once, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.suppression import Scope, Suppression
from bot.domain.triage import Justification
from bot.gitlab.markers import MarkerKind, parse
from bot.pipeline.reminders import remind
from bot.store import requests, suppressions
from bot.store.engine import session, write_session
from bot.store.requests import ExceptionRequest
from tests.pipeline.workshop import Workshop
from tests.standin import MergeRequest, Project

NIGHT = datetime.now(UTC).replace(hour=23, minute=0, second=0, microsecond=0)
DAY = timedelta(days=1)


@pytest.fixture
def scene(workshop: Workshop) -> Iterator[tuple[Workshop, Project, MergeRequest]]:
    request = workshop.open({"a.py": "fine\n"})
    workshop.scan(request)
    all_told(workshop)
    yield workshop, request.project, request
    all_told(workshop)


def all_told(workshop: Workshop) -> None:
    """Nobody is reminded of what another test left."""
    with write_session(workshop.services.store) as writing:
        for made in suppressions.for_review(writing):
            requests.add_reminder(writing, made.id, NIGHT, "-")


Scene = tuple[Workshop, Project, MergeRequest]


def ending(workshop: Workshop, project_id: int, days: float = 5, rule: str = "r", **more: object) -> Suppression:
    values: dict[str, object] = {"needs_approval": False} | more
    with write_session(workshop.services.store) as writing:
        return suppressions.create(
            writing,
            Suppression(
                id=0,
                project_id=project_id,
                scope=Scope.RULE,
                justification=Justification.ACCEPTABLE_RISK,
                reason="behind the firewall @all\n/close",
                created_by="ada",
                created_at=NIGHT - 30 * DAY,
                expires_at=NIGHT + days * DAY,
                scanner="fake",
                rule_id=rule,
                **values,  # type: ignore[arg-type]
            ),
        )


def asked_in(workshop: Workshop, request: MergeRequest, made: Suppression, discussion_id: str) -> None:
    with write_session(workshop.services.store) as writing:
        requests.add_request(
            writing, ExceptionRequest(made.id, request.project.id, request.iid, discussion_id, workshop.ada.id)
        )


def reminders(workshop: Workshop, request: MergeRequest) -> list[str]:
    found = [(note.body, parse(note.body)) for one in workshop.gitlab.discussions(request) for note in one.notes]
    return [text for _, (text, marker) in found if marker is not None and marker.kind is MarkerKind.REMINDER]


def where(workshop: Workshop, made: Suppression) -> str | None:
    with session(workshop.services.store) as reading:
        return requests.reminded(reading, made.id)


def test_it_is_said_in_the_thread_where_it_was_asked_for(scene: Scene) -> None:
    workshop, project, request = scene
    workshop.gitlab.comment(request, workshop.ada, "/mw accept it is old", thread=True)
    thread = workshop.gitlab.discussions(request)[-1]
    made = ending(workshop, project.id)
    asked_in(workshop, request, made, thread.id)
    assert remind(workshop.services, NIGHT) == 1
    assert remind(workshop.services, NIGHT) == 0
    (text,) = reminders(workshop, request)
    assert "ends soon" in text
    assert made.expires_at.date().isoformat() in text
    note = thread.notes[-1]
    assert where(workshop, made) == f"{workshop.gitlab.page_url(request)}#note_{note.id}"
    assert (workshop.gitlab.issues(project), note.author) == ([], workshop.user)
    assert [mention.name for mention in workshop.gitlab.mentions if mention.by == "warden"] == []


def test_a_plain_note_does_not_become_a_thread(scene: Scene) -> None:
    workshop, project, request = scene
    workshop.gitlab.comment(request, workshop.ada, "/mw accept it is old")
    made = ending(workshop, project.id)
    asked_in(workshop, request, made, workshop.gitlab.discussions(request)[-1].id)
    assert remind(workshop.services, NIGHT) == 1
    assert all(not note.resolvable for one in workshop.gitlab.discussions(request) for note in one.notes)
    assert len(reminders(workshop, request)) == 1


def test_what_was_asked_for_elsewhere_is_said_in_an_issue_that_only_members_see(scene: Scene) -> None:
    workshop, project, request = scene
    made = [ending(workshop, project.id, days, f"r{days}") for days in (9, 5)]
    gone = ending(workshop, project.id, 7, "gone")
    asked_in(workshop, request, gone, "0" * 40)
    assert remind(workshop.services, NIGHT) == 3
    assert remind(workshop.services, NIGHT) == 0
    (issue,) = workshop.gitlab.issues(project)
    assert issue.confidential
    assert issue.title == f"Mergewarden: 3 exceptions end, the first on {(NIGHT + 5 * DAY).date().isoformat()}"
    assert [issue.description.index(f"`fake {rule}`") for rule in ("r5", "gone", "r9")] == sorted(
        issue.description.index(f"`fake {rule}`") for rule in ("r5", "gone", "r9")
    )
    assert where(workshop, made[0]) == where(workshop, gone)
    assert str(where(workshop, gone)).endswith(f"/-/issues/{issue.iid}")
    assert [mention.name for mention in workshop.gitlab.mentions if mention.by == "warden"] == []


def test_many_endings_share_few_issues(scene: Scene) -> None:
    workshop, project, _ = scene
    for n in range(60):
        ending(workshop, project.id, 5, f"r{n}")
    assert remind(workshop.services, NIGHT) == 60
    issues = workshop.gitlab.issues(project)
    assert 1 < len(issues) < 10
    assert remind(workshop.services, NIGHT) == 0


@pytest.mark.parametrize("in_thread", [True, False], ids=["thread", "issue"])
def test_a_reminder_whose_answer_got_lost_is_found_again(scene: Scene, in_thread: bool) -> None:
    workshop, project, request = scene
    made = ending(workshop, project.id)
    if in_thread:
        workshop.gitlab.comment(request, workshop.ada, "words", thread=True)
        asked_in(workshop, request, made, workshop.gitlab.discussions(request)[-1].id)
    workshop.gitlab.faults.add("POST", r"/(notes|issues)$", action="handle_then_reset")
    assert remind(workshop.services, NIGHT) == 0
    assert where(workshop, made) is None
    # Another one came meanwhile.
    other = ending(workshop, project.id, 6, "other")
    assert remind(workshop.services, NIGHT) == 2
    assert (len(reminders(workshop, request)), len(workshop.gitlab.issues(project))) == (1, 1) if in_thread else (0, 2)
    assert where(workshop, made) is not None
    assert where(workshop, other) is not None


def test_a_forged_issue_or_note_counts_for_nothing(scene: Scene) -> None:
    workshop, project, request = scene
    made = ending(workshop, project.id)
    assert remind(workshop.services, NIGHT) == 1
    (real,) = workshop.gitlab.issues(project)
    again = ending(workshop, project.id, 6, "again")
    forged = real.description.replace(f"fp=s.{made.id}", f"fp=s.{again.id}")
    workshop.gitlab.call(workshop.ada, "POST", project, "/issues", title="x", description=forged)
    assert remind(workshop.services, NIGHT) == 1
    assert len(workshop.gitlab.issues(project)) == 3
    assert reminders(workshop, request) == []


@pytest.mark.parametrize(
    "more",
    [
        {"days": 20},
        {"days": -1},
        {"needs_approval": True},
        {"revoked_by": "eve", "revoked_at": NIGHT},
    ],
    ids=["later", "ended", "waits", "revoked"],
)
def test_of_what_ends_later_or_is_not_in_force_nothing_is_said(scene: Scene, more: dict[str, object]) -> None:
    workshop, project, _ = scene
    ending(workshop, project.id, **more)  # type: ignore[arg-type]
    assert remind(workshop.services, NIGHT) == 0
    assert workshop.gitlab.issues(project) == []


def test_nothing_is_said_before_the_hour_and_no_refusal_stops_the_others(scene: Scene) -> None:
    workshop, project, _ = scene
    closed = workshop.project()
    first, second = ending(workshop, closed.id), ending(workshop, project.id)
    assert workshop.services.settings.nightly_hour > 0
    assert remind(workshop.services, NIGHT.replace(hour=0)) == 0
    # A project without issues.
    workshop.gitlab.faults.add("POST", rf"/projects/{closed.id}/issues$", status=403)
    assert remind(workshop.services, NIGHT) == 1
    assert (where(workshop, first), where(workshop, second) is not None) == (None, True)


def test_a_project_that_refuses_hundreds_of_reminders_does_not_keep_the_others_waiting(scene: Scene) -> None:
    workshop, project, request = scene
    workshop.gitlab.comment(request, workshop.ada, "words", thread=True)
    thread = workshop.gitlab.discussions(request)[-1]
    closed = workshop.project()
    for n in range(201):
        ending(workshop, closed.id, rule=f"r{n}")
    made = ending(workshop, project.id)
    asked_in(workshop, request, made, thread.id)
    workshop.gitlab.faults.add("POST", rf"/projects/{closed.id}/issues$", status=403, times=20)
    assert remind(workshop.services, NIGHT) == 1
    assert where(workshop, made) is not None
