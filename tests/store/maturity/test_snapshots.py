"""Snapshots in the database: kept once, read by what they are about, and never changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.domain.maturity.period import Period, PeriodKind, night, period_of
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.snapshot import Content, content_digest, project_content, verify
from bot.store.engine import session, write_session
from bot.store.maturity import models, snapshots
from bot.store.maturity.snapshots import Taken, Wanted
from bot.store.maturity_tables import SnapshotContentRecord, SnapshotRecord, SnapshotScoreRecord
from bot.store.projects import Project, forget_project, upsert_projects
from bot.store.statements import table
from bot.store.tables import CounterRecord
from tests.domain.maturity.worlds import END, NIGHT, SCANNED, model
from tests.store.counting import counted

SMALL, OTHER = model(), model("other", threshold=0.9)
SPAN = Period(PeriodKind.SPAN, NIGHT.last - timedelta(days=3_999), NIGHT.last)
FIVE, SIX = Scope.of_project(5), Scope.of_project(6)


def content(**more: int) -> Content:
    return project_content([SMALL, OTHER], NIGHT, {**SCANNED, **more}, shared={})


def taken(scope: Scope = FIVE, **more: int) -> Taken:
    one = content(**more)
    return Taken(scope, content_digest(one), one)


def keep(engine: Engine, *those: Taken, period: Period = NIGHT) -> tuple[int, ...]:
    with write_session(engine) as writing:
        return tuple(row.id for row in snapshots.keep(writing, period, those, END))


def rows(reading: Session) -> tuple[int, int, int]:
    """Snapshots, contents and scores."""
    sizes = [
        reading.execute(select(func.count()).select_from(table(one))).scalar_one()
        for one in (SnapshotRecord, SnapshotContentRecord, SnapshotScoreRecord)
    ]
    return sizes[0], sizes[1], sizes[2]


def test_equal_contents_are_one_row_and_what_changed_is_a_revision(engine: Engine) -> None:
    first = keep(engine, taken(FIVE), taken(SIX))
    assert len(first) == 2
    assert keep(engine, taken(FIVE), taken(SIX)) == ()
    second = keep(engine, taken(FIVE, scans=40), taken(SIX))
    assert len(second) == 1
    third = keep(engine, taken(FIVE))
    with session(engine) as reading:
        assert rows(reading) == (4, 2, 8)
        found = snapshots.revisions(reading, FIVE, NIGHT)
        assert [row.revision for row in found] == [1, 2, 3]
        assert found[0].content == found[2].content
        assert [row.id for row in found] == [first[0], *second, *third]
        assert [row.previous for row in found] == ["", found[0].digest, found[1].digest]
        kept = snapshots.documents(reading, {row.content for row in found})
        by_digest = {SMALL.digest: SMALL, OTHER.digest: OTHER}
        for before, row in zip((None, *found), found, strict=False):
            assert verify(row, kept[row.content], by_digest, before=before) == ()


def test_a_snapshot_is_read_by_what_it_is_about(engine: Engine) -> None:
    keep(engine, taken(FIVE))
    week = period_of(PeriodKind.WEEK, NIGHT.last)
    keep(engine, taken(FIVE, scans=50), period=week)
    keep(engine, taken(FIVE, scans=60), period=night(NIGHT.last + timedelta(days=1)))
    keep(engine, taken(FIVE, scans=61), period=night(NIGHT.last + timedelta(days=1)))
    with session(engine) as reading:
        newest = snapshots.latest(reading, FIVE, PeriodKind.NIGHT)
        assert newest is not None
        assert (newest.row.revision, newest.content.inputs.counters["scans"]) == (2, 61)
        assert newest.content == content(scans=61)
        assert snapshots.get(reading, newest.id) == newest
        assert snapshots.latest(reading, FIVE, PeriodKind.NIGHT, until=NIGHT.last).row.period == NIGHT  # type: ignore[union-attr]
        assert snapshots.latest(reading, FIVE, PeriodKind.NIGHT, until=date(2020, 1, 1)) is None
        assert snapshots.latest(reading, FIVE, PeriodKind.WEEK).period == week  # type: ignore[union-attr]
        assert snapshots.latest(reading, SIX, PeriodKind.NIGHT) is None
        assert snapshots.get(reading, 4711) is None
        again = snapshots.of_period(reading, FIVE, newest.period, revision=1)
        assert again is not None
        assert again.content.inputs.counters["scans"] == 60
        assert [row.digest for row in snapshots.find(reading, newest.row.digest[:12])] == [newest.row.digest]
        assert snapshots.find(reading, "nothing") == ()


def test_a_group_is_found_whatever_its_case(engine: Engine) -> None:
    keep(engine, taken(Scope.of_group("Shop/Web")))
    with session(engine) as reading:
        found = snapshots.latest(reading, Scope.of_group("shop/WEB"), PeriodKind.NIGHT)
    assert found is not None
    assert found.scope == Scope.of_group("Shop/Web")


def test_the_newest_of_many_scopes_is_one_statement(engine: Engine) -> None:
    scopes = [Scope.of_project(n) for n in range(1, 301)]
    keep(engine, *(taken(scope) for scope in scopes))
    keep(engine, taken(scopes[0], scans=40), period=night(NIGHT.last + timedelta(days=1)))
    keep(engine, taken(scopes[1], scans=40))
    with session(engine) as reading, counted(engine) as seen:
        found = snapshots.newest(reading, [*scopes, Scope.of_project(999), ORGANISATION], PeriodKind.NIGHT)
    assert len(seen) == 1
    assert found.keys() == set(scopes)
    assert found[scopes[0]].row.period.last == NIGHT.last + timedelta(days=1)
    assert [found[scope].row.revision for scope in scopes[:3]] == [1, 2, 1]
    assert found[scopes[2]].scores.keys() == {"small", "other"}
    small = content().result("small")
    assert small is not None
    assert found[scopes[2]].scores["small"].score == small.score
    with session(engine) as reading:
        some = snapshots.newest(reading, scopes[:3], PeriodKind.NIGHT, model_id="small")
    assert {scope: standing.scores.keys() for scope, standing in some.items()} == {key: {"small"} for key in scopes[:3]}


def test_a_line_over_time_has_each_night_in_its_newest_revision(engine: Engine) -> None:
    for back in range(5):
        keep(engine, taken(FIVE, scans=30 + back), period=night(NIGHT.last - timedelta(days=back)))
    keep(engine, taken(FIVE, **{"scans.ended": 0}))
    with session(engine) as reading, counted(engine) as seen:
        points = snapshots.trend(reading, FIVE, "small", NIGHT.last - timedelta(days=3))
    assert len(seen) == 1
    assert [point.period.last for point in points] == [NIGHT.last - timedelta(days=back) for back in (3, 2, 1, 0)]
    assert [point.revision for point in points] == [1, 1, 1, 2]
    assert points[3].score.score < points[2].score.score  # type: ignore[operator]


def test_as_many_statements_for_a_thousand_as_for_one(engine: Engine) -> None:
    counts = []
    for size in (1, 1_000):
        those = [taken(Scope.of_project(n + size), scans=n) for n in range(1, size + 1)]
        with write_session(engine) as writing, counted(engine) as seen:
            assert len(snapshots.keep(writing, NIGHT, those, END)) == size
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 12


def test_who_keeps_the_same_at_once_keeps_it_once(engine: Engine) -> None:
    those = [taken(Scope.of_project(n), scans=n) for n in range(1, 40)]
    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(lambda _: keep(engine, *those), range(4)))
    assert sum(len(one) for one in added) == 39
    with session(engine) as reading:
        assert rows(reading) == (39, 39, 78)


def test_pages_of_the_list_come_newest_first(engine: Engine) -> None:
    numbers = [keep(engine, taken(Scope.of_project(n)))[0] for n in range(1, 6)]
    with session(engine) as reading:
        first = snapshots.page(reading, Wanted(kind=PeriodKind.NIGHT), limit=3)
        rest = snapshots.page(reading, Wanted(), limit=3, before=first[-1][0].id)
        one = snapshots.page(reading, Wanted(scope=Scope.of_project(2), since=NIGHT.last, until=NIGHT.last))
        assert snapshots.page(reading, Wanted(kind=PeriodKind.YEAR)) == ()
    assert [row.id for row, _ in (*first, *rest)] == numbers[::-1]
    assert [row.id for row, _ in one] == [numbers[1]]
    assert first[0][1].keys() == {"small", "other"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE snapshot SET revision = 9",
        "DELETE FROM snapshot",
        "UPDATE snapshot_content SET digest = digest",
        "DELETE FROM snapshot_content",
        "UPDATE snapshot_score SET score = 100",
        "DELETE FROM snapshot_score",
        "UPDATE maturity_model SET version = '2'",
        "DELETE FROM maturity_model",
    ],
)
def test_the_database_refuses_to_change_what_was_taken(engine: Engine, statement: str) -> None:
    with write_session(engine) as writing:
        upsert_projects(writing, [Project(5, "shop/till")])
        models.keep_models(writing, [SMALL, OTHER], END)
        snapshots.keep(writing, NIGHT, [taken(FIVE), taken(ORGANISATION)], END)
    with pytest.raises(DBAPIError, match="only ever added to"):
        _run(engine, statement)
    with session(engine) as reading:
        assert rows(reading) == (2, 1, 4)


def test_postgresql_refuses_to_empty_them(engine: Engine) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite knows no TRUNCATE")
    for name in ("snapshot", "snapshot_content", "snapshot_score", "maturity_model"):
        with pytest.raises(DBAPIError, match="only ever added to"):
            _run(engine, f"TRUNCATE {name} CASCADE")


def test_what_is_gone_takes_its_snapshots_along_and_leaves_their_contents(engine: Engine) -> None:
    with write_session(engine) as writing:
        upsert_projects(writing, [Project(5, "shop/till"), Project(6, "shop/api")])
        snapshots.keep(writing, NIGHT, [taken(FIVE, scans=5), taken(SIX, scans=6), taken(ORGANISATION, scans=7)], END)
    with pytest.raises(DBAPIError, match="only ever added to"):
        _forget(engine, 5)
    with write_session(engine) as writing:
        forget_project(writing, 5)
        snapshots.forget_project(writing, 5)
    with session(engine) as reading:
        assert snapshots.latest(reading, FIVE, PeriodKind.NIGHT) is None
        assert snapshots.latest(reading, SIX, PeriodKind.NIGHT) is not None
        assert snapshots.latest(reading, ORGANISATION, PeriodKind.NIGHT) is not None
        assert rows(reading) == (2, 3, 4)
        assert list(snapshots.bare_documents(reading)) == [taken(FIVE, scans=5).digest]


def test_days_that_were_counted_late_are_struck_off_as_they_were_seen(engine: Engine) -> None:
    day = NIGHT.last
    with write_session(engine) as writing:
        snapshots.note_late(writing, [(5, day), (6, day)])
    with session(engine) as reading:
        seen = snapshots.late_days(reading)
    assert seen.keys() == {(5, day), (6, day)}
    with write_session(engine) as writing:
        # Between reading and striking off, one of them is counted once more.
        snapshots.note_late(writing, [(6, day)])
        snapshots.strike_off(writing, seen)
    with session(engine) as reading:
        assert snapshots.late_days(reading).keys() == {(6, day)}


def test_periods_that_could_not_be_revised_are_owed_until_they_are(engine: Engine) -> None:
    every = {*(period_of(kind, NIGHT.last) for kind in PeriodKind if kind is not PeriodKind.SPAN), SPAN}
    with write_session(engine) as writing:
        counters = table(CounterRecord)
        writing.execute(counters.insert().values(name="owedX", value=7))
        snapshots.keep_owed(writing, every)
        # Again and again it changes nothing.
        snapshots.keep_owed(writing, every)
    with session(engine) as reading, counted(engine) as seen:
        assert snapshots.owed(reading) == every
    assert len(seen) == 1
    with write_session(engine) as writing:
        snapshots.keep_owed(writing, [NIGHT], [SPAN, period_of(PeriodKind.WEEK, NIGHT.last)])
    with session(engine) as reading:
        assert snapshots.owed(reading) == every - {SPAN, period_of(PeriodKind.WEEK, NIGHT.last)}
        assert reading.scalar(select(counters.c.value).where(counters.c.name == "owedX")) == 7


def test_models_are_kept_once_and_come_back_as_they_were(engine: Engine) -> None:
    for _ in range(2):
        with write_session(engine) as writing, counted(engine) as seen:
            models.keep_models(writing, [SMALL, OTHER], END)
        assert len(seen) == 1
    with session(engine) as reading:
        assert models.models_of(reading) == {SMALL.digest: SMALL, OTHER.digest: OTHER}
        assert models.models_of(reading, [SMALL.digest, "f" * 64]) == {SMALL.digest: SMALL}


def _run(engine: Engine, statement: str) -> None:
    with write_session(engine) as writing:
        writing.execute(text(statement))


def _forget(engine: Engine, number: int) -> None:
    with write_session(engine) as writing:
        snapshots.forget_project(writing, number)
