"""
Outgoing webhooks: addresses, and the messages that wait for them.

A message is written in the transaction of what it tells (``announce``), so that nothing is told that did not happen,
and nothing that happened is not told. Where nobody listens this costs one statement.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.orm import Session

from bot.domain.outgoing import (
    EVERY_PROJECT,
    Delivery,
    EventType,
    Hook,
    HookError,
    check_hook,
    message,
    moment,
    new_secret,
    next_attempt,
)
from bot.domain.suppression import Suppression
from bot.errors import sentence
from bot.store.clock import database_time
from bot.store.desk_tables import OutgoingDeliveryRecord, OutgoingHookRecord
from bot.store.secret_box import SecretBox
from bot.store.statements import table
from bot.store.tables import ProjectRecord
from bot.texts import N_

_HOOK = table(OutgoingHookRecord)
_DELIVERY = table(OutgoingDeliveryRecord)
_PROJECT = table(ProjectRecord)
_LONGEST_PROBLEM = 300


# --- addresses --------------------------------------------------------------------------------------------------------


def add_hook(
    session: Session,
    box: SecretBox,
    *,
    url: str,
    events: Iterable[EventType],
    projects: str = EVERY_PROJECT,
    created_by: str,
    now: datetime,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> tuple[str, Hook]:
    """
    Keep an address; returns its secret, which nobody can ask for again, and what is kept of it.

    Raises ``HookError`` for an address, events or a pattern that are none, ``SecretKeyError`` where there is no key.
    """
    chosen = frozenset(events)
    check_hook(url, chosen, projects)
    secret = new_secret(random_bytes)
    values = {
        "url": url,
        "secret": box.close(secret),
        "events": sorted(event.value for event in chosen),
        "projects": projects,
        "created_by": created_by,
        "created_at": now,
    }
    row = session.execute(insert(_HOOK).values(values).returning(*_HOOK.c)).one()
    return secret, _hook(row)


def all_hooks(session: Session) -> tuple[Hook, ...]:
    """Every address, disabled ones included, oldest first."""
    return tuple(_hook(row) for row in session.execute(select(_HOOK).order_by(_HOOK.c.id)))


def get_hook(session: Session, hook_id: int) -> Hook | None:
    """One address, or None."""
    row = session.execute(select(_HOOK).where(_HOOK.c.id == hook_id)).one_or_none()
    return None if row is None else _hook(row)


def secret_of(session: Session, box: SecretBox, hook_id: int) -> str:
    """The secret of an address, for signing. Raises ``SecretKeyError``, and ``HookError`` for an unknown one."""
    closed = session.scalar(select(_HOOK.c.secret).where(_HOOK.c.id == hook_id))
    if closed is None:
        raise _unknown(hook_id)
    return box.open(bytes(closed))


def set_enabled(session: Session, hook_id: int, enabled: bool, now: datetime) -> Hook:
    """
    Tell an address from now on, or no more; what already waits for a disabled one is dropped when its time comes.

    Raises ``HookError`` for an unknown one.
    """
    changed = (
        update(_HOOK)
        .where(_HOOK.c.id == hook_id, _HOOK.c.disabled_at.is_not(None) if enabled else _HOOK.c.disabled_at.is_(None))
        .values(disabled_at=None if enabled else now)
    )
    session.execute(changed)
    found = get_hook(session, hook_id)
    if found is None:
        raise _unknown(hook_id)
    return found


def delete_hook(session: Session, hook_id: int) -> Hook:
    """Forget an address and all messages to it; returns what it was. Raises ``HookError`` for an unknown one."""
    found = get_hook(session, hook_id)
    if found is None:
        raise _unknown(hook_id)
    session.execute(delete(_DELIVERY).where(_DELIVERY.c.hook_id == hook_id))
    session.execute(delete(_HOOK).where(_HOOK.c.id == hook_id))
    return found


# --- messages ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""

    type: EventType
    project_id: int | None
    """None for what is about no single project."""
    data: Mapping[str, Any]
    at: datetime | None = None
    """None for now, by the database's clock."""


def listening(session: Session, types: Collection[EventType]) -> tuple[Hook, ...]:
    """Who listens to any of these; one statement."""
    found = (_hook(row) for row in session.execute(select(_HOOK).where(_HOOK.c.disabled_at.is_(None))))
    return tuple(hook for hook in found if hook.events.intersection(types))


def announce(session: Session, events: Sequence[Event]) -> int:
    """
    Write down what is to be told to whom, in the caller's transaction; how many messages that is.

    One statement where nobody listens, three otherwise.
    """
    if not events:
        return 0
    hooks = listening(session, {event.type for event in events})
    if not hooks:
        return 0
    return announce_to(session, hooks, events)


