"""Sends webhooks as GitLab does: once, in the background, with its headers, and without a second try."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import queue
import threading
import time
import uuid
from typing import TYPE_CHECKING

import httpx

from tests.standin.model import Delivery, Hook, Json

if TYPE_CHECKING:
    from tests.standin.world import World

_HEADER = {
    "push_events": "Push Hook",
    "merge_requests_events": "Merge Request Hook",
    "note_events": "Note Hook",
    "confidential_note_events": "Confidential Note Hook",
    "pipeline_events": "Pipeline Hook",
}


def signature(signing_token: str, delivery_id: str, timestamp: str, body: bytes) -> str:
    """``v1,<base64>`` over id, time and raw body, keyed with the decoded ``whsec_`` token."""
    key = base64.b64decode(signing_token.removeprefix("whsec_"))
    content = delivery_id.encode() + b"." + timestamp.encode() + b"." + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


class Deliverer:
    """One thread that sends what is queued, in order."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._queue: queue.Queue[Delivery | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="standin-webhooks", daemon=True)
        self._client = httpx.Client(timeout=10, trust_env=False, follow_redirects=False)
        self.paused = False
        """While true nothing is sent and nothing is queued: deliveries are lost, as GitLab loses them."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=15)
        self._client.close()

    def send(self, hook: Hook, trigger: str, payload: Json, *, system: bool = False) -> Delivery | None:
        """Queue one delivery; the record fills itself when the answer is there."""
        if self.paused:
            return None
        body = json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
        key = str(uuid.uuid4())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"GitLab/{self._world.version}",
            "X-Gitlab-Event": "System Hook" if system else _HEADER.get(trigger, "System Hook"),
            "X-Gitlab-Instance": self._world.url,
            "X-Gitlab-Webhook-UUID": str(uuid.uuid4()),
            "X-Gitlab-Event-UUID": str(uuid.uuid4()),
            "Idempotency-Key": key,
            "webhook-id": key,
            **{h["key"]: h["value"] for h in hook.custom_headers},
        }
        return self._enqueue(hook, trigger, headers, body)

    def resend(self, delivery: Delivery) -> Delivery:
        """The same body and the same key, a new time."""
        return self._enqueue(delivery.hook, delivery.trigger, dict(delivery.headers), delivery.body)

    def _enqueue(self, hook: Hook, trigger: str, headers: dict[str, str], body: bytes) -> Delivery:
        delivery = Delivery(self._world.next_id(), hook, trigger, headers, body)
        with self._world.lock:
            self._world.deliveries.append(delivery)
        self._queue.put(delivery)
        return delivery

    def _run(self) -> None:
        while (delivery := self._queue.get()) is not None:
            hook = delivery.hook
            timestamp = str(int(time.time()))
            delivery.headers["webhook-timestamp"] = timestamp
            if hook.token is not None:
                delivery.headers["X-Gitlab-Token"] = hook.token
            if hook.signing_token is not None:
                delivery.headers["webhook-signature"] = signature(
                    hook.signing_token, delivery.headers["webhook-id"], timestamp, delivery.body
                )
            started = time.monotonic()
            try:
                answer = self._client.post(hook.url, content=delivery.body, headers=delivery.headers)
                delivery.status, delivery.response = answer.status_code, answer.text[:8192]
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                delivery.error = f"{type(error).__name__}: {error}"
            delivery.seconds = time.monotonic() - started
            delivery.done = True
            self._world.changed()
