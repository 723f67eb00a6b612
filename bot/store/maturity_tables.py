"""
Tables of maturity and compliance: what was counted, what GitLab said, snapshots, attestations, reports, deliveries.

The rules of ``bot.store.tables`` hold here too. What is immutable is found by its digest: equal contents are one row.
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
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlmodel import Field

from bot.domain.maturity.period import PeriodKind
from bot.domain.maturity.scope import ScopeKind
from bot.store.tables import NUMBER, FindingRecord, PresenceRecord, Record, TriageEventRecord
from bot.store.types import ExactText, Json, PackedJson, UtcDateTime, WordEnum

# --- What is counted --------------------------------------------------------------------------------------------------


class ProjectDayRecord(Record, table=True):
    """A project's counters of one day (UTC); see ``bot.domain.maturity.counters``. Counted anew with late news."""

    __tablename__ = "project_day"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    day: date = Field(sa_column=Column(Date, primary_key=True, index=True))
    counters: Any = Field(sa_column=Column(Json, nullable=False))
    """Flows: name to whole number. Where it is known that there was none, 0 is left out: see ``counting``."""
    stocks: Any = Field(sa_column=Column(Json))
    """Name to whole number, what is absent is not known; NULL where nobody counted them on the day."""


class AbsenceRecord(Record, table=True):
    """A finding was gone from a branch and came back: ``presence`` itself forgets it then. Rows are only added."""

    __tablename__ = "absence"

    ref_id: int = Field(
        sa_column=Column(
            NUMBER, ForeignKey("tracked_ref.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        )
    )
    finding_id: int = Field(
        sa_column=Column(
            NUMBER, ForeignKey("finding.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
        )
    )
    gone_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    back_at: datetime = Field(sa_column=Column(UtcDateTime, primary_key=True, index=True))


class MergedLinesRecord(Record, table=True):
    """How much of a merged request static scanners read, taken out of its scan once: that takes long to unpack."""

    __tablename__ = "merged_lines"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    iid: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    head_sha: str = Field(sa_column=Column(String(64), nullable=False))
    """Of the scan; another one than the merged head is out of date."""
    lines: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Added or edited in files that some static scanner reads."""
    read_lines: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Of those, in files that every such scanner read."""


class CodeSizeRecord(Record, table=True):
    """How much code a project's default branch has, and how much of it static scanners read."""

    __tablename__ = "code_size"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    commit_sha: str = Field(sa_column=Column(String(64), nullable=False))
    lines: int = Field(sa_column=Column(BigInteger, nullable=False))
    scannable_lines: int = Field(sa_column=Column(BigInteger, nullable=False))
    read_lines: int = Field(sa_column=Column(BigInteger, nullable=False))
    counted_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class PipelineFactRecord(Record, table=True):
    """A finished pipeline on a default branch, as GitLab told."""

    __tablename__ = "pipeline_fact"
    __table_args__ = (Index(None, "finished_at"),)

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    pipeline_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    sha: str = Field(sa_column=Column(String(64), nullable=False))
    successful: bool = Field(sa_column=Column(Boolean, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    finished_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    seconds: int | None = Field(sa_column=Column(Integer))
    """How long it ran; NULL where GitLab does not say."""
    coverage: float | None = Field(sa_column=Column(Float(53)))
    """Per cent."""
    jobs: int = Field(sa_column=Column(Integer, nullable=False))
    """That ended, without skipped and manual ones."""
    jobs_ok: int = Field(sa_column=Column(Integer, nullable=False))


class MergeFactRecord(Record, table=True):
    """A merge request that was merged into a default branch, as GitLab told."""

    __tablename__ = "merge_fact"
    __table_args__ = (Index(None, "merged_at"), Index(None, "released_at"))

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    iid: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    opened_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    merged_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    head_sha: str | None = Field(sa_column=Column(String(64)))
    merge_sha: str | None = Field(sa_column=Column(String(64)))
    """The commit that it became on the branch."""
    released_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    """When the first release with it was made; NULL while there is none."""
    covered_lines: int | None = Field(sa_column=Column(Integer))
    """Changed lines that a test ran; NULL where no coverage report speaks of them."""
    coverable_lines: int | None = Field(sa_column=Column(Integer))


class ReleaseFactRecord(Record, table=True):
    """A tag or release, as GitLab told."""

    __tablename__ = "release_fact"
    __table_args__ = (Index(None, "released_at"),)

    key: str = Field(sa_column=Column(String(64), primary_key=True))
    """Hash of project and tag."""
    project_id: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    tag: str = Field(sa_column=Column(ExactText, nullable=False))
    sha: str = Field(sa_column=Column(String(64), nullable=False))
    released_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    cleared: bool | None = Field(sa_column=Column(Boolean))
    """Whether its commit was cleared; NULL where nobody can tell."""


class CollectionRecord(Record, table=True):
    """How far something of a project was collected from GitLab."""

    __tablename__ = "collection"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    source: str = Field(sa_column=Column(String(40), primary_key=True))
    """One of ``bot.store.maturity.collected.SOURCES``, or ``counted`` for what counting notes of them."""
    cursor: Any = Field(sa_column=Column(Json))
    since: date | None = Field(sa_column=Column(Date))
    """The first day of which everything is known."""
    collected_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    """Up to when everything is known: when it was last read to its end, or the last change that was read."""
    problem: str = Field(sa_column=Column(ExactText, nullable=False))
    """Why it did not work the last time; empty while all is well."""


class LateDayRecord(Record, table=True):
    """A day of a project that was counted anew after it was over; gone once the snapshots were looked at again."""

    __tablename__ = "late_day"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    day: date = Field(sa_column=Column(Date, primary_key=True))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Changes whenever the day does: who looked at an earlier one does not strike this one off."""


# --- Models, snapshots, attestations ----------------------------------------------------------------------------------


class MaturityModelRecord(Record, table=True):
    """A model as it was used, so that a snapshot can be made again years later. Rows are only added."""

    __tablename__ = "maturity_model"

    digest: str = Field(sa_column=Column(String(64), primary_key=True))
    model_id: str = Field(sa_column=Column(String(100), nullable=False))
    version: str = Field(sa_column=Column(String(100), nullable=False))
    document: Any = Field(sa_column=Column(PackedJson, nullable=False))
    first_used_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class SnapshotContentRecord(Record, table=True):
    """What snapshots say: inputs and results. Equal contents are one row; rows are only added."""

    __tablename__ = "snapshot_content"

    digest: str = Field(sa_column=Column(String(64), primary_key=True))
    document: Any = Field(sa_column=Column(PackedJson, nullable=False))


class SnapshotRecord(Record, table=True):
    """How a project, a group or the organisation stood at the end of a period. Rows are only added."""

    __tablename__ = "snapshot"
    __table_args__ = (
        UniqueConstraint("scope_key", "period_kind", "first_day", "last_day", "revision"),
        Index(None, "period_kind", "last_day"),
    )

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    scope_key: str = Field(sa_column=Column(String(64), nullable=False))
    """Hash of kind and name."""
    scope_kind: ScopeKind = Field(sa_column=Column(WordEnum(ScopeKind), nullable=False))
    scope: str = Field(sa_column=Column(ExactText, nullable=False))
    project_id: int | None = Field(sa_column=Column(BigInteger, index=True))
    period_kind: PeriodKind = Field(sa_column=Column(WordEnum(PeriodKind), nullable=False))
    first_day: date = Field(sa_column=Column(Date, nullable=False))
    last_day: date = Field(sa_column=Column(Date, nullable=False))
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    """From 1; a later one stands beside the earlier ones."""
    content: str = Field(
        sa_column=Column(String(64), ForeignKey("snapshot_content.digest"), nullable=False, index=True)
    )
    previous: str = Field(sa_column=Column(String(64), nullable=False))
    """Digest of the revision before; empty for the first."""
    digest: str = Field(sa_column=Column(String(64), nullable=False, unique=True))
    taken_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class SnapshotScoreRecord(Record, table=True):
    """What one model said in a snapshot, for lists and lines over time."""

    __tablename__ = "snapshot_score"

    snapshot_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("snapshot.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    )
    model_id: str = Field(sa_column=Column(String(100), primary_key=True))
    score: int | None = Field(sa_column=Column(SmallInteger))
    """0 to 100; NULL for not assessed."""
    known: int = Field(sa_column=Column(SmallInteger, nullable=False))
    """Thousandths."""
    practice: int | None = Field(sa_column=Column(SmallInteger))
    outcome: int | None = Field(sa_column=Column(SmallInteger))
    level: int | None = Field(sa_column=Column(SmallInteger))


class AttestationRecord(Record, table=True):
    """Somebody's word about a demand; see ``bot.domain.maturity.attestation``."""

    __tablename__ = "attestation"
    __table_args__ = (Index(None, "model_id", "demand_id"),)

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    model_id: str = Field(sa_column=Column(String(100), nullable=False))
    demand_id: str = Field(sa_column=Column(String(100), nullable=False))
    scope_kind: ScopeKind = Field(sa_column=Column(WordEnum(ScopeKind), nullable=False))
    scope: str = Field(sa_column=Column(ExactText, nullable=False))
    text: str = Field(sa_column=Column(ExactText, nullable=False))
    file_name: str = Field(sa_column=Column(ExactText, nullable=False))
    file_type: str = Field(sa_column=Column(String(100), nullable=False))
    file_digest: str = Field(sa_column=Column(String(64), nullable=False))
    made_by: str = Field(sa_column=Column(ExactText, nullable=False))
    made_by_id: int | None = Field(sa_column=Column(BigInteger))
    made_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    confirmed_by: str = Field(sa_column=Column(ExactText, nullable=False))
    confirmed_by_id: int | None = Field(sa_column=Column(BigInteger))
    confirmed_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    withdrawn_by: str = Field(sa_column=Column(ExactText, nullable=False))
    withdrawn_at: datetime | None = Field(sa_column=Column(UtcDateTime))


class AttachmentRecord(Record, table=True):
    """A file that belongs to an attestation. Equal files are one row."""

    __tablename__ = "attachment"

    digest: str = Field(sa_column=Column(String(64), primary_key=True))
    """SHA-256."""
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


# --- Reports and their way to people ----------------------------------------------------------------------------------


class ReportRecord(Record, table=True):
    """A compliance summary that was made. Rows are only added."""

    __tablename__ = "report"
    __table_args__ = (Index(None, "period_kind", "last_day"),)

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    key: str = Field(sa_column=Column(String(64), nullable=False, unique=True))
    """Hash of scope, period, snapshot and language: who asks twice gets the same."""
    scope_kind: ScopeKind = Field(sa_column=Column(WordEnum(ScopeKind), nullable=False))
    scope: str = Field(sa_column=Column(ExactText, nullable=False))
    project_id: int | None = Field(sa_column=Column(BigInteger, index=True))
    period_kind: PeriodKind = Field(sa_column=Column(WordEnum(PeriodKind), nullable=False))
    first_day: date = Field(sa_column=Column(Date, nullable=False))
    last_day: date = Field(sa_column=Column(Date, nullable=False))
    snapshot_id: int = Field(sa_column=Column(NUMBER, ForeignKey("snapshot.id"), nullable=False, index=True))
    language: str = Field(sa_column=Column(String(10), nullable=False))
    document: Any = Field(sa_column=Column(PackedJson, nullable=False))
    """What every format is drawn from."""
    digest: str = Field(sa_column=Column(String(64), nullable=False))
    """SHA-256 (hex) of the document as canonical JSON."""
    made_by: str = Field(sa_column=Column(ExactText, nullable=False))
    made_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))


class ReportMemberRecord(Record, table=True):
    """
    A project that a group's report tells of: the report is hidden from whoever does not see it, wherever it is today.

    Rows are only added.
    """

    __tablename__ = "report_member"

    report_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("report.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    )
    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


class SubscriptionRecord(Record, table=True):
    """Who gets which summaries, and how."""

    __tablename__ = "subscription"

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    name: str = Field(sa_column=Column(ExactText, nullable=False))
    channel: str = Field(sa_column=Column(String(40), nullable=False))
    """``email``, ``gitlab_issue``, ``gitlab_wiki`` or ``chat``."""
    target: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """Address, project or apprise URL, encrypted with the key of the data directory: chat addresses hold tokens."""
    shown_target: str = Field(sa_column=Column(ExactText, nullable=False))
    """The same without what is secret."""
    role: str = Field(sa_column=Column(String(40), nullable=False))
    """Whom it is for: ``management``, ``security``, ``development`` or ``audit``; decides how much it says."""
    scope_kind: ScopeKind = Field(sa_column=Column(WordEnum(ScopeKind), nullable=False))
    scope: str = Field(sa_column=Column(ExactText, nullable=False))
    periods: Any = Field(sa_column=Column(Json, nullable=False))
    """Kinds of periods."""
    formats: Any = Field(sa_column=Column(Json, nullable=False))
    language: str = Field(sa_column=Column(String(10), nullable=False))
    time_zone: str = Field(sa_column=Column(String(60), nullable=False))
    quiet_from: int | None = Field(sa_column=Column(SmallInteger))
    """Minute of the day in that zone from which nothing is sent; NULL for never."""
    quiet_until: int | None = Field(sa_column=Column(SmallInteger))
    acknowledge: bool = Field(sa_column=Column(Boolean, nullable=False))
    """Whether people are asked to say that they read it."""
    created_by: str = Field(sa_column=Column(ExactText, nullable=False))
    created_by_id: int | None = Field(sa_column=Column(BigInteger))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    disabled_at: datetime | None = Field(sa_column=Column(UtcDateTime))


class ReportDeliveryRecord(Record, table=True):
    """A summary on its way to somebody: one for each subscription and report, whatever happens."""

    __tablename__ = "report_delivery"
    __table_args__ = (UniqueConstraint("subscription_id", "report_id"), Index(None, "done_at", "next_at"))

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    subscription_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("subscription.id", ondelete="CASCADE"), nullable=False)
    )
    report_id: int = Field(sa_column=Column(NUMBER, ForeignKey("report.id"), nullable=False, index=True))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    next_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    """Not before: quiet hours and the pause after a failure."""
    claimed_by: str = Field(sa_column=Column(String(80), nullable=False))
    """The process that is sending it."""
    claimed_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    attempts: int = Field(sa_column=Column(Integer, nullable=False))
    done_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    sent: bool = Field(sa_column=Column(Boolean, nullable=False))
    """Whether it arrived; with ``done_at`` and without this it was given up."""
    problem: str = Field(sa_column=Column(ExactText, nullable=False))
    where: str = Field(sa_column=Column(ExactText, nullable=False))
    """Address of the issue or page that was made; empty for none."""
    acknowledgement: str = Field(sa_column=Column(String(64), nullable=False, index=True))
    """SHA-256 (hex) of the code in the message by which it is acknowledged; empty where nobody is asked to."""
    acknowledged_by: str = Field(sa_column=Column(ExactText, nullable=False))
    acknowledged_at: datetime | None = Field(sa_column=Column(UtcDateTime))


# --- More indexes: what happened on a day is found without reading everything -----------------------------------------

_PRESENCE = Record.metadata.tables[str(PresenceRecord.__tablename__)]
_FINDING = Record.metadata.tables[str(FindingRecord.__tablename__)]
Index("ix_finding_first_seen_at", _FINDING.c.first_seen_at)
Index(
    "ix_finding_secret",
    _FINDING.c.id,
    # Few are secrets, and their ways are followed one by one.
    postgresql_where=text("kind = 'secret'"),
    sqlite_where=text("kind = 'secret'"),
)
Index(
    "ix_presence_gone_at",
    _PRESENCE.c.gone_at,
    # Most are there: they cost nothing here.
    postgresql_where=_PRESENCE.c.gone_at.is_not(None),
    sqlite_where=_PRESENCE.c.gone_at.is_not(None),
)
Index("ix_triage_event_at", Record.metadata.tables[str(TriageEventRecord.__tablename__)].c.at)
