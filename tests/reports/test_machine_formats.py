"""Our own JSON, GitLab's security report and Code Quality."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from bot.domain.verdict import Outcome, Presence, ScanReport, TrackedFinding
from bot.errors import ConfigurationError
from bot.reports.json_report import SCHEMA_VERSION
from bot.reports.registry import FORMATS, render
from bot.texts import Language
from tests.examples import examples
from tests.reports import samples
from tests.reports.golden import assert_golden
from tests.reports.strategies import reports

SCHEMAS = Path(__file__).parents[1] / "assets" / "schemas"


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / name).read_text(encoding="utf-8")))


VALIDATORS = {
    "gitlab-sast": validator("gitlab-sast.json"),
    "code-quality": validator("gitlab-code-quality.json"),
}


def document(report: ScanReport, format: str, language: Language = Language.ENGLISH) -> Any:
    return json.loads(render(report, format, language, lookup=samples.lookup))


@pytest.mark.parametrize("format", sorted(VALIDATORS))
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", sorted(samples.ALL))
def test_every_sample_is_what_gitlab_reads(name: str, language: Language, format: str) -> None:
    errors = VALIDATORS[format].iter_errors(document(samples.ALL[name], format, language))
    assert [f"{list(error.path)} {error.message}" for error in errors] == []


@given(reports())
@settings(max_examples=examples(60))
def test_any_report_is_what_gitlab_reads(report: ScanReport) -> None:
    for format, checked in VALIDATORS.items():
        errors = checked.iter_errors(document(report, format))
        assert [f"{format} {list(error.path)} {error.message}" for error in errors] == []


@given(reports())
@settings(max_examples=examples(60))
def test_every_format_renders_any_report_and_is_utf8(report: ScanReport) -> None:
    for format in FORMATS:
        for language in Language:
            text = render(report, format, language, lookup=samples.lookup)
            assert text.encode("utf-8")
            assert text.endswith("\n")


def test_an_unknown_format_is_refused_with_the_list_of_those_that_exist() -> None:
    with pytest.raises(ConfigurationError) as caught:
        render(samples.PASSED, "pdf", Language.ENGLISH)
    assert "'pdf'" in str(caught.value)
    assert all(format in caught.value.hint for format in FORMATS)


@pytest.mark.parametrize("name", ["not_assessed", "scan_failed", "rich"])
def test_gitlab_is_told_of_a_failure_when_a_scanner_gave_no_answer(name: str) -> None:
    scan = document(samples.ALL[name], "gitlab-sast")["scan"]
    assert scan["status"] == "failure"
    assert any(message["level"] in ("warn", "fatal") for message in scan["messages"])


@pytest.mark.parametrize("name", ["passed", "warned", "nothing_to_read"])
def test_gitlab_is_told_of_success_when_every_scanner_answered(name: str) -> None:
    assert document(samples.ALL[name], "gitlab-sast")["scan"]["status"] == "success"


def test_gitlab_gets_the_findings_of_the_head_and_not_the_fixed_ones() -> None:
    vulnerabilities = document(samples.RICH, "gitlab-sast")["vulnerabilities"]
    assert len(vulnerabilities) == 7
    assert sorted(v["category"] for v in vulnerabilities).count("secret_detection") == 1


def test_a_vulnerability_keeps_its_id_when_it_moves() -> None:
    moved = replace(samples.SQL, location=replace(samples.SQL.location, start_line=99, end_line=99))
    first, second = (
        document(replace(samples.RICH, tracked=(TrackedFinding(f, Presence.NEW),)), "gitlab-sast")
        for f in (samples.SQL, moved)
    )
    assert first["vulnerabilities"][0]["id"] == second["vulnerabilities"][0]["id"]


def test_the_first_identifier_of_a_dependency_is_its_advisory() -> None:
    report = replace(samples.RICH, tracked=(TrackedFinding(samples.DEPENDENCY, Presence.NEW),))
    identifiers = document(report, "gitlab-sast")["vulnerabilities"][0]["identifiers"]
    assert [(i["type"], i["value"]) for i in identifiers] == [
        ("ghsa", "GHSA-2hrw-hx67-34x6"),
        ("cve", "CVE-2023-36053"),
        ("cwe", "1333"),
    ]


@pytest.mark.parametrize("name", ["not_assessed", "scan_failed"])
def test_code_quality_is_never_empty_when_nothing_was_assessed(name: str) -> None:
    entries = document(samples.ALL[name], "code-quality")
    assert [entry["check_name"] for entry in entries] == ["mergewarden/not-assessed"]


def test_code_quality_of_a_change_has_only_what_the_change_brings() -> None:
    """The other files were not read, so that GitLab would call what they have mended."""
    entries = document(samples.RICH, "code-quality")
    assert samples.EXISTING.fingerprint not in {entry["fingerprint"] for entry in entries}
    assert samples.CHANGED.fingerprint in {entry["fingerprint"] for entry in entries}
    whole = replace(samples.RICH, subject=replace(samples.RICH.subject, base_sha=None))
    assert samples.EXISTING.fingerprint in {entry["fingerprint"] for entry in document(whole, "code-quality")}


def test_code_quality_is_empty_when_all_is_well() -> None:
    assert document(samples.PASSED, "code-quality") == []


def test_code_quality_fingerprints_are_unique_and_stable() -> None:
    twice = replace(samples.RICH, tracked=samples.RICH.tracked[:1] * 2)
    first, second = (document(twice, "code-quality") for _ in range(2))
    assert first == second
    assert len({entry["fingerprint"] for entry in first}) == len(first)


def test_json_says_everything_in_names_that_stay() -> None:
    found = document(samples.RICH, "json")
    found["tool"]["version"] = "VERSION"
    assert_golden("report.json", json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    assert found["schema_version"] == SCHEMA_VERSION


def test_json_tells_who_blocks_and_who_gave_no_answer() -> None:
    found = document(samples.RICH, "json")
    assert found["decision"]["outcome"] == Outcome.FAILED.value
    assert [f["fingerprint"][:2] for f in found["findings"] if f["blocks"]] == ["c3", "a1", "d4"]
    assert [s["name"] for s in found["scanners"] if not s["assessed"]] == ["other-sast"]
    assert found["counts"]["by_presence"] == {"new": 5, "existing": 1, "changed": 1, "fixed": 1}


# --- suppressed findings ----------------------------------------------------------------------------------------------


def test_json_says_which_finding_it_is_and_why_it_does_not_count() -> None:
    report = document(samples.SUPPRESSED, "json")
    entry = next(found for found in report["findings"] if found["number"] == 812)
    assert (entry["suppressed"], entry["blocks"]) == (True, False)
    assert [(s["fingerprint"], s["suppression_id"]) for s in report["decision"]["suppressed"]] == [
        (samples.SQL.fingerprint, 7),
        (samples.HOSTILE.fingerprint, None),
    ]
    assert [found["suppressed"] for found in report["findings"]].count(True) == 2


def test_code_quality_shows_a_suppressed_finding_as_information_with_whose_exception_it_is() -> None:
    entries = {entry["fingerprint"]: entry for entry in document(samples.SUPPRESSED, "code-quality")}
    entry = entries[samples.SQL.fingerprint]
    assert entry["severity"] == "info"
    assert "(suppressed: called mitigated by alice + bob until 2026-12-31: only reachable" in entry["description"]
    assert entries[samples.UNFIXED_DEPENDENCY.fingerprint]["severity"] == "minor"


def test_gitlabs_report_keeps_a_suppressed_finding_and_says_whose_exception_it_is() -> None:
    found = document(samples.SUPPRESSED, "gitlab-sast")["vulnerabilities"]
    assert len(found) == len(samples.SUPPRESSED.tracked)
    assert found[0]["description"].startswith("Suppressed: called mitigated by alice")
