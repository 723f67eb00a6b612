"""
One-to-one pairing by evidence: the few lines of algorithm that every pass of ``bot.domain.delta`` shares.

Candidates are found by shared keys, so that only findings that could be the same are ever compared, and the cheapest
pairs win. Where very many share a key, the quadratic comparison is replaced by pairing in order, and the result says
so.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

COMPARISONS = 100_000
"""Most pairs that one pass compares; about a tenth of a second."""

T = TypeVar("T")


@dataclass(slots=True)
class Pairing(Generic[T]):
    """What one pass found out."""

    pairs: list[tuple[T, T]] = field(default_factory=list)
    """Base and head; nobody appears twice."""
    bases: list[T] = field(default_factory=list)
    """Those of the base that are left, in the order given."""
    heads: list[T] = field(default_factory=list)
    """Those of the head that are left, in the order given."""
    hurried: set[int] = field(default_factory=set)
    """``id()`` of each of the head that was compared only in order, because the cap was reached."""


def pair(
    bases: Sequence[T],
    heads: Sequence[T],
    keys: Callable[[T], Iterable[Hashable]],
    cost: Callable[[T, T], tuple[int, ...] | None],
    *,
    comparisons: int = COMPARISONS,
) -> Pairing[T]:
    """
    Pair ``bases`` with ``heads`` one to one.

    Two are compared when they share a key; ``cost`` says how far apart they are, or None when they cannot be the same.
    The nearest pairs are taken first, and among equals the earlier in the given order. At most ``comparisons`` pairs
    are compared; small groups go first, and in those that no longer fit the n-th left of one side meets the n-th of the
    other.
    """
    if not bases or not heads:
        return Pairing(bases=list(bases), heads=list(heads))
    buckets: dict[Hashable, tuple[list[int], list[int]]] = {}
    for number, base in enumerate(bases):
        for key in dict.fromkeys(keys(base)):
            buckets.setdefault(key, ([], []))[0].append(number)
    for number, head in enumerate(heads):
        for key in dict.fromkeys(keys(head)):
            if key in buckets:
                buckets[key][1].append(number)
    groups = sorted(
        (group for group in buckets.values() if group[1]), key=lambda group: (len(group[0]) * len(group[1]), group)
    )

    costs: dict[tuple[int, int], tuple[int, ...] | None] = {}
    too_large: list[tuple[list[int], list[int]]] = []
    spent = 0
    for group in groups:
        size = len(group[0]) * len(group[1])
        if spent + size > comparisons:
            too_large.append(group)
            continue
        spent += size
        for b in group[0]:
            for h in group[1]:
                if (b, h) not in costs:
                    costs[b, h] = cost(bases[b], heads[h])

    matched_bases: set[int] = set()
    matched_heads: set[int] = set()
    result: Pairing[T] = Pairing()

    def take(b: int, h: int) -> None:
        matched_bases.add(b)
        matched_heads.add(h)
        result.pairs.append((bases[b], heads[h]))

    ranked = sorted((price, b, h) for (b, h), price in costs.items() if price is not None)
    for _, b, h in ranked:
        if b not in matched_bases and h not in matched_heads:
            take(b, h)
    for left, right in too_large:
        rest = [b for b in left if b not in matched_bases]
        result.hurried.update(id(heads[h]) for h in right)
        for b, h in zip(rest, [h for h in right if h not in matched_heads], strict=False):
            if cost(bases[b], heads[h]) is not None:
                take(b, h)
    result.bases = [base for number, base in enumerate(bases) if number not in matched_bases]
    result.heads = [head for number, head in enumerate(heads) if number not in matched_heads]
    return result
