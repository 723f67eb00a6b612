"""
What has to be known of findings before people judge them, and what a judgement leaves: for many at once.

Each function takes the same number of statements for one finding and for a thousand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import and_, insert, select, update
from sqlalchemy.orm import Session

from bot.domain.known import Whereabouts, edited_among
from bot.domain.suppression import Suppression
from bot.domain.triage import Judgement, TriageEvent
from bot.store import announcements
from bot.store.bulk import among
from bot.store.desk_tables import ExceptionAskerRecord
from bot.store.desk_touch import touch_suppression
from bot.store.findings import judgement_of
from bot.store.heads import HeadState
from bot.store.statements import table
from bot.store.suppressions import suppression_of
from bot.store.tables import (
    ApiTokenRecord,
    ContributorRecord,
    ExceptionRequestRecord,
    FindingRecord,
    MergeRequestRecord,
    PresenceRecord,
    ProjectRecord,
    SuppressionRecord,
    TrackedRefRecord,
    TriageEventRecord,
)
from bot.store.triage import event_of
from scanners.finding import Severity

_FINDING = table(FindingRecord)
_PRESENCE = table(PresenceRecord)
_REF = table(TrackedRefRecord)
_SUPPRESSION = table(SuppressionRecord)
_EVENT = table(TriageEventRecord)
_CONTRIBUTOR = table(ContributorRecord)
_HEAD = table(MergeRequestRecord)
_PROJECT = table(ProjectRecord)
_ASKER = table(ExceptionAskerRecord)
_REQUEST = table(ExceptionRequestRecord)
_TOKEN = table(ApiTokenRecord)
_COLUMNS = tuple(field.name for field in fields(Suppression))


@dataclass(frozen=True, slots=True)
class Subject:
    """A finding that somebody is about to judge; nobody else judges it until the transaction ends."""

    id: int
    project_id: int
    project: str
    """Full path; empty where it is not known."""
    severity: Severity
    title: str
    code: str
    """``match_hash`` as lists show the finding."""
    edited_at: datetime | None
    """As ``bot.domain.known.edited_at``."""
    judgement: Judgement
    own: tuple[Suppression, ...]
    """Its own exceptions that were not revoked, by number."""


def subjects_for_update(session: Session, finding_ids: Collection[int]) -> dict[int, Subject]:
    """These findings by number, those that there are. Three statements."""
    if not finding_ids:
        return {}
    # In one order, so that two writers do not wait for each other. The lock comes first: what is read after it holds.
    locked = (
        select(
            _FINDING.c.id,
            _FINDING.c.project_id,
            _FINDING.c.severity,
            _FINDING.c.title,
            _FINDING.c.match_hash,
            _FINDING.c.whereabouts,
            *(_FINDING.c[name] for name in ("state", "justification", "judged_reason", "judged_by", "judged_at")),
            select(_PROJECT.c.path).where(_PROJECT.c.id == _FINDING.c.project_id).scalar_subquery().label("project"),
        )
        .where(among(session, _FINDING.c.id, finding_ids))
        .order_by(_FINDING.c.id)
        .with_for_update(of=_FINDING)
    )
    rows = session.execute(locked).mappings().all()
    places: defaultdict[int, list[tuple[datetime | None, datetime | None]]] = defaultdict(list)
    seen = (
        select(_PRESENCE.c.finding_id, _PRESENCE.c.gone_at, _PRESENCE.c.changed_at)
        .join(_REF, _REF.c.id == _PRESENCE.c.ref_id)
        .where(among(session, _PRESENCE.c.finding_id, finding_ids))
        .order_by(_REF.c.is_default.desc(), _REF.c.merge_request_iid.nulls_first(), _REF.c.id)
    )
    for one in session.execute(seen):
        places[one.finding_id].append((one.gone_at, one.changed_at))
    own: defaultdict[int, list[Suppression]] = defaultdict(list)
    kept = (
        select(_SUPPRESSION)
        .where(among(session, _SUPPRESSION.c.finding_id, finding_ids), _SUPPRESSION.c.revoked_at.is_(None))
        .order_by(_SUPPRESSION.c.id)
    )
    for row in session.execute(kept).mappings():
        own[row["finding_id"]].append(suppression_of(row))
    return {
        row["id"]: Subject(
            id=row["id"],
            project_id=row["project_id"],
            project=row["project"] or "",
            severity=row["severity"],
            title=row["title"],
            code=row["match_hash"],
            edited_at=edited_among(_whereabouts(row), places[row["id"]]),
            judgement=judgement_of(row),
            own=tuple(own[row["id"]]),
        )
        for row in rows
    }


def _whereabouts(row: Mapping[Any, Any]) -> Whereabouts:
    found: Whereabouts = row["whereabouts"]
    return found


def written_by(session: Session, finding_ids: Collection[int], gitlab_user_id: int | None) -> frozenset[int]:
    """Those of the findings that are on an open merge request with code of this user of GitLab's. One statement."""
    if gitlab_user_id is None or not finding_ids:
        return frozenset()
    query = (
        select(_PRESENCE.c.finding_id)
        .join(_REF, _REF.c.id == _PRESENCE.c.ref_id)
        .join(_HEAD, and_(_HEAD.c.project_id == _REF.c.project_id, _HEAD.c.iid == _REF.c.merge_request_iid))
        .join(_CONTRIBUTOR, and_(_CONTRIBUTOR.c.project_id == _HEAD.c.project_id, _CONTRIBUTOR.c.iid == _HEAD.c.iid))
        .where(
            among(session, _PRESENCE.c.finding_id, finding_ids),
            _PRESENCE.c.gone_at.is_(None),
            _HEAD.c.state == HeadState.OPENED.value,
            _CONTRIBUTOR.c.user_id == gitlab_user_id,
        )
    )
    return frozenset(session.scalars(query))


