"""The notes on a merge request and the line of the commit status."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import explanations, failures
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
from bot.reports.markdown import REFERENCE_HOSTS
from bot.reports.notes import (
    LONGEST_STATUS,
    LONGEST_SUMMARY,
    failure_description,
    render_finding_note,
    render_job_failure,
    render_summary_note,
    running_description,
    status_description,
)
from bot.texts import Language
from rules.catalog import rule_ids
from scanners.finding import Finding, Fix, Location, Severity
from scanners.interface import Gap, GapReason
from tests.examples import examples
from tests.reports import samples
from tests.reports.gitlab_reading import PARSER, fences, problems
from tests.reports.golden import assert_golden
from tests.reports.hostile import nasty
from tests.reports.strategies import findings

LANGUAGES = [pytest.param(Language.ENGLISH, id="en"), pytest.param(Language.CHINESE, id="zh")]
SUFFIX = {Language.ENGLISH: "en", Language.CHINESE: "zh"}
HOSTS = REFERENCE_HOSTS | {"gitlab.example", "warden.example"}


def note(tracked: TrackedFinding, language: Language = Language.ENGLISH, *, suggestion: bool = True) -> str:
    return render_finding_note(
        tracked,
        blocks=samples.RICH.decision.blocks(tracked.finding.fingerprint),
        language=language,
        suggestion=suggestion,
        rule_url="https://warden.example/rules/x",
        lookup=samples.lookup,
    )


def summary(report: ScanReport, language: Language = Language.ENGLISH, *, max_rows: int = 100) -> str:
    return render_summary_note(
        report,
        language=language,
        threads_shown=frozenset({samples.SQL.fingerprint}),
        max_rows=max_rows,
        detail_url="https://warden.example/scans/7",
        enforcement="L1",
        lookup=samples.lookup,
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "tracked"),
    [
        ("sast", TrackedFinding(samples.SQL, Presence.NEW)),
        ("hostile", TrackedFinding(samples.HOSTILE, Presence.NEW)),
        ("secret", TrackedFinding(samples.SECRET, Presence.NEW)),
        ("dependency", TrackedFinding(samples.DEPENDENCY, Presence.NEW)),
        ("dependency_without_fix", TrackedFinding(samples.UNFIXED_DEPENDENCY, Presence.NEW)),
        ("changed", TrackedFinding(samples.CHANGED, Presence.CHANGED, explanation=samples.EDITED)),
    ],
)
def test_finding_notes_read_well(name: str, tracked: TrackedFinding, language: Language) -> None:
    text = note(tracked, language)
    assert_golden(f"note_{name}.{SUFFIX[language]}.md", text)
    assert problems(text, HOSTS) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(samples.ALL))
def test_summary_notes_read_well(name: str, language: Language) -> None:
    text = summary(samples.ALL[name], language)
    assert_golden(f"summary_{name}.{SUFFIX[language]}.md", text)
    assert problems(text, HOSTS) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("will_retry", [True, False])
def test_job_failure_notes_read_well(language: Language, will_retry: bool) -> None:
    text = render_job_failure(
        reason=failures.GITLAB_ANSWERED.format(status=502, call="GET /projects/1", text="Bad Gateway"),
        language=language,
        will_retry=will_retry,
        head_sha="2f" * 20,
        reference="scan-42-17",
    )
    assert_golden(f"failure_{'retry' if will_retry else 'final'}.{SUFFIX[language]}.md", text)
    assert problems(text, HOSTS) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_status_descriptions_read_well(language: Language) -> None:
    lines = [f"{name}: {status_description(samples.ALL[name], language)}" for name in sorted(samples.ALL)]
    lines += [
        running_description(language),
        failure_description(language, reason=samples.NO_ANSWER),
    ]
    assert_golden(f"status.{SUFFIX[language]}.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(samples.ALL))
def test_the_first_line_of_a_summary_is_the_verdict_with_symbol_and_word(name: str, language: Language) -> None:
    report = samples.ALL[name]
    first = summary(report, language).split("\n")[0]
    symbols = {Outcome.PASSED: "✅", Outcome.WARNED: "⚠️", Outcome.FAILED: "❌", Outcome.NOT_ASSESSED: "❔"}
    words = {
        Language.ENGLISH: {
            Outcome.PASSED: "Passed",
            Outcome.WARNED: "Passed with warnings",
            Outcome.FAILED: "Failed",
            Outcome.NOT_ASSESSED: "Not assessed",
        },
        Language.CHINESE: {
            Outcome.PASSED: "通过",
            Outcome.WARNED: "通过但有警告",
            Outcome.FAILED: "未通过",
            Outcome.NOT_ASSESSED: "未评估",
        },
    }
    outcome = report.decision.outcome
    assert first.startswith(f"### {symbols[outcome]} {words[language][outcome]}")


def test_a_scanner_without_an_answer_is_named_in_bold_outside_the_folded_parts() -> None:
    before_folds = summary(samples.RICH).split("<details>")[0]
    assert "**Not assessed**: other-sast gave no answer: other-sast took more than 120 seconds" in before_folds


@pytest.mark.parametrize("name", ["scan_failed", "not_assessed", "nothing_to_read"])
def test_no_zeros_are_shown_where_nothing_was_assessed(name: str) -> None:
    assert "**New** 0" not in summary(samples.ALL[name])
    assert "**New** 0" in summary(samples.PASSED)


def test_a_finding_with_a_thread_of_its_own_is_not_listed_again() -> None:
    text = summary(samples.RICH)
    assert "app/db.py" not in text
    assert "requirements.txt:2" in text


def test_blocking_findings_are_listed_before_worse_ones_that_do_not_block() -> None:
    blocking_low = replace(samples.SQL, severity=Severity.LOW, fingerprint="aa" * 32, rule_id="low-but-blocking")
    free_high = replace(samples.DEPENDENCY, severity=Severity.CRITICAL, fingerprint="bb" * 32)
    report = replace(
        samples.RICH,
        tracked=(TrackedFinding(free_high, Presence.NEW), TrackedFinding(blocking_low, Presence.NEW)),
        decision=GateDecision(Outcome.FAILED, (Violation(blocking_low.fingerprint, "x", Effect.BLOCK),)),
    )
    text = summary(report, max_rows=1)
    assert "app/db.py" in text
    assert "requirements.txt:2" not in text
    assert "1 more row is not shown." in text


def many(n: int) -> ScanReport:
    findings = [
        replace(
            samples.HOSTILE,
            fingerprint=f"{i:064x}",
            location=Location(PurePosixPath("d/" * 150 + f"{i}.py"), i + 1, i + 1),
        )
        for i in range(n)
    ]
    gaps = tuple(Gap(PurePosixPath("g/" * 200 + str(i)), GapReason.PARSE_ERROR, samples.ATTACK) for i in range(n))
    runs = tuple(replace(run, gaps=gaps, reason=samples.ATTACK) for run in samples.RUNS) * 20
    presences = [Presence.NEW, Presence.CHANGED, Presence.EXISTING, Presence.FIXED]
    return replace(
        samples.RICH,
        tracked=tuple(TrackedFinding(f, presences[i % 4]) for i, f in enumerate(findings)),
        runs=runs,
        decision=GateDecision(
            Outcome.FAILED,
            tuple(Violation(f.fingerprint, "x", Effect.BLOCK) for i, f in enumerate(findings) if i % 4 < 2),
            tuple(Reason(ReasonCode.SCANNER_NOT_ASSESSED, samples.ATTACK, samples.ATTACK) for _ in range(n)),
        ),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_summary_of_very_much_stays_short_and_says_how_much_is_left_out(language: Language) -> None:
    text = summary(many(1_200), language, max_rows=10_000)
    assert len(text) <= LONGEST_SUMMARY
    assert problems(text, HOSTS) == []
    rows = [line for line in text.split("\n") if line.startswith("| ") and "[``" not in line and "blob/" in line]
    left_out = [line for line in text.split("\n") if line.startswith("*") and line.endswith(("scans/7)",))]
    assert len(left_out) == 1
    assert str(600 - len(rows)) in left_out[0]


def test_details_are_surrounded_by_the_empty_lines_that_gitlab_needs() -> None:
    lines = summary(samples.RICH).split("\n")
    for number, line in enumerate(lines):
        if line.startswith("<summary>"):
            assert lines[number - 1] == "<details>"
            assert lines[number + 1] == ""
        if line == "</details>":
            assert lines[number - 1] == ""
        if line.startswith("| ---"):
            assert lines[number - 2] == ""


def test_tables_are_read_as_tables() -> None:
    kinds = [token.type for token in PARSER.parse(summary(samples.RICH))]
    assert kinds.count("table_open") == 5


def test_a_suggestion_is_made_only_when_asked_for() -> None:
    tracked = TrackedFinding(samples.SQL, Presence.NEW)
    assert [f.info for f in fences(note(tracked))] == ["suggestion:-0+0"]
    assert fences(note(tracked, suggestion=False)) == []


def test_a_suggestion_covers_the_lines_of_the_fix_from_where_the_note_stands() -> None:
    wide = replace(samples.SQL, location=Location(PurePosixPath("a.py"), 14, 15), fix=Fix(13, 16, "x\ny"))
    assert [f.info for f in fences(note(TrackedFinding(wide, Presence.NEW)))] == ["suggestion:-1+2"]
    below = replace(samples.SQL, fix=Fix(20, 21, "x"))
    assert fences(note(TrackedFinding(below, Presence.NEW))) == []


def test_a_changed_finding_asks_somebody_other_than_the_author() -> None:
    text = note(TrackedFinding(samples.CHANGED, Presence.CHANGED))
    assert "Edited, still flagged" in text
    assert "somebody other than the author" in text


def test_an_advisory_is_quoted_as_its_own_words_in_every_language() -> None:
    for language in Language:
        text = note(TrackedFinding(samples.DEPENDENCY, Presence.NEW), language)
        assert "\n> Django 3.2 before 3.2.20 allows a denial of service." in text


def test_a_note_shows_nothing_of_a_snippet() -> None:
    """The code stands above the note in the diff; repeating it would only be one more way in."""
    assert "BEGIN" not in note(TrackedFinding(samples.SECRET, Presence.NEW))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scanner", ["bandit", "detect-secrets", "semgrep"])
def test_every_rule_of_the_catalogue_is_told_in_the_readers_language(scanner: str, language: Language) -> None:
    assert len(rule_ids(scanner)) > 10
    for rule in rule_ids(scanner):
        finding = replace(samples.SQL, scanner=scanner, rule_id=rule, attributions=())
        tracked = TrackedFinding(finding, Presence.NEW)
        text = render_finding_note(tracked, blocks=True, language=language, suggestion=False)
        assert problems(text, HOSTS) == [], rule
        title = text.split("\n")[0]
        assert bool(re.search(r"· .*[\u4e00-\u9fff]", title)) is (language is Language.CHINESE), title


def test_an_operators_own_words_on_enforcement_are_only_words() -> None:
    text = render_summary_note(
        samples.PASSED, language=Language.ENGLISH, threads_shown=frozenset(), max_rows=1, enforcement=samples.ATTACK
    )
    assert problems(text, HOSTS) == []


@given(findings(), nasty, st.sampled_from(list(Language)), st.sampled_from(list(Presence)))
@settings(max_examples=examples(150))
def test_no_note_does_anything_whatever_a_finding_says(
    finding: Finding, text: str, language: Language, presence: Presence
) -> None:
    tracked = TrackedFinding(finding, presence, explanation=text)
    assert problems(note(tracked, language), HOSTS) == []
    run = replace(
        samples.RUNS[1],
        scanner=text,
        reason=text,
        version=text,
        gaps=(Gap(finding.location.path, GapReason.PARSE_ERROR, text),),
    )
    report = replace(
        samples.RICH,
        tracked=(tracked,),
        runs=(run,),
        decision=replace(
            samples.RICH.decision,
            outcome=Outcome.NOT_ASSESSED,
            reasons=(Reason(ReasonCode.SCANNER_NOT_ASSESSED, text, text),),
        ),
    )
    assert problems(summary(report, language), HOSTS) == []
    assert problems(render_job_failure(reason=text, language=language, will_retry=False, reference=text), HOSTS) == []
    status = status_description(report, language)
    assert len(status) <= LONGEST_STATUS
    assert "\n" not in status
    assert len(failure_description(language, reason=text * 20)) <= LONGEST_STATUS


def test_the_number_stands_where_gitlab_makes_no_link_to_an_issue_of_it() -> None:
    text = note(TrackedFinding(samples.SQL, Presence.NEW, number=812))
    assert "- Number: `#812`" in text
    assert problems(text, HOSTS) == []
    assert "Number" not in note(TrackedFinding(samples.SQL, Presence.NEW))


def test_a_suppressed_finding_is_listed_once_with_whose_exception_it_is() -> None:
    before, _, folded = summary(samples.SUPPRESSED).partition("<summary>Suppressed (2)</summary>")
    assert "#813" not in before
    assert folded.count("`#813`") == 1
    assert "**Suppressed** 2" in before


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_secret_of_an_earlier_commit_is_named_with_it_in_comment_and_summary(language: Language) -> None:
    commit = "1a2b3c4d5e6f"
    item = TrackedFinding(samples.SECRET, Presence.NEW, explanation=explanations.LEFT_IN_HISTORY.format(commit=commit))
    said = {Language.ENGLISH: "removed since", Language.CHINESE: "之后已删除"}[language]
    opened = note(item, language)
    summary = render_summary_note(
        replace(samples.RICH, tracked=(item,)), language=language, threads_shown=frozenset(), max_rows=10
    )
    for text in (opened, summary):
        assert f"`{commit}`" in text
        assert said in text
    # The head has no such line, so the link leads to the commit.
    assert f"/-/blob/{commit}/" in summary
    assert problems(opened, HOSTS) == []
    assert problems(summary, HOSTS) == []
