"""
``/healthz``: the process answers. ``/readyz``: everything that a delivery needs is there, and if not, what is missing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.errors import Told, sentence
from bot.texts import N_

log = structlog.get_logger("mergewarden.health")

_CACHE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """One question about this installation."""

    name: str
    """For example ``store``."""
    check: Callable[[], Told | None]
    """
    Runs in a thread. Returns None when all is well, else one safe line for strangers: what is wrong and how to
    mend it. What it raises is logged, and shown without its text.
    """
    seconds: float = 3.0
    """How long it may take."""


class Readiness:
    """Asks all checks at once; keeps the answer for a second, so that a flood of questions costs nothing."""

    def __init__(self, checks: Sequence[ReadinessCheck], clock: Callable[[], float] = time.monotonic) -> None:
        self._checks = tuple(checks)
        self._clock = clock
        self._lock = asyncio.Lock()
        self._answer: tuple[float, dict[str, Told | None]] | None = None
        self._running: dict[str, asyncio.Task[Told | None]] = {}

    async def problems(self) -> dict[str, Told | None]:
        """By name of the check: None when it is well, else what is wrong."""
        async with self._lock:
            if self._answer is None or self._clock() - self._answer[0] > _CACHE_SECONDS:
                found = await asyncio.gather(*(self._ask(check) for check in self._checks))
                names = (check.name for check in self._checks)
                self._answer = (self._clock(), dict(zip(names, found, strict=True)))
            return self._answer[1]

    async def _ask(self, check: ReadinessCheck) -> Told | None:
        # A check that hangs keeps its thread. Asking again would use up all threads, so the old question is waited for.
        task = self._running.get(check.name)
        if task is None:
            task = self._running[check.name] = asyncio.create_task(asyncio.to_thread(check.check))
        done, _ = await asyncio.wait({task}, timeout=check.seconds)
        if not done:
            return f"no answer within {check.seconds:g} seconds"
        del self._running[check.name]
        try:
            return task.result()
        except Exception as error:
            log.warning("readiness check failed", check=check.name, exc_info=error)
            return failed_with(error)


def failed_with(error: Exception) -> Told:
    """What is said of a check that raised: what that says may hold anything."""
    return sentence(N_("failed with {kind}; the log says more"), kind=type(error).__name__)


async def healthz(_request: Request) -> Response:
    """200 for as long as the process can answer at all."""
    return JSONResponse({"status": "ok"})


def readyz_endpoint(readiness: Readiness) -> Callable[[Request], Awaitable[Response]]:
    """200 when every check is well, else 503; the JSON says which is not."""

    async def readyz(_request: Request) -> Response:
        problems = await readiness.problems()
        ready = not any(problems.values())
        checks = {
            name: {"ok": problem is None, "problem": None if problem is None else str(problem)}
            for name, problem in problems.items()
        }
        return JSONResponse({"ready": ready, "checks": checks}, status_code=200 if ready else 503)

    return readyz
