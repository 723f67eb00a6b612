"""How many requests may do something at once that takes much, in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bot.texts import N_
from bot.web.api.problems import Problem


@dataclass(slots=True)
class Turns:
    """
    Who comes while all turns are taken waits, but not for ever, and not everybody: whoever waits holds one of the
    threads that all requests share, and the pre-receive hook is among those. Thread-safe.
    """

    at_once: int = 2
    waiting: int = 4
    """How many may wait."""
    seconds: float = 20.0
    """How long one waits at most."""
    _free: threading.Condition = field(default_factory=threading.Condition)
    _running: int = 0
    _queued: int = 0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold a turn. Raises ``Problem`` 503 where too many wait already, or none became free in time."""
        with self._free:
            if self._running >= self.at_once:
                if self._queued >= self.waiting:
                    raise self._refusal()
                self._queued += 1
                try:
                    free = self._free.wait_for(lambda: self._running < self.at_once, self.seconds)
                finally:
                    self._queued -= 1
                if not free:
                    raise self._refusal()
            self._running += 1
        try:
            yield
        finally:
            with self._free:
                self._running -= 1
                self._free.notify()

    def _refusal(self) -> Problem:
        return Problem(
            503,
            N_("too many ask for this at once"),
            N_("Wait as Retry-After says, or try again a little later."),
            headers={"Retry-After": str(max(1, round(self.seconds)))},
        )
