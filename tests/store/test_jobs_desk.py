"""What the page about jobs asks the store: a run that says nothing is no good run, and nobody sees others' projects."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Engine, update

from bot.store.deliveries import StoredDelivery, record_deliveries
from bot.store.desk import job_reads
from bot.store.engine import session, write_session
from bot.store.executors import Executor, beat, count_take_over
from bot.store.statements import table
from bot.store.tables import ScanRecord
from scanners.interface import ScannerStatus
from tests.store.counting import counted
from tests.store.operations import BANK, HIDDEN, SHOP
from tests.store.samples import NOON
from tests.store.standing import add_run, add_scan

DAY = NOON - timedelta(hours=24)


def test_times_are_those_of_runs_with_an_answer(engine: Engine) -> None:
    with write_session(engine) as writing:
        for number in range(20):
            add_scan(writing, f"s{number}", SHOP)
            add_run(writing, f"s{number}", 0, "semgrep", seconds=float(number + 1))
        add_scan(writing, "f", SHOP)
        add_run(writing, "f", 0, "semgrep", seconds=0.0, status=ScannerStatus.FAILED, reason="no memory")
        add_scan(writing, "n", SHOP)
        add_run(writing, "n", 0, "semgrep", seconds=0.0, status=ScannerStatus.NOT_APPLICABLE)
    with session(engine) as reading:
        (health,) = job_reads.scanner_health(reading, None, since=DAY)
    assert (health.runs, health.failed) == (21, 1)
    assert (health.median_seconds, health.p95_seconds) == (10.0, 19.0)
    assert health.last_failure == "no memory"


def test_a_run_with_gaps_is_incomplete_and_versions_and_old_data_show(engine: Engine) -> None:
    with write_session(engine) as writing:
        for number, version in enumerate(("2", "2", "1")):
            add_scan(writing, f"s{number}", SHOP)
            day = date(2026, 1, number + 1)
            gaps = [["a.py", "parse_error", "", None]] if number == 0 else None
            add_run(writing, f"s{number}", 0, "pip-audit", version=version, data_date=day, gaps=gaps)
    with session(engine) as reading:
        (health,) = job_reads.scanner_health(reading, None, since=DAY)
    assert health.incomplete == 1
    assert health.versions == (("2", 2), ("1", 1))
    assert health.oldest_data == date(2026, 1, 1)


def test_a_scanner_that_never_answered_has_no_times(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_scan(writing, "s", SHOP)
        add_run(writing, "s", 0, "bandit", status=ScannerStatus.TIMED_OUT, reason="too slow")
        add_scan(writing, "old", SHOP, at=DAY - timedelta(seconds=1))
        add_run(writing, "old", 0, "ancient")
    with session(engine) as reading:
        (health,) = job_reads.scanner_health(reading, None, since=DAY)
    assert (health.scanner, health.median_seconds, health.p95_seconds, health.versions) == ("bandit", None, None, ())


def test_what_others_projects_did_is_not_counted(engine: Engine) -> None:
    with write_session(engine) as writing:
        for project in (SHOP, HIDDEN):
            add_scan(writing, f"s{project}", project)
            add_run(writing, f"s{project}", 0, "semgrep")
    with session(engine) as reading:
        (mine,) = job_reads.scanner_health(reading, frozenset({SHOP, BANK}), since=DAY)
        assert mine.runs == 1
        assert job_reads.scanner_health(reading, frozenset(), since=DAY) == ()


def test_the_number_of_statements_does_not_follow_the_number_of_runs(engine: Engine) -> None:
    def ask() -> int:
        with counted(engine) as statements, session(engine) as reading:
            job_reads.scanner_health(reading, None, since=DAY)
        return len(statements)

    few = ask()
    with write_session(engine) as writing:
        for number in range(30):
            add_scan(writing, f"s{number}", SHOP)
            add_run(writing, f"s{number}", 0, f"scanner {number}", version=f"{number}")
    assert ask() == few == 3


def test_a_scan_that_did_not_happen_is_listed_for_those_who_see_its_project(engine: Engine) -> None:
    with write_session(engine) as writing:
        for number, project in enumerate((SHOP, SHOP, HIDDEN)):
            add_scan(writing, f"s{number}", project, iid=number, at=NOON - timedelta(hours=number))
        scans = table(ScanRecord)
        writing.execute(update(scans).where(scans.c.id != "s1").values(error="git is not installed"))
    with session(engine) as reading:
        everything = job_reads.failed_scans(reading, None, since=DAY, limit=10)
        mine = job_reads.failed_scans(reading, frozenset({SHOP}), since=DAY, limit=10)
    assert [scan.id for scan in everything] == ["s0", "s2"]
    assert [(scan.id, scan.error) for scan in mine] == [("s0", "git is not installed")]


def test_deliveries_about_no_project_are_for_those_who_see_all(engine: Engine) -> None:
    with write_session(engine) as writing:
        record_deliveries(
            writing,
            [
                StoredDelivery(f"{number}", NOON + timedelta(seconds=number), "push", project, None, None, "queued")
                for number, project in enumerate((SHOP, HIDDEN, None))
            ],
        )
    with session(engine) as reading:
        assert [one.project_id for one in job_reads.deliveries(reading, None, limit=9)] == [None, HIDDEN, SHOP]
        assert [one.project_id for one in job_reads.deliveries(reading, frozenset({SHOP}), limit=9)] == [SHOP]


def test_a_worker_is_alive_while_it_beats_and_take_overs_are_counted_by_job(engine: Engine) -> None:
    with write_session(engine) as writing:
        beat(writing, Executor("one", "host", 7, "0.1"))
        count_take_over(writing, "mr:5!7:x")
        count_take_over(writing, "mr:5!7:x")
    with session(engine) as reading:
        (worker,) = job_reads.workers(reading, timedelta(seconds=60))
        (silent,) = job_reads.workers(reading, timedelta(seconds=-60))
        assert (worker.alive, silent.alive, worker.host) == (True, False, "host")
        assert job_reads.take_overs(reading, ["mr:5!7:x", "other"]) == {"mr:5!7:x": 2}
