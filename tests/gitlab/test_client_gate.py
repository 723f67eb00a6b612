"""The calls by which a branch is protected, a merge request merged, and a verdict said where a licence has room."""

from __future__ import annotations

import pytest

from bot.gitlab import decode
from bot.gitlab.client import STATUSES, GitLabClient
from bot.gitlab.errors import Conflict, Forbidden, Invalid, NotFound, Unauthorized, Unavailable
from bot.gitlab.model import AccessEntry, ProtectedBranch
from tests.gitlab.conftest import Scene
from tests.standin import MAINTAINER
from tests.standin.model import ApprovalRule


def test_protected_branches_are_made_read_and_removed(scene: Scene, client: GitLabClient) -> None:
    project = scene.project.id
    with pytest.raises(Forbidden):
        client.protect_branch(project, "main", push_level=0, merge_level=40)
    scene.gitlab.add_member(scene.project, scene.bot, MAINTAINER)
    name = "release/*"
    made = client.protect_branch(project, name, push_level=0, merge_level=40)
    assert made == ProtectedBranch(name, (AccessEntry(0),), (AccessEntry(40),), force_push=False)
    assert client.protected_branches(project) == [made]
    with pytest.raises(Conflict):
        client.protect_branch(project, name, push_level=0, merge_level=40)
    scene.gitlab.protect(scene.project, name, allow_force_push=True)
    assert client.protected_branches(project)[0].force_push
    assert not client.forbid_force_push(project, name).force_push
    client.unprotect_branch(project, name)
    with pytest.raises(NotFound):
        client.unprotect_branch(project, name)
    assert client.protected_branches(project) == []


def test_people_are_named_with_premium_and_left_out_without(scene: Scene, client: GitLabClient) -> None:
    scene.gitlab.add_member(scene.project, scene.bot, MAINTAINER)
    free = client.protect_branch(scene.project.id, "a", push_level=0, merge_level=0, merge_users=[scene.bot.id])
    assert [entry.user_id for entry in free.merge] == [None]
    scene.gitlab.licence("premium")
    paid = client.protect_branch(scene.project.id, "b", push_level=0, merge_level=0, merge_users=[scene.bot.id])
    assert [entry.user_id for entry in paid.merge] == [None, scene.bot.id]


def test_branches_and_members_are_listed(scene: Scene, client: GitLabClient) -> None:
    scene.gitlab.commit(scene.project, "feature/ä+%b", {"x": "1\n"}, author=scene.ada)
    scene.gitlab.protect(scene.project, "main")
    listed = {branch.name: branch.protected for branch in client.branches(scene.project.id)}
    assert listed == {"main": True, "feature/ä+%b": False}
    assert [branch.name for branch in client.branches(scene.project.id, "feature")] == ["feature/ä+%b"]
    assert client.branch(scene.project.id, "feature/ä+%b").sha == scene.project.repository.head("feature/ä+%b")
    with pytest.raises(NotFound):
        client.branch(scene.project.id, "nowhere")
    members = {member.username: member.access_level for member in client.members(scene.project.id)}
    assert members == {"warden": 30, "ada": 30, "grace": 40}


def test_a_flood_of_statuses_is_read_from_its_end_and_not_for_ever(scene: Scene, client: GitLabClient) -> None:
    request = scene.open()
    for number in range(STATUSES + 50):
        scene.gitlab.post_status(request, ("success", "failed")[number % 2], by=scene.ada)
    every = len(client.statuses(scene.project.id, request.head_sha, name="mergewarden", replaced=True))
    assert every == STATUSES
    newest = client.statuses(scene.project.id, request.head_sha, name="mergewarden", replaced=True)[-1]
    assert newest.id == client.statuses(scene.project.id, request.head_sha, name="mergewarden")[-1].id


def test_a_merge_is_of_the_named_commit_or_none(scene: Scene, client: GitLabClient) -> None:
    request = scene.open()
    with pytest.raises(Conflict):
        client.merge(scene.project.id, request.iid, sha="0" * 40)
    scene.gitlab.set_draft(request, True)
    with pytest.raises(Invalid) as caught:
        client.merge(scene.project.id, request.iid, sha=request.head_sha)
    assert caught.value.status == 405
    scene.gitlab.set_draft(request, False)
    merged = client.merge(scene.project.id, request.iid, sha=request.head_sha)
    assert (merged.state, merged.merged_by_id, merged.merged_by_username) == ("merged", scene.bot.id, "warden")
    assert merged.merge_commit_sha == request.merge_commit_sha


def test_without_the_right_a_merge_is_unauthorized(scene: Scene, client: GitLabClient) -> None:
    request = scene.open()
    scene.gitlab.protect(scene.project, "main")
    with pytest.raises(Unauthorized):
        client.merge(scene.project.id, request.iid, sha=request.head_sha)


