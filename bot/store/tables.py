"""
Every table of the store.

Classes with ``table=True`` check nothing, so rows are written from values that were checked before, by the modules of
this package only. There is no ``from __future__ import annotations`` here: SQLModel reads real types.

NOTE: no index may hold a text of a stranger's length. PostgreSQL refuses index entries above about 2,700 bytes, and a
path may have 4,096.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Date, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, String
from sqlmodel import Field, SQLModel

from bot.domain.verdict import Outcome, Presence
from bot.store.types import ExactText, Json, PackedJson, RankedEnum, UtcDateTime, WordEnum
from scanners.finding import Confidence, FindingKind, Severity
from scanners.interface import ScannerStatus


class Record(SQLModel):
    """Base of the rows. Its metadata is our own: other packages put tables into SQLModel's."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        }
    )


# --- Projects and merge requests --------------------------------------------------------------------------------------


class ProjectRecord(Record, table=True):
    """A GitLab project that we have heard of."""

    __tablename__ = "project"

    id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    """GitLab's number."""
    path: str = Field(sa_column=Column(ExactText, nullable=False))
    web_url: str = Field(sa_column=Column(ExactText, nullable=False))
    http_url: str = Field(sa_column=Column(ExactText, nullable=False))
    default_branch: str | None = Field(sa_column=Column(ExactText))
    updated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class MergeRequestRecord(Record, table=True):
    """The newest head of a merge request, and what was last scanned of it."""

    __tablename__ = "merge_request"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    iid: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Rises with each job that makes older ones pointless."""
    workflow_id: str | None = Field(sa_column=Column(ExactText))
    previous_workflow_id: str | None = Field(sa_column=Column(ExactText))
    head_sha: str | None = Field(sa_column=Column(String(64), index=True))
    target_branch: str | None = Field(sa_column=Column(ExactText))
    state: str = Field(sa_column=Column(String(40), nullable=False))
    last_scan_id: str | None = Field(sa_column=Column(String(200)))
    scanned_head: str | None = Field(sa_column=Column(String(64)))
    scanned_base: str | None = Field(sa_column=Column(String(64)))
    updated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class DeliveryRecord(Record, table=True):
    """A webhook delivery that was accepted."""

    __tablename__ = "delivery"

    key: str = Field(sa_column=Column(String(200), primary_key=True))
    received_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    event: str = Field(sa_column=Column(ExactText, nullable=False))
    project_id: int | None = Field(sa_column=Column(BigInteger))
    iid: int | None = Field(sa_column=Column(BigInteger))
    job_id: str | None = Field(sa_column=Column(ExactText))
    result: str = Field(sa_column=Column(ExactText, nullable=False))


# --- Scans ------------------------------------------------------------------------------------------------------------


class ScanRecord(Record, table=True):
    """One scan of one commit, and the decision."""

    __tablename__ = "scan"
    __table_args__ = (Index(None, "project_id", "iid", "started_at"),)

    id: str = Field(sa_column=Column(String(200), primary_key=True))
    project_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    iid: int | None = Field(sa_column=Column(BigInteger))
    """None for a scan of a branch."""
    project: str = Field(sa_column=Column(ExactText, nullable=False))
    project_url: str = Field(sa_column=Column(ExactText, nullable=False))
    ref: str = Field(sa_column=Column(ExactText, nullable=False))
    base_sha: str | None = Field(sa_column=Column(String(64)))
    head_sha: str | None = Field(sa_column=Column(String(64)))
    outcome: Outcome = Field(sa_column=Column(WordEnum(Outcome), nullable=False))
    policy_digest: str = Field(sa_column=Column(ExactText, nullable=False))
    started_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    seconds: float = Field(sa_column=Column(Float(53), nullable=False))
    files_changed: int = Field(sa_column=Column(BigInteger, nullable=False))
    files_read: int = Field(sa_column=Column(BigInteger, nullable=False))
    error: str = Field(sa_column=Column(ExactText, nullable=False))
    """Why the scan as a whole did not happen; empty when it did."""
    violations: Any = Field(sa_column=Column(Json, nullable=False))
    """List of ``[fingerprint, policy rule, blocks]``."""
    reasons: Any = Field(sa_column=Column(Json, nullable=False))
    """List of ``[code, subject, detail]``."""


class ScannerRunRecord(Record, table=True):
    """One scanner within a scan."""

    __tablename__ = "scanner_run"

    scan_id: str = Field(sa_column=Column(String(200), ForeignKey("scan.id", ondelete="CASCADE"), primary_key=True))
    position: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    scanner: str = Field(sa_column=Column(ExactText, nullable=False))
    kind: FindingKind = Field(sa_column=Column(WordEnum(FindingKind), nullable=False))
    version: str = Field(sa_column=Column(ExactText, nullable=False))
    status: ScannerStatus = Field(sa_column=Column(WordEnum(ScannerStatus), nullable=False))
    reason: str = Field(sa_column=Column(ExactText, nullable=False))
    files: int = Field(sa_column=Column(BigInteger, nullable=False))
    cached_files: int = Field(sa_column=Column(BigInteger, nullable=False))
    seconds: float = Field(sa_column=Column(Float(53), nullable=False))
    rules_digest: str = Field(sa_column=Column(ExactText, nullable=False))
    data_date: date | None = Field(sa_column=Column(Date))
    gaps: Any = Field(sa_column=Column(PackedJson))
    """List of ``[path, reason, detail, line]``; NULL for none."""
    findings: Any = Field(sa_column=Column(PackedJson))
    """The scanner's own words: the position of an equal finding of this scan, or a whole one; NULL for none."""


