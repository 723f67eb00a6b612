"""Jobs that write one status, in whatever order they are woken: what stands in the end is what all of them know."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import pytest
from greenlet import getcurrent, greenlet
from hypothesis import given
from hypothesis import strategies as st

from bot.pipeline.agreement import say_until_it_holds

Once = Callable[[Callable[[], str], Callable[[str], object]], None]


def once(wanted: Callable[[], str], say: Callable[[str], object]) -> None:
    """A single look, which is not enough."""
    say(wanted())


class Jobs:
    """A job for each verdict on one commit; every look and every word of theirs is a step of its own."""

    def __init__(self, passes: Sequence[bool], last: Once) -> None:
        self.passes, self.last = passes, last
        self.judged: set[int] = set()
        self.shown = "running"
        self.scheduler = getcurrent()
        self.waiting = [greenlet(self._job) for _ in passes]
        for number, job in enumerate(self.waiting):
            job.switch(number)

    def step(self, choice: int) -> None:
        """Let one of those that are not over go on."""
        alive = self.alive
        alive[choice % len(alive)].switch()

    @property
    def alive(self) -> list[greenlet]:
        return [job for job in self.waiting if not job.dead]

    def wanted(self, number: int) -> str:
        self.scheduler.switch()
        if not self.passes[number]:
            return "failed"
        others = [other for other in range(len(self.passes)) if other != number]
        if any(other in self.judged and not self.passes[other] for other in others):
            return "failed"
        return "success" if all(other in self.judged for other in others) else "running"

    def say(self, state: str) -> None:
        self.scheduler.switch()
        if self.shown != state:
            self.scheduler.switch()
            self.shown = state

    def _job(self, number: int) -> None:
        self.say(self.wanted(number))
        self.scheduler.switch()
        self.judged.add(number)
        self.last(lambda: self.wanted(number), self.say)


def ends(passes: Sequence[bool], last: Once) -> Iterator[str]:
    """What is shown in the end, for every order of the steps of two jobs."""
    open_ways: list[tuple[int, ...]] = [()]
    while open_ways:
        way = open_ways.pop()
        jobs = Jobs(passes, last)
        for choice in way:
            jobs.step(choice)
        taken = way
        while alive := jobs.alive:
            open_ways += [(*taken, other) for other in range(1, len(alive))]
            jobs.step(0)
            taken = (*taken, 0)
        yield jobs.shown


@pytest.mark.parametrize("passes", list(product([True, False], repeat=2)))
def test_two_jobs_end_with_what_both_know_in_every_order(passes: tuple[bool, bool]) -> None:
    assert set(ends(passes, say_until_it_holds)) == {"success" if all(passes) else "failed"}


def test_a_single_look_afterwards_is_not_enough() -> None:
    assert set(ends((False, True), once)) == {"failed", "running"}


@given(
    st.lists(st.booleans(), min_size=3, max_size=4),
    st.lists(st.integers(min_value=0, max_value=3), max_size=80),
)
def test_so_do_more_of_them(passes: list[bool], order: list[int]) -> None:
    jobs = Jobs(passes, say_until_it_holds)
    for choice in order:
        if jobs.alive:
            jobs.step(choice)
    while jobs.alive:
        jobs.step(0)
    assert jobs.shown == ("success" if all(passes) else "failed")
