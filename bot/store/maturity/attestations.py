"""
Attestations in the database: what people say of a demand, with a file, confirmed by a second person, for a time.

Who may, and what goes into the audit log, is decided in ``bot.pipeline.maturity.attesting``; who sees what, by
``seen_by``. What was said is never changed: a row is confirmed once, and taken back once.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, exists, func, insert, or_, select, true, update
from sqlalchemy.orm import Session

from bot.domain.maturity.attestation import Attachment, Attestation
from bot.domain.maturity.scope import Scope, ScopeKind
from bot.domain.roles import PERMISSIONS, Permission, Principal
from bot.store.bulk import among
from bot.store.maturity_tables import AttachmentRecord, AttestationRecord
from bot.store.statements import insert_into, table
from bot.store.tables import ProjectRecord

_ATTESTATION = table(AttestationRecord)
_ATTACHMENT = table(AttachmentRecord)
_PROJECT = table(ProjectRecord)
LONGEST_PAGE = 200


def add(session: Session, made: Attestation, attachment: Attachment | None = None) -> Attestation:
    """Store a new one (its ``id`` is not looked at) with its file; gives it back with its number. Two statements."""
    if attachment is not None:
        # Equal files are one row.
        row = {"digest": attachment.digest, "content": attachment.content}
        session.execute(insert_into(session, _ATTACHMENT).values(row).on_conflict_do_nothing())
    statement = insert(_ATTESTATION).values(_values(made)).returning(_ATTESTATION)
    return _attestation(session.execute(statement).one())


def seen_by(session: Session, principal: Principal) -> ColumnElement[bool]:
    """
    The condition that somebody may know of an attestation: for its page, its file and whatever is done with it.

    A project's is for whoever sees the project, a group's for whoever sees a project in it, which it answers for. The
    organisation's is for whoever sees everything, as is its rating, and for whoever may attest for it. One statement.
    """
    if principal.everything:
        return true()
    kind, scope, seen = _ATTESTATION.c.scope_kind, _ATTESTATION.c.scope, principal.project_roles
    groups: set[str] = set()
    for path in session.execute(select(_PROJECT.c.path).where(among(session, _PROJECT.c.id, seen))).scalars():
        parts = path.lower().split("/")
        groups.update("/".join(parts[:end]) for end in range(1, len(parts)))
    found = [
        and_(kind == ScopeKind.PROJECT, among(session, scope, [str(number) for number in seen])),
        and_(kind == ScopeKind.GROUP, among(session, func.lower(scope, type_=scope.type), groups)),
    ]
    if any(Permission.ATTEST_WIDELY in PERMISSIONS[role] for role in principal.instance_roles):
        found.append(kind == ScopeKind.ORGANISATION)
    return or_(*found)


def get(
    session: Session, number: int, *, seen: ColumnElement[bool] | None = None, for_update: bool = False
) -> Attestation | None:
    """
    One by its number. ``seen``: only where the reader may know of it, see ``seen_by``. ``for_update``: nobody else
    changes it until the transaction ends.
    """
    query = select(_ATTESTATION).where(_ATTESTATION.c.id == number)
    if seen is not None:
        query = query.where(seen)
    row = session.execute(query.with_for_update() if for_update else query).one_or_none()
    return None if row is None else _attestation(row)


def several(session: Session, numbers: Collection[int]) -> dict[int, Attestation]:
    """Those with these numbers that are still there. One statement."""
    query = select(_ATTESTATION).where(among(session, _ATTESTATION.c.id, numbers))
    return {row.id: _attestation(row) for row in session.execute(query)}


def confirm(session: Session, number: int, *, by: str, by_id: int | None, at: datetime) -> bool:
    """Note who confirmed it; whether nobody had, and nobody had taken it back."""
    return _changed(
        session,
        number,
        _ATTESTATION.c.confirmed_at.is_(None) & _ATTESTATION.c.withdrawn_at.is_(None),
        {"confirmed_by": by, "confirmed_by_id": by_id, "confirmed_at": at},
    )


def withdraw(session: Session, number: int, *, by: str, at: datetime) -> bool:
    """Note who took it back; whether nobody had."""
    return _changed(session, number, _ATTESTATION.c.withdrawn_at.is_(None), {"withdrawn_by": by, "withdrawn_at": at})


def holding(session: Session, at: datetime) -> tuple[Attestation, ...]:
    """All that were made by a moment and neither over nor taken back then, confirmed or not. One statement."""
    query = select(_ATTESTATION).where(*_at(at)).order_by(_ATTESTATION.c.id)
    return tuple(_attestation(row) for row in session.execute(query))


def for_demands(
    session: Session, model_id: str, scope: Scope, project_path: str, at: datetime, *, demands: Collection[str] = ()
) -> dict[str, tuple[Attestation, ...]]:
    """
    By demand, what holds at a moment for a project (with its full path), or for all of a group or the organisation:
    its own, and those that reach it from the groups above it and from the organisation. One statement.
    """
    query = select(_ATTESTATION).where(*_at(at), _ATTESTATION.c.model_id == model_id, reaches(scope, project_path))
    if demands:
        query = query.where(among(session, _ATTESTATION.c.demand_id, demands))
    found: dict[str, list[Attestation]] = {}
    for row in session.execute(query.order_by(_ATTESTATION.c.expires_at.desc(), _ATTESTATION.c.id.desc())):
        found.setdefault(row.demand_id, []).append(_attestation(row))
    return {demand: tuple(several) for demand, several in found.items()}


def page(
    session: Session,
    *,
    scope: Scope | None = None,
    seen: ColumnElement[bool] | None = None,
    waiting: bool = False,
    now: datetime,
    before: int | None = None,
    limit: int = 50,
) -> tuple[Attestation, ...]:
    """
    Part of the list, the newest first. One statement.

    ``scope``: only those for just this. ``seen``: only those that the reader may know of, see ``seen_by``. ``waiting``:
    only those that hold as soon as somebody confirms them. ``before``: the number of the last one seen.
    """
    query = select(_ATTESTATION).order_by(_ATTESTATION.c.id.desc()).limit(max(1, min(limit, LONGEST_PAGE)))
    if scope is not None:
        query = query.where(_ATTESTATION.c.scope_kind == scope.kind, _same_name(scope))
    if seen is not None:
        query = query.where(seen)
    if waiting:
        query = query.where(*_at(now), _ATTESTATION.c.confirmed_at.is_(None))
    if before is not None:
        query = query.where(_ATTESTATION.c.id < before)
    return tuple(_attestation(row) for row in session.execute(query))


def ending(session: Session, after: datetime, until: datetime) -> tuple[Attestation, ...]:
    """Those that end within a time and were not taken back, the first to end first. One statement."""
    query = select(_ATTESTATION).where(
        _ATTESTATION.c.expires_at > after, _ATTESTATION.c.expires_at <= until, _ATTESTATION.c.withdrawn_at.is_(None)
    )
    return tuple(_attestation(row) for row in session.execute(query.order_by(_ATTESTATION.c.expires_at)))


def room(session: Session, new: Attestation, since: datetime) -> tuple[int, int]:
    """
    What is there already where a new one is to be put: how many for its demand and scope that are neither over nor
    taken back, and the bytes of other files that came for its scope since a moment, equal ones once. One statement.
    """
    mine = (_ATTESTATION.c.scope_kind == new.scope.kind, _same_name(new.scope))
    standing = select(func.count()).where(
        *mine,
        *_at(new.made_at),
        _ATTESTATION.c.model_id == new.model_id,
        _ATTESTATION.c.demand_id == new.demand_id,
    )
    sent = select(_ATTESTATION.c.file_digest).where(*mine, _ATTESTATION.c.made_at >= since)
    kept = select(func.coalesce(func.sum(func.length(_ATTACHMENT.c.content)), 0)).where(
        _ATTACHMENT.c.digest.in_(sent), _ATTACHMENT.c.digest != new.file_digest
    )
    row = session.execute(select(standing.scalar_subquery(), kept.scalar_subquery())).one()
    return int(row[0]), int(row[1])


def content_of(session: Session, digest: str) -> bytes | None:
    """A file by its digest; None where there is none."""
    query = select(_ATTACHMENT.c.content).where(_ATTACHMENT.c.digest == digest)
    found = session.execute(query).scalar_one_or_none()
    return None if found is None else bytes(found)


def forget_project(session: Session, project_id: int) -> None:
    """Delete what was said of a project, and files that belong to nothing else any more. Two statements."""
    mine = (_ATTESTATION.c.scope_kind == ScopeKind.PROJECT, _ATTESTATION.c.scope == str(project_id))
    digests = set(session.execute(delete(_ATTESTATION).where(*mine).returning(_ATTESTATION.c.file_digest)).scalars())
    if digests - {""}:
        used = exists().where(_ATTESTATION.c.file_digest == _ATTACHMENT.c.digest)
        session.execute(delete(_ATTACHMENT).where(among(session, _ATTACHMENT.c.digest, digests), ~used))


def reaches(scope: Scope, project_path: str) -> ColumnElement[bool]:
    """The condition that an attestation covers all of a scope."""
    kind, name = _ATTESTATION.c.scope_kind, _ATTESTATION.c.scope
    found = [kind == ScopeKind.ORGANISATION]
    path = project_path if scope.kind is ScopeKind.PROJECT else f"{scope.key}/-" if scope.key else ""
    above = path.casefold().split("/")[:-1]
    names = ["/".join(above[: depth + 1]) for depth in range(len(above))]
    if names:
        found.append(and_(kind == ScopeKind.GROUP, func.lower(name).in_(names)))
    if scope.kind is ScopeKind.PROJECT:
        found.append(and_(kind == ScopeKind.PROJECT, name == scope.key))
    return or_(*found)


def _at(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        _ATTESTATION.c.made_at <= at,
        _ATTESTATION.c.expires_at > at,
        or_(_ATTESTATION.c.withdrawn_at.is_(None), _ATTESTATION.c.withdrawn_at > at),
    )


def _same_name(scope: Scope) -> ColumnElement[bool]:
    return func.lower(_ATTESTATION.c.scope) == scope.key.lower()


def _changed(session: Session, number: int, still: ColumnElement[bool], values: dict[str, Any]) -> bool:
    statement = update(_ATTESTATION).where(_ATTESTATION.c.id == number, still).values(values)
    return session.execute(statement.returning(_ATTESTATION.c.id)).one_or_none() is not None


def _values(made: Attestation) -> dict[str, Any]:
    return {
        "model_id": made.model_id,
        "demand_id": made.demand_id,
        "scope_kind": made.scope.kind,
        "scope": made.scope.key,
        "text": made.text,
        "file_name": made.file_name,
        "file_type": made.file_type,
        "file_digest": made.file_digest,
        "made_by": made.made_by,
        "made_by_id": made.made_by_id,
        "made_at": made.made_at,
        "expires_at": made.expires_at,
        "confirmed_by": made.confirmed_by,
        "confirmed_by_id": made.confirmed_by_id,
        "confirmed_at": made.confirmed_at,
        "withdrawn_by": made.withdrawn_by,
        "withdrawn_at": made.withdrawn_at,
    }


def _attestation(row: Row[Any]) -> Attestation:
    return Attestation(
        id=row.id,
        scope=Scope(row.scope_kind, row.scope),
        **{name: getattr(row, name) for name in _PLAIN},
    )


_PLAIN = (
    "model_id",
    "demand_id",
    "text",
    "file_name",
    "file_type",
    "file_digest",
    "made_by",
    "made_by_id",
    "made_at",
    "expires_at",
    "confirmed_by",
    "confirmed_by_id",
    "confirmed_at",
    "withdrawn_by",
    "withdrawn_at",
)
