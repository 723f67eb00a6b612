"""
A few lines of code as a page shows them: coloured by what they are, with their numbers and what was flagged. Pure.

Pygments names the words; it is given little text and never runs it. Colours are classes, since the policy of our pages
allows no style of an element's own; texts are not escaped here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import PurePosixPath

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType
from pygments.util import ClassNotFound

from bot.reports.visible import lines_of, visible

MOST_LINES = 40
LONGEST_LINE = 500
"""Characters; what is longer is no code that somebody wrote."""

_CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "c"),
    (Keyword, "k"),
    (String, "s"),
    (Number, "m"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Name.Decorator, "d"),
    (Name.Tag, "k"),
    (Name.Attribute, "d"),
    (Name.Builtin, "b"),
    (Operator.Word, "k"),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line."""

    text: str
    style: str = ""
    """``k`` keyword, ``s`` string, ``c`` comment, ``m`` number, ``f`` name that is defined, ``b``, ``d``; or empty."""
    marked: bool = False
    """Whether it is the very code that was flagged."""


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One line."""

    number: int
    pieces: tuple[Piece, ...]
    flagged: bool


@dataclass(frozen=True, slots=True)
class Span:
    """What was flagged. Lines count from 1 with the end inclusive, columns from 1 with the end not."""

    start_line: int
    end_line: int
    start_column: int | None = None
    end_column: int | None = None


def code_view(text: str, path: PurePosixPath, first: int, flagged: Span | None = None) -> tuple[CodeLine, ...]:
    """
    Lines of the file ``path``, of which the first has the number ``first``.

    White space that all lines begin with is taken away. What cannot be seen is spelt out, and what is too long is cut.
    """
    lines = [_cut(visible(line)) for line in lines_of(text)[:MOST_LINES]] if text else []
    indent = _common_indent(lines)
    found: list[CodeLine] = []
    for offset, pieces in enumerate(_coloured([line[indent:] for line in lines], path)):
        number = first + offset
        inside = flagged is not None and flagged.start_line <= number <= flagged.end_line
        marked = pieces
        if flagged is not None and inside and flagged.start_column is not None and flagged.end_column is not None:
            start = flagged.start_column - 1 - indent if number == flagged.start_line else 0
            end = flagged.end_column - 1 - indent if number == flagged.end_line else LONGEST_LINE
            marked = list(_marked(pieces, max(start, 0), end))
        found.append(CodeLine(number, tuple(marked), inside))
    return tuple(found)


def _coloured(lines: list[str], path: PurePosixPath) -> Iterator[list[Piece]]:
    pieces: list[Piece] = []
    given = 0
    for kind, value in _lexer(path.name).get_tokens("\n".join(lines)):
        style = next((style for token, style in _CLASSES if kind in token), "")
        first, *others = value.split("\n")
        if first:
            pieces.append(Piece(first, style))
        for other in others:
            yield pieces
            given += 1
            if given == len(lines):
                return
            pieces = [Piece(other, style)] if other else []
    if given < len(lines):
        yield pieces


@lru_cache(maxsize=200)
def _lexer(name: str) -> Lexer:
    try:
        return get_lexer_for_filename(name[-100:], stripnl=False, stripall=False, ensurenl=True)
    except ClassNotFound:
        return TextLexer(stripnl=False, stripall=False, ensurenl=True)


def _marked(pieces: list[Piece], start: int, end: int) -> Iterator[Piece]:
    at = 0
    for piece in pieces:
        cuts = sorted({0, len(piece.text), *(c - at for c in (start, end) if 0 < c - at < len(piece.text))})
        for left, right in pairwise(cuts):
            yield Piece(piece.text[left:right], piece.style, start <= at + left < end)
        at += len(piece.text)


def _common_indent(lines: list[str]) -> int:
    widths = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
    shared = min(widths, default=0)
    # Tabs and spaces are not the same.
    first = next((line[:shared] for line in lines if line.strip()), "")
    return shared if all(line[:shared] == first for line in lines if line.strip()) else 0


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"
