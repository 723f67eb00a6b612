"""Status checks and approvals say the verdict where the licence has them, and are never needed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.gitlab.model import StatusCheck
from bot.pipeline.external_checks import PART, answer, is_ours
from bot.store import enforcement
from bot.store.engine import session, write_session
from tests.pipeline.workshop import Workshop
from tests.standin import MergeRequest
from tests.standin.model import ApprovalRule

CLEAN, FLAGGED = {"a.py": "fine\n"}, {"a.py": "flag\n"}


@pytest.fixture
def licensed(workshop: Workshop) -> Iterator[Workshop]:
    workshop.gitlab.licence("ultimate")
    yield workshop
    workshop.gitlab.licence("free")


def said(workshop: Workshop, request: MergeRequest) -> list[tuple[str, str]]:
    """Who answered what."""
    return [(r.status, r.user.username) for r in request.check_responses if r.user is not None]


def tell(workshop: Workshop, request: MergeRequest, *, lets_through: bool) -> None:
    seen = workshop.services.gitlab.merge_request(request.project.id, request.iid)
    answer(workshop.services, seen, lets_through)


def asked(workshop: Workshop) -> list[str]:
    paths = [record.path for record in workshop.gitlab.request_log]
    return [path.rsplit("/", 1)[1] for path in paths if path.endswith(("/status_checks", "/approval_state"))]


def test_on_the_free_tier_two_questions_a_day_are_all(workshop: Workshop) -> None:
    request = workshop.open(CLEAN)
    workshop.gitlab.clear_log()
    assert workshop.scan(request) == "passed"
    assert asked(workshop) == ["status_checks", "approval_state"]
    workshop.gitlab.clear_log()
    workshop.sync(request)
    tell(workshop, request, lets_through=True)
    assert asked(workshop) == []
    with session(workshop.services.store) as reading:
        known = enforcement.stored(reading, request.project.id)
    assert known is not None
    assert known.facts[PART].items() >= {"checks": False, "rules": False}.items()


def test_the_next_day_it_is_asked_again(licensed: Workshop) -> None:
    request = licensed.open(CLEAN)
    part = {"asked_at": "2020-01-01T00:00:00+00:00", "checks": False, "rules": False}
    with write_session(licensed.services.store) as writing:
        enforcement.remember(writing, request.project.id, PART, part)
    licensed.gitlab.add_status_check(request.project, "mergewarden", "https://gate.example/x")
    tell(licensed, request, lets_through=True)
    assert said(licensed, request) == [("passed", "warden")]


def test_our_status_check_gets_the_verdict_and_others_do_not(licensed: Workshop) -> None:
    project = licensed.project()
    licensed.gitlab.add_status_check(project, "mergewarden", "https://gate.example/x")
    licensed.gitlab.add_status_check(project, "compliance", "https://compliance.example/")
    request = licensed.open(FLAGGED, project)
    assert licensed.scan(request) == "failed"
    assert said(licensed, request) == [("failed", "warden")]
    licensed.sync(request)
    assert said(licensed, request) == [("failed", "warden")]
    licensed.gitlab.commit(project, "feature", CLEAN, author=licensed.ada)
    assert licensed.scan(request) == "passed"
    assert said(licensed, request) == [("failed", "warden"), ("passed", "warden")]
    states = {c.name: licensed.gitlab.world.licensed.state(c, request) for c in project.status_checks}
    assert states == {"mergewarden": "passed", "compliance": "pending"}


def test_the_bot_approves_where_a_rule_names_it_and_takes_it_back(licensed: Workshop) -> None:
    project = licensed.project()
    project.approval_rules.append(ApprovalRule(1, "gate", 1, [licensed.user.id]))
    request = licensed.open(CLEAN, project)
    assert licensed.scan(request) == "passed"
    assert [a.user for a in request.approvals] == [licensed.user]
    licensed.gitlab.clear_log()
    tell(licensed, request, lets_through=True)
    assert licensed.gitlab.writes() == []
    tell(licensed, request, lets_through=False)
    assert request.approvals == []


def test_an_approval_does_not_outlive_the_head_that_it_was_for(licensed: Workshop) -> None:
    """A project may keep approvals over a push."""
    project = licensed.project()
    project.reset_approvals_on_push = False
    project.approval_rules.append(ApprovalRule(1, "gate", 1, [licensed.user.id]))
    request = licensed.open(CLEAN, project)
    assert licensed.scan(request) == "passed"
    assert [a.user for a in request.approvals] == [licensed.user]
    licensed.gitlab.commit(project, "feature", FLAGGED, author=licensed.ada)
    licensed.gitlab.clear_log()
    assert licensed.scan(request) == "failed"
    assert request.approvals == []
    # Before anything else, as a scan may take long.
    assert licensed.gitlab.writes()[0].path.endswith("/unapprove")


def test_who_could_not_be_judged_is_not_approved_any_longer(licensed: Workshop) -> None:
    project = licensed.project()
    licensed.gitlab.add_status_check(project, "mergewarden", "https://gate.example/x")
    project.approval_rules.append(ApprovalRule(1, "gate", 1, [licensed.user.id]))
    request = licensed.open(CLEAN, project)
    assert licensed.scan(request) == "passed"
    licensed.gitlab.faults.add("GET", r"/discussions$", status=500, times=999)
    assert licensed.scan(request) != "passed"
    assert licensed.state(request) == "failed"
    assert request.approvals == []
    assert said(licensed, request)[-1] == ("failed", "warden")


def test_a_rule_for_anybody_is_none_of_the_bots_business(licensed: Workshop) -> None:
    project = licensed.project()
    project.approval_rules += [ApprovalRule(1, "any", 1, []), ApprovalRule(2, "people", 1, [licensed.grace.id])]
    request = licensed.open(CLEAN, project)
    assert licensed.scan(request) == "passed"
    assert request.approvals == []


@pytest.mark.parametrize("status", [401, 403, 404, 409, 500])
def test_what_fails_does_not_stop_the_verdict(licensed: Workshop, status: int) -> None:
    project = licensed.project()
    licensed.gitlab.add_status_check(project, "mergewarden", "https://gate.example/x")
    project.approval_rules.append(ApprovalRule(1, "gate", 1, [licensed.user.id]))
    request = licensed.open(CLEAN, project)
    body = {"message": "no"}
    licensed.gitlab.faults.add("POST", r"/status_check_responses$", status=status, body=body, times=9)
    licensed.gitlab.faults.add("POST", r"/approve$", status=status, body=body, times=9)
    assert licensed.scan(request) == "passed"
    assert licensed.state(request) == "success"


def test_a_newer_head_is_not_answered_for(licensed: Workshop) -> None:
    project = licensed.project()
    licensed.gitlab.add_status_check(project, "mergewarden", "https://gate.example/x")
    project.approval_rules.append(ApprovalRule(1, "gate", 1, [licensed.user.id]))
    request = licensed.open(CLEAN, project)
    seen = licensed.services.gitlab.merge_request(project.id, request.iid)
    licensed.gitlab.commit(project, "feature", FLAGGED, author=licensed.ada)
    answer(licensed.services, seen, lets_through=True)
    assert said(licensed, request) == []
    assert request.approvals == []


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        ("mergewarden", "", True),
        ("other", "https://gate.example/mw/check", True),
        ("other", "https://gate.example/mw", True),
        ("other", "https://GATE.example/mw/check", True),
        ("other", "https://gate.example/mw2/check", False),
        ("other", "https://gate.example.evil/mw/check", False),
        ("other", "http://gate.example/mw/check", False),
        ("other", "https://gate.example:8443/mw/check", False),
        ("other", "", False),
        ("Mergewarden", "https://elsewhere.example/", False),
    ],
)
def test_which_check_is_ours(name: str, url: str, expected: bool) -> None:
    check = StatusCheck(1, name, url, "pending")
    assert is_ours(check, public_url="https://gate.example/mw/", status_name="mergewarden") is expected


def test_without_an_address_only_the_name_counts() -> None:
    check = StatusCheck(1, "other", "https://gate.example/mw", "pending")
    assert not is_ours(check, public_url=None, status_name="mergewarden")
