"""
What the secret scanner finds on the corpus, counted.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from scanners.offline.detect_secrets import Detector
from tests.evaluation.secrets.corpus import cases

_LEVELS = ("high", "medium", "low")


@dataclass(slots=True)
class Score:
    """At one confidence and above."""

    found: int = 0
    right: int = 0
    wrong: int = 0
    total: int = 0

    @property
    def recall(self) -> float:
        """Of the cases with a secret, those where it was found."""
        return self.found / self.total if self.total else 1.0

    @property
    def precision(self) -> float:
        """Of the hits, those on a secret."""
        said = self.right + self.wrong
        return self.right / said if said else 1.0


@dataclass(slots=True)
class Figures:
    """Everything that is measured on the corpus."""

    true: int = 0
    negative: int = 0
    scores: dict[str, Score] = field(default_factory=lambda: {level: Score() for level in _LEVELS})
    families: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Cases found with medium confidence and above, found at all, and all of them."""
    negatives: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


def measure(detector: Detector) -> Figures:
    """Scan every case."""
    figures = Figures()
    families: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    negatives: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for case in cases():
        hits = list(detector.scan(f"000001{case.suffix}", case.text.encode()))
        target = max(case.lines, default=0)
        best = min((hit.rank for hit in hits if hit.line == target), default=3)
        any_best = min((hit.rank for hit in hits), default=3)
        for rank, level in enumerate(_LEVELS):
            score = figures.scores[level]
            said = [hit for hit in hits if hit.rank <= rank]
            score.right += sum(1 for hit in said if hit.line in case.lines)
            score.wrong += sum(1 for hit in said if hit.line not in case.lines)
            if case.lines:
                score.total += 1
                score.found += best <= rank
        row = families[case.family] if case.lines else negatives[case.family]
        reached = best if case.lines else any_best
        row[0] += reached <= 1
        row[1] += reached <= 2
        row[2] += 1
        if case.lines:
            figures.true += 1
            if best > 1:
                figures.complaints.append(f"missed   {case.name}{case.suffix} (best {best})")
        else:
            figures.negative += 1
        for hit in hits:
            if hit.rank <= 1 and hit.line not in case.lines:
                figures.complaints.append(f"wrong    {case.name}{case.suffix}:{hit.line} {hit.rule}")
    figures.families = {family: (row[0], row[1], row[2]) for family, row in families.items()}
    figures.negatives = {family: (row[0], row[1], row[2]) for family, row in negatives.items()}
    return figures
