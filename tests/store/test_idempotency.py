"""Requests that are sent twice: one works, the others hear what came of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import Engine

from bot.store import idempotency
from bot.store.engine import write_session
from bot.store.idempotency import Kept
from tests.store.samples import NOON

LATER = NOON + timedelta(hours=1)


def claim(engine: Engine, request: str = "r", at_later: timedelta = timedelta()) -> Kept | None:
    with write_session(engine) as writing:
        return idempotency.claim(writing, "k", request, NOON + at_later)


def test_the_first_works_and_the_second_hears_what_came_of_it(engine: Engine) -> None:
    assert claim(engine) is None
    assert claim(engine) == Kept("r", None, None)
    with write_session(engine) as writing:
        idempotency.finish(writing, "k", 201, {"body": "x"})
    assert claim(engine, "other") == Kept("r", 201, {"body": "x"})


def test_of_many_at_once_one_works(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: claim(engine), range(8)))
    assert answers.count(None) == 1


def test_a_request_that_changed_nothing_can_be_sent_again(engine: Engine) -> None:
    claim(engine)
    with write_session(engine) as writing:
        idempotency.release(writing, "k")
    assert claim(engine) is None


def test_one_that_died_with_its_process_and_one_of_yesterday_count_no_more(engine: Engine) -> None:
    assert claim(engine) is None
    assert claim(engine, at_later=timedelta(minutes=4)) is not None
    assert claim(engine, at_later=timedelta(minutes=6)) is None
    with write_session(engine) as writing:
        idempotency.finish(writing, "k", 200, {})
    assert claim(engine, at_later=timedelta(hours=23)) is not None
    assert claim(engine, at_later=timedelta(hours=25)) is None
    with write_session(engine) as writing:
        assert idempotency.purge(writing, before=NOON + timedelta(days=3)) == 1
