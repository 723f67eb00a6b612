"""
Refusals as problem details. https://www.rfc-editor.org/rfc/rfc9457

Besides the members of the RFC an answer may have ``hint`` (how to mend it) and ``field`` (the parameter that is wrong).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType

from starlette.responses import JSONResponse, Response

from bot.domain.intake import WrongIntake
from bot.domain.triage_filter import FilterError
from bot.domain.workflow import Fault, WorkflowError
from bot.errors import ConfigurationError, MergewardenError, Told, translated
from bot.store.engine import transient
from bot.store.projects import UnknownProject
from bot.texts import N_, Language, translations

CONTENT_TYPE = "application/problem+json"
RETRY_SECONDS = 30


class Problem(MergewardenError):
    """An answer other than success."""

    def __init__(
        self, status: int, detail: Told, hint: Told = "", *, field: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail, hint)
        self.status = status
        self.field = field
        self.headers = headers or {}
        self.errors: Sequence[Mapping[str, str]] = ()
        """Of input with several faults: where each is, and what is wrong."""


_STATUS_OF: Mapping[Fault, int] = MappingProxyType(
    {
        Fault.NOT_FOUND: 404,
        Fault.FORBIDDEN: 403,
        Fault.CONFLICT: 409,
        Fault.INVALID: 422,
        Fault.UNAVAILABLE: 502,
    }
)


def problem_of(error: Exception) -> Problem | None:
    """What went wrong as something to answer; None for a fault of ours, of which strangers learn nothing."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, WorkflowError):
        return Problem(_STATUS_OF[error.fault], error.told, error.told_hint)
    if isinstance(error, FilterError):
        return Problem(422, error.told, error.told_hint)
    if isinstance(error, WrongIntake):
        return Problem(400, error.told, error.told_hint, field=error.field)
    if isinstance(error, UnknownProject):
        return Problem(404, error.told, error.told_hint, field="project")
    if isinstance(error, ConfigurationError):
        return _unavailable(N_("the configuration of Mergewarden is wrong; its log says more"))
    if transient(error) or getattr(error, "retryable", False):
        return _unavailable(N_("something that is needed did not answer; nothing was stored"))
    if isinstance(error, OSError):
        return _unavailable(N_("the data directory cannot be used; the log of Mergewarden says more"))
    if isinstance(error, MergewardenError):
        return Problem(422, error.told, error.told_hint)
    return None


def _unavailable(detail: Told) -> Problem:
    return Problem(503, detail, N_("Try again a little later."), headers={"Retry-After": str(RETRY_SECONDS)})


def answer(problem: Problem, language: Language = Language.ENGLISH) -> Response:
    """The problem as a response. Programs are told in English; a person, what he chose."""
    look_up = translations(language).gettext
    hint = translated(problem.told_hint, look_up)
    document: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": translated(problem.told, look_up),
    }
    document |= {name: value for name, value in (("hint", hint), ("field", problem.field)) if value}
    if problem.errors:
        document["errors"] = [dict(one) for one in problem.errors]
    return JSONResponse(document, problem.status, problem.headers, media_type=CONTENT_TYPE)
