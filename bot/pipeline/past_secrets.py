"""
Secrets that a merge request added in one commit and took out in a later one: they are leaked all the same.

Reads what the commits of the merge request put there and neither its head nor its base has, with the secret scanners
only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from bot.domain import explanations
from bot.domain.verdict import Presence, TrackedFinding
from bot.pipeline.assess import Assessed, Tools, never
from bot.pipeline.git import Repository
from bot.pipeline.git.repository import PastFile, TreeEntry
from bot.pipeline.workspace import materialise, scan_folder
from scanners.finding import Confidence, Finding, FindingKind
from scanners.fingerprint import VERSION, digest
from scanners.interface import Gap, GapReason, ScannerRun, ScannerStatus
from scanners.runner import assess
from scanners.units import decode, split_lines

_SHORT = 12
_BLOCK_LINES = 200
"""Lines of a private key that tell it from another."""
_SHORTEST = 4
_BASE_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class PastLimits:
    """How much of a merge request's own history is read; what is beyond is reported as not read."""

    commits: int = 500
    files: int = 2_000
    size: int = 50_000_000
    """Bytes."""


@dataclass(frozen=True, slots=True)
class _Leak:
    """One secret of the past. The value is compared here and goes nowhere else."""

    finding: Finding
    file: PastFile
    value: str = field(repr=False)


def with_past_secrets(
    repository: Repository,
    assessed: Assessed,
    *,
    landed: str,
    base: str | None,
    head: str,
    tools: Tools,
    limits: PastLimits | None = None,
    cancelled: Callable[[], bool] = never,
) -> Assessed:
    """
    What was assessed, and with it the secrets that were in commits of ``head`` which ``base`` has not.

    ``landed`` is the target branch's commit; it counts alone where there is no base, as the histories have nothing in
    common.
    Each secret is one finding, new, at the place where it was first, however many commits had it; none where the head
    has a finding of the same value, or where the base had that value in one of these files already.

    Raises ``bot.pipeline.git.GitError``; a scanner that fails does not raise, its run says so.
    """
    scanners = [scanner for scanner in tools.scanners if scanner.kind is FindingKind.SECRET]
    limits = limits or PastLimits()
    past = repository.past_files(
        # The target's own commits are not among those of the merge request, whichever merge base was chosen of several.
        list(dict.fromkeys((base or landed, landed))),
        head,
        commits=limits.commits,
        files=limits.files,
        size=limits.size,
        largest=tools.limits.max_file_bytes,
    )
    paths = {file.entry.path for file in past.files}
    gaps = _beyond(past.after)
    if not scanners or (not paths and not gaps):
        return assessed
    here = _blobs(repository.tree(head, paths))
    before = _blobs(repository.tree(base, paths)) if base is not None else {}
    known = {entry.blob for entry in (*here.values(), *before.values())}
    files = [file for file in past.files if file.entry.blob not in known]
    leaks: list[_Leak] = []
    runs: list[ScannerRun] = []
    if files:
        with scan_folder(tools.data_dir) as folder:
            units, work = folder / "units", folder / "work"
            units.mkdir()
            work.mkdir()
            material = materialise(repository, {"past": [file.entry for file in files]}, units, tools.limits)
            assessment = assess(
                units,
                material.units,
                scanners,
                workdir=work,
                cache=tools.cache,
                limits=tools.scanner_limits,
                cancelled=cancelled,
                recipes=tools.recipes,
            )
            runs = list(assessment.bind(material.files["past"]))
            first = {(file.entry.blob, file.entry.path): file for file in reversed(files)}
            for scanned in material.files["past"]:
                if scanned.unit is None:
                    continue
                # Each file for itself, so that a fingerprint does not depend on how many versions of it there were.
                # What was only a guess is not worth a word once it is gone.
                told = (finding for run in assessment.bind([scanned]) for finding in run.findings)
                found = [finding for finding in told if finding.confidence > Confidence.LOW]
                if found:
                    lines = split_lines(decode((units / scanned.unit.name).read_bytes()))
                    origin = first[scanned.unit.blob, scanned.path]
                    leaks += [_Leak(finding, origin, _value(finding, lines)) for finding in found]
    if leaks:
        leaks = _unknown(leaks, _values_in_head(repository, head, assessed), _texts(repository, before))
    tracked = _tracked(leaks, {item.finding.fingerprint for item in assessed.tracked})
    return replace(
        assessed,
        tracked=(*_present(assessed.tracked), *tracked, *_fixed(assessed.tracked)),
        runs=tuple(_joined(run, runs, [item.finding for item in tracked], gaps) for run in assessed.runs),
    )


def _beyond(after: str | None) -> tuple[Gap, ...]:
    if after is None:
        return ()
    # Not a path of the repository, but what a reader of "was not read" has to know.
    name = f"commits after {after[:_SHORT]}" if after else "commits of this branch"
    return (Gap(PurePosixPath(name), GapReason.TOO_MANY_FILES),)


