"""
Spans of days that figures are about. A day is a day in UTC everywhere, so that it is the same day for everybody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Final

from bot.errors import MergewardenError, sentence
from bot.texts import N_

TRAILING_DAYS = 90
"""What the score of a night looks back on: three months, as the published escape rate does."""
LONGEST_DAYS: Final = 4_000
"""Of a period that somebody asks for: almost eleven years. A content with more was never made to be read."""


class PeriodTooLong(MergewardenError):
    """Raised for more days than one snapshot is taken of."""


class PeriodKind(Enum):
    """How long, and whose beginning."""

    NIGHT = "night"
    """The ``TRAILING_DAYS`` days up to its day."""
    WEEK = "week"
    """Monday to Sunday (ISO 8601)."""
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    SPAN = "span"
    """From any day to any day, on demand."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days, the first and the last one included."""

    kind: PeriodKind
    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a period cannot end ({self.last}) before it begins ({self.first})")

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def working_days(self) -> int:
        """Mondays to Fridays; public holidays are not known here."""
        whole, rest = divmod(self.days, 7)
        return whole * 5 + sum((self.first.weekday() + n) % 7 < 5 for n in range(rest))

    @property
    def label(self) -> str:
        """File names and addresses: ``2026``, ``2026-Q3``, ``2026-09``, ``2026-W38``, ``2026-09-01..2026-09-17``."""
        match self.kind:
            case PeriodKind.YEAR:
                return f"{self.first.year:04}"
            case PeriodKind.QUARTER:
                return f"{self.first.year:04}-Q{(self.first.month + 2) // 3}"
            case PeriodKind.MONTH:
                return f"{self.first:%Y-%m}"
            case PeriodKind.WEEK:
                year, week, _ = self.first.isocalendar()
                return f"{year:04}-W{week:02}"
            case PeriodKind.NIGHT:
                return self.last.isoformat()
            case PeriodKind.SPAN:
                return f"{self.first}..{self.last}"

    @property
    def previous(self) -> Period:
        """The one before: what this one is compared with."""
        day_before = self.first - timedelta(days=1)
        match self.kind:
            case PeriodKind.NIGHT:
                return night(self.last - timedelta(days=1))
            case PeriodKind.SPAN:
                return Period(PeriodKind.SPAN, self.first - timedelta(days=self.days), day_before)
            case _:
                return period_of(self.kind, day_before)


def night(day: date) -> Period:
    """What the snapshot at the end of ``day`` looks back on."""
    return Period(PeriodKind.NIGHT, day - timedelta(days=TRAILING_DAYS - 1), day)


def period_of(kind: PeriodKind, day: date) -> Period:
    """The calendar's week, month, quarter or year (or the night) with this day in it. ``ValueError`` for a span."""
    match kind:
        case PeriodKind.NIGHT:
            return night(day)
        case PeriodKind.WEEK:
            first = day - timedelta(days=day.weekday())
            return Period(kind, first, first + timedelta(days=6))
        case PeriodKind.MONTH:
            return _months(kind, day.year, day.month, 1)
        case PeriodKind.QUARTER:
            return _months(kind, day.year, (day.month - 1) // 3 * 3 + 1, 3)
        case PeriodKind.YEAR:
            return _months(kind, day.year, 1, 12)
        case PeriodKind.SPAN:
            raise ValueError("a span has a first and a last day of its own")


def last_ended(kind: PeriodKind, today: date) -> Period:
    """The newest one that was over when ``today`` began."""
    if kind is PeriodKind.NIGHT:
        return night(today - timedelta(days=1))
    return period_of(kind, period_of(kind, today).first - timedelta(days=1))


_LABEL = re.compile(
    r"(?P<year>\d{4})(?:-Q(?P<quarter>[1-4])|-W(?P<week>\d\d)|-(?P<month>\d\d)(?:-(?P<day>\d\d))?)?", re.ASCII
)


def parse_period(text: str) -> Period:
    """
    A period from its label: ``2026``, ``2026-Q3``, ``2026-09``, ``2026-W38``, or days as ``2026-09-01..2026-09-17``.

    Raises ``ValueError`` that says what can be written, and ``PeriodTooLong`` for more than ``LONGEST_DAYS``.
    """
    first, dots, last = text.strip().partition("..")
    try:
        if dots:
            span = Period(PeriodKind.SPAN, date.fromisoformat(first), date.fromisoformat(last))
            must_fit(span)
            return span
        found = _LABEL.fullmatch(first)
        if found is not None:
            year = int(found["year"])
            if found["quarter"]:
                return period_of(PeriodKind.QUARTER, date(year, int(found["quarter"]) * 3, 1))
            if found["week"]:
                return period_of(PeriodKind.WEEK, date.fromisocalendar(year, int(found["week"]), 1))
            if found["day"]:
                return night(date(year, int(found["month"]), int(found["day"])))
            if found["month"]:
                return period_of(PeriodKind.MONTH, date(year, int(found["month"]), 1))
            return period_of(PeriodKind.YEAR, date(year, 1, 1))
    except (ValueError, OverflowError):
        pass
    raise ValueError(
        f"{text[:60]!r} is no period: write 2026 for a year, 2026-Q3, 2026-09 or 2026-W38, "
        "or a first and a last day such as 2026-09-01..2026-09-17"
    )


def must_fit(period: Period) -> None:
    """Raise ``PeriodTooLong`` for a period of more than ``LONGEST_DAYS``."""
    if period.days > LONGEST_DAYS:
        raise PeriodTooLong(
            sentence(
                N_("{period} has {days} days, and a period may have {most}"),
                period=period.label,
                days=period.days,
                most=LONGEST_DAYS,
            ),
            sentence(
                N_("Begin on {day} or later, or ask for one year after the other."),
                day=(period.last - timedelta(days=LONGEST_DAYS - 1)).isoformat(),
            ),
        )


def _months(kind: PeriodKind, year: int, month: int, count: int) -> Period:
    first = date(year, month, 1)
    after = date(year + (month + count - 1) // 12, (month + count - 1) % 12 + 1, 1)
    return Period(kind, first, after - timedelta(days=1))
