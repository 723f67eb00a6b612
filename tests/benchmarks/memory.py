"""
What ``serve`` keeps in memory at rest, and whether a large repository costs more than a small one.

At rest is counted twice: after the start, and after a merge request, when all that is imported late has been. Processes
that were forked from one another share pages, which PSS divides among them; the sum of RSS counts them again and again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from random import Random

from rich.console import Console

from tests.benchmarks.bench import open_silently, seconds_to_verdict, stage_with_advisories
from tests.benchmarks.codebase import Codebase
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import MEGABYTE, children, family, forget_peak, memory
from tests.e2e.stage import Stage

_AT_REST = 250 * MEGABYTE
_LARGE = 100 * MEGABYTE
_FILE = 1 * MEGABYTE
_QUIET_SECONDS = 6.0
_SLACK = 4 * MEGABYTE
"""By which two runs of the same thing differ: the allocator, and which thread was first."""


def measure(console: Console) -> list[Figure]:
    code = Codebase(seed=30)
    changed = code.merge_request(0)
    small = {path: code.files.get(path, "") for path in changed}
    large = small | _ballast()
    assert sum(map(len, large.values())) >= _LARGE
    with stage_with_advisories() as stage:
        time.sleep(_QUIET_SECONDS)
        fresh = _at_rest(stage, "after its start", console)
        few, few_all, _ = _peak(stage, "benchmark/small", small, changed, console)
        time.sleep(_QUIET_SECONDS)
        used = _at_rest(stage, "after a merge request", console)
    with stage_with_advisories() as stage:
        time.sleep(_QUIET_SECONDS)
        many, many_all, _ = _peak(stage, "benchmark/large", large, changed, console)
    allowance = sum(len(text) for text in changed.values()) + _SLACK
    return [
        Figure(
            "memory of serve at rest",
            f"{max(fresh, used) / MEGABYTE:.0f} MB",
            "below 250 MB",
            max(fresh, used) < _AT_REST,
            f"PSS of three processes; {fresh / MEGABYTE:.0f} MB after the start, {used / MEGABYTE:.0f} MB after work",
        ),
        Figure(
            "peak of the worker, 100 MB repository minus small one",
            f"{(many - few) / MEGABYTE:+.1f} MB",
            f"at most {allowance / MEGABYTE:.1f} MB",
            many - few <= allowance,
            f"{many / MEGABYTE:.0f} MB and {few / MEGABYTE:.0f} MB; with git and scanners "
            f"{many_all / MEGABYTE:.0f} MB and {few_all / MEGABYTE:.0f} MB",
        ),
    ]


def _ballast() -> dict[str, str]:
    """Text that does not compress well, as a repository with data in it has."""
    random = Random(7)
    return {f"data/table_{n:03d}.csv": random.randbytes(_FILE // 2).hex() + "\n" for n in range(_LARGE // _FILE)}


def _at_rest(stage: Stage, when: str, console: Console) -> int:
    pids = [stage.bot.pid, *sorted(children(stage.bot.pid))]
    assert len(pids) == 3, "supervisor, web process and worker"
    shown = ", ".join(
        f"{name} {memory(pid, 'Pss') / MEGABYTE:.0f} MB (RSS {memory(pid, 'Rss') / MEGABYTE:.0f})"
        for name, pid in zip(("supervisor", "web", "worker"), pids, strict=True)
    )
    total = sum(memory(pid, "Pss") for pid in pids)
    console.print(f"  {when}: {shown}; together {total / MEGABYTE:.0f} MB")
    return total


def _peak(
    stage: Stage, name: str, files: Mapping[str, str], changed: Mapping[str, str], console: Console
) -> tuple[int, int, float]:
    """Highest RSS of the worker and highest PSS of the whole family while one merge request is judged; and seconds."""
    story = stage.story(name, files)
    request = open_silently(story, changed, "change")
    worker = max(children(stage.bot.pid))
    forget_peak(worker)
    highest = 0
    over = threading.Event()

    def watch() -> None:
        nonlocal highest
        while not over.wait(0.1):
            highest = max(highest, sum(memory(pid, "Pss") for pid in family(stage.bot.pid)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        seconds, state = seconds_to_verdict(story, request, "open")
    finally:
        over.set()
        watcher.join()
    assert state == "failed"
    stage.settle()
    peak = memory(worker, "VmHWM")
    size = sum(map(len, files.values())) / MEGABYTE
    console.print(
        f"  repository of {size:.1f} MB: verdict after {seconds:.1f} s, peak of the worker {peak / MEGABYTE:.0f} MB, "
        f"of everything {highest / MEGABYTE:.0f} MB"
    )
    return peak, highest, seconds
