"""The nightly counting: what it writes down, when, and what it tells the snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from bot.domain.maturity.period import Period, PeriodKind, period_of
from bot.domain.maturity.scope import Scope
from bot.domain.triage import Justification, TriageState
from bot.observability.metrics import Metrics
from bot.pipeline.failing import worth_retrying
from bot.pipeline.maturity.counting import FIRST_DAYS, LATE_DAYS, CountingElsewhere, count, first_uncounted
from bot.pipeline.maturity.snapshots import take, take_night
from bot.services import Services
from bot.settings import load_settings
from bot.store.engine import session, write_session
from bot.store.locks import only_one
from bot.store.maturity import collected, counting, snapshots
from bot.store.maturity.collected import MERGES, PIPELINES, RELEASES, PipelineFact, Progress
from bot.store.projects import Project, upsert_projects
from tests.domain.maturity import worlds
from tests.store.counting import counted
from tests.store.maturity.story import SHOP, Story, at, code, day

POLICY = """\
version: 1
block: []
warn: []
required_scanners: {sast: [%s]}
"""


class Killed(BaseException):
    """The process is ended in the middle."""


@pytest.fixture
def services(engine: Engine, tmp_path: Path) -> Iterator[Services]:
    policy = tmp_path / "policy.yml"
    policy.write_text(POLICY % "semgrep")
    made = Services(
        load_settings({"MERGEWARDEN_DATA_DIR": str(tmp_path / "data"), "MERGEWARDEN_POLICY_FILE": str(policy)}),
        Metrics(),
    )
    made.store = engine
    yield made
    made.close()


@pytest.fixture
def story(engine: Engine) -> Story:
    return Story(engine)


def shop(services: Services) -> dict[date, dict[str, int]]:
    with session(services.store) as reading:
        span = Period(PeriodKind.SPAN, day(-500), day(100))
        return {when: tally for _, when, tally in counting.each_day(reading, span, project_ids=[SHOP])}


def late(services: Services) -> set[tuple[int, date]]:
    with session(services.store) as reading:
        return set(snapshots.late_days(reading))


def test_the_first_count_after_midnight_is_the_last_word_on_the_day_before(services: Services, story: Story) -> None:
    story.sees(at(0), code("a"))
    assert count(services, at(0, 23)) > 0
    assert shop(services)[day(0)]["open.high"] == 1
    story.sees(at(0, 23.5), code("a"), code("b"))
    assert count(services, at(1, 2)) > 0
    assert shop(services)[day(0)]["open.high"] == 2
    assert shop(services)[day(1)]["open.high"] == 2
    # From then on only today changes.
    story.sees(at(1, 3))
    assert count(services, at(1, 4)) > 0
    assert shop(services)[day(0)]["open.high"] == 2
    assert shop(services)[day(1)]["open.high"] == 0


def test_counting_again_changes_nothing(services: Services, story: Story) -> None:
    story.sees(at(0), code("a"))
    count(services, at(1, 2))
    before = shop(services)
    assert count(services, at(1, 2)) == 0
    assert shop(services) == before
    assert late(services) == set()


def test_a_late_decision_is_noted_for_the_snapshots_and_a_night_as_usual_is_not(
    services: Services, story: Story
) -> None:
    story.sees(at(0))
    (number,) = story.sees(at(1), code("a"))
    for night in range(2, 6):
        count(services, at(night, 2))
    assert late(services) == set()
    story.judges(at(6), number, TriageState.DISMISSED, Justification.FALSE_POSITIVE)
    count(services, at(7, 2))
    assert (SHOP, day(1)) in late(services)
    assert shop(services)[day(1)]["escaped"] == 0


def test_a_day_that_was_over_is_noted_however_often_that_night_is_counted(services: Services, story: Story) -> None:
    """Snapshots may have been taken before anything was counted: on demand, or when a count did not come through."""
    story.sees(at(0), code("a"))
    count(services, at(1, 2))
    story.sees(at(1, 5), code("a"), code("b"))
    count(services, at(2, 2))
    assert late(services) == {(SHOP, day(1))}
    with write_session(services.store) as writing:
        snapshots.strike_off(writing, snapshots.late_days(writing))
    story.scan("late", at(1, 6))
    count(services, at(2, 4))
    assert late(services) == {(SHOP, day(1))}


def test_a_month_that_was_taken_before_its_last_day_was_counted_is_revised(services: Services, story: Story) -> None:
    month = period_of(PeriodKind.MONTH, day(0))
    last = (month.last - day(0)).days
    story.sees(at(last - 4, 1))
    for number in range(last - 3, last + 1):
        count(services, at(number, 2))
    story.sees(at(last, 20), code("a"))
    early = take(services, month, [worlds.model()], at(last + 1, 0.5))
    assert early is not None
    count(services, at(last + 1, 2))
    rounds = {one.period: one for one in take_night(services, at(last + 1, 2.1), [worlds.model()])}
    assert rounds[month].revised > 0
    with session(services.store) as reading:
        found = snapshots.of_period(reading, Scope.of_project(SHOP), month)
    assert found is not None
    assert (found.row.revision, found.content.inputs.counters["open.high"]) == (2, 1)


# --- What GitLab tells later ------------------------------------------------------------------------------------------


def collected_from(services: Services, first: date, until: datetime, *sources: str) -> None:
    with write_session(services.store) as writing:
        for source in sources or (PIPELINES, MERGES, RELEASES):
            collected.keep_progress(writing, SHOP, source, Progress(None, first, until))


def pipeline(services: Services, moment: datetime, number: int, project_id: int = SHOP) -> None:
    made = PipelineFact(number, "a" * 40, True, moment, moment + timedelta(minutes=5), 300, None, 1, 1)
    with write_session(services.store) as writing:
        collected.keep_pipelines(writing, project_id, [made])


def pipelines(services: Services) -> dict[date, int]:
    return {when: tally["pipelines"] for when, tally in shop(services).items() if "pipelines" in tally}


def test_history_that_is_collected_after_the_first_count_is_counted_to_its_beginning(
    services: Services, story: Story
) -> None:
    story.sees(at(0))
    count(services, at(1, 2))
    for number in range(90):
        pipeline(services, at(-number, 10), number + 1)
    collected_from(services, day(-89), at(1, 3))
    count(services, at(2, 2))
    assert pipelines(services) == {day(-number): 1 for number in range(90)}
    assert (SHOP, day(-89)) in late(services)
    # And once: no other night looks so far back again.
    with write_session(services.store) as writing:
        snapshots.strike_off(writing, snapshots.late_days(writing))
    collected_from(services, day(-89), at(2, 3))
    with counted(services.store) as sent:
        count(services, at(3, 2))
    usual = len(sent)
    assert min(when for _, when in late(services)) >= day(1)
    collected_from(services, day(-89), at(3, 3))
    with counted(services.store) as sent:
        count(services, at(4, 2))
    assert len(sent) == usual


def test_what_gitlab_tells_after_weeks_of_silence_is_counted_whole(services: Services, story: Story) -> None:
    story.sees(at(0))
    collected_from(services, day(-10), at(1, 1))
    count(services, at(1, 2))
    for night in (20, 50, 80):
        count(services, at(night, 2))
    assert max(pipelines(services)) == day(0)
    for number in range(1, 80):
        pipeline(services, at(number, 10), number)
    collected_from(services, day(-10), at(80, 3))
    count(services, at(81, 2))
    found = pipelines(services)
    assert [found[day(number)] for number in range(-10, 80)] == [0] * 11 + [1] * 79


def test_older_days_are_counted_for_the_project_that_is_new_and_no_other(services: Services, story: Story) -> None:
    story.sees(at(0), code("a"))
    collected_from(services, day(-60), at(1, 1))
    count(services, at(1, 2))
    count(services, at(60, 2))
    before = shop(services)
    story.scan("purged", at(1))
    with write_session(services.store) as writing:
        upsert_projects(writing, [Project(77, "shop/new", default_branch="main")])
        for source in (PIPELINES, MERGES, RELEASES):
            collected.keep_progress(writing, 77, source, Progress(None, day(-20), at(60, 1)))
    pipeline(services, at(-20, 10), 1, 77)
    count(services, at(61, 2))
    with session(services.store) as reading:
        span = Period(PeriodKind.SPAN, day(-500), day(0))
        found = {when: tally for _, when, tally in counting.each_day(reading, span, project_ids=[77])}
    assert (min(found), found[day(-20)]["pipelines"], found[day(0)]["pipelines"]) == (day(-20), 1, 0)
    # What had been counted of others so long ago stays as it was.
    assert {when: tally for when, tally in shop(services).items() if when <= day(1)} == {
        when: tally for when, tally in before.items() if when <= day(1)
    }


def test_of_older_days_what_was_counted_stays_and_what_is_newly_known_is_added(
    services: Services, story: Story
) -> None:
    story.sees(at(0))
    (number,) = story.sees(at(1), code("a"))
    count(services, at(2, 2))
    before = shop(services)[day(1)]
    assert before["escaped"] == 1
    story.judges(at(3), number, TriageState.DISMISSED, Justification.FALSE_POSITIVE)
    pipeline(services, at(1, 10), 1)
    collected_from(services, day(-5), at(60, 1), PIPELINES)
    count(services, at(60, 2))
    found = shop(services)[day(1)]
    assert found["pipelines"] == 1
    assert {name: found[name] for name in before} == before
    assert found["escaped"] == 1


def test_no_count_goes_further_back_than_the_first(services: Services, story: Story) -> None:
    story.sees(at(0))
    count(services, at(1, 2))
    pipeline(services, at(-FIRST_DAYS - 10, 10), 1)
    pipeline(services, at(-FIRST_DAYS + 10, 10), 2)
    collected_from(services, day(-1_000), at(2, 1))
    count(services, at(2, 2))
    found = pipelines(services)
    assert (min(found), sum(found.values())) == (day(2 - FIRST_DAYS), 1)


def test_a_count_that_breaks_off_before_the_older_days_leaves_them_to_the_next(
    services: Services, story: Story
) -> None:
    story.sees(at(0))
    count(services, at(1, 2))
    pipeline(services, at(-70, 10), 1)
    collected_from(services, day(-80), at(2, 1))
    writes = 0

    def kill(_connection: object) -> None:
        nonlocal writes
        writes += 1
        if writes == 3:  # the last weeks are written down
            raise Killed

    event.listen(services.store, "commit", kill)
    try:
        with pytest.raises(Killed):
            count(services, at(2, 2))
    finally:
        event.remove(services.store, "commit", kill)
    assert day(2) in shop(services)
    assert day(-70) not in pipelines(services)
    count(services, at(2, 3))
    assert pipelines(services)[day(-70)] == 1


D = date(2026, 3, 1)


def extent(first: int, until: int) -> tuple[date, date]:
    return D + timedelta(days=first), D + timedelta(days=until)


@pytest.mark.parametrize(
    ("known", "before", "begins"),
    [
        ({}, {}, None),
        ({"a": extent(-90, 50)}, {}, -90),
        ({"a": extent(-90, 50)}, {"a": extent(-90, 49)}, None),
        ({"a": extent(-90, 50)}, {"a": extent(-30, 49)}, -90),
        ({"a": extent(-90, 50)}, {"a": extent(-90, -60)}, -60),
        ({"a": extent(-20, 50)}, {"a": extent(-90, -60)}, -20),
        ({"a": extent(-90, 50), "b": extent(-5, 50)}, {"a": extent(-90, 49)}, -5),
        ({"a": extent(1, 50)}, {}, None),
        ({"a": extent(0, 50)}, {}, None),
        ({"a": extent(-1, 50)}, {}, -1),
        # One that knows less than it did says nothing new.
        ({"a": extent(-10, 50)}, {"a": extent(-90, 50)}, None),
    ],
)
def test_older_days_are_counted_where_a_source_knows_more_of_them(
    known: dict[str, tuple[date, date]], before: dict[str, tuple[date, date]], begins: int | None
) -> None:
    assert first_uncounted(known, before, D) == (None if begins is None else D + timedelta(days=begins))


extents = st.dictionaries(
    st.sampled_from("abc"),
    st.tuples(st.integers(-60, 20), st.integers(1, 60)).map(lambda one: extent(one[0], one[0] + one[1])),
)


@given(extents, extents)
def test_for_every_day_that_is_newly_known_before_the_last_weeks_the_count_begins_early_enough(
    known: dict[str, tuple[date, date]], before: dict[str, tuple[date, date]]
) -> None:
    begins = first_uncounted(known, before, D)
    new = [
        day
        for source, (since, until) in known.items()
        for day in (since + timedelta(days=n) for n in range((until - since).days))
        if day < D and not (source in before and before[source][0] <= day < before[source][1])
    ]
    assert begins is None if not new else begins is not None and begins <= min(new)
    # And not for nothing.
    assert begins is None or begins in {since for since, _ in known.values()} | {until for _, until in before.values()}


def test_what_lies_too_far_back_stays_as_it_was_counted(services: Services, story: Story) -> None:
    story.sees(at(0))
    (number,) = story.sees(at(1), code("a"))
    count(services, at(2, 2))
    story.judges(at(3), number, TriageState.DISMISSED, Justification.FALSE_POSITIVE)
    count(services, at(1 + LATE_DAYS + 1, 2))
    assert shop(services)[day(1)]["escaped"] == 1


def test_the_first_count_of_all_goes_back_as_far_as_scans_are_kept(services: Services, story: Story) -> None:
    story.scan("old", at(-FIRST_DAYS + 1))
    story.scan("older", at(-FIRST_DAYS - 50))
    count(services, at(1, 2))
    found = shop(services)
    assert min(found) == day(1 - FIRST_DAYS)
    assert found[day(-FIRST_DAYS + 1)]["scans"] == 1
    assert "open.high" not in found[day(-3)]
    assert late(services) == set()


def test_the_policy_says_which_scanners_are_required(services: Services, story: Story, tmp_path: Path) -> None:
    story.sees(at(0), with_=["semgrep"])
    count(services, at(0, 23))
    found = shop(services)[day(0)]
    assert (found["projects.required_answered"], found["projects.policy_ok"]) == (1, 1)
    # All scanners that we know have to answer, whoever looked.
    assert found["projects.sast"] == found["projects.assessed"] == 0
    (tmp_path / "policy.yml").write_text(POLICY % "semgrep, bandit")
    count(services, at(0, 23))
    assert shop(services)[day(0)]["projects.required_answered"] == 0
    (tmp_path / "policy.yml").write_text("nonsense")
    count(services, at(0, 23))
    found = shop(services)[day(0)]
    assert found["projects.policy_ok"] == 0
    assert "projects.required_answered" not in found


def test_only_one_counts_at_a_time(services: Services, story: Story) -> None:
    story.sees(at(0), code("a"))
    with only_one(services.store, "maturity-counting") as alone:
        assert alone
        # Nobody may take for counted what was not: what follows would be made of it.
        with pytest.raises(CountingElsewhere) as refused:
            count(services, at(1, 2))
        assert worth_retrying(refused.value)
    assert shop(services) == {}
    assert count(services, at(1, 2)) > 0
