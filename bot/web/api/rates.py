"""How often one token or person may call the API, whichever of its routes."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from bot.errors import sentence
from bot.texts import N_
from bot.web.api.problems import Problem

READS_PER_MINUTE = 600
WRITES_PER_MINUTE = 120
EXPORTS_PER_MINUTE = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """How many calls one token or person may make in a minute."""

    reads: int = READS_PER_MINUTE
    writes: int = WRITES_PER_MINUTE
    exports: int = EXPORTS_PER_MINUTE


class RateLimits:
    """Counts calls in memory: one process answers, and a restart forgives."""

    def __init__(self, limits: Limits) -> None:
        self._items: Mapping[str, RateLimitItem] = MappingProxyType(
            {
                "read": RateLimitItemPerMinute(limits.reads),
                "write": RateLimitItemPerMinute(limits.writes),
                "export": RateLimitItemPerMinute(limits.exports),
            }
        )
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._lock = threading.Lock()

    def take(self, kind: str, who: str) -> dict[str, str]:
        """Count a call; the headers that say what is left. Raises ``Problem`` 429."""
        item = self._items[kind]
        with self._lock:
            allowed = self._limiter.hit(item, kind, who)
            stats = self._limiter.get_window_stats(item, kind, who)
        wait = max(1, round(stats.reset_time - time.time()))
        # https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
        headers = {
            "RateLimit-Policy": f'"{kind}";q={item.amount};w={item.get_expiry()}',
            "RateLimit": f'"{kind}";r={stats.remaining};t={wait}',
        }
        if not allowed:
            raise Problem(
                429,
                sentence(N_("more than {count} {kind} calls in a minute"), count=item.amount, kind=kind),
                N_("Wait as Retry-After says."),
                headers={**headers, "Retry-After": str(wait)},
            )
        return headers
