"""
Takes over what other tools have found, from the report files that they write.

``open_report`` checks a file as a whole; ``OpenedReport.entries`` yields findings, rejected results, VEX statements
and licences.
"""

from scanners.imports.model import (
    PROJECT,
    Entry,
    ImportedFinding,
    ImportedTool,
    ImportLimits,
    PackageLicences,
    Rejected,
    ReportedSuppression,
    ReportError,
    Statement,
    SuppressionKind,
    SuppressionStatus,
    VexStatus,
)
from scanners.imports.reader import FORMATS, OpenedReport, open_report

__all__ = [
    "FORMATS",
    "PROJECT",
    "Entry",
    "ImportLimits",
    "ImportedFinding",
    "ImportedTool",
    "OpenedReport",
    "PackageLicences",
    "Rejected",
    "ReportError",
    "ReportedSuppression",
    "Statement",
    "SuppressionKind",
    "SuppressionStatus",
    "VexStatus",
    "open_report",
]
