"""Bandit: weaknesses in Python, from its syntax tree."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from scanners import reasons
from scanners.cwe import cwes_of
from scanners.finding import Finding, FindingKind, Location, Severity
from scanners.interface import Gap, GapReason, Scanner, ScannerReport, ScanTarget, Unit
from scanners.normalize import ToolWords, catalogue_digest, finding_of, line_of, unit_names, unit_path
from scanners.report import absent_if_missing, entries, load_object, not_named, text_of
from scanners.severity import confidence_of_word, severity_of_word

# Our own configuration: every test, and no folder left out. JSON is YAML.
_CONFIGURATION = json.dumps({"exclude_dirs": []}).encode()
# Tests that rate each match: LOW is their word for harmless as it stands (a constant command, a filtered member list).
_HARMLESS_WHEN_LOW = frozenset({"B202", "B602", "B605"})


class Bandit(Scanner):
    """Python. Exit code 1 means that there are findings."""

    name: ClassVar[str] = "bandit"
    kind: ClassVar[FindingKind] = FindingKind.SAST
    max_unit_bytes: ClassVar[int | None] = 1_000_000  # 10 seconds of bandit
    ok_exit_codes: ClassVar[frozenset[int]] = frozenset({0, 1})

    def version(self) -> str:
        """See ``Scanner``."""
        with absent_if_missing("bandit"):
            return importlib.metadata.version("bandit")

    def rules_digest(self) -> str:
        """See ``Scanner``."""
        judgement = f"{_CONFIGURATION!r}{sorted(_HARMLESS_WHEN_LOW)}{catalogue_digest()}"
        return hashlib.sha256(judgement.encode()).hexdigest()

    def applies_to(self, unit: Unit) -> bool:
        """See ``Scanner``."""
        return unit.name.endswith(".py")

    def inputs(self, target: ScanTarget) -> Mapping[str, bytes]:
        """See ``Scanner``."""
        return {"bandit.json": _CONFIGURATION}

    def command(self, target: ScanTarget, report: Path) -> list[str]:
        """See ``Scanner``. ``--ignore-nosec``: code cannot excuse itself."""
        configuration = str(target.inputs / "bandit.json")
        options = ["-q", "-r", "-c", configuration, "-f", "json", "--ignore-nosec"]
        return [sys.executable, "-m", "scanners.offline.bandit", *options, "."]

    def parse(self, raw: bytes, target: ScanTarget) -> ScannerReport:
        """See ``Scanner``."""
        report = load_object(raw, self.name)
        names = unit_names(target)
        found = [_finding(entry, names) for entry in entries(report, "results", self.name)]
        gaps = {}
        for error in entries(report, "errors", self.name):
            path = unit_path(error.get("filename"), names)
            gaps[path] = _gap(path, text_of(error.get("reason")))
        metrics = report.get("metrics")
        seen = {name.rsplit("/", 1)[-1] for name in metrics} if isinstance(metrics, Mapping) else set()
        gaps |= not_named(target, seen, gaps, self.name)
        return ScannerReport(tuple(finding for finding in found if finding is not None), tuple(gaps.values()))


def _gap(path: PurePosixPath, reason: str) -> Gap:
    # Bandit's words may quote the code, so they are only understood and never passed on.
    if "syntax error" in reason.lower():
        return Gap(path, GapReason.PARSE_ERROR, reasons.NOT_PYTHON)
    return Gap(path, GapReason.SCANNER_ERROR, reasons.FAILED_ON_FILE.format(scanner=Bandit.name))


def _finding(entry: Mapping[str, Any], names: frozenset[str]) -> Finding | None:
    return finding_from(entry, unit_path(entry.get("filename"), names))


def finding_from(entry: Mapping[str, Any], path: PurePosixPath) -> Finding | None:
    """
    One entry of ``results`` as a finding in this file; None for a rule that is switched off.

    Raises ``MalformedReport`` when it has no line.
    """
    start = line_of(entry.get("line_number"))
    lines = entry.get("line_range")
    end = max([start, *(n for n in lines if isinstance(n, int))]) if isinstance(lines, list) else start
    column = entry.get("col_offset")
    end_column = entry.get("end_col_offset")
    location = Location(
        path,
        start,
        min(end, start + 100),
        column + 1 if isinstance(column, int) and 0 <= column < 2**31 else None,
        end_column + 1 if end == start and isinstance(end_column, int) and 0 <= end_column < 2**31 else None,
    )
    cwe = entry.get("issue_cwe")
    rule_id = text_of(entry.get("test_id")) or "unknown"
    words = ToolWords(
        title=text_of(entry.get("test_name")).replace("_", " ").capitalize(),
        message=text_of(entry.get("issue_text")),
        severity=severity_of_word(entry.get("issue_severity")),
        confidence=confidence_of_word(entry.get("issue_confidence")),
        cwes=cwes_of([cwe.get("id")]) if isinstance(cwe, Mapping) else (),
        references=(text_of(entry.get("more_info")),),
    )
    finding = finding_of("bandit", rule_id, FindingKind.SAST, location, words)
    return tempered(finding, words.severity) if finding is not None else None


def tempered(finding: Finding, severity: Severity) -> Finding:
    """The finding no worse than low where bandit itself calls this match harmless."""
    if finding.rule_id in _HARMLESS_WHEN_LOW and severity is Severity.LOW:
        return replace(finding, severity=min(finding.severity, Severity.LOW))
    return finding
