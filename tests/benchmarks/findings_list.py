"""
The list of findings at a million of them: how long a page takes, whatever it is filtered by and however deep it is.

On SQLite and on a PostgreSQL of its own, each with the same findings. Beside it, the same first page the way that an
index cannot help with, which is how long every page would take if findings were sorted when they are asked for.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from rich.console import Console
from sqlalchemy import Engine, Integer, select, text, type_coerce

from bot.domain.known import Whereabouts
from bot.domain.suppression import Scope, Suppression
from bot.domain.triage import Justification, TriageState
from bot.store import findings, suppressions
from bot.store.bulk import bulk_insert
from bot.store.engine import open_engine, session, write_session
from bot.store.findings import Cursor, finding_values
from bot.store.migrate import migrate
from bot.store.projects import Project, upsert_projects
from bot.store.statements import table
from bot.store.tables import FindingRecord
from scanners.finding import Attribution, Confidence, Finding, FindingKind, Location, Severity
from tests.benchmarks.figures import Figure, quantile
from tests.postgres import NoPostgresError, Postgres

FINDINGS = 1_000_000
PROJECTS = 2_000
SUPPRESSIONS = 1_000
PAGES = 200
LIMIT_SECONDS = 0.1

_FINDING = table(FindingRecord)
_NOW = datetime(2026, 5, 4, tzinfo=UTC)
_SEVERITIES = random.Random(1).choices(list(Severity), [30, 25, 25, 15, 5], k=997)
_CONFIDENCES = random.Random(2).choices(list(Confidence), [2, 5, 3], k=991)
_PLACES = random.Random(3).choices(list(Whereabouts), [2, 2, 6], k=983)
# A few large projects and many small ones, as everywhere.
_OWNERS = random.Random(4).choices(range(1, PROJECTS + 1), [1 / (1 + n) for n in range(PROJECTS)], k=99_991)

_SAMPLE = Finding(
    scanner="semgrep",
    rule_id="python.sql-injection",
    kind=FindingKind.SAST,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="SQL built from user input",
    message="The query text is put together from what the request says. Whoever sends it decides what the database "
    "runs, and can read or change any row.",
    location=Location(PurePosixPath("app.py"), 1, 1, 5, 62),
    cwes=(89,),
    owasp=("A03:2021",),
    snippet='    cursor.execute("SELECT * FROM users WHERE name = \'" + name + "\'")',
    remediation="Pass the value as a parameter: cursor.execute(query, (name,)).",
    references=("https://owasp.org/www-community/attacks/SQL_Injection",),
    attributions=(Attribution("semgrep", "1.182.0", "python.sql-injection"), Attribution("bandit", "1.9.4", "B608")),
)


def measure(console: Console) -> list[Figure]:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="mergewarden-benchmark-") as folder:
        figures += _database("SQLite", f"sqlite:///{Path(folder) / 'findings.db'}", console)
    try:
        with Postgres() as server:
            figures += _database("PostgreSQL", server.url(server.create_database()), console)
    except NoPostgresError as error:
        figures.append(Figure("findings list on PostgreSQL", "not measured", "p95 below 100 ms", False, str(error)))
    return figures


def _database(name: str, url: str, console: Console) -> list[Figure]:
    with _opened(url) as engine:
        started = time.perf_counter()
        fill(engine, FINDINGS)
        console.print(f"  {name}: {FINDINGS:,} findings written in {time.perf_counter() - started:.0f} s")
        return [_figure(name, *measured, console) for measured in _pages(engine)] + [_sorted(name, engine)]


def fill(engine: Engine, count: int) -> None:
    """This many findings of ``PROJECTS`` projects, and suppressions for a few of them."""
    # An index is built in a fraction of the time that a million insertions in no order take.
    with write_session(engine) as opened:
        for index in _FINDING.indexes:
            index.drop(opened.connection())
        upsert_projects(opened, [Project(n, f"group-{n % 50}/project-{n}") for n in range(1, PROJECTS + 1)])
        bulk_insert(opened, _FINDING, _rows(count))
        for index in _FINDING.indexes:
            index.create(opened.connection())
        for number in random.Random(5).sample(range(1, count + 1), SUPPRESSIONS):
            suppressions.create(opened, _suppression(number))
    with write_session(engine) as opened:
        opened.execute(text("ANALYZE"))


def _rows(count: int) -> Iterator[dict[str, Any]]:
    for n in range(1, count + 1):
        finding = replace(
            _SAMPLE,
            severity=_SEVERITIES[n % len(_SEVERITIES)],
            confidence=_CONFIDENCES[n % len(_CONFIDENCES)],
            location=Location(PurePosixPath(f"src/module_{n % 503}/part_{n % 89}.py"), n % 900 + 1, n % 900 + 1, 5, 62),
            match_hash=f"{n:064x}",
            fingerprint=f"{n:064x}",
        )
        yield {
            "id": n,
            "project_id": _owner(n),
            "whereabouts": _PLACES[n % len(_PLACES)],
            "state": TriageState.DETECTED,
            "justification": None,
            "judged_reason": "",
            "judged_by": "",
            "judged_at": None,
            "first_seen_at": _NOW - timedelta(minutes=n % 500_000),
            "code_key": n,
            **finding_values(finding),
        }


def _owner(number: int) -> int:
    return _OWNERS[number % len(_OWNERS)]


def _suppression(number: int) -> Suppression:
    return Suppression(
        id=0,
        project_id=_owner(number),
        scope=Scope.FINDING,
        justification=Justification.FALSE_POSITIVE,
        reason="the input is a constant",
        created_by="alice",
        created_at=_NOW,
        expires_at=datetime(2999, 1, 1, tzinfo=UTC),
        finding_id=number,
        code=f"{number:064x}",
    )


def _pages(engine: Engine) -> Iterator[tuple[str, list[float]]]:
    """What is asked for, and how long each page took."""
    chance = random.Random(6)

    def somewhere() -> Cursor:
        return Cursor(chance.choice(list(Severity)), chance.choice(list(Confidence)), chance.randint(1, FINDINGS))

    yield "first page, everywhere", _times(engine, dict)
    yield "first page, default branches", _times(engine, lambda: {"whereabouts": Whereabouts.DEFAULT_BRANCH})
    yield "first page of a project", _times(engine, lambda: {"project_id": _owner(chance.randint(1, FINDINGS))})
    yield (
        "first page of a project, default branch",
        _times(
            engine,
            lambda: {
                "project_id": _owner(chance.randint(1, FINDINGS)),
                "whereabouts": Whereabouts.DEFAULT_BRANCH,
            },
        ),
    )
    yield "page somewhere deep, everywhere", _times(engine, lambda: {"after": somewhere()})
    yield (
        "page somewhere deep in the largest project",
        _times(engine, lambda: {"project_id": 1, "after": somewhere()}),
    )


def _times(engine: Engine, filters: Callable[[], dict[str, Any]]) -> list[float]:
    seconds = []
    for _ in range(PAGES):
        wanted = filters()
        started = time.perf_counter()
        with session(engine) as opened:
            findings.page(opened, limit=100, **wanted)
        seconds.append(time.perf_counter() - started)
    return seconds


def _figure(database: str, what: str, seconds: list[float], console: Console) -> Figure:
    half, most = quantile(seconds, 0.5), quantile(seconds, 0.95)
    console.print(f"  {database}, {what}: p50 {half * 1000:.1f} ms, p95 {most * 1000:.1f} ms")
    return Figure(
        f"{database}: {what}, p95",
        f"{most * 1000:.1f} ms",
        "below 100 ms",
        most < LIMIT_SECONDS,
        f"p50 {half * 1000:.1f} ms, {FINDINGS:,} findings of {PROJECTS:,} projects",
    )


def _sorted(database: str, engine: Engine) -> Figure:
    """The first page of the default branches, read from the index, against the same rows sorted."""
    # The sum is no column, so no index has its order.
    order = [type_coerce(_FINDING.c[name], Integer) + 0 for name in ("severity", "confidence", "id")]
    query = select(_FINDING).where(_FINDING.c.whereabouts == Whereabouts.DEFAULT_BRANCH)
    query = query.order_by(*(column.desc() for column in order)).limit(101)
    slow = []
    for _ in range(3):
        started = time.perf_counter()
        with session(engine) as opened:
            rows = opened.execute(query).mappings().all()
        slow.append(time.perf_counter() - started)
    with session(engine) as opened:
        page = findings.page(opened, whereabouts=Whereabouts.DEFAULT_BRANCH)
    assert [known.id for known in page.findings] == [row["id"] for row in rows[:100]]
    quick = quantile(_times(engine, lambda: {"whereabouts": Whereabouts.DEFAULT_BRANCH}), 0.5)
    ratio = quantile(slow, 0.5) / quick
    return Figure(
        f"{database}: the same page sorted when it is asked for, against the page from the index",
        f"{ratio:.0f}x",
        "at least 10x",
        ratio >= 10,
        f"{quantile(slow, 0.5) * 1000:.0f} ms and {quick * 1000:.1f} ms",
    )


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()
