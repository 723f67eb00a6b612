"""Which event leads to which job: the whole table."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.command import text_digest
from bot.domain.job import (
    CloseMergeRequest,
    ForgetProject,
    HandleNote,
    ImportReports,
    JobRequest,
    ScanBranch,
    ScanMergeRequest,
    ScanReason,
    SyncCommit,
    SyncMergeRequest,
    SyncReason,
    VerifyBranch,
)
from bot.gitlab.dispatch import jobs_for
from bot.gitlab.events import Ignored, parse_event
from tests.web.fakes import all_bodies, body_of

HEAD = "c07d5e2f81946ab3d0e75c18f29b4a6673e1d80c"
MERGE_REQUEST_END, BRANCH_END = "90553cddfb665581", "e27b5ef5f9773b41"
"""What tells one end of the pipelines from another."""
BOT = 5
ACTOR = 87


def scan(reason: ScanReason, actor: int | None = None) -> JobRequest:
    return ScanMergeRequest(412, 27, HEAD, reason, actor)


def pushed(branch: str, head: str = HEAD) -> tuple[JobRequest, ...]:
    return VerifyBranch(412, branch), ScanBranch(412, branch, head)


TABLE: dict[str, tuple[JobRequest, ...]] = {
    "merge_request_open": (scan(ScanReason.OPENED, ACTOR),),
    "merge_request_open_from_fork": (scan(ScanReason.OPENED, ACTOR),),
    "merge_request_open_fork_gone": (scan(ScanReason.OPENED, ACTOR),),
    "merge_request_open_to_release_branch": (scan(ScanReason.OPENED, ACTOR),),
    "merge_request_reopen": (scan(ScanReason.REOPENED),),
    "merge_request_update_push": (scan(ScanReason.PUSHED, ACTOR),),
    "merge_request_update_retarget": (scan(ScanReason.RETARGETED),),
    "merge_request_update_ready": (scan(ScanReason.READY),),
    "merge_request_update_to_draft": (SyncMergeRequest(412, 27, SyncReason.CIRCUMSTANCES),),
    "merge_request_update_title": (),
    "merge_request_update_labels": (SyncMergeRequest(412, 27, SyncReason.CIRCUMSTANCES),),
    "merge_request_update_threads_resolved": (SyncMergeRequest(412, 27, SyncReason.THREADS_RESOLVED),),
    "merge_request_update_thread_reopened": (),
    "merge_request_approved": (),
    "merge_request_unapproved_by_push": (),
    "merge_request_close": (CloseMergeRequest(412, 27, merged=False),),
    "merge_request_merge": (CloseMergeRequest(412, 27, merged=True),),
    "merge_request_open_but_merged_meanwhile": (),
    "merge_request_action_of_the_future": (),
    "external_status_check": (),
    "push_default_branch": pushed("trunk"),
    "push_default_branch_sha256": pushed("trunk", "2e" * 32),
    "push_other_branch": (),
    "push_branch_created": (VerifyBranch(412, "spike", created=True),),
    "push_default_branch_deleted": (),
    "system_push_default_branch": pushed("trunk"),
    "tag_push": (),
    "note_created": (),
    "note_edited": (),
    "note_on_issue": (),
    "pipeline_of_merge_request_finished": (
        SyncMergeRequest(412, 27, SyncReason.PIPELINE_FINISHED),
        ImportReports(412, 70411, HEAD, "refs/merge-requests/27/head", 27, MERGE_REQUEST_END),
    ),
    "pipeline_of_merge_request_pending": (SyncMergeRequest(412, 27, SyncReason.PIPELINE_APPEARED),),
    "pipeline_of_branch_finished": (
        SyncCommit(412, HEAD, SyncReason.PIPELINE_FINISHED),
        ImportReports(412, 70411, HEAD, "refunds", None, BRANCH_END),
    ),
    "pipeline_of_tag_finished": (),
    "pipeline_external_ours_only": (),
    "pipeline_external_with_another": (SyncCommit(412, HEAD, SyncReason.PIPELINE_FINISHED),),
    "pipeline_canceling": (),
    "job": (),
    "system_project_create": (),
    "system_project_destroy": (ForgetProject(412),),
    "system_project_rename": (),
    "system_project_transfer": (),
    "system_user_create": (),
    "system_repository_update": pushed("trunk"),
    "resend_cut_short": (),
}


@pytest.mark.parametrize("name", all_bodies())
def test_every_event_leads_to_its_jobs(name: str) -> None:
    assert jobs_for(parse_event(body_of(name)), bot_user_id=BOT) == TABLE[name]


OWN: dict[str, tuple[JobRequest, ...]] = {
    # What brings code in, or ends a merge request, counts whoever did it.
    "merge_request_open": TABLE["merge_request_open"],
    "merge_request_reopen": TABLE["merge_request_reopen"],
    "merge_request_update_push": TABLE["merge_request_update_push"],
    "merge_request_close": TABLE["merge_request_close"],
    "merge_request_merge": TABLE["merge_request_merge"],
    "push_default_branch": TABLE["push_default_branch"],
    # What our own publishing causes does not.
    "merge_request_update_threads_resolved": (),
    "merge_request_update_retarget": (),
    "merge_request_update_ready": (),
    "pipeline_of_merge_request_finished": (),
    "pipeline_of_branch_finished": (),
    "note_created": (),
}


@pytest.mark.parametrize("name", OWN)
def test_our_own_doings_lead_to_no_loop(name: str) -> None:
    assert jobs_for(parse_event(body_of(name)), bot_user_id=ACTOR) == OWN[name]


def test_a_pipeline_of_our_status_alone_is_known_by_the_configured_name() -> None:
    event = parse_event(body_of("pipeline_external_ours_only"))
    assert jobs_for(event, bot_user_id=None) == ()
    assert len(jobs_for(event, bot_user_id=None, status_name="security gate")) == 1


def test_new_commits_outweigh_a_retarget_in_the_same_update() -> None:
    body = body_of("merge_request_update_retarget")
    body["object_attributes"]["oldrev"] = "4be1cc09a7d3f2e8b6510d94c7fa38e2610bd57f"
    assert jobs_for(parse_event(body), bot_user_id=BOT) == (scan(ScanReason.PUSHED, ACTOR),)


@pytest.mark.parametrize("state", ["closed", "merged", "locked", "unheard of"])
def test_only_open_merge_requests_are_scanned(state: str) -> None:
    body = body_of("merge_request_update_push")
    body["object_attributes"].update(state=state, state_id=None)
    assert jobs_for(parse_event(body), bot_user_id=BOT) == ()


def test_a_pipeline_of_a_closed_merge_request_leads_to_nothing() -> None:
    body = body_of("pipeline_of_merge_request_finished")
    body["merge_request"]["state"] = "closed"
    assert jobs_for(parse_event(body), bot_user_id=BOT) == ()


def imports_of(body: object) -> list[JobRequest]:
    jobs = jobs_for(parse_event(body), bot_user_id=BOT)
    return [job for job in jobs if isinstance(job, ImportReports)]


def test_a_pipeline_that_ends_again_is_looked_at_again_and_the_same_end_is_not() -> None:
    """Somebody retried a job, or a manual one came later: its report is another one now."""
    body = body_of("pipeline_of_merge_request_finished")
    first = imports_of(body)
    body["object_attributes"]["finished_at"] = "2026-03-02 09:30:00 UTC"
    body["builds"].reverse()
    assert imports_of(body) == first
    body["builds"][0]["id"] += 1
    retried = imports_of(body)
    body["builds"][0]["status"] = "failed"
    assert len({*first, *retried, *imports_of(body)}) == 3


def test_our_own_status_is_no_other_end() -> None:
    body = body_of("pipeline_of_merge_request_finished")
    first = imports_of(body)
    body["builds"].append({**body["builds"][0], "id": 999_999, "name": "mergewarden"})
    assert imports_of(body) == first


@pytest.mark.parametrize("status", ["created", "running", "skipped", "canceling"])
def test_only_a_pipeline_that_ran_to_an_end_has_reports(status: str) -> None:
    body = body_of("pipeline_of_merge_request_finished")
    body["object_attributes"]["status"] = status
    assert imports_of(body) == []


def test_the_merge_request_of_a_child_pipeline_is_told_by_its_ref() -> None:
    body = body_of("pipeline_of_merge_request_finished")
    body["merge_request"] = None
    body["object_attributes"].update(source="parent_pipeline", ref="refs/merge-requests/27/merge")
    (job,) = imports_of(body)
    assert isinstance(job, ImportReports)
    assert job.iid == 27


def test_the_number_of_a_merge_request_means_nothing_in_a_fork() -> None:
    body = body_of("pipeline_of_merge_request_finished")
    body["merge_request"]["target_project_id"] = 999
    (job,) = imports_of(body)
    assert isinstance(job, ImportReports)
    assert job.iid is None


def test_a_pipeline_without_a_ref_or_commit_has_no_reports() -> None:
    for field in ("ref", "sha"):
        body = body_of("pipeline_of_branch_finished")
        body["object_attributes"][field] = None
        assert imports_of(body) == []


def command(**changed: object) -> dict[str, Any]:
    body: dict[str, Any] = body_of("note_created")
    body["object_attributes"] |= {"note": "Looks fine.\n/mw fp #12 a constant", "author_id": ACTOR, **changed}
    return body


def test_a_command_in_a_note_is_carried_out_as_it_was_written() -> None:
    (job,) = jobs_for(parse_event(command()), bot_user_id=BOT)
    assert isinstance(job, HandleNote)
    assert job.digest == text_digest("Looks fine.\n/mw fp #12 a constant")


@pytest.mark.parametrize(
    "changed",
    [
        {"action": "update"},
        {"system": True},
        {"internal": True},
        {"author_id": BOT},
        {"author_id": 4711},
        {"author_id": None},
        {"note": "see /mw help"},
        {"note": "/mwfp 12"},
    ],
    ids=["edited", "of GitLab", "internal", "ours", "of another than the actor", "of nobody", "amid a line", "a word"],
)
def test_no_other_note_is_obeyed(changed: dict[str, object]) -> None:
    assert jobs_for(parse_event(command(**changed)), bot_user_id=BOT) == ()


def test_a_push_to_a_protected_branch_is_verified_and_one_to_another_is_not() -> None:
    body = body_of("push_other_branch")
    assert jobs_for(parse_event(body), bot_user_id=BOT) == ()
    body["ref_protected"] = True
    (job,) = jobs_for(parse_event(body), bot_user_id=BOT)
    assert isinstance(job, VerifyBranch)


def test_what_is_ignored_leads_to_nothing() -> None:
    assert jobs_for(Ignored("whatever"), bot_user_id=None) == ()
