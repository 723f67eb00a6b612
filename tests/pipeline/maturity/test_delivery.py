"""Summaries get to those who subscribed: once, when they may be disturbed, and again when nobody took them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.domain.audit import Action
from bot.domain.maturity.period import Period, PeriodKind
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.subscription import Audience, Channel, QuietHours, ReportDelivery, Subscription, Wanted
from bot.errors import MergewardenError
from bot.observability.metrics import Metrics
from bot.pipeline.maturity.channels import ChannelError, Parcel, Send
from bot.pipeline.maturity.delivery import deliver, make_due
from bot.services import Services
from bot.settings import Settings
from bot.store import audit
from bot.store.audit import AuditFilter
from bot.store.engine import session, write_session
from bot.store.maturity import deliveries, reports, subscriptions
from bot.store.maturity.reports import StoredReport
from bot.store.secret_box import SecretBox
from bot.texts import Language
from tests.domain.maturity.test_subscription import BOARD
from tests.reports.maturity.summary_samples import group_summary
from tests.store.maturity.reported import keep

SUBSCRIBED = datetime(2026, 10, 20, 9, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)


@dataclass
class FakeSend:
    """A way out that takes what it gets, or does not."""

    problem: str = ""
    where: str = ""
    sent: list[tuple[str, Parcel]] = field(default_factory=list)

    def __call__(self, target: str, parcel: Parcel) -> str:
        self.sent.append((target, parcel))
        if self.problem:
            raise ChannelError(self.problem)
        return self.where


class Broken:
    def __call__(self, target: str, parcel: Parcel) -> str:
        raise RuntimeError(f"a fault of ours, with {target} in it")


@dataclass
class Stage:
    services: Services
    now: datetime = NIGHT
    made: list[tuple[Scope, Period, Language]] = field(default_factory=list)
    ready: bool = True

    def subscribe(self, **changes: object) -> Subscription:
        wanted = replace(BOARD, time_zone="UTC", **changes)  # type: ignore[arg-type]
        assert isinstance(wanted, Wanted)
        with write_session(self.services.store) as writing:
            box = SecretBox(self.services.settings.data_dir)
            return subscriptions.add(writing, box, wanted, created_by="ada", created_by_id=1, now=SUBSCRIBED)

    def make(
        self, _: Services, scope: Scope, period: Period, language: Language, made_by: str, now: datetime
    ) -> StoredReport:
        if not self.ready:
            raise MergewardenError("there is no snapshot yet")
        if (scope, period, language) not in self.made:
            keep(self.services.store, group_summary(language))
        self.made.append((scope, period, language))
        with session(self.services.store) as reading:
            newest = reports.page(reading, limit=1)[0]
            found = reports.get(reading, newest.id)
        assert found is not None
        return found

    def plan(self) -> int:
        return make_due(self.services, self.now, make=self.make)

    def send(self, send: Send, claimer: str | None = None) -> int:
        ways: dict[Channel, Send] = dict.fromkeys(Channel, send)
        return deliver(self.services, ways, clock=lambda: self.now, claimer=claimer)

    def deliveries(self) -> tuple[ReportDelivery, ...]:
        with session(self.services.store) as reading:
            return deliveries.page(reading)

    def acts(self, action: Action) -> int:
        with session(self.services.store) as reading:
            return len(audit.page(reading, AuditFilter(action=action.value)).entries)


@pytest.fixture
def stage(tmp_path: Path, engine: Engine) -> Stage:
    services = Services(Settings(data_dir=tmp_path, public_url="https://mw.example.com"), Metrics())
    services.store = engine
    return Stage(services)


def test_an_ended_month_is_made_planned_and_sent_once(stage: Stage) -> None:
    stage.subscribe()
    send = FakeSend()
    assert (stage.plan(), stage.plan()) == (1, 0)
    assert [period.label for _, period, _ in stage.made] == ["2026-10", "2026-10"]
    assert (stage.send(send), stage.send(send)) == (1, 0)
    ((target, parcel),) = send.sent
    assert target == "anna@example.com"
    assert [file.name for file in parcel.files] == ["mergewarden-shop-2026-10-r1.zh-CN.pdf"]
    assert parcel.files[0].content.startswith(b"%PDF-")
    assert "安全合规" in parcel.message.subject
    (one,) = stage.deliveries()
    assert one.sent
    assert f"https://mw.example.com/reports/{one.report_id}" in parcel.message.text
    assert stage.acts(Action.REPORT_DELIVERED) == 1


def test_what_ended_before_somebody_subscribed_is_not_sent(stage: Stage) -> None:
    stage.subscribe(periods=(PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR))
    assert stage.plan() == 1
    assert {period.kind for _, period, _ in stage.made} == {PeriodKind.MONTH}


def test_a_summary_that_cannot_be_made_yet_comes_the_next_time(stage: Stage) -> None:
    stage.subscribe()
    stage.ready = False
    assert stage.plan() == 0
    stage.ready = True
    assert stage.plan() == 1


def test_one_document_serves_all_who_want_the_same(stage: Stage) -> None:
    for name in ("Board", "Audit", "Security"):
        stage.subscribe(name=name, target=f"{name.lower()}@example.com")
    assert stage.plan() == 3
    assert len(stage.made) == 1
    assert len({one.report_id for one in stage.deliveries()}) == 1


def test_a_disabled_subscription_gets_nothing_more(stage: Stage) -> None:
    one = stage.subscribe()
    stage.plan()
    with write_session(stage.services.store) as writing:
        subscriptions.set_enabled(writing, one.id, False, stage.now)
    send = FakeSend()
    assert stage.send(send) == 0
    assert send.sent == []
    assert [delivery.problem for delivery in stage.deliveries()] == ["the subscription is disabled"]


def test_what_is_due_together_for_one_address_is_one_message(stage: Stage) -> None:
    stage.subscribe(formats=("md",))
    stage.subscribe(name="Once more", scope=Scope.of_group("shop"), formats=("csv",))
    stage.plan()
    send = FakeSend()
    assert stage.send(send) == 2
    ((_, parcel),) = send.sent
    assert [file.name.rpartition(".")[2] for file in parcel.files] == ["md", "csv"]
    assert "另有 1 个" in parcel.message.subject


def test_at_night_nobody_is_woken(stage: Stage) -> None:
    stage.subscribe(quiet=QuietHours(22 * 60, 7 * 60), formats=("md",))
    stage.plan()
    send = FakeSend()
    assert stage.send(send) == 0
    stage.now = NIGHT.replace(hour=7)
    assert stage.send(send) == 1


def test_what_nobody_took_is_tried_again_later_and_given_up_after_days(stage: Stage) -> None:
    stage.subscribe(formats=("md",))
    stage.plan()
    send = FakeSend(problem="the mail server answered 451")
    assert stage.send(send) == 0
    assert stage.send(send) == 0
    assert len(send.sent) == 1
    for _ in range(30):
        stage.now += timedelta(hours=6)
        stage.send(send)
    (one,) = stage.deliveries()
    assert one.done_at is not None
    assert (one.sent, one.problem) == (False, "the mail server answered 451")
    assert stage.acts(Action.REPORT_GIVEN_UP) == 1
    assert stage.acts(Action.REPORT_DELIVERED) == 0


def test_a_way_out_that_breaks_keeps_nobody_else_waiting_and_tells_no_secret(stage: Stage) -> None:
    stage.subscribe(channel=Channel.CHAT, target="dingtalk://a-secret-token", formats=("md",))
    stage.subscribe(formats=("md",))
    stage.plan()
    good = FakeSend()
    sent = deliver(stage.services, {Channel.CHAT: Broken(), Channel.EMAIL: good}, clock=lambda: stage.now)
    assert sent == 1
    problems = {one.problem for one in stage.deliveries()}
    assert problems == {"", "it could not be sent: RuntimeError"}


def test_without_gitlab_its_issues_say_so(stage: Stage) -> None:
    stage.subscribe(channel=Channel.GITLAB_ISSUE, target="security/reports", formats=("md",))
    stage.plan()
    assert deliver(stage.services, {}, clock=lambda: stage.now) == 0
    assert "GitLab is not set up" in stage.deliveries()[0].problem


def test_a_reader_is_asked_to_acknowledge_by_a_code_that_only_the_message_has(stage: Stage) -> None:
    stage.subscribe(acknowledge=True, formats=("md",))
    stage.plan()
    send = FakeSend()
    stage.send(send)
    text = send.sent[0][1].message.text
    code = text.rpartition("https://mw.example.com/acknowledge/")[2].strip()
    with write_session(stage.services.store) as writing:
        assert deliveries.acknowledge(writing, code, "anna", stage.now) == 1
    assert stage.deliveries()[0].acknowledged_by == "anna"


def test_a_chat_gets_numbers_and_words_of_ours_and_nothing_that_it_could_take_for_a_mention(stage: Stage) -> None:
    stage.subscribe(channel=Channel.CHAT, target="dingtalk://token", audience=Audience.SECURITY, scope=ORGANISATION)
    stage.plan()
    send = FakeSend()
    stage.send(send)
    short = send.sent[0][1].message.short
    assert "@" not in short
    assert "<" not in short
    assert "https://mw.example.com/reports/" in short
    assert send.sent[0][1].files == ()


def test_of_eight_workers_one_sends(stage: Stage) -> None:
    stage.subscribe(formats=("md",))
    stage.plan()
    send = FakeSend()
    found: list[int] = []
    barrier = threading.Barrier(8)

    def work(number: int) -> None:
        barrier.wait()
        found.append(stage.send(send, claimer=f"worker-{number}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 1
    assert len(send.sent) == 1


def test_a_week_is_sent_on_its_monday(stage: Stage) -> None:
    stage.subscribe(periods=(PeriodKind.WEEK,), formats=("md",))
    stage.now = datetime(2026, 10, 26, 2, 0, tzinfo=UTC)
    stage.plan()
    assert stage.made[0][1].first == date(2026, 10, 19)
