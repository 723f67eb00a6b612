"""A policy that lives in a GitLab project: taken over with a push, kept when it breaks, and said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.samples import UNSAFE_LOAD
from tests.e2e.stage import HOOK, Stage, start_stage, stop_stage
from tests.standin import DEVELOPER, Project

LAX = "version: 1\nblock: []\nrequired_scanners: []\n"
TIGHT = "version: 1\nblock: [{name: anything in the vault, severity: info}]\nmerge: {when_clear: false}\n"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A bot whose policy is in a project that is not there yet."""
    settings = {"POLICY_PROJECT": "security/policies", "RECONCILE_INTERVAL_SECONDS": "86400"}
    made = start_stage(tmp_path_factory.mktemp("policies"), settings)
    yield made
    stop_stage(made)


@pytest.fixture(scope="module")
def policies(stage: Stage) -> Project:
    project = stage.gitlab.create_project("security/policies", {"README.md": "x"}, members={stage.user: DEVELOPER})
    stage.gitlab.add_hook(project, f"{stage.bot.url}{HOOK}", token=stage.bot.secret)
    return project


def change(stage: Stage, policies: Project, files: dict[str, str | bytes | None]) -> None:
    stage.gitlab.commit(policies, "main", files, author=stage.ada)
    stage.settle()


def test_a_policy_project_from_its_first_commit_to_a_broken_one(stage: Stage, policies: Project) -> None:
    change(stage, policies, {"policy.yml": LAX, "groups/vault.yml": TIGHT})
    vault, free = stage.story("vault/keys", {"README.md": "x"}), stage.story("free/shop", {"README.md": "x"})
    vault.judged({"pick.py": UNSAFE_LOAD}, "failed")
    free.judged({"pick.py": UNSAFE_LOAD}, "success")
    done = stage.bot.run("policy", "explain", f"{vault.project.path}!1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{policies.path}@" in done.stdout
    assert "anything in the vault" in done.stdout
    assert "it is the same decision" in done.stdout

    # One commit that breaks the organisation's file and drops the group's: neither happens.
    change(stage, policies, {"policy.yml": "version: 1\nblok: []\n", "groups/vault.yml": None})
    still = stage.story("vault/more", {"README.md": "x"})
    still.judged({"pick.py": UNSAFE_LOAD}, "failed")
    request = free.judged({"note.md": "Hello.\n"}, "success", "second")
    assert "Passed with warnings" in (free.gitlab.statuses(request, "mergewarden")[-1].description or "")
    assert "policy.yml" in free.summary(request)
    assert "last good version" in free.summary(request)

    change(stage, policies, {"policy.yml": LAX, "groups/free.yml": TIGHT})
    mine = stage.bot.log.parent / "mine.yml"
    mine.write_text(LAX.replace("[]", "[{name: all of it, severity: info}]", 1))
    done = stage.bot.run("policy", "simulate", str(mine), "--project", "vault/**")
    assert done.returncode == 0, done.stderr
    assert "all of it" in done.stdout
    other = stage.story("free/other", {"README.md": "x"})
    other.judged({"pick.py": UNSAFE_LOAD}, "failed")
    opened = stage.story("vault/opened", {"README.md": "x"})
    opened.judged({"pick.py": UNSAFE_LOAD}, "success")
    opened.harmless()
