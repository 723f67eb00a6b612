"""
From a person's decision to the status that follows from it: a command in a thread, against a scan of the same request.

GitLab's stand-in runs beside the bot on the same cores and its time is in the figures, which makes them too large.
"""

from __future__ import annotations

import statistics
import time

from rich.console import Console

from tests.benchmarks.bench import stage_with_advisories
from tests.benchmarks.figures import Figure
from tests.e2e.samples import CLEAN, UNSAFE_LOAD
from tests.e2e.stage import Stage, Story
from tests.standin import MergeRequest

DECISIONS = 20
LONGEST_SECONDS = 1.0


def measure(_: Console) -> list[Figure]:
    with stage_with_advisories() as stage:
        story = stage.story("benchmark/decided", {"shop/orders.py": CLEAN})
        decided, scanned = [], []
        for number in range(DECISIONS + 1):
            files = {f"load{number}.py": UNSAFE_LOAD + f"\n\nNUMBER = {number}\n"}
            scan, request = _timed_scan(stage, story, files, f"feature-{number}")
            decision = _timed_decision(stage, story, request)
            if number:  # the first one loads what the others find loaded
                scanned.append(scan)
                decided.append(decision)
    slow, middle, scan = max(decided), statistics.median(decided), statistics.median(scanned)
    detail = f"median {middle * 1000:.0f} ms of {len(decided)}; a scan of the same: median {scan * 1000:.0f} ms"
    return [
        Figure("decision to status, slowest", f"{slow * 1000:.0f} ms", "1000 ms", slow < LONGEST_SECONDS, detail),
        Figure("decision against a scan", f"{middle / scan:.2f}x", "below 1x", middle < scan, detail),
    ]


def _timed_scan(stage: Stage, story: Story, files: dict[str, str], branch: str) -> tuple[float, MergeRequest]:
    started = time.perf_counter()
    request = story.open(files, branch)
    story.gitlab.wait_for_status(request, "failed", timeout=60)
    seconds = time.perf_counter() - started
    stage.settle()
    return seconds, request


def _timed_decision(stage: Stage, story: Story, request: MergeRequest) -> float:
    (thread,) = story.threads(request)
    started = time.perf_counter()
    story.gitlab.comment(request, stage.grace, "/mw fp only our own files are loaded", discussion=thread)
    story.gitlab.wait_for_status(request, "success", timeout=60)
    seconds = time.perf_counter() - started
    stage.settle()
    return seconds