# --- exceptions -------------------------------------------------------------------------------------------------------


def create_many(session: Session, made: Sequence[Suppression]) -> tuple[Suppression, ...]:
    """Store new exceptions; with their numbers, in any order."""
    if not made:
        return ()
    rows = [{name: getattr(one, name) for name in _COLUMNS if name != "id"} for one in made]
    stored = session.execute(insert(_SUPPRESSION).returning(_SUPPRESSION), rows).mappings()
    kept = tuple(suppression_of(row) for row in stored)
    announcements.suppressions_made(session, kept)
    for one in kept:
        touch_suppression(session, one)
    return kept


def revoke_many(session: Session, suppression_ids: Collection[int], *, actor: str, at: datetime) -> frozenset[int]:
    """End exceptions; those that were ended meanwhile are left out of the answer."""
    if not suppression_ids:
        return frozenset()
    statement = (
        update(_SUPPRESSION)
        .where(among(session, _SUPPRESSION.c.id, suppression_ids), _SUPPRESSION.c.revoked_at.is_(None))
        .values(revoked_by=actor, revoked_at=at)
        .returning(_SUPPRESSION)
    )
    ended = [suppression_of(row) for row in session.execute(statement).mappings()]
    for one in ended:
        touch_suppression(session, one)
    return frozenset(one.id for one in ended)


def revoked_with(session: Session, events: Iterable[TriageEvent]) -> dict[int, tuple[Suppression, ...]]:
    """By finding, what these events ended. One statement."""
    moments = {event.finding_id: event for event in events}
    if not moments:
        return {}
    query = (
        select(_SUPPRESSION)
        .where(among(session, _SUPPRESSION.c.finding_id, moments), _SUPPRESSION.c.revoked_at.is_not(None))
        .order_by(_SUPPRESSION.c.id)
    )
    found: defaultdict[int, list[Suppression]] = defaultdict(list)
    for row in session.execute(query).mappings():
        event, one = moments[row["finding_id"]], suppression_of(row)
        if one.revoked_at == event.at and one.revoked_by == event.actor:
            found[event.finding_id].append(one)
    return {number: tuple(some) for number, some in found.items()}


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked for an exception, by the numbers that he keeps."""

    suppression_id: int
    person_id: int | None
    """Also of a token's owner."""
    gitlab_user_id: int | None


