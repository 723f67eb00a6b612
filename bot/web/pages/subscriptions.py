"""``/subscriptions``: who gets which compliance summaries, and what became of them. For administrators."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from starlette.responses import Response
from starlette.routing import Route

from bot.chats import check_chat
from bot.domain.audit import Act, Action, Word
from bot.domain.maturity.period import PeriodKind
from bot.domain.maturity.subscription import (
    DEFAULT_FORMATS,
    FORMATS,
    PERIODS,
    Audience,
    Channel,
    Subscription,
    SubscriptionError,
    Wanted,
    parse_quiet,
    subscription_words,
    unserved,
)
from bot.domain.roles import Permission
from bot.errors import MergewardenError, Told, clause, sentence
from bot.reports.maturity.words import scope_words
from bot.reports.visible import one_line
from bot.reports.wording import Wording, words_in
from bot.services import Services
from bot.store import audit, projects
from bot.store.engine import session, write_session
from bot.store.maturity import deliveries, subscriptions
from bot.store.secret_box import SecretBox
from bot.texts import N_, Language
from bot.web.contexts.reports import Choice, SubscriptionLine, SubscriptionsPage
from bot.web.entry import Visit, not_there
from bot.web.frame import Message
from bot.web.pages.reports import delivery_line, scope_of

if TYPE_CHECKING:
    from bot.web.desk import Desk

_DELIVERIES = 50
_SHOWN_TARGETS = frozenset(one.value for one in Channel if one is not Channel.CHAT)
E = TypeVar("E", bound=Enum)
CHANNELS = {
    Channel.EMAIL: N_("E-mail"),
    Channel.GITLAB_ISSUE: N_("GitLab issue"),
    Channel.GITLAB_WIKI: N_("GitLab wiki page"),
    Channel.CHAT: N_("Chat"),
}
AUDIENCES = {
    Audience.MANAGEMENT: N_("Management"),
    Audience.SECURITY: N_("Security team"),
    Audience.DEVELOPMENT: N_("Development"),
    Audience.AUDIT: N_("Audit"),
}
PERIOD_WORDS = {
    PeriodKind.WEEK: N_("week"),
    PeriodKind.MONTH: N_("month"),
    PeriodKind.QUARTER: N_("quarter"),
    PeriodKind.YEAR: N_("year"),
}
_LANGUAGES = {Language.ENGLISH: "English", Language.CHINESE: "简体中文"}


def routes(desk: Desk) -> Sequence[Route]:
    """The page and what is done on it."""
    if desk.maturity is None:
        return ()
    may, action = Permission.ADMINISTER, desk.entry.action
    return (
        Route(
            "/subscriptions",
            desk.entry.page(partial(_shown, desk), permission=may),
            methods=["GET"],
            name="subscriptions",
        ),
        Route("/subscriptions", action(partial(_add, desk), permission=may), methods=["POST"]),
        Route(
            "/subscriptions/{number:int}/enable", action(partial(_enable, desk, True), permission=may), methods=["POST"]
        ),
        Route(
            "/subscriptions/{number:int}/disable",
            action(partial(_enable, desk, False), permission=may),
            methods=["POST"],
        ),
        Route("/subscriptions/{number:int}/delete", action(partial(_delete, desk), permission=may), methods=["POST"]),
        Route(
            "/subscriptions/deliveries/{number:int}/again",
            action(partial(_again, desk), permission=may),
            methods=["POST"],
        ),
    )


def _shown(desk: Desk, visit: Visit) -> Response:
    return desk.frame.page(visit, "subscriptions.html", _context(desk, visit), section="reports")


def _context(desk: Desk, visit: Visit, *, problem: Told = "") -> SubscriptionsPage:
    wording, form = words_in(visit.language), visit.form
    with session(desk.services.store) as reading:
        known = subscriptions.every(reading)
        sent = deliveries.page(reading, limit=_DELIVERIES)
        paths = {one.id: one.path for one in projects.all_projects(reading)}
    serves = desk.services.settings.serves
    idle = unserved(known, {number: path for number, path in paths.items() if serves(path)})
    by_id = {one.id: one for one in known}

    def entered(name: str, otherwise: str = "") -> str:
        return str(form.get(name, otherwise))[:600]

    return SubscriptionsPage(
        subscriptions=tuple(_line(one, paths, wording, served=one.id not in idle) for one in known),
        deliveries=tuple(delivery_line(one, by_id.get(one.subscription_id), wording, may_repeat=True) for one in sent),
        channels=_choices(CHANNELS, entered("channel", Channel.EMAIL.value), wording),
        audiences=_choices(AUDIENCES, entered("audience", Audience.MANAGEMENT.value), wording),
        periods=tuple(
            Choice(kind.value, wording.marked(label), _ticked(visit, "period", kind.value, kind is PeriodKind.MONTH))
            for kind, label in PERIOD_WORDS.items()
        ),
        formats=tuple(Choice(word, word.upper(), _ticked(visit, "format", word, word == "pdf")) for word in FORMATS),
        languages=tuple(
            Choice(one.value, label, one.value == entered("language", visit.language.value))
            for one, label in _LANGUAGES.items()
        ),
        problem=problem,
        name=entered("name"),
        # What was entered is not sent back where it may be the address of a chat: that is a password.
        target=entered("target") if entered("channel") in _SHOWN_TARGETS else "",
        scope=entered("scope", "organisation"),
        time_zone=entered("time_zone", "UTC"),
        quiet=entered("quiet"),
        may_ask=desk.services.settings.public_url is not None,
    )


def _add(desk: Desk, visit: Visit) -> Response:
    store = desk.services.store
    try:
        wanted = _wanted(visit)
        if wanted.acknowledge and desk.services.settings.public_url is None:
            raise SubscriptionError(N_("nobody could acknowledge: no public address is set"), N_("Set public_url."))
        check_chat(wanted, allow_local=desk.services.settings.outgoing_allow_local)
        with write_session(store) as writing:
            made = subscriptions.add(
                writing,
                SecretBox(desk.services.settings.data_dir),
                wanted,
                created_by=visit.principal.actor,
                created_by_id=visit.principal.person_id,
                now=visit.now,
            )
            audit.append(writing, _act(visit, Action.SUBSCRIPTION_MADE, made))
    except MergewardenError as error:
        problem = sentence(N_("{a}. {b}"), a=clause(error.told), b=clause(error.told_hint))
        context = _context(desk, visit, problem=problem)
        return desk.frame.page(visit, "subscriptions.html", context, status=422, section="reports")
    return _back(desk, visit, N_("The subscription is made. It begins with the next period that ends."))


def _wanted(visit: Visit) -> Wanted:
    form = visit.form
    audience = _one_of(Audience, str(form.get("audience", "")))
    formats = tuple(str(word) for word in form.getlist("format"))
    return Wanted(
        name=str(form.get("name", ""))[:200],
        channel=_one_of(Channel, str(form.get("channel", ""))),
        target=str(form.get("target", ""))[:3_000],
        audience=audience,
        scope=scope_of(str(form.get("scope", ""))[:600].strip()),
        periods=tuple(kind for kind in PERIODS if kind.value in form.getlist("period")),
        formats=formats or DEFAULT_FORMATS[audience],
        language=_one_of(Language, str(form.get("language", ""))),
        time_zone=str(form.get("time_zone", ""))[:60].strip() or "UTC",
        quiet=parse_quiet(str(form.get("quiet", ""))[:20]),
        acknowledge=form.get("acknowledge") == "yes",
    )


def _enable(desk: Desk, wanted: bool, visit: Visit) -> Response:
    with write_session(desk.services.store) as writing:
        before = subscriptions.get(writing, visit.number("number"))
        if before is None:
            raise not_there()
        made = subscriptions.set_enabled(writing, before.id, wanted, visit.now)
        if (before.disabled_at is None) != wanted:
            audit.append(writing, _act(visit, Action.SUBSCRIPTION_CHANGED, made, enabled=wanted))
    return _back(desk, visit, N_("It delivers again.") if wanted else N_("It delivers nothing more."))


def _delete(desk: Desk, visit: Visit) -> Response:
    with write_session(desk.services.store) as writing:
        if subscriptions.get(writing, visit.number("number")) is None:
            raise not_there()
        gone = subscriptions.forget(writing, visit.number("number"))
        audit.append(writing, _act(visit, Action.SUBSCRIPTION_DELETED, gone))
    return _back(desk, visit, N_("The subscription is deleted, with its deliveries."))


def _again(desk: Desk, visit: Visit) -> Response:
    send_again(desk.services, visit, visit.number("number"))
    return _back(desk, visit, N_("It is sent once more."))


def send_again(services: Services, visit: Visit, number: int) -> None:
    """Have a delivery that was given up tried once more, by whoever asks for it. Raises ``Problem`` 404."""
    with write_session(services.store) as writing:
        if not deliveries.again(writing, number, visit.now):
            raise not_there()
        # The newest one up to this number is this one.
        (one,) = deliveries.page(writing, before=number + 1, limit=1)
        audit.append(
            writing,
            Act(
                visit.principal.actor,
                visit.principal.person_id,
                Action.REPORT_SENT_AGAIN,
                f"subscription {one.subscription_id}",
                details={"reports": [one.report_id], "delivery": one.id},
                address=visit.address,
            ),
        )


def _line(one: Subscription, paths: dict[int, str], wording: Wording, *, served: bool) -> SubscriptionLine:
    path = paths.get(one.scope.project_id, one.scope.key) if one.scope.project_id is not None else one.scope.key
    return SubscriptionLine(
        id=one.id,
        name=one_line(one.name, 100),
        channel=wording.marked(CHANNELS[one.channel]),
        target=one_line(one.shown_target, 200),
        scope=scope_words(one.scope, path, wording),
        periods=wording.joined([wording.marked(PERIOD_WORDS[kind]) for kind in one.periods]),
        formats=", ".join(word.upper() for word in one.formats),
        language=_LANGUAGES[one.language],
        quiet=f"{one.quiet} {one.time_zone}" if one.quiet is not None else "",
        acknowledge=one.acknowledge,
        enabled=one.disabled_at is None,
        served=served,
    )


def _choices(words: dict[Channel, str] | dict[Audience, str], chosen: str, wording: Wording) -> tuple[Choice, ...]:
    return tuple(Choice(one.value, wording.marked(label), one.value == chosen) for one, label in words.items())


def _ticked(visit: Visit, name: str, value: str, otherwise: bool) -> bool:
    return value in visit.form.getlist(name) if visit.method == "POST" else otherwise


def _one_of(kind: type[E], word: str) -> E:
    try:
        return kind(word)
    except ValueError:
        raise SubscriptionError(N_("the form is not whole"), N_("Load the page again.")) from None


def _act(visit: Visit, action: Action, one: Subscription, **more: Word) -> Act:
    principal = visit.principal
    return Act(
        principal.actor,
        principal.person_id,
        action,
        f"subscription {one.id}",
        details={**subscription_words(one), **more},
        address=visit.address,
    )


def _back(desk: Desk, visit: Visit, text: str) -> Response:
    return desk.frame.back(visit, "/subscriptions", Message(text))
