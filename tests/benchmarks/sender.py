"""
Sends prepared webhooks at prepared moments: ``python -m tests.benchmarks.sender PORT PLAN RESULT``.

A process of its own, and an open loop: what is due is sent, whatever became of what was sent before, each on a
connection of its own as GitLab does. A line of PLAN is ``[seconds since the start, whole request]``, of RESULT ``[how
late it was sent, seconds to the answer, status, body]``; status 0 means that no answer came.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from contextlib import suppress
from pathlib import Path

_PATIENCE_SECONDS = 10.0
"""As long as GitLab waits."""

Answer = tuple[float, float, int, str]


async def _deliver(port: int, due: float, request: bytes) -> Answer:
    begun = time.perf_counter()
    raw = b""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            raw = await reader.read()
            writer.close()
    seconds = time.perf_counter() - begun
    head, _, body = raw.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/1.1 ") else 0
    return begun - due, seconds, status, body.decode("utf-8", "replace")


async def _send(port: int, plan: list[tuple[float, bytes]]) -> list[Answer]:
    start = time.perf_counter() + 0.2
    tasks = []
    for at, request in plan:
        wait = start + at - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(_deliver(port, start + at, request)))
    return list(await asyncio.gather(*tasks))


def main() -> None:
    port, plan, result = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    read = [json.loads(line) for line in plan.read_text("utf-8").splitlines()]
    gc.freeze()
    gc.disable()
    answers = asyncio.run(_send(port, [(at, request.encode()) for at, request in read]))
    result.write_text("\n".join(json.dumps(answer) for answer in answers), "utf-8")


if __name__ == "__main__":
    main()
