"""Incidents over the API: what happened around the gate, and taking it off the list."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from bot.domain.incident import IncidentKind, KnownIncident
from bot.domain.roles import Permission
from bot.store import incidents
from bot.store.engine import session
from bot.web.api.desk_api import DeskApi
from bot.web.api.guard import (
    CURSOR,
    LIMIT,
    Caller,
    DeskRoute,
    cursor_text,
    fields_parameter,
    needs,
    number_cursor,
)
from bot.web.api.models import MOST, In, Out, Page
from bot.web.entry import Visit, not_there
from scanners.finding import Severity

_Id = Annotated[int, Path(ge=1, le=MOST, description="The incident's number")]
_SELECTED = [Depends(fields_parameter)]


class IncidentOut(Out):
    """Something that happened around the gate and not through it."""

    id: int
    project: int
    kind: IncidentKind
    severity: Severity
    subject: str
    merge_request: int | None
    ref: str | None
    commit: str | None
    actor: str | None
    details: dict[str, str]
    first_at: datetime
    last_at: datetime
    count: int
    closed_at: datetime | None
    closed_by: str | None
    closed_reason: str | None

    @classmethod
    def of(cls, known: KnownIncident) -> IncidentOut:
        """From the store's."""
        incident = known.incident
        return cls(
            id=known.id,
            project=incident.project_id,
            kind=incident.kind,
            severity=incident.severity,
            subject=incident.subject,
            merge_request=incident.merge_request_iid,
            ref=incident.ref or None,
            commit=incident.sha,
            actor=incident.actor or None,
            details=dict(incident.details),
            first_at=known.first_at,
            last_at=known.last_at,
            count=known.count,
            closed_at=known.closed_at,
            closed_by=known.closed_by or None,
            closed_reason=known.closed_reason or None,
        )


class ClosingIn(In):
    """Why an incident is done with."""

    reason: str = Field(min_length=1, max_length=2_000)


def incidents_router(api: DeskApi) -> APIRouter:
    """The routes."""
    router = APIRouter(route_class=DeskRoute, tags=["Incidents"])
    store = api.services

    def found(caller: Visit, number: int) -> KnownIncident:
        """One that the caller sees. Raises ``Problem`` 404."""
        with session(store.store) as reading:
            known = incidents.get(reading, number)
        if known is None or not caller.principal.may(Permission.READ, known.incident.project_id):
            raise not_there()
        return known

    @router.get("/incidents", dependencies=_SELECTED, **needs(Permission.READ))
    def list_incidents(
        caller: Caller,
        project: Annotated[int | None, Query(ge=-MOST, le=MOST)] = None,
        closed: Annotated[bool, Query(description="Those as well that were closed")] = False,
        limit: LIMIT = 50,
        cursor: CURSOR = None,
    ) -> Page[IncidentOut]:
        """What somebody has to look at, the newest first."""
        before = number_cursor(cursor)
        with session(store.store) as reading:
            rows = incidents.page(
                reading,
                project_id=project,
                sees=caller.principal.sees,
                open_only=not closed,
                before=before,
                limit=limit + 1,
            )
        return Page(
            items=[IncidentOut.of(row) for row in rows[:limit]],
            next=cursor_text(rows[limit - 1].id) if len(rows) > limit else None,
        )

    @router.get("/incidents/{incident}", dependencies=_SELECTED, **needs(Permission.READ))
    def one_incident(caller: Caller, incident: _Id) -> IncidentOut:
        """One of them."""
        return IncidentOut.of(found(caller, incident))

    @router.post("/incidents/{incident}/closing", **needs(Permission.KEEP_PROJECT))
    def close_incident(caller: Caller, incident: _Id, said: ClosingIn) -> IncidentOut:
        """Take it off the list; it comes back should it happen again."""
        known = found(caller, incident)
        principal = caller.require(Permission.KEEP_PROJECT, known.incident.project_id)
        made = api.workflow.close_incident(principal, incident, reason=said.reason, address=caller.address)
        return IncidentOut.of(made)

    return router
