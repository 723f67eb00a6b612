"""
What every call of the desk's API goes through, whatever it is about: who comes and whether he may, how often, whether
it was sent before, whether he has the answer already, and which fields he wants.

A route says what it needs with ``needs``; the class of all routes, ``DeskRoute``, sees to it before FastAPI reads the
input. So a stranger learns nothing from a message about his input, and no route can forget to ask.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, get_args, get_origin
from urllib.parse import urlencode

import anyio.to_thread
import structlog
from fastapi import Depends, Query
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.datastructures import FormData, Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from bot.domain.roles import Permission, Principal
from bot.errors import sentence
from bot.services import Services
from bot.store import idempotency
from bot.store.engine import write_session
from bot.texts import N_, Language
from bot.web.api.answering import answered
from bot.web.api.conditional import check_fields, with_document
from bot.web.api.problems import CONTENT_TYPE, Problem, answer, problem_of
from bot.web.api.rates import Limits, RateLimits
from bot.web.entry import (
    MAX_BODY,
    Entry,
    Visit,
    may_not,
    set_session,
)

log = structlog.get_logger("mergewarden.api")

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PERMISSION = "x-permission"
_COUNTS_AS = "x-rate-limit"
_LARGEST_BODY = "x-largest-body"
_SHOWN_ONCE = "x-shown-once"
_KEY_HEADER = "idempotency-key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_FIELDS = re.compile(r"[a-z_]{1,40}(?:,[a-z_]{1,40}){0,49}")
_KEPT_HEADERS = ("content-type", "location", "etag")
_WAIT_SECONDS = 2


def needs(
    permission: Permission | None,
    *,
    counts_as: str = "",
    shown_once: bool = False,
    largest_body: int = MAX_BODY,
    **more: Any,
) -> dict[str, Any]:
    """
    Arguments of a route: what the caller has to be allowed, in any project; None for everybody who is known.

    ``counts_as`` is ``export`` for what is expensive. ``shown_once``: the answer holds a secret, so it is not kept for
    a second request with the same idempotency key. ``largest_body`` is in bytes.
    """
    extra: dict[str, Any] = {_PERMISSION: permission.value if permission is not None else "none"}
    if counts_as:
        extra[_COUNTS_AS] = counts_as
    if shown_once:
        extra[_SHOWN_ONCE] = True
    if largest_body != MAX_BODY:
        extra[_LARGEST_BODY] = largest_body
    return {"openapi_extra": extra, **more}


# --- what a route can ask for -----------------------------------------------------------------------------------------


def _visit(request: Request) -> Visit:
    visit: Visit = request.state.visit
    return visit


Caller = Annotated[Visit, Depends(_visit)]
"""Who calls: the first parameter of every route."""


def fields_parameter(
    fields: Annotated[
        str | None,
        Query(
            pattern=f"^(?:{_FIELDS.pattern})$",
            max_length=1_000,
            description="Names of the fields to answer with, with commas between; all without it.",
            examples=["id,title"],
        ),
    ] = None,
) -> str | None:
    """Declares ``fields``; ``DeskRoute`` carries it out."""
    return fields


LIMIT = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
CURSOR = Annotated[
    str | None, Query(max_length=400, description="Where the page before ended: take it from `next` as it is.")
]


def cursor_text(place: object) -> str:
    """A place in a list as what callers hand back; not for them to read."""
    return base64.urlsafe_b64encode(str(place).encode()).rstrip(b"=").decode()


def cursor_of(text: str | None) -> str | None:
    """The inverse of ``cursor_text``; None for None. Raises ``Problem`` 422."""
    if text is None:
        return None
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError, UnicodeError):
        raise bad_cursor() from None


def number_cursor(text: str | None) -> int | None:
    """The same for lists whose place is a number."""
    place = cursor_of(text)
    if place is None:
        return None
    if not re.fullmatch("-?[0-9]{1,18}", place, re.ASCII):
        raise bad_cursor()
    return int(place)


def bad_cursor() -> Problem:
    """The answer to a cursor that none of our answers had."""
    return Problem(422, N_("the cursor is none of ours"), N_("Take it from `next` as it is."), field="cursor")


def expect_tag(headers: Headers, tag: str) -> None:
    """Raise ``Problem`` 412 when ``If-Match`` names another state than this."""
    given = headers.get("if-match", "")
    # Weak tags never match here: https://www.rfc-editor.org/rfc/rfc9110#name-if-match
    if given and given.strip() != "*" and tag not in [one.strip() for one in given.split(",")]:
        raise Problem(
            412, N_("it was changed since you read it"), N_("Read it again, and decide about what it is now.")
        )


# --- the route --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Gate:
    """What all routes share; ``app.state.gate`` of the API's application."""

    services: Services
    entry: Entry
    limits: RateLimits = field(default_factory=lambda: RateLimits(Limits()))


