"""
The audit log in the database: entries are appended in the transaction of what they tell, and never changed.

Writers take turns on the one row of ``audit_head``, and that lock is held until the transaction ends. So that nobody
waits for somebody who waits for him, an act is appended AFTER findings and exceptions were locked, and BEFORE the rows
of the desk are changed (``bot.store.desk``; what ``desk_touch`` brings about comes with the commit). Whoever has to
change those first, because they say who won, calls ``take_turn`` before. ``bot.domain.audit`` says how entries hang
together.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Engine, bindparam, func, insert, or_, select, type_coerce, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from bot.domain.audit import COLUMNS, Act, AuditError, Checker, Entry, Head, Verdict, chained
from bot.store.clock import database_time
from bot.store.desk_tables import AuditCheckRecord, AuditEntryRecord, AuditHeadRecord
from bot.store.engine import session as reading_session
from bot.store.engine import write_session
from bot.store.statements import insert_for, insert_into, table
from bot.store.types import ExactText

_ENTRY = table(AuditEntryRecord)
_HEAD = table(AuditHeadRecord)
_CHECK = table(AuditCheckRecord)
_ONLY = 1
"""The number of the one row of the head, and of the one of the last check."""
_CHUNK = 1_000
LONGEST_PAGE = 200


def append(session: Session, act: Act) -> Entry:
    """Append one act, in the caller's write transaction, after everything else that it does. Three statements."""
    return append_many(session, [act])[0]


def take_turn(session: Session) -> None:
    """Be the one who appends, until the transaction ends: for acts whose outcome the desk's own rows decide."""
    session.execute(_locked(session))


def append_many(session: Session, acts: Sequence[Act]) -> tuple[Entry, ...]:
    """Append acts in this order; three statements, however many they are."""
    if not acts:
        return ()
    row = session.execute(_locked(session)).one()
    entries = chained(acts, Head(row.sequence, row.digest), row.now)
    connection = session.connection()
    connection.execute(_ADD, [_row(entry) for entry in entries])
    connection.execute(_MOVE, {"new_sequence": entries[-1].sequence, "new_digest": entries[-1].digest})
    return entries


# Built once, as everything that is done ends here.
_ADD = insert(_ENTRY)
_MOVE = (
    update(_HEAD).where(_HEAD.c.id == _ONLY).values(sequence=bindparam("new_sequence"), digest=bindparam("new_digest"))
)


def _locked(session: Session) -> ReturningInsert[Any]:
    return _locked_in(session.get_bind().dialect.name)


@cache
def _locked_in(dialect: str) -> ReturningInsert[Any]:
    # Takes the lock, and makes the row where there is none yet; the time is read with the lock held.
    start = insert_for(dialect, _HEAD).values(id=_ONLY, sequence=Head().sequence, digest=Head().digest)
    return start.on_conflict_do_update(index_elements=["id"], set_={"sequence": _HEAD.c.sequence}).returning(
        _HEAD.c.sequence, _HEAD.c.digest, database_time().label("now")
    )


