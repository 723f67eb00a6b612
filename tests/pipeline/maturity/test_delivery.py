"""Summaries get to those who subscribed: once, when they may be disturbed, and again when nobody took them."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
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
from bot.pipeline.maturity.snapshots import take_night
from bot.services import Services
from bot.settings import Settings
from bot.store import audit
from bot.store.audit import AuditFilter
from bot.store.engine import session, write_session
from bot.store.maturity import counting, deliveries, reports, snapshots, subscriptions
from bot.store.maturity.deliveries import CLAIM_ENDS
from bot.store.maturity.reports import StoredReport
from bot.store.projects import Project, upsert_projects
from bot.store.secret_box import SecretBox
from bot.texts import Language
from tests.domain.maturity import worlds
from tests.domain.maturity.test_subscription import BOARD
from tests.domain.maturity.worlds import SCANNED
from tests.reports.maturity.summary_samples import group_summary
from tests.store.counting import counted
from tests.store.maturity.reported import keep

SUBSCRIBED = datetime(2026, 10, 20, 9, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
OCTOBER = Period(PeriodKind.MONTH, date(2026, 10, 1), date(2026, 10, 31))


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
            keep(self.services.store, replace(group_summary(language), scope=scope, period=period))
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
    assert [period.label for _, period, _ in stage.made] == ["2026-10"]
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


# --- late news --------------------------------------------------------------------------------------------------------


def change_october(stage: Stage, scans: int) -> None:
    """Count the 28th of October anew, differently each time."""
    with write_session(stage.services.store) as writing:
        upsert_projects(writing, [Project(1, "shop/web", default_branch="main")])
        tally = {**SCANNED, "scans": scans, "scans.ended": scans}
        snapshots.note_late(writing, counting.keep_days(writing, {(1, date(2026, 10, 28)): tally}))


def nights(stage: Stage, count: int, send: Send) -> list[int]:
    """So many nights as they are, with late news of October in each; how many deliveries each one planned."""
    planned = []
    for number in range(count):
        stage.now = NIGHT + timedelta(days=number)
        change_october(stage, 10 + number)
        take_night(stage.services, stage.now, [worlds.model()])
        planned.append(make_due(stage.services, stage.now))
        stage.send(send)
    return planned


def revisions_of_october(stage: Stage) -> int:
    with session(stage.services.store) as reading:
        found = snapshots.of_period(reading, ORGANISATION, OCTOBER)
    assert found is not None
    return found.row.revision


def reports_made(stage: Stage) -> int:
    with session(stage.services.store) as reading:
        return len(reports.page(reading))


def test_a_month_that_changes_late_each_night_is_sent_once(stage: Stage) -> None:
    stage.subscribe(formats=("md",))
    stage.subscribe(formats=("md",), target="ben@example.com", scope=Scope.of_group("SHOP"))
    send = FakeSend()
    assert nights(stage, 4, send) == [2, 0, 0, 0]
    assert revisions_of_october(stage) == 4
    assert [target for target, _ in send.sent] == ["anna@example.com", "ben@example.com"]
    assert reports_made(stage) == 2, "what nobody gets is not made"


def test_what_was_given_up_is_not_sent_because_of_late_news(stage: Stage) -> None:
    stage.subscribe(formats=("md",))
    send = FakeSend(problem="the mail server answered 550")
    assert nights(stage, 6, send) == [1, 0, 0, 0, 0, 0]
    assert revisions_of_october(stage) == 6
    (one,) = stage.deliveries()
    assert one.done_at is not None
    assert not one.sent


def test_who_subscribes_in_another_language_or_later_gets_the_month_too(stage: Stage) -> None:
    stage.subscribe(formats=("md",))
    nights(stage, 1, FakeSend())
    stage.subscribe(formats=("md",), language=Language.ENGLISH)
    change_october(stage, 99)
    take_night(stage.services, stage.now, [worlds.model()])
    send = FakeSend()
    assert make_due(stage.services, stage.now) == 1
    assert stage.send(send) == 1


def test_how_many_statements_planning_takes_does_not_depend_on_how_many_subscribed(stage: Stage) -> None:
    def statements() -> int:
        with counted(stage.services.store) as made:
            make_due(stage.services, stage.now)
        return len(made)

    stage.subscribe(formats=("md",))
    nights(stage, 1, FakeSend())
    few = statements()
    for number in range(9):
        stage.subscribe(name=f"number {number}", formats=("md",), scope=Scope.of_group("shop"))
    assert make_due(stage.services, stage.now) == 9
    assert statements() == few <= 4


def test_of_processes_that_plan_different_revisions_at_once_one_plans(stage: Stage) -> None:
    stage.subscribe(formats=("md",))
    barrier = threading.Barrier(4)
    planned: list[int] = []

    def make(
        services: Services, scope: Scope, period: Period, language: Language, made_by: str, now: datetime
    ) -> StoredReport:
        number = keep(services.store, replace(group_summary(language), scope=scope, period=period))
        with session(services.store) as reading:
            found = reports.get(reading, number)
        assert found is not None
        barrier.wait()
        return found

    threads = [
        threading.Thread(target=lambda: planned.append(make_due(stage.services, stage.now, make=make)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reports_made(stage) == 4
    assert sorted(planned) == [0, 0, 0, 1]
    assert len(stage.deliveries()) == 1


# --- slow ways out ----------------------------------------------------------------------------------------------------


@dataclass
class Slow:
    """Takes so long for each message, and may do something meanwhile."""

    stage: Stage
    takes: timedelta
    meanwhile: Callable[[], object] = lambda: None
    sent: list[str] = field(default_factory=list)

    def __call__(self, target: str, parcel: Parcel) -> str:
        self.stage.now += self.takes
        self.sent.append(target)
        self.meanwhile()
        return ""


def test_a_long_batch_keeps_what_it_sends_and_leaves_out_what_another_process_claimed(stage: Stage) -> None:
    for name in ("anna", "ben", "carl"):
        stage.subscribe(target=f"{name}@example.com", acknowledge=True, formats=("md",))
    stage.plan()
    other = FakeSend()
    slow = Slow(stage, timedelta(minutes=10))
    slow.meanwhile = lambda: stage.send(other, claimer="other")
    assert stage.send(slow, claimer="slow") == 2
    assert slow.sent == ["anna@example.com", "ben@example.com"]
    ((target, parcel),) = other.sent
    assert target == "carl@example.com"
    assert all(one.sent and one.attempts == 1 for one in stage.deliveries())
    code = parcel.message.text.rpartition("https://mw.example.com/acknowledge/")[2].strip()
    with write_session(stage.services.store) as writing:
        assert deliveries.acknowledge(writing, code, "carl", stage.now) == 1, "the code that carl has is the last one"


def test_drawing_may_take_longer_than_a_claim_holds(stage: Stage) -> None:
    stage.subscribe(formats=("html", "md", "csv", "json"))
    stage.plan()
    other, send = FakeSend(), FakeSend()
    steps = itertools.count()

    def clock() -> datetime:
        """Asked for the claim first, and then before each step."""
        if next(steps):
            stage.now += CLAIM_ENDS * 0.45
            stage.send(other, claimer="other")
        return stage.now

    assert deliver(stage.services, dict.fromkeys(Channel, send), clock=clock, claimer="slow") == 1
    assert (len(send.sent), other.sent) == (1, [])
    assert stage.now - NIGHT > CLAIM_ENDS * 2


def test_of_a_message_of_which_a_part_is_gone_the_rest_comes_with_the_next_round(stage: Stage) -> None:
    gone = stage.subscribe(formats=("md",))
    rest = stage.subscribe(name="Once more", scope=Scope.of_group("shop"), formats=("md",))
    stage.plan()

    def forget() -> None:
        with write_session(stage.services.store) as writing:
            subscriptions.forget(writing, gone.id)

    happens = iter([lambda: None, forget])

    def clock() -> datetime:
        """Asked for the claim first, and then before each step."""
        next(happens, lambda: None)()
        return stage.now

    send = FakeSend()
    assert deliver(stage.services, dict.fromkeys(Channel, send), clock=clock) == 0
    assert send.sent == []
    assert stage.send(send) == 1
    (one,) = stage.deliveries()
    assert (one.subscription_id, one.attempts) == (rest.id, 1)


# --- quiet hours ------------------------------------------------------------------------------------------------------


def test_a_retry_waits_for_the_end_of_quiet_hours(stage: Stage) -> None:
    stage.subscribe(quiet=QuietHours(22 * 60, 7 * 60), formats=("md",))
    stage.now = NIGHT.replace(hour=21, minute=59)
    stage.plan()
    assert stage.send(FakeSend(problem="the mail server answered 451")) == 0
    (one,) = stage.deliveries()
    assert (one.next_at, one.attempts) == (datetime(2026, 11, 2, 7, 0, tzinfo=UTC), 1)


def test_what_was_due_before_quiet_hours_and_comes_late_waits_for_their_end(stage: Stage) -> None:
    stage.subscribe(quiet=QuietHours(22 * 60, 7 * 60), formats=("md",))
    stage.subscribe(target="ben@example.com", formats=("md",))
    stage.now = NIGHT.replace(hour=21)
    stage.plan()
    # Nobody worked for two hours.
    stage.now = NIGHT.replace(hour=23)
    send = FakeSend()
    assert stage.send(send) == 1
    assert [target for target, _ in send.sent] == ["ben@example.com"]
    waits = stage.deliveries()[1]
    assert (waits.next_at, waits.attempts, waits.problem) == (datetime(2026, 11, 2, 7, 0, tzinfo=UTC), 0, "")
    with session(stage.services.store) as reading:
        assert not deliveries.any_due(reading, stage.now)
    stage.now = waits.next_at
    assert stage.send(send) == 1


def test_quiet_hours_that_begin_while_others_are_sent_hold_too(stage: Stage) -> None:
    stage.subscribe(formats=("md",))
    stage.subscribe(target="ben@example.com", quiet=QuietHours(22 * 60, 7 * 60), formats=("md",))
    stage.now = NIGHT.replace(hour=21, minute=55)
    stage.plan()
    slow = Slow(stage, timedelta(minutes=10))
    assert stage.send(slow) == 1
    assert slow.sent == ["anna@example.com"]
    waits = stage.deliveries()[0]
    assert (waits.next_at, waits.attempts) == (datetime(2026, 11, 2, 7, 0, tzinfo=UTC), 0)


def test_of_a_message_for_two_subscriptions_the_quiet_one_waits_and_the_other_is_sent(stage: Stage) -> None:
    stage.subscribe(formats=("md",), target="zoe@example.com")
    stage.subscribe(formats=("md",))
    stage.subscribe(name="Once more", scope=Scope.of_group("shop"), quiet=QuietHours(22 * 60, 7 * 60), formats=("md",))
    stage.now = NIGHT.replace(hour=21, minute=55)
    stage.plan()
    assert stage.send(Slow(stage, timedelta(minutes=10))) == 1
    send = FakeSend()
    assert stage.send(send) == 1
    assert len(send.sent) == 1
    assert [one.sent for one in stage.deliveries()] == [False, True, True]
