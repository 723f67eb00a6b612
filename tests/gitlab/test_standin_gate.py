"""
What the gate is tested against: rights, protected branches, server hooks, merging, and what a licence adds.

As in ``test_standin.py``: the stand-in is only worth something if it is as strict as GitLab, and as weak.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.gitlab.conftest import APP, Scene
from tests.gitlab.test_standin import TEXT, refs
from tests.standin import (
    DEVELOPER,
    GUEST,
    MAINTAINER,
    NO_ONE,
    OWNER,
    REPORTER,
    ApiError,
    HookRefused,
    Project,
    Standin,
)
from tests.standin.model import Tier

# -- rights, protected branches, server hooks -------------------------------------------------------------------------

TELL = """#!/bin/sh
# Refuses whatever moves main, and writes down what it was told.
{ echo "--"; env; echo "cwd=$PWD"; } >> "%s"
while read -r old new ref; do
    echo "$old $new $ref" >> "%s"
    git cat-file -e "$new" || exit 3
    if [ "$ref" = refs/heads/main ]; then
        echo "GL-HOOK-ERR: not cleared: <$new>"
        echo "second line"
        exit 1
    fi
done
"""


def tell(scene: Scene, tmp_path: Path, name: str | None = None) -> Path:
    log = tmp_path / "hook.log"
    scene.gitlab.install_hook(scene.project, TELL % (log, log), name=name)
    return log


def until(condition: Callable[[], bool]) -> None:
    """Wait for something outside of the stand-in."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def first_of(project: Project, branch: str = "main") -> str:
    return project.repository.head(branch) or ""


def test_roles_come_directly_from_groups_above_and_from_shared_groups(scene: Scene) -> None:
    gitlab, project = scene.gitlab, scene.project
    eve, mallory, oscar = (gitlab.create_user(n) for n in ("eve", "mallory", "oscar"))
    gitlab.create_group("acme", members={eve: REPORTER, scene.ada: MAINTAINER})
    security = gitlab.create_group("security", members={mallory: OWNER})
    gitlab.share(project, security, DEVELOPER)
    gitlab.add_member(project, oscar, DEVELOPER, membership_state="awaiting", expires_at="2030-01-01")
    levels = [gitlab.level_of(project, u) for u in (eve, scene.ada, mallory, oscar)]
    assert levels == [REPORTER, MAINTAINER, DEVELOPER, 0]
    everybody = {
        m["username"]: m["access_level"] for m in gitlab.call(scene.bot, "GET", project, "/members/all").json()
    }
    assert everybody == {"warden": 30, "ada": 40, "grace": 40, "eve": 20, "mallory": 30, "oscar": 30}
    assert len(gitlab.call(scene.bot, "GET", project, "/members").json()) == 4
    shown = gitlab.call(scene.bot, "GET", project, f"/members/all/{oscar.id}").json()
    assert (shown["membership_state"], shown["expires_at"]) == ("awaiting", "2030-01-01")
    assert gitlab.call(scene.bot, "GET", project, f"/members/{eve.id}").status_code == 404


def test_a_private_group_is_there_for_its_members_only(scene: Scene) -> None:
    gitlab = scene.gitlab
    security = gitlab.create_group("acme/security", members={scene.grace: DEVELOPER})
    parent = gitlab.create_group("acme", members={scene.bot: REPORTER})
    path = "/groups/acme%2Fsecurity"
    assert gitlab.call(scene.ada, "GET", path).json() == {"message": "404 Group Not Found"}
    assert gitlab.call(scene.grace, "GET", path).json()["parent_id"] == parent.id
    assert gitlab.call(scene.bot, "GET", f"{path}/members/all/{scene.grace.id}").json()["access_level"] == 30
    assert gitlab.call(scene.bot, "GET", f"{path}/members/{scene.bot.id}").status_code == 404
    people = gitlab.call(scene.bot, "GET", f"/groups/{security.id}/members/all").json()
    assert [p["username"] for p in people] == ["warden", "grace"]
    assert [p["path"] for p in gitlab.call(scene.bot, "GET", "/groups/acme/projects").json()] == ["shop"]
    assert gitlab.call(scene.ada, "GET", f"/users/{scene.grace.id}").json()["username"] == "grace"
    assert gitlab.call(scene.ada, "GET", "/users/9999").status_code == 404


def test_protection_is_made_read_and_removed_by_maintainers(scene: Scene) -> None:
    gitlab, project = scene.gitlab, scene.project
    path = "/protected_branches"
    assert gitlab.call(scene.ada, "POST", project, path, name="main").status_code == 403
    made = gitlab.call(scene.grace, "POST", project, path, name="main", push_access_level=0, merge_access_level=40)
    assert made.status_code == 201
    assert [x["access_level"] for x in made.json()["push_access_levels"]] == [0]
    assert "user_id" not in made.json()["push_access_levels"][0]
    assert gitlab.call(scene.grace, "POST", project, path, name="main").status_code == 409
    assert gitlab.call(scene.grace, "POST", project, path, name="x", push_access_level=35).status_code == 400
    assert gitlab.call(scene.ada, "GET", project, path).json()[0]["name"] == "main"
    gitlab.call(scene.grace, "POST", project, path, name="release/*")
    shown = gitlab.call(scene.ada, "GET", project, f"{path}/release%2F%2A").json()
    assert (shown["name"], shown["allow_force_push"]) == ("release/*", False)
    assert gitlab.call(scene.grace, "DELETE", project, f"{path}/main").status_code == 204
    assert gitlab.call(scene.ada, "GET", project, f"{path}/main").status_code == 404


