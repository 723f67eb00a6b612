"""What the jobs do to a merge request: once, again, late, and for the wrong head."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.domain.job import CloseMergeRequest, ForgetProject, ScanMergeRequest, ScanReason
from bot.pipeline.reconcile import reconcile
from bot.store import audit, clearances, heads
from bot.store.engine import session, write_session
from bot.store.statements import table
from bot.store.tables import MergeRequestRecord
from tests.pipeline.workshop import Workshop
from tests.standin import Fault
from tests.standin.faults import BAD_GATEWAY

FLAGGED = {"a.py": "flag\n"}


@pytest.mark.parametrize("reason", [ScanReason.RECONCILED, ScanReason.REOPENED, ScanReason.REQUESTED])
def test_second_scan_of_the_same_writes_nothing(workshop: Workshop, reason: ScanReason) -> None:
    request = workshop.open(FLAGGED)
    assert workshop.scan(request) == "failed"
    workshop.gitlab.clear_log()
    assert workshop.scan(request, reason) == "failed"
    assert workshop.sync(request) == "failed"
    assert workshop.gitlab.writes() == []


def test_repeated_announcement_of_a_push_is_no_job(workshop: Workshop) -> None:
    request = workshop.open(FLAGGED)
    job = ScanMergeRequest(request.project.id, request.iid, request.head_sha, ScanReason.PUSHED)
    first = workshop.submit(job)
    assert len(first) == 1
    assert workshop.submit(job) == []
    workshop.outcome(first)


def test_newer_push_replaces_what_waits(workshop: Workshop) -> None:
    request = workshop.open(FLAGGED)
    jobs = [
        workshop.submit(ScanMergeRequest(request.project.id, request.iid, None, ScanReason.REQUESTED)) for _ in range(4)
    ]
    assert [workshop.outcome(job) for job in jobs] == ["superseded"] * 3 + ["failed"]
    assert workshop.shown(request) == ("failed", 1, 1, 1)


def test_closed_merge_request_stops_what_runs(workshop: Workshop) -> None:
    request = workshop.open({"a.py": "hang\n"})
    job = workshop.submit(ScanMergeRequest(request.project.id, request.iid, request.head_sha, ScanReason.OPENED))
    workshop.gitlab.wait_for_status(request, "running")
    workshop.gitlab.close(request)
    workshop.submit(CloseMergeRequest(request.project.id, request.iid, merged=False))
    assert workshop.outcome(job) == "superseded"
    assert workshop.threads(request) == []


@pytest.mark.parametrize("merged", [False, True], ids=["closed", "merged"])
def test_an_end_that_nobody_announced_is_found_by_whoever_looks_next(workshop: Workshop, merged: bool) -> None:
    """Otherwise what was cleared stays cleared, and the merge request is looked at every night for ever."""
    request = workshop.open({"a.py": "fine\n"})
    project = request.project.id
    assert workshop.scan(request) == "passed"
    with session(workshop.services.store) as reading:
        assert clearances.standing(reading, project, request.iid) != ()
    if merged:
        workshop.gitlab.merge(request, by=workshop.grace)
    else:
        workshop.gitlab.close(request)
    assert workshop.sync(request) == "superseded"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with session(workshop.services.store) as reading:
            head, standing = heads.get_head(reading, project, request.iid), clearances.standing(reading, project, 1)
        if standing == ():
            break
        time.sleep(0.05)
    assert standing == ()
    assert head is not None
    assert head.state is (heads.HeadState.MERGED if merged else heads.HeadState.CLOSED)
    assert workshop.sync(request) in ("superseded", "never_scanned")


def test_verdict_on_one_target_is_not_shown_for_another(workshop: Workshop) -> None:
    """A branch that is clean against a target with the same weakness is not clean against the real one."""
    project = workshop.project()
    workshop.gitlab.commit(project, "weak", FLAGGED, author=workshop.ada)
    workshop.gitlab.commit(project, "feature", {"b.py": "fine\n"}, author=workshop.ada, start="weak")
    request = workshop.gitlab.open_merge_request(project, "feature", author=workshop.ada, target_branch="weak")
    assert workshop.scan(request) == "passed"

    workshop.gitlab.retarget(request, "main")
    # The scan for the new target cannot be done, and then something asks to bring things in line.
    workshop.gitlab.faults.add("GET", r"/info/refs$", status=403, times=1000)
    assert workshop.scan(request, ScanReason.RETARGETED) == "not_assessed"
    assert workshop.state(request) == "failed"
    workshop.gitlab.faults.clear()
    workshop.sync(request)
    assert workshop.state(request) == "failed"
    assert workshop.scan(request) == "failed"
    assert len(workshop.threads(request)) == 1


def test_failed_scan_is_red_on_a_pipeline_that_begins_later(workshop: Workshop) -> None:
    project = workshop.project()
    workshop.gitlab.settings(project, only_allow_merge_if_pipeline_succeeds=True)
    request = workshop.open({"README.md": "More.\n"}, project)
    workshop.gitlab.faults.add("GET", r"/info/refs$", status=403, times=1000)
    assert workshop.scan(request) == "not_assessed"
    workshop.gitlab.run_pipeline(request, "merge_request")
    assert workshop.gitlab.merge_status(request) == "mergeable"
    workshop.sync(request)
    assert workshop.gitlab.merge_status(request) == "ci_must_pass"


def test_scan_that_was_given_up_twice_says_it_once(workshop: Workshop) -> None:
    request = workshop.open(FLAGGED)
    workshop.gitlab.faults.add("GET", r"/info/refs$", status=403, times=1000)
    assert workshop.scan(request) == "not_assessed"
    workshop.gitlab.clear_log()
    assert workshop.scan(request, ScanReason.RECONCILED) == "not_assessed"
    assert workshop.gitlab.writes() == []
    assert workshop.shown(request) == ("failed", 0, 0, 1)


def test_threads_stay_open_when_nobody_looked(workshop: Workshop) -> None:
    project = workshop.project()
    request = workshop.open(FLAGGED, project)
    assert workshop.scan(request) == "failed"
    workshop.gitlab.commit(project, "feature", {"a.py": "crash\n"}, author=workshop.ada)
    assert workshop.scan(request) == "not_assessed"
    assert workshop.shown(request) == ("failed", 1, 1, 1)
    workshop.gitlab.commit(project, "feature", {"a.py": "fine\n"}, author=workshop.ada)
    assert workshop.scan(request) == "passed"
    assert workshop.shown(request) == ("success", 1, 0, 1)


def test_mirror_that_is_gone_is_made_again_for_a_sync(workshop: Workshop) -> None:
    """As on another host, which never scanned this project."""
    request = workshop.open(FLAGGED)
    assert workshop.scan(request) == "failed"
    shutil.rmtree(workshop.folder / "data" / "mirrors" / str(request.project.id))
    workshop.gitlab.run_pipeline(request, "merge_request")
    assert workshop.sync(request) == "failed"
    assert workshop.shown(request) == ("failed", 1, 1, 1)


def test_reconciler_finds_what_no_delivery_announced_and_leaves_the_rest_alone(workshop: Workshop) -> None:
    _nothing_else_is_open(workshop)
    request = workshop.open(FLAGGED)
    reconcile(workshop.services, workshop.queue)
    workshop.gitlab.wait_for_status(request, "failed")
    # Its job has to end before it is asked for again.
    deadline = time.monotonic() + 10
    while _scanned(workshop, request.project.id) != request.head_sha and time.monotonic() < deadline:
        time.sleep(0.02)
    assert reconcile(workshop.services, workshop.queue) == 0


def test_the_reconciler_lets_a_long_scan_come_to_its_end(workshop: Workshop) -> None:
    """A newer job would end it and begin anew, and so for ever."""
    _nothing_else_is_open(workshop)
    request = workshop.open({"a.py": "hang\n"})
    job = workshop.submit(ScanMergeRequest(request.project.id, request.iid, request.head_sha, ScanReason.OPENED))
    workshop.gitlab.wait_for_status(request, "running")
    _age(workshop)
    assert reconcile(workshop.services, workshop.queue) == 0
    # Not so for another commit, of which no event came.
    workshop.gitlab.commit(request.project, "feature", {"a.py": "fine\n"}, author=workshop.ada)
    assert reconcile(workshop.services, workshop.queue) == 1
    assert workshop.outcome(job) == "superseded"
    workshop.gitlab.wait_for_status(request, "success")


@pytest.mark.parametrize("merged", [False, True], ids=["closed", "merged"])
def test_the_reconciler_finds_an_end_that_nobody_announced(workshop: Workshop, merged: bool) -> None:
    _nothing_else_is_open(workshop)
    project = workshop.project()
    request, other = workshop.open({"a.py": "fine\n"}, project), None
    workshop.gitlab.commit(project, "other", {"b.py": "fine\n"}, author=workshop.ada, start="main")
    other = workshop.gitlab.open_merge_request(project, "other", author=workshop.ada)
    for one in (request, other):
        assert workshop.scan(one) == "passed"
    if merged:
        workshop.gitlab.merge(request, by=workshop.grace)
    else:
        workshop.gitlab.close(request)
    assert reconcile(workshop.services, workshop.queue) == 0, "it may be newer than the list"
    _age(workshop)
    assert reconcile(workshop.services, workshop.queue) == 1
    workshop.settle()
    with session(workshop.services.store) as reading:
        head = heads.get_head(reading, project.id, request.iid)
        assert clearances.standing(reading, project.id, request.iid) == ()
        assert clearances.standing(reading, project.id, other.iid) != ()
    assert head is not None
    assert head.state is (heads.HeadState.MERGED if merged else heads.HeadState.CLOSED)


def test_a_verdict_that_could_not_be_renewed_does_not_stay(workshop: Workshop) -> None:
    """GitLab is away for longer than a job waits: nothing is cleared, and the merge request is looked at again."""
    _nothing_else_is_open(workshop)
    request = workshop.open({"a.py": "fine\n"})
    assert workshop.scan(request) == "passed"
    workshop.gitlab.faults.add("GET", r"/merge_requests/\d+$", Fault(BAD_GATEWAY), times=1000)
    assert workshop.sync(request) == "Unavailable"
    with session(workshop.services.store) as reading:
        assert clearances.standing(reading, request.project.id, request.iid) == ()
    workshop.gitlab.faults.clear()
    _age(workshop)
    assert reconcile(workshop.services, workshop.queue) == 1
    workshop.settle()
    with session(workshop.services.store) as reading:
        assert clearances.standing(reading, request.project.id, request.iid) != ()


def test_deleted_project_is_forgotten(workshop: Workshop) -> None:
    request = workshop.open(FLAGGED)
    workshop.scan(request)
    mirror = workshop.folder / "data" / "mirrors" / str(request.project.id)
    assert mirror.exists()
    assert workshop.outcome(workshop.submit(ForgetProject(request.project.id))) == "forgotten"
    with session(workshop.services.store) as reading:
        entries = [one for one in audit.stream(reading) if one.project_id == request.project.id]
    assert [(one.action, one.details["path"]) for one in entries] == [("project.forgotten", request.project.path)]
    assert not mirror.exists()
    assert _scanned(workshop, request.project.id) is None


def _nothing_else_is_open(workshop: Workshop) -> None:
    for project in workshop.gitlab.world.projects.values():
        for other in project.merge_requests.values():
            other.state = "closed"


def _age(workshop: Workshop) -> None:
    """As if whatever happened had happened an hour ago."""
    with write_session(workshop.services.store) as writing:
        writing.execute(update(table(MergeRequestRecord)).values(updated_at=datetime.now(UTC) - timedelta(hours=1)))


def _scanned(workshop: Workshop, project_id: int) -> str | None:
    with session(workshop.services.store) as reading:
        head = heads.get_head(reading, project_id, 1)
    return head.scanned_head if head else None


def test_failed_mark_is_refused_for_an_older_job(workshop: Workshop) -> None:
    request = workshop.open(FLAGGED)
    workshop.scan(request)
    with write_session(workshop.services.store) as writing:
        assert not heads.mark_failed(writing, request.project.id, request.iid, sequence=99, scan_id="x")
    assert _scanned(workshop, request.project.id) == request.head_sha
