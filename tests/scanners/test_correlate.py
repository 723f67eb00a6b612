"""One weakness, several tools."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from scanners.correlate import correlate
from scanners.finding import Attribution, Finding, FindingKind, Severity
from tests.scanners.fakes import sast


def by(scanner: str, line: int = 1, cwes: tuple[int, ...] = (78,), **more: object) -> Finding:
    finding = sast(line=line, scanner=scanner, rule_id=f"{scanner}-rule", cwes=cwes, **more)  # type: ignore[arg-type]
    return replace(finding, attributions=(Attribution(scanner, "1", f"{scanner}-rule"),), title=f"words of {scanner}")


def test_two_tools_at_one_place_are_one_finding_with_two_attributions() -> None:
    merged = correlate([by("bandit", severity=Severity.HIGH), by("semgrep", cwes=(77,))])
    (only,) = merged
    assert only.title == "words of semgrep"
    assert only.severity is Severity.HIGH
    assert [a.scanner for a in only.attributions] == ["semgrep", "bandit"]


@pytest.mark.parametrize(
    "other",
    [
        by("bandit", line=9),
        by("bandit", cwes=(502,)),
        by("semgrep"),
        replace(by("bandit"), kind=FindingKind.DEPENDENCY),
    ],
)
def test_what_is_elsewhere_or_unrelated_or_of_one_tool_stays_apart(other: Finding) -> None:
    assert len(correlate([by("semgrep"), other])) == 2


def test_a_hard_coded_password_is_one_secret() -> None:
    secret = replace(by("detect-secrets", cwes=(798,)), kind=FindingKind.SECRET)
    (only,) = correlate([by("bandit", cwes=(259,)), secret])
    assert only.kind is FindingKind.SECRET
    assert only.title == "words of detect-secrets"


def test_ranges_that_overlap_are_one_place() -> None:
    (only,) = correlate([by("semgrep", line=2, end_line=5), by("bandit", line=4)])
    assert only.location.start_line == 2


def test_the_order_of_the_tools_does_not_matter() -> None:
    findings = [by("bandit"), by("semgrep"), by("bandit", line=2), by("semgrep", line=2), by("bandit", line=30)]
    results = {correlate(order) for order in permutations(findings)}
    assert len(results) == 1
    assert sum(len(finding.attributions) for finding in results.pop()) == len(findings)