Original = Callable[[Request], Coroutine[Any, Any, Response]]


class DeskRoute(APIRoute):
    """A route of the desk's API."""

    def get_route_handler(self) -> Original:
        """FastAPI's handler with everything around it."""
        original = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await guarded_call(request, partial(self._call, original))

        return handler

    async def _call(self, original: Original, request: Request, facts: dict[str, object]) -> Response:
        gate: Gate = request.app.state.gate
        extra = self.openapi_extra or {}
        visitor = await gate.entry.caller(request, facts)
        request.state.told_in = visitor.language or Language.ENGLISH
        writes = request.method not in _SAFE
        if writes:
            gate.entry.check_call(request, visitor)
        left = gate.limits.take(extra.get(_COUNTS_AS) or ("write" if writes else "read"), who(visitor.principal))
        word = extra.get(_PERMISSION, "none")
        if word != "none" and not visitor.principal.may(Permission(word)):
            raise _with(may_not(Permission(word)), left)
        try:
            _check_address(request)
            request = await _read_whole(request, extra.get(_LARGEST_BODY, MAX_BODY)) if writes else request
            request.state.visit = gate.entry.visit(request, visitor, FormData(), writes=writes)
            if writes and _KEY_HEADER in request.headers:
                response = await self._once(gate, original, request, visitor.principal, bool(extra.get(_SHOWN_ONCE)))
            else:
                response = await self._answered(original, request)
        except Problem as problem:
            raise _with(problem, left) from problem
        response.headers.update(left)
        if visitor.cookie is not None:
            set_session(response, visitor.cookie)
        return response

    async def _answered(self, original: Original, request: Request) -> Response:
        wanted = request.query_params.get("fields") if request.method == "GET" else None
        response = await original(request)
        body = getattr(response, "body", None)
        if not isinstance(body, bytes) or response.headers.get("content-type") != "application/json":
            return response
        if response.status_code == 200 and request.method == "GET":
            document = json.loads(body)
            if isinstance(document, dict) and document.get("next"):
                document["next"] = _next_page(request, document["next"])
                response.headers["Link"] = f'<{document["next"]}>; rel="next"'
            if wanted:
                document = self._selected(document, wanted.split(","))
                del response.headers["etag"]
            return with_document(request, response, document)
        return response

    def _selected(self, document: Any, names: Sequence[str]) -> Any:
        known = _names_of(self.response_model)
        check_fields(names, known)
        if isinstance(document, dict) and isinstance(document.get("items"), list):
            return {**document, "items": [{n: item[n] for n in names} for item in document["items"]]}
        return {name: document[name] for name in names}

    async def _once(
        self, gate: Gate, original: Original, request: Request, principal: Principal, shown_once: bool
    ) -> Response:
        given = request.headers[_KEY_HEADER]
        if not _KEY.fullmatch(given):
            raise Problem(
                400, N_("an idempotency key has 1 to 255 printable ASCII characters"), field="Idempotency-Key"
            )
        key = _digest(who(principal), given)
        asked = _digest(request.method, request.url.path, request.url.query, await request.body())
        claim = partial(_claim, gate, key, asked)
        known = await anyio.to_thread.run_sync(claim)
        if known is not None:
            return _replayed(known, asked)
        kept = False
        try:
            response = await self._answered(original, request)
            body = getattr(response, "body", None)
            # A fault of ours, and what was only too early, may be sent again.
            if isinstance(body, bytes) and response.status_code < 500:
                headers = {n: response.headers[n] for n in _KEPT_HEADERS if n in response.headers}
                what = {"body": None if shown_once else body.decode(), "headers": headers}
                await anyio.to_thread.run_sync(partial(_finish, gate, key, response.status_code, what))
                kept = True
            return response
        except Exception as error:
            problem = as_problem(error)
            if problem is not None and problem.status < 500 and problem.status not in (409, 412):
                refusal = answer(problem, told_in(request))
                what = {"body": bytes(refusal.body).decode(), "headers": {"content-type": CONTENT_TYPE}}
                await anyio.to_thread.run_sync(partial(_finish, gate, key, problem.status, what))
                kept = True
            raise
        finally:
            if not kept:
                await anyio.to_thread.run_sync(partial(_release, gate, key))


async def guarded_call(request: Request, call: Callable[[Request, dict[str, object]], Awaitable[Response]]) -> Response:
    """Turns what goes wrong into an answer, and logs one line per request; never its token or key."""
    facts: dict[str, object] = {}

    async def refused(problem: Problem) -> Response:
        return answer(problem, told_in(request))

    def tell(level: Callable[..., Any], status: int, seconds: float) -> None:
        level("api request", method=request.method, status=status, seconds=round(seconds, 3), **facts)

    return await answered(lambda: call(request, facts), refused, tell, facts=facts, log=log, to_problem=as_problem)


