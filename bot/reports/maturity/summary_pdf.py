"""
The compliance summary as the PDF that a managing director signs: cover, page for the management, tables, signature.

Here its words are put in order for ``bot.reports.maturity.typesetting``, which sets them.
"""

from __future__ import annotations

import json
import re
import struct
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, Final

from pylopdf_fonts_zh_cn import sans_path

from bot.domain.maturity.summary import Summary
from bot.errors import MergewardenError
from bot.reports.documents import scalar_text
from bot.reports.maturity.summary_chart import svg_of
from bot.reports.maturity.summary_view import Cell, Chart, Column, Kind, Section, Table, Tone
from bot.reports.maturity.summary_words import view_of
from bot.reports.maturity.typesetting import MADE_AT, typeset
from bot.reports.maturity.words import not_assessed
from bot.reports.wording import Wording, words_in
from bot.texts import Language

_LONG_WORD: Final = re.compile(r"[^\s\u2e80-\u9fff\uff00-\uffef]{14,}")
"""So many letters in a row may be wider than their cell."""
_BREAK_AFTER: Final = re.compile(r"(?<=[/._:@#=])(?=[^\s/._:@#=])")
_WITHOUT_BREAK: Final = re.compile(r"[^-/._:@#=\u200b]{14,}")
_SOFT_BREAK: Final = "\u200b"
_WIDE_TABLE: Final = 7
_OTHER_FONT: Final = (*range(0x100, 0x180), *range(0x386, 0x3CF), *range(0x400, 0x460))
"""Letters that the second font has, which Typst brings along: Latin, Greek and Cyrillic."""


class PdfError(MergewardenError):
    """Raised where the PDF could not be set."""


def render_summary_pdf(summary: Summary, language: Language) -> bytes:
    """The PDF. Raises ``PdfError``."""
    try:
        return typeset(pdf_words(summary, language))
    except RuntimeError as error:
        raise PdfError(f"the PDF could not be set: {str(error)[:300]}", "It is a fault of ours.") from error


def pdf_words(summary: Summary, language: Language) -> bytes:
    """What is set, as JSON in UTF-8: every text of it with letters that the fonts have."""
    data = _data(summary, words_in(language)) | {MADE_AT: int(summary.made_at.timestamp())}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


# --- what the template gets -------------------------------------------------------------------------------------------


def _data(summary: Summary, wording: Wording) -> dict[str, Any]:
    view = view_of(summary, wording)
    unknown = not_assessed(wording)
    return {
        "language": wording.language.value,
        "title": shown(view.title),
        "subtitle": breakable(view.subtitle),
        "facts": [[shown(name), breakable(value)] for name, value in view.facts],
        "notices": [breakable(notice) for notice in view.notices],
        "management": _section(view.management, unknown),
        "sections": [_section(section, unknown) for section in view.sections],
        "signature": _section(view.signature, unknown),
        "footer": breakable(view.footer),
        # Translators: the number of a page, at its foot
        "page": wording.t.gettext("page {page} of {pages}"),
    }


def _section(section: Section, unknown: str) -> dict[str, Any]:
    return {
        "title": breakable(section.title),
        "notes": [breakable(note) for note in section.notes],
        "bullets_title": shown(section.bullets_title),
        "bullets": [breakable(bullet) for bullet in section.bullets],
        "tiles": [
            {
                "label": breakable(one.label),
                "value": shown(one.value),
                "detail": breakable(one.detail),
                "tone": one.tone.value,
            }
            for one in section.tiles
        ],
        "charts": [_chart(chart, unknown) for chart in section.charts if not chart.is_empty],
        "tables": [_table(table) for table in section.tables],
    }


def _chart(chart: Chart, unknown: str) -> dict[str, str]:
    return {"title": shown(chart.title), "svg": shown(svg_of(chart, unknown=unknown))}


def _table(table: Table) -> dict[str, Any]:
    return {
        "title": shown(table.title),
        "notes": [shown(note) for note in table.notes],
        "columns": [shown(column.title) for column in table.columns],
        "widths": [column.weight for column in table.columns],
        "right": [column.kind in (Kind.NUMBER, Kind.SHARE) for column in table.columns],
        "size": 7.5 if len(table.columns) >= _WIDE_TABLE else 8,
        "rows": [[_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)] for row in table.rows],
        "empty": shown(table.empty),
        "more": shown(table.more),
    }


def _cell(cell: Cell, column: Column) -> Any:
    text = shown(cell.text) if column.kind in (Kind.NUMBER, Kind.SHARE, Kind.MOMENT) else breakable(cell.text)
    return text if cell.tone is Tone.PLAIN else {"text": text, "tone": cell.tone.value}


# --- letters ----------------------------------------------------------------------------------------------------------


def shown(text: str) -> str:
    """The text, with the number of every character that no font has: an empty box says nothing."""
    if text.isascii():
        return text
    known = _letters()
    composed = unicodedata.normalize("NFC", scalar_text(text))
    return "".join(char if ord(char) in known else f"{{U+{ord(char):04X}}}" for char in composed)


def breakable(text: str) -> str:
    """As ``shown``, with places where a long run of letters may be broken, so that it stays within its cell."""
    return _LONG_WORD.sub(_with_breaks, shown(text))


def _with_breaks(found: re.Match[str]) -> str:
    """After what separates the parts of a name, else anywhere: a digest has no parts."""
    parted = _BREAK_AFTER.sub(_SOFT_BREAK, found.group())
    return _WITHOUT_BREAK.sub(lambda run: _SOFT_BREAK.join(run.group()), parted)


@cache
def _letters() -> frozenset[int]:
    """Code points that can be shown."""
    return frozenset((*_code_points(sans_path()), *_OTHER_FONT, 0x0A))


def _code_points(font: Path) -> set[int]:
    """What a font has glyphs for: its table ``cmap``, format 12. https://learn.microsoft.com/typography/opentype/spec/cmap"""
    raw = font.read_bytes()
    (tables,) = struct.unpack_from(">H", raw, 4)
    start = next(
        offset
        for tag, _, offset, _ in (struct.unpack_from(">4sLLL", raw, 12 + 16 * n) for n in range(tables))
        if tag == b"cmap"
    )
    (encodings,) = struct.unpack_from(">H", raw, start + 2)
    found: set[int] = set()
    for n in range(encodings):
        (offset,) = struct.unpack_from(">L", raw, start + 8 + 8 * n)
        if struct.unpack_from(">H", raw, start + offset) != (12,):
            continue
        (groups,) = struct.unpack_from(">L", raw, start + offset + 12)
        for group in range(groups):
            first, last, _ = struct.unpack_from(">LLL", raw, start + offset + 16 + 12 * group)
            found.update(range(first, last + 1))
    return found
