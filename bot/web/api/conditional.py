"""What every read of the API has, old or new: an ETag, and fewer fields where the caller wants no more."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bot.errors import sentence
from bot.texts import N_
from bot.web.api.problems import Problem


def tag_of(content: bytes) -> str:
    """A strong ETag."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def has_it(given: str, tag: str) -> bool:
    """Whether ``If-None-Match`` names this state: the caller has it already."""
    tags = [one.strip().removeprefix("W/") for one in given[:2_000].split(",")]
    return "*" in tags or tag.removeprefix("W/") in tags


def check_fields(names: Sequence[str], known: Collection[str]) -> None:
    """Raise ``Problem`` 422 for a field that there is not."""
    if strange := [name for name in names if name not in known]:
        raise Problem(
            422,
            sentence(N_("there is no field {name}"), name=strange[0][:100]),
            sentence(N_("There are: {names}."), names=", ".join(sorted(known))),
            field="fields",
        )


def with_document(request: Request, response: Response, document: Any) -> Response:
    """The response with this as its JSON, and ``with_tag``."""
    response.body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    response.headers["Content-Length"] = str(len(response.body))
    return with_tag(request, response)


def with_tag(request: Request, response: Response) -> Response:
    """The response with an ETag unless it has one; 304 for a caller who has it already."""
    if "etag" not in response.headers:
        response.headers["ETag"] = tag_of(bytes(response.body))
    # Ask each time, and be told in two hundred bytes that nothing changed.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization, Cookie"
    if has_it(request.headers.get("if-none-match", ""), response.headers["etag"]):
        kept = {name: response.headers[name] for name in ("etag", "cache-control", "vary")}
        return Response(status_code=304, headers=kept)
    return response
