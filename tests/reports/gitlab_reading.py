"""
What GitLab would make of a note, asked of a CommonMark parser with tables.

The checks know nothing of how ``bot.reports.markdown`` escapes: they look at what a parser finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

REFERENCES = {
    "mention, reference, label, milestone, snippet, epic, alert": re.compile(r"""[@#!~%$&^\[](?=[\w"'.{/\[^-])"""),
    "iteration": re.compile(r"\*(?=[A-Za-z])"),
    "url": re.compile(r"[A-Za-z]://|\bwww\.|\bmailto:|\bxmpp:", re.IGNORECASE),
    "commit": re.compile(r"[0-9a-fA-F]{7,}"),
    "external issue": re.compile(r"[A-Za-z]\w*-\d"),
    "emoji": re.compile(r":[\w+-]+:"),
    "inline diff": re.compile(r"\{[+-]"),
    "include": re.compile(r"::"),
}
"""Patterns that GitLab's filters would act on in rendered text."""

OUR_HTML = re.compile(r"</?details>|<summary>[^<>@/]*</summary>")
QUOTE_FENCE = re.compile(r"^\s*>{3,}\s*$", re.MULTILINE)


def quick_action_lines(source: str) -> list[str]:
    """Lines of top-level paragraphs that begin, after any white space, with a slash."""
    lines = source.split("\n")
    found: list[str] = []
    for token in PARSER.parse(source):
        if token.type == "paragraph_open" and token.level == 0 and token.map:
            found += [line for line in lines[token.map[0] : token.map[1]] if line.strip().startswith("/")]
    return found


def slash_lines_outside_code(source: str) -> list[str]:
    """Every line outside fences that begins with a slash, whatever block the parser puts it in."""
    fenced: set[int] = set()
    for token in PARSER.parse(source):
        if token.type == "fence" and token.map:
            fenced.update(range(*token.map))
    lines = source.split("\n")
    return [line for number, line in enumerate(lines) if number not in fenced and line.strip().startswith("/")]


def inline_tokens(source: str) -> Iterator[Token]:
    """All inline tokens of the document."""
    for token in PARSER.parse(source):
        yield from token.children or ()


def references(source: str) -> list[str]:
    """Mentions, references, bare URLs and the like that would be found in text outside code and links."""
    found: list[str] = []
    for token in PARSER.parse(source):
        in_link = 0
        text = ""
        for child in token.children or ():
            in_link += child.nesting if child.type in ("link_open", "link_close") else 0
            # Other inline tokens end a text node, so that nothing can be put together across them.
            text += child.content if child.type == "text" and not in_link else "\n"
        found += [
            f"{name}: {match.group()!r} in {text!r}" for name, p in REFERENCES.items() for match in p.finditer(text)
        ]
    return found


def foreign_html(source: str) -> list[str]:
    """HTML that is not one of our folded sections."""
    found: list[str] = []
    for token in PARSER.parse(source):
        if token.type == "html_block":
            found += [line for line in token.content.strip().split("\n") if not OUR_HTML.fullmatch(line)]
        found += [child.content for child in token.children or () if child.type == "html_inline"]
    return found


def link_hosts(source: str) -> set[str]:
    """Hosts that a reader could be led to."""
    hrefs = [str(token.attrs.get("href", "")) for token in inline_tokens(source) if token.type == "link_open"]
    return {urlsplit(href).hostname or href for href in hrefs}


def images(source: str) -> list[str]:
    """Pictures: a reader's browser would fetch them."""
    return [token.content for token in inline_tokens(source) if token.type == "image"]


def fences(source: str) -> list[Token]:
    """All fenced blocks."""
    return [token for token in PARSER.parse(source) if token.type == "fence"]


def problems(source: str, hosts: frozenset[str]) -> list[str]:
    """Everything that a note must not do."""
    found = [f"quick action: {line!r}" for line in quick_action_lines(source)]
    found += [f"slash: {line!r}" for line in slash_lines_outside_code(source)]
    found += [f"html: {html!r}" for html in foreign_html(source)]
    found += [f"image: {image!r}" for image in images(source)]
    found += [f"link to {host!r}" for host in sorted(link_hosts(source) - hosts)]
    found += references(source)
    if "<!--" in source:
        found.append("comment")
    if QUOTE_FENCE.search(source):
        found.append("multi-line quote")
    if len(f"{source}.".splitlines()) != source.count("\n") + 1:
        found.append("line ends that are no line feeds")
    source.encode("utf-8")
    return found