def as_problem(error: Exception) -> Problem | None:
    """What went wrong as an answer; None for a fault of ours."""
    if isinstance(error, RequestValidationError):
        return _invalid(error.errors())
    if isinstance(error, HTTPException):
        return Problem(error.status_code, error.detail, headers=dict(error.headers or {}))
    return problem_of(error)


def told_in(request: Request | None) -> Language:
    """In which language a caller is told what was not possible: the one that he chose on the page, else English."""
    language: Language = (
        getattr(request.state, "told_in", Language.ENGLISH) if request is not None else Language.ENGLISH
    )
    return language


def who(principal: Principal) -> str:
    """Whose calls are counted together."""
    if principal.token_id is not None:
        return f"token {principal.token_id}"
    return f"person {principal.person_id}" if principal.person_id is not None else f"actor {principal.actor}"


# --- parts ------------------------------------------------------------------------------------------------------------


def _check_address(request: Request) -> None:
    """Raise ``Problem`` 422 for a NUL in the address: no name has one, and PostgreSQL takes none."""
    if "\x00" in request.scope["path"]:
        raise Problem(422, N_("the address has a NUL character"))
    for name, value in request.query_params.multi_items():
        if "\x00" in value or "\x00" in name:
            raise Problem(422, N_("the parameter has a NUL character"), field=name.replace("\x00", "?")[:100])


async def _read_whole(request: Request, most: int) -> Request:
    """The same request with its body in memory. Raises ``Problem`` 413 for one that is too large."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise Problem(413, sentence(N_("the request is larger than {most} bytes"), most=most))
        chunks.append(chunk)
    message: Message = {"type": "http.request", "body": b"".join(chunks), "more_body": False}

    async def again() -> Message:
        return message

    return Request(request.scope, again)


def _with(problem: Problem, headers: Mapping[str, str]) -> Problem:
    problem.headers = {**headers, **problem.headers}
    return problem


def _invalid(errors: Iterable[Any]) -> Problem:
    found = []
    for error in list(errors)[:20]:
        place = [str(part) for part in error.get("loc", ())]
        found.append({"in": place[0] if place else "body", "name": ".".join(place[1:])[:200], "detail": error["msg"]})
    problem = Problem(
        422,
        N_("the request has 1 fault")
        if len(found) == 1
        else sentence(N_("the request has {count} faults"), count=len(found)),
        N_("See errors."),
    )
    problem.errors = found
    return problem


def _names_of(model: Any) -> frozenset[str]:
    if get_origin(model) is list:
        model = get_args(model)[0]
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return frozenset()
    if (items := model.model_fields.get("items")) is not None and get_args(items.annotation):
        return _names_of(get_args(items.annotation)[0])
    return frozenset(field.serialization_alias or name for name, field in model.model_fields.items())


def _next_page(request: Request, cursor: str) -> str:
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] != "cursor"]
    return f"{request.url.path}?{urlencode([*pairs, ('cursor', cursor)])}"


def _claim(gate: Gate, key: str, asked: str) -> idempotency.Kept | None:
    with write_session(gate.services.store) as writing:
        return idempotency.claim(writing, key, asked, gate.entry.clock())


def _finish(gate: Gate, key: str, status: int, what: Mapping[str, Any]) -> None:
    with write_session(gate.services.store) as writing:
        idempotency.finish(writing, key, status, what)


def _release(gate: Gate, key: str) -> None:
    with write_session(gate.services.store) as writing:
        idempotency.release(writing, key)


def _replayed(known: idempotency.Kept, asked: str) -> Response:
    if known.request != asked:
        raise Problem(
            422,
            N_("this idempotency key was used for another request"),
            N_("Take a new key for each request."),
            field="Idempotency-Key",
        )
    if known.status is None:
        raise Problem(
            409,
            N_("the first request with this idempotency key is under way"),
            N_("Ask again in a moment."),
            headers={"Retry-After": str(_WAIT_SECONDS)},
        )
    if known.answer["body"] is None:
        raise Problem(
            409,
            N_("the first request with this idempotency key was carried out, and its secret is not shown again"),
            N_("If it is lost, revoke what was made and make another one with a new key."),
        )
    headers = {**known.answer["headers"], "Idempotency-Replayed": "true"}
    return Response(known.answer["body"], known.status, headers)


def _digest(*parts: str | bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        whole.update(len(raw).to_bytes(8, "big") + raw)
    return whole.hexdigest()
