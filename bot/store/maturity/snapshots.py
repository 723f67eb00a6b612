"""
Snapshots in the database: taken in few statements however many there are, never changed, read by what they are about.

Contents are stored by their digest, so what did not change since the night before is one row. The database itself
refuses to change or delete snapshots (migration 0006); only those of a project that is gone can be taken away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    literal,
    select,
    true,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from bot.domain.maturity.period import Period, PeriodKind
from bot.domain.maturity.scope import Scope
from bot.domain.maturity.scoring import Assessment
from bot.domain.maturity.snapshot import Content, Snapshot, SnapshotRow, content_digest, next_revision, read_content
from bot.store.bulk import among, bulk_insert, staged
from bot.store.maturity.models import readable
from bot.store.maturity_tables import (
    LateDayRecord,
    ReportDeliveryRecord,
    ReportRecord,
    SnapshotContentRecord,
    SnapshotRecord,
    SnapshotScoreRecord,
)
from bot.store.statements import chunks, insert_into, table
from bot.store.tables import CounterRecord
from bot.store.types import dump_json

_SNAPSHOT = table(SnapshotRecord)
_CONTENT = table(SnapshotContentRecord)
_SCORE = table(SnapshotScoreRecord)
_LATE = table(LateDayRecord)
_REPORT = table(ReportRecord)
_DELIVERY = table(ReportDeliveryRecord)
_COUNTER = table(CounterRecord)
_OWED: Final = "owed."
"""How the names of marks begin that say of a period that it is to be revised; nothing is counted under them."""
_COLUMNS = tuple(column.name for column in _SNAPSHOT.columns if column.name != "id")


@dataclass(frozen=True, slots=True)
class Taken:
    """A content that is to become a snapshot, unless its newest revision says the same."""

    scope: Scope
    digest: str
    """Of the content."""
    content: Content

    @classmethod
    def of(cls, scope: Scope, content: Content) -> Taken:
        """With the digest that the content has."""
        return cls(scope, content_digest(content), content)


@dataclass(frozen=True, slots=True)
class Score:
    """What one model said, for lists."""

    model_id: str
    score: int | None
    """0 to 100; None for not assessed."""
    known: int
    """Thousandths."""
    practice: int | None
    outcome: int | None
    level: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A snapshot without its content: the row and what the models said, by their id."""

    row: SnapshotRow
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One point of a line over time."""

    snapshot_id: int
    period: Period
    revision: int
    score: Score


def scope_key(scope: Scope) -> str:
    """What a scope is found by. Upper and lower case are alike, as in GitLab's paths."""
    return hashlib.sha256(f"{scope.kind.value}\n{scope.key.casefold()}".encode("utf-8", "surrogatepass")).hexdigest()


# --- taking -----------------------------------------------------------------------------------------------------------


def keep(session: Session, period: Period, taken: Sequence[Taken], now: datetime) -> tuple[SnapshotRow, ...]:
    """
    Write snapshots of one period; those that were added, the newest revision of each.

    What says the same as its newest revision is left as it is. Several who keep the same at once keep it once: whoever
    comes second adds nothing. A fixed number of statements.
    """
    before = newest_rows(session, period, [one.scope for one in taken])
    rows: list[tuple[SnapshotRow, Content]] = []
    for one in taken:
        row = next_revision(one.scope, period, one.digest, before.get(scope_key(one.scope)))
        if row is not None:
            rows.append((row, one.content))
    if not rows:
        return ()
    documents = {row.content: content for row, content in rows}
    known = set(
        session.execute(select(_CONTENT.c.digest).where(among(session, _CONTENT.c.digest, documents))).scalars()
    )
    fresh = [
        {"digest": digest, "document": documents[digest].document()} for digest in sorted(documents.keys() - known)
    ]
    if fresh:
        with staged(session, list(_CONTENT.columns), fresh) as new:
            # Whoever was quicker wrote the same.
            copied = insert_into(session, _CONTENT).from_select(list(new.c.keys()), select(new).where(true()))
            session.execute(copied.on_conflict_do_nothing())
    columns = [_SNAPSHOT.c[name] for name in _COLUMNS]
    values = [_values(row, now) for row, _ in sorted(rows, key=lambda one: one[0].digest)]
    with staged(session, columns, values) as new:
        added = insert_into(session, _SNAPSHOT).from_select(list(new.c.keys()), select(new).where(true()))
        statement = added.on_conflict_do_nothing().returning(_SNAPSHOT.c.id, _SNAPSHOT.c.digest)
        ids = {row.digest: row.id for row in session.execute(statement)}
    kept = [(_stored(row, ids[row.digest], now), content) for row, content in rows if row.digest in ids]
    bulk_insert(session, _SCORE, (_score(row.id, one) for row, content in kept for one in content.results))
    return tuple(row for row, _ in kept)