def test_single_users_in_a_protection_need_premium(scene: Scene) -> None:
    gitlab, project = scene.gitlab, scene.project
    path = "/protected_branches"
    people = [{"user_id": scene.ada.id}]
    gitlab.call(scene.grace, "POST", project, path, name="main", push_access_level=0, allowed_to_push=people)
    with pytest.raises(HookRefused):
        gitlab.push(project, "main", {"x": "1"}, author=scene.ada)
    gitlab.call(scene.grace, "PATCH", project, f"{path}/main", allowed_to_push=people, allow_force_push=True)
    assert project.protected["main"].allow_force_push
    with pytest.raises(HookRefused):
        gitlab.push(project, "main", {"x": "1"}, author=scene.ada)
    gitlab.licence("premium")
    shown = gitlab.call(scene.grace, "PATCH", project, f"{path}/main", allowed_to_push=people).json()
    assert [x["user_id"] for x in shown["push_access_levels"]] == [None, scene.ada.id]
    gitlab.push(project, "main", {"x": "1"}, author=scene.ada)


@pytest.mark.parametrize(
    ("branch", "flags", "push", "force_allowed", "told"),
    [
        ("main", [], 30, False, None),
        ("main", [], 40, False, "You are not allowed to push code to protected branches"),
        ("main", [], 0, False, "You are not allowed to push code to protected branches"),
        ("main", ["--force"], 30, False, "You are not allowed to force push code to a protected branch"),
        ("main", ["--force"], 30, True, None),
        ("main-2", [], 40, False, None),
    ],
)
def test_a_git_push_meets_the_protection(
    scene: Scene, branch: str, flags: list[str], push: int, force_allowed: bool, told: str | None
) -> None:
    gitlab, project = scene.gitlab, scene.project
    start = first_of(project)
    gitlab.commit(project, "main", {"later.py": "1\n"})
    gitlab.protect(project, "main", push=push, merge=40, allow_force_push=force_allowed)
    before = project.repository.branches()
    clone = gitlab.clone(project, scene.ada)
    clone.checkout("work", start if flags else "origin/main")
    sha = clone.commit({"new.py": "1\n"})
    answer = clone.push(*flags, f"HEAD:refs/heads/{branch}")
    assert answer.ok == (told is None), answer.output
    if told is None:
        assert first_of(project, branch) == sha
    else:
        assert f"remote: GitLab: {told}" in answer.output
        assert project.repository.branches() == before
        assert not project.repository.has_commit(sha)


def test_wildcards_protect_and_the_most_permissive_rule_decides(scene: Scene) -> None:
    gitlab, project = scene.gitlab, scene.project
    gitlab.commit(project, "release/1.0", {"a": "1"})
    gitlab.protect(project, "release/*", push=0, merge=0)
    with pytest.raises(HookRefused, match="not allowed to push"):
        gitlab.push(project, "release/1.0", {"a": "2"}, author=scene.grace)
    with pytest.raises(HookRefused, match="not allowed to create"):
        gitlab.push(project, "release/2.0", {"a": "2"}, author=scene.grace)
    gitlab.protect(project, "release/1.*", push=30)
    gitlab.push(project, "release/1.0", {"a": "2"}, author=scene.ada)


def test_protected_branches_are_not_deleted_with_git_and_the_default_branch_never(scene: Scene) -> None:
    gitlab, project = scene.gitlab, scene.project
    gitlab.commit(project, "stable", {"a": "1"})
    gitlab.protect(project, "stable")
    clone = gitlab.clone(project, scene.grace)
    assert "You can only delete protected branches using the web interface" in clone.push(":stable").output
    assert "default branch of a project cannot be deleted" in clone.push(":main").output
    assert gitlab.call(scene.ada, "DELETE", project, "/repository/branches/stable").status_code == 403
    assert gitlab.call(scene.grace, "DELETE", project, "/repository/branches/stable").status_code == 204
    assert "stable" not in project.repository.branches()


@pytest.mark.parametrize("name", [None, "50-mergewarden"], ids=["single", "in the directory"])
def test_a_git_push_runs_the_hook_with_what_gitaly_gives_it(scene: Scene, tmp_path: Path, name: str | None) -> None:
    log = tell(scene, tmp_path, name)
    old = first_of(scene.project)
    answer = scene.gitlab.git_push(scene.project, "main", {"x.py": "1\n"}, author=scene.ada, options=["a b", "c"])
    assert not answer.ok
    assert "remote: GL-HOOK-ERR: not cleared" in answer.output
    assert "remote: second line" in answer.output
    assert "pre-receive hook declined" in answer.output
    assert first_of(scene.project) == old
    told = log.read_text()
    repository = scene.project.repository.directory
    for line in (
        f"GL_ID=user-{scene.ada.id}",
        "GL_USERNAME=ada",
        "GL_PROTOCOL=http",
        f"GL_REPOSITORY=project-{scene.project.id}",
        "GL_PROJECT_PATH=acme/shop",
        f"GIT_ALTERNATE_OBJECT_DIRECTORIES={repository}/",
        "GIT_PUSH_OPTION_COUNT=2",
        "GIT_PUSH_OPTION_0=a b",
        f"cwd={repository}",
    ):
        assert line in told
    assert f"GIT_OBJECT_DIRECTORY={repository}/" in told
    assert f"{old} " in told
    assert "STANDIN" not in told
    assert "GIT_QUARANTINE_PATH" not in told


def test_over_ssh_the_hook_learns_a_key_and_a_name(scene: Scene, tmp_path: Path) -> None:
    log = tell(scene, tmp_path)
    scene.gitlab.push(scene.project, "other", {"x": "1"}, author=scene.ada, protocol="ssh")
    told = log.read_text().splitlines()
    assert {"GL_PROTOCOL=ssh", "GL_USERNAME=ada"} < set(told)
    assert next(line for line in told if line.startswith("GL_ID=")).startswith("GL_ID=key-")


def test_backup_files_and_files_that_do_not_run_are_no_hooks(scene: Scene) -> None:
    gitlab = scene.gitlab
    gitlab.install_hook(scene.project, "#!/bin/sh\nexit 1\n", name="old~")
    gitlab.install_hook(scene.project, "#!/bin/sh\nexit 1\n", name="off").chmod(0o644)
    gitlab.push(scene.project, "main", {"x": "1"}, author=scene.ada)


