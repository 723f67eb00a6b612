"""Walks a git history change by change, and lets the real pipeline judge each of them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from bot.domain.change import FileChange
from bot.domain.verdict import Presence, TrackedFinding
from bot.pipeline.assess import Tools, assess_tree
from bot.pipeline.git import Repository
from bot.pipeline.git.command import Git
from bot.pipeline.workspace import materialise
from scanners.finding import Finding
from scanners.runner import assess, merge_findings
from scanners.units import decode, split_lines
from tests.benchmarks.identities import Texts
from tests.benchmarks.oracle import Opinions, opinions


@dataclass(frozen=True, slots=True)
class Step:
    """One change, as a merge request would bring it."""

    base: str
    head: str
    changes: Sequence[FileChange]
    tracked: Sequence[TrackedFinding]
    """Our verdicts."""
    before: Sequence[Finding]
    """Findings in the old versions of the changed files."""
    after: Sequence[Finding]
    """Findings in the new versions; both were asked for again, apart from the verdicts."""
    old: Texts
    new: Texts
    opinions: Opinions
    unanswered: Sequence[str]
    """Scanners that gave no answer, so that the verdicts are about less than everything."""
    seconds: float
    """From two commits to the verdicts."""
    scanner_seconds: float
    """Of it, the slowest scanner's own process; 0 when the cache knew everything."""

    @property
    def touches_findings(self) -> bool:
        """Whether one of the changed files had a finding."""
        return bool(self.before)

    def verdict_of(self) -> list[Presence]:
        """Our verdict on each finding of ``after``, in its order."""
        said = {_identity(item.finding): item.presence for item in self.tracked if item.presence is not Presence.FIXED}
        return [said[_identity(finding)] for finding in self.after]


def first_parents(git: Git, tip: str, most: int) -> list[tuple[str, str]]:
    """The last ``most`` changes before ``tip`` as (base, head), oldest first. Raises ``bot.pipeline.git.GitError``."""
    printed = git.run("rev-list", "--first-parent", "--parents", f"--max-count={most}", tip).stdout.decode("ascii")
    listed = [line.split() for line in printed.splitlines()]
    return [(fields[1], fields[0]) for fields in reversed(listed) if len(fields) > 1]


Asked = Callable[[str, Sequence[PurePosixPath]], tuple[list[Finding], Texts]]
"""Findings in some files of a commit, and the lines of those that have any."""


def walk(
    repository: Repository, pairs: Sequence[tuple[str, str]], tools: Tools, asked: Asked | None = None
) -> Iterator[Step]:
    """Judge each change, one after the other. Raises ``bot.pipeline.git.GitError``."""
    git = Git(repository.git_dir)
    ask = asked or partial(findings_in, repository, tools)
    for base, head in pairs:
        started = time.perf_counter()
        assessed = assess_tree(repository, base=base, head=head, tools=tools)
        seconds = time.perf_counter() - started
        changes = assessed.changes
        before, old = ask(base, [c.old_path for c in changes if c.old_path is not None])
        after, new = ask(head, [c.new_path for c in changes if c.new_path is not None])
        yield Step(
            base=base,
            head=head,
            changes=changes,
            tracked=assessed.tracked,
            before=before,
            after=after,
            old=old,
            new=new,
            opinions=opinions(git, base, head, before, after),
            unanswered=[run.scanner for run in assessed.runs if not run.assessed],
            seconds=seconds,
            scanner_seconds=max((run.seconds for run in assessed.runs), default=0.0),
        )


def findings_in(
    repository: Repository, tools: Tools, commit: str, paths: Sequence[PurePosixPath]
) -> tuple[list[Finding], Texts]:
    """As ``Asked``; right after a change was judged, the cache knows the answers."""
    with read_at_once(repository, tools, {commit: paths}) as answers:
        return answers(commit, paths)


@contextmanager
def read_at_once(
    repository: Repository, tools: Tools, wanted: Mapping[str, Sequence[PurePosixPath] | None]
) -> Iterator[Asked]:
    """
    Let the scanners read these files (None: all) of many commits in one go, and answer for each of the commits.

    Whatever is read here is in the cache, so that a walk over the commits starts no scanner any more.
    """
    with tempfile.TemporaryDirectory(prefix="mergewarden-replay-") as name:
        root, work = Path(name) / "units", Path(name) / "work"
        root.mkdir()
        work.mkdir()
        trees = {commit: repository.tree(commit, paths) for commit, paths in wanted.items()}
        material = materialise(repository, trees, root, tools.limits)
        assessment = assess(
            root, material.units, tools.scanners, workdir=work, cache=tools.cache, limits=tools.scanner_limits
        )

        def answers(commit: str, paths: Sequence[PurePosixPath]) -> tuple[list[Finding], Texts]:
            names = set(paths)
            files = [file for file in material.files[commit] if file.path in names]
            found = _distinct(merge_findings(assessment.bind(files)))
            flagged = {finding.location.path for finding in found}
            texts = {
                file.path: split_lines(decode((root / file.unit.name).read_bytes()))
                for file in files
                if file.unit is not None and file.path in flagged
            }
            return found, texts

        yield answers


def _distinct(findings: Sequence[Finding]) -> list[Finding]:
    return list({_identity(finding): finding for finding in findings}.values())


def _identity(finding: Finding) -> tuple[object, ...]:
    about = finding.dependency
    package = (about.package, about.version) if about is not None else ()
    return (finding.location, finding.kind, finding.scanner, finding.rule_id, finding.match_hash, package)
