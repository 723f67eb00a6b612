"""What people do at the desk: who may, what holds, what only waits, what is taken back, and that all of it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert
from sqlalchemy.orm import Session

from bot.domain.audit import Action
from bot.domain.incident import Incident, IncidentKind
from bot.domain.job_board import JobState, SeenJob
from bot.domain.policy import SecondPerson
from bot.domain.priority import Exposure
from bot.domain.roles import Kind, Permission, Principal, Role
from bot.domain.suppression import Scope, Standing
from bot.domain.triage import Justification, TriageState
from bot.domain.workflow import Fault, Reason, Result, WorkflowError
from bot.gitlab.errors import Forbidden
from bot.gitlab.markers import parse
from bot.gitlab.model import BotUser, Issue
from bot.store import audit, claims, desk, finding_notes, incidents, project_profiles, suppressions
from bot.store.contributors import add_contributor
from bot.store.desk_tables import FindingNoteRecord
from bot.store.engine import session, write_session
from bot.store.heads import raise_sequence
from bot.store.memberships import set_members
from bot.store.statements import table
from bot.store.tables import ApiTokenRecord
from tests.pipeline.desk_stage import (
    ADA,
    ADMIN,
    AUDITOR,
    DEV,
    GRACE,
    LEAD,
    NOW,
    SOON,
    STRANGER,
    VIEWER,
    Stage,
    person,
)
from tests.store.counting import counted
from tests.store.known import BANK, FEATURE, SHOP, add_finding, add_presence
from tests.store.samples import SAST

DISMISSED, CONFIRMED, DETECTED = TriageState.DISMISSED, TriageState.CONFIRMED, TriageState.DETECTED


@pytest.fixture
def stage(engine: Engine, tmp_path: Path) -> Stage:
    return Stage(engine, tmp_path).fill()


def fault(act: Callable[[], object]) -> Fault:
    with pytest.raises(WorkflowError) as caught:
        act()
    assert caught.value.hint
    return caught.value.fault


def results(outcome: Any) -> list[Result]:
    return [one.result for one in outcome.done]


def on_merge_request(stage: Stage, number: int, user: int) -> None:
    """The finding is on the open merge request !7, whose code is this user's."""
    with write_session(stage.engine) as writing:
        raise_sequence(writing, SHOP, 7)
        add_contributor(writing, SHOP, 7, user)
        add_presence(writing, number, FEATURE)


# --- deciding ---------------------------------------------------------------------------------------------------------


def test_a_triager_dismisses_many_at_once_and_every_one_holds(stage: Stage) -> None:
    outcome = stage.dismiss(ADA, 1, 2, 3)
    assert results(outcome) == [Result.HOLDS] * 3
    assert stage.suppressed() == {1, 2, 3}
    assert {event.batch for n in (1, 2, 3) for event in stage.history(n)} == {outcome.batch}
    assert stage.actions() == [Action.FINDING_DECIDED.value] * 3
    entry = stage.log()[0]
    assert (entry.actor, entry.person_id, entry.subject, entry.project_id) == ("ada", 1, "finding 1", SHOP)
    assert entry.details["before"] == "detected"
    assert entry.details["after"] == "dismissed"
    assert entry.details["justification"] == "false_positive"


def test_what_looks_like_a_token_in_a_reason_does_not_get_into_the_log(stage: Stage) -> None:
    stage.dismiss(ADA, 1, reason="see glpat-abcdefghij0123456789")
    assert "glpat" not in str(stage.log()[0].details)


HOLDS, REQUESTED, REFUSED, HIDDEN = "holds", "requested", "refused", "hidden"


@pytest.mark.parametrize(
    ("who", "dismissing", "confirming"),
    [
        (ADA, HOLDS, HOLDS),
        (LEAD, HOLDS, HOLDS),
        (ADMIN, HOLDS, HOLDS),
        (DEV, REQUESTED, REFUSED),
        (VIEWER, REFUSED, REFUSED),
        (AUDITOR, REFUSED, REFUSED),
        (STRANGER, HIDDEN, HIDDEN),
        (replace(ADA, limits=frozenset({Permission.READ})), REFUSED, REFUSED),
        (replace(ADA, limits=frozenset({Permission.REQUEST})), REQUESTED, REFUSED),
    ],
    ids=lambda value: value.actor if isinstance(value, Principal) else "",
)
def test_what_somebodys_word_is_worth(stage: Stage, who: Principal, dismissing: str, confirming: str) -> None:
    def word(outcome: Any) -> str:
        if outcome.refused:
            return HIDDEN if outcome.refused[0].fault is Fault.NOT_FOUND else REFUSED
        return str(outcome.done[0].result.value)

    assert word(stage.say(who, CONFIRMED, 1)) == confirming
    assert word(stage.dismiss(who, 2)) == dismissing
    assert (2 in stage.suppressed()) == (dismissing == HOLDS)


