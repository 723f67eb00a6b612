"""
The audit log as a file, JSON lines or CSV, and back. Pure: lines in, lines out.

The last line is no entry: it holds the signed statement about the part of the log that the file has.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.domain.audit import COLUMNS, STATEMENT, AuditError, Entry, canonical_json, entry_of

LONGEST_LINE = 1024 * 1024
"""Characters of a line that is read."""
FORMATS = ("jsonl", "csv")
_NUMBER = re.compile("-?[0-9]{1,18}", re.ASCII)
_NUMBERS = frozenset({"sequence", "person_id", "project_id"})
# A spreadsheet takes what begins so for a formula, and one that separates at semicolons begins a cell after each.
# Reversible: exactly one apostrophe is put before and after, and taken away.
_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "'", "＝", "＋", "－", "＠")

_WITHIN = re.compile(r"([;\t\r\n])")
_MARKED = re.compile(r"([;\t\r\n])'")


def write_lines(entries: Iterable[Entry], format: str) -> Iterator[str]:
    """Each entry as a line with its end; for CSV the heading first."""
    if format == "csv":
        yield _csv_line(COLUMNS)
        for entry in entries:
            yield _csv_line(_cell(name, value) for name, value in entry.document().items())
        return
    for entry in entries:
        yield json.dumps(entry.document(), ensure_ascii=True, separators=(",", ":")) + "\n"


def write_statement(envelope: Mapping[str, Any], format: str) -> str:
    """The last line."""
    if format == "csv":
        return _csv_line(
            _details(dict(envelope)) if name == "details" else STATEMENT if name == "action" else "" for name in COLUMNS
        )
    return json.dumps({STATEMENT: dict(envelope)}, ensure_ascii=True, separators=(",", ":")) + "\n"


Line = Entry | dict[str, Any] | None
"""An entry, the document of the statement's envelope, or None for what is neither."""


def read_lines(lines: Iterable[str]) -> Iterator[Line]:
    """What the lines of a file say; blank ones are passed over. Raises ``AuditError`` for a file of another kind."""
    numbered = iter(lines)
    first = next((line for line in numbered if line.strip()), None)
    if first is None:
        raise AuditError("the file is empty", "It ends with a signed statement at least.")
    if first.lstrip("\ufeff").rstrip("\r\n") == ",".join(COLUMNS):
        yield from _read_csv(numbered)
        return
    if not first.lstrip().startswith("{"):
        raise AuditError("this is no export of an audit log", "Make one: mergewarden audit export")
    yield _read_json(first)
    for line in numbered:
        if line.strip():
            yield _read_json(line)


def _read_json(line: str) -> Line:
    if len(line) > LONGEST_LINE:
        return None
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if isinstance(document, dict) and set(document) == {STATEMENT} and isinstance(document[STATEMENT], dict):
        found: dict[str, Any] = document[STATEMENT]
        return found
    try:
        return entry_of(document)
    except AuditError:
        return None


def _read_csv(lines: Iterator[str]) -> Iterator[Line]:
    # Fields may hold line ends, so the reader takes as many lines as a row needs.
    csv.field_size_limit(LONGEST_LINE)
    rows = csv.reader(lines, strict=True)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield None
            continue
        if not row:
            continue
        yield _of_row(row)


def _of_row(row: list[str]) -> Line:
    if len(row) != len(COLUMNS):
        return None
    values = dict(zip(COLUMNS, row, strict=True))
    try:
        if values["action"] == STATEMENT and values["sequence"] == "":
            found = json.loads(values["details"])
            return found if isinstance(found, dict) else None
        document: dict[str, Any] = {name: _uncell(name, text) for name, text in values.items()}
        return entry_of(document)
    except (ValueError, RecursionError, AuditError):
        return None


def _cell(name: str, value: Any) -> str:
    if name in _NUMBERS:
        return "" if value is None else str(value)
    if name == "details":
        return _details(value)
    text = _WITHIN.sub(r"\1'", str(value))
    return f"'{text}" if text.startswith(_BEGINNINGS) else text


def _details(value: Any) -> str:
    """JSON, which begins with a brace and in which a semicolon can be written in another way."""
    return canonical_json(value).decode("ascii").replace(";", r"\u003b")


def _uncell(name: str, text: str) -> Any:
    if name in _NUMBERS:
        # Projects that are none of GitLab's have numbers below zero.
        if text and not _NUMBER.fullmatch(text):
            raise ValueError(text)
        return int(text) if text else None
    if name == "details":
        return json.loads(text)
    return _MARKED.sub(r"\1", text[1:] if text.startswith("'") else text)


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue()
