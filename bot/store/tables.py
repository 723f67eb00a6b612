"""
Every table of the store.

Classes with ``table=True`` check nothing, so rows are written from values that were checked before, by the modules of
this package only. There is no ``from __future__ import annotations`` here: SQLModel reads real types.

NOTE: no index may hold a text of a stranger's length. PostgreSQL refuses index entries above about 2,700 bytes, and a
path may have 4,096.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
)
from sqlmodel import Field, SQLModel

from bot.domain.incident import IncidentKind
from bot.domain.known import Whereabouts
from bot.domain.merging import WishState
from bot.domain.suppression import Scope
from bot.domain.triage import Justification, TriageState
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
    """List of ``[fingerprint, policy rule, effect]``."""
    reasons: Any = Field(sa_column=Column(Json, nullable=False))
    """List of ``[code, subject, detail]``."""
    suppressed: Any = Field(sa_column=Column(Json))
    """List of ``[fingerprint, suppression, explanation]``; NULL for none."""
    tolerated: bool = Field(sa_column=Column(Boolean, nullable=False))
    """Nobody could judge, and the policy lets the merge through all the same."""
    coverage: Any = Field(sa_column=Column(PackedJson))
    """What was read of the change: see ``bot.domain.change_coverage``; NULL where no change was scanned."""


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


class ScanFindingRecord(Record, table=True):
    """One finding of a scan, with what the change did to it."""

    __tablename__ = "scan_finding"
    __table_args__ = (
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
    context_hash: str = Field(sa_column=Column(ExactText, nullable=False))
    earlier_hashes: Any = Field(sa_column=Column(Json))
    """List of ``[version, hash]``; NULL for none."""
    tool_fingerprints: Any = Field(sa_column=Column(Json))
    """NULL for none."""
    related: Any = Field(sa_column=Column(Json))
    """List of ``[path, start line, end line, start column, end column, message]``; NULL for none."""
    silences: Any = Field(sa_column=Column(Json))
    """For in-code suppressions: ``[tool, reach, list of rule ids or null]``; NULL for other findings."""
    finding_id: int | None = Field(sa_column=Column(BigInteger))
    """Its number among the project's findings; NULL in scans from before there were numbers, and for those fixed."""


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


# --- Findings beyond one scan -----------------------------------------------------------------------------------------

NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts by itself only where the type is called INTEGER."""


class CounterRecord(Record, table=True):
    """Numbers that are given out once and never again, whatever is deleted."""

    __tablename__ = "counter"

    name: str = Field(sa_column=Column(String(40), primary_key=True))
    value: int = Field(sa_column=Column(BigInteger, nullable=False))
    """The last number that was given out."""


class TrackedRefRecord(Record, table=True):
    """A branch or merge request of which we know what findings it has."""

    __tablename__ = "tracked_ref"

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    project_id: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    key: str = Field(sa_column=Column(String(64), nullable=False, unique=True))
    """Hash of project and name: names may be longer than an index entry."""
    name: str = Field(sa_column=Column(ExactText, nullable=False))
    """The branch's, or ``!7`` for a merge request."""
    merge_request_iid: int | None = Field(sa_column=Column(BigInteger))
    target: str | None = Field(sa_column=Column(ExactText))
    """Branch that the merge request goes into."""
    is_default: bool = Field(sa_column=Column(Boolean, nullable=False))
    progress_done: int | None = Field(sa_column=Column(BigInteger))
    """Files read of a scan that is under way; NULL when none is."""
    progress_total: int | None = Field(sa_column=Column(BigInteger))
    updated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class StreamRecord(Record, table=True):
    """What one source (our own scans, or one tool's imported reports) last said about one branch or merge request."""

    __tablename__ = "stream"

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    ref_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("tracked_ref.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    key: str = Field(sa_column=Column(String(64), nullable=False, unique=True))
    """Hash of ref and source."""
    source: str = Field(sa_column=Column(ExactText, nullable=False))
    """``scan``, or ``import:`` with the tool's name and, in parentheses, its category."""
    commit_sha: str | None = Field(sa_column=Column(String(64)))
    scan_id: str | None = Field(sa_column=Column(String(200)))
    report_digest: str | None = Field(sa_column=Column(String(64)))
    """SHA-256 of the report that was imported last."""
    looked_with: Any = Field(sa_column=Column(Json, nullable=False))
    """Scanner to what its answer depended on besides the code: version, rules, data."""
    began: Any = Field(sa_column=Column(Json))
    """Scanner to the moment (ISO 8601, UTC) of its first answer: what it saw then was there before anybody looked. On a
    default branch those of the branches that were it before; and see ``tracking.ANEW``."""
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Rises with each change, so that nobody writes over what he has not read."""
    seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class FindingRecord(Record, table=True):
    """A finding of a project, with the number that it keeps."""

    __tablename__ = "finding"
    __table_args__ = (
        # A list is read in this order and never sorted: see findings.page.
        Index("ix_finding_worst", "whereabouts", "severity", "confidence", "id"),
        Index("ix_finding_worst_of_project", "project_id", "whereabouts", "severity", "confidence", "id"),
        Index("ix_finding_code", "project_id", "code_key"),
    )

    id: int = Field(sa_column=Column(NUMBER, primary_key=True, autoincrement=False))
    project_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    whereabouts: Whereabouts = Field(sa_column=Column(RankedEnum(Whereabouts), nullable=False))
    severity: Severity = Field(sa_column=Column(RankedEnum(Severity), nullable=False))
    confidence: Confidence = Field(sa_column=Column(RankedEnum(Confidence), nullable=False))
    state: TriageState = Field(sa_column=Column(WordEnum(TriageState), nullable=False))
    justification: Justification | None = Field(sa_column=Column(WordEnum(Justification)))
    judged_reason: str = Field(sa_column=Column(ExactText, nullable=False))
    judged_by: str = Field(sa_column=Column(ExactText, nullable=False))
    judged_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    first_seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    kind: FindingKind = Field(sa_column=Column(WordEnum(FindingKind), nullable=False))
    scanner: str = Field(sa_column=Column(ExactText, nullable=False))
    rule_id: str = Field(sa_column=Column(ExactText, nullable=False))
    path: str = Field(sa_column=Column(ExactText, nullable=False))
    start_line: int = Field(sa_column=Column(BigInteger, nullable=False))
    end_line: int = Field(sa_column=Column(BigInteger, nullable=False))
    start_column: int | None = Field(sa_column=Column(BigInteger))
    end_column: int | None = Field(sa_column=Column(BigInteger))
    title: str = Field(sa_column=Column(ExactText, nullable=False))
    fingerprint: str = Field(sa_column=Column(String(200), nullable=False))
    fingerprint_version: str = Field(sa_column=Column(String(40), nullable=False))
    match_hash: str = Field(sa_column=Column(String(200), nullable=False))
    context_hash: str = Field(sa_column=Column(String(200), nullable=False))
    code_key: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Short hash of what it is looked up by when it comes back: see ``tracking.code_keys``."""
    cwes: Any = Field(sa_column=Column(Json, nullable=False))
    dependency: Any = Field(sa_column=Column(Json))
    details: Any = Field(sa_column=Column(Json, nullable=False))
    """What only the finding's own page shows: the other fields of ``finding_rows.flat``."""


class PresenceRecord(Record, table=True):
    """Whether a branch or merge request has a finding, apart from what people think of it."""

    __tablename__ = "presence"

    ref_id: int = Field(sa_column=Column(NUMBER, ForeignKey("tracked_ref.id", ondelete="CASCADE"), primary_key=True))
    finding_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("finding.id", ondelete="CASCADE"), primary_key=True, index=True)
    )
    presence: Presence = Field(sa_column=Column(WordEnum(Presence), nullable=False))
    explanation: str = Field(sa_column=Column(ExactText, nullable=False))
    first_seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    gone_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    changed_at: datetime | None = Field(sa_column=Column(UtcDateTime))


