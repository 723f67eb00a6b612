"""CWE numbers out of tools' words, and which of them name the same weakness."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NUMBER = re.compile(r"(?:CWE-?)?(\d{1,5})", re.ASCII | re.IGNORECASE)

# Child to parent, from the research view (CWE-1000), only where two tools name one weakness on different levels.
_PARENT = {
    78: 77,
    88: 77,
    89: 943,
    90: 943,
    643: 943,
    94: 74,
    95: 94,
    96: 94,
    1336: 94,
    79: 74,
    80: 79,
    22: 706,
    23: 22,
    36: 22,
    73: 22,
    259: 798,
    321: 798,
    327: 326,
    328: 327,
    916: 327,
    330: 327,
    338: 330,
    295: 287,
    297: 295,
    611: 610,
    776: 611,
    20: 611,  # bandit files its XML parsers under CWE-20, improper input validation
    377: 668,
    379: 377,
    502: 913,
    601: 610,
    918: 441,
    732: 276,
}

SECRETS = frozenset({256, 257, 259, 260, 312, 321, 522, 523, 547, 555, 615, 798, 1391})
"""Weaknesses whose flagged code is, or holds, a secret: its literals are never shown."""


def cwes_of(words: Iterable[object]) -> tuple[int, ...]:
    """Numbers of words such as ``CWE-89: SQL Injection``, 89 or ``"89"``; sorted, without repetition."""
    found = set()
    for word in words:
        match = _NUMBER.match(str(word).strip())
        if match and int(match.group(1)) > 0:
            found.add(int(match.group(1)))
    return tuple(sorted(found))


def related(left: Iterable[int], right: Iterable[int]) -> bool:
    """Whether any of the one equals any of the other, or is its parent, or its child in the table."""
    other = set(right)
    return any(a == b or _PARENT.get(a) == b or _PARENT.get(b) == a for a in left for b in other)
