"""What the tests of delta, scanners and failures ask of every sentence that they see: that it can be translated."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.verdict import TrackedFinding
from bot.reports.sentences import parse
from scanners.interface import Gap, GapReason, ScannerRun

OF_FAKES = frozenset({"", "odd", "fake wrote half a report"})
"""Said by our own stand-ins."""


def assert_translatable(*sentences: str) -> None:
    """Each of them was made from a template."""
    assert [sentence for sentence in sentences if sentence not in OF_FAKES and parse(sentence) is None] == []


def explained(tracked: tuple[TrackedFinding, ...]) -> tuple[TrackedFinding, ...]:
    """The same findings, when each explanation was made from a template."""
    assert all(item.explanation for item in tracked)
    assert_translatable(*(item.explanation for item in tracked))
    return tracked


def assert_gaps_translatable(gaps: Iterable[Gap]) -> None:
    """The details were made from templates, but for those that name a package."""
    assert_translatable(*(gap.detail for gap in gaps if gap.reason is not GapReason.NOT_PINNED))


def assert_runs_translatable(runs: Iterable[ScannerRun]) -> None:
    """Reasons and gaps of these runs were made from templates."""
    for run in runs:
        assert_translatable(run.reason)
        assert_gaps_translatable(run.gaps)
