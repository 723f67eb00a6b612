"""
Scan what changed between two trees, or a whole tree: the one job that the command line and the bot share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from bot.domain.change import FileChange
from bot.domain.change_coverage import NO_ANSWER, ChangeCoverage, Content, HeadFile, Look, covered
from bot.domain.delta import all_new, compare
from bot.domain.verdict import TrackedFinding
from bot.pipeline.git import Repository
from bot.pipeline.git.repository import TreeEntry
from bot.pipeline.workspace import Limits, materialise, scan_folder
from bot.services import Services
from scanners.fingerprint import RECIPES, Recipe
from scanners.interface import ResultCache, ScanFile, Scanner, ScannerRun, ScannerStatus
from scanners.process import MEBIBYTE
from scanners.runner import Assessment, assess, merge_findings
from scanners.runner import Limits as ScannerLimits

_EVERYWHERE = PurePosixPath()
_BULK_NICENESS = 10


def never() -> bool:
    """A job that nobody cancels."""
    return False


@dataclass(frozen=True, slots=True)
class Tools:
    """What scanning needs besides the code: the same for every scan of a process."""

    scanners: Sequence[Scanner]
    cache: ResultCache
    data_dir: Path
    """Where the throw-away scan folder is made."""
    limits: Limits
    scanner_limits: ScannerLimits
    recipes: tuple[Recipe, ...] = RECIPES
    """How flagged code is hashed."""
    batch: int = 2_000
    """Files of a whole branch that are read at a time."""


def tools_of(services: Services) -> Tools:
    """What every scan of this process works with, from its settings."""
    settings = services.settings
    return Tools(
        scanners=services.with_own_rules(services.scanners),
        cache=services.cache,
        data_dir=settings.data_dir,
        limits=Limits(max_file_bytes=settings.max_file_bytes, max_files=2 * settings.max_changed_files),
        scanner_limits=ScannerLimits(
            seconds=settings.scan_timeout_seconds, memory_bytes=settings.scanner_memory_mb * MEBIBYTE
        ),
    )


@dataclass(frozen=True, slots=True)
class Assessed:
    """What the scanners said about a change, matched with its base."""

    tracked: tuple[TrackedFinding, ...]
    runs: tuple[ScannerRun, ...]
    """One per scanner, over the head."""
    changes: tuple[FileChange, ...]
    """By the histogram algorithm; empty for a whole tree."""
    files_changed: int
    files_read: int
    coverage: ChangeCoverage | None = None
    """What was read of the change; None for a whole tree."""


def assess_tree(
    repository: Repository,
    *,
    base: str | None,
    head: str,
    tools: Tools,
    within: PurePosixPath = _EVERYWHERE,
    unread: Sequence[ScanFile] = (),
    cancelled: Callable[[], bool] = never,
    progress: Callable[[str, str], None] | None = None,
) -> Assessed:
    """
    Scan ``head`` and tell new findings from old.

    ``base`` and ``head`` are commits or trees of ``repository``; without a base the whole tree is scanned and
    everything counts as new. Only files that differ are read, and only those below ``within``. ``unread`` are files of
    the head that could not even be listed.
    Raises ``bot.pipeline.git.GitError``; a scanner that fails does not raise, its run says so.
    """
    changes: tuple[FileChange, ...] = ()
    if base is None:
        trees = {"head": [entry for entry in repository.tree(head) if entry.path.is_relative_to(within)]}
        files_changed = len(trees["head"])
    else:
        changes = tuple(
            change
            for change in repository.changes(base, head, algorithm="histogram")
            if (change.new_path or change.old_path or within).is_relative_to(within)
        )
        # The head comes first: when a limit is reached, what is read of the base is what is left out.
        trees = {
            "head": repository.tree(head, [c.new_path for c in changes if c.new_path is not None]),
            "base": repository.tree(base, [c.old_path for c in changes if c.old_path is not None]),
        }
        files_changed = len(changes)
    with scan_folder(tools.data_dir) as folder:
        units, work = folder / "units", folder / "work"
        units.mkdir()
        work.mkdir()
        material = materialise(repository, trees, units, tools.limits)
        assessment = assess(
            units,
            material.units,
            tools.scanners,
            workdir=work,
            cache=tools.cache,
            limits=tools.scanner_limits,
            cancelled=cancelled,
            progress=progress,
            recipes=tools.recipes,
        )
        runs = assessment.bind([*material.files["head"], *(f for f in unread if f.path.is_relative_to(within))])
        base_runs = assessment.bind(material.files["base"]) if base is not None else ()
    coverage = None if base is None else covered(changes, _head(trees["head"], material.files["head"], assessment))
    changes = _without_misleading_lines(changes, trees, material.lone_cr)
    found = merge_findings(runs)
    tracked = all_new(found) if base is None else compare(merge_findings(base_runs), found, changes, runs=runs)
    return Assessed(
        tracked=tracked,
        runs=runs,
        changes=changes,
        files_changed=files_changed,
        files_read=sum(1 for file in material.files["head"] if file.unit is not None),
        coverage=coverage,
    )


def read_files(
    repository: Repository,
    entries: Sequence[TreeEntry],
    *,
    tools: Tools,
    scanners: Sequence[Scanner] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[ScannerRun, ...]:
    """
    What the scanners say about these files, however many they are: one run per scanner, as over one tree.

    The files are read in batches, so that no limit for a merge request applies and ``progress`` is told how many of how
    many are done. ``scanners`` are all of ``tools`` unless chosen. Raises ``GitError``.
    """
    chosen = tools.scanners if scanners is None else scanners
    parts: list[tuple[ScannerRun, ...]] = []
    for start in range(0, max(1, len(entries)), tools.batch):
        part = entries[start : start + tools.batch]
        with scan_folder(tools.data_dir) as folder:
            units, work = folder / "units", folder / "work"
            units.mkdir()
            work.mkdir()
            limits = replace(tools.limits, max_files=max(tools.limits.max_files, 2 * tools.batch))
            material = materialise(repository, {"head": part}, units, limits)
            assessment = assess(
                units,
                material.units,
                chosen,
                workdir=work,
                cache=tools.cache,
                # Merge requests go first on every processor.
                limits=replace(tools.scanner_limits, niceness=_BULK_NICENESS),
                recipes=tools.recipes,
            )
            parts.append(assessment.bind(material.files["head"]))
        if progress is not None:
            progress(min(start + tools.batch, len(entries)), len(entries))
    return tuple(_joined(runs) for runs in zip(*parts, strict=True))


def _joined(runs: Sequence[ScannerRun]) -> ScannerRun:
    """The runs of one scanner over parts of a tree as one: an answer only where each of them is."""
    asked = [run for run in runs if run.status is not ScannerStatus.NOT_APPLICABLE] or list(runs[:1])
    worst = next((run for run in asked if not run.assessed), asked[0])
    return replace(
        worst,
        findings=tuple(finding for run in runs for finding in run.findings),
        gaps=tuple(gap for run in runs for gap in run.gaps),
        files=sum(run.files for run in runs),
        cached_files=sum(run.cached_files for run in runs),
        seconds=sum(run.seconds for run in runs),
    )


def _head(
    entries: Sequence[TreeEntry], files: Sequence[ScanFile], assessment: Assessment
) -> dict[PurePosixPath, HeadFile]:
    """Who read each of these files of the head; ``files`` lacks those that nobody has to read."""
    known = {file.path: file for file in files}
    return {entry.path: _head_file(entry, known.get(entry.path), assessment) for entry in entries}


def _head_file(entry: TreeEntry, file: ScanFile | None, assessment: Assessment) -> HeadFile:
    looks: tuple[Look, ...] = ()
    if file is not None:
        looks = tuple(
            Look(name, (NO_ANSWER,) if reasons is None else tuple(sorted(reason.value for reason in reasons)))
            for name, reasons in assessment.looks_at(file).items()
        )
    if not entry.is_file:
        return HeadFile(Content.LINK if entry.is_link else Content.SUBMODULE, entry.blob, looks)
    if file is None:
        return HeadFile(Content.BINARY, entry.blob)
    return HeadFile(Content.TEXT if file.unit is not None else Content.UNREAD, entry.blob, looks)


def _without_misleading_lines(
    changes: Sequence[FileChange], trees: Mapping[str, Sequence[TreeEntry]], lone_cr: frozenset[str]
) -> tuple[FileChange, ...]:
    """
    The changes, but nothing known about the lines of files where a carriage return stands alone.

    There a scanner's line 80 need not be git's, and a new weakness could be moved onto the number of an old one.
    """
    odd = {name: {entry.path for entry in entries if entry.blob in lone_cr} for name, entries in trees.items()}
    return tuple(
        replace(change, hunks=(), binary=True)
        if change.hunks and (change.new_path in odd["head"] or change.old_path in odd.get("base", ()))
        else change
        for change in changes
    )