def announce_to(session: Session, hooks: Sequence[Hook], events: Sequence[Event]) -> int:
    """The same for callers who asked ``listening`` before they gathered what there is to tell."""
    numbers = {event.project_id for event in events if event.project_id is not None}
    query = select(database_time().label("now"), _PROJECT.c.id, _PROJECT.c.path)
    rows = session.execute(query.where(_PROJECT.c.id.in_(sorted(numbers)))).all() if numbers else []
    paths = {row.id: row.path for row in rows}
    now = rows[0].now if rows else session.execute(select(database_time())).scalar_one()
    made: list[dict[str, Any]] = []
    for event in events:
        path = None if event.project_id is None else paths.get(event.project_id, "")
        data = dict(event.data)
        if event.project_id is not None:
            data["project"] = {"id": event.project_id, "path": path}
        body = message(event.type, event.at or now, data)
        made += [
            _new(hook.id, event.type, body, now)
            for hook in hooks
            # Of a project whose path nobody knows only those are told who are told of every project.
            if hook.wants(event.type, path or None)
        ]
    if made:
        session.execute(insert(_DELIVERY), made)
    return len(made)


def send_test(session: Session, hook_id: int, now: datetime, *, actor: str) -> Delivery:
    """A message that says nothing but that it arrived. Raises ``HookError`` for an unknown or disabled address."""
    hook = get_hook(session, hook_id)
    if hook is None:
        raise _unknown(hook_id)
    if hook.disabled_at is not None:
        raise HookError(sentence(N_("webhook {number} is disabled"), number=hook_id), N_("Enable it first."))
    body = message(EventType.TEST, now, {"webhook": hook_id, "by": actor})
    row = session.execute(insert(_DELIVERY).values(_new(hook_id, EventType.TEST, body, now)).returning(*_DELIVERY.c))
    return _delivery(row.one())


def redeliver(session: Session, delivery_id: int, now: datetime) -> Delivery:
    """
    Send a message once more, under its own id, so that a receiver that had it knows it again.

    Raises ``HookError`` for an unknown one, and where its address is disabled.
    """
    row = session.execute(select(_DELIVERY).where(_DELIVERY.c.id == delivery_id)).one_or_none()
    if row is None:
        raise HookError(
            sentence(N_("there is no delivery {number}"), number=delivery_id),
            N_("Deliveries are kept for 30 days."),
        )
    hook = get_hook(session, row.hook_id)
    if hook is None or hook.disabled_at is not None:
        raise HookError(sentence(N_("webhook {number} is disabled"), number=row.hook_id), N_("Enable it first."))
    values = _new(row.hook_id, EventType(row.event), row.body, now) | {"message_id": row.message_id}
    return _delivery(session.execute(insert(_DELIVERY).values(values).returning(*_DELIVERY.c)).one())


def deliveries(
    session: Session, hook_id: int | None = None, *, before: int | None = None, limit: int = 50
) -> tuple[Delivery, ...]:
    """The newest messages first, of one address or of all; ``before`` is the number of the last one of a page."""
    query = select(_DELIVERY).order_by(_DELIVERY.c.id.desc()).limit(limit)
    if hook_id is not None:
        query = query.where(_DELIVERY.c.hook_id == hook_id)
    if before is not None:
        query = query.where(_DELIVERY.c.id < before)
    return tuple(_delivery(row) for row in session.execute(query))


def last_of_each(session: Session) -> Mapping[int, Delivery]:
    """The newest message to each address, by its number; those that were sent nothing are left out."""
    newest = select(func.max(_DELIVERY.c.id)).group_by(_DELIVERY.c.hook_id)
    found = (_delivery(row) for row in session.execute(select(_DELIVERY).where(_DELIVERY.c.id.in_(newest))))
    return {delivery.hook_id: delivery for delivery in found}


def get_delivery(session: Session, delivery_id: int) -> Delivery | None:
    """One message, or None."""
    row = session.execute(select(_DELIVERY).where(_DELIVERY.c.id == delivery_id)).one_or_none()
    return None if row is None else _delivery(row)


def told_since(session: Session, hook_id: int, event: EventType, since: datetime) -> tuple[Delivery, ...]:
    """Messages of one kind to an address from this moment on: for what is told once."""
    query = (
        select(_DELIVERY)
        .where(_DELIVERY.c.hook_id == hook_id, _DELIVERY.c.event == event.value, _DELIVERY.c.created_at >= since)
        .order_by(_DELIVERY.c.id)
    )
    return tuple(_delivery(row) for row in session.execute(query))


# --- sending ----------------------------------------------------------------------------------------------------------


