"""``python -m tests.benchmarks [name ...]``: exit status 1 when a figure falls short."""

from __future__ import annotations

import argparse
import importlib
import sys
import time

from rich.console import Console

from tests.benchmarks import replay
from tests.benchmarks.figures import Figure, print_figures

NAMES = (
    "merge_request",
    "webhook",
    "memory",
    "kills",
    "replay",
    "findings_list",
    "importing",
    "gate",
    "pre_receive",
    "decision",
    "desk",
    "desk_pages",
    "snapshots",
    "summaries",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"which to run, of: {', '.join(NAMES)}; default all")
    replay.add_options(parser)
    options = parser.parse_args()
    names = options.names or NAMES
    if unknown := set(names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)
    figures: list[Figure] = []
    for name in names:
        console.rule(name, align="left")
        started = time.monotonic()
        if name == "replay":
            found: list[Figure] = replay.measure(console, options)
        else:
            found = importlib.import_module(f"tests.benchmarks.{name}").measure(console)
        for figure in found:
            console.print(f"  {figure}", markup=False)
        console.print(f"  took {time.monotonic() - started:.0f} s")
        figures += found
    print_figures(figures, console)
    return 0 if all(figure.reached for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
