"""Whose policy counts."""

from __future__ import annotations

import pytest

from tests.e2e.samples import UNSAFE_LOAD
from tests.e2e.stage import Stage

LENIENT = "version: 1\nblock: []\nwarn: []\nrequired_scanners: []\nunread_files: ignore\n"
STRICT = """\
version: 1
block:
  - name: everything
    severity: info
    confidence: low
rule_modes:
  - rules: ["*"]
    mode: block
    reason: also what only watches by itself
"""
WEAK_RANDOM = "import random\n\n\ndef pick():\n    return random.random()\n"
"""Something small: it does not block by itself."""


def test_policy_of_the_source_branch_is_ignored(stage: Stage) -> None:
    story = stage.story("policy/source")
    story.judged({".mergewarden.yml": LENIENT, "load.py": UNSAFE_LOAD})


def test_policy_of_the_target_branch_cannot_loosen(stage: Stage) -> None:
    story = stage.story("policy/loose", {".mergewarden.yml": LENIENT})
    story.judged({"load.py": UNSAFE_LOAD})


def test_policy_of_the_target_branch_tightens(stage: Stage) -> None:
    story = stage.story("policy/strict", {".mergewarden.yml": STRICT})
    story.judged({"pick.py": WEAK_RANDOM})
    free = stage.story("policy/free", {"README.md": "Free.\n"})
    free.judged({"pick.py": WEAK_RANDOM}, "success")


def test_an_open_merge_request_is_judged_by_the_policy_that_its_target_gets(stage: Stage) -> None:
    """Nobody pushes to the merge request: it was green, and the target branch becomes stricter."""
    story = stage.story("policy/later", {"README.md": "Later.\n"})
    request = story.judged({"pick.py": WEAK_RANDOM}, "success")
    stage.settle()  # the default branch has been read once, so that it is known what changes on it
    story.gitlab.commit(story.project, "main", {".mergewarden.yml": STRICT}, author=stage.ada)
    story.verdict(request, ["failed"])


@pytest.mark.parametrize("broken", [b"version: 1\nblok: []\n", b"\xff\xfe"])
def test_broken_policy_on_the_target_branch_is_said_and_the_organisations_counts(stage: Stage, broken: bytes) -> None:
    story = stage.story("policy/broken", {".mergewarden.yml": broken})
    request = story.judged({"README.md": "Hello.\n"}, "success")
    status = story.gitlab.statuses(request, "mergewarden")[-1]
    assert "Passed with warnings" in (status.description or "")
    assert ".mergewarden.yml" in story.summary(request)

    other = stage.story("policy/broken-and-unsafe", {".mergewarden.yml": broken})
    other.judged({"load.py": UNSAFE_LOAD})
