"""
Small charts as SVG: a line over time, a stacked bar, a sparkline, and how warm a cell of a heat map is. Pure.

A chart is never alone: it has a title and a description for those who do not see it, and its numbers as a table. Text
stands beside the drawing and not in it, so that it stays readable however narrow the page is. Series differ by dashes
as well as by colour; colours are classes of the style sheet, for the page's policy allows no style of an element's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 1000, 300
"""Of the drawing's own coordinates; it is stretched over the place that it gets."""
_TICKS = 4
_DASHES = ("", "10 4", "3 4", "12 4 3 4", "6 6", "2 7")
_WARMTH = (1, 3, 10, 30)
"""From so many findings on a cell is one step warmer."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one part of a bar."""

    name: str
    """As people read it."""
    style: str
    """Word of the style sheet, such as ``critical``: letters, digits, ``-`` and ``_``."""
    values: tuple[float | None, ...]
    """None where nobody knows: the line has a gap there."""


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a chart's legend."""

    name: str
    style: str
    sample: Markup
    """A stroke or a box as in the chart."""
    value: str
    """What it is now; ``?`` where nobody knows."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What a template shows: see the macro ``chart`` of ``_charts.html``."""

    title: str
    svg: Markup
    keys: tuple[Key, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """The numbers, one row for each point in time (or part), the newest first."""
    high: str = ""
    """What stands at the upper end of the axis; empty where there is none."""
    middle: str = ""
    first: str = ""
    """Where the axis of time begins, and where it ends."""
    last: str = ""
    empty: bool = False
    """Whether there is no number at all."""


def lines(
    name: str, title: str, description: str, labels: Sequence[str], series: Sequence[Series], *, when: str
) -> Chart:
    """
    Lines over time. ``name`` is unique on the page; ``labels`` name the points, the oldest first; ``when`` heads them.

    The axis begins at 0, so that a small change does not look like a large one. Raises ``ValueError`` for a series that
    has not one value for each label.
    """
    if any(len(one.values) != len(labels) for one in series):
        raise ValueError("a line needs one value for each label")
    most = _round_up(max((value for one in series for value in one.values if value is not None), default=0))
    grid = "".join(
        f'<line class="chart-grid" x1="0" x2="{_WIDTH}" y1="{y}" y2="{y}"/>'
        for y in (_HEIGHT * step // _TICKS for step in range(_TICKS + 1))
    )
    drawn = "".join(_line(one.values, most, one.style, _DASHES[n % len(_DASHES)]) for n, one in enumerate(series))
    return Chart(
        title=title,
        svg=_svg(name, title, description, grid + drawn, f"0 0 {_WIDTH} {_HEIGHT}", "chart-lines"),
        keys=tuple(
            Key(one.name, _word(one.style), _stroke(one.style, _DASHES[n % len(_DASHES)]), _last(one.values))
            for n, one in enumerate(series)
        ),
        columns=(when, *(one.name for one in series)),
        rows=tuple(
            (labels[place], *(_number(one.values[place]) for one in series)) for place in reversed(range(len(labels)))
        ),
        high=_number(most),
        middle=_number(most / 2),
        first=labels[0] if labels else "",
        last=labels[-1] if labels else "",
        empty=all(value is None for one in series for value in one.values),
    )


def stacked(
    name: str, title: str, description: str, parts: Sequence[tuple[str, str, int]], *, what: str, number: str
) -> Chart:
    """
    One bar of several parts: ``(name, style, number)`` each. ``what`` and ``number`` head the table's columns.

    A part that is there is never too thin to be seen.
    """
    total = sum(part for _, _, part in parts)
    shares = _shares([part for _, _, part in parts])
    boxes, left = [], 0.0
    for (_, style, part), share in zip(parts, shares, strict=True):
        if part:
            boxes.append(
                f'<rect class="chart-part chart-{_word(style)}" x="{left:.2f}%" y="0" width="{share:.2f}%" '
                f'height="100%"/>'
            )
            left += share
    return Chart(
        title=title,
        svg=_svg(name, title, description, "".join(boxes), None, "chart-bar"),
        keys=tuple(Key(label, _word(style), _box(style), str(part)) for label, style, part in parts),
        columns=(what, number),
        rows=tuple((label, str(part)) for label, _, part in parts),
        empty=total == 0,
    )


def sparkline(values: Sequence[float | None], title: str, style: str = "plain") -> Markup:
    """A line without axes, the size of a word; ``title`` says in words what it shows. Empty for fewer than two."""
    if sum(value is not None for value in values) < 2:
        return Markup("")
    most = max((value for value in values if value is not None), default=0) or 1
    drawn = _line(values, most, style, "", width=100, height=24, margin=2)
    return Markup(  # noqa: S704 - numbers, our own words, and the title, which is escaped
        f'<svg class="sparkline" viewBox="0 0 100 24" preserveAspectRatio="none" role="img">'
        f"<title>{escape(title)}</title>{drawn}</svg>"
    )


def warmth(number: int) -> int:
    """How warm a heat map's cell with this number of findings is: 0 for none, 4 for many."""
    return sum(number >= step for step in _WARMTH)


def _line(
    values: Sequence[float | None],
    most: float,
    style: str,
    dashes: str,
    *,
    width: int = _WIDTH,
    height: int = _HEIGHT,
    margin: int = 0,
) -> str:
    """A polyline for each run of known values; one value alone is a short stroke."""
    step = width / max(len(values) - 1, 1)
    room = height - 2 * margin
    runs: list[list[tuple[float, float]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((place * step, height - margin - room * min(value / (most or 1), 1)))
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    drawn = []
    for run in (run for run in runs if run):
        if len(run) == 1:
            ((x, y),) = run
            run = [(max(x - step / 4, 0), y), (min(x + step / 4, width), y)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
        drawn.append(
            f'<polyline class="chart-line chart-{_word(style)}" fill="none" vector-effect="non-scaling-stroke"{dash} '
            f'points="{points}"/>'
        )
    return "".join(drawn)


def _svg(name: str, title: str, description: str, inside: str, box: str | None, kind: str) -> Markup:
    view = f' viewBox="{box}" preserveAspectRatio="none"' if box else ""
    own = _word(name)
    return Markup(  # noqa: S704 - numbers and words of our own; title and description are escaped
        f'<svg class="{kind}"{view} role="img" aria-labelledby="{own}-title {own}-desc">'
        f'<title id="{own}-title">{escape(title)}</title><desc id="{own}-desc">{escape(description)}</desc>'
        f"{inside}</svg>"
    )


def _stroke(style: str, dashes: str) -> Markup:
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    return Markup(  # noqa: S704 - words of our own
        f'<svg class="chart-sample" viewBox="0 0 28 10" aria-hidden="true">'
        f'<line class="chart-line chart-{_word(style)}"{dash} x1="0" x2="28" y1="5" y2="5"/></svg>'
    )


def _box(style: str) -> Markup:
    return Markup(  # noqa: S704 - words of our own
        f'<svg class="chart-sample chart-box" viewBox="0 0 10 10" aria-hidden="true">'
        f'<rect class="chart-part chart-{_word(style)}" width="10" height="10"/></svg>'
    )


def _shares(parts: Sequence[int]) -> list[float]:
    """Percent of each part; those that are there get at least one, at the others' cost."""
    total = sum(parts)
    if not total:
        return [0.0] * len(parts)
    least = 1.0
    raw = [100 * part / total for part in parts]
    small = sum(least - share for share in raw if 0 < share < least)
    large = sum(share for share in raw if share >= least)
    return [0.0 if not share else least if share < least else share - small * share / large for share in raw]


def _round_up(most: float) -> float:
    """The next number that reads well at the end of an axis: 1, 2, 4, 5 or 10 times a power of ten, at least 4."""
    if most <= _TICKS:
        return _TICKS
    power = 10 ** math.floor(math.log10(most))
    return float(next(step * power for step in (1, 2, 4, 5, 10) if step * power >= most))


def _number(value: float | None) -> str:
    if value is None:
        return "?"
    return f"{value:.0f}" if value == int(value) else f"{value:.1f}"


def _last(values: Sequence[float | None]) -> str:
    return _number(values[-1]) if values else "?"


def _word(text: str) -> str:
    """A word for a class or an id; raises ``ValueError`` for anything else, which would be a mistake of ours."""
    if not text or not all(char.isascii() and (char.isalnum() or char in "-_") for char in text):
        raise ValueError(f"not a word: {text!r}")
    return text