def test_a_request_holds_when_somebody_else_has_approved_it(stage: Stage) -> None:
    outcome = stage.dismiss(DEV, 1)
    (done,) = outcome.done
    assert (done.result, done.why, stage.suppressed()) == (Result.REQUESTED, Reason.ROLE, set())
    assert fault(lambda: stage.workflow.approve(DEV, done.suppression_id)) is Fault.FORBIDDEN
    approved = stage.workflow.approve(ADA, done.suppression_id, reason="agreed")
    assert (approved.approved_by, stage.suppressed()) == ("ada", {1})
    assert stage.actions()[-1] == "suppression.approved"


def test_where_the_policy_wants_two_even_an_admin_only_asks(stage: Stage) -> None:
    stage.second_person = SecondPerson.HIGH
    (done,) = stage.dismiss(ADMIN, 1).done
    assert (done.result, done.why) == (Result.REQUESTED, Reason.SECOND_PERSON)
    assert fault(lambda: stage.workflow.approve(ADMIN, done.suppression_id)) is Fault.FORBIDDEN
    stage.workflow.approve(ADA, done.suppression_id)
    assert stage.suppressed() == {1}


def test_who_wrote_the_code_only_asks_and_approves_nothing_of_it(stage: Stage) -> None:
    on_merge_request(stage, 1, user=1)
    mine, other = stage.dismiss(ADA, 1, 2).done
    assert (mine.result, mine.why, other.result) == (Result.REQUESTED, Reason.OWN_CODE, Result.HOLDS)
    on_merge_request(stage, 3, user=2)
    (asked,) = stage.dismiss(DEV, 3).done
    assert fault(lambda: stage.workflow.approve(GRACE, asked.suppression_id)) is Fault.FORBIDDEN
    # He wrote to the same merge request.
    assert fault(lambda: stage.workflow.approve(ADA, asked.suppression_id)) is Fault.FORBIDDEN
    stage.workflow.approve(LEAD, asked.suppression_id)


def test_who_asked_does_not_approve_under_another_name_nor_with_a_token(stage: Stage) -> None:
    (asked,) = stage.dismiss(ADA, 1, request=True).done
    assert (asked.result, asked.why) == (Result.REQUESTED, Reason.WISH)
    renamed = replace(ADA, actor="countess")
    token = replace(ADA, kind=Kind.TOKEN, actor="token 7 (ci)", gitlab_user_id=None, token_id=7)
    nobodys = person("token 8 (ci)", Role.TRIAGER, kind=Kind.TOKEN)
    for who in (ADA, renamed, token, nobodys):
        assert fault(partial(stage.workflow.approve, who, asked.suppression_id)) is Fault.FORBIDDEN
    assert stage.suppressed() == set()
    stage.workflow.approve(GRACE, asked.suppression_id)
    assert stage.suppressed() == {1}


def test_what_a_token_asked_for_its_owner_does_not_approve(stage: Stage) -> None:
    stage.second_person = SecondPerson.ALWAYS
    with write_session(stage.engine) as writing:
        row = {"id": 7, "name": "ci", "digest": b"x", "scopes": [], "project": "**", "created_by": "ada"}
        times = {"created_at": NOW, "expires_at": SOON, "person_id": 1}
        writing.execute(insert(table(ApiTokenRecord)), [row | times])
    token = person("token 7 (ci)", Role.TRIAGER, kind=Kind.TOKEN, token_id=7)
    (asked,) = stage.dismiss(token, 1).done
    assert fault(lambda: stage.workflow.approve(ADA, asked.suppression_id)) is Fault.FORBIDDEN


def test_the_same_again_changes_nothing_and_a_request_overrules_nothing(stage: Stage) -> None:
    stage.dismiss(ADA, 1)
    again = stage.dismiss(ADA, 1)
    assert (results(again), again.batch) == ([Result.UNCHANGED], None)
    assert results(stage.dismiss(DEV, 1)) == [Result.UNCHANGED]
    (asked,) = stage.dismiss(DEV, 2).done
    other = person("dev2", Role.DEVELOPER, number=33)
    (stands,) = stage.dismiss(other, 2, reason="me too").done
    assert (stands.result, stands.suppression_id) == (Result.UNCHANGED, asked.suppression_id)
    assert len(stage.actions()) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"justification": None},
        {"reason": "  "},
        {"expires_at": None},
        {"expires_at": NOW - timedelta(days=1)},
        {"reason": "x" * 9_000},
        {"state": CONFIRMED},
        {"state": CONFIRMED, "justification": None},
        {"state": DETECTED, "justification": None, "expires_at": None, "reason": ""},
    ],
)
def test_what_makes_no_sense_is_refused_as_a_whole(stage: Stage, wrong: dict[str, Any]) -> None:
    assert fault(lambda: stage.dismiss(ADA, 1, **wrong)) is Fault.INVALID
    assert (stage.history(), stage.log()) == ((), [])


def test_no_finding_and_too_many_are_refused(stage: Stage) -> None:
    assert fault(lambda: stage.dismiss(ADA)) is Fault.INVALID
    assert fault(lambda: stage.dismiss(ADA, *range(1, 1002))) is Fault.INVALID


def test_what_is_not_possible_for_one_finding_is_done_for_the_others(stage: Stage) -> None:
    outcome = stage.dismiss(ADA, 99, 1, 1001, 1)
    assert [one.finding_id for one in outcome.done] == [1]
    assert [(one.finding_id, one.fault) for one in outcome.refused] == [(99, Fault.NOT_FOUND), (1001, Fault.NOT_FOUND)]
    too_long = stage.dismiss(ADA, 2, expires_at=NOW + timedelta(days=5_000))
    assert [(one.finding_id, one.fault) for one in too_long.refused] == [(2, Fault.INVALID)]


def test_open_merge_requests_are_judged_again(stage: Stage) -> None:
    on_merge_request(stage, 1, user=99)
    assert stage.dismiss(ADA, 1, 2).judged_again == 1
    assert len(stage.queue.jobs) == 1


def test_a_thousand_take_as_many_statements_as_ten(stage: Stage) -> None:
    with write_session(stage.engine) as writing:
        for number in range(10, 1010):
            add_finding(writing, number) if number != 1001 else None
        desk.refresh(writing, range(10, 1010), seen=range(10, 1010))
    numbers = []
    for chosen in (range(10, 20), range(20, 1001)):
        with counted(stage.engine) as seen:
            outcome = stage.dismiss(ADA, *chosen)
        assert len(outcome.done) == len(chosen)
        numbers.append(len([one for one in seen if "staged_" not in one]))
        with counted(stage.engine) as seen:
            stage.workflow.undo(ADA, outcome.batch)
        numbers.append(len([one for one in seen if "staged_" not in one]))
    # Lists take another way for many rows; that is a table of its own and no query per row.
    assert numbers[2] <= numbers[0] + 6
    assert numbers[3] <= numbers[1] + 6
    assert max(numbers) < 45


# --- taking back ------------------------------------------------------------------------------------------------------


def test_what_was_decided_together_is_taken_back_together(stage: Stage) -> None:
    stage.say(ADA, CONFIRMED, 2, reason="it is true")
    batch = stage.dismiss(ADA, 1, 2).batch
    outcome = stage.workflow.undo(ADA, batch)
    assert results(outcome) == [Result.HOLDS] * 2
    assert (stage.state(1), stage.state(2), stage.suppressed()) == (DETECTED, CONFIRMED, set())
    assert stage.history(2)[-1].reason == "taken back: it is true"
    # Nothing is deleted: what was said and taken back both stay.
    assert [event.after for event in stage.history(1)] == [DISMISSED, DETECTED]
    assert stage.actions()[-2:] == ["finding.decision_undone"] * 2


def test_a_dismissal_that_was_replaced_comes_back_as_it_was(stage: Stage) -> None:
    stage.dismiss(ADA, 1, reason="first")
    batch = stage.say(GRACE, DETECTED, 1).batch
    assert stage.suppressed() == set()
    stage.workflow.undo(GRACE, batch)
    assert (stage.state(), stage.suppressed()) == (DISMISSED, {1})
    with session(stage.engine) as reading:
        living = [m for m in suppressions.of_finding(reading, 1) if m.standing(NOW) is Standing.IN_FORCE]
    assert [(made.created_by, made.reason, made.expires_at) for made in living] == [("ada", "first", SOON)]


def test_what_was_judged_since_is_not_taken_back_and_the_rest_is(stage: Stage) -> None:
    batch = stage.dismiss(ADA, 1, 2).batch
    stage.say(GRACE, CONFIRMED, 1)
    outcome = stage.workflow.undo(ADA, batch)
    assert [one.finding_id for one in outcome.done] == [2]
    assert [(one.finding_id, one.fault) for one in outcome.refused] == [(1, Fault.CONFLICT)]
    assert stage.state(1) is CONFIRMED


def test_nobody_takes_back_what_somebody_else_decided_nor_what_is_old(stage: Stage) -> None:
    batch = stage.dismiss(ADA, 1).batch
    assert [one.fault for one in stage.workflow.undo(GRACE, batch).refused] == [Fault.FORBIDDEN]
    assert fault(lambda: stage.workflow.undo(STRANGER, batch)) is Fault.NOT_FOUND
    assert fault(lambda: stage.workflow.undo(ADA, "nothing")) is Fault.NOT_FOUND
    assert fault(lambda: stage.workflow.undo(ADA, "")) is Fault.NOT_FOUND
    stage.clock[0] = NOW + timedelta(hours=25)
    assert [one.fault for one in stage.workflow.undo(ADA, batch).refused] == [Fault.CONFLICT]
    assert stage.suppressed() == {1}


def test_a_developer_takes_his_own_request_back(stage: Stage) -> None:
    batch = stage.dismiss(DEV, 1).batch
    assert results(stage.workflow.undo(DEV, batch)) == [Result.HOLDS]
    assert stage.state() is DETECTED


# --- exceptions -------------------------------------------------------------------------------------------------------


def test_a_refused_request_leaves_the_finding_as_it_was(stage: Stage) -> None:
    stage.say(ADA, CONFIRMED, 1)
    (asked,) = stage.dismiss(DEV, 1).done
    assert fault(lambda: stage.workflow.refuse(DEV, asked.suppression_id, reason="no")) is Fault.FORBIDDEN
    assert fault(lambda: stage.workflow.refuse(ADA, asked.suppression_id, reason=" ")) is Fault.INVALID
    refused = stage.workflow.refuse(ADA, asked.suppression_id, reason="it is reachable")
    assert (refused.revoked_by, stage.state()) == ("ada", CONFIRMED)
    assert stage.history()[-1].reason == "it is reachable"
    assert fault(lambda: stage.workflow.refuse(GRACE, asked.suppression_id, reason="no")) is Fault.INVALID
    assert stage.actions()[-1] == "suppression.refused"


def test_who_asked_takes_it_back_and_a_triager_ends_what_is_in_force(stage: Stage) -> None:
    (asked,) = stage.dismiss(DEV, 1).done
    stage.workflow.revoke(DEV, asked.suppression_id, reason="mended instead")
    assert stage.state() is DETECTED
    (made,) = stage.dismiss(ADA, 2).done
    with session(stage.engine) as reading:
        number = suppressions.of_finding(reading, 2)[0].id
    assert fault(lambda: stage.workflow.revoke(DEV, number, reason="no")) is Fault.FORBIDDEN
    assert fault(lambda: stage.workflow.revoke(STRANGER, number, reason="no")) is Fault.NOT_FOUND
    assert fault(lambda: stage.workflow.refuse(GRACE, number, reason="no")) is Fault.CONFLICT
    stage.workflow.revoke(GRACE, number, reason="not any more")
    assert (made.result, stage.state(2), stage.suppressed()) == (Result.HOLDS, DETECTED, set())


def wide(stage: Stage, who: Principal, **more: Any) -> Any:
    values: dict[str, Any] = {
        "project_id": SHOP,
        "scanner": "semgrep",
        "rule_id": "python.sql-injection",
        "justification": Justification.USED_IN_TESTS,
        "reason": "tests",
        "expires_at": SOON,
    }
    return stage.workflow.suppress(who, **{**values, **more})


