"""
The way in for other tools' reports: finds out what a file is, checks all of it, and hands its results out one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, NoReturn

from scanners.imports import document
from scanners.imports.bandit import BanditJson
from scanners.imports.cyclonedx import CycloneDx
from scanners.imports.document import LineReader, Place, Reader, Source
from scanners.imports.gitlab import GitLab
from scanners.imports.model import Entry, ImportedTool, ImportLimits, ReportError
from scanners.imports.pip_audit import PipAuditJson
from scanners.imports.sarif import Sarif
from scanners.imports.secret_tools import Gitleaks, TruffleHog
from scanners.imports.semgrep import SemgrepJson
from scanners.imports.vex import OpenVex

_READERS: dict[str, type[Reader]] = {
    reader.name: reader
    for reader in (Sarif, GitLab, CycloneDx, OpenVex, PipAuditJson, BanditJson, SemgrepJson, Gitleaks, TruffleHog)
}
FORMATS = tuple(sorted(_READERS))
"""Names that ``open_report`` takes for a format."""

# What only one format has, in the order of the file: the first one met decides.
_SIGNS = {
    "runs": "sarif",
    "bomFormat": "cyclonedx",
    "@context": "openvex",
    "scan": "gitlab",
    "vulnerabilities.item.identifiers": "gitlab",
    "dependencies.item.vulns": "pip-audit",
    "dependencies.item.skip_reason": "pip-audit",
    "generated_at": "bandit",
    "metrics": "bandit",
    "results.item.test_id": "bandit",
    "results.item.check_id": "semgrep",
    "paths.scanned": "semgrep",
    "item.RuleID": "gitleaks",
    "DetectorName": "trufflehog",
    "SourceMetadata": "trufflehog",
    "logger": "trufflehog",
}


@dataclass(frozen=True, slots=True)
class OpenedReport:
    """A report that was checked from the first byte to the last."""

    format: str
    digest: str
    """SHA-256 (hex) of the file."""
    size: int
    """Bytes."""
    tools: tuple[ImportedTool, ...]
    _source: Source
    _reader: Reader

    def entries(self) -> Iterator[Entry]:
        """
        What the report says, in its own order, read anew each time.

        Raises ``ReportError`` when the file has changed since; what was yielded before must then be thrown away.
        """
        if isinstance(self._reader, LineReader):
            values = document.results_of_lines(self._source, self.digest)
        else:
            values = document.results(self._source, self._reader.results, self.digest)
        return self._reader.entries(values)


def open_report(
    path: Path,
    *,
    format: str | None = None,
    limits: ImportLimits = ImportLimits(),  # noqa: B008 - frozen
    strip_prefix: PurePosixPath | None = None,
) -> OpenedReport:
    """
    Check a report that another tool wrote.

    :param format: one of ``FORMATS``; found out from the content when it is not given, never from the name.
    :param strip_prefix: folder on the tool's machine that was the repository root, for reports with absolute paths.
    :raises ReportError: whatever is wrong with the file as a whole. Nothing else, whatever its bytes are.
    """
    source = Source(path, limits)
    if format is None:
        format = _detect(source)
    elif format not in _READERS:
        raise ReportError(f"{format!r} is not a format", f"formats are: {', '.join(FORMATS)}")
    reader = _READERS[format](limits, strip_prefix)
    try:
        if isinstance(reader, LineReader):
            found = document.survey_lines(source, reader)
        else:
            found = document.survey(source, reader)
        reader.finish()
        tools = reader.tools()
    except ReportError as error:
        if error.message.startswith(source.label):
            raise
        raise ReportError(f"{source.label}: {error.message}", error.hint) from error
    return OpenedReport(format, found.digest, found.size, tools, source, reader)


class _Found(Exception):
    """Ends the look at a file once it is clear what it is."""

    def __init__(self, format: str) -> None:
        super().__init__(format)
        self.format = format


class _Detector(Reader):
    """Looks for a sign of any format."""

    name: ClassVar[str] = ""
    results: ClassVar[str] = "\0"
    places: ClassVar[Mapping[str, Place]] = {prefix: Place(begins=True) for prefix in _SIGNS}

    def begin(self, prefix: str) -> NoReturn:
        raise _Found(_SIGNS[prefix])

    def tools(self) -> tuple[ImportedTool, ...]:
        return ()

    def entries(self, values: Iterator[Any]) -> Iterator[Entry]:
        return iter(())


def _detect(source: Source) -> str:
    try:
        document.survey(source, _Detector(source.limits, None))
    except _Found as found:
        return found.format
    raise ReportError(
        f"{source.label}: is JSON, but of no format that is read", f"name it with --format: {', '.join(FORMATS)}"
    )
