"""Outgoing webhooks in the store: what is told to whom, in the transaction of what happened."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.domain.outgoing import DeliveryState, EventType, Hook, HookError
from bot.store import outgoing
from bot.store.engine import session, write_session
from bot.store.outgoing import Event
from bot.store.secret_box import SecretBox, SecretKeyError
from tests.store.counting import counted
from tests.store.known import BANK, SHOP, add_projects
from tests.store.samples import NOON

NEW = Event(EventType.FINDING_NEW, SHOP, {"count": 1})


@pytest.fixture
def box(tmp_path: Path) -> SecretBox:
    return SecretBox(tmp_path)


def added(engine: Engine, box: SecretBox, *events: EventType, projects: str = "**") -> tuple[str, Hook]:
    with write_session(engine) as writing:
        add_projects(writing)
        return outgoing.add_hook(
            writing,
            box,
            url="https://a.example/x",
            events=events or (EventType.FINDING_NEW,),
            projects=projects,
            created_by="ada",
            now=NOON,
        )


def test_a_secret_is_stored_encrypted_and_comes_back_for_signing(
    engine: Engine, box: SecretBox, tmp_path: Path
) -> None:
    secret, hook = added(engine, box)
    key = tmp_path / "keys" / "outgoing.key"
    assert key.stat().st_mode & 0o777 == 0o600
    with session(engine) as reading:
        assert outgoing.secret_of(reading, box, hook.id) == secret
        assert outgoing.all_hooks(reading) == (hook,)
        assert outgoing.get_hook(reading, hook.id) == hook
        with pytest.raises(SecretKeyError):
            outgoing.secret_of(reading, SecretBox(tmp_path / "elsewhere"), hook.id)
    raw = engine.connect().exec_driver_sql("SELECT secret FROM outgoing_hook").scalar_one()
    assert secret.encode() not in bytes(raw)


def test_a_key_that_others_can_read_or_that_was_changed_is_refused(
    engine: Engine, box: SecretBox, tmp_path: Path
) -> None:
    _, hook = added(engine, box)
    key = tmp_path / "keys" / "outgoing.key"
    key.chmod(0o644)
    with session(engine) as reading, pytest.raises(SecretKeyError, match="0644"):
        outgoing.secret_of(reading, box, hook.id)
    key.chmod(0o600)
    key.write_bytes(SecretBoxOther(tmp_path / "b").key())
    with session(engine) as reading, pytest.raises(SecretKeyError, match="another key"):
        outgoing.secret_of(reading, box, hook.id)


def test_a_mark_is_the_same_for_the_same_text_and_key_and_for_nothing_else(tmp_path: Path) -> None:
    box, other = SecretBox(tmp_path / "a"), SecretBox(tmp_path / "b")
    assert box.mark("mw-7") == SecretBox(tmp_path / "a").mark("mw-7")
    assert len({box.mark("mw-7"), box.mark("mw-70"), box.mark(""), other.mark("mw-7")}) == 4
    assert re.fullmatch("[0-9a-f]{64}", box.mark("mw-7"))


class SecretBoxOther:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        SecretBox(folder).close("x")

    def key(self) -> bytes:
        return (self._folder / "keys" / "outgoing.key").read_bytes()


def test_where_nobody_listens_it_costs_one_statement(engine: Engine, box: SecretBox) -> None:
    added(engine, box, EventType.GATE_DECIDED)
    with write_session(engine) as writing, counted(engine) as statements:
        assert outgoing.announce(writing, [NEW] * 5) == 0
    assert len(statements) == 1


def test_those_are_told_who_listen_and_whose_pattern_fits(engine: Engine, box: SecretBox) -> None:
    _, all_of_it = added(engine, box)
    _, bank = added(engine, box, projects="bank/*")
    with write_session(engine) as writing, counted(engine) as statements:
        made = outgoing.announce(writing, [NEW, Event(EventType.FINDING_NEW, BANK, {"count": 2})])
    assert len(statements) == 3
    with session(engine) as reading:
        first = outgoing.deliveries(reading, all_of_it.id)
        other = outgoing.deliveries(reading, bank.id)
    assert len(first) == 2
    assert made == len(first) + len(other)
    (told,) = [one for one in first if one.body["data"]["count"] == 1]
    assert told.body["type"] == "finding.new"
    assert told.body["data"]["project"]["id"] == SHOP
    assert told.state is DeliveryState.WAITING
    assert told.message_id.startswith("msg_")


def fail_after_announcing(engine: Engine) -> None:
    with write_session(engine) as writing:
        outgoing.announce(writing, [NEW])
        raise RuntimeError("the transaction fails")


def test_what_did_not_happen_is_not_told(engine: Engine, box: SecretBox) -> None:
    added(engine, box)
    with pytest.raises(RuntimeError):
        fail_after_announcing(engine)
    with session(engine) as reading:
        assert outgoing.deliveries(reading) == ()


def test_a_message_waits_fails_comes_again_and_is_taken(engine: Engine, box: SecretBox) -> None:
    _, hook = added(engine, box)
    with write_session(engine) as writing:
        outgoing.announce(writing, [NEW])
        (waiting,) = outgoing.deliveries(writing)
        at = waiting.next_at
        assert outgoing.due(writing, at) == (waiting,)
        assert not outgoing.record_failed(writing, waiting, 500, "it answered 500", at)
        assert outgoing.due(writing, at) == ()
        (again,) = outgoing.due(writing, at + timedelta(minutes=1))
        assert (again.attempts, again.status, again.state) == (1, 500, DeliveryState.RETRYING)
        outgoing.record_taken(writing, again.id, 204, at)
        assert outgoing.due(writing, at + timedelta(days=9)) == ()
        (done,) = outgoing.deliveries(writing, hook.id)
        assert (done.state, done.status, done.attempts) == (DeliveryState.DELIVERED, 204, 2)
        assert not outgoing.takes_nothing(writing, hook.id, at)


def test_after_three_days_it_is_given_up(engine: Engine, box: SecretBox) -> None:
    _, hook = added(engine, box)
    with write_session(engine) as writing:
        outgoing.announce(writing, [NEW])
        (waiting,) = outgoing.deliveries(writing)
        late = waiting.created_at + timedelta(days=3)
        assert outgoing.record_failed(writing, waiting, None, "it did not answer in time", late)
        (lost,) = outgoing.deliveries(writing)
        assert lost.state is DeliveryState.FAILED
        assert outgoing.takes_nothing(writing, hook.id, waiting.created_at)
        assert outgoing.purge_deliveries(writing, before=late + timedelta(days=1)) == 1


def test_a_dead_address_keeps_no_other_waiting(engine: Engine, box: SecretBox) -> None:
    _, dead = added(engine, box)
    with write_session(engine) as writing:
        outgoing.announce(writing, [NEW] * 30)
    _, lively = added(engine, box)
    with write_session(engine) as writing:
        outgoing.announce(writing, [NEW])
        now = outgoing.deliveries(writing, lively.id)[0].created_at
        found = outgoing.due(writing, now + timedelta(seconds=1), per_hook=5)
    assert [one.hook_id for one in found].count(dead.id) == 5
    assert [one.hook_id for one in found].count(lively.id) == 1


def test_a_message_is_sent_again_under_its_own_id_unless_the_address_is_disabled(
    engine: Engine, box: SecretBox
) -> None:
    _, hook = added(engine, box)
    with write_session(engine) as writing:
        outgoing.announce(writing, [NEW])
        (first,) = outgoing.deliveries(writing)
        second = outgoing.redeliver(writing, first.id, NOON)
        assert (second.message_id, second.body, second.attempts) == (first.message_id, first.body, 0)
        assert outgoing.send_test(writing, hook.id, NOON, actor="ada").event == "webhook.test"
        assert outgoing.set_enabled(writing, hook.id, False, NOON).disabled_at == NOON
        assert outgoing.announce(writing, [NEW]) == 0
        for act in (
            lambda: outgoing.redeliver(writing, first.id, NOON),
            lambda: outgoing.send_test(writing, hook.id, NOON, actor="ada"),
            lambda: outgoing.redeliver(writing, 999, NOON),
            lambda: outgoing.set_enabled(writing, 999, False, NOON),
        ):
            with pytest.raises(HookError):
                act()
        assert outgoing.set_enabled(writing, hook.id, True, NOON).disabled_at is None


def test_a_deleted_address_takes_its_messages_with_it_and_leaves_the_others(engine: Engine, box: SecretBox) -> None:
    _, gone = added(engine, box)
    _, stays = added(engine, box)
    with write_session(engine) as writing:
        outgoing.announce(writing, [NEW])
        assert outgoing.delete_hook(writing, gone.id) == gone
    with session(engine) as reading:
        assert outgoing.all_hooks(reading) == (stays,)
        assert [one.hook_id for one in outgoing.deliveries(reading)] == [stays.id]
    with write_session(engine) as writing, pytest.raises(HookError, match="there is no webhook"):
        outgoing.delete_hook(writing, gone.id)