def test_hooks_run_in_order_until_one_says_no_and_the_global_ones_last(scene: Scene, tmp_path: Path) -> None:
    gitlab, log = scene.gitlab, tmp_path / "log"
    for project, name, code in (
        (None, "global", 1),
        (scene.project, "20-b", 0),
        (scene.project, "10-a", 0),
        (scene.project, None, 0),
    ):
        gitlab.install_hook(project, f"#!/bin/sh\necho {name} >> {log}\nexit {code}\n", name=name)
    other = gitlab.create_project("acme/other", {"a": "1"}, members={scene.ada: DEVELOPER})
    for where in (scene.project, other):
        with pytest.raises(HookRefused, match="Prevented by server hooks"):
            gitlab.push(where, "main", {"x": "1"}, author=scene.ada)
    assert log.read_text().split() == ["None", "10-a", "20-b", "global", "global"]


def test_what_a_hook_says_on_stderr_hides_what_it_says_on_stdout(scene: Scene) -> None:
    gitlab = scene.gitlab
    gitlab.install_hook(scene.project, "#!/bin/sh\necho GL-HOOK-ERR: use the bot\necho warning >&2\nexit 1\n")
    with pytest.raises(ApiError) as caught:
        gitlab.web_commit(scene.project, "main", {"x": "1"}, by=scene.grace)
    assert (caught.value.status, caught.value.body) == (400, {"message": "Prevented by server hooks"})
    answer = gitlab.git_push(scene.project, "main", {"x": "1"}, author=scene.grace)
    assert "remote: GL-HOOK-ERR: use the bot" in answer.output


@pytest.mark.parametrize("method", ["merge", "rebase_merge", "ff"])
def test_a_merge_runs_the_hook_and_a_refusal_is_the_merge_error(scene: Scene, tmp_path: Path, method: str) -> None:
    log = tell(scene, tmp_path)
    gitlab, request = scene.gitlab, scene.open()
    gitlab.settings(scene.project, merge_method=method)
    old = first_of(scene.project)
    answer = gitlab.call(scene.grace, "PUT", request, "/merge")
    assert (answer.status_code, answer.json()) == (422, {"message": "Branch cannot be merged"})
    assert (request.state, first_of(scene.project)) == ("opened", old)
    _, new, _ = log.read_text().splitlines()[-1].split()
    shown = gitlab.call(scene.bot, "GET", request).json()
    expected = f"Something went wrong during merge pre-receive hook. not cleared: &lt;{new}&gt;"
    assert (shown["merge_error"], shown["state"], shown["merge_commit_sha"]) == (expected, "opened", None)
    told = log.read_text()
    assert "GL_PROTOCOL=web" in told
    assert f"GL_ID=user-{scene.grace.id}" in told
    assert scene.project.repository.has_commit(new) == (method == "ff")
    assert list((scene.project.repository.directory / "objects").glob("incoming-*")) == []


def test_every_way_of_the_web_runs_the_hook(scene: Scene, tmp_path: Path) -> None:
    gitlab, project = scene.gitlab, scene.project
    log = tell(scene, tmp_path)
    picked = gitlab.push(project, "other", {"b.py": "1\n"}, author=scene.ada)
    actions = [{"action": "create", "file_path": "c.py", "content": "1\n"}]
    for tail, params in (
        ("/repository/commits", {"branch": "main", "commit_message": "x", "actions": actions}),
        ("/repository/files/c.py", {"branch": "main", "commit_message": "x", "content": "1\n"}),
        (f"/repository/commits/{picked}/cherry_pick", {"branch": "main"}),
    ):
        answer = gitlab.call(scene.grace, "POST", project, tail, **params)
        assert answer.status_code == 400
        assert answer.json()["message"].startswith("not cleared: ")
    assert log.read_text().count("GL_PROTOCOL=web") == 3


def test_a_hook_may_ask_gitlab_while_a_merge_waits_for_it(scene: Scene, tmp_path: Path) -> None:
    gitlab, request = scene.gitlab, scene.open()
    asked = tmp_path / "asked"
    url = f"{gitlab.url}/api/v4/projects/{scene.project.id}/merge_requests/{request.iid}"
    script = f"""#!{sys.executable} -I
import urllib.request
headers = {{"PRIVATE-TOKEN": {gitlab.token_of(scene.bot)!r}}}
answer = urllib.request.urlopen(urllib.request.Request({url!r}, headers=headers), timeout=5).read()
open({str(asked)!r}, "wb").write(answer)
"""
    gitlab.install_hook(scene.project, script)
    assert gitlab.call(scene.grace, "PUT", request, "/merge").status_code == 200
    assert json.loads(asked.read_bytes())["state"] == "locked"
    assert request.state == "merged"


# -- merging ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("squash", [False, True])
@pytest.mark.parametrize("method", ["merge", "rebase_merge", "ff"])
def test_merging_makes_the_commits_of_the_method(scene: Scene, method: str, squash: bool) -> None:
    gitlab, project, request = scene.gitlab, scene.project, scene.open()
    gitlab.commit(project, "feature", {"second.py": "1\n"}, author=scene.ada)
    gitlab.settings(project, merge_method=method)
    target, head = first_of(project), request.head_sha
    answer = gitlab.call(scene.grace, "PUT", request, "/merge", sha=head, squash=squash).json()
    repository, made = project.repository, first_of(project)
    assert (answer["state"], answer["merge_user"]["username"], answer["merged_by"]["id"]) == (
        "merged",
        "grace",
        scene.grace.id,
    )
    source = answer["squash_commit_sha"] if squash else head
    if method == "ff":
        assert answer["merge_commit_sha"] is None
        assert made == source
    else:
        assert answer["merge_commit_sha"] == made
        assert repository.parents(made) == [target, source]
        assert repository.message(made).startswith("Merge branch 'feature' into 'main'\n\nChange\n\nSee merge request")
    if squash:
        assert repository.parents(source) == [target]
        shown = gitlab.call(scene.bot, "GET", project, f"/repository/commits/{source}").json()
        assert (shown["author_name"], shown["committer_name"], shown["title"]) == ("Ada", "Grace", "Change")
        assert source != head
    assert repository.blob(made, "second.py") == b"1\n"
    assert repository.resolve(request.head_ref) == head


