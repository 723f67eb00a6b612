"""JSON piece by piece, so that a document need not be in memory as a whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import BinaryIO

from bot.reports.documents import scalar_text

# Legal within JSON's strings, but ends of lines for many who read a file by lines.
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")


def encoded(value: object) -> bytes:
    """The value as JSON in one line of UTF-8, whatever the reader takes for the end of a line."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    text = _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return scalar_text(text).encode()


def write_members(stream: BinaryIO, members: Iterable[tuple[str, object]], *, first: bool) -> None:
    """Members of an object that was begun, one per line; ``first``: nothing stands before them."""
    for name, value in members:
        stream.write((b"" if first else b",\n") + encoded(name) + b":" + encoded(value))
        first = False


def write_items(stream: BinaryIO, items: Iterable[object]) -> int:
    """A whole array, one item per line, those of type ``bytes`` as they are; how many."""
    count = 0
    stream.write(b"[")
    for item in items:
        stream.write((b",\n" if count else b"\n") + (item if isinstance(item, bytes) else encoded(item)))
        count += 1
    stream.write(b"\n]" if count else b"]")
    return count


def rfc3339(moment: datetime) -> str:
    """In UTC, with ``Z``; parts of a second only where there are any. https://www.rfc-editor.org/rfc/rfc3339"""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