def test_exceptions_for_rules_are_for_leads(stage: Stage) -> None:
    assert fault(lambda: wide(stage, ADA)) is Fault.FORBIDDEN
    assert fault(lambda: wide(stage, STRANGER)) is Fault.NOT_FOUND
    made = wide(stage, LEAD, path="tests/")
    assert (made.scope, made.created_by) == (Scope.RULE, "lead")
    project_lead = person("shoplead", Role.SECURITY_LEAD, number=44)
    assert fault(lambda: wide(stage, project_lead, project_id=None)) is Fault.FORBIDDEN
    assert wide(stage, LEAD, project_id=None).project_id is None
    assert fault(lambda: wide(stage, LEAD, advisory="CVE-2024-1")) is Fault.INVALID
    assert fault(lambda: wide(stage, LEAD, path="../x")) is Fault.INVALID
    assert fault(lambda: stage.workflow.revoke(ADA, made.id, reason="no")) is Fault.FORBIDDEN
    stage.workflow.revoke(project_lead, made.id, reason="enough")
    assert stage.actions() == ["suppression.made", "suppression.made", "suppression.revoked"]


# --- whose it is ------------------------------------------------------------------------------------------------------


def assignee(stage: Stage, number: int = 1) -> int | None:
    with session(stage.engine) as reading:
        return claims.held(reading, [number])[number].assignee_id


def test_a_finding_is_claimed_once(stage: Stage) -> None:
    assert results(stage.workflow.claim(ADA, [1])) == [Result.HOLDS]
    late = stage.workflow.claim(GRACE, [1, 2])
    assert [one.finding_id for one in late.done] == [2]
    assert [one.fault for one in late.refused] == [Fault.CONFLICT]
    assert results(stage.workflow.claim(ADA, [1])) == [Result.UNCHANGED]
    assert [one.fault for one in stage.workflow.claim(DEV, [3]).refused] == [Fault.FORBIDDEN]
    assert fault(lambda: stage.workflow.claim(person("token 1 (x)", Role.TRIAGER), [3])) is Fault.FORBIDDEN
    assert stage.actions() == ["finding.claimed"] * 2


def test_of_many_who_claim_at_once_one_wins(stage: Stage) -> None:
    people = [person(f"p{n}", Role.TRIAGER, number=100 + n) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda who: stage.workflow.claim(who, [1, 2, 3]), people))
    for number in (1, 2, 3):
        winners = [n for n, outcome in enumerate(outcomes) if number in outcome.changed]
        assert len(winners) == 1
        assert assignee(stage, number) == 100 + winners[0]
    assert len(stage.log()) == 3
    assert audit.verify(stage.engine).whole


def test_of_two_who_decide_at_once_both_words_stay_and_the_last_one_holds(stage: Stage) -> None:
    with ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(stage.dismiss, who, 1, 2, 3, reason=who.actor) for who in (ADA, GRACE, LEAD, ADMIN)]
        for task in tasks:
            task.result()
    for number in (1, 2, 3):
        with session(stage.engine) as reading:
            made = suppressions.of_finding(reading, number)
        living = [one for one in made if one.standing(NOW) is Standing.IN_FORCE]
        assert (len(made), len(living)) == (4, 1)
        assert living[0].reason == stage.history(number)[-1].reason
    assert len(stage.log()) == 12
    assert audit.verify(stage.engine).whole


def test_a_finding_is_given_to_somebody_who_sees_it(stage: Stage) -> None:
    blind = stage.workflow.assign(ADA, [1], 7)
    assert [one.fault for one in blind.refused] == [Fault.INVALID]
    assert fault(lambda: stage.workflow.assign(ADA, [1], 999)) is Fault.INVALID
    with write_session(stage.engine) as writing:
        set_members(writing, SHOP, {2: 40}, NOW)
    assert results(stage.workflow.assign(ADA, [1, 2], 2)) == [Result.HOLDS] * 2
    assert assignee(stage) == 2
    assert results(stage.workflow.assign(ADA, [1], None)) == [Result.HOLDS]
    assert assignee(stage) is None
    assert stage.actions() == ["finding.assigned", "finding.assigned", "finding.unassigned"]
    assert [entry.details for entry in stage.log()][-1] == {"before": 2, "after": None}


def test_findings_are_put_aside_for_a_time(stage: Stage) -> None:
    assert results(stage.workflow.snooze(ADA, [1, 2], SOON)) == [Result.HOLDS] * 2
    with session(stage.engine) as reading:
        assert claims.held(reading, [1])[1].snoozed_until == SOON
    assert fault(lambda: stage.workflow.snooze(ADA, [1], NOW - timedelta(days=1))) is Fault.INVALID
    assert fault(lambda: stage.workflow.snooze(ADA, [1], NOW + timedelta(days=91))) is Fault.INVALID
    stage.dismiss(ADA, 3)
    assert [one.fault for one in stage.workflow.snooze(ADA, [3], SOON).refused] == [Fault.CONFLICT]
    assert results(stage.workflow.snooze(ADA, [1, 3], None)) == [Result.HOLDS, Result.UNCHANGED]
    assert stage.actions() == ["finding.snoozed"] * 2 + ["finding.decided", "finding.woken"]


