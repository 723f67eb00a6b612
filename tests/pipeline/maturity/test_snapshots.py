"""Taking snapshots: everybody's, once, whatever happens meanwhile; and revising what was counted late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import event, update

from bot.domain.maturity.model import Model
from bot.domain.maturity.period import Period, PeriodKind, PeriodTooLong, last_ended, night, parse_period
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.snapshot import Snapshot
from bot.observability.metrics import Metrics
from bot.pipeline.maturity.snapshots import Round, take, take_night
from bot.pipeline.maturity.verifying import verify_stored
from bot.services import Services
from bot.settings import Settings
from bot.store import audit
from bot.store.engine import session, write_session
from bot.store.maturity import attestations, counting, snapshots
from bot.store.maturity.snapshots import Wanted
from bot.store.maturity_tables import ProjectDayRecord
from bot.store.projects import Project, forget_project, upsert_projects
from bot.store.statements import table
from tests.domain.maturity import worlds
from tests.domain.maturity.worlds import SCANNED
from tests.logged import logged
from tests.store.counting import counted

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
"""A Thursday."""
YESTERDAY = NOW.date() - timedelta(days=1)
PATHS = {1: "shop/web/till", 2: "shop/web/api", 3: "shop/core", 4: "bank/core"}
SMALL = worlds.model()


@pytest.fixture
def services(database_url: str, tmp_path: Path) -> Iterator[Services]:
    made = Services(Settings(data_dir=tmp_path, database_url=SecretStr(database_url)), Metrics())
    with write_session(made.store) as writing:
        upsert_projects(writing, [Project(number, path, default_branch="main") for number, path in PATHS.items()])
    for number in PATHS:
        count(made, number, {**SCANNED, "scans": number, "scans.ended": number})
    yield made
    made.close()


def count(services: Services, number: int, tally: Mapping[str, int], day: date = YESTERDAY) -> None:
    with write_session(services.store) as writing:
        snapshots.note_late(writing, counting.keep_days(writing, {(number, day): tally}))


def took(services: Services, now: datetime = NOW, model: Model = SMALL) -> dict[PeriodKind, Round]:
    return {one.period.kind: one for one in take_night(services, now, [model])}


def of(services: Services, scope: Scope, period: Period, revision: int | None = None) -> Snapshot:
    with session(services.store) as reading:
        found = snapshots.of_period(reading, scope, period, revision=revision)
    assert found is not None
    return found


def everything(services: Services) -> list[tuple[Any, ...]]:
    with session(services.store) as reading:
        return [(row, dict(scores)) for row, scores in snapshots.page(reading, Wanted(), limit=10_000)]


def whole(services: Services) -> list[str]:
    return [f"{one.row.scope} {one.row.period.label}: {one.defect.text}" for one in verify_stored(services.store).found]


def test_a_night_has_every_project_group_and_the_organisation(services: Services) -> None:
    rounds = took(services)
    assert rounds.keys() == {PeriodKind.NIGHT}
    assert (rounds[PeriodKind.NIGHT].projects, rounds[PeriodKind.NIGHT].added) == (4, 8)
    scopes = {str(row.scope) for row, _ in everything(services)}
    assert scopes == {f"project {n}" for n in PATHS} | {"group bank", "group shop", "group shop/web", "organisation"}
    shop = of(services, Scope.of_group("shop"), night(YESTERDAY))
    assert [number for number, _ in shop.content.inputs.projects or ()] == [1, 2, 3]
    assert shop.content.inputs.counters["scans"] == 6
    assert of(services, ORGANISATION, night(YESTERDAY)).content.results[0].items[0].demands[0].of == 4
    assert whole(services) == []


def test_a_night_is_taken_once_and_told_in_the_audit_log(services: Services) -> None:
    took(services)
    before = everything(services)
    assert took(services) == {}
    assert everything(services) == before
    with session(services.store) as reading:
        (entry,) = list(audit.stream(reading))
    assert (entry.action, entry.actor, entry.details["projects"]) == ("snapshots.taken", "mergewarden", 4)
    assert entry.details["digest"] == of(services, ORGANISATION, night(YESTERDAY)).row.digest
    assert services.metrics.snapshots.labels("night", "first")._value.get() == 8


def test_at_the_end_of_periods_those_are_taken_too(services: Services) -> None:
    new_year = datetime(2027, 1, 4, 3, tzinfo=UTC)
    count(services, 1, {**SCANNED, "scans": 70, "scans.ended": 60}, date(2026, 12, 31))
    rounds = took(services, new_year)
    assert rounds.keys() == {PeriodKind.NIGHT, PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR}
    # Of the others nothing is known of these days.
    assert rounds[PeriodKind.MONTH].projects == 1
    assert rounds[PeriodKind.YEAR].projects == 4
    year = of(services, Scope.of_project(1), last_ended(PeriodKind.YEAR, new_year.date()))
    assert year.content.inputs.counters["scans"] == 71
    assert whole(services) == []
    # The next night is a night and nothing else.
    count(services, 1, SCANNED, date(2027, 1, 4))
    assert took(services, new_year + timedelta(days=1)).keys() == {PeriodKind.NIGHT}


def test_without_a_count_there_is_nothing_to_take(services: Services) -> None:
    assert took(services, NOW - timedelta(days=200)) == {}
    assert everything(services) == []


def test_a_late_decision_is_a_new_revision_and_the_first_stays(services: Services) -> None:
    month = datetime(2026, 12, 1, 3, tzinfo=UTC)
    took(services, month)
    november = last_ended(PeriodKind.MONTH, month.date())
    before = {scope: of(services, scope, november) for scope in (Scope.of_project(2), ORGANISATION)}
    rows = everything(services)
    # Another model and another word are none of that month's business.
    with write_session(services.store) as writing:
        attestations.add(writing, worlds.attestation(made_at=month, confirmed_at=month))
    count(services, 2, {**SCANNED, "scans": 4, "scans.ended": 1})
    later = month + timedelta(days=1)
    rounds = took(services, later, worlds.model(version="2", threshold=0.9))
    assert (rounds[PeriodKind.MONTH].added, rounds[PeriodKind.MONTH].revised) == (4, 4)
    for scope, first in before.items():
        assert of(services, scope, november, 1) == first
        second = of(services, scope, november)
        assert (second.row.revision, second.row.previous) == (2, first.row.digest)
        assert second.content.inputs.models == first.content.inputs.models
        assert second.content.inputs.attestations == ()
    assert of(services, Scope.of_project(2), november).content.inputs.counters["scans"] == 4
    assert of(services, ORGANISATION, november).content.inputs.counters["scans"] == 12
    assert of(services, Scope.of_project(1), november).row.revision == 1
    assert of(services, Scope.of_group("bank"), november).row.revision == 1
    assert everything(services)[-len(rows) :] == rows
    assert whole(services) == []


def test_a_late_count_that_changes_nothing_makes_no_revision(services: Services) -> None:
    took(services, datetime(2026, 12, 1, 3, tzinfo=UTC))
    rows = everything(services)
    with write_session(services.store) as writing:
        snapshots.note_late(writing, [(2, YESTERDAY), (counting.ORGANISATION_ID, YESTERDAY)])
    assert took(services, datetime(2026, 12, 1, 9, tzinfo=UTC)) == {}
    assert everything(services) == rows
    with session(services.store) as reading:
        assert snapshots.late_days(reading) == {}


def test_nights_that_are_over_are_not_revised_but_the_last_one_is(services: Services) -> None:
    took(services, NOW)
    took(services, NOW + timedelta(days=1))
    count(services, 3, {**SCANNED, "scans": 9, "scans.ended": 9})
    took(services, NOW + timedelta(days=1, hours=2))
    assert of(services, ORGANISATION, night(YESTERDAY)).row.revision == 1
    assert of(services, ORGANISATION, night(NOW.date())).row.revision == 2
    assert whole(services) == []


def test_who_is_gone_stays_in_the_sums_of_what_is_revised(services: Services) -> None:
    month = datetime(2026, 12, 1, 3, tzinfo=UTC)
    took(services, month)
    with write_session(services.store) as writing:
        forget_project(writing, 4)
        counting.forget_project(writing, 4)
        snapshots.forget_project(writing, 4)
    count(services, 1, {**SCANNED, "scans": 3, "scans.ended": 1})
    took(services, month + timedelta(days=1))
    november = of(services, ORGANISATION, last_ended(PeriodKind.MONTH, month.date()))
    assert (november.row.revision, len(november.content.inputs.projects or ())) == (2, 4)
    assert of(services, ORGANISATION, night(month.date())).content.inputs.counters["projects"] == 3
    assert whole(services) == []


def test_what_was_attested_when_the_night_ended_counts(services: Services) -> None:
    end = datetime(2026, 11, 26, tzinfo=UTC)
    with write_session(services.store) as writing:
        for scope, at in (
            (Scope.of_group("shop"), end - timedelta(days=3)),
            (Scope.of_project(4), end + timedelta(hours=1)),
        ):
            attestations.add(writing, worlds.attestation(scope=scope, made_at=at, confirmed_at=at))
    took(services)
    answered = {
        str(row.scope)
        for row, _ in everything(services)
        if of(services, row.scope, night(YESTERDAY)).content.inputs.attestations
    }
    assert answered == {"project 1", "project 2", "project 3", "group shop", "group shop/web"}
    assert whole(services) == []


def test_two_who_take_the_same_night_take_it_once(services: Services) -> None:
    with ThreadPoolExecutor(3) as pool:
        rounds = [one for found in pool.map(lambda _: take_night(services, NOW, [SMALL]), range(3)) for one in found]
    assert sum(one.added for one in rounds) == 8
    assert len(everything(services)) == 8
    with session(services.store) as reading:
        assert len(list(audit.stream(reading))) == 1
    assert whole(services) == []


class Killed(BaseException):
    """As kill -9: nothing catches it."""


@contextmanager
def killed_at(services: Services, place: int) -> Iterator[None]:
    """What is done in the block is killed before its n-th transaction is kept: whatever else it is in is lost alike."""
    begun = 0

    def kill(_connection: Any) -> None:
        nonlocal begun
        begun += 1
        if begun >= place:
            raise Killed

    event.listen(services.store, "commit", kill)
    try:
        with pytest.raises(Killed):
            yield
    finally:
        event.remove(services.store, "commit", kill)


@pytest.mark.parametrize("place", range(1, 6))
def test_whenever_it_is_killed_it_goes_on_where_it_was(services: Services, place: int) -> None:
    with killed_at(services, place):
        take_night(services, NOW, [SMALL])
    # Meanwhile a project is counted anew.
    count(services, 1, {**SCANNED, "scans": 5, "scans.ended": 5})
    took(services)
    assert {str(row.scope) for row, _ in everything(services)} >= {"organisation", "project 1", "group shop"}
    assert of(services, ORGANISATION, night(YESTERDAY)).content.inputs.counters["scans"] == 14
    assert whole(services) == []
    assert took(services) == {}


UNREADABLE = replace(SMALL, version="2", digest="f" * 64)
"""Stored, it is not what its digest says: as a model of which a later release does not know the figures."""
DECEMBER = datetime(2026, 12, 1, 3, tzinfo=UTC)
NOVEMBER = last_ended(PeriodKind.MONTH, DECEMBER.date())


def errors(entries: list[Any]) -> list[tuple[str, str]]:
    return [(entry["event"], entry["period"]) for entry in entries if entry["log_level"] == "error"]


def late_and_owed(services: Services) -> tuple[int, frozenset[Period]]:
    with session(services.store) as reading:
        return len(snapshots.late_days(reading)), snapshots.owed(reading)


def test_a_period_that_cannot_be_revised_keeps_none_of_the_others_from_it(services: Services) -> None:
    assert take(services, NOVEMBER, [UNREADABLE], DECEMBER) is not None
    took(services, DECEMBER)
    count(services, 2, {**SCANNED, "scans": 4, "scans.ended": 1})
    with logged() as entries:
        rounds = took(services, DECEMBER + timedelta(days=1))
    assert errors(entries) == [("snapshots could not be revised", "2026-11")]
    assert (rounds[PeriodKind.WEEK].revised, PeriodKind.MONTH in rounds) == (4, False)
    # What was done is not done again, and what was not is not forgotten: not even once its days are no news any more.
    assert late_and_owed(services) == (0, frozenset({NOVEMBER}))
    with logged() as entries:
        rounds = took(services, DECEMBER + timedelta(days=2))
    assert errors(entries) == [("snapshots could not be revised", "2026-11")]
    assert rounds.keys() == {PeriodKind.NIGHT}
    assert late_and_owed(services) == (0, frozenset({NOVEMBER}))


def test_a_period_that_can_be_revised_again_gets_what_was_counted_meanwhile(services: Services) -> None:
    took(services, DECEMBER)
    with write_session(services.store) as writing:
        # As a night left it that could not: the late days are struck off, the period is owed.
        counting.keep_days(writing, {(2, YESTERDAY): {**SCANNED, "scans": 4, "scans.ended": 1}})
        snapshots.keep_owed(writing, [NOVEMBER, night(YESTERDAY)])
    with logged() as entries:
        rounds = took(services, DECEMBER + timedelta(days=1))
    assert errors(entries) == []
    assert rounds[PeriodKind.MONTH].revised == 4
    assert of(services, ORGANISATION, NOVEMBER).content.inputs.counters["scans"] == 12
    assert of(services, Scope.of_project(1), NOVEMBER).row.revision == 1
    assert late_and_owed(services) == (0, frozenset())
    assert whole(services) == []


def test_a_night_that_cannot_be_taken_keeps_no_period_from_being_revised(services: Services) -> None:
    took(services, DECEMBER)
    count(services, 2, {**SCANNED, "scans": 4, "scans.ended": 1})
    later = DECEMBER + timedelta(days=1)
    with logged() as entries:
        # Two models with one id are more than a snapshot has room for.
        rounds = take_night(services, later, [SMALL, worlds.model(version="2")])
    assert errors(entries) == [("snapshots could not be taken", "2026-12-01")]
    assert {done.period.kind for done in rounds} == {PeriodKind.WEEK, PeriodKind.MONTH}
    # Nothing of it was written, and whoever comes next takes it.
    assert took(services, later).keys() == {PeriodKind.NIGHT}
    assert whole(services) == []


def test_more_days_than_a_snapshot_holds_are_refused_before_anything_is_written(services: Services) -> None:
    span = Period(PeriodKind.SPAN, date(2015, 1, 1), YESTERDAY)
    with pytest.raises(PeriodTooLong, match="4347 days, and a period may have 4000"):
        take(services, span, [SMALL], NOW)
    assert everything(services) == []
    longest = parse_period(f"{YESTERDAY - timedelta(days=3_999)}..{YESTERDAY}")
    assert take(services, longest, [SMALL], NOW) is not None
    assert of(services, ORGANISATION, longest).content.inputs.days == 4_000


def test_a_group_that_somebody_left_who_was_killed_keeps_no_night_from_being_revised(services: Services) -> None:
    with killed_at(services, 4):  # the organisation's: all else is there
        take_night(services, NOW, [SMALL])
    with write_session(services.store) as writing:
        # Meanwhile one of the group's projects is deleted and the other moved: nothing is below it any more.
        forget_project(writing, 1)
        counting.forget_project(writing, 1)
        snapshots.forget_project(writing, 1)
        upsert_projects(writing, [Project(2, "bank/api", default_branch="main")])
    took(services)
    left = of(services, Scope.of_group("shop/web"), night(YESTERDAY))
    count(services, 2, {**SCANNED, "scans": 9, "scans.ended": 9})
    with logged() as entries:
        took(services, NOW + timedelta(hours=2))
    assert errors(entries) == []
    assert of(services, ORGANISATION, night(YESTERDAY)).content.inputs.counters["scans"] == 16
    assert of(services, Scope.of_group("bank"), night(YESTERDAY)).content.inputs.counters["scans"] == 13
    assert of(services, Scope.of_group("shop/web"), night(YESTERDAY)) == left
    assert whole(services) == []


@pytest.mark.parametrize(
    "damaged",
    [
        {"counters": [1]},
        {"counters": {"scans": "many"}},
        {"counters": {"scans": 1.5}},
        {"counters": {"scans": {"of": 3}}},
        {"counters": {"merge.seconds": 10**400, "merges.timed": 1}},
        {"counters": {"Not a name": 1}},
        {"stocks": {"open.high": "3"}},
        {"stocks": {"projects.ever_scanned": True, "open.high": None}},
        {"stocks": [[]]},
        {"stocks": "none"},
    ],
    ids=lambda damaged: str(damaged)[:40],
)
def test_a_project_whose_counts_are_damaged_is_not_assessed_and_costs_nobody_else(
    services: Services, damaged: dict[str, Any]
) -> None:
    days = table(ProjectDayRecord)
    with write_session(services.store) as writing:
        writing.execute(update(days).where(days.c.project_id == 3).values(**damaged))
    with logged() as entries:
        rounds = took(services)
    assert (rounds[PeriodKind.NIGHT].projects, rounds[PeriodKind.NIGHT].added) == (4, 8)
    assert [entry["project_id"] for entry in entries if entry["log_level"] == "error"] == [3]
    three = of(services, Scope.of_project(3), night(YESTERDAY)).content
    assert (three.inputs.counters, three.results[0].score) == ({}, None)
    # It counts in its group as one that meets nothing.
    assert of(services, ORGANISATION, night(YESTERDAY)).content.results[0].items[0].demands[0].of == 4
    assert of(services, Scope.of_project(1), night(YESTERDAY)).content.results[0].score is not None
    assert whole(services) == []


def test_counts_that_were_damaged_later_rewrite_nothing(services: Services) -> None:
    took(services, DECEMBER)
    days = table(ProjectDayRecord)
    with write_session(services.store) as writing:
        writing.execute(update(days).where(days.c.project_id == 3).values(counters=[1]))
        snapshots.note_late(writing, [(3, YESTERDAY)])
    count(services, 2, {**SCANNED, "scans": 4, "scans.ended": 1})
    with logged() as entries:
        rounds = took(services, DECEMBER + timedelta(days=1))
    assert {entry["project_id"] for entry in entries if entry["log_level"] == "error"} == {3}
    assert rounds[PeriodKind.MONTH].revised == 4
    assert of(services, Scope.of_project(3), NOVEMBER).row.revision == 1
    assert of(services, ORGANISATION, NOVEMBER).content.inputs.counters["scans"] == 12
    assert late_and_owed(services) == (0, frozenset())
    assert whole(services) == []


def test_statements_do_not_grow_with_projects(services: Services) -> None:
    with counted(services.store) as few:
        took(services)
    more = {number: f"shop/more/p{number}" for number in range(100, 180)}
    with write_session(services.store) as writing:
        upsert_projects(writing, [Project(number, path, default_branch="main") for number, path in more.items()])
        counting.keep_days(writing, {(number, NOW.date()): SCANNED for number in more})
    with counted(services.store) as many:
        took(services, NOW + timedelta(days=1))
    assert len(many) <= len(few) + 4
