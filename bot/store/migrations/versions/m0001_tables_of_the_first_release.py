"""Tables of the first release"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "advisory",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn", sa.DateTime(timezone=True), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advisory")),
    )
    with op.batch_alter_table("advisory", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_advisory_modified"), ["modified"], unique=False)

    op.create_table(
        "advisory_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("total", sa.String(length=64), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advisory_state")),
    )
    op.create_table(
        "cached_result",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("last_used", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_cached_result")),
    )
    with op.batch_alter_table("cached_result", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cached_result_last_used_size"), ["last_used", "size"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=True),
        sa.Column("iid", sa.BigInteger(), nullable=True),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_delivery")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_received_at"), ["received_at"], unique=False)

    op.create_table(
        "executor",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_executor")),
    )
    with op.batch_alter_table("executor", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_executor_heartbeat_at"), ["heartbeat_at"], unique=False)

    op.create_table(
        "merge_request",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("iid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("workflow_id", sa.Text(), nullable=True),
        sa.Column("previous_workflow_id", sa.Text(), nullable=True),
        sa.Column("head_sha", sa.String(length=64), nullable=True),
        sa.Column("target_branch", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("last_scan_id", sa.String(length=200), nullable=True),
        sa.Column("scanned_head", sa.String(length=64), nullable=True),
        sa.Column("scanned_base", sa.String(length=64), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "iid", name=op.f("pk_merge_request")),
    )
    with op.batch_alter_table("merge_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_merge_request_head_sha"), ["head_sha"], unique=False)

    op.create_table(
        "project",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("web_url", sa.Text(), nullable=False),
        sa.Column("http_url", sa.Text(), nullable=False),
        sa.Column("default_branch", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
    )
    op.create_table(
        "scan",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("iid", sa.BigInteger(), nullable=True),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("project_url", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("base_sha", sa.String(length=64), nullable=True),
        sa.Column("head_sha", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("policy_digest", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Float(precision=53), nullable=False),
        sa.Column("files_changed", sa.BigInteger(), nullable=False),
        sa.Column("files_read", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("violations", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan")),
    )
    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_scan_project_id_iid_started_at"), ["project_id", "iid", "started_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_scan_started_at"), ["started_at"], unique=False)

    op.create_table(
        "take_over",
        sa.Column("job_id", sa.String(length=400), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_take_over")),
    )
    with op.batch_alter_table("take_over", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_take_over_last_at"), ["last_at"], unique=False)

    op.create_table(
        "advisory_alias",
        sa.Column("alias", sa.String(length=128), nullable=False),
        sa.Column("advisory_id", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["advisory_id"], ["advisory.id"], name=op.f("fk_advisory_alias_advisory_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alias", "advisory_id", name=op.f("pk_advisory_alias")),
    )
    with op.batch_alter_table("advisory_alias", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_advisory_alias_advisory_id"), ["advisory_id"], unique=False)

    op.create_table(
        "advisory_package",
        sa.Column("ecosystem", sa.String(length=200), nullable=False),
        sa.Column("package", sa.String(length=400), nullable=False),
        sa.Column("advisory_id", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["advisory_id"], ["advisory.id"], name=op.f("fk_advisory_package_advisory_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ecosystem", "package", "advisory_id", name=op.f("pk_advisory_package")),
    )
    with op.batch_alter_table("advisory_package", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_advisory_package_advisory_id"), ["advisory_id"], unique=False)

    op.create_table(
        "finding",
        sa.Column("scan_id", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("presence", sa.String(length=40), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=200), nullable=False),
        sa.Column("match_hash", sa.Text(), nullable=False),
        sa.Column("scanner", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("confidence", sa.SmallInteger(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("start_line", sa.BigInteger(), nullable=False),
        sa.Column("end_line", sa.BigInteger(), nullable=False),
        sa.Column("start_column", sa.BigInteger(), nullable=True),
        sa.Column("end_column", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("snippet", sa.Text(), nullable=False),
        sa.Column("remediation", sa.Text(), nullable=False),
        sa.Column("cwes", sa.Text(), nullable=False),
        sa.Column("owasp", sa.Text(), nullable=False),
        sa.Column("references", sa.Text(), nullable=False),
        sa.Column("attributions", sa.Text(), nullable=False),
        sa.Column("fix", sa.Text(), nullable=True),
        sa.Column("dependency", sa.Text(), nullable=True),
        sa.Column("previous", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_finding_scan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("scan_id", "position", name=op.f("pk_finding")),
    )
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_fingerprint"), ["fingerprint"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_scan_id_place"), ["scan_id", "place"], unique=False)
        batch_op.create_index("ix_finding_worst", ["severity", "confidence", "scan_id", "position"], unique=False)

    op.create_table(
        "scanner_run",
        sa.Column("scan_id", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scanner", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("cached_files", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(precision=53), nullable=False),
        sa.Column("rules_digest", sa.Text(), nullable=False),
        sa.Column("data_date", sa.Date(), nullable=True),
        sa.Column("gaps", sa.LargeBinary(), nullable=True),
        sa.Column("findings", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_scanner_run_scan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("scan_id", "position", name=op.f("pk_scanner_run")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("scanner_run")
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index("ix_finding_worst")
        batch_op.drop_index(batch_op.f("ix_finding_scan_id_place"))
        batch_op.drop_index(batch_op.f("ix_finding_fingerprint"))

    op.drop_table("finding")
    with op.batch_alter_table("advisory_package", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_advisory_package_advisory_id"))

    op.drop_table("advisory_package")
    with op.batch_alter_table("advisory_alias", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_advisory_alias_advisory_id"))

    op.drop_table("advisory_alias")
    with op.batch_alter_table("take_over", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_take_over_last_at"))

    op.drop_table("take_over")
    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_scan_started_at"))
        batch_op.drop_index(batch_op.f("ix_scan_project_id_iid_started_at"))

    op.drop_table("scan")
    op.drop_table("project")
    with op.batch_alter_table("merge_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_merge_request_head_sha"))

    op.drop_table("merge_request")
    with op.batch_alter_table("executor", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_executor_heartbeat_at"))

    op.drop_table("executor")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_received_at"))

    op.drop_table("delivery")
    with op.batch_alter_table("cached_result", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cached_result_last_used_size"))

    op.drop_table("cached_result")
    op.drop_table("advisory_state")
    with op.batch_alter_table("advisory", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_advisory_modified"))

    op.drop_table("advisory")
