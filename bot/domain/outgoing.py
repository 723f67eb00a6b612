"""
Outgoing webhooks: what is told to whom, how it is signed, and when it is tried again. Pure.

Messages are those of Standard Webhooks
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): ``webhook-id``,
``webhook-timestamp`` and ``webhook-signature`` over both and the body, which is ``{"type", "timestamp", "data"}``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

from bot.domain import globs
from bot.errors import MergewardenError, clause, sentence
from bot.texts import N_

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - the public prefix, not a secret
SECRET_BYTES: Final = 32
EVERY_PROJECT: Final = "**"
LONGEST_URL: Final = 2_000
LISTED: Final = 50
"""Findings that one message names; it counts the others."""
GIVEN_UP_AFTER: Final = timedelta(days=3)

# Seconds until the next attempt; the last one counts on. The pauses are those that the specification proposes.
_PAUSES: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400)


class EventType(Enum):
    """What an address can be told."""

    FINDING_NEW = "finding.new"
    """A scan or an import wrote down findings that were not known."""
    FINDING_DECIDED = "finding.decided"
    """A person judged a finding."""
    FINDING_OVERDUE = "finding.overdue"
    """The day passed by which the policy wants a finding mended. Told once for each finding and deadline."""
    GATE_DECIDED = "gate.decided"
    """There is a verdict about a merge request."""
    SUPPRESSION_REQUESTED = "suppression.requested"
    """An exception waits for a second person."""
    SUPPRESSION_APPROVED = "suppression.approved"
    """A second person said yes."""
    SUPPRESSION_EXPIRED = "suppression.expired"
    """An exception that had an effect came to its end."""
    INCIDENT_OPENED = "incident.opened"
    """Something happened around the gate."""
    AUDIT_HEAD = "audit.head"
    """Once a day: number and digest of the last entry of the audit log, to be kept where nobody of us can change it."""
    TEST = "webhook.test"
    """Somebody wants to know whether messages arrive. Goes to one address, whatever it listens to."""


SUBSCRIBABLE: Final = tuple(event for event in EventType if event is not EventType.TEST)
"""What an address can listen to."""


class HookError(MergewardenError):
    """Raised for an address that cannot be told anything, and for a delivery that is not there."""


@dataclass(frozen=True, slots=True)
class Hook:
    """An address that is told what happens, without its secret."""

    id: int
    url: str
    events: frozenset[EventType]
    projects: str
    """Pattern for full paths, as tokens have it."""
    created_by: str
    created_at: datetime
    disabled_at: datetime | None = None

    def wants(self, event: EventType, project_path: str | None) -> bool:
        """Whether it is told of this; ``project_path`` None for what is about no single project."""
        if self.disabled_at is not None or event not in self.events:
            return False
        if project_path is None:
            # Whoever may hear of some projects only hears nothing of what is about all.
            return self.projects == EVERY_PROJECT
        return self.covers(project_path)

    def covers(self, project_path: str) -> bool:
        """Whether its pattern fits the project with this full path."""
        return globs.glob(self.projects.casefold(), from_start=True).matches(PurePosixPath(project_path.casefold()))


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one address, and what became of it."""

    id: int
    hook_id: int
    message_id: str
    event: str
    body: Mapping[str, Any]
    created_at: datetime
    next_at: datetime
    attempts: int
    done_at: datetime | None
    """When it was taken, or given up."""
    status: int | None
    """HTTP status of the last answer; None where there was none."""
    problem: str
    """Empty for one that was taken, or was not tried yet."""

    @property
    def state(self) -> DeliveryState:
        """What became of it."""
        if self.done_at is None:
            return DeliveryState.WAITING if not self.attempts else DeliveryState.RETRYING
        return DeliveryState.FAILED if self.problem else DeliveryState.DELIVERED


class DeliveryState(Enum):
    """What became of a message."""

    WAITING = "waiting"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    FAILED = "failed"


def check_hook(url: str, events: Iterable[EventType], projects: str) -> None:
    """Raise ``HookError`` that says what is wrong with an address to be."""
    check_url(url)
    chosen = frozenset(events)
    if not chosen or EventType.TEST in chosen:
        raise HookError(
            N_("a webhook needs an event"),
            sentence(N_("Choose of: {names}."), names=", ".join(one.value for one in SUBSCRIBABLE)),
        )
    problem = globs.problem_with(projects)
    if problem:
        raise HookError(
            sentence(N_("the pattern of projects cannot be used: {problem}"), problem=clause(problem)),
            N_("For example shop/* or shop/backend."),
        )


def check_url(url: str) -> None:
    """Raise ``HookError`` for what is no address that we send to. Never repeats it: it may hold a password."""
    hint = N_("For example https://hooks.example.com/mergewarden.")
    if len(url) > LONGEST_URL or not url.isascii() or any(sign.isspace() or not sign.isprintable() for sign in url):
        raise HookError(
            sentence(
                N_("the address has to be up to {most} printable ASCII characters without spaces"),
                most=LONGEST_URL,
            ),
            hint,
        )
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise HookError(N_("the address cannot be read"), hint) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise HookError(N_("the address has to begin with https:// or http:// and a host"), hint)
    if parts.username is not None or parts.password is not None:
        raise HookError(N_("the address must not carry a user name or password"), N_("Messages are signed instead."))
    if parts.fragment:
        raise HookError(N_("the address must not have a fragment"), hint)


def refused_address(address: str) -> bool:
    """
    Whether this IP address may not be sent to: link-local ones (where clouds keep their metadata and credentials),
    this host itself, and what is no host at all. Private networks are fine: that is where receivers are.
    """
    try:
        found: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    if isinstance(found, ipaddress.IPv6Address):
        # An IPv4 address in one of its disguises: mapped, 6to4, Teredo, and NAT64's well-known prefix (RFC 6052).
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            found = inner
    return (
        found.is_link_local
        or found.is_loopback
        or found.is_unspecified
        or found.is_multicast
        or (found.version == 4 and found.is_reserved)
        or found in _METADATA
    )


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Metadata services that are not link-local: AWS over IPv6, Alibaba Cloud, Oracle Cloud, Azure's wire server.
_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16")
)


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    """A secret to share with an address. ``random_bytes`` is ``secrets.token_bytes``."""
    return SECRET_PREFIX + base64.b64encode(random_bytes(SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``. ``secret`` is as ``new_secret`` made it, ``timestamp`` in seconds."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def signed_headers(secret: str, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """All headers of a message."""
    timestamp = int(now.timestamp())
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }


def message(event: EventType, at: datetime, data: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a message, before it is written as JSON."""
    return {"type": event.value, "timestamp": moment(at), "data": dict(data)}


def moment(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def encoded(body: Mapping[str, Any]) -> bytes:
    """The body as it is sent and signed; equal ones are equal bytes."""
    return json.dumps(body, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode()


def next_attempt(created_at: datetime, attempts: int, now: datetime, spread: float = 0.0) -> datetime | None:
    """
    When to try again after ``attempts`` failures; None when it is given up.

    ``spread`` from 0 to 1 lengthens the pause by up to a fifth, so that receivers that come back are not overrun.
    """
    pause = _PAUSES[min(attempts, len(_PAUSES)) - 1]
    moment = now + timedelta(seconds=pause * (1 + spread / 5))
    return moment if moment - created_at <= GIVEN_UP_AFTER else None
