"""
Findings as a stream: as many as the filter lets through, and a few hundred in memory at once.

Each portion is read in a transaction of its own, so that a slow reader keeps no transaction open; what changes while an
export runs may be in it as it was, as it is, or (when its priority changed) twice or not at all.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Query
from starlette.responses import StreamingResponse

from bot.domain.audit import Act, Action
from bot.domain.known import KnownFinding
from bot.domain.roles import Permission
from bot.domain.triage_filter import Filter
from bot.reports.exports.registry import exporter
from bot.reports.exports.subject import ExportSubject
from bot.reports.json_report import tool_version
from bot.store import audit, desk, findings
from bot.store.engine import session, write_session
from bot.web.api.desk_api import DeskApi
from bot.web.api.findings import filter_parameters, readable, wanted
from bot.web.api.guard import Caller, DeskRoute, needs

_BLOCK = 64 * 1024


class ExportFormat(Enum):
    """What findings can be taken away as."""

    NDJSON = "ndjson"
    CSV = "csv"
    SARIF = "sarif"


_KNOWN_AS = {ExportFormat.NDJSON: "jsonl", ExportFormat.CSV: "csv", ExportFormat.SARIF: "sarif"}
_MEDIA = {
    ExportFormat.NDJSON: "application/x-ndjson",
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.SARIF: "application/sarif+json",
}


def export_router(api: DeskApi) -> APIRouter:
    """The route."""
    router = APIRouter(route_class=DeskRoute, tags=["Findings"])
    store = api.services

    @router.get(
        "/findings/export",
        dependencies=[Depends(filter_parameters)],
        response_class=StreamingResponse,
        responses={
            200: {
                "description": "The findings",
                "content": {media: {"schema": {"type": "string"}} for media in _MEDIA.values()},
            }
        },
        **needs(Permission.EXPORT, counts_as="export"),
    )
    def export(caller: Caller, format: Annotated[ExportFormat, Query()] = ExportFormat.NDJSON) -> StreamingResponse:
        """Findings as a file, of the projects that one may take findings away from, with the list's filters."""
        chosen = wanted(api, caller)
        sees = readable(caller.principal, Permission.EXPORT)
        known = exporter(_KNOWN_AS[format])
        subject = ExportSubject("", "", caller.now, tool_version(), caller.language)
        with write_session(store.store) as writing:
            audit.append(
                writing,
                Act(
                    caller.principal.actor,
                    caller.principal.person_id,
                    Action.EXPORTED,
                    "findings",
                    details={"format": format.value, "filter": chosen.to_query(), "by": "api"},
                    address=caller.address,
                ),
            )

        def portions() -> Iterator[list[KnownFinding]]:
            return _portions(api, chosen, sees, caller)

        body = (
            _whole(known.write, subject, portions)
            if format is ExportFormat.SARIF
            else _piecewise(known.write, subject, portions)
        )
        name = f"findings-{caller.now:%Y%m%d}{known.suffix}"
        return StreamingResponse(
            body,
            media_type=_MEDIA[format],
            headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"},
        )

    return router


def _portions(
    api: DeskApi, chosen: Filter, sees: frozenset[int] | None, caller: Caller
) -> Iterator[list[KnownFinding]]:
    after = None
    while True:
        with session(api.services.store) as reading:
            page = desk.page(reading, chosen, sees, now=caller.now, after=after, limit=desk.LONGEST_PAGE)
            known = findings.by_numbers(reading, [item.finding_id for item in page.items])
        yield [known[item.finding_id] for item in page.items if item.finding_id in known]
        if page.next is None:
            return
        after = page.next


def _piecewise(
    write: Callable[..., int], subject: ExportSubject, portions: Callable[[], Iterator[list[KnownFinding]]]
) -> Iterator[bytes]:
    """Formats that are rows after a heading: each portion is written by itself, without the heading."""
    heading = _written(write, subject, [])
    yield heading
    for portion in portions():
        piece = _written(write, subject, portion).removeprefix(heading)
        if piece:
            yield piece


def _written(write: Callable[..., int], subject: ExportSubject, portion: list[KnownFinding]) -> bytes:
    stream = io.BytesIO()
    write(stream, subject, portion)
    return stream.getvalue()


def _whole(
    write: Callable[..., int], subject: ExportSubject, portions: Callable[[], Iterator[list[KnownFinding]]]
) -> Iterator[bytes]:
    """Formats that are one document: written to a file that is gone at the end, and sent from there."""
    with tempfile.TemporaryFile() as file:
        stream: BinaryIO = file
        write(stream, subject, (known for portion in portions() for known in portion))
        file.seek(0)
        while block := file.read(_BLOCK):
            yield block
