"""
What outgoing webhooks say of each thing that happens: called where it is stored, in the same transaction.

Each function costs one statement while nobody listens. Messages hold numbers, words and titles; no code, no reason of a
scanner and nothing that a stranger's file says beyond a finding's title and place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.incident import Incident
from bot.domain.outgoing import LISTED, EventType
from bot.domain.suppression import Suppression
from bot.domain.triage import SYSTEM, TriageEvent
from bot.domain.verdict import GateDecision
from bot.store.outgoing import Event, announce_to, listening, suppression_data
from bot.store.statements import chunks, table
from bot.store.tables import FindingRecord

_FINDING = table(FindingRecord)
_DETAILS = ("kind", "severity", "confidence", "scanner", "rule_id", "title", "path", "start_line")


def findings_new(
    session: Session, project_id: int, ref: str, numbers: Sequence[int], values: Callable[[int], Mapping[str, Any]]
) -> None:
    """Findings that were not known came in; ``values`` gives the row of the one at a position."""
    hooks = listening(session, {EventType.FINDING_NEW})
    if not hooks:
        return
    rows = [{"id": number, **_plain(values(place))} for place, number in enumerate(numbers)]
    by_severity: dict[str, int] = {}
    for row in rows:
        by_severity[row["severity"]] = by_severity.get(row["severity"], 0) + 1
    order = ("critical", "high", "medium", "low", "info")
    rows.sort(key=lambda row: (order.index(row["severity"]), row["id"]))
    data = {"ref": ref, "count": len(rows), "by_severity": by_severity, "findings": rows[:LISTED]}
    announce_to(session, hooks, [Event(EventType.FINDING_NEW, project_id, data)])


def findings_decided(session: Session, events: Sequence[TriageEvent]) -> None:
    """People judged findings. What no person caused is not told."""
    told = [event for event in events if event.actor != SYSTEM]
    if not told:
        return
    hooks = listening(session, {EventType.FINDING_DECIDED})
    if not hooks:
        return
    owners: dict[int, int] = {}
    for chunk in chunks(sorted({event.finding_id for event in told})):
        rows = session.execute(select(_FINDING.c.id, _FINDING.c.project_id).where(_FINDING.c.id.in_(chunk)))
        owners |= {row.id: row.project_id for row in rows}
    announce_to(
        session,
        hooks,
        [
            Event(
                EventType.FINDING_DECIDED,
                owners[event.finding_id],
                {
                    "finding": event.finding_id,
                    "before": event.before.value,
                    "after": event.after.value,
                    "justification": event.justification.value if event.justification else None,
                    "reason": event.reason,
                    "by": event.actor,
                    "source": event.source,
                    "suppression": event.suppression_id,
                },
                event.at,
            )
            for event in told
            if event.finding_id in owners
        ],
    )


def suppression_made(session: Session, made: Suppression) -> None:
    """An exception was made; told where it waits for a second person."""
    if made.needs_approval and made.approved_at is None:
        _told(session, EventType.SUPPRESSION_REQUESTED, made.project_id, suppression_data(made))


def suppressions_made(session: Session, made: Sequence[Suppression]) -> None:
    """The same for many: one statement while nobody listens."""
    waiting = [one for one in made if one.needs_approval and one.approved_at is None]
    hooks = listening(session, {EventType.SUPPRESSION_REQUESTED}) if waiting else ()
    if hooks:
        events = [Event(EventType.SUPPRESSION_REQUESTED, one.project_id, suppression_data(one)) for one in waiting]
        announce_to(session, hooks, events)


def suppression_approved(session: Session, approved: Suppression) -> None:
    """A second person said yes."""
    _told(session, EventType.SUPPRESSION_APPROVED, approved.project_id, suppression_data(approved))


def gate_decided(session: Session, scan_id: str, project_id: int, iid: int, decision: GateDecision) -> None:
    """There is a verdict about a merge request."""
    data = {
        "scan": scan_id,
        "merge_request": iid,
        "outcome": decision.outcome.value,
        "tolerated": decision.tolerated,
        "violations": len(decision.violations),
        "reasons": sorted({reason.code.value for reason in decision.reasons}),
        "policy": decision.policy_digest,
    }
    _told(session, EventType.GATE_DECIDED, project_id, data)


def incident_opened(session: Session, number: int, incident: Incident) -> None:
    """Something happened around the gate."""
    data = {
        "incident": number,
        "kind": incident.kind.value,
        "severity": incident.severity.value,
        "subject": incident.subject,
        "merge_request": incident.merge_request_iid,
        "commit": incident.sha,
        "actor": incident.actor,
    }
    _told(session, EventType.INCIDENT_OPENED, incident.project_id, data)


def _told(session: Session, event: EventType, project_id: int | None, data: Mapping[str, Any]) -> None:
    if hooks := listening(session, {event}):
        announce_to(session, hooks, [Event(event, project_id, data)])


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(row[name], "value", row[name]) for name in _DETAILS}
