"""
Takes deliveries in: many at once are one commit, and nobody is answered before it.

A commit costs a disk flush, and flushes are what limits how many webhooks a second can be answered. So a single thread
collects what arrives while the previous commit is under way and stores all of it in the next one.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import Engine

from bot.domain.inbox import AcceptResult, Delivery
from bot.pipeline.engine import JobQueue
from bot.pipeline.submission import submit
from bot.store.deliveries import StoredDelivery, finish_deliveries, record_deliveries
from bot.store.engine import write_session

log = structlog.get_logger(__name__)

_LARGEST_BATCH = 64


@dataclass(frozen=True, slots=True)
class _Waiting:
    delivery: Delivery
    answer: Future[AcceptResult]


class StoredInbox:
    """An ``Inbox`` on the store. Call ``start`` before the first delivery and ``stop`` after the last."""

    def __init__(self, engine: Engine, jobs: JobQueue) -> None:
        self._engine = engine
        self._jobs = jobs
        self._arrivals: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)

    def start(self) -> None:
        """Begin to store what arrives."""
        self._thread.start()

    def stop(self) -> None:
        """Store what has arrived, then end."""
        self._arrivals.put(None)
        self._thread.join(timeout=30)

    async def accept(self, delivery: Delivery) -> AcceptResult:
        """As ``Inbox.accept``: returns when the delivery and its jobs are on disk."""
        waiting = _Waiting(delivery, Future())
        self._arrivals.put(waiting)
        return await asyncio.wrap_future(waiting.answer)

    def _run(self) -> None:
        while True:
            first = self._arrivals.get()
            batch, ended = self._collect(first)
            if batch:
                self._store(batch)
            if ended:
                return

    def _collect(self, first: _Waiting | None) -> tuple[list[_Waiting], bool]:
        """Everything that has arrived by now, up to a limit; True when the end was among it."""
        batch: list[_Waiting] = []
        item = first
        while True:
            if item is None:
                return batch, True
            # A sender that has gone away is not waited for, but its delivery counts: it may have been the only one.
            batch.append(item)
            if len(batch) >= _LARGEST_BATCH:
                return batch, False
            try:
                item = self._arrivals.get_nowait()
            except queue.Empty:
                return batch, False

    def _store(self, batch: Sequence[_Waiting]) -> None:
        try:
            results = self._commit([waiting.delivery for waiting in batch])
        except Exception as error:
            if len(batch) == 1:
                log.error("delivery not stored", delivery_id=batch[0].delivery.delivery_id, exc_info=error)
                _fail(batch[0], error)
                return
            # One delivery must not take the others down with it.
            for waiting in batch:
                self._store([waiting])
            return
        for waiting, result in zip(batch, results, strict=True):
            if waiting.answer.set_running_or_notify_cancel():
                waiting.answer.set_result(result)

    def _commit(self, deliveries: Sequence[Delivery]) -> list[AcceptResult]:
        with write_session(self._engine) as session:
            rows = [_row(delivery) for delivery in deliveries]
            new = record_deliveries(session, rows)
            results: dict[int, AcceptResult] = {}
            finished: list[StoredDelivery] = []
            # In one order everywhere, so that two web processes never wait for each other's merge requests in a circle.
            for number in sorted(range(len(rows)), key=lambda n: (rows[n].project_id or 0, rows[n].iid or 0, n)):
                delivery, row = deliveries[number], rows[number]
                if delivery.key not in new:
                    results[number] = AcceptResult(duplicate=True, job_ids=())
                    continue
                new.discard(delivery.key)
                job_ids = tuple(
                    job_id
                    for position, request in enumerate(delivery.jobs)
                    for job_id in submit(session, self._jobs, request, token=f"{delivery.key}.{position}")
                )
                result = "accepted" if job_ids else "known"
                finished.append(replace(row, job_id=job_ids[0] if job_ids else None, result=result))
                results[number] = AcceptResult(duplicate=False, job_ids=job_ids)
            finish_deliveries(session, finished)
        return [results[number] for number in range(len(rows))]


def _fail(waiting: _Waiting, error: Exception) -> None:
    if waiting.answer.set_running_or_notify_cancel():
        waiting.answer.set_exception(error)


def _row(delivery: Delivery) -> StoredDelivery:
    first = delivery.jobs[0]
    return StoredDelivery(
        key=delivery.key,
        received_at=delivery.received_at,
        event=delivery.event_kind,
        project_id=first.project_id,
        iid=getattr(first, "iid", None),
    )