def add_askers(session: Session, askers: Sequence[Asker]) -> None:
    """Keep who asked."""
    if askers:
        rows = [{name: getattr(one, name) for name in Asker.__slots__} for one in askers]
        session.connection().execute(insert(_ASKER), rows)


def askers_of(session: Session, suppression_ids: Collection[int]) -> dict[int, Asker]:
    """Who asked for these, at the desk or in a merge request; others are left out. Two statements."""
    if not suppression_ids:
        return {}
    asked = select(_REQUEST.c.suppression_id, _REQUEST.c.asked_by_id).where(
        among(session, _REQUEST.c.suppression_id, suppression_ids)
    )
    found = {row.suppression_id: Asker(row.suppression_id, None, row.asked_by_id) for row in session.execute(asked)}
    for row in session.execute(select(_ASKER).where(among(session, _ASKER.c.suppression_id, suppression_ids))):
        found[row.suppression_id] = Asker(row.suppression_id, row.person_id, row.gitlab_user_id)
    return found


def token_owner(session: Session, token_id: int) -> int | None:
    """Number of the person whose token it is."""
    found: int | None = session.scalar(select(_TOKEN.c.person_id).where(_TOKEN.c.id == token_id))
    return found


# --- history ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """An event with its number, and the one before it."""

    id: int
    event: TriageEvent
    earlier: TriageEvent | None
    newest: bool
    """Whether nothing was said after it."""


def batch_findings(session: Session, batch: str) -> tuple[int, ...]:
    """The findings that were decided together, by number."""
    query = select(_EVENT.c.finding_id).where(_EVENT.c.batch == batch).order_by(_EVENT.c.finding_id)
    return tuple(dict.fromkeys(session.scalars(query)))


def steps(session: Session, finding_ids: Collection[int], *, batch: str | None = None) -> dict[int, Step]:
    """By finding, the last event (of a batch, where one is named). One statement."""
    if not finding_ids:
        return {}
    # A finding has few events: all of them are read, and the last and the one before are looked for here.
    query = select(_EVENT).where(among(session, _EVENT.c.finding_id, finding_ids)).order_by(_EVENT.c.id)
    histories: defaultdict[int, list[tuple[int, TriageEvent]]] = defaultdict(list)
    for row in session.execute(query).mappings():
        histories[row["finding_id"]].append((row["id"], event_of(row)))
    found: dict[int, Step] = {}
    for number, events in histories.items():
        for place, (event_id, event) in enumerate(events):
            if batch is None or event.batch == batch:
                earlier = events[place - 1][1] if place else None
                found[number] = Step(event_id, event, earlier, place == len(events) - 1)
    return found


def merge_requests_with(session: Session, finding_ids: Collection[int]) -> tuple[tuple[int, int], ...]:
    """Open merge requests that have any of these findings, by project and number. One statement."""
    if not finding_ids:
        return ()
    query = (
        select(_HEAD.c.project_id, _HEAD.c.iid)
        .join_from(_PRESENCE, _REF, _REF.c.id == _PRESENCE.c.ref_id)
        .join(_HEAD, and_(_HEAD.c.project_id == _REF.c.project_id, _HEAD.c.iid == _REF.c.merge_request_iid))
        .where(
            among(session, _PRESENCE.c.finding_id, finding_ids),
            _PRESENCE.c.gone_at.is_(None),
            _HEAD.c.state == HeadState.OPENED.value,
        )
        .distinct()
    )
    return tuple(sorted((row.project_id, row.iid) for row in session.execute(query)))
