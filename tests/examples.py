"""How many examples Hypothesis tries: few each time, as every run tries others; all of them in a thorough run."""

from __future__ import annotations

import os

THOROUGH = "MERGEWARDEN_THOROUGH"
"""Set to 1, it asks for every example; the suite then takes a few minutes more."""
_FEWEST = 20


def examples(number: int) -> int:
    """How many to try of ``number``: a quarter, but not less than 20 where so many were meant."""
    if os.environ.get(THOROUGH) == "1":
        return number
    return min(number, max(_FEWEST, number // 4))
