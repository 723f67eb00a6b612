"""
The compliance summary as one printable page that needs nothing else: no script, no font, no picture, no connection.

Every value is escaped by Jinja. The page's own policy lets nothing but its one style sheet take effect; charts are SVG
with colours as attributes, which no policy has to allow.
"""

from __future__ import annotations

from markupsafe import Markup

from bot.domain.maturity.summary import Summary
from bot.reports.html import rendered
from bot.reports.maturity.summary_chart import svg_of
from bot.reports.maturity.summary_view import Chart
from bot.reports.maturity.summary_words import view_of
from bot.reports.maturity.words import not_assessed
from bot.reports.wording import words_in
from bot.texts import Language

_SHEETS = ("summary.css",)


def render_summary_html(summary: Summary, language: Language) -> bytes:
    """The page, in UTF-8."""
    wording = words_in(language)
    unknown = not_assessed(wording)

    def drawn(chart: Chart) -> Markup:
        return Markup(svg_of(chart, unknown=unknown))  # noqa: S704 - numbers, and texts that are escaped

    page = rendered("summary.html", wording, sheets=_SHEETS, view=view_of(summary, wording), drawn=drawn)
    return page.encode("utf-8")
