"""Members of reports"""

from __future__ import annotations

import json
import zlib
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Which projects a group's report tells of."""
    op.create_table(
        "report_member",
        sa.Column(
            "report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_report_member_report_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("report_id", "project_id", name=op.f("pk_report_member")),
    )
    _look_into_reports()


def _look_into_reports() -> None:
    """
    For reports from before: the projects of their document and of their snapshot, one report after the other in memory.

    One that cannot be read gets none, and is shown to those who see everything.
    """
    connection = op.get_bind()
    report = sa.table("report", *(sa.column(name) for name in ("id", "scope_kind", "document", "snapshot_id")))
    snapshot = sa.table("snapshot", sa.column("id"), sa.column("content"))
    content = sa.table("snapshot_content", sa.column("digest"), sa.column("document"))
    member = sa.table("report_member", sa.column("report_id"), sa.column("project_id"))
    of_groups = sa.select(report.c.id).where(report.c.scope_kind == "group").order_by(report.c.id)
    for number in connection.execute(of_groups).scalars().all():
        row = connection.execute(
            sa.select(report.c.document, content.c.document.label("content"))
            .join(snapshot, snapshot.c.id == report.c.snapshot_id)
            .join(content, content.c.digest == snapshot.c.content)
            .where(report.c.id == number)
        ).one()
        try:
            listed = _unpacked(row.document)["projects"]["rows"] + _unpacked(row.content).get("projects", [])
            told_of = {int(one["id"]) for one in listed}
        except (zlib.error, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
        if told_of:
            rows = [{"report_id": number, "project_id": project} for project in sorted(told_of)]
            connection.execute(sa.insert(member), rows)


def _unpacked(value: bytes) -> Any:
    return json.loads(zlib.decompress(bytes(value)).decode("utf-8", "surrogatepass"))


def downgrade() -> None:
    """Take back."""
    op.drop_table("report_member")
