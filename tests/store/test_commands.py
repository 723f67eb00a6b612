"""What is kept of commands, confirmations and requests; which merge requests a decision concerns. On both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert, update
from sqlalchemy.orm import Session

from bot.domain.command import Result
from bot.domain.suppression import Scope
from bot.pipeline.decisions import affected_merge_requests
from bot.store import commands, confirmations, heads, requests, scans, suppressions
from bot.store.commands import HandledNote
from bot.store.confirmations import Confirmation
from bot.store.engine import write_session
from bot.store.heads import HeadState
from bot.store.requests import ExceptionRequest
from bot.store.statements import table
from bot.store.tables import ScanFindingRecord, TrackedRefRecord
from tests.store.known import (
    BANK,
    FEATURE,
    MAIN,
    SHOP,
    accepted,
    add_finding,
    add_presence,
    add_projects,
    add_refs,
    add_word,
)
from tests.store.samples import DEPENDENCY, NOON, REPORT, SAST

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@pytest.fixture
def opened(engine: Engine) -> Iterator[Session]:
    """A write session with finding 1 on merge request 7 of the shop."""
    with write_session(engine) as made:
        add_projects(made)
        add_refs(made)
        add_finding(made, 1)
        add_presence(made, 1, FEATURE)
        heads.raise_sequence(made, SHOP, 7, head_sha="b" * 40, target_branch="main")
        yield made


def handled(note_id: int = 31, **more: object) -> HandledNote:
    made = HandledNote(SHOP, 7, note_id, "d" * 40, 4, "ada", "fp", Result.REQUESTED, "waits", False, NOON)
    return replace(made, **more)  # type: ignore[arg-type]


def test_a_note_is_kept_once_and_answered_once(opened: Session) -> None:
    assert commands.get(opened, SHOP, 31) is None
    assert commands.record(opened, handled(result=Result.IGNORED, answer=""))
    assert not commands.record(opened, handled(actor="eve"))
    commands.conclude(opened, SHOP, 31, verb="fp" * 40, result=Result.REQUESTED, answer="waits")
    assert commands.get(opened, SHOP, 31) == handled(verb="fp" * 20)
    assert commands.known_notes(opened, SHOP, 7) == frozenset()
    commands.mark_answered(opened, SHOP, 31)
    assert commands.known_notes(opened, SHOP, 7) == {31}
    assert commands.known_notes(opened, SHOP, 8) == commands.known_notes(opened, BANK, 7) == frozenset()
    # Numbers of notes are GitLab's, and the same in no two projects; should they be, nothing is mixed up.
    assert commands.record(opened, handled(project_id=BANK))
    commands.forget_project(opened, SHOP)
    assert commands.get(opened, SHOP, 31) is None
    assert commands.get(opened, BANK, 31) is not None


def scanned(opened: Session, scan_id: str, fingerprint: str, number: int | None, *, iid: int = 7) -> None:
    subject = replace(REPORT.subject, merge_request_iid=iid)
    item = replace(REPORT.tracked[0], finding=replace(SAST, fingerprint=fingerprint), number=number)
    scans.record_scan(opened, replace(REPORT, subject=subject, tracked=(item,)), project_id=SHOP, scan_id=scan_id)


def test_a_thread_is_about_the_finding_that_a_scan_of_its_merge_request_had(opened: Session) -> None:
    odd = "a fingerprint -- with spaces"

    def key_of(fingerprint: str) -> str:
        return "xdigest" if fingerprint == odd else fingerprint

    def found(key: str, iid: int = 7) -> int | None:
        return commands.finding_of_thread(opened, SHOP, iid, key, key_of)

    scanned(opened, "first", "abc", 1)
    scanned(opened, "other", "def", 2, iid=8)
    scanned(opened, "unnumbered", "ghi", None)
    assert (found("abc"), found("def"), found("ghi"), found("abc", 8), found("xdigest")) == (1, None, None, None, None)
    # The fingerprint changed with the code, and the thread of the code before stays.
    scanned(opened, "second", odd, 1)
    heads.mark_scanned(opened, SHOP, 7, sequence=1, scan_id="second", head_sha="b" * 40, base_sha=None)
    assert (found("abc"), found("xdigest")) == (1, 1)
    times = commands.last_scan_times(opened, SHOP, 7)
    assert times is not None
    assert times.started_at == REPORT.started_at
    assert times.recorded_at > times.started_at
    assert commands.last_scan_times(opened, SHOP, 8) is None
    opened.execute(update(table(ScanFindingRecord)).values(finding_id=9))
    assert found("abc") == 9


def test_a_confirmation_is_about_one_code_and_one_edit_and_the_last_counts(opened: Session) -> None:
    first = Confirmation(1, "hash", NOON, "grace", 5, "", NOW)
    second = replace(first, code="other", code_edited_at=None, reason="looked")
    confirmations.confirm(opened, SHOP, 7, first)
    assert confirmations.confirmed_on(opened, SHOP, 7) == {1: first}
    confirmations.confirm(opened, SHOP, 7, second)
    assert confirmations.confirmed_on(opened, SHOP, 7) == {1: second}
    assert confirmations.confirmed_on(opened, SHOP, 8) == {}
    assert first.fits("hash", NOON)
    assert not first.fits("hash", NOON + DAY)
    assert not first.fits("hash", None)
    assert not first.fits("other", NOON)
    assert not replace(first, code="").fits("", NOON)
    assert confirmations.withdraw(opened, SHOP, 8, 1) == 0
    assert confirmations.withdraw(opened, SHOP, 7, 1) == 2
    assert confirmations.confirmed_on(opened, SHOP, 7) == {}
    confirmations.confirm(opened, SHOP, 7, first)
    confirmations.forget_project(opened, BANK)
    assert confirmations.confirmed_on(opened, SHOP, 7) == {1: first}
    confirmations.forget_project(opened, SHOP)
    assert confirmations.confirmed_on(opened, SHOP, 7) == {}


def test_where_an_exception_was_asked_for_is_kept_once(opened: Session) -> None:
    made = suppressions.create(opened, accepted())
    asked = ExceptionRequest(made.id, SHOP, 7, "d" * 40, 4)
    requests.add_request(opened, asked)
    requests.add_request(opened, replace(asked, iid=8))
    assert requests.requests_of(opened, [made.id, 99]) == {made.id: asked}


def test_people_are_to_be_reminded_of_what_is_in_force_ends_soon_and_was_not_said(opened: Session) -> None:
    soon, late = NOW + 5 * DAY, NOW + 50 * DAY
    due = suppressions.create(opened, accepted(expires_at=soon))
    suppressions.create(opened, accepted(expires_at=late))
    suppressions.create(opened, accepted(expires_at=NOW - DAY))
    suppressions.create(opened, accepted(expires_at=soon, needs_approval=True))
    suppressions.create(opened, accepted(expires_at=soon, revoked_by="eve", revoked_at=NOW))
    suppressions.create(
        opened, accepted(None, scope=Scope.RULE, project_id=None, scanner="s", rule_id="r", expires_at=soon)
    )
    told = suppressions.create(opened, accepted(expires_at=soon))
    requests.add_reminder(opened, told.id, NOW, "https://gitlab.example/1")
    requests.add_reminder(opened, told.id, NOW, "https://gitlab.example/2")
    assert requests.due_reminders(opened, NOW + 10 * DAY) == (due,)
    assert requests.reminded(opened, told.id) == "https://gitlab.example/1"
    assert requests.reminded(opened, due.id) is None


def test_a_decision_about_a_finding_concerns_the_open_merge_requests_that_have_it(opened: Session) -> None:
    opened.execute(
        insert(table(TrackedRefRecord)),
        [
            {"id": 10 + iid, "project_id": SHOP, "key": f"m{iid}", "name": f"!{iid}", "merge_request_iid": iid}
            | {"target": "main", "is_default": False, "updated_at": NOON}
            for iid in (8, 9, 10)
        ],
    )
    add_presence(opened, 1, MAIN)
    add_presence(opened, 1, 18)
    add_presence(opened, 1, 19, gone_at=NOON)
    add_presence(opened, 1, 20)
    for iid in (8, 9, 10):
        heads.raise_sequence(opened, SHOP, iid)
    heads.close_head(opened, SHOP, 10, HeadState.MERGED)
    assert affected_merge_requests(opened, 1) == ((SHOP, 7), (SHOP, 8))
    assert affected_merge_requests(opened, 2) == ()
    assert affected_merge_requests(opened, accepted()) == ((SHOP, 7), (SHOP, 8))


@pytest.mark.parametrize(
    ("project_id", "rule_id", "concerned"),
    [
        (SHOP, "python.sql-injection", True),
        (None, "python.sql-injection", True),
        (BANK, "python.sql-injection", False),
        (SHOP, "other", False),
    ],
)
def test_a_decision_about_a_rule_concerns_those_where_it_is_seen(
    opened: Session, project_id: int | None, rule_id: str, concerned: bool
) -> None:
    add_word(opened, 1, 1)
    add_word(opened, 1, 2)
    made = accepted(None, scope=Scope.RULE, project_id=project_id, scanner="semgrep", rule_id=rule_id)
    assert affected_merge_requests(opened, made) == (((SHOP, 7),) if concerned else ())


@pytest.mark.parametrize("name", ["first", "rule", "unknown"])
def test_a_decision_about_an_advisory_concerns_those_with_the_package(opened: Session, name: str) -> None:
    add_finding(opened, 2, DEPENDENCY)
    add_presence(opened, 2, FEATURE)
    dependency = DEPENDENCY.dependency
    assert dependency is not None
    advisory = {"first": dependency.advisory_ids[-1].lower(), "rule": DEPENDENCY.rule_id, "unknown": "CVE-1-1"}[name]
    made = accepted(None, scope=Scope.ADVISORY, project_id=None, advisory=advisory)
    assert affected_merge_requests(opened, made) == (() if name == "unknown" else ((SHOP, 7),))