# --- what is written --------------------------------------------------------------------------------------------------


def test_comments_are_plain_text(stage: Stage) -> None:
    note = stage.workflow.comment(DEV, 1, "  <b>so</b>\x00\r\n\u202enext  ")
    assert note.text == "<b>so</b>\nnext"
    for text in ("", " \n ", "x" * 4_001, "x" * 100_000):
        assert fault(partial(stage.workflow.comment, DEV, 1, text)) is Fault.INVALID
    assert fault(lambda: stage.workflow.comment(VIEWER, 1, "x")) is Fault.FORBIDDEN
    assert fault(lambda: stage.workflow.comment(STRANGER, 1, "x")) is Fault.NOT_FOUND
    with session(stage.engine) as reading:
        assert finding_notes.of_finding(reading, 1) == (note,)
    assert stage.log()[0].details == {"comment": note.id}


def test_exposure_is_for_those_who_keep_the_project(stage: Stage) -> None:
    assert fault(lambda: stage.workflow.set_exposure(ADA, SHOP, Exposure.INTERNET)) is Fault.FORBIDDEN
    assert fault(lambda: stage.workflow.set_exposure(STRANGER, SHOP, Exposure.INTERNET)) is Fault.NOT_FOUND
    stage.workflow.set_exposure(LEAD, SHOP, Exposure.INTERNET)
    stage.workflow.set_exposure(LEAD, SHOP, Exposure.INTERNET)
    with session(stage.engine) as reading:
        profile = project_profiles.get(reading, SHOP)
        assert project_profiles.get(reading, BANK) is None
    assert profile is not None
    assert (profile.exposure, profile.changed_by) == (Exposure.INTERNET, "lead")
    assert [entry.details for entry in stage.log()] == [{"before": "unknown", "after": "internet"}]


def happened(stage: Stage, project: int = SHOP, subject: str = "a status") -> int:
    with write_session(stage.engine) as writing:
        incidents.report(writing, Incident(project, IncidentKind.FORGED_STATUS, subject, actor="mallory"), NOW)
    with session(stage.engine) as reading:
        return incidents.page(reading, project_id=project, limit=1)[0].id


def test_an_incident_is_closed_by_those_who_keep_the_project_and_with_a_reason(stage: Stage) -> None:
    number, elsewhere = happened(stage), happened(stage, BANK)
    close = stage.workflow.close_incident
    for who in (ADA, GRACE, DEV, VIEWER, AUDITOR):
        assert fault(partial(close, who, number, reason="looked at")) is Fault.FORBIDDEN
    assert fault(lambda: close(STRANGER, number, reason="looked at")) is Fault.NOT_FOUND
    assert fault(lambda: close(ADA, elsewhere, reason="looked at")) is Fault.NOT_FOUND
    assert fault(lambda: close(LEAD, 999, reason="looked at")) is Fault.NOT_FOUND
    for reason in ("", "  \u200b ", "x" * 2_001):
        assert fault(partial(close, LEAD, number, reason=reason)) is Fault.INVALID
    assert stage.log() == []
    closed = close(LEAD, number, reason="a test of ours; glpat-abcdefghijklmnopqrst", address="192.0.2.7")
    assert (closed.closed_by, closed.closed_at) == ("lead", NOW)
    with session(stage.engine) as reading:
        assert incidents.get(reading, number) == closed
    (entry,) = stage.log()
    assert (entry.action, entry.subject, entry.project_id) == ("project.incident_closed", f"incident {number}", SHOP)
    assert (entry.person_id, entry.address, entry.details["kind"]) == (5, "192.0.2.7", "forged_status")
    assert "glpat-" not in entry.details["reason"]


def test_a_closed_incident_is_not_closed_again_until_it_comes_back(stage: Stage) -> None:
    number = happened(stage)
    stage.workflow.close_incident(LEAD, number, reason="looked at")
    assert fault(lambda: stage.workflow.close_incident(ADMIN, number, reason="me too")) is Fault.CONFLICT
    with write_session(stage.engine) as writing:
        again = Incident(SHOP, IncidentKind.FORGED_STATUS, "a status", actor="mallory")
        assert incidents.report(writing, again, NOW + timedelta(hours=1))
    stage.clock[0] = NOW + timedelta(hours=2)
    stage.workflow.close_incident(ADMIN, number, reason="and again")
    assert stage.actions() == ["project.incident_closed"] * 2


