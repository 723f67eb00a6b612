"""
Tables of the security desk: who comes in and may do what, what waits for a decision, and what was done.

The rules of ``bot.store.tables`` hold here too. What a list filters or sorts by stands in narrow rows of its own
(``triage_item``), so that one index holds all of it and no list reads a finding that it does not show.
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
)
from sqlmodel import Field

from bot.domain.known import Whereabouts
from bot.domain.priority import Exposure, Standing
from bot.domain.roles import Role, Target
from bot.store.tables import NUMBER, PackageLicenceRecord, Record
from bot.store.types import ExactText, Json, PackedJson, RankedEnum, UtcDateTime, WordEnum
from scanners.finding import Confidence, FindingKind, Severity

# --- What waits for a decision ----------------------------------------------------------------------------------------


class TriageItemRecord(Record, table=True):
    """What a list needs of a finding: see ``bot.store.desk``. Written in the transaction that changes the finding."""

    __tablename__ = "triage_item"
    __table_args__ = (
        # The list over everything is read in this order, and whatever else it is filtered by stands in the index too:
        # a row in fifty that fits must not cost fifty looks into the table.
        Index(
            "ix_triage_item_order",
            "standing",
            "priority",
            "finding_id",
            "project_id",
            "severity",
            "confidence",
            "kind",
            "whereabouts",
            "known_exploited",
            "fix_available",
            "epss",
            "due_at",
            "first_seen_at",
            "assignee_id",
            "rule_key",
            "package_key",
        ),
        Index("ix_triage_item_of_project", "project_id", "standing", "priority", "finding_id"),
        Index("ix_triage_item_of_rule", "rule_key", "standing", "priority", "finding_id"),
        Index("ix_triage_item_of_package", "package_key", "standing", "priority", "finding_id"),
        Index("ix_triage_item_of_person", "assignee_id", "standing", "priority", "finding_id"),
        Index("ix_triage_item_changes", "changes_at"),
        Index("ix_triage_item_epss", "epss"),
    )

    finding_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("finding.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    )
    project_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    standing: Standing = Field(sa_column=Column(RankedEnum(Standing), nullable=False))
    priority: int = Field(sa_column=Column(Integer, nullable=False))
    """Higher is more urgent: see ``bot.domain.priority``."""
    severity: Severity = Field(sa_column=Column(RankedEnum(Severity), nullable=False))
    confidence: Confidence = Field(sa_column=Column(RankedEnum(Confidence), nullable=False))
    kind: FindingKind = Field(sa_column=Column(WordEnum(FindingKind), nullable=False))
    whereabouts: Whereabouts = Field(sa_column=Column(RankedEnum(Whereabouts), nullable=False))
    rule_key: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Short hash of scanner and rule."""
    package_key: int | None = Field(sa_column=Column(BigInteger))
    """Short hash of ecosystem and package; NULL for findings that are about none."""
    known_exploited: bool = Field(sa_column=Column(Boolean, nullable=False))
    epss: float | None = Field(sa_column=Column(Float(53)))
    """The highest of its CVEs, 0 to 1."""
    fix_available: bool = Field(sa_column=Column(Boolean, nullable=False))
    first_seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    due_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    """When the policy wants it mended; NULL for never."""
    assignee_id: int | None = Field(sa_column=Column(BigInteger))
    """Number of the person who took it."""
    claimed_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    snoozed_until: datetime | None = Field(sa_column=Column(UtcDateTime))
    changes_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    """When standing or priority become others with time alone; NULL for never."""
    rules: Any = Field(sa_column=Column(Json, nullable=False))
    """Short hashes of every rule that saw it: what it counts for in ``rule_use``."""
    use: int = Field(sa_column=Column(SmallInteger, nullable=False))
    """How it counts there: see ``bot.store.desk.tallies``."""


class TallyRecord(Record, table=True):
    """How many findings of a project are alike in all that facets count: sums need no look at single findings."""

    __tablename__ = "tally"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    standing: Standing = Field(sa_column=Column(RankedEnum(Standing), primary_key=True))
    severity: Severity = Field(sa_column=Column(RankedEnum(Severity), primary_key=True))
    confidence: Confidence = Field(sa_column=Column(RankedEnum(Confidence), primary_key=True))
    kind: FindingKind = Field(sa_column=Column(WordEnum(FindingKind), primary_key=True))
    whereabouts: Whereabouts = Field(sa_column=Column(RankedEnum(Whereabouts), primary_key=True))
    known_exploited: bool = Field(sa_column=Column(Boolean, primary_key=True))
    fix_available: bool = Field(sa_column=Column(Boolean, primary_key=True))
    count: int = Field(sa_column=Column(Integer, nullable=False))


