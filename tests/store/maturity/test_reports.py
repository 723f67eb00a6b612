"""Compliance summaries in the database: kept once, shown only as they were made, listed to those who may see them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, insert, update

from bot.domain.maturity.period import PeriodKind
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.summary import Summary, SummaryError
from bot.store.engine import session, write_session
from bot.store.maturity import reports
from bot.store.maturity_tables import ReportRecord, SnapshotContentRecord, SnapshotRecord
from bot.store.statements import table
from bot.texts import Language
from tests.reports.maturity.summary_samples import MADE, OCTOBER, group_summary, hostile_summary, unknown_summary

GROUP = group_summary(Language.CHINESE)
PROJECT = hostile_summary(Language.ENGLISH)
EVERYBODY = unknown_summary(Language.ENGLISH)


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
        assert listed(sees=set(), groups=["Shop"]) == [group.id]
        assert listed(scope=Scope.of_group("shop")) == [group.id]
        assert listed(scope=ORGANISATION) == [everybody.id]
        assert listed(kind=PeriodKind.WEEK) == []
