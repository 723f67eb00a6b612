"""People of the desk: whoever signed in once, administrators of our own, and the roles that they were granted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.roles import Grant, Role, Target
from bot.errors import MergewardenError, sentence
from bot.store.desk_tables import AccountCheckRecord, PersonRecord, RoleGrantRecord, SessionRecord
from bot.store.statements import chunks, insert_into, table
from bot.store.tables import ApiTokenRecord
from bot.texts import N_

_PERSON = table(PersonRecord)
_GRANT = table(RoleGrantRecord)
_SESSION = table(SessionRecord)
_ACCOUNT = table(AccountCheckRecord)
_TOKEN = table(ApiTokenRecord)

LOCAL = "local"
"""Issuer of administrators of our own."""
_LONGEST = 200
_LOCAL_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_PATH = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.][A-Za-z0-9_.-]*)*")


class PersonError(MergewardenError):
    """Raised for a person or grant that cannot be made, changed or found."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, without his password."""

    id: int
    issuer: str
    """``local`` for an administrator of our own."""
    subject: str
    username: str
    name: str
    gitlab_user_id: int | None
    language: str
    """Empty for the browser's."""
    created_at: datetime
    """UTC, as the other times."""
    signed_in_at: datetime | None
    seen_at: datetime | None
    last_visit_at: datetime | None
    disabled_at: datetime | None

    @property
    def is_local(self) -> bool:
        """Whether he has a password here."""
        return self.issuer == LOCAL

    @property
    def actor(self) -> str:
        """How records name him. A user name alone is always GitLab's: nobody else can pass for its owner."""
        if self.gitlab_user_id is not None:
            return self.username
        return f"{self.username} ({'local' if self.is_local else 'other sign-in'}, person {self.id})"


@dataclass(frozen=True, slots=True)
class Given:
    """A grant as it is kept."""

    id: int
    person_id: int
    grant: Grant
    granted_by: str
    granted_at: datetime
    revoked_by: str = ""
    revoked_at: datetime | None = None


def person_key(issuer: str, subject: str) -> str:
    """What tells people apart: names can be given up and taken by somebody else."""
    return hashlib.sha256(f"{len(issuer)}:{issuer}{subject}".encode("utf-8", "surrogatepass")).hexdigest()


def signed_in(
    session: Session, *, issuer: str, subject: str, username: str, name: str, gitlab_user_id: int | None, now: datetime
) -> Person:
    """
    The person whom a provider names, made when he comes for the first time; his names are brought up to date.

    One who is disabled stays so: look at ``disabled_at``.
    """
    statement = insert_into(session, _PERSON).values(
        key=person_key(issuer, subject),
        issuer=issuer,
        subject=subject,
        username=username[:_LONGEST],
        name=name[:_LONGEST],
        gitlab_user_id=gitlab_user_id,
        password="",
        language="",
        created_at=now,
        signed_in_at=now,
        seen_at=now,
    )
    new = statement.excluded
    kept = {field: new[field] for field in ("username", "name", "gitlab_user_id", "signed_in_at")}
    row = session.execute(
        statement.on_conflict_do_update(index_elements=["key"], set_=kept).returning(*_PERSON.c)
    ).one()
    return _person(row)


def create_local(session: Session, name: str, password_hash: str, now: datetime) -> Person:
    """An administrator of our own, without a role. Raises ``PersonError`` for a name that cannot be, or is taken."""
    name = local_name(name)
    statement = insert_into(session, _PERSON).values(
        key=person_key(LOCAL, name),
        issuer=LOCAL,
        subject=name,
        username=name,
        name=name,
        password=password_hash,
        language="",
        created_at=now,
    )
    row = session.execute(statement.on_conflict_do_nothing(index_elements=["key"]).returning(*_PERSON.c)).one_or_none()
    if row is None:
        raise PersonError(
            sentence(N_("there is already a local administrator {name}"), name=name),
            N_("Change his password: admin reset-password"),
        )
    return _person(row)


def local_name(text: str) -> str:
    """A local administrator's name as it is kept. Raises ``PersonError`` for one that cannot be."""
    name = text.strip().lower()
    if not _LOCAL_NAME.fullmatch(name):
        raise PersonError(
            N_("a local administrator's name has 1 to 64 of a-z, 0-9, dot, dash and underscore"), N_("For example ada.")
        )
    return name


def find_local(session: Session, name: str) -> tuple[Person, str] | None:
    """A local administrator with the hash of his password; None for a name that nobody has."""
    row = session.execute(
        select(_PERSON).where(_PERSON.c.key == person_key(LOCAL, name.strip().lower()[:_LONGEST]))
    ).one_or_none()
    return None if row is None else (_person(row), str(row.password))


def get_person(session: Session, person_id: int) -> Person | None:
    """The person with this number."""
    row = session.execute(select(_PERSON).where(_PERSON.c.id == person_id)).one_or_none()
    return None if row is None else _person(row)