class RuleTallyRecord(Record, table=True):
    """How many findings of a project each rule or package has, by what they wait for."""

    __tablename__ = "group_tally"
    __table_args__ = (Index(None, "group_key", "project_id"),)

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    group_kind: str = Field(sa_column=Column(String(10), primary_key=True))
    """``rule`` or ``package``."""
    group_key: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    standing: Standing = Field(sa_column=Column(RankedEnum(Standing), primary_key=True))
    severity: Severity = Field(sa_column=Column(RankedEnum(Severity), primary_key=True))
    count: int = Field(sa_column=Column(Integer, nullable=False))


class RuleUseRecord(Record, table=True):
    """How the rules did in a project; a finding counts for every rule that saw it. See ``bot.store.rules``."""

    __tablename__ = "rule_use"
    __table_args__ = (Index(None, "rule_key"),)

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    rule_key: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    findings: int = Field(sa_column=Column(Integer, nullable=False))
    open: int = Field(sa_column=Column(Integer, nullable=False))
    """Seen on any branch."""
    confirmed: int = Field(sa_column=Column(Integer, nullable=False))
    false_positives: int = Field(sa_column=Column(Integer, nullable=False))
    otherwise_dismissed: int = Field(sa_column=Column(Integer, nullable=False))


class ProjectSlaRecord(Record, table=True):
    """In how many days a project's findings should be gone, as its policy was last read."""

    __tablename__ = "project_sla"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    critical: int = Field(sa_column=Column(Integer, nullable=False))
    high: int = Field(sa_column=Column(Integer, nullable=False))
    medium: int = Field(sa_column=Column(Integer, nullable=False))
    low: int = Field(sa_column=Column(Integer, nullable=False))


class GroupNameRecord(Record, table=True):
    """What a short hash of a rule or package stands for."""

    __tablename__ = "group_name"

    group_kind: str = Field(sa_column=Column(String(10), primary_key=True))
    group_key: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    first: str = Field(sa_column=Column(ExactText, nullable=False))
    """Scanner or ecosystem."""
    second: str = Field(sa_column=Column(ExactText, nullable=False))
    """Rule id or package."""


class DailyCountRecord(Record, table=True):
    """How a project stood at the end of a day (UTC), for lines over time."""

    __tablename__ = "daily_count"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    day: date = Field(sa_column=Column(Date, primary_key=True, index=True))
    critical: int = Field(sa_column=Column(Integer, nullable=False))
    """Findings on the default branch that are neither dismissed nor mended, by severity."""
    high: int = Field(sa_column=Column(Integer, nullable=False))
    medium: int = Field(sa_column=Column(Integer, nullable=False))
    low: int = Field(sa_column=Column(Integer, nullable=False))
    info: int = Field(sa_column=Column(Integer, nullable=False))
    undecided: int = Field(sa_column=Column(Integer, nullable=False))
    overdue: int = Field(sa_column=Column(Integer, nullable=False))
    due_soon: int | None = Field(sa_column=Column(Integer))
    """To be mended within ``bot.domain.triage_filter.SOON``, and not yet overdue; NULL where nobody counted them."""


