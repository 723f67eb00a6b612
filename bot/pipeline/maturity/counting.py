"""
Counts what happened in every project and how it stands, once a night, and counts anew what late news may have changed.

A finding that is dismissed today was none on the day when it was found, and GitLab may tell of last week only now. So
the last weeks are counted again each night; what is already written down like that is left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import structlog

from bot.errors import ConfigurationError
from bot.services import Services
from bot.store import projects
from bot.store.engine import session, write_session
from bot.store.locks import only_one
from bot.store.maturity import counting, snapshots
from bot.store.projects import Project

log = structlog.get_logger(__name__)

LATE_DAYS: Final = 35
"""So many days are counted again: a month, so that one that just ended is still complete, and a few days."""
FIRST_DAYS: Final = 400
"""So far back the first count of all goes: as far as scans are kept."""
_LOCK: Final = "maturity-counting"


def count(services: Services, now: datetime) -> int:
    """
    Count every project's last days; returns how many of its days changed. Safe to repeat, and by several at once: one
    of them counts, the others return 0.

    How things stand is written down for today, and for yesterday as well as long as nothing was for today: the first
    count after midnight (UTC) is the last word on the day before. Days that were complete before and changed are noted
    for whoever takes snapshots.
    """
    with only_one(services.store, _LOCK) as alone:
        return _count(services, now) if alone else 0


def _count(services: Services, now: datetime) -> int:
    today = now.astimezone(UTC).date()
    yesterday = today - timedelta(days=1)
    with session(services.store) as reading:
        known = projects.all_projects(reading)
        earlier = counting.first_counted(reading)
        again = counting.counted_on(reading, today)
    first = today - timedelta(days=FIRST_DAYS if earlier is None else LATE_DAYS)
    required, policy_ok = _policies(services, known)
    _unpack_merged(services, first, today)
    with session(services.store) as reading:
        counted = counting.count_days(
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
        changed = counting.keep_days(writing, counted)
        complete = yesterday if again else yesterday - timedelta(days=1)
        late = {(number, day) for number, day in changed if day <= complete} if earlier is not None else set()
        snapshots.note_late(writing, late)
    log.info("days counted", projects=len(known), since=first.isoformat(), changed=len(changed), late=len(late))
    return len(changed)


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
