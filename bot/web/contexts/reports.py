"""What the pages about compliance summaries, subscriptions and attestations show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.errors import Told


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A summary in the list."""

    id: int
    url: str
    scope: str
    period: str
    language: str
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a form."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A summary on its way to somebody."""

    id: int
    target: str
    subscription: str
    at: datetime
    state: str
    kind: str
    """``good``, ``bad`` or ``warn``."""
    problem: str
    acknowledged: str
    where: str
    may_repeat: bool


@dataclass(frozen=True, slots=True)
class ReportsPage:
    """The list, and the form that makes one."""

    reports: tuple[ReportLine, ...]
    next: str
    may_make: bool
    scopes: tuple[Choice, ...]
    languages: tuple[Choice, ...]
    period: str
    """As it was entered, or the last month."""
    problem: Told
    subscriptions_url: str
    """Empty for whoever may not see them."""


@dataclass(frozen=True, slots=True)
class ReportPage:
    """One summary: what it is about, its files, and who got it."""

    id: int
    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    notices: tuple[str, ...]
    tiles: tuple[tuple[str, str, str, str], ...]
    """Label, value, detail, and tone as for a chip."""
    bullets_title: str
    bullets: tuple[str, ...]
    document_url: str
    files: tuple[tuple[str, str], ...]
    """Label and address."""
    revisions: tuple[ReportLine, ...]
    """Others about the same period and scope."""
    deliveries: tuple[DeliveryLine, ...]


@dataclass(frozen=True, slots=True)
class SubscriptionLine:
    """A subscription in the list."""

    id: int
    name: str
    channel: str
    target: str
    scope: str
    periods: str
    formats: str
    language: str
    quiet: str
    acknowledge: bool
    enabled: bool
    served: bool
    """Whether any project of its scope is looked after: without one there is no summary."""


@dataclass(frozen=True, slots=True)
class SubscriptionsPage:
    """All subscriptions, the last deliveries, and the form that makes one."""

    subscriptions: tuple[SubscriptionLine, ...]
    deliveries: tuple[DeliveryLine, ...]
    channels: tuple[Choice, ...]
    audiences: tuple[Choice, ...]
    periods: tuple[Choice, ...]
    formats: tuple[Choice, ...]
    languages: tuple[Choice, ...]
    problem: Told
    name: str
    target: str
    scope: str
    time_zone: str
    quiet: str
    may_ask: bool
    """Whether anybody could acknowledge: an address is known under which people reach us."""


@dataclass(frozen=True, slots=True)
class AcknowledgePage:
    """What somebody is asked to say."""

    reports: tuple[str, ...]
    done: str
    """Who said it already; empty while nobody has."""
    code: str
    who: str
    """The name of whoever is signed in; empty for a stranger."""
    token: str
    """What the form sends back."""


@dataclass(frozen=True, slots=True)
class AttestationLine:
    """An attestation in the list."""

    id: int
    demand: str
    model: str
    scope: str
    text: str
    file_url: str
    file_name: str
    made: str
    until: str
    standing: str
    kind: str
    may_confirm: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class AttestationsPage:
    """The list."""

    lines: tuple[AttestationLine, ...]
    next: str


@dataclass(frozen=True, slots=True)
class AttestPage:
    """The form that makes one."""

    demand: str
    asked: str
    model: str
    model_id: str
    demand_id: str
    kind: str
    scope: str
    scope_words: str
    most_days: int
    second_person: bool
    text: str
    until: str
    problem: Told
    back_url: str
