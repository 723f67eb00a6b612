"""
How strongly each project's gate was enforced when somebody last looked.

``facts`` is a JSON object with parts that different steps fill: ``protected_branches`` and what belongs to it by the
check of the project, ``licence`` by whoever asks for what a licence adds. A part is replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, delete, select, update
from sqlalchemy.orm import Session

from bot.domain.enforcement import Enforcement, Level, Limit, Missing
from bot.store.statements import insert_into, table
from bot.store.tables import EnforcementRecord

_ENFORCEMENT = table(EnforcementRecord)


@dataclass(frozen=True, slots=True)
class StoredEnforcement:
    """What we know of a project without asking GitLab."""

    project_id: int
    enforcement: Enforcement
    facts: Mapping[str, Any]
    hook_seen_at: datetime | None
    checked_at: datetime | None
    """None where only the hook was heard of: nobody has looked at the project yet."""

    @property
    def level(self) -> Level:
        """The level in force."""
        return self.enforcement.level

    @property
    def protected_names(self) -> tuple[str, ...] | None:
        """Names and patterns (with ``*``) of the protected branches; None where nobody knows."""
        names = self.facts.get("protected_names")
        return tuple(str(name) for name in names) if isinstance(names, list) else None


def stored(session: Session, project_id: int) -> StoredEnforcement | None:
    """What was last seen, or None for a project that nobody has looked at and no hook has asked about."""
    row = session.execute(select(_ENFORCEMENT).where(_ENFORCEMENT.c.project_id == project_id)).one_or_none()
    return None if row is None else _stored(row)


def every(session: Session) -> tuple[StoredEnforcement, ...]:
    """That of every project, by number."""
    return tuple(_stored(row) for row in session.execute(select(_ENFORCEMENT).order_by(_ENFORCEMENT.c.project_id)))


def record(
    session: Session, project_id: int, enforcement: Enforcement, facts: Mapping[str, Any], at: datetime
) -> StoredEnforcement | None:
    """Write down what was seen, and return what stood there before. Other parts of the facts stay."""
    before = _locked(session, project_id)
    kept = dict(before.facts) if before is not None else {}
    values = {
        "level": int(enforcement.level),
        "facts": {**kept, **facts, "limits": [limit.value for limit in enforcement.limits]},
        "missing": [one.to_json() for one in enforcement.missing],
        "checked_at": at,
    }
    session.execute(update(_ENFORCEMENT).where(_ENFORCEMENT.c.project_id == project_id).values(**values))
    return before


def remember(session: Session, project_id: int, part: str, value: Mapping[str, Any]) -> None:
    """Replace one part of the facts."""
    before = _locked(session, project_id)
    facts = {**(before.facts if before is not None else {}), part: dict(value)}
    session.execute(update(_ENFORCEMENT).where(_ENFORCEMENT.c.project_id == project_id).values(facts=facts))


def hook_seen(session: Session, project_id: int, at: datetime) -> None:
    """Note that the pre-receive hook asked about a project; an older moment than the known one changes nothing."""
    statement = insert_into(session, _ENFORCEMENT).values(
        project_id=project_id, level=0, facts={}, missing=[], hook_seen_at=at
    )
    known = _ENFORCEMENT.c.hook_seen_at
    newest = case((known > statement.excluded.hook_seen_at, known), else_=statement.excluded.hook_seen_at)
    session.execute(statement.on_conflict_do_update(index_elements=["project_id"], set_={"hook_seen_at": newest}))


def forget_project(session: Session, project_id: int) -> None:
    """Delete what is known of a project that is gone."""
    session.execute(delete(_ENFORCEMENT).where(_ENFORCEMENT.c.project_id == project_id))


def _locked(session: Session, project_id: int) -> StoredEnforcement | None:
    """The row, which now exists and nobody else writes until the end of the transaction; None when it is new."""
    statement = insert_into(session, _ENFORCEMENT).values(project_id=project_id, level=0, facts={}, missing=[])
    made = session.execute(statement.on_conflict_do_nothing().returning(_ENFORCEMENT.c.project_id)).one_or_none()
    if made is not None:
        return None
    row = session.execute(select(_ENFORCEMENT).where(_ENFORCEMENT.c.project_id == project_id).with_for_update()).one()
    return _stored(row)


def _stored(row: Row[Any]) -> StoredEnforcement:
    facts = row.facts if isinstance(row.facts, dict) else {}
    return StoredEnforcement(
        project_id=row.project_id,
        enforcement=Enforcement(
            Level(row.level), tuple(_missing(row.missing)), tuple(_limits(facts.get("limits", ())))
        ),
        facts=facts,
        hook_seen_at=row.hook_seen_at,
        checked_at=row.checked_at,
    )


def _missing(rows: Iterable[Mapping[str, Any]]) -> Iterable[Missing]:
    for row in rows:
        try:
            yield Missing.from_json(row)
        except (KeyError, ValueError):
            continue  # of another release, whose words we do not have


def _limits(words: Iterable[str]) -> Iterable[Limit]:
    known = {limit.value: limit for limit in Limit}
    return (known[word] for word in words if word in known)
