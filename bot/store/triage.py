"""
What people judge about findings: every change is a row that stays, and the finding's row has the last of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from bot.domain.triage import TriageEvent
from bot.store import announcements
from bot.store.desk_touch import touch
from bot.store.statements import table
from bot.store.tables import FindingRecord, TriageEventRecord

_EVENT = table(TriageEventRecord)
_FINDING = table(FindingRecord)
_KEEP = (
    update(_FINDING)
    .where(_FINDING.c.id == bindparam("number"))
    .values(
        state=bindparam("new_state"),
        justification=bindparam("new_justification"),
        judged_reason=bindparam("new_reason"),
        judged_by=bindparam("new_actor"),
        judged_at=bindparam("new_moment"),
    )
)


def record(session: Session, event: TriageEvent) -> None:
    """Append one change and let the finding's row say the same."""
    record_many(session, [event])


def record_many(session: Session, events: Sequence[TriageEvent]) -> None:
    """
    Append changes in this order; three statements, however many they are. Of several about one finding the last holds.

    The finding must be there: a change of an unknown one raises ``IntegrityError``.
    """
    if not events:
        return
    connection = session.connection()
    connection.execute(insert(_EVENT), [_row(event) for event in events])
    last = {event.finding_id: event for event in events}
    # Sorted, so that two writers lock rows in one order.
    connection.execute(_KEEP, [_judgement(last[number]) for number in sorted(last)])
    touch(session, last)
    announcements.findings_decided(session, events)


def history(session: Session, finding_id: int) -> tuple[TriageEvent, ...]:
    """Everything that was said about a finding, the first first."""
    query = select(_EVENT).where(_EVENT.c.finding_id == finding_id).order_by(_EVENT.c.id)
    return tuple(_event(row) for row in session.execute(query).mappings())


def _row(event: TriageEvent) -> dict[str, Any]:
    return {
        "finding_id": event.finding_id,
        "at": event.at,
        "actor": event.actor,
        "before": event.before,
        "after": event.after,
        "justification": event.justification,
        "reason": event.reason,
        "source": event.source,
        "suppression_id": event.suppression_id,
        "batch": event.batch,
    }


def _judgement(event: TriageEvent) -> dict[str, Any]:
    return {
        "number": event.finding_id,
        "new_state": event.after,
        "new_justification": event.justification,
        "new_reason": event.reason,
        "new_actor": event.actor,
        "new_moment": event.at,
    }


def event_of(row: Mapping[Any, Any]) -> TriageEvent:
    """A whole row of ``TriageEventRecord`` as a value."""
    return _event(row)


def _event(row: Mapping[Any, Any]) -> TriageEvent:
    return TriageEvent(
        finding_id=row["finding_id"],
        at=row["at"],
        actor=row["actor"],
        before=row["before"],
        after=row["after"],
        justification=row["justification"],
        reason=row["reason"],
        source=row["source"],
        suppression_id=row["suppression_id"],
        batch=row["batch"],
    )
