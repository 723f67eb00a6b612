"""
Takes typed values out of parsed JSON that a stranger may have written.

Each function takes the mapping, the key and where the mapping stands in the body, returns a value of the promised type,
and raises ``MalformedEvent`` with the place in its text otherwise. ``None`` and absence are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bot.errors import MergewardenError

LARGEST_ID = 2**63 - 1
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LONGEST_NAME = 4096
_LONGEST_LIST = 10_000


class MalformedEvent(MergewardenError):
    """Raised when a body says that it is an event that we know, and has not got its shape."""


def mapping(body: Mapping[str, object], key: str, where: str = "") -> Mapping[str, object]:
    """An object that must be there."""
    value = optional_mapping(body, key, where)
    if value is None:
        raise MalformedEvent(f"{where}{key} is missing")
    return value


def optional_mapping(body: Mapping[str, object], key: str, where: str = "") -> Mapping[str, object] | None:
    """An object, or None."""
    value = body.get(key)
    if value is not None and not isinstance(value, Mapping):
        raise MalformedEvent(f"{where}{key} must be an object")
    return value


def objects(body: Mapping[str, object], key: str) -> Sequence[Mapping[str, object]]:
    """The objects in a list of at most 10,000; other things in it are left out. Empty when there is no list."""
    value = body.get(key)
    if not isinstance(value, list):
        return ()
    return tuple(item for item in value[:_LONGEST_LIST] if isinstance(item, Mapping))


def optional_id(body: Mapping[str, object], key: str, where: str = "") -> int | None:
    """A positive integer that fits a database's 64-bit column, or None."""
    value = body.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LARGEST_ID:
        raise MalformedEvent(f"{where}{key} must be an integer from 1 to {LARGEST_ID}")
    return value


def identifier(body: Mapping[str, object], key: str, where: str = "") -> int:
    """A positive 64-bit integer that must be there."""
    value = optional_id(body, key, where)
    if value is None:
        raise MalformedEvent(f"{where}{key} is missing")
    return value


def flag(body: Mapping[str, object], key: str, default: bool = False) -> bool:
    """A truth value; the default for anything else."""
    value = body.get(key)
    return value if isinstance(value, bool) else default


def text(body: Mapping[str, object], key: str, longest: int = _LONGEST_NAME) -> str:
    """A text that decides nothing: cut, made storable; empty when it is absent or no text."""
    value = body.get(key)
    if not isinstance(value, str):
        return ""
    # Neither a lone surrogate nor NUL can be stored by PostgreSQL.
    return value[:longest].encode("utf-8", "replace").decode().replace("\x00", "�")


def optional_name(body: Mapping[str, object], key: str, where: str = "") -> str | None:
    """A branch, ref or path: 1 to 4,096 characters without control characters or lone surrogates, or None."""
    value = body.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        raise MalformedEvent(f"{where}{key} must be a text of at most {_LONGEST_NAME} characters")
    if any(ord(character) < 32 or ord(character) == 127 or 0xD800 <= ord(character) <= 0xDFFF for character in value):
        raise MalformedEvent(f"{where}{key} holds characters that no such name can have")
    return value


def name(body: Mapping[str, object], key: str, where: str = "") -> str:
    """A branch, ref or path that must be there."""
    value = optional_name(body, key, where)
    if value is None:
        raise MalformedEvent(f"{where}{key} is missing")
    return value


def optional_sha(body: Mapping[str, object], key: str, where: str = "") -> str | None:
    """A full object id in lower case (SHA-1 or SHA-256); None when absent, empty or all zeros, git's "no object"."""
    value = body.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _SHA.fullmatch(value.lower()):
        raise MalformedEvent(f"{where}{key} must be a commit id of 40 or 64 hexadecimal digits")
    return value.lower() if value.strip("0") else None


def moment(body: Mapping[str, object], key: str) -> datetime | None:
    """
    A time in UTC; None when absent or in a format that we do not know, since nothing is decided by it.

    GitLab writes ISO 8601, ``2013-12-03 17:23:34 UTC`` (older releases) and ``2013-12-03 17:23:34 +0200``.
    """
    value = body.get(key)
    if not isinstance(value, str) or len(value) > 64:
        return None
    tidy = re.sub(r"\s+([+-]\d\d:?\d\d)$", r"\1", re.sub(r"\s*UTC$", "+00:00", value.strip()))
    try:
        parsed = datetime.fromisoformat(tidy)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
