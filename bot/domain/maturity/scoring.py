"""
What a model says of a project, a group or the organisation. Pure.

* A demand is met, unmet or *unknown*; unknown counts like unmet, and the share of known answers is told beside.
* The score is credit by weight over **all** demands. A scanner that is switched off takes credit away and gives none.
* Something that was never scanned has no score and no level: *not assessed*.
* A figure that hangs on scanners counts only where those answered (``Measure.counts_with``): switching one off does no
  good just because then nothing is found, fails or takes time.
* Of a group or organisation, a demand is met when enough of its projects meet it: then no project that nobody looks at
  can make the whole look better. Ratings follow from the same rules.
* Numbers are whole (thousandths, rounded down), so that the same inputs give the same result everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from bot.domain.maturity.counters import Tally
from bot.domain.maturity.measures import MEASURES, holds
from bot.domain.maturity.model import Attest, Demand, DemandKind, Item, Model, Probe, Scheme
from bot.domain.maturity.period import Period


class Answer(Enum):
    """Whether a demand is met."""

    MET = "met"
    UNMET = "unmet"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DemandResult:
    """One demand's answer."""

    demand_id: str
    answer: Answer
    credit: int
    """Thousandths of the demand: 1000 when met, less for a step on the way, 0 when unknown."""
    value: float | None = None
    """What the measure gave; None for attestations, groups and what is not known."""
    attestation_id: int | None = None
    """The attestation that answers it."""
    met: int | None = None
    """Of a group: projects that meet it."""
    of: int | None = None
    """Of a group: all projects."""
    unknown: int | None = None
    """Of a group: projects of which it is not known."""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One item's rating."""

    item_id: str
    level: int | None
    """
    The highest level that is met whole, as are all below it; None where nothing is known, or for another scheme than
    levels. Where a model asks something for level 1 it is 0 without that, else everybody who is assessed has level 1.
    """
    on_the_way: bool
    """Whether something of the next level is met as well: written ``3-`` for level 2 on the way to 3."""
    credit: int
    """Thousandths."""
    known: int
    """Thousandths of its weight that have an answer."""
    points: int | None
    """
    Thousandths: for a model of answers 0 to 1000 for each level that is asked about (SAMM: 0 to 3000), for a model of
    points 0 to 1000; None for a model of levels and where nothing is known.
    """
    demands: tuple[DemandResult, ...]

    @property
    def rating(self) -> str | None:
        """``2`` or, on the way to the next, ``3-``; None for not assessed."""
        if self.level is None:
            return None
        return f"{self.level + 1}-" if self.on_the_way else str(self.level)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a model says of something."""

    model_id: str
    model_version: str
    model_digest: str
    score: int | None
    """0 to 100, rounded down; None for not assessed."""
    known: int
    """Thousandths of all weight that have an answer."""
    practice: int | None
    """0 to 100 over what is done alone; None where nothing of it is known."""
    outcome: int | None
    """0 to 100 over what comes of it alone; None where nothing of it is known."""
    level: int | None
    """
    The lowest level of the items that data speaks of; None for not assessed or another scheme than levels.

    Such an item of which nothing is known counts as one at the bottom. Items that only people answer do not count here:
    otherwise the end of an attestation could raise it.
    """
    items: tuple[ItemResult, ...]

    def item(self, item_id: str) -> ItemResult:
        """The result of an item. Raises ``KeyError``."""
        for item in self.items:
            if item.item_id == item_id:
                return item
        raise KeyError(item_id)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that would raise a score."""

    item_id: str
    demand_id: str
    effort: int
    gain: int
    """Hundredths of a point of the score (0 to 10,000) that meeting it is worth."""


