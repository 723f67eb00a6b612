"""
Column types that keep values exact on SQLite and PostgreSQL alike.

Each closes a trap: an enum that sorts by its name, a time that lost its zone, a text that one database refuses.
"""

from __future__ import annotations

import json
import re
import zlib
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import DateTime, LargeBinary, SmallInteger, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Goes in with any time zone, comes out in UTC; a naive value raises ``ValueError``."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC, because SQLite drops the zone and keeps the digits."""
        if value is None:
            return None
        if value.tzinfo is None or value.utcoffset() is None:
            raise ValueError("a time without its zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite gives naive values back, PostgreSQL the zone of its session."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class RankedEnum(TypeDecorator[Enum]):
    """
    An enum whose members are in order, stored as the position from 0, so that ``>=`` and ``ORDER BY`` mean the order.

    NOTE: a new member anywhere but at the end needs a migration of the stored numbers.
    """

    impl = SmallInteger()
    cache_ok = True

    def __init__(self, enum: type[Enum]) -> None:
        super().__init__()
        self.enum = enum
        # Looked up for each row of a list.
        self._members = tuple(enum)
        self._ranks = {member: rank for rank, member in enumerate(enum)}

    def process_bind_param(self, value: Enum | None, dialect: Dialect) -> int | None:
        """The member's position. Raises ``TypeError`` for a member of another enum, or a bare word or number."""
        if value is None:
            return None
        return self._ranks[_member(self.enum, value)]

    def process_result_value(self, value: int | None, dialect: Dialect) -> Enum | None:
        """The member at this position."""
        return None if value is None else self._members[value]


class WordEnum(TypeDecorator[Enum]):
    """An enum stored as its value, the word seen in JSON (SQLAlchemy's own type stores the member's name)."""

    impl = String(40)
    cache_ok = True

    def __init__(self, enum: type[Enum]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: Enum | None, dialect: Dialect) -> str | None:
        """The member's word. Raises ``TypeError`` for anything that is not a member."""
        return None if value is None else str(_member(self.enum, value).value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Enum | None:
        """The member with this word."""
        return None if value is None else self.enum(value)


def _member(enum: type[Enum], value: object) -> Enum:
    if not isinstance(value, enum):
        raise TypeError(f"expected a member of {enum.__name__}, not {type(value).__name__}")
    return value


# PostgreSQL refuses NUL, neither database takes the lone surrogates by which Python carries bytes that are not UTF-8,
# and both occur in file names and tool output. ASCII's "substitute" opens an escape, so it is escaped as well.
_UNSTORABLE = re.compile("[\x00\x1a\ud800-\udfff]")
_ESCAPED = re.compile("\x1a([0-9a-f]{4})")


def _escape(text: str) -> str:
    # Most texts are plain, and a report of a hundred thousand findings has millions of them.
    if text.isascii() and "\x00" not in text and "\x1a" not in text:
        return text
    return _UNSTORABLE.sub(lambda match: f"\x1a{ord(match[0]):04x}", text)


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "\x1a" in text else text


def escape_text(text: str | None) -> str | None:
    """What ``ExactText`` stores for a text."""
    return None if text is None else _escape(text)


class ExactText(TypeDecorator[str]):
    """Any Python string, given back exactly, also with NUL characters and lone surrogates."""

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Escape what a database would refuse."""
        return escape_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Undo the escapes."""
        return None if value is None else _unescape(value)


class Json(TypeDecorator[Any]):
    """
    A JSON value in a text column, with every string exact.

    PostgreSQL's own JSON types refuse some strings that Python's encoder writes, and nothing here is searched inside.
    """

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Compact JSON text; None stays NULL."""
        return None if value is None else _escape(dump_json(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The parsed value."""
        return None if value is None else json.loads(_unescape(value))


class PackedJson(TypeDecorator[Any]):
    """A JSON value as deflated bytes (RFC 1950), for what is long and never searched."""

    impl = LargeBinary()
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        """Deflated JSON text; None stays NULL."""
        return None if value is None else zlib.compress(dump_json(value).encode("utf-8", "surrogatepass"), 6)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        """The parsed value."""
        return None if value is None else unpacked(value)


def unpacked(value: bytes) -> Any:
    """The value that ``PackedJson`` keeps as these bytes."""
    return json.loads(zlib.decompress(value).decode("utf-8", "surrogatepass"))


def dump_json(value: Any) -> str:
    """
    Compact JSON with sorted keys, so that equal values are equal texts.

    Surrogates stay as they are: as two escapes, neighbours would come back as one character.
    """
    return _encode(value)


# Once: a report has tens of thousands of values.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode
