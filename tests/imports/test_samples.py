"""Every sample report: read as it was last time, and no secret that stands in one comes out of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules import catalog
from scanners.imports import ImportedFinding, Rejected, Statement, open_report
from tests.imports.record import ASSETS, PLANTED, STRIP_PREFIX, reading, samples

SAMPLES = {str(path.relative_to(ASSETS)): path for path in samples()}


def _findings(name: str) -> dict[str, ImportedFinding]:
    report = open_report(SAMPLES[name], strip_prefix=STRIP_PREFIX)
    return {e.finding.rule_id: e for e in report.entries() if isinstance(e, ImportedFinding)}


def test_there_is_a_sample_of_every_format() -> None:
    assert {Path(name).parts[0] for name in SAMPLES} == {
        "sarif", "gitlab", "cyclonedx", "openvex", "pip-audit", "bandit", "semgrep", "gitleaks", "trufflehog",
    }  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_a_report_is_read_as_it_was_last_time(name: str) -> None:
    path = SAMPLES[name]
    assert reading(path) == path.with_suffix(".reading.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [n for n in SAMPLES if PLANTED in SAMPLES[n].read_text(encoding="utf-8")])
def test_no_secret_of_a_report_comes_out_of_it(name: str) -> None:
    report = open_report(SAMPLES[name], strip_prefix=STRIP_PREFIX)
    told = repr((report.tools, list(report.entries())))
    assert PLANTED not in told
    assert not any(part in told for part in PLANTED.split("-") if len(part) > 4)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_format_that_is_named_is_the_one_that_is_found(name: str) -> None:
    found = open_report(SAMPLES[name], strip_prefix=STRIP_PREFIX)
    named = open_report(SAMPLES[name], format=found.format, strip_prefix=STRIP_PREFIX)
    assert list(named.entries()) == list(found.entries())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_report_can_be_read_again_and_again(name: str) -> None:
    report = open_report(SAMPLES[name], strip_prefix=STRIP_PREFIX)
    first = list(report.entries())
    half = report.entries()
    next(half)
    assert first
    assert list(report.entries()) == first


def test_the_code_of_a_finding_hashes_alike_in_every_report_of_it() -> None:
    """bandit's own JSON cuts code otherwise than semgrep's SARIF; the columns of both are the same."""
    bandit, semgrep = _findings("bandit/bandit.json"), _findings("sarif/semgrep.sarif")
    assert bandit["B307"].finding.match_hash == semgrep["rules.call-of-eval"].finding.match_hash != ""
    assert bandit["B324"].finding.match_hash == semgrep["python-weak-hash"].finding.match_hash != ""


def test_findings_of_our_own_rules_are_rated_and_worded_as_in_our_own_scans() -> None:
    for name in ("semgrep/semgrep.json", "sarif/semgrep.sarif"):
        finding = _findings(name)["python-code-injection-request"].finding
        info, text = catalog.rule_info("semgrep", finding.rule_id), catalog.rule_text("semgrep", finding.rule_id)
        assert info is not None
        assert text is not None
        assert (finding.severity.value, finding.title, finding.message) == (info.severity, text.title, text.message)


def test_a_file_that_the_tool_could_not_read_is_named() -> None:
    entries = list(open_report(SAMPLES["bandit/bandit.json"]).entries())
    assert [str(e.path) for e in entries if isinstance(e, Rejected)] == ["src/broken.py"]


def test_vex_has_statements_and_no_tool() -> None:
    report = open_report(SAMPLES["openvex/openvex.json"])
    assert report.tools == ()
    assert {type(entry) for entry in report.entries()} == {Statement, Rejected}
