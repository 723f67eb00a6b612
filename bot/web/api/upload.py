"""
Takes a request's body to a file: counted, unpacked where it is packed, and gone when it does not arrive whole.

The event loop only moves bytes; unpacking and writing are done in a thread.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import anyio
import anyio.to_thread

from bot.web.api.problems import Problem

_BLOCK = 1024 * 1024
"""Bytes that are handed to the thread at once."""
_UNPACK = 1024 * 1024
_FREE_BYTES = 64 * 1024 * 1024
_MOST_TIMES = 200
"""How often a body may grow when it is unpacked, beyond ``_FREE_BYTES``. Reports of real tools shrink to a fiftieth."""
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What an upload may take."""

    max_bytes: int
    """Of the body, and of what it unpacks to."""
    idle_seconds: float = 30.0
    """Between two pieces of the body."""
    grace_seconds: float = 60.0
    """Before the least rate counts."""
    least_bytes_per_second: int = 64 * 1024
    """On average, so that nobody can hold the one place for an import for long."""


class Body(Protocol):
    """Where the bytes come from: a Starlette request."""

    def stream(self) -> AsyncIterator[bytes]:
        """Pieces as they arrive; raises ``ClientDisconnect`` when the sender goes away."""
        ...


async def receive(
    body: Body, place: Path, limits: UploadLimits, *, packed: bool, clock: Callable[[], float] = time.monotonic
) -> int:
    """
    Write the body to ``place`` and return how many bytes that were after unpacking.

    Raises ``Problem``: 400 for a broken gzip stream, 408 for a body that does not arrive, 413 for one that is too
    large, 503 when there is no room. ``ClientDisconnect`` is passed on.
    """
    started, received = clock(), 0
    block: list[bytes] = []
    waiting = 0
    pieces = body.stream().__aiter__()
    with place.open("wb") as file:
        sink = _Unpacking(file, limits.max_bytes) if packed else _Plain(file, limits.max_bytes)
        while True:
            try:
                with anyio.fail_after(limits.idle_seconds):
                    piece = await anext(pieces, None)
            except TimeoutError:
                raise _slow() from None
            if piece is None:
                break
            received += len(piece)
            waiting += len(piece)
            block.append(piece)
            if received > limits.max_bytes:
                raise too_large(limits.max_bytes)
            allowed = limits.grace_seconds + received / limits.least_bytes_per_second
            if clock() - started > allowed:
                raise _slow()
            if waiting >= _BLOCK:
                await _write(sink, b"".join(block))
                block, waiting = [], 0
        await _write(sink, b"".join(block))
        sink.finish()
        return sink.size


async def _write(sink: _Sink, data: bytes) -> None:
    try:
        # Not abandoned when the sender goes away: the file must not be closed under the thread.
        await anyio.to_thread.run_sync(sink.write, data)
    except OSError as error:
        raise Problem(503, "there is no room to store the report", "Make room in the data directory.") from error


class _Sink(Protocol):
    size: int

    def write(self, data: bytes) -> None: ...

    def finish(self) -> None: ...


class _Plain:
    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file, self._limit, self.size = file, limit, 0

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self.size += len(data)

    def finish(self) -> None:
        self._file.flush()


class _Unpacking:
    """gzip, RFC 1952: one or more members, each complete."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file, self._limit, self.size = file, limit, 0
        self._member = zlib.decompressobj(_GZIP)
        self._taken = 0

    def write(self, data: bytes) -> None:
        if data and self._member.eof:
            self._member = zlib.decompressobj(_GZIP)
        self._taken += len(data)
        while True:
            try:
                out = self._member.decompress(data, _UNPACK)
            except zlib.error:
                raise _broken("it is no gzip stream, or it is damaged") from None
            self.size += len(out)
            if self.size > self._limit or self.size > max(_FREE_BYTES, _MOST_TIMES * self._taken):
                raise too_large(self._limit, "when it is unpacked")
            self._file.write(out)
            if self._member.eof:
                data = self._member.unused_data
                if not data:
                    return
                self._member = zlib.decompressobj(_GZIP)
            else:
                data = self._member.unconsumed_tail
                # A full block of output may have more behind it although all input is taken.
                if not data and len(out) < _UNPACK:
                    return

    def finish(self) -> None:
        if not self._member.eof:
            raise _broken("the gzip stream is cut off")
        self._file.flush()


def too_large(limit: int, when: str = "") -> Problem:
    """The answer to a report that is too large."""
    return Problem(
        413, f"the report is larger than {limit} bytes {when}".rstrip(), "Raise MERGEWARDEN_MAX_REPORT_BYTES, or split."
    )


def _slow() -> Problem:
    return Problem(408, "the report did not arrive in time", "Send it again, packed with gzip if the line is slow.")


def _broken(detail: str) -> Problem:
    return Problem(400, f"the body cannot be unpacked: {detail}", "Send the file as it is, without Content-Encoding.")
