"""Terminal text, Markdown and HTML: golden files, and nothing of a stranger's that takes effect."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from rich.cells import cell_len
from rich.console import Console

from bot.domain import explanations
from bot.domain.verdict import ScanReport
from bot.reports.html import render_html
from bot.reports.markdown import REFERENCE_HOSTS
from bot.reports.markdown_report import render_markdown
from bot.reports.text import print_report, render_text
from bot.texts import Language
from tests.examples import examples
from tests.reports import samples
from tests.reports.gitlab_reading import problems
from tests.reports.golden import assert_golden
from tests.reports.strategies import reports

LANGUAGES = [pytest.param(Language.ENGLISH, id="en"), pytest.param(Language.CHINESE, id="zh")]
SUFFIX = {Language.ENGLISH: "en", Language.CHINESE: "zh"}
HOSTS = REFERENCE_HOSTS | {"gitlab.example"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "name",
    ["rich", "passed", "not_assessed", "scan_failed", "whole_tree", "policy_ignored", "policy_refused", "suppressed"],
)
def test_terminal_text_reads_well(name: str, language: Language) -> None:
    text = render_text(samples.ALL[name], language, lookup=samples.lookup)
    assert_golden(f"text_{name}.{SUFFIX[language]}.txt", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_terminal_text_explains_every_finding(language: Language) -> None:
    """Those that have a number are the same as one that we know; whoever said so already is not told twice."""
    numbered = {samples.EXISTING.fingerprint: 812, samples.CHANGED.fingerprint: 813}
    tracked = [replace(t, number=numbered.get(t.finding.fingerprint)) for t in samples.RICH.tracked]
    tracked[0] = replace(tracked[0], explanation=explanations.ADDED_LINE)
    tracked[2] = replace(
        tracked[2], number=9, explanation=explanations.SAME_AS.format(count=9, sentence=explanations.NEW_FILE)
    )
    tracked[-1] = replace(tracked[-1], explanation=explanations.LINES_REMOVED.format(was="8"))
    report = replace(samples.RICH, tracked=tuple(tracked))
    text = render_text(report, language, lookup=samples.lookup, explain=True)
    assert text.count("↳") == sum(bool(t.explanation) for t in tracked)
    assert_golden(f"text_explained.{SUFFIX[language]}.txt", text)


def test_terminal_text_with_colours_says_the_same() -> None:
    plain = render_text(samples.RICH, Language.ENGLISH, lookup=samples.lookup)
    coloured = render_text(samples.RICH, Language.ENGLISH, lookup=samples.lookup, colour=True)
    assert "\x1b[" in coloured
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in stripped.split("\n")] == plain.split("\n")


def test_a_console_that_is_no_terminal_gets_no_colours() -> None:
    out = io.StringIO()
    print_report(samples.RICH, Console(file=out, width=100), Language.ENGLISH, lookup=samples.lookup)
    assert "\x1b" not in out.getvalue()
    assert "[blocks]" in out.getvalue()


@given(reports())
@settings(max_examples=examples(60))
def test_no_text_of_a_stranger_reaches_the_terminal_as_a_control_sequence(report: ScanReport) -> None:
    text = render_text(report, Language.ENGLISH, lookup=samples.lookup)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u2028]", text)


@pytest.mark.parametrize("width", [40, 60, 100, 160])
def test_terminal_text_keeps_to_its_width(width: int) -> None:
    text = render_text(samples.RICH, Language.CHINESE, lookup=samples.lookup, width=width)
    assert max(cell_len(line) for line in text.split("\n")) <= width


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [40, 59, 60, 72, 80, 99, 100, 120, 160])
def test_the_table_of_scanners_cuts_nothing_off(width: int, language: Language) -> None:
    text = render_text(samples.NOTHING_TO_READ, language, lookup=samples.lookup, width=width)
    assert "…" not in text
    report = replace(samples.RICH, tracked=())
    lines = render_text(report, language, lookup=samples.lookup, width=width).split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith(("Scanner", "扫描器")))
    table = "\n".join(lines[start : lines.index("", start)])
    assert "…" not in table
    words = [*(word for run in report.runs for word in (run.scanner, run.version)), "2026-05-03"]
    assert [word for word in words if word not in table] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_at_eighty_columns_the_advisories_date_is_whole_and_on_one_line(language: Language) -> None:
    text = render_text(samples.RICH, language, lookup=samples.lookup, width=80)
    assert any("2026-05-03" in line for line in text.split("\n"))
    assert_golden(f"text_rich_80.{SUFFIX[language]}.txt", text)


def test_the_flagged_part_is_underlined() -> None:
    lines = render_text(samples.RICH, Language.ENGLISH, lookup=samples.lookup).split("\n")
    code = next(i for i, line in enumerate(lines) if "cursor.execute(" in line and "│" in line)
    assert lines[code + 1].index("^") == lines[code].index("cursor")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["rich", "passed", "scan_failed", "policy_ignored", "suppressed"])
def test_markdown_reads_well(name: str, language: Language) -> None:
    text = render_markdown(samples.ALL[name], language, lookup=samples.lookup)
    assert_golden(f"report_{name}.{SUFFIX[language]}.md", text)
    assert problems(text, HOSTS) == []


@given(reports())
@settings(max_examples=examples(60))
def test_markdown_does_nothing_whatever_the_report_says(report: ScanReport) -> None:
    assert problems(render_markdown(report, Language.ENGLISH, lookup=samples.lookup), HOSTS) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["rich", "passed", "scan_failed", "whole_tree", "policy_ignored", "suppressed"])
def test_html_reads_well(name: str, language: Language) -> None:
    page = render_html(samples.ALL[name], language, lookup=samples.lookup)
    assert_golden(
        f"report_{name}.{SUFFIX[language]}.html",
        re.sub(r"<footer>Mergewarden \S+", "<footer>Mergewarden VERSION", page),
    )


class Page(HTMLParser):
    """Collects what a page is made of."""

    VOID = frozenset({"meta", "br", "link", "img", "input", "hr"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.comments = 0
        self.policy = ""
        self.styles: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _value in attrs)
        values = dict(attrs)
        if "href" in values:
            self.links.append(values["href"] or "")
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"] or ""
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.styles.append(data)
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.comments += 1


ATTRIBUTES = {
    *("lang", "charset", "name", "content", "http-equiv"),
    *("class", "href", "rel", "scope", "id", "aria-hidden", "aria-labelledby"),
}
FORBIDDEN = {
    *("script", "img", "iframe", "object", "embed", "link", "base", "svg", "audio", "video"),
    *("form", "input", "button"),
}


def check_page(page: str) -> Page:
    found = Page(page)
    assert found.open == []
    assert not found.tags & {
        "script",
        "img",
        "iframe",
        "object",
        "link",
        "form",
        "input",
        "svg",
        "base",
        "audio",
        "video",
    }
    assert found.attributes <= ATTRIBUTES
    assert all(re.match(r"https?://", link) for link in found.links)
    assert found.comments == 0
    return found


@pytest.mark.parametrize("name", sorted(samples.ALL))
def test_html_needs_nothing_but_its_own_style(name: str) -> None:
    found = check_page(render_html(samples.ALL[name], Language.ENGLISH, lookup=samples.lookup))
    style = "".join(found.styles)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert found.policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert "url(" not in style
    assert "@import" not in style


@given(reports())
@settings(max_examples=examples(60))
def test_html_is_well_formed_and_inert_whatever_the_report_says(report: ScanReport) -> None:
    check_page(render_html(report, Language.ENGLISH, lookup=samples.lookup))


def test_html_shows_hostile_text_as_text() -> None:
    found = check_page(render_html(samples.RICH, Language.ENGLISH, lookup=samples.lookup))
    assert "<script>alert(1)</script>" in found.text
    assert "{U+202E}" in found.text


def test_html_tables_name_their_columns_and_rows() -> None:
    page = render_html(samples.RICH, Language.ENGLISH, lookup=samples.lookup)
    assert page.count('<th scope="col"') == 9
    assert page.count('<th scope="row"') == len(samples.RUNS) + 3
