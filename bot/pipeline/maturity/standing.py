"""
How a project, a group or the organisation stands: by the newest nightly snapshot, or else rated from what was counted.

What a change does to its project's score is found out here too, for the summary on the merge request. That is
decoration: it takes three statements, and whatever goes wrong with it leaves the line out and no verdict waiting.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import structlog
from sqlalchemy.orm import Session

from bot.domain.maturity.change_effect import ChangeEffect, Known, OpenFinding, change_effect
from bot.domain.maturity.counters import over_projects
from bot.domain.maturity.model import Model
from bot.domain.maturity.period import Period, PeriodKind, night
from bot.domain.maturity.scope import Scope
from bot.domain.maturity.snapshot import (
    AttestationRef,
    Content,
    SnapshotRow,
    attested_for,
    project_content,
    shared_names,
)
from bot.domain.verdict import Presence, ScanReport, Suppressed, TrackedFinding
from bot.model_files import models_in_force
from bot.pipeline.maturity.rating import Rating
from bot.services import Services
from bot.settings import Settings
from bot.store import projects
from bot.store.engine import session
from bot.store.maturity import attestations, counting, models, open_findings, snapshots
from bot.store.projects import Project

log = structlog.get_logger(__name__)

LEVELS = "caict-ydt3763-6"
"""The model whose level stands beside a score."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A rating with all that it follows from."""

    scope: Scope
    path: str
    """Of the project; empty for others."""
    period: Period
    content: Content
    models: Mapping[str, Model]
    """Those that rated, by digest."""
    snapshot: SnapshotRow | None
    """Where it was written down; None where it was made just now."""


def standing_of(services: Services, scope: Scope, path: str, now: datetime) -> Standing | None:
    """How something stands; None where nothing of it was ever counted. At most six statements."""
    with session(services.store) as reading:
        kept = snapshots.latest(reading, scope, PeriodKind.NIGHT)
        if kept is not None:
            rated = {one.digest for one in kept.content.inputs.models}
            known = models.models_of(reading, rated)
            return Standing(scope, path, kept.period, kept.content, known, kept.row)
        return _rated_now(services, reading, scope, path, now)


def _rated_now(services: Services, reading: Session, scope: Scope, path: str, now: datetime) -> Standing | None:
    period = night(now.astimezone(UTC).date())
    rating = models_in_force(services.settings.maturity_folder)
    known = {model.digest: model for model in rating}
    if (number := scope.project_id) is not None:
        content = _project(reading, rating, period, number, path, now)
        return None if content is None else Standing(scope, path, period, content, known, None)
    tallies = counting.sums(reading, period)
    served = [one for one in projects.all_projects(reading) if services.settings.serves(one.path)]
    words = attestations.holding(reading, now)
    said = Rating(rating, period, now, over_projects(tallies.values()), words)
    parts = {
        one.id: said.project(one.id, one.path, tallies[one.id])
        for one in served
        if one.id in tallies and scope.covers(one.id, one.path)
    }
    if not parts:
        return None
    return Standing(scope, "", period, said.group(scope, parts).content, known, None)


def _project(
    reading: Session, rating: Sequence[Model], period: Period, number: int, path: str, now: datetime
) -> Content | None:
    found = counting.sums(reading, period, project_ids=(number, counting.ORGANISATION_ID))
    if number not in found:
        return None
    words = attestations.holding(reading, now)
    return Rating(rating, period, now, _shared(found), words).project(number, path, found[number]).content


def _shared(found: Mapping[int, Mapping[str, int]]) -> dict[str, int]:
    """The organisation's counters that are on no project's account: our store knows every one of them."""
    return dict.fromkeys(shared_names(), 0) | dict(found.get(counting.ORGANISATION_ID, {}))


@dataclass(frozen=True, slots=True)
class Line:
    """One project in a list of scores."""

    project: Project
    counted: bool
    """Whether anything of it was ever counted."""
    score: int | None = None
    """0 to 100; None for not assessed."""
    level: int | None = None
    known: int = 0
    """Thousandths of the answers."""
    day: date | None = None
    """The day of the snapshot; None where it was rated just now."""


