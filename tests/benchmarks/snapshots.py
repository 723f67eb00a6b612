"""
A night of the whole organisation: a million findings of two thousand projects are counted, and snapshots are taken of
every project, every group and the organisation, on PostgreSQL. Beside it the same for one project after the other.
"""

from __future__ import annotations

import json
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from rich.console import Console
from sqlalchemy import Engine, text

from bot.domain.maturity.period import PeriodKind, last_ended
from bot.domain.maturity.scope import Scope
from bot.domain.maturity.snapshot import content_digest, project_content
from bot.domain.verdict import Outcome
from bot.model_files import shipped_models
from bot.observability.metrics import Metrics
from bot.pipeline.maturity.counting import count
from bot.pipeline.maturity.snapshots import take_night
from bot.pipeline.maturity.verifying import verify_stored
from bot.services import Services
from bot.settings import Settings
from bot.store.bulk import bulk_insert
from bot.store.engine import session, write_session
from bot.store.maturity import counting, snapshots
from bot.store.maturity.collected import MERGES, PIPELINES, RELEASES
from bot.store.maturity.snapshots import Taken, Wanted
from bot.store.maturity_tables import CollectionRecord, MergeFactRecord, PipelineFactRecord
from bot.store.statements import table
from bot.store.tables import ScannerRunRecord, ScanRecord
from scanners.finding import FindingKind
from scanners.interface import ScannerStatus
from tests.benchmarks import desk
from tests.benchmarks.figures import Figure
from tests.postgres import NoPostgresError, Postgres

FINDINGS, COPIES = 1_000_000, 10
SECONDS = 120.0
SAMPLE = 40
"""Projects that are done one after the other."""
_FIRST = datetime(2026, 11, 3, 3, tzinfo=UTC)
"""The night before: everything is counted and taken for the first time."""
_SCANS, _PIPELINES, _MERGES = 20, 30, 10
_SCANNERS = {
    "semgrep": FindingKind.SAST,
    "bandit": FindingKind.SAST,
    "osv": FindingKind.DEPENDENCY,
    "detect-secrets": FindingKind.SECRET,
}


def measure(console: Console) -> list[Figure]:
    try:
        with Postgres() as server, tempfile.TemporaryDirectory(prefix="mergewarden-benchmark-") as folder:
            return _measure(server.url(server.create_database()), Path(folder), console)
    except NoPostgresError as error:
        return [Figure("nightly snapshots", "not measured", f"below {SECONDS:.0f} s", False, str(error))]


