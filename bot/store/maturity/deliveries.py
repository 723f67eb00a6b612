"""
Summaries on their way to people: one row for each subscription and report, whatever happens.

Whoever sends claims first, in a transaction of its own: of many workers one gets a delivery. A claim whose process is
gone ends by itself, so that what was claimed is sent late rather than never.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, case, func, literal, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.maturity.period import Period
from bot.domain.maturity.scope import Scope
from bot.domain.maturity.subscription import ReportDelivery, Subscription, next_attempt, not_before
from bot.store.maturity.snapshots import scope_key
from bot.store.maturity_tables import ReportDeliveryRecord, ReportRecord
from bot.store.statements import insert_into, table

_DELIVERY = table(ReportDeliveryRecord)
_REPORT = table(ReportRecord)

CLAIM_ENDS: Final = timedelta(minutes=15)
"""After this long a process that claimed a delivery is taken to be gone."""
_LONGEST_PROBLEM = 300


@dataclass(frozen=True, slots=True)
class Planned:
    """A report for a subscription."""

    subscription: Subscription
    report_id: int


def plan(session: Session, planned: Iterable[Planned], now: datetime) -> int:
    """Write down what is to be delivered, once for each subscription and report; how many are new. One statement."""
    rows = [
        {
            "subscription_id": one.subscription.id,
            "report_id": one.report_id,
            "created_at": now,
            "next_at": not_before(now, one.subscription.quiet, one.subscription.time_zone),
            "claimed_by": "",
            "attempts": 0,
            "sent": False,
            "problem": "",
            "where": "",
            "acknowledgement": "",
            "acknowledged_by": "",
        }
        for one in planned
    ]
    if not rows:
        return 0
    statement = insert_into(session, _DELIVERY).values(rows).on_conflict_do_nothing()
    return len(session.execute(statement.returning(_DELIVERY.c.id)).all())


def planned_about(session: Session, periods: Iterable[Period]) -> frozenset[tuple[int, str, Period]]:
    """
    What of these periods was ever planned, whatever became of it: the subscription's number, ``scope_key`` of what the
    report is about, and its period. Revisions and languages are alike. One statement.
    """
    wanted = [
        and_(_REPORT.c.period_kind == one.kind, _REPORT.c.first_day == one.first, _REPORT.c.last_day == one.last)
        for one in periods
    ]
    if not wanted:
        return frozenset()
    about = (_REPORT.c.scope_kind, _REPORT.c.scope, _REPORT.c.period_kind, _REPORT.c.first_day, _REPORT.c.last_day)
    query = select(_DELIVERY.c.subscription_id, *about).distinct()
    rows = session.execute(query.join(_REPORT, _REPORT.c.id == _DELIVERY.c.report_id).where(or_(*wanted)))
    return frozenset(
        (
            row.subscription_id,
            scope_key(Scope(row.scope_kind, row.scope)),
            Period(row.period_kind, row.first_day, row.last_day),
        )
        for row in rows
    )


def claim(session: Session, claimer: str, now: datetime, *, limit: int = 50) -> tuple[ReportDelivery, ...]:
    """Deliveries whose time has come, that are from now on this process's to send: the oldest first. One statement."""
    due = (
        select(_DELIVERY.c.id)
        .where(
            _DELIVERY.c.done_at.is_(None),
            _DELIVERY.c.next_at <= now,
            or_(_DELIVERY.c.claimed_at.is_(None), _DELIVERY.c.claimed_at < now - CLAIM_ENDS),
        )
        .order_by(_DELIVERY.c.next_at, _DELIVERY.c.id)
        .limit(limit)
        # SQLite has one writer at a time, and takes no notice.
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(
        update(_DELIVERY)
        .where(_DELIVERY.c.id.in_(due))
        .values(claimed_by=claimer, claimed_at=now)
        .returning(*_DELIVERY.c)
    )
    return tuple(sorted((_delivery(row) for row in rows), key=lambda one: one.id))


def renew(session: Session, ids: Collection[int], claimer: str, now: datetime) -> frozenset[int]:
    """
    Keep claims for as long again as a new one; which of them are still this process's. One statement.

    A claim that is over and that nobody else took is kept as well.
    """
    kept = update(_DELIVERY).where(_mine(ids, claimer)).values(claimed_at=now).returning(_DELIVERY.c.id)
    return frozenset(session.scalars(kept))


def give_back(session: Session, until: Mapping[int, datetime], claimer: str) -> int:
    """
    Let go of claimed deliveries unsent, which is no attempt; how many. One statement.

    ``until``: by number, when each is due again.
    """
    if not until:
        return 0
    moments = {number: literal(moment, _DELIVERY.c.next_at.type) for number, moment in until.items()}
    values = {"next_at": case(moments, value=_DELIVERY.c.id), "claimed_by": "", "claimed_at": None}
    return len(
        session.execute(update(_DELIVERY).where(_mine(until, claimer)).values(values).returning(_DELIVERY.c.id)).all()
    )


def new_code(session: Session, ids: Collection[int], random_text: Callable[[], str] = secrets.token_urlsafe) -> str:
    """A code by which these deliveries are acknowledged together; only its digest is kept."""
    code = random_text()
    session.execute(update(_DELIVERY).where(_DELIVERY.c.id.in_(sorted(ids))).values(acknowledgement=_digest(code)))
    return code


def record_sent(session: Session, ids: Collection[int], claimer: str, now: datetime, where: str = "") -> int:
    """Note that they arrived; how many were still this process's."""
    return _end(session, ids, claimer, {"done_at": now, "sent": True, "problem": "", "where": where[:2000]})


def record_failed(
    session: Session, delivery: ReportDelivery, subscription: Subscription, claimer: str, problem: str, now: datetime
) -> bool:
    """Note that one did not arrive; True when that was the last attempt. The next one waits for quiet hours to end."""
    again = next_attempt(delivery.created_at, delivery.attempts + 1, now)
    values: dict[str, Any] = {"problem": problem[:_LONGEST_PROBLEM] or "failed"}
    if again is None:
        values["done_at"] = now
    else:
        values["next_at"] = not_before(again, subscription.quiet, subscription.time_zone)
    return bool(_end(session, [delivery.id], claimer, values)) and again is None


def drop(session: Session, ids: Collection[int], claimer: str, problem: str, now: datetime) -> int:
    """Give them up without an attempt."""
    return _end(session, ids, claimer, {"done_at": now, "problem": problem[:_LONGEST_PROBLEM]})


def again(session: Session, delivery_id: int, now: datetime) -> bool:
    """Send one that was given up once more, from the beginning; whether there was such a one."""
    values = {
        "done_at": None,
        "next_at": now,
        "created_at": now,
        "attempts": 0,
        "claimed_by": "",
        "claimed_at": None,
    }
    wanted = (_DELIVERY.c.id == delivery_id) & _DELIVERY.c.done_at.is_not(None) & _DELIVERY.c.sent.is_(False)
    return bool(session.execute(update(_DELIVERY).where(wanted).values(values).returning(_DELIVERY.c.id)).all())


def by_code(session: Session, code: str) -> tuple[ReportDelivery, ...]:
    """The deliveries that a message with this code brought; none for a code that is none."""
    query = select(_DELIVERY).where(_DELIVERY.c.acknowledgement == _digest(code)).order_by(_DELIVERY.c.id)
    return tuple(_delivery(row) for row in session.execute(query)) if code else ()


def acknowledge(session: Session, code: str, who: str, now: datetime) -> int:
    """Note that somebody says he read what came with this code; how many reports that is. Once for each."""
    if not code:
        return 0
    wanted = (_DELIVERY.c.acknowledgement == _digest(code)) & _DELIVERY.c.acknowledged_at.is_(None)
    values = {"acknowledged_by": who, "acknowledged_at": now}
    return len(session.execute(update(_DELIVERY).where(wanted).values(values).returning(_DELIVERY.c.id)).all())


def page(
    session: Session,
    *,
    subscription_id: int | None = None,
    report_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> tuple[ReportDelivery, ...]:
    """The newest first, of one subscription, one report, or all; ``before`` is the number of the last one seen."""
    query = select(_DELIVERY).order_by(_DELIVERY.c.id.desc()).limit(limit)
    if subscription_id is not None:
        query = query.where(_DELIVERY.c.subscription_id == subscription_id)
    if report_id is not None:
        query = query.where(_DELIVERY.c.report_id == report_id)
    if before is not None:
        query = query.where(_DELIVERY.c.id < before)
    return tuple(_delivery(row) for row in session.execute(query))


def unacknowledged(session: Session, *, limit: int = 50) -> tuple[ReportDelivery, ...]:
    """Those that arrived, ask to be acknowledged, and were not: the oldest first."""
    query = (
        select(_DELIVERY)
        .where(_DELIVERY.c.sent, _DELIVERY.c.acknowledgement != "", _DELIVERY.c.acknowledged_at.is_(None))
        .order_by(_DELIVERY.c.id)
        .limit(limit)
    )
    return tuple(_delivery(row) for row in session.execute(query))


def counts_by_day(session: Session, first: datetime, before: datetime) -> Mapping[date, tuple[int, int]]:
    """
    How many reports that ask for it were delivered on each day (UTC), and how many of those are acknowledged by now.

    One statement. ``first`` and ``before`` are midnights.
    """
    query = select(_DELIVERY.c.done_at, _DELIVERY.c.acknowledged_at).where(
        _DELIVERY.c.sent,
        _DELIVERY.c.acknowledgement != "",
        _DELIVERY.c.done_at >= first,
        _DELIVERY.c.done_at < before,
    )
    found: dict[date, tuple[int, int]] = {}
    for done_at, acknowledged_at in session.execute(query):
        delivered, acknowledged = found.get(done_at.date(), (0, 0))
        found[done_at.date()] = delivered + 1, acknowledged + (acknowledged_at is not None)
    return found


def any_due(session: Session, now: datetime) -> bool:
    """Whether something could be sent now."""
    free = or_(_DELIVERY.c.claimed_at.is_(None), _DELIVERY.c.claimed_at < now - CLAIM_ENDS)
    query = select(_DELIVERY.c.id).where(_DELIVERY.c.done_at.is_(None), _DELIVERY.c.next_at <= now, free).limit(1)
    return session.execute(query).first() is not None


def waiting(session: Session) -> int:
    """How many have not arrived yet and were not given up."""
    return int(session.scalar(select(func.count()).where(_DELIVERY.c.done_at.is_(None))) or 0)


def _mine(ids: Collection[int], claimer: str) -> ColumnElement[bool]:
    # Whoever was taken for gone and comes back must not write over what another did meanwhile.
    return and_(_DELIVERY.c.id.in_(sorted(ids)), _DELIVERY.c.claimed_by == claimer, _DELIVERY.c.done_at.is_(None))


def _end(session: Session, ids: Collection[int], claimer: str, values: Mapping[str, Any]) -> int:
    changed = {**values, "attempts": _DELIVERY.c.attempts + 1, "claimed_by": "", "claimed_at": None}
    ended = update(_DELIVERY).where(_mine(ids, claimer)).values(changed).returning(_DELIVERY.c.id)
    return len(session.execute(ended).all())


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()


def _delivery(row: Row[Any]) -> ReportDelivery:
    return ReportDelivery(
        id=row.id,
        subscription_id=row.subscription_id,
        report_id=row.report_id,
        created_at=row.created_at,
        next_at=row.next_at,
        attempts=row.attempts,
        done_at=row.done_at,
        sent=row.sent,
        problem=row.problem,
        where=row.where,
        asks=bool(row.acknowledgement),
        acknowledged_by=row.acknowledged_by,
        acknowledged_at=row.acknowledged_at,
    )
