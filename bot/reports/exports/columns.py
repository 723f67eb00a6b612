"""
The table behind CSV, JSON Lines and Parquet: which columns there are, what they hold, and since which schema.

Columns are only ever added, at the end, with the next schema number; none is renamed, moved or given another meaning.
``docs/exports.md`` has the same table for people, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bot.domain.known import KnownFinding
from bot.domain.suppression import Suppression
from bot.reports.documents import scalar_text
from bot.reports.exports.purl import purl_of
from bot.reports.exports.subject import ExportSubject
from bot.reports.wording import FindingWords, Wording, scanners_of
from scanners.finding import Dependency

SCHEMA = 1
"""Number of the newest column."""


class ColumnType(Enum):
    """Type of a column; the value is its name in Parquet."""

    TEXT = "string"
    WORD = "dictionary<string>"
    """One of few texts."""
    INTEGER = "int64"
    FLAG = "bool"
    MOMENT = "timestamp[us, UTC]"
    TEXTS = "list<string>"
    INTEGERS = "list<int64>"


@dataclass(frozen=True, slots=True)
class Row:
    """What the values of a row are taken from."""

    known: KnownFinding
    subject: ExportSubject
    words: FindingWords


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    type: ColumnType
    meaning: str
    """One sentence for the documentation, without a full stop."""
    value: Callable[[Row], Any]
    """A ``str``, ``int``, ``bool``, ``datetime``, list, or None where there is none."""
    since: int = 1


def _dependency(get: Callable[[Dependency], Any], nothing: Any = None) -> Callable[[Row], Any]:
    def value(row: Row) -> Any:
        dependency = row.known.finding.dependency
        return nothing if dependency is None else get(dependency)

    return value


def _suppression(get: Callable[[Suppression], Any]) -> Callable[[Row], Any]:
    def value(row: Row) -> Any:
        made = row.known.suppression
        return None if made is None else get(made)

    return value


_T = ColumnType

COLUMNS: tuple[Column, ...] = (
    Column("schema", _T.INTEGER, "Number of this schema", lambda _row: SCHEMA),
    Column("exported_at", _T.MOMENT, "When the export was made", lambda row: row.subject.generated_at),
    Column("project_id", _T.INTEGER, "The project's number", lambda row: row.known.project_id),
    Column("project", _T.WORD, "Full path of the project", lambda row: row.known.project or row.subject.project),
    Column("number", _T.INTEGER, "The finding's number, which it keeps; `#812` is 812", lambda row: row.known.id),
    Column(
        "whereabouts",
        _T.WORD,
        "Where the last scans see it: `default_branch`, `elsewhere` (another branch or a merge request), `nowhere`",
        lambda row: row.known.whereabouts.value,
    ),
    Column(
        "state",
        _T.WORD,
        "What people say: `detected` (nothing yet), `confirmed`, `dismissed`, `resolved`",
        lambda row: row.known.judgement.state.value,
    ),
    Column(
        "justification",
        _T.WORD,
        "Why it is dismissed: `acceptable_risk`, `false_positive`, `mitigating_control`, `used_in_tests`, "
        "`not_applicable`; else empty",
        lambda row: row.known.judgement.justification.value if row.known.judgement.justification else None,
    ),
    Column("reason", _T.TEXT, "The same in a person's words", lambda row: row.known.judgement.reason or None),
    Column("judged_by", _T.TEXT, "Who said so", lambda row: row.known.judgement.actor or None),
    Column("judged_at", _T.MOMENT, "When", lambda row: row.known.judgement.at),
    Column("suppressed", _T.FLAG, "Whether a suppression is in force", lambda row: row.known.suppressed),
    Column("suppression", _T.INTEGER, "Its number", _suppression(lambda made: made.id)),
    Column(
        "suppressed_as", _T.WORD, "Its justification, as above", _suppression(lambda made: made.justification.value)
    ),
    Column("suppressed_because", _T.TEXT, "Its reason", _suppression(lambda made: made.reason)),
    Column("suppressed_until", _T.MOMENT, "When it ends", _suppression(lambda made: made.expires_at)),
    Column("first_seen_at", _T.MOMENT, "When a scan saw it first", lambda row: row.known.first_seen_at),
    Column(
        "kind",
        _T.WORD,
        "`sast`, `dependency`, `secret`, or `suppression` (a comment that asks a scanner to look away)",
        lambda row: row.known.finding.kind.value,
    ),
    Column(
        "severity",
        _T.WORD,
        "`info`, `low`, `medium`, `high`, `critical`",
        lambda row: row.known.finding.severity.value,
    ),
    Column(
        "severity_rank",
        _T.INTEGER,
        "The same as a number to sort by, 0 for `info` to 4 for `critical`",
        lambda row: row.known.finding.severity.rank,
    ),
    Column("confidence", _T.WORD, "`low`, `medium`, `high`", lambda row: row.known.finding.confidence.value),
    Column("scanner", _T.WORD, "The scanner whose words are shown", lambda row: row.known.finding.scanner),
    Column("rule_id", _T.WORD, "Its rule, or the advisory", lambda row: row.known.finding.rule_id),
    Column("seen_by", _T.TEXTS, "Every scanner that sees it, in order", lambda row: scanners_of(row.known.finding)),
    Column("title", _T.TEXT, "One line, in the language of the export", lambda row: row.words.title),
    Column("message", _T.TEXT, "What is wrong and why it matters, likewise", lambda row: row.words.message or None),
    Column("remediation", _T.TEXT, "How to mend it, likewise", lambda row: row.words.remediation or None),
    Column("path", _T.TEXT, "File, relative to the repository", lambda row: str(row.known.finding.location.path)),
    Column("start_line", _T.INTEGER, "Counts from 1", lambda row: row.known.finding.location.start_line),
    Column("end_line", _T.INTEGER, "Inclusive", lambda row: row.known.finding.location.end_line),
    Column("start_column", _T.INTEGER, "Counts from 1", lambda row: row.known.finding.location.start_column),
    Column(
        "end_column", _T.INTEGER, "The one after the last character", lambda row: row.known.finding.location.end_column
    ),
    Column("snippet", _T.TEXT, "The flagged lines, secrets taken out", lambda row: row.known.finding.snippet or None),
    Column("cwes", _T.INTEGERS, "Numbers of the CWEs", lambda row: list(row.known.finding.cwes)),
    Column("owasp", _T.TEXTS, "Categories such as `A03:2021`", lambda row: list(row.known.finding.owasp)),
    Column("references", _T.TEXTS, "Addresses to read on", lambda row: list(row.known.finding.references)),
    Column(
        "ecosystem", _T.WORD, "Dependencies: OSV's name, such as `PyPI`", _dependency(lambda found: found.ecosystem)
    ),
    Column("package", _T.TEXT, "Dependencies: normalised name", _dependency(lambda found: found.package)),
    Column("package_version", _T.TEXT, "Dependencies: version in use", _dependency(lambda found: found.version)),
    Column("purl", _T.TEXT, "Dependencies: package URL", _dependency(purl_of)),
    Column(
        "advisory_ids",
        _T.TEXTS,
        "Dependencies: the advisory and its other names",
        _dependency(lambda found: list(found.advisory_ids), []),
    ),
    Column(
        "fixed_versions",
        _T.TEXTS,
        "Dependencies: versions with the fix",
        _dependency(lambda found: list(found.fixed_versions), []),
    ),
    Column(
        "fingerprint",
        _T.TEXT,
        "As in SARIF's `partialFingerprints`, independent of line numbers",
        lambda row: row.known.finding.fingerprint,
    ),
)


def values_of(known: KnownFinding, subject: ExportSubject, wording: Wording) -> dict[str, Any]:
    """A row, in the order of the columns; every text can be written as UTF-8."""
    row = Row(known, subject, wording.words_of(known.finding))
    return {column.name: _clean(column.value(row)) for column in COLUMNS}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else scalar_text(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value
