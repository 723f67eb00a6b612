"""Identity of findings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from scanners.finding import Dependency, Finding, FindingKind, Location
from scanners.fingerprint import digest, fingerprinted, match_hash
from tests.scanners.fakes import sast


def _moved(finding: Finding, line: int) -> Finding:
    return replace(finding, location=Location(finding.location.path, line, line))


@given(st.integers(1, 10_000), st.text(max_size=50))
def test_a_finding_keeps_its_fingerprint_when_lines_move_and_words_change(line: int, words: str) -> None:
    finding = replace(sast(), match_hash="h")
    later = replace(_moved(finding, line), message=words, title=words)
    assert fingerprinted([finding])[0].fingerprint == fingerprinted([later])[0].fingerprint


def test_white_space_does_not_change_the_match() -> None:
    assert match_hash(sast(), "f( x,\n    y )") == match_hash(sast(), "f(  x,\ty )")
    assert match_hash(sast(), "f(x)") != match_hash(sast(), "f(y)")


def test_the_value_of_a_secret_is_not_in_its_hash() -> None:
    secret = sast(kind=FindingKind.SECRET)
    assert match_hash(secret, 'password = "one-value-1"') == match_hash(secret, 'password = "other-value-2"')
    assert match_hash(secret, 'password = "one"') != match_hash(secret, 'token = "one"')
    assert match_hash(sast(cwes=(798,)), 'login("one")') == match_hash(sast(cwes=(798,)), 'login("two")')


def test_two_copies_in_one_file_are_two_findings() -> None:
    copies = [replace(sast(line=line), match_hash="h") for line in (3, 9)]
    first, second = fingerprinted(copies)
    assert first.fingerprint != second.fingerprint
    assert fingerprinted(reversed(copies)) == (first, second)


@given(st.text(max_size=10), st.text(max_size=10), st.text(max_size=10))
def test_fields_do_not_run_into_each_other(a: str, b: str, c: str) -> None:
    assert digest(a + b, c) != digest(a, b + c) or not b


def test_path_rule_and_kind_tell_findings_apart() -> None:
    base = replace(sast(), match_hash="h")
    others = [
        base,
        replace(base, rule_id="other-rule"),
        replace(base, kind=FindingKind.SECRET),
        replace(base, location=Location(PurePosixPath("b.py"))),
        replace(base, match_hash="i"),
    ]
    assert len({fingerprinted([finding])[0].fingerprint for finding in others}) == len(others)


def test_a_dependency_is_known_by_package_and_advisory_and_not_by_its_line_or_version() -> None:
    def about(version: str, line: int, advisory: str = "PYSEC-1") -> str:
        dependency = Dependency("PyPI", "django", version, (advisory,))
        finding = replace(sast(line=line, kind=FindingKind.DEPENDENCY), dependency=dependency, match_hash=version)
        return fingerprinted([finding])[0].fingerprint

    assert about("3.2.0", 1) == about("3.2.1", 7)
    assert about("3.2.0", 1) != about("3.2.0", 1, "PYSEC-2")