def assess(
    model: Model,
    tally: Tally,
    period: Period,
    *,
    attested: Mapping[str, int] | None = None,
    shared: Tally | None = None,
) -> Assessment:
    """
    A project's rating.

    ``tally``: its counters over the period. ``attested``: demands with an attestation in force to its number, the
    project's own and those that reach it from its groups and the organisation. ``shared``: the organisation's counters,
    for measures that are about the organisation.
    """
    valid, common = attested or {}, shared or {}

    def answer(demand: Demand) -> DemandResult:
        if isinstance(demand.asks, Attest):
            number = valid.get(demand.id)
            if number is None:
                return DemandResult(demand.id, Answer.UNKNOWN, 0)
            return DemandResult(demand.id, Answer.MET, 1000, attestation_id=number)
        measure = MEASURES[demand.asks.measure]
        if measure.counts_with and not tally.get(measure.counts_with):
            return DemandResult(demand.id, Answer.UNKNOWN, 0)
        value = measure.value(common if measure.shared else tally, period)
        return _probed(demand, demand.asks, value)

    return _rated(model, answer, assessed=bool(tally.get("projects.ever_scanned")))


def assess_many(
    model: Model, projects: Sequence[Assessment], *, attested: Mapping[str, int] | None = None
) -> Assessment:
    """
    The rating of a group or the organisation from those of its projects, all made with this model.

    ``attested``: demands with an attestation for all of it. Raises ``ValueError`` for an assessment of another model.
    """
    if any(project.model_digest != model.digest for project in projects):
        raise ValueError("projects were rated by another version of the model")
    valid = attested or {}
    by_demand: dict[str, list[DemandResult]] = {}
    for project in projects:
        for item in project.items:
            for result in item.demands:
                # Whatever is on record for a project that nobody ever scanned, it is not good.
                by_demand.setdefault(result.demand_id, []).append(
                    result if project.score is not None else DemandResult(result.demand_id, Answer.UNKNOWN, 0)
                )

    def answer(demand: Demand) -> DemandResult:
        if demand.id in valid:
            return DemandResult(demand.id, Answer.MET, 1000, attestation_id=valid[demand.id])
        results = by_demand.get(demand.id, [])
        met = sum(result.answer is Answer.MET for result in results)
        unknown = sum(result.answer is Answer.UNKNOWN for result in results)
        counts = {"met": met, "of": len(results), "unknown": unknown}
        if not results or unknown == len(results):
            return DemandResult(demand.id, Answer.UNKNOWN, 0, **counts)
        if Fraction(met, len(results)) >= Fraction(demand.share).limit_denominator(10_000):
            return DemandResult(demand.id, Answer.MET, 1000, **counts)
        credit = sum(result.credit for result in results) // len(results)
        return DemandResult(demand.id, Answer.UNMET, min(credit, 999), **counts)

    return _rated(model, answer, assessed=any(project.score is not None for project in projects))


def next_steps(model: Model, assessment: Assessment) -> tuple[Step, ...]:
    """What is not met and not certain, cheapest first, then what is worth more."""
    whole = sum(item.weight for item in model.items)
    steps = []
    for item in model.items:
        weight = sum(demand.weight for demand in item.demands)
        results = {result.demand_id: result for result in assessment.item(item.id).demands}
        for demand in item.demands:
            result = results[demand.id]
            if result.answer is Answer.MET:
                continue
            gain = Fraction(10_000 * item.weight * demand.weight * (1000 - result.credit), 1000 * whole * weight)
            steps.append(Step(item.id, demand.id, demand.effort, int(gain)))
    return tuple(sorted(steps, key=lambda step: (step.effort, -step.gain, step.demand_id)))


def _probed(demand: Demand, probe: Probe, value: float | None) -> DemandResult:
    if value is None:
        return DemandResult(demand.id, Answer.UNKNOWN, 0)
    better = MEASURES[probe.measure].better
    if holds(value, probe.threshold, better, strict=probe.strict):
        return DemandResult(demand.id, Answer.MET, 1000, value)
    credit = max((round(credit * 1000) for limit, credit in probe.steps if holds(value, limit, better)), default=0)
    return DemandResult(demand.id, Answer.UNMET, min(credit, 999), value)