class AttributionRecord(Record, table=True):
    """What one scanner's rule says about a finding in one stream, and where it saw it."""

    __tablename__ = "attribution"

    stream_id: int = Field(sa_column=Column(NUMBER, ForeignKey("stream.id", ondelete="CASCADE"), primary_key=True))
    finding_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("finding.id", ondelete="CASCADE"), primary_key=True, index=True)
    )
    token: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    """Short hash of scanner and rule."""
    place: int = Field(sa_column=Column(SmallInteger, nullable=False))
    """0 for the scanner whose words are shown; counts the others."""
    scanner: str = Field(sa_column=Column(ExactText, nullable=False))
    rule_id: str = Field(sa_column=Column(ExactText, nullable=False))
    version: str = Field(sa_column=Column(ExactText, nullable=False))
    path: str = Field(sa_column=Column(ExactText, nullable=False))
    start_line: int = Field(sa_column=Column(BigInteger, nullable=False))
    end_line: int = Field(sa_column=Column(BigInteger, nullable=False))
    start_column: int | None = Field(sa_column=Column(BigInteger))
    end_column: int | None = Field(sa_column=Column(BigInteger))
    fingerprint_version: str = Field(sa_column=Column(String(40), nullable=False))
    match_hash: str = Field(sa_column=Column(String(200), nullable=False))
    context_hash: str = Field(sa_column=Column(String(200), nullable=False))
    tool_fingerprints: Any = Field(sa_column=Column(Json))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """Digest of all that is shown, so that nothing is written where nothing changed."""
    explanation: str = Field(sa_column=Column(ExactText, nullable=False))
    """Why it is the same finding as another scanner's; empty for the first."""
    first_seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_seen_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    """NULL while it is seen: then it is the stream's ``seen_at``."""
    gone_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    """Set when the scanner looked and did not see it; the row stays."""


