"""API tokens: made, listed, looked up and taken back. The token itself is shown once and never stored."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.access import EVERY_PROJECT, ApiToken, Scope, check_token, looks_like_token, new_token, token_digest
from bot.store.statements import table
from bot.store.tables import ApiTokenRecord

_TOKEN = table(ApiTokenRecord)


def create_token(
    session: Session,
    *,
    name: str,
    scopes: Iterable[Scope],
    lifetime: timedelta,
    created_by: str,
    now: datetime,
    project: str = EVERY_PROJECT,
    person_id: int | None = None,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> tuple[str, ApiToken]:
    """
    Make a token; returns the text to hand out, which nobody can ask for again, and what is kept of it.

    ``person_id`` is whose it is; such a token is good for what he may at most, whenever it is used.

    Raises ``TokenError`` when it has no name, no scope, no end, or a pattern that is none.
    """
    wanted = frozenset(scopes)
    check_token(name, wanted, project, lifetime)
    text = new_token(random_bytes)
    row = session.execute(
        insert(_TOKEN)
        .values(
            name=name,
            digest=token_digest(text),
            scopes=sorted(scope.value for scope in wanted),
            project=project,
            created_by=created_by,
            created_at=now,
            expires_at=now + lifetime,
            person_id=person_id,
        )
        .returning(*_TOKEN.c)
    ).one()
    return text, _token(row)


def find_token(session: Session, text: str, now: datetime) -> ApiToken | None:
    """
    The token that this text is, in one query; None for a text that is none, and for one that expired or was revoked.

    The search goes by a digest of what a caller sent, so its time says nothing about the tokens that there are.
    """
    if not looks_like_token(text):
        return None
    digest = token_digest(text)
    row = session.execute(select(_TOKEN).where(_TOKEN.c.digest == digest)).one_or_none()
    if row is None or not hmac.compare_digest(bytes(row.digest), digest):
        return None
    found = _token(row)
    return found if found.is_valid(now) else None


def used_today(token: ApiToken, now: datetime) -> bool:
    """Whether the store knows already that the token was used on this day."""
    return token.last_used_at is not None and token.last_used_at.date() >= now.date()


def mark_used(session: Session, token_id: int, now: datetime) -> None:
    """Note the day on which a token was used; writes nothing when that is known."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    session.execute(
        update(_TOKEN)
        .where(_TOKEN.c.id == token_id, or_(_TOKEN.c.last_used_at.is_(None), _TOKEN.c.last_used_at < today))
        .values(last_used_at=today)
    )


def all_tokens(session: Session) -> tuple[ApiToken, ...]:
    """Every token that was ever made, oldest first, expired and revoked ones included."""
    return tuple(_token(row) for row in session.execute(select(_TOKEN).order_by(_TOKEN.c.id)))


def tokens_of(session: Session, person_id: int) -> tuple[ApiToken, ...]:
    """Every token that somebody made for himself, the newest first."""
    rows = session.execute(select(_TOKEN).where(_TOKEN.c.person_id == person_id).order_by(_TOKEN.c.id.desc()))
    return tuple(_token(row) for row in rows)


def get_token(session: Session, token_id: int) -> ApiToken | None:
    """The token with this number, whether it still opens anything or not."""
    row = session.execute(select(_TOKEN).where(_TOKEN.c.id == token_id)).one_or_none()
    return None if row is None else _token(row)


def revoke_token(session: Session, token_id: int, now: datetime) -> ApiToken | None:
    """Make a token useless from now on; a second time changes nothing. None when there is no such token."""
    session.execute(update(_TOKEN).where(_TOKEN.c.id == token_id, _TOKEN.c.revoked_at.is_(None)).values(revoked_at=now))
    row = session.execute(select(_TOKEN).where(_TOKEN.c.id == token_id)).one_or_none()
    return None if row is None else _token(row)


def _token(row: Row[tuple[object, ...]]) -> ApiToken:
    known = {scope.value: scope for scope in Scope}
    return ApiToken(
        id=row.id,
        name=row.name,
        # A scope of a later release opens nothing here.
        scopes=frozenset(known[word] for word in row.scopes if word in known),
        project=row.project,
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        person_id=row.person_id,
    )
