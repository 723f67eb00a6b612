"""The corpus says what it must, so that a figure measured over it means something."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from scanners.finding import Confidence, Finding, FindingKind, Location, Severity
from tests.evaluation.corpus import CORPUS, LANGUAGES, Case, CorpusError, cases_of, files_of
from tests.evaluation.measure import Score, counts_for, judge

LARGE = ("go", "java", "javascript", "python")
FILES = [path for language in LANGUAGES for path in files_of(language)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORPUS)))
def test_every_file_is_labelled(path: Path) -> None:
    cases = list(cases_of(path))
    assert cases
    assert all(case.first_line < case.last_line for case in cases)


@pytest.mark.parametrize("language", LARGE)
def test_every_language_of_code_has_hundreds_of_cases_and_half_of_them_held_out(language: str) -> None:
    cases = [case for path in files_of(language) for case in cases_of(path)]
    held = sum(case.held for case in cases)
    assert len(cases) >= 400
    assert 0.4 < held / len(cases) < 0.6
    assert sum(bool(case.note) for case in cases if not case.vulnerable) > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_weakness_has_vulnerable_and_safe_cases(language: str) -> None:
    kinds: dict[str, Counter[bool]] = {}
    for path in files_of(language):
        kinds.setdefault(path.parent.name, Counter()).update(case.vulnerable for case in cases_of(path))
    assert [weakness for weakness, seen in kinds.items() if not (seen[True] and seen[False])] == []


def test_wrong_mark_is_refused_with_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "sql-injection"
    folder.mkdir()
    (folder / "a.py").write_text("# case: vulnerable\nx = 1\n# case: safe because\ny = 2\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"a\.py:3"):
        list(cases_of(folder / "a.py"))


CASE = Case(Path("sql-injection/a.py"), "sql-injection", 10, 20, vulnerable=True, note="", held=False)


def _finding(line: int, cwe: int) -> Finding:
    return Finding(
        scanner="semgrep",
        rule_id="python-sql-injection-request",
        kind=FindingKind.SAST,
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        title="t",
        message="m",
        location=Location(Path("a.py"), line, line),  # type: ignore[arg-type]
        cwes=(cwe,),
    )


@pytest.mark.parametrize(
    ("line", "cwe", "counts"), [(10, 89, True), (20, 564, True), (9, 89, False), (21, 89, False), (15, 79, False)]
)
def test_finding_counts_within_the_case_and_for_its_weakness(line: int, cwe: int, counts: bool) -> None:
    assert counts_for(_finding(line, cwe), CASE) is counts


def test_score_is_the_true_positive_rate_minus_the_false_positive_rate() -> None:
    total = Score(found=3, missed=1, alarms=1, quiet=1) + judge(CASE, [_finding(12, 89)])
    assert (total.found, total.recall, total.alarm_rate) == (4, 0.8, 0.5)
    assert total.youden == pytest.approx(0.3)
    assert judge(CASE, []) == Score(missed=1)