def score_lines(services: Services, model_id: str, now: datetime) -> tuple[Line, ...]:
    """
    How every project that we look after stands, by path: by its newest nightly snapshot, else rated now.

    The level is the model's own, or that of ``LEVELS`` where it has none. At most four statements.
    """
    with session(services.store) as reading:
        served = [one for one in projects.all_projects(reading) if services.settings.serves(one.path)]
        scopes = {one.id: Scope.of_project(one.id) for one in served}
        kept = snapshots.newest(reading, list(scopes.values()), PeriodKind.NIGHT)
        missing = [one for one in served if scopes[one.id] not in kept]
        rated = _lines_now(services, reading, missing, model_id, now) if missing else {}
    lines = []
    for one in served:
        standing = kept.get(scopes[one.id])
        if standing is None:
            lines.append(rated.get(one.id, Line(one, counted=False)))
            continue
        mine, levels = standing.scores.get(model_id), standing.scores.get(LEVELS)
        level = mine.level if mine is not None and mine.level is not None else levels.level if levels else None
        score, known = (mine.score, mine.known) if mine is not None else (None, 0)
        lines.append(Line(one, True, score, level, known, standing.row.period.last))
    return tuple(sorted(lines, key=lambda line: line.project.path))


def _lines_now(
    services: Services, reading: Session, missing: Sequence[Project], model_id: str, now: datetime
) -> dict[int, Line]:
    rating = [one for one in models_in_force(services.settings.maturity_folder) if one.id in (model_id, LEVELS)]
    period = night(now.astimezone(UTC).date())
    ids = [one.id for one in missing]
    found = counting.sums(reading, period, project_ids=[*ids, counting.ORGANISATION_ID])
    words = attestations.holding(reading, now)
    lines = {}
    for one in missing:
        if one.id not in found:
            continue
        attested = attested_for(rating, words, Scope.of_project(one.id), one.path, now)
        content = project_content(rating, period, found[one.id], shared=_shared(found), attested=attested)
        mine, levels = content.result(model_id), content.result(LEVELS)
        level = mine.level if mine is not None and mine.level is not None else levels.level if levels else None
        score, known = (mine.score, mine.known) if mine is not None else (None, 0)
        lines[one.id] = Line(one, True, score, level, known)
    return lines


def project_url(settings: Settings, project_id: int) -> str | None:
    """The address of a project's page; None where nobody said under which address people reach us."""
    return f"{settings.public_url}/projects/{project_id}" if settings.public_url is not None else None


def effect_of(
    services: Services,
    project_id: int,
    path: str,
    report: ScanReport,
    now: datetime,
    *,
    suppressed: Collection[Suppressed] = (),
) -> ChangeEffect | None:
    """
    What merging a change would do to its project's score; None where nothing of the project was ever counted, or where
    it cannot be said. Never raises. Three statements.

    ``suppressed``: what the verdict was told of exceptions; the report has only those that made a difference to it.
    """
    try:
        return _effect(services, project_id, path, report, now, suppressed)
    except Exception:
        # Whatever it is: a verdict is worth more than this line.
        log.warning("what a change does to the score is not known", project_id=project_id, exc_info=True)
        return None


def _effect(
    services: Services,
    project_id: int,
    path: str,
    report: ScanReport,
    now: datetime,
    suppressed: Collection[Suppressed],
) -> ChangeEffect | None:
    in_force = {model.id: model for model in models_in_force(services.settings.maturity_folder)}
    model, levels = in_force.get(services.settings.maturity_model), in_force.get(LEVELS)
    if model is None:
        log.warning("there is no such maturity model", model=services.settings.maturity_model, known=sorted(in_force))
        return None
    rating = [model] if levels is None or levels is model else [model, levels]
    period = night(now.astimezone(UTC).date())
    with session(services.store) as reading:
        found = counting.sums(reading, period, project_ids=(project_id, counting.ORGANISATION_ID))
        # What was damaged has no counter at all.
        if not found.get(project_id):
            return None
        words = attestations.holding(reading, now)
        before = _open_before(reading, project_id, report.with_presence(Presence.FIXED, Presence.CHANGED))
    attested = attested_for(rating, words, Scope.of_project(project_id), path, now)
    # A comment in the code is an exception to the gate alone: nothing is closed by it.
    excepted = frozenset(one.fingerprint for one in suppressed if one.suppression_id is not None)
    known = Known(found[project_id], period, _shared(found), _by_model(attested), before, excepted)
    return change_effect(model, levels, known, report)


def _open_before(reading: Session, project_id: int, touched: Sequence[TrackedFinding]) -> tuple[OpenFinding, ...]:
    """What of the findings that a change mends or edits counts as open where it goes. At most one statement."""
    numbers = [one.number for one in touched if one.number is not None]
    before = [one.finding if one.presence is Presence.FIXED else one.previous for one in touched]
    return open_findings.open_among(reading, project_id, numbers, [one for one in before if one is not None])


def _by_model(attested: Sequence[AttestationRef]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for one in attested:
        found.setdefault(one.model_id, {})[one.demand_id] = one.id
    return found
