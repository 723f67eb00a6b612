"""
``POST /webhooks/gitlab``: check, read, hand over, answer. Nothing is answered with success before it is stored.

The path is kept short on purpose: GitLab waits ten seconds at most, does not retry, and sends bursts.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from bot.domain.inbox import Delivery, Inbox
from bot.domain.job import ForgetProject
from bot.errors import MergewardenError
from bot.gitlab.dispatch import jobs_for
from bot.gitlab.events import EVENT_KINDS, Event, Ignored, MalformedEvent, content_key, parse_event
from bot.gitlab.signature import Unverified, Verified, expect_proof, verify
from bot.observability.metrics import Metrics
from bot.settings import WebhookAuthentication

# GitLab sends at most 25 MB. https://docs.gitlab.com/administration/instance_limits/#webhook-limits
LARGEST_BODY = 26 * 1024 * 1024
_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:+/=-]{1,72}")
_RETRY_AFTER_SECONDS = 30
_TEMPLATE_HINT = "A webhook for Mergewarden must not have a custom template."

log = structlog.get_logger("mergewarden.webhook")


class Result(Enum):
    """What became of a delivery, as the metrics count it."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    UNAUTHORIZED = "unauthorized"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    UNAVAILABLE = "unavailable"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class WebhookDependencies:
    """What the endpoint needs."""

    authentication: WebhookAuthentication
    inbox: Inbox
    metrics: Metrics
    bot_user_id: Callable[[], int | None] = lambda: None
    """The user of our token; asked per delivery, because it may be learnt after start-up."""
    status_name: str = "mergewarden"
    serves: Callable[[str], bool] = lambda _path: True
    """Whether a project, by its full path, is one of ours (``Settings.serves``)."""
    clock: Callable[[], float] = time.time
    """Seconds since 1970."""
    largest_body: int = LARGEST_BODY
    """Bytes."""
    read_seconds: float = 15.0
    """How long a sender may take for its body."""
    accept_seconds: float = 8.0
    """How long the inbox may take; GitLab gives up after ten."""


