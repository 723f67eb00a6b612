"""
Models and ratings for a terminal, and as JSON for programs: what ``mergewarden maturity`` and ``score`` print.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.maturity.counters import Tally
from bot.domain.maturity.measures import MEASURES, Measure
from bot.domain.maturity.model import Attest, Demand, Item, Model, Probe, Scheme
from bot.domain.maturity.scoring import Answer, Assessment, DemandResult, ItemResult, Step, next_steps
from bot.reports.maturity.words import (
    answer_words,
    level_words,
    limit_words,
    measure_title,
    not_assessed,
    rating_words,
    score_words,
    target_words,
    value_words,
)
from bot.reports.visible import one_line, visible
from bot.reports.wording import Wording

MOST_STEPS = 10
"""Of what raises a score next."""


def render_models(models: Sequence[Model], wording: Wording) -> str:
    """A line for each model."""
    lines = []
    for model in models:
        title = one_line(model.title[wording.language], 120)
        lines.append(f"{model.id} {one_line(model.version, 40)}  {title}")
        lines.append(f"    {model.scheme.value}, {size_words(model)}, {model.digest[:12]}")
    return "".join(f"{line}\n" for line in lines)


def size_words(model: Model) -> str:
    """How many items and demands it has."""
    items, demands = len(list(model.items)), len(list(model.demands))
    return f"{items} item{'s' if items != 1 else ''}, {demands} demand{'s' if demands != 1 else ''}"


def render_model(model: Model, wording: Wording) -> str:
    """A model: its levels, items and what each asks, with thresholds."""
    said = wording.language
    lines = [f"{one_line(model.title[said])} ({model.id} {one_line(model.version)})"]
    lines += [f"{one_line(model.source)}", *_paragraph(model.notice[said])]
    for level in model.levels:
        lines.append(f"  {level.number} {one_line(level.name[said])}: {one_line(level.gloss[said])}")
    for area in model.areas:
        lines += ["", f"{area.id} {one_line(area.title[said])}"]
        for item in area.items:
            lines.append(f"  {item.id} {one_line(item.title[said])}{_ceiling(item, model)}")
            for demand in item.demands:
                at = f"{demand.level}  " if model.levels else ""
                lines.append(f"    {at}{demand.id}  {one_line(demand.text[said])}  [{asked(demand, wording)}]")
    return "\n".join(lines) + "\n"


def _ceiling(item: Item, model: Model) -> str:
    if item.ceiling is None or item.ceiling >= model.highest:
        return ""
    return f" (above level {item.ceiling} only people can answer)"


def _paragraph(text: str) -> list[str]:
    return [line for line in visible(text).split("\n") if line.strip()]


def asked(demand: Demand, wording: Wording) -> str:
    """What a demand asks for: a figure and its threshold, or people."""
    if isinstance(demand.asks, Attest):
        second = ", confirmed by a second person" if demand.asks.second_person else ""
        return f"attestation for at most {demand.asks.valid_days} days{second}"
    probe, measure = demand.asks, MEASURES[demand.asks.measure]
    limit = limit_words(probe.threshold, measure.unit, measure.better, wording, strict=probe.strict)
    return f"{measure_title(measure, wording)} {limit}"


def render_measures(wording: Wording) -> str:
    """Every figure that a demand can ask for."""
    lines = []
    for measure in MEASURES.values():
        target = target_words(measure, wording)
        facts = [measure.unit.value, f"{measure.better.value} is better", f"target {target}" if target else ""]
        lines.append(f"{measure.name}  {measure_title(measure, wording)}")
        lines.append(f"    {', '.join(fact for fact in facts if fact)}")
    return "".join(f"{line}\n" for line in lines)


def render_summary(model: Model, result: Assessment, wording: Wording) -> str:
    """A rating as a whole: numbers, items, and what raises it next."""
    said = wording.language
    lines = [f"{one_line(model.title[said])} ({model.id} {one_line(model.version)})", *_paragraph(model.notice[said])]
    lines.append(f"score: {score_words(result.score, wording)}{_parts(result, wording)}")
    if model.scheme is Scheme.LEVELS:
        lines.append(f"level: {level_words(result.level, model, wording)}")
    lines += ["", *(_item_line(item, result.item(item.id), model, wording) for item in model.items)]
    steps = next_steps(model, result)
    if steps:
        lines += ["", "what raises it next, the cheapest first:"]
        lines += [_step_line(step, model, wording) for step in steps[:MOST_STEPS]]
        if len(steps) > MOST_STEPS:
            lines.append(f"  ... and {len(steps) - MOST_STEPS} more")
    return "\n".join(lines) + "\n"


def _parts(result: Assessment, wording: Wording) -> str:
    known = f"{result.known // 10} % of the answers are known"
    if result.score is None:
        return f" ({known})"
    practice, outcome = score_words(result.practice, wording), score_words(result.outcome, wording)
    return f" of 100 (what is done {practice}, what comes of it {outcome}; {known})"


def _item_line(item: Item, result: ItemResult, model: Model, wording: Wording) -> str:
    return f"  {item.id:<8} {rating_words(result, model, wording):<14} {one_line(item.title[wording.language])}"


def _step_line(step: Step, model: Model, wording: Wording) -> str:
    demand = next(demand for _, demand in model.demands if demand.id == step.demand_id)
    effort = "●" * step.effort + "○" * (5 - step.effort)
    return f"  {effort} +{step.gain / 100:.2f}  {demand.id}  {one_line(demand.advice[wording.language])}"


def render_item(
    model: Model,
    item: Item,
    result: ItemResult,
    counters: Tally,
    shared: Tally,
    evidence: Mapping[str, Sequence[str]],
    wording: Wording,
) -> str:
    """
    One item with each of its demands: whether it is met, the value beside what is asked, and what is behind that.

    ``evidence``: by demand lines of somebody else's text about the rows behind the value.
    """
    said = wording.language
    lines = [f"{item.id} {one_line(item.title[said])}: {rating_words(result, model, wording)}"]
    lines += _paragraph(item.description[said])
    for demand, answer in zip(item.demands, result.demands, strict=True):
        level = f"level {demand.level}  " if model.levels else ""
        lines += ["", f"  {demand.id}  {level}{answer_words(answer.answer, wording)}  {one_line(demand.text[said])}"]
        lines += [f"    {line}" for line in _behind(demand, answer, counters, shared, wording)]
        lines += [f"    - {one_line(line, 300)}" for line in evidence.get(demand.id, ())]
        if answer.answer is not Answer.MET:
            lines.append(f"    to do: {one_line(demand.advice[said])}")
    return "\n".join(lines) + "\n"


def _behind(demand: Demand, answer: DemandResult, counters: Tally, shared: Tally, wording: Wording) -> list[str]:
    lines = [f"asks: {asked(demand, wording)}"]
    if answer.of is not None:
        unknown = f", of {answer.unknown} it is not known" if answer.unknown else ""
        lines.append(f"met by {answer.met} of {answer.of} projects{unknown}; {demand.share:.0%} are asked for")
    if isinstance(demand.asks, Probe):
        measure = MEASURES[demand.asks.measure]
        if answer.of is None:
            value = value_words(answer.value, measure.unit, wording)
            lines.append(f"is:   {value}{_why_unknown(measure, answer, counters)}")
        lines.append(f"from: {_counted(measure, shared if measure.shared else counters)}")
    elif answer.attestation_id is not None:
        lines.append(f"attestation {answer.attestation_id}")
    if answer.answer is Answer.UNMET and answer.credit:
        lines.append(f"credit: {answer.credit / 10:g} %")
    return lines


def _why_unknown(measure: Measure, answer: DemandResult, counters: Tally) -> str:
    if answer.value is not None or not measure.counts_with or counters.get(measure.counts_with):
        return ""
    return f" (it counts only where scanners answered: {measure.counts_with} is 0)"


def _counted(measure: Measure, tally: Tally) -> str:
    return ", ".join(f"{name} = {tally.get(name, 'not known')}" for name in measure.uses)


# --- JSON -------------------------------------------------------------------------------------------------------------


def rating_json(model: Model, result: Assessment) -> dict[str, Any]:
    """A rating for programs. Whatever is not known is null."""
    texts = {demand.id: (item, demand) for item, demand in model.demands}
    return {
        "model": {"id": model.id, "version": model.version, "digest": model.digest, "notice": model.notice.en},
        "score": result.score,
        "known": result.known / 1000,
        "practice": result.practice,
        "outcome": result.outcome,
        "level": result.level,
        "items": [
            {
                "id": item.item_id,
                "rating": item.rating,
                "level": item.level,
                "points": None if item.points is None else item.points / 1000,
                "credit": item.credit / 1000,
                "known": item.known / 1000,
                "demands": [
                    {
                        "id": one.demand_id,
                        "answer": one.answer.value,
                        "credit": one.credit / 1000,
                        "measure": _measure_of(texts[one.demand_id][1]),
                        "value": one.value,
                        "attestation": one.attestation_id,
                        "projects": None if one.of is None else {"met": one.met, "of": one.of, "unknown": one.unknown},
                    }
                    for one in item.demands
                ],
            }
            for item in result.items
        ],
        "next": [
            {"item": step.item_id, "demand": step.demand_id, "effort": step.effort, "gain": step.gain / 100}
            for step in next_steps(model, result)
        ],
    }


def _measure_of(demand: Demand) -> str | None:
    return demand.asks.measure if isinstance(demand.asks, Probe) else None


def as_text(document: Mapping[str, Any]) -> str:
    """A document for programs, as text: ASCII, so that a terminal's encoding does not matter."""
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def short_score(score: int | None, level: int | None, wording: Wording) -> tuple[str, str]:
    """Score and level for a table."""
    return score_words(score, wording), not_assessed(wording) if level is None else str(level)
