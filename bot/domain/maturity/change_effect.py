"""
What a change does to the score of its project: the rating as it is, and as it would be with the change merged. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.domain.maturity.counters import Tally, after_merge
from bot.domain.maturity.model import Model, Scheme, Text
from bot.domain.maturity.period import Period
from bot.domain.maturity.scoring import assess
from bot.domain.verdict import Outcome, Presence, ScanReport, TrackedFinding
from scanners.finding import FindingKind, Severity

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
class OpenFinding:
    """A finding that counts as open on the default branch, as it is counted there."""

    number: int
    fingerprint: str
    """As the default branch has it."""
    severity: Severity
    kind: FindingKind


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
    open_findings: Collection[OpenFinding] = ()
    """Those of the default branch that the change mends or edits; one that is not among them was not counted."""
    excepted: Collection[str] = ()
    """Fingerprints of the change's findings that an exception in force covers, whether or not the gate needs it."""


def change_effect(model: Model, levels: Model | None, known: Known, report: ScanReport) -> ChangeEffect:
    """
    What merging a change does. ``model`` gives the score; ``levels`` the level, unless ``model`` has levels itself.

    What is new or changed and counts comes in, what is fixed goes; a changed finding replaces the one that was there.
    Nothing goes that was not counted, because somebody dismissed it or nobody saw it on the default branch. Nothing
    comes in that an exception covers: once merged, it is not counted either. A comment in the code is none, whatever
    the gate makes of it: nothing is closed by it.
    """
    with_levels = model if model.scheme is Scheme.LEVELS else levels
    before = _standing(model, with_levels, known, known.tally)
    after = None
    if report.decision.outcome is not Outcome.NOT_ASSESSED:
        brings, removes = moved(report, known.open_findings, known.excepted)
        after = _standing(model, with_levels, known, after_merge(known.tally, brings=brings, removes=removes))
    return ChangeEffect(before, after, inferred=with_levels is not None and bool(with_levels.notice.en))


def moved(
    report: ScanReport, open_findings: Collection[OpenFinding] = (), excepted: Collection[str] = ()
) -> tuple[dict[str, int], dict[str, int]]:
    """
    What a change adds to the open findings and takes from them: severities and kinds, as counters name them.

    ``open_findings`` and ``excepted`` as in ``Known``; what the decision itself says of exceptions counts too.
    """
    covered = {one.fingerprint for one in report.decision.suppressed if one.suppression_id is not None} | set(excepted)
    # Without an identity it is none that somebody judged.
    covered.discard("")
    by_number = {one.number: one for one in open_findings}
    by_name = {one.fingerprint: one for one in open_findings if one.fingerprint}
    brings: Counter[str] = Counter()
    gone: dict[int, OpenFinding] = {}
    for tracked in report.tracked:
        finding = tracked.finding
        if finding.kind is FindingKind.SUPPRESSION:
            continue
        if tracked.presence in (Presence.NEW, Presence.CHANGED) and finding.fingerprint not in covered:
            brings.update(_names(finding.severity, finding.kind))
        was = _counted_before(tracked, by_number, by_name)
        if was is not None:
            gone[was.number] = was
    removes: Counter[str] = Counter()
    for was in gone.values():
        removes.update(_names(was.severity, was.kind))
    return dict(brings), dict(removes)


def _counted_before(
    tracked: TrackedFinding, by_number: Mapping[int, OpenFinding], by_name: Mapping[str, OpenFinding]
) -> OpenFinding | None:
    """What the change takes away with this one; None where it takes away nothing that counts."""
    if tracked.presence not in (Presence.FIXED, Presence.CHANGED):
        return None
    if tracked.number is not None and (was := by_number.get(tracked.number)) is not None:
        return was
    before = tracked.finding if tracked.presence is Presence.FIXED else tracked.previous
    return None if before is None else by_name.get(before.fingerprint)


def _names(severity: Severity, kind: FindingKind) -> tuple[str, ...]:
    return (severity.value, _KINDS[kind]) if kind in _KINDS else (severity.value,)


def _standing(model: Model, levels: Model | None, known: Known, tally: Tally) -> Standing:
    found = assess(model, tally, known.period, attested=known.attested.get(model.id), shared=known.shared)
    if levels is None:
        return Standing(found.score, None)
    rated = found
    if levels is not model:
        rated = assess(levels, tally, known.period, attested=known.attested.get(levels.id), shared=known.shared)
    names = {level.number: level.name for level in levels.levels}
    return Standing(found.score, rated.level, names.get(rated.level or 0, _NO_NAME))
