"""Outgoing webhooks: what is posted where, what is never posted, and what happens when nobody takes it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from bot.domain.outgoing import Delivery, DeliveryState, EventType, Hook
from bot.domain.policy import Sla
from bot.domain.suppression import Scope
from bot.domain.triage import Judgement, TriageState, judge
from bot.gitlab.signature import verify
from bot.observability.metrics import Metrics
from bot.pipeline.outgoing import (
    MOST_OVERDUE,
    Sender,
    SendError,
    announce_audit_head,
    announce_endings,
    announce_overdue,
    send_due,
)
from bot.services import Services
from bot.settings import Settings
from bot.store import desk, outgoing, suppressions, triage
from bot.store.desk.item_rows import keep_slas
from bot.store.engine import session, write_session
from bot.store.outgoing import Event
from bot.store.secret_box import SecretBox
from tests.store.counting import counted
from tests.store.known import FIRST, SHOP, accepted, add_finding, add_presence, add_projects, add_refs


@dataclass
class Receiver:
    """A server that remembers what it got."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    drip: float = 0.0
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=1"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(made.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()


@dataclass
class FakePost:
    """Answers as it is told."""

    status: int | None = 204
    sent: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        self.sent.append((url, headers, body))
        if self.status is None:
            raise SendError("it did not answer in time")
        return self.status


@dataclass
class Stage:
    services: Services
    secret: str
    hook: Hook
    now: datetime

    def send(self, post: Any) -> int:
        return send_due(self.services, post, clock=lambda: self.now, chance=lambda: 0.0)

    def announce(self, count: int = 1) -> None:
        with write_session(self.services.store) as writing:
            outgoing.announce(writing, [Event(EventType.FINDING_NEW, SHOP, {"count": 1})] * count)

    def deliveries(self) -> tuple[Delivery, ...]:
        with session(self.services.store) as reading:
            return outgoing.deliveries(reading)


@pytest.fixture
def stage(tmp_path: Path, engine: Engine, receiver: Receiver) -> Stage:
    services = Services(Settings(data_dir=tmp_path), Metrics())
    services.store = engine
    now = datetime.now(UTC) + timedelta(seconds=5)
    with write_session(engine) as writing:
        add_projects(writing)
        secret, hook = outgoing.add_hook(
            writing,
            SecretBox(tmp_path),
            url=receiver.url,
            events=[event for event in EventType if event is not EventType.TEST],
            created_by="ada",
            now=now - timedelta(days=30),
        )
    return Stage(services, secret, hook, now)


def test_a_message_arrives_signed(stage: Stage, receiver: Receiver) -> None:
    stage.announce()
    assert stage.send(Sender(allow_local=True)) == 1
    ((path, headers, body),) = receiver.got
    assert path == "/hook?key=1"
    assert headers["content-type"] == "application/json"
    verify(
        headers,
        body,
        secret=None,
        signing_token=SecretStr(stage.secret),
        require_signature=True,
        now=stage.now.timestamp(),
        max_age=5,
    )
    assert stage.deliveries()[0].state is DeliveryState.DELIVERED
    assert stage.send(Sender(allow_local=True)) == 0


def test_this_host_is_sent_nothing_unless_a_setting_allows_it(receiver: Receiver) -> None:
    with pytest.raises(SendError, match="metadata"):
        Sender()(receiver.url, {}, b"{}")
    assert receiver.got == []


def test_a_name_is_resolved_once_and_connected_to_as_it_was_checked(receiver: Receiver) -> None:
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    url = receiver.url.replace("127.0.0.1", "hooks.example")
    assert Sender(allow_local=True, resolve=resolve)(url, {}, b"{}") == 204
    assert asked == ["hooks.example"]
    assert receiver.got[0][1]["host"] == f"hooks.example:{receiver.port}"
    with pytest.raises(SendError, match="not sent"):
        Sender(resolve=lambda *_: ["93.184.216.34", "169.254.169.254"])(url, {}, b"{}")
    with pytest.raises(SendError, match="nowhere"):
        Sender(resolve=lambda *_: [])(url, {}, b"{}")


