"""
Takes snapshots: of every project, every group and the organisation, each night and when a period is over.

It may be killed at any moment and begun again, by whomever: what was written is not written twice, and the
organisation's snapshot, which comes last, says that all are there. A period that was counted anew later on gets another
revision, from the models and the people's words that the first one names, where that says anything else.

One period that cannot be taken or revised keeps nothing from the others: it is logged, and one that could not be
revised is tried again each night until it can be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import structlog

from bot.domain.audit import Act, Action
from bot.domain.maturity.counters import over_projects
from bot.domain.maturity.model import Model
from bot.domain.maturity.period import Period, PeriodKind, last_ended, must_fit
from bot.domain.maturity.scope import ORGANISATION, Scope, ScopeKind
from bot.domain.maturity.snapshot import (
    Content,
    SnapshotRow,
    end_of,
    group_content,
    groups_of,
    project_content,
)
from bot.model_files import models_in_force
from bot.pipeline.maturity.rating import Rating, keep_in_batches, models_behind, note_added, told
from bot.services import Services
from bot.store import audit, projects
from bot.store.engine import session, transient, write_session
from bot.store.maturity import attestations, counting, models, snapshots
from bot.store.maturity.snapshots import Taken, Wanted

log = structlog.get_logger(__name__)

_KINDS = (PeriodKind.NIGHT, PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR)
_ACTOR = "mergewarden"
_DAMAGED = "the counts of a project are damaged"


@dataclass(frozen=True, slots=True)
class Round:
    """What was done for one period."""

    period: Period
    projects: int
    """Of which the organisation consists."""
    added: int
    """Snapshots that were written, revisions included."""
    revised: int
    """Of those, revisions after the first."""


def take_night(services: Services, now: datetime, in_force: Sequence[Model] | None = None) -> tuple[Round, ...]:
    """
    Take what is due: the night before ``now``, and the week, month, quarter and year that ended last, each once; then
    revise ended periods of which days were counted anew.

    ``in_force``: models to rate with; None for those of the settings. Those that exist are revised with their own.

    A period that cannot be taken or revised is logged, and the others are done. Raises only what says that the database
    is away or busy.
    """
    rating = tuple(in_force) if in_force is not None else models_in_force(services.settings.maturity_folder)
    today = now.astimezone(UTC).date()
    with session(services.store) as reading:
        # Before anything is counted together: what changes meanwhile is looked at the next time.
        late = snapshots.late_days(reading)
        owed = snapshots.owed(reading)
    rounds = []
    for kind in _KINDS:
        period = last_ended(kind, today)
        try:
            done = take(services, period, rating, now)
        except Exception as error:
            if transient(error):
                raise
            log.error("snapshots could not be taken", period=period.label, kind=kind.value, exc_info=True)
            continue
        if done is not None:
            rounds.append(done)
    fresh = {done.period for done in rounds}
    failed = set()
    for period in sorted((_concerned(services, late, today) | _still_owed(owed, today)) - fresh, key=_order):
        # Which days of an owed period are late is not known any more: then all of them may be.
        changed = None if period in owed else {number for number, day in late if period.first <= day <= period.last}
        try:
            done = _revise(services, period, changed, now)
        except Exception:
            # Whatever it is, it would be so each night, for everybody.
            log.error("snapshots could not be revised", period=period.label, kind=period.kind.value, exc_info=True)
            failed.add(period)
            continue
        if done is not None:
            rounds.append(done)
    if late or owed or failed:
        with write_session(services.store) as writing:
            snapshots.keep_owed(writing, failed, owed - failed)
            snapshots.strike_off(writing, late)
    return tuple(rounds)


def take(services: Services, period: Period, rating: Sequence[Model], now: datetime) -> Round | None:
    """
    Snapshots of a period of which there is none of the organisation yet; None where there is, or nothing to say.

    Raises ``PeriodTooLong``.
    """
    must_fit(period)
    at = end_of(period)
    with session(services.store) as reading:
        if snapshots.newest_rows(reading, period, [ORGANISATION]):
            return None
        served = {one.id: one.path for one in projects.all_projects(reading) if services.settings.serves(one.path)}
        tallies = counting.sums(reading, period)
        words = attestations.holding(reading, at)
    paths = {number: path for number, path in served.items() if number in tallies}
    if not paths:
        return None
    with write_session(services.store) as writing:
        models.keep_models(writing, rating, now)
    said = Rating(rating, period, at, over_projects(tallies.values()), words)
    taken = {}
    for number in sorted(paths):
        if not tallies[number]:
            # It is not assessed: whoever left it out would make its groups look better.
            log.error(_DAMAGED, project_id=number, period=period.label)
        taken[number] = said.project(number, paths[number], tallies[number])
    groups = [
        said.group(scope, {number: taken[number] for number in members})
        for scope, members in (*groups_of(paths).items(), (ORGANISATION, tuple(paths)))
    ]
    return _kept(services, period, list(taken.values()), groups, now)


def _concerned(services: Services, late: Iterable[tuple[int, date]], today: date) -> set[Period]:
    """
    Periods with snapshots that have one of these days in them.

    Of nights only the last one: each looks back on three months, and said what was known then. Of spans none: whoever
    asks for one again gets what is counted now (``bot.pipeline.maturity.spans``).
    """
    # What is on no project's account stays as it was first taken: an acknowledgement of an old report says nothing of
    # the period, and would make every snapshot anew.
    days = {day for number, day in late if number != counting.ORGANISATION_ID}
    if not days:
        return set()
    last_night = last_ended(PeriodKind.NIGHT, today)
    with session(services.store) as reading:
        known = snapshots.periods(reading, Wanted(scope=ORGANISATION, since=min(days)))
    return {
        period
        for period in known
        if period.kind is not PeriodKind.SPAN
        and (period.kind is not PeriodKind.NIGHT or period == last_night)
        and any(period.first <= day <= period.last for day in days)
    }


def _still_owed(owed: Iterable[Period], today: date) -> set[Period]:
    """Those of the periods that a night still revises."""
    last_night = last_ended(PeriodKind.NIGHT, today)
    return {period for period in owed if period.kind is not PeriodKind.NIGHT or period == last_night}


def _order(period: Period) -> tuple[date, date, str]:
    return period.last, period.first, period.kind.value


def _revise(services: Services, period: Period, changed: Collection[int] | None, now: datetime) -> Round | None:
    """
    Make the snapshots of a period again whose projects were counted anew (None for any of them); None where nothing
    changed.

    All else is as the first revision has it: its models, the words that held at the period's end, what was on the
    organisation's own account, and which projects belonged to which group.
    """
    with session(services.store) as reading:
        rows = snapshots.newest_rows(reading, period)
        whole = _only(rows, ORGANISATION)
        contents = snapshots.contents(reading, {row.content for row in rows.values()})
        organisation = contents[whole.content]
        listed = dict(organisation.inputs.projects or ())
        contents |= snapshots.contents(reading, set(listed.values()) - contents.keys())
        rating = models_behind(reading, organisation)
        wanted = listed.keys() if changed is None else listed.keys() & changed
        tallies = counting.sums(reading, period, project_ids=sorted(wanted))
    current = {number: (row.content, contents[row.content]) for number, row in _of_projects(rows)}
    current = {number: current.get(number) or (digest, contents[digest]) for number, digest in listed.items()}
    taken = []
    for number, tally in sorted(tallies.items()):
        if number not in current:
            continue
        if not tally:
            # What was taken while its counts were whole says more.
            log.error(_DAMAGED, project_id=number, period=period.label)
            continue
        before = current[number][1].inputs
        content = project_content(rating, period, tally, shared=before.shared, attested=before.attestations)
        made = Taken.of(Scope.of_project(number), content)
        current[number] = (made.digest, content)
        taken.append(made)
    groups = []
    for row in rows.values():
        inputs = contents[row.content].inputs
        if inputs.projects is None:
            continue
        members = [number for number, _ in inputs.projects]
        # A group that the organisation's snapshot knows nothing of was left by somebody who was killed: it stays so.
        if not current.keys() >= set(members) or all(
            current[number][0] == digest for number, digest in inputs.projects
        ):
            continue
        content = group_content(
            rating,
            period,
            {number: current[number] for number in members},
            shared=inputs.shared,
            attested=inputs.attestations,
        )
        groups.append(Taken.of(row.scope, content))
    # The organisation comes last, also here.
    groups.sort(key=lambda one: one.scope.kind is ScopeKind.ORGANISATION)
    done = _kept(services, period, taken, groups, now)
    return done if done.added else None


def _kept(services: Services, period: Period, taken: Sequence[Taken], groups: Sequence[Taken], now: datetime) -> Round:
    added = list(keep_in_batches(services, period, taken, now))
    added += keep_in_batches(services, period, [one for one in groups if one.scope != ORGANISATION], now)
    count = 0
    for one in groups:
        if one.scope == ORGANISATION:
            count = len(one.content.inputs.projects or ())
            with write_session(services.store) as writing:
                last = snapshots.keep(writing, period, [one], now)
                for row in last:
                    audit.append(writing, _act(row, one.content))
            added += last
    revised = note_added(services, period, added) if added else 0
    if added:
        log.info("snapshots taken", period=period.label, kind=period.kind.value, added=len(added), revised=revised)
    return Round(period, count, len(added), revised)


def _act(row: SnapshotRow, content: Content) -> Act:
    """
    What the audit log says of it. The organisation's snapshot names all others by digest: whoever keeps a head of the
    log elsewhere keeps all of them.
    """
    return Act(_ACTOR, None, Action.SNAPSHOTS_TAKEN, f"snapshots {row.period.label}", None, told(row, content))


def _only(rows: Mapping[str, SnapshotRow], scope: Scope) -> SnapshotRow:
    return rows[snapshots.scope_key(scope)]


def _of_projects(rows: Mapping[str, SnapshotRow]) -> Iterable[tuple[int, SnapshotRow]]:
    return ((row.scope.project_id, row) for row in rows.values() if row.scope.project_id is not None)