def gate(scene: Scene, tmp_path: Path, code: int) -> tuple[Path, Path]:
    """A hook that says by one file that it began, and waits for the other."""
    began, go = tmp_path / f"began-{code}", tmp_path / f"go-{code}"
    script = f"#!/bin/sh\ntouch {began}\nwhile [ ! -e {go} ]; do sleep 0.02; done\nexit {code}\n"
    scene.gitlab.install_hook(scene.project, script)
    return began, go


def test_of_two_merges_at_once_one_finds_the_branch_moved(scene: Scene, tmp_path: Path) -> None:
    gitlab, project = scene.gitlab, scene.project
    first, second = scene.open(), scene.open({"b.py": "1\n"}, "other")
    began, go = gate(scene, tmp_path, 0)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(gitlab.call, scene.grace, "PUT", first, "/merge")
        try:
            until(began.exists)
            (project.repository.directory / "custom_hooks" / "pre-receive").chmod(0o644)
            gitlab.merge(second, by=scene.grace)
        finally:
            go.touch()
        assert slow.result().status_code == 422
    assert (first.state, first.merge_error) == ("opened", "Merge failed. Please try again.")
    gitlab.merge(first, by=scene.grace)
    content = [project.repository.blob(first_of(project), p) for p in ("app.py", "b.py")]
    assert content == [APP.replace("line 30\n", "line 30 changed\nline 30 more\n").encode(), b"1\n"]


@pytest.mark.parametrize(("code", "answer"), [(1, 422), (0, 200)], ids=["refused", "merged"])
def test_a_push_during_a_merge_is_neither_merged_nor_forgotten(
    scene: Scene, tmp_path: Path, code: int, answer: int
) -> None:
    gitlab, project, request = scene.gitlab, scene.project, scene.open()
    began, go = gate(scene, tmp_path, code)
    with ThreadPoolExecutor(1) as pool:
        merging = pool.submit(gitlab.call, scene.grace, "PUT", request, "/merge")
        try:
            until(began.exists)
            assert request.state == "locked"
            late = gitlab.commit(project, "feature", {"late.py": "1\n"}, author=scene.ada)
        finally:
            go.touch()
        assert merging.result().status_code == answer
    assert project.repository.blob(first_of(project), "late.py") is None
    if code:
        assert (request.state, request.head_sha, len(request.versions)) == ("opened", late, 2)
    else:
        assert (request.state, request.head_sha == late) == ("merged", False)


def test_a_slow_git_push_tells_of_its_own_branches_only(scene: Scene, tmp_path: Path) -> None:
    gitlab, project, request = scene.gitlab, scene.project, scene.open()
    began, go = gate(scene, tmp_path, 0)
    with Standin() as receiver, ThreadPoolExecutor(1) as pool:
        gitlab.add_hook(project, f"{receiver.url}/hook", merge_requests_events=False)
        push = pool.submit(gitlab.git_push, project, "other", {"x.py": "1\n"}, author=scene.ada)
        try:
            until(began.exists)
            (project.repository.directory / "custom_hooks" / "pre-receive").chmod(0o644)
            gitlab.merge(request, by=scene.grace)
        finally:
            go.touch()
        assert push.result().ok
        gitlab.wait_for_deliveries()
    told = [json.loads(d.body) for d in gitlab.deliveries]
    pushed = [(b["ref"], b["user_username"]) for b in told if b["object_kind"] == "push"]
    assert sorted(pushed) == [("refs/heads/main", "grace"), ("refs/heads/other", "ada")]


def test_a_squash_of_one_commit_that_says_the_same_changes_nothing(scene: Scene) -> None:
    request = scene.open()
    scene.gitlab.settings(scene.project, squash_option="always")
    scene.gitlab.merge(request, by=scene.grace)
    assert request.squash_commit_sha == request.head_sha


def test_squashing_can_be_forbidden(scene: Scene) -> None:
    request = scene.open()
    scene.gitlab.settings(scene.project, squash_option="never")
    assert scene.gitlab.call(scene.grace, "PUT", request, "/merge", squash=True).status_code == 422
    assert "does not allow squashing" in (request.merge_error or "")


@pytest.mark.parametrize("right", ["push", "merge", "none"])
def test_either_right_merges_a_merge_request_and_none_is_401(scene: Scene, right: str) -> None:
    gitlab, request = scene.gitlab, scene.open()
    levels = {"push": (30, 40), "merge": (40, 30), "none": (40, 40)}[right]
    gitlab.protect(scene.project, "main", push=levels[0], merge=levels[1])
    assert gitlab.call(scene.ada, "GET", request).json()["user"]["can_merge"] == (right != "none")
    answer = gitlab.call(scene.ada, "PUT", request, "/merge")
    assert answer.status_code == (401 if right == "none" else 200)
    assert request.state == ("opened" if right == "none" else "merged")


def test_nobody_merges_where_both_levels_are_no_one(scene: Scene) -> None:
    request = scene.open()
    scene.gitlab.protect(scene.project, "main", push=NO_ONE, merge=NO_ONE)
    assert scene.gitlab.call(scene.grace, "PUT", request, "/merge").status_code == 401