def test_no_redirect_is_followed_and_a_long_answer_is_not_read(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 307, {"Location": receiver.url}
    assert Sender(allow_local=True)(receiver.url, {}, b"{}") == 307
    receiver.status, receiver.headers, receiver.body = 200, {}, b"x" * 50_000_000
    begun = time.monotonic()
    assert Sender(allow_local=True)(receiver.url, {}, b"{}") == 200
    assert time.monotonic() - begun < 2
    assert len(receiver.got) == 2


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "ftp://a.example", "http://no-such-host.invalid/"])
def test_what_cannot_be_reached_is_said_without_the_address(url: str) -> None:
    with pytest.raises(SendError) as caught:
        Sender(allow_local=True, resolve=lambda host, _: [host] if host[0].isdigit() else _unknown())(url, {}, b"{}")
    assert url not in str(caught.value)


@pytest.mark.parametrize("host", ["a" * 64 + ".example.com", "hooks..example.com"])
def test_what_is_no_name_is_said(host: str) -> None:
    with pytest.raises(SendError, match="it is no name"):
        Sender()(f"http://{host}/x", {}, b"{}")


def _unknown() -> list[str]:
    raise OSError(-2, "Name or service not known")


def test_an_address_that_takes_nothing_gets_no_second_message_in_a_round(stage: Stage) -> None:
    stage.announce(3)
    post = FakePost(status=500)
    assert stage.send(post) == 0
    assert len(post.sent) == 1
    assert sorted(one.attempts for one in stage.deliveries()) == [0, 0, 1]


def test_after_days_of_nothing_it_is_disabled_and_the_audit_log_says_so(stage: Stage) -> None:
    stage.announce(2)
    post = FakePost(status=None)
    begun = stage.now
    while stage.now - begun < timedelta(days=4):
        stage.send(post)
        stage.now += timedelta(hours=6)
    with session(stage.services.store) as reading:
        hook = outgoing.get_hook(reading, stage.hook.id)
        entries = list(_entries(reading))
    assert hook is not None
    assert hook.disabled_at is not None
    assert [entry.action for entry in entries] == ["hook.changed"]
    assert {one.state for one in stage.deliveries()} == {DeliveryState.FAILED}


def _entries(reading: Any) -> Any:
    from bot.store import audit

    return audit.stream(reading)


def test_one_that_takes_other_messages_is_not_disabled(stage: Stage) -> None:
    stage.announce()
    stage.now += timedelta(days=3)
    stage.announce()
    newest = stage.deliveries()[0]
    with write_session(stage.services.store) as writing:
        outgoing.record_taken(writing, newest.id, 204, stage.now)
    stage.send(FakePost(status=410))
    with session(stage.services.store) as reading:
        hook = outgoing.get_hook(reading, stage.hook.id)
    assert hook is not None
    assert hook.disabled_at is None


def test_an_exception_that_ended_is_told_once(stage: Stage) -> None:
    with write_session(stage.services.store) as writing:
        for ends in (stage.now - timedelta(hours=1), stage.now - timedelta(days=2), stage.now + timedelta(days=2)):
            suppressions.create(writing, accepted(scope=Scope.RULE, scanner="bandit", rule_id="B602", expires_at=ends))
    assert announce_endings(stage.services, stage.now) == 1
    assert announce_endings(stage.services, stage.now + timedelta(minutes=5)) == 0
    told = [one for one in stage.deliveries() if one.event == "suppression.expired"]
    assert len(told) == 1


def test_the_head_of_the_audit_log_is_told_once_a_day(stage: Stage) -> None:
    assert announce_audit_head(stage.services, stage.now) == 1
    assert announce_audit_head(stage.services, stage.now) == 0
    assert stage.deliveries()[0].body["data"] == {"sequence": 0, "digest": "0" * 64}
    assert announce_audit_head(stage.services, stage.now + timedelta(days=1)) == 1


# --- deadlines --------------------------------------------------------------------------------------------------------


def overdue(stage: Stage, days: int = 1, numbers: range = range(1, 4)) -> datetime:
    """Findings that were first seen at ``FIRST``, and a policy that gives them so many days; when these are over."""
    with write_session(stage.services.store) as writing:
        add_refs(writing)
        for number in numbers:
            add_finding(writing, number)
            add_presence(writing, number)
        desk.refresh(writing, list(numbers), seen=list(numbers))
    sla(stage, days)
    return end_of(days)


def end_of(days: int) -> datetime:
    """When the last of so many days after ``FIRST`` is over."""
    return FIRST.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days + 1)


