"""Rules as plain values, for JSON on the command line and in the API; words are in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.domain.noise import RuleNoise
from bot.domain.rule_card import MonthCount, RuleCard, RuleUse
from bot.domain.rule_sample import Sample


def card_to_json(card: RuleCard) -> dict[str, Any]:
    """What the rule is."""
    return {
        "id": card.rule_id,
        "scanner": card.scanner,
        "origin": card.origin,
        "title": card.text.title,
        "message": card.text.message,
        "remediation": card.text.remediation,
        "severity": card.severity,
        "confidence": card.confidence,
        "mode": card.mode,
        "mode_here": card.mode_here or card.mode,
        "enabled": card.enabled,
        "language": card.pack or None,
        "weakness": card.weakness or None,
        "cwes": list(card.cwes),
        "owasp": list(card.owasp),
        "references": list(card.references),
        "covered_by": list(card.covered_by),
        "covers": list(card.covers),
    }


def use_to_json(use: RuleUse, noise: RuleNoise, days: int) -> dict[str, Any]:
    """How it did here."""
    return {
        "findings": use.findings,
        "projects": use.projects,
        "open": use.open,
        "confirmed": use.confirmed,
        "false_positives": use.false_positives,
        "otherwise_dismissed": use.otherwise_dismissed,
        "commented": {
            "days": days,
            "findings": noise.comments,
            "false": noise.false_positives,
            "rate": round(noise.rate, 4) if noise.comments else None,
            "surely": round(noise.at_least, 4) if noise.comments else None,
        },
    }


def months_to_json(months: Sequence[MonthCount]) -> list[dict[str, Any]]:
    """Findings first seen, by month."""
    return [{"month": f"{one.month:%Y-%m}", "findings": one.findings} for one in months]


def sample_to_json(sample: Sample) -> dict[str, Any]:
    """A sample, line by line."""
    return {
        "name": sample.name,
        "lines": [{"number": line.number, "text": line.text, "case": line.case.value or None} for line in sample.lines],
    }