class TriageEventRecord(Record, table=True):
    """One change of a judgement. Rows are added, never changed."""

    __tablename__ = "triage_event"

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    finding_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("finding.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    actor: str = Field(sa_column=Column(ExactText, nullable=False))
    before: TriageState = Field(sa_column=Column(WordEnum(TriageState), nullable=False))
    after: TriageState = Field(sa_column=Column(WordEnum(TriageState), nullable=False))
    justification: Justification | None = Field(sa_column=Column(WordEnum(Justification)))
    reason: str = Field(sa_column=Column(ExactText, nullable=False))
    source: str = Field(sa_column=Column(String(40), nullable=False))
    suppression_id: int | None = Field(sa_column=Column(BigInteger))
    batch: str | None = Field(sa_column=Column(String(40), index=True))
    """What was decided together and is taken back together; NULL where nothing is taken back."""


class SuppressionRecord(Record, table=True):
    """An exception from the gate; see ``bot.domain.suppression``."""

    __tablename__ = "suppression"

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    project_id: int | None = Field(sa_column=Column(BigInteger, index=True))
    scope: Scope = Field(sa_column=Column(WordEnum(Scope), nullable=False))
    justification: Justification = Field(sa_column=Column(WordEnum(Justification), nullable=False))
    reason: str = Field(sa_column=Column(ExactText, nullable=False))
    created_by: str = Field(sa_column=Column(ExactText, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    finding_id: int | None = Field(sa_column=Column(NUMBER, ForeignKey("finding.id", ondelete="CASCADE"), index=True))
    code: str = Field(sa_column=Column(String(200), nullable=False))
    code_edited_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    scanner: str = Field(sa_column=Column(ExactText, nullable=False))
    rule_id: str = Field(sa_column=Column(ExactText, nullable=False))
    path: str = Field(sa_column=Column(ExactText, nullable=False))
    advisory: str = Field(sa_column=Column(ExactText, nullable=False))
    package: str = Field(sa_column=Column(ExactText, nullable=False))
    needs_approval: bool = Field(sa_column=Column(Boolean, nullable=False))
    approved_by: str = Field(sa_column=Column(ExactText, nullable=False))
    approved_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    revoked_by: str = Field(sa_column=Column(ExactText, nullable=False))
    revoked_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    last_used_at: datetime | None = Field(sa_column=Column(UtcDateTime))


class ReportImportRecord(Record, table=True):
    """A report that was imported, and what became of it."""

    __tablename__ = "report_import"

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    project_id: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    ref: str = Field(sa_column=Column(ExactText, nullable=False))
    """The branch, or the target branch of a merge request."""
    merge_request_iid: int | None = Field(sa_column=Column(BigInteger))
    commit_sha: str | None = Field(sa_column=Column(String(64)))
    format: str = Field(sa_column=Column(String(40), nullable=False))
    digest: str = Field(sa_column=Column(String(64), nullable=False))
    """SHA-256 of the file."""
    tools: Any = Field(sa_column=Column(Json, nullable=False))
    actor: str = Field(sa_column=Column(ExactText, nullable=False))
    imported_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    counts: Any = Field(sa_column=Column(Json, nullable=False))
    """Word to number: new, known, changed, gone, rejected ..."""
    rejected: Any = Field(sa_column=Column(PackedJson))
    """The first of them as ``[where, why]``; NULL for none."""


# --- Policies and decisions -------------------------------------------------------------------------------------------


class PolicySnapshotRecord(Record, table=True):
    """A policy as it was applied, so that a decision can be made again years later."""

    __tablename__ = "policy_snapshot"

    digest: str = Field(sa_column=Column(String(64), primary_key=True))
    document: Any = Field(sa_column=Column(PackedJson, nullable=False))
    """As ``bot.domain.policy.policy_to_json`` writes it."""
    first_used_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class PolicySourceRecord(Record, table=True):
    """The last good text of a policy file that lives elsewhere, for when that place does not answer."""

    __tablename__ = "policy_source"

    key: str = Field(sa_column=Column(String(64), primary_key=True))
    """Hash of the name."""
    name: str = Field(sa_column=Column(ExactText, nullable=False))
    """``organisation``, or ``group:`` and the group's full path."""
    text: str = Field(sa_column=Column(ExactText, nullable=False))
    origin: str = Field(sa_column=Column(ExactText, nullable=False))
    """Where it was read, for people: project, commit and path, or a file's name."""
    read_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    problem: str = Field(sa_column=Column(ExactText, nullable=False))
    """Why what is there now is not used, first line of the error; empty while all is well."""


class DecisionRecord(Record, table=True):
    """One decision about a scan, with everything besides the findings that it followed from. Rows are only added."""

    __tablename__ = "decision"
    __table_args__ = (Index(None, "project_id", "iid", "at"),)

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    scan_id: str = Field(
        sa_column=Column(String(200), ForeignKey("scan.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    project_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    iid: int | None = Field(sa_column=Column(BigInteger))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    because: str = Field(sa_column=Column(String(40), nullable=False))
    """``scan``, or the reason for judging again."""
    outcome: Outcome = Field(sa_column=Column(WordEnum(Outcome), nullable=False))
    policy_digest: str = Field(sa_column=Column(String(64), nullable=False))
    inputs: Any = Field(sa_column=Column(PackedJson, nullable=False))
    """Confirmed and suppressed fingerprints, circumstances and facts: see ``bot.store.decisions``."""
    result: Any = Field(sa_column=Column(PackedJson, nullable=False))
    """Violations, reasons, suppressed findings."""


class ConfirmationRecord(Record, table=True):
    """A person's word that a *changed* finding may stay as it is now, on one merge request."""

    __tablename__ = "confirmation"
    __table_args__ = (Index(None, "project_id", "iid"),)

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    project_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    iid: int = Field(sa_column=Column(BigInteger, nullable=False))
    finding_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("finding.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    code: str = Field(sa_column=Column(String(200), nullable=False))
    """The finding's ``match_hash`` as it was confirmed."""
    code_edited_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    actor: str = Field(sa_column=Column(ExactText, nullable=False))
    actor_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    reason: str = Field(sa_column=Column(ExactText, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


# --- The conversation -------------------------------------------------------------------------------------------------


class CommandRecord(Record, table=True):
    """A command in a note that was carried out or refused, so that it is never carried out twice."""

    __tablename__ = "command"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    note_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    iid: int = Field(sa_column=Column(BigInteger, nullable=False))
    discussion_id: str = Field(sa_column=Column(String(128), nullable=False))
    actor_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    actor: str = Field(sa_column=Column(ExactText, nullable=False))
    verb: str = Field(sa_column=Column(String(40), nullable=False))
    result: str = Field(sa_column=Column(String(40), nullable=False))
    """One word: done, requested, refused ..."""
    answer: str = Field(sa_column=Column(ExactText, nullable=False))
    """What we said in the thread; empty where a reaction says it."""
    answered: bool = Field(sa_column=Column(Boolean, nullable=False))
    """Whether GitLab has our answer."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ExceptionRequestRecord(Record, table=True):
    """Where on GitLab a suppression was asked for, so that people hear of its end there."""

    __tablename__ = "exception_request"

    suppression_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("suppression.id", ondelete="CASCADE"), primary_key=True)
    )
    project_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    iid: int = Field(sa_column=Column(BigInteger, nullable=False))
    discussion_id: str = Field(sa_column=Column(String(128), nullable=False))
    asked_by_id: int = Field(sa_column=Column(BigInteger, nullable=False))


class ReminderRecord(Record, table=True):
    """That people were told of a suppression's coming end."""

    __tablename__ = "reminder"

    suppression_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("suppression.id", ondelete="CASCADE"), primary_key=True)
    )
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    where: str = Field(sa_column=Column(ExactText, nullable=False))
    """Address of the note or issue."""


class ContributorRecord(Record, table=True):
    """Somebody whose code is in a merge request, as GitLab's events named him: he approves nothing of it."""

    __tablename__ = "contributor"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    iid: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    user_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class CommentedFindingRecord(Record, table=True):
    """A finding that had a discussion on a merge request: what the noise of a rule is measured by."""

    __tablename__ = "commented_finding"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    iid: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    fingerprint: str = Field(sa_column=Column(String(200), primary_key=True))
    finding_id: int | None = Field(sa_column=Column(BigInteger, index=True))
    scanner: str = Field(sa_column=Column(ExactText, nullable=False))
    rule_id: str = Field(sa_column=Column(ExactText, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))


# --- Enforcement ------------------------------------------------------------------------------------------------------


class ClearanceRecord(Record, table=True):
    """That a head may go into a branch, because a verdict let it through; kept after the merge."""

    __tablename__ = "clearance"
    __table_args__ = (
        Index(None, "project_id", "iid"),
        Index(None, "project_id", "head_sha"),
        Index(None, "project_id", "patch_id"),
    )

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    project_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    iid: int = Field(sa_column=Column(BigInteger, nullable=False))
    target_branch: str = Field(sa_column=Column(ExactText, nullable=False))
    head_sha: str = Field(sa_column=Column(String(64), nullable=False))
    base_sha: str = Field(sa_column=Column(String(64), nullable=False))
    patch_id: str | None = Field(sa_column=Column(String(64)))
    """Of the whole change from base to head, white space included; NULL for an empty one."""
    commits: Any = Field(sa_column=Column(PackedJson, nullable=False))
    """Patch ids of its commits, oldest first, without merges and empty ones."""
    scan_id: str = Field(sa_column=Column(String(200), nullable=False))
    granted_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    withdrawn_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    withdrawn_because: str = Field(sa_column=Column(String(40), nullable=False))


class WatchedBranchRecord(Record, table=True):
    """A protected branch, and up to which commit it is known that everything on it was cleared."""

    __tablename__ = "watched_branch"

    key: str = Field(sa_column=Column(String(64), primary_key=True))
    """Hash of project and branch."""
    project_id: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    branch: str = Field(sa_column=Column(ExactText, nullable=False))
    verified_sha: str | None = Field(sa_column=Column(String(64)))
    checked_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class IncidentRecord(Record, table=True):
    """What happened around the gate; see ``bot.domain.incident``."""

    __tablename__ = "incident"
    __table_args__ = (Index(None, "project_id", "closed_at"),)

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    key: str = Field(sa_column=Column(String(64), nullable=False, unique=True))
    project_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    kind: IncidentKind = Field(sa_column=Column(WordEnum(IncidentKind), nullable=False))
    subject: str = Field(sa_column=Column(ExactText, nullable=False))
    iid: int | None = Field(sa_column=Column(BigInteger))
    ref: str = Field(sa_column=Column(ExactText, nullable=False))
    sha: str | None = Field(sa_column=Column(String(64)))
    actor: str = Field(sa_column=Column(ExactText, nullable=False))
    details: Any = Field(sa_column=Column(Json, nullable=False))
    first_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    count: int = Field(sa_column=Column(Integer, nullable=False))
    closed_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    closed_by: str = Field(sa_column=Column(ExactText, nullable=False))
    closed_reason: str = Field(sa_column=Column(ExactText, nullable=False))


class MergeWishRecord(Record, table=True):
    """Somebody asked the merge bot to merge; see ``bot.domain.merging``."""

    __tablename__ = "merge_wish"
    __table_args__ = (Index(None, "project_id", "state"), Index(None, "project_id", "iid"))

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    project_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    iid: int = Field(sa_column=Column(BigInteger, nullable=False))
    target_branch: str = Field(sa_column=Column(ExactText, nullable=False))
    state: WishState = Field(sa_column=Column(WordEnum(WishState), nullable=False))
    asked_by: str = Field(sa_column=Column(ExactText, nullable=False))
    asked_by_id: int | None = Field(sa_column=Column(BigInteger))
    asked_how: str = Field(sa_column=Column(String(40), nullable=False))
    """``command``, ``label`` or ``policy``."""
    asked_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    updated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    reason: str = Field(sa_column=Column(ExactText, nullable=False))
    """What it waits for, or why it was refused: English, one line, shown to people."""
    attempts: int = Field(sa_column=Column(Integer, nullable=False))
    merged_sha: str | None = Field(sa_column=Column(String(64)))


class EnforcementRecord(Record, table=True):
    """How strongly the gate of a project holds, as its settings were last seen."""

    __tablename__ = "enforcement"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    level: int = Field(sa_column=Column(SmallInteger, nullable=False))
    """0 to 3."""
    facts: Any = Field(sa_column=Column(Json, nullable=False))
    missing: Any = Field(sa_column=Column(Json, nullable=False))
    """What the next level lacks: see ``bot.domain.enforcement``."""
    hook_seen_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    """When the pre-receive hook last asked about this project."""
    checked_at: datetime | None = Field(sa_column=Column(UtcDateTime))


class ReceiptRecord(Record, table=True):
    """A signed receipt of what was looked at and what was decided."""

    __tablename__ = "receipt"
    __table_args__ = (Index(None, "project_id", "iid", "issued_at"),)

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    """SHA-256 (hex) of what was signed."""
    project_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    iid: int | None = Field(sa_column=Column(BigInteger))
    scan_id: str = Field(sa_column=Column(String(200), nullable=False))
    envelope: Any = Field(sa_column=Column(PackedJson, nullable=False))
    issued_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))


# --- Access -----------------------------------------------------------------------------------------------------------


class ApiTokenRecord(Record, table=True):
    """Who may use the API, for what, and until when. The token itself is not kept."""

    __tablename__ = "api_token"

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    name: str = Field(sa_column=Column(ExactText, nullable=False))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    """SHA-256 of the token, which is random and long."""
    scopes: Any = Field(sa_column=Column(Json, nullable=False))
    project: str = Field(sa_column=Column(ExactText, nullable=False))
    """Pattern of the projects that it is good for."""
    created_by: str = Field(sa_column=Column(ExactText, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_used_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    revoked_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    person_id: int | None = Field(sa_column=Column(BigInteger, index=True))
    """Whose it is: it does nothing that he may not. NULL for one that an operator made."""


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


class ExploitFactRecord(Record, table=True):
    """How likely a vulnerability is to be exploited, and whether it is known to be."""

    __tablename__ = "exploit_fact"

    cve: str = Field(sa_column=Column(String(32), primary_key=True))
    epss: float | None = Field(sa_column=Column(Float(53)))
    """Probability within 30 days, 0 to 1. https://www.first.org/epss/"""
    percentile: float | None = Field(sa_column=Column(Float(53)))
    kev_added: date | None = Field(sa_column=Column(Date))
    """When it came into CISA's catalogue of known exploited vulnerabilities; NULL where it is not in it."""


class ExploitSourceRecord(Record, table=True):
    """Which edition of a list of exploits was imported."""

    __tablename__ = "exploit_source"

    name: str = Field(sa_column=Column(String(40), primary_key=True))
    """``epss`` or ``kev``."""
    data_date: date = Field(sa_column=Column(Date, nullable=False))
    entries: int = Field(sa_column=Column(Integer, nullable=False))
    imported_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class PackageLicenceRecord(Record, table=True):
    """Under which licences a release of a package comes, as the project's bills of materials said."""

    __tablename__ = "package_licence"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    """Its own: what one project's report says must not judge another's code."""
    ecosystem: str = Field(sa_column=Column(String(200), primary_key=True))
    package: str = Field(sa_column=Column(String(400), primary_key=True))
    version: str = Field(sa_column=Column(String(200), primary_key=True))
    licences: Any = Field(sa_column=Column(Json, nullable=False))
    """SPDX ids or expressions."""


# --- Rules of an organisation -----------------------------------------------------------------------------------------


class RuleVersionRecord(Record, table=True):
    """One version of the organisation's own rules; see ``bot.domain.rule_version``. Kept: findings name them."""

    __tablename__ = "rule_version"

    digest: str = Field(sa_column=Column(String(64), primary_key=True))
    origin: str = Field(sa_column=Column(ExactText, nullable=False))
    """Where it was first read, for people: project and commit, or a folder's name."""
    read_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    entries: Any = Field(sa_column=Column(PackedJson, nullable=False))
    """What the catalogue says of its rules: asked for more often than the rest."""
    document: Any = Field(sa_column=Column(PackedJson, nullable=False))
    simulation: Any = Field(sa_column=Column(PackedJson))
    """What it would have changed when it was read; NULL where nobody tried."""


class RuleSourceRecord(Record, table=True):
    """The one row that says which rules of the organisation are in force, and which wait."""

    __tablename__ = "rule_source"

    name: str = Field(sa_column=Column(String(40), primary_key=True))
    source: str = Field(sa_column=Column(ExactText, nullable=False))
    """The folder or project that is followed."""
    seen: str = Field(sa_column=Column(ExactText, nullable=False))
    """What was there at the last look: a commit, or the digest of a folder's files."""
    active: str = Field(sa_column=Column(String(64), nullable=False))
    """Digest of the version in force; empty for none."""
    waiting: str = Field(sa_column=Column(String(64), nullable=False))
    """Digest of the newest good version, where it is another one; empty for none."""
    problem: str = Field(sa_column=Column(ExactText, nullable=False))
    """Why what is there now is not used; empty while all is well."""
    read_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    """When the source was last read."""


class RuleSwitchRecord(Record, table=True):
    """Another version came into force. Rows are added, never changed."""

    __tablename__ = "rule_switch"

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    before: str = Field(sa_column=Column(String(64), nullable=False))
    """Empty for none."""
    after: str = Field(sa_column=Column(String(64), nullable=False))
    """Empty for none."""
    actor: str = Field(sa_column=Column(ExactText, nullable=False))
    reason: str = Field(sa_column=Column(ExactText, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


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