@pytest.mark.parametrize(
    ("obstacle", "status", "code"),
    [
        ("draft", "draft_status", 405),
        ("pipeline", "ci_must_pass", 405),
        ("thread", "discussions_not_resolved", 405),
        ("closed", "not_open", 405),
        ("conflict", "conflict", 422),
        ("behind", "need_rebase", 422),
        ("sha", "mergeable", 409),
    ],
)
def test_a_merge_is_refused_as_gitlab_refuses_it(scene: Scene, obstacle: str, status: str, code: int) -> None:
    gitlab, project, request = scene.gitlab, scene.project, scene.open()
    match obstacle:
        case "draft":
            gitlab.set_draft(request, True)
        case "pipeline":
            gitlab.settings(project, only_allow_merge_if_pipeline_succeeds=True)
        case "thread":
            gitlab.settings(project, only_allow_merge_if_all_discussions_are_resolved=True)
            gitlab.comment(request, scene.grace, "no", thread=True)
        case "closed":
            gitlab.close(request)
        case "conflict":
            gitlab.commit(project, "main", {"app.py": APP.replace("line 30\n", "line thirty\n")})
        case "behind":
            gitlab.settings(project, merge_method="ff")
            gitlab.commit(project, "main", {"other.py": "1\n"})
    assert gitlab.call(scene.bot, "GET", request).json()["detailed_merge_status"] == status
    sha = "0" * 40 if obstacle == "sha" else request.head_sha
    assert gitlab.call(scene.grace, "PUT", request, "/merge", sha=sha).status_code == code
    assert request.state != "merged"


def test_merging_tells_hooks_who_merged_and_what_moved(scene: Scene) -> None:
    gitlab, request = scene.gitlab, scene.open()
    with Standin() as receiver:
        gitlab.add_hook(scene.project, f"{receiver.url}/hook")
        gitlab.merge(request, by=scene.grace, remove_source_branch=True)
        gitlab.wait_for_deliveries()
    bodies = [json.loads(d.body) for d in gitlab.deliveries]
    merged = next(b for b in bodies if b["object_kind"] == "merge_request")
    assert (merged["object_attributes"]["action"], merged["user"]["username"]) == ("merge", "grace")
    assert merged["object_attributes"]["merge_commit_sha"] == first_of(scene.project)
    pushes = [(b["ref"], b["after"] == "0" * 40, b["user_id"]) for b in bodies if b["object_kind"] == "push"]
    assert pushes == [
        ("refs/heads/main", False, scene.grace.id),
        ("refs/heads/feature", True, scene.grace.id),
    ]
    assert scene.project.repository.resolve(request.head_ref) == request.head_sha


def test_auto_merge_merges_when_the_last_check_passes_and_a_push_takes_it_back(scene: Scene) -> None:
    gitlab, request = scene.gitlab, scene.open()
    gitlab.settings(scene.project, only_allow_merge_if_pipeline_succeeds=True)
    answer = gitlab.call(scene.grace, "PUT", request, "/merge", auto_merge=True).json()
    assert (answer["state"], answer["merge_when_pipeline_succeeds"]) == ("opened", True)
    gitlab.commit(scene.project, "feature", {"late.py": "1\n"}, author=scene.ada)
    assert request.auto_merge is None
    gitlab.merge(request, by=scene.grace, auto=True)
    assert gitlab.call(scene.ada, "GET", request).json()["merge_user"]["username"] == "grace"
    gitlab.post_status(request, "success", by=scene.ada)
    gitlab.wait_for(lambda: request.state == "merged", 5, "the merge")
    assert request.merge_user is scene.grace


def test_a_rebase_moves_the_source_branch_and_keeps_the_authors(scene: Scene) -> None:
    gitlab, project, request = scene.gitlab, scene.project, scene.open()
    gitlab.commit(project, "feature", {"second.py": "1\n"}, "Second", author=scene.ada)
    gitlab.commit(project, "main", {"other.py": "1\n"})
    gitlab.settings(project, merge_method="ff")
    old, target = request.head_sha, first_of(project)
    assert gitlab.merge_status(request) == "need_rebase"
    gitlab.world.rebase_delay = 0.2
    answer = gitlab.call(scene.grace, "PUT", request, "/rebase")
    assert (answer.status_code, answer.json()) == (202, {"rebase_in_progress": True})
    assert "rebase_in_progress" not in gitlab.call(scene.bot, "GET", request).json()
    assert gitlab.call(scene.bot, "GET", request, include_rebase_in_progress=True).json()["rebase_in_progress"]
    assert gitlab.call(scene.grace, "PUT", request, "/rebase").status_code == 409
    gitlab.wait_for(lambda: not request.rebase_in_progress)
    assert request.head_sha != old
    assert gitlab.merge_status(request) == "mergeable"
    commits = gitlab.call(scene.bot, "GET", request, "/commits").json()
    assert [(c["title"], c["author_name"], c["committer_name"]) for c in commits] == [
        ("Second", "ada", "Grace"),
        ("Change", "ada", "Grace"),
    ]
    assert commits[-1]["parent_ids"] == [target]
    gitlab.merge(request, by=scene.grace, sha=request.head_sha)
    assert first_of(project) == request.head_sha


def test_a_rebase_that_conflicts_or_is_refused_says_so_and_moves_nothing(scene: Scene) -> None:
    gitlab, project, request = scene.gitlab, scene.project, scene.open()
    gitlab.commit(project, "main", {"app.py": APP.replace("line 30\n", "line thirty\n")})
    old = request.head_sha
    gitlab.rebase(request, by=scene.ada)
    assert request.merge_error == "Rebase failed: Rebase locally, resolve all conflicts, then push the branch."
    gitlab.commit(project, "main", {"app.py": APP, "other.py": "1\n"})
    gitlab.install_hook(project, "#!/bin/sh\necho GL-HOOK-ERR: not now\nexit 1\n")
    gitlab.rebase(request, by=scene.ada)
    assert request.merge_error == "The rebase pre-receive hook failed: not now."
    assert request.head_sha == old
    gitlab.protect(project, "feature", push=0)
    assert gitlab.call(scene.ada, "PUT", request, "/rebase").status_code == 403