def _rated(model: Model, answer: Callable[[Demand], DemandResult], *, assessed: bool) -> Assessment:
    floor = _floor(model)
    items = tuple(
        _item(model, item, tuple(answer(demand) for demand in item.demands), floor, assessed=assessed)
        for item in model.items
    )
    pairs = list(zip(model.items, items, strict=True))
    whole = sum(item.weight for item in model.items)
    credit = sum(item.weight * result.credit for item, result in pairs)
    known = sum(item.weight * result.known for item, result in pairs)
    something = assessed and any(_answered(result.demands) for result in items)
    levels = [
        floor if result.level is None else result.level
        for item, result in pairs
        if any(isinstance(demand.asks, Probe) for demand in item.demands)
    ]
    return Assessment(
        model_id=model.id,
        model_version=model.version,
        model_digest=model.digest,
        score=credit // (10 * whole) if something else None,
        known=known // whole,
        practice=_part(pairs, DemandKind.PRACTICE) if assessed else None,
        outcome=_part(pairs, DemandKind.OUTCOME) if assessed else None,
        level=min(levels) if levels and something and model.scheme is Scheme.LEVELS else None,
        items=items,
    )


def _floor(model: Model) -> int:
    """The level that whoever is assessed has at least."""
    return 0 if any(demand.level == 1 for _, demand in model.demands) else 1


def _item(model: Model, item: Item, results: tuple[DemandResult, ...], floor: int, *, assessed: bool) -> ItemResult:
    weight = sum(demand.weight for demand in item.demands)
    # Whole numbers as far as they go: a night rates thousands of projects, and fractions take most of the time.
    credit = int(_weighed(item.demands, (result.credit for result in results)) // (weight or 1))
    known = int(_weighed(item.demands, (_known(result) for result in results)) // (weight or 1))
    level: int | None = None
    on_the_way = False
    points: int | None = None
    if assessed and _answered(results):
        match model.scheme:
            case Scheme.LEVELS:
                level, on_the_way = _level(item, results, floor)
            case Scheme.ANSWERS:
                points = _answers(item, results)
            case Scheme.POINTS:
                points = credit
    return ItemResult(item.id, level, on_the_way, credit, known, points, results)


def _level(item: Item, results: tuple[DemandResult, ...], floor: int) -> tuple[int, bool]:
    """The highest level that is met whole, and whether something of the next one that asks anything is met too."""
    by_level: dict[int, list[bool]] = {}
    for demand, result in zip(item.demands, results, strict=True):
        by_level.setdefault(demand.level, []).append(result.answer is Answer.MET)
    level = floor
    # A level of which nothing is asked is only passed on the way to one of which something is, and which is met.
    for number, met in sorted(by_level.items()):
        if not all(met):
            return level, any(met)
        level = number
    return level, False


def _answers(item: Item, results: tuple[DemandResult, ...]) -> int:
    by_level: dict[int, list[tuple[int, int]]] = {}
    for demand, result in zip(item.demands, results, strict=True):
        by_level.setdefault(demand.level, []).append((demand.weight * result.credit, demand.weight))
    means = (Fraction(sum(c for c, _ in level), sum(w for _, w in level)) for level in by_level.values())
    return int(sum(means, Fraction()))


def _answered(results: Iterable[DemandResult]) -> bool:
    return any(result.answer is not Answer.UNKNOWN for result in results)


def _known(result: DemandResult) -> int | Fraction:
    """Thousandths that have an answer: of a group, as many as its projects that have one."""
    if result.answer is Answer.UNKNOWN:
        return 0
    if result.of and result.unknown is not None:
        return Fraction(1000 * (result.of - result.unknown), result.of)
    return 1000


def _weighed(demands: Iterable[Demand], values: Iterable[int | Fraction]) -> int | Fraction:
    return sum(demand.weight * value for demand, value in zip(demands, values, strict=True))


def _part(pairs: Sequence[tuple[Item, ItemResult]], kind: DemandKind) -> int | None:
    """0 to 100 over the demands of one kind."""
    whole, credit, known = Fraction(), Fraction(), False
    for item, result in pairs:
        weight = sum(demand.weight for demand in item.demands)
        mine = [
            (demand.weight, answer)
            for demand, answer in zip(item.demands, result.demands, strict=True)
            if demand.kind is kind
        ]
        if mine:
            whole += Fraction(item.weight * sum(share for share, _ in mine), weight)
            credit += Fraction(item.weight * sum(share * answer.credit for share, answer in mine), weight)
            known = known or _answered(answer for _, answer in mine)
    return int(credit / whole / 10) if known else None
