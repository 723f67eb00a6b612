"""
The compliance summary as GitLab Markdown: for an issue, a wiki page, or a mail's plain part.

Whoever reads it must not be mentioned, linked or made to do something by a name in it: every text, our own too, goes
through ``bot.reports.markdown``.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.maturity.summary import Summary
from bot.reports.documents import scalar_text
from bot.reports.markdown import plain_line
from bot.reports.maturity.summary_view import Kind, Section, Table, Tone, View
from bot.reports.maturity.summary_words import view_of
from bot.reports.wording import Wording, words_in
from bot.texts import Language

MOST_ROWS = 300
"""Of a table: a description on GitLab holds a megabyte."""
_MARKS = {Tone.BAD: "🔴 ", Tone.UNKNOWN: "⚪ ", Tone.GOOD: "🟢 ", Tone.PLAIN: ""}


def render_summary_markdown(summary: Summary, language: Language) -> bytes:
    """The document, in UTF-8, with a final newline."""
    wording = words_in(language)
    lines = _document(view_of(summary, wording), wording)
    return (scalar_text("\n".join(lines)).rstrip("\n") + "\n").encode("utf-8")


def _document(view: View, wording: Wording) -> Iterator[str]:
    yield f"# {plain_line(view.title)}"
    yield ""
    yield plain_line(view.subtitle)
    yield ""
    for name, value in view.facts:
        yield f"- {plain_line(name)}{wording.colon()}{plain_line(value)}"
    yield ""
    for notice in view.notices:
        yield f"> {plain_line(notice)}"
        yield ""
    for section in (view.management, *view.sections):
        yield from _section(section, wording)


def _section(section: Section, wording: Wording) -> Iterator[str]:
    yield f"## {plain_line(section.title)}"
    yield ""
    for note in section.notes:
        yield plain_line(note)
        yield ""
    for tile in section.tiles:
        detail = f" ({plain_line(tile.detail)})" if tile.detail else ""
        yield f"- {_MARKS[tile.tone]}{plain_line(tile.label)}{wording.colon()}**{plain_line(tile.value)}**{detail}"
    if section.tiles:
        yield ""
    if section.bullets_title:
        yield f"### {plain_line(section.bullets_title)}"
        yield ""
    for bullet in section.bullets:
        yield f"- {plain_line(bullet)}"
    if section.bullets:
        yield ""
    for table in section.tables:
        yield from _table(table, wording)


def _table(table: Table, wording: Wording) -> Iterator[str]:
    if table.title:
        yield f"### {plain_line(table.title)}"
        yield ""
    for note in table.notes:
        yield plain_line(note)
        yield ""
    if not table.rows:
        yield plain_line(table.empty)
        yield ""
        return
    yield "| " + " | ".join(plain_line(column.title) for column in table.columns) + " |"
    yield (
        "|" + "|".join("---:" if column.kind in (Kind.NUMBER, Kind.SHARE) else "---" for column in table.columns) + "|"
    )
    for row in table.rows[:MOST_ROWS]:
        yield "| " + " | ".join(f"{_MARKS[cell.tone]}{plain_line(cell.text)}" for cell in row) + " |"
    yield ""
    hidden = len(table.rows) - MOST_ROWS
    if hidden > 0:
        more = wording.t.ngettext("{n} more is not shown.", "{n} more are not shown.", hidden).format(n=hidden)
        yield plain_line(more)
        yield ""
    if table.more:
        yield plain_line(table.more)
        yield ""
