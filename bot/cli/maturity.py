"""``mergewarden maturity`` and ``mergewarden score``: the models, and how projects, groups and everything stand."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text as RichText

from bot.cli.common import open_services, project_of
from bot.domain.maturity.measures import MEASURES
from bot.domain.maturity.model import Item, Model, Probe, Scheme
from bot.domain.maturity.model_file import ModelError, model_to_json
from bot.domain.maturity.model_schema import schema_text
from bot.domain.maturity.scope import ORGANISATION, Scope, ScopeKind
from bot.domain.maturity.scoring import Assessment
from bot.errors import MergewardenError
from bot.model_files import ModelsInForce, read_model_file, read_models
from bot.pipeline.maturity.standing import Line, Standing, score_lines, standing_of
from bot.reports.maturity.rating_text import (
    as_text,
    rating_json,
    render_item,
    render_measures,
    render_model,
    render_models,
    render_summary,
    short_score,
    size_words,
)
from bot.reports.maturity.words import period_words, scope_words
from bot.reports.visible import one_line
from bot.reports.wording import Wording
from bot.services import Services
from bot.store import projects
from bot.store.engine import session
from bot.store.maturity.evidence import EvidenceRow, evidence_rows
from bot.texts import Language

WRONG = 2
NOT_ASSESSED = 3
EVIDENCE_ROWS = 20
"""Shown of each demand."""


def run_list(*, language: str | None, format: str, config: Path | None) -> int:
    """Print the models in force. Returns 0, or 2 when a file of the organisation cannot be used."""
    services = open_services(config)
    found = read_models(services.settings.maturity_folder)
    wording = _wording(services, language)
    services.close()
    if format == "json":
        document = {
            "models": [_model_json(model) for model in found.models],
            "problems": [str(problem) for problem in found.problems],
        }
        _write(as_text(document))
    else:
        _write(render_models(found.models, wording))
    _complain(found.problems)
    return WRONG if found.problems else 0


def run_show(name: str, *, language: str | None, format: str, config: Path | None) -> int:
    """Print a model. Raises ``MergewardenError`` for one that is not there."""
    services = open_services(config)
    model = _model_named(read_models(services.settings.maturity_folder), name)
    wording = _wording(services, language)
    services.close()
    _write(
        as_text(model_to_json(model) | {"digest": model.digest}) if format == "json" else render_model(model, wording)
    )
    return 0


def run_check(files: Sequence[Path]) -> int:
    """Say of each file that it is good, or everything that is wrong with it. Returns 0, or 2 when one is not good."""
    wrong: list[ModelError] = []
    by_id: dict[str, Path] = {}
    for file in files:
        try:
            model = read_model_file(file)
        except ModelError as error:
            wrong.append(error)
            continue
        print(f"{one_line(str(file), 400)}: good: {model.id} {model.version}, {size_words(model)}, {model.digest[:12]}")
        if model.id in by_id:
            print(f"  note: {one_line(str(by_id[model.id]), 400)} has the same id; in one folder only one would count")
        by_id.setdefault(model.id, file)
    _complain(wrong)
    return WRONG if wrong else 0


def run_measures(*, language: str, format: str) -> int:
    """Print every figure that a model can ask for."""
    wording = Wording(Language(language))
    if format == "json":
        document = {
            "measures": [
                {
                    "name": measure.name,
                    "title": measure.title,
                    "unit": measure.unit.value,
                    "better": measure.better.value,
                    "counters": list(measure.uses),
                    "counts_with": measure.counts_with or None,
                    "target": None if measure.target is None else measure.target.value,
                }
                for measure in MEASURES.values()
            ]
        }
        _write(as_text(document))
    else:
        _write(render_measures(wording))
    return 0


def run_schema() -> int:
    """Print the JSON schema of a file with a model."""
    _write(schema_text())
    return 0


def run_explain(
    project: str, item: str | None, *, model: str | None, language: str | None, format: str, config: Path | None
) -> int:
    """
    Explain a project's rating, or one item of it with the evidence behind.

    Returns 0, or 3 when nothing was counted yet. Raises ``MergewardenError`` for a project, model or item that is not
    known.
    """
    services = open_services(config)
    try:
        wording = _wording(services, language)
        named = project_of(services, project)
        standing = standing_of(services, Scope.of_project(named.id), named.path, datetime.now(UTC))
        if standing is None:
            return _nothing_counted(scope_words(Scope.of_project(named.id), named.path, wording))
        rating, result = _rated_by(
            standing, item, model or services.settings.maturity_model, explicit=model is not None
        )
        wanted = None if item is None else _item_named(rating, item)
        evidence = {} if wanted is None else _evidence(services, standing, wanted)
    finally:
        services.close()
    if format == "json":
        document = _standing_json(standing) | {
            "rating": rating_json(rating, result),
            "evidence": {demand: [_row_json(row) for row in rows] for demand, rows in evidence.items()},
        }
        _write(as_text(document))
        return 0
    print(_head(standing, wording))
    if wanted is None:
        _write(render_summary(rating, result, wording))
        return 0
    inputs = standing.content.inputs
    shown = {demand: [_told(row) for row in rows] for demand, rows in evidence.items()}
    _write(render_item(rating, wanted, result.item(wanted.id), inputs.counters, inputs.shared, shown, wording))
    return 0


def run_score(
    project: str | None,
    *,
    group: str | None,
    organisation: bool,
    model: str | None,
    language: str | None,
    format: str,
    config: Path | None,
) -> int:
    """
    Print scores: of a project, a group or everything by each model, or of every project in a table.

    Returns 0, or 3 for one that is not assessed. Raises ``MergewardenError`` for wrong use or what is not known.
    """
    if sum((project is not None, group is not None, organisation)) > 1:
        raise MergewardenError("a project, --group and --organisation exclude each other", "Use one of them, or none.")
    services = open_services(config)
    try:
        wording, now = _wording(services, language), datetime.now(UTC)
        if project is None and group is None and not organisation:
            return _every_project(services, model or services.settings.maturity_model, wording, format, now)
        scope, path = ORGANISATION, ""
        if project is not None:
            named = project_of(services, project)
            scope, path = Scope.of_project(named.id), named.path
        elif group is not None:
            scope = _group_named(services, group)
        standing = standing_of(services, scope, path, now)
    finally:
        services.close()
    if standing is None:
        return _nothing_counted(scope_words(scope, path, wording))
    rated = [
        (standing.models[result.model_digest], result)
        for result in standing.content.results
        if result.model_digest in standing.models and model in (None, result.model_id)
    ]
    if not rated:
        raise _unknown_model(model or "", [result.model_id for result in standing.content.results])
    if format == "json":
        _write(as_text(_standing_json(standing) | {"ratings": [rating_json(*one) for one in rated]}))
    else:
        print(_head(standing, wording))
        table = _table("model", ("score", "level", "done", "outcome", "known"))
        for its, result in rated:
            score, level = short_score(result.score, result.level, wording)
            parts = ["-" if part is None else str(part) for part in (result.practice, result.outcome)]
            level = level if its.scheme is Scheme.LEVELS else "-"
            cells = (f"{its.id} {one_line(its.version, 40)}", score, level, *parts)
            table.add_row(*(RichText(cell) for cell in (*cells, f"{result.known // 10} %")))
        Console().print(table)
    return NOT_ASSESSED if all(result.score is None for _, result in rated) else 0


# --- what is shown ----------------------------------------------------------------------------------------------------


def _every_project(services: Services, model: str, wording: Wording, format: str, now: datetime) -> int:
    """A table of the projects that we look after."""
    in_force = read_models(services.settings.maturity_folder)
    _model_named(in_force, model)
    lines = score_lines(services, model, now)
    if format == "json":
        _write(as_text({"model": model, "projects": [_line_json(line) for line in lines]}))
        return 0
    if not lines:
        print("no projects are known; a push, a merge request or an import makes one known")
        return 0
    table = _table("project", ("score", "level", "known", "as of"))
    for line in lines:
        score, level = short_score(line.score, line.level, wording)
        as_of = line.day.isoformat() if line.day else "now" if line.counted else "never counted"
        cells = (one_line(line.project.path, 300), score, level, f"{line.known // 10} %", as_of)
        table.add_row(*(RichText(cell) for cell in cells))
    Console().print(table)
    return 0


def _line_json(line: Line) -> dict[str, Any]:
    return {
        "id": line.project.id,
        "path": line.project.path,
        "counted": line.counted,
        "score": line.score,
        "level": line.level,
        "known": line.known / 1000,
        "snapshot_day": line.day.isoformat() if line.day else None,
    }


def _table(first: str, others: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE)
    table.add_column(first, overflow="fold")
    for heading in others:
        table.add_column(heading, justify="right")
    return table


def _head(standing: Standing, wording: Wording) -> str:
    where = scope_words(standing.scope, standing.path, wording)
    kept = standing.snapshot
    source = f"snapshot {kept.id}, {kept.digest[:12]}" if kept is not None else "rated just now, no snapshot yet"
    return f"{where}: {period_words(standing.period, wording)} ({source})\n"


def _standing_json(standing: Standing) -> dict[str, Any]:
    kept = standing.snapshot
    return {
        "scope": {"kind": standing.scope.kind.value, "key": standing.scope.key, "path": standing.path or None},
        "period": {
            "kind": standing.period.kind.value,
            "first": standing.period.first.isoformat(),
            "last": standing.period.last.isoformat(),
        },
        "snapshot": None if kept is None else {"id": kept.id, "digest": kept.digest, "revision": kept.revision},
    }


def _model_json(model: Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "version": model.version,
        "title": {"en": model.title.en, "zh": model.title.zh},
        "scheme": model.scheme.value,
        "items": len(list(model.items)),
        "demands": len(list(model.demands)),
        "digest": model.digest,
    }


def _nothing_counted(what: str) -> int:
    print(f"{what}: not assessed, for nothing was counted yet; `mergewarden serve` does it every night")
    return NOT_ASSESSED


def _complain(problems: Sequence[ModelError]) -> None:
    for problem in problems:
        print(problem, file=sys.stderr)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _wording(services: Services, language: str | None) -> Wording:
    return Wording(Language(language) if language else services.settings.language)


# --- what is meant ----------------------------------------------------------------------------------------------------


def _model_named(found: ModelsInForce, name: str) -> Model:
    model = found.get(name)
    if model is None:
        _complain(found.problems)
        raise _unknown_model(name, [one.id for one in found.models])
    return model


def _unknown_model(name: str, known: Sequence[str]) -> MergewardenError:
    return MergewardenError(f"there is no model {one_line(name, 80)!r}", f"There are {', '.join(known)}.")


def _rated_by(standing: Standing, item: str | None, model: str, *, explicit: bool) -> tuple[Model, Assessment]:
    """The model that is asked for; without a word about it, the one that has the item."""
    rated = [
        (standing.models[result.model_digest], result)
        for result in standing.content.results
        if result.model_digest in standing.models
    ]
    mine = [one for one in rated if one[0].id == model]
    if item is not None and not explicit and not any(_has(one[0], item) for one in mine):
        mine = [one for one in rated if _has(one[0], item)] or mine
    if not mine:
        raise _unknown_model(model, [one.id for one, _ in rated])
    return mine[0]


def _has(model: Model, item: str) -> bool:
    return any(one.id == item for one in model.items)


def _item_named(model: Model, name: str) -> Item:
    for item in model.items:
        if item.id == name:
            return item
    known = ", ".join(item.id for item in model.items)
    raise MergewardenError(f"{model.id} has no item {one_line(name, 80)!r}", f"It has {known}.")


def _group_named(services: Services, name: str) -> Scope:
    scope = Scope.of_group(name) if name.strip("/") else ORGANISATION
    with session(services.store) as reading:
        known = projects.all_projects(reading)
    if scope.kind is not ScopeKind.GROUP or not any(scope.covers(one.id, one.path) for one in known):
        raise MergewardenError(
            f"no project of a group {one_line(name, 200)!r} is known", "Write its full path, such as shop/backend."
        )
    return scope


def _evidence(services: Services, standing: Standing, item: Item) -> dict[str, tuple[EvidenceRow, ...]]:
    """By demand the rows behind its value, no more than a person reads; one or two statements for each figure."""
    number = standing.scope.project_id
    assert number is not None
    asked = {demand.id: demand.asks.measure for demand in item.demands if isinstance(demand.asks, Probe)}
    with session(services.store) as reading:
        rows = {
            measure: evidence_rows(reading, number, measure, standing.period, EVIDENCE_ROWS)
            for measure in sorted(set(asked.values()))
        }
    return {demand: rows[measure] for demand, measure in asked.items()}


def _told(row: EvidenceRow) -> str:
    at = f"{row.at.astimezone(UTC):%Y-%m-%d %H:%M} " if row.at is not None else ""
    value = f": {row.value}" if row.value else ""
    return f"{at}{row.kind} {row.what}{value}"


def _row_json(row: EvidenceRow) -> dict[str, Any]:
    document = asdict(row)
    document["at"] = row.at.astimezone(UTC).isoformat() if row.at is not None else None
    return document
