"""Making compliance summaries: from the snapshot, once, and drawn in a process of its own."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from pypdf import PdfReader

from bot.domain.maturity.period import Period, PeriodKind, parse_period, period_of
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.summary import LimitKind
from bot.errors import MergewardenError
from bot.observability.metrics import Metrics
from bot.pipeline.maturity.snapshots import take_night
from bot.pipeline.maturity.summaries import SummaryMissing, draw, make_summary
from bot.reports.maturity.summary_formats import FORMATS
from bot.services import Services
from bot.settings import Settings
from bot.store.engine import session, write_session
from bot.store.maturity import counting, reports, snapshots
from bot.store.projects import Project, upsert_projects
from bot.texts import Language
from tests.domain.maturity import worlds
from tests.domain.maturity.worlds import SCANNED
from tests.store.counting import counted

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
OCTOBER = period_of(PeriodKind.MONTH, date(2026, 10, 1))
PATHS = {1: "shop/web", 2: "shop/till", 3: "bank/core"}
ENGLISH, CHINESE = Language.ENGLISH, Language.CHINESE


@pytest.fixture
def services(database_url: str, tmp_path: Path) -> Iterator[Services]:
    settings = Settings(
        data_dir=tmp_path, database_url=SecretStr(database_url), gitlab_url="https://gitlab.example.com"
    )
    made = Services(settings, Metrics())
    with write_session(made.store) as writing:
        upsert_projects(writing, [Project(number, path, default_branch="main") for number, path in PATHS.items()])
    for number in PATHS:
        for month in (9, 10):
            count(made, number, date(2026, month, 28))
    for now in (datetime(2026, 10, 1, 3, tzinfo=UTC), datetime(2026, 11, 1, 3, tzinfo=UTC)):
        take_night(made, now, [worlds.model()])
    yield made
    made.close()


def count(services: Services, number: int, day: date, **more: int) -> None:
    with write_session(services.store) as writing:
        snapshots.note_late(writing, counting.keep_days(writing, {(number, day): {**SCANNED, **more}}))


def make(
    services: Services, scope: Scope = ORGANISATION, period: Period = OCTOBER, language: Language = ENGLISH
) -> reports.StoredReport:
    return make_summary(services, scope, period, language, made_by="ann", now=NOW)


def test_a_summary_says_what_its_snapshot_says(services: Services) -> None:
    made = make(services)
    summary = made.summary
    with session(services.store) as reading:
        snapshot = snapshots.of_period(reading, ORGANISATION, OCTOBER)
    assert snapshot is not None
    assert summary.snapshot.digest == snapshot.row.digest
    assert summary.models[0].score == snapshot.content.results[0].score
    assert {line.name: line.value for line in summary.figures if line.value is not None}.items() <= (
        snapshot.content.figures.items()
    )
    assert (summary.organisation, summary.made_by, summary.projects_of) == ("gitlab.example.com", "ann", 3)
    assert [point.label for point in summary.trend] == ["2026-09", "2026-10"]
    assert {line.path for line in summary.projects.rows} == set(PATHS.values())
    # Nothing was ever scanned by us here: the list says so, whatever was counted.
    assert summary.holes.total == 3
    assert summary.snapshot_before is not None


def test_who_asks_twice_gets_the_same_and_another_revision_is_another_report(services: Services) -> None:
    first = make(services)
    with counted(services.store) as sent:
        assert (
            make_summary(services, ORGANISATION, OCTOBER, ENGLISH, made_by="bob", now=NOW + timedelta(days=1)) == first
        )
    assert len(sent) <= 3
    assert make(services, language=CHINESE).id != first.id
    count(services, 2, date(2026, 10, 28), **{"open.critical": 9})
    take_night(services, datetime(2026, 11, 2, 3, tzinfo=UTC), [worlds.model()])
    second = make(services)
    assert second.id != first.id
    assert (second.summary.snapshot.revision, second.summary.severities[0].open) == (2, 11)
    with session(services.store) as reading:
        assert reports.get(reading, first.id) == first


def test_a_group_and_a_project_have_theirs(services: Services) -> None:
    group = make(services, Scope.of_group("SHOP")).summary
    assert (group.path, group.projects_of, {line.path for line in group.projects.rows}) == (
        "shop",
        2,
        {"shop/web", "shop/till"},
    )
    project = make(services, Scope.of_project(3)).summary
    assert (project.path, project.projects.rows, project.holes.total) == ("bank/core", (), 1)


def test_days_of_ones_own_choice_get_a_snapshot_when_they_are_over(services: Services) -> None:
    made = make(services, period=parse_period("2026-10-20..2026-10-31"))
    assert made.summary.snapshot_before is None
    assert LimitKind.NO_PREVIOUS in {limit.kind for limit in made.summary.limits}
    with pytest.raises(SummaryMissing, match="is not over") as refused:
        make(services, period=period_of(PeriodKind.MONTH, NOW.date()))
    assert "2026-11-01..2026-11-01" in str(refused.value.hint)
    with session(services.store) as reading:
        assert snapshots.of_period(reading, ORGANISATION, period_of(PeriodKind.MONTH, NOW.date())) is None


def test_what_was_never_counted_is_refused_and_not_made_up(services: Services) -> None:
    with pytest.raises(SummaryMissing, match="nothing of it was counted"):
        make(services, Scope.of_group("nobody"))
    with pytest.raises(SummaryMissing, match="nothing of it was counted"):
        make(services, period=parse_period("2020"))


def test_a_summary_is_made_with_few_statements(services: Services) -> None:
    with counted(services.store) as sent:
        make(services)
    assert len(sent) <= 45


def test_every_format_is_drawn_and_the_pdf_in_a_process_of_its_own(services: Services) -> None:
    made = make(services)
    for format in FORMATS.values():
        assert draw(made.summary, CHINESE, format)
    pdf = draw(made.summary, ENGLISH, FORMATS["pdf"])
    assert pdf == FORMATS["pdf"].render(made.summary, ENGLISH)
    assert len(PdfReader(io.BytesIO(pdf)).pages) >= 6


def test_a_pdf_that_takes_too_long_is_an_error_that_says_so(services: Services) -> None:
    summary = make(services).summary
    with pytest.raises(MergewardenError, match="the PDF could not be set: the process took too long"):
        draw(summary, ENGLISH, FORMATS["pdf"], seconds=0.01)
