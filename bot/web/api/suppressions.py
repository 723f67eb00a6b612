"""Exceptions from the gate over the API: who made them, asked for, approved or ended."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from bot.domain.roles import Permission, Principal
from bot.domain.suppression import Scope, Standing, Suppression
from bot.store import api_lists, suppressions
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
from bot.web.api.models import MOST, Page, ReasonIn, SuppressIn, SuppressionOut
from bot.web.entry import Visit, not_there

_Id = Annotated[int, Path(ge=1, le=MOST, description="The exception's number")]
_SELECTED = [Depends(fields_parameter)]


def suppressions_router(api: DeskApi) -> APIRouter:
    """The routes."""
    router = APIRouter(route_class=DeskRoute, tags=["Exceptions"])
    store, workflow = api.services, api.workflow

    def found(caller: Visit, number: int) -> Suppression:
        with session(store.store) as reading:
            made = suppressions.get(reading, number)
        if made is None:
            raise not_there()
        principal = caller.principal
        seen = principal.everything if made.project_id is None else principal.may(Permission.READ, made.project_id)
        if not seen:
            raise not_there()
        return made

    def now_allowed(caller: Visit, number: int) -> Principal:
        made = found(caller, number)
        return caller.principal if made.project_id is None else caller.confirmed([made.project_id])

    @router.get("/suppressions", dependencies=_SELECTED, **needs(Permission.READ))
    def list_suppressions(
        caller: Caller,
        standing: Annotated[Standing | None, Query()] = None,
        scope: Annotated[Scope | None, Query()] = None,
        project: Annotated[int | None, Query(ge=-MOST, le=MOST)] = None,
        limit: LIMIT = 50,
        cursor: CURSOR = None,
    ) -> Page[SuppressionOut]:
        """Exceptions, the newest first; those for every project for those who see all."""
        before = number_cursor(cursor)
        with session(store.store) as reading:
            rows = api_lists.suppressions(
                reading,
                caller.principal.sees,
                now=caller.now,
                standing=standing,
                scope=scope,
                project_id=project,
                before=before,
                limit=limit + 1,
            )
        return Page(
            items=[SuppressionOut.of(made, caller.now) for made in rows[:limit]],
            next=cursor_text(rows[limit - 1].id) if len(rows) > limit else None,
        )

    @router.get("/suppressions/{suppression}", dependencies=_SELECTED, **needs(Permission.READ))
    def one_suppression(caller: Caller, suppression: _Id) -> SuppressionOut:
        """One exception."""
        return SuppressionOut.of(found(caller, suppression), caller.now)

    @router.post("/suppressions", status_code=201, **needs(Permission.SUPPRESS_WIDELY))
    def make(caller: Caller, asked: SuppressIn) -> SuppressionOut:
        """Make an exception for a rule or an advisory. One for a finding is made by dismissing it."""
        principal = caller.principal
        if asked.project is not None:
            principal = caller.require(Permission.SUPPRESS_WIDELY, asked.project)
        made = workflow.suppress(
            principal,
            project_id=asked.project,
            scanner=asked.scanner,
            rule_id=asked.rule,
            path=asked.path,
            advisory=asked.advisory,
            package=asked.package,
            justification=asked.justification,
            reason=asked.reason,
            expires_at=asked.expires_at,
            address=caller.address,
        )
        return SuppressionOut.of(made, caller.now)

    @router.post("/suppressions/{suppression}/approval", **needs(Permission.DECIDE))
    def approve(caller: Caller, suppression: _Id, said: ReasonIn) -> SuppressionOut:
        """A second person's word for it."""
        principal = now_allowed(caller, suppression)
        made = workflow.approve(principal, suppression, reason=said.reason, address=caller.address)
        return SuppressionOut.of(made, caller.now)

    @router.post("/suppressions/{suppression}/refusal", **needs(Permission.DECIDE))
    def refuse(caller: Caller, suppression: _Id, said: ReasonIn) -> SuppressionOut:
        """A second person's word against it."""
        principal = now_allowed(caller, suppression)
        made = workflow.refuse(principal, suppression, reason=said.reason, address=caller.address)
        return SuppressionOut.of(made, caller.now)

    @router.post("/suppressions/{suppression}/revocation", **needs(Permission.REQUEST))
    def revoke(caller: Caller, suppression: _Id, said: ReasonIn) -> SuppressionOut:
        """End it before its time."""
        principal = now_allowed(caller, suppression)
        made = workflow.revoke(principal, suppression, reason=said.reason, address=caller.address)
        return SuppressionOut.of(made, caller.now)

    return router
