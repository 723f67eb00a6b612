"""SARIF: valid by the schema, and as other tools read it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from bot.domain.verdict import Presence, ScanReport, TrackedFinding
from bot.reports.sarif import ROOT, render_sarif
from bot.texts import Language
from scanners.finding import Location, RelatedLocation
from tests.examples import examples
from tests.reports import samples
from tests.reports.strategies import reports

SCHEMA = json.loads((Path(__file__).parents[1] / "assets" / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def sarif(report: ScanReport, language: Language = Language.ENGLISH) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render_sarif(report, language, lookup=samples.lookup))
    return document


def run_of(document: dict[str, Any], scanner: str) -> dict[str, Any]:
    found: dict[str, Any] = next(run for run in document["runs"] if run["tool"]["driver"]["name"] == scanner)
    return found


def results_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [result for run in document["runs"] for result in run["results"]]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", sorted(samples.ALL))
def test_every_sample_is_valid_sarif(name: str, language: Language) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(sarif(samples.ALL[name], language))] == []


@given(reports())
@settings(max_examples=examples(60))
def test_any_report_is_valid_sarif(report: ScanReport) -> None:
    document = sarif(report)
    assert [f"{list(error.path)} {error.message}" for error in VALIDATOR.iter_errors(document)] == []
    assert len(results_of(document)) == len(report.tracked)


def test_there_is_one_run_per_scanner_with_a_category_of_its_own() -> None:
    document = sarif(samples.RICH)
    assert [run["tool"]["driver"]["name"] for run in document["runs"]] == [run.scanner for run in samples.RUNS]
    assert len({run["automationDetails"]["id"] for run in document["runs"]}) == len(samples.RUNS)


def test_a_scanner_without_an_answer_is_an_unsuccessful_invocation_with_its_reason() -> None:
    document = sarif(samples.RICH)
    assert [run["invocations"][0]["executionSuccessful"] for run in document["runs"]] == [True, False, True, True, True]
    notification = run_of(document, "other-sast")["invocations"][0]["toolExecutionNotifications"][0]
    assert notification["level"] == "error"
    assert "more than 120 seconds" in notification["message"]["text"]


@pytest.mark.parametrize("name", ["not_assessed", "scan_failed"])
def test_a_scan_without_an_answer_never_looks_clean(name: str) -> None:
    document = sarif(samples.ALL[name])
    assert any(not run["invocations"][0]["executionSuccessful"] for run in document["runs"])


def test_files_that_were_not_read_are_notifications_with_a_place() -> None:
    notifications = run_of(sarif(samples.RICH), "sample-sast")["invocations"][0]["toolExecutionNotifications"]
    assert [n["level"] for n in notifications] == ["warning", "warning"]
    assert notifications[1]["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}


def test_cwe_is_told_in_the_three_ways_that_readers_look_for() -> None:
    run = run_of(sarif(samples.RICH), "sample-sast")
    rule = next(r for r in run["tool"]["driver"]["rules"] if r["id"] == "sql-from-input")
    result = next(r for r in run["results"] if r["ruleId"] == "sql-from-input")
    assert "external/cwe/cwe-089" in rule["properties"]["tags"]
    assert [r["target"]["id"] for r in rule["relationships"]] == ["CWE-89"]
    assert [t["id"] for t in result["taxa"]] == ["CWE-89"]
    for reference in [*result["taxa"], *(r["target"] for r in rule["relationships"])]:
        assert run["taxonomies"][0]["taxa"][reference["index"]]["id"] == reference["id"]


def test_rule_indexes_point_at_the_rule() -> None:
    for run in sarif(samples.RICH)["runs"]:
        for result in run["results"]:
            assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_baseline_states_tell_what_the_change_did() -> None:
    states = {r["partialFingerprints"]["mergewarden/v1"]: r["baselineState"] for r in results_of(sarif(samples.RICH))}
    assert states[samples.SQL.fingerprint] == "new"
    assert states[samples.CHANGED.fingerprint] == "updated"
    assert states[samples.EXISTING.fingerprint] == "unchanged"
    assert states[samples.FIXED.fingerprint] == "absent"


def test_without_a_base_there_is_no_baseline_state() -> None:
    assert all("baselineState" not in result for result in results_of(sarif(samples.WHOLE_TREE)))


def test_a_fixed_finding_is_no_open_result_for_readers_without_baselines() -> None:
    fixed = [r for r in results_of(sarif(samples.RICH)) if r.get("baselineState") == "absent"]
    assert [(r["kind"], r["level"]) for r in fixed] == [("pass", "none")]


def test_a_hostile_path_is_a_relative_uri_that_gives_the_name_back() -> None:
    name = b"a:b/\xff %\n<x>?#.py"
    path = PurePosixPath(name.decode("utf-8", "surrogateescape"))
    finding = replace(samples.SQL, location=Location(path, 1, 1))
    document = sarif(replace(samples.RICH, tracked=(TrackedFinding(finding, Presence.NEW),)))
    place = results_of(document)[0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uriBaseId"] == ROOT
    assert unquote_to_bytes(place["uri"]) == name
    assert ":" not in place["uri"]


def test_related_locations_are_told_with_what_they_mean() -> None:
    related = (
        RelatedLocation(Location(PurePosixPath("app/views.py"), 3, 4, 2, 9), "the name comes from here"),
        RelatedLocation(Location(PurePosixPath("a b.py"), 1)),
    )
    report = replace(samples.RICH, tracked=(TrackedFinding(replace(samples.SQL, related=related), Presence.NEW),))
    document = sarif(report)
    first, second = results_of(document)[0]["relatedLocations"]
    assert first["message"]["text"] == "the name comes from here"
    assert first["physicalLocation"]["region"] == {"startLine": 3, "endLine": 4, "startColumn": 2, "endColumn": 9}
    assert second["physicalLocation"]["artifactLocation"]["uri"] == "a%20b.py"
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


def test_a_fix_replaces_whole_lines() -> None:
    result = next(r for r in results_of(sarif(samples.RICH)) if "fixes" in r)
    replacement = result["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replacement["deletedRegion"] == {"startLine": 14, "endLine": 14}
    assert samples.SQL.fix is not None
    assert replacement["insertedContent"]["text"] == samples.SQL.fix.replacement


def test_rule_texts_are_in_the_language_asked_for() -> None:
    text = render_sarif(samples.RICH, Language.CHINESE, lookup=samples.lookup)
    assert "使用用户输入拼接 SQL" in text


def test_the_repository_and_commit_are_named() -> None:
    provenance = sarif(samples.RICH)["runs"][0]["versionControlProvenance"][0]
    assert provenance["repositoryUri"] == samples.SUBJECT.project_url
    assert provenance["revisionId"] == samples.SUBJECT.head_sha


def test_a_suppressed_finding_is_a_result_with_its_suppression() -> None:
    results = run_of(sarif(samples.SUPPRESSED), "sample-sast")["results"]
    suppressions = {result["properties"]["number"]: result.get("suppressions") for result in results}
    assert suppressions[812] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "called mitigated by alice + bob until 2026-12-31: only reachable from the batch network, "
            "see RISK-12",
        }
    ]
    assert [entry["kind"] for entry in suppressions[813]] == ["inSource"]
    assert suppressions[9] is None