def people_by_id(session: Session, person_ids: Collection[int]) -> Mapping[int, Person]:
    """Those of the people whom we know, in one statement per thousand."""
    found: dict[int, Person] = {}
    for chunk in chunks(sorted(person_ids)):
        found |= {row.id: _person(row) for row in session.execute(select(_PERSON).where(_PERSON.c.id.in_(chunk)))}
    return found


def find_people(session: Session, *, text: str = "", after: int = 0, limit: int = 100) -> tuple[Person, ...]:
    """People by number, those whose name or user name holds ``text``, after the one with the number ``after``."""
    query = select(_PERSON).where(_PERSON.c.id > after)
    if text:
        query = query.where(
            or_(
                func.lower(_PERSON.c.username).contains(text.lower(), autoescape=True),
                func.lower(_PERSON.c.name).contains(text.lower(), autoescape=True),
            )
        )
    return tuple(_person(row) for row in session.execute(query.order_by(_PERSON.c.id).limit(limit)))


def named(session: Session, username: str) -> tuple[Person, ...]:
    """Everybody with this user name, upper and lower case alike: several providers may have one of it."""
    rows = session.execute(
        select(_PERSON).where(func.lower(_PERSON.c.username) == username.lower()).order_by(_PERSON.c.id)
    )
    return tuple(_person(row) for row in rows)


def meant(session: Session, who: str) -> Person:
    """The person of a user name, or of a number as ``#7``. Raises ``PersonError`` where there is none, or several."""
    number = who.removeprefix("#")
    if who.startswith("#") and number.isdecimal() and number.isascii() and len(number) < 19:
        one = get_person(session, int(number))
        found: tuple[Person, ...] = () if one is None else (one,)
    else:
        found = named(session, who)
    if not found:
        raise PersonError(
            sentence(N_("there is no person {who}"), who=repr(who[:100])),
            N_("People appear when they sign in for the first time: mergewarden admin list --all"),
        )
    if len(found) > 1:
        numbers = ", ".join(f"#{person.id} ({person.issuer[:100]!r})" for person in found)
        raise PersonError(
            sentence(N_("several people are called {who}"), who=repr(who[:100])),
            sentence(N_("Name one by his number: {numbers}"), numbers=numbers),
        )
    return found[0]


def everybody(session: Session) -> tuple[Person, ...]:
    """Everybody, by number."""
    return tuple(_person(row) for row in session.execute(select(_PERSON).order_by(_PERSON.c.id)))


def local_people(session: Session) -> tuple[Person, ...]:
    """All administrators of our own, by number."""
    rows = session.execute(select(_PERSON).where(_PERSON.c.issuer == LOCAL).order_by(_PERSON.c.id))
    return tuple(_person(row) for row in rows)


def set_password(session: Session, person_id: int, password_hash: str) -> None:
    """Keep another hash of a local administrator's password."""
    session.execute(
        update(_PERSON).where(_PERSON.c.id == person_id, _PERSON.c.issuer == LOCAL).values(password=password_hash)
    )


def set_language(session: Session, person_id: int, language: str) -> None:
    """Keep the language that somebody chose; empty for his browser's."""
    session.execute(update(_PERSON).where(_PERSON.c.id == person_id).values(language=language))


def note_sign_in(session: Session, person_id: int, now: datetime) -> None:
    """Keep when a local administrator signed in."""
    session.execute(update(_PERSON).where(_PERSON.c.id == person_id).values(signed_in_at=now))


def set_disabled(session: Session, person_id: int, now: datetime | None) -> Person | None:
    """
    Shut somebody out from ``now`` on, or let him in again with None; None when there is nobody of this number.

    His sessions are for the caller to end: ``bot.store.sessions.end_all``.
    """
    row = session.execute(
        update(_PERSON).where(_PERSON.c.id == person_id).values(disabled_at=now).returning(*_PERSON.c)
    ).one_or_none()
    return None if row is None else _person(row)


def unchecked_accounts(session: Session, now: datetime, since: datetime, *, limit: int) -> tuple[Person, ...]:
    """
    People of GitLab who could come in at this moment, by a sign-in or a token, and about whose accounts GitLab was not
    asked since then: those first about whom nobody asked for longest. One statement.
    """
    signed_in = exists().where(_SESSION.c.person_id == _PERSON.c.id, _SESSION.c.expires_at > now)
    has_token = exists().where(
        _TOKEN.c.person_id == _PERSON.c.id, _TOKEN.c.expires_at > now, _TOKEN.c.revoked_at.is_(None)
    )
    asked_first = _ACCOUNT.c.checked_at.is_not(None)
    query = (
        select(_PERSON)
        .outerjoin(_ACCOUNT, _ACCOUNT.c.person_id == _PERSON.c.id)
        .where(
            _PERSON.c.gitlab_user_id.is_not(None),
            _PERSON.c.disabled_at.is_(None),
            or_(_ACCOUNT.c.checked_at.is_(None), _ACCOUNT.c.checked_at <= since),
            or_(signed_in, has_token),
        )
        .order_by(asked_first, _ACCOUNT.c.checked_at, _PERSON.c.id)
        .limit(limit)
    )
    return tuple(_person(row) for row in session.execute(query))


