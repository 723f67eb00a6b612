"""Which document formats there are, by the word that a user types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bot.domain.verdict import ScanReport
from bot.errors import ConfigurationError
from bot.reports.code_quality import render_code_quality
from bot.reports.gitlab_sast import render_gitlab_sast
from bot.reports.html import render_html
from bot.reports.json_report import render_json
from bot.reports.markdown_report import render_markdown
from bot.reports.sarif import render_sarif
from bot.reports.text import render_text
from bot.reports.wording import Lookup
from bot.texts import Language


class Renderer(Protocol):
    """A report as text in one format; pure, and UTF-8 can hold all of it."""

    def __call__(self, report: ScanReport, language: Language, /, *, lookup: Lookup | None = None) -> str:
        """The whole report in one language."""
        ...


FORMATS: Mapping[str, Renderer] = {
    "text": render_text,
    "json": render_json,
    "sarif": render_sarif,
    "gitlab-sast": render_gitlab_sast,
    "code-quality": render_code_quality,
    "markdown": render_markdown,
    "html": render_html,
}


def renderer(format: str) -> Renderer:
    """What writes this format. Raises ``ConfigurationError`` for one that we do not have."""
    try:
        return FORMATS[format]
    except KeyError:
        raise ConfigurationError(
            f"there is no report format {format!r}", hint=f"Choose one of: {', '.join(FORMATS)}."
        ) from None


def render(report: ScanReport, format: str, language: Language, *, lookup: Lookup | None = None) -> str:
    """
    The report in this format; ``lookup`` replaces the rule catalogue.

    Raises ``ConfigurationError`` for a format that we do not have.
    """
    return renderer(format)(report, language, lookup=lookup)