def test_of_several_who_close_one_incident_one_does(stage: Stage) -> None:
    number = happened(stage)
    with ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(stage.workflow.close_incident, who, number, reason=who.actor) for who in (LEAD, ADMIN) * 2]
    assert sorted(task.exception() is None for task in tasks) == [False, False, False, True]
    assert stage.actions() == ["project.incident_closed"]


def test_a_judgement_is_kept_from_being_made_by_what_its_caller_finds_out_in_time(stage: Stage) -> None:
    class Changed(Exception):
        pass

    def still(reading: object) -> None:
        assert isinstance(reading, Session)
        raise Changed

    with pytest.raises(Changed):
        stage.workflow.decide(ADA, [1], state=CONFIRMED, reason="so", still=still)
    assert (stage.state(1), stage.log()) == (DETECTED, [])
    stage.workflow.decide(ADA, [1], state=CONFIRMED, reason="so", still=lambda _: None)
    assert stage.state(1) is CONFIRMED


def test_views_are_kept_by_name(stage: Stage) -> None:
    first = stage.workflow.save_view(ADA, " My  view ", "?standing=undecided")
    assert (first.name, first.query) == ("My view", "standing=undecided")
    shared = stage.workflow.save_view(ADA, "team", "kev=1", shared=True)
    stage.workflow.save_view(ADA, "My view", "kev=0")
    assert [(one.name, one.query) for one in stage.workflow.views(ADA)] == [("My view", "kev=0"), ("team", "kev=1")]
    assert stage.workflow.views(GRACE) == (shared,)
    assert fault(lambda: stage.workflow.delete_view(GRACE, first.id)) is Fault.NOT_FOUND
    assert fault(lambda: stage.workflow.delete_view(GRACE, shared.id)) is Fault.FORBIDDEN
    stage.workflow.delete_view(ADMIN, shared.id)
    assert stage.workflow.views(GRACE) == ()
    for name, query in (("", "x=1"), ("x" * 101, "x=1"), ("x", "a\nb"), ("x", "x" * 5_000)):
        assert fault(partial(stage.workflow.save_view, ADA, name, query)) is Fault.INVALID


# --- issues -----------------------------------------------------------------------------------------------------------