def _measure(url: str, folder: Path, console: Console) -> list[Figure]:
    services = Services(Settings(data_dir=folder, database_url=SecretStr(url)), Metrics())
    try:
        with _told(console, f"{FINDINGS:,} findings of {desk.PROJECTS:,} projects written"):
            desk.fill(services.store, FINDINGS // COPIES, COPIES)
            _more(services.store)
        with _told(console, "counted for the first time"):
            count(services, _FIRST)
        with _told(console, "taken for the first time"):
            take_night(services, _FIRST)
        with write_session(services.store) as writing:
            _something_happens(writing)
        return _night(services, _FIRST + timedelta(days=1), console)
    finally:
        services.close()


def _night(services: Services, now: datetime, console: Console) -> list[Figure]:
    started = time.perf_counter()
    changed = count(services, now)
    counted = time.perf_counter() - started
    rounds = take_night(services, now)
    whole = time.perf_counter() - started
    console.print(f"  counted in {counted:.1f} s ({changed:,} days changed), taken in {whole - counted:.1f} s")
    for one in rounds:
        console.print(f"    {one.period.kind.value} {one.period.label}: {one.added:,} added, {one.revised:,} revised")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    night = last_ended(PeriodKind.NIGHT, now.date())
    with session(services.store) as reading:
        taken = snapshots.newest_rows(reading, night)
        size = snapshots.stored_size(reading)
        distinct = len({row.content for row in taken.values()})
        started = time.perf_counter()
        everybody = [Scope.of_project(n) for n in range(1, desk.PROJECTS + 1)]
        stand = snapshots.newest(reading, everybody, PeriodKind.NIGHT, model_id="engineering")
        newest = time.perf_counter() - started
    started = time.perf_counter()
    checked = verify_stored(services.store, Wanted(since=night.last, kind=PeriodKind.NIGHT))
    verified = time.perf_counter() - started
    again = time.perf_counter()
    nothing = take_night(services, now)
    again = time.perf_counter() - again
    # Of the same night, so that both do the same work.
    single = _one_after_the_other(services, now) / SAMPLE
    ratio = single / (whole / desk.PROJECTS)
    return [
        Figure(
            "a night counted and its snapshots taken",
            f"{whole:.1f} s",
            f"below {SECONDS:.0f} s",
            whole < SECONDS and len(taken) > desk.PROJECTS,
            f"{counted:.1f} s of it counting; {len(taken):,} snapshots, {memory} MB at most",
        ),
        Figure(
            "one project after the other, against all at once",
            f"{ratio:.1f}x",
            "at least 3x",
            ratio >= 3,
            f"{single * 1000:.0f} ms and {whole / desk.PROJECTS * 1000:.1f} ms for each project",
        ),
        Figure(
            "the same night once more",
            f"{again:.2f} s",
            "below 2 s, nothing added",
            again < 2 and not nothing,
            "the organisation's snapshot says that all are there",
        ),
        Figure(
            "every snapshot of the night made again",
            f"{verified:.1f} s",
            "all give their hash",
            checked.wrong == 0 and checked.count >= len(taken),
            f"{checked.count:,} snapshots, {verified / max(1, checked.count) * 1000:.1f} ms each",
        ),
        Figure(
            "how all projects stand, for a list",
            f"{newest * 1000:.0f} ms",
            "below 500 ms",
            newest < 0.5 and len(stand) == desk.PROJECTS,
            "one model's scores in one statement",
        ),
        Figure(
            "stored: two nights, a week, a month and a quarter",
            f"{size / 1e6:.1f} MB",
            "below 60 MB",
            size < 60_000_000,
            f"{distinct:,} contents for {len(taken):,} snapshots of the second",
        ),
    ]


def _one_after_the_other(services: Services, now: datetime) -> float:
    """Seconds that the same takes for ``SAMPLE`` projects, each with statements of its own; nothing is kept."""
    rating = shipped_models()
    night = last_ended(PeriodKind.NIGHT, now.date())
    today = now.date()
    started = time.perf_counter()
    for number in range(1, SAMPLE + 1):
        with session(services.store) as reading:
            counting.count_days(reading, today - timedelta(days=35), today, now, project_ids=[number])
            tally = counting.sums(reading, night, project_ids=[number]).get(number, {})
        content = project_content(rating, night, tally, shared={})
        with write_session(services.store) as writing:
            snapshots.keep(writing, night, [Taken(Scope.of_project(number), content_digest(content), content)], now)
            writing.rollback()
    return time.perf_counter() - started


def _more(engine: Engine) -> None:
    """What else counting reads: where findings are, scans, and what GitLab told."""
    start = _FIRST - timedelta(days=60)
    with write_session(engine) as opened:
        opened.execute(
            text(
                "INSERT INTO presence (ref_id, finding_id, presence, explanation, first_seen_at, gone_at, changed_at)"
                " SELECT project_id, id, 'existing', '', first_seen_at,"
                " CASE WHEN id % 20 = 0 THEN first_seen_at + interval '9 days' END, NULL FROM finding WHERE id % 10 < 7"
            )
        )
        every = [(project, n) for project in range(1, desk.PROJECTS + 1) for n in range(_SCANS)]
        bulk_insert(opened, table(ScanRecord), (_scan(project, n, start) for project, n in every))
        bulk_insert(
            opened,
            table(ScannerRunRecord),
            (_run(project, n, place, name) for project, n in every for place, name in enumerate(_SCANNERS)),
        )
        # Every second one is of the default branch; the last of those is what the branch was read by.
        last = f"'scan-' || ref_id || '-{_SCANS - 2}'"
        opened.execute(
            text(f"UPDATE stream SET scan_id = {last}, seen_at = :at, looked_with = :with"),
            {"at": _FIRST, "with": json.dumps(dict.fromkeys(_SCANNERS, "1"))},
        )
        bulk_insert(
            opened,
            table(PipelineFactRecord),
            (_pipeline(p, n, start) for p in range(1, desk.PROJECTS + 1) for n in range(_PIPELINES)),
        )
        bulk_insert(
            opened,
            table(MergeFactRecord),
            (_merge(p, n, start) for p in range(1, desk.PROJECTS + 1) for n in range(_MERGES)),
        )
        bulk_insert(
            opened,
            table(CollectionRecord),
            (
                {
                    "project_id": p,
                    "source": source,
                    "cursor": None,
                    "since": start.date(),
                    "collected_at": _FIRST + timedelta(days=1),
                    "problem": "",
                }
                for p in range(1, desk.PROJECTS + 1)
                for source in (PIPELINES, MERGES, RELEASES)
            ),
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _something_happens(writing: Any) -> None:
    """Between the nights: findings go away, and some of last week are called false."""
    writing.execute(
        text("UPDATE presence SET gone_at = :at WHERE finding_id % 997 = 0 AND gone_at IS NULL"),
        {"at": _FIRST + timedelta(hours=9)},
    )
    writing.execute(
        text(
            "UPDATE finding SET state = 'dismissed', justification = 'false_positive', judged_at = :at"
            " WHERE id % 1999 = 0 AND first_seen_at > :since"
        ),
        {"at": _FIRST + timedelta(hours=9), "since": _FIRST - timedelta(days=20)},
    )


def _scan(project: int, n: int, start: datetime) -> dict[str, Any]:
    at = start + timedelta(days=n * 3, minutes=project % 600)
    values = {column.name: None for column in table(ScanRecord).columns}
    return values | {
        "id": f"scan-{project}-{n}",
        "project_id": project,
        "iid": n if n % 2 else None,
        "project": f"group-{project % 50}/project-{project}",
        "project_url": "",
        "ref": "main",
        "head_sha": f"{project:020x}{n:020x}",
        "outcome": Outcome.PASSED,
        "policy_digest": "p" * 64,
        "started_at": at,
        "recorded_at": at + timedelta(seconds=40),
        "seconds": 40.0,
        "files_changed": 3,
        "files_read": 3,
        "error": "",
        "violations": [],
        "reasons": [],
        "tolerated": False,
    }


def _run(project: int, n: int, place: int, scanner: str) -> dict[str, Any]:
    return {
        "scan_id": f"scan-{project}-{n}",
        "position": place,
        "scanner": scanner,
        "kind": _SCANNERS[scanner],
        "version": "1",
        "status": ScannerStatus.COMPLETED,
        "reason": "",
        "files": 9,
        "cached_files": 0,
        "seconds": 1.0,
        "rules_digest": "",
        "data_date": date(2026, 11, 1),
        "gaps": None,
        "findings": None,
    }


def _pipeline(project: int, n: int, start: datetime) -> dict[str, Any]:
    at = start + timedelta(days=n * 2, minutes=project % 900)
    return {
        "project_id": project,
        "pipeline_id": project * 1_000 + n,
        "sha": "a" * 40,
        "successful": n % 7 != 0,
        "created_at": at,
        "finished_at": at + timedelta(minutes=6),
        "seconds": 300 + project % 200,
        "coverage": 60.0 + project % 30,
        "jobs": 12,
        "jobs_ok": 12 if n % 7 else 11,
    }


def _merge(project: int, n: int, start: datetime) -> dict[str, Any]:
    at = start + timedelta(days=n * 6, minutes=project % 900)
    values = {column.name: None for column in table(MergeFactRecord).columns}
    return values | {
        "project_id": project,
        "iid": n,
        "opened_at": at - timedelta(days=2),
        "merged_at": at,
        "head_sha": f"{project:020x}{n:020x}",
        "merge_sha": "b" * 40,
    }


@contextmanager
def _told(console: Console, what: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    console.print(f"  {what} in {time.perf_counter() - started:.0f} s")
