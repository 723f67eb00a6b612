"""How a comment that silences a scanner is told: as an act to review, with what it names, in every document."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from bot.domain.verdict import Effect, GateDecision, Outcome, Presence, ScanReport, TrackedFinding, Violation
from bot.reports.notes import render_finding_note, render_summary_note
from bot.reports.registry import render
from bot.reports.wording import words_in
from bot.texts import Language
from scanners.adapters.suppressions import Suppressions
from scanners.finding import Attribution, Confidence, Finding, FindingKind, Location, Reach, Severity, Silences
from scanners.interface import ScannerRun, ScannerStatus
from tests.reports import samples

NOSEC = Finding(
    scanner=Suppressions.name,
    rule_id="in-code-nosec",
    kind=FindingKind.SUPPRESSION,
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    title="A comment silences rules of bandit",
    message="",
    location=Location(PurePosixPath("app/run.py"), 7, 7, 30, 42),
    snippet="    subprocess.call(x, shell=True)  # nosec B602",
    fingerprint="5e" * 32,
    attributions=(Attribution("suppressions", "1.0", "in-code-nosec"),),
    silences=Silences("bandit", Reach.LINE, ("B602", "B603")),
)
REPORT = ScanReport(
    subject=samples.SUBJECT,
    tracked=(TrackedFinding(NOSEC, Presence.NEW),),
    runs=(
        ScannerRun(
            Suppressions.name, FindingKind.SUPPRESSION, "1.0", ScannerStatus.COMPLETED, findings=(NOSEC,), files=3
        ),
    ),
    decision=GateDecision(Outcome.WARNED, (Violation(NOSEC.fingerprint, "suppression added in code", Effect.COMMENT),)),
    started_at=samples.RICH.started_at,
    seconds=1.0,
    files_changed=3,
    files_read=3,
)
LANGUAGES = {"en": Language.ENGLISH, "zh": Language.CHINESE}


def note(finding: Finding, language: Language = Language.ENGLISH) -> str:
    return render_finding_note(TrackedFinding(finding, Presence.NEW), blocks=False, language=language, suggestion=False)


@pytest.mark.parametrize(
    ("language", "kind", "title", "names"),
    [
        (Language.ENGLISH, "Suppression", "A comment silences rules of bandit", "It names `B602`, `B603`."),
        (Language.CHINESE, "抑制标记", "注释屏蔽了 bandit 的规则", "它指明了 `B602`、`B603`。"),
    ],
)
def test_a_suppression_says_whom_it_silences_and_which_rules_it_names(
    language: Language, kind: str, title: str, names: str
) -> None:
    wording = words_in(language)
    words = wording.words_of(NOSEC)
    assert wording.kind(FindingKind.SUPPRESSION) == kind
    assert words.title == title
    assert "# nosec" in words.message
    assert words.message.endswith(names)
    assert words.remediation


@pytest.mark.parametrize("ids", [None, ()])
def test_a_suppression_that_names_nothing_readable_gets_no_list(ids: tuple[str, ...] | None) -> None:
    finding = replace(NOSEC, silences=Silences("bandit", Reach.LINE, ids))
    assert "It names" not in words_in(Language.ENGLISH).words_of(finding).message


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_a_note_and_a_summary_show_it(language: Language) -> None:
    title = words_in(language).words_of(NOSEC).title
    assert "B602" in note(NOSEC, language)
    summary = render_summary_note(REPORT, language=language, threads_shown=frozenset(), max_rows=10)
    assert title in note(NOSEC, language)
    assert title in summary


def test_a_name_that_looks_like_a_mention_calls_nobody() -> None:
    finding = replace(NOSEC, silences=Silences("eslint", Reach.FILE, ("@microsoft/sdl/no-inner-html",)))
    assert "`@microsoft/sdl/no-inner-html`" in note(finding)


@pytest.mark.parametrize("format", ["text", "json", "sarif", "gitlab-sast", "code-quality", "markdown", "html"])
@pytest.mark.parametrize("language", LANGUAGES.values())
def test_every_document_has_it(format: str, language: Language) -> None:
    document = render(REPORT, format, language)
    text = document if isinstance(document, str) else document.decode("utf-8")
    assert "app/run.py" in text
    assert words_in(language).words_of(NOSEC).title in text


def test_json_says_what_it_silences_and_how_far() -> None:
    (finding,) = json.loads(str(render(REPORT, "json", Language.ENGLISH)))["findings"]
    assert finding["kind"] == "suppression"
    assert finding["silences"] == {"tool": "bandit", "reach": "line", "rule_ids": ["B602", "B603"]}


def test_a_gitlab_report_has_it_although_it_has_no_category_of_its_own() -> None:
    (vulnerability,) = json.loads(str(render(REPORT, "gitlab-sast", Language.ENGLISH)))["vulnerabilities"]
    assert vulnerability["category"] == "sast"
    assert [identifier["value"] for identifier in vulnerability["identifiers"]] == ["in-code-nosec"]
