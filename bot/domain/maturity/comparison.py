"""What is different between two snapshots: scores, demands, figures, and who belongs to it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.maturity.scoring import Answer, Assessment
from bot.domain.maturity.snapshot import Content


@dataclass(frozen=True, slots=True)
class ModelChange:
    """What one model says now, beside what it said."""

    model_id: str
    same_model: bool
    """Whether both were rated by the same version: if not, the model may be why they differ."""
    before: int | None
    """Score; None for not assessed, or where the model was not in force."""
    after: int | None
    levels: tuple[tuple[str, str | None, str | None], ...]
    """Items whose rating changed, with the one before and the one now; None for not assessed."""
    gained: tuple[str, ...]
    """Demands that are met now and were not."""
    lost: tuple[str, ...]
    """Demands that were met and are not now, those included of which nothing is known any more."""

    @property
    def change(self) -> int | None:
        """Points; None where one of the two is not assessed."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that is different."""

    models: tuple[ModelChange, ...]
    """Of every model that rated one of the two, in the order of the later one; also where nothing changed."""
    figures: tuple[tuple[str, float | None, float | None], ...]
    """Measures that changed, by name, with the value before and the one now; None for not known."""
    joined: tuple[int, ...]
    """Projects that belong to it now and did not."""
    left: tuple[int, ...]


def compare(before: Content | None, after: Content) -> Comparison:
    """What is different. ``before`` None for nothing to compare with: then everything is new."""
    earlier = {} if before is None else {result.model_id: result for result in before.results}
    later = {result.model_id: result for result in after.results}
    names = [*later, *(name for name in earlier if name not in later)]
    figures = {} if before is None else before.figures
    members = {number for number, _ in (before.inputs.projects or ())} if before is not None else set()
    now = {number for number, _ in (after.inputs.projects or ())}
    return Comparison(
        models=tuple(_change(name, earlier.get(name), later.get(name)) for name in names),
        figures=tuple(
            (name, figures.get(name), after.figures.get(name))
            for name in sorted(figures.keys() | after.figures.keys())
            if figures.get(name) != after.figures.get(name)
        ),
        joined=tuple(sorted(now - members)),
        left=tuple(sorted(members - now)),
    )


def _change(name: str, before: Assessment | None, after: Assessment | None) -> ModelChange:
    ratings = [{} if one is None else {item.item_id: item.rating for item in one.items} for one in (before, after)]
    met = [_met(before), _met(after)]
    return ModelChange(
        model_id=name,
        same_model=before is not None and after is not None and before.model_digest == after.model_digest,
        before=None if before is None else before.score,
        after=None if after is None else after.score,
        levels=tuple(
            (item, ratings[0].get(item), ratings[1].get(item))
            for item in dict.fromkeys([*ratings[1], *ratings[0]])
            if ratings[0].get(item) != ratings[1].get(item)
        ),
        gained=tuple(sorted(met[1] - met[0])),
        lost=tuple(sorted(met[0] - met[1])),
    )


def _met(result: Assessment | None) -> frozenset[str]:
    if result is None:
        return frozenset()
    return frozenset(
        demand.demand_id for item in result.items for demand in item.demands if demand.answer is Answer.MET
    )
