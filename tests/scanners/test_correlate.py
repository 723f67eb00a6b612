"""One weakness, several tools."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import PurePosixPath

import pytest

from scanners.correlate import correlate
from scanners.finding import Attribution, Finding, FindingKind, Location, Severity
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
def test_what_is_elsewhere_or_unrelated_or_of_one_rule_stays_apart(other: Finding) -> None:
    assert len(correlate([by("semgrep"), other])) == 2


def rule(
    name: str,
    columns: tuple[int | None, int | None] = (5, 20),
    *,
    lines: tuple[int, int] = (3, 3),
    cwes: tuple[int, ...] = (78,),
    severity: Severity = Severity.MEDIUM,
) -> Finding:
    """A finding of one of semgrep's rules; the rule's name is its title."""
    return replace(
        by("semgrep", cwes=cwes, severity=severity),
        rule_id=name,
        title=name,
        location=Location(PurePosixPath("a.py"), *lines, *columns),
        attributions=(Attribution("semgrep", "1", name),),
    )


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(rule("b"), id="same columns"),
        pytest.param(rule("b", (19, 40)), id="columns that overlap"),
        pytest.param(rule("b", (8, 9)), id="columns inside"),
        pytest.param(rule("b", (1, 4), lines=(2, 4)), id="lines around it"),
        pytest.param(rule("b", (None, None)), id="no columns, so the whole line"),
        pytest.param(rule("b", cwes=(78, 502)), id="one CWE in common"),
    ],
)
def test_two_rules_of_one_tool_that_name_the_same_weakness_for_overlapping_code_are_one(other: Finding) -> None:
    (only,) = correlate([rule("a"), other])
    assert {a.rule_id for a in only.attributions} == {"a", "b"}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(rule("b", (30, 40)), id="other columns of the same line"),
        pytest.param(rule("b", lines=(4, 4)), id="the next line"),
        pytest.param(rule("b", cwes=(502,)), id="another weakness"),
        pytest.param(rule("b", cwes=(77,)), id="a related weakness, which is enough only between tools"),
        pytest.param(rule("b", cwes=()), id="no weakness named"),
        pytest.param(rule("a", (6, 18)), id="the same rule"),
    ],
)
def test_two_rules_of_one_tool_otherwise_stay_apart(other: Finding) -> None:
    assert len(correlate([rule("a"), other])) == 2


@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("b", "a")])
def test_of_one_tools_rules_the_most_severe_gives_the_words(first: str, second: str) -> None:
    mild, severe = rule(first, severity=Severity.LOW), rule(second, severity=Severity.CRITICAL)
    for order in permutations([mild, severe]):
        (only,) = correlate(order)
        assert (only.title, only.rule_id, only.severity) == (second, second, Severity.CRITICAL)
        assert [a.rule_id for a in only.attributions] == [second, first]


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
