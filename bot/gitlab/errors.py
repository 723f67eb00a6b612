"""
What GitLab can say instead of doing what it was asked, as exceptions with a sentence for people.

GitLab's error bodies come in five shapes: ``{"message": text}``, ``{"message": {field: [texts]}}``,
``{"message": {"error": text}}``, ``{"error": text}``, and plain text or a proxy's HTML page.
https://docs.gitlab.com/api/rest/#status-codes
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from bot.domain import failures
from bot.errors import MergewardenError

_LONGEST = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class GitLabError(MergewardenError):
    """
    Base of everything that a call to GitLab may raise.

    ``status`` is the HTTP status, None where there was no answer. ``retryable``: the same call may work later.
    """

    retryable = False

    def __init__(self, message: str, hint: str = "", *, status: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status


class Unauthorized(GitLabError):
    """
    401: the token is wrong, revoked or expired.

    NOTE: endpoints of a tier that the project has no licence for answer 401 as well, so one such answer alone does not
    prove a dead token.
    """


class Forbidden(GitLabError):
    """403: the token is good, but not for this. ``scope`` names the scope that is missing, where that is the reason."""

    def __init__(self, message: str, hint: str = "", *, status: int | None = None, scope: str = "") -> None:
        super().__init__(message, hint, status=status)
        self.scope = scope


class NotFound(GitLabError):
    """404: it is not there, or the bot must not know that it is."""


class Conflict(GitLabError):
    """409: something else is being done to the same thing, or it has moved on."""

    retryable = True


class Invalid(GitLabError):
    """
    400, 405, 422 and other refusals of what was sent.

    ``fields`` are the names that GitLab complains about, as far as they can be told.
    """

    def __init__(
        self, message: str, hint: str = "", *, status: int | None = None, fields: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(message, hint, status=status)
        self.fields = fields


class RateLimited(GitLabError):
    """429. ``retry_after`` is in seconds, exactly as GitLab said it (it may be huge); None where it said nothing."""

    retryable = True

    def __init__(
        self, message: str, hint: str = "", *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint, status=status)
        self.retry_after = retry_after


class Unavailable(GitLabError):
    """No usable answer: 5xx, a proxy's page, a timeout, a cut connection, or JSON that means nothing to us."""

    retryable = True


class ArtifactTooLarge(GitLabError):
    """A file is larger than we take. Nothing of it may be used."""


class TextExecuted(GitLabError):
    """202 to a note: GitLab took our text for quick actions, ran them, and kept no note."""


_HINTS: Mapping[int, str] = {
    401: "Check the access token: it may be wrong, revoked or expired.",
    403: "The bot needs the role Developer in the project, and a token with the scope api.",
    404: "Check that the project exists and that the bot is a member of it.",
    405: "The project may have been moved or renamed, or the request is not possible in its present state.",
    429: "Raise the rate limit for the bot's user, or scan less at once.",
}


def error_from(
    call: str, status: int, body: bytes, headers: Mapping[str, str], *, secrets: tuple[str, ...] = ()
) -> GitLabError:
    """
    The exception for an answer that is not a success. ``call`` names what was asked, for example ``POST /notes``.

    ``secrets`` are taken out of the text, should GitLab or a proxy repeat them.
    """
    text, fields, scope = _decode(body, headers.get("content-type", ""))
    for secret in secrets:
        text = text.replace(secret, "[redacted]")
    template = failures.GITLAB_ANSWERED if text else failures.GITLAB_NO_REASON
    message = template.format(status=status, call=call, text=text)
    hint = _HINTS.get(status, "")
    if status == 401:
        return Unauthorized(message, hint, status=status)
    if status == 403:
        if scope:
            hint = f"Give the access token the scope {scope}."
        return Forbidden(message, hint, status=status, scope=scope)
    if status == 404:
        return NotFound(message, hint, status=status)
    if status == 409:
        return Conflict(message, hint, status=status)
    if status == 429:
        return RateLimited(message, hint, status=status, retry_after=_seconds(headers.get("retry-after")))
    if status >= 500 or status == 408:
        return Unavailable(message, "Look at the state of the GitLab server.", status=status)
    return Invalid(message, hint, status=status, fields=fields)


def _decode(body: bytes, content_type: str) -> tuple[str, frozenset[str], str]:
    """Text, fields complained about, missing scope."""
    raw = body[:100_000].decode("utf-8", "replace")
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        if "html" in content_type.lower() or raw.lstrip().lower().startswith(("<!doctype", "<html")):
            return "an HTML page, probably from a proxy", frozenset(), ""
        return _clean(raw), frozenset(), ""
    if not isinstance(document, dict):
        return _clean(str(document)), frozenset(), ""
    scope = document.get("scope") if document.get("error") == "insufficient_scope" else None
    described = document.get("error_description")
    message = document.get("message", document.get("error", ""))
    fields: set[str] = set()
    if isinstance(message, dict):
        fields.update(str(key) for key in message if key != "error")
        parts = [f"{'' if k == 'error' else f'{k} '}{_words(v)}" for k, v in message.items()]
        text = "; ".join(parts)
    else:
        text = _words(message)
    if isinstance(described, str):
        text = f"{text}: {described}"
    # "position[base_sha] is missing" and "Note {:line_code=>[...]}" (newer Rubies print {line_code: [...]}).
    fields.update(re.findall(r"(\w+)(?:\[\w+\])? (?:is|does)\b", text))
    fields.update(a or b for a, b in re.findall(r"\{:(\w+)=>|[{,]\s*(\w+): \[", text))
    return _clean(text), frozenset(fields), _clean(str(scope)) if scope else ""


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_words(v) for v in value)
    return str(value)


def _clean(text: str) -> str:
    flat = _CONTROL.sub(" ", text).strip()
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"


def _seconds(value: str | None) -> float | None:
    """``Retry-After`` in seconds; None for a date or nonsense."""
    try:
        seconds = float(value) if value is not None else None
    except ValueError:
        return None
    return seconds if seconds is not None and 0 <= seconds < float("inf") else None
