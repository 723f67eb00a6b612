"""SARIF: what each of its many ways to say something means."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from scanners.finding import Confidence, FindingKind, Location, Severity
from scanners.imports import PROJECT, ImportedFinding, Rejected
from scanners.imports import SuppressionKind as Kind
from scanners.imports import SuppressionStatus as Status
from tests.imports.samples import entries, one, opened, result, sarif, why


def _rule(**more: Any) -> dict[str, Any]:
    return {"id": "R1", "shortDescription": {"text": "A rule"}, **more}


@pytest.mark.parametrize(
    ("rule", "more", "severity"),
    [
        ({}, {}, Severity.MEDIUM),
        ({}, {"level": "error"}, Severity.HIGH),
        ({}, {"level": "note"}, Severity.INFO),
        ({}, {"level": "none"}, Severity.INFO),
        ({"defaultConfiguration": {"level": "error"}}, {}, Severity.HIGH),
        ({"defaultConfiguration": {"level": "error"}}, {"level": "note"}, Severity.INFO),
        ({"properties": {"security-severity": "9.1"}}, {"level": "note"}, Severity.CRITICAL),
        ({"properties": {"security-severity": 5}}, {}, Severity.MEDIUM),
        ({"properties": {"security-severity": "0.0"}}, {}, Severity.INFO),
        ({"properties": {"security-severity": "9.1"}}, {"properties": {"security-severity": "2.0"}}, Severity.LOW),
        ({"properties": {"security-severity": "high"}}, {"level": "error"}, Severity.HIGH),
        ({"properties": {"security-severity": "11"}}, {}, Severity.MEDIUM),
    ],
)
def test_severity_is_the_score_else_the_level(
    tmp_path: Path, rule: dict[str, Any], more: dict[str, Any], severity: Severity
) -> None:
    assert one(tmp_path, sarif(result(**more), rules=[_rule(**rule)])).finding.severity is severity


@pytest.mark.parametrize(
    ("precision", "confidence"),
    [
        ("very-high", Confidence.HIGH),
        ("high", Confidence.HIGH),
        ("medium", Confidence.MEDIUM),
        ("low", Confidence.LOW),
        (7, Confidence.MEDIUM),
    ],
)
def test_precision_is_confidence(tmp_path: Path, precision: object, confidence: Confidence) -> None:
    rule = _rule(properties={"precision": precision})
    assert one(tmp_path, sarif(result(), rules=[rule])).finding.confidence is confidence


@pytest.mark.parametrize(
    "rule",
    [
        {"properties": {"tags": ["security", "external/cwe/cwe-089"]}},
        {"properties": {"tags": ["CWE-89: Improper Neutralization"]}},
        {"properties": {"tags": ["cwe:89"]}},
        {"properties": {"cwe": "CWE-89"}},
        {"properties": {"cwe": ["https://cwe.mitre.org/data/definitions/89"]}},
        {"properties": {"cwe": 89}},
        {"relationships": [{"target": {"id": "89", "toolComponent": {"name": "CWE"}}}]},
        {"relationships": [{"target": {"id": "CWE-89", "toolComponent": {"name": "cwe"}}}]},
    ],
)
def test_a_cwe_is_found_wherever_tools_write_it(tmp_path: Path, rule: dict[str, Any]) -> None:
    assert one(tmp_path, sarif(result(), rules=[_rule(**rule)])).finding.cwes == (89,)


@pytest.mark.parametrize(
    "taxon",
    [
        {"id": "22", "toolComponent": {"name": "CWE"}},
        {"id": "22", "toolComponent": {"index": 0}},
        {"index": 1, "toolComponent": {"index": 0}},
        {"index": 1, "toolComponent": {"guid": "AA"}},
    ],
)
def test_a_cwe_of_a_result_is_found_in_its_taxonomy(tmp_path: Path, taxon: dict[str, Any]) -> None:
    taxonomies = [{"name": "CWE", "guid": "aa", "taxa": [{"id": "89"}, {"id": "22"}]}]
    assert one(tmp_path, sarif(result(taxa=[taxon]), taxonomies=taxonomies)).finding.cwes == (22,)


def test_a_taxon_of_another_taxonomy_is_no_cwe(tmp_path: Path) -> None:
    taxon = {"id": "89", "toolComponent": {"name": "CAPEC"}}
    assert one(tmp_path, sarif(result(taxa=[taxon]))).finding.cwes == ()


@pytest.mark.parametrize(
    "tag", ["OWASP-A03:2021 - Injection", "A03:2021", "owasp:a3:2021", "external/owasp/2021-a03", "OWASP 2021/A03"]
)
def test_an_owasp_category_is_found_wherever_tools_write_it(tmp_path: Path, tag: str) -> None:
    rule = _rule(properties={"tags": [tag]})
    assert one(tmp_path, sarif(result(), rules=[rule])).finding.owasp == ("A03:2021",)


@pytest.mark.parametrize(
    ("reference", "title"),
    [
        ({"ruleId": "R1"}, "A rule"),
        ({"ruleIndex": 0}, "A rule"),
        ({"ruleId": "R1/sub"}, "A rule"),
        ({"ruleId": "R1/sub", "ruleIndex": 0}, "A rule"),
        ({"rule": {"id": "R1"}}, "A rule"),
        ({"rule": {"index": 0}}, "A rule"),
        ({"rule": {"guid": "BB"}}, "A rule"),
        ({"ruleId": "X1"}, "An extension's"),
        ({"rule": {"index": 0, "toolComponent": {"index": 0}}}, "An extension's"),
        ({"rule": {"index": 0, "toolComponent": {"guid": "CC"}}}, "An extension's"),
        ({"rule": {"id": "X1", "toolComponent": {"name": "more"}}}, "An extension's"),
        ({"ruleId": "unknown"}, "unknown"),
        ({"ruleId": "unknown", "ruleIndex": 0}, "unknown"),
        ({"ruleId": "R1", "ruleIndex": 99}, "A rule"),
        ({"ruleId": "R1", "ruleIndex": -1}, "A rule"),
    ],
)
def test_a_rule_is_found_by_any_reference(tmp_path: Path, reference: dict[str, Any], title: str) -> None:
    document = sarif({"locations": result()["locations"], "message": {"text": "m"}, **reference})
    document["runs"][0]["tool"] = {
        "extensions": [{"name": "more", "guid": "cc", "rules": [_rule(id="X1", name="An extension's")]}],
        "driver": {"rules": [_rule(guid="bb")], "name": "Tool"},
    }
    document["runs"][0]["tool"]["extensions"][0]["rules"][0].pop("shortDescription")
    assert one(tmp_path, document).finding.title == title


def test_a_result_without_a_rule_is_rejected(tmp_path: Path) -> None:
    assert "names no rule" in why(tmp_path, sarif({"message": {"text": "m"}}))


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"text": "plain"}, "plain"),
        ({"text": "flows from [a value](1) to [b](file:///x)"}, "flows from a value to b"),
        ({"markdown": "only **this**"}, "only **this**"),
        ({"id": "own", "arguments": ["one", "two"]}, "two, then one {x}"),
        ({"id": "shared"}, "for all"),
        ({"id": "nowhere"}, "Full words."),
        ({"text": "a {0} b", "arguments": ["hole"]}, "a hole b"),
        ({"text": "a {7} b", "arguments": ["hole"]}, "a {7} b"),
        (None, "Full words."),
    ],
)
def test_a_message_is_put_together(tmp_path: Path, message: Any, told: str) -> None:
    rule = _rule(fullDescription={"text": "Full words."}, messageStrings={"own": {"text": "{1}, then {0} {{x}}"}})
    document = sarif(result(message=message), rules=[rule])
    document["runs"][0]["tool"]["driver"]["globalMessageStrings"] = {"shared": {"text": "for all"}}
    assert one(tmp_path, document).finding.message == told


@pytest.mark.parametrize(
    "more", [{"kind": k} for k in ("pass", "notApplicable", "informational")] + [{"baselineState": "absent"}]
)
def test_what_says_that_nothing_is_wrong_is_no_finding(tmp_path: Path, more: dict[str, str]) -> None:
    assert entries(tmp_path, sarif(result(**more))) == []


@pytest.mark.parametrize(
    "more",
    [{"kind": k} for k in ("fail", "open", "review")] + [{"baselineState": s} for s in ("new", "unchanged", "updated")],
)
def test_what_says_that_something_may_be_wrong_is_a_finding(tmp_path: Path, more: dict[str, str]) -> None:
    one(tmp_path, sarif(result(**more)))


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ({"invocations": [{"executionSuccessful": False}]}, "failed"),
        ({"invocations": [{"executionSuccessful": True}, {"executionSuccessful": False}]}, "failed"),
        ({"results": None}, ""),
        ({"externalPropertyFileReferences": {"results": [{"location": {"uri": "x"}}]}}, "another file"),
    ],
)
def test_a_run_that_did_not_look_is_no_answer(tmp_path: Path, run: dict[str, Any], reason: str) -> None:
    document = sarif(**run)
    if "results" in run:
        del document["runs"][0]["results"]
        reason = "no list of results"
    (tool,) = opened(tmp_path, document).tools
    assert not tool.answered
    assert reason in tool.reason


def test_an_empty_run_of_a_tool_that_succeeded_is_an_answer(tmp_path: Path) -> None:
    (tool,) = opened(tmp_path, sarif(invocations=[{"executionSuccessful": True}])).tools
    assert tool.answered
    assert tool.reason == ""


def test_each_run_has_its_own_tool_and_results(tmp_path: Path) -> None:
    first = sarif(result(), result(kind="pass"), name="One", automationDetails={"id": "nightly/"})["runs"][0]
    second = sarif(name="Two")["runs"][0]
    third = sarif(result(), 7, name="Three")["runs"][0]
    report = opened(tmp_path, {"runs": [first, second, third], "version": "2.1.0"})
    assert [(tool.name, tool.category) for tool in report.tools] == [("One", "nightly/"), ("Two", ""), ("Three", "")]
    assert [(type(e), e.tool) for e in report.entries() if isinstance(e, (ImportedFinding, Rejected))] == [
        (ImportedFinding, 0),
        (ImportedFinding, 2),
        (Rejected, 2),
    ]


@pytest.mark.parametrize("order", [("tool", "results"), ("results", "tool")])
def test_the_order_of_names_does_not_matter(tmp_path: Path, order: tuple[str, str]) -> None:
    run = sarif(result(ruleIndex=0), rules=[_rule()])["runs"][0]
    assert one(tmp_path, {"runs": [{key: run[key] for key in order}], "version": "2.1.0"}).finding.title == "A rule"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (0, "line number"),
        (-1, "line number"),
        (2**31, "line number"),
        ("3", "line number"),
        (True, "line number"),
        (1.5, "line"),
    ],
)
def test_a_line_that_is_none_is_rejected(tmp_path: Path, line: Any, told: str) -> None:
    assert told in why(tmp_path, sarif(result(line=line)))


def test_a_region_that_ends_before_it_begins_is_rejected(tmp_path: Path) -> None:
    bad = result()
    bad["locations"][0]["physicalLocation"]["region"]["endLine"] = 1
    assert "before" in why(tmp_path, sarif(bad))


def test_the_last_line_that_git_can_count_is_read(tmp_path: Path) -> None:
    assert one(tmp_path, sarif(result(line=2**31 - 1))).finding.location.start_line == 2**31 - 1


def test_a_result_without_a_place_is_about_the_project(tmp_path: Path) -> None:
    assert one(tmp_path, sarif(result(locations=[]))).finding.location == Location(PROJECT)
    named = one(tmp_path, sarif(result(locations=[{"logicalLocations": [{"fullyQualifiedName": "a.b"}]}])))
    assert named.finding.location == Location(PROJECT)


def test_a_region_of_characters_is_about_the_file(tmp_path: Path) -> None:
    bad = result()
    bad["locations"][0]["physicalLocation"]["region"] = {"charOffset": 5, "charLength": 3}
    assert one(tmp_path, sarif(bad)).finding.location == Location(PurePosixPath("src/a.py"))


def test_a_fingerprint_that_two_rules_claim_is_rejected_the_second_time(tmp_path: Path) -> None:
    same: dict[str, Any] = {"fingerprints": {"tool/v1": "0123456789"}}
    document = sarif(result(**same), result(**same), result("src/b.py", **same), result(ruleId="R2", **same))
    found = entries(tmp_path, document)
    assert [type(entry) for entry in found] == [ImportedFinding, ImportedFinding, Rejected, Rejected]


def test_partial_fingerprints_may_be_equal(tmp_path: Path) -> None:
    same: dict[str, Any] = {"partialFingerprints": {"primaryLocationLineHash": "39fa2ee980eb94b0:1"}}
    found = entries(tmp_path, sarif(result(**same), result("src/b.py", **same)))
    assert [len(e.finding.tool_fingerprints) for e in found if isinstance(e, ImportedFinding)] == [1, 1]


def test_fingerprints_are_hashed_together_with_their_name(tmp_path: Path) -> None:
    marks: list[dict[str, Any]] = [{"fingerprints": {"a": "0123456789"}}, {"partialFingerprints": {"b": "0123456789"}}]
    first, second = (one(tmp_path, sarif(result(**mark))).finding.tool_fingerprints for mark in marks)
    assert first != second
    assert "0123456789" not in first[0]


@pytest.mark.parametrize(
    "marks",
    [
        {"fingerprints": {"matchBasedId/v1": "requires login"}},
        {"partialFingerprints": {"primaryLocationStartColumnFingerprint": "12345678901"}},
        {"partialFingerprints": {"author": "Somebody Else", "commitSha": "8f4b1c2d3e4f5a6b7c8d"}},
        {"partialFingerprints": {"x": "4"}},
        {"fingerprints": {"x": ["list"]}},
        {"fingerprints": ["list"]},
    ],
)
def test_what_identifies_nothing_is_no_fingerprint(tmp_path: Path, marks: dict[str, Any]) -> None:
    two = entries(tmp_path, sarif(result(**marks), result("src/b.py", **marks)))
    assert [e.finding.tool_fingerprints for e in two if isinstance(e, ImportedFinding)] == [(), ()]


def test_suppressions_are_told_with_kind_and_status(tmp_path: Path) -> None:
    said = [
        {"kind": "inSource"},
        {"kind": "external", "status": "underReview", "justification": "later"},
        {"status": 3},
    ]
    found = one(tmp_path, sarif(result(suppressions=said))).suppressed
    assert [(s.kind, s.status, s.justification) for s in found] == [
        (Kind.IN_SOURCE, Status.ACCEPTED, ""),
        (Kind.EXTERNAL, Status.UNDER_REVIEW, "later"),
        (Kind.EXTERNAL, Status.UNDER_REVIEW, ""),
    ]


def test_steps_of_a_flow_are_related_and_bad_ones_are_left_out(tmp_path: Path) -> None:
    steps = [
        {"location": {**result("a.py", n + 1)["locations"][0], "message": {"text": f"step {n}"}}} for n in range(100)
    ]
    steps[3] = {"location": result("../../x", 1)["locations"][0]}
    found = one(tmp_path, sarif(result(codeFlows=[{"threadFlows": [{"locations": steps}]}]))).finding.related
    assert [r.message for r in found] == [f"step {n}" for n in (*range(3), *range(4, 10), *range(90, 100))]


@pytest.mark.parametrize(
    ("region", "code"),
    [
        ({"startColumn": 5, "endColumn": 12, "snippet": {"text": "eval(q)"}}, "eval(q)"),
        ({"startColumn": 5, "endColumn": 12, "snippet": {"text": "    eval(q)  # why"}}, "eval(q)"),
        ({"snippet": {"text": "eval(q)"}}, "eval(q)"),
    ],
)
def test_a_snippet_of_the_region_hashes_like_one_of_whole_lines(
    tmp_path: Path, region: dict[str, Any], code: str
) -> None:
    from scanners.fingerprint import match_hash

    raw = result()
    raw["locations"][0]["physicalLocation"]["region"].update(region)
    finding = one(tmp_path, sarif(raw)).finding
    assert finding.match_hash == match_hash(finding, code)


def test_the_region_around_stands_in_for_a_missing_snippet(tmp_path: Path) -> None:
    raw = result(line=3)
    raw["locations"][0]["physicalLocation"]["contextRegion"] = {"startLine": 2, "snippet": {"text": "a\neval(q)\nb"}}
    assert one(tmp_path, sarif(raw)).code == "eval(q)"


def test_an_advisory_is_a_dependency_finding(tmp_path: Path) -> None:
    rule = {"id": "CVE-2099-0001", "properties": {"purls": ["pkg:npm/left-pad@1.0.0"]}}
    finding = one(
        tmp_path, sarif(result("package-lock.json", 1, ruleId="CVE-2099-0001"), name="grype", rules=[rule])
    ).finding
    assert finding.kind is FindingKind.DEPENDENCY
    assert finding.dependency is not None
    assert (finding.dependency.ecosystem, finding.dependency.package) == ("npm", "left-pad")


def test_names_are_cleaned_and_cut(tmp_path: Path) -> None:
    document = sarif(result(ruleId="R\u202e" * 300), name="To\nol\u200b" * 100)
    report = opened(tmp_path, document)
    (entry,) = report.entries()
    assert isinstance(entry, ImportedFinding)
    assert len(report.tools[0].name) <= 100
    assert len(entry.finding.rule_id) <= 200
    assert not any(sign in repr(entry) for sign in "\u202e\u200b")