def test_a_rebase_of_a_fork_works_in_the_fork(scene: Scene) -> None:
    gitlab, project = scene.gitlab, scene.project
    eve = gitlab.add_person("eve")
    fork = gitlab.fork(project, "eve/shop", eve)
    gitlab.commit(fork, "patch", {"x.py": "1\n"}, author=eve)
    request = gitlab.open_merge_request(project, "patch", author=eve, source_project=fork)
    gitlab.commit(project, "main", {"other.py": "1\n"})
    assert gitlab.call(scene.grace, "PUT", request, "/rebase").status_code == 403
    gitlab.rebase(request, by=eve)
    assert request.merge_error is None
    assert project.repository.parents(request.head_sha) == [first_of(project)]
    gitlab.merge(request, by=scene.grace)
    assert project.repository.blob(first_of(project), "x.py") == b"1\n"


# -- commits, branches, suggestions -----------------------------------------------------------------------------------


def test_the_commits_api_does_what_the_actions_say(scene: Scene) -> None:
    gitlab, project = scene.gitlab, scene.project
    actions = [
        {"action": "create", "file_path": "a b/ü.bin", "content": "AAE=", "encoding": "base64"},
        {"action": "move", "file_path": "moved.py", "previous_path": "app.py"},
        {"action": "chmod", "file_path": "moved.py", "execute_filemode": True},
    ]
    params: dict[str, Any] = {"branch": "new", "start_branch": "main", "commit_message": "Several", "actions": actions}
    made = gitlab.call(scene.ada, "POST", project, "/repository/commits", **params).json()
    assert (made["author_name"], made["parent_ids"]) == ("Ada", [first_of(project)])
    repository, sha = project.repository, made["id"]
    assert repository.blob(sha, "a b/ü.bin") == b"\x00\x01"
    assert repository.blob(sha, "app.py") is None
    assert (repository.blob(sha, "moved.py"), repository.mode(sha, "moved.py")) == (APP.encode(), "100755")
    again = gitlab.call(scene.ada, "POST", project, "/repository/commits", **params)
    assert again.status_code == 400
    gone = [{"action": "delete", "file_path": "nothing.py"}]
    answer = gitlab.call(
        scene.ada, "POST", project, "/repository/commits", branch="new", commit_message="x", actions=gone
    )
    assert answer.json() == {"message": "A file with this name doesn't exist"}
    gitlab.protect(project, "new")
    refused = gitlab.call(scene.ada, "POST", project, "/repository/commits", **{**params, "start_branch": None})
    assert (refused.status_code, refused.json()["message"]) == (403, "You are not allowed to push into this branch")


def test_a_file_is_read_with_its_size_and_place(scene: Scene) -> None:
    gitlab, project = scene.gitlab, scene.project
    shown = gitlab.call(scene.bot, "GET", project, "/repository/files/app.py", ref="main").json()
    assert (base64.b64decode(shown["content"]).decode(), shown["commit_id"]) == (APP, first_of(project))
    assert gitlab.call(scene.bot, "GET", project, "/repository/files/no.py", ref="main").status_code == 404
    tree = gitlab.call(scene.bot, "GET", project, "/repository/tree").json()
    assert [(t["path"], t["type"]) for t in tree] == [("app.py", "blob")]


def test_cherry_pick_and_revert_make_new_commits(scene: Scene) -> None:
    gitlab, project = scene.gitlab, scene.project
    sha = gitlab.push(project, "other", {"b.py": "1\n"}, "Add b", author=scene.ada)
    path = f"/repository/commits/{sha}"
    made = gitlab.call(scene.grace, "POST", project, f"{path}/cherry_pick", branch="main").json()
    assert made["message"].strip().endswith(f"(cherry picked from commit {sha})")
    assert (made["author_name"], made["committer_name"], first_of(project)) == ("Ada", "Grace", made["id"])
    again = gitlab.call(scene.grace, "POST", project, f"{path}/cherry_pick", branch="main")
    assert (again.status_code, again.json()["error_code"]) == (400, "empty")
    undone = gitlab.revert(project, made["id"], "main", by=scene.grace)
    assert project.repository.blob(undone, "b.py") is None


def test_branches_are_made_and_renamed_through_the_api(scene: Scene) -> None:
    gitlab, project = scene.gitlab, scene.project
    made = gitlab.call(scene.ada, "POST", project, "/repository/branches", branch="copy", ref="main")
    assert (made.status_code, made.json()["commit"]["id"]) == (201, first_of(project))
    assert gitlab.call(scene.ada, "DELETE", project, "/repository/branches/copy").status_code == 204
    gitlab.protect(project, "main")
    rows = gitlab.call(scene.ada, "GET", project, "/repository/branches").json()
    assert [(b["name"], b["protected"], b["can_push"]) for b in rows] == [("main", True, False)]


def test_an_applied_suggestion_is_the_suggesters_commit_and_meets_the_hook(scene: Scene, tmp_path: Path) -> None:
    gitlab, request = scene.gitlab, scene.open()
    body = "Better:\n\n```suggestion:-0+0\nline 30 fixed\n```"
    place = {**refs(request), **TEXT, "new_line": 30}
    gitlab.call(scene.bot, "POST", request, "/discussions", body=body, position=place)
    one = request.notes[0].suggestions[0]
    hook = gitlab.install_hook(scene.project, "#!/bin/sh\necho GL-HOOK-ERR: wait\nexit 1\n")
    refused = gitlab.call(scene.ada, "PUT", f"/suggestions/{one.id}/apply")
    assert (refused.status_code, refused.json(), one.applied) == (400, {"message": "wait"}, False)
    hook.unlink()
    gitlab.apply_suggestion(one, by=scene.ada)
    shown = gitlab.call(scene.bot, "GET", scene.project, f"/repository/commits/{request.head_sha}").json()
    assert (shown["author_name"], shown["committer_name"]) == ("Warden", "Ada")


# -- notes, labels, issues --------------------------------------------------------------------------------------------


