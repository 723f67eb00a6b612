"""Which export formats there are, by the word that a user types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import BinaryIO

from bot.domain.known import KnownFinding
from bot.errors import ConfigurationError
from bot.reports.exports.gitlab import write_code_quality, write_gitlab_sast
from bot.reports.exports.openvex import write_openvex
from bot.reports.exports.sarif import write_sarif
from bot.reports.exports.subject import Exporter, ExportSubject
from bot.reports.exports.tables import write_csv, write_jsonl


# Both libraries take a good part of a second to import: whoever wants another format does not wait for them.
def _cyclonedx_vex(stream: BinaryIO, subject: ExportSubject, findings: Iterable[KnownFinding], /) -> int:
    from bot.reports.exports.cyclonedx import write_cyclonedx_vex

    return write_cyclonedx_vex(stream, subject, findings)


def _parquet(stream: BinaryIO, subject: ExportSubject, findings: Iterable[KnownFinding], /) -> int:
    from bot.reports.exports.parquet import write_parquet

    return write_parquet(stream, subject, findings)


EXPORTS: Mapping[str, Exporter] = {
    "sarif": Exporter(write_sarif, "SARIF 2.1.0, with suppressions", "application/sarif+json", ".sarif"),
    "gitlab-sast": Exporter(write_gitlab_sast, "GitLab's security report", "application/json", ".json"),
    "code-quality": Exporter(write_code_quality, "GitLab's Code Quality report", "application/json", ".json"),
    "cyclonedx-vex": Exporter(
        _cyclonedx_vex, "CycloneDX 1.6 VEX, dependencies only", "application/vnd.cyclonedx+json", ".cdx.json"
    ),
    "openvex": Exporter(write_openvex, "OpenVEX 0.2.0, dependencies only", "application/json", ".openvex.json"),
    "csv": Exporter(write_csv, "a table for spreadsheets", "text/csv", ".csv"),
    "jsonl": Exporter(write_jsonl, "one JSON object per line", "application/jsonl", ".jsonl"),
    "parquet": Exporter(
        _parquet, "typed columns for a data lake", "application/vnd.apache.parquet", ".parquet", binary=True
    ),
}


def exporter(format: str) -> Exporter:
    """The writer of this format. Raises ``ConfigurationError`` for one that we do not have."""
    try:
        return EXPORTS[format]
    except KeyError:
        raise ConfigurationError(
            f"there is no export format {format!r}", hint=f"Choose one of: {', '.join(EXPORTS)}."
        ) from None
