"""
``kill -9`` at random moments of a merge request's life, of the whole bot or of its worker.

Each time the merge request must end as one that nobody disturbed: the right status, the same threads, one summary, no
note twice. A delivery that was under way when the bot died stays lost, as with GitLab; the reconciler has to find it.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from random import Random

from rich.console import Console

from tests.benchmarks.bench import stage_with_advisories
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import children
from tests.e2e.samples import CLEAN, SAFE_LOAD, UNSAFE_LOAD, access_key, with_key
from tests.e2e.stage import FINAL, STATUS, Stage, Story
from tests.standin import MergeRequest

KILLS = 50
_RECONCILE_SECONDS = "10"
_LONGEST_SECONDS = 180.0
_WORKER_KILLS_IN_A_ROW = 2
"""The supervisor waits longer before each further start of a child that keeps ending; a new bot begins anew."""


@dataclass(frozen=True)
class Look:
    """What a person sees of a merge request in the end."""

    status: str
    threads: tuple[tuple[str, int, bool], ...]
    """Path, line and whether it is resolved."""
    summaries: int
    repeated: int
    """Notes of ours that stand there twice."""


@dataclass(frozen=True)
class Life:
    """A kind of merge request: what it brings, and what is pushed later."""

    name: str
    clean: bool
    mended: bool

    def files(self, number: int, *, first: bool) -> dict[str, str]:
        """Different contents for each number, so that nothing is known before."""
        tail = f"\n\nNUMBER = {number}\n"
        if self.clean or not first:
            return {"load.py": SAFE_LOAD + tail, "key.py": tail.lstrip(), "requirements.txt": "requests==2.32.3\n"}
        return {
            "load.py": UNSAFE_LOAD + tail,
            "key.py": with_key(access_key()) + tail,
            "requirements.txt": "account-kit==1.0.0\n",
        }


_LIVES = (Life("harmless", True, False), Life("vulnerable", False, False), Life("mended", False, True))


def measure(console: Console) -> list[Figure]:
    random = Random(50)
    with stage_with_advisories(RECONCILE_INTERVAL_SECONDS=_RECONCILE_SECONDS) as stage:
        story = stage.story("benchmark/killed", {"shop/orders.py": CLEAN})
        expected: dict[str, Look] = {}
        spans: list[float] = []
        for life in _LIVES * 2:
            request = story.open(life.files(1000 + len(spans), first=True), f"calm-{len(spans)}")
            if life.mended:
                story.verdict(request)
            started = time.perf_counter()
            if life.mended:
                story.push(life.files(1000 + len(spans), first=False), request.source_branch)
            stage.gitlab.wait_for_status(request, FINAL, timeout=_LONGEST_SECONDS)
            spans.append(time.perf_counter() - started)
            stage.settle(_LONGEST_SECONDS)
            expected[life.name] = _look(story, request)
        span = sorted(spans)[len(spans) // 2] * 1.1
        console.print(f"  undisturbed: verdict after {span / 1.1:.1f} s; {expected}", markup=False)
        wrong = _kill_many(story, random, span, expected, console)
    return [
        Figure(
            f"kill -9 at {KILLS} random moments: ended wrong",
            f"{len(wrong)}",
            "none",
            not wrong,
            ", ".join(wrong[:10]),
        )
    ]


def _kill_many(story: Story, random: Random, span: float, expected: dict[str, Look], console: Console) -> list[str]:
    stage, wrong, row = story.stage, [], 0
    counted: Counter[str] = Counter()
    for number in range(KILLS):
        life = random.choice(_LIVES)
        moment = random.uniform(0, span)
        whole = random.random() < 0.5 or row >= _WORKER_KILLS_IN_A_ROW
        row = 0 if whole else row + 1
        victim = "bot" if whole else "worker"
        what = f"#{number} {life.name}, {victim} killed after {moment:.2f} s"
        counted[f"{life.name}, {victim}"] += 1
        started = time.perf_counter()
        request = _begin(story, life, number)
        time.sleep(moment)
        if whole:
            stage.bot.kill()
            stage.bot.start()
        else:
            os.kill(_worker(stage), signal.SIGKILL)
        state = expected[life.name].status
        try:
            stage.gitlab.wait_for_status(request, state, timeout=_LONGEST_SECONDS)
            stage.settle(_LONGEST_SECONDS)
        except TimeoutError as error:
            console.print(f"  {what}: {str(error)[:200]}", markup=False)
        seen = _look(story, request)
        if seen != expected[life.name]:
            wrong.append(what)
            console.print(f"  {what}: {seen} instead of {expected[life.name]}", markup=False)
        elif time.perf_counter() - started > 30:
            console.print(f"  {what}: right after {time.perf_counter() - started:.0f} s", markup=False)
    console.print(f"  kills: {dict(sorted(counted.items()))}", markup=False)
    return wrong


def _begin(story: Story, life: Life, number: int) -> MergeRequest:
    request = story.open(life.files(number, first=True), f"change-{number}")
    if life.mended:
        story.verdict(request)
        story.push(life.files(number, first=False), request.source_branch)
    return request


def _worker(stage: Stage) -> int:
    """The worker among the supervisor's children: it is the one that beats. Waits until there is one."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < deadline:
        with closing(sqlite3.connect(stage.bot.log.parent / "mergewarden.db", timeout=10)) as database:
            beating = {row[0] for row in database.execute("SELECT pid FROM executor").fetchall()}
        if found := beating.intersection(children(stage.bot.pid)):
            return int(found.pop())
        time.sleep(0.05)
    raise TimeoutError("there is no worker")


def _look(story: Story, request: MergeRequest) -> Look:
    threads = story.threads(request)
    ours = Counter(note.body for note in request.notes if note.author is story.stage.user and not note.system)
    unfinished = [s.state for s in story.gitlab.statuses(request, STATUS) if s.state not in FINAL]
    return Look(
        "/".join([story.state(request), *unfinished]),
        tuple(
            sorted((p["new_path"], p["new_line"], t.resolved) for t in threads if (p := t.notes[0].original_position))
        ),
        len(story.summaries(request)),
        sum(count - 1 for count in ours.values()),
    )
