"""Which scanners there are: one line each."""

from __future__ import annotations

from scanners.adapters.bandit import Bandit
from scanners.adapters.detect_secrets import DetectSecrets
from scanners.adapters.pip_audit import PipAudit
from scanners.adapters.semgrep import Semgrep
from scanners.adapters.suppressions import Suppressions
from scanners.interface import AdvisorySource, Scanner


def all_scanners(advisories: AdvisorySource | None) -> tuple[Scanner, ...]:
    """Every scanner, in a fixed order. Without advisories pip-audit is there, and says that it cannot answer."""
    return (
        Semgrep(),
        Bandit(),
        DetectSecrets(),
        PipAudit(advisories),
        Suppressions(),
    )
