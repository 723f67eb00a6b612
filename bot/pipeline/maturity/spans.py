"""
Takes the snapshot of days of somebody's own choice: of the one thing that was asked for, when it is asked for.

Whoever may ask for one project's days shall not have everybody rated for it. So nothing else is taken: only a group and
the organisation have those of their projects, without which nobody could make them again. No night looks at these
snapshots: who asks again gets another revision where the days were counted anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from bot.domain.audit import Act, Action, Word
from bot.domain.maturity.model import Model
from bot.domain.maturity.period import Period
from bot.domain.maturity.scope import Scope, ScopeKind
from bot.domain.maturity.snapshot import (
    Content,
    Snapshot,
    SnapshotError,
    SnapshotRow,
    end_of,
    group_content,
    groups_of,
    project_content,
)
from bot.pipeline.maturity.rating import Rating, keep_in_batches, models_behind, note_added, told
from bot.services import Services
from bot.store import audit, projects
from bot.store.engine import session, write_session
from bot.store.maturity import attestations, counting, models, snapshots
from bot.store.maturity.counting import ORGANISATION_ID
from bot.store.maturity.snapshots import Taken

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as the audit log names him."""

    actor: str
    person_id: int | None = None
    address: str = ""

    def act(self, action: Action, subject: str, scope: Scope, details: Mapping[str, Word]) -> Act:
        """What he did."""
        return Act(self.actor, self.person_id, action, subject, scope.project_id, details, self.address)


@dataclass(frozen=True, slots=True)
class _Made:
    """What there is to say now."""

    whole: Taken
    parts: tuple[Taken, ...]
    """Of its projects; empty for a project."""


def take_span(
    services: Services, scope: Scope, period: Period, rating: Sequence[Model], asker: Asker, now: datetime
) -> None:
    """
    Take the snapshot of a scope over days that were counted and are over; a revision of the one that is there, where
    its days were counted anew; nothing where nothing changed, or nothing of it was counted.

    ``rating``: models to rate with. A revision has those of the first one, its attestations and its projects. Raises
    ``SnapshotError`` where one of those is not there any more.
    """
    with session(services.store) as reading:
        before = snapshots.of_period(reading, scope, period)
        made = _first(services, reading, scope, period, rating) if before is None else _again(reading, before)
    if made is None or (before is not None and before.row.content == made.whole.digest):
        return
    if before is None:
        with write_session(services.store) as writing:
            models.keep_models(writing, rating, now)
    added = list(keep_in_batches(services, period, made.parts, now))
    # What it consists of comes first, so that where it is, all are.
    with write_session(services.store) as writing:
        for row in snapshots.keep(writing, period, [made.whole], now):
            added.append(row)
            audit.append(writing, _act(asker, row, made.whole.content))
    revised = note_added(services, period, added)
    log.info("snapshot of days taken", scope=str(scope), period=period.label, added=len(added), revised=revised)


def _first(services: Services, reading: Session, scope: Scope, period: Period, rating: Sequence[Model]) -> _Made | None:
    """As ``bot.pipeline.maturity.snapshots.take`` would say it, of one scope."""
    at = end_of(period)
    paths = {
        one.id: one.path
        for one in projects.all_projects(reading)
        if services.settings.serves(one.path) and scope.covers(one.id, one.path)
    }
    tallies = counting.sums(reading, period, project_ids=[*paths, ORGANISATION_ID])
    # All that measures ask of the organisation is on its own account.
    shared = tallies.pop(ORGANISATION_ID, {})
    words = attestations.holding(reading, at)
    paths = {number: path for number, path in paths.items() if number in tallies}
    if not paths:
        return None
    said = Rating(rating, period, at, shared, words)
    parts = {number: said.project(number, paths[number], tallies[number]) for number in sorted(paths)}
    if scope.project_id is not None:
        return _Made(parts[scope.project_id], ())
    if scope.kind is ScopeKind.GROUP:
        # Called as its first project is, whoever asks for it in whichever case.
        key = snapshots.scope_key(scope)
        scope = next((one for one in groups_of(paths) if snapshots.scope_key(one) == key), scope)
    return _Made(said.group(scope, parts), tuple(parts.values()))


def _again(reading: Session, before: Snapshot) -> _Made | None:
    """The same with the days as they are counted now; None where none of them is there any more."""
    scope, period, inputs = before.scope, before.period, before.content.inputs
    if scope.project_id is not None:
        listed = {scope.project_id: before.row.content}
        contents = {before.row.content: before.content}
    else:
        listed = dict(inputs.projects or ())
        contents = snapshots.contents(reading, set(listed.values()))
        missing = sorted(number for number, digest in listed.items() if digest not in contents)
        if missing:
            raise SnapshotError(
                f"what the snapshot of {scope} for {period.label} says of project {missing[0]} is not in the database",
                "mergewarden snapshots verify says which snapshots that concerns.",
            )
    tallies = counting.sums(reading, period, project_ids=sorted(listed))
    rating = models_behind(reading, before.content)
    parts = dict(_revised(listed, contents, tallies, rating, period))
    if not parts:
        return None
    if scope.project_id is not None:
        return _Made(parts[scope.project_id], ())
    content = group_content(
        rating,
        period,
        {
            number: (parts[number].digest, parts[number].content) if number in parts else (digest, contents[digest])
            for number, digest in listed.items()
        },
        shared=inputs.shared,
        attested=inputs.attestations,
    )
    return _Made(Taken.of(scope, content), tuple(parts.values()))


def _revised(
    listed: Mapping[int, str],
    contents: Mapping[str, Content],
    tallies: Mapping[int, Mapping[str, int]],
    rating: Sequence[Model],
    period: Period,
) -> Iterator[tuple[int, Taken]]:
    for number, digest in sorted(listed.items()):
        # A project that is gone stays as it was.
        if number in tallies:
            inputs = contents[digest].inputs
            content = project_content(
                rating, period, tallies[number], shared=inputs.shared, attested=inputs.attestations
            )
            yield number, Taken.of(Scope.of_project(number), content)


def _act(asker: Asker, row: SnapshotRow, content: Content) -> Act:
    """A group's snapshot names those of its projects by digest."""
    details = told(row, content) | {"scope": str(row.scope)}
    return asker.act(Action.SNAPSHOTS_TAKEN, f"snapshots {row.period.label}", row.scope, details)
