"""Maturity and compliance"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. What is counted, what GitLab says, snapshots, attestations, reports."""
    op.create_table(
        "attachment",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_attachment")),
    )
    op.create_table(
        "attestation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("model_id", sa.String(length=100), nullable=False),
        sa.Column("demand_id", sa.String(length=100), nullable=False),
        sa.Column("scope_kind", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_type", sa.String(length=100), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("confirmed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attestation")),
    )
    with op.batch_alter_table("attestation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attestation_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_attestation_model_id_demand_id"), ["model_id", "demand_id"], unique=False)

    op.create_table(
        "code_size",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("commit_sha", sa.String(length=64), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("scannable_lines", sa.BigInteger(), nullable=False),
        sa.Column("read_lines", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_code_size")),
    )
    op.create_table(
        "collection",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "source", name=op.f("pk_collection")),
    )
    op.create_table(
        "maturity_model",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("model_id", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_maturity_model")),
    )
    op.create_table(
        "merge_fact",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("iid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("head_sha", sa.String(length=64), nullable=True),
        sa.Column("merge_sha", sa.String(length=64), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("covered_lines", sa.Integer(), nullable=True),
        sa.Column("coverable_lines", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("project_id", "iid", name=op.f("pk_merge_fact")),
    )
    with op.batch_alter_table("merge_fact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_merge_fact_merged_at"), ["merged_at"], unique=False)

    op.create_table(
        "pipeline_fact",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pipeline_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("successful", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("coverage", sa.Float(precision=53), nullable=True),
        sa.Column("jobs", sa.Integer(), nullable=False),
        sa.Column("jobs_ok", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "pipeline_id", name=op.f("pk_pipeline_fact")),
    )
    with op.batch_alter_table("pipeline_fact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pipeline_fact_finished_at"), ["finished_at"], unique=False)

    op.create_table(
        "project_day",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counters", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "day", name=op.f("pk_project_day")),
    )
    with op.batch_alter_table("project_day", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_day_day"), ["day"], unique=False)

    op.create_table(
        "release_fact",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cleared", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_release_fact")),
    )
    with op.batch_alter_table("release_fact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_release_fact_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_release_fact_released_at"), ["released_at"], unique=False)

    op.create_table(
        "snapshot_content",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_snapshot_content")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("target", sa.LargeBinary(), nullable=False),
        sa.Column("shown_target", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("scope_kind", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("periods", sa.Text(), nullable=False),
        sa.Column("formats", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("quiet_from", sa.SmallInteger(), nullable=True),
        sa.Column("quiet_until", sa.SmallInteger(), nullable=True),
        sa.Column("acknowledge", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )
    op.create_table(
        "snapshot",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scope_key", sa.String(length=64), nullable=False),
        sa.Column("scope_kind", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=True),
        sa.Column("period_kind", sa.String(length=40), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["content"], ["snapshot_content.digest"], name=op.f("fk_snapshot_content")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("digest", name=op.f("uq_snapshot_digest")),
        sa.UniqueConstraint(
            "scope_key",
            "period_kind",
            "first_day",
            "last_day",
            "revision",
            name=op.f("uq_snapshot_scope_key_period_kind_first_day_last_day_revision"),
        ),
    )
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_snapshot_content"), ["content"], unique=False)
        batch_op.create_index(batch_op.f("ix_snapshot_period_kind_last_day"), ["period_kind", "last_day"], unique=False)
        batch_op.create_index(batch_op.f("ix_snapshot_project_id"), ["project_id"], unique=False)

    op.create_table(
        "report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("scope_kind", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=True),
        sa.Column("period_kind", sa.String(length=40), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("snapshot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshot.id"], name=op.f("fk_report_snapshot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("key", name=op.f("uq_report_key")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_made_at"), ["made_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_period_kind_last_day"), ["period_kind", "last_day"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_snapshot_id"), ["snapshot_id"], unique=False)

    op.create_table(
        "snapshot_score",
        sa.Column(
            "snapshot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("model_id", sa.String(length=100), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=True),
        sa.Column("known", sa.SmallInteger(), nullable=False),
        sa.Column("practice", sa.SmallInteger(), nullable=True),
        sa.Column("outcome", sa.SmallInteger(), nullable=True),
        sa.Column("level", sa.SmallInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshot.id"], name=op.f("fk_snapshot_score_snapshot_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "model_id", name=op.f("pk_snapshot_score")),
    )
    op.create_table(
        "report_delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subscription_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by", sa.String(length=80), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("where", sa.Text(), nullable=False),
        sa.Column("acknowledgement", sa.String(length=64), nullable=False),
        sa.Column("acknowledged_by", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_report_delivery_report_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
            name=op.f("fk_report_delivery_subscription_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_delivery")),
        sa.UniqueConstraint("subscription_id", "report_id", name=op.f("uq_report_delivery_subscription_id_report_id")),
    )
    with op.batch_alter_table("report_delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_delivery_acknowledgement"), ["acknowledgement"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_delivery_done_at_next_at"), ["done_at", "next_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_delivery_report_id"), ["report_id"], unique=False)

    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.create_index("ix_finding_first_seen_at", ["first_seen_at"], unique=False)

    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.create_index(
            "ix_presence_gone_at",
            ["gone_at"],
            unique=False,
            postgresql_where=sa.text("gone_at IS NOT NULL"),
            sqlite_where=sa.text("gone_at IS NOT NULL"),
        )

    with op.batch_alter_table("triage_event", schema=None) as batch_op:
        batch_op.create_index("ix_triage_event_at", ["at"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("triage_event", schema=None) as batch_op:
        batch_op.drop_index("ix_triage_event_at")

    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_presence_gone_at",
            postgresql_where=sa.text("gone_at IS NOT NULL"),
            sqlite_where=sa.text("gone_at IS NOT NULL"),
        )

    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index("ix_finding_first_seen_at")

    with op.batch_alter_table("report_delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_delivery_report_id"))
        batch_op.drop_index(batch_op.f("ix_report_delivery_done_at_next_at"))
        batch_op.drop_index(batch_op.f("ix_report_delivery_acknowledgement"))

    op.drop_table("report_delivery")
    op.drop_table("snapshot_score")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_snapshot_id"))
        batch_op.drop_index(batch_op.f("ix_report_project_id"))
        batch_op.drop_index(batch_op.f("ix_report_period_kind_last_day"))
        batch_op.drop_index(batch_op.f("ix_report_made_at"))

    op.drop_table("report")
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_snapshot_project_id"))
        batch_op.drop_index(batch_op.f("ix_snapshot_period_kind_last_day"))
        batch_op.drop_index(batch_op.f("ix_snapshot_content"))

    op.drop_table("snapshot")
    op.drop_table("subscription")
    op.drop_table("snapshot_content")
    with op.batch_alter_table("release_fact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_release_fact_released_at"))
        batch_op.drop_index(batch_op.f("ix_release_fact_project_id"))

    op.drop_table("release_fact")
    with op.batch_alter_table("project_day", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_project_day_day"))

    op.drop_table("project_day")
    with op.batch_alter_table("pipeline_fact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pipeline_fact_finished_at"))

    op.drop_table("pipeline_fact")
    with op.batch_alter_table("merge_fact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_merge_fact_merged_at"))

    op.drop_table("merge_fact")
    op.drop_table("maturity_model")
    op.drop_table("collection")
    op.drop_table("code_size")
    with op.batch_alter_table("attestation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attestation_model_id_demand_id"))
        batch_op.drop_index(batch_op.f("ix_attestation_expires_at"))

    op.drop_table("attestation")
    op.drop_table("attachment")
