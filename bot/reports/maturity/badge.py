"""
A badge for a README: a small SVG with score and level, in the two-part form that people know. Pure.

Colour says nothing that the words do not. What was not assessed says so, and is grey.
"""

from __future__ import annotations

from unicodedata import east_asian_width

from markupsafe import escape

from bot.domain.maturity.scoring import Assessment
from bot.reports.maturity.words import not_assessed
from bot.reports.wording import Wording

_COLOURS = ((80, "#1a7f37"), (60, "#4d7c0f"), (40, "#8a6100"), (0, "#b42318"))
"""From which score on; white text on each of them has a contrast of more than 4.5 to 1 (WCAG 2.2 AA)."""
_UNKNOWN = "#57606a"
_LABEL = "#33383e"


def render_badge(result: Assessment | None, wording: Wording) -> str:
    """The badge; ``result`` None for what nobody ever counted."""
    label = wording.t.gettext("security")
    if result is None or result.score is None:
        value, colour = not_assessed(wording), _UNKNOWN
    else:
        value = f"{result.score} / 100"
        colour = next(colour for limit, colour in _COLOURS if result.score >= limit)
    left, right = _width(label), _width(value)
    name = escape(f"{label}{wording.colon()}{value}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{name}">'
        f"<title>{name}</title>"
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="{_LABEL}"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,Noto Sans CJK SC,sans-serif" '
        f'font-size="11"><text x="{left / 2:g}" y="14">{escape(label)}</text>'
        f'<text x="{left + right / 2:g}" y="14">{escape(value)}</text></g></svg>'
    )


def _width(text: str) -> int:
    """Of the text at 11 px, with room on both sides: Chinese characters are as wide as they are high."""
    return 12 + sum(12 if east_asian_width(letter) in "WF" else 7 for letter in text)
