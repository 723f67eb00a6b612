"""Stand-ins for what the web side is given, and a way to talk to it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import Message

from bot.domain.inbox import AcceptResult, Delivery
from bot.domain.job import JobRequest
from bot.observability.metrics import Metrics
from bot.settings import WebhookAuthentication
from bot.web.app import WEBHOOK_PATH, WebDependencies, create_app
from bot.web.webhook import WebhookDependencies

ASSETS = Path(__file__).parent.parent / "assets" / "webhooks"
SECRET = "correct horse battery".replace(" ", "-")
SIGNING_KEY = bytes(range(100, 132))
SIGNING_TOKEN = "whsec_" + base64.b64encode(SIGNING_KEY).decode()
NOW = 1_772_440_000.0


def body_of(name: str) -> Any:
    """A webhook body by name."""
    return json.loads((ASSETS / f"{name}.json").read_bytes())


def all_bodies() -> list[str]:
    """Names of every body, sorted."""
    return sorted(path.stem for path in ASSETS.glob("*.json"))


def sign(raw: bytes, delivery_id: str = "d-1", timestamp: int = int(NOW), key: bytes = SIGNING_KEY) -> dict[str, str]:
    """The three headers of a signed delivery."""
    content = f"{delivery_id}.{timestamp}.".encode() + raw
    mac = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {"webhook-id": delivery_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{mac}"}


@dataclass
class FakeInbox:
    """Keeps deliveries in memory; can be broken or slow."""

    failure: Exception | None = None
    seconds: float = 0.0
    accepted: dict[str, Delivery] = field(default_factory=dict)

    async def accept(self, delivery: Delivery) -> AcceptResult:
        await asyncio.sleep(self.seconds)
        if self.failure is not None:
            raise self.failure
        duplicate = delivery.key in self.accepted
        self.accepted.setdefault(delivery.key, delivery)
        return AcceptResult(duplicate, tuple(f"job-{number}" for number, _ in enumerate(delivery.jobs, 1)))

    @property
    def jobs(self) -> list[JobRequest]:
        return [job for delivery in self.accepted.values() for job in delivery.jobs]


@dataclass
class Site:
    """The application with fakes around it."""

    inbox: FakeInbox = field(default_factory=FakeInbox)
    metrics: Metrics = field(default_factory=Metrics)
    secret: str | None = SECRET
    signing_token: str | None = None
    require_signature: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    web_options: Mapping[str, Any] = field(default_factory=dict)

    def app(self) -> FastAPI:
        webhook = WebhookDependencies(
            authentication=WebhookAuthentication(
                SecretStr(self.secret) if self.secret else None,
                SecretStr(self.signing_token) if self.signing_token else None,
                self.require_signature,
                300,
            ),
            inbox=self.inbox,
            metrics=self.metrics,
            clock=lambda: NOW,
            **self.options,
        )
        return create_app(WebDependencies(webhook=webhook, **self.web_options))

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app(), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, **arguments)

        return asyncio.run(send())

    def post(self, content: Any, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Deliver: a name of an asset, bytes, or an async iterator of bytes; with the right token unless told."""
        if isinstance(content, str):
            content = json.dumps(body_of(content)).encode()
        return self.request(
            "POST", WEBHOOK_PATH, content=content, headers={"X-Gitlab-Token": SECRET} if headers is None else headers
        )

    def count(self, name: str, **labels: str) -> float:
        value = self.metrics.registry.get_sample_value(f"mergewarden_{name}", labels)
        return value or 0.0


async def chunks_of(raw: bytes, size: int) -> AsyncIterator[bytes]:
    """The bytes piece by piece, as a sender without Content-Length sends them."""
    for start in range(0, len(raw), size):
        yield raw[start : start + size]


@dataclass
class RawExchange:
    """What a hand-made ASGI request got back."""

    status: int
    body: bytes
    chunks_read: int


def raw_post(
    app: FastAPI, headers: Sequence[tuple[bytes, bytes]], chunks: Iterable[bytes], *, stall: bool = False
) -> RawExchange:
    """A request below what an HTTP client would let through, such as a Content-Length that lies."""
    pieces = list(chunks)
    read = 0
    sent: list[Message] = []

    async def receive() -> Message:
        nonlocal read
        if read >= len(pieces):
            if stall:
                await asyncio.sleep(3600)
            return {"type": "http.disconnect"}
        read += 1
        more = stall or read < len(pieces)
        return {"type": "http.request", "body": pieces[read - 1], "more_body": more}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": WEBHOOK_PATH,
        "raw_path": WEBHOOK_PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": list(headers),
        "client": ("192.0.2.7", 5000),
        "server": ("test", 80),
    }
    asyncio.run(app(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return RawExchange(sent[0]["status"], body, read)
