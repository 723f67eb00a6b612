"""
The compliance summary as an Excel workbook (Office Open XML): a sheet for the cover, one for each table.

Texts are written as texts, whatever they begin with: nothing in it is a formula or a link. Numbers, shares and moments
are cells of their kind, so that they can be sorted and summed. The same document gives the same bytes.
"""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Any, Final

import xlsxwriter

from bot.domain.maturity.summary import Summary
from bot.reports.documents import scalar_text
from bot.reports.maturity.summary_view import Cell, Kind, Section, Table, Tone, View
from bot.reports.maturity.summary_words import view_of
from bot.reports.wording import Wording, words_in
from bot.texts import Language

_LONGEST: Final = 32_000
"""Characters of a cell; Excel takes 32,767."""
_SHEET_NAME: Final = 31
_FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\]")
_WIDTHS: Final = {Kind.TEXT: 6.0, Kind.NUMBER: 6.0, Kind.SHARE: 5.0, Kind.MOMENT: 6.0, Kind.CODE: 7.0}
"""Characters for each weight of a column."""
_COLOURS: Final = {Tone.GOOD: "#156C36", Tone.BAD: "#B42318", Tone.UNKNOWN: "#6B3FA0"}
_NUMBERS: Final = {Kind.NUMBER: "#,##0.##", Kind.SHARE: "0%", Kind.MOMENT: "yyyy-mm-dd hh:mm"}


def render_summary_xlsx(summary: Summary, language: Language) -> bytes:
    """The workbook."""
    wording = words_in(language)
    return _Book(view_of(summary, wording), wording, summary.made_at).bytes()


class _Book:
    def __init__(self, view: View, wording: Wording, made_at: datetime) -> None:
        self._stream = io.BytesIO()
        self._view, self._wording = view, wording
        self._names: set[str] = set()
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_date_format": _NUMBERS[Kind.MOMENT],
        }
        self._book: Any = xlsxwriter.Workbook(self._stream, options)
        self._book.set_properties(
            {
                "title": _clean(f"{view.title} – {view.subtitle}")[:250],
                "comments": view.digest,
                "author": "Mergewarden",
                "created": made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0),
            }
        )
        self._formats: dict[tuple[Kind, Tone], Any] = {}
        self._head = self._book.add_format(
            {"bold": True, "bg_color": "#F1F3F6", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        self._title = self._book.add_format({"bold": True, "font_size": 16, "font_color": "#1F4E8C"})
        self._bold = self._book.add_format({"bold": True, "valign": "top"})
        self._wrapped = self._book.add_format({"text_wrap": True, "valign": "top"})

    def bytes(self) -> bytes:
        """Everything drawn."""
        view = self._view
        self._cover()
        self._management(view.management)
        for section in view.sections:
            for table in section.tables:
                self._table(table, table.title or section.title)
            if section.bullets:
                self._bullets(section)
        self._book.close()
        return self._stream.getvalue()

    def _sheet(self, title: str) -> Any:
        name = _FORBIDDEN.sub(" ", _clean(title)).strip(" '")[:_SHEET_NAME] or "Sheet"
        number = 1
        while name.casefold() in self._names:
            number += 1
            tail = f" {number}"
            name = name[: _SHEET_NAME - len(tail)] + tail
        self._names.add(name.casefold())
        sheet = self._book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        # In a header "&" begins a code. https://xlsxwriter.readthedocs.io/page_setup.html#set_header
        sheet.set_footer(f"&L{_clean(self._view.footer).replace('&', '&&')[:150]}&R&P / &N")
        return sheet

    def _cover(self) -> None:
        view = self._view
        sheet = self._sheet(view.title)
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 1, 90)
        sheet.write_string(0, 0, _clean(view.title), self._title)
        sheet.write_string(1, 0, _clean(view.subtitle))
        row = 3
        for name, value in view.facts:
            sheet.write_string(row, 0, _clean(name), self._bold)
            sheet.write_string(row, 1, _clean(value), self._wrapped)
            row += 1
        for notice in view.notices:
            row += 1
            sheet.write_string(row, 1, _clean(notice), self._wrapped)

    def _management(self, section: Section) -> None:
        sheet = self._sheet(section.title)
        sheet.set_column(0, 0, 44)
        sheet.set_column(1, 1, 22)
        sheet.set_column(2, 2, 70)
        row = 0
        for tile in section.tiles:
            sheet.write_string(row, 0, _clean(tile.label), self._bold)
            sheet.write_string(row, 1, _clean(tile.value), self._format(Kind.TEXT, tile.tone))
            sheet.write_string(row, 2, _clean(tile.detail), self._wrapped)
            row += 1
        row += 1
        sheet.write_string(row, 0, _clean(section.bullets_title), self._bold)
        for bullet in section.bullets:
            row += 1
            sheet.write_string(row, 0, _clean(bullet))

    def _bullets(self, section: Section) -> None:
        sheet = self._sheet(section.title)
        sheet.set_column(0, 0, 120)
        for row, bullet in enumerate(section.bullets):
            sheet.write_string(row, 0, _clean(bullet), self._wrapped)

    def _table(self, table: Table, title: str) -> None:
        sheet = self._sheet(title)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        for place, column in enumerate(table.columns):
            sheet.set_column(place, place, min(70.0, max(9.0, column.weight * _WIDTHS[column.kind])))
            sheet.write_string(0, place, _clean(column.title), self._head)
        for number, cells in enumerate(table.rows, 1):
            for place, (column, cell) in enumerate(zip(table.columns, cells, strict=True)):
                self._write(sheet, number, place, column.kind, cell)
        last = len(table.rows)
        if last:
            sheet.autofilter(0, 0, last, len(table.columns) - 1)
        else:
            sheet.write_string(1, 0, _clean(table.empty))
        if table.more:
            sheet.write_string(last + 1, 0, _clean(table.more))

    def _write(self, sheet: Any, row: int, place: int, kind: Kind, cell: Cell) -> None:
        value = cell.value
        if kind is Kind.MOMENT and isinstance(value, datetime):
            sheet.write_datetime(row, place, value.astimezone(UTC).replace(tzinfo=None), self._format(kind, cell.tone))
        elif kind in (Kind.NUMBER, Kind.SHARE) and isinstance(value, int | float):
            sheet.write_number(row, place, value, self._format(kind, cell.tone))
        else:
            sheet.write_string(row, place, _clean(cell.text), self._format(Kind.TEXT, cell.tone))

    def _format(self, kind: Kind, tone: Tone) -> Any:
        key = (kind, tone)
        if key not in self._formats:
            values: dict[str, Any] = {"valign": "top", "text_wrap": kind is Kind.TEXT}
            if kind in _NUMBERS:
                values["num_format"] = _NUMBERS[kind]
            if tone in _COLOURS:
                values |= {"font_color": _COLOURS[tone], "bold": tone is Tone.BAD}
            self._formats[key] = self._book.add_format(values)
        return self._formats[key]


def _clean(text: str) -> str:
    return scalar_text(text)[:_LONGEST]