def _blobs(entries: Iterable[TreeEntry]) -> dict[PurePosixPath, TreeEntry]:
    return {entry.path: entry for entry in entries if entry.is_file}


def _value(finding: Finding, lines: Sequence[str]) -> str:
    """What makes this secret another than the next one: its characters, or all of a key of many lines."""
    where = finding.location
    line = lines[where.start_line - 1] if where.start_line <= len(lines) else ""
    if "-----BEGIN" in line:
        block = []
        for part in lines[where.start_line - 1 : where.start_line - 1 + _BLOCK_LINES]:
            block.append(part.strip())
            if "-----END" in part:
                break
        return "\n".join(block)
    if where.start_column and where.end_column:
        return line[where.start_column - 1 : where.end_column - 1]
    return line.strip()


def _values_in_head(repository: Repository, head: str, assessed: Assessed) -> frozenset[str]:
    """The secrets that are found in the head, so that their findings need not be made twice."""
    secrets = [finding for run in assessed.runs if run.kind is FindingKind.SECRET for finding in run.findings]
    entries = _blobs(repository.tree(head, {finding.location.path for finding in secrets})) if secrets else {}
    texts = {path: split_lines(text) for path, text in _texts(repository, entries).items()}
    return frozenset(_value(f, texts[f.location.path]) for f in secrets if f.location.path in texts)


def _texts(repository: Repository, entries: Mapping[PurePosixPath, TreeEntry]) -> dict[PurePosixPath, str]:
    """Contents, as far as they fit; one that is not read only means that less is known to be old."""
    sizes: dict[str, int] = {}
    for entry in entries.values():
        if sum(sizes.values()) + entry.size <= _BASE_BYTES:
            sizes[entry.blob] = entry.size
    contents = {blob: decode(raw) for blob, raw in repository.read_blobs(sizes)}
    return {path: contents[entry.blob] for path, entry in entries.items() if entry.blob in contents}


def _unknown(leaks: Sequence[_Leak], in_head: frozenset[str], before: Mapping[PurePosixPath, str]) -> list[_Leak]:
    """Each value once, where it was first; without those that are in the head or were in the base."""
    kept: list[_Leak] = []
    seen: set[str] = set()
    old = ["\n".join(line.strip() for line in split_lines(text)) for text in before.values()]
    for leak in leaks:
        value = leak.value
        if value in in_head or value in seen:
            continue
        if len(value) >= _SHORTEST and any(value in text for text in old):
            continue
        seen.add(value)
        kept.append(leak)
    return kept


def _tracked(leaks: Sequence[_Leak], taken: set[str]) -> list[TrackedFinding]:
    """
    The findings, oldest first, each with a fingerprint of its own.

    The newest keeps the fingerprint that it had while it was in the head, so that its thread stays the same; an older
    one that the same place hides behind the same hash (secrets are taken out of it) is told apart by its file's blob.
    """
    done: list[TrackedFinding] = []
    for leak in reversed(leaks):
        mark = leak.finding.fingerprint
        if mark in taken:
            mark = digest(VERSION, "past", mark, leak.file.entry.blob)
        taken.add(mark)
        why = explanations.LEFT_IN_HISTORY.format(commit=leak.file.commit[:_SHORT])
        done.append(TrackedFinding(replace(leak.finding, fingerprint=mark), Presence.NEW, explanation=why))
    return done[::-1]


def _present(tracked: Iterable[TrackedFinding]) -> list[TrackedFinding]:
    return [item for item in tracked if item.presence is not Presence.FIXED]


def _fixed(tracked: Iterable[TrackedFinding]) -> list[TrackedFinding]:
    return [item for item in tracked if item.presence is Presence.FIXED]


def _joined(
    run: ScannerRun, past: Sequence[ScannerRun], findings: Sequence[Finding], beyond: tuple[Gap, ...]
) -> ScannerRun:
    """The scanner's run over the head with what it said about the past: an answer only where both are."""
    if run.kind is not FindingKind.SECRET:
        return run
    other = next((one for one in past if one.scanner == run.scanner), None)
    gaps = tuple(dict.fromkeys((*run.gaps, *(other.gaps if other is not None else ()), *beyond)))
    own = tuple(f for f in findings if f.scanner == run.scanner)
    joined = replace(run, findings=(*run.findings, *own), gaps=gaps)
    if other is None or other.status is ScannerStatus.NOT_APPLICABLE:
        return joined
    if run.status is ScannerStatus.NOT_APPLICABLE or (run.assessed and not other.assessed):
        joined = replace(joined, status=other.status, reason=other.reason, version=other.version)
    return replace(joined, seconds=run.seconds + other.seconds, rules_digest=other.rules_digest or run.rules_digest)
