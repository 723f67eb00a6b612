"""
Browsers that are signed in. The store has a digest of what their cookie holds, never the cookie.

A session's token is replaced now and then. The successor is made of the token itself with the key of this
installation, so whoever comes with the old one gets the same new one, however many requests were under way. The old one
ends a minute after the browser first came with the new one; if somebody comes with it later he may have stolen it, and
the whole sign-in ends.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from bot.store.desk_tables import PersonRecord, SessionRecord
from bot.store.people import Person, person_of
from bot.store.statements import insert_into, table

_SESSION = table(SessionRecord)
_PERSON = table(PersonRecord)

GRACE = timedelta(minutes=1)
"""How long the old token still works after the browser came with the new one."""
ROTATION = timedelta(minutes=15)
SEEN = timedelta(minutes=1)
"""How exactly it is known when a browser came last: reading seldom writes."""
VISIT = timedelta(minutes=30)
"""After so long without a request the next one begins a new visit."""
_LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """One token of a sign-in."""

    digest: bytes
    person: Person
    family: str
    """What all tokens of one sign-in have in common."""
    created_at: datetime
    """When he signed in."""
    rotated_at: datetime
    """When this token was made."""
    seen_at: datetime
    expires_at: datetime
    successor: bytes | None
    retired_at: datetime | None
    user_agent: str

    def is_alive(self, now: datetime, idle: timedelta) -> bool:
        """Whether it lets in, leaving aside that it may have been replaced."""
        return now < self.expires_at and now - self.seen_at < idle and self.person.disabled_at is None

    def is_replayed(self, now: datetime) -> bool:
        """Whether the browser has long had another token, so that this one comes from somebody else."""
        return self.retired_at is not None and now - self.retired_at > GRACE

    def is_due(self, now: datetime) -> bool:
        """Whether it is time for another token."""
        return self.successor is not None or now - self.rotated_at >= ROTATION

    def needs_note(self, now: datetime) -> bool:
        """Whether it is worth writing down that he was here; always for a token that was never used before."""
        return now - self.seen_at >= SEEN or self.seen_at == self.rotated_at


def digest_of(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def start(
    session: Session, token: str, person_id: int, *, family: str, now: datetime, lifetime: timedelta, user_agent: str
) -> None:
    """Keep a new sign-in; those that ended are swept out on the way."""
    session.execute(delete(_SESSION).where(_SESSION.c.expires_at <= now))
    session.execute(
        insert(_SESSION).values(
            digest=digest_of(token),
            person_id=person_id,
            created_at=now,
            rotated_at=now,
            seen_at=now,
            expires_at=now + lifetime,
            family=family,
            user_agent=user_agent[:_LONGEST_AGENT],
        )
    )


def find(session: Session, token: str) -> BrowserSession | None:
    """The session with its person, in one statement. Whether it still lets in is for the caller to ask it."""
    row = session.execute(
        select(_PERSON, *(column.label(f"session_{column.name}") for column in _SESSION.c))
        .join(_PERSON, _PERSON.c.id == _SESSION.c.person_id)
        .where(_SESSION.c.digest == digest_of(token))
    ).one_or_none()
    if row is None:
        return None
    return BrowserSession(
        bytes(row.session_digest),
        person_of(row),
        row.session_family,
        row.session_created_at,
        row.session_rotated_at,
        row.session_seen_at,
        row.session_expires_at,
        None if row.session_successor is None else bytes(row.session_successor),
        row.session_retired_at,
        row.session_user_agent,
    )


def replace(session: Session, old: BrowserSession, token: str, now: datetime) -> None:
    """Keep the token that replaces ``old``; a second time changes nothing. What ended meanwhile stays ended."""
    digest = digest_of(token)
    there = session.execute(
        update(_SESSION).where(_SESSION.c.digest == old.digest).values(successor=digest).returning(_SESSION.c.digest)
    ).one_or_none()
    if there is None:
        return
    statement = insert_into(session, _SESSION).values(
        digest=digest,
        person_id=old.person.id,
        created_at=old.created_at,
        rotated_at=now,
        seen_at=now,
        expires_at=old.expires_at,
        family=old.family,
        user_agent=old.user_agent,
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=["digest"]))


def note(session: Session, found: BrowserSession, now: datetime) -> None:
    """Write down that the browser came: the token before it ends, and the person's visit goes on or begins."""
    # A token that was never used has the time of its making; a used one never has.
    seen = max(now, found.rotated_at + timedelta(microseconds=1))
    session.execute(update(_SESSION).where(_SESSION.c.digest == found.digest).values(seen_at=seen))
    session.execute(
        update(_SESSION)
        .where(_SESSION.c.successor == found.digest, _SESSION.c.retired_at.is_(None))
        .values(retired_at=now)
    )
    person = found.person
    values: dict[str, object] = {"seen_at": now}
    if person.seen_at is None or now - person.seen_at >= VISIT:
        values |= {"visit_at": now, "last_visit_at": person.seen_at}
    session.execute(update(_PERSON).where(_PERSON.c.id == person.id).values(values))


def end(session: Session, family: str) -> int:
    """End one sign-in with all its tokens; how many there were."""
    return len(session.execute(delete(_SESSION).where(_SESSION.c.family == family).returning(_SESSION.c.digest)).all())


def end_all(session: Session, person_id: int, *, but: str = "") -> int:
    """End all sign-ins of somebody, except the one of the family ``but``; how many tokens there were."""
    gone = delete(_SESSION).where(_SESSION.c.person_id == person_id, _SESSION.c.family != but)
    return len(session.execute(gone.returning(_SESSION.c.digest)).all())


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in as its owner sees it."""

    family: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    user_agent: str


def sign_ins(session: Session, person_id: int, now: datetime, idle: timedelta) -> tuple[SignIn, ...]:
    """Where somebody is signed in, the newest first."""
    rows = session.execute(
        select(_SESSION)
        .where(
            _SESSION.c.person_id == person_id,
            _SESSION.c.expires_at > now,
            or_(_SESSION.c.seen_at > now - idle, _SESSION.c.seen_at == _SESSION.c.rotated_at),
        )
        .order_by(_SESSION.c.seen_at)
    )
    # The last of a family is the one that was seen last.
    found = {
        row.family: SignIn(row.family, row.created_at, row.seen_at, row.expires_at, row.user_agent) for row in rows
    }
    return tuple(sorted(found.values(), key=lambda one: (one.seen_at, one.family), reverse=True))
