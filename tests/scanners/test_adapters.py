"""Reports into findings: real ones into golden readings, and every other byte string into an error of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanners.adapters.bandit import Bandit
from scanners.adapters.detect_secrets import DetectSecrets
from scanners.adapters.pip_audit import PipAudit
from scanners.adapters.semgrep import Semgrep
from scanners.adapters.suppressions import Suppressions
from scanners.finding import Severity
from scanners.interface import GapReason, MalformedReport, Scanner, ScannerAbsent, ScannerError, ScanTarget, Unit
from scanners.registry import all_scanners
from tests.examples import examples
from tests.scanners.fakes import ADVISORY, PLANTED_SECRETS, SAMPLES, FakeAdvisories, target_of, write_inputs
from tests.scanners.record import REPORTS, reading, scanners
from tests.sentences import assert_gaps_translatable, assert_translatable

BY_NAME = {scanner.name: scanner for scanner in scanners()}
NAMES = sorted(BY_NAME)


def _report(name: str) -> bytes:
    return (REPORTS / name / "report.json").read_bytes()


@pytest.fixture(params=NAMES)
def prepared(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Scanner, ScanTarget]:
    scanner = BY_NAME[request.param]
    target = target_of(tmp_path, SAMPLES, scanner.applies_to)
    write_inputs(scanner, target)
    return scanner, target


@pytest.mark.parametrize("name", NAMES)
def test_a_real_report_is_read_as_it_was_last_time(name: str, tmp_path: Path) -> None:
    golden = (REPORTS / name / "reading.json").read_text(encoding="utf-8")
    assert reading(BY_NAME[name], _report(name), tmp_path) == golden


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_of_the_code_is_in_a_reading(name: str) -> None:
    golden = (REPORTS / name / "reading.json").read_text(encoding="utf-8")
    assert not any(secret in golden for secret in PLANTED_SECRETS)


@pytest.mark.parametrize(
    "raw", [b"", b" \n", b"null", b"[]", b"{}", b"{", b"\xff\xfe\0", b"[" * 100_000, b'{"results": 3}', b"Traceback"]
)
def test_a_report_that_is_none_is_malformed(prepared: tuple[Scanner, ScanTarget], raw: bytes) -> None:
    scanner, target = prepared
    with pytest.raises(ScannerError, match=scanner.name) as caught:
        scanner.parse(raw, target)
    assert_translatable(str(caught.value))


def test_a_report_cut_off_anywhere_is_malformed(prepared: tuple[Scanner, ScanTarget]) -> None:
    scanner, target = prepared
    raw = _report(scanner.name).rstrip()
    for length in range(0, len(raw), 97):
        with pytest.raises(MalformedReport):
            scanner.parse(raw[:length], target)


def test_a_report_that_says_nothing_about_a_file_does_not_clear_it(prepared: tuple[Scanner, ScanTarget]) -> None:
    scanner, target = prepared
    empty = {"results": [], "errors": [], "metrics": {}, "paths": {"scanned": []}, "secrets": [], "scanned": []}
    empty["dependencies"] = []
    raw = json.dumps(empty).encode()
    if isinstance(scanner, PipAudit):
        with pytest.raises(MalformedReport):
            scanner.parse(raw, target)
    else:
        gaps = scanner.parse(raw, target).gaps
        assert {str(gap.path) for gap in gaps} == {unit.name for unit in target.units}
        assert {gap.reason for gap in gaps} == {GapReason.SCANNER_ERROR}


def _values(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        yield from _values(value, (*path, key))


_anything: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just([]) | st.just({})
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(150), deadline=None)
@given(data=st.data())
def test_no_bytes_raise_anything_but_a_scanner_error(prepared: tuple[Scanner, ScanTarget], data: st.DataObject) -> None:
    scanner, target = prepared
    raw = _report(scanner.name)
    if data.draw(st.booleans()):
        raw = data.draw(st.binary(max_size=60))
    else:
        # A real report with one value replaced reaches further than noise does.
        document = json.loads(raw)
        path = data.draw(st.sampled_from([p for p in _values(document) if p]))
        holder = document
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = data.draw(_anything)
        raw = json.dumps(document).encode()
    try:
        report = scanner.parse(raw, target)
    except ScannerError as error:
        assert_translatable(str(error))
        return
    assert_gaps_translatable(report.gaps)
    names = {unit.name for unit in target.units}
    assert {str(item.location.path) for item in report.findings} <= names
    assert {str(gap.path) for gap in report.gaps} <= names


def test_a_report_about_a_foreign_file_is_malformed(tmp_path: Path) -> None:
    target = target_of(tmp_path, SAMPLES, Bandit().applies_to)
    raw = _report("bandit").replace(b"000000.py", b"etc/passwd")
    with pytest.raises(MalformedReport, match="not scanned"):
        Bandit().parse(raw, target)


def test_semgrep_errors_are_gaps_and_quote_no_code(tmp_path: Path) -> None:
    target = target_of(tmp_path, {"000000.py": b"x = 1\n", "000001.py": b"y\n"}, Semgrep().applies_to)
    document = {
        "results": [],
        "paths": {"scanned": ["000000.py", "000001.py"]},
        "errors": [
            {
                "type": ["PartialParsing", []],
                "level": "warn",
                "message": "Syntax error: `hunter22` was unexpected",
                "path": "000000.py",
                "spans": [{"start": {"line": 7}}],
            },
            {"type": "Timeout", "level": "warn", "message": "too long", "path": "000001.py"},
        ],
    }
    report = Semgrep().parse(json.dumps(document).encode(), target)
    first, second = sorted(report.gaps, key=lambda gap: str(gap.path))
    assert (first.reason, first.line) == (GapReason.PARSE_ERROR, 7)
    assert (second.reason, second.detail) == (GapReason.SCANNER_ERROR, "semgrep failed on this file: Timeout")
    assert "hunter22" not in repr(report)
    assert_gaps_translatable(report.gaps)


def test_a_semgrep_error_that_is_about_no_file_is_no_answer(tmp_path: Path) -> None:
    target = target_of(tmp_path, {"000000.py": b"x = 1\n"}, Semgrep().applies_to)
    document = {"results": [], "paths": {"scanned": []}, "errors": [{"type": "Rule parse error", "level": "error"}]}
    with pytest.raises(ScannerError, match="Rule parse error"):
        Semgrep().parse(json.dumps(document).encode(), target)


def test_a_fix_of_semgrep_becomes_whole_lines(tmp_path: Path) -> None:
    target = target_of(tmp_path, {"000000.py": b"a = yaml.load(f)  # note\n"}, Semgrep().applies_to)
    result = {
        "check_id": "made-up-rule",
        "path": "000000.py",
        "start": {"line": 1, "col": 5},
        "end": {"line": 1, "col": 17},
        "extra": {"severity": "ERROR", "fix": "yaml.safe_load(f)", "message": "quotes $X"},
    }
    document = {"results": [result], "errors": [], "paths": {"scanned": ["000000.py"]}}
    (finding,) = Semgrep().parse(json.dumps(document).encode(), target).findings
    assert finding.fix is not None
    assert finding.fix.replacement == "a = yaml.safe_load(f)  # note"
    assert finding.severity is Severity.HIGH
    assert finding.message == ""


def test_only_the_packs_of_the_languages_that_are_there_are_loaded(tmp_path: Path) -> None:
    target = target_of(tmp_path, {"000000.java": b"", "000001.ts": b""}, Semgrep().applies_to)
    assert set(Semgrep().inputs(target)) == {"java.json", "javascript.json"}


def test_nothing_in_the_code_can_switch_a_rule_off(tmp_path: Path) -> None:
    target = target_of(tmp_path, SAMPLES, lambda unit: unit.name.endswith(".py"))
    semgrep = Semgrep().command(target, tmp_path / "report")
    assert {"--disable-nosem", "--x-ignore-semgrepignore-files", "--no-git-ignore", "--novcs"} <= set(semgrep)
    assert "--metrics=off" in semgrep
    bandit = Bandit().command(target, tmp_path / "report")
    assert "--ignore-nosec" in bandit
    assert "-c" in bandit


def test_missing_packs_are_said_to_be_missing() -> None:
    with pytest.raises(ScannerError, match=r"rules\.build") as caught:
        Semgrep(lambda language: Path("/nowhere") / language).rules_digest()
    assert_translatable(str(caught.value))


@pytest.mark.parametrize(
    ("rule", "word", "severity"),
    [
        ("B602", "HIGH", Severity.HIGH),
        ("B602", "LOW", Severity.LOW),
        ("B605", "LOW", Severity.LOW),
        ("B202", "LOW", Severity.LOW),
        ("B105", "LOW", Severity.MEDIUM),
        ("B101", "LOW", Severity.INFO),
    ],
)
def test_a_constant_command_is_less_bad_than_a_built_one(
    rule: str, word: str, severity: Severity, tmp_path: Path
) -> None:
    target = target_of(tmp_path, {"000000.py": b"x\n"}, Bandit().applies_to)
    match = {"filename": "./000000.py", "line_number": 1, "test_id": rule, "issue_severity": word}
    report = {"results": [match], "errors": [], "metrics": {"./000000.py": {}}}
    found = Bandit().parse(json.dumps(report).encode(), target).findings
    assert [f.severity for f in found] == [severity]


@pytest.mark.parametrize("source", [None, FakeAdvisories(revision="")])
def test_pip_audit_without_advisories_is_absent_and_says_what_to_do(source: FakeAdvisories | None) -> None:
    with pytest.raises(ScannerAbsent, match="mergewarden advisories import"):
        PipAudit(source).rules_digest()


def test_new_advisories_are_new_rules() -> None:
    assert (
        PipAudit(FakeAdvisories(revision="1")).rules_digest() != PipAudit(FakeAdvisories(revision="2")).rules_digest()
    )


def test_two_versions_of_one_package_are_asked_about_apart(tmp_path: Path) -> None:
    scanner = PipAudit(FakeAdvisories(ADVISORY))
    target = target_of(tmp_path, SAMPLES, scanner.applies_to)
    inputs = scanner.inputs(target)
    assert inputs["requirements.0.txt"] == b"django==3.2.0\nhttpx==1.0\n"
    assert inputs["requirements.1.txt"] == b"django==5.0\n"


@pytest.mark.parametrize(
    ("change", "severity"),
    [
        ({}, Severity.CRITICAL),
        ({"severity": []}, Severity.HIGH),
        ({"severity": [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N"}]}, Severity.HIGH),
        ({"severity": [], "database_specific": {"severity": "MODERATE"}}, Severity.MEDIUM),
    ],
)
def test_an_advisory_has_the_severity_it_says_and_high_when_it_says_none(
    change: dict[str, object], severity: Severity, tmp_path: Path
) -> None:
    scanner = PipAudit(FakeAdvisories({**ADVISORY, **change}))
    target = target_of(tmp_path, SAMPLES, scanner.applies_to)
    write_inputs(scanner, target)
    assert {f.severity for f in scanner.parse(_report("pip-audit"), target).findings} == {severity}


def test_the_registry_lists_every_tool_once() -> None:
    names = [scanner.name for scanner in all_scanners(None)]
    assert names == ["semgrep", "bandit", "detect-secrets", "pip-audit", "suppressions"]


@pytest.mark.parametrize(
    ("name", "readers"),
    [
        ("000000.py", {"semgrep", "bandit", "detect-secrets", "suppressions"}),
        ("000000.ts", {"semgrep", "detect-secrets", "suppressions"}),
        ("000000.txt", {"detect-secrets"}),
        ("000000.requirements.txt", {"pip-audit", "detect-secrets", "suppressions"}),
        ("000000.semgrepignore.txt", {"detect-secrets", "suppressions"}),
        ("000000.trivyignore.requirements.txt", {"pip-audit", "detect-secrets", "suppressions"}),
        ("000000.json", {"detect-secrets"}),
    ],
)
def test_each_tool_reads_its_own_kinds_of_files(name: str, readers: set[str]) -> None:
    assert {scanner.name for scanner in all_scanners(None) if scanner.applies_to(Unit(name, "", 1))} == readers


def test_every_tool_says_its_version() -> None:
    for scanner in (Semgrep(), Bandit(), DetectSecrets(), PipAudit(None), Suppressions()):
        assert scanner.version()[0].isdigit()
