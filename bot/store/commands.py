"""
Commands in notes that were carried out or refused: one row for each note, so that none is obeyed twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.domain.command import Result
from bot.store.statements import insert_into, table
from bot.store.tables import CommandRecord, MergeRequestRecord, ScanFindingRecord, ScanRecord

_COMMAND = table(CommandRecord)
_SCAN = table(ScanRecord)
_FINDING = table(ScanFindingRecord)
_HEAD = table(MergeRequestRecord)
_LONGEST_VERB = 40


@dataclass(frozen=True, slots=True)
class HandledNote:
    """A note with commands, and what came of them."""

    project_id: int
    iid: int
    note_id: int
    discussion_id: str
    actor_id: int
    actor: str
    """User name."""
    verb: str
    """The first command's word; of several with the number of the others, such as ``fp +2``."""
    result: Result
    answer: str
    """What we say, as Markdown; empty where a reaction says it."""
    answered: bool
    """Whether GitLab has answer and reaction."""
    at: datetime
    """UTC."""


def get(session: Session, project_id: int, note_id: int) -> HandledNote | None:
    """What came of a note, or None while nobody has looked at it."""
    query = select(_COMMAND).where(_COMMAND.c.project_id == project_id, _COMMAND.c.note_id == note_id)
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    return HandledNote(
        project_id=row.project_id,
        iid=row.iid,
        note_id=row.note_id,
        discussion_id=row.discussion_id,
        actor_id=row.actor_id,
        actor=row.actor,
        verb=row.verb,
        result=Result(row.result),
        answer=row.answer,
        answered=row.answered,
        at=row.at,
    )


def record(session: Session, handled: HandledNote) -> bool:
    """Keep what came of a note; False, and nothing written, when that was kept before."""
    statement = insert_into(session, _COMMAND).values(
        project_id=handled.project_id,
        note_id=handled.note_id,
        iid=handled.iid,
        discussion_id=handled.discussion_id,
        actor_id=handled.actor_id,
        actor=handled.actor,
        verb=handled.verb[:_LONGEST_VERB],
        result=handled.result.value,
        answer=handled.answer,
        answered=handled.answered,
        at=handled.at,
    )
    done = session.execute(statement.on_conflict_do_nothing().returning(_COMMAND.c.note_id))
    return done.one_or_none() is not None


def conclude(session: Session, project_id: int, note_id: int, *, verb: str, result: Result, answer: str) -> None:
    """Say what came of a note whose row was written first, so that nobody else carries it out meanwhile."""
    session.execute(
        update(_COMMAND)
        .where(_COMMAND.c.project_id == project_id, _COMMAND.c.note_id == note_id)
        .values(verb=verb[:_LONGEST_VERB], result=result.value, answer=answer)
    )


def mark_answered(session: Session, project_id: int, note_id: int) -> None:
    """GitLab has answer and reaction."""
    session.execute(
        update(_COMMAND).where(_COMMAND.c.project_id == project_id, _COMMAND.c.note_id == note_id).values(answered=True)
    )


def known_notes(session: Session, project_id: int, iid: int) -> frozenset[int]:
    """The notes of a merge request that were answered: what ``missed_commands`` need not look at."""
    query = select(_COMMAND.c.note_id).where(
        _COMMAND.c.project_id == project_id, _COMMAND.c.iid == iid, _COMMAND.c.answered
    )
    return frozenset(session.execute(query).scalars())


def finding_of_thread(
    session: Session, project_id: int, iid: int, key: str, key_of: Callable[[str], str]
) -> int | None:
    """
    The number of the finding that a thread of ours is about, by the ``key`` in its marker; None where nobody knows.

    ``key_of`` makes a key of a fingerprint. The newest scan of the merge request that has the finding counts: a
    fingerprint changes with the code, and the thread of the code before stays.
    """
    numbered = (
        select(_FINDING.c.fingerprint, _FINDING.c.finding_id)
        .join(_SCAN, _SCAN.c.id == _FINDING.c.scan_id)
        .where(_SCAN.c.project_id == project_id, _SCAN.c.iid == iid, _FINDING.c.finding_id.is_not(None))
        .order_by(_SCAN.c.recorded_at.desc())
    )
    plain = session.execute(numbered.where(_FINDING.c.fingerprint == key).limit(1)).one_or_none()
    if plain is not None:
        return int(plain.finding_id)
    # A fingerprint that is no plain word stands in the marker as its digest.
    last = select(_HEAD.c.last_scan_id).where(_HEAD.c.project_id == project_id, _HEAD.c.iid == iid).scalar_subquery()
    for row in session.execute(numbered.where(_SCAN.c.id == last)):
        if key_of(row.fingerprint) == key:
            return int(row.finding_id)
    return None


@dataclass(frozen=True, slots=True)
class ScanTimes:
    """When the scan began whose verdict a merge request shows, and when it was recorded; UTC."""

    started_at: datetime
    recorded_at: datetime


def last_scan_times(session: Session, project_id: int, iid: int) -> ScanTimes | None:
    """Of the verdict that the merge request shows; None where it shows none."""
    query = (
        select(_SCAN.c.started_at, _SCAN.c.recorded_at)
        .join(_HEAD, _HEAD.c.last_scan_id == _SCAN.c.id)
        .where(_HEAD.c.project_id == project_id, _HEAD.c.iid == iid)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else ScanTimes(row.started_at, row.recorded_at)


def shown_since(session: Session, project_id: int, iid: int, edited: datetime) -> datetime | None:
    """When a scan of code that was edited at ``edited`` (by our clock) was recorded first; None while none is."""
    query = select(func.min(_SCAN.c.recorded_at)).where(
        _SCAN.c.project_id == project_id, _SCAN.c.iid == iid, _SCAN.c.started_at >= edited
    )
    found: datetime | None = session.execute(query).scalar_one()
    return found


def forget_project(session: Session, project_id: int) -> None:
    """Delete what is known of a project that is gone."""
    session.execute(delete(_COMMAND).where(_COMMAND.c.project_id == project_id))
