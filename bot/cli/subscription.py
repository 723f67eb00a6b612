"""``mergewarden subscription``: who gets which compliance summaries, and how."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import TypeVar

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.chats import check_chat
from bot.cli.common import open_services, user_name
from bot.domain.audit import Act, Action, Word
from bot.domain.maturity.period import PeriodKind
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.subscription import (
    DEFAULT_FORMATS,
    PERIODS,
    Audience,
    Channel,
    ReportDelivery,
    Subscription,
    SubscriptionError,
    Wanted,
    parse_quiet,
    subscription_words,
    unserved,
)
from bot.reports.visible import one_line
from bot.services import Services
from bot.store import audit, projects
from bot.store.engine import session, write_session
from bot.store.maturity import deliveries, subscriptions
from bot.store.secret_box import SecretBox
from bot.texts import Language

_SHOWN = 20
E = TypeVar("E", bound=Enum)


def run_add(
    name: str,
    target: str,
    *,
    channel: str,
    audience: str,
    project: str | None,
    group: str | None,
    periods: Sequence[str],
    formats: Sequence[str],
    language: str,
    time_zone: str,
    quiet: str,
    acknowledge: bool,
    by: str | None,
    config: Path | None,
) -> int:
    """Keep a subscription. Raises ``SubscriptionError`` for what cannot be."""
    services = open_services(config)
    who = user_name(by)
    audience_ = _one_of(Audience, audience, "audience")
    wanted = Wanted(
        name=name,
        channel=_one_of(Channel, channel, "channel"),
        target=target,
        audience=audience_,
        scope=_scope(services, project, group),
        periods=tuple(_period(word) for word in periods) or (PeriodKind.MONTH,),
        formats=tuple(formats) or DEFAULT_FORMATS[audience_],
        language=Language(language),
        time_zone=time_zone,
        quiet=parse_quiet(quiet),
        acknowledge=acknowledge,
    )
    if acknowledge and services.settings.public_url is None:
        raise SubscriptionError(
            "nobody could acknowledge: there is no address for it", "Set public_url, or leave --acknowledge out."
        )
    check_chat(wanted, allow_local=services.settings.outgoing_allow_local)
    with write_session(services.store) as writing:
        made = subscriptions.add(
            writing,
            SecretBox(services.settings.data_dir),
            wanted,
            created_by=who,
            created_by_id=None,
            now=datetime.now(UTC),
        )
        audit.append(writing, _act(who, Action.SUBSCRIPTION_MADE, made))
    services.close()
    print(
        f"subscription {made.id}: {made.shown_target} gets {', '.join(kind.value for kind in made.periods)} summaries"
    )
    return 0


def run_list(*, format: str, config: Path | None) -> int:
    """Print the subscriptions, never their targets in full where those are secret."""
    services = open_services(config)
    with session(services.store) as reading:
        found = subscriptions.every(reading)
        paths = {one.id: one.path for one in projects.all_projects(reading) if services.settings.serves(one.path)}
    services.close()
    idle = unserved(found, paths)
    if format == "json":
        listed = [_document(one) | {"served": one.id not in idle} for one in found]
        print(json.dumps({"subscriptions": listed}, indent=2, ensure_ascii=False))
        return 0
    if not found:
        print("no subscriptions; add one: mergewarden subscription add 'Board' board@example.com --channel email")
        return 0
    table = Table(box=box.SIMPLE)
    for heading in ("number", "name", "channel", "target", "about", "periods", "formats", "quiet", ""):
        table.add_column(heading, overflow="fold")
    for one in found:
        cells = (
            str(one.id),
            one_line(one.name, 100),
            one.channel.value,
            one_line(one.shown_target, 120),
            str(one.scope),
            ", ".join(kind.value for kind in one.periods),
            ", ".join(one.formats),
            f"{one.quiet} {one.time_zone}" if one.quiet else "",
            ", ".join(_warnings(one, served=one.id not in idle)),
        )
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)
    return 0


def run_enable(number: int, enabled: bool, *, by: str | None, config: Path | None) -> int:
    """Deliver from now on, or no more. Raises ``SubscriptionError`` for an unknown one."""
    services = open_services(config)
    with write_session(services.store) as writing:
        made = subscriptions.set_enabled(writing, number, enabled, datetime.now(UTC))
        audit.append(writing, _act(user_name(by), Action.SUBSCRIPTION_CHANGED, made, enabled=enabled))
    services.close()
    print(f"subscription {number} is {'enabled' if enabled else 'disabled'}")
    return 0


def run_delete(number: int, *, by: str | None, config: Path | None) -> int:
    """Forget one with its deliveries. Raises ``SubscriptionError`` for an unknown one."""
    services = open_services(config)
    with write_session(services.store) as writing:
        gone = subscriptions.forget(writing, number)
        audit.append(writing, _act(user_name(by), Action.SUBSCRIPTION_DELETED, gone))
    services.close()
    print(f"subscription {number} is deleted")
    return 0


def run_deliveries(number: int | None, *, config: Path | None) -> int:
    """Print the last deliveries and what became of them."""
    services = open_services(config)
    with session(services.store) as reading:
        found = deliveries.page(reading, subscription_id=number, limit=_SHOWN)
    services.close()
    for one in found:
        print(f"{one.id}  report {one.report_id}  {one.created_at:%Y-%m-%d %H:%M} UTC  {state_words(one)}")
    if not found:
        print("nothing was delivered yet")
    return 0


def run_now(*, config: Path | None) -> int:
    """Make what is due and send it, without waiting for the next round."""
    # What sends is loaded for this command alone.
    from bot.pipeline.maturity.delivery import deliver, make_due, senders_of

    services = open_services(config)
    now = datetime.now(UTC)
    planned = make_due(services, now)
    sent = deliver(services, senders_of(services))
    with session(services.store) as reading:
        left = deliveries.waiting(reading)
    services.close()
    print(f"{planned} new deliveries, {sent} arrived, {left} wait", file=sys.stderr)
    return 0


def state_words(one: ReportDelivery) -> str:
    """What became of a delivery, in English."""
    if one.sent:
        read = f", read by {one_line(one.acknowledged_by, 80)}" if one.acknowledged_at is not None else ""
        asked = ", not yet acknowledged" if one.asks and one.acknowledged_at is None else ""
        return f"arrived{read}{asked}"
    why = f": {one_line(one.problem, 200)}" if one.problem else ""
    return f"given up{why}" if one.done_at is not None else f"waits, {one.attempts} attempts{why}"


def _scope(services: Services, project: str | None, group: str | None) -> Scope:
    if project and group:
        raise SubscriptionError("a subscription is about one project or one group", "Leave one of them out.")
    if group:
        return Scope.of_group(group)
    if not project:
        return ORGANISATION
    with session(services.store) as reading:
        found = projects.find_by_path(reading, project)
    if found is None:
        raise SubscriptionError(f"there is no project {one_line(project, 200)}", "Look at: mergewarden projects list")
    return Scope.of_project(found.id)


def _period(word: str) -> PeriodKind:
    for kind in PERIODS:
        if kind.value == word:
            return kind
    raise SubscriptionError(
        f"there is no period {one_line(word, 40)!r}", f"There are {', '.join(kind.value for kind in PERIODS)}."
    )


def _one_of(kind: type[E], word: str, what: str) -> E:
    try:
        return kind(word)
    except ValueError:
        raise SubscriptionError(
            f"there is no {what} {one_line(word, 40)!r}", f"There are {', '.join(one.value for one in kind)}."
        ) from None


def _act(who: str, action: Action, one: Subscription, **more: Word) -> Act:
    return Act(who, None, action, f"subscription {one.id}", details={**subscription_words(one), **more})


def _warnings(one: Subscription, *, served: bool) -> Iterator[str]:
    if one.disabled_at is not None:
        yield "disabled"
    if not served:
        yield "nothing of this scope is served any more"


def _document(one: Subscription) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "channel": one.channel.value,
        "target": one.shown_target,
        "audience": one.audience.value,
        "scope": str(one.scope),
        "periods": [kind.value for kind in one.periods],
        "formats": list(one.formats),
        "language": one.language.value,
        "time_zone": one.time_zone,
        "quiet_hours": str(one.quiet) if one.quiet else None,
        "acknowledge": one.acknowledge,
        "disabled": one.disabled_at is not None,
    }
