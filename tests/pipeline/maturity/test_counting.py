"""The nightly counting: what it writes down, when, and what it tells the snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.domain.maturity.period import Period, PeriodKind
from bot.domain.triage import Justification, TriageState
from bot.observability.metrics import Metrics
from bot.pipeline.maturity.counting import FIRST_DAYS, LATE_DAYS, count
from bot.services import Services
from bot.settings import load_settings
from bot.store.engine import session
from bot.store.locks import only_one
from bot.store.maturity import counting, snapshots
from tests.store.maturity.story import SHOP, Story, at, code, day

POLICY = """\
version: 1
block: []
warn: []
required_scanners: {sast: [%s]}
"""


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
        assert count(services, at(1, 2)) == 0
    assert shop(services) == {}
    assert count(services, at(1, 2)) > 0
