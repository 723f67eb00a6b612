"""Faults on order: the next matching requests are answered as told, or not at all."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tests.standin.model import Json


@dataclass(frozen=True)
class Response:
    """One canned answer. ``body`` may be JSON or text."""

    status: int
    body: Json | list[object] | str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """What happens instead of (or, with only ``delay``, before) the real answer."""

    response: Response | None = None
    delay: float = 0.0
    action: Literal["answer", "hang", "reset", "handle_then_reset"] = "answer"
    """``handle_then_reset`` does the work and then cuts the line: the caller cannot know that it happened."""


UNAUTHORIZED = Response(401, {"message": "401 Unauthorized"})
FORBIDDEN = Response(403, {"message": "403 Forbidden"})
INSUFFICIENT_SCOPE = Response(
    403,
    {
        "error": "insufficient_scope",
        "error_description": "The request requires higher privileges than provided by the access token.",
        "scope": "api",
    },
)
NOT_FOUND = Response(404, {"message": "404 Not Found"})
MOVED = Response(405, {"message": "Non GET methods are not allowed for moved projects"})
LOCKED = Response(409, {"message": "409 Conflict: Another update to this commit status is in progress"})
TOO_MANY_JOBS = Response(422, {"message": "The number of jobs has exceeded the limit"})
RATE_LIMITED_ENDPOINT = Response(
    429, {"message": {"error": "This endpoint has been requested too many times. Try again later."}}
)
SERVER_ERROR = Response(500, {"message": "500 Internal Server Error"})
BAD_GATEWAY = Response(
    502,
    "<!DOCTYPE html><html><head><title>502</title></head><body><h1>GitLab is not responding</h1></body></html>",
    {"content-type": "text/html"},
)


def rate_limited(retry_after: int | str | None = 30) -> Response:
    """Rack::Attack's answer: plain text, with its headers."""
    headers = {"content-type": "text/plain", "RateLimit-Limit": "60", "RateLimit-Remaining": "0"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Response(429, "Retry later\n", headers)


@dataclass
class _Rule:
    method: str
    path: re.Pattern[str]
    faults: list[Fault]
    when: Callable[[Json], bool] | None


class Faults:
    """The faults that are still to come. Thread-safe."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def add(
        self,
        method: str,
        path: str,
        *responses: Response | Fault,
        status: int | None = None,
        body: Json | str = "",
        headers: dict[str, str] | None = None,
        delay: float = 0.0,
        action: Literal["answer", "hang", "reset", "handle_then_reset"] = "answer",
        times: int = 1,
        when: Callable[[Json], bool] | None = None,
    ) -> None:
        """
        Answer the next requests of ``method`` (``*`` for any) whose path matches the regular expression ``path``.

        Give ``responses`` to be used one after the other, or ``status``/``body``/``headers``, or an ``action``; the
        whole list is used ``times`` times. ``when`` looks at the request's JSON.
        """
        chosen: Sequence[Response | Fault] = responses
        if not chosen:
            chosen = [Fault(Response(status, body, headers or {}) if status else None, delay, action)]
        faults = [f if isinstance(f, Fault) else Fault(f, delay) for f in chosen] * times
        with self._lock:
            self._rules.append(_Rule(method.upper(), re.compile(path), faults, when))

    def take(self, method: str, path: str, params: Json) -> Fault | None:
        with self._lock:
            for rule in self._rules:
                if not rule.faults or rule.method not in ("*", method) or not rule.path.search(path):
                    continue
                if rule.when is not None and not rule.when(params):
                    continue
                return rule.faults.pop(0)
        return None

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    @property
    def left(self) -> int:
        with self._lock:
            return sum(len(r.faults) for r in self._rules)
