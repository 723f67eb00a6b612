"""``/webhooks``: addresses that are told what happens, and what became of the messages. For administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from bot.domain.audit import Act, Action, Word
from bot.domain.outgoing import SUBSCRIBABLE, Hook, HookError
from bot.domain.roles import Permission
from bot.errors import clause, sentence
from bot.reports.visible import one_line
from bot.store import audit, outgoing
from bot.store.engine import session, write_session
from bot.store.secret_box import SecretBox
from bot.texts import N_
from bot.web.contexts.webhooks import HookLine, WebhookPage, WebhooksPage
from bot.web.entry import Visit, not_there
from bot.web.frame import Message

if TYPE_CHECKING:
    from bot.web.desk import Desk

_SHOWN = 50


def routes(desk: Desk) -> Sequence[Route]:
    """The pages and what is done on them."""
    store = desk.services

    def act(visit: Visit, action: Action, number: int, details: dict[str, Word]) -> Act:
        principal = visit.principal
        subject = f"webhook {number}"
        return Act(principal.actor, principal.person_id, action, subject, details=details, address=visit.address)

    def shown(visit: Visit) -> Response:
        return desk.frame.page(visit, "webhooks.html", _all(desk), section="settings")

    def added(visit: Visit) -> Response:
        known = {event.value: event for event in SUBSCRIBABLE}
        words = [str(word) for word in visit.form.getlist("event")]
        url = str(visit.form.get("url", ""))[:2_001].strip()
        projects = str(visit.form.get("projects", ""))[:500].strip()
        try:
            if any(word not in known for word in words):
                raise HookError(
                    N_("there is no such event"), sentence(N_("There are {names}."), names=", ".join(known))
                )
            with write_session(store.store) as writing:
                secret, hook = outgoing.add_hook(
                    writing,
                    SecretBox(store.settings.data_dir),
                    url=url,
                    events=[known[word] for word in words],
                    projects=projects,
                    created_by=visit.principal.actor,
                    now=visit.now,
                )
                audit.append(writing, act(visit, Action.HOOK_MADE, hook.id, _words(hook)))
        except HookError as error:
            page = replace(
                _all(desk),
                problem=sentence(N_("{a}. {b}"), a=clause(error.told), b=clause(error.told_hint)),
                url=url[:2_000],
                projects=projects,
            )
            return desk.frame.page(visit, "webhooks.html", page, status=422, section="settings")
        # Shown in the answer itself: it must not be kept anywhere, not even in a cookie.
        page = replace(_all(desk), secret=secret, made=hook.id)
        return desk.frame.page(visit, "webhooks.html", page, section="settings")

    def one(visit: Visit) -> Response:
        text = visit.query.get("before", "")
        before = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
        with session(store.store) as reading:
            hook = _hook(reading, visit)
            rows = outgoing.deliveries(reading, hook.id, before=before, limit=_SHOWN + 1)
        page = WebhookPage(
            HookLine(hook, _address(hook), None),
            rows[:_SHOWN],
            rows[_SHOWN - 1].id if len(rows) > _SHOWN else None,
        )
        return desk.frame.page(visit, "webhook.html", page, section="settings")

    def tested(visit: Visit) -> Response:
        with write_session(store.store) as writing:
            hook = _hook(writing, visit)
            outgoing.send_test(writing, hook.id, visit.now, actor=visit.principal.actor)
        return _back(desk, visit, hook.id, N_("A message is on its way."))

    def enabled(visit: Visit) -> Response:
        return change(visit, True, N_("The webhook is told again what happens."))

    def disabled(visit: Visit) -> Response:
        return change(visit, False, N_("The webhook is told nothing any more."))

    def change(visit: Visit, wanted: bool, text: str) -> Response:
        with write_session(store.store) as writing:
            hook = _hook(writing, visit)
            outgoing.set_enabled(writing, hook.id, wanted, visit.now)
            if (hook.disabled_at is None) != wanted:
                details: dict[str, Word] = {"after": "enabled" if wanted else "disabled"}
                audit.append(writing, act(visit, Action.HOOK_CHANGED, hook.id, details))
        return _back(desk, visit, hook.id, text)

    def deleted(visit: Visit) -> Response:
        with write_session(store.store) as writing:
            hook = _hook(writing, visit)
            outgoing.delete_hook(writing, hook.id)
            audit.append(writing, act(visit, Action.HOOK_DELETED, hook.id, _words(hook)))
        return desk.frame.back(visit, "/webhooks", Message(N_("The webhook is deleted, with its messages.")))

    def again(visit: Visit) -> Response:
        with write_session(store.store) as writing:
            delivery = outgoing.get_delivery(writing, visit.number("delivery"))
            if delivery is None:
                raise not_there()
            outgoing.redeliver(writing, delivery.id, visit.now)
        return _back(desk, visit, delivery.hook_id, N_("The message is sent once more."))

    entry, may = desk.entry, Permission.ADMINISTER
    return (
        Route("/webhooks", entry.page(shown, permission=may), methods=["GET"], name="webhooks"),
        Route("/webhooks", entry.action(added, permission=may), methods=["POST"]),
        Route("/webhooks/{number:int}", entry.page(one, permission=may), methods=["GET"], name="webhook"),
        Route("/webhooks/{number:int}/test", entry.action(tested, permission=may), methods=["POST"]),
        Route("/webhooks/{number:int}/enable", entry.action(enabled, permission=may), methods=["POST"]),
        Route("/webhooks/{number:int}/disable", entry.action(disabled, permission=may), methods=["POST"]),
        Route("/webhooks/{number:int}/delete", entry.action(deleted, permission=may), methods=["POST"]),
        Route("/webhooks/deliveries/{delivery:int}/again", entry.action(again, permission=may), methods=["POST"]),
    )


def _all(desk: Desk) -> WebhooksPage:
    with session(desk.services.store) as reading:
        hooks = outgoing.all_hooks(reading)
        last = outgoing.last_of_each(reading)
    return WebhooksPage([HookLine(hook, _address(hook), last.get(hook.id)) for hook in hooks])


def _hook(reading: Any, visit: Visit) -> Hook:
    found = outgoing.get_hook(reading, visit.number("number"))
    if found is None:
        raise not_there()
    return found


def _address(hook: Hook) -> str:
    return one_line(hook.url.partition("?")[0], 300)


def _words(hook: Hook) -> dict[str, Word]:
    return {
        "url": hook.url.partition("?")[0],
        "events": sorted(event.value for event in hook.events),
        "projects": hook.projects,
    }


def _back(desk: Desk, visit: Visit, number: int, text: str) -> Response:
    return desk.frame.back(visit, f"/webhooks/{number}", Message(text))
