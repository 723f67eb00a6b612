"""
``python -m tests.evaluation [LANGUAGE ...]``: recall, precision and the benchmark score of our rules over our corpus.

The score is the true-positive rate minus the false-positive rate, averaged over weaknesses. ``--wrong`` lists what was
judged wrong, ``--dev`` and ``--held`` take one half of the corpus, ``--weakness`` one folder, ``--scanner`` one
of them.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from scanners.adapters.bandit import Bandit
from scanners.adapters.semgrep import Semgrep
from scanners.interface import Scanner
from tests.evaluation.corpus import LANGUAGES, Case, cases_of, files_of
from tests.evaluation.measure import Score, by_weakness, findings_in, judge

SCANNERS: dict[str, type[Scanner]] = {"semgrep": Semgrep, "bandit": Bandit}


def main(arguments: list[str] | None = None) -> int:
    """Measure and print. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.evaluation", description=__doc__)
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help=f"of {', '.join(LANGUAGES)}; all")
    parser.add_argument("--weakness")
    parser.add_argument("--scanner", choices=sorted(SCANNERS))
    parser.add_argument("--wrong", action="store_true", help="list the cases that were judged wrong")
    parser.add_argument("--everything", action="store_true", help="count rules that are only monitored as well")
    halves = parser.add_mutually_exclusive_group()
    halves.add_argument("--dev", action="store_true", help="the files that are not held out")
    halves.add_argument("--held", action="store_true", help="the files that are")
    options = parser.parse_args(arguments)
    scanners = [SCANNERS[options.scanner]()] if options.scanner else [kind() for kind in SCANNERS.values()]
    for language in options.languages or LANGUAGES:
        files = files_of(language, options.weakness)
        cases = [case for path in files for case in cases_of(path)]
        if options.dev or options.held:
            cases = [case for case in cases if case.held == options.held]
        wanted = sorted({case.path for case in cases})
        started = time.monotonic()
        found = findings_in(wanted, scanners)
        seconds = time.monotonic() - started
        scores = [(case, judge(case, found[case.path], everything=options.everything)) for case in cases]
        _print(language, scores, seconds, wanted, wrong=options.wrong)
    return 0


def _print(language: str, scores: list[tuple[Case, Score]], seconds: float, files: list[Path], *, wrong: bool) -> None:
    if wrong:
        for case, score in scores:
            if score.missed or score.alarms:
                print(f"{'missed' if score.missed else 'alarm '} {case.place} {case.note}")
    lines = sum(path.read_bytes().count(b"\n") for path in files)
    table = by_weakness(scores)
    pace = 1000 * seconds / max(lines, 1)
    print(f"\n{language}: {len(scores)} cases, {lines} lines, {seconds:.1f} s ({pace:.2f} s per 1,000)")
    print(f"{'weakness':<30}{'cases':>6}{'found':>7}{'missed':>7}{'alarms':>7}{'recall':>8}{'prec.':>7}{'score':>7}")
    for weakness, score in table.items():
        print(_row(weakness, score, score.youden))
    if table:
        average = sum(score.youden for score in table.values()) / len(table)
        print(_row("all (score: average)", sum(table.values(), Score()), average))


def _row(name: str, score: Score, value: float) -> str:
    return (
        f"{name:<30}{score.cases:>6}{score.found:>7}{score.missed:>7}{score.alarms:>7}"
        f"{score.recall:>8.2f}{score.precision:>7.2f}{value:>7.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