class ProjectProfileRecord(Record, table=True):
    """What people said about a project."""

    __tablename__ = "project_profile"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    exposure: Exposure = Field(sa_column=Column(RankedEnum(Exposure), nullable=False))
    changed_by: str = Field(sa_column=Column(ExactText, nullable=False))
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class SavedViewRecord(Record, table=True):
    """Filters of the triage list that somebody keeps under a name."""

    __tablename__ = "saved_view"

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    person_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    name: str = Field(sa_column=Column(ExactText, nullable=False))
    query: str = Field(sa_column=Column(ExactText, nullable=False))
    """As in the list's address, after the question mark."""
    shared: bool = Field(sa_column=Column(Boolean, nullable=False))
    """Whether everybody sees it."""
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class FindingNoteRecord(Record, table=True):
    """What somebody wrote beneath a finding, or an issue that he made of it. Rows are added, never changed."""

    __tablename__ = "finding_note"

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    finding_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("finding.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    actor: str = Field(sa_column=Column(ExactText, nullable=False))
    text: str = Field(sa_column=Column(ExactText, nullable=False))
    """Plain text; for an issue its title."""
    issue_url: str = Field(sa_column=Column(ExactText, nullable=False))
    """Empty for a comment."""


# --- Who comes in -----------------------------------------------------------------------------------------------------


class PersonRecord(Record, table=True):
    """Somebody who signed in once, or an administrator of our own."""

    __tablename__ = "person"

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    key: str = Field(sa_column=Column(String(64), nullable=False, unique=True))
    """Hash of issuer and subject: a name can be given up and taken by somebody else."""
    issuer: str = Field(sa_column=Column(ExactText, nullable=False))
    """``local`` for our own."""
    subject: str = Field(sa_column=Column(ExactText, nullable=False))
    username: str = Field(sa_column=Column(ExactText, nullable=False))
    name: str = Field(sa_column=Column(ExactText, nullable=False))
    gitlab_user_id: int | None = Field(sa_column=Column(BigInteger, index=True))
    password: str = Field(sa_column=Column(ExactText, nullable=False))
    """Argon2 hash of a local administrator's; empty for everybody else."""
    language: str = Field(sa_column=Column(String(10), nullable=False))
    """Empty for the browser's."""
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    signed_in_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    visit_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    """When the visit began that is going on."""
    last_visit_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    """When the visit before that ended: what is newer is new to him."""
    seen_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    disabled_at: datetime | None = Field(sa_column=Column(UtcDateTime))


class RoleGrantRecord(Record, table=True):
    """A role that an administrator gave somebody; revoked ones stay."""

    __tablename__ = "role_grant"

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    person_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    role: Role = Field(sa_column=Column(WordEnum(Role), nullable=False))
    target: Target = Field(sa_column=Column(WordEnum(Target), nullable=False))
    path: str = Field(sa_column=Column(ExactText, nullable=False))
    granted_by: str = Field(sa_column=Column(ExactText, nullable=False))
    granted_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    revoked_by: str = Field(sa_column=Column(ExactText, nullable=False))
    revoked_at: datetime | None = Field(sa_column=Column(UtcDateTime))


class SessionRecord(Record, table=True):
    """A browser that is signed in. What its cookie holds is not kept."""

    __tablename__ = "web_session"

    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    """SHA-256 of the cookie's token."""
    person_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    rotated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    family: str = Field(sa_column=Column(String(32), nullable=False, index=True))
    """The sign-in that it comes from: every token that replaced another has the same."""
    successor: bytes | None = Field(sa_column=Column(LargeBinary, index=True))
    """Digest of the token that replaced this one; requests that were under way may still come with the old one."""
    retired_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    """When the browser first came with the successor."""
    user_agent: str = Field(sa_column=Column(ExactText, nullable=False))


class MembershipRecord(Record, table=True):
    """What somebody is in a project of GitLab, as it was last asked."""

    __tablename__ = "membership"
    __table_args__ = (Index(None, "user_id"),)

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    user_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    access_level: int = Field(sa_column=Column(SmallInteger, nullable=False))


class MembershipCheckRecord(Record, table=True):
    """When the members of a project were last asked for; what is too old counts nothing."""

    __tablename__ = "membership_check"

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    checked_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))


class AccountCheckRecord(Record, table=True):
    """When GitLab was last asked whether somebody's account is still one that may sign in."""

    __tablename__ = "account_check"

    person_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    )
    checked_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


# --- What was done ----------------------------------------------------------------------------------------------------


class AuditEntryRecord(Record, table=True):
    """One act. Rows are added, never changed: the database refuses anything else. See ``bot.domain.audit``."""

    __tablename__ = "audit_entry"

    sequence: int = Field(sa_column=Column(NUMBER, primary_key=True, autoincrement=False))
    """From 1, without gaps."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    actor: str = Field(sa_column=Column(ExactText, nullable=False))
    person_id: int | None = Field(sa_column=Column(BigInteger, index=True))
    action: str = Field(sa_column=Column(String(60), nullable=False, index=True))
    """As ``bot.domain.audit.Action`` has it."""
    subject: str = Field(sa_column=Column(ExactText, nullable=False))
    """What it was done to: ``finding 812``, ``token 7``."""
    project_id: int | None = Field(sa_column=Column(BigInteger, index=True))
    details: Any = Field(sa_column=Column(Json, nullable=False))
    address: str = Field(sa_column=Column(String(64), nullable=False))
    """Where the request came from; empty for commands."""
    previous: str = Field(sa_column=Column(String(64), nullable=False))
    """Digest of the entry before; 64 zeros for the first."""
    digest: str = Field(sa_column=Column(String(64), nullable=False))


class AuditHeadRecord(Record, table=True):
    """The one row that says which entry is the last: writers take turns on it, and a cut end shows."""

    __tablename__ = "audit_head"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    digest: str = Field(sa_column=Column(String(64), nullable=False))


class AuditCheckRecord(Record, table=True):
    """The one row that says what the last check of the whole log found."""

    __tablename__ = "audit_check"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Up to which entry."""
    digest: str = Field(sa_column=Column(String(64), nullable=False))
    broken: int = Field(sa_column=Column(Integer, nullable=False))
    first_break: str = Field(sa_column=Column(ExactText, nullable=False))