class _RefusedError(MergewardenError):
    """A delivery that gets an answer other than success."""

    def __init__(self, status: int, result: Result, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.status = status
        self.result = result


@dataclass(slots=True)
class _Outcome:
    """Filled in on the way, for the log line and the metrics."""

    kind: str = "unknown"
    result: Result = Result.ABORTED
    facts: dict[str, object] = field(default_factory=dict)


def webhook_endpoint(dependencies: WebhookDependencies) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint as a Starlette handler. Every delivery gets one log line with its id and the ids of its jobs."""

    async def receive(request: Request) -> Response:
        started = time.perf_counter()
        outcome = _Outcome()
        delivery_id = _delivery_id(request.headers)
        with structlog.contextvars.bound_contextvars(delivery_id=delivery_id):
            try:
                return await _receive(request, dependencies, delivery_id, outcome)
            except _RefusedError as refusal:
                outcome.result = refusal.result
                client = request.client.host if request.client else ""
                outcome.facts.update(error=str(refusal), status=refusal.status, client=client)
                return _refusal(refusal)
            except ClientDisconnect:
                return Response(status_code=400)
            finally:
                seconds = time.perf_counter() - started
                dependencies.metrics.webhook_seconds.observe(seconds)
                dependencies.metrics.deliveries.labels(outcome.kind, outcome.result.value).inc()
                level = log.info if outcome.result in _SUCCESSES else log.warning
                level(
                    "webhook delivery",
                    kind=outcome.kind,
                    result=outcome.result.value,
                    seconds=round(seconds, 4),
                    **outcome.facts,
                )

    return receive


_SUCCESSES = frozenset({Result.ACCEPTED, Result.DUPLICATE, Result.IGNORED})


async def _receive(
    request: Request, dependencies: WebhookDependencies, delivery_id: str, outcome: _Outcome
) -> Response:
    verified, raw = await _read_verified(request, dependencies)
    event = _event(raw)
    outcome.kind = EVENT_KINDS[type(event)]
    jobs = jobs_for(event, bot_user_id=dependencies.bot_user_id(), status_name=dependencies.status_name)
    path = None if isinstance(event, Ignored) else event.project.path
    if path is not None and not dependencies.serves(path):
        jobs = tuple(job for job in jobs if isinstance(job, ForgetProject))
        outcome.facts["reason"] = "not a project that is served"
    if not jobs:
        outcome.result = Result.IGNORED
        if isinstance(event, Ignored):
            outcome.facts["reason"] = event.reason
        return JSONResponse({"status": "ignored", "delivery": delivery_id})
    delivery = Delivery(
        key=_key(request.headers, verified, event),
        event_kind=outcome.kind,
        jobs=jobs,
        received_at=datetime.fromtimestamp(dependencies.clock(), UTC),
        delivery_id=delivery_id,
    )
    try:
        async with asyncio.timeout(dependencies.accept_seconds):
            accepted = await dependencies.inbox.accept(delivery)
    # Whatever goes wrong in there, the delivery is not stored, and GitLab has to hear that.
    except Exception as error:
        log.exception("the delivery could not be stored", error_type=type(error).__name__)
        raise _RefusedError(
            503,
            Result.UNAVAILABLE,
            "the delivery could not be stored",
            "Look at /readyz and the log of Mergewarden. Open merge requests are also found by polling.",
        ) from error
    outcome.facts.update(job_ids=list(accepted.job_ids), jobs=[job.kind for job in jobs], project_id=jobs[0].project_id)
    outcome.result = Result.DUPLICATE if accepted.duplicate else Result.ACCEPTED
    if accepted.duplicate:
        dependencies.metrics.duplicates.inc()
    return JSONResponse(
        {"status": outcome.result.value, "delivery": delivery_id, "jobs": list(accepted.job_ids)},
        status_code=200 if accepted.duplicate else 202,
    )


async def _read_verified(request: Request, dependencies: WebhookDependencies) -> tuple[Verified, bytes]:
    authentication = dependencies.authentication
    rules = {
        "secret": authentication.secret,
        "signing_token": authentication.signing_token,
        "require_signature": authentication.require_signature,
        "now": dependencies.clock(),
        "max_age": authentication.max_age_seconds,
    }
    try:
        expect_proof(request.headers, **rules)  # type: ignore[arg-type]
        raw = await _read(request, dependencies)
        return verify(request.headers, raw, **rules), raw  # type: ignore[arg-type]
    except Unverified as error:
        raise _RefusedError(401, Result.UNAUTHORIZED, str(error), error.hint) from error


async def _read(request: Request, dependencies: WebhookDependencies) -> bytes:
    limit = dependencies.largest_body
    problem = f"the body is larger than {limit} bytes"
    too_large = _RefusedError(413, Result.TOO_LARGE, problem, "GitLab sends 25 MB at most.")
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and (len(stated) > 15 or int(stated) > limit):
        raise too_large
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(dependencies.read_seconds):
            # The length that a sender states is a claim; what comes in is counted.
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise too_large
                chunks.append(chunk)
    except TimeoutError as error:
        seconds = f"{dependencies.read_seconds:g}"
        raise _RefusedError(408, Result.TIMED_OUT, f"the body did not arrive within {seconds} seconds") from error
    return b"".join(chunks)


def _event(raw: bytes) -> Event:
    try:
        return parse_event(json.loads(raw.decode("utf-8"), parse_constant=_no_constant))
    except MalformedEvent as error:
        problem = f"the event has not got the shape that GitLab gives it: {error}"
        raise _RefusedError(422, Result.MALFORMED, problem, _TEMPLATE_HINT) from error
    except RecursionError:
        # The cause is cut off: its traceback is as deep as the body.
        raise _not_json("the body is nested too deeply") from None
    except UnicodeDecodeError as error:
        raise _not_json(f"the body is not UTF-8: byte {error.start} cannot be read") from error
    except json.JSONDecodeError as error:
        problem = f"the body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        raise _not_json(problem) from error
    except ValueError as error:
        raise _not_json("the body is not JSON: it holds a number that cannot be read") from error


def _not_json(problem: str) -> _RefusedError:
    return _RefusedError(400, Result.MALFORMED, problem, _TEMPLATE_HINT)


def _no_constant(_name: str) -> float:
    raise ValueError("not a JSON number")


def _key(headers: Mapping[str, str], verified: Verified, event: Event) -> str:
    # Under a signature only webhook-id counts: whoever replays a signed body may choose the other header freely.
    identifier = verified.signed_id or headers.get("idempotency-key") or headers.get("webhook-id")
    if not identifier:
        return f"content:{content_key(event)}"
    if _IDENTIFIER.fullmatch(identifier):
        return f"id:{identifier}"
    return f"sha256:{hashlib.sha256(identifier.encode('utf-8', 'backslashreplace')).hexdigest()}"


def _delivery_id(headers: Mapping[str, str]) -> str:
    for name in ("idempotency-key", "webhook-id", "x-gitlab-event-uuid"):
        value = headers.get(name, "")
        if _IDENTIFIER.fullmatch(value):
            return value
    return str(uuid.uuid4())


def _refusal(refusal: _RefusedError) -> Response:
    headers = {"Retry-After": str(_RETRY_AFTER_SECONDS)} if refusal.status == 503 else {}
    if refusal.status in (401, 408, 413):
        # The body was not read to its end, and nobody shall keep a connection open by never sending the rest.
        headers["Connection"] = "close"
    return JSONResponse({"error": str(refusal), "hint": refusal.hint}, refusal.status, headers)
