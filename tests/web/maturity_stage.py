"""What the pages and the API about maturity show: counted days, snapshots, a summary, who gets it, people's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.domain.maturity.attestation import Attachment, Attestation, attachment, made
from bot.domain.maturity.model import Attest, Demand, Model
from bot.domain.maturity.period import Period, PeriodKind, last_ended, night
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.subscription import Audience, Channel, Wanted, parse_quiet
from bot.model_files import shipped_models
from bot.pipeline.maturity.snapshots import take
from bot.pipeline.maturity.summaries import make_summary
from bot.services import Services
from bot.store.engine import write_session
from bot.store.maturity import attestations, counting, deliveries, subscriptions
from bot.store.maturity.deliveries import Planned
from bot.store.secret_box import SecretBox
from bot.texts import Language
from tests.domain.maturity.projects import SCANNERS
from tests.domain.maturity.test_change_effect import FINE
from tests.store.known import BANK, SHOP

SECRET = "0123456789abcdefkeyofthechat"
"""Part of a chat's address that works like a password."""
TARGET = f"dingtalk://{SECRET}"
CAICT = "caict-ydt3763-6"
_NIGHTS = 12
_STEP = 7
"""Days between the nights that are counted: a year takes too long."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Numbers of what was put in."""

    report: int
    """Of the organisation, in English, of the last month."""
    report_of_shop: int
    """Of the shop's project."""
    report_of_group: int
    """Of the group ``shop``."""
    code: str
    """Acknowledges the delivery that arrived."""
    mail: int
    chat: int
    """Subscriptions."""
    asked: int
    """An attestation that waits for a second person."""
    confirmed: int
    """One that counts, with a file."""


def asked_of_people(*, second_person: bool | None = None) -> tuple[Model, Demand, Attest]:
    """The first demand of CAICT's model that asks people."""
    for model in shipped_models():
        for _, demand in model.demands:
            asks = demand.asks
            if model.id == CAICT and isinstance(asks, Attest) and second_person in (None, asks.second_person):
                return model, demand, asks
    raise AssertionError("no such demand")


def fill_days(services: Services, now: datetime, *, nights: int = 1) -> None:
    """Counted days of both projects, a good and a bad one, and a snapshot of each of the last nights."""
    today = now.astimezone(UTC).date()
    good, bad = FINE.tally(), FINE.without(SCANNERS[0]).without(SCANNERS[1]).tally()
    days = {}
    for back in range(nights):
        day = today - timedelta(days=1 + back * _STEP)
        days[(SHOP, day)] = bad if back > nights // 2 else good
        days[(BANK, day)] = bad
    month = last_ended(PeriodKind.MONTH, today)
    days[(SHOP, month.last)], days[(BANK, month.last)] = good, bad
    with write_session(services.store) as writing:
        counting.keep_days(writing, days)
    for back in reversed(range(nights)):
        take(services, night(today - timedelta(days=back * _STEP)), shipped_models(), now)


def fill_reports(services: Services, now: datetime) -> tuple[int, int, int]:
    """Summaries of the last month: of the organisation, the shop's project and its group."""
    month = last_month(now)
    english = Language.ENGLISH
    whole, shop, group = (
        make_summary(services, scope, month, english, made_by="root", now=now).id
        for scope in (ORGANISATION, Scope.of_project(SHOP), Scope.of_group("shop"))
    )
    make_summary(services, ORGANISATION, month, Language.CHINESE, made_by="mergewarden", now=now)
    return whole, shop, group


def last_month(now: datetime) -> Period:
    """The month that ended last."""
    return last_ended(PeriodKind.MONTH, now.astimezone(UTC).date())


def fill_deliveries(services: Services, now: datetime, report: int) -> tuple[int, int, str]:
    """A mail that arrived and asks, and a chat that did not get it; the subscriptions, and the code."""
    with write_session(services.store) as writing:
        box = SecretBox(services.settings.data_dir)
        mail, chat = (
            subscriptions.add(writing, box, wanted, created_by="root", created_by_id=None, now=now)
            for wanted in (
                Wanted(
                    name="Management",
                    channel=Channel.EMAIL,
                    target="cto@example.com, ciso@example.com",
                    audience=Audience.MANAGEMENT,
                    scope=ORGANISATION,
                    periods=(PeriodKind.MONTH, PeriodKind.QUARTER),
                    formats=("pdf", "xlsx"),
                    language=Language.ENGLISH,
                    time_zone="Asia/Shanghai",
                    quiet=parse_quiet("22:00-08:00"),
                    acknowledge=True,
                ),
                Wanted(
                    name="Security team",
                    channel=Channel.CHAT,
                    target=TARGET,
                    audience=Audience.SECURITY,
                    scope=Scope.of_project(SHOP),
                    periods=(PeriodKind.WEEK,),
                    formats=("html",),
                    language=Language.CHINESE,
                    time_zone="UTC",
                    quiet=None,
                    acknowledge=False,
                ),
            )
        )
        # Before the quiet hours of the one: what is planned in them waits.
        early = now - timedelta(days=2)
        deliveries.plan(writing, [Planned(mail, report), Planned(chat, report)], early)
        claimed = {one.subscription_id: one for one in deliveries.claim(writing, "test", now)}
        code = deliveries.new_code(writing, [claimed[mail.id].id])
        deliveries.record_sent(writing, [claimed[mail.id].id], "test", now, "https://mail.example/1")
        deliveries.drop(writing, [claimed[chat.id].id], "test", "the chat answered 400 <script>", now)
    return mail.id, chat.id, code


def fill_words(services: Services, now: datetime) -> tuple[int, int]:
    """Two attestations of somebody else for the shop: one that waits, one that is confirmed and has a file."""
    _, demand, _ = asked_of_people(second_person=True)
    attached = attachment("minutes <b>.txt", b"Minutes of the review")
    with write_session(services.store) as writing:
        numbers = []
        for text, sent in (("We review <script>alert(1)</script> each release.", None), ("See the minutes.", attached)):
            numbers.append(attestations.add(writing, _word(demand, text, sent, now), sent).id)
        attestations.confirm(writing, numbers[1], by="grace", by_id=102, at=now)
    return numbers[0], numbers[1]


def _word(demand: Demand, text: str, sent: Attachment | None, now: datetime) -> Attestation:
    return made(
        demand,
        model_id=CAICT,
        scope=Scope.of_project(SHOP),
        text=text,
        actor="hopper",
        person_id=101,
        now=now,
        attachment=sent,
    )


def fill(services: Services, now: datetime, *, nights: int = _NIGHTS) -> Filled:
    """All of it."""
    fill_days(services, now, nights=nights)
    report, shop, group = fill_reports(services, now)
    mail, chat, code = fill_deliveries(services, now, report)
    asked, confirmed = fill_words(services, now)
    return Filled(report, shop, group, code, mail, chat, asked, confirmed)
