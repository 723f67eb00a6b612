"""The stand-in is only worth something if it is as strict as GitLab: these are the claims it is trusted for."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gitlab.conftest import APP, Scene
from tests.standin import (
    ApiError,
    MergeRequest,
    Standin,
    text,
)
from tests.standin.delivery import signature
from tests.standin.faults import BAD_GATEWAY, Fault, rate_limited
from tests.standin.repository import git_environment


def api(scene: Scene, token: str | None = None) -> httpx.Client:
    return httpx.Client(
        base_url=f"{scene.gitlab.url}/api/v4",
        headers={"PRIVATE-TOKEN": token or scene.token},
        timeout=10,
        trust_env=False,
    )


def refs(request: MergeRequest) -> dict[str, str]:
    v = request.version
    return {"base_sha": v.base_sha, "start_sha": v.start_sha, "head_sha": v.head_sha}


def post_thread(scene: Scene, request: MergeRequest, **position: Any) -> httpx.Response:
    with api(scene) as client:
        path = f"/projects/{scene.project.id}/merge_requests/{request.iid}/discussions"
        return client.post(path, json={"body": "here", "position": {**refs(request), **position}})


TEXT = {"position_type": "text", "old_path": "app.py", "new_path": "app.py"}


@pytest.mark.parametrize(
    ("position", "fits"),
    [
        (TEXT | {"new_line": 30}, True),
        (TEXT | {"new_line": 31}, True),
        (TEXT | {"old_line": 30}, True),
        (TEXT | {"old_line": 29, "new_line": 29}, True),
        (TEXT | {"old_line": 31, "new_line": 32}, True),
        (TEXT | {"old_line": 50, "new_line": 51}, True),
        (TEXT | {"old_line": 1, "new_line": 1}, True),
        (TEXT | {"new_line": 29}, False),
        (TEXT | {"old_line": 50, "new_line": 50}, False),
        (TEXT | {"old_line": 61, "new_line": 62}, False),
        (TEXT | {"new_line": 30, "new_path": "other.py"}, False),
        (TEXT | {"new_line": 30, "head_sha": "0" * 40}, False),
        ({"position_type": "file", "old_path": "app.py", "new_path": "app.py"}, True),
        ({"position_type": "file", "old_path": "b.py", "new_path": "b.py"}, False),
    ],
)
def test_a_comment_stands_only_where_the_diff_has_such_a_pair(
    scene: Scene, position: dict[str, Any], fits: bool
) -> None:
    answer = post_thread(scene, scene.open(), **position)
    assert answer.status_code == (201 if fits else 400)
    if not fits:
        assert "line_code" in answer.json()["message"]


def test_incomplete_positions_have_their_own_messages(scene: Scene) -> None:
    request = scene.open()
    assert post_thread(scene, request, **TEXT).json()["message"].endswith('{:position=>["is incomplete"]}')
    missing = post_thread(scene, request, **TEXT, new_line=30, base_sha=None, start_sha=None)
    assert missing.json() == {"error": "position[base_sha] is missing, position[start_sha] is missing"}


@pytest.mark.parametrize(
    ("body", "stored", "ran"),
    [
        ("hello\n/close", "hello", ["close"]),
        ("<!-- marker -->\n/close", "<!-- marker -->", ["close"]),
        ("> quoted\n/close", "> quoted", ["close"]),
        ("<details>\n\n/label ~x\n\n</details>", "<details>\n\n\n</details>", ["label"]),
        ("/CLOſE\ntext", "text", ["close"]),
        ("hi\n\u00a0/merge", "hi", ["merge"]),
        ("```\n/close\n```", None, []),
        ("    /close", None, []),
        ("`/close`", None, []),
        ("> /close", None, []),
        ("- /close", None, []),
        ("# /close", None, []),
        ("|a|\n|-|\n| /close |", None, []),
        ("\\/close", None, []),
        ("/foo bar", None, []),
        (">>>\n```\n>>>\n/close\n```\n>>>", ">>>\n```\n>>>\n```\n>>>", ["close"]),
        ("```suggestion\n>>>\n/close\n>>>\n```", "```suggestion\n>>>\n>>>\n```", ["close"]),
        ("```suggestion\nx\n>>>\n\n/close\n\n```", "```suggestion\nx\n>>>\n\n\n```", ["close"]),
        ("nice /shrug\n/shrug", "nice /shrug\n¯\\＿(ツ)＿/¯", ["shrug"]),
    ],
)
def test_quick_actions_run_where_gitlab_runs_them(body: str, stored: str | None, ran: list[str]) -> None:
    kept, commands = text.quick_actions(body)
    assert [c.name for c in commands] == ran
    assert kept == (body if stored is None else stored)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("ask @ada please", ["ada"]),
        ("@all", ["all"]),
        ("&#64;ada", ["ada"]),
        ("<summary>@ada</summary>", ["ada"]),
        ("\\@ada `@ada` ＠ada a@ada.com", []),
        ("```\n@ada\n```", []),
        ("<code>@ada</code>", ["ada"]),
    ],
)
def test_mentions_are_seen_as_gitlab_sees_them(body: str, found: list[str]) -> None:
    # Inline <code> is the unsafe side: only Markdown's own code is taken as code.
    assert text.mentions(body) == found


def test_a_note_of_nothing_but_commands_is_no_note_and_an_edit_to_one_deletes_it(scene: Scene) -> None:
    request = scene.open()
    path = f"/projects/{scene.project.id}/merge_requests/{request.iid}/notes"
    with api(scene) as client:
        assert client.post(path, json={"body": "/label ~bug"}).status_code == 202
        assert request.notes == []
        number = client.post(path, json={"body": "text"}).json()["id"]
        assert client.put(f"{path}/{number}", json={"body": "/close"}).status_code == 202
    assert request.notes == []
    assert request.state == "closed"
    assert [e.command for e in scene.gitlab.executed_quick_actions] == ["label", "close"]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("pending", "pending", 400),
        ("running", "running", 400),
        ("running", "pending", 400),
        ("pending", "running", 201),
        ("running", "success", 201),
        ("success", "success", 201),
        ("failed", "running", 201),
    ],
)
def test_a_status_moves_only_forward_and_a_finished_one_starts_anew(
    scene: Scene, first: str, second: str, code: int
) -> None:
    request = scene.open()
    path = f"/projects/{scene.project.id}/statuses/{request.head_sha}"
    with api(scene) as client:
        made = client.post(path, json={"state": first, "name": "scan", "description": "one"}).json()
        answer = client.post(path, json={"state": second, "name": "scan", "description": "two"})
        assert answer.status_code == code
        if code == 400:
            assert "Cannot transition status via" in answer.json()["message"]
            assert scene.gitlab.statuses(request)[0].description == "one"
        elif first in ("success", "failed"):
            assert answer.json()["id"] != made["id"]
            assert [s.retried for s in scene.gitlab.statuses(request, retried=True)] == [True, False]
        else:
            assert answer.json()["id"] == made["id"]


def test_the_first_status_makes_an_external_pipeline_and_a_commit_on_no_branch_has_none(scene: Scene) -> None:
    request = scene.open()
    with api(scene) as client:
        client.post(f"/projects/{scene.project.id}/statuses/{request.head_sha}", json={"state": "running"})
        head = scene.gitlab.head_pipeline(request)
        assert head is not None
        assert (head.source, head.ref, head.status) == ("external", "feature", "running")
        scene.gitlab.commit(scene.project, "gone", {"a": "b"})
        sha = scene.project.repository.head("gone")
        scene.gitlab.delete_branch(scene.project, "gone")
        answer = client.post(f"/projects/{scene.project.id}/statuses/{sha}", json={"state": "running"})
        assert answer.json() == {"message": "404 References for commit Not Found"}


def test_merging_is_refused_until_the_pipeline_is_green_and_threads_are_resolved(scene: Scene) -> None:
    request = scene.open()
    gitlab = scene.gitlab
    gitlab.settings(
        scene.project,
        only_allow_merge_if_pipeline_succeeds=True,
        only_allow_merge_if_all_discussions_are_resolved=True,
    )
    gitlab.comment(request, scene.grace, "why?", thread=True)
    with pytest.raises(ApiError) as refused:
        gitlab.merge(request, by=scene.grace)
    assert refused.value.status == 405
    gitlab.resolve(request, request.discussions[0], by=scene.ada)
    assert gitlab.merge_status(request) == "ci_must_pass"
    gitlab.run_pipeline(request)
    with pytest.raises(ApiError) as stale:
        gitlab.merge(request, by=scene.grace, sha="0" * 40)
    assert stale.value.status == 409
    gitlab.merge(request, by=scene.grace, sha=request.head_sha)
    assert request.state == "merged"
    assert scene.project.repository.head("main") == request.merge_commit_sha


def test_a_push_moves_notes_and_outdates_those_whose_line_changed(scene: Scene) -> None:
    request = scene.open()
    post_thread(scene, request, **TEXT, new_line=30)
    post_thread(scene, request, **TEXT, new_line=31)
    scene.gitlab.commit(
        scene.project, "feature", {"app.py": "top\n" + APP.replace("line 30\n", "other\nline 30 more\n")}
    )
    first, second = (d.notes[0].position or {} for d in request.discussions)
    assert first["head_sha"] != request.head_sha
    assert (second["new_line"], second["old_line"], second["head_sha"]) == (32, None, request.head_sha)


def test_git_over_http_wants_a_token_and_serves_merge_request_refs_of_forks(scene: Scene, tmp_path: Path) -> None:
    gitlab, project = scene.gitlab, scene.project
    eve = gitlab.create_user("eve")
    fork = gitlab.fork(project, "eve/shop", eve)
    sha = gitlab.commit(fork, "patch", {"x.py": "1\n"}, author=eve)
    request = gitlab.open_merge_request(project, "patch", author=eve, source_project=fork)

    def fetch(user: str) -> subprocess.CompletedProcess[bytes]:
        folder = tmp_path / "clone"
        subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True, env=git_environment())
        address = gitlab.url.replace("http://", f"http://{user}") + "/acme/shop.git"
        command = ["git", "-C", str(folder), "fetch", "-q", address, f"{request.head_ref}:refs/x"]
        return subprocess.run(command, capture_output=True, env=git_environment(), check=False)

    assert fetch("").returncode != 0
    assert fetch("oauth2:wrong@").returncode != 0
    assert fetch(f"oauth2:{scene.token}@").returncode == 0
    found = subprocess.run(
        ["git", "-C", str(tmp_path / "clone"), "rev-parse", "refs/x"], capture_output=True, check=True
    )
    assert found.stdout.decode().strip() == sha


def test_a_real_push_over_http_moves_the_merge_request(scene: Scene, tmp_path: Path) -> None:
    request = scene.open()
    token = scene.gitlab.create_token(scene.ada)
    folder = tmp_path / "work"
    address = scene.gitlab.url.replace("http://", f"http://oauth2:{token}@") + "/acme/shop.git"
    who = ["-c", "user.name=ada", "-c", "user.email=ada@example.com"]

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], check=True, env=git_environment(), capture_output=True)

    git("clone", "-q", "-b", "feature", address, str(folder))
    (folder / "new.py").write_text("x\n")
    git("-C", str(folder), "add", "new.py")
    git("-C", str(folder), *who, "commit", "-q", "-m", "more")
    before = request.head_sha
    git("-C", str(folder), "push", "-q")
    assert request.head_sha != before
    assert len(request.versions) == 2


def test_tokens_scopes_and_membership_decide_the_answer(scene: Scene) -> None:
    path = f"/projects/{scene.project.id}"
    stranger = scene.gitlab.create_user("eve")
    with api(scene, "wrong") as client:
        assert client.get("/user").json() == {"message": "401 Unauthorized"}
    with api(scene, scene.gitlab.create_token(scene.bot, ["read_api"])) as client:
        assert client.get(path).status_code == 200
        answer = client.post(f"{path}/merge_requests/1/notes", json={"body": "x"})
        assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    with api(scene, scene.gitlab.create_token(stranger)) as client:
        assert client.get(path).status_code == 404
    with api(scene) as client:
        assert client.get(f"{path}/hooks").status_code == 403
        assert client.get(f"{path}/members/all/{scene.ada.id}").json()["access_level"] == 30
        assert client.get(f"{path}/members/all/{stranger.id}").status_code == 404
        scene.gitlab.rename(scene.project, "acme/store")
        assert client.get("/projects/acme%2Fshop").json()["id"] == scene.project.id
        assert client.put("/projects/acme%2Fshop").status_code == 405


def test_deliveries_carry_token_signature_and_a_key_that_a_resend_keeps(scene: Scene) -> None:
    secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    with Standin() as other:
        # Any server will do as a receiver: this one answers 404 and logs.
        hook = scene.gitlab.add_hook(scene.project, f"{other.url}/hook", token="s3", signing_token=secret)
        request = scene.open()
        scene.gitlab.commit(scene.project, "feature", {"b.py": "1\n"}, author=scene.ada)
        scene.gitlab.comment(request, scene.ada, "hello")
        scene.gitlab.close(request)
        scene.gitlab.wait_for_deliveries()
        kinds = [(d.trigger, d.headers["X-Gitlab-Event"]) for d in scene.gitlab.deliveries if d.hook is hook]
        assert kinds[0] == ("push_events", "Push Hook")
        assert ("note_events", "Note Hook") in kinds
        updated = [d for d in scene.gitlab.deliveries if b'"oldrev"' in d.body]
        assert len(updated) == 1
        first = updated[0]
        again = scene.gitlab.resend(first)
        scene.gitlab.wait_for_deliveries()
        assert again.headers["Idempotency-Key"] == first.headers["Idempotency-Key"]
        assert first.headers["X-Gitlab-Token"] == "s3"
        expected = signature(secret, first.headers["webhook-id"], first.headers["webhook-timestamp"], first.body)
        assert first.headers["webhook-signature"] == expected
        assert {d.status for d in scene.gitlab.deliveries} == {404}


def test_the_signature_matches_the_published_test_vector() -> None:
    token = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    made = signature(token, "f5e5f430-f57b-4e6e-9fac-d9128cd7232f", "1744578123", b'{"object_kind":"push"}')
    assert made == "v1,qO0mK/QkPuCSH4sV+46Sbe0IHEagbnzF57rrlq+/SX8="


def test_faults_come_in_order_and_then_the_truth(scene: Scene) -> None:
    scene.gitlab.faults.add("GET", "/version", BAD_GATEWAY, rate_limited(3), Fault(action="reset"))
    with api(scene) as client:
        assert "text/html" in client.get("/version").headers["content-type"]
        limited = client.get("/version")
        assert (limited.status_code, limited.text, limited.headers["retry-after"]) == (429, "Retry later\n", "3")
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("/version")
        assert client.get("/version").status_code == 200
        scene.gitlab.faults.add("GET", "/version", action="hang")
        with pytest.raises(httpx.ReadTimeout):
            client.get("/version", timeout=0.2)


def test_lists_come_in_pages(scene: Scene) -> None:
    request = scene.open()
    for n in range(5):
        scene.gitlab.comment(request, scene.ada, f"note {n}", thread=True)
    for n in range(3):
        scene.gitlab.create_project(f"acme/p{n}", members={scene.bot: 30})
    with api(scene) as client:
        path = f"/projects/{scene.project.id}/merge_requests/{request.iid}/discussions?per_page=2&page="
        last = client.get(f"{path}3")
        assert (len(last.json()), last.headers["x-next-page"], last.headers["x-total"]) == (1, "", "5")
        assert 'rel="next"' in client.get(f"{path}1").headers["link"]
        first = client.get("/projects?membership=true&pagination=keyset&order_by=id&sort=asc&per_page=3")
        rest = client.get(first.links["next"]["url"])
        assert len(first.json()) == 3
        assert len(rest.json()) == 1
        assert "next" not in rest.links


def test_a_suggestion_is_read_and_can_be_applied(scene: Scene) -> None:
    request = scene.open()
    with api(scene) as client:
        path = f"/projects/{scene.project.id}/merge_requests/{request.iid}/discussions"
        body = "Better:\n\n```suggestion:-0+0\nline 30 fixed\n```"
        made = client.post(path, json={"body": body, "position": {**refs(request), **TEXT, "new_line": 30}}).json()
        offered = made["notes"][0]["suggestions"][0]
        assert (offered["from_content"], offered["to_content"]) == ("line 30 changed\n", "line 30 fixed\n")
    with api(scene, scene.gitlab.create_token(scene.ada)) as client:
        assert client.put(f"/suggestions/{offered['id']}/apply").json()["applied"]
    assert b"line 30 fixed\n" in (scene.project.repository.blob(request.head_sha, "app.py") or b"")


def test_the_page_shows_threads_and_never_runs_what_a_note_says(scene: Scene) -> None:
    request = scene.open()
    post_thread(scene, request, **TEXT, new_line=30)
    scene.gitlab.comment(request, scene.ada, "<script>alert(1)</script> ![x](http://evil/x.png) <!-- unseen -->")
    html = httpx.get(scene.gitlab.page_url(request), trust_env=False).text
    assert "line 30 changed" in html
    assert "<script" not in html
    assert "evil" not in html
    assert "unseen" not in html
