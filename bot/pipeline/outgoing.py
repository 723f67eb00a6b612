"""
Sends outgoing webhooks: what waits is signed and posted, tried again when it was not taken, and given up after days.

An address is resolved here and checked before the connection is made to just that IP address, so that a name cannot
mean something else a moment later. No redirect is followed, no proxy is asked, and of an answer no more is read than
its first kilobytes.
"""

from __future__ import annotations

import random
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpcore
import structlog

from bot.domain.audit import Act, Action
from bot.domain.outgoing import (
    Delivery,
    EventType,
    Hook,
    HookError,
    check_url,
    encoded,
    refused_address,
    signed_headers,
)
from bot.domain.triage import SYSTEM
from bot.errors import MergewardenError, sentence
from bot.reports.visible import one_line
from bot.services import Services
from bot.store import audit, deadlines, outgoing, suppressions
from bot.store.engine import session, write_session
from bot.store.outgoing import Event
from bot.store.secret_box import SecretBox, SecretKeyError
from bot.texts import N_

log = structlog.get_logger(__name__)

SECONDS = 10.0
"""For each step of a request."""
_WHOLE_SECONDS = 20.0
"""For a request from beginning to end."""
MOST_READ = 4096
"""Bytes of an answer."""
_AT_ONCE = 4
"""Addresses that are told at the same time."""
_PER_ROUND = 20
"""Messages to one address in a row; the next ones wait for the next round."""
_LOOK_BACK = timedelta(days=1)
MOST_OVERDUE = 200
"""Findings whose deadline passed that one round tells of."""

Resolve = Callable[[str, int], Sequence[str]]
"""Host and port to IP addresses. Raises ``OSError``."""


class SendError(MergewardenError):
    """Raised when a message did not arrive; says why in one line, without the address."""


class Post(Protocol):
    """Posts a message."""

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the answer. Raises ``SendError``."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    """Its beginning."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Posts to addresses that an administrator configured, and to nothing that they must not lead to."""

    allow_local: bool = False
    """Whether link-local addresses, metadata services and this host may be sent to."""
    ca_file: Path | None = None
    """One more authority to trust."""
    resolve: Resolve = lambda host, port: _resolved(host, port)

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """See ``Post``."""
        try:
            check_url(url)
        except MergewardenError as error:
            raise SendError(str(error)) from None
        return self.ask("POST", url, {**headers, "user-agent": "mergewarden"}, body).status

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        seconds: float = _WHOLE_SECONDS,
        most: int = MOST_READ,
    ) -> Answer:
        """
        What is answered, its body cut after ``most`` bytes, within ``seconds`` from beginning to end.

        No redirect is followed. The caller knows that ``url`` is an http address in ASCII. Raises ``SendError``.
        """
        backend = _Guarded(self, time.monotonic() + seconds)
        try:
            with (
                httpcore.ConnectionPool(
                    ssl_context=self._context(), network_backend=backend, max_connections=1, retries=0
                ) as pool,
                pool.stream(
                    method,
                    url,
                    headers=[*headers.items(), ("connection", "close")],
                    content=body,
                    extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)},
                ) as answer,
            ):
                read = bytearray()
                for chunk in answer.iter_stream():
                    read += chunk
                    if len(read) >= most:
                        break
                told = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers}
                return Answer(int(answer.status), told, bytes(read[:most]))
        except SendError:
            raise
        except (httpcore.TimeoutException, TimeoutError):
            raise SendError("it did not answer in time") from None
        except httpcore.LocalProtocolError:
            # Says what it does not like, and that may be a header with a password.
            raise SendError("what is to be sent is no request") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
            raise SendError(f"it cannot be reached: {one_line(str(error) or type(error).__name__, 200)}") from None

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.ca_file is not None:
            context.load_verify_locations(cafile=str(self.ca_file))
        return context

    def addresses(self, host: str, port: int) -> Sequence[str]:
        """The addresses to connect to. Raises ``SendError`` where one of them is refused: it is no accident."""
        try:
            found = self.resolve(host, port)
        except OSError as error:
            raise SendError(f"its name cannot be resolved: {one_line(error.strerror or str(error), 200)}") from None
        except UnicodeError:
            # A part of it is empty or longer than names have.
            raise SendError("its name cannot be resolved: it is no name") from None
        if not self.allow_local and any(refused_address(address) for address in found):
            raise SendError("its name leads to this host, a link-local address or a metadata service: not sent")
        if not found:
            raise SendError("its name leads nowhere")
        return found


