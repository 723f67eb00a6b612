"""Every call against the stand-in, and every way in which GitLab can refuse one."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.gitlab.client import GitLabClient
from bot.gitlab.errors import (
    Conflict,
    Forbidden,
    GitLabError,
    Invalid,
    NotFound,
    RateLimited,
    TextExecuted,
    Unauthorized,
    Unavailable,
    error_from,
)
from tests.gitlab.conftest import NoSleep, Scene
from tests.standin import Fault, Project, Response, Standin, faults


def test_it_reads_who_it_is_and_what_it_may(scene: Scene, client: GitLabClient) -> None:
    me = client.current_user()
    assert (me.id, me.username, me.is_bot) == (scene.bot.id, "warden", True)
    token = client.token_info()
    assert token is not None
    assert token.scopes == {"api"}
    assert token.active
    assert client.version().version == "19.4.1"


def test_it_reads_a_project_with_the_settings_that_block(scene: Scene, client: GitLabClient) -> None:
    scene.gitlab.settings(scene.project, only_allow_merge_if_pipeline_succeeds=True)
    for key in (scene.project.id, "acme/shop"):
        project = client.project(key)
        assert (project.id, project.path, project.access_level) == (scene.project.id, "acme/shop", 30)
        assert project.pipeline_must_succeed
        assert not project.threads_must_be_resolved
    assert client.member(scene.project.id, scene.grace.id) is not None
    assert client.member(scene.project.id, 999) is None


def test_settings_and_hooks_need_a_maintainer_and_a_signing_token_shows(scene: Scene, client: GitLabClient) -> None:
    with pytest.raises(Forbidden):
        client.project_hooks(scene.project.id)
    scene.gitlab.add_member(scene.project, scene.bot, 40)
    assert client.update_project(
        scene.project.id, {"only_allow_merge_if_pipeline_succeeds": True}
    ).pipeline_must_succeed
    hook = client.create_hook(scene.project.id, "http://127.0.0.1:1/x", signing_token=SecretStr("whsec_AAAA"))
    assert hook.signing_token_present
    assert hook.note_events
    assert client.project_hooks(scene.project.id) == [hook]
    scene.gitlab.world.supports_signing = False
    assert not client.create_hook(scene.project.id, "http://127.0.0.1:1/y", signing_token=SecretStr("x")).token_present


def test_a_merge_request_has_refs_once_it_is_prepared(scene: Scene, client: GitLabClient) -> None:
    scene.gitlab.world.prepare_delay = 0.3
    made = scene.open()
    early = client.merge_request(scene.project.id, made.iid)
    assert (early.diff_refs, client.versions(scene.project.id, made.iid)) == (None, [])
    scene.gitlab.wait_for(lambda: made.prepared_at is not None)
    request = client.merge_request(scene.project.id, made.iid)
    assert request.diff_refs is not None
    assert request.diff_refs == client.versions(scene.project.id, made.iid)[0].refs
    assert (request.sha, request.author_id, request.is_open) == (made.head_sha, scene.ada.id, True)
    assert (request.is_fork, request.project_path) == (False, "acme/shop")


def test_open_merge_requests_are_those_of_our_own_projects(scene: Scene, client: GitLabClient) -> None:
    made = scene.open()
    other = scene.gitlab.create_project("other/public", {"a": "b"}, members={scene.ada: 40}, visibility="public")
    scene.gitlab.commit(other, "x", {"a": "c"}, author=scene.ada)
    scene.gitlab.open_merge_request(other, "x", author=scene.ada)
    closed = scene.open({"b.py": "1"}, "closed")
    scene.gitlab.close(closed)
    for _ in range(2):
        found = client.open_merge_requests()
        assert [(m.project_id, m.iid) for m in found] == [(scene.project.id, made.iid)]
        # More than fifty projects: the other way of asking must say the same.
        for n in range(52):
            made_up = Project(5000 + n, f"acme/p{n}", scene.project.repository, members={scene.bot.id: 30})
            scene.gitlab.world.projects[made_up.id] = made_up
    assert client.open_merge_requests(datetime.now(UTC) + timedelta(hours=1)) == []
    on_branch = client.project_merge_requests(scene.project.id, target_branch="main")
    assert [m.iid for m in on_branch] == [made.iid]
    assert [m.iid for m in client.merge_requests_of_commit(scene.project.id, made.head_sha)] == [made.iid]


def test_every_page_of_the_discussions_is_read(scene: Scene, client: GitLabClient) -> None:
    request = scene.open()
    for n in range(205):
        scene.gitlab.comment(request, scene.ada, f"note {n}")
    assert len(client.discussions(scene.project.id, request.iid)) == 205


def test_notes_are_written_edited_answered_resolved_and_removed(scene: Scene, client: GitLabClient) -> None:
    request = scene.open()
    where = (scene.project.id, request.iid)
    thread = client.create_discussion(*where, "first")
    assert thread.resolvable
    client.reply(*where, thread.id, "second")
    assert client.resolve(*where, thread.id).resolved
    again = client.resolve(*where, thread.id, resolved=False)
    assert (again.resolved, len(again.notes)) == (False, 2)
    note = client.create_note(*where, "plain")
    assert not note.resolvable
    assert client.edit_note(*where, note.id, "other").body == "other"
    client.delete_note(*where, note.id)
    with pytest.raises(NotFound):
        client.delete_note(*where, note.id)
    with pytest.raises(Invalid):
        client.edit_note(*where, thread.notes[0].id, " \n")


def test_a_text_that_gitlab_executed_is_an_error_and_not_a_note(scene: Scene, client: GitLabClient) -> None:
    request = scene.open()
    with pytest.raises(TextExecuted):
        client.create_note(scene.project.id, request.iid, "/label ~bug")


@pytest.mark.parametrize(
    ("response", "kind", "says"),
    [
        (faults.UNAUTHORIZED, Unauthorized, "401 Unauthorized"),
        (faults.FORBIDDEN, Forbidden, "403 Forbidden"),
        (faults.INSUFFICIENT_SCOPE, Forbidden, "higher privileges"),
        (faults.NOT_FOUND, NotFound, "404"),
        (faults.MOVED, Invalid, "moved projects"),
        (faults.LOCKED, Conflict, "in progress"),
        (faults.TOO_MANY_JOBS, Invalid, "number of jobs"),
        (faults.RATE_LIMITED_ENDPOINT, RateLimited, "too many times"),
        (faults.rate_limited(30), RateLimited, "Retry later"),
        (faults.SERVER_ERROR, Unavailable, "500"),
        (faults.BAD_GATEWAY, Unavailable, "HTML page"),
        (Response(400, {"error": "position[base_sha] is missing"}), Invalid, "base_sha"),
        (Response(400, {"message": {"title": ["can't be blank"]}}), Invalid, "title can't be blank"),
        (Response(200, "<html>sign in</html>", {"content-type": "text/html"}), Unavailable, "not JSON"),
        (Response(201, {"unexpected": True}), Unavailable, "as documented"),
        (Response(302, "", {"location": "/api/v4/version"}), Invalid, "redirects"),
        (Fault(action="reset"), Unavailable, "connection"),
    ],
)
def test_every_refusal_is_an_error_of_its_own_that_never_shows_the_token(
    scene: Scene, client: GitLabClient, response: Response | Fault, kind: type[GitLabError], says: str
) -> None:
    request = scene.open()
    scene.gitlab.faults.add("POST", "/notes$", response)
    with pytest.raises(kind) as raised:
        client.create_note(scene.project.id, request.iid, "text")
    assert says in str(raised.value)
    assert scene.token not in str(raised.value) + raised.value.hint + repr(client)
    assert type(raised.value) is kind
    # A write is never repeated behind the caller's back.
    assert len([r for r in scene.gitlab.writes() if r.path.endswith("/notes")]) == 1


def test_retry_after_is_passed_on_as_it_came(scene: Scene, client: GitLabClient) -> None:
    for value, expected in ((30, 30.0), (86400, 86400.0), ("Wed, 21 Oct 2037 07:28:00 GMT", None), (None, None)):
        scene.gitlab.faults.add("GET", "/user$", faults.rate_limited(value))
        with pytest.raises(RateLimited) as raised:
            client.current_user()
        assert raised.value.retry_after == expected
    scene.gitlab.faults.add("GET", "/user$", faults.INSUFFICIENT_SCOPE)
    with pytest.raises(Forbidden) as refused:
        client.current_user()
    assert refused.value.scope == "api"
    assert "scope api" in refused.value.hint


def test_a_read_is_tried_again_and_then_given_up(scene: Scene, client: GitLabClient, no_sleep: NoSleep) -> None:
    scene.gitlab.faults.add("GET", "/user$", faults.BAD_GATEWAY, Fault(action="reset"))
    assert client.current_user().id == scene.bot.id
    assert no_sleep.slept == [0.2, 0.4]
    scene.gitlab.faults.add("GET", "/hooks|/projects", faults.SERVER_ERROR, times=3)
    with pytest.raises(Unavailable):
        client.member_projects()
    assert scene.gitlab.faults.left == 0


def test_a_server_that_never_answers_is_given_up_in_time(scene: Scene) -> None:
    impatient = GitLabClient(scene.gitlab.url, SecretStr(scene.token), timeout=0.2, read_retries=0)
    scene.gitlab.faults.add("GET", "/user$", action="hang")
    with pytest.raises(Unavailable, match="in time"):
        impatient.current_user()
    with pytest.raises(Unavailable, match="connection"):
        GitLabClient("http://127.0.0.1:9", SecretStr("x"), timeout=0.5, read_retries=0).current_user()


def test_a_wrong_token_is_refused_and_a_foreign_project_is_not_there(scene: Scene, client: GitLabClient) -> None:
    secret = scene.gitlab.create_project("secret/one", {"a": "b"})
    with pytest.raises(NotFound):
        client.project(secret.id)
    scene.gitlab.revoke(scene.token)
    with pytest.raises(Unauthorized):
        client.current_user()


def test_a_redirect_to_another_host_does_not_get_the_token(scene: Scene, client: GitLabClient) -> None:
    with Standin() as thief:
        # Another name for the loopback address, so that it is another host.
        address = thief.url.replace("127.0.0.1", "localhost")
        seen: list[str] = []
        thief.world.tokens[scene.token] = scene.gitlab.world.tokens[scene.token]
        scene.gitlab.faults.add("GET", "/user$", Response(302, "", {"location": f"{address}/api/v4/user"}))
        with pytest.raises(Unauthorized):
            client.current_user()
        seen += [r.user or "" for r in thief.request_log]
        assert seen == [""]


def test_threads_can_share_a_client(scene: Scene, client: GitLabClient) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(client.current_user().id)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [scene.bot.id] * 8


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b'{"message": "400 Bad request - Note {:line_code=>[\\"can\'t be blank\\"]}"}', "line_code"),
        (b'{"message": "400 Bad request - Note {line_code: [\\"can\'t be blank\\"]}"}', "line_code"),
        (b'{"message": "400 Bad request - Note {:position=>[\\"is incomplete\\"]}"}', "position"),
        (b'{"error": "position[base_sha] is missing"}', "position"),
        (b'{"error": "state does not have a valid value"}', "state"),
        (b'{"message": {"description": ["is too long"]}}', "description"),
    ],
)
def test_the_fields_of_a_refusal_are_found_in_old_and_new_shapes(body: bytes, fields: str) -> None:
    error = error_from("POST /x", 400, body, {"content-type": "application/json"})
    assert isinstance(error, Invalid)
    assert fields in error.fields


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"[" * 50_000, b"\xff\xfe", b'{"message": null}', b'"x"'])
def test_any_error_body_can_be_read(body: bytes) -> None:
    error = error_from("GET /x", 418, body, {})
    assert len(str(error)) < 500


def test_a_secret_that_gitlab_repeats_is_taken_out() -> None:
    error = error_from("GET /x", 400, b'{"message": "bad token abc123"}', {}, secrets=("abc123",))
    assert "abc123" not in str(error)
