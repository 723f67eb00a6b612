"""What the pages about signing in, tokens and people show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.access import ApiToken, Scope
from bot.domain.roles import Role
from bot.errors import Told
from bot.store.people import Given, Person
from bot.store.sessions import SignIn


@dataclass(frozen=True, slots=True)
class SignInPage:
    """The sign-in page."""

    provider: str
    """What people call the provider; empty where none is configured."""
    local: bool
    """Whether there is a local administrator who could sign in."""
    next: str
    """Where he wanted to go."""
    secure: bool
    """Whether the browser would keep the session."""
    problem: Told = ""
    """English; a message id."""
    name: str = ""
    """As it was typed."""


@dataclass(frozen=True, slots=True)
class MePage:
    """What somebody sees of himself."""

    person: Person
    roles: Sequence[Given]
    projects: int
    """How many projects he sees; -1 for all."""
    sign_ins: Sequence[SignIn]
    here: str
    """Family of the sign-in that he came with."""


@dataclass(frozen=True, slots=True)
class TokensPage:
    """Somebody's API tokens, and those of everybody for an administrator."""

    mine: Sequence[ApiToken]
    others: Sequence[tuple[ApiToken, str]]
    """With the name of the person whose it is, empty for an operator's."""
    scopes: Sequence[Scope]
    """Those that he may choose from."""
    meanings: Mapping[Scope, str]
    """What each is good for; English, message ids."""
    now: datetime
    may_make: bool
    made: str = ""
    """A new token, shown this once."""
    made_name: str = ""
    problem: Told = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person with his grants."""

    person: Person
    grants: Sequence[Given]


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """People and what they were granted."""

    people: Sequence[PersonRow]
    text: str
    following: str
    """Address of the next page; empty for none."""
    may_change: bool
    own_id: int | None
    roles: Sequence[Role]
