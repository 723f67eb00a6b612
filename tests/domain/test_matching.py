"""Pairing is one to one, nearest first, and says when it had to hurry."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.matching import pair

_NUMBERS = st.lists(st.integers(0, 40), max_size=12)


def _distance(left: int, right: int) -> tuple[int, ...]:
    return (abs(left - right),)


def test_nearest_pairs_win_whatever_their_order() -> None:
    made = pair([10, 20], [21, 12, 99], lambda _: ["same"], _distance)
    assert sorted(made.pairs) == [(10, 12), (20, 21)]
    assert made.heads == [99]


def test_only_those_that_share_a_key_are_compared() -> None:
    made = pair([1, 2], [11, 12], lambda n: [n % 10], _distance)
    assert sorted(made.pairs) == [(1, 11), (2, 12)]
    assert pair([1], [2], lambda n: [n], _distance).pairs == []


def test_pairs_that_cannot_be_are_not_made() -> None:
    assert pair([1], [2], lambda _: ["same"], lambda a, b: None).pairs == []


def test_too_many_alike_are_taken_in_order_and_named() -> None:
    bases, heads = list(range(100)), list(range(1000, 1101))
    made = pair(bases, heads, lambda _: ["same"], _distance, comparisons=50)
    assert made.pairs == list(zip(bases, heads, strict=False))
    assert made.hurried == {id(head) for head in heads}


def test_a_crowd_does_not_take_the_comparisons_of_the_few() -> None:
    bases, heads = [1, 3, *range(10, 60)], [2, 4, *range(110, 160)]
    made = pair(bases, heads, lambda n: ["few" if n < 10 else "crowd"], _distance, comparisons=50)
    assert {(1, 2), (3, 4)} <= set(made.pairs)
    assert id(heads[0]) not in made.hurried


@given(_NUMBERS, _NUMBERS, st.integers(0, 60))
def test_everyone_is_paired_once_or_left(bases: list[int], heads: list[int], comparisons: int) -> None:
    made = pair(bases, heads, lambda n: [n % 3, "odd" if n % 2 else "even"], _distance, comparisons=comparisons)
    assert sorted([b for b, _ in made.pairs] + made.bases) == sorted(bases)
    assert sorted([h for _, h in made.pairs] + made.heads) == sorted(heads)


@given(_NUMBERS, _NUMBERS, st.integers(0, 60))
def test_no_input_costs_more_comparisons_than_the_cap_and_one_for_each_that_is_taken_in_order(
    bases: list[int], heads: list[int], comparisons: int
) -> None:
    asked: list[tuple[int, int]] = []

    def counted(left: int, right: int) -> tuple[int, ...]:
        asked.append((left, right))
        return _distance(left, right)

    made = pair(bases, heads, lambda n: [n % 3, "odd" if n % 2 else "even"], counted, comparisons=comparisons)
    keys_of_each = 2
    assert len(asked) <= comparisons + keys_of_each * min(len(bases), len(heads))
    # Whoever was not compared with everybody who shares a key is named.
    for number, head in enumerate(heads):
        alike = {base for base in bases if base % 3 == head % 3 or base % 2 == head % 2}
        if not alike <= {base for base, other in asked if other == head}:
            assert id(heads[number]) in made.hurried
