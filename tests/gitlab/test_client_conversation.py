"""The calls that commands and reminders need: people, commits, reactions, issues."""

from __future__ import annotations

import pytest

from bot.gitlab.client import GitLabClient
from bot.gitlab.errors import Forbidden, NotFound
from tests.gitlab.conftest import Scene
from tests.standin import DEVELOPER, faults


def test_a_member_of_a_group_is_known_and_a_hidden_group_is_no_answer(scene: Scene, client: GitLabClient) -> None:
    group = scene.gitlab.create_group("security/appsec", members={scene.grace: DEVELOPER}, visibility="private")
    with pytest.raises(NotFound):
        client.group_member("security/appsec", scene.grace.id)
    with pytest.raises(NotFound):
        client.group_member("security/nowhere", scene.grace.id)
    scene.gitlab.add_member(group, scene.bot, DEVELOPER)
    member = client.group_member("security/appsec", scene.grace.id)
    assert member is not None
    assert (member.user_id, member.access_level, member.active) == (scene.grace.id, DEVELOPER, True)
    assert client.group_member("security/appsec", scene.ada.id) is None
    # Members of the groups above are members of this one.
    above = scene.gitlab.create_group("security", members={scene.ada: DEVELOPER})
    assert client.group_member("security/appsec", scene.ada.id) is not None
    scene.gitlab.add_member(above, scene.ada, DEVELOPER, expires_at="2020-01-01")
    expired = client.group_member("security/appsec", scene.ada.id)
    assert expired is None or not expired.active


def test_a_person_is_known_by_what_he_shows_and_commits_by_what_they_say(scene: Scene, client: GitLabClient) -> None:
    profile = client.profile(scene.ada.id)
    assert (profile.id, profile.username) == (scene.ada.id, "ada")
    with pytest.raises(NotFound):
        client.profile(999_999)
    request = scene.open()
    scene.gitlab.commit(scene.project, "feature", {"b.py": "1\n"}, author=scene.grace)
    commits = client.commits(scene.project.id, request.iid)
    assert [commit.author_name for commit in commits] == ["grace", "ada"]
    assert all("@" in commit.author_email and commit.committer_name for commit in commits)


def test_a_reaction_is_given_once_however_often(scene: Scene, client: GitLabClient) -> None:
    request = scene.open()
    note = scene.gitlab.comment(request, scene.ada, "words")
    where = (scene.project.id, request.iid)
    for _ in range(3):
        client.award(*where, note.id, "thumbsup")
    assert scene.gitlab.reactions(note) == ["thumbsup"]
    with pytest.raises(NotFound):
        client.award(*where, 999_999, "thumbsup")
    scene.gitlab.faults.add("POST", r"/award_emoji$", faults.FORBIDDEN)
    with pytest.raises(Forbidden):
        client.award(*where, note.id, "eyes")


def test_issues_are_confidential_and_found_by_their_author(scene: Scene, client: GitLabClient) -> None:
    first = client.create_issue(scene.project.id, "One", "text")
    second = client.create_issue(scene.project.id, "Two", "other text", confidential=False)
    scene.gitlab.call(scene.grace, "POST", scene.project, "/issues", title="Three")
    assert client.issues_by(scene.project.id, scene.bot.id) == [second, first]
    assert (first.description, first.author_id) == ("text", scene.bot.id)
    assert first.url.endswith(f"/-/issues/{first.iid}")
    assert [issue.confidential for issue in scene.gitlab.issues(scene.project)] == [True, False, False]


def test_a_note_says_whether_it_is_internal_and_when_it_was_changed(scene: Scene, client: GitLabClient) -> None:
    request = scene.open()
    plain, internal = (scene.gitlab.comment(request, scene.ada, text) for text in ("plain", "internal"))
    internal.internal = True
    scene.gitlab.edit_note(request, plain, "changed", by=scene.grace)
    found = [note for one in client.discussions(scene.project.id, request.iid) for note in one.notes]
    assert [(note.body, note.internal) for note in found] == [("changed", False), ("internal", True)]
    assert [note.created_at == note.updated_at for note in found] == [False, True]
