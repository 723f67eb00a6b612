"""
The compliance summary as titles, tables, tiles and charts in one language: what every readable format is drawn from.

Everything here is text without markup, on one line, with whatever cannot be seen spelt out: a format escapes it and
adds its own form. Values stand beside the text where a spreadsheet can use them. A tone never says anything that the
words do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Kind(Enum):
    """What a column holds, for alignment and number formats."""

    TEXT = "text"
    NUMBER = "number"
    SHARE = "share"
    """0 to 1."""
    MOMENT = "moment"
    CODE = "code"
    """Ids and digests."""


class Tone(Enum):
    """How a cell is coloured; its words say the same."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


Value = int | float | datetime | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its words, and the value behind them where there is one."""

    text: str
    value: Value = None
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    """For programs: letters, digits and ``_``, the same in every language."""
    title: str
    kind: Kind = Kind.TEXT
    weight: int = 1
    """How wide it is beside the others."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns."""

    name: str
    """For programs, unique in the document."""
    title: str
    """Empty where the section's is enough."""
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    """What stands there instead of rows."""
    more: str = ""
    """That rows were left out, and how many; empty where none was."""
    notes: tuple[str, ...] = ()
    """Sentences before it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart; None where nobody knows: it has a gap there."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over periods, the oldest first. Its numbers stand in the table ``trend``."""

    name: str
    title: str
    labels: tuple[str, ...]
    lines: tuple[Line, ...]
    top: float | None = None
    """The end of the axis; None for what the values need."""

    @property
    def is_empty(self) -> bool:
        """Whether there are fewer than two points to draw a line between."""
        return all(sum(value is not None for value in line.values) < 2 for line in self.lines)


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that is looked at first."""

    label: str
    value: str
    detail: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the document."""

    name: str
    title: str
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences after the title."""
    bullets: tuple[str, ...] = ()
    tiles: tuple[Tile, ...] = ()
    charts: tuple[Chart, ...] = ()
    bullets_title: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """The document in one language."""

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    """What stands on the cover."""
    notices: tuple[str, ...]
    """What has to be said wherever a rating is shown."""
    management: Section
    sections: tuple[Section, ...]
    signature: Section
    """The block to sign: ``bullets`` are its lines."""
    footer: str
    """On every page."""
    digest: str
