"""
CSV and JSON Lines with the columns of ``bot.reports.exports.columns``.

CSV is that of RFC 4180 with a byte order mark, without which Excel takes UTF-8 for the local code page. Texts that a
spreadsheet would calculate are disarmed with an apostrophe (https://owasp.org/www-community/attacks/CSV_Injection), and
what cannot be seen is spelt out, so that CSV is for people: programs take JSON Lines or Parquet, which are exact.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, BinaryIO

from bot.domain.known import KnownFinding
from bot.reports.exports.columns import COLUMNS, Column, ColumnType, values_of
from bot.reports.exports.encoding import encoded, rfc3339
from bot.reports.exports.subject import ExportSubject
from bot.reports.visible import visible

_BETWEEN = "|"
"""Between the members of a list: no address and no identifier has it."""

# The wide signs are read as the narrow ones.
_BEGINS = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
# A spreadsheet that separates at semicolons or tabs, as half of Europe's do, begins a cell after each of them, and a
# row after each line end.
_WITHIN = re.compile(r"([;\t\r\n])(?=\s*[=+\-@＝＋－＠])")
_LONGEST_CELL = 32_000
"""Characters; Excel cuts at 32,767 and takes the rest for the next row."""


def write_jsonl(stream: BinaryIO, subject: ExportSubject, findings: Iterable[KnownFinding], /) -> int:
    """One object per line; what a finding does not have is null."""
    wording = subject.wording()
    count = 0
    for known in findings:
        values = values_of(known, subject, wording)
        stream.write(encoded({name: _plain(value) for name, value in values.items()}) + b"\n")
        count += 1
    return count


def write_csv(stream: BinaryIO, subject: ExportSubject, findings: Iterable[KnownFinding], /) -> int:
    """https://www.rfc-editor.org/rfc/rfc4180, with a heading."""
    wording = subject.wording()
    count = 0
    line = io.StringIO(newline="")
    writer = csv.writer(line)  # the "excel" dialect: commas, CRLF, quotes where they are needed
    stream.write(codecs.BOM_UTF8)
    writer.writerow(column.name for column in COLUMNS)
    for known in findings:
        stream.write(line.getvalue().encode())
        line.seek(0)
        line.truncate()
        values = values_of(known, subject, wording)
        writer.writerow([_cell(column, values[column.name]) for column in COLUMNS])
        count += 1
    stream.write(line.getvalue().encode())
    return count


def _plain(value: Any) -> Any:
    return rfc3339(value) if isinstance(value, datetime) else value


def _cell(column: Column, value: Any) -> str:
    return "" if value is None else _CELLS[column.type](value)


def _text(value: str) -> str:
    return disarmed(visible(value))[:_LONGEST_CELL]


_CELLS: Mapping[ColumnType, Callable[[Any], str]] = {
    ColumnType.TEXT: _text,
    ColumnType.WORD: lru_cache(maxsize=10_000)(_text),
    ColumnType.INTEGER: str,
    ColumnType.FLAG: lambda value: "true" if value else "false",
    ColumnType.MOMENT: rfc3339,
    ColumnType.TEXTS: lambda value: _text(_BETWEEN.join(value)),
    ColumnType.INTEGERS: lambda value: _BETWEEN.join(map(str, value)),
}


def disarmed(text: str) -> str:
    """The text with an apostrophe before everything that a spreadsheet would take for a formula."""
    return ("'" if _BEGINS.match(text) else "") + _WITHIN.sub(r"\1'", text)
