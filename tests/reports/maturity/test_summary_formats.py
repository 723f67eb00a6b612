"""Compliance summaries in every format and both languages: what people read, and that no name in them does anything."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylopdf_fonts_zh_cn import sans_path
from pypdf import PdfReader

from bot.domain.maturity.measures import FIGURES
from bot.domain.maturity.summary import Listed, Summary, from_json
from bot.errors import MergewardenError
from bot.reports.maturity.counter_words import is_translated
from bot.reports.maturity.summary_chart import svg_of
from bot.reports.maturity.summary_csv import COLUMNS, render_summary_csv
from bot.reports.maturity.summary_formats import FORMATS, file_name, format_of
from bot.reports.maturity.summary_html import render_summary_html
from bot.reports.maturity.summary_json import render_summary_json
from bot.reports.maturity.summary_markdown import MOST_ROWS, render_summary_markdown
from bot.reports.maturity.summary_pdf import breakable, render_summary_pdf, shown
from bot.reports.maturity.summary_view import Chart, Line, View
from bot.reports.maturity.summary_words import view_of
from bot.reports.maturity.summary_xlsx import render_summary_xlsx
from bot.reports.visible import one_line
from bot.reports.wording import words_in
from bot.texts import Language
from tests.examples import examples
from tests.reports.gitlab_reading import problems
from tests.reports.golden import assert_golden
from tests.reports.hostile import nasty
from tests.reports.maturity.summary_samples import EXCEPTIONS, group_summary, hostile_summary, unknown_summary

SAMPLES: dict[str, Callable[[Language], Summary]] = {
    "group": group_summary,
    "hostile": hostile_summary,
    "unknown": unknown_summary,
}
LANGUAGES = tuple(Language)
EVERY = pytest.mark.parametrize("name", SAMPLES)
BOTH = pytest.mark.parametrize("language", LANGUAGES, ids=[one.value for one in LANGUAGES])


class Tags(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def words(name: str, language: Language) -> View:
    return view_of(SAMPLES[name](language), words_in(language))


@EVERY
@BOTH
@pytest.mark.parametrize("format", ["html", "md", "csv", "json"])
def test_golden(name: str, language: Language, format: str) -> None:
    drawn = FORMATS[format].render(SAMPLES[name](language), language).decode("utf-8")
    if format == "html":
        # The style sheet has tests of its own kind: one looks at it.
        drawn = re.sub(r"<style>.*?</style>", "<style></style>", drawn, flags=re.DOTALL)
        drawn = re.sub(r"'sha256-[^']+'", "'sha256-'", drawn)
    assert_golden(f"summaries/{name}.{language.value}.{format}.golden", drawn.replace("\r\n", "\n"))


@EVERY
@BOTH
@pytest.mark.parametrize("format", sorted(FORMATS))
def test_the_same_document_gives_the_same_bytes(name: str, language: Language, format: str) -> None:
    first, second = (FORMATS[format].render(SAMPLES[name](language), language) for _ in range(2))
    assert first == second


# --- Markdown and HTML ------------------------------------------------------------------------------------------------


@EVERY
@BOTH
def test_no_name_in_markdown_mentions_or_does_anything(name: str, language: Language) -> None:
    assert problems(render_summary_markdown(SAMPLES[name](language), language).decode(), frozenset()) == []


@given(nasty)
@settings(max_examples=examples(25), deadline=None)
def test_whatever_somebody_is_called_markdown_stays_text(text: str) -> None:
    hostile = replace(EXCEPTIONS[0], project=text, what=text, reason=text, made_by=text, approved_by=text)
    summary = replace(
        _nothing(), path=text, organisation=text, exceptions=Listed((hostile,), 1), models=(), figures=(), trend=()
    )
    assert problems(render_summary_markdown(summary, Language.ENGLISH).decode(), frozenset()) == []


def test_a_long_table_in_markdown_is_cut_and_says_so() -> None:
    text = render_summary_markdown(group_summary(Language.ENGLISH, projects=MOST_ROWS + 7), Language.ENGLISH).decode()
    assert "7 more are not shown." in text


@EVERY
@BOTH
def test_the_page_has_no_script_and_needs_nothing_from_anywhere(name: str, language: Language) -> None:
    page = render_summary_html(SAMPLES[name](language), language).decode()
    parsed = Tags()
    parsed.feed(page)
    assert not parsed.tags & {"script", "link", "img", "iframe", "object", "form", "a", "base"}
    assert not {one for one in parsed.attributes if one in ("src", "href", "style") or one.startswith("on")}
    assert "url(" not in page
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert page.count("<svg") == (2 if name == "group" else 0)
    assert words(name, language).digest in page


# --- CSV and JSON -----------------------------------------------------------------------------------------------------


@EVERY
@BOTH
def test_csv_is_one_table_without_a_formula(name: str, language: Language) -> None:
    raw = render_summary_csv(SAMPLES[name](language), language)
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert rows[0] == list(COLUMNS)
    assert {len(row) for row in rows} == {len(COLUMNS)}
    for row in rows[1:]:
        assert not re.match(r"[\s]*[=+\-@\t\r＝＋－＠]", row[4]), row
        # A value is a number or a moment and nothing else.
        assert re.fullmatch(r"|-?\d+(\.\d+)?(e[+-]?\d+)?|\d{4}-\d\d-\d\dT[\d:+]+", row[5]), row


def test_csv_has_the_numbers_of_every_table() -> None:
    summary = group_summary(Language.ENGLISH)
    rows = list(csv.DictReader(io.StringIO(render_summary_csv(summary, Language.ENGLISH).decode("utf-8-sig"))))
    assert {row["table"] for row in rows} >= {"figures", "findings", "exceptions", "projects", "counters", "trend"}
    figures = [row for row in rows if row["table"] == "figures" and row["column"] == "value"]
    assert [row["value"] for row in figures] == [
        "" if line.value is None else repr(line.value) for line in summary.figures
    ]


def test_json_comes_back_as_the_document() -> None:
    summary = group_summary(Language.CHINESE)
    read = json.loads(render_summary_json(summary, Language.CHINESE))
    assert read["digest"] == summary.digest
    assert from_json(read["document"]) == summary


# --- Excel ------------------------------------------------------------------------------------------------------------


@EVERY
@BOTH
def test_a_workbook_has_a_sheet_for_every_table_and_no_formula(name: str, language: Language) -> None:
    view = words(name, language)
    raw = render_summary_xlsx(SAMPLES[name](language), language)
    book = openpyxl.load_workbook(io.BytesIO(raw))
    tables = [table for section in view.sections for table in section.tables]
    lists = [section for section in view.sections if section.bullets]
    assert len(book.sheetnames) == 2 + len(tables) + len(lists)
    assert all(len(title) <= 31 for title in book.sheetnames)
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" and cell.hyperlink is None for cell in row)
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert not [part for part in archive.namelist() if "external" in part.lower() or "vba" in part.lower()]
        for part in archive.namelist():
            ElementTree.fromstring(archive.read(part))  # what Excel would have to repair is refused here


def test_numbers_are_numbers_in_a_workbook_and_the_heading_stays() -> None:
    summary = group_summary(Language.ENGLISH)
    book = openpyxl.load_workbook(io.BytesIO(render_summary_xlsx(summary, Language.ENGLISH)))
    sheet = book["Projects, the worst first"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:G{1 + len(summary.projects.rows)}"
    header = [cell.value for cell in sheet[1]]
    assert header[:3] == ["Project", "Levels of security and risk management", "Engineering score"]
    rows: dict[Any, tuple[Any, ...]] = {row[0]: row for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert rows["shop/payments"][2] == 25
    assert rows["shop/archive"][2] == "not assessed"
    until = [cell for cell in book["Exceptions from the gate"]["G"] if cell.is_date]
    assert [cell.number_format for cell in until] == ["yyyy-mm-dd hh:mm"] * 3


# --- PDF --------------------------------------------------------------------------------------------------------------


@cache
def pdf(name: str, language: Language) -> bytes:
    return render_summary_pdf(SAMPLES[name](language), language)


@cache
def pdf_text(name: str, language: Language) -> str:
    reader = PdfReader(io.BytesIO(pdf(name, language)))
    return _squeezed("".join(page.extract_text() for page in reader.pages))


def _squeezed(text: str) -> str:
    """Without white space and soft breaks: lines are broken where there is room."""
    return re.sub(r"[\s\u200b]", "", unicodedata.normalize("NFKC", text))


@EVERY
@BOTH
def test_the_pdf_has_every_section_and_a_block_to_sign(name: str, language: Language) -> None:
    view, text = words(name, language), pdf_text(name, language)
    for section in (view.management, *view.sections, view.signature):
        assert _squeezed(section.title) in text, section.title
    for field in (*view.signature.bullets, *(tile.label for tile in view.signature.tiles)):
        assert _squeezed(field) in text
    assert view.digest in text
    for _, value in view.facts:
        assert _squeezed(shown(value)) in text


@EVERY
@BOTH
def test_every_page_of_the_pdf_is_numbered_and_they_are_few(name: str, language: Language) -> None:
    pages = PdfReader(io.BytesIO(pdf(name, language))).pages
    assert 6 <= len(pages) <= 11
    number = words_in(language).t.gettext("page {page} of {pages}")
    for n, page in enumerate(pages, 1):
        assert _squeezed(number.format(page=n, pages=len(pages))) in _squeezed(page.extract_text())


def test_every_cell_of_every_table_is_in_the_pdf() -> None:
    text = pdf_text("group", Language.CHINESE)
    for section in words("group", Language.CHINESE).sections:
        for table in section.tables:
            missing = [cell.text for row in table.rows for cell in row if _squeezed(shown(cell.text)) not in text]
            assert missing == [], table.name


def test_the_pdf_says_when_it_was_made_and_nothing_of_this_machine() -> None:
    reader = PdfReader(io.BytesIO(pdf("group", Language.ENGLISH)))
    assert reader.metadata is not None
    assert reader.metadata.title == "Security compliance summary – group shop – October 2026"
    assert str(reader.metadata.creation_date).startswith("2026-11-02 06:15")
    assert b"/usr/" not in pdf("group", Language.ENGLISH)


def test_the_font_is_the_one_that_its_makers_published() -> None:
    # Noto Sans SC 2.004, Sans/SubsetOTF/SC of github.com/notofonts/noto-cjk
    digest = hashlib.sha256(sans_path().read_bytes()).hexdigest()
    assert digest == "faa6c9df652116dde789d351359f3d7e5d2285a2b2a1f04a2d7244df706d5ea9"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("安全 Łukasz Ωμέγα Иван é", "安全 Łukasz Ωμέγα Иван é"),
        ("e\u0301", "é"),
        ("👍 가", "{U+1F44D} {U+AC00}"),
        ("\udcff", "{U+FFFD}"),
    ],
)
def test_a_letter_that_no_font_has_is_written_as_its_number(text: str, written: str) -> None:
    assert shown(text) == written


@given(st.text(max_size=80))
@settings(max_examples=examples(60), deadline=None)
def test_no_word_is_longer_than_a_cell_and_none_loses_a_letter(text: str) -> None:
    broken = breakable(text)
    assert broken.replace("\u200b", "") == shown(text).replace("\u200b", "")
    assert all(len(part) < 20 for part in re.split(r"[\s\u200b\-/._:@#=]|[\u2e80-\u9fff\uff00-\uffef]", broken))


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_a_gap_in_what_is_known_is_a_gap_in_the_line() -> None:
    chart = Chart("x", "x", ("a", "b", "c", "d", "e"), (Line("one", (1.0, 2.0, None, 3.0, 4.0)),))
    drawn = ElementTree.fromstring(svg_of(chart))
    lines = drawn.findall("{http://www.w3.org/2000/svg}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [2, 2]


@given(
    st.lists(st.none() | st.floats(0, 1e12), min_size=1, max_size=40),
    nasty,
)
@settings(max_examples=examples(60), deadline=None)
def test_any_numbers_and_names_make_a_drawing(values: list[float | None], name: str) -> None:
    chart = Chart(
        "x", one_line(name), tuple(str(n) for n in range(len(values))), (Line(one_line(name), tuple(values)),)
    )
    ElementTree.fromstring(svg_of(chart).encode("utf-8", "replace"))


def test_every_counter_behind_a_figure_has_words_in_every_language() -> None:
    assert [name for measure in FIGURES for name in measure.uses if not is_translated(name)] == []


@EVERY
def test_a_file_is_called_by_plain_letters(name: str) -> None:
    for format in FORMATS.values():
        called = file_name(SAMPLES[name](Language.CHINESE), Language.CHINESE, format)
        assert re.fullmatch(r"mergewarden-[A-Za-z0-9._-]+", called), called
        assert len(called) < 150
    assert file_name(_nothing(), Language.ENGLISH, FORMATS["pdf"]) == "mergewarden-organisation-2026-10-r1.en.pdf"


def test_a_format_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    assert format_of(" PDF ") is FORMATS["pdf"]
    with pytest.raises(MergewardenError) as refused:
        format_of("docx")
    assert "html, pdf, md, csv, xlsx, json" in str(refused.value.hint)


@cache
def _nothing() -> Summary:
    return unknown_summary(Language.ENGLISH)
