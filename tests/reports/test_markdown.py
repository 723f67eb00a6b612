"""Text of strangers in GitLab Markdown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from bot.reports.markdown import (
    JOINER,
    REFERENCE_HOSTS,
    code_block,
    code_span,
    host_of,
    link,
    plain,
    plain_line,
    prose,
    prose_line,
    quote,
    suggestion_block,
)
from bot.reports.visible import lines_of, one_line, shorten_path, visible
from tests.examples import examples
from tests.reports.gitlab_reading import PARSER, QUOTE_FENCE, fences, inline_tokens, problems
from tests.reports.hostile import nasty
from tests.reports.samples import ATTACK

NOWHERE: frozenset[str] = frozenset()


def shown(source: str) -> str:
    """What a reader sees: the text of all inline tokens, without our joiners."""
    blocks = [
        "".join(t.content if t.type in ("text", "code_inline") else "\n" for t in block.children or ())
        for block in PARSER.parse(source)
        if block.type == "inline"
    ]
    return "\n".join(blocks).replace(JOINER, "")


@given(nasty)
def test_plain_text_does_nothing_but_be_read(text: str) -> None:
    source = plain(text)
    assert problems(source, NOWHERE) == []
    assert {token.type for token in PARSER.parse(source)} <= {"paragraph_open", "inline", "paragraph_close"}
    assert {token.type for token in inline_tokens(source)} <= {"text", "softbreak"}


@given(nasty)
def test_plain_text_says_what_was_written(text: str) -> None:
    assert shown(plain(text)).split() == visible(text).split()


@given(nasty)
def test_a_plain_line_is_exactly_one_text_token(text: str) -> None:
    source = plain_line(text)
    assert problems(source, NOWHERE) == []
    tokens = list(inline_tokens(source))
    assert [token.type for token in tokens] == (["text"] if one_line(text) else [])
    assert shown(source) == one_line(text)


@given(nasty)
def test_a_plain_line_fills_exactly_one_cell_of_a_table(text: str) -> None:
    source = f"| a | b |\n| --- | --- |\n| {plain_line(text)} | end |"
    cells = [t.content for t in PARSER.parse(source) if t.type == "inline"]
    assert len(cells) == 4
    assert cells[3] == "end"
    assert problems(source, NOWHERE) == []


@given(nasty)
def test_a_code_span_is_exactly_one_code_token(text: str) -> None:
    source = code_span(text)
    tokens = list(inline_tokens(source))
    assert [token.type for token in tokens] == (["code_inline"] if one_line(text) else [])
    assert problems(source, NOWHERE) == []


@given(nasty)
def test_a_code_span_fills_exactly_one_cell_of_a_table(text: str) -> None:
    source = f"| a | b |\n| --- | --- |\n| {code_span(text, in_table=True)} | end |"
    cells = [t for t in PARSER.parse(source) if t.type == "inline"]
    assert len(cells) == 4
    assert [c.type for c in cells[2].children or ()] == (["code_inline"] if one_line(text) else [])
    assert cells[3].content == "end"


@given(nasty)
def test_prose_keeps_code_and_nothing_else(text: str) -> None:
    for source in (prose(text), prose_line(text)):
        assert problems(source, NOWHERE) == []
        assert {token.type for token in inline_tokens(source)} <= {"text", "softbreak", "code_inline"}


@given(nasty)
def test_prose_in_a_table_cell_stays_in_its_cell(text: str) -> None:
    source = f"| a | b |\n| --- | --- |\n| {prose_line(text, in_table=True)} | end |"
    cells = [t.content for t in PARSER.parse(source) if t.type == "inline"]
    assert len(cells) == 4
    assert cells[3] == "end"
    assert problems(source, NOWHERE) == []


@given(nasty)
def test_a_quotation_stays_a_quotation(text: str) -> None:
    source = f"before\n\n{quote(text)}\n\nafter"
    assert problems(source, NOWHERE) == []
    top = [token.type for token in PARSER.parse(source) if token.level == 0]
    assert top[:3] == ["paragraph_open", "inline", "paragraph_close"] or top[0] == "paragraph_open"
    assert top.count("paragraph_open") == 2
    assert top.count("blockquote_open") == 1


@given(nasty, nasty)
def test_nothing_breaks_out_of_a_code_block(text: str, language: str) -> None:
    source = f"before\n\n{code_block(text, language)}\n\nafter"
    found = fences(source)
    assert len(found) == 1
    assert problems(source, NOWHERE) == []
    assert [t.type for t in PARSER.parse(source) if t.level == 0 and t.type.endswith("_open")] == ["paragraph_open"] * 2
    assert not QUOTE_FENCE.search(found[0].content)


@given(nasty)
def test_a_code_block_shows_the_code(text: str) -> None:
    content = fences(code_block(text))[0].content.replace(JOINER, "")
    if "U+0060 x" not in content and "U+007E x" not in content:
        assert content == visible(text) + "\n"


@given(nasty)
def test_a_suggestion_is_exactly_the_replacement_or_not_made(text: str) -> None:
    source = suggestion_block(text)
    if source is None:
        return
    found = fences(source)
    assert len(found) == 1
    assert found[0].info == "suggestion:-0+0"
    assert found[0].content == text + "\n"
    assert problems(source, NOWHERE) == []


@given(nasty, nasty)
def test_a_link_leads_only_to_known_hosts(label: str, url: str) -> None:
    for source in (link(plain_line(label), url), link(code_span(label), "https://cwe.mitre.org/" + url)):
        assert problems(source, REFERENCE_HOSTS) == []


@given(nasty)
@settings(max_examples=examples(50))
def test_making_visible_twice_changes_nothing(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    ("hidden", "seen"),
    [
        ("a\u202eb", "a{U+202E}b"),
        ("a\u200bb", "a{U+200B}b"),
        ("a\x1b[1m", "a{U+001B}[1m"),
        ("a\x00", "a{U+0000}"),
        ("\udcff", "{U+DCFF}"),
        ("\U000e0041", "{U+E0041}"),
        ("\u3164", "{U+3164}"),
        ("a\ufe0f", "a{U+FE0F}"),
        ("⚠\ufe0f", "⚠\ufe0f"),
        ("a\r\nb\rc\u2028d\x85e", "a\nb\nc\nd\ne"),
        ("标题\t表", "标题\t表"),
    ],
)
def test_what_cannot_be_seen_is_spelt_out(hidden: str, seen: str) -> None:
    assert visible(hidden) == seen


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("/close", r"\/close"),
        ("\u00a0\u3000/close", r"\/close"),
        ("x\n/close", "x\n\\/close"),
        ("a/b", "a/b"),
        ("hello @root", rf"hello \@{JOINER}root"),
        ("1. one", r"1\. one"),
        ("a | b", "a &#124; b"),
        ("<b>", "&lt;b&gt;"),
        ("Plain words, with commas. And (brackets).", "Plain words, with commas. And (brackets)."),
    ],
)
def test_plain_text_is_escaped_only_where_needed(text: str, markdown: str) -> None:
    assert plain(text) == markdown


@pytest.mark.parametrize(
    "replacement",
    [
        "a\u202eb",
        "a\x00",
        "a\rb",
        "a\u2028b",
        ">>>",
        "  >>>>  ",
        "<!-- x -->",
        "`" * 20,
        "a\ufe0f",
        "\udc80",
        "x\u200d",
    ],
)
def test_a_replacement_that_would_have_to_be_altered_is_not_suggested(replacement: str) -> None:
    assert suggestion_block(replacement) is None


@pytest.mark.parametrize(("above", "below"), [(-1, 0), (0, -1), (101, 0), (0, 101)])
def test_a_suggestion_keeps_to_the_lines_that_gitlab_allows(above: int, below: int) -> None:
    assert suggestion_block("x", above, below) is None


def test_a_suggestion_may_be_empty_indented_and_contain_fences() -> None:
    assert suggestion_block("") == "```suggestion:-0+0\n\n```"
    assert suggestion_block("\tif x:\n```\n    y", 1, 2) == "````suggestion:-1+2\n\tif x:\n```\n    y\n````"


@pytest.mark.parametrize(
    "language", ["mermaid", "math", "suggestion", "plantuml", "json", "a b", "py\nthon", "`", "json:table"]
)
def test_a_block_is_never_one_that_gitlab_acts_on(language: str) -> None:
    assert code_block("x", language).startswith("```\n")


def test_python_prompts_stay_as_they_are_in_code() -> None:
    assert code_block(">>> f(1)\n>>>\n2") == f"```\n>>> f(1)\n>{JOINER}>>\n2\n```"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "//cwe.mitre.org/x",
        "https://cwe.mitre.org.evil.example/",
        "https://evil.example/cwe.mitre.org",
        "https://user@cwe.mitre.org/",
        "https://cwe.mitre.org/a b",
        "https://cwe.mitre.org/)[x](https://evil.example",
        "https://cwe.mitre.org/<x>",
        "https://cwe.mitre.org/\n/close",
        "https://cwe.mitre.org/" + "a" * 3000,
    ],
)
def test_a_url_that_is_not_harmless_gives_only_its_label(url: str) -> None:
    assert link("label", url) == "label"


def test_a_good_url_becomes_a_link() -> None:
    assert link("x", "https://cwe.mitre.org/a?b=1&c=2#d") == "[x](https://cwe.mitre.org/a?b=1&amp;c=2#d)"
    assert host_of("https://gitlab.example:8443/a") == {"gitlab.example"}
    assert host_of("javascript:x") == frozenset()


def test_long_text_is_cut_and_says_so() -> None:
    assert plain("x" * 50, 10) == "x" * 9 + "…"
    assert code_span("x" * 50, 10) == f"`{'x' * 9}…`"
    assert len(shorten_path("d/" * 100 + "file.py", 40)) == 40
    assert shorten_path("d/" * 100 + "file.py", 40).endswith("file.py")


def test_the_collected_attack_is_only_text() -> None:
    assert problems(plain(ATTACK), NOWHERE) == []
    assert problems(prose(ATTACK), NOWHERE) == []
    assert problems(code_block(ATTACK, "python"), NOWHERE) == []
    assert problems(ATTACK, NOWHERE), "the checks themselves must object to the raw text"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_every_line_end_counts(end: str) -> None:
    assert lines_of(f"a{end}b") == ["a", "b"]
    assert not re.search(r"^/", plain(f"a{end}/close"), re.MULTILINE)
