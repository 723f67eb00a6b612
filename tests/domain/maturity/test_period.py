"""Periods: labels that are read back, neighbours without a gap, ISO weeks across years."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.maturity.period import (
    LONGEST_DAYS,
    TRAILING_DAYS,
    Period,
    PeriodKind,
    PeriodTooLong,
    last_ended,
    must_fit,
    night,
    parse_period,
    period_of,
)

CALENDAR = [kind for kind in PeriodKind if kind not in (PeriodKind.SPAN, PeriodKind.NIGHT)]
dates = st.dates(date(1990, 1, 1), date(2190, 1, 1))


@given(st.sampled_from(CALENDAR), dates)
def test_a_day_is_in_its_period_and_neighbours_adjoin(kind: PeriodKind, day: date) -> None:
    period = period_of(kind, day)
    assert period.first <= day <= period.last
    assert period.previous.last + timedelta(days=1) == period.first
    assert period.previous.kind is kind
    assert period_of(kind, period.first) == period_of(kind, period.last) == period
    assert period_of(kind, period.last + timedelta(days=1)).previous == period


@given(st.sampled_from([*CALENDAR, PeriodKind.NIGHT]), dates)
def test_a_label_is_read_back(kind: PeriodKind, day: date) -> None:
    period = period_of(kind, day)
    assert parse_period(period.label) == period


@given(dates, st.integers(0, 1_000))
def test_a_span_is_read_back_and_preceded_by_one_of_its_length(first: date, days: int) -> None:
    span = Period(PeriodKind.SPAN, first, first + timedelta(days=days))
    assert parse_period(span.label) == span
    assert span.previous.days == span.days == days + 1
    assert span.previous.last + timedelta(days=1) == span.first


@given(dates, st.integers(0, 800))
def test_working_days_are_mondays_to_fridays(first: date, days: int) -> None:
    span = Period(PeriodKind.SPAN, first, first + timedelta(days=days))
    assert span.working_days == sum((first + timedelta(days=n)).weekday() < 5 for n in range(days + 1))


@given(st.sampled_from([*CALENDAR, PeriodKind.NIGHT]), dates)
def test_what_ended_last_was_over_when_today_began(kind: PeriodKind, today: date) -> None:
    ended = last_ended(kind, today)
    assert ended.last < today
    if kind is not PeriodKind.NIGHT:
        assert period_of(kind, ended.last + timedelta(days=1)).last >= today


@pytest.mark.parametrize(
    ("day", "label", "first", "last"),
    [
        (date(2020, 12, 31), "2020-W53", date(2020, 12, 28), date(2021, 1, 3)),
        (date(2021, 1, 3), "2020-W53", date(2020, 12, 28), date(2021, 1, 3)),
        (date(2021, 1, 4), "2021-W01", date(2021, 1, 4), date(2021, 1, 10)),
        (date(2024, 12, 30), "2025-W01", date(2024, 12, 30), date(2025, 1, 5)),
        (date(2026, 12, 31), "2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
    ],
)
def test_weeks_at_a_years_end_belong_to_the_year_of_their_thursday(
    day: date, label: str, first: date, last: date
) -> None:
    week = period_of(PeriodKind.WEEK, day)
    assert (week.label, week.first, week.last) == (label, first, last)
    assert parse_period(label) == week


def test_a_night_looks_back_on_three_months() -> None:
    assert night(date(2026, 11, 25)).first == date(2026, 8, 28)
    assert night(date(2026, 11, 25)).days == TRAILING_DAYS
    assert night(date(2026, 11, 25)).previous == night(date(2026, 11, 24))
    assert period_of(PeriodKind.MONTH, date(2024, 2, 10)).days == 29


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-13",
        "2026-Q5",
        "2026-W54",
        "2025-W53",
        "2026-W00",
        "2026-02-30",
        "2026-9",
        "26",
        "0000",
        "9999-W53",
        "2026-01-02..2026-01-01",
        "2026-01-01..",
        "..",
        "2026-01-01..now",
        "２０２６",
        "2026-W1",
        "x" * 9_000,
        "2026\n2027",
    ],
)
def test_what_is_no_period_is_refused_with_what_can_be_written(text: str) -> None:
    with pytest.raises(ValueError, match="write 2026 for a year") as caught:
        parse_period(text)
    assert len(str(caught.value)) < 400


@given(st.one_of(st.text(max_size=30), st.builds("{}..{}".format, st.dates(), st.dates())))
def test_no_text_does_anything_else(text: str) -> None:
    try:
        found = parse_period(text)
    except (ValueError, PeriodTooLong):
        return
    assert found.days <= LONGEST_DAYS
    assert parse_period(found.label) == found


def test_days_that_no_snapshot_can_hold_are_refused_with_a_day_to_begin_with() -> None:
    with pytest.raises(PeriodTooLong) as caught:
        parse_period("2015-01-01..2026-11-02")
    assert str(caught.value) == "2015-01-01..2026-11-02 has 4324 days, and a period may have 4000"
    assert caught.value.hint == "Begin on 2015-11-21 or later, or ask for one year after the other."
    assert parse_period("2015-11-21..2026-11-02").days == LONGEST_DAYS
    with pytest.raises(PeriodTooLong):
        parse_period("0001-01-01..9999-12-31")


@given(dates, st.integers(0, 9_000))
def test_a_period_fits_up_to_the_longest_one(first: date, days: int) -> None:
    span = Period(PeriodKind.SPAN, first, first + timedelta(days=days))
    if span.days <= LONGEST_DAYS:
        must_fit(span)
        must_fit(span.previous)
        return
    with pytest.raises(PeriodTooLong):
        must_fit(span)


def test_nonsense_is_refused_at_the_door() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        Period(PeriodKind.SPAN, date(2026, 1, 2), date(2026, 1, 1))
    with pytest.raises(ValueError, match="of its own"):
        period_of(PeriodKind.SPAN, date(2026, 1, 1))
