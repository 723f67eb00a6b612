"""Maturity and compliance"""

from __future__ import annotations

import json
from datetime import UTC

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply. What is counted, what GitLab says, snapshots, attestations, reports."""
    op.create_table(
        "absence",
        sa.Column("ref_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column(
            "finding_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("back_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name=op.f("fk_absence_finding_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["ref_id"], ["tracked_ref.id"], name=op.f("fk_absence_ref_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("ref_id", "finding_id", "back_at", name=op.f("pk_absence")),
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_absence_back_at"), ["back_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_absence_finding_id"), ["finding_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_absence_gone_at"), ["gone_at"], unique=False)

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
        "late_day",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "day", name=op.f("pk_late_day")),
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
        batch_op.create_index(batch_op.f("ix_merge_fact_released_at"), ["released_at"], unique=False)

    op.create_table(
        "merged_lines",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("iid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("head_sha", sa.String(length=64), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("read_lines", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "iid", name=op.f("pk_merged_lines")),
    )

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
        sa.Column("stocks", sa.Text(), nullable=True),
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
        batch_op.create_index(
            "ix_finding_secret",
            ["id"],
            unique=False,
            postgresql_where=sa.text("kind = 'secret'"),
            sqlite_where=sa.text("kind = 'secret'"),
        )

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

    with op.batch_alter_table("stream", schema=None) as batch_op:
        batch_op.add_column(sa.Column("began", sa.Text(), nullable=True))

    _note_beginnings()
    _keep_snapshots()


def _note_beginnings() -> None:
    """
    For branches from before there was ``began``: whoever has spoken about one did so from the oldest scan on that is
    left, or from the last word on where there is none.
    """
    connection = op.get_bind()
    scan = sa.table("scan", sa.column("project_id"), sa.column("iid"), sa.column("ref"), sa.column("started_at", _TIME))
    ref = sa.table(
        "tracked_ref", sa.column("id"), sa.column("project_id"), sa.column("name"), sa.column("merge_request_iid")
    )
    stream = sa.table(
        "stream",
        *(sa.column(name) for name in ("id", "ref_id", "source", "looked_with", "began")),
        sa.column("seen_at", _TIME),
    )
    attribution = sa.table("attribution", sa.column("stream_id"), sa.column("scanner"))
    first = (
        sa.select(sa.func.min(scan.c.started_at, type_=_TIME))
        .where(scan.c.project_id == ref.c.project_id, scan.c.iid.is_(None), scan.c.ref == ref.c.name)
        .scalar_subquery()
    )
    of_branches = sa.select(stream.c.id).join(ref, ref.c.id == stream.c.ref_id).where(ref.c.merge_request_iid.is_(None))
    spoken: dict[int, set[str]] = {}
    words = sa.select(attribution.c.stream_id, attribution.c.scanner).where(attribution.c.stream_id.in_(of_branches))
    for number, scanner in connection.execute(words.distinct()):
        spoken.setdefault(number, set()).add(scanner)
    rows = []
    for row in connection.execute(
        sa.select(stream, first.label("first_at"))
        .join(ref, ref.c.id == stream.c.ref_id)
        .where(ref.c.merge_request_iid.is_(None))
    ):
        at = row.first_at if row.source == "scan" and row.first_at is not None else row.seen_at
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        names = {name for name, answer in json.loads(row.looked_with).items() if answer} | spoken.get(row.id, set())
        began = json.dumps(dict.fromkeys(sorted(names), at.isoformat()), ensure_ascii=False, separators=(",", ":"))
        rows.append({"number": row.id, "value": began})
    if rows:
        connection.execute(
            sa.update(stream).where(stream.c.id == sa.bindparam("number")).values(began=sa.bindparam("value")), rows
        )


# As with the audit log: whoever may write to the tables may still not change what was said. A project's own snapshots
# go when the project is gone; what they say stays, because those of its groups and the organisation name it.
# NOTE: SQLite reads triggers when a table is renamed. Whoever rebuilds "project" or "snapshot" in a later migration has
# to drop them before and make them again.
_REFUSED = "snapshots are only ever added to"
_GUARDED = (
    ("snapshot", "NOT EXISTS (SELECT 1 FROM project WHERE id = OLD.project_id) AND OLD.project_id IS NOT NULL"),
    ("snapshot_score", "NOT EXISTS (SELECT 1 FROM snapshot WHERE id = OLD.snapshot_id)"),
    ("snapshot_content", ""),
    ("maturity_model", ""),
)
"""Tables, and when one of their rows may be deleted; empty for never."""


def _keep_snapshots() -> None:
    """Have the database refuse to change snapshots, and to delete them."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"""
            CREATE FUNCTION mergewarden_snapshot_refused() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
            END $$
            """
        )
        for name, goes in _GUARDED:
            op.execute(
                f"CREATE TRIGGER {name}_not_changed BEFORE UPDATE ON {name}"
                " FOR EACH ROW EXECUTE FUNCTION mergewarden_snapshot_refused()"
            )
            op.execute(
                f"CREATE TRIGGER {name}_not_emptied BEFORE TRUNCATE ON {name}"
                " FOR EACH STATEMENT EXECUTE FUNCTION mergewarden_snapshot_refused()"
            )
            if goes:
                # A condition of a trigger itself cannot look into other tables there.
                op.execute(
                    f"""
                    CREATE FUNCTION mergewarden_{name}_stays() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN
                        IF {goes} THEN
                            RETURN OLD;
                        END IF;
                        RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
                    END $$
                    """
                )
            function = f"mergewarden_{name}_stays" if goes else "mergewarden_snapshot_refused"
            op.execute(
                f"CREATE TRIGGER {name}_not_deleted BEFORE DELETE ON {name} FOR EACH ROW EXECUTE FUNCTION {function}()"
            )
        return
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    for name, goes in _GUARDED:
        condition = f"WHEN NOT ({goes}) " if goes else ""
        op.execute(f"CREATE TRIGGER {name}_not_changed BEFORE UPDATE ON {name} FOR EACH ROW {refuse}")
        op.execute(f"CREATE TRIGGER {name}_not_deleted BEFORE DELETE ON {name} FOR EACH ROW {condition}{refuse}")


def _give_up_snapshots() -> None:
    """Take the guards away."""
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for name, goes in _GUARDED:
        for what in ("changed", "deleted", *(("emptied",) if on_postgresql else ())):
            op.execute(f"DROP TRIGGER {name}_not_{what}" + (f" ON {name}" if on_postgresql else ""))
        if goes and on_postgresql:
            op.execute(f"DROP FUNCTION mergewarden_{name}_stays()")
    if on_postgresql:
        op.execute("DROP FUNCTION mergewarden_snapshot_refused()")


def downgrade() -> None:
    """Take back."""
    _give_up_snapshots()
    with op.batch_alter_table("stream", schema=None) as batch_op:
        batch_op.drop_column("began")

    with op.batch_alter_table("triage_event", schema=None) as batch_op:
        batch_op.drop_index("ix_triage_event_at")

    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_presence_gone_at",
            postgresql_where=sa.text("gone_at IS NOT NULL"),
            sqlite_where=sa.text("gone_at IS NOT NULL"),
        )

    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_finding_secret",
            postgresql_where=sa.text("kind = 'secret'"),
            sqlite_where=sa.text("kind = 'secret'"),
        )
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
    op.drop_table("merged_lines")
    with op.batch_alter_table("merge_fact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_merge_fact_released_at"))
        batch_op.drop_index(batch_op.f("ix_merge_fact_merged_at"))

    op.drop_table("merge_fact")
    op.drop_table("maturity_model")
    op.drop_table("late_day")
    op.drop_table("collection")
    op.drop_table("code_size")
    with op.batch_alter_table("attestation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attestation_model_id_demand_id"))
        batch_op.drop_index(batch_op.f("ix_attestation_expires_at"))

    op.drop_table("attestation")
    op.drop_table("attachment")
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_absence_gone_at"))
        batch_op.drop_index(batch_op.f("ix_absence_finding_id"))
        batch_op.drop_index(batch_op.f("ix_absence_back_at"))

    op.drop_table("absence")
