"""Short ways to build the values that domain decisions are about."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import PurePosixPath

from bot.domain.change import ChangeKind, FileChange, Hunk
from bot.domain.verdict import Presence, TrackedFinding
from scanners.finding import Attribution, Confidence, Dependency, Finding, FindingKind, Fix, Location, Severity
from scanners.interface import Gap, ScannerRun, ScannerStatus


def finding(
    path: str = "app.py",
    line: int = 1,
    end: int | None = None,
    *,
    rule: str = "B602",
    scanner: str = "bandit",
    columns: tuple[int, int] | None = None,
    kind: FindingKind = FindingKind.SAST,
    severity: Severity = Severity.HIGH,
    confidence: Confidence = Confidence.HIGH,
    code: str = "",
    cwes: tuple[int, ...] = (),
    also: Sequence[tuple[str, str]] = (),
    fingerprint: str = "",
    fix: Fix | None = None,
    dependency: Dependency | None = None,
) -> Finding:
    return Finding(
        scanner=scanner,
        rule_id=rule,
        kind=kind,
        severity=severity,
        confidence=confidence,
        title="title",
        message="message",
        location=Location(
            PurePosixPath(path), line, end or line, columns[0] if columns else None, columns[1] if columns else None
        ),
        cwes=cwes,
        fix=fix,
        dependency=dependency,
        match_hash=code,
        fingerprint=fingerprint,
        attributions=tuple(Attribution(name, "1", by) for name, by in [(scanner, rule), *also]),
    )


def package(
    name: str = "requests",
    version: str = "2.0",
    line: int = 1,
    *,
    advisory: str = "GHSA-1",
    aliases: tuple[str, ...] = (),
    path: str = "requirements.txt",
    ecosystem: str = "PyPI",
) -> Finding:
    return finding(
        path,
        line,
        rule=advisory,
        scanner="pip-audit",
        kind=FindingKind.DEPENDENCY,
        dependency=Dependency(ecosystem, name, version, (advisory, *aliases)),
    )


def change(
    *hunks: tuple[int, int, int, int],
    old: str | None = "app.py",
    new: str | None = "app.py",
    kind: ChangeKind = ChangeKind.MODIFIED,
    binary: bool = False,
) -> FileChange:
    return FileChange(
        kind,
        PurePosixPath(old) if old is not None else None,
        PurePosixPath(new) if new is not None else None,
        tuple(Hunk(*hunk) for hunk in hunks),
        binary,
    )


def diff(old: Sequence[str], new: Sequence[str], *, old_path: str = "app.py", new_path: str = "app.py") -> FileChange:
    """The change between two texts, with git's way to count where a side is empty."""
    hunks = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            hunks.append((i1 + (i2 > i1), i2 - i1, j1 + (j2 > j1), j2 - j1))
    kind = ChangeKind.MODIFIED if old_path == new_path else ChangeKind.RENAMED
    return change(*hunks, old=old_path, new=new_path, kind=kind)


def tracked(item: Finding, presence: Presence = Presence.NEW) -> TrackedFinding:
    return TrackedFinding(item, presence)


def run(
    scanner: str = "bandit",
    status: ScannerStatus = ScannerStatus.COMPLETED,
    *gaps: Gap,
    reason: str = "",
    kind: FindingKind = FindingKind.SAST,
) -> ScannerRun:
    return ScannerRun(scanner, kind, "1", status, reason=reason, gaps=gaps)
