"""
How long a compliance summary takes to draw: of an organisation with 2,000 projects, and of one project.

Each figure is printed with the ratio of what was promised to what was measured: above 1 it is kept, and by how much.
The time is that of the whole way: the document becomes words, a process of its own sets the PDF and ends. Beside it
stands how long processors were busy, which does not depend on what else runs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from rich.console import Console

from bot.domain.maturity.summary import Summary
from bot.pipeline.maturity.summaries import draw
from bot.reports.maturity.summary_formats import FORMATS
from bot.texts import Language
from tests.benchmarks.figures import Figure
from tests.reports.maturity.summary_samples import group_summary, project_summary

PROJECTS = 2_000
_ORGANISATION_SECONDS = 30.0
_PROJECT_SECONDS = 2.0
_RUNS = 3


def measure(console: Console) -> list[Figure]:
    """Draw both in Chinese, which has the most letters; the best of some runs, for other programs run here too."""
    whole = group_summary(Language.CHINESE, projects=PROJECTS)
    one = project_summary(Language.CHINESE)
    figures = [
        _figure(f"PDF of {PROJECTS} projects", whole, "pdf", _ORGANISATION_SECONDS),
        _figure("PDF of one project", one, "pdf", _PROJECT_SECONDS),
        *(
            _figure(f"{name} of {PROJECTS} projects", whole, name, _ORGANISATION_SECONDS)
            for name in FORMATS
            if name != "pdf"
        ),
    ]
    for figure in figures:
        console.print(f"  {figure.name}: {figure.detail}")
    return figures


def _figure(name: str, summary: Summary, format: str, promised: float) -> Figure:
    size = 0

    def drawn() -> None:
        nonlocal size
        size = len(draw(summary, Language.CHINESE, FORMATS[format]))

    seconds, busy = min(_timed(drawn) for _ in range(_RUNS))
    ratio = promised / seconds
    return Figure(
        name,
        f"{seconds:.2f} s",
        f"{promised:.0f} s",
        ratio >= 1,
        f"ratio {ratio:.1f}; {busy:.2f} s of a processor, {size / 1024:.0f} KiB",
    )


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds on the wall, and seconds of a processor in this process and its children."""
    started, before = time.perf_counter(), os.times()
    work()
    seconds, after = time.perf_counter() - started, os.times()
    return seconds, sum(after[:4]) - sum(before[:4])
