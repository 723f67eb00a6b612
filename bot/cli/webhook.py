"""``mergewarden webhook``: addresses that are told what happens."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.common import open_services, user_name
from bot.domain.audit import Act, Action, Word
from bot.domain.outgoing import SUBSCRIBABLE, Delivery, Hook, HookError
from bot.reports.visible import one_line
from bot.store import audit, outgoing
from bot.store.engine import session, write_session
from bot.store.secret_box import SecretBox

_SHOWN = 20


def run_add(url: str, *, events: Sequence[str], projects: str, by: str | None, config: Path | None) -> int:
    """Keep an address and print its secret, alone on standard output, for the only time. Raises ``HookError``."""
    known = {event.value: event for event in SUBSCRIBABLE}
    for word in events:
        if word not in known:
            raise HookError(f"there is no event {one_line(word, 40)!r}", f"There are {', '.join(known)}.")
    services = open_services(config)
    who = user_name(by)
    with write_session(services.store) as writing:
        secret, hook = outgoing.add_hook(
            writing,
            SecretBox(services.settings.data_dir),
            url=url,
            events=[known[word] for word in events] or SUBSCRIBABLE,
            projects=projects,
            created_by=who,
            now=datetime.now(UTC),
        )
        audit.append(writing, Act(who, None, Action.HOOK_MADE, f"webhook {hook.id}", details=_words(hook)))
    services.close()
    print(f"webhook {hook.id} is told {_events(hook)}. Its secret is shown this once:", file=sys.stderr)
    print(secret)
    return 0


def run_list(*, format: str, config: Path | None) -> int:
    """Print the addresses, and what became of the last message to each; never their secrets."""
    services = open_services(config)
    with session(services.store) as reading:
        newest = outgoing.last_of_each(reading)
        found = [(hook, newest.get(hook.id)) for hook in outgoing.all_hooks(reading)]
    services.close()
    if format == "json":
        print(json.dumps({"webhooks": [_document(hook, last) for hook, last in found]}, indent=2))
        return 0
    if not found:
        print("no webhooks; add one: mergewarden webhook add https://hooks.example.com/mergewarden")
        return 0
    table = Table(box=box.SIMPLE)
    for heading in ("webhook", "address", "is told", "projects", "last message", ""):
        table.add_column(heading, overflow="fold")
    for hook, last in found:
        cells = (
            str(hook.id),
            one_line(hook.url.partition("?")[0], 200),
            _events(hook),
            one_line(hook.projects),
            "none yet" if last is None else f"{last.event}: {last.state.value}",
            "disabled" if hook.disabled_at is not None else "",
        )
        # As text: addresses must not be taken for markup.
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)
    return 0


def run_test(number: int, *, by: str | None, config: Path | None) -> int:
    """Send a message that says nothing, at once, and say what came of it. Raises ``HookError``."""
    # What sends is loaded for this command alone.
    from bot.pipeline.outgoing import send_one, sender_of

    services = open_services(config)
    with write_session(services.store) as writing:
        delivery = outgoing.send_test(writing, number, datetime.now(UTC), actor=user_name(by))
    problem = send_one(services, sender_of(services), delivery)
    with session(services.store) as reading:
        after = outgoing.get_delivery(reading, delivery.id)
    services.close()
    if problem:
        print(f"webhook {number} did not take the message: {one_line(problem, 300)}", file=sys.stderr)
        return 1
    print(f"webhook {number} took the message ({after.status if after else ''})")
    return 0


def run_deliveries(number: int, *, config: Path | None) -> int:
    """Print the last messages to an address. Raises ``HookError`` for an unknown one."""
    services = open_services(config)
    with session(services.store) as reading:
        if outgoing.get_hook(reading, number) is None:
            raise HookError(f"there is no webhook {number}", "Look at: mergewarden webhook list")
        found = outgoing.deliveries(reading, number, limit=_SHOWN)
    services.close()
    for delivery in found:
        said = f" ({one_line(delivery.problem, 200)})" if delivery.problem else ""
        print(
            f"{delivery.id}  {delivery.created_at:%Y-%m-%d %H:%M} UTC  {delivery.event}  {delivery.state.value}, "
            f"{delivery.attempts} attempts{said}"
        )
    if not found:
        print("nothing was sent yet")
    return 0


def run_enable(number: int, enabled: bool, *, by: str | None, config: Path | None) -> int:
    """Tell an address from now on, or no more. Raises ``HookError`` for an unknown one."""
    services = open_services(config)
    word = "enabled" if enabled else "disabled"
    with write_session(services.store) as writing:
        before = outgoing.get_hook(writing, number)
        outgoing.set_enabled(writing, number, enabled, datetime.now(UTC))
        if before is not None and (before.disabled_at is None) != enabled:
            act = Act(user_name(by), None, Action.HOOK_CHANGED, f"webhook {number}", details={"after": word})
            audit.append(writing, act)
    services.close()
    print(f"webhook {number} is {word}")
    return 0


def run_delete(number: int, *, by: str | None, config: Path | None) -> int:
    """Forget an address with all messages to it. Raises ``HookError`` for an unknown one."""
    services = open_services(config)
    with write_session(services.store) as writing:
        hook = outgoing.delete_hook(writing, number)
        audit.append(writing, Act(user_name(by), None, Action.HOOK_DELETED, f"webhook {number}", details=_words(hook)))
    services.close()
    print(f"webhook {number} is deleted, with its messages")
    return 0


def _words(hook: Hook) -> dict[str, Word]:
    return {
        "url": hook.url.partition("?")[0],
        "events": sorted(event.value for event in hook.events),
        "projects": hook.projects,
    }


def _events(hook: Hook) -> str:
    if hook.events == frozenset(SUBSCRIBABLE):
        return "everything"
    return ", ".join(sorted(event.value for event in hook.events))


def _document(hook: Hook, last: Delivery | None) -> dict[str, Any]:
    return {
        "id": hook.id,
        "url": hook.url,
        "events": sorted(event.value for event in hook.events),
        "projects": hook.projects,
        "created_by": hook.created_by,
        "created_at": _time(hook.created_at),
        "disabled_at": _time(hook.disabled_at),
        "last": None
        if last is None
        else {"event": last.event, "state": last.state.value, "status": last.status, "problem": last.problem or None},
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment is not None else None
