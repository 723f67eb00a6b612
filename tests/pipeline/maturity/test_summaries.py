"""Making compliance summaries: from the snapshot, once, and drawn in a process of its own."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from pypdf import PdfReader

from bot.domain.audit import Action, Entry
from bot.domain.maturity.counters import over_projects
from bot.domain.maturity.period import Period, PeriodKind, parse_period, period_of
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.snapshot import SnapshotRow, shared_names
from bot.domain.maturity.summary import LimitKind
from bot.errors import MergewardenError, Sentence
from bot.model_files import models_in_force
from bot.observability.metrics import Metrics
from bot.pipeline.maturity.snapshots import take, take_night
from bot.pipeline.maturity.summaries import SummaryMissing, draw, make_summary
from bot.pipeline.maturity.verifying import verify_stored
from bot.reports.maturity.summary_formats import FORMATS
from bot.services import Services
from bot.settings import Settings
from bot.store import audit
from bot.store.engine import session, write_session
from bot.store.maturity import attestations, counting, reports, snapshots
from bot.store.maturity.snapshots import Wanted
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


@pytest.mark.parametrize("wanted", ["2026-11", "2026-W48", "2026-11-01..2026-11-30", "2026-11-30"])
def test_a_period_whose_last_day_is_still_to_be_counted_is_refused(services: Services, wanted: str) -> None:
    """After midnight and before the night's hour: a snapshot of then would stand as the first revision."""
    period = parse_period(wanted)
    after = datetime.combine(period.last + timedelta(days=1), datetime.min.time(), UTC)
    count(services, 1, period.last)
    for now in (after, after + timedelta(minutes=30), after + timedelta(hours=23)):
        with pytest.raises(SummaryMissing, match=f"{period.last} is still to be counted") as refused:
            make_summary(services, ORGANISATION, period, ENGLISH, made_by="ann", now=now)
        assert "each night from 02:00 UTC on" in refused.value.hint
        assert isinstance(refused.value.told, Sentence)
    with session(services.store) as reading:
        assert snapshots.of_period(reading, ORGANISATION, period) is None
    count(services, 1, period.last + timedelta(days=1))
    if period.kind is not PeriodKind.NIGHT:
        made = make_summary(services, ORGANISATION, period, ENGLISH, made_by="ann", now=after + timedelta(hours=3))
        assert made.summary.snapshot.revision == 1


def test_what_was_never_counted_is_refused_and_not_made_up(services: Services) -> None:
    with pytest.raises(SummaryMissing, match="nothing of it was counted"):
        make(services, Scope.of_group("nobody"))
    with pytest.raises(SummaryMissing, match="days are counted since 2026-09-28, and 2020 was over before that"):
        make(services, period=parse_period("2020"))


# --- days of one's own choice -----------------------------------------------------------------------------------------

SPAN = parse_period("2026-10-20..2026-10-31")


def taken(services: Services) -> list[SnapshotRow]:
    with session(services.store) as reading:
        return [row for row, _ in snapshots.page(reading, Wanted(kind=PeriodKind.SPAN), limit=1_000)]


def acts(services: Services) -> list[Entry]:
    with session(services.store) as reading:
        return list(audit.stream(reading))


def whole(services: Services) -> list[str]:
    return [f"{one.row.scope} {one.row.period.label}: {one.defect.text}" for one in verify_stored(services.store).found]


def test_days_of_one_project_are_rated_for_that_project_alone(services: Services) -> None:
    made = make(services, Scope.of_project(1), SPAN)
    assert [str(row.scope) for row in taken(services)] == ["project 1"]
    assert made.summary.snapshot.digest == taken(services)[0].digest
    assert whole(services) == []


def test_days_of_a_group_are_rated_for_what_it_consists_of(services: Services) -> None:
    made = make(services, Scope.of_group("SHOP"), SPAN)
    assert {str(row.scope) for row in taken(services)} == {"project 1", "project 2", "group shop"}
    assert [bool(line.scores) for line in made.summary.projects.rows] == [True, True]
    assert whole(services) == []


@pytest.mark.parametrize("scope", [Scope.of_project(2), Scope.of_group("shop"), ORGANISATION], ids=str)
def test_days_alone_say_what_everybodys_would_say(
    services: Services, scope: Scope, database_url: str, tmp_path: Path
) -> None:
    with write_session(services.store) as writing:
        for about in (Scope.of_project(2), Scope.of_group("shop")):
            at = NOW - timedelta(days=9)
            attestations.add(writing, worlds.attestation(scope=about, made_at=at, confirmed_at=at))
    make_one = make(services, scope, SPAN)
    rating = models_in_force(services.settings.maturity_folder)
    with session(services.store) as reading:
        alone = snapshots.of_period(reading, scope, SPAN)
        tallies = counting.sums(reading, SPAN)
    assert alone is not None
    assert alone.row.revision == 1
    assert make_one.summary.snapshot.digest == alone.row.digest
    # Everybody's is taken where there is none of the organisation: then all that was taken alone is as it was.
    if scope != ORGANISATION:
        take(services, SPAN, rating, NOW)
    with session(services.store) as reading:
        again = snapshots.of_period(reading, scope, SPAN)
    assert again == alone
    assert over_projects(tallies.values())["reports.delivered"] == 0


def test_all_that_measures_ask_of_the_organisation_is_on_its_own_account() -> None:
    """Else days alone would need everybody's counters."""
    assert shared_names() == {"reports.delivered", "reports.acknowledged"}


