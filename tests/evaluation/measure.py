"""Runs the scanners over files of the corpus, as the bot would, and counts what they got right."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from rules import catalog
from scanners.finding import Finding
from scanners.interface import Gap, ScanFile, Scanner, Unit
from scanners.runner import Limits, assess, merge_findings
from scanners.units import unit_name, unit_suffix
from tests.evaluation.corpus import Case, cwes_of_weakness

_LIMITS = Limits(seconds=7200, findings_per_unit=5_000)


class NoCache:
    """A result cache that remembers nothing, so that every measurement is made anew."""

    def get_many(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Nothing is there."""
        return {}

    def put_many(self, entries: Mapping[str, bytes]) -> None:
        """Nothing is kept."""


@dataclass(frozen=True, slots=True)
class Score:
    """How many cases were judged how."""

    found: int = 0
    missed: int = 0
    alarms: int = 0
    """Safe cases with a finding."""
    quiet: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.found + other.found,
            self.missed + other.missed,
            self.alarms + other.alarms,
            self.quiet + other.quiet,
        )

    @property
    def cases(self) -> int:
        """All of them."""
        return self.found + self.missed + self.alarms + self.quiet

    @property
    def recall(self) -> float:
        """Share of the vulnerable cases that were found (true-positive rate); 1 when there are none."""
        total = self.found + self.missed
        return self.found / total if total else 1.0

    @property
    def precision(self) -> float:
        """Share of the cases with a finding that are vulnerable; 1 when there are none."""
        total = self.found + self.alarms
        return self.found / total if total else 1.0

    @property
    def alarm_rate(self) -> float:
        """Share of the safe cases with a finding (false-positive rate); 0 when there are none."""
        total = self.alarms + self.quiet
        return self.alarms / total if total else 0.0

    @property
    def youden(self) -> float:
        """True-positive rate minus false-positive rate."""
        return self.recall - self.alarm_rate


def findings_in(files: Sequence[Path], scanners: Sequence[Scanner]) -> dict[Path, tuple[Finding, ...]]:
    """What the scanners say of each file, each weakness once. Raises ``RuntimeError`` where one did not read it all."""
    found, gaps = read_files(files, scanners)
    for path, gap in gaps:
        raise RuntimeError(f"{path} was not read in full: {gap.reason.value}, {gap.detail}, line {gap.line}")
    return found


def read_files(
    files: Sequence[Path], scanners: Sequence[Scanner]
) -> tuple[dict[Path, tuple[Finding, ...]], list[tuple[Path, Gap]]]:
    """
    What the scanners say of each file, each weakness once, and which files they did not read in full.

    Raises ``RuntimeError`` when a scanner gave no answer.
    """
    with TemporaryDirectory(prefix="mergewarden-") as place:
        root, work = Path(place, "units"), Path(place, "work")
        root.mkdir()
        work.mkdir()
        bound: list[tuple[Path, ScanFile]] = []
        for number, path in enumerate(files):
            raw = path.read_bytes()
            suffix = unit_suffix(PurePosixPath(path.name), raw)
            if suffix is None:
                continue
            unit = Unit(unit_name(number, suffix), f"{number:040x}", len(raw))
            shutil.copyfile(path, root / unit.name)
            bound.append((path, ScanFile(PurePosixPath(str(number), path.name), unit)))
        assessment = assess(
            root, [f.unit for _, f in bound if f.unit], scanners, workdir=work, cache=NoCache(), limits=_LIMITS
        )
        runs = assessment.bind([file for _, file in bound])
        for run in runs:
            if not run.assessed:
                raise RuntimeError(f"{run.scanner}: {run.status.value}: {run.reason}")
        gaps = [(files[int(gap.path.parts[0])], gap) for run in runs for gap in run.gaps]
        found: dict[Path, tuple[Finding, ...]] = dict.fromkeys(files, ())
        for finding in merge_findings(runs):
            path = files[int(finding.location.path.parts[0])]
            found[path] = (*found[path], finding)
        return found, gaps


def counts_for(finding: Finding, case: Case, *, everything: bool = False) -> bool:
    """Whether the finding says that this case has its weakness; a rule that is only monitored says nothing."""
    if not case.first_line <= finding.location.start_line <= case.last_line:
        return False
    if cwes_of_weakness()[case.weakness].isdisjoint(finding.cwes):
        return False
    modes = {info.mode for a in finding.attributions if (info := catalog.rule_info(a.scanner, a.rule_id)) is not None}
    return everything or modes != {"monitor"}


def judge(case: Case, findings: Iterable[Finding], *, everything: bool = False) -> Score:
    """The score of one case."""
    hit = any(counts_for(finding, case, everything=everything) for finding in findings)
    if case.vulnerable:
        return Score(found=1) if hit else Score(missed=1)
    return Score(alarms=1) if hit else Score(quiet=1)


def by_weakness(scores: Iterable[tuple[Case, Score]]) -> dict[str, Score]:
    """Scores added up by weakness."""
    total: dict[str, Score] = defaultdict(Score)
    for case, score in scores:
        total[case.weakness] += score
    return dict(sorted(total.items()))
