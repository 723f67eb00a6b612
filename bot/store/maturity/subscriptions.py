"""
Subscriptions to compliance summaries. Their targets are encrypted: the address of a chat is its password.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.orm import Session

from bot.domain.maturity.period import PeriodKind
from bot.domain.maturity.scope import Scope
from bot.domain.maturity.subscription import (
    Audience,
    Channel,
    QuietHours,
    Subscription,
    SubscriptionError,
    Wanted,
    check,
    shown_target,
)
from bot.errors import sentence
from bot.store.maturity_tables import ReportDeliveryRecord, SubscriptionRecord
from bot.store.secret_box import SecretBox
from bot.store.statements import table
from bot.texts import N_, Language

_SUBSCRIPTION = table(SubscriptionRecord)
_DELIVERY = table(ReportDeliveryRecord)


def add(
    session: Session, box: SecretBox, wanted: Wanted, *, created_by: str, created_by_id: int | None, now: datetime
) -> Subscription:
    """Keep one. Raises ``SubscriptionError`` for what cannot be, ``SecretKeyError`` where there is no key."""
    one = check(wanted)
    values = {
        "name": one.name,
        "channel": one.channel.value,
        "target": box.close(one.target),
        "shown_target": shown_target(one.channel, one.target),
        "role": one.audience.value,
        "scope_kind": one.scope.kind,
        "scope": one.scope.key,
        "periods": [kind.value for kind in one.periods],
        "formats": list(one.formats),
        "language": one.language.value,
        "time_zone": one.time_zone,
        "quiet_from": one.quiet.start if one.quiet else None,
        "quiet_until": one.quiet.end if one.quiet else None,
        "acknowledge": one.acknowledge,
        "created_by": created_by,
        "created_by_id": created_by_id,
        "created_at": now,
    }
    return _subscription(session.execute(insert(_SUBSCRIPTION).values(values).returning(*_SUBSCRIPTION.c)).one())


def every(session: Session, *, enabled_only: bool = False, lock: bool = False) -> tuple[Subscription, ...]:
    """All of them, oldest first. One statement. ``lock``: whoever locks them too waits until this transaction ends."""
    query = select(_SUBSCRIPTION).order_by(_SUBSCRIPTION.c.id)
    if enabled_only:
        query = query.where(_SUBSCRIPTION.c.disabled_at.is_(None))
    if lock:
        # SQLite has one writer at a time, and takes no notice.
        query = query.with_for_update(key_share=True)
    return tuple(_subscription(row) for row in session.execute(query))


def get(session: Session, subscription_id: int) -> Subscription | None:
    """One, or None."""
    row = session.execute(select(_SUBSCRIPTION).where(_SUBSCRIPTION.c.id == subscription_id)).one_or_none()
    return None if row is None else _subscription(row)


def targets(session: Session, box: SecretBox, ids: Collection[int]) -> dict[int, str]:
    """Where to, by number. One statement. Raises ``SecretKeyError``."""
    query = select(_SUBSCRIPTION.c.id, _SUBSCRIPTION.c.target).where(_SUBSCRIPTION.c.id.in_(sorted(ids)))
    return {row.id: box.open(bytes(row.target)) for row in session.execute(query)}


def set_enabled(session: Session, subscription_id: int, enabled: bool, now: datetime) -> Subscription:
    """Deliver from now on, or no more. Raises ``SubscriptionError`` for an unknown one."""
    session.execute(
        update(_SUBSCRIPTION)
        .where(
            _SUBSCRIPTION.c.id == subscription_id,
            _SUBSCRIPTION.c.disabled_at.is_not(None) if enabled else _SUBSCRIPTION.c.disabled_at.is_(None),
        )
        .values(disabled_at=None if enabled else now)
    )
    return _known(session, subscription_id)


def forget(session: Session, subscription_id: int) -> Subscription:
    """Drop one with its deliveries; returns what it was. Raises ``SubscriptionError`` for an unknown one."""
    found = _known(session, subscription_id)
    session.execute(delete(_DELIVERY).where(_DELIVERY.c.subscription_id == subscription_id))
    session.execute(delete(_SUBSCRIPTION).where(_SUBSCRIPTION.c.id == subscription_id))
    return found


def _known(session: Session, subscription_id: int) -> Subscription:
    found = get(session, subscription_id)
    if found is None:
        raise SubscriptionError(
            sentence(N_("there is no subscription {number}"), number=subscription_id),
            N_("mergewarden subscription list shows which there are."),
        )
    return found


def _subscription(row: Row[Any]) -> Subscription:
    quiet = None if row.quiet_from is None else QuietHours(row.quiet_from, row.quiet_until)
    return Subscription(
        id=row.id,
        name=row.name,
        channel=Channel(row.channel),
        shown_target=row.shown_target,
        audience=Audience(row.role),
        scope=Scope(row.scope_kind, row.scope),
        periods=tuple(PeriodKind(word) for word in row.periods),
        formats=tuple(row.formats),
        language=Language(row.language),
        time_zone=row.time_zone,
        quiet=quiet,
        acknowledge=row.acknowledge,
        created_by=row.created_by,
        created_by_id=row.created_by_id,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )
