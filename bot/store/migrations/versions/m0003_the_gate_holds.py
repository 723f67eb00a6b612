"""The gate holds"""

from __future__ import annotations

import json
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SCAN = sa.table("scan", sa.column("id", sa.String()), sa.column("violations", sa.Text()))


def _reword(word: Callable[[object], object]) -> None:
    """Violations said whether they block, and say now what they do."""
    connection = op.get_bind()
    for row in connection.execute(sa.select(_SCAN).where(_SCAN.c.violations != "[]")).all():
        said = json.dumps([[mark, rule, word(effect)] for mark, rule, effect in json.loads(row.violations)])
        connection.execute(sa.update(_SCAN).where(_SCAN.c.id == row.id).values(violations=said))


def upgrade() -> None:
    """Apply. Decisions, clearances, incidents, receipts and what people say on merge requests."""
    op.create_table(
        "clearance",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("iid", sa.BigInteger(), nullable=False),
        sa.Column("target_branch", sa.Text(), nullable=False),
        sa.Column("head_sha", sa.String(length=64), nullable=False),
        sa.Column("base_sha", sa.String(length=64), nullable=False),
        sa.Column("patch_id", sa.String(length=64), nullable=True),
        sa.Column("commits", sa.LargeBinary(), nullable=False),
        sa.Column("scan_id", sa.String(length=200), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_because", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearance")),
    )
    with op.batch_alter_table("clearance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clearance_project_id_head_sha"), ["project_id", "head_sha"], unique=False)
        batch_op.create_index(batch_op.f("ix_clearance_project_id_iid"), ["project_id", "iid"], unique=False)
        batch_op.create_index(batch_op.f("ix_clearance_project_id_patch_id"), ["project_id", "patch_id"], unique=False)

    op.create_table(
        "command",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("iid", sa.BigInteger(), nullable=False),
        sa.Column("discussion_id", sa.String(length=128), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("result", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "note_id", name=op.f("pk_command")),
    )
    op.create_table(
        "commented_finding",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("iid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(length=200), nullable=False),
        sa.Column("finding_id", sa.BigInteger(), nullable=True),
        sa.Column("scanner", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "iid", "fingerprint", name=op.f("pk_commented_finding")),
    )
    with op.batch_alter_table("commented_finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_commented_finding_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_commented_finding_finding_id"), ["finding_id"], unique=False)

    op.create_table(
        "contributor",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("iid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "iid", "user_id", name=op.f("pk_contributor")),
    )
    op.create_table(
        "enforcement",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("missing", sa.Text(), nullable=False),
        sa.Column("hook_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_enforcement")),
    )
    op.create_table(
        "exploit_fact",
        sa.Column("cve", sa.String(length=32), nullable=False),
        sa.Column("epss", sa.Float(precision=53), nullable=True),
        sa.Column("percentile", sa.Float(precision=53), nullable=True),
        sa.Column("kev_added", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("cve", name=op.f("pk_exploit_fact")),
    )
    op.create_table(
        "exploit_source",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("data_date", sa.Date(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_exploit_source")),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("iid", sa.BigInteger(), nullable=True),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("closed_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("key", name=op.f("uq_incident_key")),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incident_project_id_closed_at"), ["project_id", "closed_at"], unique=False)

    op.create_table(
        "merge_wish",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("iid", sa.BigInteger(), nullable=False),
        sa.Column("target_branch", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_how", sa.String(length=40), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("merged_sha", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge_wish")),
    )
    with op.batch_alter_table("merge_wish", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_merge_wish_project_id_iid"), ["project_id", "iid"], unique=False)
        batch_op.create_index(batch_op.f("ix_merge_wish_project_id_state"), ["project_id", "state"], unique=False)

    op.create_table(
        "package_licence",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ecosystem", sa.String(length=200), nullable=False),
        sa.Column("package", sa.String(length=400), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("licences", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "ecosystem", "package", "version", name=op.f("pk_package_licence")),
    )
    op.create_table(
        "policy_snapshot",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_policy_snapshot")),
    )
    op.create_table(
        "policy_source",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_policy_source")),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("iid", sa.BigInteger(), nullable=True),
        sa.Column("scan_id", sa.String(length=200), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
    )
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receipt_issued_at"), ["issued_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_receipt_project_id_iid_issued_at"), ["project_id", "iid", "issued_at"], unique=False
        )

    op.create_table(
        "watched_branch",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("verified_sha", sa.String(length=64), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_watched_branch")),
    )
    with op.batch_alter_table("watched_branch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_watched_branch_project_id"), ["project_id"], unique=False)

    op.create_table(
        "confirmation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("iid", sa.BigInteger(), nullable=False),
        sa.Column("finding_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("code_edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding.id"], name=op.f("fk_confirmation_finding_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation")),
    )
    with op.batch_alter_table("confirmation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_confirmation_finding_id"), ["finding_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_confirmation_project_id_iid"), ["project_id", "iid"], unique=False)

    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scan_id", sa.String(length=200), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("iid", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("because", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("policy_digest", sa.String(length=64), nullable=False),
        sa.Column("inputs", sa.LargeBinary(), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_decision_scan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decision_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_decision_project_id_iid_at"), ["project_id", "iid", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_decision_scan_id"), ["scan_id"], unique=False)

    op.create_table(
        "exception_request",
        sa.Column("suppression_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("iid", sa.BigInteger(), nullable=False),
        sa.Column("discussion_id", sa.String(length=128), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["suppression_id"], ["suppression.id"], name=op.f("fk_exception_request_suppression_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("suppression_id", name=op.f("pk_exception_request")),
    )
    op.create_table(
        "reminder",
        sa.Column("suppression_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("where", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["suppression_id"], ["suppression.id"], name=op.f("fk_reminder_suppression_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("suppression_id", name=op.f("pk_reminder")),
    )
    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tolerated", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("coverage", sa.LargeBinary(), nullable=True))
    op.execute(sa.text("UPDATE scan SET tolerated = :no").bindparams(sa.bindparam("no", False, sa.Boolean())))
    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.alter_column("tolerated", existing_type=sa.Boolean(), nullable=False)
    _reword(lambda effect: "block" if effect is True else "comment" if effect is False else effect)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.drop_column("coverage")
        batch_op.drop_column("tolerated")
    _reword(lambda effect: effect == "block")

    op.drop_table("reminder")
    op.drop_table("exception_request")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decision_scan_id"))
        batch_op.drop_index(batch_op.f("ix_decision_project_id_iid_at"))
        batch_op.drop_index(batch_op.f("ix_decision_at"))

    op.drop_table("decision")
    with op.batch_alter_table("confirmation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_confirmation_project_id_iid"))
        batch_op.drop_index(batch_op.f("ix_confirmation_finding_id"))

    op.drop_table("confirmation")
    with op.batch_alter_table("watched_branch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_watched_branch_project_id"))

    op.drop_table("watched_branch")
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_receipt_project_id_iid_issued_at"))
        batch_op.drop_index(batch_op.f("ix_receipt_issued_at"))

    op.drop_table("receipt")
    op.drop_table("policy_source")
    op.drop_table("policy_snapshot")
    op.drop_table("package_licence")
    with op.batch_alter_table("merge_wish", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_merge_wish_project_id_state"))
        batch_op.drop_index(batch_op.f("ix_merge_wish_project_id_iid"))

    op.drop_table("merge_wish")
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incident_project_id_closed_at"))

    op.drop_table("incident")
    op.drop_table("exploit_source")
    op.drop_table("exploit_fact")
    op.drop_table("enforcement")
    op.drop_table("contributor")
    with op.batch_alter_table("commented_finding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commented_finding_finding_id"))
        batch_op.drop_index(batch_op.f("ix_commented_finding_at"))

    op.drop_table("commented_finding")
    op.drop_table("command")
    with op.batch_alter_table("clearance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clearance_project_id_patch_id"))
        batch_op.drop_index(batch_op.f("ix_clearance_project_id_iid"))
        batch_op.drop_index(batch_op.f("ix_clearance_project_id_head_sha"))

    op.drop_table("clearance")
