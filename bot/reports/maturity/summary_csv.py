"""
The compliance summary as one CSV file (RFC 4180, with a byte order mark so that Excel takes it for UTF-8).

One line for each cell of each table, so that every line has the same columns: ``table``, ``row`` (from 1), ``column``
(the same in every language), ``title`` (the column's, in the document's language), ``text``, and ``value`` where there
is a number or a moment behind it. The cover's facts are the table ``document``. Texts that a spreadsheet would
calculate are disarmed (https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from datetime import datetime

from bot.domain.maturity.summary import SCHEMA, Summary
from bot.reports.documents import json_time, scalar_text
from bot.reports.exports.tables import disarmed
from bot.reports.maturity.summary_view import Value
from bot.reports.maturity.summary_words import view_of
from bot.reports.wording import words_in
from bot.texts import Language

COLUMNS = ("table", "row", "column", "title", "text", "value")

_Line = tuple[str, int, str, str, str, str]


def render_summary_csv(summary: Summary, language: Language) -> bytes:
    """The file."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for table, row, column, title, text, value in _lines(summary, language):
        writer.writerow((table, str(row), column, disarmed(title), disarmed(text), value))
    return codecs.BOM_UTF8 + scalar_text(stream.getvalue()).encode("utf-8")


def _lines(summary: Summary, language: Language) -> Iterator[_Line]:
    view = view_of(summary, words_in(language))
    yield "document", 1, "schema", "", SCHEMA, ""
    yield "document", 1, "title", "", view.title, ""
    yield "document", 1, "subtitle", "", view.subtitle, ""
    for name, value in view.facts:
        yield "document", 1, "fact", name, value, ""
    for number, notice in enumerate(view.notices, 1):
        yield "notices", number, "notice", "", notice, ""
    for number, tile in enumerate(view.management.tiles, 1):
        yield "management", number, "value", tile.label, tile.value, ""
        yield "management", number, "detail", tile.label, tile.detail, ""
    for number, bullet in enumerate(view.management.bullets, 1):
        yield "attention", number, "sentence", "", bullet, ""
    for section in view.sections:
        for table in section.tables:
            for number, cells in enumerate(table.rows, 1):
                for column, cell in zip(table.columns, cells, strict=True):
                    yield table.name, number, column.name, column.title, cell.text, _value(cell.value)
            if table.more:
                yield table.name, len(table.rows) + 1, "more", "", table.more, ""
        for number, bullet in enumerate(section.bullets, 1):
            yield section.name, number, "sentence", "", bullet, ""


def _value(value: Value) -> str:
    if value is None:
        return ""
    # A number may begin with a minus: it is one, and not somebody's text.
    return json_time(value) or "" if isinstance(value, datetime) else repr(value)
