"""Figures about projects: from sums alone, of those that somebody sees, in a fixed number of statements."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, insert

from bot.domain.incident import IncidentKind
from bot.domain.known import Whereabouts
from bot.domain.priority import Exposure, Standing
from bot.store import daily_counts, project_overview
from bot.store.desk_tables import ProjectProfileRecord
from bot.store.engine import session, write_session
from bot.store.licences import record as record_licences
from bot.store.project_overview import Burden, GroupRow, Profile
from bot.store.statements import table
from scanners.finding import Severity
from scanners.imports.model import PackageLicences
from scanners.interface import ScannerStatus
from tests.store.counting import counted
from tests.store.known import add_finding
from tests.store.samples import NOON
from tests.store.standing import (
    TODAY,
    add_baseline,
    add_day,
    add_group,
    add_incident,
    add_item,
    add_project,
    add_run,
    add_tally,
)

SHOP, BANK = 5, 6
HIGH, LOW = Severity.HIGH, Severity.LOW


def test_a_burden_counts_what_is_open_on_the_default_branch(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_tally(writing, SHOP, HIGH, 3)
        add_tally(writing, SHOP, HIGH, 2, standing=Standing.CONFIRMED, known_exploited=True)
        add_tally(writing, SHOP, HIGH, 50, standing=Standing.CLOSED)
        add_tally(writing, SHOP, HIGH, 60, whereabouts=Whereabouts.ELSEWHERE)
        add_tally(writing, BANK, LOW, 7, standing=Standing.SNOOZED)
    with session(engine) as reading, counted(engine) as statements:
        found = project_overview.burdens(reading, None)
        shop = project_overview.burdens(reading, frozenset({SHOP}))
        assert project_overview.burdens(reading, frozenset()) == {}
    assert found == {
        SHOP: Burden((0, 5, 0, 0, 0), undecided=3, exploited=2),
        BANK: Burden((0, 0, 0, 7, 0), undecided=0, exploited=0),
    }
    assert list(shop) == [SHOP]
    assert len(statements) == 3


def test_deadlines_are_those_of_the_last_count_and_after_two_days_nobody_knows(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_day(writing, SHOP, TODAY - timedelta(days=1), overdue=9, due_soon=1)
        add_day(writing, SHOP, TODAY, overdue=4, due_soon=None)
        add_day(writing, BANK, TODAY - timedelta(days=1), overdue=9)
    with session(engine) as reading:
        found = project_overview.deadlines(reading, None, TODAY)
        assert project_overview.deadlines(reading, None, TODAY + timedelta(days=2)) == {}
    assert list(found) == [SHOP]
    assert (found[SHOP].day, found[SHOP].overdue, found[SHOP].due_soon) == (TODAY, 4, None)


def test_the_daily_count_has_what_is_late_and_what_soon_will_be(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_project(writing, SHOP, "shop/backend")
        add_tally(writing, SHOP, HIGH, 4)
        for number, days in enumerate((-1, 1, 6, 8), start=1):
            add_finding(writing, number, project_id=SHOP)
            add_item(writing, number, SHOP, due_at=NOON + timedelta(days=days))
        daily_counts.keep_day(writing, NOON)
    with session(engine) as reading:
        found = project_overview.deadlines(reading, None, TODAY)[SHOP]
    assert (found.overdue, found.due_soon) == (1, 2)


def test_a_trend_sums_days_that_were_counted_and_leaves_out_the_others(engine: Engine) -> None:
    with write_session(engine) as writing:
        for number, high in ((SHOP, 3), (BANK, 10)):
            add_day(writing, number, TODAY, high=high, undecided=1, overdue=2)
        add_day(writing, SHOP, TODAY - timedelta(days=7), high=5)
        add_day(writing, SHOP, TODAY - timedelta(days=3), high=99)
    days = project_overview.days_back(TODAY, days=14, step=7)
    assert days == (TODAY - timedelta(days=14), TODAY - timedelta(days=7), TODAY)
    with session(engine) as reading:
        every = project_overview.trend(reading, None, days)
        shop = project_overview.trend(reading, frozenset({SHOP}), days)
        single = project_overview.trends_of(reading, [SHOP], days)
    assert [(one.day, one.projects, one.total) for one in every] == [(days[1], 1, 5), (days[2], 2, 13)]
    assert [(one.total, one.overdue, one.undecided) for one in shop] == [(5, 0, 0), (3, 2, 1)]
    assert single == {SHOP: {days[1]: 5, days[2]: 3}}


def test_incidents_are_counted_by_project_and_kind(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_incident(writing, SHOP)
        add_incident(writing, SHOP, "b")
        add_incident(writing, BANK, kind=IncidentKind.MERGED_AROUND)
    with session(engine) as reading:
        assert project_overview.open_incidents(reading, frozenset({SHOP})) == {SHOP: {IncidentKind.FORGED_STATUS: 2}}
        assert project_overview.open_incidents(reading, None)[BANK] == {IncidentKind.MERGED_AROUND: 1}


def test_every_severity_has_a_row_also_one_without_findings(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_tally(writing, SHOP, HIGH, 3)
        add_tally(writing, SHOP, HIGH, 2, standing=Standing.SNOOZED)
        add_tally(writing, SHOP, HIGH, 6, whereabouts=Whereabouts.ELSEWHERE)
        add_tally(writing, BANK, HIGH, 100)
    with session(engine) as reading:
        rows = project_overview.by_severity(reading, SHOP)
    assert [row.severity for row in rows] == sorted(Severity, reverse=True)
    high = rows[1]
    assert (high.undecided, high.snoozed, high.elsewhere, high.open) == (3, 2, 6, 5)
    assert rows[0].open == 0


def test_rules_come_by_their_worst_severity_and_then_by_number(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_group(writing, SHOP, 1, ("semgrep", "many"), LOW, 90)
        add_group(writing, SHOP, 2, ("semgrep", "bad"), HIGH, 2)
        add_group(writing, SHOP, 2, ("semgrep", "bad"), LOW, 1)
        add_group(writing, SHOP, 3, ("semgrep", "over"), HIGH, 5, standing=Standing.CLOSED)
        add_group(writing, SHOP, 4, ("PyPI", "django"), HIGH, 5, kind="package")
        add_group(writing, BANK, 1, ("semgrep", "many"), HIGH, 7)
    with session(engine) as reading:
        rules = project_overview.groups(reading, SHOP, "rule", limit=10)
        packages = project_overview.groups(reading, SHOP, "package", limit=10)
        one = project_overview.groups(reading, SHOP, "rule", limit=1)
    assert rules == (GroupRow("semgrep", "bad", HIGH, 3), GroupRow("semgrep", "many", LOW, 90))
    assert packages == (GroupRow("PyPI", "django", HIGH, 5),)
    assert one == rules[:1]


def test_components_have_licences_of_this_project_alone(engine: Engine) -> None:
    with write_session(engine) as writing:
        record_licences(
            writing,
            SHOP,
            [PackageLicences("PyPI", "Django", "4.2", ("BSD-3-Clause",)), PackageLicences("PyPI", "x", "1", ("MIT",))],
        )
        record_licences(writing, BANK, [PackageLicences("PyPI", "django", "5.0", ("GPL-3.0",))])
    with session(engine) as reading:
        found, total = project_overview.components(reading, SHOP, limit=1)
        known = project_overview.licences_of_packages(reading, SHOP, [("PyPI", "django"), ("npm", "x")])
    assert ([one.package for one in found], total) == (["django"], 2)
    assert known == {("PyPI", "django"): ("BSD-3-Clause",)}


def test_the_last_scan_comes_with_its_scanners_and_what_they_left_out(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_project(writing, SHOP, "shop/backend")
        scan_id = add_baseline(writing, SHOP)
        add_run(writing, scan_id, 1, "bandit", status=ScannerStatus.TIMED_OUT, reason="too long")
        add_run(writing, scan_id, 0, "semgrep", gaps=[["a\udcff.py", "parse_error", "line 3", 3]])
    with session(engine) as reading, counted(engine) as statements:
        scan = project_overview.last_scan(reading, scan_id)
        assert project_overview.last_scan(reading, "gone") is None
    assert scan is not None
    assert [(run.scanner, run.assessed, run.has_gaps) for run in scan.runs] == [
        ("semgrep", True, True),
        ("bandit", False, False),
    ]
    assert [str(gap.path) for gap in scan.gaps["semgrep"]] == ["a\udcff.py"]
    assert len(statements) == 6


def test_a_profile_is_unknown_until_somebody_says_something(engine: Engine) -> None:
    with session(engine) as reading:
        assert project_overview.profile(reading, SHOP) == Profile(Exposure.UNKNOWN, "", None)
    with write_session(engine) as writing:
        writing.execute(
            insert(table(ProjectProfileRecord)).values(
                project_id=SHOP, exposure=Exposure.INTERNET, changed_by="ada", changed_at=NOON
            )
        )
    with session(engine) as reading:
        assert project_overview.profile(reading, SHOP) == Profile(Exposure.INTERNET, "ada", NOON)
