"""
Reads OSV documents that anybody may have written: either a checked value, or a reason why not. Pure.

The format: https://ossf.github.io/osv-schema/
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from packaging.utils import canonicalize_name
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.store.types import dump_json

MAX_DEPTH = 64
_MAX_SUMMARY = 300
_AHEAD = timedelta(days=2)


class RejectedAdvisoryError(Exception):
    """Raised when bytes are not an OSV document that we can use; the text says why, in one line."""


@dataclass(frozen=True, slots=True)
class Advisory:
    """An OSV document and what is looked up by."""

    id: str
    modified: datetime
    published: datetime | None
    withdrawn: datetime | None
    summary: str
    aliases: tuple[str, ...]
    packages: tuple[tuple[str, str], ...]
    """``(ecosystem, normalised name)``, each once, sorted."""
    document: dict[str, Any]
    digest: bytes
    """SHA-256 of the document in canonical form, which holds the id."""


def normalised(ecosystem: str, package: str) -> str:
    """A package's name in the form under which it is looked up: PEP 503 for PyPI, as it is elsewhere."""
    return str(canonicalize_name(package)) if ecosystem == "PyPI" else package


def read_advisory(raw: bytes, *, now: datetime) -> Advisory:
    """
    Check one JSON document. ``now`` is the time of the import.

    Raises ``RejectedAdvisoryError`` for anything that is not UTF-8 JSON of the OSV format, is nested deeper than 64,
    or claims to be of the future (it would make old data look fresh).
    """
    document = _parse(raw)
    try:
        checked = _Document.model_validate(document)
    except ValidationError as error:
        raise RejectedAdvisoryError(_first(error)) from None
    if checked.modified > now + _AHEAD:
        raise RejectedAdvisoryError(f"modified: {checked.modified:%Y-%m-%d} is in the future")
    packages = {
        (affected.package.ecosystem, normalised(affected.package.ecosystem, affected.package.name))
        for affected in checked.affected
        if affected.package is not None
    }
    return Advisory(
        id=checked.id,
        modified=checked.modified,
        published=checked.published,
        withdrawn=checked.withdrawn,
        summary=_summary(checked),
        aliases=tuple(sorted({alias for alias in checked.aliases if re.fullmatch(_ID, alias)} - {checked.id})),
        packages=tuple(sorted(packages)),
        document=document,
        digest=hashlib.sha256(dump_json(document).encode("utf-8")).digest(),
    )


def _moment(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("not a time")
    try:
        moment = datetime.fromisoformat(value)
        # The format says UTC, but real documents exist that leave the Z out.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("not a time in RFC 3339 form") from None


def _or_empty(value: object) -> object:
    return [] if value is None else value


_Moment = Annotated[datetime, BeforeValidator(_moment)]
# As ids of the known databases are: GHSA-..., PYSEC-..., RHSA-2024:1234, openSUSE-SU-2024:0001-1 ...
_ID = r"^[A-Za-z0-9][A-Za-z0-9._:+-]{1,127}$"
_Id = Annotated[str, Field(pattern=_ID)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)


class _Package(_Part):
    ecosystem: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")
    name: str = Field(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f]+$")


class _Range(_Part):
    type: str
    events: list[dict[str, str]]


class _Rating(_Part):
    type: str
    score: str


class _Affected(_Part):
    package: _Package | None = None
    ranges: Annotated[list[_Range], BeforeValidator(_or_empty)] = []
    versions: Annotated[list[str], BeforeValidator(_or_empty)] = []
    severity: Annotated[list[_Rating], BeforeValidator(_or_empty)] = []


class _Reference(_Part):
    type: str
    url: str


class _Document(_Part):
    id: _Id
    modified: _Moment
    published: _Moment | None = None
    withdrawn: _Moment | None = None
    aliases: Annotated[list[str], BeforeValidator(_or_empty)] = []
    summary: str | None = None
    details: str | None = None
    affected: Annotated[list[_Affected], BeforeValidator(_or_empty)] = []
    severity: Annotated[list[_Rating], BeforeValidator(_or_empty)] = []
    references: Annotated[list[_Reference], BeforeValidator(_or_empty)] = []


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        document = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
    except RecursionError:
        raise RejectedAdvisoryError("nested too deeply") from None
    except UnicodeDecodeError:
        raise RejectedAdvisoryError("not UTF-8") from None
    except ValueError as error:
        raise RejectedAdvisoryError(f"not JSON: {_line(str(error))}") from None
    if not isinstance(document, dict):
        raise RejectedAdvisoryError("not a JSON object")
    _check(document)
    return document


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _check(document: object) -> None:
    # Level by level and not by recursion, which is what a hostile document would exhaust.
    level: list[object] = [document]
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                _check_texts(value)
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            elif isinstance(value, float) and not abs(value) < float("inf"):
                raise RejectedAdvisoryError("a number is too large")
            elif isinstance(value, str):
                _check_texts((value,))
        if not below:
            return
        level = below
    raise RejectedAdvisoryError("nested too deeply")


_SURROGATE = re.compile("[\ud800-\udfff]")


def _check_texts(texts: Any) -> None:
    if any(_SURROGATE.search(text) for text in texts):
        raise RejectedAdvisoryError("a text is not Unicode (half of a surrogate pair)")


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    return _line(f"{place}: {problem['msg']}")


def _summary(checked: _Document) -> str:
    lines = (checked.summary or checked.details or "").strip().splitlines() or [""]
    return lines[0][:_MAX_SUMMARY]


def _line(words: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in words)[:200]
