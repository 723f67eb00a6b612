"""
What a change does to the score of its project: the rating as it is, and as it would be with the change merged. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.maturity.counters import Tally, after_merge
from bot.domain.maturity.model import Model, Scheme, Text
from bot.domain.maturity.period import Period
from bot.domain.maturity.scoring import assess
from bot.domain.verdict import Outcome, Presence, ScanReport
from scanners.finding import FindingKind

_NO_NAME = Text("", "")
_KINDS = {FindingKind.SECRET: "secret", FindingKind.DEPENDENCY: "dependency"}


@dataclass(frozen=True, slots=True)
class Standing:
    """A rating at one moment."""

    score: int | None
    """0 to 100; None for not assessed."""
    level: int | None
    """Of the model with levels; None where there is none or it is not assessed."""
    name: Text = _NO_NAME
    """How that level is called; empty for none."""


@dataclass(frozen=True, slots=True)
class ChangeEffect:
    """A project's rating without and with a change."""

    before: Standing
    after: Standing | None
    """None where the change was not assessed, so that nobody knows what it brings."""
    inferred: bool
    """Whether the level is our inference and has to be called one."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a project's rating follows from."""

    tally: Tally
    """Its counters over the period."""
    period: Period
    shared: Tally
    """The organisation's counters."""
    attested: Mapping[str, Mapping[str, int]]
    """By model the demands that people's word answers, to its number."""


def change_effect(model: Model, levels: Model | None, known: Known, report: ScanReport) -> ChangeEffect:
    """
    What merging a change does. ``model`` gives the score; ``levels`` the level, unless ``model`` has levels itself.

    What is new or changed and counts comes in, what is fixed goes; a changed finding replaces the one that was there.
    A finding that is excused does not come in.
    """
    with_levels = model if model.scheme is Scheme.LEVELS else levels
    before = _standing(model, with_levels, known, known.tally)
    after = None
    if report.decision.outcome is not Outcome.NOT_ASSESSED:
        brings, removes = moved(report)
        after = _standing(model, with_levels, known, after_merge(known.tally, brings=brings, removes=removes))
    return ChangeEffect(before, after, inferred=with_levels is not None and bool(with_levels.notice.en))


def moved(report: ScanReport) -> tuple[dict[str, int], dict[str, int]]:
    """What a change adds to the open findings and takes from them: severities and kinds, as counters name them."""
    excused = {one.fingerprint for one in report.decision.suppressed}
    brings: Counter[str] = Counter()
    removes: Counter[str] = Counter()
    for tracked in report.tracked:
        finding = tracked.finding
        names = [finding.severity.value, *([_KINDS[finding.kind]] if finding.kind in _KINDS else [])]
        if finding.kind is FindingKind.SUPPRESSION:
            continue
        if tracked.presence in (Presence.NEW, Presence.CHANGED) and finding.fingerprint not in excused:
            brings.update(names)
        if tracked.presence is Presence.FIXED:
            removes.update(names)
        elif tracked.presence is Presence.CHANGED and tracked.previous is not None:
            was = tracked.previous
            removes.update([was.severity.value, *([_KINDS[was.kind]] if was.kind in _KINDS else [])])
    return dict(brings), dict(removes)


def _standing(model: Model, levels: Model | None, known: Known, tally: Tally) -> Standing:
    found = assess(model, tally, known.period, attested=known.attested.get(model.id), shared=known.shared)
    if levels is None:
        return Standing(found.score, None)
    rated = found
    if levels is not model:
        rated = assess(levels, tally, known.period, attested=known.attested.get(levels.id), shared=known.shared)
    names = {level.number: level.name for level in levels.levels}
    return Standing(found.score, rated.level, names.get(rated.level or 0, _NO_NAME))
