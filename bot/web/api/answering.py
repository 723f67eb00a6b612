"""
Whatever happens to a request, it is answered, and one line about it is logged; never its token.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from bot.texts import N_
from bot.web.api.problems import Problem, problem_of

Facts = dict[str, object]
"""What the one line says besides how it ended."""


async def answered(
    call: Callable[[], Awaitable[Response]],
    refusal: Callable[[Problem], Awaitable[Response]],
    tell: Callable[[Callable[..., Any], int, float], None],
    *,
    facts: Facts,
    log: Any,
    to_problem: Callable[[Exception], Problem | None] = problem_of,
) -> Response:
    """
    The response of ``call``, or else the refusal of what went wrong; a fault of ours says nothing of its cause.

    ``tell`` gets the log's method for the line, the status and the seconds it took, also where the request is broken
    off. What went wrong is added to ``facts`` before.
    """
    started, status = time.perf_counter(), 500
    try:
        response = await call()
        status = response.status_code
    except ClientDisconnect:
        status = 400
        facts["error"] = "the sender went away"
        response = Response(status_code=400)
    except Exception as error:
        problem = to_problem(error)
        if problem is None:
            log.exception("the request could not be answered", error_type=type(error).__name__)
            problem = Problem(500, N_("this is a fault of Mergewarden; its log says more"))
        status = problem.status
        facts["error"] = str(problem)
        if status == 503:
            facts["cause"] = f"{type(error).__name__}: {error}"
        response = await refusal(problem)
    finally:
        tell(log.info if status < 400 else log.warning, status, time.perf_counter() - started)
    return response


def leave_unread(response: Response, method: str) -> Response:
    """The refusal of a form or upload: its body may not have been read to its end, and nobody waits for the rest."""
    if method == "POST":
        response.headers["Connection"] = "close"
    return response