def test_people_write_reply_edit_and_react(scene: Scene) -> None:
    gitlab, request = scene.gitlab, scene.open()
    with Standin() as receiver:
        gitlab.add_hook(scene.project, f"{receiver.url}/hook")
        note = gitlab.comment(request, scene.ada, "/mw help", thread=True)
        thread = request.discussions[0]
        answer = gitlab.call(scene.bot, "POST", request, f"/discussions/{thread.id}/notes", body="Here is help.").json()
        gitlab.edit_note(request, note, "/mw merge", by=scene.grace)
        with pytest.raises(ApiError):
            gitlab.edit_note(request, request.notes[1], "mine", by=scene.ada)
        gitlab.wait_for_deliveries()
    told = [b for b in (json.loads(d.body) for d in gitlab.deliveries) if b["object_kind"] == "note"]
    attributes = [(b["object_attributes"]["action"], b["user"]["username"]) for b in told]
    assert attributes == [("create", "ada"), ("create", "warden"), ("update", "ada")]
    assert told[2]["object_attributes"]["updated_by_id"] == scene.grace.id
    assert told[1]["object_attributes"]["discussion_id"] == thread.id
    path = f"/notes/{answer['id']}/award_emoji"
    assert gitlab.call(scene.ada, "POST", request, path, name="eyes").status_code == 201
    assert gitlab.call(scene.ada, "POST", request, path, name="eyes").status_code == 404
    assert [e["name"] for e in gitlab.call(scene.bot, "GET", request, path).json()] == ["eyes"]
    assert gitlab.reactions(request.notes[1], scene.ada) == ["eyes"]
    number = request.notes[1].emoji[0][0]
    assert gitlab.call(scene.grace, "DELETE", request, f"{path}/{number}").status_code == 401
    assert gitlab.call(scene.bot, "GET", request, f"/notes/{note.id}").json()["body"] == "/mw merge"
    assert len(gitlab.call(scene.bot, "GET", request, f"/discussions/{thread.id}").json()["notes"]) == 2


def test_an_edit_of_a_merge_request_is_one_hook_with_what_changed(scene: Scene) -> None:
    gitlab, request = scene.gitlab, scene.open()
    gitlab.commit(scene.project, "stable", {"a": "1"})
    with Standin() as receiver:
        gitlab.add_hook(scene.project, f"{receiver.url}/hook")
        title, labels = "Draft: Other", "x,y"
        answer = gitlab.call(
            scene.ada, "PUT", request, title=title, labels=labels, target_branch="stable", description="Change"
        )
        gitlab.call(scene.ada, "PUT", request, title=title, add_labels="x")
        gitlab.call(scene.ada, "PUT", request, remove_labels="x")
        gitlab.wait_for_deliveries()
    assert (answer.json()["draft"], answer.json()["title"]) == (True, title)
    bodies = [json.loads(d.body) for d in gitlab.deliveries]
    assert len(bodies) == 2
    assert "oldrev" not in bodies[0]["object_attributes"]
    changes = bodies[0]["changes"]
    assert sorted(changes) == ["description", "draft", "labels", "target_branch", "title"]
    assert changes["target_branch"] == {"previous": "main", "current": "stable"}
    assert [x["title"] for x in changes["labels"]["current"]] == ["x", "y"]
    assert [x["title"] for x in bodies[1]["changes"]["labels"]["current"]] == ["y"]
    stranger = gitlab.add_person("eve", {scene.project: REPORTER})
    assert gitlab.call(stranger, "PUT", request, add_labels="z").status_code == 403


def test_merge_requests_and_forks_are_made_through_the_api(scene: Scene) -> None:
    gitlab, project = scene.gitlab, scene.project
    eve = gitlab.add_person("eve", {project: REPORTER})
    fork = gitlab.call(eve, "POST", project, "/fork").json()
    assert fork["forked_from_project"]["id"] == project.id
    gitlab.push(gitlab.world.projects[fork["id"]], "patch", {"x": "1"}, author=eve)
    wanted: dict[str, Any] = {
        "source_branch": "patch",
        "target_branch": "main",
        "title": "Draft: x",
        "target_project_id": project.id,
    }
    made = gitlab.call(eve, "POST", f"/projects/{fork['id']}/merge_requests", **wanted)
    assert (made.status_code, made.json()["draft"], made.json()["project_id"]) == (201, True, project.id)
    assert gitlab.call(eve, "POST", f"/projects/{fork['id']}/merge_requests", **wanted).status_code == 409


def test_issues_are_made_found_and_closed(scene: Scene) -> None:
    gitlab, project = scene.gitlab, scene.project
    params: dict[str, Any] = {
        "title": "Uncleared commit",
        "labels": "security,x",
        "confidential": True,
        "description": "no\n/close",
    }
    made = gitlab.call(scene.bot, "POST", project, "/issues", **params).json()
    assert (made["iid"], made["labels"], made["description"]) == (1, ["security", "x"], "no")
    guest = gitlab.add_person("eve", {project: GUEST})
    assert gitlab.call(guest, "GET", project, "/issues").json() == []
    found = gitlab.call(scene.bot, "GET", project, "/issues", labels="x", state="opened", author_id=scene.bot.id)
    assert [i["iid"] for i in found.json()] == [1]
    assert gitlab.call(scene.bot, "PUT", project, "/issues/1", state_event="close").json()["state"] == "closed"
    assert gitlab.call(scene.bot, "GET", project, "/issues", state="opened").json() == []


def test_a_status_of_our_name_by_another_developer_retires_ours(scene: Scene) -> None:
    gitlab, request = scene.gitlab, scene.open()
    gitlab.post_status(request, "failed", by=scene.bot)
    gitlab.post_status(request, "success", by=scene.ada)
    path = f"/repository/commits/{request.head_sha}/statuses"
    rows = gitlab.call(scene.bot, "GET", scene.project, path).json()
    assert [(s["status"], s["author"]["username"]) for s in rows] == [("success", "ada")]
    every = gitlab.call(scene.bot, "GET", scene.project, path, all=True).json()
    assert [s["author"]["username"] for s in every] == ["warden", "ada"]


# -- what a licence adds ----------------------------------------------------------------------------------------------


