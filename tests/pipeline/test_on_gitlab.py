"""
The hook where GitLab runs it: merges in the browser, commits of the API, suggestions and pushes all go through it.

Each test says what level 3 lets through and what it stops; how people get to know is part of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.pipeline.hook_desk import HookDesk
from bot.store import projects
from bot.store.enforcement import stored
from bot.store.engine import session, write_session
from bot.texts import Language
from bot.web.hook import HookDependencies
from tests.deploy.gate import SCRIPT, SECRET, serving
from tests.pipeline.test_protected import clear
from tests.pipeline.workshop import Workshop
from tests.standin import ApiError, HookRefused, MergeRequest, Project


@pytest.fixture
def guarded(workshop: Workshop, tmp_path: Path) -> Iterator[Project]:
    """A project whose default branch the hook guards."""
    made = workshop.project()
    with write_session(workshop.services.store) as writing:
        projects.upsert_projects(
            writing, [projects.Project(made.id, made.path, f"{workshop.gitlab.url}/{made.path}", "", "main")]
        )
    desk = HookDesk(
        store=lambda: workshop.services.store,
        serves=lambda _: True,
        refuse_unknown=False,
        language=lambda _: Language.ENGLISH,
    )
    hook = HookDependencies(SecretStr(SECRET), desk)
    (tmp_path / "secret").write_text(SECRET)
    with serving(hook, []) as port:
        # Gitaly runs a copy; its settings are where all copies find them, which here is beside it.
        script = SCRIPT.read_text("utf-8").replace("/usr/bin/env python3", sys.executable, 1)
        place = workshop.gitlab.install_hook(made, script)
        settings = {"url": f"http://127.0.0.1:{port}", "secret_file": str(tmp_path / "secret")}
        (place.parent / "mergewarden-hook.json").write_text(json.dumps({**settings, "cache_folder": str(tmp_path)}))
        yield made


def opened(workshop: Workshop, project: Project, *, cleared: bool) -> MergeRequest:
    workshop.gitlab.commit(project, "feature", {"new.py": "x = 1\n"}, author=workshop.ada, start="main")
    workshop.gitlab.commit(project, "feature", {"more.py": "y = 1\n"}, author=workshop.ada)
    request = workshop.gitlab.open_merge_request(project, "feature", author=workshop.ada)
    clear(workshop, request, lets_through=cleared)
    return request


@pytest.mark.parametrize("method", ["merge", "rebase_merge", "ff"])
@pytest.mark.parametrize("squash", [False, True], ids=["commits", "squash"])
def test_a_cleared_merge_request_is_merged_in_the_browser(
    workshop: Workshop, guarded: Project, method: str, squash: bool
) -> None:
    workshop.gitlab.settings(guarded, merge_method=method)
    request = opened(workshop, guarded, cleared=True)
    workshop.gitlab.merge(request, by=workshop.grace, squash=squash)
    assert request.state == "merged"


@pytest.mark.parametrize("method", ["merge", "ff"])
@pytest.mark.parametrize("squash", [False, True], ids=["commits", "squash"])
def test_one_that_is_not_cleared_is_not_and_the_page_says_why(
    workshop: Workshop, guarded: Project, method: str, squash: bool
) -> None:
    workshop.gitlab.settings(guarded, merge_method=method)
    request = opened(workshop, guarded, cleared=False)
    before = guarded.repository.head("main")
    with pytest.raises(ApiError):
        workshop.gitlab.merge(request, by=workshop.grace, squash=squash)
    assert guarded.repository.head("main") == before
    assert request.state == "opened"
    assert request.merge_error is not None
    assert "Mergewarden does not let this push into main" in request.merge_error
    assert f"!{request.iid}" in request.merge_error or "not cleared" in request.merge_error


def test_a_late_push_is_not_merged(workshop: Workshop, guarded: Project) -> None:
    request = opened(workshop, guarded, cleared=True)
    workshop.gitlab.push(guarded, "feature", {"evil.py": "import os\n"}, author=workshop.ada)
    with pytest.raises(ApiError):
        workshop.gitlab.merge(request, by=workshop.grace)


def test_a_retargeted_merge_request_is_not_merged_by_its_old_verdict(workshop: Workshop, guarded: Project) -> None:
    workshop.gitlab.commit(guarded, "topic", {"t.py": "1\n"}, author=workshop.ada, start="main")
    workshop.gitlab.commit(guarded, "feature", {"new.py": "x = 1\n"}, author=workshop.ada, start="main")
    request = workshop.gitlab.open_merge_request(guarded, "feature", target_branch="topic", author=workshop.ada)
    clear(workshop, request)
    workshop.gitlab.edit_request(request, by=workshop.ada, target_branch="main")
    with pytest.raises(ApiError):
        workshop.gitlab.merge(request, by=workshop.grace)


def test_a_push_past_the_merge_request_is_refused(workshop: Workshop, guarded: Project) -> None:
    with pytest.raises(HookRefused) as refused:
        workshop.gitlab.push(guarded, "main", {"evil.py": "import os\n"}, author=workshop.grace)
    assert "was not cleared for main" in refused.value.message
    assert "open a merge request into main" in refused.value.message


def test_a_commit_of_the_api_is_refused(workshop: Workshop, guarded: Project) -> None:
    with pytest.raises(ApiError) as refused:
        workshop.gitlab.web_commit(guarded, "main", {"evil.py": "import os\n"}, "sneak", by=workshop.grace)
    assert "was not cleared for main" in str(refused.value)
    assert workshop.gitlab.web_commit(guarded, "topic", {"x.py": "1\n"}, "fine", by=workshop.grace, start="main")


def test_a_cherry_pick_and_a_revert_are_refused(workshop: Workshop, guarded: Project) -> None:
    request = opened(workshop, guarded, cleared=True)
    with pytest.raises(ApiError):
        workshop.gitlab.cherry_pick(guarded, request.head_sha, "main", by=workshop.grace)
    workshop.gitlab.merge(request, by=workshop.grace)
    with pytest.raises(ApiError):
        workshop.gitlab.revert(guarded, request.head_sha, "main", by=workshop.grace)


def test_a_force_push_is_refused_even_where_gitlab_would_allow_it(workshop: Workshop, guarded: Project) -> None:
    workshop.gitlab.protect(guarded, "main", allow_force_push=True)
    with pytest.raises(HookRefused) as refused:
        workshop.gitlab.push(guarded, "main", {"x.py": "1\n"}, author=workshop.grace, force=True)
    assert "Mergewarden" in refused.value.message


def test_a_rename_of_the_source_branch_changes_nothing(workshop: Workshop, guarded: Project) -> None:
    request = opened(workshop, guarded, cleared=True)
    workshop.gitlab.create_branch(guarded, "renamed", "feature", by=workshop.ada)
    # The same head from elsewhere is the same head.
    workshop.gitlab.push_commit(guarded, "main", request.head_sha, author=workshop.grace)
    assert guarded.repository.head("main") == request.head_sha


def test_other_branches_are_free(workshop: Workshop, guarded: Project) -> None:
    assert workshop.gitlab.git_push(guarded, "topic", {"x.py": "1\n"}, author=workshop.ada).ok


def test_the_bot_knows_that_the_project_has_the_hook(workshop: Workshop, guarded: Project) -> None:
    workshop.gitlab.push(guarded, "topic", {"x.py": "1\n"}, author=workshop.ada)
    for _ in range(200):
        with session(workshop.services.store) as reading:
            known = stored(reading, guarded.id)
        if known is not None and known.hook_seen_at is not None:
            break
    assert known is not None
    assert known.hook_seen_at is not None