def sla(stage: Stage, days: int) -> None:
    keep_slas(stage.services.store, {SHOP: Sla(days, days, days, days)})


def listening_since(stage: Stage, since: datetime) -> None:
    with write_session(stage.services.store) as writing:
        outgoing.add_hook(
            writing,
            SecretBox(stage.services.settings.data_dir),
            url="https://a.example/x",
            events=[EventType.FINDING_OVERDUE],
            created_by="ada",
            now=since,
        )


def told(stage: Stage) -> list[int]:
    with session(stage.services.store) as reading:
        found = outgoing.deliveries(reading, limit=10_000)
    return sorted(one.body["data"]["finding"]["id"] for one in found if one.event == "finding.overdue")


def test_a_deadline_that_passed_is_told_once(stage: Stage) -> None:
    due = overdue(stage)
    listening_since(stage, FIRST)
    before = announce_overdue(stage.services, due - timedelta(seconds=1))
    assert (before, announce_overdue(stage.services, due)) == (0, 3)
    assert told(stage) == [1, 2, 3]
    assert announce_overdue(stage.services, due + timedelta(days=40)) == 0
    (message, *_) = [one.body for one in stage.deliveries() if one.event == "finding.overdue"]
    assert message["data"]["project"] == {"id": SHOP, "path": "shop/backend"}
    assert set(message["data"]["finding"]) >= {"id", "severity", "title", "path", "start_line"}
    assert message["data"]["due_at"] == message["timestamp"]


def test_another_deadline_that_passes_is_told_again(stage: Stage) -> None:
    due = overdue(stage)
    listening_since(stage, FIRST)
    announce_overdue(stage.services, due)
    sla(stage, 5)
    assert announce_overdue(stage.services, due) == 0
    assert announce_overdue(stage.services, end_of(5)) == 3
    assert told(stage) == [1, 1, 2, 2, 3, 3]


def test_what_passed_before_anybody_listened_is_no_news(stage: Stage) -> None:
    due = overdue(stage)
    listening_since(stage, due + timedelta(hours=1))
    assert announce_overdue(stage.services, due + timedelta(days=1)) == 0
    # Somebody who listened longer is told; the other still is not.
    listening_since(stage, FIRST)
    assert announce_overdue(stage.services, due + timedelta(days=1)) == 3
    assert told(stage) == [1, 2, 3]


def test_what_is_mended_or_dismissed_is_not_overdue(stage: Stage) -> None:
    due = overdue(stage)
    listening_since(stage, FIRST)
    with write_session(stage.services.store) as writing:
        event = judge(
            Judgement(),
            state=TriageState.RESOLVED,
            justification=None,
            reason="mended",
            actor="ada",
            at=due,
            finding_id=2,
            source="api",
        )
        triage.record(writing, event)
    assert announce_overdue(stage.services, due) == 2
    assert told(stage) == [1, 3]


def test_one_round_tells_of_so_many_and_the_next_goes_on(stage: Stage) -> None:
    due = overdue(stage, numbers=range(1, MOST_OVERDUE + 31))
    listening_since(stage, FIRST)
    with counted(stage.services.store) as statements:
        assert announce_overdue(stage.services, due) == MOST_OVERDUE
    assert len(statements) <= 6
    assert announce_overdue(stage.services, due) == 30
    assert told(stage) == list(range(1, MOST_OVERDUE + 31))


def test_where_nobody_listens_one_question_is_asked(stage: Stage) -> None:
    due = overdue(stage)
    with write_session(stage.services.store) as writing:
        outgoing.delete_hook(writing, stage.hook.id)
    with counted(stage.services.store) as statements:
        assert announce_overdue(stage.services, due) == 0
    assert len(statements) == 1


# --- addresses that are gone ------------------------------------------------------------------------------------------


def test_an_address_that_is_deleted_while_it_is_told_holds_nobody_up(stage: Stage) -> None:
    stage.announce(2)

    class Deleting(FakePost):
        def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
            with write_session(stage.services.store) as writing:
                outgoing.delete_hook(writing, stage.hook.id)
            return super().__call__(url, headers, body)

    post = Deleting()
    stage.send(post)
    assert len(post.sent) == 1
    assert stage.deliveries() == ()
    assert stage.send(post) == 0
