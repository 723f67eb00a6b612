"""
Signing in with OpenID Connect: GitLab, or any other provider.

The authorisation code flow with PKCE (S256), state and nonce. https://openid.net/specs/openid-connect-core-1_0.html
What has to be remembered meanwhile is in the browser, signed: any web process can finish what another began.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.errors import Told, clause, sentence
from bot.reports.visible import one_line
from bot.texts import N_
from bot.web.api.problems import Problem
from bot.web.keys import DeskKey

PENDING_LIFE = timedelta(minutes=10)
"""How long somebody may take at the provider."""
_LEEWAY = 60
"""Seconds that the clocks may differ."""
_PURPOSE = "pending sign-in"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider vouches for."""

    issuer: str
    subject: str
    username: str
    name: str
    gitlab_user_id: int | None


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in that has begun: what the browser keeps for us."""

    state: str
    nonce: str
    verifier: str = field(repr=False)
    next: str
    """Where he wanted to go."""
    begun_at: datetime

    @classmethod
    def begin(cls, next: str, now: datetime) -> Pending:
        """A new one, which nobody can guess."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), next, now)

    def sealed(self, key: DeskKey) -> str:
        """As a cookie."""
        at = int(self.begun_at.timestamp())
        raw = json.dumps([self.state, self.nonce, self.verifier, self.next[:1000], at], separators=(",", ":"))
        body = base64.urlsafe_b64encode(raw.encode()).rstrip(b"=").decode()
        return f"{body}.{key.sign(_PURPOSE, body)}"

    @classmethod
    def opened(cls, text: str, key: DeskKey, now: datetime) -> Pending | None:
        """The inverse; None for what is not ours, or too old."""
        body, _, signature = text.partition(".")
        if not key.is_signed(_PURPOSE, body, signature):
            return None
        try:
            state, nonce, verifier, next_, at = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
            begun = datetime.fromtimestamp(at, UTC)
        except (ValueError, TypeError, binascii.Error, OverflowError):
            return None
        if not timedelta(seconds=-_LEEWAY) <= now - begun <= PENDING_LIFE:
            return None
        return cls(state, nonce, verifier, next_, begun)


def refused(why: Told) -> Problem:
    """The answer when the provider's word does not do. What was wrong stands in the log as well."""
    return Problem(
        403,
        sentence(N_("the sign-in could not be completed: {why}"), why=clause(why)),
        N_("Begin again on the sign-in page."),
    )


def away(label: str) -> Problem:
    """The answer when a provider cannot be reached."""
    return Problem(
        503,
        sentence(N_("{label} does not answer, so nobody can sign in with it"), label=one_line(label, 60)),
        N_("Try again in a minute. A local administrator can sign in meanwhile."),
        headers={"Retry-After": "30"},
    )
