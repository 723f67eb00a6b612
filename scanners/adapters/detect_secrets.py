"""detect-secrets: secrets in any text file. What it found never leaves its process; only where, and of which type."""

from __future__ import annotations

import hashlib
import importlib.metadata
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from scanners.finding import Confidence, Finding, FindingKind, Location, Severity
from scanners.interface import Scanner, ScannerReport, ScanTarget, Unit
from scanners.normalize import ToolWords, catalogue_digest, finding_of, line_of, unit_names, unit_path
from scanners.report import absent_if_missing, entries, gaps_of_child, load_object, text_of

_SCANNERS = Path(__file__).parent.parent
_HARD_CODED_CREDENTIALS = 798
_GUESSES = frozenset({"KeywordDetector", "Base64HighEntropyString", "HexHighEntropyString"})


class DetectSecrets(Scanner):
    """Every text file, whatever its language."""

    name: ClassVar[str] = "detect-secrets"
    kind: ClassVar[FindingKind] = FindingKind.SECRET

    def version(self) -> str:
        """See ``Scanner``."""
        with absent_if_missing("detect-secrets"):
            return importlib.metadata.version("detect-secrets")

    def rules_digest(self) -> str:
        """See ``Scanner``. The child's code is configuration, too: which detectors, and what they pass over."""
        state = hashlib.sha256(catalogue_digest().encode())
        for path in (_SCANNERS / "offline" / "detect_secrets.py", *sorted((_SCANNERS / "secrets").glob("*.py"))):
            state.update(path.read_bytes())
        return state.hexdigest()

    def applies_to(self, unit: Unit) -> bool:
        """See ``Scanner``."""
        return True

    def command(self, target: ScanTarget, report: Path) -> list[str]:
        """See ``Scanner``."""
        return [sys.executable, "-m", "scanners.offline.detect_secrets", "."]

    def parse(self, raw: bytes, target: ScanTarget) -> ScannerReport:
        """See ``Scanner``."""
        report = load_object(raw, self.name)
        names = unit_names(target)
        found = [_finding(entry, names) for entry in entries(report, "secrets", self.name)]
        gaps = gaps_of_child(report, target, self.name)
        return ScannerReport(tuple(finding for finding in found if finding is not None), tuple(gaps.values()))


def _finding(entry: Mapping[str, Any], names: frozenset[str]) -> Finding | None:
    line = line_of(entry.get("line"))
    start, end = entry.get("start"), entry.get("end")
    placed = isinstance(start, int) and isinstance(end, int) and 1 <= start < end < 2**31
    location = Location(
        unit_path(entry.get("unit"), names), line, line, start if placed else None, end if placed else None
    )
    rule_id = text_of(entry.get("rule"), 100) or "unknown"
    guess = rule_id in _GUESSES
    words = ToolWords(
        title=rule_id,
        message="",
        severity=Severity.MEDIUM if guess else Severity.HIGH,
        confidence=Confidence.LOW if guess else Confidence.HIGH,
        cwes=(_HARD_CODED_CREDENTIALS,),
        remediation="Revoke the secret, and read the new one from the environment or a secret store.",
    )
    return finding_of("detect-secrets", rule_id, FindingKind.SECRET, location, words)
