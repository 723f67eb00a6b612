"""
What the pre-receive hook costs a push of 100 commits, its own start included.

The hook runs as GitLab runs it, against a bot on this machine; with it and without it in turns, so that what else the
machine does is the same for both. The 100 commits are on the way in three times: as the cleared head itself, merged,
and rebased, where each of them is looked at.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from rich.console import Console

from bot.observability.logs import configure_logging
from bot.store.engine import open_engine
from bot.store.migrate import migrate
from tests.benchmarks.figures import Figure, quantile
from tests.deploy.gate import Gate

COMMITS = 100
ROUNDS = 9
_PROMISED = 0.300


def measure(console: Console) -> list[Figure]:
    configure_logging("json", "CRITICAL", ())
    with tempfile.TemporaryDirectory(prefix="mergewarden-benchmark-") as name:
        folder = Path(name)
        engine = open_engine(f"sqlite:///{folder / 'bot.db'}")
        migrate(engine)
        gate = Gate(folder, engine)
        with gate.bot():
            figures = [_figure(gate, console, way, made) for way, made in _WAYS.items()]
        engine.dispose()
    return figures


def _figure(gate: Gate, console: Console, way: str, make: Callable[[Gate], str]) -> Figure:
    start = gate.bare_head()
    tip = make(gate)
    old = gate.bare_head()
    with_hook: list[float] = []
    without: list[float] = []
    processor = {True: 0.0, False: 0.0}
    for number in range(ROUNDS + 2):
        for hooked, seconds in ((True, with_hook), (False, without)):
            gate.back_door("main", old)
            began, used = time.perf_counter(), _processor()
            pushed = gate.push(f"{tip}:main") if hooked else gate.push_without(f"{tip}:main")
            # The first ones warm up files and caches.
            if number >= 2:
                seconds.append(time.perf_counter() - began)
                processor[hooked] += _processor() - used
            assert pushed.ok, pushed.output
    gate.back_door("main", start)
    cost = [a - b for a, b in zip(with_hook, without, strict=True)]
    busy = (processor[True] - processor[False]) / ROUNDS
    ratio = median(with_hook) / median(without)
    console.print(
        f"  {way}: with {median(with_hook) * 1000:.0f} ms, without {median(without) * 1000:.0f} ms, "
        f"{ratio:.2f} times; the hook {median(cost) * 1000:.0f} ms, longest {max(cost) * 1000:.0f} ms, "
        f"{busy * 1000:.0f} ms of processor time"
    )
    return Figure(
        f"pre-receive, {COMMITS} commits, {way}",
        f"{quantile(cost, 0.5) * 1000:.0f} ms",
        f"below {_PROMISED * 1000:.0f} ms",
        median(cost) < _PROMISED,
        f"longest {max(cost) * 1000:.0f} ms, {busy * 1000:.0f} ms of processor time, {ratio:.2f} times a plain push",
    )


def _processor() -> float:
    """Seconds that the children of this process have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _feature(gate: Gate) -> str:
    gate.branch("feature")
    for number in range(COMMITS):
        gate.commit({f"src/file{number % 20}.py": f"value = {number}\n" * 40})
    head = gate.run("rev-parse", "HEAD")
    gate.settle(7, head)
    return head


def _merged(gate: Gate) -> str:
    _feature(gate)
    gate.branch("main")
    gate.run("merge", "--quiet", "--no-ff", "--no-edit", "feature")
    return gate.run("rev-parse", "HEAD")


def _rebased(gate: Gate) -> str:
    _feature(gate)
    gate.branch("elsewhere")
    gate.back_door("main", gate.commit({"other.py": "y = 2\n"}))
    gate.run("checkout", "--quiet", "feature")
    gate.run("fetch", "--quiet", "origin")
    gate.run("rebase", "--quiet", "origin/main")
    return gate.run("rev-parse", "HEAD")


_WAYS: dict[str, Callable[[Gate], str]] = {"cleared head": _feature, "merge": _merged, "rebase": _rebased}