def test_settings_are_the_maintainers_and_what_is_not_licensed_is_ignored(scene: Scene) -> None:
    gitlab, project = scene.gitlab, scene.project
    wanted: dict[str, Any] = {
        "only_allow_merge_if_pipeline_succeeds": True,
        "merge_method": "ff",
        "only_allow_merge_if_all_status_checks_passed": True,
    }
    assert gitlab.call(scene.ada, "PUT", project, **wanted).status_code == 403
    shown = gitlab.call(scene.grace, "PUT", project, **wanted).json()
    assert (shown["only_allow_merge_if_pipeline_succeeds"], shown["merge_method"]) == (True, "ff")
    assert "only_allow_merge_if_all_status_checks_passed" not in shown
    assert not project.settings["only_allow_merge_if_all_status_checks_passed"]
    assert gitlab.call(scene.grace, "PUT", project, merge_method="octopus").status_code == 400


def test_approvals_are_for_every_tier_and_know_the_head(scene: Scene) -> None:
    gitlab, request = scene.gitlab, scene.open()
    stale = gitlab.call(scene.grace, "POST", request, "/approve", sha="0" * 40)
    assert stale.status_code == 409
    given = gitlab.call(scene.grace, "POST", request, "/approve", sha=request.head_sha)
    assert given.json()["approved_by"][0]["user"]["username"] == "grace"
    assert gitlab.call(scene.grace, "POST", request, "/approve").status_code == 401
    # On Free an approval outlives the code, and authors approve their own.
    gitlab.commit(scene.project, "feature", {"late.py": "1\n"}, author=scene.ada)
    gitlab.approve(request, by=scene.ada)
    assert len(gitlab.call(scene.bot, "GET", request, "/approvals").json()["approved_by"]) == 2
    assert gitlab.call(scene.bot, "GET", request, "/approval_state").status_code == 404
    assert gitlab.call(scene.grace, "POST", request, "/unapprove").status_code == 201
    assert gitlab.call(scene.grace, "POST", request, "/unapprove").status_code == 404


def test_an_approval_rule_of_premium_blocks_until_the_right_one_approves(scene: Scene) -> None:
    gitlab, request = scene.gitlab, scene.open()
    gitlab.licence("premium")
    rule: dict[str, Any] = {"name": "bot", "approvals_required": 1, "user_ids": [scene.bot.id]}
    assert gitlab.call(scene.grace, "POST", scene.project, "/approval_rules", **rule).status_code == 201
    gitlab.approve(request, by=scene.grace)
    assert gitlab.merge_status(request) == "not_approved"
    gitlab.approve(request, by=scene.bot)
    assert gitlab.merge_status(request) == "mergeable"
    gitlab.commit(scene.project, "feature", {"late.py": "1\n"}, author=scene.ada)
    assert gitlab.merge_status(request) == "not_approved"
    gitlab.licence("free")
    assert gitlab.merge_status(request) == "mergeable"


@pytest.mark.parametrize("tier", ["free", "premium"])
def test_status_checks_look_like_a_bad_token_without_ultimate(scene: Scene, tier: Tier) -> None:
    gitlab, request = scene.gitlab, scene.open()
    gitlab.licence(tier)
    for answer in (
        gitlab.call(scene.grace, "GET", scene.project, "/external_status_checks"),
        gitlab.call(scene.grace, "GET", request, "/status_checks"),
        gitlab.call(scene.bot, "POST", request, "/status_check_responses", sha=request.head_sha, status="passed"),
    ):
        assert (answer.status_code, answer.json()) == (401, {"message": "401 Unauthorized"})


def test_a_status_check_of_ultimate_is_asked_and_answers_for_the_head_only(scene: Scene) -> None:
    gitlab, project = scene.gitlab, scene.project
    gitlab.licence("ultimate")
    with Standin() as receiver:
        params: dict[str, Any] = {
            "name": "warden",
            "external_url": f"{receiver.url}/check?key=1",
            "shared_secret": "s3",
        }
        made = gitlab.call(scene.grace, "POST", project, "/external_status_checks", **params).json()
        assert made["hmac"]
        assert gitlab.call(scene.grace, "POST", project, "/external_status_checks", **params).status_code == 400
        gitlab.settings(project, only_allow_merge_if_all_status_checks_passed=True)
        request = scene.open()
        assert gitlab.merge_status(request) == "status_checks_must_pass"
        shown = gitlab.call(scene.bot, "GET", request, "/status_checks").json()
        assert (shown[0]["status"], shown[0]["external_url"]) == ("pending", f"{receiver.url}/check")
        body: dict[str, Any] = {"sha": request.head_sha, "external_status_check_id": made["id"], "status": "passed"}
        assert gitlab.call(scene.bot, "POST", request, "/status_check_responses", **body).status_code == 201
        assert gitlab.merge_status(request) == "mergeable"
        gitlab.commit(project, "feature", {"late.py": "1\n"}, author=scene.ada)
        assert gitlab.call(scene.bot, "POST", request, "/status_check_responses", **body).status_code == 409
        assert gitlab.merge_status(request) == "status_checks_must_pass"
        until(lambda: len(receiver.request_log) >= 2)
        assert {(r.method, r.path) for r in receiver.request_log} == {("POST", "/check")}


def test_a_check_that_nobody_answers_fails_after_its_time_and_can_be_asked_again(scene: Scene) -> None:
    gitlab = scene.gitlab
    gitlab.licence("ultimate")
    check = gitlab.add_status_check(scene.project, "warden", "http://127.0.0.1:9/check")
    request = scene.open()
    path = f"/status_checks/{check.id}/retry"
    assert gitlab.call(scene.bot, "POST", request, path).status_code == 422
    gitlab.world.licensed.pending_seconds = 0.0
    assert gitlab.world.licensed.state(check, request) == "failed"
    gitlab.world.licensed.pending_seconds = 60.0
    gitlab.world.licensed.respond(request, check, request.head_sha, "failed", scene.bot)
    assert gitlab.call(scene.bot, "POST", request, path).status_code == 202
    assert gitlab.world.licensed.state(check, request) == "pending"
