"""Whose policy counts, and what is said of a project's own file that does not."""

from __future__ import annotations

import pytest

from bot.domain.gate import evaluate, with_reasons
from bot.domain.policy import Policy, PolicyDocument, PolicyRule
from bot.domain.policy_file import MAX_BYTES, PROJECT_FILE
from bot.domain.verdict import Outcome, Reason, ReasonCode
from bot.pipeline.git import Repository
from bot.pipeline.policies import project_policy
from bot.texts import Language
from scanners.finding import Severity
from tests.pipeline.git.builder import Builder, Content
from tests.sentences import assert_translatable

ORGANISATION = PolicyDocument("policy.yaml", Policy(block=(PolicyRule("severe", Severity.HIGH),)))


def read(builder: Builder, repository: Repository, content: bytes | None) -> tuple[Policy, tuple[Reason, ...]]:
    files: dict[str | bytes, Content] = {"README.md": b"Hello.\n"}
    if content is not None:
        files[PROJECT_FILE] = content
    return project_policy(ORGANISATION, "group/project", repository, builder.commit(files, parents=[]))


@pytest.mark.parametrize(
    ("content", "word"),
    [
        pytest.param(b"version: 1\nblok: []\n", "blok", id="unknown setting"),
        pytest.param(b"version: [1\n", "not YAML", id="not YAML"),
        pytest.param(b"", "list of settings", id="empty"),
        pytest.param(b"a: &a [*a]\n", "aliases", id="aliases"),
        pytest.param(b"\xff\xfe\xfa", "UTF-8", id="not UTF-8"),
        pytest.param(b"#" * (MAX_BYTES + 1), "larger than", id="too large"),
        pytest.param(b"version: 1\nblok: []\nwran: []\n", "blok", id="several mistakes"),
    ],
)
def test_a_wrong_project_file_leaves_the_organisations_policy_and_is_said(
    builder: Builder, repository: Repository, content: bytes, word: str
) -> None:
    policy, reasons = read(builder, repository, content)
    assert policy == ORGANISATION.for_project("group/project")
    ((code, subject, detail),) = [(r.code, r.subject, r.detail) for r in reasons]
    assert (code, subject) == (ReasonCode.PROJECT_POLICY_IGNORED, PROJECT_FILE)
    assert word in detail
    assert "\n" not in detail
    assert_translatable(detail)
    assert with_reasons(evaluate(policy, [], []), reasons).outcome is Outcome.WARNED


def test_a_wish_that_would_weaken_is_refused_and_said(builder: Builder, repository: Repository) -> None:
    policy, reasons = read(builder, repository, b"version: 1\nlanguage: zh-CN\nblock: []\nunread_files: ignore\n")
    assert (policy.block, policy.language) == (ORGANISATION.policy.block, Language.CHINESE)
    assert [(r.code, r.subject, r.detail) for r in reasons] == [
        (ReasonCode.PROJECT_POLICY_REFUSED, "block", "wanted none, kept the organisation's 1"),
        (ReasonCode.PROJECT_POLICY_REFUSED, "unread_files", "wanted ignore, kept not_assessed"),
    ]
    assert_translatable(*(r.detail for r in reasons))
    assert with_reasons(evaluate(policy, [], []), reasons).outcome is Outcome.PASSED


def test_a_stricter_file_and_none_at_all_are_no_reason(builder: Builder, repository: Repository) -> None:
    policy, reasons = read(builder, repository, b"version: 1\nblock: [{name: ours, severity: low}]\n")
    assert [rule.name for rule in policy.block] == ["severe", "ours"]
    assert reasons == ()
    assert read(builder, repository, None)[1] == ()


def test_without_a_target_the_organisations_policy_counts(repository: Repository, builder: Builder) -> None:
    builder.commit({PROJECT_FILE: b"nonsense"})
    assert project_policy(ORGANISATION, "group/project", repository, None) == (ORGANISATION.policy, ())
