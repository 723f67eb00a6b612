"""The formats besides SARIF: what is peculiar to each."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from scanners.finding import Confidence, Severity
from scanners.imports import (
    PROJECT,
    ImportedFinding,
    PackageLicences,
    Rejected,
    Statement,
    SuppressionStatus,
    VexStatus,
)
from scanners.imports.common import dependency_of
from scanners.imports.gitlab import ecosystem_of_file
from scanners.imports.vex import moment
from tests.imports.samples import entries, one, opened, why

SCAN = {"type": "sast", "status": "success", "scanner": {"id": "t", "name": "T", "version": "1"}}
IDENTIFIER = {"type": "t_id", "name": "Rule one", "value": "R1"}


def _gitlab(*found: Any, kind: str = "sast", **more: Any) -> dict[str, Any]:
    return {"version": "15.0.0", "scan": {**SCAN, "type": kind}, "vulnerabilities": list(found), **more}


def _vulnerability(**more: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "name": "n",
        "severity": "Low",
        "location": {"file": "a.go", "start_line": 2},
        "identifiers": [IDENTIFIER],
        **more,
    }


def test_a_dependency_of_gitlab_names_package_advisory_and_way_out(tmp_path: Path) -> None:
    found = _vulnerability(
        location={"file": "web/yarn.lock", "dependency": {"package": {"name": "left-pad"}, "version": "1.0.0"}},
        identifiers=[{"type": "gemnasium", "value": "uuid"}, {"type": "ghsa", "value": "GHSA-aaaa-bbbb-cccc"}],
    )
    finding = one(
        tmp_path,
        _gitlab(found, kind="dependency_scanning", remediations=[{"fixes": [{"id": "1"}], "summary": "Upgrade it"}]),
    ).finding
    assert finding.dependency is not None
    assert finding.dependency.ecosystem == "npm"
    assert finding.dependency.advisory_ids == ("GHSA-aaaa-bbbb-cccc", "uuid")
    assert finding.rule_id == "GHSA-aaaa-bbbb-cccc"
    assert finding.remediation == "Upgrade it"
    assert finding.location.path == PurePosixPath("web/yarn.lock")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"identifiers": []}, "no identifiers"),
        ({"location": {"file": "/etc/passwd", "start_line": 1}}, "--strip-prefix"),
        ({"location": {"file": 7}}, "not a text"),
        ({"location": {"file": "a", "start_line": 0}}, "line number"),
        ({"identifiers": [{"type": "x"}]}, "names no rule"),
    ],
)
def test_a_bad_vulnerability_is_rejected(tmp_path: Path, more: dict[str, Any], told: str) -> None:
    assert told in why(tmp_path, _gitlab(_vulnerability(**more)))


def test_a_dependency_without_an_advisory_is_rejected(tmp_path: Path) -> None:
    assert "no advisory" in why(tmp_path, _gitlab(_vulnerability(), kind="dependency_scanning"))


def test_an_id_that_two_vulnerabilities_share_is_rejected_the_second_time(tmp_path: Path) -> None:
    found = entries(tmp_path, _gitlab(_vulnerability(), _vulnerability(location={"file": "b.go"})))
    assert [type(entry) for entry in found] == [ImportedFinding, Rejected]


def test_a_flag_is_a_doubt_that_nobody_has_accepted(tmp_path: Path) -> None:
    flag = {"type": "flagged-as-likely-false-positive", "origin": "o", "description": "d"}
    found = one(tmp_path, _gitlab(_vulnerability(flags=[flag])))
    assert [s.status for s in found.suppressed] == [SuppressionStatus.UNDER_REVIEW]
    assert found.finding.confidence is Confidence.LOW


@pytest.mark.parametrize("status", ["failure", None, 3])
def test_a_scan_that_did_not_succeed_is_no_answer(tmp_path: Path, status: Any) -> None:
    document = _gitlab()
    document["scan"]["status"] = status
    assert not opened(tmp_path, document).tools[0].answered


@pytest.mark.parametrize(
    ("name", "ecosystem"),
    [
        ("app/requirements-dev.txt", "PyPI"),
        ("poetry.lock", "PyPI"),
        ("package-lock.json", "npm"),
        ("pom.xml", "Maven"),
        ("build.gradle.kts", "Maven"),
        ("Gemfile.lock", "RubyGems"),
        ("composer.lock", "Packagist"),
        ("go.sum", "Go"),
        ("Cargo.lock", "crates.io"),
        ("Web.csproj", "NuGet"),
        ("whatever", ""),
    ],
)
def test_a_lock_file_tells_its_ecosystem(name: str, ecosystem: str) -> None:
    assert ecosystem_of_file(PurePosixPath(name)) == ecosystem


@pytest.mark.parametrize(
    ("purl", "parts"),
    [
        ("pkg:pypi/Django_Rest@3.2.0", ("PyPI", "django-rest", "3.2.0")),
        ("pkg:npm/%40shop/cart@1.2.3", ("npm", "@shop/cart", "1.2.3")),
        ("pkg:maven/org.example/core@1?type=jar", ("Maven", "org.example:core", "1")),
        ("pkg:golang/example.com/a/b@v1.0.0", ("Go", "example.com/a/b", "v1.0.0")),
        ("pkg:deb/debian/openssl@3.0", ("Debian", "openssl", "3.0")),
        ("pkg:npm/left-pad", ("npm", "left-pad", "")),
        ("pkg:unheard/of@1", ("unheard", "of", "1")),
        ("left-pad@1", None),
        ("pkg:", None),
        ("pkg:npm/" + "a" * 2000, None),
    ],
)
def test_a_package_url_is_taken_apart(purl: str, parts: tuple[str, str, str] | None) -> None:
    assert dependency_of(purl) == parts


def _bom(*vulnerabilities: Any, **more: Any) -> dict[str, Any]:
    component = {"bom-ref": "c", "name": "left-pad", "version": "1.0.0", "purl": "pkg:npm/left-pad@1.0.0"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "components": [component],
        "vulnerabilities": list(vulnerabilities),
        **more,
    }


@pytest.mark.parametrize(
    ("ratings", "severity"),
    [
        ([], Severity.HIGH),
        ([{"severity": "unknown"}], Severity.HIGH),
        ([{"severity": "low"}, {"severity": "medium"}], Severity.MEDIUM),
        ([{"score": 9.5}], Severity.CRITICAL),
        ([{"score": "nonsense", "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}], Severity.CRITICAL),
        ([{"severity": "low", "score": 9.9}], Severity.LOW),
    ],
)
def test_the_worst_rating_counts_and_none_is_not_harmless(tmp_path: Path, ratings: Any, severity: Severity) -> None:
    bom = _bom({"id": "CVE-2099-0001", "ratings": ratings, "affects": [{"ref": "c"}]})
    assert one(tmp_path, bom).finding.severity is severity


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("resolved", VexStatus.FIXED),
        ("resolved_with_pedigree", VexStatus.FIXED),
        ("exploitable", VexStatus.AFFECTED),
        ("in_triage", VexStatus.UNDER_INVESTIGATION),
        ("false_positive", VexStatus.NOT_AFFECTED),
        ("not_affected", VexStatus.NOT_AFFECTED),
    ],
)
def test_an_analysis_is_a_statement_and_the_finding_stays(tmp_path: Path, state: str, status: VexStatus) -> None:
    bom = _bom({"id": "CVE-2099-0001", "analysis": {"state": state}, "affects": [{"ref": "c"}]})
    _, statement, finding = entries(tmp_path, bom)
    assert isinstance(statement, Statement)
    assert isinstance(finding, ImportedFinding)
    assert (statement.status, statement.products) == (status, ("pkg:npm/left-pad@1.0.0",))
    assert finding.finding.location.path == PROJECT


def test_components_may_come_after_vulnerabilities(tmp_path: Path) -> None:
    bom = _bom({"id": "CVE-2099-0001", "affects": [{"ref": "c"}]})
    backwards = dict(reversed(bom.items()))
    assert one(tmp_path, backwards).finding == one(tmp_path, bom).finding


@pytest.mark.parametrize(
    "tools", [[{"vendor": "v", "name": "T", "version": "2"}], {"components": [{"name": "T", "version": "2"}]}]
)
def test_the_tool_of_a_bill_of_materials_is_found_in_old_and_new_form(tmp_path: Path, tools: Any) -> None:
    (tool,) = opened(tmp_path, _bom(metadata={"tools": tools, "component": {"name": "web"}})).tools
    assert (tool.name, tool.version, tool.category) == ("T", "2", "web")


def _said(folder: Path, licenses: Any, **more: Any) -> list[PackageLicences]:
    component = {"name": "a", "purl": "pkg:pypi/My_Package@1.0", "licenses": licenses, **more}
    return [e for e in entries(folder, _bom(components=[component])) if isinstance(e, PackageLicences)]


@pytest.mark.parametrize(
    ("licenses", "expected"),
    [
        ([{"license": {"id": "MIT"}}], ("MIT",)),
        ([{"license": {"name": "GNU Affero\nGPL\u202e"}}], ("GNU Affero GPL",)),
        ([{"expression": "MIT OR GPL-3.0-only"}], ("MIT OR GPL-3.0-only",)),
        (
            [{"license": {"id": "MIT"}}, {"license": {"id": "Apache-2.0"}}, {"license": {"id": "MIT"}}],
            ("MIT", "Apache-2.0"),
        ),
        ([], ()),
        ([{}], ()),
        ("MIT", ()),
        ([{"license": {"id": 7}}, None, [], {"expression": {"a": 1}}], ()),
        ([{"license": {"id": f"L{n}"}} for n in range(100)], tuple(f"L{n}" for n in range(20))),
    ],
)
def test_a_component_brings_its_licences_also_none(tmp_path: Path, licenses: Any, expected: tuple[str, ...]) -> None:
    assert _said(tmp_path, licenses) == [PackageLicences("PyPI", "my-package", "1.0", expected)]


@pytest.mark.parametrize("purl", [None, "", "not a purl", "pkg:pypi/a", 7])
def test_without_a_release_a_licence_is_about_nothing(tmp_path: Path, purl: Any) -> None:
    assert _said(tmp_path, [{"license": {"id": "MIT"}}], purl=purl) == []


def test_a_component_inside_another_brings_its_licences_and_needs_no_reference(tmp_path: Path) -> None:
    inside = {"name": "b", "purl": "pkg:npm/b@2", "licenses": [{"license": {"id": "ISC"}}]}
    _, nested = _said(tmp_path, None, components=[inside])
    assert nested == PackageLicences("npm", "b", "2", ("ISC",))


def test_every_affected_component_counts_towards_the_limit(tmp_path: Path) -> None:
    from scanners.imports import ImportLimits, ReportError

    bom = _bom({"id": "CVE-2099-0001", "affects": [{"ref": "c"}] * 30})
    with pytest.raises(ReportError, match="more than 20 results"):
        opened(tmp_path, bom, limits=ImportLimits(max_findings=20))


def test_a_package_that_pip_audit_skipped_is_told(tmp_path: Path) -> None:
    document = {"dependencies": [{"name": "shop", "skip_reason": "not on PyPI"}], "fixes": []}
    assert why(tmp_path, document) == "shop was not looked up: not on PyPI"


def test_semgrep_is_no_answer_after_an_error_that_is_about_no_file(tmp_path: Path) -> None:
    document = {
        "version": "1",
        "results": [],
        "paths": {"scanned": []},
        "errors": [{"level": "error", "type": "Fatal"}],
    }
    assert not opened(tmp_path, document).tools[0].answered
    document["errors"] = [{"level": "warn", "type": "Timeout", "path": "a.py"}]
    assert opened(tmp_path, document).tools[0].answered


def test_a_nosemgrep_comment_is_told(tmp_path: Path) -> None:
    found = {"check_id": "a.b", "path": "a.py", "start": {"line": 1}, "end": {"line": 1}, "extra": {"is_ignored": True}}
    document = {"version": "1", "results": [found], "errors": []}
    assert [s.status for s in one(tmp_path, document).suppressed] == [SuppressionStatus.ACCEPTED]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01T10:00:00.5+02:00", datetime(2026, 3, 1, 8, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-03-01T10:00:00.123456789Z", datetime(2026, 3, 1, 10, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-03-01T10:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        (5, None),
    ],
)
def test_a_time_needs_a_zone(text: Any, at: datetime | None) -> None:
    assert moment(text) == at
