"""
Several streams of bytes that arrive mixed and are wanted one after the other.

A few megabytes are kept in memory, the rest compressed in an unnamed temporary file.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from types import TracebackType
from typing import IO

_HELD = 4 * 1024 * 1024
"""Bytes in memory, over all streams."""


class Spool:
    """A context manager: the file goes away with it."""

    def __init__(self, held: int = _HELD) -> None:
        self._limit = held
        self._held: dict[str, bytearray] = {}
        self._size = 0
        self._chunks: dict[str, list[tuple[int, int]]] = {}
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, name: str, piece: bytes) -> None:
        """Append to the stream of this name."""
        self._held.setdefault(name, bytearray()).extend(piece)
        self._size += len(piece)
        if self._size > self._limit:
            self._flush()

    def pieces(self, name: str) -> Iterator[bytes]:
        """All of one stream, in pieces of any size."""
        for position, length in self._chunks.get(name, ()):
            assert self._file is not None
            self._file.seek(position)
            yield zlib.decompress(self._file.read(length))
        if held := self._held.get(name):
            yield bytes(held)

    def _flush(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the spool is left
        position = self._file.seek(0, 2)
        for name, held in self._held.items():
            packed = zlib.compress(held, 1)
            self._file.write(packed)
            self._chunks.setdefault(name, []).append((position, len(packed)))
            position += len(packed)
        self._held.clear()
        self._size = 0
