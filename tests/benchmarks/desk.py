"""
The security desk at its size: lists, facets and groups by every sort of filter, decisions, and what imports pay for it.

A million findings of two thousand projects on PostgreSQL, two hundred thousand on SQLite. Beside it the same list read
from the findings themselves, sorted when it is asked for: what the desk's own rows and their index save.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from rich.console import Console
from sqlalchemy import Engine, Integer, select, text, type_coerce
from sqlalchemy.orm import Session

from bot.domain.known import Whereabouts
from bot.domain.priority import Standing
from bot.domain.suppression import Scope, Suppression
from bot.domain.triage import Justification, TriageEvent, TriageState
from bot.domain.triage_filter import Assignee, Due, Filter, GroupBy
from bot.store import desk, rules, suppressions, triage
from bot.store.bulk import bulk_insert
from bot.store.desk_tables import TriageItemRecord
from bot.store.engine import open_engine, session, write_session
from bot.store.findings import finding_values
from bot.store.migrate import migrate
from bot.store.projects import Project, upsert_projects
from bot.store.short_hash import token_of
from bot.store.statements import table
from bot.store.tables import AttributionRecord, FindingRecord, StreamRecord, TrackedRefRecord
from scanners.finding import Confidence, Dependency, Finding, FindingKind, Location, Severity
from tests.benchmarks.figures import Figure, quantile
from tests.postgres import NoPostgresError, Postgres

PROJECTS = 2_000
FINDINGS = {"PostgreSQL": 1_000_000, "SQLite": 200_000}
COPIES = {"PostgreSQL": 10, "SQLite": 4}
"""So many times over the rows are written: those of the first time by our own code, the others by the database."""
TIMES = 20
LIST_SECONDS, FACET_SECONDS, DECISION_SECONDS = 0.3, 0.2, 0.05

_FINDING = table(FindingRecord)
_ITEM = table(TriageItemRecord)
_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_SEVERITIES = random.Random(1).choices(list(Severity), [30, 25, 25, 15, 5], k=997)
_CONFIDENCES = random.Random(2).choices(list(Confidence), [2, 5, 3], k=991)
_PLACES = random.Random(3).choices(list(Whereabouts), [2, 2, 6], k=983)
_STATES = random.Random(7).choices(
    [TriageState.DETECTED, TriageState.CONFIRMED, TriageState.RESOLVED], [80, 15, 5], k=977
)
# A few large projects and many small ones, as everywhere.
_OWNERS = random.Random(4).choices(range(1, PROJECTS + 1), [1 / (1 + n) for n in range(PROJECTS)], k=99_991)
_WORDS = random.Random(8).sample(
    [f"{a}{b}" for a in ("user", "order", "token", "query", "cart", "mail") for b in ("store", "view", "form", "api")],
    24,
)
_RULES = [("semgrep", f"python.{word}.rule-{n}") for n, word in enumerate(_WORDS * 20)]
_PACKAGES = [f"{word}-{n}" for n, word in enumerate(_WORDS * 40)]
_ANY = Filter(standings=frozenset())


def measure(console: Console) -> list[Figure]:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="mergewarden-benchmark-") as folder:
        figures += _database("SQLite", f"sqlite:///{Path(folder) / 'desk.db'}", console)
    try:
        with Postgres() as server:
            figures += _database("PostgreSQL", server.url(server.create_database()), console)
    except NoPostgresError as error:
        figures.append(Figure("desk on PostgreSQL", "not measured", "p95 below 300 ms", False, str(error)))
    return figures


def _database(name: str, url: str, console: Console) -> list[Figure]:
    with _opened(url) as engine:
        started = time.perf_counter()
        fill(engine, FINDINGS[name] // COPIES[name], COPIES[name])
        console.print(f"  {name}: {FINDINGS[name]:,} findings written in {time.perf_counter() - started:.0f} s")
        figures = [_figure(name, *shape, console) for shape in _shapes(engine, FINDINGS[name])]
        return [*figures, _against_findings(name, engine)]


def fill(engine: Engine, count: int, copies: int = 1) -> None:
    """This many findings of ``PROJECTS`` projects with everything that the desk keeps about them, ``copies`` times."""
    with write_session(engine) as opened:
        connection = opened.connection()
        upsert_projects(opened, [Project(n, f"group-{n % 50}/project-{n}") for n in range(1, PROJECTS + 1)])
        # An index is built in a fraction of the time that a million insertions in no order take.
        for index in _FINDING.indexes:
            index.drop(connection)
        bulk_insert(opened, _FINDING, (_row(n) for n in range(1, count + 1)))
        for index in _FINDING.indexes:
            index.create(connection)
        bulk_insert(opened, table(TrackedRefRecord), map(_ref, range(1, PROJECTS + 1)))
        bulk_insert(opened, table(StreamRecord), map(_stream, range(1, PROJECTS + 1)))
        bulk_insert(opened, table(AttributionRecord), (_attribution(n) for n in range(1, count + 1)))
        for number in random.Random(5).sample(range(1, count + 1), 1_000):
            suppressions.create(opened, _suppression(number))
        opened.execute(text("ANALYZE"))
    desk.rebuild(engine)
    with write_session(engine) as opened:
        _multiply(opened, count, copies)
    with write_session(engine) as opened:
        for person in range(1, 4):
            desk.assign(opened, range(person * 1_000, person * 1_000 + 500), person, at=_NOW)
        opened.execute(text("ANALYZE"))
    if engine.dialect.name == "postgresql":
        # As its own housekeeping does sooner or later: what was seen by everybody is read from the index alone.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _multiply(opened: Any, count: int, copies: int) -> None:
    """The same findings again under other numbers, and the sums over them."""
    connection = opened.connection()
    postgresql = connection.dialect.name == "postgresql"
    numbers = f"(SELECT generate_series(1, {copies - 1}) AS k) AS ks"
    if not postgresql:
        numbers = (
            f"(WITH RECURSIVE s (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM s WHERE k < {copies - 1}) SELECT k FROM s)"
        )
    for target, key in (
        (_FINDING, "id"),
        (_ITEM, "finding_id"),
        (table(AttributionRecord), "finding_id"),
        (None, "finding_id" if postgresql else "rowid"),
    ):
        indexes = [] if target is None else list(target.indexes)
        for index in indexes:
            index.drop(connection)
        name = "finding_search" if target is None else target.name
        columns = [key, "words"] if target is None else [column.name for column in target.columns]
        quoted = [f'"{column}"' for column in columns]
        values = [f"{column} + k * {count}" if column == f'"{key}"' else column for column in quoted]
        source = name
        if target is None and not postgresql:
            # A search table shows its new rows to a statement that is still reading it.
            connection.execute(text("CREATE TEMPORARY TABLE once AS SELECT rowid, words FROM finding_search"))
            source = "once"
        connection.execute(
            text(f"INSERT INTO {name} ({', '.join(quoted)}) SELECT {', '.join(values)} FROM {source}, {numbers}")
        )
        for index in indexes:
            index.create(connection)
    for name in ("tally", "group_tally"):
        connection.execute(text(f"UPDATE {name} SET count = count * {copies}"))
    sums = ("findings", "open", "confirmed", "false_positives", "otherwise_dismissed")
    connection.execute(text("UPDATE rule_use SET " + ", ".join(f"{one} = {one} * {copies}" for one in sums)))


def _row(n: int) -> dict[str, Any]:
    scanner, rule = _RULES[n * n % len(_RULES)]
    dependency = None
    if n % 10 < 3:
        package = _PACKAGES[n * 7 % len(_PACKAGES)]
        cve = f"CVE-20{n % 20 + 10}-{n * 13 % 9_000 + 1_000}"
        dependency = Dependency("PyPI", package, "1.0", (cve,), ("1.1",) if n % 3 else ())
        scanner, rule = "osv", cve
    finding = Finding(
        scanner=scanner,
        rule_id=rule,
        kind=FindingKind.SAST if dependency is None else FindingKind.DEPENDENCY,
        severity=_SEVERITIES[n % len(_SEVERITIES)],
        confidence=_CONFIDENCES[n % len(_CONFIDENCES)],
        title=f"SQL built from {_WORDS[n % 24]} input",
        message="The query text is put together from what the request says. Whoever sends it decides what runs.",
        location=Location(
            PurePosixPath(f"src/module_{n % 503}/{_WORDS[n % 23]}_{n % 89}.py"), n % 900 + 1, n % 900 + 1
        ),
        snippet='    cursor.execute("SELECT * FROM users WHERE name = \'" + name + "\'")',
        dependency=dependency,
        match_hash=f"{n:064x}",
        fingerprint=f"{n:064x}",
    )
    return {
        "id": n,
        "project_id": _owner(n),
        "whereabouts": _PLACES[n % len(_PLACES)],
        "state": _STATES[n % len(_STATES)],
        "justification": None,
        "judged_reason": "",
        "judged_by": "",
        "judged_at": None,
        "first_seen_at": _NOW - timedelta(minutes=n % 300_000),
        "code_key": n,
        **finding_values(finding),
    }


def _ref(n: int) -> dict[str, Any]:
    return {
        "id": n,
        "project_id": n,
        "key": f"{n:064x}",
        "name": "main",
        "merge_request_iid": None,
        "target": None,
        "is_default": True,
        "progress_done": None,
        "progress_total": None,
        "updated_at": _NOW,
    }


def _stream(n: int) -> dict[str, Any]:
    return {
        "id": n,
        "ref_id": n,
        "key": f"{n:064x}",
        "source": "scan",
        "commit_sha": "a" * 40,
        "scan_id": None,
        "report_digest": None,
        "looked_with": {},
        "began": {},
        "revision": 1,
        "seen_at": _NOW,
    }


def _attribution(n: int) -> dict[str, Any]:
    return {
        "stream_id": _owner(n),
        "finding_id": n,
        "token": token_of("bandit", f"B{n % 70 + 100}"),
        "place": 1,
        "scanner": "bandit",
        "rule_id": f"B{n % 70 + 100}",
        "version": "1.9.4",
        "path": "src/a.py",
        "start_line": 1,
        "end_line": 1,
        "start_column": None,
        "end_column": None,
        "fingerprint_version": "1",
        "match_hash": f"{n:064x}",
        "context_hash": "",
        "tool_fingerprints": None,
        "content": b"0123456789abcdef",
        "explanation": "",
        "first_seen_at": _NOW,
        "last_seen_at": None,
        "gone_at": None,
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
        needs_approval=number % 2 == 0,
    )


def filters() -> Mapping[str, Filter]:
    """Every sort of filter, alone and in the combinations that are hardest: those that few findings fit."""
    high = frozenset({Severity.HIGH, Severity.CRITICAL})
    critical = frozenset({Severity.CRITICAL})
    secret = frozenset({FindingKind.SECRET})
    new = _NOW - timedelta(days=1)
    return {
        "default": Filter(),
        "any standing": _ANY,
        "snoozed (none)": Filter(standings=frozenset({Standing.SNOOZED})),
        "severity": Filter(severities=high),
        "kind that nothing has": replace(_ANY, kinds=secret),
        "low, least sure, nowhere": replace(
            _ANY,
            severities=frozenset({Severity.INFO}),
            confidences=frozenset({Confidence.LOW}),
            whereabouts=frozenset({Whereabouts.NOWHERE}),
        ),
        "known exploited (none)": replace(_ANY, known_exploited=True),
        "epss (none)": replace(_ANY, epss_least=0.9),
        "fix, high": Filter(fix_available=True, severities=high),
        "overdue": Filter(due=Due.OVERDUE),
        "soon and critical": replace(_ANY, due=Due.SOON, severities=critical),
        "largest project": Filter(projects=frozenset({1})),
        "largest project, rare": replace(_ANY, projects=frozenset({1}), kinds=secret),
        "small project": Filter(projects=frozenset({1_999})),
        "group": Filter(group="group-7"),
        "group, rare": replace(_ANY, group="group-7", due=Due.SOON, severities=critical),
        "rule": replace(_ANY, rule=_RULES[1]),
        "package": replace(_ANY, package=("PyPI", _PACKAGES[7])),
        "mine": replace(_ANY, assignee=2),
        "nobody's, critical": Filter(assignee=Assignee.NOBODY, severities=critical),
        "new": replace(_ANY, new_since=new),
        "new and critical": Filter(new_since=new, severities=critical),
        "text, in all": Filter(text="sql"),
        "text, in one of 24": Filter(text="userstore"),
        "text, two words": Filter(text="module_17 mail"),
        "text, in half": Filter(text="token"),
        "text, each in many but never both": Filter(text="semgrep cve"),
        "text, rare": Filter(text="CVE-2014-1234"),
        "text, none": Filter(text="nowhere"),
        "text in a project": replace(_ANY, text="userstore", projects=frozenset({3})),
        "text and rare": replace(_ANY, text="sql", severities=critical, due=Due.SOON, fix_available=True),
        "text and none": replace(_ANY, text="userstore", kinds=secret),
    }


def _shapes(engine: Engine, count: int) -> Iterator[tuple[str, list[float], float]]:
    """What is asked for, how long it took, and how long it may take."""
    half = frozenset(range(1, PROJECTS + 1, 2))
    chance = random.Random(6)
    for name, wanted in filters().items():
        yield f"list: {name}", _times(engine, partial(_page, wanted)), LIST_SECONDS
    for name in ("default", "any standing", "severity", "low, least sure, nowhere", "text and rare"):
        wanted = filters()[name]
        yield (
            f"list, half of the projects: {name}",
            _times(engine, partial(_page, wanted, sees=half)),
            LIST_SECONDS,
        )

    def deep(opened: Any) -> None:
        desk.page(opened, Filter(), None, now=_NOW, after=desk.Place(chance.randint(50, 600), count // 2))

    yield "list: somewhere deep", _times(engine, deep), LIST_SECONDS
    for name, wanted in filters().items():
        yield f"facets: {name}", _times(engine, partial(_facets, wanted)), FACET_SECONDS
    yield "facets, half of the projects", _times(engine, lambda o: desk.facets(o, _ANY, half, now=_NOW)), FACET_SECONDS
    for by in GroupBy:
        for name in ("default", "any standing", "severity", "overdue", "small project", "fix, high"):
            wanted = filters()[name]
            yield (
                f"groups by {by.value}: {name}",
                _times(engine, partial(_groups, wanted, by)),
                FACET_SECONDS,
            )
    yield "one", _times(engine, lambda o: desk.one(o, chance.randint(1, count), None, now=_NOW)), 0.05
    yield "rules: how all did", _times(engine, rules.uses), FACET_SECONDS

    def decide(opened: Any) -> None:
        number = next(n for n in iter(partial(chance.randint, 1, count), None) if _owner(n) == 1)
        triage.record(
            opened, TriageEvent(number, _NOW, "alice", TriageState.DETECTED, TriageState.CONFIRMED, None, "", "cli")
        )

    yield "decision in the largest project", _times(engine, decide, writing=True), DECISION_SECONDS


def _page(wanted: Filter, opened: Session, sees: frozenset[int] | None = None) -> object:
    return desk.page(opened, wanted, sees, now=_NOW)


def _facets(wanted: Filter, opened: Session) -> object:
    return desk.facets(opened, wanted, None, now=_NOW)


def _groups(wanted: Filter, by: GroupBy, opened: Session) -> object:
    return desk.groups(opened, wanted, None, by=by, now=_NOW)


def _times(engine: Engine, ask: Callable[[Any], object], *, writing: bool = False) -> list[float]:
    seconds: list[float] = []
    for _ in range(TIMES):
        started = time.perf_counter()
        with write_session(engine) if writing else session(engine) as opened:
            ask(opened)
        seconds.append(time.perf_counter() - started)
        if sum(seconds) > 5:
            break
    return seconds


def _figure(database: str, what: str, seconds: list[float], limit: float, console: Console) -> Figure:
    half, most = quantile(seconds, 0.5), quantile(seconds, 0.95)
    mark = "" if most < limit else "  <-- too slow"
    console.print(f"  {database}, {what}: p50 {half * 1000:.1f} ms, p95 {most * 1000:.1f} ms{mark}")
    return Figure(
        f"{database}: desk, {what}, p95",
        f"{most * 1000:.1f} ms",
        f"below {limit * 1000:.0f} ms",
        most < limit,
        f"p50 {half * 1000:.1f} ms, {FINDINGS[database]:,} findings of {PROJECTS:,} projects",
    )


def _against_findings(database: str, engine: Engine) -> Figure:
    """The first page against the same rows found in the findings and sorted when it is asked for."""
    # The sum is no column, so no index has its order.
    urgency = type_coerce(_FINDING.c.severity, Integer) * 4 + type_coerce(_FINDING.c.confidence, Integer)
    query = (
        select(_FINDING.c.id)
        .where(_FINDING.c.whereabouts != Whereabouts.NOWHERE, _FINDING.c.state == TriageState.DETECTED)
        .order_by(urgency.desc(), _FINDING.c.id.desc())
        .limit(51)
    )
    slow = []
    for _ in range(3):
        started = time.perf_counter()
        with session(engine) as opened:
            opened.execute(query).all()
        slow.append(time.perf_counter() - started)
    quick = quantile(_times(engine, lambda o: desk.page(o, Filter(), None, now=_NOW)), 0.5)
    ratio = quantile(slow, 0.5) / quick
    return Figure(
        f"{database}: the desk's first page from the findings themselves, against the desk's rows",
        f"{ratio:.0f}x",
        "at least 5x",
        ratio >= 5,
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
