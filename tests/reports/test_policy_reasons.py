"""That the policy is not the newest, and what a group may not do, is said in every report and in both languages."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.domain.gate import with_reasons
from bot.domain.verdict import GateDecision, Outcome, Reason, ReasonCode, ScanReport
from bot.reports.notes import render_summary_note, status_description
from bot.reports.registry import render
from bot.reports.text import render_text
from bot.reports.wording import words_in
from bot.texts import Language
from tests.reports.samples import RICH

NOT_CURRENT = Reason(
    ReasonCode.POLICY_NOT_CURRENT, "groups/shop.yml", "groups/shop.yml:2: 'blok' is not a setting; did you mean block?"
)
SILENT = Reason(
    ReasonCode.POLICY_NOT_CURRENT, "policy.yml", "nothing was heard of the policy project since 2026-03-01 12:00 UTC"
)
REFUSED = Reason(ReasonCode.PROJECT_POLICY_REFUSED, "groups/shop.yml: unread_files", "wanted ignore, kept warn")


def passed(*reasons: Reason) -> ScanReport:
    return replace(RICH, tracked=(), decision=with_reasons(GateDecision(Outcome.PASSED), reasons))


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_policy_that_is_not_the_newest_makes_a_pass_a_warning_and_nothing_better(outcome: Outcome) -> None:
    after = with_reasons(GateDecision(outcome), [NOT_CURRENT])
    assert after.outcome is (Outcome.WARNED if outcome is Outcome.PASSED else outcome)
    assert after.reasons == (NOT_CURRENT,)
    assert with_reasons(GateDecision(outcome), [REFUSED]).outcome is outcome


@pytest.mark.parametrize(
    ("reason", "english", "chinese"),
    [
        (
            NOT_CURRENT,
            "groups/shop.yml of the policy project cannot be used as it is now, so its last good version counts: "
            "groups/shop.yml:2: 'blok' is not a setting; did you mean block?",
            "策略项目中的 groups/shop.yml 目前无法使用，因此采用其最后一个有效版本：groups/shop.yml 第 2 行："
            "'blok' 不是设置项，是否想写 block？",
        ),
        (
            SILENT,
            "policy.yml of the policy project cannot be used as it is now, so its last good version counts: "
            "nothing was heard of the policy project since 2026-03-01 12:00 UTC",
            "策略项目中的 policy.yml 目前无法使用，因此采用其最后一个有效版本："
            "自 2026-03-01 12:00 UTC 起未能读取策略项目",
        ),
        (
            REFUSED,
            "unread_files in groups/shop.yml would weaken the policy above it: wanted ignore, kept warn",
            "groups/shop.yml 中的 unread_files 会放宽上层策略，未予采用：项目要求：ignore，实际采用：warn",
        ),
    ],
    ids=["wrong", "silent", "refused"],
)
def test_it_reads_well(reason: Reason, english: str, chinese: str) -> None:
    assert words_in(Language.ENGLISH).reason(reason) == english
    assert words_in(Language.CHINESE).reason(reason) == chinese


def test_the_summary_says_it_and_who_has_to_do_something() -> None:
    report = passed(NOT_CURRENT)
    text = render_summary_note(report, language=Language.ENGLISH, threads_shown=frozenset(), max_rows=10)
    assert "policy project" in text
    assert "whoever keeps the policy has to mend the policy project" in text
    assert "the policy is not the newest" in status_description(report, Language.ENGLISH)
    assert "策略不是最新版本" in status_description(report, Language.CHINESE)


@pytest.mark.parametrize("format", ["text", "json", "gitlab-sast", "code-quality", "markdown", "html"])
def test_every_report_that_has_a_verdict_says_it(format: str) -> None:
    if format == "text":
        text = render_text(passed(NOT_CURRENT), Language.ENGLISH, width=200)
    else:
        text = render(passed(NOT_CURRENT), format, Language.ENGLISH)
    if format == "json":
        json.loads(text)
    assert "groups/shop.yml" in text


def test_code_quality_calls_it_a_matter_of_the_policy_and_not_of_the_scan() -> None:
    entries = json.loads(render(passed(NOT_CURRENT), "code-quality", Language.ENGLISH))
    assert [entry["check_name"] for entry in entries if "policy project" in entry["description"]] == [
        "mergewarden/policy"
    ]
