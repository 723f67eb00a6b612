"""
Puts text of strangers into GitLab Markdown so that it is only ever text.

GitLab runs a line of a top-level paragraph that begins with ``/`` as a quick action with the rights of whoever posts
it, sends mail for ``@name``, writes a note on every item that is referred to (``#1``, ``!1``, a commit id, a full URL),
and a comment ``<!-- -->`` is how we know our own notes. So everything here either escapes, or goes into code.

Escaping alone is not enough against mentions and references: GitLab looks for them in the rendered text, where a
backslash is gone and ``&#64;`` is ``@`` again. They are broken with U+2060 WORD JOINER, which has no width and breaks
no line. Invisible characters of the input are spelt out first (``bot.reports.visible``), so every joiner is ours.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from bot.reports.visible import one_line, shorten, visible

JOINER = "\u2060"

REFERENCE_HOSTS = frozenset(
    {"cwe.mitre.org", "owasp.org", "osv.dev", "nvd.nist.gov", "www.cve.org", "pypi.org", "docs.python.org"}
)
"""Hosts that a note may link to besides our own: well-known references which nobody but their keepers can write to."""

_MOST_CHARACTERS = 10_000

_REFERENCES: tuple[re.Pattern[str], ...] = (
    re.compile(r"(?<=[@#!~%$&^\[])(?=\S)"),  # user, issue, merge request, label, milestone, epic, wiki ...
    re.compile(r"(?<=\*)(?=\w)"),  # *iteration:1
    re.compile(r"(?<=\{)(?=[+-])"),  # {+ inline diff +}
    re.compile(r"(?<=:)(?=//|:|[\w+-]+:)"),  # any URL, ::include{...}, :emoji:
    re.compile(r"(?<=\bwww)(?=\.)|(?<=\bmailto)(?=:)|(?<=\bxmpp)(?=:)", re.IGNORECASE),
    re.compile(r"(?<=[A-Za-z0-9_]-)(?=\d)"),  # GL-1 is an issue, PROJ-1 one of an external tracker
)
"""Where GitLab's reference filters and its Markdown parser must not see two neighbours together."""

_SIX_OF_A_COMMIT_ID = re.compile(r"[0-9a-fA-F]{6}(?=[0-9a-fA-F])")
"""A commit is named by 7 to 40 hexadecimal digits."""

_ESCAPED = str.maketrans(
    {char: "\\" + char for char in "\\`*_{}[]~$^#!@%"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
)
_LINE_START = re.compile(r"[/+=:-]|\d+[.)]")
_INLINE_CODE = re.compile(r"`([^`]+)`")

_COMMENT = "<!--"
# The parser gives up on runs of more than 80 backticks, so that no fence could be made long enough for them.
_LONGEST_RUN = 16
_LONG_RUN = re.compile(rf"`{{{_LONGEST_RUN + 1},}}|~{{{_LONGEST_RUN + 1},}}")
_QUOTE_FENCE = re.compile(r"^(\s*>)(?=>>+\s*$)", re.MULTILINE)
_SAFE_LANGUAGE = re.compile(r"[a-z0-9+]{1,20}")
# Fences that GitLab does not show as code but draws, sends to a server, or turns into a button.
_ACTIVE_LANGUAGES = frozenset(
    {"math", "mermaid", "suggestion", "plantuml", "graphviz", "json", "geojson", "topojson", "stl", "metrics", "glql"}
)
_MOST_SUGGESTED_LINES = 100
_SAFE_URL = re.compile(
    r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~/+,=%-]*)?(\?[A-Za-z0-9._~/+,=%&-]*)?(#[A-Za-z0-9._-]*)?"
)


def plain(text: str, limit: int = _MOST_CHARACTERS) -> str:
    """
    Markdown that shows the text as it is, line by line, and does nothing else. At most ``limit`` characters of it.

    White space at both ends of a line is dropped: after it GitLab still sees a ``/``, and four spaces would be code.
    """
    lines = (" ".join(line.split()) for line in shorten(visible(text), limit).split("\n"))
    return _tidy("\n".join(_escape(line, line_start=True) for line in lines))


def plain_line(text: str, limit: int = _MOST_CHARACTERS) -> str:
    """As ``plain``, on one line: for headings, table cells and list items."""
    return _escape(one_line(text, limit), line_start=True)


def prose(text: str, limit: int = _MOST_CHARACTERS) -> str:
    """As ``plain``, but `` `code` `` within a line stays code: the one piece of markup that rule texts may use."""
    lines = (" ".join(line.split()) for line in shorten(visible(text), limit).split("\n"))
    return _tidy("\n".join(_prose_line(line) for line in lines))


def prose_line(text: str, limit: int = _MOST_CHARACTERS, *, in_table: bool = False) -> str:
    """As ``prose``, on one line: for headings, table cells and list items."""
    return _prose_line(one_line(text, limit), in_table=in_table)


