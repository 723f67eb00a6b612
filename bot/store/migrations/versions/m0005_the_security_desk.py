"""The security desk"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Who comes in, what waits for a decision, and what was done."""
    op.create_table(
        "audit_entry",
        sa.Column(
            "sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_action"), ["action"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_project_id"), ["project_id"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_check",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("broken", sa.Integer(), nullable=False),
        sa.Column("first_break", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_check")),
    )
    op.create_table(
        "exception_asker",
        sa.Column(
            "suppression_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("gitlab_user_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["suppression_id"],
            ["suppression.id"],
            name=op.f("fk_exception_asker_suppression_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("suppression_id", name=op.f("pk_exception_asker")),
    )
    _keep_the_log()

    op.create_table(
        "daily_count",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("critical", sa.Integer(), nullable=False),
        sa.Column("high", sa.Integer(), nullable=False),
        sa.Column("medium", sa.Integer(), nullable=False),
        sa.Column("low", sa.Integer(), nullable=False),
        sa.Column("info", sa.Integer(), nullable=False),
        sa.Column("undecided", sa.Integer(), nullable=False),
        sa.Column("overdue", sa.Integer(), nullable=False),
        sa.Column("due_soon", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("project_id", "day", name=op.f("pk_daily_count")),
    )
    with op.batch_alter_table("daily_count", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_daily_count_day"), ["day"], unique=False)

    op.create_table(
        "group_name",
        sa.Column("group_kind", sa.String(length=10), nullable=False),
        sa.Column("group_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", sa.Text(), nullable=False),
        sa.Column("second", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("group_kind", "group_key", name=op.f("pk_group_name")),
    )
    op.create_table(
        "group_tally",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("group_kind", sa.String(length=10), nullable=False),
        sa.Column("group_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("standing", sa.SmallInteger(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "project_id", "group_kind", "group_key", "standing", "severity", name=op.f("pk_group_tally")
        ),
    )
    with op.batch_alter_table("group_tally", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_group_tally_group_key_project_id"), ["group_key", "project_id"], unique=False
        )

    op.create_table(
        "idempotency",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency")),
    )
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_at"), ["at"], unique=False)

    op.create_table(
        "membership",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("access_level", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "user_id", name=op.f("pk_membership")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_user_id"), ["user_id"], unique=False)

    op.create_table(
        "membership_check",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_membership_check")),
    )
    with op.batch_alter_table("membership_check", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_check_checked_at"), ["checked_at"], unique=False)

    op.create_table(
        "outgoing_hook",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("projects", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_hook")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("gitlab_user_id", sa.BigInteger(), nullable=True),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visit_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_visit_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("key", name=op.f("uq_person_key")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_gitlab_user_id"), ["gitlab_user_id"], unique=False)

    op.create_table(
        "project_profile",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("exposure", sa.SmallInteger(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_project_profile")),
    )
    op.create_table(
        "project_sla",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("critical", sa.Integer(), nullable=False),
        sa.Column("high", sa.Integer(), nullable=False),
        sa.Column("medium", sa.Integer(), nullable=False),
        sa.Column("low", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_project_sla")),
    )
    op.create_table(
        "rule_use",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rule_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("false_positives", sa.Integer(), nullable=False),
        sa.Column("otherwise_dismissed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "rule_key", name=op.f("pk_rule_use")),
    )
    with op.batch_alter_table("rule_use", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rule_use_rule_key"), ["rule_key"], unique=False)

    _search_words()
    op.create_table(
        "tally",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("standing", sa.SmallInteger(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("confidence", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("whereabouts", sa.SmallInteger(), nullable=False),
        sa.Column("known_exploited", sa.Boolean(), nullable=False),
        sa.Column("fix_available", sa.Boolean(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "project_id",
            "standing",
            "severity",
            "confidence",
            "kind",
            "whereabouts",
            "known_exploited",
            "fix_available",
            name=op.f("pk_tally"),
        ),
    )
    op.create_table(
        "finding_note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("finding_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("issue_url", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding.id"], name=op.f("fk_finding_note_finding_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_note")),
    )
    with op.batch_alter_table("finding_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_note_finding_id"), ["finding_id"], unique=False)

    op.create_table(
        "outgoing_delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hook_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hook_id"], ["outgoing_hook.id"], name=op.f("fk_outgoing_delivery_hook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_delivery")),
    )
    with op.batch_alter_table("outgoing_delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outgoing_delivery_done_at_next_at"), ["done_at", "next_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_outgoing_delivery_hook_id"), ["hook_id"], unique=False)

    op.create_table(
        "role_grant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("target", sa.String(length=40), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_grant_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_grant_person_id"), ["person_id"], unique=False)

    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_view_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_saved_view_person_id"), ["person_id"], unique=False)

    op.create_table(
        "triage_item",
        sa.Column(
            "finding_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("standing", sa.SmallInteger(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("confidence", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("whereabouts", sa.SmallInteger(), nullable=False),
        sa.Column("rule_key", sa.BigInteger(), nullable=False),
        sa.Column("package_key", sa.BigInteger(), nullable=True),
        sa.Column("known_exploited", sa.Boolean(), nullable=False),
        sa.Column("epss", sa.Float(precision=53), nullable=True),
        sa.Column("fix_available", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("use", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding.id"], name=op.f("fk_triage_item_finding_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("finding_id", name=op.f("pk_triage_item")),
    )
    with op.batch_alter_table("triage_item", schema=None) as batch_op:
        batch_op.create_index("ix_triage_item_changes", ["changes_at"], unique=False)
        batch_op.create_index("ix_triage_item_epss", ["epss"], unique=False)
        batch_op.create_index(
            "ix_triage_item_of_package", ["package_key", "standing", "priority", "finding_id"], unique=False
        )
        batch_op.create_index(
            "ix_triage_item_of_person", ["assignee_id", "standing", "priority", "finding_id"], unique=False
        )
        batch_op.create_index(
            "ix_triage_item_of_project", ["project_id", "standing", "priority", "finding_id"], unique=False
        )
        batch_op.create_index(
            "ix_triage_item_of_rule", ["rule_key", "standing", "priority", "finding_id"], unique=False
        )
        batch_op.create_index(
            "ix_triage_item_order",
            [
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
            ],
            unique=False,
        )

    op.create_table(
        "web_session",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("family", sa.String(length=32), nullable=False),
        sa.Column("successor", sa.LargeBinary(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_web_session_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_web_session")),
    )
    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_web_session_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_web_session_family"), ["family"], unique=False)
        batch_op.create_index(batch_op.f("ix_web_session_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_web_session_successor"), ["successor"], unique=False)

    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.add_column(sa.Column("person_id", sa.BigInteger(), nullable=True))
        batch_op.create_index(batch_op.f("ix_api_token_person_id"), ["person_id"], unique=False)

    with op.batch_alter_table("group_tally", schema=None) as batch_op:
        batch_op.create_index(
            "ix_group_tally_of_kind",
            ["group_kind", "group_key", "project_id", "standing", "severity", "count"],
            unique=False,
        )

    with op.batch_alter_table("package_licence", schema=None) as batch_op:
        batch_op.create_index(
            "ix_package_licence_ecosystem_package_project_id", ["ecosystem", "package", "project_id"], unique=False
        )

    with op.batch_alter_table("triage_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("batch", sa.String(length=40), nullable=True))
        batch_op.create_index(batch_op.f("ix_triage_event_batch"), ["batch"], unique=False)


# Whoever may write to the table may still not change what it says. An owner of the database can drop a trigger: that is
# what the chain of digests is for.
_REFUSED = "the audit log is only ever added to"


def _keep_the_log() -> None:
    """Have the database refuse to change or delete entries of the audit log, and to turn its head back."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"""
            CREATE FUNCTION mergewarden_audit_refused() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
            END $$
            """
        )
        op.execute(
            "CREATE TRIGGER audit_entry_only_added BEFORE UPDATE OR DELETE ON audit_entry"
            " FOR EACH ROW EXECUTE FUNCTION mergewarden_audit_refused()"
        )
        op.execute(
            "CREATE TRIGGER audit_entry_not_emptied BEFORE TRUNCATE ON audit_entry"
            " FOR EACH STATEMENT EXECUTE FUNCTION mergewarden_audit_refused()"
        )
        op.execute(
            "CREATE TRIGGER audit_head_not_deleted BEFORE DELETE ON audit_head"
            " FOR EACH ROW EXECUTE FUNCTION mergewarden_audit_refused()"
        )
        op.execute(
            "CREATE TRIGGER audit_head_only_forward BEFORE UPDATE ON audit_head FOR EACH ROW"
            " WHEN (NEW.sequence < OLD.sequence) EXECUTE FUNCTION mergewarden_audit_refused()"
        )
        return
    for name, event, condition in (
        ("audit_entry_not_changed", "UPDATE ON audit_entry", ""),
        ("audit_entry_not_deleted", "DELETE ON audit_entry", ""),
        ("audit_head_not_deleted", "DELETE ON audit_head", ""),
        ("audit_head_only_forward", "UPDATE ON audit_head", "WHEN NEW.sequence < OLD.sequence "),
    ):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW {condition}BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        )


def _give_up_the_log() -> None:
    """Take the triggers away; SQLite drops them with their tables."""
    if op.get_bind().dialect.name == "postgresql":
        for name, owner in (
            ("audit_entry_only_added", "audit_entry"),
            ("audit_entry_not_emptied", "audit_entry"),
            ("audit_head_not_deleted", "audit_head"),
            ("audit_head_only_forward", "audit_head"),
        ):
            op.execute(f"DROP TRIGGER {name} ON {owner}")
        op.execute("DROP FUNCTION mergewarden_audit_refused()")
        return
    for name in (
        "audit_entry_not_changed",
        "audit_entry_not_deleted",
        "audit_head_not_deleted",
        "audit_head_only_forward",
    ):
        op.execute(f"DROP TRIGGER {name}")


def downgrade() -> None:
    """Take back."""
    _give_up_the_log()
    op.drop_table("exception_asker")
    op.drop_table("audit_check")
    with op.batch_alter_table("group_tally", schema=None) as batch_op:
        batch_op.drop_index("ix_group_tally_of_kind")

    with op.batch_alter_table("package_licence", schema=None) as batch_op:
        batch_op.drop_index("ix_package_licence_ecosystem_package_project_id")

    with op.batch_alter_table("triage_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_triage_event_batch"))
        batch_op.drop_column("batch")

    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_token_person_id"))
        batch_op.drop_column("person_id")

    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_web_session_successor"))
        batch_op.drop_index(batch_op.f("ix_web_session_person_id"))
        batch_op.drop_index(batch_op.f("ix_web_session_family"))
        batch_op.drop_index(batch_op.f("ix_web_session_expires_at"))

    op.drop_table("web_session")
    with op.batch_alter_table("triage_item", schema=None) as batch_op:
        batch_op.drop_index("ix_triage_item_order")
        batch_op.drop_index("ix_triage_item_of_rule")
        batch_op.drop_index("ix_triage_item_of_project")
        batch_op.drop_index("ix_triage_item_of_person")
        batch_op.drop_index("ix_triage_item_of_package")
        batch_op.drop_index("ix_triage_item_epss")
        batch_op.drop_index("ix_triage_item_changes")

    op.drop_table("triage_item")
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_saved_view_person_id"))

    op.drop_table("saved_view")
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_role_grant_person_id"))

    op.drop_table("role_grant")
    with op.batch_alter_table("outgoing_delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outgoing_delivery_hook_id"))
        batch_op.drop_index(batch_op.f("ix_outgoing_delivery_done_at_next_at"))

    op.drop_table("outgoing_delivery")
    with op.batch_alter_table("finding_note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_finding_note_finding_id"))

    op.drop_table("finding_note")
    op.drop_table("tally")
    op.execute("DROP TABLE finding_search")
    with op.batch_alter_table("rule_use", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rule_use_rule_key"))

    op.drop_table("rule_use")
    op.drop_table("project_sla")
    op.drop_table("project_profile")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_gitlab_user_id"))

    op.drop_table("person")
    op.drop_table("outgoing_hook")
    with op.batch_alter_table("membership_check", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_check_checked_at"))

    op.drop_table("membership_check")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_user_id"))

    op.drop_table("membership")
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_at"))

    op.drop_table("idempotency")
    with op.batch_alter_table("group_tally", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_group_tally_group_key_project_id"))

    op.drop_table("group_tally")
    op.drop_table("group_name")
    with op.batch_alter_table("daily_count", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_daily_count_day"))

    op.drop_table("daily_count")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_project_id"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_person_id"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_at"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_action"))

    op.drop_table("audit_entry")


def _search_words() -> None:
    """The words of findings, each database in its own way; written by ``bot.store.desk.word_search`` only."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TABLE finding_search (finding_id BIGINT PRIMARY KEY REFERENCES finding (id) ON DELETE CASCADE,"
            " words TSVECTOR NOT NULL)"
        )
        op.execute("CREATE INDEX ix_finding_search_words ON finding_search USING gin (words)")
    else:
        # Every word is of plain letters and digits already, and nobody asks for their order.
        op.execute(
            "CREATE VIRTUAL TABLE finding_search USING fts5"
            " (words, tokenize = 'ascii', detail = none, prefix = '2 3 4')"
        )
