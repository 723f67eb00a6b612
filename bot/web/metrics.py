"""``/metrics`` for Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from bot.observability.metrics import CONTENT_TYPE, Metrics, QueueDepth


def metrics_endpoint(metrics: Metrics, queue_depth: QueueDepth | None) -> Callable[[Request], Awaitable[Response]]:
    """The counts of every process of this host, and the depth of the queues as the store knows it."""

    async def show(_request: Request) -> Response:
        # In a thread: the store is asked, and may be slow.
        page = await asyncio.to_thread(metrics.render, queue_depth)
        return Response(page, headers={"Content-Type": CONTENT_TYPE})

    return show
