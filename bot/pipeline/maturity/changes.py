"""
Reads lists of GitLab in the order in which their rows changed, from where the last round left off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from bot.gitlab.model import PAGE, MergeRequest, Pipeline

_OVERLAP = timedelta(minutes=2)
"""A row may become visible a moment after rows that changed later."""
_MILLISECOND = timedelta(milliseconds=1)
MOST_SEEN = 2_000
"""Rows that are remembered from round to round, and all that changed at the same moment as the oldest of them."""

T = TypeVar("T", Pipeline, MergeRequest)


@dataclass
class Changes(Generic[T]):
    """
    Reads a list that is ordered by its rows' last change, from where it was left.

    The next page begins at the last change that was read, not at a number of rows: a row that changes meanwhile moves
    to the end, and every number behind it would mean another row.
    """

    number_of: Callable[[T], int]
    after: datetime
    """The newest change that was dealt with."""
    until: datetime
    """Now: a row that claims to have changed later must not keep others from being read."""
    seen: dict[int, str]
    """Rows that changed shortly before, by number, with their change."""
    complete: bool = False

    @classmethod
    def from_cursor(cls, number_of: Callable[[T], int], cursor: Any, start: datetime, until: datetime) -> Changes[T]:
        """Where an earlier round left off; anew from ``start`` on where its words cannot be read."""
        try:
            after = datetime.fromisoformat(cursor["after"])
            known: dict[int, str] = {int(number): str(change) for number, change in cursor["seen"].items()}
            moments = [after, *(datetime.fromisoformat(change) for change in known.values())]
            if any(moment.tzinfo is None for moment in moments):
                raise ValueError("a moment without its zone")
        except (KeyError, TypeError, ValueError, AttributeError):
            return cls(number_of, start, until, {})
        return cls(number_of, min(after, until), until, known)

    def cursor(self) -> dict[str, Any]:
        """For the next round."""
        edge = self.after - _OVERLAP
        kept = {number: change for number, change in self.seen.items() if datetime.fromisoformat(change) >= edge}
        if len(kept) > MOST_SEEN:
            oldest = sorted(kept.values())[-MOST_SEEN]
            kept = {number: change for number, change in kept.items() if change >= oldest}
        newest = sorted(kept.items(), key=lambda item: (item[1], item[0]))
        return {"after": self.after.isoformat(), "seen": {f"{number}": change for number, change in newest}}

    def pages(self, ask: Callable[[datetime, int], list[T]], most: int) -> Iterator[list[T]]:
        """
        Pages of rows that were not dealt with, ``most`` at most; the caller says ``done`` of each row.

        Pages that only show again what was dealt with do not count: a round that reads nothing else would be followed
        by others like it. There are so many of them as rows are remembered, and never many more.
        """
        asked, page = self._begin(), 1
        left, again = most, 2 * (len(self.seen) // PAGE + 1)
        while left and again:
            answer = ask(asked, page)
            rows = [row for row in answer if row.updated_at is not None]
            news = [row for row in rows if self.seen.get(self.number_of(row)) != _change_of(row)]
            if news:
                left -= 1
            else:
                again -= 1
            yield news
            newest = max((row.updated_at for row in rows if row.updated_at is not None), default=asked)
            # What changed since we began is the next round's, however much it is.
            if len(answer) < PAGE or newest > self.until:
                self.complete = True
                return
            # GitLab shows milliseconds and compares microseconds: rows of the last one are asked for again.
            edge = newest - _MILLISECOND
            asked, page = (edge, 1) if edge > asked else (asked, page + 1)

    def comes_again(self, row: T) -> bool:
        """Whether the next round is shown this row again where it is not called ``done``: so it may be left to that."""
        return row.updated_at is not None and row.updated_at > self.until - _OVERLAP

    def _begin(self) -> datetime:
        edge = self.after - _OVERLAP
        if len(self.seen) < MOST_SEEN:
            return edge
        # Not all of those minutes are remembered: what lies before the oldest that is was dealt with.
        # Those that claim to have changed in the future say nothing of the others.
        return max(edge, min(self.after, *map(datetime.fromisoformat, self.seen.values())) - _MILLISECOND)

    def done(self, row: T) -> None:
        """This row was dealt with."""
        assert row.updated_at is not None
        self.seen[self.number_of(row)] = _change_of(row)
        self.after = max(self.after, min(row.updated_at, self.until))


def _change_of(row: Pipeline | MergeRequest) -> str:
    assert row.updated_at is not None
    return row.updated_at.isoformat()
