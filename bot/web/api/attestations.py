"""
Attestations over the API: what people say of what no data proves. Who may is decided by the pipeline, as on the pages.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Base64Bytes, Field
from starlette.responses import Response

from bot.domain.maturity.attestation import FILE_TYPES, LARGEST_FILE, Attestation, attachment
from bot.domain.roles import Permission
from bot.store.engine import session
from bot.store.maturity import attestations
from bot.web.api.desk_api import DeskApi
from bot.web.api.guard import CURSOR, LIMIT, Caller, cursor_text, fields_parameter, needs, number_cursor
from bot.web.api.models import SCOPE_WORDS, In, Moment, NumberInPath, Out, Page, ScopeText
from bot.web.entry import MAX_BODY
from bot.web.maturity_tools import MaturityTools
from bot.web.pages.attestations import acting, saved, told
from bot.web.pages.reports import scope_of, scope_word

_SELECTED = [Depends(fields_parameter)]


class AttestationOut(Out):
    """Somebody's word."""

    id: int
    model: str
    demand: str
    scope: str
    text: str
    file: str | None
    file_sha256: str | None
    made_by: str
    made_at: datetime
    expires_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None

    @classmethod
    def of(cls, one: Attestation) -> AttestationOut:
        """From the store's."""
        return cls(
            id=one.id,
            model=one.model_id,
            demand=one.demand_id,
            scope=scope_word(one.scope),
            text=one.text,
            file=one.file_name or None,
            file_sha256=one.file_digest or None,
            made_by=one.made_by,
            made_at=one.made_at,
            expires_at=one.expires_at,
            confirmed_by=one.confirmed_by or None,
            confirmed_at=one.confirmed_at,
            withdrawn_by=one.withdrawn_by or None,
            withdrawn_at=one.withdrawn_at,
        )


class FileIn(In):
    """A file: PDF, PNG, JPEG or plain text, at most 5 MB."""

    name: str = Field(min_length=1, max_length=1_000)
    content: Base64Bytes = Field(description="Base64")


class AttestationIn(In):
    """What somebody says."""

    model: str = Field(max_length=64)
    demand: str = Field(max_length=200)
    scope: ScopeText
    text: str = Field(min_length=1, max_length=4_000)
    expires_at: Moment | None = Field(default=None, description="As long as the model allows without it")
    file: FileIn | None = Field(default=None, description="What shows it")


class WithdrawalIn(In):
    """Why it does not hold any more."""

    reason: str = Field(default="", max_length=2_000)


def add_attestations(router: APIRouter, api: DeskApi, tools: MaturityTools) -> None:
    """Add the routes."""
    tags: list[Any] = ["Attestations"]

    store = api.services

    @router.get("/attestations", tags=tags, dependencies=_SELECTED, **needs(Permission.READ))
    def list_attestations(
        caller: Caller,
        scope: Annotated[str | None, Query(max_length=600, description=SCOPE_WORDS)] = None,
        waiting: Annotated[bool, Query(description="Only those that nobody has confirmed yet")] = False,
        limit: LIMIT = 50,
        cursor: CURSOR = None,
    ) -> Page[AttestationOut]:
        """What people said, the newest first."""
        before = number_cursor(cursor)
        wanted = scope_of(scope) if scope else None
        with session(store.store) as reading:
            rows = attestations.page(
                reading,
                scope=wanted,
                seen=attestations.seen_by(reading, caller.principal),
                waiting=waiting,
                now=caller.now,
                before=before,
                limit=limit + 1,
            )
        return Page(
            items=[AttestationOut.of(row) for row in rows[:limit]],
            next=cursor_text(rows[limit - 1].id) if len(rows) > limit else None,
        )

    @router.post(
        "/attestations",
        tags=tags,
        status_code=201,
        # What is handed in is kept for good.
        **needs(Permission.ATTEST, counts_as="export", largest_body=LARGEST_FILE * 4 // 3 + MAX_BODY),
    )
    def attest(caller: Caller, said: AttestationIn) -> AttestationOut:
        """Say that a demand is met. It is a person's word: a token has to belong to somebody."""
        scope = scope_of(said.scope)
        file = attachment(said.file.name, said.file.content) if said.file is not None else None
        principal = acting(store, caller, scope)
        made = tools.attest(principal, scope, said.model, said.demand, said.text, said.expires_at, file, caller.address)
        return AttestationOut.of(made)

    @router.get(
        "/attestations/{attestation}/file",
        tags=tags,
        response_class=Response,
        responses={200: {"description": "The file", "content": {kind: {} for kind in FILE_TYPES}}},
        **needs(Permission.READ),
    )
    def file_of(caller: Caller, attestation: NumberInPath) -> Response:
        """What was handed in with it."""
        return saved(store, told(store, caller, attestation))

    @router.post("/attestations/{attestation}/confirmation", tags=tags, **needs(Permission.ATTEST))
    def confirm(caller: Caller, attestation: NumberInPath) -> AttestationOut:
        """Say, as another person, that it is so."""
        known = told(store, caller, attestation)
        return AttestationOut.of(tools.confirm(acting(store, caller, known.scope), attestation, caller.address))

    @router.post("/attestations/{attestation}/withdrawal", tags=tags, **needs(Permission.ATTEST))
    def withdraw(caller: Caller, attestation: NumberInPath, said: WithdrawalIn) -> AttestationOut:
        """Take it back, one's own or somebody else's."""
        known = told(store, caller, attestation)
        own = known.made_by_id == caller.principal.person_id
        principal = acting(store, caller, known.scope, own=own)
        return AttestationOut.of(tools.withdraw(principal, attestation, said.reason, caller.address))
