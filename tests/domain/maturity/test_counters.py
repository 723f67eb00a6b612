"""Counters add up: over days in any grouping, over projects in any order, and a period's are those of its days."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.maturity.counters import COUNTERS, FLOWS, over_days, over_projects
from bot.domain.maturity.period import Period, PeriodKind, period_of
from tests.domain.maturity.worlds import DAY, tallies

days = st.lists(tallies(), max_size=6)


@given(days, days)
def test_days_can_be_put_together_in_any_grouping(first: list[dict[str, int]], second: list[dict[str, int]]) -> None:
    assert over_days([over_days(first), over_days(second)]) == over_days([*first, *second])


@given(days)
def test_flows_are_added_and_of_stocks_the_last_ones_count(several: list[dict[str, int]]) -> None:
    found = over_days(several)
    for name in FLOWS:
        known = [day[name] for day in several if name in day]
        assert found.get(name) == (sum(known) if known else None)
    standing = [{name: value for name, value in day.items() if name not in FLOWS} for day in several]
    last = next((day for day in reversed(standing) if day), {})
    assert {name: value for name, value in found.items() if name not in FLOWS} == last


@given(days, st.randoms(use_true_random=False))
def test_the_order_of_projects_does_not_matter(several: list[dict[str, int]], chance: object) -> None:
    mixed = list(several)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert over_projects(mixed) == over_projects(several)
    half = len(several) // 2
    assert over_projects([over_projects(several[:half]), over_projects(several[half:])]) == over_projects(several)


@given(st.lists(tallies(), min_size=30, max_size=31))
def test_a_months_figures_are_those_of_its_weeks_and_days(several: list[dict[str, int]]) -> None:
    month = period_of(PeriodKind.MONTH, DAY)
    by_day = {month.first + timedelta(days=n): tally for n, tally in enumerate(several) if n < month.days}
    parts: list[Period] = []
    first = month.first
    while first <= month.last:
        week = period_of(PeriodKind.WEEK, first)
        parts.append(Period(PeriodKind.SPAN, first, min(week.last, month.last)))
        first = parts[-1].last + timedelta(days=1)
    sums = [over_days(by_day[part.first + timedelta(days=n)] for n in range(part.days)) for part in parts]
    assert over_days(sums) == over_days(by_day.values())


def test_every_counter_says_what_it_means() -> None:
    assert all(counter.means and counter.name == name for name, counter in COUNTERS.items())
    assert set(COUNTERS) > FLOWS