def test_what_days_are_compared_with_is_taken_too_where_it_was_counted(services: Services) -> None:
    made = make(services, Scope.of_project(1), parse_period("2026-10-25..2026-10-31"))
    assert made.summary.snapshot_before is None
    count(services, 1, date(2026, 10, 20))
    made = make(services, Scope.of_project(1), parse_period("2026-10-26..2026-10-31"))
    assert made.summary.snapshot_before is not None
    assert {row.period.label for row in taken(services)} == {
        "2026-10-25..2026-10-31",
        "2026-10-26..2026-10-31",
        "2026-10-20..2026-10-25",
    }


@pytest.mark.parametrize("scope", [Scope.of_project(2), Scope.of_group("shop")], ids=str)
def test_days_are_revised_by_whoever_asks_again_and_by_no_night(services: Services, scope: Scope) -> None:
    make(services, scope, SPAN)
    make(services, ORGANISATION, SPAN)
    before = taken(services)
    count(services, 2, date(2026, 10, 28), **{"open.critical": 9})
    take_night(services, datetime(2026, 11, 2, 3, tzinfo=UTC), [worlds.model()])
    assert taken(services) == before
    made = make(services, scope, SPAN)
    assert (made.summary.snapshot.revision, made.summary.severities[0].open) == (
        2,
        9 if scope.project_id is not None else 10,
    )
    assert make(services, scope, SPAN) == made
    # What was not asked for is as it was.
    with session(services.store) as reading:
        whole_one = snapshots.of_period(reading, ORGANISATION, SPAN)
    assert whole_one is not None
    assert whole_one.row.revision == 1
    assert whole(services) == []


def test_who_asks_again_holds_no_writer_where_no_day_changed(services: Services) -> None:
    made = make(services, Scope.of_group("shop"), SPAN)
    with counted(services.store) as sent:
        assert make(services, Scope.of_group("shop"), SPAN) == made
    assert not [one for one in sent if one.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(sent) <= 16


@pytest.mark.parametrize(
    ("period", "why"),
    [
        ("0001-01-01..2026-10-31", "0001-01-01..2026-10-31 begins before that"),
        ("2020-01-01..2026-10-31", "days are counted since 2026-09-28"),
        ("2026-09-27..2026-10-31", "begins before that"),
        ("0001-01-01..0001-01-01", "was over before that"),
        ("0001", "was over before that"),
        ("0001-W01", "was over before that"),
        ("2026-08", "was over before that"),
        ("2026-10-30", "no snapshot was taken in the night after 2026-10-30"),
        ("2026-10-20..9999-12-31", "is not over"),
        ("9999-12-31..9999-12-31", "is not over"),
    ],
)
def test_days_that_were_not_counted_are_refused_and_nothing_is_taken(services: Services, period: str, why: str) -> None:
    with session(services.store) as reading:
        before = snapshots.page(reading, Wanted(), limit=1_000)
    first, dots, last = period.partition("..")
    # Not by what people write: that has a limit of its own.
    wanted = Period(PeriodKind.SPAN, *map(date.fromisoformat, (first, last))) if dots else parse_period(period)
    with pytest.raises(SummaryMissing, match=re.escape(why)):
        make(services, Scope.of_project(1), wanted)
    with session(services.store) as reading:
        assert snapshots.page(reading, Wanted(), limit=1_000) == before


def test_a_refusal_says_which_days_there_are_in_both_languages(services: Services) -> None:
    with pytest.raises(SummaryMissing) as refused:
        make(services, Scope.of_project(1), parse_period("2026-09-01..2026-10-31"))
    assert refused.value.hint == "Ask for 2026-09-28..2026-10-31."
    assert isinstance(refused.value.told, Sentence)
    make(services, Scope.of_project(1), parse_period("2026-09-28..2026-10-31"))


def test_where_nothing_was_ever_counted_nothing_is_made(tmp_path: Path, database_url: str) -> None:
    empty = Services(Settings(data_dir=tmp_path, database_url=SecretStr(database_url)), Metrics())
    for period in (OCTOBER, SPAN, parse_period("0001-01-01..0001-01-02")):
        with pytest.raises(SummaryMissing, match="nothing was counted yet"):
            make(empty, period=period)
    empty.close()


# --- who made it ------------------------------------------------------------------------------------------------------


def test_that_a_summary_was_made_is_written_down_once_with_its_maker(services: Services) -> None:
    def asked() -> reports.StoredReport:
        return make_summary(
            services, Scope.of_project(1), SPAN, ENGLISH, made_by="ann", now=NOW, person_id=7, address="192.0.2.1"
        )

    before = len(acts(services))
    made = asked()
    assert asked() == made
    snapshot, report = acts(services)[before:]
    for one in (snapshot, report):
        assert (one.actor, one.person_id, one.project_id, one.address) == ("ann", 7, 1, "192.0.2.1")
    assert (snapshot.action, snapshot.details["scope"]) == (Action.SNAPSHOTS_TAKEN.value, "project 1")
    assert snapshot.details["digest"] == made.summary.snapshot.digest
    assert (report.action, report.subject) == (Action.REPORT_MADE.value, f"report {made.id}")
    assert report.details == {
        "scope": "project 1",
        "period": SPAN.label,
        "language": "en",
        "digest": made.row.digest,
        "snapshot": made.summary.snapshot.digest,
    }


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