def newest_rows(session: Session, period: Period, scopes: Collection[Scope] | None = None) -> dict[str, SnapshotRow]:
    """The newest revision of each scope's snapshot of a period, by ``scope_key``; None for all. One statement."""
    query = select(_SNAPSHOT).where(_of_period(period)).order_by(_SNAPSHOT.c.revision)
    if scopes is not None:
        query = query.where(among(session, _SNAPSHOT.c.scope_key, [scope_key(scope) for scope in scopes]))
    return {row.scope_key: _row(row) for row in session.execute(query)}


def _values(row: SnapshotRow, now: datetime) -> dict[str, Any]:
    return {
        "scope_key": scope_key(row.scope),
        "scope_kind": row.scope.kind,
        "scope": row.scope.key,
        "project_id": row.scope.project_id,
        "period_kind": row.period.kind,
        "first_day": row.period.first,
        "last_day": row.period.last,
        "revision": row.revision,
        "content": row.content,
        "previous": row.previous,
        "digest": row.digest,
        "taken_at": now,
    }


def _score(snapshot_id: int, result: Assessment) -> dict[str, Any]:
    return {
        "snapshot_id": snapshot_id,
        "model_id": result.model_id,
        "score": result.score,
        "known": result.known,
        "practice": result.practice,
        "outcome": result.outcome,
        "level": result.level,
    }


# --- reading ----------------------------------------------------------------------------------------------------------


def get(session: Session, snapshot_id: int) -> Snapshot | None:
    """One with its content. One statement. Raises ``SnapshotError`` for a content that cannot be read."""
    return _one(session, _SNAPSHOT.c.id == snapshot_id)


def get_row(session: Session, snapshot_id: int) -> SnapshotRow | None:
    """One without its content. One statement."""
    row = session.execute(select(_SNAPSHOT).where(_SNAPSHOT.c.id == snapshot_id)).one_or_none()
    return None if row is None else _row(row)


def find(session: Session, beginning: str) -> tuple[SnapshotRow, ...]:
    """Snapshots whose digest begins so, at most two: for naming one by its first digits. One statement."""
    condition = and_(_SNAPSHOT.c.digest >= beginning, _SNAPSHOT.c.digest < f"{beginning}g")
    return tuple(_row(row) for row in session.execute(select(_SNAPSHOT).where(condition).limit(2)))


def latest(session: Session, scope: Scope, kind: PeriodKind, *, until: date | None = None) -> Snapshot | None:
    """The newest one of a kind of period, in its newest revision; not after ``until``. One statement."""
    conditions = [_SNAPSHOT.c.scope_key == scope_key(scope), _SNAPSHOT.c.period_kind == kind]
    if until is not None:
        conditions.append(_SNAPSHOT.c.last_day <= until)
    return _one(session, *conditions)


def of_period(session: Session, scope: Scope, period: Period, *, revision: int | None = None) -> Snapshot | None:
    """The snapshot of exactly this period; the newest revision, or the one that is asked for. One statement."""
    conditions = [_SNAPSHOT.c.scope_key == scope_key(scope), _of_period(period)]
    if revision is not None:
        conditions.append(_SNAPSHOT.c.revision == revision)
    return _one(session, *conditions)


def revisions(session: Session, scope: Scope, period: Period) -> tuple[SnapshotRow, ...]:
    """Every revision, the first one first. One statement."""
    query = select(_SNAPSHOT).where(_SNAPSHOT.c.scope_key == scope_key(scope), _of_period(period))
    return tuple(_row(row) for row in session.execute(query.order_by(_SNAPSHOT.c.revision)))


