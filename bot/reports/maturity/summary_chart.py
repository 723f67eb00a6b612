"""
Lines over time as one SVG that needs nothing around it: for the printable page and the PDF. Pure.

Unlike the desk's charts (which are stretched, and coloured by the page) it holds its own axis, legend and colours as
attributes, so that the same drawing is good on a page with a strict policy, on paper, and in a PDF. Lines differ by
dashes and marks as well as by colour; a gap is where nobody knows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from markupsafe import escape

from bot.reports.maturity.summary_view import Chart

_WIDTH: Final = 400
_PLOT: Final = (34, 10, 358, 130)
"""Left, top, width and height of the plot."""
_LEGEND: Final = 16
_COLOURS: Final = ("#1f5fbf", "#b42318", "#156c36", "#8a5a00", "#6b3fa0", "#0f6e78")
_DASHES: Final = ("", "7 3", "2 3", "9 3 2 3", "4 4", "1 4")
_FONT: Final = "Noto Sans SC, PingFang SC, Microsoft YaHei, Helvetica, Arial, sans-serif"
_STEPS: Final = 4
_MOST_LABELS: Final = 7


def svg_of(chart: Chart, *, unknown: str = "?") -> str:
    """
    The drawing as one ``<svg>`` element, 400 wide. ``unknown`` stands in the legend where the last value is not known.

    The axis begins at 0, so that a small change does not look like a large one.
    """
    left, top, width, height = _PLOT
    most = chart.top if chart.top is not None else _round_up(max(_values(chart), default=0.0))
    bottom = top + height
    total = bottom + 26 + _LEGEND * len(chart.lines) + 4
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {total}" width="{_WIDTH}" height="{total}" '
        f'role="img" aria-label="{escape(chart.title)}" font-family="{_FONT}" font-size="10.5" fill="#333333">'
    ]
    for step in range(_STEPS + 1):
        y = bottom - height * step / _STEPS
        parts.append(
            f'<line x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d0d5dd" stroke-width="1"/>'
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{_number(most * step / _STEPS)}</text>'
        )
    places = _places(len(chart.labels), left, width)
    every = math.ceil(len(chart.labels) / _MOST_LABELS) or 1
    for n, (x, label) in enumerate(zip(places, chart.labels, strict=True)):
        # Counted from the end, because the last one is what it is all about.
        if (len(chart.labels) - 1 - n) % every == 0:
            parts.append(
                f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="middle" font-size="9">{escape(label)}</text>'
            )
    for n, line in enumerate(chart.lines):
        colour, dash = _COLOURS[n % len(_COLOURS)], _DASHES[n % len(_DASHES)]
        parts += _line(line.values, places, most, colour, dash)
        y = bottom + 30 + _LEGEND * n
        last = line.values[-1] if line.values else None
        shown = unknown if last is None else _number(last)
        parts.append(
            f'<line x1="{left}" x2="{left + 26}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"{_dash(dash)}/>'
            f'<text x="{left + 33}" y="{y + 4}">{escape(line.name)}: {escape(shown)}</text>'
        )
    return "".join((*parts, "</svg>"))


def _values(chart: Chart) -> list[float]:
    return [value for line in chart.lines for value in line.values if value is not None]


def _places(count: int, left: int, width: int) -> list[float]:
    if count == 1:
        return [left + width / 2]
    # Room at both ends, so that the first and the last label are not cut.
    inner = width - 36
    return [left + 18 + inner * n / (count - 1) for n in range(count)]


def _line(values: Sequence[float | None], places: Sequence[float], most: float, colour: str, dash: str) -> list[str]:
    _left, top, _width, height = _PLOT
    runs: list[list[tuple[float, float]]] = [[]]
    for x, value in zip(places, values, strict=True):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((x, top + height - height * min(max(value, 0.0) / most, 1.0)))
    drawn = []
    for run in (run for run in runs if run):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
        if len(run) > 1:
            drawn.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{_dash(dash)}/>')
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in run]
    return drawn


def _dash(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""


def _round_up(most: float) -> float:
    """The next number that reads well at the end of an axis, and in quarters of it."""
    if most <= _STEPS:
        return float(_STEPS)
    power = 10 ** math.floor(math.log10(most))
    return float(next(step * power for step in (1, 2, 4, 8, 10) if step * power >= most))


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.1f}"
