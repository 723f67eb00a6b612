"""The made-up year adds up, can be made again, and is one in which something happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.domain.maturity.counters import over_days, over_projects
from bot.domain.maturity.period import Period, PeriodKind
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.model_files import shipped_models
from bot.observability.metrics import Metrics
from bot.pipeline.maturity.verifying import verify_stored
from bot.services import Services
from bot.settings import Settings
from bot.store.engine import session
from bot.store.maturity import counting, reports, snapshots
from bot.store.maturity.snapshots import Wanted
from bot.store.statements import table
from bot.store.tables import FindingRecord, IncidentRecord, SuppressionRecord
from tests.history_of_a_year import CAICT, PROJECTS, SEED, Character, History, days_of, simulated, write_history

TODAY = date(2026, 11, 26)
MODELS = tuple(one for one in shipped_models() if one.id in ("engineering", CAICT))


@dataclass(frozen=True)
class Year:
    services: Services
    history: History

    def number(self, path: str) -> int:
        return next(number for number, known in self.history.projects.items() if known == path)

    def scores(self, scope: Scope, model: str = "engineering") -> list[int | None]:
        with session(self.services.store) as reading:
            points = snapshots.trend(reading, scope, model, self.history.first, kind=PeriodKind.MONTH)
        return [point.score.score for point in points]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    folder: Path = tmp_path_factory.mktemp("year")
    settings = Settings(data_dir=folder, database_url=SecretStr(f"sqlite:///{folder}/store.db"))
    services = Services(settings, Metrics())
    yield Year(services, write_history(services, TODAY, nights=2, models=MODELS))
    services.close()


def test_the_figures_of_each_month_follow_from_its_days(year: Year) -> None:
    with session(year.services.store) as reading:
        for month in year.history.months:
            days: dict[int, list[dict[str, int]]] = {}
            for number, _, tally in counting.each_day(reading, month):
                days.setdefault(number, []).append(tally)
            whole = snapshots.of_period(reading, ORGANISATION, month)
            assert whole is not None
            added = {number: over_days(tallies) for number, tallies in days.items() if number in year.history.projects}
            assert dict(whole.content.inputs.counters) == over_projects(added.values())
            for number, tally in added.items():
                one = snapshots.of_period(reading, Scope.of_project(number), month)
                assert one is not None
                assert dict(one.content.inputs.counters) == tally


def test_every_snapshot_of_the_year_can_be_made_again(year: Year) -> None:
    checked = verify_stored(year.services.store, Wanted(scope=ORGANISATION, kind=PeriodKind.MONTH))
    # With the contents of their projects.
    assert checked.count == 12
    assert checked.found == ()


def test_every_day_of_every_project_is_there(year: Year) -> None:
    every = list(days_of(year.history))
    assert every[0] == date(2025, 11, 1)
    assert every[-1] == TODAY - timedelta(days=1)
    assert len(every) == len(set(every)) == 390


def test_something_happens_in_the_year(year: Year) -> None:
    whole = year.scores(ORGANISATION)
    assert None not in whole
    assert len(set(whole)) >= 4
    improving = year.scores(Scope.of_project(year.number("retail/shop")))
    slipping = year.scores(Scope.of_project(year.number("retail/search")))
    assert (improving[-1] or 0) >= (improving[0] or 0) + 10
    assert (slipping[-1] or 0) < (slipping[0] or 0)
    assert set(year.scores(Scope.of_project(year.number("retail/legacy-coupons")))) == {None}


def test_a_scanner_that_is_off_in_summer_costs_its_project_points(year: Year) -> None:
    by_month = dict(
        zip(
            (month.first.month for month in year.history.months),
            year.scores(Scope.of_project(year.number("banking/cards"))),
            strict=True,
        )
    )
    assert all((by_month[month] or 0) < (by_month[5] or 0) for month in (6, 7, 8))
    assert (by_month[10] or 0) > (by_month[8] or 0)


def test_lists_agree_with_the_figures_of_the_last_day(year: Year) -> None:
    finding, incident, exception = table(FindingRecord), table(IncidentRecord), table(SuppressionRecord)
    with session(year.services.store) as reading:
        by_project = select(finding.c.project_id, func.count()).group_by(finding.c.project_id)
        there = {int(number): int(count) for number, count in reading.execute(by_project)}
        stood = {
            number: sum(value for name, value in tally.items() if name in OPEN)
            for number, day, tally in counting.each_day(reading, Period(PeriodKind.SPAN, LAST, LAST))
            if number in year.history.projects and day == LAST
        }
        happened = reading.execute(select(func.count()).select_from(incident)).scalar_one()
        made = reading.execute(select(func.count()).select_from(exception)).scalar_one()
    assert {number: there.get(number, 0) for number in year.history.projects} == year.history.open == stood
    assert sum(year.history.open.values()) > 40
    assert happened > 5
    assert made > 5


LAST = TODAY - timedelta(days=1)
OPEN = tuple(f"open.{severity}" for severity in ("critical", "high", "medium", "low", "info"))


def test_the_last_month_has_its_summary(year: Year) -> None:
    with session(year.services.store) as reading:
        report = reports.get(reading, year.history.report)
    assert report is not None
    assert report.summary.period == year.history.months[-1]
    assert len(report.summary.trend) == 12
    assert report.summary.projects.total == len(PROJECTS)
    assert report.summary.exceptions.total > 0
    assert report.summary.holes.total > 0


def test_the_same_seed_gives_the_same_days_and_another_seed_others(year: Year) -> None:
    lives = {life.number: life.tallies for life in simulated(TODAY, SEED)}
    with session(year.services.store) as reading:
        whole = Period(PeriodKind.SPAN, year.history.first, LAST)
        stored = {(number, day): tally for number, day, tally in counting.each_day(reading, whole) if number}
    assert stored == {
        (number, day): counting.filled(tally) for number, days in lives.items() for day, tally in days.items()
    }
    assert simulated(date(2026, 2, 2), 8)[0].tallies != simulated(date(2026, 2, 2), 7)[0].tallies


def test_every_character_is_there() -> None:
    assert set(PROJECTS.values()) == set(Character)
    assert len({path.split("/")[0] for path in PROJECTS}) == 3
