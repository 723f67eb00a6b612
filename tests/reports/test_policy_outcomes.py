"""What readers are told of rules on trial, of findings that were there before, and of a verdict that is tolerated."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.domain import failures
from bot.domain.verdict import (
    Effect,
    GateDecision,
    Outcome,
    Presence,
    Reason,
    ReasonCode,
    ScanReport,
    TrackedFinding,
    Violation,
)
from bot.reports.notes import render_summary_note, status_description
from bot.reports.registry import render
from bot.reports.wording import blocking_count, warning_count, words_in
from bot.texts import Language
from tests.domain.builders import finding
from tests.reports import samples

BOTH = [Language.ENGLISH, Language.CHINESE]
SEEN = finding(fingerprint="ab" * 32)


def judged(decision: GateDecision, presence: Presence = Presence.NEW) -> ScanReport:
    return replace(samples.RICH, tracked=(TrackedFinding(SEEN, presence),), decision=decision)


def violated(effect: Effect, outcome: Outcome) -> GateDecision:
    return GateDecision(outcome, (Violation(SEEN.fingerprint, "a rule", effect),))


def summary(report: ScanReport, language: Language = Language.ENGLISH) -> str:
    return render_summary_note(report, language=language, threads_shown=frozenset(), max_rows=10)


WATCHED = judged(violated(Effect.MONITOR, Outcome.PASSED))
QUIET = judged(GateDecision(Outcome.PASSED))


@pytest.mark.parametrize("format", ["text", "markdown", "html", "sarif", "code-quality", "gitlab-sast"])
def test_what_is_only_monitored_changes_no_report(format: str) -> None:
    assert render(WATCHED, format, Language.ENGLISH) == render(QUIET, format, Language.ENGLISH)


def test_what_is_only_monitored_stands_in_no_note_and_is_counted_as_nothing() -> None:
    assert summary(WATCHED) == summary(QUIET)
    assert (blocking_count(WATCHED), warning_count(WATCHED)) == (0, 0)
    assert warning_count(judged(violated(Effect.COMMENT, Outcome.WARNED))) == 1


def test_json_keeps_what_is_monitored_apart_from_violations() -> None:
    decision = json.loads(render(WATCHED, "json", Language.ENGLISH))["decision"]
    assert decision["violations"] == []
    assert decision["monitored"] == [{"fingerprint": SEEN.fingerprint, "rule": "a rule"}]
    assert decision["lets_through"] is True


@pytest.mark.parametrize(
    ("language", "heading", "folded"),
    [
        (Language.ENGLISH, "Findings that count", "Existing before, not judged here"),
        (Language.CHINESE, "计入结论的发现项", "此前已存在"),
    ],
)
def test_what_was_there_before_and_blocks_stands_among_what_counts(
    language: Language, heading: str, folded: str
) -> None:
    blocking = summary(judged(violated(Effect.BLOCK, Outcome.FAILED), Presence.EXISTING), language)
    assert heading in blocking
    assert folded not in blocking
    ignored = summary(judged(GateDecision(Outcome.PASSED), Presence.EXISTING), language)
    assert heading not in ignored


def test_what_was_there_before_and_blocks_is_shown_on_the_terminal_and_unfolded_on_the_page() -> None:
    report = judged(violated(Effect.BLOCK, Outcome.FAILED), Presence.EXISTING)
    assert "[blocks]" in render(report, "text", Language.ENGLISH)
    assert render(report, "html", Language.ENGLISH) != render(
        judged(GateDecision(Outcome.FAILED), Presence.EXISTING), "html", Language.ENGLISH
    )


MISSING = Reason(ReasonCode.FACTS_MISSING, "epss", failures.FACTS_UNKNOWN.format(count=3))
OLD = Reason(
    ReasonCode.ADVISORIES_OLD, "pip-audit", failures.ADVISORIES_AGE.format(date="2026-02-14", count=15, size=14)
)


@pytest.mark.parametrize(
    ("reason", "english", "chinese"),
    [
        (
            MISSING,
            "EPSS (how likely it is exploited) is missing: rules of the policy ask for it, and it is not known of 3 "
            "findings",
            "缺少 EPSS（被利用的可能性）：策略规则需要此信息，而有 3 个发现项缺少此信息",
        ),
        (
            OLD,
            "The advisories of pip-audit are old: its newest advisory is of 2026-02-14 and 15 days old; the policy "
            "allows 14",
            "pip-audit 的安全公告已过旧：其最新的安全公告日期为 2026-02-14，已有 15 天，而策略最多允许 14 天",
        ),
    ],
    ids=["facts", "advisories"],
)
def test_what_was_not_known_is_said_in_either_language(reason: Reason, english: str, chinese: str) -> None:
    assert words_in(Language.ENGLISH).reason(reason) == english
    assert words_in(Language.CHINESE).reason(reason) == chinese


@pytest.mark.parametrize("subject", ["epss", "kev", "licence", "age"])
def test_every_fact_has_a_name_in_either_language(subject: str) -> None:
    names = {words_in(language).reason(replace(MISSING, subject=subject)) for language in BOTH}
    assert len(names) == 2
    assert not any(text.startswith((subject, f"缺少{subject}")) for text in names)


@pytest.mark.parametrize("reason", [MISSING, OLD], ids=["facts", "advisories"])
def test_the_verdict_names_what_it_rests_on(reason: Reason) -> None:
    report = judged(GateDecision(Outcome.NOT_ASSESSED, reasons=(reason,)))
    assert (
        words_in(Language.ENGLISH).verdict(report)
        == {
            MISSING: "❔ Not assessed: not all is known that the policy asks for",
            OLD: "❔ Not assessed: the advisories of pip-audit are old",
        }[reason]
    )
    quality = json.loads(render(report, "code-quality", Language.ENGLISH))
    assert any(words_in(Language.ENGLISH).reason(reason)[:30] in entry["description"] for entry in quality)


@pytest.mark.parametrize("language", BOTH)
def test_a_verdict_that_is_tolerated_says_so_and_is_still_not_assessed(language: Language) -> None:
    strict = judged(GateDecision(Outcome.NOT_ASSESSED, reasons=(OLD,)))
    tolerated = judged(GateDecision(Outcome.NOT_ASSESSED, reasons=(OLD,), tolerated=True))
    words = words_in(language)
    assert words.outcome(Outcome.NOT_ASSESSED) in words.verdict(tolerated)
    assert words.verdict(tolerated).startswith(words.verdict(strict))
    assert words.verdict(tolerated) != words.verdict(strict)
    assert words.what_to_do(tolerated) != words.what_to_do(strict)
    assert words.verdict_reason(tolerated) in status_description(tolerated, language)