def test_a_rebase_is_taken_and_told(scene: Scene, client: GitLabClient) -> None:
    scene.gitlab.settings(scene.project, merge_method="ff")
    request = scene.open()
    scene.gitlab.commit(scene.project, "main", {"m.txt": "m\n"}, author=scene.ada)
    assert client.merge_request(scene.project.id, request.iid).detailed_merge_status == "need_rebase"
    scene.gitlab.world.rebase_delay = 0.3
    client.rebase(scene.project.id, request.iid)
    assert client.merge_request(scene.project.id, request.iid, with_rebase=True).rebase_in_progress
    with pytest.raises(Conflict):
        client.rebase(scene.project.id, request.iid)
    scene.gitlab.wait_for(lambda: not request.rebase_in_progress)
    assert client.merge_request(scene.project.id, request.iid, with_rebase=True).detailed_merge_status == "mergeable"


def test_status_checks_are_unauthorized_without_the_licence(scene: Scene, client: GitLabClient) -> None:
    check = scene.gitlab.add_status_check(scene.project, "mergewarden", "https://gate.example/x?secret=1")
    request = scene.open()
    with pytest.raises(Unauthorized):
        client.status_checks(scene.project.id, request.iid)
    scene.gitlab.licence("ultimate")
    (found,) = client.status_checks(scene.project.id, request.iid)
    assert (found.id, found.name, found.status) == (check.id, "mergewarden", "pending")
    with pytest.raises(Conflict):
        client.answer_status_check(scene.project.id, request.iid, check.id, sha="0" * 40, passed=True)
    client.answer_status_check(scene.project.id, request.iid, check.id, sha=request.head_sha, passed=True)
    assert client.status_checks(scene.project.id, request.iid)[0].status == "passed"


def test_approval_rules_are_not_there_without_the_licence(scene: Scene, client: GitLabClient) -> None:
    scene.project.approval_rules.append(ApprovalRule(4, "gate", 1, [scene.bot.id]))
    request = scene.open()
    with pytest.raises(NotFound):
        client.approval_rules(scene.project.id, request.iid)
    scene.gitlab.licence("premium")
    (rule,) = client.approval_rules(scene.project.id, request.iid)
    assert (rule.name, sorted(rule.users), sorted(rule.approved_by)) == ("gate", [scene.bot.id], [])
    with pytest.raises(Conflict):
        client.approve(scene.project.id, request.iid, sha="0" * 40)
    client.approve(scene.project.id, request.iid, sha=request.head_sha)
    assert client.approval_rules(scene.project.id, request.iid)[0].approved_by == {scene.bot.id}
    with pytest.raises(Unauthorized):
        client.approve(scene.project.id, request.iid, sha=request.head_sha)
    client.unapprove(scene.project.id, request.iid)
    with pytest.raises(NotFound):
        client.unapprove(scene.project.id, request.iid)


def test_replaced_statuses_are_listed_when_asked_for(scene: Scene, client: GitLabClient) -> None:
    request = scene.open()
    scene.gitlab.post_status(request, "success", by=scene.ada)
    client.set_status(scene.project.id, request.head_sha, "failed", name="mergewarden", ref="feature")
    shown = client.statuses(scene.project.id, request.head_sha, name="mergewarden")
    assert [status.author_username for status in shown] == ["warden"]
    every = client.statuses(scene.project.id, request.head_sha, name="mergewarden", replaced=True)
    assert [status.author_username for status in every] == ["ada", "warden"]
    assert all(status.created_at is not None for status in every)


def test_a_project_tells_how_it_merges_and_what_it_does_not_say(scene: Scene, client: GitLabClient) -> None:
    scene.gitlab.settings(scene.project, merge_method="ff")
    project = client.project(scene.project.id)
    assert (project.merge_method, project.unsaid) == ("ff", frozenset())
    public = decode.project({"id": 1, "path_with_namespace": "a/b", "allow_merge_on_skipped_pipeline": None})
    assert public.unsaid == {
        "only_allow_merge_if_pipeline_succeeds",
        "allow_merge_on_skipped_pipeline",
        "only_allow_merge_if_all_discussions_are_resolved",
        "resolve_outdated_diff_discussions",
    }


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"name": "main"},
        {"name": "main", "push_access_levels": [], "merge_access_levels": None},
        {"name": "main", "push_access_levels": [7], "merge_access_levels": []},
        {"name": "main", "push_access_levels": [], "merge_access_levels": [], "allow_force_push": "no"},
        {"name": "main", "push_access_levels": [{"access_level": "40"}], "merge_access_levels": []},
        [],
    ],
)
def test_a_rule_that_is_not_as_documented_is_no_answer(document: object) -> None:
    with pytest.raises(Unavailable):
        decode.protected_branch(document)  # type: ignore[arg-type]
