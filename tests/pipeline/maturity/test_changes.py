"""A list that is read by its rows' last change loses none, whatever changes while it is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.gitlab.model import PAGE, Pipeline
from bot.pipeline.maturity.changes import MOST_SEEN, Changes
from tests.examples import examples

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=30)


def row(number: int, seconds: float) -> Pipeline:
    return Pipeline(number, 7, "a" * 40, "main", "success", "push", START + timedelta(seconds=seconds))


class FakeList:
    """GitLab's list: what changed after a moment, by its change, in pages."""

    def __init__(self, rows: list[Pipeline]) -> None:
        self.rows = {one.id: one for one in rows}
        self.asked = 0
        self.meanwhile: Callable[[], None] = lambda: None

    def __call__(self, after: datetime, page: int) -> list[Pipeline]:
        self.asked += 1
        found = sorted(
            (one for one in self.rows.values() if one.updated_at is not None and one.updated_at > after),
            key=lambda one: (str(one.updated_at), one.id),
        )
        self.meanwhile()
        return found[(page - 1) * PAGE : page * PAGE]


def read(rows: FakeList, cursor: object = None, most: int = 1000) -> tuple[dict[int, Pipeline], Changes[Pipeline]]:
    changes: Changes[Pipeline] = Changes.from_cursor(lambda one: one.id, cursor, START - timedelta(days=1), NOW)
    found: dict[int, Pipeline] = {}
    for page in changes.pages(rows, most):
        for one in page:
            found[one.id] = one
            changes.done(one)
    return found, changes


@settings(max_examples=examples(60))
@given(st.lists(st.integers(0, 400), max_size=450))
def test_every_row_is_read_once_however_many_changed_at_one_moment(seconds: list[int]) -> None:
    rows = FakeList([row(number, second) for number, second in enumerate(seconds)])
    found, changes = read(rows)
    assert found == rows.rows
    assert changes.complete
    # From there on nothing is news, also after the place was stored.
    again, later = read(rows, json.loads(json.dumps(changes.cursor())))
    assert again == {}
    assert later.complete


def test_a_row_that_moves_to_the_end_takes_none_away() -> None:
    rows = FakeList([row(number, number) for number in range(350)])
    moved = iter(range(0, 350, 7))

    def move() -> None:
        number = next(moved, None)
        if number is not None:
            rows.rows[number] = row(number, 10_000 + number)

    rows.meanwhile = move
    found, changes = read(rows)
    rows.meanwhile = lambda: None
    assert found | read(rows, changes.cursor())[0] == rows.rows


def test_a_row_that_became_visible_late_is_found() -> None:
    rows = FakeList([row(1, 100), row(2, 200)])
    _, changes = read(rows)
    rows.rows[3] = row(3, 150)
    found, _ = read(rows, changes.cursor())
    assert list(found) == [3]


def test_a_row_that_changed_again_is_news() -> None:
    rows = FakeList([row(1, 100), row(2, 200)])
    _, changes = read(rows)
    rows.rows[1] = row(1, 300)
    assert list(read(rows, changes.cursor())[0]) == [1]


def test_a_bound_on_pages_is_kept_and_the_next_round_goes_on() -> None:
    rows = FakeList([row(number, number) for number in range(250)])
    found, changes = read(rows, most=1)
    assert (len(found), rows.asked, changes.complete) == (PAGE, 1, False)
    for _ in range(3):
        more, changes = read(rows, changes.cursor(), most=2)
        found |= more
    assert found == rows.rows
    assert changes.complete


def test_more_rows_of_two_minutes_than_a_round_reads_hold_nothing_up() -> None:
    """A label that is deleted touches every merge request that had it."""
    rows = FakeList([row(number, number / 100) for number in range(1_050)] + [row(5_000, 9_000)])
    found, changes = read(rows, most=5)
    rounds = 1
    while not changes.complete:
        assert rounds < 5, "it comes no further"
        more, changes = read(rows, json.loads(json.dumps(changes.cursor())), most=5)
        assert more, "a round that read nothing new"
        found |= more
        rounds += 1
    assert found == rows.rows
    assert rounds == 3


@pytest.mark.parametrize("apart", [0.0, 0.001])
def test_more_rows_than_are_remembered_hold_nothing_up(apart: float) -> None:
    rows = FakeList([row(number, number * apart) for number in range(MOST_SEEN + 700)] + [row(90_000, 9_000)])
    found, changes = read(rows, most=10)
    for _ in range(5):
        if changes.complete:
            break
        more, changes = read(rows, json.loads(json.dumps(changes.cursor())), most=10)
        found |= more
    assert changes.complete
    assert found == rows.rows


def test_a_list_that_never_ends_is_left() -> None:
    """Whatever page is asked for, the answer is the same."""
    rows = [row(number, 1) for number in range(PAGE)]
    changes: Changes[Pipeline] = Changes.from_cursor(lambda one: one.id, None, START, NOW)
    for page in changes.pages(lambda _after, _page: rows, 3):
        for one in page:
            changes.done(one)
    assert not changes.complete


def test_what_changed_after_the_round_began_is_left_to_the_next() -> None:
    """However many: they are no reason to call what is known incomplete, nor to read on and on."""
    ahead = [
        replace(row(number, 0), updated_at=NOW + timedelta(seconds=1 + number)) for number in range(100, 100 + 5 * PAGE)
    ]
    rows = FakeList([row(1, 100), *ahead])
    _, changes = read(rows, most=3)
    assert changes.complete
    assert rows.asked == 1
    assert changes.comes_again(ahead[0])
    assert not changes.comes_again(rows.rows[1])


def test_a_row_without_a_time_is_passed_over() -> None:
    rows = [replace(row(number, 1), updated_at=None) for number in range(PAGE)]
    changes: Changes[Pipeline] = Changes.from_cursor(lambda one: one.id, None, START, NOW)
    assert list(changes.pages(lambda _, page: rows if page == 1 else [], 5)) == [[], []]
    assert changes.complete


def test_a_row_that_claims_to_have_changed_in_the_future_hides_no_other() -> None:
    rows = FakeList(
        [row(1, 100), Pipeline(2, 7, "a" * 40, "main", "success", "push", datetime(9999, 12, 1, tzinfo=UTC))]
    )
    found, changes = read(rows)
    assert set(found) == {1, 2}
    rows.rows[3] = row(3, NOW.timestamp() - START.timestamp() + 60)
    more, _ = read(rows, json.loads(json.dumps(changes.cursor())))
    assert 3 in more
