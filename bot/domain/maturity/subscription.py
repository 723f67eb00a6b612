"""
Who gets which compliance summaries, when, and what is tried again. Pure.

A subscription names a channel and a target, a scope, kinds of periods and formats. For each summary it gets one
delivery, whatever happens: a delivery waits for the end of quiet hours, is tried again with longer and longer pauses,
and is given up after three days, which is shown. Deliveries to one target that are due together are one message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email.utils import parseaddr
from enum import Enum
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.audit import Word
from bot.domain.maturity.period import PeriodKind
from bot.domain.maturity.scope import Scope, ScopeKind
from bot.errors import MergewardenError, Told, sentence
from bot.texts import N_, Language

MOST_ADDRESSES: Final = 20
"""Of one subscription by e-mail."""
LONGEST_TARGET: Final = 2_000
LONGEST_NAME: Final = 100
GIVE_UP_AFTER: Final = timedelta(days=3)
_PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720))
_LONGEST_PAUSE: Final = _PAUSES[-1]


class Channel(Enum):
    """How a summary gets to people."""

    EMAIL = "email"
    """Target: addresses, separated by commas."""
    GITLAB_ISSUE = "gitlab_issue"
    """Target: full path of the project in which a confidential issue is opened."""
    GITLAB_WIKI = "gitlab_wiki"
    """Target: full path of the project whose wiki gets a page."""
    CHAT = "chat"
    """Target: an address of apprise, such as ``dingtalk://token``. https://appriseit.com/"""


class Audience(Enum):
    """Whom a message is for: decides how much it says itself, and which files come with it by default."""

    MANAGEMENT = "management"
    SECURITY = "security"
    DEVELOPMENT = "development"
    AUDIT = "audit"


FORMATS: Final = ("pdf", "html", "md", "csv", "xlsx", "json")
"""Formats of a summary, as file endings."""
DEFAULT_FORMATS: Final = {
    Audience.MANAGEMENT: ("pdf",),
    Audience.SECURITY: ("pdf", "xlsx"),
    Audience.DEVELOPMENT: ("md",),
    Audience.AUDIT: ("pdf", "xlsx", "json"),
}
PERIODS: Final = (PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR)
"""Kinds of periods that can be subscribed to."""

CHATS: Final = frozenset(
    {
        "dingtalk",
        "wecombot",
        "feishu",
        "lark",
        "slack",
        "workflow",
        "workflows",
        "mmost",
        "mmosts",
        "rocket",
        "rockets",
        "discord",
        "tgram",
        "gchat",
        "wxteams",
        "webex",
        "zulip",
        "matrix",
        "matrixs",
        "nctalk",
        "nctalks",
        "ntfy",
        "ntfys",
        "gotify",
        "gotifys",
        "synology",
        "synologys",
    }
)
"""
Schemes of apprise that are chats. Not all of apprise: some schemes ring this host's desktop, or write to its log.
"""
_PATH = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+", re.ASCII)
_ADDRESS = re.compile(r"[^@\s<>\",;:\\()\[\]]+@[A-Za-z0-9.-]+", re.ASCII)


