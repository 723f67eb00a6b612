"""
Is "this finding is new" right? Walks a git history change by change and compares our verdicts with others' word.

For every commit on the first-parent line (a merge counts as what it brought) the real pipeline is asked, with its
result cache, and judged by ``git blame``, which shares nothing with our line map. A change is *clean* when it touches a
file that has findings and adds none: every flagged line of the new files was there before and was flagged before. A
finding is *kept although edited* when we say existing and blame says that the change wrote one of its lines. Beside it,
in the same run: what the simple identities of other tools would have said. In a history that we made ourselves it is
known what is true of each finding, and that is asked as well.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from bot.domain.verdict import Presence
from bot.observability.metrics import Metrics
from bot.pipeline.assess import Tools, tools_of
from bot.pipeline.git import GitError, LocalSource
from bot.pipeline.git.command import Git
from bot.services import Services
from bot.settings import load_settings
from scanners.adapters.bandit import Bandit
from scanners.finding import FindingKind
from tests.benchmarks.figures import Figure, quantile
from tests.benchmarks.history import History
from tests.benchmarks.identities import IDENTITIES, known
from tests.benchmarks.oracle import Opinion
from tests.benchmarks.releases import history_of
from tests.benchmarks.walk import Step, first_parents, walk

OURS = "Mergewarden"
SEED = 20
MADE_CHANGES = 100
MOST_COMMITS = 200
_OWN = Path(__file__).parents[2]


@dataclass(slots=True)
class Score:
    """How one way to tell new from old did."""

    clean_flagged: int = 0
    """Clean changes in which it calls something new."""
    called_new: int = 0
    """Findings that it calls new although blame says that they were there, clean change or not."""
    kept_edited: int = 0
    """Findings that it calls existing although blame says that the change wrote one of their lines."""
    kept_unflagged: int = 0
    """Findings that it calls existing although the rule did not flag these lines before."""


@dataclass(slots=True)
class Replay:
    """What a walk over one history came to."""

    name: str
    changes: int = 0
    unanswered: int = 0
    """Changes of which a scanner gave no answer."""
    silent: set[str] = field(default_factory=set)
    """Those scanners."""
    findings: int = 0
    clean: int = 0
    edited: int = 0
    scores: dict[str, Score] = field(default_factory=lambda: {name: Score() for name in (OURS, *IDENTITIES)})
    seconds: list[float] = field(default_factory=list)
    scanned: list[tuple[float, float]] = field(default_factory=list)
    """Of the changes for which a scanner had to run: all of it, and the slowest scanner alone."""
    disagreements: list[str] = field(default_factory=list)
    """One sentence for each verdict of ours with which blame disagrees."""
    wrong: list[str] | None = None
    """Verdicts that are not true; None where the truth is not known."""

    def add(self, step: Step) -> None:
        """Count one change."""
        self.changes += 1
        self.unanswered += bool(step.unanswered)
        self.silent |= set(step.unanswered)
        self.findings += len(step.after)
        self.seconds.append(step.seconds)
        if step.scanner_seconds:
            self.scanned.append((step.seconds, step.scanner_seconds))
        opinions = step.opinions.of
        clean = step.touches_findings and all(opinion is Opinion.KEPT for opinion in opinions.values())
        self.clean += clean
        self.edited += step.opinions.edited
        verdicts = step.verdict_of()
        self._count(OURS, step, clean, [(v is Presence.NEW, v is Presence.EXISTING) for v in verdicts])
        for name, identity in IDENTITIES.items():
            kept = known(identity, step.before, step.old, step.after, step.new)
            self._count(name, step, clean, [(not there, there) for there in kept])
        for number, verdict in enumerate(verdicts):
            opinion = opinions.get(number)
            if (verdict is Presence.NEW and opinion is Opinion.KEPT) or (
                verdict is Presence.EXISTING and opinion in (Opinion.WRITTEN, Opinion.FLAGGED_NOW)
            ):
                finding = step.after[number]
                place = f"{finding.location.path}:{finding.location.start_line}"
                self.disagreements.append(
                    f"{step.head[:12]} {finding.rule_id} at {place}: we say {verdict.value}, blame says {opinion.value}"
                )

    def _count(self, name: str, step: Step, clean: bool, said: Sequence[tuple[bool, bool]]) -> None:
        """``said`` tells of each finding of the head whether it is called new, and whether existing."""
        score = self.scores[name]
        score.clean_flagged += clean and any(new for number, (new, _) in enumerate(said) if number in step.opinions.of)
        for number, (new, existing) in enumerate(said):
            opinion = step.opinions.of.get(number)
            score.called_new += new and opinion is Opinion.KEPT
            score.kept_edited += existing and opinion is Opinion.WRITTEN
            score.kept_unflagged += existing and opinion is Opinion.FLAGGED_NOW


@contextmanager
def tools(folder: Path, *, every_scanner: bool = False) -> Iterator[Tools]:
    """
    What the pipeline works with, with an empty store of its own; bandit alone unless told otherwise.

    Never the scanners of packages: their findings are known by package and version, whatever becomes of a line.
    """
    (folder / "data").mkdir()
    services = Services(load_settings({"MERGEWARDEN_DATA_DIR": str(folder / "data")}), Metrics())
    made = tools_of(services)
    try:
        scanners = [scanner for scanner in made.scanners if scanner.kind is not FindingKind.DEPENDENCY]
        yield replace(made, scanners=scanners if every_scanner else [Bandit()])
    finally:
        services.close()


def replay(name: str, repository: Path, tools: Tools, *, commits: int, history: History | None = None) -> Replay:
    """Walk the last ``commits`` changes of a repository. Raises ``bot.pipeline.git.GitError``."""
    result = Replay(name, wrong=None if history is None else [])
    truth = {} if history is None else {change.head: change for change in history.changes}
    with LocalSource.open(repository) as source:
        pairs = first_parents(Git(source.git_dir), source.resolve("HEAD"), commits)
        for step in walk(source, pairs, tools):
            result.add(step)
            if result.wrong is not None:
                result.wrong += truth[step.head].wrong(step.before, step.after, step.tracked)
    return result


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of ``python -m tests.benchmarks replay``."""
    group = parser.add_argument_group("replay")
    group.add_argument("--repository", action="append", type=Path, default=[], help="walk this one instead of our own")
    group.add_argument(
        "--releases", action="append", type=Path, default=[], help="a folder of wheels of one package, made a history"
    )
    group.add_argument("--commits", type=int, default=MOST_COMMITS, help="at most so many changes, the newest ones")
    group.add_argument("--seed", type=int, default=SEED, help="of the history that we make")
    group.add_argument("--every-scanner", action="store_true", help="not only bandit")


