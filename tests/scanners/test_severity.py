"""Words and vectors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.cwe import cwes_of, related
from scanners.finding import Confidence, Severity
from scanners.severity import confidence_of_word, cvss3_base_score, severity_of_score, severity_of_word


# Scores from https://nvd.nist.gov of the CVE in the comment.
@pytest.mark.parametrize(
    ("vector", "score"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),  # CVE-2021-44228
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),  # CVE-2019-11043
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5),  # CVE-2014-0160
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),  # CVE-2020-11022
        ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8),  # CVE-2021-4034
        ("CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N", 2.2),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", None),
        ("CVSS:3.1/AV:N", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_a_cvss_vector_has_the_score_of_the_specification(vector: str, score: float | None) -> None:
    assert cvss3_base_score(vector) == score


@given(st.text())
def test_no_text_breaks_the_reading_of_vectors_and_words(text: str) -> None:
    for prefix in ("", "CVSS:3.1/"):
        score = cvss3_base_score(prefix + text)
        assert score is None or 0 <= score <= 10
    assert isinstance(severity_of_word(text), Severity)
    assert isinstance(confidence_of_word(text), Confidence)


@pytest.mark.parametrize(
    ("score", "severity"),
    [(9.0, "critical"), (8.9, "high"), (7.0, "high"), (4.0, "medium"), (0.1, "low"), (0.0, "info")],
)
def test_a_score_has_the_rating_of_the_specification(score: float, severity: str) -> None:
    assert severity_of_score(score) is Severity(severity)


@pytest.mark.parametrize(
    ("words", "cwes"),
    [(["CWE-89: SQL Injection", "cwe-79"], (79, 89)), ([89, "89"], (89,)), ([None, "", "none", -1, 0], ())],
)
def test_cwe_numbers_are_found_in_words(words: list[object], cwes: tuple[int, ...]) -> None:
    assert cwes_of(words) == cwes


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [((89,), (89,), True), ((78,), (77,), True), ((77,), (78,), True), ((89,), (79,), False), ((), (89,), False)],
)
def test_weaknesses_are_related_when_equal_or_parent_and_child(
    left: tuple[int, ...], right: tuple[int, ...], same: bool
) -> None:
    assert related(left, right) is same
