"""
Notices that a running job is no longer wanted.

A job carries the sequence number its merge request had when it was submitted. A newer push raises the number, and the
older job stops at its next look: between steps, between requests, and inside a scanner's run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType


class Superseded(Exception):
    """Raised inside a job when a newer one exists. Not an error: the newer job does the work."""


class Watch:
    """
    Looks every ``interval`` seconds whether ``is_current()`` still holds, in a thread of its own.

    Use it as a context manager. ``cancelled()`` is cheap and never touches the database; ``check()`` raises
    ``Superseded``. An ``is_current`` that raises counts as current: a store that is away for a moment stops nothing.
    """

    def __init__(self, is_current: Callable[[], bool], interval: float = 0.3) -> None:
        self._is_current = is_current
        self._interval = interval
        self._over = threading.Event()
        self._superseded = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def __enter__(self) -> Watch:
        if not self._is_current():
            raise Superseded
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()

    def cancelled(self) -> bool:
        """Whether a newer job was seen."""
        return self._superseded.is_set()

    def check(self) -> None:
        """Raise ``Superseded`` when a newer job was seen."""
        if self._superseded.is_set():
            raise Superseded

    def _run(self) -> None:
        while not self._over.wait(self._interval):
            try:
                current = self._is_current()
            except Exception:  # noqa: S112 - see the class: not knowing is no reason to stop
                continue
            if not current:
                self._superseded.set()
                return
