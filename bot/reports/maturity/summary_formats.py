"""
Which formats a compliance summary comes in, by the word that a user types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bot.domain.maturity.summary import Summary
from bot.errors import MergewardenError
from bot.reports.maturity.summary_csv import render_summary_csv
from bot.reports.maturity.summary_json import render_summary_json
from bot.reports.maturity.summary_markdown import render_summary_markdown
from bot.texts import Language

Render = Callable[[Summary, Language], bytes]


# What these import takes a while: whoever wants another format does not wait for it.
def _html(summary: Summary, language: Language) -> bytes:
    from bot.reports.maturity.summary_html import render_summary_html

    return render_summary_html(summary, language)


def _pdf(summary: Summary, language: Language) -> bytes:
    from bot.reports.maturity.summary_pdf import render_summary_pdf

    return render_summary_pdf(summary, language)


def _xlsx(summary: Summary, language: Language) -> bytes:
    from bot.reports.maturity.summary_xlsx import render_summary_xlsx

    return render_summary_xlsx(summary, language)


@dataclass(frozen=True, slots=True)
class Format:
    """One format."""

    name: str
    render: Render
    media_type: str
    suffix: str
    binary: bool = False
    """Whether it is nothing for a terminal."""


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        one.name: one
        for one in (
            Format("html", _html, "text/html; charset=utf-8", ".html"),
            Format("pdf", _pdf, "application/pdf", ".pdf", binary=True),
            Format("md", render_summary_markdown, "text/markdown; charset=utf-8", ".md"),
            Format("csv", render_summary_csv, "text/csv; charset=utf-8", ".csv"),
            Format(
                "xlsx",
                _xlsx,
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                ".xlsx",
                binary=True,
            ),
            Format("json", render_summary_json, "application/json", ".json"),
        )
    }
)
"""Every format by its word."""

_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")


def format_of(word: str) -> Format:
    """The format with this word. Raises ``MergewardenError`` that names those that there are."""
    found = FORMATS.get(word.strip().lower())
    if found is None:
        raise MergewardenError(
            f"a summary does not come as {word[:40]!r}", f"Choose from {', '.join(FORMATS)}; several with commas."
        )
    return found


def file_name(summary: Summary, language: Language, format: Format) -> str:
    """How a file of it is called: ``mergewarden-shop-2026-10-r1.zh-CN.pdf``; ASCII letters, digits and ``._-``."""
    subject = summary.path or summary.scope.kind.value
    plain = _NOT_IN_A_NAME.sub("-", subject).strip("-.")[:80] or summary.scope.key or "report"
    plain = _NOT_IN_A_NAME.sub("-", plain).strip("-.") or "report"
    period = summary.period.label.replace("..", "_")
    return f"mergewarden-{plain}-{period}-r{summary.snapshot.revision}.{language.value}{format.suffix}"
