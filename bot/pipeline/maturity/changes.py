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
_MOST_SEEN = 2_000

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
            seen = {int(number): str(change) for number, change in cursor["seen"].items()}
            if after.tzinfo is None:
                raise ValueError("a moment without its zone")
        except (KeyError, TypeError, ValueError, AttributeError):
            return cls(number_of, start, until, {})
        return cls(number_of, min(after, until), until, seen)

    def cursor(self) -> dict[str, Any]:
        """For the next round."""
        edge = self.after - _OVERLAP
        kept = {number: change for number, change in self.seen.items() if datetime.fromisoformat(change) >= edge}
        newest = sorted(kept.items(), key=lambda item: (item[1], item[0]))[-_MOST_SEEN:]
        return {"after": self.after.isoformat(), "seen": {f"{number}": change for number, change in newest}}

    def pages(self, ask: Callable[[datetime, int], list[T]], most: int) -> Iterator[list[T]]:
        """Pages of rows that were not dealt with; the caller says ``done`` of each row."""
        asked, page = self.after - _OVERLAP, 1
        for _ in range(most):
            answer = ask(asked, page)
            rows = [row for row in answer if row.updated_at is not None]
            yield [row for row in rows if self.seen.get(self.number_of(row)) != _change_of(row)]
            if len(answer) < PAGE:
                self.complete = True
                return
            newest = max((row.updated_at for row in rows if row.updated_at is not None), default=asked)
            # GitLab shows milliseconds and compares microseconds: rows of the last one are asked for again.
            edge = newest - _MILLISECOND
            asked, page = (edge, 1) if edge > asked else (asked, page + 1)

    def done(self, row: T) -> None:
        """This row was dealt with."""
        assert row.updated_at is not None
        self.seen[self.number_of(row)] = _change_of(row)
        self.after = max(self.after, min(row.updated_at, self.until))


def _change_of(row: Pipeline | MergeRequest) -> str:
    assert row.updated_at is not None
    return row.updated_at.isoformat()
