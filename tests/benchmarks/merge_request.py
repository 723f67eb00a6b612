"""
How long a merge request takes, against the scanners themselves.

Ten changed files in a repository of more than 100,000 lines, the mirror warm, the results of these files not known.
What is measured begins with the sending of the webhook and ends with the final commit status. Beside it, in the same
run: each scanner alone over the contents that the merge request needs (both sides), as we run it, with an empty cache;
and all scanners, with the same rules, one after the other over the whole repository.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from statistics import median

from rich.console import Console

from bot.pipeline.git import Repository
from bot.pipeline.workspace import materialise
from bot.store.advisories import StoredAdvisories
from bot.store.engine import open_engine
from scanners.interface import Scanner, ScannerStatus, Unit
from scanners.registry import all_scanners
from scanners.runner import Limits, assess
from tests.benchmarks.bench import (
    LONGEST_SECONDS,
    database_of,
    open_silently,
    seconds_to_verdict,
    stage_with_advisories,
    unheard,
)
from tests.benchmarks.codebase import LEAST_LINES, Codebase
from tests.benchmarks.figures import Figure

ROUNDS = 5
KNOWN_ROUNDS = 4


class NoCache:
    """A ``ResultCache`` that knows nothing."""

    def get_many(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        return {}

    def put_many(self, entries: Mapping[str, bytes]) -> None:
        pass


def scanner_seconds(
    scanners: Sequence[Scanner], repository: Repository, contents: Mapping[str, Sequence[str] | None]
) -> dict[str, float]:
    """Each scanner alone, one after the other, over the given paths (None: all) of each commit."""
    taken: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="mergewarden-benchmark-") as name:
        root, work = Path(name) / "units", Path(name) / "work"
        root.mkdir()
        work.mkdir()
        trees = {
            commit: repository.tree(commit, None if paths is None else [PurePosixPath(path) for path in paths])
            for commit, paths in contents.items()
        }
        material = materialise(repository, trees, root)
        for scanner in scanners:
            taken[scanner.name] = _alone(scanner, root, material.units, work)
    return taken


def _alone(scanner: Scanner, root: Path, units: Sequence[Unit], work: Path) -> float:
    started = time.perf_counter()
    assessment = assess(root, units, [scanner], workdir=work, cache=NoCache(), limits=Limits(seconds=LONGEST_SECONDS))
    seconds = time.perf_counter() - started
    (run,) = assessment.bind([])
    assert run.status in (ScannerStatus.COMPLETED, ScannerStatus.NOT_APPLICABLE), run.reason
    return seconds


def measure(console: Console) -> list[Figure]:
    """All figures about a merge request's way."""
    code = Codebase(seed=20)
    assert code.lines >= LEAST_LINES
    with stage_with_advisories() as stage:
        story = stage.story("benchmark/shop", code.files)
        console.print(f"  repository: {len(code.files)} files, {code.lines} lines")
        store = open_engine(database_of(stage))
        scanners = all_scanners(StoredAdvisories(store))
        repository = Repository(story.project.repository.directory)
        main = story.project.repository.head("main") or ""

        warm = open_silently(story, code.merge_request(9), "warm")
        console.print(f"  first merge request ever, mirror made: {seconds_to_verdict(story, warm, 'open')[0]:.2f} s")
        # The first merge request also has the default branch read, which takes a while and must not be measured.
        stage.settle(LONGEST_SECONDS)

        firsts, seconds_, slowest, strictest = [], [], [], []
        for number in range(ROUNDS):
            changed = code.merge_request(number)
            request = open_silently(story, changed, f"change-{number}")
            first, state = seconds_to_verdict(story, request, "open")
            assert state == "failed", story.summary(request)
            stage.settle()
            alone = scanner_seconds(scanners, repository, {request.head_sha: list(changed), main: list(changed)})
            only = scanner_seconds(scanners, repository, {request.head_sha: list(changed)})

            before = request.head_sha
            with unheard(story):
                story.push(code.second_push(number, changed), request.source_branch)
            second, state = seconds_to_verdict(story, request, "update", before)
            assert state == "failed", story.summary(request)
            stage.settle()
            firsts.append(first)
            seconds_.append(second)
            slowest.append(max(alone.values()))
            strictest.append(max(only.values()))
            shown = ", ".join(f"{name} {taken:.2f}" for name, taken in alone.items())
            console.print(
                f"  first push {first:.2f} s, second {second:.2f} s; alone: {shown} s; head only {strictest[-1]:.2f} s"
            )

        # What every push to the default branch does in real life: its files are scanned before anybody asks.
        story.push({"NOTES.md": "Nothing that a scanner minds.\n"}, "main")
        stage.settle(LONGEST_SECONDS)
        known, known_alone = [], []
        for number in range(ROUNDS, ROUNDS + KNOWN_ROUNDS):
            changed = code.merge_request(number)
            request = open_silently(story, changed, f"change-{number}")
            taken_, state = seconds_to_verdict(story, request, "open")
            assert state == "failed", story.summary(request)
            stage.settle()
            only = scanner_seconds(scanners, repository, {request.head_sha: list(changed)})
            known.append(taken_)
            known_alone.append(max(only.values()))
            console.print(f"  baseline known: {taken_:.2f} s; slowest alone on the new side {known_alone[-1]:.2f} s")

        whole = scanner_seconds(scanners, repository, {main: None})
        shown = ", ".join(f"{name} {taken:.2f}" for name, taken in whole.items())
        console.print(f"  whole repository: {shown} s")
        store.dispose()
    total = sum(whole.values())
    against_slowest = median(first / alone for first, alone in zip(firsts, slowest, strict=True))
    against_strictest = median(first / alone for first, alone in zip(firsts, strictest, strict=True))
    against_known = median(first / alone for first, alone in zip(known, known_alone, strict=True))
    against_whole = total / median(firsts)
    against_first = median(second / first for first, second in zip(firsts, seconds_, strict=True))
    return [
        Figure(
            "webhook to verdict / slowest scanner alone",
            f"{against_slowest:.2f}x",
            "at most 2x",
            against_slowest <= 2,
            f"{median(firsts):.2f} s / {median(slowest):.2f} s; {against_strictest:.2f}x its time on the new side only",
        ),
        Figure(
            "the same, baseline known, new side only",
            f"{against_known:.2f}x",
            "at most 2x",
            against_known <= 2,
            f"{median(known):.2f} s / {median(known_alone):.2f} s; a push to the default branch was scanned before",
        ),
        Figure(
            "all scanners over the repository / webhook to verdict",
            f"{against_whole:.1f}x",
            "at least 10x",
            against_whole >= 10,
            f"{total:.1f} s / {median(firsts):.2f} s",
        ),
        Figure(
            "second push with one file / first",
            f"{against_first:.2f}x",
            "at most 0.5x",
            against_first <= 0.5,
            f"{median(seconds_):.2f} s / {median(firsts):.2f} s",
        ),
    ]
