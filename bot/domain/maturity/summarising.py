"""
Makes the compliance summary of a period from its snapshot, the one before, and what the lists hold. Pure.

Nothing is looked up and nothing is rated here: levels, scores and figures are the snapshot's own, so that a summary
never says anything else than the snapshot that it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot.domain.maturity.counters import SEVERITIES, Tally
from bot.domain.maturity.measures import FIGURES, Measure
from bot.domain.maturity.model import Item, Model, Scheme, Text
from bot.domain.maturity.period import Period
from bot.domain.maturity.scope import Scope
from bot.domain.maturity.scoring import Answer, Assessment, ItemResult
from bot.domain.maturity.snapshot import Snapshot
from bot.domain.maturity.summary import (
    LISTS,
    AdvisoryLine,
    DutyLine,
    ExceptionLine,
    FigureLine,
    HoleLine,
    IncidentLine,
    ItemLine,
    LevelLine,
    Limit,
    LimitKind,
    Listed,
    ModelPart,
    ProjectLine,
    RedItem,
    RedKind,
    Score,
    SeverityLine,
    SnapshotMark,
    Summary,
    TrendPoint,
    Used,
)
from bot.texts import Language

_FROM_GITLAB: Final = (
    "pipelines",
    "pipeline.",
    "jobs",
    "red.",
    "release",
    "coverage.",
    "projects.coverage_known",
    "new_code.",
    "merges",
    "merge.",
)
"""How the names of counters begin that GitLab is asked for."""


@dataclass(frozen=True, slots=True)
class Lists:
    """What the lists hold, as the store gives it."""

    overdue: Mapping[str, int]
    """Findings that are late by severity; a severity without any may be absent."""
    tolerated: int
    exceptions: Listed[ExceptionLine]
    overrides: Listed[IncidentLine]
    uncleared: Listed[IncidentLine]
    holes: Listed[HoleLine]
    advisories: Listed[AdvisoryLine]
    duties: Listed[DutyLine]
    projects: Listed[ProjectLine]
    """In any order."""
    projects_of: int


@dataclass(frozen=True, slots=True)
class Making:
    """Who makes it, for whom, of what and when."""

    scope: Scope
    path: str
    organisation: str
    period: Period
    language: Language
    made_by: str
    made_at: datetime
    tool: str


def compose(
    making: Making,
    snapshot: Snapshot,
    before: Snapshot | None,
    models: Mapping[str, Model],
    trend: Sequence[TrendPoint],
    lists: Lists,
) -> Summary:
    """
    The summary. ``models``: by digest, those of the snapshot at least. ``trend``: the periods before this one, the
    oldest first. Raises ``KeyError`` for a model that is missing.
    """
    tally = snapshot.content.inputs.counters
    before_tally: Tally = before.content.inputs.counters if before is not None else {}
    parts = tuple(
        model_part(models[result.model_digest], result, before.content.result(result.model_id) if before else None)
        for result in snapshot.content.results
    )
    figures = tuple(_figure(measure, making.period, snapshot, before, lists.projects_of) for measure in FIGURES)
    severities = tuple(_severity(name, tally, before_tally, lists.overdue) for name in SEVERITIES)
    return Summary(
        scope=making.scope,
        path=making.path,
        organisation=making.organisation,
        period=making.period,
        language=making.language,
        made_by=making.made_by,
        made_at=making.made_at.astimezone(UTC),
        tool=making.tool,
        snapshot=_mark(snapshot),
        snapshot_before=_mark(before) if before is not None else None,
        projects_of=lists.projects_of,
        projects_assessed=tally.get("projects.assessed"),
        models=parts,
        trend=(*trend, trend_point(making.period, snapshot)),
        red=_red(parts, figures, tally, lists),
        figures=figures,
        severities=severities,
        scans=tally.get("scans"),
        days_counted=tally.get("days.store", 0),
        tolerated=lists.tolerated if lists.tolerated or tally.get("scans") else None,
        exceptions=lists.exceptions,
        overrides=lists.overrides,
        uncleared=lists.uncleared,
        holes=lists.holes,
        advisories=lists.advisories,
        duties=lists.duties,
        projects=Listed(worst_first(lists.projects.rows, parts), lists.projects.total),
        limits=_limits(making, snapshot, before, parts, figures, lists),
    )


def trend_point(period: Period, snapshot: Snapshot) -> TrendPoint:
    """How things stood at the end of a period, for a line over time."""
    tally = snapshot.content.inputs.counters
    return TrendPoint(
        label=period.label,
        last=period.last,
        scores=tuple(Score(one.model_id, one.score, one.level) for one in snapshot.content.results),
        critical=open_of(tally, "critical"),
        high=open_of(tally, "high"),
        medium=open_of(tally, "medium"),
        low=open_of(tally, "low"),
        overdue=tally.get("overdue"),
    )


def open_of(tally: Tally, severity: str) -> int | None:
    """Open findings of a severity; None where there are none because nobody looked."""
    found = tally.get(f"open.{severity}")
    return found if found or tally.get("projects.assessed") else None


def model_part(model: Model, result: Assessment, before: Assessment | None) -> ModelPart:
    """What one model says. ``before``: of the last period; what another version of the model said is not compared."""
    same = before if before is not None and before.model_digest == result.model_digest else None
    rated = {item.item_id: item for item in result.items}
    earlier = {item.item_id: item for item in same.items} if same is not None else {}
    return ModelPart(
        id=model.id,
        version=model.version,
        digest=model.digest,
        title=model.title,
        notice=model.notice,
        source=model.source,
        scheme=model.scheme,
        levels=tuple(LevelLine(level.number, level.name) for level in model.levels),
        score=result.score,
        known=result.known,
        practice=result.practice,
        outcome=result.outcome,
        level=result.level,
        before=same is not None,
        score_before=same.score if same is not None else None,
        level_before=same.level if same is not None else None,
        items=tuple(
            _item(model, area.title, item, rated[item.id], earlier.get(item.id))
            for area in model.areas
            for item in area.items
        ),
    )


def leading_model(models: Sequence[ModelPart]) -> str:
    """Id of the model that projects are ordered by: the first one without levels, else the first; empty for none."""
    return next((model.id for model in models if model.scheme is Scheme.POINTS), models[0].id if models else "")


def worst_first(projects: Iterable[ProjectLine], models: Sequence[ModelPart]) -> tuple[ProjectLine, ...]:
    """
    By the leading model's score; no answer is worse than a bad one. Then by what is open.
    """
    by = leading_model(models)

    def order(line: ProjectLine) -> tuple[int, int, int, int, str, int]:
        score = next((one.score for one in line.scores if one.model_id == by), None)
        return (
            -1 if score is None else score,
            -(line.critical or 0),
            -(line.overdue or 0),
            -(line.high or 0),
            line.path.casefold(),
            line.id,
        )

    return tuple(sorted(projects, key=order))


def _mark(snapshot: Snapshot) -> SnapshotMark:
    row = snapshot.row
    return SnapshotMark(row.id, row.digest, row.content, row.revision, row.taken_at)


def _item(model: Model, area: Text, item: Item, result: ItemResult, before: ItemResult | None) -> ItemLine:
    answers = [demand.answer for demand in result.demands]
    levels = model.scheme is Scheme.LEVELS
    return ItemLine(
        id=item.id,
        area=area,
        title=item.title,
        rating=result.rating if levels else None,
        level=result.level,
        points=result.points,
        credit=result.credit,
        known=result.known,
        ceiling=item.ceiling,
        met=sum(answer is Answer.MET for answer in answers),
        unmet=sum(answer is Answer.UNMET for answer in answers),
        unknown=sum(answer is Answer.UNKNOWN for answer in answers),
        attested=sum(demand.attestation_id is not None for demand in result.demands),
        compared=before is not None,
        rating_before=before.rating if before is not None and levels else None,
        level_before=before.level if before is not None else None,
        credit_before=before.credit if before is not None else None,
    )


def _figure(measure: Measure, period: Period, snapshot: Snapshot, before: Snapshot | None, projects: int) -> FigureLine:
    content = snapshot.content
    tally = content.inputs.counters
    value = content.figures.get(measure.name)
    asked = any(name.startswith(_FROM_GITLAB) for name in measure.uses)
    return FigureLine(
        name=measure.name,
        value=value,
        before=before.content.figures.get(measure.name) if before is not None else None,
        reaches=measure.reaches(value),
        uses=tuple(Used(name, tally.get(name)) for name in dict.fromkeys(measure.uses)),
        days_known=tally.get("days.gitlab" if asked else "days.store"),
        days_of=period.days * max(projects, 1),
    )


def _severity(name: str, tally: Tally, before: Tally, overdue: Mapping[str, int | None]) -> SeverityLine:
    return SeverityLine(
        severity=name,
        found=_found(tally, name),
        fixed=tally.get(f"fixed.{name}"),
        open=open_of(tally, name),
        overdue=overdue.get(name, 0 if tally.get("projects.assessed") else None),
        found_before=_found(before, name),
        fixed_before=before.get(f"fixed.{name}"),
        open_before=open_of(before, name),
    )


def _found(tally: Tally, severity: str) -> int | None:
    """None where nothing was found because nothing was scanned."""
    found = tally.get(f"found.{severity}")
    return found if found or tally.get("scans") else None


def _red(models: Sequence[ModelPart], figures: Sequence[FigureLine], tally: Tally, lists: Lists) -> tuple[RedItem, ...]:
    found = [
        RedItem(kind, value=float(number))
        for kind, number in (
            (RedKind.UNCLEARED, max(tally.get("incidents.uncleared", 0), lists.uncleared.total)),
            (RedKind.BREAK_GLASS, tally.get("incidents.break_glass", 0)),
            (RedKind.TAMPERING, tally.get("incidents.tampering", 0)),
            (RedKind.CRITICAL_OPEN, tally.get("open.critical", 0)),
            (RedKind.OVERDUE, tally.get("overdue", 0)),
        )
        if number
    ]
    unassessed = _unassessed(tally, lists.projects_of)
    if unassessed:
        found.append(RedItem(RedKind.NOT_ASSESSED, value=float(unassessed), of=lists.projects_of))
    for model in models:
        found += _fallen(model)
    found += [
        RedItem(RedKind.TARGET_MISSED, subject=figure.name, value=figure.value, before=figure.before)
        for figure in figures
        if figure.reaches is False
    ]
    unknown = sum(figure.value is None for figure in figures)
    if unknown:
        found.append(RedItem(RedKind.UNKNOWN, value=float(unknown), of=len(figures)))
    return tuple(found)


def _fallen(model: ModelPart) -> list[RedItem]:
    if not model.before:
        return []
    found = []
    if model.level_before is not None and (model.level is None or model.level < model.level_before):
        found.append(_fall(RedKind.LEVEL_FELL, model.id, model.title, model.level, model.level_before))
    for item in model.items:
        if item.compared and item.level_before is not None and (item.level is None or item.level < item.level_before):
            subject = f"{model.id} {item.id}"
            found.append(_fall(RedKind.LEVEL_FELL, subject, item.title, item.level, item.level_before))
    if model.score_before is not None and (model.score is None or model.score < model.score_before):
        found.append(_fall(RedKind.SCORE_FELL, model.id, model.title, model.score, model.score_before))
    return found


def _fall(kind: RedKind, subject: str, title: Text, now: int | None, before: int) -> RedItem:
    return RedItem(kind, subject, title, None if now is None else float(now), float(before))


def _unassessed(tally: Tally, projects: int) -> int:
    # An empty project has nothing that could be looked at.
    return max(0, tally.get("projects", projects) - tally.get("projects.assessed", 0))


def _limits(
    making: Making,
    snapshot: Snapshot,
    before: Snapshot | None,
    models: Sequence[ModelPart],
    figures: Sequence[FigureLine],
    lists: Lists,
) -> tuple[Limit, ...]:
    tally = snapshot.content.inputs.counters
    found = []
    if making.period.last >= making.made_at.astimezone(UTC).date():
        found.append(Limit(LimitKind.PERIOD_NOT_OVER))
    if before is None:
        found.append(Limit(LimitKind.NO_PREVIOUS))
    else:
        rated = {result.model_id for result in before.content.results}
        found += [Limit(LimitKind.OTHER_MODEL, one.id) for one in models if not one.before and one.id in rated]
    whole = making.period.days * max(tally.get("projects", lists.projects_of), 1)
    for kind, name in ((LimitKind.STORE_DAYS, "days.store"), (LimitKind.GITLAB_DAYS, "days.gitlab")):
        if tally.get(name, 0) < whole:
            found.append(Limit(kind, number=tally.get(name, 0), of=whole))
    unknown = sum(figure.value is None for figure in figures)
    if unknown:
        found.append(Limit(LimitKind.FIGURES_UNKNOWN, number=unknown, of=len(figures)))
    unassessed = _unassessed(tally, lists.projects_of)
    if unassessed:
        found.append(Limit(LimitKind.PROJECTS_NOT_ASSESSED, number=unassessed, of=tally.get("projects", unassessed)))
    for name in LISTS:
        listed: Listed[object] = getattr(lists, name)
        if listed.more > 0:
            found.append(Limit(LimitKind.LIST_CUT, name, len(listed.rows), listed.total))
    found.append(Limit(LimitKind.AS_OF))
    found.append(Limit(LimitKind.HOLIDAYS))
    return tuple(found)