class FindingRecord(Record, table=True):
    """One finding of a scan, with what the change did to it."""

    __tablename__ = "finding"
    __table_args__ = (
        # What a list of the worst findings over many scans is read from; see scans.worst_findings.
        Index("ix_finding_worst", "severity", "confidence", "scan_id", "position"),
        Index(None, "scan_id", "place"),
        Index(None, "fingerprint"),
    )

    scan_id: str = Field(sa_column=Column(String(200), ForeignKey("scan.id", ondelete="CASCADE"), primary_key=True))
    position: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    """As the report had it, from 0."""
    place: int = Field(sa_column=Column(Integer, nullable=False))
    """As a reader sees it, worst first, from 0: a list is read in this order without sorting."""
    presence: Presence = Field(sa_column=Column(WordEnum(Presence), nullable=False))
    explanation: str = Field(sa_column=Column(ExactText, nullable=False))
    fingerprint: str = Field(sa_column=Column(String(200), nullable=False))
    match_hash: str = Field(sa_column=Column(ExactText, nullable=False))
    scanner: str = Field(sa_column=Column(ExactText, nullable=False))
    rule_id: str = Field(sa_column=Column(ExactText, nullable=False))
    kind: FindingKind = Field(sa_column=Column(WordEnum(FindingKind), nullable=False))
    severity: Severity = Field(sa_column=Column(RankedEnum(Severity), nullable=False))
    confidence: Confidence = Field(sa_column=Column(RankedEnum(Confidence), nullable=False))
    path: str = Field(sa_column=Column(ExactText, nullable=False))
    start_line: int = Field(sa_column=Column(BigInteger, nullable=False))
    end_line: int = Field(sa_column=Column(BigInteger, nullable=False))
    start_column: int | None = Field(sa_column=Column(BigInteger))
    end_column: int | None = Field(sa_column=Column(BigInteger))
    title: str = Field(sa_column=Column(ExactText, nullable=False))
    message: str = Field(sa_column=Column(ExactText, nullable=False))
    snippet: str = Field(sa_column=Column(ExactText, nullable=False))
    """Already redacted by the adapter."""
    remediation: str = Field(sa_column=Column(ExactText, nullable=False))
    cwes: Any = Field(sa_column=Column(Json, nullable=False))
    owasp: Any = Field(sa_column=Column(Json, nullable=False))
    references: Any = Field(sa_column=Column(Json, nullable=False))
    attributions: Any = Field(sa_column=Column(Json, nullable=False))
    """List of ``[scanner, version, rule_id]``."""
    fix: Any = Field(sa_column=Column(Json))
    """``[start_line, end_line, replacement]``."""
    dependency: Any = Field(sa_column=Column(Json))
    previous: Any = Field(sa_column=Column(Json))
    """Its counterpart in the base, as the fields that differ; NULL when there is none, ``{}`` when all are equal."""


