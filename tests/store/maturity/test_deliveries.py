"""Subscriptions and deliveries in the database: targets are secret, each delivery is planned, claimed and sent once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.domain.maturity.period import PeriodKind, last_ended
from bot.domain.maturity.scope import Scope
from bot.domain.maturity.subscription import (
    GIVE_UP_AFTER,
    Channel,
    QuietHours,
    Subscription,
    SubscriptionError,
    Wanted,
)
from bot.store.engine import session, write_session
from bot.store.maturity import deliveries, subscriptions
from bot.store.maturity.deliveries import CLAIM_ENDS, Planned
from bot.store.maturity.snapshots import scope_key
from bot.store.secret_box import SecretBox, SecretKeyError
from bot.texts import Language
from tests.domain.maturity.test_subscription import BOARD, NOW
from tests.reports.maturity.summary_samples import OCTOBER, group_summary
from tests.store.counting import counted
from tests.store.maturity.reported import keep, report

CHAT = replace(BOARD, name="Chat", channel=Channel.CHAT, target="dingtalk://a-secret-token")


@pytest.fixture
def box(tmp_path: Path) -> SecretBox:
    return SecretBox(tmp_path)


def add(engine: Engine, box: SecretBox, wanted: Wanted = BOARD) -> Subscription:
    with write_session(engine) as writing:
        return subscriptions.add(writing, box, wanted, created_by="ada", created_by_id=1, now=NOW)


def plan(engine: Engine, one: Subscription, *report_ids: int, now: datetime = NOW) -> int:
    with write_session(engine) as writing:
        return deliveries.plan(writing, [Planned(one, number) for number in report_ids], now)


def test_a_subscription_comes_back_and_its_target_is_secret(engine: Engine, box: SecretBox, tmp_path: Path) -> None:
    wanted = replace(CHAT, quiet=QuietHours(1320, 480), acknowledge=True)
    made = add(engine, box, wanted)
    assert (made.shown_target, made.quiet, made.acknowledge) == ("dingtalk://…", QuietHours(1320, 480), True)
    with session(engine) as reading:
        assert subscriptions.every(reading) == (made,)
        assert subscriptions.get(reading, made.id) == made
        assert subscriptions.targets(reading, box, [made.id]) == {made.id: CHAT.target}
        with pytest.raises(SecretKeyError):
            subscriptions.targets(reading, SecretBox(tmp_path / "elsewhere"), [made.id])
    row = engine.connect().exec_driver_sql("SELECT target, shown_target, name FROM subscription").one()
    assert all(b"secret-token" not in (part if isinstance(part, bytes) else str(part).encode()) for part in row)


def test_what_cannot_be_is_not_kept(engine: Engine, box: SecretBox) -> None:
    with pytest.raises(SubscriptionError):
        add(engine, box, replace(BOARD, target="nobody"))
    with session(engine) as reading:
        assert subscriptions.every(reading) == ()


def test_it_is_disabled_enabled_and_forgotten_with_its_deliveries(engine: Engine, box: SecretBox) -> None:
    made = add(engine, box)
    assert plan(engine, made, report(engine)) == 1
    with write_session(engine) as writing:
        assert subscriptions.set_enabled(writing, made.id, False, NOW).disabled_at == NOW
        assert subscriptions.every(writing, enabled_only=True) == ()
        assert subscriptions.set_enabled(writing, made.id, True, NOW).disabled_at is None
        assert subscriptions.forget(writing, made.id) == made
        assert deliveries.page(writing) == ()
        with pytest.raises(SubscriptionError, match="no subscription"):
            subscriptions.forget(writing, made.id)
        with pytest.raises(SubscriptionError, match="no subscription"):
            subscriptions.set_enabled(writing, made.id, True, NOW)


def test_a_report_is_planned_once_however_often_somebody_plans(engine: Engine, box: SecretBox) -> None:
    made, first, second = add(engine, box), report(engine), report(engine)
    assert plan(engine, made, first) == 1
    assert plan(engine, made, first) == 0
    assert plan(engine, made, first, second) == 1
    with counted(engine) as statements:
        plan(engine, made, first, second)
    assert len(statements) == 1


def test_what_was_planned_is_known_by_scope_and_period_in_any_revision_and_whatever_became_of_it(
    engine: Engine, box: SecretBox
) -> None:
    one, two, three = (add(engine, box) for _ in range(3))
    plan(engine, one, report(engine), report(engine, Language.CHINESE))
    plan(engine, two, keep(engine, replace(group_summary(Language.ENGLISH), period=OCTOBER.previous)))
    plan(engine, three, report(engine))
    with write_session(engine) as writing:
        claimed = deliveries.claim(writing, "me", NOW)
        deliveries.drop(writing, [number.id for number in claimed], "me", "given up", NOW)
    shop = scope_key(Scope.of_group("SHOP"))
    with session(engine) as reading:
        with counted(engine) as statements:
            found = deliveries.planned_about(reading, [OCTOBER, last_ended(PeriodKind.YEAR, NOW.date())])
        assert found == {(one.id, shop, OCTOBER), (three.id, shop, OCTOBER)}
        assert len(statements) == 1
        assert deliveries.planned_about(reading, [OCTOBER.previous]) == {(two.id, shop, OCTOBER.previous)}
        assert deliveries.planned_about(reading, []) == frozenset()


def test_a_claim_that_is_renewed_holds_as_long_again_and_only_for_whom_it_is(engine: Engine, box: SecretBox) -> None:
    plan(engine, add(engine, box), report(engine), report(engine))
    first, later = NOW + CLAIM_ENDS, NOW + CLAIM_ENDS * 2
    with write_session(engine) as writing:
        one, two = (claimed.id for claimed in deliveries.claim(writing, "me", NOW))
        with counted(engine) as statements:
            assert deliveries.renew(writing, [one, two], "me", first) == {one, two}
        assert len(statements) == 1
        assert deliveries.renew(writing, [one, two], "you", first) == frozenset()
        assert deliveries.claim(writing, "you", later) == ()
        deliveries.record_sent(writing, [two], "me", later)
        assert deliveries.renew(writing, [one, two], "me", later) == {one}, "what is done is nobody's any more"
        assert len(deliveries.claim(writing, "you", later + CLAIM_ENDS + timedelta(seconds=1))) == 1
        assert deliveries.renew(writing, [one, two], "me", later) == frozenset()


def test_what_is_given_back_is_due_when_it_says_and_was_not_tried(engine: Engine, box: SecretBox) -> None:
    plan(engine, add(engine, box), report(engine), report(engine), report(engine))
    pause = timedelta(minutes=10)
    with write_session(engine) as writing:
        one, two, three = (claimed.id for claimed in deliveries.claim(writing, "me", NOW))
        assert deliveries.give_back(writing, {one: NOW + pause, two: NOW}, "you") == 0
        with counted(engine) as statements:
            assert deliveries.give_back(writing, {one: NOW + pause, two: NOW}, "me") == 2
        assert len(statements) == 1
        assert deliveries.give_back(writing, {}, "me") == 0
    with write_session(engine) as writing:
        assert [claimed.id for claimed in deliveries.claim(writing, "you", NOW)] == [two]
        (back,) = deliveries.claim(writing, "you", NOW + pause)
        assert (back.id, back.attempts, back.next_at, back.problem) == (one, 0, NOW + pause, "")
        assert deliveries.renew(writing, [three], "me", NOW) == {three}


def test_of_two_that_claim_one_gets_it(engine: Engine, box: SecretBox) -> None:
    plan(engine, add(engine, box), report(engine))
    with write_session(engine) as writing:
        assert len(deliveries.claim(writing, "one", NOW)) == 1
    with write_session(engine) as writing:
        assert deliveries.claim(writing, "two", NOW) == ()
        assert not deliveries.any_due(writing, NOW)


def test_what_a_dead_process_claimed_is_anothers_later_and_the_dead_ones_word_counts_no_more(
    engine: Engine, box: SecretBox
) -> None:
    plan(engine, add(engine, box), report(engine))
    later = NOW + CLAIM_ENDS + timedelta(seconds=1)
    with write_session(engine) as writing:
        (claimed,) = deliveries.claim(writing, "dead", NOW)
    with write_session(engine) as writing:
        assert deliveries.any_due(writing, later)
        assert len(deliveries.claim(writing, "alive", later)) == 1
        assert deliveries.record_sent(writing, [claimed.id], "dead", later) == 0
        assert deliveries.record_sent(writing, [claimed.id], "alive", later, "https://g.example/1") == 1
        (after,) = deliveries.page(writing)
    assert (after.sent, after.done_at, after.where, after.attempts) == (True, later, "https://g.example/1", 1)


def test_in_quiet_hours_nothing_is_due(engine: Engine, box: SecretBox) -> None:
    made = add(engine, box, replace(BOARD, quiet=QuietHours(0, 720), time_zone="UTC"))
    plan(engine, made, report(engine))
    noon = NOW.replace(hour=12)
    with write_session(engine) as writing:
        assert deliveries.claim(writing, "me", noon - timedelta(minutes=1)) == ()
        assert len(deliveries.claim(writing, "me", noon)) == 1


def test_what_fails_is_tried_again_and_given_up_in_the_end(engine: Engine, box: SecretBox) -> None:
    made = add(engine, box)
    plan(engine, made, report(engine))
    now, attempts, over = NOW, 0, False
    while not over and attempts < 30:
        with write_session(engine) as writing:
            (claimed,) = deliveries.claim(writing, "me", now)
            over = deliveries.record_failed(writing, claimed, made, "me", "the mail server answered 451", now)
            (after,) = deliveries.page(writing)
        attempts, now = attempts + 1, max(after.next_at, now)
    assert over
    assert after.done_at is not None
    assert not after.sent
    assert after.problem == "the mail server answered 451"
    assert now - NOW >= GIVE_UP_AFTER
    with write_session(engine) as writing:
        assert deliveries.again(writing, after.id, now)
        assert not deliveries.again(writing, after.id, now)
        assert len(deliveries.claim(writing, "me", now)) == 1


def test_it_is_acknowledged_once_by_its_code_and_by_no_other(engine: Engine, box: SecretBox) -> None:
    made = add(engine, box, replace(BOARD, acknowledge=True))
    plan(engine, made, report(engine), report(engine))
    with write_session(engine) as writing:
        ids = [one.id for one in deliveries.claim(writing, "me", NOW)]
        code = deliveries.new_code(writing, ids)
        deliveries.record_sent(writing, ids, "me", NOW)
        assert len(deliveries.unacknowledged(writing)) == 2
        assert deliveries.acknowledge(writing, "", "mallory", NOW) == 0
        assert deliveries.acknowledge(writing, "guess", "mallory", NOW) == 0
        assert [one.id for one in deliveries.by_code(writing, code)] == ids
        assert deliveries.acknowledge(writing, code, "anna", NOW) == 2
        assert deliveries.acknowledge(writing, code, "mallory", NOW) == 0
        assert {one.acknowledged_by for one in deliveries.page(writing)} == {"anna"}
        assert deliveries.unacknowledged(writing) == ()
        day = NOW.replace(hour=0, minute=0)
        assert deliveries.counts_by_day(writing, day, day + timedelta(days=1)) == {date(2026, 11, 2): (2, 2)}
    raw = engine.connect().exec_driver_sql("SELECT acknowledgement FROM report_delivery").scalars().all()
    assert code not in raw