def head(session: Session) -> Head:
    """The last entry, as it is kept beside the log."""
    row = session.execute(select(_HEAD.c.sequence, _HEAD.c.digest).where(_HEAD.c.id == _ONLY)).one_or_none()
    return Head() if row is None else Head(row.sequence, row.digest)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted; what is not given does not matter."""

    actor: str = ""
    """Exactly this name."""
    action: str = ""
    """A word of ``Action``, or the part before its dot."""
    project_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Exclusive."""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Part of the log, the newest first."""

    entries: tuple[Entry, ...]
    next: int | None
    """Number to go on with ``before``; None on the last page."""


def page(
    session: Session,
    wanted: AuditFilter,
    *,
    before: int | None = None,
    limit: int = 50,
    projects: Collection[int] | None = None,
) -> AuditPage:
    """
    Part of the log. One statement.

    ``before`` is where the page before ended. ``projects`` are those that the reader sees; None for all, and entries
    about no project are for everybody who may read the log.
    """
    size = max(1, min(limit, LONGEST_PAGE))
    query = select(_ENTRY).where(*_conditions(wanted)).order_by(_ENTRY.c.sequence.desc()).limit(size + 1)
    if projects is not None:
        query = query.where(or_(_ENTRY.c.project_id.is_(None), _ENTRY.c.project_id.in_(sorted(projects))))
    if before is not None:
        query = query.where(_ENTRY.c.sequence < before)
    entries = [entry_of_row(row) for row in session.execute(query).mappings()]
    return AuditPage(tuple(entries[:size]), entries[size - 1].sequence if len(entries) > size else None)


def bounds(session: Session, since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """The first and the last number of the entries of a time; the last is below the first where there are none."""
    conditions = _conditions(AuditFilter(since=since, until=until))
    row = session.execute(select(func.min(_ENTRY.c.sequence), func.max(_ENTRY.c.sequence)).where(*conditions)).one()
    return (1, 0) if row[0] is None else (int(row[0]), int(row[1]))


def stream(session: Session, first: int = 1, last: int | None = None) -> Iterator[Entry]:
    """Entries by number, a thousand in memory at once. The session is used for nothing else meanwhile."""
    query = select(_ENTRY).where(_ENTRY.c.sequence >= first).order_by(_ENTRY.c.sequence)
    if last is not None:
        query = query.where(_ENTRY.c.sequence <= last)
    rows = session.execute(query, execution_options={"yield_per": _CHUNK, "stream_results": True})
    for row in rows.mappings():
        yield entry_of_row(row)


def _raw(session: Session) -> Iterator[Entry]:
    """Every entry by number, also those whose details somebody made into something that is no JSON."""
    columns = [_ENTRY.c[name] for name in COLUMNS if name != "details"]
    query = select(*columns, type_coerce(_ENTRY.c.details, ExactText()).label("text")).order_by(_ENTRY.c.sequence)
    rows = session.execute(query, execution_options={"yield_per": _CHUNK, "stream_results": True})
    for row in rows.mappings():
        try:
            details = json.loads(row["text"])
        except (ValueError, RecursionError):
            details = None
        values = {name: row[name] for name in COLUMNS if name != "details"}
        yield Entry(**values, details=details if isinstance(details, dict) else {"unreadable": row["text"]})


@dataclass(frozen=True, slots=True)
class LastCheck:
    """What the last check of the whole log found."""

    at: datetime
    head: Head
    """Up to which entry."""
    broken: int
    first_break: str
    """English, one line; empty where the log is whole."""


def verify(engine: Engine, *, expected: Head | None = None, keep: bool = False) -> Verdict:
    """
    Check the whole log against what is kept of its head, in one consistent state.

    ``keep``: note what was found, for ``last_check``.
    """
    checker = Checker(whole_log=True, expected=expected)
    with reading_session(engine) as reading:
        kept = head(reading)
        last = 0
        try:
            for entry in _raw(reading):
                checker.feed(entry)
                last = entry.sequence
        except ValueError as error:
            raise AuditError(
                f"the entry after {last} cannot be read: {error}", "Somebody put something else in its place."
            ) from error
    verdict = checker.finish(kept)
    if keep:
        first = str(verdict.breaks[0]) if verdict.breaks else ""
        values = {
            "at": database_time(),
            "sequence": verdict.head.sequence,
            "digest": verdict.head.digest,
            "broken": verdict.broken,
            "first_break": first,
        }
        with write_session(engine) as writing:
            statement = insert_into(writing, _CHECK).values(id=_ONLY, **values)
            writing.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
    return verdict


def last_check(session: Session) -> LastCheck | None:
    """What the last check found; None while nobody checked."""
    row = session.execute(select(_CHECK).where(_CHECK.c.id == _ONLY)).one_or_none()
    return None if row is None else LastCheck(row.at, Head(row.sequence, row.digest), row.broken, row.first_break)


def entry_of_row(row: Mapping[Any, Any]) -> Entry:
    """A whole row of ``AuditEntryRecord`` as a value."""
    return Entry(**{name: row[name] for name in COLUMNS})


def _row(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in COLUMNS}


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.actor:
        found.append(_ENTRY.c.actor == wanted.actor)
    if wanted.action:
        kinds = _ENTRY.c.action == wanted.action
        if "." not in wanted.action:
            kinds = or_(kinds, _ENTRY.c.action.startswith(f"{wanted.action}.", autoescape=True))
        found.append(kinds)
    if wanted.project_id is not None:
        found.append(_ENTRY.c.project_id == wanted.project_id)
    if wanted.since is not None:
        found.append(_ENTRY.c.at >= wanted.since)
    if wanted.until is not None:
        found.append(_ENTRY.c.at < wanted.until)
    return found