class CachedResultRecord(Record, table=True):
    """What a scanner said about a blob. The small columns stand first: SQLite then need not read long values."""

    __tablename__ = "cached_result"
    __table_args__ = (Index(None, "last_used", "size"),)

    key: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    """SHA-256 of the caller's key."""
    size: int = Field(sa_column=Column(Integer, nullable=False))
    """Stored bytes."""
    last_used: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    """To the day, so that reading seldom writes."""
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


# --- Advisories -------------------------------------------------------------------------------------------------------


class AdvisoryRecord(Record, table=True):
    """An OSV document."""

    __tablename__ = "advisory"

    id: str = Field(sa_column=Column(String(128), primary_key=True))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """SHA-256 of id and document."""
    modified: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    published: datetime | None = Field(sa_column=Column(UtcDateTime))
    withdrawn: datetime | None = Field(sa_column=Column(UtcDateTime))
    summary: str = Field(sa_column=Column(ExactText, nullable=False))
    document: Any = Field(sa_column=Column(PackedJson, nullable=False))


class AdvisoryPackageRecord(Record, table=True):
    """A package that an advisory names."""

    __tablename__ = "advisory_package"

    ecosystem: str = Field(sa_column=Column(String(200), primary_key=True))
    package: str = Field(sa_column=Column(String(400), primary_key=True))
    """Normalised (PEP 503 for PyPI)."""
    advisory_id: str = Field(
        sa_column=Column(String(128), ForeignKey("advisory.id", ondelete="CASCADE"), primary_key=True, index=True)
    )


class AdvisoryAliasRecord(Record, table=True):
    """Another name of an advisory."""

    __tablename__ = "advisory_alias"

    alias: str = Field(sa_column=Column(String(128), primary_key=True))
    advisory_id: str = Field(
        sa_column=Column(String(128), ForeignKey("advisory.id", ondelete="CASCADE"), primary_key=True, index=True)
    )


class AdvisoryStateRecord(Record, table=True):
    """The one row that says which advisories there are, and that importers take turns on."""

    __tablename__ = "advisory_state"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    total: str = Field(sa_column=Column(String(64), nullable=False))
    """Sum of all digests modulo 2**256, as 64 hex digits."""
    documents: int = Field(sa_column=Column(Integer, nullable=False))


# --- Processes --------------------------------------------------------------------------------------------------------


class ExecutorRecord(Record, table=True):
    """A process that takes jobs, and when it was last heard of by the database's clock."""

    __tablename__ = "executor"

    id: str = Field(sa_column=Column(String(200), primary_key=True))
    host: str = Field(sa_column=Column(ExactText, nullable=False))
    pid: int = Field(sa_column=Column(BigInteger, nullable=False))
    version: str = Field(sa_column=Column(ExactText, nullable=False))
    started_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    heartbeat_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))


class TakeOverRecord(Record, table=True):
    """How often a job outlived its process: a job that keeps killing its process must not do so for ever."""

    __tablename__ = "take_over"

    job_id: str = Field(sa_column=Column(String(400), primary_key=True))
    count: int = Field(sa_column=Column(Integer, nullable=False))
    last_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