class ExceptionAskerRecord(Record, table=True):
    """Who asked for a suppression at the desk: names change, and he never approves it himself."""

    __tablename__ = "exception_asker"

    suppression_id: int = Field(
        sa_column=Column(
            NUMBER, ForeignKey("suppression.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        )
    )
    person_id: int | None = Field(sa_column=Column(BigInteger))
    """Also of a token's owner; NULL for a token that belongs to nobody."""
    gitlab_user_id: int | None = Field(sa_column=Column(BigInteger))


class IdempotencyRecord(Record, table=True):
    """What a request with an idempotency key was answered, so that a second one changes nothing."""

    __tablename__ = "idempotency"

    key: str = Field(sa_column=Column(String(64), primary_key=True))
    """Hash of who asks and his key."""
    request: str = Field(sa_column=Column(String(64), nullable=False))
    """Hash of method, address and body."""
    status: int | None = Field(sa_column=Column(SmallInteger))
    """NULL while the first request is under way."""
    answer: Any = Field(sa_column=Column(PackedJson))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))


class OutgoingHookRecord(Record, table=True):
    """An address that is told what happens."""

    __tablename__ = "outgoing_hook"

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    url: str = Field(sa_column=Column(ExactText, nullable=False))
    secret: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """Encrypted with the key of the data directory."""
    events: Any = Field(sa_column=Column(Json, nullable=False))
    projects: str = Field(sa_column=Column(ExactText, nullable=False))
    """Pattern of full paths."""
    created_by: str = Field(sa_column=Column(ExactText, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    disabled_at: datetime | None = Field(sa_column=Column(UtcDateTime))


class OutgoingDeliveryRecord(Record, table=True):
    """One message to such an address, and what became of it."""

    __tablename__ = "outgoing_delivery"
    __table_args__ = (Index(None, "done_at", "next_at"),)

    id: int = Field(sa_column=Column(NUMBER, primary_key=True))
    hook_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("outgoing_hook.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    message_id: str = Field(sa_column=Column(String(64), nullable=False))
    event: str = Field(sa_column=Column(String(60), nullable=False))
    body: Any = Field(sa_column=Column(PackedJson, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    next_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    attempts: int = Field(sa_column=Column(Integer, nullable=False))
    done_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    status: int | None = Field(sa_column=Column(SmallInteger))
    problem: str = Field(sa_column=Column(ExactText, nullable=False))


class ToldDeadlineRecord(Record, table=True):
    """Up to which deadline of a finding outgoing webhooks were told that it passed."""

    __tablename__ = "told_deadline"

    finding_id: int = Field(
        sa_column=Column(NUMBER, ForeignKey("finding.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    )
    due_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class OutsideRecord(Record, table=True):
    """What the audit log last said of a setting or a policy in a file, which are changed outside of us."""

    __tablename__ = "outside"

    kind: str = Field(sa_column=Column(String(16), primary_key=True))
    name: str = Field(sa_column=Column(ExactText, primary_key=True))
    value: str = Field(sa_column=Column(ExactText, nullable=False))


# --- More indexes -----------------------------------------------------------------------------------------------------

_GROUPS = Record.metadata.tables[str(RuleTallyRecord.__tablename__)]
Index(
    "ix_group_tally_of_kind",
    _GROUPS.c.group_kind,
    _GROUPS.c.group_key,
    _GROUPS.c.project_id,
    _GROUPS.c.standing,
    _GROUPS.c.severity,
    _GROUPS.c.count,
)
"""For sums over all projects by rule or package, which read nothing else: see ``bot.store.desk.advisory_reads``."""

_LICENCES = Record.metadata.tables[str(PackageLicenceRecord.__tablename__)]
Index(
    "ix_package_licence_ecosystem_package_project_id",
    _LICENCES.c.ecosystem,
    _LICENCES.c.package,
    _LICENCES.c.project_id,
)
"""For the list of packages over all projects, which is read in this order: see ``bot.store.components``."""
