"""What is done around the gate is put right where it can be, and written down once, with who did it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.enforcement import Enforcement, Level, Missing, Need
from bot.domain.incident import IncidentKind, KnownIncident
from bot.domain.job import CheckProject
from bot.domain.policy import People, Policy
from bot.pipeline.enforcement import turn_of
from bot.pipeline.tampering import note_merge
from bot.store import audit, enforcement, incidents
from bot.store.engine import session, write_session
from tests.pipeline.workshop import Workshop
from tests.standin import MAINTAINER, MergeRequest, Project, User
from tests.standin.repository import Files

CLEAN, FLAGGED = {"a.py": "fine\n"}, {"a.py": "flag\n"}
BREAK_GLASS = Policy(people=People(security_group=None, break_glass=frozenset({"grace"})))


def around(workshop: Workshop, project: Project) -> list[KnownIncident]:
    with session(workshop.services.store) as reading:
        found = incidents.page(reading, project_id=project.id, limit=100)
    return [one for one in reversed(found) if one.incident.kind is not IncidentKind.UNCLEARED_COMMIT]


def level_is(
    workshop: Workshop, project: Project, level: Level, names: tuple[str, ...] = ("main",), **more: object
) -> None:
    """As if the project had been looked at."""
    facts: Mapping[str, object] = {"default_branch": "main", "protected_names": list(names), **more}
    missing = () if level >= Level.L2 else (Missing(Need.PROTECTED, "main"),)
    with write_session(workshop.services.store) as writing:
        enforcement.record(writing, project.id, Enforcement(level, missing), facts, datetime.now(UTC))


# --- statuses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["success", "failed", "running", "pending", "canceled", "skipped"])
def test_a_status_of_our_name_is_replaced_and_written_down(workshop: Workshop, state: str) -> None:
    """Also one that says the same as ours: what stands there must be our word."""
    request = workshop.open(FLAGGED)
    assert workshop.scan(request) == "failed"
    forged, _ = workshop.gitlab.post_status(request, state, by=workshop.ada)
    assert workshop.gitlab.statuses(request, "mergewarden")[-1].author is workshop.ada
    assert workshop.sync(request) == "failed"
    newest = workshop.gitlab.statuses(request, "mergewarden")[-1]
    assert (newest.state, newest.author) == ("failed", workshop.user)
    (one,) = around(workshop, request.project)
    assert one.incident.kind is IncidentKind.FORGED_STATUS
    assert (one.incident.actor, one.incident.sha) == ("ada", request.head_sha)
    assert one.incident.merge_request_iid == request.iid
    assert dict(one.incident.details) == {"state": state}
    assert abs(one.first_at - forged.created_at) < timedelta(milliseconds=2)
    workshop.sync(request)
    assert [i.count for i in around(workshop, request.project)] == [1]


def test_a_second_forgery_is_counted_and_a_thousand_do_not_fill_the_list(workshop: Workshop) -> None:
    request = workshop.open(FLAGGED)
    assert workshop.scan(request) == "failed"
    for _ in range(3):
        workshop.gitlab.post_status(request, "success", by=workshop.ada)
    workshop.sync(request)
    workshop.gitlab.post_status(request, "success", by=workshop.ada)
    workshop.gitlab.post_status(request, "success", by=workshop.grace)
    workshop.sync(request)
    assert [(i.incident.actor, i.count) for i in around(workshop, request.project)] == [("ada", 2), ("grace", 1)]


def test_a_flood_of_merge_requests_hides_no_forgery_for_long() -> None:
    """Each look has its limit, and each begins where another ended."""
    every = list(range(450))
    looked = [turn_of(every, number, 200) for number in range(3)]
    assert all(len(one) == 200 for one in looked)
    assert set().union(*looked) == set(every)
    assert turn_of([1, 2], 7, 200) == [1, 2]
    assert turn_of([], 7, 200) == []


def test_a_forgery_that_nothing_tells_of_is_found_by_the_check_of_the_project(workshop: Workshop) -> None:
    project = workshop.project()
    workshop.gitlab.settings(project, only_allow_merge_if_pipeline_succeeds=True)
    request = workshop.open(FLAGGED, project)
    assert workshop.scan(request) == "failed"
    workshop.gitlab.post_status(request, "success", by=workshop.ada)
    assert workshop.gitlab.merge_status(request) == "mergeable"
    workshop.outcome(workshop.submit(CheckProject(project.id)))
    workshop.gitlab.wait_for(lambda: workshop.state(request) == "failed")
    assert workshop.gitlab.merge_status(request) == "ci_must_pass"
    assert [i.incident.kind for i in around(workshop, project)] == [IncidentKind.FORGED_STATUS]


def test_statuses_of_other_names_are_nobodys_business(workshop: Workshop) -> None:
    request = workshop.open(FLAGGED)
    assert workshop.scan(request) == "failed"
    workshop.gitlab.post_status(request, "success", by=workshop.ada, name="mergewarden-ci")
    workshop.sync(request)
    workshop.outcome(workshop.submit(CheckProject(request.project.id)))
    assert around(workshop, request.project) == []


# --- threads ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["ada", "grace"])
def test_a_resolved_thread_of_what_blocks_is_opened_again_and_written_down(workshop: Workshop, who: str) -> None:
    request = workshop.open(FLAGGED)
    assert workshop.scan(request) == "failed"
    (thread,) = workshop.threads(request)
    person: User = getattr(workshop, who)
    workshop.gitlab.resolve(request, thread, by=person)
    assert workshop.sync(request) == "failed"
    assert not thread.resolved
    (one,) = around(workshop, request.project)
    assert (one.incident.kind, one.incident.actor) == (IncidentKind.THREAD_RESOLVED, who)
    workshop.sync(request)
    assert [i.count for i in around(workshop, request.project)] == [1]
    workshop.gitlab.resolve(request, thread, by=person)
    workshop.sync(request)
    assert [i.count for i in around(workshop, request.project)] == [2]


def test_what_we_resolve_ourselves_is_no_tampering(workshop: Workshop) -> None:
    project = workshop.project()
    request = workshop.open(FLAGGED, project)
    assert workshop.scan(request) == "failed"
    workshop.gitlab.commit(project, "feature", CLEAN, author=workshop.ada)
    assert workshop.scan(request) == "passed"
    workshop.gitlab.commit(project, "feature", FLAGGED, author=workshop.ada)
    assert workshop.scan(request) == "failed"
    assert around(workshop, project) == []


def test_threads_of_others_are_theirs(workshop: Workshop) -> None:
    request = workshop.open(FLAGGED)
    assert workshop.scan(request) == "failed"
    (ours,) = workshop.threads(request)
    # A copy of our marker in somebody else's note is not ours.
    note = workshop.gitlab.comment(request, workshop.ada, ours.notes[0].body, thread=True)
    copy = next(d for d in request.discussions if note in d.notes)
    workshop.gitlab.resolve(request, copy, by=workshop.ada)
    workshop.sync(request)
    assert around(workshop, request.project) == []


# --- merges -----------------------------------------------------------------------------------------------------------


def merged(workshop: Workshop, request: MergeRequest, by: User, policy: Policy | None = None) -> str:
    workshop.gitlab.merge(request, by=by)
    return note_merge(workshop.services, request.project.id, request.iid, policy)


def scene(workshop: Workshop, files: Files) -> MergeRequest:
    project = workshop.project()
    workshop.gitlab.add_member(project, workshop.user, MAINTAINER)
    return workshop.open(files, project)


def test_a_merge_that_the_gate_let_through_is_no_incident(workshop: Workshop) -> None:
    request = scene(workshop, CLEAN)
    assert workshop.scan(request) == "passed"
    assert merged(workshop, request, workshop.grace) == "through_the_gate"
    assert around(workshop, request.project) == []


def test_a_merge_that_it_did_not_let_through_is_one(workshop: Workshop) -> None:
    request = scene(workshop, FLAGGED)
    assert workshop.scan(request) == "failed"
    for _ in range(2):
        assert note_merge(workshop.services, request.project.id, request.iid) == "not_merged"
    assert merged(workshop, request, workshop.grace) == "merged_uncleared"
    assert note_merge(workshop.services, request.project.id, request.iid) == "merged_uncleared"
    (one,) = around(workshop, request.project)
    assert (one.incident.kind, one.incident.actor, one.count) == (IncidentKind.MERGED_UNCLEARED, "grace", 1)
    assert one.incident.details["verdict"] == "not_let_through"
    assert one.incident.sha == request.merge_commit_sha


def test_so_is_a_merge_of_what_nobody_judged(workshop: Workshop) -> None:
    """A late push, for which an older verdict is none."""
    request = scene(workshop, CLEAN)
    assert workshop.scan(request) == "passed"
    workshop.gitlab.commit(request.project, "feature", FLAGGED, author=workshop.ada)
    assert merged(workshop, request, workshop.grace) == "merged_uncleared"
    (one,) = around(workshop, request.project)
    assert one.incident.details["verdict"] == "none"


def test_a_verdict_for_another_target_is_none(workshop: Workshop) -> None:
    request = scene(workshop, CLEAN)
    workshop.gitlab.commit(request.project, "other", {"o.txt": "o\n"}, author=workshop.ada)
    workshop.gitlab.retarget(request, "other")
    assert workshop.scan(request) == "passed"
    workshop.gitlab.retarget(request, "main")
    assert merged(workshop, request, workshop.grace) == "merged_uncleared"


def test_even_the_bots_own_merge_has_to_be_of_what_was_judged(workshop: Workshop) -> None:
    request = scene(workshop, FLAGGED)
    assert workshop.scan(request) == "failed"
    level_is(workshop, request.project, Level.L2)
    assert merged(workshop, request, workshop.user) == "merged_uncleared"


@pytest.mark.parametrize("files", [CLEAN, FLAGGED])
def test_where_only_the_bot_merges_everybody_elses_merge_is_written_down(workshop: Workshop, files: Files) -> None:
    request = scene(workshop, files)
    outcome = workshop.scan(request)
    level_is(workshop, request.project, Level.L2)
    assert merged(workshop, request, workshop.grace, BREAK_GLASS) == "break_glass_merge"
    (one,) = around(workshop, request.project)
    assert one.incident.details["verdict"] == ("let_through" if outcome == "passed" else "not_let_through")
    with session(workshop.services.store) as reading:
        (entry,) = [entry for entry in audit.stream(reading) if entry.project_id == request.project.id]
    assert (entry.action, entry.actor) == ("enforcement.break_glass", "grace")
    assert (entry.subject, entry.details["kind"], entry.details["commit"]) == (
        f"merge request {request.iid}",
        "break_glass_merge",
        request.merge_commit_sha,
    )

    other = scene(workshop, files)
    workshop.scan(other)
    level_is(workshop, other.project, Level.L3)
    assert merged(workshop, other, workshop.grace) == "merged_around"


def test_the_bots_own_merge_is_the_way_it_should_be(workshop: Workshop) -> None:
    request = scene(workshop, CLEAN)
    assert workshop.scan(request) == "passed"
    level_is(workshop, request.project, Level.L2)
    assert merged(workshop, request, workshop.user) == "through_the_gate"
    assert around(workshop, request.project) == []


def test_what_goes_into_a_branch_that_nobody_protects_matters_to_nobody(workshop: Workshop) -> None:
    request = scene(workshop, FLAGGED)
    workshop.gitlab.commit(request.project, "other", {"o.txt": "o\n"}, author=workshop.ada)
    workshop.gitlab.retarget(request, "other")
    workshop.scan(request)
    level_is(workshop, request.project, Level.L2)
    assert merged(workshop, request, workshop.grace) == "not_protected"


def test_a_pattern_of_protected_branches_counts(workshop: Workshop) -> None:
    request = scene(workshop, FLAGGED)
    workshop.gitlab.commit(request.project, "release/1", {"o.txt": "o\n"}, author=workshop.ada)
    workshop.gitlab.retarget(request, "release/1")
    workshop.scan(request)
    level_is(workshop, request.project, Level.L1, ("release/*",))
    assert merged(workshop, request, workshop.grace) == "merged_uncleared"


def test_a_merge_request_that_is_gone_is_no_error(workshop: Workshop) -> None:
    assert note_merge(workshop.services, workshop.project().id, 99) == "gone"
