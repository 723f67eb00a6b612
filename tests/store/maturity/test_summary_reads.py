"""What a compliance summary lists: of the period, of the projects that are meant, first rows and how many there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, insert, update
from sqlalchemy.orm import Session

from bot.domain.incident import Incident, IncidentKind
from bot.domain.maturity.period import Period, PeriodKind, period_of
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.snapshot import content_digest, project_content
from bot.domain.maturity.summary import DutyKind
from bot.domain.suppression import Scope as Cover
from bot.domain.verdict import Outcome
from bot.store import incidents, suppressions
from bot.store.desk_tables import PersonRecord, TriageItemRecord
from bot.store.engine import session, write_session
from bot.store.maturity import attestations, counting, snapshots, summary_reads
from bot.store.maturity.snapshots import Taken
from bot.store.maturity.summary_reads import OVERRIDES, UNCLEARED, Reach, reach
from bot.store.statements import table
from bot.store.tables import FindingRecord, ScanRecord
from tests.domain.maturity import worlds
from tests.store.counting import counted
from tests.store.known import BANK, SHOP, accepted, add_finding, add_projects
from tests.store.samples import DEPENDENCY, NOON
from tests.store.standing import add_item, add_scan

MARCH = period_of(PeriodKind.MONTH, NOON.date())
ALL = Reach(ORGANISATION, {SHOP: "shop/backend", BANK: "bank/core"}, everything=True)
SHOPS = Reach(Scope.of_group("shop"), {SHOP: "shop/backend"}, everything=False)
PROJECT = Reach(Scope.of_project(SHOP), {SHOP: "shop/backend"}, everything=False)
LATER = NOON + timedelta(days=10)


@pytest.fixture
def store(engine: Engine) -> Engine:
    with write_session(engine) as writing:
        add_projects(writing)
    return engine


def test_a_scope_reaches_its_projects_that_one_sees_and_that_we_look_after(store: Engine) -> None:
    with session(store) as reading:
        assert reach(reading, ORGANISATION, None) == ALL
        assert reach(reading, Scope.of_group("SHOP"), None) == replace(SHOPS, scope=Scope.of_group("SHOP"))
        assert dict(reach(reading, Scope.of_group("sho"), None).paths) == {}
        assert dict(reach(reading, ORGANISATION, {BANK}).paths) == {BANK: "bank/core"}
        assert not reach(reading, ORGANISATION, {BANK}).everything
        served = reach(reading, ORGANISATION, None, lambda path: path.startswith("shop"))
        assert (dict(served.paths), served.everything) == ({SHOP: "shop/backend"}, False)
        assert dict(reach(reading, Scope.of_project(SHOP), {BANK}).paths) == {}


def test_exceptions_are_those_of_the_period_and_what_is_for_every_project_is_everywhere(store: Engine) -> None:
    with write_session(store) as writing:
        add_finding(writing, 1)
        before = NOON - timedelta(days=60)
        for made in (
            accepted(1, created_at=before, expires_at=NOON + timedelta(days=3)),
            accepted(1, created_at=before, expires_at=before + timedelta(days=2)),
            accepted(1, created_at=NOON + timedelta(days=40)),
            accepted(1, created_at=before, revoked_by="x", revoked_at=before + timedelta(days=1)),
            accepted(None, scope=Cover.ADVISORY, project_id=None, advisory="GHSA-1", package="requests"),
            accepted(None, scope=Cover.RULE, project_id=BANK, scanner="semgrep", rule_id="r", path="a/**"),
        ):
            suppressions.create(writing, made)
    with session(store) as reading:
        found = summary_reads.exceptions(reading, ALL, MARCH, LATER)
        assert [(line.project, line.what) for line in found.rows] == [
            ("shop/backend", "#1"),
            ("", "GHSA-1 requests"),
            ("bank/core", "semgrep r a/**"),
        ]
        assert found.rows[0].standing == "expired"
        assert [line.id for line in summary_reads.exceptions(reading, SHOPS, MARCH, LATER).rows] == [1, 5]
        cut = summary_reads.exceptions(reading, ALL, MARCH, LATER, most=1)
        assert (len(cut.rows), cut.total, cut.more) == (1, 3, 2)


def test_incidents_are_those_that_happened_in_the_period(store: Engine) -> None:
    with write_session(store) as writing:
        for project, kind, when in (
            (SHOP, IncidentKind.BREAK_GLASS_MERGE, NOON),
            (SHOP, IncidentKind.UNCLEARED_COMMIT, NOON),
            (BANK, IncidentKind.FORGED_STATUS, NOON + timedelta(days=1)),
            (SHOP, IncidentKind.FORGED_STATUS, NOON - timedelta(days=40)),
            (SHOP, IncidentKind.MERGED_AROUND, NOON + timedelta(days=31)),
        ):
            incidents.report(writing, Incident(project, kind, f"{kind.value} {when}", actor="mallory"), when)
        incidents.close(writing, 3, actor="ann", reason="a test", at=LATER)
    with session(store) as reading:
        found = summary_reads.incidents(reading, ALL, MARCH, OVERRIDES)
        assert [(line.kind, line.project) for line in found.rows] == [
            ("break_glass_merge", "shop/backend"),
            ("forged_status", "bank/core"),
        ]
        assert (found.rows[1].closed_by, found.rows[1].closed_reason) == ("ann", "a test")
        assert [line.kind for line in summary_reads.incidents(reading, SHOPS, MARCH, UNCLEARED).rows] == [
            "uncleared_commit"
        ]


def test_advisories_are_counted_over_projects(store: Engine) -> None:
    with write_session(store) as writing:
        add_finding(writing, 1, DEPENDENCY)
        add_finding(writing, 2, DEPENDENCY, project_id=BANK)
        add_finding(writing, 3, replace(DEPENDENCY, rule_id="PYSEC-old", fingerprint="9" * 64))
        finding = table(FindingRecord)
        writing.execute(update(finding).values(first_seen_at=NOON))
        writing.execute(update(finding).where(finding.c.id == 3).values(first_seen_at=NOON - timedelta(days=90)))
    with session(store) as reading:
        (line,) = summary_reads.advisories(reading, ALL, MARCH).rows
        assert (line.id, line.projects, line.findings, line.still_open) == ("PYSEC-2099-1", 2, 2, 2)
        # No list of what is exploited was imported, and no document about it.
        assert (line.severity, line.exploited, line.title) == ("critical", None, "sample")
        assert summary_reads.advisories(reading, SHOPS, MARCH).rows[0].projects == 1


def test_scans_that_the_policy_let_through_unassessed_are_counted(store: Engine) -> None:
    with write_session(store) as writing:
        for name, outcome in (("a", Outcome.NOT_ASSESSED), ("b", Outcome.NOT_ASSESSED), ("c", Outcome.WARNED)):
            add_scan(writing, name, SHOP, outcome=outcome)
        scan = table(ScanRecord)
        writing.execute(update(scan).where(scan.c.id != "b").values(tolerated=True))
    with session(store) as reading:
        assert summary_reads.tolerated(reading, ALL, MARCH) == 1
        assert summary_reads.tolerated(reading, ALL, MARCH.previous) == 0


def _late(writing: Session, number: int, project: int, person: int | None) -> None:
    add_item(writing, number, project, due_at=NOON)
    item = table(TriageItemRecord)
    writing.execute(update(item).where(item.c.finding_id == number).values(assignee_id=person))


def test_duties_say_whose_they_are(store: Engine) -> None:
    with write_session(store) as writing:
        ann = writing.execute(
            insert(table(PersonRecord))
            .values(
                key="k",
                issuer="i",
                subject="s",
                username="ann",
                name="Ann Lee",
                password="",
                language="",
                created_at=NOON,
            )
            .returning(table(PersonRecord).c.id)
        ).scalar_one()
        for number, project, person in ((1, SHOP, ann), (2, SHOP, ann), (3, BANK, None)):
            add_finding(writing, number, project_id=project)
            item = table(TriageItemRecord)
            writing.execute(item.delete().where(item.c.finding_id == number))
            _late(writing, number, project, person)
        suppressions.create(writing, accepted(1, needs_approval=True))
        incidents.report(writing, Incident(BANK, IncidentKind.FORGED_STATUS, "x"), NOON)
    with session(store) as reading:
        assert summary_reads.overdue(reading, ALL, LATER) == {"high": 3}
        assert summary_reads.overdue(reading, SHOPS, LATER) == {"high": 2}
        assert summary_reads.overdue(reading, ALL, NOON - timedelta(seconds=1)) == {}
        found = summary_reads.duties(reading, ALL, [], LATER)
        assert [(line.kind, line.who, line.where, line.count) for line in found.rows] == [
            (DutyKind.EXCEPTION, "alice", "shop/backend", 1),
            (DutyKind.OVERDUE, "Ann Lee (ann)", "shop/backend", 2),
            (DutyKind.OVERDUE, "", "bank/core", 1),
            (DutyKind.INCIDENT, "", "bank/core", 1),
        ]
        assert [line.kind for line in summary_reads.duties(reading, PROJECT, [], LATER).rows] == [
            DutyKind.EXCEPTION,
            DutyKind.OVERDUE,
        ]
        cut = summary_reads.duties(reading, ALL, [], LATER, most=1)
        assert (len(cut.rows), cut.total) == (1, 4)


def test_an_attestation_is_to_be_confirmed_or_renewed_and_the_newest_word_counts(store: Engine) -> None:
    model = worlds.model()
    said = worlds.attestation(made_at=NOON, expires_at=NOON + timedelta(days=300), confirmed_at=None)
    with write_session(store) as writing:
        attestations.add(writing, replace(said, scope=ORGANISATION))
        # Renewed and confirmed since: nothing is to be done about the first.
        for days in (5, 200):
            attestations.add(
                writing,
                replace(
                    said,
                    scope=Scope.of_group("shop"),
                    expires_at=NOON + timedelta(days=days),
                    confirmed_at=NOON,
                    confirmed_by="eve",
                ),
            )
        attestations.add(
            writing, replace(said, scope=Scope.of_project(SHOP), expires_at=LATER, confirmed_at=NOON, confirmed_by="e")
        )
    with session(store) as reading:
        everything = summary_reads.duties(reading, ALL, [model], LATER).rows
        assert [(line.kind, line.where) for line in everything] == [
            (DutyKind.CONFIRM, ""),
            (DutyKind.RENEW, "shop/backend"),
        ]
        assert everything[0].what == f"{said.model_id} {said.demand_id}"
        # What is the organisation's is no duty of a group's.
        assert [line.kind for line in summary_reads.duties(reading, SHOPS, [model], LATER).rows] == [DutyKind.RENEW]


def _snapshots(store: Engine, period: Period, scope: Scope, **more: int) -> None:
    content = project_content([worlds.model()], period, {**worlds.SCANNED, **more}, shared={})
    with write_session(store) as writing:
        snapshots.keep(writing, period, [Taken(scope, content_digest(content), content)], NOON)


def test_a_line_over_time_has_the_newest_revision_of_each_period_before(store: Engine) -> None:
    scope = Scope.of_project(SHOP)
    period = MARCH
    for step in range(4):
        _snapshots(store, period, scope, **{"open.critical": step})
        period = period.previous
    _snapshots(store, MARCH.previous, scope, **{"open.critical": 7})
    with session(store) as reading:
        points = summary_reads.trend(reading, scope, MARCH, most=2)
        assert [(point.label, point.critical) for point in points] == [("2026-01", 2), ("2026-02", 7)]
        assert [one.model_id for one in points[0].scores] == ["small"]
        span = Period(PeriodKind.SPAN, date(2026, 3, 5), date(2026, 3, 9))
        assert [point.label for point in summary_reads.trend(reading, scope, span, most=9)] == [
            "2025-12",
            "2026-01",
            "2026-02",
        ]
        assert summary_reads.trend(reading, ORGANISATION, MARCH, most=9) == ()


def test_projects_come_with_both_periods_and_what_is_open_at_the_end(store: Engine) -> None:
    for period in (MARCH, MARCH.previous):
        _snapshots(store, period, Scope.of_project(SHOP))
    _snapshots(store, MARCH, Scope.of_project(SHOP), **{"code.read_lines": 100})
    last = MARCH.last
    with write_session(store) as writing:
        counting.keep_days(
            writing,
            {
                (SHOP, last - timedelta(days=2)): {**worlds.SCANNED, "overdue": 9},
                (SHOP, last - timedelta(days=1)): {**worlds.SCANNED, "open.critical": 3, "overdue": 4},
                # On the last day nobody counted how things stood.
                (SHOP, last): {"scans": 1},
                (BANK, last - timedelta(days=20)): worlds.SCANNED,
            },
        )
    with session(store) as reading:
        found = summary_reads.projects(reading, ALL, MARCH, ["small"], last)
        shop, bank = sorted(found.rows, key=lambda line: line.id)
        assert (shop.path, shop.critical, shop.overdue, shop.assessed) == ("shop/backend", 3, 4, True)
        assert shop.scores[0].score is not None
        assert shop.scores_before[0].score is not None
        assert shop.scores[0].score < shop.scores_before[0].score
        # Of the other nobody knows anything at the end: no number is better than an old one.
        assert (bank.path, bank.scores, bank.critical, bank.assessed) == ("bank/core", (), None, False)


def test_lists_are_few_statements_however_much_there_is(store: Engine) -> None:
    def statements() -> int:
        with session(store) as reading, counted(store) as sent:
            summary_reads.exceptions(reading, SHOPS, MARCH, LATER)
            summary_reads.incidents(reading, SHOPS, MARCH, OVERRIDES)
            summary_reads.advisories(reading, SHOPS, MARCH)
            summary_reads.duties(reading, SHOPS, [worlds.model()], LATER)
            summary_reads.trend(reading, ORGANISATION, MARCH, most=11)
            summary_reads.projects(reading, ALL, MARCH, ["small"], MARCH.last)
            return len(sent)

    with write_session(store) as writing:
        add_finding(writing, 1, DEPENDENCY)
        writing.execute(update(table(FindingRecord)).values(first_seen_at=NOON))
    few = statements()
    with write_session(store) as writing:
        for number in range(2, 40):
            add_finding(writing, number, replace(DEPENDENCY, rule_id=f"PYSEC-{number}", fingerprint=f"{number:064}"))
            suppressions.create(writing, accepted(number))
            incidents.report(writing, Incident(SHOP, IncidentKind.FORGED_STATUS, f"{number}"), NOON)
        writing.execute(update(table(FindingRecord)).values(first_seen_at=NOON))
    assert statements() == few <= 20