def newest(
    session: Session, scopes: Collection[Scope], kind: PeriodKind, *, model_id: str | None = None
) -> dict[Scope, Standing]:
    """
    How each of these scopes stood last, of a kind of period; those without a snapshot are left out. One statement,
    however many they are: each is found through the index. ``model_id``: only what this model said, which is quicker.
    """
    keys = {scope_key(scope): scope for scope in scopes}
    wanted = _listed(session, list(keys))
    newest_id = _newest_of(wanted.c.value, kind).correlate(wanted).scalar_subquery()
    # Found once and then joined: otherwise PostgreSQL would look each of them up for every comparison.
    chosen = select(newest_id.label("id")).select_from(wanted).cte("chosen").prefix_with("MATERIALIZED")
    said = [] if model_id is None else [_SCORE.c.model_id == model_id]
    query = (
        select(_SNAPSHOT, *_score_columns())
        .select_from(chosen)
        .join(_SNAPSHOT, _SNAPSHOT.c.id == chosen.c.id)
        .outerjoin(_SCORE, and_(_SCORE.c.snapshot_id == _SNAPSHOT.c.id, *said))
    )
    found: dict[Scope, tuple[SnapshotRow, dict[str, Score]]] = {}
    for row in session.execute(query):
        scope = keys[row.scope_key]
        if scope not in found:
            found[scope] = (_row(row), {})
        if row.model_id is not None:
            found[scope][1][row.model_id] = _score_of(row)
    return {scope: Standing(row, scores) for scope, (row, scores) in found.items()}