class SubscriptionError(MergewardenError):
    """Raised for a subscription that cannot be: says what is wrong with it, and how to mend it. Shows no target."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Minutes of the day, in the subscription's zone, between which nothing is sent; they may go over midnight."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not (0 <= self.start < 1440 and 0 <= self.end < 1440) or self.start == self.end:
            raise ValueError("quiet hours begin and end at two different minutes of a day")

    def __str__(self) -> str:
        return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (self.start, self.end))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription as somebody wants it, checked by ``check``."""

    name: str
    channel: Channel
    target: str
    """Holds a token where it is a chat: never shown, kept encrypted."""
    audience: Audience
    scope: Scope
    periods: tuple[PeriodKind, ...]
    formats: tuple[str, ...]
    language: Language
    time_zone: str = "UTC"
    quiet: QuietHours | None = None
    acknowledge: bool = False


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as it is kept, without its target."""

    id: int
    name: str
    channel: Channel
    shown_target: str
    audience: Audience
    scope: Scope
    periods: tuple[PeriodKind, ...]
    formats: tuple[str, ...]
    language: Language
    time_zone: str
    quiet: QuietHours | None
    acknowledge: bool
    created_by: str
    created_by_id: int | None
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReportDelivery:
    """A summary on its way to somebody."""

    id: int
    subscription_id: int
    report_id: int
    created_at: datetime
    next_at: datetime
    attempts: int
    done_at: datetime | None
    sent: bool
    problem: str
    where: str
    """Address of the issue or page that was made; empty for none."""
    asks: bool
    """Whether somebody is asked to acknowledge it."""
    acknowledged_by: str
    acknowledged_at: datetime | None


def check(wanted: Wanted) -> Wanted:
    """The same, tidied. Raises ``SubscriptionError`` for the first thing that is wrong with it."""
    name = " ".join(wanted.name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise _wrong(
            sentence(N_("a subscription needs a name of at most {count} readable characters"), count=LONGEST_NAME)
        )
    periods = tuple(kind for kind in PERIODS if kind in wanted.periods)
    if not periods or set(wanted.periods) - set(PERIODS):
        raise _wrong(
            sentence(N_("a subscription needs kinds of periods")), N_("Choose of week, month, quarter and year.")
        )
    unknown = [word for word in wanted.formats if word not in FORMATS]
    if unknown or not wanted.formats:
        raise _wrong(
            sentence(N_("a subscription needs formats")),
            sentence(N_("Choose of {formats}."), formats=", ".join(FORMATS)),
        )
    zone(wanted.time_zone)
    target = _target(wanted.channel, wanted.target)
    formats = tuple(word for word in FORMATS if word in wanted.formats)
    return Wanted(
        name,
        wanted.channel,
        target,
        wanted.audience,
        wanted.scope,
        periods,
        formats,
        wanted.language,
        wanted.time_zone,
        wanted.quiet,
        wanted.acknowledge,
    )


def zone(name: str) -> ZoneInfo:
    """A time zone by its name in the IANA database. Raises ``SubscriptionError``."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _wrong(
            sentence(N_("this time zone is not known")), N_("Write it as in Asia/Shanghai, Europe/Berlin or UTC.")
        ) from None


def parse_quiet(text: str) -> QuietHours | None:
    """Quiet hours from ``22:00-08:00``; None for an empty text. Raises ``SubscriptionError``."""
    if not text.strip():
        return None
    try:
        first, second = (time.fromisoformat(part.strip()) for part in text.split("-"))
        return QuietHours(first.hour * 60 + first.minute, second.hour * 60 + second.minute)
    except ValueError:
        raise _wrong(sentence(N_("these are no quiet hours")), N_("Write them as in 22:00-08:00.")) from None


def addresses(target: str) -> tuple[str, ...]:
    """The e-mail addresses of a target."""
    return tuple(part.strip() for part in target.split(",") if part.strip())


def shown_target(channel: Channel, target: str) -> str:
    """A target as people may see it: of a chat's address nothing but which chat it is."""
    if channel is Channel.CHAT:
        scheme = _scheme(target)
        return f"{scheme if scheme in CHATS else 'chat'}://…"
    return target


def subscription_words(one: Subscription) -> dict[str, Word]:
    """What the audit log says of a subscription: nothing that is secret."""
    return {
        "name": one.name,
        "channel": one.channel.value,
        "target": one.shown_target,
        "scope": str(one.scope),
        "periods": [kind.value for kind in one.periods],
    }


