"""Filters and the queries that say them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.known import Whereabouts
from bot.domain.priority import Standing
from bot.domain.triage_filter import (
    DEFAULT_STANDINGS,
    KEYS,
    LONGEST_QUERY,
    Assignee,
    Due,
    Filter,
    FilterError,
    NewSince,
    from_pairs,
    parse,
)
from scanners.finding import Confidence, FindingKind, Severity

NAME = st.text(st.characters(exclude_categories=("Cs", "Z", "C")), min_size=1, max_size=30)
FIRST = NAME.filter(lambda name: ":" not in name)
FILTERS = st.builds(
    Filter,
    standings=st.frozensets(st.sampled_from(Standing)),
    severities=st.frozensets(st.sampled_from(Severity)),
    confidences=st.frozensets(st.sampled_from(Confidence)),
    kinds=st.frozensets(st.sampled_from(FindingKind)),
    whereabouts=st.frozensets(st.sampled_from(Whereabouts)),
    known_exploited=st.sampled_from([None, True, False]),
    fix_available=st.sampled_from([None, True, False]),
    epss_least=st.none() | st.integers(0, 1_000_000).map(lambda n: n / 1_000_000),
    due=st.none() | st.sampled_from(Due),
    projects=st.frozensets(st.integers(0, 10**17), max_size=5),
    group=NAME.map(lambda name: name.strip("/")),
    rule=st.none() | st.tuples(FIRST, NAME),
    package=st.none() | st.tuples(FIRST, NAME),
    assignee=st.none() | st.sampled_from(Assignee) | st.integers(0, 10**17),
    new_since=st.none()
    | st.sampled_from(NewSince)
    | st.integers(0, 30_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    text=NAME,
)


@given(FILTERS)
def test_every_filter_can_be_said_and_is_understood(wanted: Filter) -> None:
    assert parse(wanted.to_query()) == wanted
    assert set(wanted.active) <= KEYS


def test_a_list_that_says_nothing_shows_what_waits_for_somebody() -> None:
    assert parse("") == Filter()
    assert Filter().to_query() == ""
    assert Filter().standings == DEFAULT_STANDINGS
    assert parse("standing=any").standings == frozenset()
    assert parse("after=12-3&severity=&q=+&page=2") == Filter()


def test_a_query_as_people_write_it() -> None:
    wanted = parse("severity=high&severity=critical&kev=yes&epss=0.1&group=/shop/&rule=osv:a:b&new=2026-03-01&q=a+b")
    assert wanted.severities == {Severity.HIGH, Severity.CRITICAL}
    assert (wanted.known_exploited, wanted.epss_least, wanted.group) == (True, 0.1, "shop")
    assert wanted.rule == ("osv", "a:b")
    assert wanted.new_since == datetime(2026, 3, 1, tzinfo=UTC)
    assert wanted.text == "a b"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("severity=hgih", "severity cannot be 'hgih'"),
        ("standing=open", "standing cannot be"),
        ("kev=maybe", "kev cannot be"),
        ("kev=yes&kev=no", "kev is given more than once"),
        ("epss=nan", "epss cannot be"),
        ("epss=1.1", "epss cannot be"),
        ("epss=1_0", "epss cannot be"),
        ("project=-1", "project cannot be"),
        ("project=" + "9" * 30, "project cannot be"),
        ("assignee=alice", "assignee cannot be"),
        ("rule=semgrep", "rule cannot be"),
        ("package=:django", "package cannot be"),
        ("new=tomorrow", "new cannot be"),
        ("new=0001-01-01T00:00:00%2B23:00", "new cannot be"),
        ("due=later", "due cannot be"),
        ("q=" + "x" * 201, "q is too long"),
        ("q=" + "x" * LONGEST_QUERY, "the query has"),
    ],
)
def test_a_word_that_is_not_known_is_named(query: str, says: str) -> None:
    with pytest.raises(FilterError, match=says) as caught:
        parse(query)
    assert caught.value.hint


@given(st.text(max_size=300))
def test_no_query_is_a_fault(query: str) -> None:
    try:
        wanted = parse(query)
    except FilterError:
        return
    assert parse(wanted.to_query()) == wanted


@given(st.lists(st.tuples(st.sampled_from(sorted(KEYS)), st.text(max_size=30)), max_size=6))
def test_no_value_is_a_fault(pairs: list[tuple[str, str]]) -> None:
    try:
        wanted = from_pairs(pairs)
    except FilterError:
        return
    assert from_pairs(pairs) == wanted


def test_links_put_a_value_in_and_take_it_out() -> None:
    both = Filter().toggled("severity", "high").toggled("severity", "low")
    assert both.severities == {Severity.HIGH, Severity.LOW}
    assert both.toggled("severity", "high").severities == {Severity.LOW}
    assert Filter(due=Due.SOON).toggled("due", "overdue").due is Due.OVERDUE
    assert Filter(due=Due.SOON).toggled("due", "soon") == Filter()
    assert Filter().toggled("standing", "undecided").standings == {Standing.REQUESTED}
    assert Filter(standings=frozenset({Standing.CLOSED})).toggled("standing", "closed").standings == frozenset()
    assert Filter().without("standing").standings == frozenset()
    assert both.without("severity") == Filter()


def test_me_and_my_last_visit_are_those_of_who_asks() -> None:
    wanted = Filter(assignee=Assignee.ME, new_since=NewSince.LAST_VISIT)
    visit = datetime(2026, 3, 1, tzinfo=UTC)
    assert wanted.for_person(7, visit) == replace(wanted, assignee=7, new_since=visit)
    # Somebody without a number has nothing, and to a newcomer all is new.
    assert wanted.for_person(None, None) == replace(wanted, assignee=0, new_since=None)