def trend(
    session: Session, scope: Scope, model_id: str, since: date, *, kind: PeriodKind = PeriodKind.NIGHT
) -> tuple[TrendPoint, ...]:
    """How a model's score went from a day on, the earliest first, each period in its newest revision. One statement."""
    query = (
        select(_SNAPSHOT, *_score_columns())
        .join(_SCORE, _SCORE.c.snapshot_id == _SNAPSHOT.c.id)
        .where(
            _SNAPSHOT.c.scope_key == scope_key(scope),
            _SNAPSHOT.c.period_kind == kind,
            _SNAPSHOT.c.last_day >= since,
            _SCORE.c.model_id == model_id,
        )
        .order_by(_SNAPSHOT.c.last_day, _SNAPSHOT.c.first_day.desc(), _SNAPSHOT.c.revision)
    )
    found = {}
    for row in session.execute(query):
        period = Period(row.period_kind, row.first_day, row.last_day)
        found[period] = TrendPoint(row.id, period, row.revision, _score_of(row))
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which snapshots a list is about; what is not given does not matter."""

    scope: Scope | None = None
    kind: PeriodKind | None = None
    since: date | None = None
    until: date | None = None


def page(
    session: Session, wanted: Wanted, *, limit: int = 50, before: int | None = None
) -> tuple[tuple[SnapshotRow, Mapping[str, Score]], ...]:
    """Part of the list, the newest first, with scores. ``before``: number of the last one seen. Two statements."""
    query = select(_SNAPSHOT).where(*_conditions(wanted)).order_by(_SNAPSHOT.c.id.desc()).limit(max(1, limit))
    if before is not None:
        query = query.where(_SNAPSHOT.c.id < before)
    rows = [_row(row) for row in session.execute(query)]
    scores = scores_of(session, [row.id for row in rows])
    return tuple((row, scores.get(row.id, {})) for row in rows)


def scores_of(session: Session, snapshot_ids: Collection[int]) -> dict[int, dict[str, Score]]:
    """What the models said, by snapshot and model. One statement."""
    found: dict[int, dict[str, Score]] = {}
    for row in session.execute(select(_SCORE).where(among(session, _SCORE.c.snapshot_id, snapshot_ids))):
        found.setdefault(row.snapshot_id, {})[row.model_id] = _score_of(row)
    return found


def periods(session: Session, wanted: Wanted) -> tuple[Period, ...]:
    """Which periods there are snapshots of, the earliest first. One statement."""
    columns = (_SNAPSHOT.c.period_kind, _SNAPSHOT.c.first_day, _SNAPSHOT.c.last_day)
    query = select(*columns).where(*_conditions(wanted)).distinct().order_by(*columns[::-1])
    return tuple(Period(*row) for row in session.execute(query))


def rows_of(session: Session, period: Period, scope: Scope | None = None) -> tuple[SnapshotRow, ...]:
    """Every snapshot of a period, all revisions, in their order. One statement."""
    query = select(_SNAPSHOT).where(_of_period(period)).order_by(_SNAPSHOT.c.scope_key, _SNAPSHOT.c.revision)
    if scope is not None:
        query = query.where(_SNAPSHOT.c.scope_key == scope_key(scope))
    return tuple(_row(row) for row in session.execute(query))


def documents(session: Session, digests: Collection[str]) -> dict[str, Any]:
    """
    Contents as they were stored, by digest; what is not there is left out, and what is no content at all is empty. One
    statement.
    """
    packed = type_coerce(_CONTENT.c.document, LargeBinary).label("packed")
    query = select(_CONTENT.c.digest, packed).where(among(session, _CONTENT.c.digest, digests))
    return {row.digest: readable(row.packed) for row in session.execute(query)}


def contents(session: Session, digests: Collection[str]) -> dict[str, Content]:
    """The same as values. Raises ``SnapshotError`` for one that cannot be read. One statement."""
    return {digest: read_content(document) for digest, document in documents(session, digests).items()}


def bare_documents(session: Session) -> Iterator[str]:
    """Digests of contents that no snapshot names; those of forgotten projects, which their groups name. Streamed."""
    named = exists().where(_SNAPSHOT.c.content == _CONTENT.c.digest)
    yield from session.execute(select(_CONTENT.c.digest).where(~named)).scalars()


def stored_size(session: Session) -> int:
    """Bytes of all contents as they are stored."""
    return int(session.execute(select(func.coalesce(func.sum(func.length(_CONTENT.c.document)), 0))).scalar_one())


def _one(session: Session, *conditions: ColumnElement[bool]) -> Snapshot | None:
    """The newest that fits, in its newest revision."""
    query = select(_SNAPSHOT, _CONTENT.c.document).join(_CONTENT, _CONTENT.c.digest == _SNAPSHOT.c.content)
    order = (_SNAPSHOT.c.first_day.desc(), _SNAPSHOT.c.last_day.desc(), _SNAPSHOT.c.revision.desc())
    row = session.execute(query.where(*conditions).order_by(*order).limit(1)).one_or_none()
    return None if row is None else Snapshot(_row(row), read_content(row.document))


def _newest_of(key: ColumnElement[Any], kind: PeriodKind) -> Select[Any]:
    # In the order of the index, for every kind but spans the same as the order of their ends.
    inner = _SNAPSHOT.alias("one")
    return (
        select(inner.c.id)
        .where(inner.c.scope_key == key, inner.c.period_kind == kind)
        .order_by(inner.c.first_day.desc(), inner.c.last_day.desc(), inner.c.revision.desc())
        .limit(1)
    )


def _listed(session: Session, values: Sequence[str]) -> Any:
    """A table with these values in its column ``value``, as one parameter."""
    if session.get_bind().dialect.name == "postgresql":
        return select(func.unnest(literal(list(values), ARRAY(_SNAPSHOT.c.scope_key.type))).label("value")).subquery()
    return func.json_each(dump_json(list(values))).table_valued("value")


def _of_period(period: Period) -> ColumnElement[bool]:
    return and_(
        _SNAPSHOT.c.period_kind == period.kind,
        _SNAPSHOT.c.first_day == period.first,
        _SNAPSHOT.c.last_day == period.last,
    )


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.scope is not None:
        found.append(_SNAPSHOT.c.scope_key == scope_key(wanted.scope))
    if wanted.kind is not None:
        found.append(_SNAPSHOT.c.period_kind == wanted.kind)
    if wanted.since is not None:
        found.append(_SNAPSHOT.c.last_day >= wanted.since)
    if wanted.until is not None:
        found.append(_SNAPSHOT.c.last_day <= wanted.until)
    return found


def _row(row: Row[Any]) -> SnapshotRow:
    return SnapshotRow(
        scope=Scope(row.scope_kind, row.scope),
        period=Period(row.period_kind, row.first_day, row.last_day),
        revision=row.revision,
        content=row.content,
        previous=row.previous,
        digest=row.digest,
        taken_at=row.taken_at,
        id=row.id,
    )


def _stored(row: SnapshotRow, number: int, now: datetime) -> SnapshotRow:
    return SnapshotRow(row.scope, row.period, row.revision, row.content, row.previous, row.digest, now, number)


def _score_columns() -> list[ColumnElement[Any]]:
    return [_SCORE.c[name] for name in ("model_id", "score", "known", "practice", "outcome", "level")]


def _score_of(row: Row[Any]) -> Score:
    return Score(row.model_id, row.score, row.known, row.practice, row.outcome, row.level)


# --- late news --------------------------------------------------------------------------------------------------------


def note_late(session: Session, days: Collection[tuple[int, date]]) -> None:
    """
    Note that these days of projects were counted anew, in the transaction that did it. One statement per thousand.

    Whoever takes snapshots looks at the periods with them again.
    """
    for chunk in chunks(sorted(days)):
        statement = insert_into(session, _LATE).values(
            [{"project_id": number, "day": day, "number": 1} for number, day in chunk]
        )
        more = {"number": _LATE.c.number + 1}
        session.execute(statement.on_conflict_do_update(index_elements=["project_id", "day"], set_=more))


def late_days(session: Session) -> dict[tuple[int, date], int]:
    """Days that were counted anew, each with its number, for striking it off. One statement."""
    return {(row.project_id, row.day): row.number for row in session.execute(select(_LATE))}


def strike_off(session: Session, seen: Mapping[tuple[int, date], int]) -> None:
    """The snapshots were looked at again, as far as these are concerned. One statement per thousand."""
    columns = tuple_(_LATE.c.project_id, _LATE.c.day, _LATE.c.number)
    for chunk in chunks([(*key, number) for key, number in sorted(seen.items())]):
        session.execute(delete(_LATE).where(columns.in_(chunk)))


def owed(session: Session) -> frozenset[Period]:
    """Periods that were to be revised and could not be. One statement."""
    names = session.scalars(select(_COUNTER.c.name).where(_COUNTER.c.name.startswith(_OWED, autoescape=True)))
    return frozenset(map(_owed_period, names))


def keep_owed(session: Session, failed: Collection[Period], done: Collection[Period] = ()) -> None:
    """
    Note which periods were to be revised and could not be, and which of those are done. Two statements per thousand.
    """
    for chunk in chunks([_owed_name(period) for period in done]):
        session.execute(delete(_COUNTER).where(_COUNTER.c.name.in_(chunk)))
    for chunk in chunks(sorted(map(_owed_name, failed))):
        statement = insert_into(session, _COUNTER).values([{"name": name, "value": 1} for name in chunk])
        session.execute(statement.on_conflict_do_nothing())


def _owed_name(period: Period) -> str:
    return f"{_OWED}{period.kind.value}.{period.first}..{period.last}"


def _owed_period(name: str) -> Period:
    kind, _, days = name.removeprefix(_OWED).partition(".")
    first, _, last = days.partition("..")
    return Period(PeriodKind(kind), date.fromisoformat(first), date.fromisoformat(last))


# --- forgetting -------------------------------------------------------------------------------------------------------


def forget_project(session: Session, project_id: int) -> None:
    """
    Delete a project's own snapshots and reports, once its row is gone: the database refuses it before.

    Their contents stay: the snapshots of its groups and of the organisation name them, and could not be made again
    without. They hold numbers and no names.
    """
    mine = select(_REPORT.c.id).where(_REPORT.c.project_id == project_id)
    session.execute(delete(_DELIVERY).where(_DELIVERY.c.report_id.in_(mine)))
    session.execute(delete(_REPORT).where(_REPORT.c.project_id == project_id))
    session.execute(delete(_SNAPSHOT).where(_SNAPSHOT.c.project_id == project_id))
    session.execute(delete(_LATE).where(_LATE.c.project_id == project_id))