def not_before(moment: datetime, quiet: QuietHours | None, zone_name: str) -> datetime:
    """The first moment from this one on (UTC) that is outside the quiet hours."""
    if quiet is None:
        return moment
    there = zone(zone_name)
    local = moment.astimezone(there)
    minute = local.hour * 60 + local.minute
    over_midnight = quiet.start > quiet.end
    inside = minute >= quiet.start or minute < quiet.end if over_midnight else quiet.start <= minute < quiet.end
    if not inside:
        return moment
    day = local.date() + timedelta(days=1 if over_midnight and minute >= quiet.start else 0)
    end = datetime.combine(day, time(quiet.end // 60, quiet.end % 60), there).astimezone(UTC)
    # An hour that a change of clocks takes away must not lead back.
    return max(end, moment)


def next_attempt(created_at: datetime, attempts: int, now: datetime) -> datetime | None:
    """When to try again after so many attempts; None for never."""
    if now - created_at >= GIVE_UP_AFTER:
        return None
    return now + (_PAUSES[attempts - 1] if 0 < attempts <= len(_PAUSES) else _LONGEST_PAUSE)


def unserved(known: Iterable[Subscription], paths: Mapping[int, str]) -> frozenset[int]:
    """
    Numbers of the subscriptions whose scope has no project: nothing is counted of it, so no summary comes of it.

    A group that was renamed leaves its subscriptions so: they keep the name that they were made with. ``paths``: full
    paths of the projects that we look after, by number.
    """
    groups = set()
    for path in paths.values():
        parts = path.casefold().split("/")
        groups |= {"/".join(parts[:length]) for length in range(1, len(parts))}

    def is_served(scope: Scope) -> bool:
        match scope.kind:
            case ScopeKind.PROJECT:
                return scope.project_id in paths
            case ScopeKind.GROUP:
                return scope.key.casefold() in groups
            case ScopeKind.ORGANISATION:
                return bool(paths)

    return frozenset(one.id for one in known if not is_served(one.scope))


T = TypeVar("T")


def digests(due: Iterable[tuple[T, Subscription, str]]) -> tuple[tuple[T, ...], ...]:
    """
    Which deliveries become one message: those to one target in one language for one audience. Triples of delivery,
    subscription, and target. Wiki pages and issues stay single: each is a document of its own.
    """
    groups: dict[tuple[object, ...], list[T]] = {}
    for delivery, subscription, target in due:
        key: tuple[object, ...] = (
            subscription.channel,
            target,
            subscription.language,
            subscription.audience,
            subscription.acknowledge,
        )
        if subscription.channel in (Channel.GITLAB_ISSUE, Channel.GITLAB_WIKI):
            key = (*key, len(groups))
        groups.setdefault(key, []).append(delivery)
    return tuple(tuple(group) for group in groups.values())


def _target(channel: Channel, text: str) -> str:
    target = text.strip()
    if not target or len(target) > LONGEST_TARGET or not target.isprintable():
        raise _wrong(sentence(N_("a subscription needs a target")))
    match channel:
        case Channel.EMAIL:
            return ", ".join(_addresses(target))
        case Channel.GITLAB_ISSUE | Channel.GITLAB_WIKI:
            if not _PATH.fullmatch(target.strip("/")):
                raise _wrong(
                    sentence(N_("the target is not the full path of a project")), N_("Write it as in security/reports.")
                )
            return target.strip("/")
        case Channel.CHAT:
            if _scheme(target) not in CHATS:
                raise _wrong(
                    sentence(N_("the target is not the address of a chat")),
                    N_(
                        "Write it as apprise has it, as in dingtalk://token, wecombot://key, feishu://token, "
                        "slack://token/channel."
                    ),
                )
            return target


def _scheme(target: str) -> str:
    """In small letters; whatever there is where there is none."""
    return target.partition("://")[0].lower()


def _addresses(target: str) -> Sequence[str]:
    found = addresses(target)
    if len(found) > MOST_ADDRESSES:
        raise _wrong(sentence(N_("a subscription has at most {count} addresses"), count=MOST_ADDRESSES))
    for address in found:
        if not _ADDRESS.fullmatch(address) or parseaddr(address)[1] != address:
            raise _wrong(
                sentence(N_("one of these is not an e-mail address")),
                N_("Write them without names, separated by commas, as in anna@example.com, ben@example.com."),
            )
    return tuple(dict.fromkeys(found))


def _wrong(problem: Told, hint: Told = "") -> SubscriptionError:
    return SubscriptionError(problem, hint)