def due(session: Session, now: datetime, *, per_hook: int = 20) -> tuple[Delivery, ...]:
    """Messages whose time has come, of each address those that wait longest: a dead one keeps nobody else waiting."""
    place = func.row_number().over(partition_by=_DELIVERY.c.hook_id, order_by=(_DELIVERY.c.next_at, _DELIVERY.c.id))
    waiting = (
        select(_DELIVERY.c.id, place.label("place"))
        .where(_DELIVERY.c.done_at.is_(None), _DELIVERY.c.next_at <= now)
        .subquery()
    )
    query = (
        select(_DELIVERY)
        .join(waiting, waiting.c.id == _DELIVERY.c.id)
        .where(waiting.c.place <= per_hook)
        .order_by(_DELIVERY.c.next_at, _DELIVERY.c.id)
    )
    return tuple(_delivery(row) for row in session.execute(query))


def record_taken(session: Session, delivery_id: int, status: int, now: datetime) -> None:
    """Note that the address took a message."""
    session.execute(
        update(_DELIVERY)
        .where(_DELIVERY.c.id == delivery_id)
        .values(done_at=now, status=status, attempts=_DELIVERY.c.attempts + 1, problem="")
    )


def record_failed(
    session: Session, delivery: Delivery, status: int | None, problem: str, now: datetime, spread: float = 0.0
) -> bool:
    """Note that an address did not take a message; True when that was the last attempt."""
    attempts = delivery.attempts + 1
    again = next_attempt(delivery.created_at, attempts, now, spread)
    values: dict[str, Any] = {"attempts": attempts, "status": status, "problem": problem[:_LONGEST_PROBLEM] or "failed"}
    values |= {"done_at": now} if again is None else {"next_at": again}
    session.execute(update(_DELIVERY).where(_DELIVERY.c.id == delivery.id).values(values))
    return again is None


def drop(session: Session, delivery_id: int, problem: str, now: datetime) -> None:
    """Give a message up without an attempt."""
    values = {"done_at": now, "problem": problem[:_LONGEST_PROBLEM]}
    session.execute(update(_DELIVERY).where(_DELIVERY.c.id == delivery_id).values(values))


def takes_nothing(session: Session, hook_id: int, since: datetime) -> bool:
    """Whether an address took no message at all since this moment."""
    query = select(func.count()).where(
        _DELIVERY.c.hook_id == hook_id, _DELIVERY.c.done_at >= since, _DELIVERY.c.problem == ""
    )
    return not session.scalar(query)


def purge_deliveries(session: Session, *, before: datetime, limit: int = 1000) -> int:
    """Delete up to ``limit`` messages that were done with before this moment; how many. Repeat until 0."""
    old = select(_DELIVERY.c.id).where(_DELIVERY.c.done_at < before).limit(limit)
    return len(session.execute(delete(_DELIVERY).where(_DELIVERY.c.id.in_(old)).returning(_DELIVERY.c.id)).all())


# --- what is said -----------------------------------------------------------------------------------------------------


def suppression_data(made: Suppression) -> dict[str, Any]:
    """What a message says of an exception. No pattern of paths and no code: a receiver asks the API for more."""
    return {
        "suppression": {
            "id": made.id,
            "scope": made.scope.value,
            "finding": made.finding_id,
            "rule": [made.scanner, made.rule_id] if made.rule_id else None,
            "advisory": made.advisory or None,
            "package": made.package or None,
            "justification": made.justification.value,
            "reason": made.reason,
            "created_by": made.created_by,
            "approved_by": made.approved_by or None,
            "expires_at": moment(made.expires_at),
        }
    }


# --- rows -------------------------------------------------------------------------------------------------------------


def _new(hook_id: int, event: EventType, body: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "hook_id": hook_id,
        "message_id": f"msg_{secrets.token_hex(16)}",
        "event": event.value,
        "body": dict(body),
        "created_at": now,
        "next_at": now,
        "attempts": 0,
        "problem": "",
    }


def _unknown(hook_id: int) -> HookError:
    return HookError(
        sentence(N_("there is no webhook {number}"), number=hook_id),
        N_("mergewarden webhook list shows which there are."),
    )


def _hook(row: Row[Any]) -> Hook:
    known = {event.value: event for event in EventType}
    return Hook(
        id=row.id,
        url=row.url,
        # An event of a later release is not told here.
        events=frozenset(known[word] for word in row.events if word in known),
        projects=row.projects,
        created_by=row.created_by,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        hook_id=row.hook_id,
        message_id=row.message_id,
        event=row.event,
        body=row.body,
        created_at=row.created_at,
        next_at=row.next_at,
        attempts=row.attempts,
        done_at=row.done_at,
        status=row.status,
        problem=row.problem,
    )
