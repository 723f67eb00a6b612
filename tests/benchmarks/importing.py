"""
One SARIF file with a hundred thousand findings: how long it takes to get in, once, again, and again with another byte.

On SQLite and on a PostgreSQL of its own, each in a process of its own, so that its peak of memory is its own. Compared
with reading the file alone, which is the least that anybody could do.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import MEGABYTE
from tests.postgres import NoPostgresError, Postgres

FINDINGS = 100_000
RATE = 3_000
"""Findings a second."""
MOST_BYTES = 500 * MEGABYTE
_RULES = 200
_FILES = 2_503

_CHILD = """
import json, resource, sys, time
from pathlib import Path
from bot.observability.logs import configure_logging
from bot.observability.metrics import Metrics
from bot.pipeline.importing import ImportTarget, import_report
from bot.services import Services
from bot.settings import load_settings
from bot.store import projects
from bot.store.engine import write_session
from scanners.imports import open_report

folder, url, *files = sys.argv[1:]
configure_logging("json", "CRITICAL", ())
services = Services(load_settings({"MERGEWARDEN_DATA_DIR": folder, "MERGEWARDEN_DATABASE_URL": url}), Metrics())
with write_session(services.store) as writing:
    project = projects.register_local(writing, "bench/imported")
told = []
started = time.perf_counter()
read = sum(1 for _ in open_report(Path(files[0])).entries())
told.append({"seconds": time.perf_counter() - started, "counts": {"read": read}, "repeated": False})
for file in files:
    started = time.perf_counter()
    outcome = import_report(services, Path(file), ImportTarget(project.id, "main"), actor="benchmark")
    seconds = time.perf_counter() - started
    told.append({"seconds": seconds, "counts": dict(outcome.counts), "repeated": outcome.repeated})
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"runs": told, "peak": peak}))
"""


def measure(console: Console) -> list[Figure]:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="mergewarden-benchmark-") as name:
        folder = Path(name)
        report, altered = folder / "report.sarif", folder / "altered.sarif"
        write_sarif(report, FINDINGS)
        altered.write_bytes(report.read_bytes() + b"\n")
        for database, url in _databases(folder, console):
            said = _run(folder / database, url, [report, report, altered])
            figures += _figures(database, said, report.stat().st_size)
    return figures


def write_sarif(path: Path, count: int) -> None:
    """A report as a code scanner for the whole of a large company would write it: about 700 bytes a finding."""
    dice = random.Random(20)
    rules = [
        {
            "id": f"py/rule-{number}",
            "shortDescription": {"text": f"Weakness number {number}"},
            "properties": {
                "security-severity": dice.choice(["2.5", "5.5", "8.0", "9.5"]),
                "tags": ["security", f"external/cwe/cwe-{dice.choice([22, 78, 79, 89, 502]):03d}"],
            },
        }
        for number in range(_RULES)
    ]
    driver = {"name": "CodeScanner", "semanticVersion": "2.15.0", "rules": rules}
    with path.open("w", encoding="utf-8") as out:
        out.write(f'{{"version":"2.1.0","runs":[{{"tool":{{"driver":{json.dumps(driver)}}},"results":[')
        for number in range(count):
            place = {
                "artifactLocation": {"uri": f"src/package_{number % 97}/module_{number % _FILES}.py"},
                "region": {
                    "startLine": dice.randint(1, 3000),
                    "startColumn": 5,
                    "endColumn": 40,
                    "snippet": {"text": f"    cursor.execute(query_{number} % name)"},
                },
            }
            result = {
                "ruleId": f"py/rule-{number % _RULES}",
                "ruleIndex": number % _RULES,
                "level": "warning",
                "message": {"text": f"Value {number} comes from a request and ends in a dangerous place. " * 3},
                "locations": [{"physicalLocation": place}],
                "partialFingerprints": {"primaryLocationLineHash": f"{number:016x}:1"},
            }
            out.write(("," if number else "") + json.dumps(result))
        out.write("]}]}")


@contextmanager
def _postgres(console: Console) -> Iterator[str | None]:
    try:
        server = Postgres()
    except NoPostgresError as error:
        console.print(f"  PostgreSQL is not measured: {error}")
        yield None
        return
    with server:
        yield server.url(server.create_database())


def _databases(folder: Path, console: Console) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{folder / 'bench.db'}"
    with _postgres(console) as url:
        if url is not None:
            yield "PostgreSQL", url


def _run(folder: Path, url: str, files: list[Path]) -> dict[str, object]:
    folder.mkdir()
    command = [sys.executable, "-c", _CHILD, str(folder), url, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    said: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return said


def _figures(database: str, said: dict[str, object], size: int) -> list[Figure]:
    runs, peak = said["runs"], said["peak"]
    assert isinstance(runs, list)
    assert isinstance(peak, int)
    alone, first, same, altered = runs
    assert first["counts"]["new"] == FINDINGS, first
    assert same["repeated"], same
    assert (altered["counts"]["known"], altered["counts"]["new"], altered["counts"]["gone"]) == (FINDINGS, 0, 0), (
        altered
    )

    def figure(what: str, run: dict[str, float]) -> Figure:
        rate = FINDINGS / run["seconds"]
        return Figure(
            f"{database}: {FINDINGS:,} findings, {what}",
            f"{rate:,.0f} a second",
            f"at least {RATE:,}",
            rate >= RATE,
            f"{run['seconds']:.1f} s for {size / MEGABYTE:.0f} MB, {run['seconds'] / alone['seconds']:.2f}x "
            "reading the file alone",
        )

    return [
        figure("for the first time", first),
        figure("the identical file again", same),
        figure("the same findings in a file that differs", altered),
        Figure(
            f"{database}: peak memory of the import",
            f"{peak / MEGABYTE:.0f} MB",
            f"below {MOST_BYTES / MEGABYTE:.0f} MB",
            peak < MOST_BYTES,
        ),
    ]
