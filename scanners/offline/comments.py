"""
Where the comments of a text are: enough of each language's lexical grammar to tell them from strings, and no more.

It takes one pass and never looks twice at a character for the same reason, so that no text makes it slow. Where a text
is broken (a string that does not end) it reads on as if the quote were not there: then a comment too many is seen
rather than one too few.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple


class Syntax(NamedTuple):
    """How a language writes comments and strings."""

    line: str
    """Expression for what begins a comment that goes to the end of the line."""
    blocks: tuple[tuple[str, str], ...] = ()
    """Beginning and end of comments over several lines."""
    quotes: str = ""
    """Characters around strings that end on their line."""
    long_quotes: tuple[str, ...] = ()
    """What stands around strings over several lines."""
    regex: bool = False
    """Whether there are regular expressions between slashes."""


class Token(NamedTuple):
    """A comment or a string, from ``start`` to ``end`` (exclusive)."""

    start: int
    end: int
    comment: bool


_SLASHES = (("/*", "*/"),)
_MARKUP = (("<!--", "-->"), ("/*", "*/"))
_WORD_HASH = r"(?<!\S)#"
_TRIPLE = ('"""', "'''")
_SCRIPT = Syntax(r"//", _SLASHES, "\"'", ("`",), regex=True)
_CURLY = Syntax(r"//", _SLASHES, "\"'", ('"""',))
_HASHES = Syntax(_WORD_HASH, quotes="\"'")
_HTML = Syntax(r"(?<!:)//", _MARKUP, '"')

_SYNTAXES = {
    ".py": Syntax(r"#", (), "\"'", _TRIPLE),
    ".pyi": Syntax(r"#", (), "\"'", _TRIPLE),
    ".ipynb": Syntax(r"#"),  # JSON whose strings are lines of code
    **dict.fromkeys((".js", ".jsx", ".ts", ".tsx"), _SCRIPT),
    ".go": Syntax(r"//", _SLASHES, "\"'", ("`",)),
    **dict.fromkeys((".java", ".kt", ".scala", ".swift", ".cs"), _CURLY),
    **dict.fromkeys((".c", ".h", ".cpp", ".hpp"), Syntax(r"//", _SLASHES, "\"'")),
    ".rs": Syntax(r"//", _SLASHES, '"'),  # a single quote begins a lifetime more often than a character
    ".php": Syntax(r"//|#(?!\[)", _MARKUP, "\"'"),
    ".rb": Syntax(_WORD_HASH, (("\n=begin", "\n=end"),), "\"'`"),
    **dict.fromkeys((".sh", ".pl", ".dockerfile", ".env", ".properties", ".requirements.txt"), _HASHES),
    ".yaml": _HASHES,
    ".toml": Syntax(r"#", (), "\"'", _TRIPLE),
    ".ini": Syntax(r"(?<!\S)[#;]", quotes="\"'"),
    ".ps1": Syntax(_WORD_HASH, (("<#", "#>"),), "\"'"),
    ".tf": Syntax(r"//|#", _SLASHES, '"'),
    ".sql": Syntax(r"--", _SLASHES, "\"'"),
    ".lua": Syntax(r"--", (("--[[", "]]"),), "\"'"),
    ".xml": Syntax("", (("<!--", "-->"),)),
    **dict.fromkeys((".html", ".vue", ".ejs", ".jsp"), _HTML),
    ".erb": Syntax(r"(?<!:)//", (*_MARKUP, ("<%#", "%>")), '"'),
    ".slashes.txt": _CURLY,
    ".hashes.txt": _HASHES,
}

_REGEX_START = r"(?<=[(,=:!&|?{}\[;])[ \t]*+/(?![/*])"
_LITERALS = {quote: re.compile(rf"{quote}(?:[^{quote}\\\r\n]++|\\.)*+{quote}") for quote in "\"'`"}
_LITERALS["/"] = re.compile(r"/(?:[^/\\\r\n\[]++|\\.|\[(?:[^\]\\\r\n]++|\\.)*+\])++/")
_LINE_END = re.compile(r"[^\r\n]*+")
_BREAK = re.compile(r"\r\n|\n|\r")


def syntax_of(suffix: str) -> Syntax | None:
    """The grammar for a unit's suffix; None where there are no comments, or none that can be told from prose."""
    return _SYNTAXES.get(suffix)


def line_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each line begins and ends, counted as ``scanners.units.split_lines`` does."""
    start = 0
    for found in _BREAK.finditer(text):
        yield start, found.start()
        start = found.end()
    yield start, len(text)


def tokens(text: str, syntax: Syntax) -> Iterator[Token]:
    """Comments and strings, in their order."""
    opening = _opening(syntax)
    blocks = dict(syntax.blocks)
    given_up: set[str] = set()
    blind_until: dict[str, int] = {}
    at = 0
    while found := opening.search(text, at):
        start, word = found.start(), found.group()
        if word in blocks:
            end = text.find(blocks[word], found.end())
            at = len(text) if end < 0 else end + len(blocks[word])
            yield Token(start, at, comment=True)
        elif word in syntax.long_quotes and word not in given_up:
            end = _closing(text, found.end(), word)
            if end < 0:
                # What is not closed from here on is not closed from any later place either.
                given_up.add(word)
                at = found.end()
            else:
                yield Token(start, end, comment=False)
                at = end
        elif word[-1] in syntax.quotes or (syntax.regex and word[-1] == "/" and word != "//"):
            quote = word[-1]
            start = found.end() - 1 if quote == "/" else start
            blind = start < blind_until.get(quote, 0)
            literal = None if blind else _LITERALS[quote].match(text, start)
            if literal is None:
                if not blind:
                    blind_until[quote] = _end_of_line(text, start)
                at = start + 1
            else:
                yield Token(start, literal.end(), comment=False)
                at = literal.end()
        elif word in syntax.long_quotes:
            at = found.end()
        else:
            at = _end_of_line(text, found.end())
            yield Token(start, at, comment=True)


@cache
def _opening(syntax: Syntax) -> re.Pattern[str]:
    blocks = sorted((begin for begin, _ in syntax.blocks), key=len, reverse=True)
    words = [re.escape(word) for word in (*blocks, *syntax.long_quotes)]
    words += [syntax.line] if syntax.line else []
    words += [_REGEX_START] if syntax.regex else []
    words += [f"[{syntax.quotes}]"] if syntax.quotes else []
    return re.compile("|".join(words))


def _closing(text: str, at: int, word: str) -> int:
    """Where the text behind the closing ``word`` begins, which no backslash escapes; -1 when there is none."""
    begin = at
    while (found := text.find(word, at)) >= 0:
        before = found
        while before > begin and text[before - 1] == "\\":
            before -= 1
        if (found - before) % 2 == 0:
            return found + len(word)
        begin = at = found + 1
    return -1


def _end_of_line(text: str, at: int) -> int:
    found = _LINE_END.match(text, at)
    return at if found is None else found.end()
