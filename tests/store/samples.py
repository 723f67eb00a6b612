"""Values that are as awkward as real ones can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import PurePosixPath

from bot.domain.verdict import (
    Effect,
    GateDecision,
    Outcome,
    Presence,
    Reason,
    ReasonCode,
    ScanReport,
    Subject,
    TrackedFinding,
    Violation,
)
from scanners.finding import (
    Attribution,
    Confidence,
    Dependency,
    Finding,
    FindingKind,
    Fix,
    Location,
    Severity,
)
from scanners.interface import Gap, GapReason, ScannerRun, ScannerStatus

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

SAST = Finding(
    scanner="semgrep",
    rule_id="python.sql-injection",
    kind=FindingKind.SAST,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="SQL built from input",
    message="Say `execute(sql, values)`.\n\nQuotes: ' \" \\ and 中文.",
    # A file name that is not UTF-8, as git hands it over, with a newline.
    location=Location(PurePosixPath("src/na\udce9me\n.py"), 10, 12, 5, None),
    cwes=(89, 564),
    owasp=("A03:2021",),
    snippet='cur.execute("SELECT " + x)\x00\x1a\x1a0000\ud800',
    remediation="Use parameters.",
    references=("https://example.org/a?b=c&d",),
    fix=Fix(10, 12, "cur.execute(sql, (x,))\n    pass"),
    match_hash="ab" * 32,
    fingerprint="f1" * 32,
    attributions=(
        Attribution("semgrep", "1.182.0", "python.sql-injection"),
        Attribution("bandit", "1.9.4", "B608"),
    ),
)

DEPENDENCY = Finding(
    scanner="pip-audit",
    rule_id="PYSEC-2099-1",
    kind=FindingKind.DEPENDENCY,
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    title="sample 1.0 is vulnerable",
    message="",
    location=Location(PurePosixPath("requirements.txt"), 3, 3),
    dependency=Dependency("PyPI", "sample", "1.0", ("PYSEC-2099-1", "CVE-2099-1"), ("1.1", "2.0")),
    fingerprint="d1" * 32,
)

SECRET = Finding(
    scanner="detect-secrets",
    rule_id="AWS",
    kind=FindingKind.SECRET,
    severity=Severity.INFO,
    confidence=Confidence.LOW,
    title="key",
    message="m",
    location=Location(PurePosixPath("a.txt"), 2**31, 2**31 + 5),
    snippet="key = ****",
    fingerprint="e1" * 32,
)

MOVED = replace(SAST, location=Location(PurePosixPath("old.py"), 1, 3), severity=Severity.LOW, fix=None)

REPORT = ScanReport(
    subject=Subject("shop/backend", "https://gitlab.example.com/shop/backend", 7, "feature", "a" * 40, "b" * 40),
    tracked=(
        TrackedFinding(SECRET, Presence.EXISTING, SECRET, "line map: 5"),
        TrackedFinding(SAST, Presence.CHANGED, MOVED, "line map: was 1, now 10"),
        TrackedFinding(DEPENDENCY, Presence.NEW),
        TrackedFinding(replace(SAST, fingerprint="f2" * 32), Presence.FIXED, None, "gone"),
        TrackedFinding(SECRET, Presence.EXISTING, SECRET, "line map: 5"),
    ),
    runs=(
        ScannerRun(
            "semgrep",
            FindingKind.SAST,
            "1.182.0",
            ScannerStatus.COMPLETED,
            findings=(SAST, replace(SAST, message="before correlation")),
            gaps=(Gap(PurePosixPath("x\udcff.py"), GapReason.PARSE_ERROR, "line 3", 3),),
            files=10,
            cached_files=4,
            seconds=0.1 + 0.2,
            rules_digest="d" * 64,
        ),
        ScannerRun("bandit", FindingKind.SAST, "1.9.4", ScannerStatus.TIMED_OUT, reason="took longer than 600 s"),
        ScannerRun(
            "pip-audit",
            FindingKind.DEPENDENCY,
            "2.10.1",
            ScannerStatus.COMPLETED,
            findings=(DEPENDENCY,),
            data_date=date(2024, 10, 10),
        ),
    ),
    decision=GateDecision(
        Outcome.NOT_ASSESSED,
        (Violation("d1" * 32, "block-high", Effect.BLOCK), Violation("f1" * 32, "warn", Effect.COMMENT)),
        (
            Reason(ReasonCode.SCANNER_NOT_ASSESSED, "bandit", "took longer"),
            Reason(ReasonCode.FILE_NOT_READ, "x\udcff"),
            Reason(ReasonCode.PROJECT_POLICY_IGNORED, ".mergewarden.yml", ".mergewarden.yml:1: not YAML: odd"),
            Reason(ReasonCode.PROJECT_POLICY_REFUSED, "block", "wanted none, kept the organisation's 1"),
        ),
        "p" * 64,
    ),
    started_at=NOON.astimezone(timezone(timedelta(hours=8))),
    seconds=1.23456789012345,
    files_changed=3,
    files_read=2,
)
