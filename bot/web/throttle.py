"""How often somebody may try to come in: by address and by name, counted in this process."""

from __future__ import annotations

import ipaddress
import math
import time
from dataclasses import dataclass, field

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from bot.errors import sentence
from bot.texts import N_
from bot.web.api.problems import Problem


@dataclass(slots=True)
class Throttle:
    """Counts attempts. Thread-safe."""

    per_address: RateLimitItem = field(default_factory=lambda: parse("30 per 5 minutes"))
    """Attempts with a password, right or wrong."""
    per_name: RateLimitItem = field(default_factory=lambda: parse("10 per 15 minutes"))
    """Wrong passwords for one name, from wherever they come."""
    per_provider: RateLimitItem = field(default_factory=lambda: parse("60 per 5 minutes"))
    """Sign-ins by a provider that one address may begin or end: each makes us ask the provider."""
    _limiter: MovingWindowRateLimiter = field(default_factory=lambda: MovingWindowRateLimiter(MemoryStorage()))

    def count(self, limit: RateLimitItem, *what: str) -> None:
        """Count one attempt. Raises ``Problem`` 429 when there were too many."""
        if not self._limiter.hit(limit, *what):
            raise self._refusal(limit, *what)

    def check(self, limit: RateLimitItem, *what: str) -> None:
        """Raise ``Problem`` 429 when there were too many, without counting."""
        if not self._limiter.test(limit, *what):
            raise self._refusal(limit, *what)

    def forget(self, limit: RateLimitItem, *what: str) -> None:
        """Begin anew, after a success."""
        self._limiter.clear(limit, *what)

    def _refusal(self, limit: RateLimitItem, *what: str) -> Problem:
        reset = self._limiter.get_window_stats(limit, *what).reset_time
        seconds = max(1, math.ceil(reset - time.time()))
        hint = sentence(N_("Try again in {seconds} seconds."), seconds=seconds)
        return Problem(429, N_("there were too many attempts"), hint, headers={"Retry-After": str(seconds)})


def whose(address: str) -> str:
    """The address for counting; of IPv6 the network: each host there has more addresses than anybody counts."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
