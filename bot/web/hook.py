"""
What the pre-receive hook asks: ``POST /hook/pre-receive`` about one push, ``GET /hook/clearances`` for its own list.

Here a question's signature is checked and its answer signed; what the answer is, the desk says.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import anyio.to_thread
import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from bot.domain.hook_wire import (
    LARGEST_BODY,
    MAX_AGE,
    Answer,
    Question,
    WrongQuestion,
    canonical,
    read_question,
    sign_answer,
    sign_list,
    sign_question,
)
from bot.errors import MergewardenError
from bot.store.engine import transient

ASK_PATH = "/hook/pre-receive"
LIST_PATH = "/hook/clearances"
TIME_HEADER = "X-Mergewarden-Time"
SIGNATURE_HEADER = "X-Mergewarden-Signature"

_READ_SECONDS = 15.0
_TIME = re.compile(r"[0-9]{1,12}")
_PROJECT = re.compile(r"[1-9][0-9]{0,17}")
_LONGEST_PATH = 1000

log = structlog.get_logger("mergewarden.hook")


class Desk(Protocol):
    """Who decides; ``bot.pipeline.hook_desk`` does."""

    def clearances(self, project_id: int, path: str, now: datetime) -> Answer:
        """The text of the hook's own list."""

    def judge(self, question: Question, now: datetime) -> Answer:
        """Whether branches may move like this."""

    def seen(self, project_id: int, now: datetime) -> None:
        """Note that the hook asked about a project."""


@dataclass(frozen=True, slots=True)
class HookDependencies:
    """What the routes need."""

    secret: SecretStr
    desk: Desk
    """Asked in threads."""
    clock: Callable[[], float] = time.time
    """Seconds since 1970."""


class _Refused(MergewardenError):
    """A request that gets an answer other than success."""

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.status = status


@dataclass(slots=True)
class _Call:
    """One request, as far as it is believed."""

    now: datetime
    body: bytes = b""
    signature: str = ""
    """The question's; empty until it was checked."""
    facts: dict[str, object] = field(default_factory=dict)
    project_id: int | None = None


_Handler = Callable[[_Call, Request], Mapping[str, Any]]


def add_hook(app: FastAPI, dependencies: HookDependencies) -> None:
    """Put the routes into the application."""
    counter = _Counter(dependencies)
    app.add_route(ASK_PATH, counter.guarded(counter.ask), methods=["POST"])
    app.add_route(LIST_PATH, counter.guarded(counter.list), methods=["GET"])


class _Counter:
    def __init__(self, dependencies: HookDependencies) -> None:
        self._desk = dependencies.desk
        self._secret = dependencies.secret.get_secret_value().encode()
        self._clock = dependencies.clock

    def ask(self, call: _Call, _request: Request) -> Mapping[str, Any]:
        """``POST /hook/pre-receive``."""
        return self._answered(call, self._desk.judge(read_question(call.body), call.now))

    def list(self, call: _Call, request: Request) -> Mapping[str, Any]:
        """``GET /hook/clearances?project=412&path=shop/backend``."""
        name, path = request.query_params.get("project", ""), request.query_params.get("path", "")
        if not _PROJECT.fullmatch(name) or len(path) > _LONGEST_PATH:
            raise _Refused(400, "the project is named by its number and its full path")
        document = self._answered(call, self._desk.clearances(int(name), path, call.now))
        return {**document, "signature": sign_list(self._secret, document["list"])}

    @staticmethod
    def _answered(call: _Call, answer: Answer) -> Mapping[str, Any]:
        call.facts |= answer.facts
        call.project_id = answer.project_id
        return answer.document

    # -- HTTP ---------------------------------------------------------------------------------------------------------

    def guarded(self, handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
        """Checks the signature, runs the handler in a thread, signs its answer, and logs one line."""

        async def handle(request: Request) -> Response:
            started, status = time.perf_counter(), 500
            document: Mapping[str, Any] = {}
            call = _Call(datetime.fromtimestamp(self._clock(), UTC))
            try:
                await self._believe(call, request)
                document = await anyio.to_thread.run_sync(handler, call, request)
                status = 200
            except ClientDisconnect:
                return Response(status_code=400)
            except Exception as error:
                status, document = _problem(error)
                call.facts["error"] = str(error)
            finally:
                seconds = round(time.perf_counter() - started, 4)
                level = log.info if status == 200 else log.warning
                level("hook asked", path=request.url.path, status=status, seconds=seconds, **call.facts)
            return self._response(call, status, document)

        return handle

    async def _believe(self, call: _Call, request: Request) -> None:
        """Read the request and check who sent it. Raises ``_Refused``."""
        stamp, given = request.headers.get(TIME_HEADER, ""), request.headers.get(SIGNATURE_HEADER, "")
        if not _TIME.fullmatch(stamp) or not given:
            # Before the body: a stranger shall not make us hold megabytes.
            raise _Refused(401, "the request is not signed", "Only Mergewarden's pre-receive hook asks here.")
        if abs(call.now.timestamp() - int(stamp)) > MAX_AGE:
            raise _Refused(401, "the request's time is too far from ours", "Compare the clocks of both hosts.")
        call.body = await _read(request)
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        expected = sign_question(self._secret, stamp, request.method, target, call.body)
        # Servers decode header values as Latin-1.
        if not hmac.compare_digest(given.encode("latin-1", "backslashreplace"), expected.encode()):
            raise _Refused(
                401, "the signature does not fit", "Give hook and bot the same secret (MERGEWARDEN_HOOK_SECRET)."
            )
        call.signature = expected

    def _response(self, call: _Call, status: int, document: Mapping[str, Any]) -> Response:
        body = canonical(document).encode()
        headers = {"Content-Type": "application/json"}
        if call.signature:
            headers[SIGNATURE_HEADER] = sign_answer(self._secret, call.signature, status, body)
        else:
            # The body may not have been read to its end, and nobody shall wait for the rest of it.
            headers["Connection"] = "close"
        task = None
        if status == 200 and call.project_id is not None:
            # After the answer: a busy database is no reason to keep a push waiting.
            task = BackgroundTask(self._desk.seen, call.project_id, call.now)
        return Response(body, status, headers, background=task)


async def _read(request: Request) -> bytes:
    too_large = _Refused(413, f"the body is larger than {LARGEST_BODY} bytes")
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and (len(stated) > 15 or int(stated) > LARGEST_BODY):
        raise too_large
    chunks, size = [], 0
    try:
        async with asyncio.timeout(_READ_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > LARGEST_BODY:
                    raise too_large
                chunks.append(chunk)
    except TimeoutError as error:
        raise _Refused(408, "the body did not arrive in time") from error
    return b"".join(chunks)


def _problem(error: Exception) -> tuple[int, dict[str, Any]]:
    if isinstance(error, _Refused):
        return error.status, {"error": str(error), "hint": error.hint}
    if isinstance(error, WrongQuestion):
        return 422, {"error": str(error), "hint": error.hint}
    if transient(error):
        return 503, {"error": "the database does not answer", "hint": ""}
    log.exception("the hook could not be answered", error_type=type(error).__name__)
    return 500, {"error": "this is a fault of Mergewarden; its log says more", "hint": ""}
