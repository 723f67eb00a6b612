"""The line map answers for ranges what ``FileChange`` answers for one line after the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.change import Hunk
from bot.domain.linemap import LineMap
from tests.domain.builders import diff


@pytest.mark.parametrize(
    ("hunk", "lines", "edited", "survivors"),
    [
        ((5, 0, 6, 2), (3, 5), False, (3, 5)),
        ((5, 0, 6, 2), (6, 8), False, (8, 10)),
        ((5, 0, 6, 2), (5, 6), True, (5, 8)),
        ((5, 2, 5, 2), (1, 4), False, (1, 4)),
        ((5, 2, 5, 2), (4, 7), True, (4, 7)),
        ((5, 2, 5, 2), (5, 6), True, None),
        ((5, 2, 4, 0), (4, 6), True, (4, 4)),
        ((5, 2, 4, 0), (7, 9), False, (5, 7)),
    ],
)
def test_range_of_the_base_is_edited_only_when_a_hunk_touches_or_splits_it(
    hunk: tuple[int, int, int, int], lines: tuple[int, int], edited: bool, survivors: tuple[int, int] | None
) -> None:
    extent = LineMap([Hunk(*hunk)]).of_base(*lines)
    assert (extent.edited, extent.survivors) == (edited, survivors)


@pytest.mark.parametrize(
    ("hunk", "lines", "edited", "survivors"),
    [
        ((5, 0, 6, 2), (6, 7), True, None),
        ((5, 0, 6, 2), (5, 8), True, (5, 8)),
        ((5, 0, 6, 2), (7, 9), True, (8, 9)),
        ((5, 2, 4, 0), (4, 5), True, (4, 5)),
        ((5, 2, 4, 0), (5, 6), False, (5, 6)),
    ],
)
def test_range_of_the_head_is_edited_only_when_a_hunk_touches_or_splits_it(
    hunk: tuple[int, int, int, int], lines: tuple[int, int], edited: bool, survivors: tuple[int, int] | None
) -> None:
    extent = LineMap([Hunk(*hunk)]).of_head(*lines)
    assert (extent.edited, extent.survivors) == (edited, survivors)


_TEXT = st.lists(st.sampled_from("abcde"), max_size=25)


@given(_TEXT, _TEXT, st.data())
def test_every_range_agrees_with_its_single_lines(old: list[str], new: list[str], data: st.DataObject) -> None:
    made = diff(old, new)
    lines = LineMap(made.hunks)
    first = data.draw(st.integers(1, 30))
    last = data.draw(st.integers(first, 30))

    single = [made.new_line_of(n) for n in range(first, last + 1)]
    kept = [n for n in single if n is not None]
    extent = lines.of_base(first, last)
    assert extent.survivors == ((kept[0], kept[-1]) if kept else None)
    assert extent.edited == (None in single or kept[-1] - kept[0] != last - first)

    back = [made.old_line_of(n) for n in range(first, last + 1)]
    assert [lines.base_line(n) for n in range(first, last + 1)] == back
    from_base = [n for n, origin in zip(range(first, last + 1), back, strict=True) if origin is not None]
    origins = [origin for origin in back if origin is not None]
    extent = lines.of_head(first, last)
    assert extent.survivors == ((from_base[0], from_base[-1]) if from_base else None)
    assert extent.edited == (None in back or origins[-1] - origins[0] != last - first)