class FakeGitLab:
    """Keeps the issues that are made."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self.made: list[tuple[int, str, str, bool]] = []
        self.away = False

    def issues_by(self, _project_id: int, _author_id: int) -> list[Issue]:
        return self.issues

    def create_issue(self, project_id: int, title: str, description: str, *, confidential: bool) -> Issue:
        if self.away:
            raise Forbidden("issues are switched off", "Switch them on.")
        self.made.append((project_id, title, description, confidential))
        self.issues.append(Issue(len(self.issues) + 1, f"https://gitlab/i/{len(self.issues) + 1}", description, 9))
        return self.issues[-1]


@pytest.fixture
def gitlab(stage: Stage) -> FakeGitLab:
    made = FakeGitLab()
    stage.services.gitlab = made  # type: ignore[assignment]
    stage.services.bot_user = BotUser(9, "warden", "Warden")
    return made


def test_an_issue_is_made_once_and_confidential(stage: Stage, gitlab: FakeGitLab) -> None:
    first = stage.workflow.make_issue(ADA, 1)
    second = stage.workflow.make_issue(GRACE, 1)
    assert (first.made, second.made, second.url, second.title) == (True, False, first.url, first.title)
    ((project, _, text, confidential),) = gitlab.made
    assert (project, confidential) == (SHOP, True)
    assert "`#1`" in text
    assert stage.actions() == ["finding.issue_made"]
    # GitLab made it and we did not hear of it: it is known by its marker.
    with write_session(stage.engine) as writing:
        writing.execute(delete(table(FindingNoteRecord)))
    assert stage.workflow.make_issue(ADA, 1).url == first.url
    assert len(gitlab.made) == 1


def test_an_issue_obeys_nobody(stage: Stage, gitlab: FakeGitLab) -> None:
    hostile = "/close\n@all <!-- mergewarden:v1 kind=finding fp=x d=0123456789abcdef --> #1 !2 ![x](http://evil)"
    with write_session(stage.engine) as writing:
        add_finding(writing, 50, replace(SAST, rule_id="no.such.rule", title=hostile, message=hostile))
        add_presence(writing, 50)
    stage.workflow.make_issue(ADA, 50)
    ((_, title, text, _),) = gitlab.made
    assert "\n" not in title
    assert "@all" not in title + text
    assert not any(line.startswith("/") for line in text.splitlines())
    assert text.count("<!--") == 1
    assert parse(text)[1] is not None


def test_who_may_not_makes_no_issue_and_where_gitlab_refuses_nothing_is_kept(stage: Stage, gitlab: FakeGitLab) -> None:
    assert fault(lambda: stage.workflow.make_issue(DEV, 1)) is Fault.FORBIDDEN
    assert fault(lambda: stage.workflow.make_issue(STRANGER, 1)) is Fault.NOT_FOUND
    assert fault(lambda: stage.workflow.make_issue(ADA, 99)) is Fault.NOT_FOUND
    gitlab.away = True
    assert fault(lambda: stage.workflow.make_issue(ADA, 1)) is Fault.UNAVAILABLE
    assert (gitlab.made, stage.log()) == ([], [])


# --- jobs -------------------------------------------------------------------------------------------------------------


def job(stage: Stage, kind: str, *arguments: Any, state: JobState = JobState.FAILED, **more: Any) -> str:
    name = f"{kind}:1"
    values: dict[str, Any] = {"queue": "merge-requests", "project_id": SHOP, "iid": None, "created_at": NOW}
    values |= {"started_at": None, "ended_at": None, "executor": "", "attempts": 1, "error": ""} | more
    stage.queue.known[name] = (SeenJob(id=name, kind=kind, state=state, **values), arguments)
    return name


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("scan_merge_request", (SHOP, 7, 3, "pushed")),
        ("sync_merge_request", (SHOP, 7, 3, "decided")),
        ("close_merge_request", (SHOP, 7, True)),
        ("scan_branch", (SHOP, "main", "")),
        ("import_reports", (SHOP, 9, "a" * 40, "main", 0, "0" * 16)),
        ("handle_note", (SHOP, 7, 5, "a" * 64)),
        ("run_merge_queue", (SHOP, "main")),
        ("verify_branch", (SHOP, "main", False)),
        ("check_project", (SHOP,)),
        ("forget_project", (SHOP,)),
    ],
)
def test_a_failed_job_is_asked_for_again(stage: Stage, kind: str, arguments: tuple[Any, ...]) -> None:
    with write_session(stage.engine) as writing:
        raise_sequence(writing, SHOP, 7)
    name = job(stage, kind, *arguments)
    made = stage.workflow.retry_job(LEAD, name)
    assert [(one.id, one.name) for one in stage.queue.jobs] == [(made, kind)]
    assert made != name
    assert stage.workflow.retry_job(LEAD, name) != made
    assert stage.actions() == ["job.retried"] * 2


def test_a_job_that_is_unknown_hidden_or_well_is_not_started_again(stage: Stage) -> None:
    assert fault(lambda: stage.workflow.retry_job(LEAD, "nothing")) is Fault.NOT_FOUND
    assert fault(lambda: stage.workflow.retry_job(ADA, job(stage, "check_project", SHOP))) is Fault.FORBIDDEN
    hidden = job(stage, "check_project", 99, project_id=99)
    assert fault(lambda: stage.workflow.retry_job(LEAD, hidden)) is Fault.NOT_FOUND
    for state in (JobState.DONE, JobState.RUNNING, JobState.WAITING):
        well = job(stage, "check_project", SHOP, state=state)
        assert fault(partial(stage.workflow.retry_job, LEAD, well)) is Fault.CONFLICT
    for kind, arguments in (("scan_branch", ()), ("strange", ()), ("scan_branch", (SHOP, "", "x"))):
        unread = job(stage, kind, *arguments)
        assert fault(partial(stage.workflow.retry_job, LEAD, unread)) is Fault.CONFLICT
    gone = job(stage, "sync_merge_request", SHOP, 77, 1, "decided")
    assert fault(lambda: stage.workflow.retry_job(LEAD, gone)) is Fault.CONFLICT
    assert (stage.queue.jobs, stage.log()) == ([], [])


@pytest.fixture(autouse=True)
def _nothing_left(stage: Stage) -> Iterator[None]:
    yield
    assert audit.verify(stage.engine).whole
