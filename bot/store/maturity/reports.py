"""
Compliance summaries as they were made. Rows are only added: who asks twice gets the same document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from bot.domain.maturity.period import Period, PeriodKind
from bot.domain.maturity.scope import Scope, ScopeKind
from bot.domain.maturity.summary import Summary, SummaryError, digest_of, from_json, to_json
from bot.store.bulk import among, bulk_insert
from bot.store.maturity import snapshots
from bot.store.maturity_tables import ReportMemberRecord, ReportRecord
from bot.store.projects import all_projects
from bot.store.statements import insert_into, table
from bot.texts import Language

_REPORT = table(ReportRecord)
_MEMBER = table(ReportMemberRecord)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report without its document."""

    id: int
    scope: Scope
    period: Period
    snapshot_id: int
    language: Language
    digest: str
    """Of the document."""
    made_by: str
    made_at: datetime
    """UTC."""


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report with its document."""

    row: ReportRow
    summary: Summary

    @property
    def id(self) -> int:
        """Our number."""
        return self.row.id


def report_key(scope: Scope, period: Period, snapshot_digest: str, language: Language) -> str:
    """SHA-256 (hex) of what makes it this report and no other. Upper and lower case of a group are alike."""
    parts = (
        scope.kind.value,
        scope.key.casefold(),
        period.kind.value,
        period.first.isoformat(),
        period.last.isoformat(),
        snapshot_digest,
        language.value,
    )
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def keep(session: Session, summary: Summary) -> StoredReport:
    """
    Write a summary down, or give back the one that was made of the same snapshot in the same language before.

    With one of a group, the projects that it tells of are written down. One statement, two where somebody was faster;
    four for a new one of a group.
    """
    document = to_json(summary)
    key = report_key(summary.scope, summary.period, summary.snapshot.digest, summary.language)
    statement = insert_into(session, _REPORT).values(
        key=key,
        scope_kind=summary.scope.kind,
        scope=summary.scope.key,
        project_id=summary.scope.project_id,
        period_kind=summary.period.kind,
        first_day=summary.period.first,
        last_day=summary.period.last,
        snapshot_id=summary.snapshot.id,
        language=summary.language.value,
        document=document,
        digest=digest_of(document),
        made_by=summary.made_by,
        made_at=summary.made_at,
    )
    made = session.execute(statement.on_conflict_do_nothing().returning(_REPORT)).one_or_none()
    if made is None:
        found = by_key(session, key)
        assert found is not None
        return found
    if summary.scope.kind is ScopeKind.GROUP:
        told_of = [{"report_id": made.id, "project_id": number} for number in sorted(_told_of(session, summary))]
        bulk_insert(session, _MEMBER, told_of)
    return StoredReport(_row(made), summary)


def members(session: Session, report_id: int) -> frozenset[int]:
    """
    The projects that a group's report tells of, whichever group they are in today; none for other reports.

    One statement.
    """
    found = session.execute(select(_MEMBER.c.project_id).where(_MEMBER.c.report_id == report_id))
    return frozenset(found.scalars())


def by_key(session: Session, key: str) -> StoredReport | None:
    """The one with this key, or None. One statement."""
    return _one(session, _REPORT.c.key == key)


def get(session: Session, report_id: int) -> StoredReport | None:
    """
    The one with this number, or None. One statement.

    Raises ``SummaryError`` for one whose document is not what its digest says: it is not shown.
    """
    return _one(session, _REPORT.c.id == report_id)


def page(
    session: Session,
    *,
    sees: Collection[int] | None = None,
    groups: Collection[str] = (),
    scope: Scope | None = None,
    kind: PeriodKind | None = None,
    before: int | None = None,
    limit: int = 50,
) -> tuple[ReportRow, ...]:
    """
    Part of the list, the newest first. One statement. ``before``: number of the last one seen.

    ``sees``: projects that the reader sees (None for all, and then groups and the organisation too). ``groups``: full
    paths of groups that he sees whole, upper and lower case alike. A group's report is listed to whoever moreover sees
    every project that it tells of: one that left the group stays in the documents of before.
    """
    query = select(*_BARE).order_by(_REPORT.c.id.desc()).limit(max(1, limit))
    if sees is not None:
        of_it = _MEMBER.c.report_id == _REPORT.c.id
        group = and_(
            _REPORT.c.scope_kind == ScopeKind.GROUP,
            among(session, func.lower(_REPORT.c.scope, type_=_REPORT.c.scope.type), [path.lower() for path in groups]),
            # One of which nobody knows what it tells of is for nobody.
            exists().where(of_it),
            ~exists().where(of_it, ~among(session, _MEMBER.c.project_id, sees)),
        )
        query = query.where(or_(among(session, _REPORT.c.project_id, sees), group))
    if scope is not None:
        query = query.where(_REPORT.c.scope_kind == scope.kind, func.lower(_REPORT.c.scope) == scope.key.lower())
    if kind is not None:
        query = query.where(_REPORT.c.period_kind == kind)
    if before is not None:
        query = query.where(_REPORT.c.id < before)
    return tuple(_row(row) for row in session.execute(query))


_BARE = tuple(column for column in _REPORT.c if column.name != "document")


def _told_of(session: Session, summary: Summary) -> set[int]:
    """Of a group: the projects of its snapshot, those of its document, and those in it now, whose lists it holds."""
    within = {one.id for one in all_projects(session) if summary.scope.covers(one.id, one.path)}
    content = snapshots.documents(session, [summary.snapshot.content]).get(summary.snapshot.content) or {}
    return within | {line.id for line in summary.projects.rows} | {one["id"] for one in content.get("projects", ())}


def _one(session: Session, condition: ColumnElement[bool]) -> StoredReport | None:
    row = session.execute(select(_REPORT).where(condition)).one_or_none()
    if row is None:
        return None
    if digest_of(row.document) != row.digest:
        raise SummaryError(
            f"report {row.id} was changed in the database: its document is not what its digest says",
            "Take it from a backup, or make it anew from its snapshot.",
        )
    return StoredReport(_row(row), from_json(row.document))


def _row(row: Any) -> ReportRow:
    return ReportRow(
        id=row.id,
        scope=Scope(row.scope_kind, row.scope),
        period=Period(row.period_kind, row.first_day, row.last_day),
        snapshot_id=row.snapshot_id,
        language=Language(row.language),
        digest=row.digest,
        made_by=row.made_by,
        made_at=row.made_at,
    )