def measure(console: Console, options: argparse.Namespace) -> list[Figure]:
    """Our own history and one of known truth, or the repositories that the options name. Exits when it cannot."""
    try:
        return _measure(console, options)
    except (GitError, ValueError) as error:
        raise SystemExit(f"replay: {error}") from error


def _measure(console: Console, options: argparse.Namespace) -> list[Figure]:
    figures: list[Figure] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mergewarden-benchmark-")))
        using = stack.enter_context(tools(folder, every_scanner=options.every_scanner))
        named = [(path.resolve().name, path) for path in options.repository]
        named += [
            (path.resolve().name, history_of(path, folder / f"releases-{number}"))
            for number, path in enumerate(options.releases)
        ]
        for name, path in named:
            figures += report(replay(name, path, using, commits=options.commits), console)
        if not named:
            made = History(folder / "made", options.seed, min(MADE_CHANGES, options.commits))
            figures += report(replay("known truth", made.path, using, commits=len(made.changes), history=made), console)
            if (_OWN / ".git").exists():
                figures += report(replay("our own history", _OWN, using, commits=options.commits), console)
    return figures


def report(result: Replay, console: Console) -> list[Figure]:
    """Print the comparison, and return what was promised and what came out."""
    console.print(
        f"  {result.name}: {result.changes} changes, {result.clean} of them clean; "
        f"{result.findings} findings judged, {result.edited} of them edited",
        markup=False,
    )
    table = Table(
        "identity", "clean changes wrongly flagged", "findings wrongly new", "kept although edited", "or unflagged"
    )
    for name, score in result.scores.items():
        table.add_row(
            name,
            f"{score.clean_flagged} of {result.clean} ({_share(score.clean_flagged, result.clean)})",
            str(score.called_new),
            f"{score.kept_edited} of {result.edited}",
            str(score.kept_unflagged),
        )
    console.print(table)
    for sentence in [*result.disagreements[:20], *(result.wrong or [])[:20]]:
        console.print(f"  {sentence}", markup=False)
    ours, simple = result.scores[OURS], [result.scores[name] for name in IDENTITIES]
    answered = result.changes - result.unanswered
    figures = [
        # Of nothing, nothing is wrong.
        Figure(
            f"{result.name}: changes judged",
            f"{answered} of {result.changes}",
            "all",
            0 < answered == result.changes,
            f"no answer: {', '.join(sorted(result.silent))}" if result.silent else "",
        ),
        Figure(
            f"{result.name}: clean changes wrongly flagged",
            f"{ours.clean_flagged} of {result.clean}",
            "none",
            ours.clean_flagged == 0,
            "simple identities: " + ", ".join(_share(s.clean_flagged, result.clean) for s in simple),
        ),
        Figure(
            f"{result.name}: kept although edited",
            f"{ours.kept_edited} of {result.edited}",
            "none",
            ours.kept_edited == 0,
            "simple identities: " + ", ".join(str(s.kept_edited) for s in simple),
        ),
    ]
    if result.wrong is not None:
        figures.append(
            Figure(
                f"{result.name}: wrong verdicts", f"{len(result.wrong)} of {result.findings}", "none", not result.wrong
            )
        )
    if result.scanned:
        ratio = median(whole / alone for whole, alone in result.scanned)
        times = [1000 * seconds for seconds in result.seconds]
        figures.append(
            Figure(
                f"{result.name}: time per change, against the slowest scanner alone",
                f"{ratio:.2f}x",
                "at most 2x",
                ratio <= 2,
                f"{median(times):.0f} ms, p95 {quantile(times, 0.95):.0f} ms",
            )
        )
    return figures


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"
