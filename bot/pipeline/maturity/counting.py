"""
Counts what happened in every project and how it stands, once a night, and counts anew what late news may have changed.

A finding that is dismissed today was none on the day when it was found, and GitLab may tell of last week only now. So
the last weeks are counted again each night; what is already written down like that is left alone. Days before them are
counted once GitLab told of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Final

import structlog

from bot.errors import ConfigurationError, MergewardenError
from bot.services import Services
from bot.store import projects
from bot.store.engine import session, write_session
from bot.store.locks import only_one
from bot.store.maturity import collected, counting, snapshots
from bot.store.maturity.collected import Extent
from bot.store.projects import Project

log = structlog.get_logger(__name__)

LATE_DAYS: Final = 35
"""So many days are counted again: a month, so that one that just ended is still complete, and a few days."""
FIRST_DAYS: Final = 400
"""So far back any count goes: as far as scans are kept."""
_LOCK: Final = "maturity-counting"
_TOGETHER: Final = 100_000
"""Older days of projects that are counted together: each takes about a kilobyte meanwhile."""


class CountingElsewhere(MergewardenError):
    """Raised where another process counts, or holds the right to: nothing was counted, and trying again may help."""

    retryable: ClassVar[bool] = True


def count(services: Services, now: datetime) -> int:
    """
    Count every project's last days; returns how many of its days changed. Safe to repeat, and by several at once: one
    of them counts, and the others raise ``CountingElsewhere``, so that nobody takes for counted what is not.

    How things stand is written down for today, and for yesterday as well as long as nothing was for today: the first
    count after midnight (UTC) is the last word on the day before. Older days are counted where GitLab told of them only
    now: see ``first_uncounted``. Days that are over and changed are noted for whoever takes snapshots.
    """
    with only_one(services.store, _LOCK) as alone:
        if not alone:
            raise CountingElsewhere(
                "another process is counting, or stopped while it did and still holds the lock for that",
                "It is tried again. PostgreSQL frees the lock of a host that is gone when it notices that.",
            )
        return _count(services, now)


def first_uncounted(known: Mapping[str, Extent], counted: Mapping[str, Extent], edge: date) -> date | None:
    """
    The first day before ``edge`` of which a project's sources tell by now and did not when it was counted; None for
    none. Pure.

    ``known`` and ``counted`` have the days by source. A first collection looks back on months, a source that did not
    answer for weeks catches up, and a source may be read further back than before.
    """
    new = []
    for source, (since, until) in known.items():
        before = counted.get(source)
        if before is None or since < before[0]:
            new.append(since)
        elif until > before[1]:
            new.append(max(since, before[1]))
    return min((day for day in new if day < edge), default=None)


def _count(services: Services, now: datetime) -> int:
    today = now.astimezone(UTC).date()
    yesterday = today - timedelta(days=1)
    with session(services.store) as reading:
        known = projects.all_projects(reading)
        earlier = counting.first_counted(reading)
        again = counting.counted_on(reading, today)
        # Before anything is counted: what is collected meanwhile is the next count's.
        extents, before = collected.extents_of(reading), collected.counted_extents(reading)
    extents = {project.id: extents.get(project.id, {}) for project in known}
    first = today - timedelta(days=FIRST_DAYS if earlier is None else LATE_DAYS)
    further = _further_back(extents, before, first, today - timedelta(days=FIRST_DAYS))
    required, policy_ok = _policies(services, known)
    _unpack_merged(services, min(further.values(), default=first), today)
    with session(services.store) as reading:
        found = counting.count_days(
            reading,
            first,
            today,
            now,
            required=required,
            policy_ok=policy_ok,
            kinds={scanner.name: scanner.kind for scanner in services.scanners},
            stocks={today} if again else {today, yesterday},
        )
    with write_session(services.store) as writing:
        changed = set(counting.keep_days(writing, found))
        # Of the first count there is no snapshot yet. A period that somebody already asked for is revised, also where
        # it ended yesterday; one that is taken for the first time is as counted now.
        late = {(number, day) for number, day in changed if day <= yesterday} if earlier is not None else set()
        snapshots.note_late(writing, late)
        done = {n: extent for n, extent in extents.items() if n not in further and extent != before.get(n, {})}
        collected.keep_counted_extents(writing, done)
    older = _count_further(services, now, further, first - timedelta(days=1), extents)
    log.info(
        "days counted",
        projects=len(known),
        since=first.isoformat(),
        changed=len(changed),
        late=len(late),
        further_back=len(further),
        older=older,
    )
    return len(changed) + older


def _further_back(
    extents: Mapping[int, Mapping[str, Extent]],
    before: Mapping[int, Mapping[str, Extent]],
    edge: date,
    limit: date,
) -> dict[int, date]:
    """Projects of which older days are to be counted, each with the first of them."""
    found = {}
    for number, known in extents.items():
        since = first_uncounted(known, before.get(number, {}), edge)
        if since is not None and edge > limit:
            found[number] = max(since, limit)
    return found


def _count_further(
    services: Services,
    now: datetime,
    further: Mapping[int, date],
    last: date,
    extents: Mapping[int, Mapping[str, Extent]],
) -> int:
    """Count the older days, up to ``last``, of projects of which GitLab told later; returns how many changed."""
    changed = 0
    # Those that begin at about the same day together.
    left = sorted(further, key=lambda number: (further[number], number))
    while left:
        days = (last - further[left[0]]).days + 1
        batch = left[: max(1, _TOGETHER // days)]
        left = left[len(batch) :]
        with session(services.store) as reading:
            found = counting.count_days(reading, further[batch[0]], last, now, project_ids=batch, stocks=())
        with write_session(services.store) as writing:
            late = counting.add_days(writing, {key: tally for key, tally in found.items() if key[1] >= further[key[0]]})
            snapshots.note_late(writing, late)
            collected.keep_counted_extents(writing, {number: extents[number] for number in batch})
        changed += len(late)
    return changed


def _policies(services: Services, known: Sequence[Project]) -> tuple[Mapping[int, Collection[str]], Mapping[int, bool]]:
    """By project the scanners that its policy requires, where it can be read, and whether it can."""
    try:
        document = services.policy()
    except ConfigurationError as error:
        log.warning("policy not read for counting", error=str(error).splitlines()[0])
        return {}, {project.id: False for project in known}
    required: dict[int, Collection[str]] = {}
    for project in known:
        try:
            required[project.id] = document.for_project(project.path).required_scanners
        except ConfigurationError as error:
            log.warning("policy not read for counting", project=project.path, error=str(error).splitlines()[0])
    return required, {project.id: project.id in required for project in known}


def _unpack_merged(services: Services, first: date, last: date) -> None:
    """Portion by portion: nobody shall wait for the database because there is much to unpack."""
    done = 1
    while done:
        with write_session(services.store) as writing:
            done = counting.unpack_merged(writing, first, last)