def quote(text: str, limit: int = _MOST_CHARACTERS) -> str:
    """Somebody else's words as a block quote."""
    return "\n".join(f"> {line}".rstrip() for line in plain(text, limit).split("\n"))


def code_span(text: str, limit: int | None = 500, *, in_table: bool = False) -> str:
    """
    The text on one line as inline code. White space runs become one space; empty text gives an empty string.

    In a table a pipe is spelt ``{U+007C}``: a cell ends at a pipe even within code, and escaping it is read differently
    by different parsers when a backslash stands before it.
    """
    shown = _defuse(one_line(text, limit))
    if in_table:
        shown = shown.replace("|", "{U+007C}")
    if not shown:
        return ""
    fence = "`" * (_longest_run(shown, "`") + 1)
    # A space on both sides is taken away again by the parser; it is needed next to a backtick.
    # https://spec.commonmark.org/0.31.2/#code-spans
    pad = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def code_block(text: str, language: str = "", limit: int = _MOST_CHARACTERS) -> str:
    """The text as a fenced block that it cannot end. An unknown or active ``language`` is left out."""
    shown = _QUOTE_FENCE.sub(rf"\g<1>{JOINER}", _defuse(shorten(visible(text), limit)))
    fence = "`" * max(3, _longest_run(shown, "`") + 1)
    known = language if _SAFE_LANGUAGE.fullmatch(language) and language not in _ACTIVE_LANGUAGES else ""
    return f"{fence}{known}\n{shown}\n{fence}"


def suggestion_block(replacement: str, above: int = 0, below: int = 0) -> str | None:
    """
    A block that offers, in one click, to replace the commented line with ``above`` lines before and ``below`` after it.

    The text becomes code exactly as it stands here, so nothing in it may be changed to make it safe. None when it would
    have to be, or when it is more than GitLab accepts.
    https://docs.gitlab.com/user/project/merge_requests/reviews/suggestions/#multi-line-suggestions
    """
    if not (0 <= above <= _MOST_SUGGESTED_LINES and 0 <= below <= _MOST_SUGGESTED_LINES):
        return None
    # visible() would add a style character only after a symbol; in code even that one is not to be slipped in.
    if visible(replacement) != replacement or "\ufe0f" in replacement:
        return None
    if _defuse(replacement) != replacement or _QUOTE_FENCE.search(replacement):
        return None
    fence = "`" * max(3, _longest_run(replacement, "`") + 1)
    return f"{fence}suggestion:-{above}+{below}\n{replacement}\n{fence}"


def link(label: str, url: str, hosts: Collection[str] = REFERENCE_HOSTS) -> str:
    """
    A link, if ``url`` is http or https, made of harmless characters, and leads to one of ``hosts``; else the label.

    ``label`` is Markdown that is already safe: the result of another function of this module.
    """
    return f"[{label}]({url.replace('&', '&amp;')})" if safe_url(url, hosts) else label


def safe_url(url: str, hosts: Collection[str]) -> bool:
    """Whether ``link`` would make a link of this."""
    return len(url) <= 2_000 and _SAFE_URL.fullmatch(url) is not None and urlsplit(url).hostname in hosts


def host_of(url: str) -> frozenset[str]:
    """The host of one of our own URLs as a set for ``link``; empty when there is none."""
    host = urlsplit(url).hostname if _SAFE_URL.fullmatch(url) else None
    return frozenset({host} if host else ())


def _escape(line: str, *, line_start: bool) -> str:
    for reference in _REFERENCES:
        line = reference.sub(JOINER, line)
    line = _SIX_OF_A_COMMIT_ID.sub(rf"\g<0>{JOINER}", line)
    escaped = line.translate(_ESCAPED)
    first = _LINE_START.match(escaped) if line_start else None
    if first is None:
        return escaped
    return f"{escaped[: first.end() - 1]}\\{escaped[first.end() - 1 :]}"


def _prose_line(line: str, *, in_table: bool = False) -> str:
    shown: list[str] = []
    for index, part in enumerate(_INLINE_CODE.split(line)):
        if index % 2 == 0:
            shown.append(_escape(part, line_start=index == 0))
            continue
        span = code_span(part, None, in_table=in_table)
        # Two neighbouring spans would be read as one.
        shown.append(JOINER + span if index > 1 and not shown[-1] else span)
    return "".join(shown)


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def _defuse(text: str) -> str:
    """Break what would be read through code: the start of a comment, and runs that no fence can outdo."""
    return _LONG_RUN.sub(_run_in_words, text).replace(_COMMENT, f"<{JOINER}!--")


def _run_in_words(run: re.Match[str]) -> str:
    found = run.group()
    return f"{found[:_LONGEST_RUN]}{{U+{ord(found[0]):04X} x{len(found) - _LONGEST_RUN}}}"


def _longest_run(text: str, char: str) -> int:
    return max((len(run) for run in re.findall(f"{re.escape(char)}+", text)), default=0)
