"""
The compliance summary as JSON, for programs: the document itself with its digest. ``docs/compliance.md`` has its shape.
"""

from __future__ import annotations

from bot.domain.maturity.summary import Summary, to_json
from bot.reports.documents import dump
from bot.texts import Language


def render_summary_json(summary: Summary, language: Language) -> bytes:
    """``digest`` (of ``document`` as canonical JSON), ``language`` and ``document``, which has no words of its own."""
    return dump({"digest": summary.digest, "language": language.value, "document": to_json(summary)}).encode("utf-8")
