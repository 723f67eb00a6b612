"""Compliance summaries in the database: kept once, shown only as they were made, listed to those who may see them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, delete, insert, update

import bot.store
from bot.domain.maturity.period import PeriodKind
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.summary import Summary, SummaryError
from bot.store.engine import session, write_session
from bot.store.maturity import reports
from bot.store.maturity_tables import ReportMemberRecord, ReportRecord, SnapshotContentRecord, SnapshotRecord
from bot.store.projects import Project, upsert_projects
from bot.store.statements import table
from bot.texts import Language
from tests.reports.maturity.summary_samples import MADE, OCTOBER, group_summary, hostile_summary, unknown_summary
from tests.store.counting import counted

GROUP = group_summary(Language.CHINESE)
PROJECT = hostile_summary(Language.ENGLISH)
EVERYBODY = unknown_summary(Language.ENGLISH)
TOLD_OF = frozenset(line.id for line in GROUP.projects.rows)


@pytest.fixture
def store(engine: Engine) -> Engine:
    with write_session(engine) as writing:
        writing.execute(insert(table(SnapshotContentRecord)).values(digest="c" * 64, document={}))
        for summary in (GROUP, PROJECT, EVERYBODY):
            writing.execute(
                insert(table(SnapshotRecord)).values(
                    id=summary.snapshot.id + (summary is EVERYBODY),
                    scope_key=f"{summary.scope}"[:64],
                    scope_kind=summary.scope.kind,
                    scope=summary.scope.key,
                    project_id=summary.scope.project_id,
                    period_kind=OCTOBER.kind,
                    first_day=OCTOBER.first,
                    last_day=OCTOBER.last,
                    revision=1,
                    content="c" * 64,
                    previous="",
                    digest=summary.snapshot.digest,
                    taken_at=MADE,
                )
            )
    return engine


def keep(engine: Engine, summary: Summary) -> reports.StoredReport:
    with write_session(engine) as writing:
        return reports.keep(writing, summary)


def test_who_asks_twice_gets_the_same_document(store: Engine) -> None:
    first = keep(store, GROUP)
    again = keep(store, replace(GROUP, made_by="somebody else"))
    assert again == first
    assert first.summary == GROUP
    assert first.row.digest == GROUP.digest
    other = keep(store, replace(GROUP, language=Language.ENGLISH))
    assert other.id != first.id
    with session(store) as reading:
        assert reports.get(reading, first.id) == first
        assert reports.get(reading, 4711) is None


def test_a_name_that_is_no_utf8_is_kept_with_a_digest_that_fits(store: Engine) -> None:
    kept = keep(store, replace(PROJECT, organisation="a\udcff"))
    with session(store) as reading:
        found = reports.get(reading, kept.id)
    assert found is not None
    assert found.summary.organisation == "a\ufffd"
    assert found.summary.digest == found.row.digest


def test_a_document_that_somebody_changed_is_not_shown(store: Engine) -> None:
    kept = keep(store, GROUP)
    with write_session(store) as writing:
        writing.execute(update(table(ReportRecord)).values(digest="0" * 64))
    with session(store) as reading, pytest.raises(SummaryError, match="was changed in the database"):
        reports.get(reading, kept.id)


def test_the_list_shows_what_one_may_see(store: Engine) -> None:
    group, project, everybody = (keep(store, one) for one in (GROUP, PROJECT, EVERYBODY))
    with session(store) as reading:

        def listed(**wanted: object) -> list[int]:
            return [row.id for row in reports.page(reading, **wanted)]  # type: ignore[arg-type]

        assert listed() == [everybody.id, project.id, group.id]
        assert listed(limit=1) == [everybody.id]
        assert listed(before=project.id) == [group.id]
        assert listed(sees={5}) == [project.id]
        assert listed(sees={6}) == []
        assert listed(sees=TOLD_OF, groups=["Shop"]) == [group.id]
        assert listed(sees=TOLD_OF, groups=["bank"]) == []
        assert listed(sees=TOLD_OF, groups=[f"g{number}" for number in range(3_000)] + ["shop"]) == [group.id]
        assert listed(scope=Scope.of_group("shop")) == [group.id]
        assert listed(scope=ORGANISATION) == [everybody.id]
        assert listed(kind=PeriodKind.WEEK) == []


def test_a_report_of_a_group_is_listed_to_nobody_who_does_not_see_a_project_that_it_tells_of(store: Engine) -> None:
    """Whatever group that project is in today: it may have been moved, or be gone."""
    kept = keep(store, GROUP)
    with session(store) as reading, counted(store) as made:
        assert reports.members(reading, kept.id) == TOLD_OF
        for hidden in TOLD_OF:
            assert reports.page(reading, sees=TOLD_OF - {hidden}, groups=["shop"]) == ()
        assert reports.page(reading, sees=frozenset(), groups=["shop"]) == ()
        assert [row.id for row in reports.page(reading, sees=TOLD_OF | {4711}, groups=["shop"])] == [kept.id]
    assert len(made) == len(TOLD_OF) + 3, "one statement each"


def test_a_report_tells_of_the_projects_of_its_snapshot_and_of_those_in_its_group_too(store: Engine) -> None:
    """Its numbers are the snapshot's, its lists those of the group as it was when the document was made."""
    content = {"projects": [{"id": 71, "content": "d" * 64}]}
    with write_session(store) as writing:
        writing.execute(insert(table(SnapshotContentRecord)).values(digest="e" * 64, document=content))
        upsert_projects(writing, [Project(81, "Shop/new"), Project(82, "shopping/cart")])
    mark = replace(GROUP.snapshot, content="e" * 64)
    with counted(store) as made:
        kept = keep(store, replace(GROUP, snapshot=mark))
    with session(store) as reading:
        assert reports.members(reading, kept.id) == TOLD_OF | {71, 81}
        assert reports.members(reading, keep(store, PROJECT).id) == frozenset()
    assert len(made) <= 4


def test_a_report_of_a_group_of_which_nobody_knows_what_it_tells_of_is_listed_to_nobody(store: Engine) -> None:
    kept = keep(store, GROUP)
    with write_session(store) as writing:
        writing.execute(delete(table(ReportMemberRecord)))
    with session(store) as reading:
        assert reports.page(reading, sees=TOLD_OF, groups=["shop"]) == ()
        assert [row.id for row in reports.page(reading)] == [kept.id]


def test_reports_of_earlier_releases_are_looked_into_once(store: Engine) -> None:
    readable, other = keep(store, GROUP), keep(store, replace(GROUP, language=Language.ENGLISH))
    with store.begin() as connection:
        command.downgrade(alembic(connection), "0008")
        changed = update(table(ReportRecord)).where(table(ReportRecord).c.id == other.id)
        connection.execute(changed.values(document={"projects": "none"}))
    with store.begin() as connection:
        command.upgrade(alembic(connection), "head")
    with session(store) as reading:
        assert reports.members(reading, readable.id) == TOLD_OF
        assert reports.members(reading, other.id) == frozenset(), "shown to those who see everything"


def alembic(connection: Connection) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(bot.store.__file__).parent / "migrations"))
    configuration.attributes["connection"] = connection
    return configuration
