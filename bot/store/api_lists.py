"""
Lists that the API turns pages of, each read in the order of an index or a primary key: one statement a page.

``sees`` is ``Principal.sees``: projects by number, None for all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from bot.domain.priority import Exposure
from bot.domain.suppression import Scope, Standing, Suppression
from bot.domain.verdict import Effect, Outcome, Reason, ReasonCode, Violation
from bot.store.bulk import among
from bot.store.desk_tables import ProjectProfileRecord
from bot.store.heads import HeadState
from bot.store.statements import table
from bot.store.suppressions import suppression_of
from bot.store.tables import MergeRequestRecord, ProjectRecord, ReceiptRecord, ScanRecord, SuppressionRecord

_PROJECT = table(ProjectRecord)
_PROFILE = table(ProjectProfileRecord)
_HEAD = table(MergeRequestRecord)
_SCAN = table(ScanRecord)
_SUPPRESSION = table(SuppressionRecord)
_RECEIPT = table(ReceiptRecord)


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """A project with what people said about it."""

    id: int
    path: str
    web_url: str
    default_branch: str | None
    exposure: Exposure


def projects(
    session: Session,
    sees: Collection[int] | None,
    *,
    text: str = "",
    number: int | None = None,
    after: int | None = None,
    limit: int,
) -> tuple[ProjectLine, ...]:
    """Projects by number; ``text`` is a part of the path, upper and lower case alike."""
    query = (
        select(_PROJECT, _PROFILE.c.exposure)
        .outerjoin(_PROFILE, _PROFILE.c.project_id == _PROJECT.c.id)
        .order_by(_PROJECT.c.id)
        .limit(limit)
    )
    if sees is not None:
        query = query.where(among(session, _PROJECT.c.id, sees))
    if text:
        query = query.where(_PROJECT.c.path.icontains(text, autoescape=True))
    if number is not None:
        query = query.where(_PROJECT.c.id == number)
    if after is not None:
        query = query.where(_PROJECT.c.id > after)
    return tuple(
        ProjectLine(row.id, row.path, row.web_url, row.default_branch, row.exposure or Exposure.UNKNOWN)
        for row in session.execute(query)
    )


def suppressions(
    session: Session,
    sees: Collection[int] | None,
    *,
    now: datetime,
    standing: Standing | None = None,
    scope: Scope | None = None,
    project_id: int | None = None,
    before: int | None = None,
    limit: int,
) -> tuple[Suppression, ...]:
    """Exceptions, the newest first. Those for every project are for those who see all."""
    query = select(_SUPPRESSION).order_by(_SUPPRESSION.c.id.desc()).limit(limit)
    if sees is not None:
        query = query.where(among(session, _SUPPRESSION.c.project_id, sees))
    if project_id is not None:
        query = query.where(_SUPPRESSION.c.project_id == project_id)
    if scope is not None:
        query = query.where(_SUPPRESSION.c.scope == scope)
    if standing is not None:
        query = query.where(*_standing(standing, now))
    if before is not None:
        query = query.where(_SUPPRESSION.c.id < before)
    return tuple(suppression_of(row) for row in session.execute(query).mappings())


def _standing(standing: Standing, now: datetime) -> list[ColumnElement[bool]]:
    revoked, ended = _SUPPRESSION.c.revoked_at.is_not(None), _SUPPRESSION.c.expires_at <= now
    waits = and_(_SUPPRESSION.c.needs_approval, _SUPPRESSION.c.approved_at.is_(None))
    if standing is Standing.REVOKED:
        return [revoked]
    if standing is Standing.EXPIRED:
        return [~revoked, ended]
    return [~revoked, ~ended, waits if standing is Standing.WAITING else ~waits]


@dataclass(frozen=True, slots=True)
class MergeRequestLine:
    """A merge request, and what the gate said last."""

    project_id: int
    iid: int
    state: str
    target_branch: str | None
    head_sha: str | None
    scan_id: str | None
    outcome: Outcome | None
    tolerated: bool
    judged_at: datetime | None
    is_current: bool
    updated_at: datetime


def merge_requests(
    session: Session,
    project_id: int,
    *,
    state: HeadState | None = None,
    iid: int | None = None,
    before: int | None = None,
    limit: int,
) -> tuple[MergeRequestLine, ...]:
    """Merge requests of a project, the highest number first."""
    query = (
        select(
            _HEAD,
            _SCAN.c.outcome,
            _SCAN.c.tolerated,
            _SCAN.c.started_at,
            _SCAN.c.head_sha.label("judged_head"),
        )
        .outerjoin(_SCAN, _SCAN.c.id == _HEAD.c.last_scan_id)
        .where(_HEAD.c.project_id == project_id)
        .order_by(_HEAD.c.iid.desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(_HEAD.c.state == state.value)
    if iid is not None:
        query = query.where(_HEAD.c.iid == iid)
    if before is not None:
        query = query.where(_HEAD.c.iid < before)
    return tuple(
        MergeRequestLine(
            row.project_id,
            row.iid,
            row.state,
            row.target_branch,
            row.head_sha,
            row.last_scan_id,
            row.outcome,
            bool(row.tolerated),
            row.started_at,
            row.outcome is not None and row.judged_head == row.head_sha,
            row.updated_at,
        )
        for row in session.execute(query)
    )


@dataclass(frozen=True, slots=True)
class ScanRow:
    """A scan without its findings."""

    id: str
    project_id: int
    iid: int | None
    ref: str
    base_sha: str | None
    head_sha: str | None
    outcome: Outcome
    tolerated: bool
    policy_digest: str
    started_at: datetime
    seconds: float
    files_changed: int
    files_read: int
    error: str


_SCAN_COLUMNS = tuple(_SCAN.c[name] for name in ScanRow.__slots__)


def scans(
    session: Session,
    project_id: int,
    *,
    iid: int | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int,
) -> tuple[ScanRow, ...]:
    """Scans of a project, the newest first; of one merge request only where it is named."""
    query = (
        select(*_SCAN_COLUMNS)
        .where(_SCAN.c.project_id == project_id)
        .order_by(_SCAN.c.started_at.desc(), _SCAN.c.id.desc())
        .limit(limit)
    )
    if iid is not None:
        query = query.where(_SCAN.c.iid == iid)
    if after is not None:
        at, number = after
        query = query.where(or_(_SCAN.c.started_at < at, and_(_SCAN.c.started_at == at, _SCAN.c.id < number)))
    return tuple(ScanRow(*row) for row in session.execute(query))


def scan(session: Session, scan_id: str) -> tuple[ScanRow, tuple[Violation, ...], tuple[Reason, ...]] | None:
    """A scan with what its decision followed from; None for none."""
    row = session.execute(
        select(*_SCAN_COLUMNS, _SCAN.c.violations, _SCAN.c.reasons).where(_SCAN.c.id == scan_id)
    ).one_or_none()
    if row is None:
        return None
    *plain, violations, reasons = row
    return (
        ScanRow(*plain),
        tuple(Violation(mark, rule, Effect(effect)) for mark, rule, effect in violations),
        tuple(Reason(ReasonCode(code), subject, detail) for code, subject, detail in reasons),
    )


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A signed receipt, without what it says."""

    id: str
    iid: int | None
    scan_id: str
    issued_at: datetime


def receipts(
    session: Session, project_id: int, *, iid: int | None, after: tuple[datetime, str] | None = None, limit: int
) -> tuple[ReceiptLine, ...]:
    """Receipts of a merge request, the newest first."""
    columns = tuple(_RECEIPT.c[name] for name in ReceiptLine.__slots__)
    query = (
        select(*columns)
        .where(_RECEIPT.c.project_id == project_id, _RECEIPT.c.iid.is_not_distinct_from(iid))
        .order_by(_RECEIPT.c.issued_at.desc(), _RECEIPT.c.id.desc())
        .limit(limit)
    )
    if after is not None:
        at, number = after
        query = query.where(or_(_RECEIPT.c.issued_at < at, and_(_RECEIPT.c.issued_at == at, _RECEIPT.c.id < number)))
    return tuple(ReceiptLine(*row) for row in session.execute(query))


def project_paths(session: Session, numbers: Collection[int]) -> Mapping[int, str]:
    """Full paths of these projects; unknown ones are left out."""
    query: Any = select(_PROJECT.c.id, _PROJECT.c.path).where(among(session, _PROJECT.c.id, numbers))
    return {row.id: row.path for row in session.execute(query)}
