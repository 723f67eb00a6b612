"""
Who may use the API, for what, and for how long. Pure.

A token is ``mwt_`` and the base64url form of 32 random bytes. Only its SHA-256 is stored: 256 random bits cannot be
guessed or searched, so a slow hash with salt would add nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

from bot.domain import globs
from bot.domain.roles import Permission, Role
from bot.errors import MergewardenError, clause, sentence
from bot.texts import N_

PREFIX: Final = "mwt_"
TOKEN_BYTES: Final = 32
DEFAULT_DAYS: Final = 90
MAX_DAYS: Final = 400
EVERY_PROJECT: Final = "**"
"""Pattern that covers whatever there is."""
BY_API: Final = "token "
"""How whoever comes with a token is named begins so."""
_TOKEN = re.compile(r"mwt_[A-Za-z0-9_-]{43}")
_MAX_NAME = 100


class Scope(Enum):
    """What a token is good for. None includes another."""

    IMPORT = "import"
    """Hand in reports."""
    READ = "read"
    """See imports and findings, and whatever else the pages show."""
    DECIDE = "decide"
    """Judge findings, comment on them, ask for exceptions and approve them."""
    EXPORT = "export"
    """Take findings and the audit log away."""
    ADMIN = "admin"
    """Keep people, grants, tokens and settings. Of the instance."""


SCOPE_PERMISSIONS: Mapping[Scope, frozenset[Permission]] = MappingProxyType(
    {
        # Importing is asked for by scope alone: no page does it.
        Scope.IMPORT: frozenset(),
        Scope.READ: frozenset({Permission.READ, Permission.READ_JOBS, Permission.READ_AUDIT, Permission.READ_PEOPLE}),
        Scope.DECIDE: frozenset(
            {
                Permission.COMMENT,
                Permission.REQUEST,
                Permission.DECIDE,
                Permission.MAKE_ISSUE,
                Permission.SUPPRESS_WIDELY,
                Permission.KEEP_PROJECT,
                Permission.ATTEST,
                Permission.ATTEST_WIDELY,
                Permission.RETRY,
            }
        ),
        Scope.EXPORT: frozenset({Permission.EXPORT}),
        Scope.ADMIN: frozenset({Permission.ADMINISTER, Permission.KEEP_TOKENS}),
    }
)
"""What a token may be used for at most."""


def limits_of(scopes: Iterable[Scope]) -> frozenset[Permission]:
    """What these scopes allow together."""
    return frozenset().union(*(SCOPE_PERMISSIONS[scope] for scope in scopes))


def operator_roles(scopes: frozenset[Scope]) -> frozenset[Role]:
    """Roles of a token that an operator made for no person; ``limits_of`` its scopes says what of them counts."""
    return frozenset({Role.ADMIN, Role.SECURITY_LEAD} if Scope.ADMIN in scopes else {Role.SECURITY_LEAD})


class TokenError(MergewardenError):
    """Raised for a token that cannot be made."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token without the token itself."""

    id: int
    name: str
    scopes: frozenset[Scope]
    project: str
    """Pattern for full paths, as in the policy's ``projects``: from the start, upper and lower case alike."""
    created_by: str
    created_at: datetime
    """UTC, as the other times."""
    expires_at: datetime
    last_used_at: datetime | None = None
    """To the day, so that reading seldom writes."""
    revoked_at: datetime | None = None
    person_id: int | None = None
    """Whose it is; None for one that an operator made for a program. A person's is good for what he may at most."""

    def is_valid(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and now < self.expires_at

    def covers(self, project_path: str) -> bool:
        """Whether it is good for the project with this full path."""
        path = PurePosixPath(project_path.casefold())
        return globs.glob(self.project.casefold(), from_start=True).matches(path)

    @property
    def covers_everything(self) -> bool:
        """Whether it is good for every project, those to come included."""
        return self.project == EVERY_PROJECT

    @property
    def actor(self) -> str:
        """How it is named where something was done with it."""
        return f"{BY_API}{self.id} ({self.name})"


def new_token(random_bytes: Callable[[int], bytes]) -> str:
    """A token nobody has yet. ``random_bytes`` is ``secrets.token_bytes``."""
    return PREFIX + base64.urlsafe_b64encode(random_bytes(TOKEN_BYTES)).rstrip(b"=").decode()


def looks_like_token(text: str) -> bool:
    """Whether it has a token's form, so that the store need not be asked about what cannot be one."""
    return _TOKEN.fullmatch(text) is not None


def token_digest(token: str) -> bytes:
    """SHA-256 of a token: what is stored, and what is looked for."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def check_token(name: str, scopes: Iterable[Scope], project: str, lifetime: timedelta) -> None:
    """Raise ``TokenError`` that says what is wrong with a token to be."""
    if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        raise TokenError(
            sentence(N_("a token needs a name of 1 to {most} printable characters"), most=_MAX_NAME),
            N_("Name who uses it, for example shop-ci."),
        )
    if not frozenset(scopes):
        raise TokenError(
            N_("a token without a scope opens nothing"),
            sentence(N_("Give it one or more of: {names}."), names=", ".join(scope.value for scope in Scope)),
        )
    problem = globs.problem_with(project)
    if problem:
        raise TokenError(
            sentence(N_("the pattern of projects cannot be used: {problem}"), problem=clause(problem)),
            N_("For example shop/* or shop/backend."),
        )
    if not timedelta(0) < lifetime <= timedelta(days=MAX_DAYS):
        raise TokenError(
            sentence(N_("a token lives for 1 to {most} days"), most=MAX_DAYS),
            N_("Make it expire, and make a new one before it does."),
        )
