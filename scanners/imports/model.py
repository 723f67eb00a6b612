"""
What comes out of another tool's report, as frozen values, and why a report is refused.

A report as a whole is refused (``ReportError``) when nobody could say what is missing from it: it is cut off, too
large, or not what it claims to be. A single bad result is a ``Rejected`` and the others stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import PurePosixPath

from scanners.finding import Finding, FindingKind
from scanners.interface import ScannerError

PROJECT = PurePosixPath(".")
"""Path of a finding about the project as a whole, where the report names no file (line 1)."""


@dataclass(frozen=True, slots=True)
class ImportLimits:
    """How much of a report is read. What is beyond a limit is refused as a whole, never cut."""

    max_bytes: int = 2**30
    """Size of the file."""
    max_depth: int = 64
    """Objects and lists inside each other."""
    max_findings: int = 500_000
    """Results in the file."""
    max_per_rule: int = 100_000
    """Results of one rule: more is a broken rule, or noise that hides something."""
    max_rules: int = 20_000
    """Different rules in the file."""
    max_value_bytes: int = 4 * 2**20
    """One result, one rule, or any single text."""
    max_header_bytes: int = 128 * 2**20
    """Everything besides the results that has to be kept in memory: rules, files, components."""


class ReportError(ScannerError):
    """
    Raised when a report cannot be trusted as a whole. The text is safe to show.

    ``message`` says file, place and what is wrong; ``hint`` how to mend it, and may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class ImportedTool:
    """One tool that speaks in a report. ``(name, category)`` is what its findings are compared with next time."""

    name: str
    """Cleaned, at most 100 characters; our own name for a tool that we run ourselves."""
    version: str
    category: str
    """Which of several analyses of one tool, in the report's own words; empty where it says nothing."""
    kind: FindingKind
    answered: bool
    """False where the report itself says that the analysis failed: nothing that is missing may count as gone."""
    reason: str
    """Why it is no answer: one line, safe to show."""
    rules: int
    """How many rules the report describes."""
    commit: str | None
    """The revision that was analysed (lower-case hex), where the report says so."""


class SuppressionKind(Enum):
    """Where a report's suppression was made."""

    IN_SOURCE = "in_source"
    EXTERNAL = "external"


class SuppressionStatus(Enum):
    """What became of a report's suppression."""

    ACCEPTED = "accepted"
    UNDER_REVIEW = "under_review"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ReportedSuppression:
    """The tool's word that somebody asked it to look away. Whether that counts is not decided here."""

    kind: SuppressionKind
    status: SuppressionStatus
    justification: str = ""


@dataclass(frozen=True, slots=True)
class ImportedFinding:
    """One result."""

    tool: int
    """Index into ``OpenedReport.tools``."""
    finding: Finding
    """Without a fingerprint; the store computes it."""
    code: str = ""
    """The flagged lines that the report itself carries, every literal and secret masked; empty where it has none."""
    suppressed: tuple[ReportedSuppression, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """One result that cannot be taken over, or one file that the tool says it could not read."""

    where: str
    """Place in the report, such as ``runs[0].results[17]``."""
    why: str
    """What is wrong and, where there is one, the way out. One line; safe to show."""
    path: PurePosixPath | None = None
    """The file that was not assessed because of it, where that is known."""
    tool: int | None = None
    """Index into ``OpenedReport.tools``, where that is known."""


class VexStatus(Enum):
    """What a VEX statement says about a vulnerability in a product."""

    AFFECTED = "affected"
    NOT_AFFECTED = "not_affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under_investigation"


@dataclass(frozen=True, slots=True)
class Statement:
    """Somebody's word that a vulnerability matters, or does not, in some packages."""

    advisory_ids: tuple[str, ...]
    """The name that the statement uses first, then its aliases."""
    products: tuple[str, ...]
    """Package URLs."""
    status: VexStatus
    justification: str
    """The format's own word, such as ``vulnerable_code_not_present``; empty where there is none."""
    text: str
    author: str
    at: datetime | None
    """When it was said, in UTC."""


@dataclass(frozen=True, slots=True)
class PackageLicences:
    """Under which licences a bill of materials says that a release of a package comes."""

    ecosystem: str
    package: str
    version: str
    licences: tuple[str, ...]
    """SPDX ids or expressions, or the licence's name; all of them hold. Empty where the document names none."""


Entry = ImportedFinding | Rejected | Statement | PackageLicences
