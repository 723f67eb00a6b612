"""
Where the lines of one file went, for whole ranges and in logarithmic time.

``FileChange.new_line_of`` answers for one line by walking the hunks. A scan asks for every line range of every finding,
so the hunks are laid out once here and then searched.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from bot.domain.change import Hunk


@dataclass(frozen=True, slots=True)
class Extent:
    """What became of a range of lines."""

    hunks: range
    """Numbers of the hunks that touch the range: edited, removed or added lines in it, or lines taken out of it or put
    into it. Empty when every line is unedited and they still follow each other."""
    survivors: tuple[int, int] | None
    """First and last unedited line of the range, as lines of the head; None when no line survived."""

    @property
    def edited(self) -> bool:
        """Whether the change touched the range."""
        return len(self.hunks) > 0


class LineMap:
    """
    The hunks of one file, searchable from both sides.

    Line ``n`` takes the place ``2n`` and the gap after it ``2n + 1``. So a hunk that replaces lines 5 to 7 takes the
    places 10 to 14, one that only inserts after line 5 takes place 11, and "does it touch lines 4 to 6?" is whether two
    closed intervals meet: an insertion just before or after the range does not touch it, one inside does.
    """

    def __init__(self, hunks: Iterable[Hunk] = ()) -> None:
        self._hunks = sorted(hunks, key=lambda h: (h.old_start, h.new_start))
        self._old = _Side([(h.old_start, h.old_count) for h in self._hunks])
        self._new = _Side([(h.new_start, h.new_count) for h in self._hunks])
        # How far lines after the first n hunks were pushed down.
        self._shift = [0, *accumulate(h.new_count - h.old_count for h in self._hunks)]

    def of_base(self, start: int, end: int) -> Extent:
        """What became of the base's lines ``start`` to ``end``."""
        touched = self._old.touching(start, end)
        survivors = self._old.survivors(start, end, touched)
        if survivors is not None:
            survivors = (self._head_line(survivors[0]), self._head_line(survivors[1]))
        return Extent(touched, survivors)

    def of_head(self, start: int, end: int) -> Extent:
        """What the change did to the head's lines ``start`` to ``end``."""
        touched = self._new.touching(start, end)
        return Extent(touched, self._new.survivors(start, end, touched))

    def expected(self, line: int) -> int:
        """Where the base's ``line`` stands in the head or, when it was edited, about where to look for it."""
        touched = self._old.touching(line, line)
        if not touched:
            return self._head_line(line)
        hunk = self._hunks[touched.start]
        return hunk.new_start + min(line - hunk.old_start, max(hunk.new_count - 1, 0))

    def base_line(self, line: int) -> int | None:
        """Where the head's ``line`` stood in the base; None when it was added or edited."""
        if self._new.touching(line, line):
            return None
        return line - self._shift[self._new.before(line)]

    def _head_line(self, line: int) -> int:
        return line + self._shift[self._old.before(line)]


class _Side:
    """One side's places, as described in ``LineMap``."""

    def __init__(self, ranges: list[tuple[int, int]]) -> None:
        self._first = [2 * start if count else 2 * start + 1 for start, count in ranges]
        self._last = [2 * (start + count - 1) if count else 2 * start + 1 for start, count in ranges]

    def touching(self, start: int, end: int) -> range:
        return range(bisect_left(self._last, 2 * start), bisect_right(self._first, 2 * end))

    def before(self, line: int) -> int:
        """How many hunks lie wholly before ``line``."""
        return bisect_left(self._last, 2 * line)

    def survivors(self, start: int, end: int, touched: range) -> tuple[int, int] | None:
        for number in touched:
            if self._first[number] > 2 * start:
                break
            start = self._last[number] // 2 + 1
        for number in reversed(touched):
            if self._last[number] < 2 * end:
                break
            # An odd place is the gap after a line, which takes no line away.
            end = (self._first[number] - 1) // 2
        return (start, end) if start <= end else None