def note_account(session: Session, person_id: int, at: datetime) -> None:
    """Keep when GitLab was asked about somebody's account."""
    statement = insert_into(session, _ACCOUNT).values(person_id=person_id, checked_at=at)
    session.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_={"checked_at": at}))


# --- grants -----------------------------------------------------------------------------------------------------------


def checked_grant(role: str, target: str, path: str) -> Grant:
    """A grant of what somebody wrote. Raises ``PersonError`` that says what is wrong."""
    try:
        wanted = Grant(Role(role), Target(target), path.strip().strip("/"))
    except ValueError:
        raise PersonError(
            N_("there is no such role or kind of place"),
            sentence(
                N_("Roles are {names}; places are instance, group and project."),
                names=", ".join(one.value for one in Role),
            ),
        ) from None
    if wanted.target is Target.INSTANCE:
        if wanted.path:
            raise PersonError(N_("a role for the whole instance has no path"), N_("Leave the path out."))
        return wanted
    if wanted.role in (Role.ADMIN, Role.AUDITOR):
        raise PersonError(
            sentence(N_("{role} is a role for the whole instance only"), role=role), N_("Grant it for the instance.")
        )
    if len(wanted.path) > _LONGEST * 5 or not _PATH.fullmatch(wanted.path):
        raise PersonError(N_("that is no full path of a group or project"), N_("For example shop or shop/backend."))
    if wanted.target is Target.PROJECT and "/" not in wanted.path:
        raise PersonError(N_("a project's full path has its group in it"), N_("For example shop/backend."))
    return wanted


def give(session: Session, person_id: int, grant: Grant, *, by: str, now: datetime) -> Given:
    """Grant a role; one that he has stays as it is. Raises ``PersonError`` where there is no such person."""
    same = select(_GRANT).where(
        _GRANT.c.person_id == person_id,
        _GRANT.c.role == grant.role,
        _GRANT.c.target == grant.target,
        func.lower(_GRANT.c.path) == grant.path.lower(),
        _GRANT.c.revoked_at.is_(None),
    )
    # Two who grant the same at once make two rows; both count once, and both are revoked by their numbers.
    row = session.execute(same.limit(1)).one_or_none()
    if row is not None:
        return _given(row)
    if get_person(session, person_id) is None:
        raise PersonError(sentence(N_("there is no person {number}"), number=person_id))
    row = session.execute(
        insert(_GRANT)
        .values(
            person_id=person_id,
            role=grant.role,
            target=grant.target,
            path=grant.path,
            granted_by=by,
            granted_at=now,
            revoked_by="",
        )
        .returning(*_GRANT.c)
    ).one()
    return _given(row)


def take(session: Session, grant_id: int, *, by: str, now: datetime) -> Given | None:
    """Revoke a grant; None where there is none of this number that holds."""
    row = session.execute(
        update(_GRANT)
        .where(_GRANT.c.id == grant_id, _GRANT.c.revoked_at.is_(None))
        .values(revoked_by=by, revoked_at=now)
        .returning(*_GRANT.c)
    ).one_or_none()
    return None if row is None else _given(row)


def grants_of(session: Session, person_ids: Collection[int]) -> Mapping[int, Sequence[Given]]:
    """The grants that hold, by person, in one statement per thousand."""
    found: dict[int, list[Given]] = {}
    for chunk in chunks(sorted(person_ids)):
        query = select(_GRANT).where(_GRANT.c.person_id.in_(chunk), _GRANT.c.revoked_at.is_(None))
        for row in session.execute(query.order_by(_GRANT.c.id)):
            found.setdefault(row.person_id, []).append(_given(row))
    return found


def person_of(row: Row[tuple[object, ...]]) -> Person:
    """A person of a row that has the columns of ``person`` as they are called."""
    return _person(row)


def _person(row: Row[tuple[object, ...]]) -> Person:
    return Person(
        row.id,
        row.issuer,
        row.subject,
        row.username,
        row.name,
        row.gitlab_user_id,
        row.language,
        row.created_at,
        row.signed_in_at,
        row.seen_at,
        row.last_visit_at,
        row.disabled_at,
    )


def _given(row: Row[tuple[object, ...]]) -> Given:
    grant = Grant(row.role, row.target, row.path)
    return Given(row.id, row.person_id, grant, row.granted_by, row.granted_at, row.revoked_by, row.revoked_at)
