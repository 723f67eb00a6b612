"""What takes much is done by few at once; of the others few wait, for a while, and all are told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.web.api.problems import Problem
from bot.web.turns import Turns


def hold(turns: Turns, until: threading.Event, begun: Callable[[], object]) -> None:
    with turns.turn():
        begun()
        until.wait(30)


def test_only_so_many_have_a_turn_and_who_waits_has_the_next_one() -> None:
    turns = Turns(at_once=2, waiting=3, seconds=30)
    lock, running, most = threading.Lock(), [0], [0]

    def work(_: int) -> None:
        with turns.turn():
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            threading.Event().wait(0.02)
            with lock:
                running[0] -= 1

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(work, range(5)))
    assert most == [2]


def test_who_would_wait_too_long_is_told_when_to_come_again() -> None:
    turns, until, begun = Turns(at_once=1, waiting=1, seconds=0.05), threading.Event(), threading.Barrier(2)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold, turns, until, begun.wait)
        begun.wait(30)
        with pytest.raises(Problem) as refused, turns.turn():
            raise AssertionError("it has no turn")
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})
        until.set()
        held.result(30)
    with turns.turn():
        pass


def test_who_comes_while_enough_wait_is_refused_at_once() -> None:
    turns, until, begun = Turns(at_once=1, waiting=0, seconds=3_600), threading.Event(), threading.Barrier(2)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold, turns, until, begun.wait)
        begun.wait(30)
        with pytest.raises(Problem, match="too many ask for this at once"), turns.turn():
            raise AssertionError("it has no turn")
        until.set()
        held.result(30)


def test_what_goes_wrong_in_a_turn_ends_it() -> None:
    turns = Turns(at_once=1, waiting=0, seconds=0)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"), turns.turn():
            raise ValueError("broken")