def _resolved(host: str, port: int) -> Sequence[str]:
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(row[4][0]) for row in rows))


class _Guarded(httpcore.NetworkBackend):
    """Connects to what was checked, and lets nothing take longer than the whole may."""

    def __init__(self, sender: Sender, ends: float) -> None:
        self._sender, self._ends = sender, ends
        self._real = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to one of the checked addresses."""
        problem: Exception = httpcore.ConnectError("there is no address")
        for address in self._sender.addresses(host, port):
            try:
                stream = self._real.connect_tcp(address, port, timeout, local_address, socket_options)
                return _Bounded(stream, self._ends)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """Never."""
        raise httpcore.ConnectError("no socket of this host is sent to")


class _Bounded(httpcore.NetworkStream):
    """A stream whose every step ends before the whole has to."""

    def __init__(self, stream: httpcore.NetworkStream, ends: float) -> None:
        self._stream, self._ends = stream, ends

    def _left(self, timeout: float | None) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole takes too long")
        return left if timeout is None else min(left, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As the stream beneath."""
        return self._stream.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """As the stream beneath."""
        self._stream.write(buffer, self._left(timeout))

    def close(self) -> None:
        """As the stream beneath."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """As the stream beneath; the certificate has to be for the name, not for the address."""
        return _Bounded(self._stream.start_tls(ssl_context, server_hostname, self._left(timeout)), self._ends)

    def get_extra_info(self, info: str) -> Any:
        """As the stream beneath."""
        return self._stream.get_extra_info(info)


# --- what waits -------------------------------------------------------------------------------------------------------


def sender_of(services: Services) -> Sender:
    """The sender as the settings have it."""
    settings = services.settings
    return Sender(allow_local=settings.outgoing_allow_local, ca_file=settings.gitlab_ca_file)


def send_due(
    services: Services,
    post: Post,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    chance: Callable[[], float] = random.random,
) -> int:
    """
    Send what waits; how many messages were taken. Call it from one process at a time.

    An address that does not take a message gets no other one in this round.
    """
    with session(services.store) as reading:
        hooks = {hook.id: hook for hook in outgoing.all_hooks(reading)}
        waiting = outgoing.due(reading, clock(), per_hook=_PER_ROUND) if hooks else ()
    if not waiting:
        return 0
    batches: dict[int, list[Delivery]] = {}
    for delivery in waiting:
        # An address may be made between the two questions: its messages wait for the next round.
        if delivery.hook_id in hooks:
            batches.setdefault(delivery.hook_id, []).append(delivery)
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="outgoing") as pool:
        rounds = [
            pool.submit(_Round(services, post, hooks[hook_id], clock, chance).send, batch)
            for hook_id, batch in batches.items()
        ]
        return sum(one.result() for one in rounds)


def send_one(
    services: Services, post: Post, delivery: Delivery, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> str:
    """Send one message now, whatever the order; why it was not taken, or nothing. Raises ``HookError``."""
    with session(services.store) as reading:
        hook = outgoing.get_hook(reading, delivery.hook_id)
    if hook is None:
        raise HookError(sentence(N_("there is no webhook {number}"), number=delivery.hook_id))
    one = _Round(services, post, hook, clock, random.random)
    one.send([delivery])
    with session(services.store) as reading:
        after = outgoing.get_delivery(reading, delivery.id)
    return after.problem if after is not None else ""


@dataclass(frozen=True, slots=True)
class _Round:
    """The messages of one address."""

    services: Services
    post: Post
    hook: Hook
    clock: Callable[[], datetime]
    chance: Callable[[], float]

    def send(self, batch: Iterable[Delivery]) -> int:
        store, taken = self.services.store, 0
        if self.hook.disabled_at is not None:
            with write_session(store) as writing:
                for delivery in batch:
                    outgoing.drop(writing, delivery.id, "the webhook is disabled", self.clock())
            return 0
        for delivery in batch:
            status, problem = self._attempt(delivery)
            now = self.clock()
            with write_session(store) as writing:
                if not problem:
                    outgoing.record_taken(writing, delivery.id, status or 0, now)
                    taken += 1
                elif outgoing.record_failed(writing, delivery, status, problem, now, self.chance()):
                    self._given_up(writing, delivery, problem, now)
            if problem:
                log.info("a webhook was not taken", hook=self.hook.id, delivery=delivery.id, problem=problem)
                break
        return taken

    def _attempt(self, delivery: Delivery) -> tuple[int | None, str]:
        body = encoded(delivery.body)
        try:
            with session(self.services.store) as reading:
                secret = outgoing.secret_of(reading, SecretBox(self.services.settings.data_dir), self.hook.id)
            status = self.post(self.hook.url, signed_headers(secret, delivery.message_id, self.clock(), body), body)
        except (SendError, SecretKeyError, HookError) as error:
            # Or somebody deleted it meanwhile, with its messages: then nothing is written down either.
            return None, str(error)
        return status, "" if 200 <= status < 300 else f"it answered {status}"

    def _given_up(self, writing: Any, delivery: Delivery, problem: str, now: datetime) -> None:
        if not outgoing.takes_nothing(writing, self.hook.id, delivery.created_at):
            return
        # For days it took nothing: whoever looks after it has to see that, and we stop knocking.
        outgoing.set_enabled(writing, self.hook.id, False, now)
        audit.append(
            writing,
            Act(
                actor=SYSTEM,
                person_id=None,
                action=Action.HOOK_CHANGED,
                subject=f"webhook {self.hook.id}",
                details={"before": "enabled", "after": "disabled", "because": f"it took nothing for days: {problem}"},
            ),
        )
        log.warning("a webhook is disabled: it took nothing for days", hook=self.hook.id, problem=problem)


# --- what nothing announces -------------------------------------------------------------------------------------------


def announce_endings(services: Services, now: datetime) -> int:
    """Tell of exceptions that came to their end since yesterday, each once; how many messages that is."""
    with session(services.store) as reading:
        hooks = outgoing.listening(reading, {EventType.SUPPRESSION_EXPIRED})
        ended = suppressions.ended_between(reading, now - _LOOK_BACK, now) if hooks else ()
    if not ended:
        return 0
    made = 0
    with write_session(services.store) as writing:
        for hook in hooks:
            told = outgoing.told_since(writing, hook.id, EventType.SUPPRESSION_EXPIRED, now - 2 * _LOOK_BACK)
            known = set(_numbers(told))
            events = [
                Event(EventType.SUPPRESSION_EXPIRED, one.project_id, outgoing.suppression_data(one), one.expires_at)
                for one in ended
                # What ended before anybody listened is no news.
                if one.id not in known and one.expires_at >= hook.created_at
            ]
            made += outgoing.announce_to(writing, [hook], events) if events else 0
    return made


def announce_overdue(services: Services, now: datetime) -> int:
    """
    Tell of findings whose deadline passed, each once for each deadline; how many messages that is.

    The oldest deadlines first, ``MOST_OVERDUE`` in a round: a policy that becomes stricter must not be a flood.
    """
    with session(services.store) as reading:
        hooks = outgoing.listening(reading, {EventType.FINDING_OVERDUE})
        # What passed before anybody listened is no news.
        since = min((hook.created_at for hook in hooks), default=now)
        found = deadlines.passed(reading, since=since, until=now, limit=MOST_OVERDUE) if hooks else ()
    if not found:
        return 0
    made = 0
    with write_session(services.store) as writing:
        deadlines.note_told(writing, found)
        for hook in hooks:
            events = [
                Event(EventType.FINDING_OVERDUE, one.project_id, one.data, one.due_at)
                for one in found
                if one.due_at >= hook.created_at
            ]
            made += outgoing.announce_to(writing, [hook], events) if events else 0
    return made


def announce_audit_head(services: Services, now: datetime) -> int:
    """Tell the last entry of the audit log, once a day (UTC); how many messages that is."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with session(services.store) as reading:
        hooks = [
            hook
            for hook in outgoing.listening(reading, {EventType.AUDIT_HEAD})
            if not outgoing.told_since(reading, hook.id, EventType.AUDIT_HEAD, today)
        ]
    if not hooks:
        return 0
    with write_session(services.store) as writing:
        last = audit.head(writing)
        event = Event(EventType.AUDIT_HEAD, None, {"sequence": last.sequence, "digest": last.digest})
        return outgoing.announce_to(writing, hooks, [event])


def _numbers(told: Iterable[Delivery]) -> Iterator[int]:
    for delivery in told:
        number = delivery.body.get("data", {}).get("suppression", {}).get("id")
        if isinstance(number, int):
            yield number
