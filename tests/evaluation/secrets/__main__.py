"""
Measures the secret scanner: ``python -m tests.evaluation.secrets [--noise FOLDER] [--wrong]``.

Recall and precision on our labelled corpus, by family and by confidence; hits per thousand lines on real code (the
Python packages of this environment unless a folder is named), and the time that it takes.
"""

from __future__ import annotations

import argparse
import sysconfig
import time
from collections import Counter
from pathlib import Path

from scanners.offline.detect_secrets import Detector
from tests.evaluation.secrets.figures import Figures, measure

_LEVELS = ("high", "medium", "low")
_LARGEST = 1_000_000


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.evaluation.secrets", description="Measure the secret scanner."
    )
    parser.add_argument("--noise", type=Path, default=Path(sysconfig.get_path("purelib")), help="a folder of real code")
    parser.add_argument("--files", type=int, default=4_000, help="at most so many files of it")
    parser.add_argument("--wrong", action="store_true", help="list what was missed and what was said wrongly")
    parser.add_argument(
        "--sample", type=int, default=0, metavar="N", help="show N hits of high or medium confidence of the noise"
    )
    options = parser.parse_args()
    detector = Detector()
    figures = measure(detector)
    _print_figures(figures, wrong=options.wrong)
    _print_noise(detector, options.noise, options.files, options.sample)


def _print_figures(figures: Figures, *, wrong: bool) -> None:
    print(f"{figures.true} cases with a secret, {figures.negative} without")
    for level in _LEVELS:
        score = figures.scores[level]
        print(
            f"  {level:<6} and above: recall {score.recall:.3f}, precision {score.precision:.3f}, wrong {score.wrong}"
        )
    print("recall by family (medium and above, any):")
    for family, (sure, seen, total) in sorted(figures.families.items()):
        print(f"  {family:<16} {sure / total:.3f} {seen / total:.3f} of {total}")
    print("negatives with a hit, by family (medium and above, any):")
    for family, (sure, seen, total) in sorted(figures.negatives.items()):
        print(f"  {family:<16} {sure} {seen} of {total}")
    if wrong:
        for line in figures.complaints:
            print(f"  {line}")


def _print_noise(detector: Detector, folder: Path, most: int, sample: int) -> None:
    lines = files = 0
    counts: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    shown: list[str] = []
    started = time.perf_counter()
    for path in sorted(folder.rglob("*.py"))[:most]:
        raw = path.read_bytes()
        if len(raw) > _LARGEST:
            continue
        files += 1
        lines += raw.count(b"\n")
        for hit in detector.scan("000001.py", raw):
            level = _LEVELS[hit.rank]
            counts[level] += 1
            rules[f"{level} {hit.rule}"] += 1
            if level != "low" and len(shown) < sample:
                shown.append(f"{level} {hit.rule} {path.relative_to(folder)}:{hit.line}")
    seconds = time.perf_counter() - started
    thousands = max(lines, 1) / 1000
    print(f"noise on {files} files with {lines} lines: {1000 * seconds / thousands:.1f} ms per thousand lines")
    for level in _LEVELS:
        print(f"  {level:<6} {counts[level]:>6} hits, {counts[level] / thousands:.4f} per thousand lines")
    for rule, count in rules.most_common(25):
        print(f"  {count:>6} {rule}")
    for line in shown:
        print(f"  {line}")


if __name__ == "__main__":
    main()
